"""Convolutions over one, two and three axes, and transposed ones.

A convolution is linear in its input and in its weights, so three ops belong together: `conv` gives the output,
`conv_dx` carries an output cotangent to the input, `conv_dw` to the weights; the gradient of each is made of the
other two, at any order. A transposed convolution is `conv_dx` under a public name. The ops work on channels-last
arrays; the public functions take either layout.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import sample
from ..spec import Operand, Shape, Shaped, Spec, check_dtype, describe, promoted
from ..tensor import OPS, Tensor, as_tensor
from . import convolution_kernels as kernels
from .windows import (
    Lengths,
    Padding,
    Pads,
    as_images,
    as_layout,
    as_lengths,
    as_pads,
    channels_to_first,
    extents,
    geometry,
    output_lengths,
)


def _check(name: str, x: Shaped, w: Shaped) -> None:
    for operand in (x, w):
        check_dtype(name, operand, dtypes.NUMERIC)
    if len(x.shape) != len(w.shape) or len(x.shape) < 3:
        raise ShapeError(
            f"{name}: the input is {describe(x)}, the weights are {describe(w)}",
            "Both have the convolved axes and two more: (batch, ..., channels) and (..., channels in, channels out).",
        )
    if 0 in w.shape[:-2]:
        raise ShapeError(
            f"{name}: the weights {describe(w)} have an empty window", "Give each axis one element or more."
        )


def _check_groups(name: str, channels: int, w: Shaped, groups: int) -> None:
    """Input channels are split into groups, and each makes as many output channels."""
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1 or w.shape[-1] % groups:
        raise ShapeError(
            f"{name}: {w.shape[-1]} output channels cannot be split into {groups!r} groups",
            "The number of groups is 1 or more, and divides the channels of input and output.",
        )
    if channels != w.shape[-2] * groups:
        split = f" in {groups} groups" if groups > 1 else ""
        raise ShapeError(
            f"{name}: the input has {channels} channels, but weights {describe(w)}{split} take {w.shape[-2] * groups}",
            "Weights are (..., channels in / groups, channels out) in channels_last; check layout= and groups=.",
        )


_SAMPLES = [
    sample((2, 6, 2), (3, 2, 3), stride=2, padding="same"),
    sample((2, 5, 6, 2), (3, 2, 2, 3), padding=((1, 0), (2, 1)), dilation=(1, 2)),
    sample((1, 4, 5, 4), (2, 3, 2, 4), groups=2, padding=1),
    sample((2, 5, 5, 2), (3, 3, 1, 4), groups=2, stride=(2, 1)),
    sample((2, 3, 3, 2), (1, 1, 2, 3)),
    sample((1, 3, 3, 4, 2), (2, 2, 2, 2, 2)),
]


@op(kernels.conv, onnx="Conv", widen=True, samples=_SAMPLES)
def conv(x: Operand, w: Operand, /, *, stride: Lengths = 1, padding: Padding = "valid", dilation: Lengths = 1,
         groups: int = 1) -> Spec:  # fmt: skip
    """The convolution (cross-correlation, as usual in networks) of channels-last input over any number of axes.

    Shapes: (n, ..., c) (window..., c / groups, m) -> (n, windows..., m).
    Errors: ShapeError when ranks or channels differ, or a window is larger than the padded input.
    """
    _check("conv", x, w)
    _check_groups("conv", x.shape[-1], w, groups)
    lengths, kernel = tuple(x.shape[1:-1]), tuple(w.shape[:-2])
    stride, pads, dilation = geometry("conv", lengths, kernel, stride, padding, dilation)
    out = output_lengths("conv", lengths, kernel, stride, pads, dilation)
    return Spec((x.shape[0], *out, w.shape[-1]), promoted("conv", x, w))


@op(kernels.conv_dx, onnx="ConvTranspose", widen=True, samples=[
    sample((2, 3, 3), (3, 2, 3), lengths=(6,), stride=2, padding="same"),
    sample((2, 3, 3, 4), (2, 3, 1, 4), lengths=(5, 5), stride=2, padding=((1, 0), (1, 1)), groups=2),
    sample((1, 3, 2, 4), (2, 2, 2, 4), lengths=(4, 3), groups=2),
])  # fmt: skip
def conv_dx(dy: Operand, w: Operand, /, *, lengths: Shape, stride: Lengths = 1, padding: Padding = "valid",
            dilation: Lengths = 1, groups: int = 1) -> Spec:  # fmt: skip
    """The cotangent of the input of `conv` whose spatial axes have `lengths`: a transposed convolution.

    Shapes: (n, windows..., m) (window..., c / groups, m) -> (n, lengths..., c).
    """
    _check("conv_dx", dy, w)
    _check_groups("conv_dx", w.shape[-2] * groups, w, groups)
    kernel = tuple(w.shape[:-2])
    stride, pads, dilation = geometry("conv_dx", lengths, kernel, stride, padding, dilation)
    out = output_lengths("conv_dx", lengths, kernel, stride, pads, dilation)
    if tuple(dy.shape[1:]) != (*out, w.shape[-1]):
        raise ShapeError(
            f"conv_dx: {describe(dy)} is not what weights {describe(w)} make of lengths {lengths}",
            f"It would have the shape {(dy.shape[0], *out, w.shape[-1])}.",
        )
    return Spec((dy.shape[0], *lengths, w.shape[-2] * groups), promoted("conv_dx", dy, w))


@op(kernels.conv_dw, widen=True, samples=[
    sample((2, 6, 2), (2, 3, 3), kernel=(3,), stride=2, padding="same"),
    sample((1, 4, 4, 4), (1, 3, 3, 4), kernel=(2, 2), groups=2),
    sample((2, 4, 4, 2), (2, 3, 3, 4), kernel=(2, 2), groups=2),
])  # fmt: skip
def conv_dw(x: Operand, dy: Operand, /, *, kernel: Shape, stride: Lengths = 1, padding: Padding = "valid",
            dilation: Lengths = 1, groups: int = 1) -> Spec:  # fmt: skip
    """The cotangent of the weights of `conv` whose window has the lengths `kernel`.

    Shapes: (n, ..., c) (n, windows..., m) -> (kernel..., c / groups, m).
    """
    return Spec((*kernel, x.shape[-1] // groups, dy.shape[-1]), promoted("conv_dw", x, dy))


conv.gradient(
    lambda dy, _y, _x, w, **attrs: fit(conv_dx(dy, conj(w), lengths=tuple(_x.shape[1:-1]), **attrs), _x),
    lambda dy, _y, x, _w, **attrs: fit(conv_dw(conj(x), dy, kernel=tuple(_w.shape[:-2]), **attrs), _w),
)
conv_dx.gradient(
    lambda dx, _z, _dy, w, *, lengths, **attrs: fit(conv(dx, conj(w), **attrs), _dy),
    lambda dx, _z, dy, _w, *, lengths, **attrs: fit(conv_dw(dx, conj(dy), kernel=tuple(_w.shape[:-2]), **attrs), _w),
)
conv_dw.gradient(
    lambda dw, _z, _x, dy, *, kernel, **attrs: fit(conv_dx(conj(dy), dw, lengths=tuple(_x.shape[1:-1]), **attrs), _x),
    lambda dw, _z, x, _dy, *, kernel, **attrs: fit(conv(conj(x), dw, **attrs), _dy),
)


# The public functions


def _weights(name: str, w: Any, n: int, first: bool) -> Any:
    """The weights with their window in front."""
    w = as_tensor(w)
    if len(w.shape) != n + 2:
        order = "(out, in / groups, window...)" if first else "(window..., in / groups, out)"
        raise ShapeError(
            f"{name}: the weights are {describe(w)}, which do not have {n + 2} axes", f"Give them as {order}."
        )
    return OPS["permute_dims"](w, axes=(*range(2, n + 2), 1, 0)) if first else w


def _finish(name: str, y: Any, bias: Any, first: bool) -> Any:
    """The output with its bias, in the layout asked for."""
    if bias is not None:
        bias = as_tensor(bias)
        if tuple(bias.shape) != (y.shape[-1],):
            raise ShapeError(
                f"{name}: the bias is {describe(bias)}", f"It has one element for each of {y.shape[-1]} channels."
            )
        y = y + bias
    return channels_to_first(y) if first else y


def _conv_nd(n: int, x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int,
             layout: str) -> Any:  # fmt: skip
    name, first = f"conv{n}d", as_layout(f"conv{n}d", layout)
    x, w = as_images(name, x, n, layout), _weights(name, w, n, first)
    strides, pads, dilations = geometry(name, tuple(x.shape[1:-1]), tuple(w.shape[:-2]), stride, padding, dilation)
    y = conv(x, w, stride=strides, padding=pads, dilation=dilations, groups=groups)
    return _finish(name, y, bias, first)


def conv1d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
           dilation: Lengths = 1, groups: int = 1, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The convolution over one axis; see `conv2d`.

    Shapes: (n, length, c) (k, c / groups, m) -> (n, length', m); channels_first: (n, c, length) (m, c / groups, k).
    """
    return _conv_nd(1, x, w, bias, stride, padding, dilation, groups, layout)


def conv2d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
           dilation: Lengths = 1, groups: int = 1, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The convolution (cross-correlation, as usual in networks) of images with weights.

    `padding` is "valid" (none), "same" (ceil(length / stride) outputs), an int, an int for each axis, or a pair
    (before, after) for each. `groups` splits the channels; as many groups as input channels is a depthwise
    convolution. Input and weights are NHWC and HWIO, or with layout="channels_first" NCHW and OIHW, as in PyTorch.

    Shapes: (n, h, w, c) (kh, kw, c / groups, m) -> (n, h', w', m).
    Errors: ShapeError when ranks or channels differ, or a window is larger than the padded input.

    Example:
        >>> import weft as wf
        >>> wf.conv2d(wf.ones((1, 5, 5, 3)), wf.ones((3, 3, 3, 8)), padding="same").shape
        (1, 5, 5, 8)
    """
    return _conv_nd(2, x, w, bias, stride, padding, dilation, groups, layout)


def conv3d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
           dilation: Lengths = 1, groups: int = 1, layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The convolution over three axes; see `conv2d`.

    Shapes: (n, d, h, w, c) (kd, kh, kw, c / groups, m) -> (n, d', h', w', m).
    """
    return _conv_nd(3, x, w, bias, stride, padding, dilation, groups, layout)


def _transposed_lengths(name: str, given: Shape, kernel: Shape, stride: Shape, padding: Any, dilation: Shape,
                        extra: Shape) -> tuple[Shape, Pads]:  # fmt: skip
    """The lengths that a transposed convolution gives, and the padding of the convolution that it transposes."""
    if any(e >= s for e, s in zip(extra, stride, strict=True)):
        raise ArgumentError(f"{name}: output_padding {extra} is not less than stride {stride}", "Give less, or none.")
    if isinstance(padding, str) and padding.lower() == "same":
        lengths = tuple(n * s for n, s in zip(given, stride, strict=True))
        return lengths, as_pads(name, "same", lengths, kernel, stride, dilation)
    pads = as_pads(name, padding, given, kernel, stride, dilation)
    reach = extents(kernel, dilation)
    lengths = tuple(
        (n - 1) * s + r - a - b + e for n, s, r, (a, b), e in zip(given, stride, reach, pads, extra, strict=True)
    )
    if any(n < 1 for n in lengths):
        raise ShapeError(f"{name}: padding {pads} leaves an output of lengths {lengths}", "Use less padding.")
    return lengths, pads


def _conv_transpose_nd(n: int, x: Any, w: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, dilation: Any,
                       groups: int, layout: str) -> Any:  # fmt: skip
    name, first = f"conv_transpose{n}d", as_layout(f"conv_transpose{n}d", layout)
    x, w = as_images(name, x, n, layout), _weights(name, w, n, first)
    if x.shape[-1] != w.shape[-1]:
        raise ShapeError(
            f"{name}: the input has {x.shape[-1]} channels, but weights {describe(w)} take {w.shape[-1]}",
            "Weights are (window..., channels out / groups, channels in), or channels_first (in, out / groups, window...).",
        )
    stride, dilation = as_lengths(name, "stride", stride, n), as_lengths(name, "dilation", dilation, n)
    extra = as_lengths(name, "output_padding", output_padding, n, least=0)
    lengths, pads = _transposed_lengths(
        name, tuple(x.shape[1:-1]), tuple(w.shape[:-2]), stride, padding, dilation, extra
    )
    y = conv_dx(x, w, lengths=lengths, stride=stride, padding=pads, dilation=dilation, groups=groups)
    return _finish(name, y, bias, first)


def conv_transpose1d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
                     output_padding: Lengths = 0, dilation: Lengths = 1, groups: int = 1,
                     layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The transposed convolution over one axis; see `conv_transpose2d`."""
    return _conv_transpose_nd(1, x, w, bias, stride, padding, output_padding, dilation, groups, layout)


def conv_transpose2d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
                     output_padding: Lengths = 0, dilation: Lengths = 1, groups: int = 1,
                     layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The transposed convolution: the map that carries a convolution's output cotangent to its input.

    A length n becomes (n - 1) * stride + reach - padding + output_padding, where reach is dilation * (window - 1) + 1;
    with padding="same" it becomes n * stride. Weights are those of the convolution that is transposed.

    Shapes: (n, h, w, c) (kh, kw, m / groups, c) -> (n, h', w', m); channels_first: (n, c, h, w) (c, m / groups, kh, kw).
    Errors: ShapeError when ranks or channels differ; ArgumentError for output_padding of a stride or more.
    """
    return _conv_transpose_nd(2, x, w, bias, stride, padding, output_padding, dilation, groups, layout)


def conv_transpose3d(x: Operand, w: Operand, bias: Operand = None, *, stride: Lengths = 1, padding: Padding = "valid",
                     output_padding: Lengths = 0, dilation: Lengths = 1, groups: int = 1,
                     layout: str = "channels_last") -> Tensor:  # fmt: skip
    """The transposed convolution over three axes; see `conv_transpose2d`."""
    return _conv_transpose_nd(3, x, w, bias, stride, padding, output_padding, dilation, groups, layout)
