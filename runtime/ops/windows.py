"""Windows over the spatial axes of images: lengths, strides and padding, for convolutions and pooling alike.

Arrays are (batch, spatial axes..., channels) here. Every setting is worked out to a tuple with an element for each
spatial axis; padding to a pair (before, after) for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import memory
from ..errors import ArgumentError, ShapeError
from ..spec import Shape, describe
from ..tensor import OPS, as_tensor

Lengths = int | Sequence[int]
Padding = str | int | Sequence[int] | Sequence[Sequence[int]]
Pads = tuple[tuple[int, int], ...]


def _is_int(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and not getattr(value, "shape", ())


def as_lengths(name: str, what: str, value: Any, n: int, least: int = 1) -> Shape:
    """`value` as `n` ints of `least` or more; a single int stands for all.

    Errors: ArgumentError for another number of them, for smaller ones, and for what is no integer.
    """
    given = (value,) * n if _is_int(value) else value
    if not isinstance(given, Sequence) or len(given) != n or not all(_is_int(i) and int(i) >= least for i in given):
        each = f"one for each of the {n} spatial axes" if n > 1 else "or a sequence of one"
        raise ArgumentError(f"{name}: {what} is {value!r}", f"Give an int of {least} or more, {each}.")
    return tuple(int(i) for i in given)


def extents(kernel: Shape, dilation: Shape) -> Shape:
    """How far a window reaches, its gaps included."""
    return tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))


def _same(length: int, extent: int, stride: int) -> tuple[int, int]:
    total = max((-(-length // stride) - 1) * stride + extent - length, 0)
    return total // 2, total - total // 2


def _is_pair(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 2 and all(_is_int(p) and int(p) >= 0 for p in value)


def as_pads(name: str, padding: Any, lengths: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> Pads:
    """Padding as a pair for each axis, from "same", "valid", an int, an int for each axis, or pairs.

    "same" gives ceil(length / stride) windows, with the odd element of padding behind.

    Errors: ArgumentError for anything else, and for negative padding.
    """
    n = len(kernel)
    if isinstance(padding, str):
        mode = padding.lower()
        if mode == "valid":
            return ((0, 0),) * n
        if mode == "same":
            return tuple(map(_same, lengths, extents(kernel, dilation), stride))
    elif _is_int(padding):
        padding = (padding,) * n
    if not isinstance(padding, str) and isinstance(padding, Sequence) and len(padding) == n:
        pairs = [(p, p) if _is_int(p) else p for p in padding]
        if all(_is_pair(pair) for pair in pairs):
            return tuple((int(a), int(b)) for a, b in pairs)
    raise ArgumentError(
        f"{name}: padding is {padding!r}",
        f'Give "same", "valid", an int of 0 or more, or for each of the {n} spatial axes an int or a pair (before, after).',
    )


def geometry(
    name: str, lengths: Shape, kernel: Shape, stride: Any, padding: Any, dilation: Any
) -> tuple[Shape, Pads, Shape]:
    """Stride, padding and dilation of each axis."""
    strides = as_lengths(name, "stride", stride, len(kernel))
    dilations = as_lengths(name, "dilation", dilation, len(kernel))
    return strides, as_pads(name, padding, lengths, kernel, strides, dilations), dilations


def output_lengths(
    name: str, lengths: Shape, kernel: Shape, stride: Shape, pads: Pads, dilation: Shape, ceil: bool = False
) -> Shape:
    """The number of windows along each axis; `ceil` counts a last one that reaches past the end.

    Errors: ShapeError when a window is larger than the padded input.
    """
    result = []
    for n, reach, s, (before, after) in zip(lengths, extents(kernel, dilation), stride, pads, strict=True):
        room = n + before + after - reach
        if room < 0:
            padded = f", {n + before + after} with padding" if before or after else ""
            shown, size = f"lengths {lengths}" if len(lengths) > 1 else f"length {n}", f"{reach}"
            raise ShapeError(
                f"{name}: a window of length {size} is larger than the input, which has {shown}{padded}",
                'Pad the input (padding="same"), or use a smaller window or dilation.',
            )
        count = (room + (s - 1 if ceil else 0)) // s + 1
        result.append(count - 1 if ceil and count > 1 and (count - 1) * s >= n + before else count)
    return tuple(result)


def windows(x: np.ndarray, kernel: Shape, stride: Shape, dilation: Shape, writeable: bool = False) -> np.ndarray:
    """A view of every window of a padded array.   Shapes: (n, ..., c) -> (n, windows..., window..., c)."""
    reach = extents(kernel, dilation)
    counts = tuple((n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, stride, strict=True))
    inner = x.strides[1:-1]
    steps = tuple(b * s for b, s in zip(inner, stride, strict=True))
    gaps = tuple(b * d for b, d in zip(inner, dilation, strict=True))
    shape = (x.shape[0], *counts, *kernel, x.shape[-1])
    strides = (x.strides[0], *steps, *gaps, x.strides[-1])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=writeable)


def inner(lengths: Shape, pads: Pads) -> tuple[slice, ...]:
    """The part of a padded array that is not padding."""
    return (slice(None), *(slice(a, a + n) for n, (a, _) in zip(lengths, pads, strict=True)))


def zeros(shape: Shape, dtype: np.dtype) -> np.ndarray:
    """An array of zeros; a large one in recycled memory."""
    y = memory.empty(shape, dtype)
    y[...] = 0
    return y


def pad(x: np.ndarray, pads: Pads, value: float = 0) -> np.ndarray:
    """A contiguous array with `value` around the spatial axes; `x` itself where that is nothing new."""
    if not any(map(any, pads)):
        return np.ascontiguousarray(x)
    lengths = x.shape[1:-1]
    shape = (x.shape[0], *(n + a + b for n, (a, b) in zip(lengths, pads, strict=True)), x.shape[-1])
    y = memory.empty(shape, x.dtype)
    y[...] = value
    y[inner(lengths, pads)] = x
    return y


def as_layout(name: str, layout: str) -> bool:
    """Whether the layout is "channels_first".

    Errors: ArgumentError for a name that is no layout.
    """
    if layout not in ("channels_last", "channels_first"):
        raise ArgumentError(f"{name}: layout is {layout!r}", 'Give "channels_last" or "channels_first".')
    return layout == "channels_first"


def as_images(name: str, x: Any, n: int, layout: str) -> Any:
    """The operand as a channels-last tensor with `n` spatial axes.

    Errors: ShapeError for another number of axes.
    """
    first = as_layout(name, layout)
    x = as_tensor(x)
    if len(x.shape) != n + 2:
        axes = ", ".join(("depth", "height", "width")[-n:])
        order = f"(batch, channels, {axes})" if first else f"(batch, {axes}, channels)"
        raise ShapeError(
            f"{name}: the input is {describe(x)}, which does not have {n + 2} axes", f"Give it the axes {order}."
        )
    return channels_to_last(x) if first else x


def channels_to_last(x: Any) -> Any:
    """(batch, channels, ...) -> (batch, ..., channels)."""
    return OPS["permute_dims"](x, axes=(0, *range(2, len(x.shape)), 1))


def channels_to_first(x: Any) -> Any:
    """(batch, ..., channels) -> (batch, channels, ...)."""
    n = len(x.shape)
    return OPS["permute_dims"](x, axes=(0, n - 1, *range(1, n - 1)))
