"""Pooling layers: the largest element or the mean of each window, or of all of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..ops import pooling as functions
from ..ops.windows import Lengths, Padding
from ..tensor import Tensor
from .layer import Layer


class Pooling(Layer):
    """What pooling layers share; see `MaxPool2D`."""

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self, window: Lengths = 2, stride: Lengths | None = None, padding: Padding = "valid", *, layout: str = "channels_last",
        **options: Any,
    ) -> None:  # fmt: skip
        self.window, self.stride, self.padding, self.layout, self._options = window, stride, padding, layout, options

    def call(self, x: Tensor) -> Tensor:
        return type(self).function(x, self.window, self.stride, self.padding, layout=self.layout, **self._options)


class MaxPool1D(Pooling):
    """The largest element of each window along one axis; see `MaxPool2D`."""

    function = functions.max_pool1d


class MaxPool2D(Pooling):
    """The largest element of each window, channel by channel; the stride is the window's unless given.

    Shapes: (batch, height, width, channels) -> (batch, height', width', channels).

    Example:
        >>> import weft as wf
        >>> wf.nn.MaxPool2D(2)(wf.ones((1, 28, 28, 3))).shape
        (1, 14, 14, 3)
    """

    function = functions.max_pool2d


class MaxPool3D(Pooling):
    """The largest element of each window over three axes; see `MaxPool2D`."""

    function = functions.max_pool3d


class AvgPool1D(Pooling):
    """The mean of each window along one axis; see `AvgPool2D`."""

    function = functions.avg_pool1d


class AvgPool2D(Pooling):
    """The mean of each window, channel by channel; padding is not counted unless `count_include_pad`.

    Shapes: (batch, height, width, channels) -> (batch, height', width', channels).
    """

    function = functions.avg_pool2d


class AvgPool3D(Pooling):
    """The mean of each window over three axes; see `AvgPool2D`."""

    function = functions.avg_pool3d


class GlobalPooling(Layer):
    """What global pooling layers share; see `GlobalAvgPool`."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, *, keepdims: bool = False, layout: str = "channels_last") -> None:
        self.keepdims, self.layout = keepdims, layout

    def call(self, x: Tensor) -> Tensor:
        return type(self).function(x, keepdims=self.keepdims, layout=self.layout)


class GlobalAvgPool(GlobalPooling):
    """The mean of each channel over all spatial axes.   Shapes: (batch, ..., channels) -> (batch, channels)."""

    function = functions.global_avg_pool


class GlobalMaxPool(GlobalPooling):
    """The largest element of each channel over all spatial axes.   Shapes: (batch, ..., channels) -> (batch, channels)."""

    function = functions.global_max_pool
