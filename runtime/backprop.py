"""The reverse pass: cotangents of outputs in, cotangents of what they depend on out.

It reads a list of nodes backwards and applies each op's gradient rule. A tape's nodes hold values and a graph's
do not, and this pass cannot tell them apart: the rules are ops, applied in whatever context the values have.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from . import device as devices
from .dtypes import INEXACT
from .eager import home_of
from .spec import StackSpec
from .tensor import OPS

Cotangents = dict[int, Any]


def accumulate(cotangents: Cotangents, key: int, dx: Any) -> None:
    """Add a cotangent to what the value has received so far."""
    before = cotangents.get(key)
    cotangents[key] = dx if before is None else before + dx


def backpropagate(
    nodes: Sequence[tuple[Any, ...]], cotangents: Cotangents, known: Container[int], sources: Container[int]
) -> None:
    """Carry `cotangents`, keyed by value, backwards through `nodes`.

    Values in `known` may receive a cotangent; those of `sources` keep it, all others give it up as soon as it was
    used, so that memory is freed on the way.
    """
    for node in reversed(nodes):
        outputs = node[3]
        if len(outputs) == 1:
            key = outputs[0].key
            dy = cotangents.get(key)
            if dy is None:
                continue
            if key not in sources:
                del cotangents[key]
            dys: tuple[Any, ...] | None = (dy,)
        else:
            dys = _take(node, cotangents, sources)
            if dys is None:
                continue
        for key, dx in _pulled(node, dys, known):
            before = cotangents.get(key)
            cotangents[key] = dx if before is None else before + dx


def _pulled(node: Any, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    """What a node's rule gives; what it makes anew is made where the cotangents live."""
    home = home_of(*dys)
    if home is None or home is devices.current():
        return node[0].pull(node, dys, known)
    with devices.device(home):
        return node[0].pull(node, dys, known)


def _take(node: tuple[Any, ...], cotangents: Cotangents, sources: Container[int]) -> tuple[Any, ...] | None:
    """The cotangents of a node's several outputs, zeros for the unused ones unless the op sees which those are.

    None if all are unused.
    """
    dys = []
    for y in node[3]:
        dys.append(cotangents.get(y.key))
        if y.key not in sources:
            cotangents.pop(y.key, None)
    given = next((dy for dy in dys if dy is not None), None)
    if given is None:
        return None
    if node[0].sees_unused:
        return tuple(dys)
    device = getattr(given, "device", None)
    return tuple(
        _zeros(y, device) if dy is None and y.dtype in INEXACT else dy for dy, y in zip(dys, node[3], strict=True)
    )


def _zeros(y: Any, device: Any) -> Any:
    """The cotangent of a value that nothing depends on: a single zero, seen as often as needed."""
    if isinstance(getattr(y, "spec", None), StackSpec):
        return OPS["zero_stack"](y)
    return OPS["broadcast_to"](OPS["zeros"]((), dtype=y.dtype, device=device), shape=y.shape)


def reachable(nodes: Sequence[tuple[Any, ...]], sources: set[int]) -> set[int]:
    """The keys of the values that depend on `sources`, themselves included."""
    reached = set(sources)
    for node in nodes:
        if any(getattr(x, "key", 0) in reached for x in node[1]):
            reached.update(y.key for y in node[3])
    return reached
