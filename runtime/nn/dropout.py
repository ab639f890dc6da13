"""Dropout as a layer: it drops while training, and passes everything in evaluation."""

from __future__ import annotations

from typing import Any

from ..dropout import dropout
from ..errors import ArgumentError
from ..spec import Shape
from ..tensor import Tensor
from .layer import Layer


def as_rate(owner: str, rate: float) -> float:
    """A probability.

    Errors: ArgumentError for anything else.
    """
    if not 0 <= rate <= 1:
        raise ArgumentError(f"{owner}: the dropout rate is {rate!r}", "It is a probability, from 0 to 1.")
    return rate


class Dropout(Layer):
    """Each element zeroed with probability `rate` while training, and the rest divided by 1 - rate.

    `noise_shape` draws once for what it broadcasts to. Numbers come from `generator`, or from the default one.

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """

    def __init__(self, rate: float = 0.5, *, noise_shape: Shape | None = None, generator: Any = None) -> None:
        self.rate = as_rate("Dropout", rate)
        self.noise_shape, self.generator = noise_shape, generator

    def call(self, x: Tensor) -> Tensor:
        return dropout(x, self.rate, training=self.training, generator=self.generator, noise_shape=self.noise_shape)
