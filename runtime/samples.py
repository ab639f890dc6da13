"""Samples: example operands and attributes of an op, from which its tests are generated.

An operand is written as a shape (normal float64 values), as a function of a NumPy generator that draws the
array, or as the scalar or None to pass. This file knows nothing of ops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .spec import Shape

Draw: TypeAlias = "Callable[[np.random.Generator], np.ndarray]"  # unevaluated: numpy.random is slow to import


class Sample(NamedTuple):
    """One call of an op."""

    operands: tuple[Any, ...]
    attrs: dict[str, Any]

    def draw(self, rng: np.random.Generator) -> list[Any]:
        """The operands, drawn."""
        return [_draw(operand, rng) for operand in self.operands]


def sample(*operands: Any, **attrs: Any) -> Sample:
    """A call with these operands and attributes."""
    return Sample(operands, attrs)


def _draw(operand: Any, rng: np.random.Generator) -> Any:
    if isinstance(operand, tuple):
        return rng.normal(size=operand)
    return operand(rng) if callable(operand) else operand


def uniform(shape: Shape, low: float, high: float) -> Draw:
    """Floats between two bounds."""
    return lambda rng: rng.uniform(low, high, shape)


def integers(shape: Shape, low: int, high: int) -> Draw:
    """Integers of low <= n < high, as int64."""
    return lambda rng: rng.integers(low, high, shape)


def bools(shape: Shape) -> Draw:
    """Bools, each as likely."""
    return lambda rng: rng.random(shape) < 0.5


def distinct(shape: Shape) -> Draw:
    """Floats of which no two are close: for ops with a kink where elements are equal."""
    return lambda rng: rng.permutation(np.arange(np.prod(shape, dtype=int)) * 0.37 - 1.0).reshape(shape)


def complexes(shape: Shape) -> Draw:
    """Normal complex128 values."""
    return lambda rng: rng.normal(size=shape) + 1j * rng.normal(size=shape)


def positive_definite(*shape: int) -> Draw:
    """Symmetric positive definite matrices.   Shape: (..., n, n)."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        x = rng.normal(size=shape)
        return x @ np.swapaxes(x, -1, -2) + shape[-1] * np.eye(shape[-1])

    return draw
