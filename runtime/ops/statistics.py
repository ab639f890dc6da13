"""Statistics that are more than one fold: variance, quantiles, counts of values.

`var` and `std` are ops with gradients of their own, stable where the spread is zero; quantiles interpolate in a
sorted tensor, so their gradients flow through `sort`.

Source: Python Array API standard 2024.12, "Statistical functions"; Hyndman and Fan, "Sample quantiles in
statistical packages", The American Statistician 50 (1996), definition 7 for the linear quantile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, memory
from ..creation import asarray
from ..device import cpu
from ..eager import as_array, wrap
from ..errors import ArgumentError, ShapeError, speaking_as
from ..families import fit
from ..op import op
from ..samples import complexes, integers, sample
from ..spec import Axes, Operand, Shaped, Spec, check_dtype, describe, normalize_axes, reduced_shape, size
from ..tensor import OPS, Tensor, as_tensor
from .elementwise import isnan, where
from .reduction import count, mean, reduced_axes, spread
from .shaping import moveaxis


def _var(x: np.ndarray, axis: Axes, correction: float, keepdims: bool) -> Any:
    x = x.astype(np.float64) if x.dtype in dtypes.INTEGRAL else x
    n, axes = count("var", x, axis), reduced_axes(axis)
    mean = np.divide(np.sum(x, axis=axes, keepdims=True), n)
    deviation = np.subtract(x, mean, out=memory.empty(x.shape, x.dtype))
    if np.iscomplexobj(x):
        squares = np.square(np.real(deviation)) + np.square(np.imag(deviation))
    else:
        squares = np.multiply(deviation, deviation, out=deviation)
    return np.divide(np.sum(squares, axis=axes, keepdims=keepdims), _freedom(n, correction))


def _freedom(n: int, correction: float) -> float:
    """The divisor of a variance, as a number that NumPy may divide by even if it is 0."""
    return n - correction if n > correction else 0


def _spread_spec(name: str, x: Shaped, axis: Axes, keepdims: bool) -> Spec:
    dtype = dtypes.real_dtype(dtypes.inexact_dtype(x.dtype))
    return Spec(reduced_shape(name, x, axis, keepdims), dtype)


_SAMPLES = [sample((3, 4)), sample((2, 3, 4), axis=(0, -1)), sample((3, 4), axis=1, correction=1.0, keepdims=True),
            sample(complexes((2, 3)), axis=1)]  # fmt: skip


@op(_var, widen=True, samples=_SAMPLES)
def var(x: Operand, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False) -> Spec:
    """The variance over axes (all by default): the sum of squared deviations over n - correction.

    `correction=1` gives the unbiased estimate from a sample. A complex tensor has a real variance.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return _spread_spec("var", x, axis, keepdims)


@var.gradient
def _(dy: Any, _y: Any, x: Any, *, axis: Axes, correction: float, keepdims: bool) -> Any:
    return _pulled(dy * 2, x, axis, correction, keepdims)


def _pulled(dy: Any, x: Any, axis: Axes, correction: float, keepdims: bool) -> Any:
    """`dy` times each deviation over the degrees of freedom; NaN where there are none."""
    freedom = _freedom(count("var", x, axis), correction)
    deviation = x - mean(x, axis=axis, keepdims=True)
    return fit(spread(dy / freedom if freedom else dy * float("nan"), x, axis, keepdims) * deviation, x)


@op(lambda x, **attrs: np.sqrt(_var(x, **attrs)), widen=True, samples=_SAMPLES)
def std(x: Operand, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False) -> Spec:
    """The standard deviation over axes (all by default): the root of `var`. Its gradient at 0 is 0.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return _spread_spec("std", x, axis, keepdims)


@std.gradient
def _(dy: Any, y: Any, x: Any, *, axis: Axes, correction: float, keepdims: bool) -> Any:
    scaled = where(y == 0, 0, dy / where(y == 0, 1, y))
    return _pulled(scaled, x, axis, correction, keepdims)


def quantile(x: Operand, q: Operand, /, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The quantiles at fractions q (numbers between 0 and 1) over axes, linear between neighbours; NaN if one is.

    Shapes: (..., n, ...) and q () -> (..., ...); q (m,) puts an axis of length m in front.
    Errors: ArgumentError for a fraction outside [0, 1]; ShapeError over no elements.
    """
    x = as_tensor(x)
    check_dtype("quantile", x, dtypes.REAL)
    fractions = as_array(q, dtypes.float64)
    if not np.all((fractions >= 0) & (fractions <= 1)):
        raise ArgumentError(f"quantile: q is {q}, which is not between 0 and 1", "Give a fraction: 0.95 for 95 %.")
    if not size(x.shape):
        raise ShapeError(f"quantile: {describe(x)} has no elements to choose from", "Give it at least one element.")
    x = OPS["astype"](x, dtype=dtypes.inexact_dtype(x.dtype))
    result = _interpolated(_sorted_last(x, axis), fractions.reshape(-1))
    shape = reduced_shape("quantile", x, axis, keepdims)
    return OPS["reshape"](moveaxis(result, -1, 0), shape=(*fractions.shape, *shape))


def _sorted_last(x: Any, axis: Axes) -> Any:
    """`x` sorted, with the axes to reduce flattened into the last."""
    axes = normalize_axes("quantile", axis, len(x.shape))
    kept = tuple(i for i in range(len(x.shape)) if i not in axes)
    moved = OPS["permute_dims"](x, axes=kept + axes)
    return OPS["sort"](OPS["reshape"](moved, shape=(*moved.shape[: len(kept)], count("quantile", x, axis))), axis=-1)


def _interpolated(x: Any, fractions: np.ndarray) -> Any:
    """The values at fractions of the way along the sorted last axis."""
    n = x.shape[-1]
    position = fractions * (n - 1)
    below = np.floor(position).astype(np.int64)
    above = np.ceil(position).astype(np.int64)
    home = getattr(x, "device", cpu)
    weight = wrap(home.from_numpy((position - below).astype(x.dtype)))
    low, high = (OPS["take"](x, wrap(home.from_numpy(i)), axis=-1) for i in (below, above))
    between = where(weight == 0, low, low + (high - low) * weight)
    last = OPS["take"](x, wrap(home.from_numpy(np.array([n - 1]))), axis=-1)  # NaN, sorted last, if there is any
    return where(isnan(last), last, between)


def median(x: Operand, /, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """The median over axes (all by default): the mean of the two middle elements if their number is even.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    Errors: ShapeError over no elements.
    """
    with speaking_as("median", "quantile"):
        return quantile(x, 0.5, axis=axis, keepdims=keepdims)


def _bincount(x: np.ndarray, weights: np.ndarray | None, length: int) -> np.ndarray:
    return np.bincount(x.astype(np.int64), weights, minlength=length)


@op(_bincount, name="bincount", widen=True, samples=[
    sample(integers((6,), 0, 4), None, length=4), sample(integers((6,), 0, 4), (6,), length=5)])  # fmt: skip
def bincount_up_to(x: Operand, weights: Operand | None = None, /, *, length: int) -> Spec:
    """The number, or the total weight, of the elements of x that equal 0, 1, ..., length - 1."""
    for operand in (x,) if weights is None else (x, weights):
        if tuple(operand.shape) != tuple(x.shape) or len(x.shape) != 1:
            given = describe(x) + ("" if weights is None else f" with weights {describe(weights)}")
            raise ShapeError(f"bincount: given {given}", "Both have one axis and the same length; flatten first.")
    check_dtype("bincount", x, dtypes.INTEGRAL)
    if weights is not None:
        check_dtype("bincount", weights, dtypes.ORDERED)
    return Spec((length,), dtypes.int64 if weights is None else dtypes.inexact_dtype(weights.dtype))


bincount_up_to.gradient(None, lambda dy, _y, x, _weights, *, length: OPS["take"](dy, x, axis=0))


def bincount(x: Operand, /, weights: Operand = None, *, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs, or the total weight of where it does.

    Shapes: (n,) -> (m,), with m the larger of minlength and one more than the largest element.
    Errors: ArgumentError for a negative element.
    """
    x = asarray(x)
    values = x.numpy()
    check_dtype("bincount", x, dtypes.INTEGRAL)
    if values.size and values.min() < 0:
        raise ArgumentError(f"bincount: an element is {values.min()}", "Elements are counted from 0.")
    length = int(values.max()) + 1 if values.size else 0
    return bincount_up_to(x, weights, length=max(length, minlength))


def histogram(
    x: Operand,
    /,
    bins: Any = 10,
    range: tuple[float, float] | None = None,
    *,
    weights: Any = None,
    density: bool = False,
) -> tuple[Tensor, Tensor]:
    """How many elements fall into each of `bins` intervals of equal width (or between given edges), and the edges.

    The last interval includes its right end. `density` divides so that the integral is 1.

    Shapes: any -> (m,) and (m + 1,).
    Errors: ShapeError for weights of another shape; ArgumentError for bins that are none, and a range that is none.
    """
    x = as_tensor(x)
    values = x.numpy()
    edges = bins if isinstance(bins, int) else as_array(bins, dtypes.float64)
    weight = None if weights is None else asarray(weights).numpy()
    if weight is not None and weight.shape != values.shape:
        raise ShapeError(
            f"histogram: x is {describe(x)}, weights are {describe(weight)}", "Give each element a weight."
        )
    try:
        counts, edges = np.histogram(values, edges, range, density=density, weights=weight)
    except ValueError as error:
        hint = "Bins are a positive number or ascending edges; the range is (low, high), finite as x is where none is given."
        raise ArgumentError(f"histogram: {error}", hint) from error
    dtype = dtypes.inexact_dtype(x.dtype)
    counted = dtypes.int64 if weight is None and not density else dtype
    home = x.device
    return wrap(home.from_numpy(counts.astype(counted))), wrap(home.from_numpy(edges.astype(dtype)))
