"""Convolutional layers, over one, two and three axes, and their transposed forms.

One class does the work for a number of axes; those that users name fix it. With layout="channels_last" (the default) inputs
are (batch, ..., channels) and weights (window..., in / groups, out), otherwise as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import ArgumentError, ShapeError
from ..ops.convolution import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.shaping import permute_dims
from ..ops.windows import Lengths, Padding, as_lengths
from ..spec import Shape, describe
from ..tensor import Tensor
from ..variable import Variable
from .initializers import Initializer, glorot_uniform, new_variable, zeros
from .layer import Activation, Layer, as_activation, as_count, length_along

LAYOUTS = ("channels_last", "channels_first")


class Convolution(Layer):
    """What convolutional layers share; see `Conv2D`."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    transposed: ClassVar[bool] = False
    weight: Variable
    bias: Variable | None = None

    def __init__(
        self, filters: int, window: Lengths, *, stride: Lengths = 1, padding: Padding = "valid", dilation: Lengths = 1,
        groups: int = 1, activation: Activation = None, use_bias: bool = True, weight_init: Initializer = glorot_uniform,
        bias_init: Initializer = zeros, layout: str = "channels_last", dtype: Any = None,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        if layout not in LAYOUTS:
            raise ArgumentError(f"{name}: layout is {layout!r}", f"Use one of {', '.join(LAYOUTS)}.")
        self.filters, self.groups = as_count(name, "filters", filters), as_count(name, "groups", groups)
        self.window = as_lengths(name, "window", window, self.axes)
        self.stride, self.padding, self.dilation, self.layout = stride, padding, dilation, layout
        self.activation, self.use_bias = as_activation(activation), use_bias
        self.weight_init, self.bias_init, self.dtype = weight_init, bias_init, dtype
        if self.filters % self.groups:
            raise ShapeError(
                f"{name}: {self.groups} groups do not divide {self.filters} filters", "Choose groups that do."
            )

    def build(self, x: Tensor) -> None:
        name, first = type(self).__name__, self.layout == "channels_first"
        channels = length_along(name, x, 1 if first else -1, least=self.axes + 2)
        if channels % self.groups:
            raise ShapeError(
                f"{name}: {self.groups} groups do not divide the channels of {describe(x)}",
                "Check layout= and groups=.",
            )
        self.weight = new_variable("weight", self._draw, self._weight_shape(channels, first), self.dtype)
        if self.use_bias:
            self.bias = new_variable("bias", self.bias_init, (self.filters,), self.dtype)

    def _weight_shape(self, channels: int, first: bool) -> Shape:
        inner, outer = (self.filters, channels) if self.transposed else (channels, self.filters)
        pair = (inner // self.groups, outer)
        return (*pair[::-1], *self.window) if first else (*self.window, *pair)

    def _draw(self, shape: Shape, dtype: Any) -> Tensor:
        """Initializers read (in, out) from the last two axes: draw so, then bring the axes into order."""
        last = shape if self.layout == "channels_last" else (*shape[2:], shape[1], shape[0])
        drawn = (*last[:-2], last[-1], last[-2]) if self.transposed else last
        weight = self.weight_init(drawn, dtype)
        n = self.axes
        order = (*range(n), n + 1, n) if self.transposed else (*range(n), n, n + 1)
        if self.layout == "channels_first":
            order = (order[-1], order[-2], *order[:-2])
        return weight if order == tuple(range(n + 2)) else permute_dims(weight, axes=order)

    def options(self) -> dict[str, Any]:
        """What the function takes beside tensors."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups,
                "layout": self.layout}  # fmt: skip

    def call(self, x: Tensor) -> Tensor:
        y = type(self).function(x, self.weight, self.bias, **self.options())
        return y if self.activation is None else self.activation(y)


class ConvolutionTranspose(Convolution):
    """What transposed convolutional layers share; see `ConvTranspose2D`."""

    transposed = True

    def __init__(self, filters: int, window: Lengths, *, output_padding: Lengths = 0, **options: Any) -> None:
        super().__init__(filters, window, **options)
        self.output_padding = output_padding

    def options(self) -> dict[str, Any]:
        return {**super().options(), "output_padding": self.output_padding}


class Conv1D(Convolution):
    """A convolution over one axis; see `Conv2D`.   Shapes: (batch, n, channels) -> (batch, m, filters)."""

    axes = 1
    function = conv1d


class Conv2D(Convolution):
    """A convolution over two axes with learned weights, a bias and an activation.

    Shapes: (batch, height, width, channels) -> (batch, height', width', filters).

    Example:
        >>> import weft as wf
        >>> layer = wf.nn.Conv2D(8, 3, stride=2, padding="same", activation="relu")
        >>> layer(wf.ones((1, 28, 28, 3))).shape
        (1, 14, 14, 8)
    """

    axes = 2
    function = conv2d


class Conv3D(Convolution):
    """A convolution over three axes; see `Conv2D`."""

    axes = 3
    function = conv3d


class ConvTranspose1D(ConvolutionTranspose):
    """A transposed convolution over one axis; see `ConvTranspose2D`."""

    axes = 1
    function = conv_transpose1d


class ConvTranspose2D(ConvolutionTranspose):
    """A transposed convolution over two axes: with a stride it makes images larger.

    Shapes: (batch, height, width, channels) -> (batch, height', width', filters).

    Example:
        >>> import weft as wf
        >>> layer = wf.nn.ConvTranspose2D(3, 4, stride=2, padding="same")
        >>> layer(wf.ones((1, 7, 7, 16))).shape
        (1, 14, 14, 3)
    """

    axes = 2
    function = conv_transpose2d


class ConvTranspose3D(ConvolutionTranspose):
    """A transposed convolution over three axes; see `ConvTranspose2D`."""

    axes = 3
    function = conv_transpose3d
