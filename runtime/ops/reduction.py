"""Reductions: folds over axes.

Floats are summed pairwise by NumPy; float16 and bfloat16 accumulate in float32. Sums and products of small
integers are int64 (uint64), as in the Array API standard. What has no value over no elements (max, argmin, ...)
refuses an empty reduction in its shape rule.

Source: Python Array API standard 2024.12, "Statistical functions", "Utility functions" and "Searching functions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import DType
from ..errors import DTypeError, ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import bools, complexes, distinct, integers, sample
from ..spec import Axes, Operand, Shape, Shaped, Spec, check_dtype, describe, like, normalize_axes, reduced_shape, size
from ..tensor import OPS


def sum_dtype(name: str, x: Shaped, dtype: Any) -> DType:
    """The dtype of a sum or product: as asked for, else 64 bits for integers and bools, else that of `x`."""
    check_dtype(name, x, dtypes.EVERY)
    if dtype is not None:
        return _wide_enough(name, x, dtypes.as_dtype(dtype))
    if x.dtype in dtypes.UNSIGNED:
        return dtypes.uint64
    return dtypes.default_int if x.dtype in dtypes.INTEGRAL else x.dtype


def _wide_enough(name: str, x: Shaped, dtype: DType) -> DType:
    if x.dtype in dtypes.COMPLEX and dtype not in dtypes.COMPLEX:
        raise DTypeError(f"{name}: {describe(x)} does not fit dtype {dtype}", "Take its real part first: wf.real(x).")
    return dtype


def accumulator(dtype: Any) -> DType | None:
    """The dtype to add up in; None lets NumPy choose, which agrees with `sum_dtype`."""
    return None if dtype is None else dtypes.as_dtype(dtype)


def reduced_axes(axis: Axes) -> Any:
    """The axes as NumPy takes them."""
    return tuple(axis) if isinstance(axis, list) else axis


def _fold(ufunc: Any) -> Callable[..., Any]:
    """The kernel that reduces by a ufunc: `np.sum` without its detours, which cost a small tensor more than the sum."""

    def kernel(x: np.ndarray, axis: Axes, keepdims: bool, dtype: Any = None) -> Any:
        return ufunc.reduce(x, reduced_axes(axis), accumulator(dtype), None, keepdims)

    return kernel


def count(name: str, x: Shaped, axis: Axes) -> int:
    """The number of elements that each result is made of."""
    return size(x.shape if axis is None else tuple(x.shape[i] for i in normalize_axes(name, axis, len(x.shape))))


def spread(dy: Any, x: Shaped, axis: Axes, keepdims: bool) -> Any:
    """A reduced cotangent brought back to the shape of `x`: the reduced axes put back, then repeated."""
    if not keepdims:
        dy = OPS["reshape"](dy, shape=reduced_shape("spread", x, axis, True))
    return OPS["broadcast_to"](dy, shape=x.shape)


_SAMPLES = [sample((3, 4)), sample((2, 3, 4), axis=(0, -1)), sample((3, 4), axis=1, keepdims=True),
            sample(complexes((2, 3)), axis=0)]  # fmt: skip


@op(_fold(np.add), onnx="ReduceSum", widen=True, samples=_SAMPLES)
def sum(x: Operand, /, *, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Spec:
    """The sum over axes (all by default); 0 over no elements.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("sum", x, axis, keepdims), sum_dtype("sum", x, dtype))


@sum.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Axes, keepdims: bool, dtype: Any) -> Any:
    return fit(spread(dy, _x, axis, keepdims), _x)


def _sum_to(x: np.ndarray, shape: Shape) -> np.ndarray:
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1), keepdims=True)


@op(_sum_to, widen=True, samples=[sample((2, 3, 4), shape=(3, 1)), sample((2, 3), shape=(2, 3))])
def sum_to(x: Operand, /, *, shape: Shape) -> Spec:
    """Sum over the axes along which `shape` was broadcast: the inverse of `broadcast_to` in gradients.

    Shapes: x -> shape.
    """
    return like(x, tuple(shape))


@sum_to.gradient
def _(dy: Any, _y: Any, _x: Any, *, shape: Shape) -> Any:
    return OPS["broadcast_to"](dy, shape=_x.shape)


def _mean(x: np.ndarray, axis: Axes, keepdims: bool) -> Any:
    dtype = np.float64 if x.dtype in dtypes.INTEGRAL else None
    total = np.sum(x, axis=reduced_axes(axis), keepdims=keepdims, dtype=dtype)
    return np.divide(total, count("mean", x, axis))


@op(_mean, onnx="ReduceMean", widen=True, samples=[
    sample((3, 4)), sample((3, 4), axis=0), sample((2, 3), axis=-1, keepdims=True), sample(complexes((2, 3)), axis=1)])  # fmt: skip
def mean(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The arithmetic mean over axes (all by default); NaN over no elements. Integers are averaged as floats.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("mean", x, axis, keepdims), dtypes.inexact_dtype(x.dtype))


@mean.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Axes, keepdims: bool) -> Any:
    n = count("mean", _x, axis) or 1  # over no elements there is nothing to spread to
    return fit(spread(dy / n, _x, axis, keepdims), _x)


@op(_fold(np.multiply),
    onnx="ReduceProd", widen=True, samples=[*_SAMPLES, sample(lambda _: np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]]), axis=1)])  # fmt: skip
def prod(x: Operand, /, *, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Spec:
    """The product over axes (all by default); 1 over no elements. Its gradient is exact at zeros.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("prod", x, axis, keepdims), sum_dtype("prod", x, dtype))


@prod.gradient
def _(dy: Any, _y: Any, x: Any, *, axis: Axes, keepdims: bool, dtype: Any) -> Any:
    axes = normalize_axes("prod", axis, len(x.shape))
    order = tuple(i for i in range(len(x.shape)) if i not in axes) + axes
    moved = OPS["permute_dims"](x, axes=order)
    flat = OPS["reshape"](moved, shape=(*moved.shape[: len(order) - len(axes)], count("prod", x, axis)))
    others = OPS["reshape"](product_of_others(flat), shape=moved.shape)
    others = OPS["permute_dims"](others, axes=tuple(order.index(i) for i in range(len(order))))
    return fit(spread(dy, x, axis, keepdims) * conj(others), x)


def product_of_others(x: Any) -> Any:
    """For each element the product of all others along the last axis, without dividing.

    Neighbours are multiplied in pairs, the pairs are solved, and each element of a pair takes the pair's answer
    times its neighbour: n log n ops become log n of them.
    """
    n = x.shape[-1]
    if n <= 1:
        return OPS["ones_like"](x)
    half = n // 2
    left, right, rest = OPS["split_lengths"](x, lengths=(half, half, n - 2 * half), axis=-1)
    pairs = OPS["concat"](left * right, rest, axis=-1)
    outer, outer_rest = OPS["split_lengths"](product_of_others(pairs), lengths=(half, n - 2 * half), axis=-1)
    return OPS["concat"](outer * right, outer * left, outer_rest, axis=-1)


def check_nonempty(name: str, x: Shaped, axis: Axes, result: Shape) -> None:
    """Refuse to choose among no elements."""
    if size(result) and not size(x.shape):
        raise ShapeError(f"{name}: {describe(x)} has no elements to choose from", "Reduce axes of length 1 or more.")


def _extremum(name: str, x: Shaped, axis: Axes, keepdims: bool) -> Spec:
    check_dtype(name, x, dtypes.ORDERED)
    shape = reduced_shape(name, x, axis, keepdims)
    check_nonempty(name, x, axis, shape)
    return like(x, shape)


def _extremum_gradient(dy: Any, y: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
    """The cotangent, shared equally by the elements that attain the extremum."""
    chosen = x == spread(y, x, axis, keepdims)
    ties = OPS["sum"](chosen, axis=axis, keepdims=keepdims)
    return OPS["where"](chosen, spread(dy / ties, x, axis, keepdims), 0)


_CHOICES = [
    sample(distinct((3, 4))),
    sample(distinct((2, 3, 4)), axis=(0, 2)),
    sample(distinct((3, 4)), axis=1, keepdims=True),
]


@op(_fold(np.maximum), onnx="ReduceMax", widen=True, samples=_CHOICES)  # fmt: skip
def max(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The largest element over axes (all by default); NaN if one is. The gradient is shared equally at a tie.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    Errors: ShapeError over no elements.
    """
    return _extremum("max", x, axis, keepdims)


@op(_fold(np.minimum), onnx="ReduceMin", widen=True, samples=_CHOICES)  # fmt: skip
def min(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The smallest element over axes (all by default); NaN if one is. The gradient is shared equally at a tie.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    Errors: ShapeError over no elements.
    """
    return _extremum("min", x, axis, keepdims)


max.gradient(_extremum_gradient)
min.gradient(_extremum_gradient)

_TRUTHS = [
    sample(bools((3, 4))),
    sample(bools((3, 4)), axis=0),
    sample(integers((2, 3), 0, 2), axis=(0, 1), keepdims=True),
]


@op(lambda x, axis, keepdims: np.all(x, axis=reduced_axes(axis), keepdims=keepdims), widen=True, samples=_TRUTHS)
def all(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """Whether every element over axes (all by default) is true (nonzero); true over no elements.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("all", x, axis, keepdims), dtypes.bool_)


@op(lambda x, axis, keepdims: np.any(x, axis=reduced_axes(axis), keepdims=keepdims), widen=True, samples=_TRUTHS)
def any(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """Whether some element over axes (all by default) is true (nonzero); false over no elements.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("any", x, axis, keepdims), dtypes.bool_)


@op(lambda x, axis, keepdims: np.count_nonzero(x, axis=reduced_axes(axis), keepdims=keepdims), widen=True, samples=_TRUTHS)  # fmt: skip
def count_nonzero(x: Operand, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The number of nonzero (true) elements over axes (all by default), as int64.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("count_nonzero", x, axis, keepdims), dtypes.int64)


def _index_of_extremum(name: str, x: Shaped, axis: int | None, keepdims: bool) -> Spec:
    check_dtype(name, x, dtypes.ORDERED)
    if isinstance(axis, Iterable):
        raise TypeError(f"{name}: axis is one integer or None, not {axis!r}")
    shape = reduced_shape(name, x, axis, keepdims)
    check_nonempty(name, x, axis, shape)
    return Spec(shape, dtypes.int64)


@op(lambda x, axis, keepdims: np.argmax(x, axis=axis, keepdims=keepdims), onnx="ArgMax", widen=True, samples=[
    sample((3, 4)), sample((3, 4), axis=1), sample((2, 3, 4), axis=0, keepdims=True)])  # fmt: skip
def argmax(x: Operand, /, *, axis: int | None = None, keepdims: bool = False) -> Spec:
    """The index of the first largest element along an axis, or in the flattened tensor; of the first NaN if any.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    Errors: ShapeError over no elements.
    """
    return _index_of_extremum("argmax", x, axis, keepdims)


@op(lambda x, axis, keepdims: np.argmin(x, axis=axis, keepdims=keepdims), onnx="ArgMin", widen=True, samples=[
    sample((3, 4)), sample((3, 4), axis=1), sample((2, 3, 4), axis=0, keepdims=True)])  # fmt: skip
def argmin(x: Operand, /, *, axis: int | None = None, keepdims: bool = False) -> Spec:
    """The index of the first smallest element along an axis, or in the flattened tensor; of the first NaN if any.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    Errors: ShapeError over no elements.
    """
    return _index_of_extremum("argmin", x, axis, keepdims)


for _constant in (all, any, count_nonzero, argmax, argmin):
    _constant.gradient(None)
