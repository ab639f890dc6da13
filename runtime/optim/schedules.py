"""Schedules: the learning rate as a function of the number of steps done.

A schedule is called with that number, an int or an integer tensor, and gives a 0-d float64 tensor; being written in
ops it compiles with the step it belongs to. Any function of one argument serves as one too.

Example:
    >>> import weft as wf
    >>> rate = wf.optim.schedules.Warmup(10, wf.optim.schedules.Cosine(0.1, steps=100))
    >>> [round(float(rate(step)), 3) for step in (0, 5, 10, 60, 110)]
    [0.0, 0.05, 0.1, 0.05, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import dtypes
from ..creation import asarray
from ..errors import ArgumentError
from ..ops.elementwise import cos, maximum, minimum, where
from ..ops.shaping import astype
from ..tensor import Tensor

__all__ = ["Constant", "Cosine", "Exponential", "Piecewise", "Polynomial", "Step", "Warmup"]

Schedule = Callable[[Any], Any]


def as_float64(x: Any) -> Tensor:
    """A number or a 0-d tensor as a float64 tensor."""
    return astype(x, dtype=dtypes.float64) if isinstance(x, Tensor) else asarray(float(x), dtypes.float64)


def _require_steps(name: str, steps: float) -> None:
    if not steps > 0:
        raise ArgumentError(f"{name}: {steps!r} steps", "Give a positive number of steps.")


def _progress(step: Any, steps: float) -> Tensor:
    """The part of `steps` that is done, at most 1."""
    return minimum(as_float64(step) / float(steps), 1.0)


@dataclass(frozen=True)
class Constant:
    """The same rate for ever."""

    rate: float

    def __call__(self, step: Any) -> Tensor:
        return as_float64(self.rate)


@dataclass(frozen=True)
class Step:
    """The rate times `factor` after every so many steps, in stairs."""

    rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _require_steps("Step", self.every)

    def __call__(self, step: Any) -> Tensor:
        return self.rate * self.factor ** (as_float64(step) // float(self.every))


@dataclass(frozen=True)
class Exponential:
    """The rate times `factor` after every so many steps, smoothly."""

    rate: float
    factor: float
    every: int = 1

    def __post_init__(self) -> None:
        _require_steps("Exponential", self.every)

    def __call__(self, step: Any) -> Tensor:
        return self.rate * self.factor ** (as_float64(step) / float(self.every))


@dataclass(frozen=True)
class Cosine:
    """From `rate` down to `final` along half a cosine, in `steps` steps.

    Source: Loshchilov, Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5.
    """

    rate: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _require_steps("Cosine", self.steps)

    def __call__(self, step: Any) -> Tensor:
        wave = 0.5 * (1.0 + cos(math.pi * _progress(step, self.steps)))
        return self.final + (self.rate - self.final) * wave


@dataclass(frozen=True)
class Polynomial:
    """From `rate` to `final` in `steps` steps, along a line, or a higher power of what is left."""

    rate: float
    steps: int
    final: float = 0.0
    power: float = 1.0

    def __post_init__(self) -> None:
        _require_steps("Polynomial", self.steps)

    def __call__(self, step: Any) -> Tensor:
        left = 1.0 - _progress(step, self.steps)
        return self.final + (self.rate - self.final) * left**self.power


@dataclass(frozen=True)
class Piecewise:
    """`rates[i]` until `boundaries[i]` steps are done; the last rate from then on."""

    boundaries: Sequence[int]
    rates: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.boundaries) + 1 or list(self.boundaries) != sorted(set(self.boundaries)):
            raise ArgumentError(
                f"Piecewise: {len(self.rates)} rates for boundaries {list(self.boundaries)}",
                "Give increasing boundaries, and one rate more than boundaries.",
            )

    def __call__(self, step: Any) -> Tensor:
        t, rate = as_float64(step), as_float64(self.rates[0])
        for boundary, after in zip(self.boundaries, self.rates[1:], strict=True):
            rate = where(t >= boundary, after, rate)
        return rate


@dataclass(frozen=True)
class Warmup:
    """From `start` up to the first rate of another schedule in `steps` steps, along a line; then that schedule."""

    steps: int
    then: Schedule | float
    start: float = 0.0

    def __post_init__(self) -> None:
        _require_steps("Warmup", self.steps)

    def __call__(self, step: Any) -> Tensor:
        t = as_float64(step)
        after = maximum(t - float(self.steps), 0.0)
        rate = as_float64(self.then(after) if callable(self.then) else self.then)
        return self.start + (rate - self.start) * _progress(t, self.steps)
