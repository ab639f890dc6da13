"""Checks of positions: each is compared in C, and Python is called only where one is out of range, to say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...kernels.spelling import TAGS, index_text
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import size
from ..graph.symbolic import SymbolicTensor
from .places import Block

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]


def write_check_places(region: Region, node: Node) -> bool:
    """Positions on axes, which may be counted from the end."""
    given = zip(node.inputs, node.attrs["lengths"], strict=True)
    return _write(region, node, [(x, -n, n) for x, n in given])


def write_check_numbers(region: Region, node: Node) -> bool:
    """Numbers counted from 0."""
    return _write(region, node, [(node.inputs[0], 0, node.attrs["length"])])


def _write(region: Region, node: Node, bounds: list[tuple[Any, int, int]]) -> bool:
    symbolic = [each for each in bounds if isinstance(each[0], SymbolicTensor)]
    if any(not size(x.shape) for x, _, _ in symbolic) or not _fits(bounds):
        return False
    blocks: list[Block] = []
    tests = [_outside(region, x, low, high, blocks) for x, low, high in symbolic]
    region.rescue(" || ".join(tests) or "0", node)
    for block in blocks:
        region.program.arena.give(block)
    return True


def _fits(bounds: list[tuple[Any, int, int]]) -> bool:
    """Whether those that are numbers of Python are in range."""
    return all(low <= x < high for x, low, high in bounds if not isinstance(x, SymbolicTensor))


def _outside(region: Region, x: SymbolicTensor, low: int, high: int, blocks: list[Block]) -> str:
    """The C text that says whether an element is below the one bound, or not below the other."""
    tag = TAGS[x.dtype]
    low = max(low, 0) if x.dtype in dtypes.UNSIGNED else low
    if not x.shape:
        kind = "u64" if x.dtype in dtypes.UNSIGNED else "i64"
        return f"outside_{kind}x1(&({kind}){{{region.number(x)}}}, 1, {low}, {high})"
    place = region.as_memory(x)
    if not place.is_contiguous:
        made = region.fresh(x.spec, blocks)
        region.copy(made, place)
        place = made
    return f"outside_{tag}x1({place.pointer} + {index_text(place.start)}, {size(x.shape)}, {low}, {high})"


WRITES: dict[str, Write] = {"check_places": write_check_places, "check_numbers": write_check_numbers}
