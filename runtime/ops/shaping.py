"""Shaping: the same elements in another shape, order or dtype.

Results may be views: buffers never change, so two tensors may share one.

Source: Python Array API standard 2024.12, "Manipulation functions".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError, speaking_as
from ..op import op
from ..samples import complexes, sample
from ..spec import (
    Axes,
    Operand,
    Shape,
    Shaped,
    Spec,
    as_shape,
    describe,
    integers,
    like,
    normalize_axes,
    normalize_axis,
    size,
)
from ..tensor import OPS, Tensor


def _astype(x: np.ndarray, dtype: Any) -> np.ndarray:
    if x.dtype in dtypes.COMPLEX and dtypes.as_dtype(dtype) not in dtypes.COMPLEX | dtypes.BOOLS:
        x = np.real(x)
    return x.astype(dtypes.as_dtype(dtype))


@op(_astype, onnx="Cast", samples=[sample((2, 3), dtype="float64"), sample(complexes((2,)), dtype="float64"),
                                   sample((2, 3), dtype="complex128"), sample((2, 3), dtype="int32")])  # fmt: skip
def astype(x: Operand, /, dtype: Any) -> Spec:
    """The same values in another dtype; a complex value cast to a real dtype keeps its real part."""
    return like(x, dtype=dtypes.as_dtype(dtype))


@astype.gradient
def _(dy: Any, _y: Any, _x: Any, *, dtype: Any) -> Any:
    return OPS["astype"](dy, dtype=_x.dtype)


def _resolved(x: Shaped, shape: Any) -> Shape:
    """`shape` with its -1 worked out."""
    lengths = integers("reshape", shape)
    total = size(x.shape)
    known = size(tuple(n for n in lengths if n != -1))
    unknown = lengths.count(-1)
    if unknown == 1 and known > 0 and total % known == 0:
        return tuple(total // known if n == -1 else n for n in lengths)
    if unknown or known != total or any(n < 0 for n in lengths):
        raise ShapeError(
            f"reshape: {describe(x)} has {total} elements, which shape {lengths} cannot hold",
            "One length may be -1: it is worked out from the others.",
        )
    return lengths


@op(lambda x, shape, copy: x.reshape(integers("reshape", shape)), onnx="Reshape",
    samples=[sample((2, 6), shape=(3, 4)), sample((2, 6), shape=(-1, 2, 2)), sample((1, 1), shape=())])  # fmt: skip
def reshape(x: Operand, /, shape: Any, *, copy: bool | None = None) -> Spec:
    """The same elements in another shape, in row-major order; one length may be -1."""
    return like(x, _resolved(x, shape))


@reshape.gradient
def _(dy: Any, _y: Any, _x: Any, **_: Any) -> Any:
    return OPS["reshape"](dy, shape=_x.shape)


def flatten(x: Operand, /) -> Tensor:
    """All elements along one axis, in row-major order.   Shapes: (...) -> (n,)."""
    return reshape(x, shape=(-1,))


def _order(name: str, x: Shaped, axes: Any) -> Shape:
    order = normalize_axes(name, tuple(axes), len(x.shape))
    if len(order) != len(x.shape):
        raise ShapeError(f"{name}: {len(order)} axes given for {describe(x)}", "Name every axis once.")
    return order


@op(lambda x, axes: np.transpose(x, axes), onnx="Transpose",
    samples=[sample((2, 3, 4), axes=(2, 0, 1)), sample((2, 3), axes=(-1, 0))])  # fmt: skip
def permute_dims(x: Operand, /, axes: tuple[int, ...]) -> Spec:
    """The axes in another order: axis `axes[i]` becomes axis i."""
    return like(x, tuple(x.shape[i] for i in _order("permute_dims", x, axes)))


@permute_dims.gradient
def _(dy: Any, _y: Any, _x: Any, *, axes: tuple[int, ...]) -> Any:
    order = _order("permute_dims", _x, axes)
    return OPS["permute_dims"](dy, axes=tuple(order.index(i) for i in range(len(order))))


@op(np.transpose, onnx="Transpose", samples=[sample((2, 3)), sample(complexes((2, 3)))])
def transpose_2d(x: Operand, /) -> Spec:
    """The transpose of a matrix, as `x.T` gives it.   Shapes: (m, n) -> (n, m)."""
    if len(x.shape) != 2:
        raise ShapeError(
            f"T: {describe(x)} is no matrix",
            "Use x.mT for a stack of matrices, wf.transpose(x) to reverse the axes.",
        )
    return like(x, (x.shape[1], x.shape[0]))


transpose_2d.gradient(lambda dy, _y, _x: OPS["transpose_2d"](dy))


def transpose(x: Operand, /, axes: Iterable[int] | None = None) -> Tensor:
    """The axes in another order; reversed if none is given.   Shapes: (m, ..., n) -> (n, ..., m)."""
    order = range(len(np.shape(x)))[::-1] if axes is None else axes
    return permute_dims(x, axes=tuple(order))


def swapaxes(x: Operand, axis1: int, axis2: int, /) -> Tensor:
    """Two axes exchanged.   Shapes: (..., m, ..., n, ...) -> (..., n, ..., m, ...)."""
    order = list(range(len(np.shape(x))))
    i, j = (normalize_axis("swapaxes", axis, len(order)) for axis in (axis1, axis2))
    order[i], order[j] = order[j], order[i]
    return permute_dims(x, axes=tuple(order))


def moveaxis(x: Operand, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Tensor:
    """Axes moved to other places; the others keep their order.

    Errors: AxisError for an axis out of range or named twice; ShapeError unless as many places as axes are given.
    """
    ndim = len(np.shape(x))
    sources, places = (normalize_axes("moveaxis", axes, ndim) for axes in (source, destination))
    if len(sources) != len(places):
        raise ShapeError(
            f"moveaxis: {len(sources)} axes and {len(places)} places", "Give each axis that moves one place."
        )
    order = [i for i in range(ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return permute_dims(x, axes=tuple(order))


@op(lambda x, shape: np.broadcast_to(x, shape), onnx="Expand",
    samples=[sample((3, 1), shape=(2, 3, 4)), sample((), shape=(2,))])  # fmt: skip
def broadcast_to(x: Operand, /, shape: Any) -> Spec:
    """`x` repeated along new axes and axes of length 1 until it has `shape`."""
    target = as_shape("broadcast_to", shape)
    padded = (1,) * (len(target) - len(x.shape)) + tuple(x.shape)
    if len(padded) > len(target) or any(n not in (1, m) for n, m in zip(padded, target, strict=True)):
        raise ShapeError(
            f"broadcast_to: {describe(x)} does not broadcast to {target}",
            "Axes are matched from the right; each length must be equal, or 1 in the operand.",
        )
    return like(x, target)


@broadcast_to.gradient
def _(dy: Any, _y: Any, _x: Any, *, shape: Any) -> Any:
    return OPS["sum_to"](dy, shape=_x.shape)


def _expanded_axes(x: Shaped, axis: Axes) -> Shape:
    new = len(tuple(axis)) if isinstance(axis, Iterable) else 1
    return normalize_axes("expand_dims", axis, len(x.shape) + new)


@op(lambda x, axis: np.expand_dims(x, axis), onnx="Unsqueeze",
    samples=[sample((2, 3), axis=1), sample((2, 3), axis=(0, -1)), sample((), axis=0)])  # fmt: skip
def expand_dims(x: Operand, /, axis: int | tuple[int, ...] = 0) -> Spec:
    """New axes of length 1, at these places of the result.   Shapes: (m, n), axis=1 -> (m, 1, n)."""
    axes, lengths = _expanded_axes(x, axis), iter(x.shape)
    ndim = len(x.shape) + len(axes)
    return like(x, tuple(1 if i in axes else next(lengths) for i in range(ndim)))


@expand_dims.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Any) -> Any:
    return OPS["squeeze"](dy, axis=_expanded_axes(_x, axis))


def _squeezed_axes(x: Shaped, axis: Axes) -> Shape:
    if axis is None:
        return tuple(i for i, n in enumerate(x.shape) if n == 1)
    return normalize_axes("squeeze", axis, len(x.shape))


@op(lambda x, axis: np.squeeze(x, _squeezed_axes(x, axis)), onnx="Squeeze",
    samples=[sample((2, 1, 3), axis=1), sample((1, 2, 1), axis=(0, -1)), sample((1, 2, 1))])  # fmt: skip
def squeeze(x: Operand, /, axis: Axes = None) -> Spec:
    """Axes of length 1 taken away (all of them by default).   Shapes: (m, 1, n), axis=1 -> (m, n)."""
    axes = _squeezed_axes(x, axis)
    for i in axes:
        if x.shape[i] != 1:
            raise ShapeError(
                f"squeeze: axis {i} of {describe(x)} has length {x.shape[i]}, not 1", "Squeeze axes of length 1."
            )
    return like(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))


@squeeze.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Any) -> Any:
    return OPS["expand_dims"](dy, axis=_squeezed_axes(_x, axis))


@op(lambda x, axis: np.flip(x, tuple(axis) if isinstance(axis, list) else axis),
    samples=[sample((2, 3)), sample((2, 3), axis=1), sample((2, 3, 2), axis=(0, -1))])  # fmt: skip
def flip(x: Operand, /, *, axis: Axes = None) -> Spec:
    """The elements in reverse order along axes (all by default)."""
    normalize_axes("flip", axis, len(x.shape))
    return like(x)


flip.gradient(lambda dy, _y, _x, *, axis: OPS["flip"](dy, axis=axis))


def _shifts(shift: Any) -> Any:
    return tuple(int(n) for n in shift) if isinstance(shift, Iterable) else int(shift)


@op(lambda x, shift, axis: np.roll(x, _shifts(shift), tuple(axis) if isinstance(axis, list) else axis),
    samples=[sample((2, 3), shift=2), sample((2, 3), shift=-1, axis=1), sample((2, 3), shift=(1, 2), axis=(0, 1))])  # fmt: skip
def roll(x: Operand, /, shift: int | tuple[int, ...], *, axis: Axes = None) -> Spec:
    """The elements moved on by `shift` places along axes, those past the end coming back in front.

    Without an axis the elements are rolled in row-major order.
    """
    axes = normalize_axes("roll", axis, len(x.shape))
    if isinstance(shift, Iterable) and (axis is None or len(tuple(shift)) not in (1, len(axes))):
        raise ShapeError(f"roll: shifts {shift} for axis {axis}", "Give one shift, or one for each axis named.")
    return like(x)


@roll.gradient
def _(dy: Any, _y: Any, _x: Any, *, shift: Any, axis: Axes) -> Any:
    back = tuple(-n for n in shift) if isinstance(shift, Iterable) else -shift
    return OPS["roll"](dy, shift=back, axis=axis)


def repeat(x: Operand, repeats: Operand, /, axis: int | None = None) -> Tensor:
    """Each element repeated in place: a number of times, or as often as an integer tensor says for each.

    Shapes: (..., n, ...) -> (..., n * repeats, ...); without an axis x is flattened.
    Errors: ArgumentError for a negative number; ShapeError for numbers that are not one for each element.
    """
    if axis is None:
        x, axis = flatten(x), 0
    axis = normalize_axis("repeat", axis, len(np.shape(x)))
    times = np.asarray(OPS["asarray"](repeats).numpy())
    if times.dtype not in dtypes.INTEGRAL or (times.size and times.min() < 0):
        raise ArgumentError(f"repeat: repeats is {repeats}", "Give integers of 0 or more.")
    n = np.shape(x)[axis]
    if times.size == 1:
        return _repeat_evenly(x, int(times.reshape(())), axis)
    if times.shape != (n,):
        raise ShapeError(
            f"repeat: {times.size} numbers of repeats for {n} elements along axis {axis}", "Give one for each element."
        )
    return OPS["take"](x, OPS["asarray"](np.repeat(np.arange(n), times)), axis=axis)


def _repeat_evenly(x: Any, times: int, axis: int) -> Tensor:
    shape = tuple(np.shape(x))
    with speaking_as("repeat", "broadcast_to", "reshape"):
        wide = broadcast_to(expand_dims(x, axis=axis + 1), shape=(*shape[: axis + 1], times, *shape[axis + 1 :]))
        return reshape(wide, shape=(*shape[:axis], shape[axis] * times, *shape[axis + 1 :]))


def tile(x: Operand, repetitions: int | tuple[int, ...], /) -> Tensor:
    """Copies of the whole tensor side by side, `repetitions[i]` of them along axis i.

    Shapes: (m, n), (2, 3) -> (2 * m, 3 * n); the shorter of shape and repetitions is filled up with ones in front.
    """
    times = as_shape("tile", repetitions)
    shape = tuple(np.shape(x))
    times = (1,) * (len(shape) - len(times)) + times
    shape = (1,) * (len(times) - len(shape)) + shape
    pairs = [m for n in shape for m in (1, n)]
    wide = [m for n, k in zip(shape, times, strict=True) for m in (k, n)]
    with speaking_as("tile", "broadcast_to", "reshape"):
        spread = broadcast_to(reshape(x, shape=pairs), shape=wide)
        return reshape(spread, shape=tuple(n * k for n, k in zip(shape, times, strict=True)))


def _check_matrix(name: str, x: Shaped) -> Spec:
    if len(x.shape) < 2:
        raise ShapeError(f"{name}: {describe(x)} is no matrix", "Give it at least two axes.")
    return like(x)


@op(lambda x, k: np.tril(x, k), onnx="Trilu", samples=[sample((3, 4)), sample((2, 3, 3), k=-1), sample((3, 4), k=1)])
def tril(x: Operand, /, *, k: int = 0) -> Spec:
    """The lower triangle of each matrix, up to the k-th diagonal; zeros above.   Shapes: (..., m, n) -> (..., m, n)."""
    return _check_matrix("tril", x)


@op(lambda x, k: np.triu(x, k), onnx="Trilu", samples=[sample((3, 4)), sample((2, 3, 3), k=-1), sample((3, 4), k=1)])
def triu(x: Operand, /, *, k: int = 0) -> Spec:
    """The upper triangle of each matrix, from the k-th diagonal; zeros below.   Shapes: (..., m, n) -> (..., m, n)."""
    return _check_matrix("triu", x)


tril.gradient(lambda dy, _y, _x, *, k: OPS["tril"](dy, k=k))
triu.gradient(lambda dy, _y, _x, *, k: OPS["triu"](dy, k=k))
