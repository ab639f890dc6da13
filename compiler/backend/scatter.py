"""Scatters: elements put where positions say, or combined with what is there.

The positions are walked through in order, so where several meet, the last is set, and sums are added up in order. The
grid of the kernel runs over the axes that no position names: threads share the rows of a table out among themselves by
columns, and the result is the same for any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...kernels.kernel import ZERO, Expr, Index, Loop, Update
from ...kernels.scalar import build, cast, number, read
from ...runtime import dtypes
from ...runtime.dim import likely
from ...runtime.op import Node
from ...runtime.ops.gathering import place as places_at
from ...runtime.spec import size
from . import views
from .changes import changed
from .elements import Elements
from .groups import Group, cost
from .nests import Axis, Nest, gone, grid_of, loops, merged, names_of, own_indices
from .places import Memory
from .walks import PUTS, axes_of

if TYPE_CHECKING:
    from .region import Region

BLOCK = 64  # columns that one step of the grid writes
KINDS = {"set": "set", "add": "sum", "multiply": "prod", "max": "max", "min": "min"}
TIMES, PLUS = read("{0} * {1}"), read("{0} + {1}")


def write_scatter(region: Region, node: Node, group: Group) -> None:
    """Zeros, or a copy, and what is put there."""
    y = node.outputs[0]
    if node.op.name in PUTS:
        target = changed(region, node, group.inlined)
    else:
        target = region.target(y)
        region.clear(target)
    region.launch(scatter_nest(node, group, region.elements(), target), group)
    region.settle_one(y, target)


def scatter_nest(node: Node, group: Group, elements: Elements, target: Memory) -> Nest:
    """The kernel of a scatter."""
    axes = names_of(group.space)
    update = update_of(node, elements, target, own_indices(axes, group.space))
    apart = [axis for axis in axes if axis[1] != 1 and update.index.count(axis[0])]
    together = [axis for axis in axes if axis[1] != 1 and axis not in apart]
    rows, inner = merged(apart, [update]), merged(together, [update])
    dropped = gone(axes, [*rows, *inner])
    price = cost([*group.inlined, node]) * likely(size(group.space))
    if rows and _is_inside(rows[-1], inner, axes):
        return _by_columns(rows, inner, update, price, dropped)
    body = loops([*inner, ("last", 1)], [update])
    if not rows:
        return Nest(Loop("row", 1, (body,)), price, dropped)
    return grid_of(rows, [body], price / likely(size(tuple(n for _, n in rows))), dropped)


def _is_inside(row: Axis, inner: Sequence[Axis], axes: Sequence[Axis]) -> bool:
    """Whether an axis comes after those along which positions are walked through."""
    order = [name for name, _ in axes]
    return all(order.index(name) < order.index(row[0]) for name, _ in inner)


def _by_columns(
    rows: Sequence[Axis], inner: Sequence[Axis], update: Update, price: float, dropped: frozenset[str]
) -> Nest:
    """A grid over other axes, or over blocks of the last one, which the lanes run along."""
    *outer, (name, n) = rows
    if outer:
        return grid_of(
            outer, [loops([*inner, (name, n)], [update])], price / likely(size(tuple(n for _, n in outer))), dropped
        )
    loop = loops([*inner, (name, n)], [update])
    bounds = (f"begin * {BLOCK}", f"(end * {BLOCK} < {n} ? end * {BLOCK} : {n})")
    return Nest(Loop("", -(-n // BLOCK), (_bounded(loop, name, bounds),)), price * BLOCK / likely(n), dropped)


def _bounded(loop: Loop, name: str, bounds: tuple[str, str]) -> Loop:
    """Loops of which that of a variable has these bounds."""
    if loop.variable == name:
        return replace(loop, bounds=bounds)
    return replace(loop, body=tuple(_bounded(s, name, bounds) if isinstance(s, Loop) else s for s in loop.body))


def update_of(node: Node, elements: Elements, target: Memory, indices: views.Indices) -> Update:
    """What one step of a scatter does."""
    if node.op.name == "scatter_along":
        value, kind = node.inputs[2], KINDS[node.attrs["mode"]]
        full, at = _along(node, elements, target, indices)
    else:
        value = node.inputs[2] if node.op.name in PUTS else node.inputs[0]
        kind = KINDS[node.attrs["mode"]] if node.op.name in PUTS else "sum"
        full, at = _at_rows(node, elements, target, indices)
    index = views.offset(target.strides, target.start, full)
    return Update(target.pointer, index, elements.operand(value, indices, target.dtype), at, kind)


def _along(node: Node, elements: Elements, target: Memory, indices: views.Indices) -> tuple[views.Indices, Expr]:
    """The place of an element along one axis."""
    (axis,), positions = axes_of(node), node.inputs[1]
    full = tuple(ZERO if i == axis else k for i, k in enumerate(views.broadcast(target.shape, indices)))
    return full, _step(elements(positions, views.broadcast(positions.shape, indices)), target.strides[axis])


def _at_rows(node: Node, elements: Elements, target: Memory, indices: views.Indices) -> tuple[views.Indices, Expr]:
    """The place of an element whose position has a row for each of some axes."""
    rows: Any = node.inputs[1]
    axes = axes_of(node)
    first, count = places_at(axes), len(rows.shape) - 1
    here, rest = indices[first : first + count], [*indices[:first], *indices[first + count :]]
    full = tuple(ZERO if i in axes else rest.pop(0) for i in range(len(target.shape)))
    at, *more = (_step(elements(rows, (Index((), row), *here)), target.strides[axis]) for row, axis in enumerate(axes))
    for step in more:
        at = build(PLUS, [at, step], dtypes.int64)
    return full, at


def _step(position: Expr, stride: Any) -> Expr:
    return build(TIMES, [cast(position, dtypes.int64), number(stride, dtypes.int64)], dtypes.int64)
