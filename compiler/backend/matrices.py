"""Linear algebra on stacks of small matrices as C: requests to the runtime library, which works in place on copies.

Where the library gives up, at a singular matrix say, Python runs the op and says so. Large matrices are left to NumPy,
whose library is faster there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...kernels.spelling import index_text
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Shape, Spec, size
from .places import Block, Memory

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]
MOST = 64  # rows of a matrix
KINDS = {dtypes.float32: "f32", dtypes.float64: "f64"}


def write_inv(region: Region, node: Node) -> bool:
    """The inverse of each matrix."""
    y = node.outputs[0]
    return _fits(node) and _write(region, node, "WF_INVERSE", y.shape[:-2], y.shape[-1])


def write_solve(region: Region, node: Node) -> bool:
    """Solutions of systems with square matrices."""
    return _solve(region, node, "WF_SOLVE")


def write_solve_triangular(region: Region, node: Node) -> bool:
    """Solutions of systems with triangles."""
    return _solve(region, node, "WF_TRIANGLE")


def _solve(region: Region, node: Node, kind: str) -> bool:
    y: Any = node.inputs[1]
    z, matrices = node.outputs[0], len(y.shape) > 1
    batch, columns = (z.shape[:-2], z.shape[-1]) if matrices else (z.shape[:-1], 1)
    return _fits(node) and _write(region, node, kind, batch, columns)


def write_cholesky(region: Region, node: Node) -> bool:
    """Triangles whose squares the matrices are."""
    return _fits(node) and _write(region, node, "WF_ROOT", node.outputs[0].shape[:-2], 0)


def write_det(region: Region, node: Node) -> bool:
    """Determinants, or their signs and logarithms."""
    if not _fits(node):
        return False
    x: Any = node.inputs[0]
    blocks: list[Block] = []
    a = _copy(region, x, node.outputs[0].dtype, x.shape[:-2], blocks)
    targets = [region.target(y) for y in node.outputs]
    kind = "WF_DETERMINANT" if len(targets) == 1 else "WF_LOGARITHM"
    request = _request(kind, x.shape[:-2], x.shape[-1], 0, a, targets[0], node, targets[-1])
    region.lines.append(f"rt->matrices_{KINDS[node.outputs[0].dtype]}(&{request});")
    _done(region, blocks)
    for y, target in zip(node.outputs, targets, strict=True):
        region.settle_one(y, target)
    return True


def _fits(node: Node) -> bool:
    """Whether the library knows a node's matrices."""
    x: Any = node.inputs[0]
    wide = all(y.dtype in KINDS and size(y.shape) for y in node.outputs)
    return wide and 0 < x.shape[-1] <= MOST and all(z.dtype not in dtypes.HALVES for z in node.inputs)  # pyright: ignore[reportAttributeAccessIssue]


def _write(region: Region, node: Node, kind: str, batch: Shape, columns: int) -> bool:
    """A node with one result, which begins as a copy of its last operand; Python runs it where that fails."""
    z = node.outputs[0]
    target = region.target(z)
    blocks: list[Block] = []
    if kind == "WF_ROOT":
        region.write(target, node.inputs[0])
        a = target
    else:
        a = _copy(region, node.inputs[0], z.dtype, batch, blocks)
    if len(node.inputs) > 1:
        region.write(target, node.inputs[1])
    request = _request(kind, batch, a.shape[-1], columns, a, target, node)
    region.rescue(f"rt->matrices_{KINDS[z.dtype]}(&{request})", node, {z.key: target})
    _done(region, blocks)
    region.settle_one(z, target)
    return True


def _copy(region: Region, x: Any, dtype: Any, batch: Shape, blocks: list[Block]) -> Memory:
    """A copy of matrices, broadcast and cast, to be worked on."""
    made = region.fresh(Spec((*batch, *x.shape[-2:]), dtype), blocks)
    region.write(made, x)
    return made


def _request(
    kind: str, batch: Shape, n: int, columns: int, a: Memory, b: Memory, node: Node, more: Memory | None = None
) -> str:
    upper, unit = (int(node.attrs.get(name, False)) for name in ("upper", "unit_diagonal"))
    last = _start(more) if more is not None else "0"
    return (
        f"(struct wf_matrices){{{kind}, {size(batch)}, {n}, {columns}, {_start(a)}, {_start(b)}, {last}, "
        f"{upper}, {unit}, 0}}"
    )


def _start(place: Memory) -> str:
    return f"{place.pointer} + {index_text(place.start)}"


def _done(region: Region, blocks: list[Block]) -> None:
    for block in blocks:
        region.program.arena.give(block)


WRITES: dict[str, Write] = {
    "inv": write_inv,
    "solve": write_solve,
    "solve_triangular": write_solve_triangular,
    "cholesky": write_cholesky,
    "det": write_det,
    "slogdet": write_det,
}
