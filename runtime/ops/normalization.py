"""Normalization: values brought to mean 0 and variance 1, or to length 1, along some axes.

Two ops do the work, `standardize` and `unit_rms`; the named normalizations choose the axes, then scale and shift.
Both also give the statistics that they used, in float32 for halves. Statistics are differentiable too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, memory
from ..dtypes import FLOATS
from ..errors import ArgumentError, ShapeError
from ..families import fit
from ..op import op
from ..samples import sample
from ..spec import (
    Axes,
    Operand,
    Shape,
    Shaped,
    Spec,
    check_dtype,
    describe,
    like,
    normalize_axes,
    normalize_axis,
    reduced_shape,
    size as size_of,
)
from ..tensor import OPS, Tensor, as_tensor
from .elementwise import maximum, rsqrt, square
from .reduction import mean, sum


def _mean(x: np.ndarray, axis: Axes) -> np.ndarray:
    """The mean over axes, which stay with length 1; 0 over no elements.

    Inner axes are summed last: rows that are added as wholes go several times as fast as short sums within rows.
    """
    axes, n = normalize_axes("mean", axis, x.ndim), x.dtype.type(_count(x, axis))
    outer = tuple(i for i in axes if any(j not in axes for j in range(i, x.ndim)))
    total = x.sum(axis=outer, keepdims=True) if outer else x
    return total.sum(axis=tuple(i for i in axes if i not in outer), keepdims=True) / n


def _standardize(x: np.ndarray, axis: Axes, epsilon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    center = _mean(x, axis)
    y = np.subtract(x, center, out=memory.empty(x.shape, x.dtype))
    variance = _mean(np.square(y, out=memory.empty(x.shape, x.dtype)), axis)
    y /= np.sqrt(variance + x.dtype.type(epsilon))
    return y, center, variance


def _unit_rms(x: np.ndarray, axis: Axes, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    power = _mean(np.square(x, out=memory.empty(x.shape, x.dtype)), axis)
    root = np.sqrt(power + x.dtype.type(epsilon))
    return np.divide(x, root, out=memory.empty(x.shape, x.dtype)), power


def _statistics(name: str, x: Shaped, axis: Axes) -> Spec:
    """What a statistic looks like: axes kept with length 1, float32 for halves."""
    check_dtype(name, x, FLOATS)
    dtype = dtypes.float32 if x.dtype in dtypes.HALVES else x.dtype
    return Spec(reduced_shape(name, x, axis, True), dtype)


def _count(x: Shaped, axis: Axes) -> int:
    return max(size_of(tuple(x.shape[i] for i in normalize_axes("normalize", axis, len(x.shape)))), 1)


_SAMPLES = [sample((3, 4)), sample((2, 3, 4), axis=(0, 1), epsilon=0.1), sample((2, 3), axis=(0, 1))]


@op(_standardize, widen=True, samples=_SAMPLES)
def standardize(x: Operand, /, axis: Axes = -1, *, epsilon: float = 1e-5) -> tuple[Spec, Spec, Spec]:
    """(x - mean) / sqrt(variance + epsilon) over the axes, with the mean and the variance (divided by the count).

    Shapes: (..., n, ...) -> (..., n, ...), (..., 1, ...), (..., 1, ...).
    """
    statistic = _statistics("standardize", x, axis)
    return like(x), statistic, statistic


@standardize.gradient
def _(dys: Any, ys: Any, _x: Any, *, axis: Axes, epsilon: float) -> Any:
    (dy, dcenter, dvariance), (y, _, variance) = dys, ys
    inverse, n = rsqrt(variance + epsilon), _count(_x, axis)
    along = dvariance * (2 / n) / inverse - mean(dy * y, axis=axis, keepdims=True) * inverse
    offset = dcenter / n - mean(dy, axis=axis, keepdims=True) * inverse
    return fit(dy * inverse + y * along + offset, _x)


@op(_unit_rms, widen=True, samples=_SAMPLES)
def unit_rms(x: Operand, /, axis: Axes = -1, *, epsilon: float = 1e-6) -> tuple[Spec, Spec]:
    """x / sqrt(mean(x**2) + epsilon) over the axes, with that mean.

    Shapes: (..., n, ...) -> (..., n, ...), (..., 1, ...).
    """
    return like(x), _statistics("unit_rms", x, axis)


@unit_rms.gradient
def _(dys: Any, ys: Any, _x: Any, *, axis: Axes, epsilon: float) -> Any:
    (dy, dpower), (y, power) = dys, ys
    inverse = rsqrt(power + epsilon)
    along = dpower * (2 / _count(_x, axis)) / inverse - mean(dy * y, axis=axis, keepdims=True) * inverse
    return fit(dy * inverse + y * along, _x)


def _along(name: str, what: str, p: Any, x: Any, axes: Shape) -> Any:
    """A parameter with the shape of the named axes of `x`, made to broadcast against it.

    Errors: ShapeError for another shape.
    """
    expected = tuple(x.shape[i] for i in axes)
    if tuple(p.shape) != expected:
        raise ShapeError(
            f"{name}: {what} is {describe(p)}, the input {describe(x)}", f"Here {what} has the shape {expected}."
        )
    if axes == tuple(range(len(x.shape) - len(axes), len(x.shape))):
        return p
    return OPS["reshape"](p, shape=tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))


def _affine(name: str, y: Any, scale: Any, bias: Any, axes: Shape) -> Any:
    """y * scale + bias along axes; either may be None. The dtype stays that of y."""
    result = y
    if scale is not None:
        result = result * _along(name, "scale", as_tensor(scale, y), y, axes)
    if bias is not None:
        result = result + _along(name, "bias", as_tensor(bias, y), y, axes)
    return result if result.dtype is y.dtype else OPS["astype"](result, dtype=y.dtype)


def layer_norm(
    x: Operand, scale: Operand = None, bias: Operand = None, *, axis: Axes = -1, epsilon: float = 1e-5
) -> Tensor:
    """Each example brought to mean 0 and variance 1 along `axis`, then scaled and shifted.

    Shapes: x as it is; scale and bias have the lengths of the normalized axes.
    Errors: ShapeError when scale or bias have another shape.
    Source: Ba, Kiros and Hinton, "Layer normalization" (2016).
    """
    x = as_tensor(x)
    axes = tuple(sorted(normalize_axes("layer_norm", axis, len(x.shape))))
    return _affine("layer_norm", standardize(x, axis=axes, epsilon=epsilon)[0], scale, bias, axes)


def rms_norm(x: Operand, scale: Operand = None, *, axis: Axes = -1, epsilon: float = 1e-6) -> Tensor:
    """Each example divided by the root of its mean square along `axis`, then scaled.

    Errors: ShapeError when scale does not have the lengths of the normalized axes.
    Source: Zhang and Sennrich, "Root mean square layer normalization" (2019).
    """
    x = as_tensor(x)
    axes = tuple(sorted(normalize_axes("rms_norm", axis, len(x.shape))))
    return _affine("rms_norm", unit_rms(x, axis=axes, epsilon=epsilon)[0], scale, None, axes)


def batch_norm(x: Operand, scale: Operand = None, bias: Operand = None, mean: Operand = None, variance: Operand = None, *, axis: int = -1,
               epsilon: float = 1e-5) -> tuple[Any, Any, Any]:  # fmt: skip
    """Each channel normalized over all other axes, then scaled and shifted; with the mean and variance used.

    With `mean` and `variance` given those are used, as in inference; else they are the batch's own, as in training,
    and a layer keeps a running average of what it gets back. The variance is divided by the count.

    Shapes: x -> x, (channels,), (channels,).
    Errors: ShapeError when a parameter does not have one element for each channel; ArgumentError for a mean without
    a variance.
    Source: Ioffe and Szegedy, "Batch normalization" (2015).
    """
    x, name = as_tensor(x), "batch_norm"
    channel = normalize_axis(name, axis, len(x.shape))
    if (mean is None) != (variance is None):
        raise ArgumentError(f"{name}: only one of mean and variance is given", "Give both, or neither.")
    if mean is not None:
        mean, variance = as_tensor(mean, x), as_tensor(variance, x)
        center = _along(name, "mean", mean, x, (channel,))
        y = (x - center) * rsqrt(_along(name, "variance", variance, x, (channel,)) + epsilon)
        y = y if y.dtype is x.dtype else OPS["astype"](y, dtype=x.dtype)
    else:
        others = tuple(i for i in range(len(x.shape)) if i != channel)
        y, mean, variance = standardize(x, axis=others, epsilon=epsilon)
        mean, variance = (OPS["reshape"](s, shape=(x.shape[channel],)) for s in (mean, variance))
    return _affine(name, y, scale, bias, (channel,)), mean, variance


def group_norm(
    x: Operand, groups: int, scale: Operand = None, bias: Operand = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Tensor:
    """Each group of channels of each example normalized, then each channel scaled and shifted.

    The first axis is the batch; `axis` holds the channels.

    Errors: ShapeError when the groups do not divide the channels.
    Source: Wu and He, "Group normalization" (2018).
    """
    return _grouped("group_norm", as_tensor(x), groups, scale, bias, axis, epsilon)


def _grouped(name: str, x: Any, groups: int, scale: Any, bias: Any, axis: int, epsilon: float) -> Any:
    channel = normalize_axis(name, axis, len(x.shape))
    n = x.shape[channel]
    if channel == 0 or not isinstance(groups, int) or groups < 1 or n % groups:
        raise ShapeError(
            f"{name}: axis {axis} of {describe(x)} cannot be split into {groups!r} groups",
            "The groups divide the channels, which are not on axis 0: that is the batch.",
        )
    split = (*x.shape[:channel], groups, n // groups, *x.shape[channel + 1 :])
    within = tuple(i for i in range(1, len(split)) if i != channel)
    y = standardize(OPS["reshape"](x, shape=split), axis=within, epsilon=epsilon)[0]
    return _affine(name, OPS["reshape"](y, shape=tuple(x.shape)), scale, bias, (channel,))


def instance_norm(
    x: Operand, scale: Operand = None, bias: Operand = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Tensor:
    """Each channel of each example normalized over the spatial axes, then scaled and shifted.

    Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization" (2016).
    """
    x = as_tensor(x)
    channels = x.shape[normalize_axis("instance_norm", axis, len(x.shape))]
    return _grouped("instance_norm", x, channels, scale, bias, axis, epsilon)


def l2_normalize(x: Operand, axis: Axes = -1, *, epsilon: float = 1e-12) -> Tensor:
    """x divided by its Euclidean length along `axis`; lengths below sqrt(epsilon) count as that."""
    return x * rsqrt(maximum(sum(square(x), axis=axis, keepdims=True), epsilon))
