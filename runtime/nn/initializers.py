"""Initializers: the first values of variables, drawn from the default generator that `wf.seed` seeds.

An initializer is called with a shape and a dtype. Those that keep the variance of activations read the numbers of inputs
and outputs from the shape, whose last two axes are (in, out); axes before them are a window. Any function of (shape, dtype)
serves as one too.

Example:
    >>> import weft as wf
    >>> layer = wf.nn.Dense(3, weight_init=wf.nn.initializers.Constant(0.5))
    >>> layer([[1.0, 2.0]])
    Tensor([[1.5, 1.5, 1.5]], f32)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .. import dtypes, random
from ..creation import full
from ..dtypes import DType
from ..errors import ArgumentError, ShapeError
from ..ops.elementwise import where
from ..ops.linear import matrix_transpose
from ..ops.reduction import sum
from ..ops.shaping import astype, reshape
from ..ranges import eye
from ..spec import Shape, size
from ..tensor import OPS, Tensor
from ..variable import Variable

__all__ = [
    "Constant", "Normal", "Orthogonal", "TruncatedNormal", "Uniform", "VarianceScaling", "glorot_normal", "glorot_uniform",
    "he_normal", "he_uniform", "kaiming_normal", "kaiming_uniform", "lecun_normal", "lecun_uniform", "ones", "xavier_normal",
    "xavier_uniform", "zeros",
]  # fmt: skip

Initializer = Callable[[Shape, DType], Tensor]
TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal number that lies within two standard deviations


def new_variable(name: str, init: Initializer, shape: Shape, dtype: Any = None, trainable: bool = True) -> Variable:
    """A variable with its first value.

    Errors: ShapeError when the initializer gives another shape.
    """
    wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    value = init(shape, wanted)
    if tuple(value.shape) != shape:
        raise ShapeError(
            f"{name}: its initializer gave shape {tuple(value.shape)} for {shape}", "Give the shape asked for."
        )
    return Variable(value, dtype=wanted, name=name, trainable=trainable)


@dataclass(frozen=True)
class Constant:
    """Every element the same."""

    value: float

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        return full(shape, self.value, dtype=dtype)


@dataclass(frozen=True)
class Normal:
    """Normal numbers."""

    stddev: float = 0.05
    mean: float = 0.0

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype=dtype)


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal numbers within two standard deviations of the mean."""

    stddev: float = 0.05
    mean: float = 0.0

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype=dtype)


@dataclass(frozen=True)
class Uniform:
    """Numbers from `low` to below `high`, equally likely."""

    low: float = -0.05
    high: float = 0.05

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        return random.uniform(shape, self.low, self.high, dtype=dtype)


@dataclass(frozen=True)
class VarianceScaling:
    """Numbers of mean 0 and variance `scale / n`, where n counts inputs ("in"), outputs ("out") or their mean.

    Source: Glorot, Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks"; He, Zhang,
    Ren, Sun 2015, "Delving deep into rectifiers"; LeCun, Bottou, Orr, Müller 1998, "Efficient BackProp".
    """

    scale: float = 1.0
    mode: Literal["in", "out", "mean"] = "in"
    distribution: Literal["normal", "uniform"] = "normal"  # normal numbers are truncated

    def __post_init__(self) -> None:
        if self.scale <= 0 or self.mode not in ("in", "out", "mean") or self.distribution not in ("normal", "uniform"):
            raise ArgumentError(
                f"VarianceScaling: {self.scale!r}, {self.mode!r}, {self.distribution!r}",
                'Give a positive scale, "in", "out" or "mean", and "normal" or "uniform".',
            )

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        inputs, outputs = fans(shape)
        n = {"in": inputs, "out": outputs, "mean": (inputs + outputs) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(n, 1))
        if self.distribution == "uniform":
            limit = stddev * math.sqrt(3)
            return random.uniform(shape, -limit, limit, dtype=dtype)
        return random.truncated_normal(shape, 0.0, stddev / TRUNCATED_STDDEV, dtype=dtype)


def fans(shape: Shape) -> tuple[int, int]:
    """The numbers of inputs and outputs that weights of this shape connect."""
    if len(shape) < 2:
        return (size(shape), size(shape))
    window = size(shape[:-2])
    return shape[-2] * window, shape[-1] * window


@dataclass(frozen=True)
class Orthogonal:
    """A matrix of orthonormal rows or columns (all axes but the last are one), times `gain`.

    Source: Saxe, McClelland, Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear networks".
    """

    gain: float = 1.0

    def __call__(self, shape: Shape, dtype: DType) -> Tensor:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: shape {shape} is no matrix", "Use it for weights of two axes or more.")
        rows, columns = size(shape[:-1]), shape[-1]
        draw = random.normal((max(rows, columns), min(rows, columns)), dtype=dtypes.float64)
        q = _orthonormal(draw)
        q = q if rows >= columns else matrix_transpose(q)
        return astype(reshape(q * self.gain, shape=shape), dtype=dtype)


def _orthonormal(x: Tensor) -> Tensor:
    """The Q of a QR decomposition, with signs that make every orthonormal matrix as likely."""
    q, r = OPS["qr"](x)
    diagonal = sum(r * eye(r.shape[0], dtype=r.dtype), axis=0)
    return q * where(diagonal < 0, -1.0, 1.0)


zeros, ones = Constant(0.0), Constant(1.0)
glorot_uniform = xavier_uniform = VarianceScaling(1.0, "mean", "uniform")
glorot_normal = xavier_normal = VarianceScaling(1.0, "mean", "normal")
he_uniform = kaiming_uniform = VarianceScaling(2.0, "in", "uniform")
he_normal = kaiming_normal = VarianceScaling(2.0, "in", "normal")
lecun_uniform = VarianceScaling(1.0, "in", "uniform")
lecun_normal = VarianceScaling(1.0, "in", "normal")
