"""Containers: modules made of modules, and plain functions as modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ArgumentError
from ..ops.shaping import reshape
from ..spec import describe
from ..tensor import Tensor
from .layer import Activation as Named, Layer, as_activation
from .module import Module


class Sequential(Module):
    """Calls its parts in order, each with the result of the one before. Plain functions may stand between modules.

    Example:
        >>> import weft as wf
        >>> model = wf.nn.Sequential(wf.nn.Dense(32), wf.tanh, wf.nn.Dense(10))
        >>> model(wf.zeros((1, 64))).shape
        (1, 10)
        >>> [name for name, _ in model.named_variables()]
        ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *parts: Any) -> None:
        if len(parts) == 1 and isinstance(parts[0], list | tuple):
            parts = tuple(parts[0])
        self.parts: list[Callable[..., Any]] = []
        for part in parts:
            self.append(part)

    def append(self, part: Callable[..., Any]) -> Sequential:
        """Add a part at the end.

        Errors: ArgumentError for what cannot be called.
        """
        if not callable(part):
            raise ArgumentError(
                f"Sequential: a {type(part).__name__} is no module or function", "Give parts to be called."
            )
        self.parts.append(part)
        return self

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """The parts under their numbers, so that names are short: `0.weight`."""
        for name, x in super().attributes():
            yield from enumerate_parts(x) if name == "parts" else ((name, x),)

    def call(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        for i, part in enumerate(self.parts):
            x = part(x, *args, **kwargs) if i == 0 else part(x)
        return x

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self.parts)

    def __getitem__(self, index: Any) -> Any:
        return Sequential(*self.parts[index]) if isinstance(index, slice) else self.parts[index]


def enumerate_parts(parts: list[Any]) -> Iterator[tuple[str, Any]]:
    """Parts with their numbers as names."""
    return ((str(i), part) for i, part in enumerate(parts))


class Lambda(Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


class Activation(Layer):
    """An activation, by name or as a function, as a layer."""

    def __init__(self, activation: Named) -> None:
        self.activation = as_activation(activation)

    def call(self, x: Tensor) -> Tensor:
        return x if self.activation is None else self.activation(x)


class Flatten(Layer):
    """All axes from `start` on as one.   Shapes: (batch, ...) -> (batch, n)."""

    def __init__(self, start: int = 1) -> None:
        self.start = start

    def call(self, x: Tensor) -> Tensor:
        if not 0 <= self.start <= len(x.shape):
            raise ArgumentError(f"Flatten: {describe(x)} has no axis {self.start}", "Give it a batch of inputs.")
        kept = tuple(x.shape[: self.start])
        n = 1
        for length in x.shape[self.start :]:
            n *= length
        return reshape(x, shape=(*kept, n))
