"""Linear algebra on stacks of small matrices on a GPU: a block for each, in shared memory.

A singular matrix is an error, which only the CPU can raise. So what may fail is attempted: an op of its own gives the
results and how it went, and a program that went wrong is run again, in which the CPU says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...runtime import dtypes
from ...runtime.op import Node, op
from ...runtime.spec import Shape, Spec, size
from ..backend.places import Block, Memory
from . import library

if TYPE_CHECKING:
    from .region import GpuRegion

PAGES = ("cuda_matrices.h",)
KINDS = {dtypes.float32: "f32", dtypes.float64: "f64"}
SOLVES = {"inv": "WF_INVERSE", "solve": "WF_SOLVE", "solve_triangular": "WF_TRIANGLE"}
MOST = 64  # rows of a matrix
ROOM = 48 << 10  # bytes of shared memory


def _attempt(*operands: Any, **attrs: Any) -> tuple[Any, ...]:
    raise AssertionError("only a device attempts what may fail")


@op(_attempt)
def attempt(*operands: Any, name: str, shape: Shape, dtype: np.dtype, upper: bool, unit: bool) -> tuple[Spec, Spec]:
    """What an op gives, and an integer that is not zero if it failed."""
    return Spec(shape, dtype), Spec((), dtypes.int32)


attempt.gradient(None)


def attempted(node: Node) -> dict[str, Any] | None:
    """The attributes of an attempt at a node; None if there is no kernel for it."""
    if not _fits(node):
        return None
    y = node.outputs[0]
    upper, unit = (bool(node.attrs.get(name, False)) for name in ("upper", "unit_diagonal"))
    return {"name": node.op.name, "shape": y.shape, "dtype": y.dtype, "upper": upper, "unit": unit}


def _fits(node: Node) -> bool:
    """Whether the kernels know a node's matrices."""
    x: Any = node.inputs[0]
    if not all(hasattr(z, "dtype") and z.dtype not in (*dtypes.HALVES, *dtypes.COMPLEX) for z in node.inputs):
        return False
    return all(y.dtype in KINDS and size(y.shape) for y in node.outputs) and 0 < x.shape[-1] <= MOST


def write_attempt(region: GpuRegion, node: Node) -> bool:
    """Solutions, inverses or triangles, and whether all of them are there."""
    y, went = node.outputs
    target, flag = region.target(y), region.target(went)
    region.clear(flag)
    owner: list[Block] = []
    if node.attrs["name"] == "cholesky":
        _cholesky(region, node, target, flag, owner)
    else:
        _solve(region, node, target, flag, owner)
    library.give_back(region, owner)
    region.settle_one(y, target)
    region.settle_one(went, flag)
    return True


def _cholesky(region: GpuRegion, node: Node, target: Memory, flag: Memory, owner: list[Block]) -> None:
    a, n = _matrices(region, node.inputs[0], target.dtype, target.shape[:-2], owner), target.shape[-1]
    given = ", ".join(map(library.at, (a, target, flag)))
    line = f"wf_root_each({given}, {n}, {str(node.attrs['upper']).lower()}, room);"
    _call(region, node, line, [a], [target, flag], size(target.shape[:-2]), n, 0)


def _solve(region: GpuRegion, node: Node, target: Memory, flag: Memory, owner: list[Block]) -> None:
    """What solves for each column of the target, which begins as the right side."""
    x: Any = node.inputs[0]
    right: Any = node.inputs[1] if len(node.inputs) > 1 else x
    n, are_matrices = x.shape[-1], len(right.shape) > 1
    batch, k = (target.shape[:-2], target.shape[-1]) if are_matrices else (target.shape[:-1], 1)
    a = _matrices(region, x, target.dtype, batch, owner)
    if len(node.inputs) > 1:
        region.write(target, right)
    most = min(k, MOST, (ROOM // target.dtype.itemsize - n * (n + 1)) // n)
    flags = ", ".join(str(node.attrs[name]).lower() for name in ("upper", "unit"))
    given = ", ".join(map(library.at, (a, target, flag)))
    line = f"wf_solve_each({given}, {SOLVES[node.attrs['name']]}, {n}, {k}, {most}, {flags}, room);"
    _call(region, node, line, [a], [target, flag], size(batch) * -(-k // most), n, most)


def write_determinant(region: GpuRegion, node: Node) -> bool:
    """Determinants, or their signs and logarithms."""
    if not _fits(node):
        return False
    x: Any = node.inputs[0]
    owner: list[Block] = []
    a = _matrices(region, x, node.outputs[0].dtype, x.shape[:-2], owner)
    targets = [region.target(y) for y in node.outputs]
    kind = KINDS[node.outputs[0].dtype]
    last = library.at(targets[1]) if len(targets) > 1 else f"({kind} *)0"
    line = f"wf_measure_each({library.at(a)}, {library.at(targets[0])}, {last}, {x.shape[-1]}, room);"
    _call(region, node, line, [a], targets, size(x.shape[:-2]), x.shape[-1], 0)
    library.give_back(region, owner)
    for y, target in zip(node.outputs, targets, strict=True):
        region.settle_one(y, target)
    return True


def _matrices(region: GpuRegion, x: Any, dtype: np.dtype, batch: Shape, owner: list[Block]) -> Memory:
    """Matrices one after the other: where they are, or a copy, broadcast and cast."""
    if x.dtype is dtype and x.shape[:-2] == batch:
        place = region.as_memory(x)
        if place.is_contiguous:
            return place
    made = region.fresh(Spec((*batch, *x.shape[-2:]), dtype), owner)
    region.write(made, x)
    return made


def _call(region: GpuRegion, node: Node, line: str, reads: Sequence[Memory], writes: Sequence[Memory], blocks: int,
          n: int, columns: int) -> None:  # fmt: skip
    threads = 32 if n <= 8 else 128 if n <= 32 else 256
    shared = n * (n + 1 + columns) * writes[0].dtype.itemsize
    library.call(region, PAGES, node, [line], reads, writes, blocks, threads, shared)


WRITES: dict[str, Callable[[Any, Node], bool]] = {
    "attempt": write_attempt,
    "det": write_determinant,
    "slogdet": write_determinant,
}
MAY_FAIL = (*SOLVES, "cholesky")
