"""Pooling: the largest element or the mean of each window.

The gradient of max pooling needs to know which element won. `max_pool_winners` says it, as a position in the
window; `unpool` brings a cotangent there and `pick` takes it back, and these two are each other's gradient.
Likewise `avg_pool` and `avg_pool_dx`. The ops work on channels-last arrays, the public functions on either layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import FLOATS, REAL
from ..errors import ArgumentError, ShapeError
from ..op import op
from ..samples import Draw, distinct, sample
from ..selection import choose
from ..spec import Operand, Shape, Shaped, Spec, check_dtype, describe, like
from ..tensor import OPS, Tensor, as_tensor
from .reduction import mean
from .windows import (
    Lengths,
    Padding,
    Pads,
    as_images,
    as_layout,
    as_lengths,
    as_pads,
    channels_to_first,
    inner,
    output_lengths,
    pad,
    windows,
    zeros,
)


def _settings(lengths: Shape, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool) -> tuple[Shape, Pads]:
    """The number of windows, and the padding with what the last ones reach past the end."""
    counts = output_lengths("pool", lengths, window, stride, padding, (1,) * len(window), ceil_mode)
    ends = [(c - 1) * s + k for c, s, k in zip(counts, stride, window, strict=True)]
    pads = tuple((a, max(b, e - n - a)) for n, (a, b), e in zip(lengths, padding, ends, strict=True))
    return counts, pads


def _lowest(dtype: np.dtype) -> Any:
    if dtype in dtypes.INTEGERS:
        return np.iinfo(dtype).min
    return -np.inf


def _view(x: np.ndarray, window: Shape, stride: Shape) -> np.ndarray:
    return windows(x, window, stride, (1,) * len(window), writeable=x.flags.writeable)


def _at(k: Shape) -> tuple[Any, ...]:
    """The index of position `k` of every window of a view."""
    return (..., *k, slice(None))


def _max_pool(x: np.ndarray, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool) -> np.ndarray:
    """One axis after the other: the maximum of a box is that of its rows' maxima."""
    _, pads = _settings(x.shape[1:-1], window, stride, padding, ceil_mode)
    x = pad(x, pads, _lowest(x.dtype))
    for axis, (k, s) in enumerate(zip(window, stride, strict=True), 1):
        count = (x.shape[axis] - k) // s + 1
        before = (slice(None),) * axis
        pieces = [x[(*before, slice(i, i + (count - 1) * s + 1, s))] for i in range(k)]
        x = pieces[0] if k == 1 else np.maximum(pieces[0], pieces[1])
        for piece in pieces[2:]:
            np.maximum(x, piece, out=x)
    return np.ascontiguousarray(x)


def _winners(x: np.ndarray, y: np.ndarray, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool) -> np.ndarray:
    _, pads = _settings(x.shape[1:-1], window, stride, padding, ceil_mode)
    view = _view(pad(x, pads, _lowest(x.dtype)), window, stride)
    winners = np.zeros(y.shape, np.int32)
    nan = bool((y != y).any())
    lost = np.ones(y.shape, np.int32)  # 1 as long as no element equalled the largest
    for k in np.ndindex(*window):
        candidate = view[_at(k)]
        lost &= (candidate != y) & (candidate == candidate) if nan else candidate != y  # the first NaN wins
        winners += lost
    return np.where(lost, 0, winners) if lost.any() else winners


def _unpool(dy: np.ndarray, winners: np.ndarray, lengths: Shape, window: Shape, stride: Shape, padding: Pads,
            ceil_mode: bool) -> np.ndarray:  # fmt: skip
    _, pads = _settings(lengths, window, stride, padding, ceil_mode)
    dx = zeros((dy.shape[0], *(n + a + b for n, (a, b) in zip(lengths, pads, strict=True)), dy.shape[-1]), dy.dtype)
    view, zero = _view(dx, window, stride), np.zeros((), dy.dtype)
    for i, k in enumerate(np.ndindex(*window)):
        view[_at(k)] += choose(winners == i, dy, zero)
    return np.ascontiguousarray(dx[inner(lengths, pads)])


def _pick(
    x: np.ndarray, winners: np.ndarray, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool
) -> np.ndarray:
    _, pads = _settings(x.shape[1:-1], window, stride, padding, ceil_mode)
    view = _view(pad(x, pads), window, stride)
    y, zero = np.zeros(winners.shape, x.dtype), np.zeros((), x.dtype)
    for i, k in enumerate(np.ndindex(*window)):
        y += choose(winners == i, view[_at(k)], zero)
    return y


def _counts(lengths: Shape, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool, pad_counts: bool) -> Any:
    """How many elements each window averages over, without those past the end."""
    counts, _ = _settings(lengths, window, stride, padding, ceil_mode)
    result: Any = 1.0
    for axis, (n, k, s, (a, b), c) in enumerate(zip(lengths, window, stride, padding, counts, strict=True)):
        start = np.arange(c) * s - a
        low, high = (-a, n + b) if pad_counts else (0, n)
        along = np.minimum(start + k, high) - np.maximum(start, low)
        result = result * along.reshape(-1, *(1,) * (len(lengths) - axis))
    return np.maximum(result, 1)


def _avg_pool(
    x: np.ndarray, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool, count_include_pad: bool
) -> np.ndarray:
    counts = _counts(x.shape[1:-1], window, stride, padding, ceil_mode, count_include_pad)
    _, pads = _settings(x.shape[1:-1], window, stride, padding, ceil_mode)
    view = _view(pad(x, pads), window, stride)
    total = np.zeros(view[_at((0,) * len(window))].shape, x.dtype)
    for k in np.ndindex(*window):
        total += view[_at(k)]
    return total / counts.astype(x.dtype)


def _avg_pool_dx(dy: np.ndarray, lengths: Shape, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool,
                 count_include_pad: bool) -> np.ndarray:  # fmt: skip
    counts = _counts(lengths, window, stride, padding, ceil_mode, count_include_pad)
    _, pads = _settings(lengths, window, stride, padding, ceil_mode)
    dx = zeros((dy.shape[0], *(n + a + b for n, (a, b) in zip(lengths, pads, strict=True)), dy.shape[-1]), dy.dtype)
    view, share = _view(dx, window, stride), dy / counts.astype(dy.dtype)
    for k in np.ndindex(*window):
        view[_at(k)] += share
    return np.ascontiguousarray(dx[inner(lengths, pads)])


def _pooled(x: Shaped, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool) -> Shape:
    counts, _ = _settings(tuple(x.shape[1:-1]), window, stride, padding, ceil_mode)
    return (x.shape[0], *counts, x.shape[-1])


_NONE, _SOME = ((0, 0), (0, 0)), ((1, 0), (0, 1))
_MAX = {"window": (2, 2), "stride": (2, 1), "padding": _SOME, "ceil_mode": True}
_WINNERS: Draw = lambda rng: rng.integers(0, 4, (1, 3, 3, 2)).astype(np.int32)  # as max_pool_winners gives them


@op(_max_pool, onnx="MaxPool", samples=[
    sample(distinct((2, 4, 5, 2)), window=(2, 3), stride=(2, 2), padding=_NONE),
    sample(distinct((1, 4, 3, 2)), **_MAX),
])  # fmt: skip
def max_pool(x: Operand, /, *, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool = False) -> Spec:
    """The largest element of each window, channel by channel; NaN if there is one.

    Shapes: (n, ..., c) -> (n, windows..., c).
    """
    check_dtype("max_pool", x, REAL)
    return like(x, _pooled(x, window, stride, padding, ceil_mode))


@op(_winners, samples=[sample(distinct((1, 4, 3, 2)), distinct((1, 3, 3, 2)), **_MAX)])
def max_pool_winners(
    x: Operand, y: Operand, /, *, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool = False
) -> Spec:
    """The position in each window of the first element that is `y`, its largest, counted in row-major order."""
    return like(x, _pooled(x, window, stride, padding, ceil_mode), dtypes.int32)


@op(_unpool, widen=True, samples=[sample((1, 3, 3, 2), _WINNERS, lengths=(4, 3), **_MAX)])
def unpool(dy: Operand, winners: Operand, /, *, lengths: Shape, window: Shape, stride: Shape, padding: Pads,
           ceil_mode: bool = False) -> Spec:  # fmt: skip
    """Each element brought to the place in the input that won its window; zeros elsewhere.

    Shapes: (n, windows..., c) -> (n, lengths..., c).
    """
    return like(dy, (dy.shape[0], *lengths, dy.shape[-1]))


@op(_pick, samples=[sample((1, 4, 3, 2), _WINNERS, **_MAX)])
def pick(
    x: Operand, winners: Operand, /, *, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool = False
) -> Spec:
    """The element of each window at the position that won.   Shapes: (n, ..., c) -> (n, windows..., c)."""
    return like(x, tuple(winners.shape))


max_pool.gradient(
    lambda dy, y, x, **attrs: unpool(dy, max_pool_winners(x, y, **attrs), lengths=tuple(x.shape[1:-1]), **attrs)
)
max_pool_winners.gradient(None)
unpool.gradient(lambda dx, _z, _dy, winners, *, lengths, **attrs: pick(dx, winners, **attrs), None)
pick.gradient(lambda dy, _y, _x, winners, **attrs: unpool(dy, winners, lengths=tuple(_x.shape[1:-1]), **attrs), None)


@op(_avg_pool, onnx="AveragePool", widen=True, samples=[
    sample((2, 4, 5, 2), window=(2, 3), stride=(2, 2), padding=_NONE),
    sample((1, 4, 3, 2), count_include_pad=True, **_MAX),
    sample((1, 5, 3, 2), **_MAX),
])  # fmt: skip
def avg_pool(x: Operand, /, *, window: Shape, stride: Shape, padding: Pads, ceil_mode: bool = False,
             count_include_pad: bool = False) -> Spec:  # fmt: skip
    """The mean of each window, channel by channel.

    Shapes: (n, ..., c) -> (n, windows..., c).
    """
    check_dtype("avg_pool", x, FLOATS)
    return like(x, _pooled(x, window, stride, padding, ceil_mode))


@op(_avg_pool_dx, widen=True, samples=[sample((1, 3, 3, 2), lengths=(4, 3), **_MAX)])
def avg_pool_dx(dy: Operand, /, *, lengths: Shape, window: Shape, stride: Shape, padding: Pads,
                ceil_mode: bool = False, count_include_pad: bool = False) -> Spec:  # fmt: skip
    """The cotangent of the input of `avg_pool`: each element shared out equally among its window.

    Shapes: (n, windows..., c) -> (n, lengths..., c).
    """
    check_dtype("avg_pool_dx", dy, FLOATS)
    return like(dy, (dy.shape[0], *lengths, dy.shape[-1]))


avg_pool.gradient(lambda dy, _y, _x, **attrs: avg_pool_dx(dy, lengths=tuple(_x.shape[1:-1]), **attrs))
avg_pool_dx.gradient(lambda dx, _z, _dy, *, lengths, **attrs: avg_pool(dx, **attrs))


# The public functions


def _pool_nd(kind: Any, n: int, x: Any, window: Any, stride: Any, padding: Any, ceil_mode: bool, layout: str,
             **attrs: Any) -> Any:  # fmt: skip
    name = f"{kind.name}{n}d"
    x = as_images(name, x, n, layout)
    window = as_lengths(name, "window", window, n)
    stride = window if stride is None else as_lengths(name, "stride", stride, n)
    lengths, ones = tuple(x.shape[1:-1]), (1,) * n
    pads = as_pads(name, padding, lengths, window, stride, ones)
    if any(p >= k for pair, k in zip(pads, window, strict=True) for p in pair):
        raise ArgumentError(
            f"{name}: padding {pads} for a window {window}", "Padding is less than the window's length."
        )
    output_lengths(name, lengths, window, stride, pads, ones)
    y = kind(x, window=window, stride=stride, padding=pads, ceil_mode=bool(ceil_mode), **attrs)
    return channels_to_first(y) if as_layout(name, layout) else y


def max_pool1d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The largest element of each window along one axis; see `max_pool2d`."""
    return _pool_nd(max_pool, 1, x, window, stride, padding, ceil_mode, layout)


def max_pool2d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The largest element of each window, channel by channel.

    The stride is the window's unless given. Padding never wins. `ceil_mode` keeps a last window that reaches past
    the end.

    Shapes: (n, h, w, c) -> (n, h', w', c); channels_first: (n, c, h, w) -> (n, c, h', w').
    Errors: ShapeError for a window larger than the padded input; ArgumentError for padding of a window or more.

    Example:
        >>> import weft as wf
        >>> wf.max_pool2d(wf.ones((1, 4, 4, 3)), 2).shape
        (1, 2, 2, 3)
    """
    return _pool_nd(max_pool, 2, x, window, stride, padding, ceil_mode, layout)


def max_pool3d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The largest element of each window over three axes; see `max_pool2d`."""
    return _pool_nd(max_pool, 3, x, window, stride, padding, ceil_mode, layout)


def avg_pool1d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, count_include_pad: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The mean of each window along one axis; see `avg_pool2d`."""
    return _pool_nd(avg_pool, 1, x, window, stride, padding, ceil_mode, layout, count_include_pad=count_include_pad)


def avg_pool2d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, count_include_pad: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The mean of each window, channel by channel.

    The stride is the window's unless given. Padding is left out of the mean, unless `count_include_pad` makes it
    count as zeros. `ceil_mode` keeps a last window that reaches past the end.

    Shapes: (n, h, w, c) -> (n, h', w', c); channels_first: (n, c, h, w) -> (n, c, h', w').
    Errors: ShapeError for a window larger than the padded input; ArgumentError for padding of a window or more.
    """
    return _pool_nd(avg_pool, 2, x, window, stride, padding, ceil_mode, layout, count_include_pad=count_include_pad)


def avg_pool3d(x: Operand, window: Lengths, stride: Lengths | None = None, padding: Padding = "valid", *,
               ceil_mode: bool = False, count_include_pad: bool = False, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The mean of each window over three axes; see `avg_pool2d`."""
    return _pool_nd(avg_pool, 3, x, window, stride, padding, ceil_mode, layout, count_include_pad=count_include_pad)


def _spatial_axes(name: str, x: Any, layout: str) -> tuple[Any, Shape]:
    first = as_layout(name, layout)
    x = as_tensor(x)
    n = len(x.shape)
    if n < 3:
        raise ShapeError(
            f"{name}: {describe(x)} has no spatial axes", "Give it a batch, the spatial axes, and channels."
        )
    return x, tuple(range(2, n)) if first else tuple(range(1, n - 1))


def global_avg_pool(x: Operand, *, keepdims: bool = False, layout: str = "channels_last") -> Tensor:
    """The mean over all spatial axes.   Shapes: (n, ..., c) -> (n, c), or (n, 1..., c) with keepdims."""
    x, axes = _spatial_axes("global_avg_pool", x, layout)
    return mean(x, axis=axes, keepdims=keepdims)


def global_max_pool(x: Operand, *, keepdims: bool = False, layout: str = "channels_last") -> Tensor:
    """The maximum over all spatial axes.   Shapes: (n, ..., c) -> (n, c), or (n, 1..., c) with keepdims."""
    x, axes = _spatial_axes("global_max_pool", x, layout)
    return OPS["max"](x, axis=axes, keepdims=keepdims)
