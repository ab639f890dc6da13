"""Layer: a module whose call takes a tensor first. Arrays and lists become tensors on the way in.

What the layers of this room share stands here: how their settings are checked, and how activations are named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..spec import describe
from ..tensor import OPS, as_tensor
from .module import Module

Activation = Callable[[Any], Any] | str | None
ACTIVATIONS = (
    "celu", "elu", "gelu", "hard_sigmoid", "hard_swish", "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "mish",
    "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh",
)  # fmt: skip


class Layer(Module):
    """The base of layers: calls lift their first argument to a tensor."""

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(as_tensor(x), *args, **kwargs)


def as_activation(value: Activation) -> Callable[[Any], Any] | None:
    """The function that an activation names; None is no activation.

    Errors: ArgumentError for an unknown name.
    """
    if value is None or callable(value):
        return value
    if value not in ACTIVATIONS:
        raise ArgumentError(f"{value!r} is no activation", "Pass a function, or one of " + ", ".join(ACTIVATIONS) + ".")
    return OPS[value]


def as_count(owner: str, name: str, value: Any) -> int:
    """A positive int.

    Errors: ArgumentError for anything else.
    """
    if not hasattr(value, "__index__") or isinstance(value, bool) or int(value) < 1:
        raise ArgumentError(f"{owner}: {name} is {value!r}", "Give an int of 1 or more.")
    return int(value)


def length_along(owner: str, x: Any, axis: int, least: int = 1) -> int:
    """The length of an axis of an input, which needs `least` axes.

    Errors: ShapeError when it has fewer.
    """
    if len(x.shape) < least:
        raise ShapeError(
            f"{owner}: the input {describe(x)} has fewer than {least} axes", "The first axis is the batch."
        )
    return x.shape[axis]
