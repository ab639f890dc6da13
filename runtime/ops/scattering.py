"""Gather, scatter and segment functions: what users know by name, made of the few ops below.

Positions count from the front, or negative from the end; one outside its axis is an error, never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..assignment import as_value
from ..eager import home_of, lift
from ..errors import ArgumentError, OutOfRangeError, ShapeError, speaking_as
from ..spec import Operand, as_shape, describe, normalize_axis
from ..tensor import OPS, Tensor, as_tensor
from .gathering import Mode, check_indices, check_mode, index_get, index_put, index_sum, join_indices

Index = Any  # an integer tensor, array or nested list


def _indices(name: str, x: Any, beside: Any) -> Any:
    """Index arrays as an integer tensor, where the tensor is that they index; empty lists count as integers."""
    if isinstance(x, list | tuple) and not OPS["asarray"](x).size:
        return OPS["asarray"](x, dtype=dtypes.int64, device=home_of(beside))
    indices = as_tensor(x, beside)
    check_indices(name, indices)
    return indices


def _places(name: str, x: Any, columns: Sequence[Any], axes: tuple[int, ...]) -> Any:
    return join_indices(*columns, lengths=tuple(x.shape[axis] for axis in axes), axes=axes, label=name)


def take(x: Operand, indices: Index, /, axis: int | None = None) -> Tensor:
    """The slices at `indices` along an axis; without an axis, elements of the flattened tensor.

    Shapes: (..., n, ...), (i, j) -> (..., i, j, ...).
    Errors: OutOfRangeError for a position outside the axis.

    Example:
        >>> import weft as wf
        >>> wf.take(wf.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0], axis=0)
        Tensor([[3., 4.],
                [3., 4.],
                [1., 2.]], f32)
    """
    x = as_tensor(x, indices)
    indices = _indices("take", indices, x)
    if axis is None:
        x, axis = x if len(x.shape) == 1 else OPS["reshape"](x, shape=(-1,)), 0
    axes = (normalize_axis("take", axis, len(x.shape)),)
    return index_get(x, _places("take", x, [indices], axes), axes=axes)


def gather(x: Operand, indices: Index, /, axis: int = 0, batch_dims: int = 0) -> Tensor:
    """The slices at `indices` along an axis; with `batch_dims`, each item of a batch by its own indices.

    Shapes: (b, ..., n, ...), (b, i) -> (b, ..., i, ...) with batch_dims=1.
    Errors: OutOfRangeError for a position outside the axis; ShapeError when the batches differ.
    """
    x = as_tensor(x, indices)
    indices = _indices("gather", indices, x)
    axis = normalize_axis("gather", axis, len(x.shape))
    if axis < batch_dims:
        raise ArgumentError(f"gather: axis {axis} lies in the batch of {batch_dims}", "Index an axis behind it.")
    columns = [*_batch_columns("gather", x, indices, batch_dims, len(indices.shape)), indices]
    axes = (*range(batch_dims), axis)
    y = index_get(x, _places("gather", x, columns, axes), axes=axes)
    if batch_dims == 0 or axis == batch_dims:
        return y
    inner, ndim = len(indices.shape) - batch_dims, len(y.shape)  # the places came to the front
    behind = range(batch_dims + inner, ndim)
    front = axis - batch_dims
    order = (*range(batch_dims), *behind[:front], *range(batch_dims, batch_dims + inner), *behind[front:])
    return OPS["permute_dims"](y, axes=order)


def _batch_columns(name: str, x: Any, indices: Any, batch_dims: int, ndim: int) -> list[Any]:
    """Positions along each batch axis, to stand beside index arrays of `ndim` axes."""
    batch = tuple(x.shape[:batch_dims])
    if not 0 <= batch_dims <= min(len(x.shape), ndim) or tuple(indices.shape[:batch_dims]) != batch:
        raise ShapeError(
            f"{name}: {batch_dims} batch axes of {describe(x)} and {describe(indices)} differ",
            "The first axes of both must have equal lengths.",
        )
    home = home_of(x)
    return [
        OPS["reshape"](OPS["arange"](n, device=home), shape=(n,) + (1,) * (ndim - i - 1)) for i, n in enumerate(batch)
    ]


def _split(name: str, x: Any, indices: Any, batch_dims: int) -> tuple[list[Any], tuple[int, ...]]:
    """The columns of indices whose last axis has a position for each of the first axes, and those axes."""
    if not indices.shape or indices.shape[-1] + batch_dims > len(x.shape):
        raise ShapeError(
            f"{name}: indices {describe(indices)} name more axes than {describe(x)} has",
            "The last axis of indices holds a position for each of the first axes.",
        )
    count = indices.shape[-1]
    columns = [indices[..., i] for i in range(count)]
    return [*_batch_columns(name, x, indices, batch_dims, len(indices.shape) - 1), *columns], tuple(
        range(batch_dims + count)
    )


def gather_nd(x: Operand, indices: Index, /, *, batch_dims: int = 0) -> Tensor:
    """The slices at places: the last axis of `indices` has a position for each of the first axes of x.

    Shapes: (n, m, ...), (i, 2) -> (i, ...).
    Errors: OutOfRangeError for a place outside x.
    """
    x = as_tensor(x, indices)
    indices = _indices("gather_nd", indices, x)
    columns, axes = _split("gather_nd", x, indices, batch_dims)
    if not axes:
        return OPS["broadcast_to"](x, shape=(*indices.shape[:-1], *x.shape))
    return index_get(x, _places("gather_nd", x, columns, axes), axes=axes)


def scatter(x: Operand, indices: Index, updates: Operand, /, axis: int = 0, mode: Mode = "set") -> Tensor:
    """`x` with `updates` put at positions along an axis: set there, or combined with what stands there.

    Modes: "set" (the last stays where several meet), "add", "multiply", "max", "min".

    Shapes: (..., n, ...), (i,), (..., i, ...) -> (..., n, ...).
    Errors: OutOfRangeError for a position outside the axis.

    Example:
        >>> import weft as wf
        >>> wf.scatter(wf.zeros(4), [1, 3, 1], wf.tensor([1.0, 2.0, 3.0]), mode="add")
        Tensor([0., 4., 0., 2.], f32)
    """
    x = as_tensor(x, indices)
    indices = _indices("scatter", indices, x)
    check_mode("scatter", x, mode)
    axes = (normalize_axis("scatter", axis, len(x.shape)),)
    return _put("scatter", x, _places("scatter", x, [indices], axes), updates, axes, mode)


def _put(name: str, x: Any, places: Any, updates: Any, axes: tuple[int, ...], mode: Mode) -> Any:
    updates = as_value(name, updates, x)
    with speaking_as(name, "index_put"):
        return index_put(x, places, updates, axes=axes, mode=mode)


def index_add(x: Operand, indices: Index, updates: Operand, /, axis: int = 0) -> Tensor:
    """`x` with `updates` added at positions along an axis.

    Errors: OutOfRangeError for a position outside the axis.
    """
    with speaking_as("index_add", "scatter"):
        return scatter(x, indices, updates, axis=axis, mode="add")


def scatter_nd(indices: Index, updates: Operand, /, shape: Any) -> Tensor:
    """Zeros of `shape`, to which `updates` are added at places; the inverse of `gather_nd`.

    Shapes: (i, 2), (i, ...) -> (n, m, ...).
    Errors: OutOfRangeError for a place outside the shape.
    """
    updates = as_tensor(updates, indices)
    indices = _indices("scatter_nd", indices, updates)
    target = as_shape("scatter_nd", shape)
    with speaking_as("scatter_nd", "scatter_nd_update"):
        return scatter_nd_update(
            OPS["zeros"](target, dtype=updates.dtype, device=home_of(updates)), indices, updates, mode="add"
        )


def scatter_nd_update(x: Operand, indices: Index, updates: Operand, /, *, mode: Mode = "set") -> Tensor:
    """`x` with `updates` put at places: the last axis of `indices` has a position for each of the first axes of x.

    Modes: "set" (the last stays where several meet), "add", "multiply", "max", "min".

    Shapes: (n, m, ...), (i, 2), (i, ...) -> (n, m, ...).
    Errors: OutOfRangeError for a place outside x.
    """
    x = as_tensor(x, indices)
    indices = _indices("scatter_nd_update", indices, x)
    check_mode("scatter_nd_update", x, mode)
    columns, axes = _split("scatter_nd_update", x, indices, 0)
    if not axes:
        raise ShapeError(
            f"scatter_nd_update: indices {describe(indices)} name no axis", "Give them a last axis of 1 or more."
        )
    return _put("scatter_nd_update", x, _places("scatter_nd_update", x, columns, axes), updates, axes, mode)


def _segments(name: str, x: Any, segment_ids: Index, num_segments: int | None) -> tuple[Any, Any, int]:
    """The tensor, the rows of places of its slices, and the number of segments.

    Errors: ShapeError unless there is an id for each slice; OutOfRangeError for a negative or too large id.
    """
    x = as_tensor(x, segment_ids)
    ids = _indices(name, segment_ids, x)
    if len(ids.shape) != 1 or not x.shape or ids.shape[0] != x.shape[0]:
        raise ShapeError(
            f"{name}: segment ids {describe(ids)} for {describe(x)}", "Give one id for each slice along the first axis."
        )
    values = lift(ids).numpy()
    highest, lowest = (int(values.max()), int(values.min())) if values.size else (-1, 0)
    count = highest + 1 if num_segments is None else num_segments.__index__()
    if lowest < 0 or highest >= count:
        raise OutOfRangeError(
            f"{name}: segment id {lowest if lowest < 0 else highest} is out of range for {count} segments",
            "Ids run from 0 to num_segments - 1.",
        )
    return x, join_indices(ids, lengths=(count,), axes=(0,), label=name), count


def segment_sum(x: Operand, segment_ids: Index, /, num_segments: int | None = None) -> Tensor:
    """The sum of the slices of each segment; 0 for an empty one. Ids need not be sorted.

    Shapes: (n, ...), (n,) -> (segments, ...).
    Errors: OutOfRangeError for an id that is negative, or not below `num_segments`.

    Example:
        >>> import weft as wf
        >>> wf.segment_sum(wf.tensor([1.0, 2.0, 3.0]), [0, 2, 0])
        Tensor([4., 0., 2.], f32)
    """
    x, places, count = _segments("segment_sum", x, segment_ids, num_segments)
    return index_sum(x, places, shape=(count, *x.shape[1:]), axes=(0,))


def segment_mean(x: Operand, segment_ids: Index, /, num_segments: int | None = None) -> Tensor:
    """The mean of the slices of each segment; 0 for an empty one.

    Shapes and Errors: as `segment_sum`.
    """
    x, places, count = _segments("segment_mean", x, segment_ids, num_segments)
    total = index_sum(x, places, shape=(count, *x.shape[1:]), axes=(0,))
    ones = OPS["ones"](x.shape[:1], dtype=dtypes.real_dtype(dtypes.inexact_dtype(x.dtype)), device=home_of(x))
    number = index_sum(ones, places, shape=(count,), axes=(0,))
    return total / OPS["reshape"](OPS["maximum"](number, 1), shape=(count, *(1,) * (len(x.shape) - 1)))


def segment_prod(x: Operand, segment_ids: Index, /, num_segments: int | None = None) -> Tensor:
    """The product of the slices of each segment; 1 for an empty one.

    Shapes and Errors: as `segment_sum`.
    """
    return _reduced("segment_prod", x, segment_ids, num_segments, "multiply", lambda _: 1)


def segment_max(x: Operand, segment_ids: Index, /, num_segments: int | None = None) -> Tensor:
    """The largest of the slices of each segment; -inf, or the lowest integer, for an empty one.

    The gradient is shared equally at a tie. Shapes and Errors: as `segment_sum`.
    """
    return _reduced("segment_max", x, segment_ids, num_segments, "max", dtypes.lowest)


def segment_min(x: Operand, segment_ids: Index, /, num_segments: int | None = None) -> Tensor:
    """The smallest of the slices of each segment; inf, or the highest integer, for an empty one.

    The gradient is shared equally at a tie. Shapes and Errors: as `segment_sum`.
    """
    return _reduced("segment_min", x, segment_ids, num_segments, "min", dtypes.highest)


def _reduced(name: str, x: Any, segment_ids: Index, num_segments: int | None, mode: Mode, start: Any) -> Any:
    x, places, count = _segments(name, x, segment_ids, num_segments)
    empty = OPS["full"]((count, *x.shape[1:]), start(x.dtype), dtype=x.dtype, device=home_of(x))
    return _put(name, empty, places, x, (0,), mode)


OPS.update(
    take=take, gather=gather, gather_nd=gather_nd, scatter=scatter, index_add=index_add, scatter_nd=scatter_nd,
    scatter_nd_update=scatter_nd_update, segment_sum=segment_sum, segment_mean=segment_mean,
    segment_prod=segment_prod, segment_max=segment_max, segment_min=segment_min,
)  # fmt: skip
