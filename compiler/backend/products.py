"""Products of matrices as C: requests to the runtime library.

What reads a product at its own place runs on each block of it as soon as that is there: the request names a kernel,
which is given the bounds of a block. What a loop multiplies by in every trip is packed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...kernels.kernel import Loop
from ...kernels.spelling import index_text
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Shape
from ..graph.symbolic import SymbolicTensor
from . import nests
from .groups import Group, cost
from .kept import kept
from .places import Block, Memory

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]
KINDS = {dtypes.float32: "f32", dtypes.float64: "f64"}
BLOCK = ("item", "row", "row_end", "column", "column_end")  # what a kernel is given of a block


@dataclass(frozen=True)
class Operand:
    """Matrices in memory: the strides of their batches, rows and columns."""

    place: Memory
    batches: tuple[Any, ...]
    row: Any
    column: Any

    def text(self) -> str:
        """Where the first matrix is, and the stride of the last axis of batches."""
        outer = "".join(f" + batch{i} * {stride}" for i, stride in enumerate(self.batches[:-1]))
        last = self.batches[-1] if self.batches else 0
        return f"{self.place.pointer} + {index_text(self.place.start)}{outer}, {last}"


@dataclass(frozen=True)
class Follower:
    """A kernel that runs on blocks of a product: its name, what it is given, and nanoseconds for an element."""

    name: str
    given: Sequence[str]
    price: float


def is_product(node: Node) -> bool:
    """Whether the library multiplies a node's operands."""
    if node.op.name != "matmul":
        return False
    z = node.outputs[0]
    alike = all(isinstance(x, SymbolicTensor) and x.dtype is z.dtype and all(x.shape) for x in (*node.inputs, z))
    return alike and z.dtype in KINDS


def write_matmul(region: Region, node: Node) -> bool:
    """A product of matrices, or of batches of them."""
    if not is_product(node):
        return False
    target = region.target(node.outputs[0])
    _multiply(region, node, target)
    region.settle_one(node.outputs[0], target)
    return True


def write_with_maps(region: Region, group: Group) -> None:
    """A product, and the maps that read it at its own place."""
    node, maps = group.nodes[0], replace(group, nodes=group.nodes[1:])
    z, blocks = node.outputs[0], list[Block]()
    made = region.targets(group)
    place = made.places.get(z.key) or _result_to_write_in(region, maps, z, made) or region.fresh(z.spec, blocks)
    region.places[z.key] = place
    # A result that takes the product's place is written last: until then the others find the product there.
    last = {y: at for y, at in made.places.items() if at is place}
    maps.nodes.sort(key=lambda one: one.outputs[0].key in last)
    name, given = region.named(_nest(region, node, maps, made), maps)
    _multiply(region, node, place, Follower(name, given, cost([*maps.nodes, *group.inlined])))
    region.settle(made)
    for block in blocks:
        region.program.arena.give(block)


def _result_to_write_in(region: Region, maps: Group, z: Any, made: nests.Targets) -> Memory | None:
    """The memory of a result in which the product can be before: that of no operand."""
    operands = {place.pointer for place in map(region.places.get, _operands(maps)) if isinstance(place, Memory)}
    found = [made.places[y.key] for node in maps.nodes for y in node.outputs if y in made and y.spec == z.spec]
    return next((place for place in found if place.is_contiguous and place.pointer not in operands), None)


def _nest(region: Region, node: Node, maps: Group, made: nests.Targets) -> nests.Nest:
    """A kernel over a block of a product, the last axis along the lanes."""
    count = len(batches_of(node))
    names = [*(f"batch{i}" for i in range(count - 1)), *["item"] * (count > 0)]
    region.program.locals.update(dict.fromkeys(names[:-1], dtypes.int64))
    names += [f"s{i}" for i in range(count, len(maps.space))]
    axes = list(zip(names, maps.space, strict=True))
    body = nests.map_body(maps, region.elements(), made, axes)
    sides = [side for x, side in zip(node.inputs, (BLOCK[1:3], BLOCK[3:5]), strict=True) if len(x.shape) > 1]
    loop = nests.loops(axes[-1:], body)
    *outer, (first, end) = sides
    loop = replace(loop, bounds=(first, end))
    for (name, n), (first, end) in zip(axes[count:-1], outer, strict=True):
        loop = Loop(name, n, (loop,), bounds=(first, end))
    return nests.Nest(Loop("", 1, (loop,)), 0.0, frozenset(), BLOCK)


def _multiply(region: Region, node: Node, target: Memory, follower: Follower | None = None) -> None:
    """Request a product for each place along the axes of batches but the last, which the library knows."""
    batches = batches_of(node)
    request = _request(region, node, target, follower)
    lines = [f"struct wf_gemm g = {{{request}}};", f"rt->gemm_{KINDS[target.dtype]}(&g);"]
    if follower:
        first = f"struct {follower.name} k = {{{', '.join(follower.given)}}};"
        lines = ["{", *(f"    {line}" for line in (first, *lines)), "}"]
    else:
        lines = [f"{{ {' '.join(lines)} }}"]
    outer = [f"for (i64 batch{i} = 0; batch{i} < {count}; batch{i}++) {{" for i, count in enumerate(batches[:-1])]
    region.lines += [*outer, *lines, *["}"] * len(outer)]


def _request(region: Region, node: Node, target: Memory, follower: Follower | None) -> str:
    """The C text of what a request says."""
    x, y = node.inputs
    has_rows, has_columns = len(x.shape) > 1, len(y.shape) > 1
    m, n, k = x.shape[-2] if has_rows else 1, y.shape[-1] if has_columns else 1, x.shape[-1]
    a, b, batches = region.as_memory(x), region.as_memory(y), batches_of(node)
    left = Operand(a, batch_strides(a, x.shape, batches), *(a.strides[-2:] if has_rows else (0, a.strides[-1])))
    right = Operand(b, batch_strides(b, y.shape, batches), *(b.strides[-2:] if has_columns else (b.strides[-1], 1)))
    result = Operand(target, target.strides[: len(batches)], target.strides[len(batches)] if has_rows else n, 1)
    fields = [batches[-1] if batches else 1, m, n, k, left.text(), left.row, left.column]
    fields += [right.text(), right.row, right.column, result.text(), result.row]
    packed = kept(region, b, k, n) if has_columns and not any(right.batches) else None
    if packed or follower:
        fields.append(f"&{packed}" if packed else 0)
    if follower:
        fields += [follower.name, "&k", f"{follower.price:.2f}"]
    return ", ".join(map(str, fields))


def batches_of(node: Node) -> Shape:
    """The axes of batches of a product."""
    (x, y), z = node.inputs, node.outputs[0].shape
    return z[: len(z) - (len(x.shape) > 1) - (len(y.shape) > 1)]


def batch_strides(place: Memory, shape: Sequence[int], batches: Sequence[int]) -> tuple[Any, ...]:
    """The strides of an operand along the axes of batches, 0 where it is the same for all."""
    own = shape[: max(len(shape) - 2, 0)]
    missing = len(batches) - len(own)
    return (0,) * missing + tuple(0 if n == 1 else s for n, s in zip(own, place.strides, strict=False))


def _operands(maps: Group) -> set[int]:
    """The keys of what maps read."""
    return {x.key for node in (*maps.inlined, *maps.nodes) for x in node.inputs if isinstance(x, SymbolicTensor)}


WRITES: dict[str, Write] = {"matmul": write_matmul}
