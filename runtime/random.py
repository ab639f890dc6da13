"""Random numbers: the distributions.

Every function draws from `generator=` (the default one, which `wf.seed` seeds) on `device=`. Distributions are written
in ops: parameters may be tensors, which broadcast to `shape` (and determine it when it is left out), and gradients
reach them through the numbers drawn where that is natural (location, scale, rate, bounds). How bits become numbers is
told in ops/random.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import device as devices
from . import dtypes, parameters
from .creation import asarray
from .eager import EagerTensor
from .errors import ArgumentError
from .generator import Generator, default_generator, seed
from .ops import random as draws
from .ops.elementwise import abs, less, log, log1p, sign
from .parameters import cast, operand, plan, scaled, shifted
from .spec import as_shape, normalize_axis, size
from .tensor import OPS, Tensor
from .variable import Variable

__all__ = [
    "Generator", "bernoulli", "bits", "categorical", "default_generator", "exponential", "gumbel", "laplace",
    "normal", "permutation", "seed", "shuffle", "truncated_normal", "uniform",
]  # fmt: skip


def _take(generator: Generator | None, blocks: int, device: Any, *operands: Any) -> Tensor:
    """The state for a draw, on the device where it will run: the one named, else that of the parameters."""
    state = (generator or default_generator()).advance(blocks)
    if device is not None:
        target = devices.as_device(device)
    else:
        target = devices.common("random", {x.device for x in operands if isinstance(x, EagerTensor | Variable)})
    return state if target is devices.cpu else asarray(state, device=target)


def _floats(name: str, draw: Any, shape: Any, dtype: Any, generator: Generator | None, device: Any, given: tuple[Any, ...],
            **attrs: Any) -> Any:  # fmt: skip
    """Numbers of a distribution before its parameters, `given`, are applied to them."""
    target, found = plan(name, shape, dtype, given)
    state = _take(generator, draws.blocks_used(size(target), found), device, *given)
    return draw(state, shape=target, dtype=found, **attrs)


def bits(shape: Any = (), *, dtype: Any = "uint32", generator: Generator | None = None, device: Any = None) -> Tensor:
    """Random bits as unsigned integers: every value of the dtype is equally likely."""
    target, found = as_shape("bits", shape), dtypes.as_dtype(dtype)
    state = _take(generator, draws.blocks_used(size(target), found), device)
    return draws.random_bits(state, shape=target, dtype=found)


def uniform(shape: Any = None, low: Any = 0.0, high: Any = 1.0, *, dtype: Any = None,
            generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Floats of [low, high), equally likely; `low + (high - low) * u` may round up to `high`.

    Errors: ArgumentError unless low < high.

    Example:
        >>> import weft as wf
        >>> wf.random.uniform((3,), generator=wf.random.Generator(0))
        Tensor([0.39886922, 0.88184655, 0.73539   ], f32)
    """
    low, high = operand(low), operand(high)
    parameters.require_order("uniform", low, high)
    u = _floats("uniform", draws.random_uniform, shape, dtype, generator, device, (low, high))
    return shifted(scaled(u, cast(high, u.dtype) - cast(low, u.dtype)), low)


def normal(shape: Any = None, mean: Any = 0.0, stddev: Any = 1.0, *, dtype: Any = None,
           generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Normal (Gaussian) numbers.

    Errors: ArgumentError for a negative standard deviation.

    Example:
        >>> import weft as wf
        >>> wf.random.normal((2,), mean=10.0, stddev=0.0)
        Tensor([10., 10.], f32)
    """
    mean, stddev = operand(mean), operand(stddev)
    parameters.require_scale("normal", "stddev", stddev)
    z = _floats("normal", draws.random_normal, shape, dtype, generator, device, (mean, stddev))
    return shifted(scaled(z, stddev), mean)


def truncated_normal(shape: Any = None, mean: Any = 0.0, stddev: Any = 1.0, low: float = -2.0, high: float = 2.0, *,
                     dtype: Any = None, generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Normal numbers that lie between `low` and `high` standard deviations from the mean.

    Errors: ArgumentError for a negative standard deviation, or unless low < high.
    """
    mean, stddev = operand(mean), operand(stddev)
    parameters.require_scale("truncated_normal", "stddev", stddev)
    target, found = plan("truncated_normal", shape, dtype, (mean, stddev))
    state = _take(generator, draws.blocks_used(size(target), dtypes.float64), device, mean, stddev)
    z = draws.random_truncated_normal(state, low=float(low), high=float(high), shape=target, dtype=found)
    return shifted(scaled(z, stddev), mean)


def bernoulli(shape: Any = None, p: Any = 0.5, *, dtype: Any = "bool", generator: Generator | None = None,
              device: Any = None) -> Tensor:  # fmt: skip
    """True with probability p; ones and zeros with another dtype.

    Errors: ArgumentError for probabilities outside [0, 1].
    """
    p = operand(p)
    parameters.require_probability("bernoulli", "probability", p)
    u = _floats("bernoulli", draws.random_uniform, shape, None, generator, device, (p,))
    return cast(less(u, cast(p, u.dtype)), dtypes.as_dtype(dtype))


def exponential(shape: Any = None, rate: Any = 1.0, *, dtype: Any = None, generator: Generator | None = None,
                device: Any = None) -> Tensor:  # fmt: skip
    """Waiting times at a rate: exponential numbers of mean 1 / rate, -log(u) / rate.

    Errors: ArgumentError unless the rate is positive.
    """
    rate = operand(rate)
    parameters.require_positive("exponential", "rate", rate)
    u = _floats("exponential", draws.random_uniform, shape, dtype, generator, device, (rate,), is_open=True)
    return -log(u) / cast(rate, u.dtype)


def gumbel(shape: Any = None, location: Any = 0.0, scale: Any = 1.0, *, dtype: Any = None,
           generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Gumbel numbers, the largest of many: location - scale * log(-log(u)).

    Errors: ArgumentError for a negative scale.
    """
    location, scale = operand(location), operand(scale)
    parameters.require_scale("gumbel", "scale", scale)
    u = _floats("gumbel", draws.random_uniform, shape, dtype, generator, device, (location, scale), is_open=True)
    return shifted(scaled(-log(-log(u)), scale), location)


def laplace(shape: Any = None, location: Any = 0.0, scale: Any = 1.0, *, dtype: Any = None,
            generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Laplace numbers, exponential to both sides: location - scale * sign(v) * log(1 - |v|), with v = 2 u - 1.

    Errors: ArgumentError for a negative scale.
    """
    location, scale = operand(location), operand(scale)
    parameters.require_scale("laplace", "scale", scale)
    u = _floats("laplace", draws.random_uniform, shape, dtype, generator, device, (location, scale), is_open=True)
    v = u * 2 - 1
    return shifted(scaled(-sign(v) * log1p(-abs(v)), scale), location)


def categorical(logits: Any = None, shape: Any = None, *, probs: Any = None, generator: Generator | None = None,
                device: Any = None) -> Tensor:  # fmt: skip
    """Indices of categories, each as likely as exp(logit), or as its entry of `probs`, which need not add up to 1.

    Shapes: logits (..., k) -> shape, which must end with (...), and is (...) if left out.
    Errors: ArgumentError for negative probabilities, and where no category is possible.

    Example:
        >>> import weft as wf
        >>> wf.random.categorical(probs=[0.0, 1.0, 0.0], shape=(3,))
        Tensor([1, 1, 1], i64)
    """
    if (logits is None) == (probs is None):
        raise ArgumentError("categorical: give logits or probs", "One of the two, not both.")
    if probs is not None:
        probs = asarray(probs) if not isinstance(probs, Tensor) else probs
        parameters.require_scale("categorical", "probability", probs)
        logits = log(probs)
    logits = asarray(logits) if not isinstance(logits, Tensor) else logits
    _require_possible(logits)
    target = as_shape("categorical", logits.shape[:-1] if shape is None else shape)
    state = _take(generator, draws.blocks_used(size(target), dtypes.float64), device, logits)
    return draws.random_categorical(state, logits, shape=target)


def _require_possible(logits: Tensor) -> None:
    found = parameters.values(logits)
    if found is not None and found.size and not np.isfinite(found.astype(np.float64).max(axis=-1)).all():
        raise ArgumentError(
            "categorical: a row of logits has no finite maximum",
            "Some category must be possible, and none NaN or infinitely likely.",
        )


def permutation(x: Any, *, axis: int = 0, generator: Generator | None = None, device: Any = None) -> Tensor:
    """The numbers 0 ... x-1 in random order, or the tensor x with its slices along an axis in random order.

    Errors: AxisError for an axis that x has not; ArgumentError for a negative number.
    """
    if isinstance(x, int | np.integer):
        if x < 0:
            raise ArgumentError(f"permutation: {x} is negative", "Give the number of elements.")
        return _order(int(x), generator, device)
    x = operand(x)
    axis = normalize_axis("permutation", axis, len(x.shape))
    return OPS["take"](x, _order(x.shape[axis], generator, device, x), axis=axis)


def shuffle(x: Any, *, axis: int = 0, generator: Generator | None = None, device: Any = None) -> Tensor:
    """A tensor's slices along an axis in random order: a new tensor; x stays as it is."""
    return permutation(operand(x), axis=axis, generator=generator, device=device)


def _order(n: int, generator: Generator | None, device: Any, *operands: Any) -> Tensor:
    state = _take(generator, draws.blocks_used(n, dtypes.uint64), device, *operands)
    return draws.random_permutation(state, n=n)
