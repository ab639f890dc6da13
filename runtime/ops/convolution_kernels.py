"""How convolutions and their cotangents are computed with NumPy.

The windows of some images at a time are copied side by side as the rows of a matrix, and one matrix product does the
rest. Convolutions with a group for each channel have no matrices: their products are taken by window position.
This file knows arrays that its callers have checked, never tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import memory
from ..spec import Shape, size
from .windows import extents, geometry, inner, output_lengths, pad, windows, zeros

BLOCK_BYTES = 1 << 24  # of windows side by side: a few large products are faster than many small ones
CACHE_BYTES = 1 << 19  # of what is gone over again and again

Part = tuple[slice, slice]  # of the images, and of the rows of the output


def _blocks(out: Shape, window_bytes: int, limit: int) -> Iterator[tuple[slice, slice]]:
    """The output in pieces of some images, or of some rows of one image, whose windows fit the limit."""
    per_row = max(size(out[2:]) * window_bytes, 1)
    images, rows = limit // max(per_row * out[1], 1), max(limit // per_row, 1)
    if images:
        for i in range(0, out[0], images):
            yield slice(i, min(i + images, out[0])), slice(0, out[1])
    else:
        for i in range(out[0]):
            for j in range(0, out[1], rows):
                yield slice(i, i + 1), slice(j, min(j + rows, out[1]))


def _windows_of(x: np.ndarray, part: Part, kernel: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    """A view of the windows of a padded input that the output rows `part` look at."""
    images, rows = part
    stop = (rows.stop - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1
    seen = x[images, rows.start * stride[0] : stop]
    return windows(seen, kernel, stride, dilation, writeable=x.flags.writeable)


def _side_by_side(
    x: np.ndarray, out: Shape, kernel: Shape, stride: Shape, dilation: Shape
) -> Iterator[tuple[Part, np.ndarray]]:
    """The windows of a padded input, part by part, as the rows of a matrix; its memory is used again."""
    buffer = np.empty(0, x.dtype)
    for part in _blocks(out, size(kernel) * x.shape[-1] * x.itemsize, BLOCK_BYTES):
        view = _windows_of(x, part, kernel, stride, dilation)
        if view.size > buffer.size:
            buffer = memory.empty((view.size,), x.dtype)
        rows = buffer[: view.size].reshape(view.shape)
        np.copyto(rows, view)
        yield part, rows.reshape(size(view.shape[: len(out)]), size(kernel) * x.shape[-1])


def _matrix(x: np.ndarray) -> np.ndarray:
    return x.reshape(size(x.shape[:-1]), x.shape[-1])


def _is_pointwise(kernel: Shape, stride: Shape) -> bool:
    return size(kernel) == 1 and size(stride) == 1


def _by_groups(kernel: Callable[..., np.ndarray], groups: int, *operands: np.ndarray) -> np.ndarray:
    """The kernel's results for each group of channels, joined."""
    parts = [[np.ascontiguousarray(part) for part in np.split(x, groups, -1)] for x in operands]
    return np.concatenate([kernel(*row) for row in zip(*parts, strict=True)], axis=-1)


def _forward(x: np.ndarray, w: np.ndarray, out: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    """The convolution of a padded input."""
    kernel, matrix = w.shape[:-2], _matrix(w)
    if _is_pointwise(kernel, stride):
        return np.matmul(_matrix(x), matrix).reshape(*out, w.shape[-1])
    y = memory.empty((*out, w.shape[-1]), x.dtype)
    for part, rows in _side_by_side(x, out, kernel, stride, dilation):
        np.matmul(rows, matrix, out=_matrix(y[part]))  # a part is a run of memory: of whole images, or within one
    return y


def _full(dy: np.ndarray, kernel: Shape, dilation: Shape) -> np.ndarray:
    """Padded so far that every window which touches it counts."""
    return pad(dy, tuple((reach - 1, reach - 1) for reach in extents(kernel, dilation)))


def _mirrored(w: np.ndarray) -> np.ndarray:
    """The weights of the convolution that carries a cotangent back over stride 1."""
    return np.ascontiguousarray(np.flip(w, tuple(range(w.ndim - 2))).swapaxes(-1, -2))


def _to_input(dy: np.ndarray, w: np.ndarray, padded: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    """The cotangent of a padded input: what each window receives, added up where the windows lie."""
    kernel, matrix = w.shape[:-2], _matrix(w).T
    if _is_pointwise(kernel, stride):
        return np.matmul(_matrix(dy), matrix).reshape(*padded, w.shape[-2])
    if size(stride) == 1 and w.shape[-1] <= w.shape[-2]:  # few windows to copy: a convolution
        return _forward(_full(dy, kernel, dilation), _mirrored(w), padded, stride, dilation)
    dx = zeros((*padded, w.shape[-2]), dy.dtype)
    for part in _blocks(dy.shape[:-1], matrix.shape[1] * dy.itemsize, BLOCK_BYTES):
        products = (_matrix(dy[part]) @ matrix).reshape(*dy[part].shape[:-1], *kernel, w.shape[-2])
        view = _windows_of(dx, part, kernel, stride, dilation)
        for k in np.ndindex(*kernel):
            view[(..., *k, slice(None))] += products[(..., *k, slice(None))]
    return dx


def _to_weights(x: np.ndarray, dy: np.ndarray, kernel: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    """The cotangent of the weights, from a padded input."""
    dw = np.zeros((size(kernel) * x.shape[-1], dy.shape[-1]), x.dtype)
    if _is_pointwise(kernel, stride):
        dw += _matrix(x).T @ _matrix(dy)
    else:
        for part, rows in _side_by_side(x, dy.shape[:-1], kernel, stride, dilation):
            dw += rows.T @ _matrix(dy[part])
    return dw.reshape(*kernel, x.shape[-1], dy.shape[-1])


def _per_channel(x: np.ndarray, groups: int) -> np.ndarray:
    """Output channels as (input channels, multiplier)."""
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def _depthwise(x: np.ndarray, w: np.ndarray, out: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    """A convolution whose groups have one input channel each: no matrices, but products by window position."""
    groups = x.shape[-1]
    kernel, w = w.shape[:-2], _per_channel(w[..., 0, :], groups)
    y = zeros((*out, groups, w.shape[-1]), x.dtype)
    for part in _blocks(out, w[0].nbytes, CACHE_BYTES):
        piece, view = y[part], _windows_of(x, part, kernel, stride, dilation)
        for k in np.ndindex(*kernel):
            piece += view[(..., *k, slice(None))][..., None] * w[k]
    return y.reshape(*out, size(w.shape[-2:]))


def _depthwise_to_input(dy: np.ndarray, w: np.ndarray, padded: Shape, stride: Shape, dilation: Shape,
                        groups: int) -> np.ndarray:  # fmt: skip
    kernel, w, dy = w.shape[:-2], _per_channel(w[..., 0, :], groups), _per_channel(dy, groups)
    dx = zeros((*padded, groups), dy.dtype)
    for part in _blocks(dy.shape[:-2], w[0].nbytes, CACHE_BYTES):
        piece, view = dy[part], _windows_of(dx, part, kernel, stride, dilation)
        for k in np.ndindex(*kernel):
            view[(..., *k, slice(None))] += _sum_last(piece * w[k])
    return dx


def _sum_last(x: np.ndarray) -> np.ndarray:
    return x[..., 0] if x.shape[-1] == 1 else x.sum(axis=-1)


def _depthwise_to_weights(x: np.ndarray, dy: np.ndarray, kernel: Shape, stride: Shape, dilation: Shape) -> np.ndarray:
    view, dy = windows(x, kernel, stride, dilation), _per_channel(_matrix(dy), x.shape[-1])
    dw = np.empty((*kernel, *dy.shape[-2:]), x.dtype)
    for k in np.ndindex(*kernel):
        dw[k] = np.einsum("ncm,nc->cm", dy, view[(..., *k, slice(None))].reshape(dy.shape[:2]))
    return dw.reshape(*kernel, 1, size(dw.shape[-2:]))


def conv(x: np.ndarray, w: np.ndarray, stride: Any, padding: Any, dilation: Any, groups: int) -> np.ndarray:
    """The convolution of images and weights, channels last."""
    kernel, lengths, dtype = w.shape[:-2], x.shape[1:-1], np.result_type(x, w)
    stride, pads, dilation = geometry("conv", lengths, kernel, stride, padding, dilation)
    out = (x.shape[0], *output_lengths("conv", lengths, kernel, stride, pads, dilation))
    x, w = pad(x.astype(dtype, copy=False), pads), w.astype(dtype, copy=False)
    if groups == 1:
        return _forward(x, w, out, stride, dilation)
    if w.shape[-2] == 1:
        return _depthwise(x, w, out, stride, dilation)
    return _by_groups(lambda x, w: _forward(x, w, out, stride, dilation), groups, x, w)


def conv_dx(dy: np.ndarray, w: np.ndarray, lengths: Shape, stride: Any, padding: Any, dilation: Any,
             groups: int) -> np.ndarray:  # fmt: skip
    """The cotangent of the images, whose spatial lengths are given."""
    kernel, dtype = w.shape[:-2], np.result_type(dy, w)
    stride, pads, dilation = geometry("conv_dx", lengths, kernel, stride, padding, dilation)
    padded = (dy.shape[0], *(n + a + b for n, (a, b) in zip(lengths, pads, strict=True)))
    dy, w = dy.astype(dtype, copy=False), w.astype(dtype, copy=False)
    if groups == 1:
        dx = _to_input(np.ascontiguousarray(dy), w, padded, stride, dilation)
    elif w.shape[-2] == 1:
        dx = _depthwise_to_input(dy, w, padded, stride, dilation, groups)
    else:
        dx = _by_groups(lambda dy, w: _to_input(dy, w, padded, stride, dilation), groups, dy, w)
    return np.ascontiguousarray(dx[inner(lengths, pads)])


def conv_dw(x: np.ndarray, dy: np.ndarray, kernel: Shape, stride: Any, padding: Any, dilation: Any,
             groups: int) -> np.ndarray:  # fmt: skip
    """The cotangent of the weights, whose spatial lengths are given."""
    dtype = np.result_type(x, dy)
    stride, pads, dilation = geometry("conv_dw", x.shape[1:-1], kernel, stride, padding, dilation)
    x, dy = pad(x.astype(dtype, copy=False), pads), np.ascontiguousarray(dy.astype(dtype, copy=False))
    if groups == 1:
        return _to_weights(x, dy, kernel, stride, dilation)
    if x.shape[-1] == groups:
        return _depthwise_to_weights(x, dy, kernel, stride, dilation)
    return _by_groups(lambda x, dy: _to_weights(x, dy, kernel, stride, dilation), groups, x, dy)
