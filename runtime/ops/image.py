"""Resampling of images: resizing by interpolation, and averaging to a given size.

An axis is resampled at a time: each new element is a weighted mean of a few old ones, its taps. That is linear, so
`resample` and `resample_dx`, which hands each cotangent back to the taps, are each other's gradient. Pixels are
squares with their centres at halves, as in TensorFlow 2 and JAX, unless corners are to be aligned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes, memory
from ..allocation import require_room
from ..dtypes import INEXACT, NUMERIC
from ..errors import ArgumentError, ShapeError
from ..op import op
from ..samples import sample
from ..spec import Operand, Shape, Spec, check_dtype, describe, like, normalize_axis
from ..tensor import Tensor, as_tensor
from .windows import Lengths, as_images, as_layout, as_lengths, channels_to_first

Taps = tuple[np.ndarray, np.ndarray]  # indices and weights, each (new length, taps)


def _centres(length: int, size: int, align_corners: bool) -> np.ndarray:
    """Where the new elements lie among the old ones."""
    if align_corners:
        return np.arange(size) * ((length - 1) / max(size - 1, 1))
    return (np.arange(size) + 0.5) * (length / size) - 0.5


def _nearest(length: int, size: int, align_corners: bool) -> Taps:
    indices = np.floor(_centres(length, size, align_corners) + 0.5).astype(np.int64)
    return np.clip(indices, 0, length - 1)[:, None], np.ones((size, 1))


def _kernel_taps(
    length: int, size: int, align_corners: bool, reach: int, kernel: Callable[[np.ndarray], np.ndarray]
) -> Taps:
    """Taps weighted by a function of their distance; those outside the image weigh nothing."""
    centres = _centres(length, size, align_corners)[:, None]
    indices = np.floor(centres).astype(np.int64) + np.arange(1 - reach, 1 + reach)
    weights = np.where((indices >= 0) & (indices < length), kernel(np.abs(centres - indices)), 0)
    return np.clip(indices, 0, length - 1), weights / weights.sum(axis=1, keepdims=True)


def _linear(length: int, size: int, align_corners: bool) -> Taps:
    return _kernel_taps(length, size, align_corners, 1, lambda d: np.maximum(1 - d, 0))


def _keys_cubic(d: np.ndarray) -> np.ndarray:
    near, far = (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _cubic(length: int, size: int, align_corners: bool) -> Taps:
    return _kernel_taps(length, size, align_corners, 2, _keys_cubic)


def _area(length: int, size: int, align_corners: bool) -> Taps:
    """The mean of the old elements that a new one touches."""
    i = np.arange(size)
    starts, ends = i * length // size, -(-(i + 1) * length // size)
    widths = (ends - starts)[:, None]
    steps = np.arange(widths.max(initial=1))
    return np.minimum(starts[:, None] + steps, length - 1), np.where(steps < widths, 1 / widths, 0)


METHODS = {"nearest": _nearest, "linear": _linear, "cubic": _cubic, "area": _area}
NAMES = {"bilinear": "linear", "trilinear": "linear", "bicubic": "cubic"}


def transposed(taps: Taps, length: int) -> Taps:
    """The taps by which the cotangents come back: for each old element, the new ones that it was a tap of."""
    indices, weights = taps
    order = np.argsort(indices, axis=None, kind="stable")
    old, new, weights = indices.reshape(-1)[order], order // indices.shape[1], weights.reshape(-1)[order]
    first = np.searchsorted(old, np.arange(length))
    place = np.arange(old.size) - first[old]
    shape = (length, place.max(initial=0) + 1)
    back, shares = np.zeros(shape, np.int64), np.zeros(shape)
    back[old, place], shares[old, place] = new, weights
    return back, shares


def _combine(x: np.ndarray, axis: int, taps: Taps) -> np.ndarray:
    """The weighted sum of taps along an axis."""
    indices, weights = taps
    weights = weights.astype(dtypes.real_dtype(x.dtype)).reshape(len(indices), -1, *(1,) * (x.ndim - axis - 1))
    shape = (*x.shape[:axis], len(indices), *x.shape[axis + 1 :])
    y, tap = memory.empty(shape, x.dtype), memory.empty(shape, x.dtype)
    np.multiply(np.take(x, indices[:, 0], axis=axis, out=tap, mode="clip"), weights[:, 0], out=y)
    for t in range(1, indices.shape[1]):
        np.take(x, indices[:, t], axis=axis, out=tap, mode="clip")
        tap *= weights[:, t]
        y += tap
    return y


def _resample(x: np.ndarray, axis: int, size: int, method: str, align_corners: bool) -> np.ndarray:
    axis %= x.ndim
    taps = METHODS[method](x.shape[axis], size, align_corners)
    if method == "nearest":
        return np.take(x, taps[0][:, 0], axis=axis)
    return _combine(x.astype(dtypes.inexact_dtype(x.dtype), copy=False), axis, taps)


def _resample_dx(dy: np.ndarray, axis: int, length: int, method: str, align_corners: bool) -> np.ndarray:
    axis %= dy.ndim
    return _combine(dy, axis, transposed(METHODS[method](length, dy.shape[axis], align_corners), length))


_RESAMPLES = [(4, 6, "linear", False), (5, 3, "cubic", True), (5, 3, "area", False), (4, 7, "nearest", False)]


@op(_resample, widen=True, onnx="Resize", samples=[
    sample((2, n, 3), axis=1, size=m, method=method, align_corners=align) for n, m, method, align in _RESAMPLES
])  # fmt: skip
def resample(x: Operand, /, *, axis: int, size: int, method: str, align_corners: bool = False) -> Spec:
    """An axis brought to another length by interpolation ("nearest", "linear", "cubic") or averaging ("area").

    Shapes: (..., n, ...) -> (..., size, ...).
    """
    check_dtype("resample", x, NUMERIC)
    place = normalize_axis("resample", axis, len(x.shape))
    if x.shape[place] == 0:
        raise ShapeError(f"resample: axis {axis} of {describe(x)} has no elements", "There is nothing to resample.")
    shape = (*x.shape[:place], size, *x.shape[place + 1 :])
    return like(x, shape, x.dtype if method == "nearest" else dtypes.inexact_dtype(x.dtype))


@op(_resample_dx, widen=True, samples=[
    sample((2, m, 3), axis=1, length=n, method=method, align_corners=align) for n, m, method, align in _RESAMPLES
])  # fmt: skip
def resample_dx(dy: Operand, /, *, axis: int, length: int, method: str, align_corners: bool = False) -> Spec:
    """The cotangent of the operand of `resample`: each element handed back to its taps.

    Shapes: (..., size, ...) -> (..., length, ...).
    """
    check_dtype("resample_dx", dy, INEXACT)
    place = normalize_axis("resample_dx", axis, len(dy.shape))
    return like(dy, (*dy.shape[:place], length, *dy.shape[place + 1 :]))


resample.gradient(lambda dy, _y, _x, *, axis, size, **attrs: resample_dx(dy, axis=axis, length=_x.shape[axis], **attrs))
resample_dx.gradient(
    lambda dx, _z, _dy, *, axis, length, **attrs: resample(dx, axis=axis, size=_dy.shape[axis], **attrs)
)


def _resize(name: str, x: Any, sizes: Shape, method: str, align_corners: bool, layout: str) -> Any:
    """Axis after axis, those that shrink most first."""
    if 0 not in x.shape:
        require_room(name, (x.shape[0], *sizes, x.shape[-1]), x.dtype)
    order = sorted(range(len(sizes)), key=lambda i: sizes[i] / max(x.shape[i + 1], 1))
    for i in order:
        if sizes[i] != x.shape[i + 1]:
            x = resample(x, axis=i + 1, size=sizes[i], method=method, align_corners=align_corners)
    return channels_to_first(x) if as_layout(name, layout) else x


def _images(name: str, x: Any, layout: str) -> Any:
    """The operand channels-last, however many spatial axes it has."""
    x = as_tensor(x)
    return as_images(name, x, max(len(x.shape) - 2, 1), layout)


def resize(x: Operand, size: Lengths, method: str = "bilinear", *, align_corners: bool = False,
           layout: str = "channels_last") -> Tensor:  # fmt: skip
    """Images (or signals, or volumes) brought to another size by interpolation, without antialiasing.

    `method` is "nearest", "bilinear", "bicubic" (Keys, a = -1/2), or "area" (the mean of the pixels touched).
    `align_corners` keeps the centres of the outermost pixels where they are.

    Shapes: (n, h, w, c) -> (n, *size, c).
    Errors: ArgumentError for an unknown method, or sizes below 1.

    Example:
        >>> import weft as wf
        >>> wf.resize(wf.ones((1, 4, 4, 3)), (8, 6)).shape
        (1, 8, 6, 3)
    """
    x = _images("resize", x, layout)
    method = NAMES.get(method, method)
    if method not in METHODS:
        raise ArgumentError(f"resize: method is {method!r}", 'Give "nearest", "bilinear", "bicubic" or "area".')
    return _resize("resize", x, as_lengths("resize", "size", size, len(x.shape) - 2), method, align_corners, layout)


def upsample(x: Operand, scale: Lengths = 2, method: str = "nearest", *, align_corners: bool = False,
             layout: str = "channels_last") -> Tensor:  # fmt: skip
    """Images made `scale` times as large; see `resize`.   Shapes: (n, h, w, c) -> (n, scale h, scale w, c)."""
    channels_last = _images("upsample", x, layout)
    lengths = channels_last.shape[1:-1]
    factors = as_lengths("upsample", "scale", scale, len(lengths))
    size = tuple(n * s for n, s in zip(lengths, factors, strict=True))
    return resize(x, size, method, align_corners=align_corners, layout=layout)


def _adaptive_avg_pool_nd(n: int, x: Any, size: Any, layout: str) -> Any:
    name = f"adaptive_avg_pool{n}d"
    return _resize(name, as_images(name, x, n, layout), as_lengths(name, "size", size, n), "area", False, layout)


def adaptive_avg_pool1d(x: Operand, size: Lengths, *, layout: str = "channels_last") -> Tensor:
    """Averaged to `size` elements, whatever the length; see `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool_nd(1, x, size, layout)


def adaptive_avg_pool2d(x: Operand, size: Lengths, *, layout: str = "channels_last") -> Tensor:
    """Averaged to the given size, whatever the input's: output i is the mean of inputs floor(i n / m) to ceil((i + 1) n / m).

    Shapes: (n, h, w, c) -> (n, *size, c).
    """
    return _adaptive_avg_pool_nd(2, x, size, layout)


def adaptive_avg_pool3d(x: Operand, size: Lengths, *, layout: str = "channels_last") -> Tensor:
    """Averaged to the given size over three axes; see `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool_nd(3, x, size, layout)
