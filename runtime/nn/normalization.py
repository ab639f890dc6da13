"""Normalization layers: learned scales and shifts around the functions of the same names."""

from __future__ import annotations

from typing import Any

from .. import observers
from ..errors import ArgumentError, ShapeError
from ..ops import normalization as functions
from ..ops.shaping import astype
from ..spec import Shape, describe, normalize_axes, normalize_axis, size
from ..tensor import Tensor
from ..variable import Variable
from .initializers import new_variable, ones, zeros
from .layer import Layer, as_count


class BatchNorm(Layer):
    """Each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted.

    While training, the statistics are the batch's own, and running ones follow them: running = momentum * running +
    (1 - momentum) * batch, with the unbiased variance. In `eval()` the running ones are used.

    Shapes: (..., channels) -> (..., channels); `axis` says where the channels are.
    Errors: ShapeError while training on a batch with a single value for each channel.
    Source: Ioffe, Szegedy 2015, "Batch normalization".
    """

    scale: Variable | None = None
    bias: Variable | None = None

    def __init__(
        self, *, axis: int = -1, momentum: float = 0.9, epsilon: float = 1e-5, use_scale: bool = True, use_bias: bool = True,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"BatchNorm: momentum is {momentum!r}", "Give a number from 0 to 1.")
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon
        self.use_scale, self.use_bias, self.dtype = use_scale, use_bias, dtype

    def build(self, x: Tensor) -> None:
        shape = (x.shape[normalize_axis("BatchNorm", self.axis, len(x.shape))],)
        self.scale = new_variable("scale", ones, shape, self.dtype) if self.use_scale else None
        self.bias = new_variable("bias", zeros, shape, self.dtype) if self.use_bias else None
        self.mean = new_variable("mean", zeros, shape, self.dtype, trainable=False)
        self.variance = new_variable("variance", ones, shape, self.dtype, trainable=False)

    def call(self, x: Tensor) -> Tensor:
        given = () if self.training else (self.mean, self.variance)
        y, mean, variance = functions.batch_norm(x, self.scale, self.bias, *given, axis=self.axis, epsilon=self.epsilon)
        if self.training:
            self._follow(mean, variance, size(tuple(x.shape)) // max(mean.shape[0], 1), x)
        return y

    def _follow(self, mean: Any, variance: Any, count: int, x: Tensor) -> None:
        """Move the running statistics towards those of a batch with `count` values for each channel."""
        if count < 2:
            raise ShapeError(
                f"BatchNorm: {describe(x)} has {count} values for each channel, which have no variance",
                "Train on larger batches, or call eval() first.",
            )
        with observers.hidden():  # no gradient goes this way
            for running, found in ((self.mean, mean), (self.variance, variance * (count / (count - 1)))):
                found = astype(found, dtype=running.dtype)
                running.assign(self.momentum * running.read_value() + (1.0 - self.momentum) * found)


class LayerNorm(Layer):
    """Each example brought to mean 0 and variance 1 along `axis`, then scaled and shifted.

    Source: Ba, Kiros, Hinton 2016, "Layer normalization".
    """

    scale: Variable | None = None
    bias: Variable | None = None

    def __init__(
        self, *, axis: Any = -1, epsilon: float = 1e-5, use_scale: bool = True, use_bias: bool = True, dtype: Any = None
    ) -> None:
        self.axis, self.epsilon = axis, epsilon
        self.use_scale, self.use_bias, self.dtype = use_scale, use_bias, dtype

    def build(self, x: Tensor) -> None:
        shape = _lengths("LayerNorm", x, self.axis)
        self.scale = new_variable("scale", ones, shape, self.dtype) if self.use_scale else None
        self.bias = new_variable("bias", zeros, shape, self.dtype) if self.use_bias else None

    def call(self, x: Tensor) -> Tensor:
        return functions.layer_norm(x, self.scale, self.bias, axis=self.axis, epsilon=self.epsilon)


class RMSNorm(Layer):
    """Each example divided by the root of its mean square along `axis`, then scaled.

    Source: Zhang, Sennrich 2019, "Root mean square layer normalization".
    """

    def __init__(self, *, axis: Any = -1, epsilon: float = 1e-6, dtype: Any = None) -> None:
        self.axis, self.epsilon, self.dtype = axis, epsilon, dtype

    def build(self, x: Tensor) -> None:
        self.scale = new_variable("scale", ones, _lengths("RMSNorm", x, self.axis), self.dtype)

    def call(self, x: Tensor) -> Tensor:
        return functions.rms_norm(x, self.scale, axis=self.axis, epsilon=self.epsilon)


class GroupNorm(Layer):
    """Each group of channels of each example normalized, then each channel scaled and shifted.

    Shapes: (batch, ..., channels) -> the same; `axis` says where the channels are.
    Source: Wu, He 2018, "Group normalization".
    """

    scale: Variable | None = None
    bias: Variable | None = None

    def __init__(
        self, groups: int, *, axis: int = -1, epsilon: float = 1e-5, use_scale: bool = True, use_bias: bool = True,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        self.groups, self.axis, self.epsilon = as_count("GroupNorm", "groups", groups), axis, epsilon
        self.use_scale, self.use_bias, self.dtype = use_scale, use_bias, dtype

    def build(self, x: Tensor) -> None:
        shape = _lengths("GroupNorm", x, self.axis)
        self.scale = new_variable("scale", ones, shape, self.dtype) if self.use_scale else None
        self.bias = new_variable("bias", zeros, shape, self.dtype) if self.use_bias else None

    def call(self, x: Tensor) -> Tensor:
        return functions.group_norm(x, self.groups, self.scale, self.bias, axis=self.axis, epsilon=self.epsilon)


def _lengths(owner: str, x: Tensor, axis: Any) -> Shape:
    """The lengths of the named axes, in their order in `x`."""
    return tuple(x.shape[i] for i in sorted(normalize_axes(owner, axis, len(x.shape))))
