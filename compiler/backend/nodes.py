"""Nodes that are no maps and no folds, as C: indexing, joining.

Each function writes one kind of node into a region. Most are copies between places: a slice of memory is memory with
other strides, so joining arrays writes each into its slice of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.kernel import Index
from ...kernels.spelling import index_text, supported
from ...runtime import dtypes
from ...runtime.index import Range
from ...runtime.op import Node
from ...runtime.spec import Spec, normalize_axis
from ..graph.symbolic import SymbolicTensor
from . import views
from .changes import changed
from .places import Memory, Register, Rows, Spread

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]


def write_reshape(region: Region, node: Node) -> bool:
    """A reshape of memory in order is the same memory."""
    x, y = node.inputs[0], node.outputs[0]
    if isinstance(region.place(x), Spread):
        region.places[y.key] = Spread(tuple(region.each(x)), y.spec) if y.shape else Register(region.each(x)[0], y.spec)
        return True
    place = region.as_memory(x, dense_for=y)
    region.places[y.key] = Memory(place.pointer, y.spec, views.row_major(y.shape), place.start, place.root)
    return True


# -- indexing by numbers


def write_join_indices(region: Region, node: Node) -> bool:
    """Positions that are numbers: checked, and counted from the front."""
    y = node.outputs[0]
    if len(y.shape) != 1:
        return False
    names = []
    for x in node.inputs:
        name = region.printer.fresh("v")
        region.lines.append(f"i64 {name} = {region.number(x)};")
        names.append(name)
        region.program.locals[name] = dtypes.int64
    wrong = " || ".join(f"{name} < {-n} || {name} >= {n}" for name, n in zip(names, node.attrs["lengths"], strict=True))
    region.rescue(wrong, node)
    for name, n in zip(names, node.attrs["lengths"], strict=True):
        region.lines.append(f"if ({name} < 0) {name} += {n};")
    region.rows[y.key] = Rows(tuple(names), y.spec)
    return True


def _rows(region: Region, indices: SymbolicTensor) -> Rows:
    """Positions, each with a name: those of an array are read from it."""
    found = region.rows.get(indices.key)
    if found is None:
        place = region.as_memory(indices)
        names = []
        for i in range(indices.shape[0]):
            name = region.printer.fresh("v")
            region.lines.append(f"i64 {name} = {place.pointer}[{index_text(place.start + i * place.strides[0])}];")
            region.program.locals[name] = dtypes.int64
            names.append(name)
        found = region.rows[indices.key] = Rows(tuple(names), indices.spec)
    return found


def _at_rows(place: Memory, rows: Rows, axes: Sequence[int], spec: Spec) -> Memory:
    """The memory that positions leave of a tensor."""
    start = place.start
    for axis, name in zip(axes, rows.names, strict=True):
        start = start + Index(((name, place.strides[axis]),))
    strides = tuple(s for i, s in enumerate(place.strides) if i not in axes)
    return Memory(place.pointer, spec, strides, start, place.root)


def write_index_get(region: Region, node: Node) -> bool:
    """A slice at positions that are numbers is memory too."""
    x, indices = node.inputs
    if len(indices.shape) != 1:
        return False
    rows = _rows(region, indices)
    y, axes = node.outputs[0], [normalize_axis("index_get", a, len(x.shape)) for a in node.attrs["axes"]]
    found = _at_rows(region.as_memory(x), rows, axes, y.spec)
    region.settle_one(y, found)
    return True


def write_index_sum(region: Region, node: Node) -> bool:
    """Zeros, with a value at positions that are numbers."""
    x, indices = node.inputs
    if len(indices.shape) != 1:
        return False
    rows = _rows(region, indices)
    y = node.outputs[0]
    target = region.target(y)
    region.clear(target)
    axes = [normalize_axis("index_sum", a, len(y.shape)) for a in node.attrs["axes"]]
    region.write(_at_rows(target, rows, axes, x.spec), x)
    region.settle_one(y, target)
    return True


def write_index_put(region: Region, node: Node) -> bool:
    """A copy, with a value at positions that are numbers."""
    _, indices, value = node.inputs
    if len(indices.shape) != 1 or node.attrs["mode"] != "set":
        return False
    rows = _rows(region, indices)
    y, target = node.outputs[0], changed(region, node)
    axes = [normalize_axis("index_put", a, len(y.shape)) for a in node.attrs["axes"]]
    shape = tuple(n for i, n in enumerate(y.shape) if i not in axes)
    region.write(_at_rows(target, rows, axes, Spec(shape, y.dtype)), value)
    region.settle_one(y, target)
    return True


# -- slices and joining


def _sliced(place: Memory, index: Sequence[Any], shape: Sequence[int]) -> Memory:
    """The memory that a static index leaves."""
    start, strides, axis = place.start, [], 0
    for part in index:
        if part is None:
            strides.append(0)
            continue
        step = place.strides[axis]
        axis += 1
        if isinstance(part, Range):
            start = start + part.start * step
            strides.append(part.step * step)
        else:
            start = start + part * step
    return Memory(place.pointer, Spec(tuple(shape), place.dtype), tuple(strides), start, place.root)


def _slice_shape(index: Sequence[Any]) -> tuple[int, ...]:
    return tuple(1 if part is None else part.length for part in index if not isinstance(part, int))


def write_set_slice(region: Region, node: Node) -> bool:
    """A copy, with a value in a slice of it."""
    y, index, value = node.outputs[0], node.attrs["index"], node.inputs[1]
    target = changed(region, node)
    shape = _slice_shape(index)
    if all(shape):
        region.write(_sliced(target, index, shape), value)
    region.settle_one(y, target)
    return True


def write_unslice(region: Region, node: Node) -> bool:
    """Zeros, with a value in a slice of them."""
    y, index = node.outputs[0], node.attrs["index"]
    target = region.target(y)
    region.clear(target)
    shape = _slice_shape(index)
    if all(shape):
        region.write(_sliced(target, index, shape), node.inputs[0])
    region.settle_one(y, target)
    return True


def _along(place: Memory, axis: int, start: int, length: int) -> Memory:
    """A piece of memory along an axis."""
    shape = (*place.shape[:axis], length, *place.shape[axis + 1 :])
    at = place.start + start * place.strides[axis]
    return Memory(place.pointer, Spec(shape, place.dtype), place.strides, at, place.root)


def write_unstack(region: Region, node: Node) -> bool:
    """Slices along an axis are memory too."""
    if isinstance(region.place(node.inputs[0]), Spread) and len(node.inputs[0].shape) == 1:
        for y, name in zip(node.outputs, region.each(node.inputs[0]), strict=True):
            region.places[y.key] = Register(name, y.spec)
        return True
    x = region.as_memory(node.inputs[0])
    axis = normalize_axis("unstack", node.attrs["axis"], len(x.shape))
    strides = (*x.strides[:axis], *x.strides[axis + 1 :])
    for i, y in enumerate(node.outputs):
        region.settle_one(y, Memory(x.pointer, y.spec, strides, x.start + i * x.strides[axis], x.root))
    return True


def write_split_lengths(region: Region, node: Node) -> bool:
    """Pieces along an axis are memory too."""
    x, start = region.as_memory(node.inputs[0]), 0
    axis = normalize_axis("split", node.attrs["axis"], len(x.shape))
    for y in node.outputs:
        region.settle_one(y, _along(x, axis, start, y.shape[axis]))
        start += y.shape[axis]
    return True


def write_concat(region: Region, node: Node) -> bool:
    """Each piece is written into its slice of the result."""
    y = node.outputs[0]
    if node.attrs["axis"] is None or any(not isinstance(x, SymbolicTensor) for x in node.inputs):
        return False
    axis, target, start = normalize_axis("concat", node.attrs["axis"], len(y.shape)), region.target(y), 0
    for x in node.inputs:
        if all(x.shape):
            region.write(_along(target, axis, start, x.shape[axis]), x)
        start += x.shape[axis]
    region.settle_one(y, target)
    return True


def write_stack(region: Region, node: Node) -> bool:
    """Each piece is written into its slice of the result; a few numbers become a small tensor."""
    y = node.outputs[0]
    if region.is_spread(y.spec) and not node.inputs[0].shape:
        names = [region.variable(y, region.number(x)).name for x in node.inputs]
        region.places[y.key] = Spread(tuple(names), y.spec)
        return True
    axis, target = normalize_axis("stack", node.attrs["axis"], len(y.shape)), region.target(y)
    for i, x in enumerate(node.inputs):
        piece = _along(target, axis, i, 1)
        strides = (*piece.strides[:axis], *piece.strides[axis + 1 :])
        shape = (*y.shape[:axis], *y.shape[axis + 1 :])
        region.write(Memory(piece.pointer, Spec(shape, y.dtype), strides, piece.start, piece.root), x)
    region.settle_one(y, target)
    return True


def write_pad(region: Region, node: Node) -> bool:
    """One value everywhere, with the operand in a slice of it."""
    y, x, widths = node.outputs[0], node.inputs[0], node.attrs["widths"]
    target, value = region.target(y), np.asarray(node.attrs["value"]).astype(y.dtype)
    if not any(value.tobytes()):
        region.clear(target)
    elif supported(y.dtype):
        region.write(target, value.item())
    else:
        return False
    start = target.start
    for (before, _), stride in zip(widths, target.strides, strict=True):
        start = start + before * stride
    if all(x.shape):
        region.write(Memory(target.pointer, Spec(x.shape, y.dtype), target.strides, start, target.root), x)
    region.settle_one(y, target)
    return True


# -- assertions


def write_check(region: Region, node: Node) -> bool:
    """Call Python only if something is wrong."""
    region.rescue(f"!{region.number(node.inputs[0])}", node)
    return True


def write_size_of(region: Region, node: Node) -> bool:
    """A size that is not known: C has it as a number."""
    region.places[node.outputs[0].key] = region.variable(node.outputs[0], str(node.attrs["length"]))
    return True


WRITES: dict[str, Write] = {
    "size_of": write_size_of,
    "reshape": write_reshape,
    "join_indices": write_join_indices,
    "index_get": write_index_get,
    "index_sum": write_index_sum,
    "index_put": write_index_put,
    "set_slice": write_set_slice,
    "unslice": write_unslice,
    "unstack": write_unstack,
    "split_lengths": write_split_lengths,
    "concat": write_concat,
    "stack": write_stack,
    "pad": write_pad,
    "check_op": write_check,
}
