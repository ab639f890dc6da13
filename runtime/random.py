"""Random numbers: the distributions.

Every function draws from `generator=` (the default one, which `wf.seed` seeds) on `device=`. Distributions are written
in ops: parameters may be tensors, which broadcast to `shape` (and determine it when it is left out), and gradients
reach them through the numbers drawn where that is natural (location, scale, rate, bounds). How bits become numbers is
told in ops/random.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import device as devices, dtypes, parameters, philox
from .errors import ArgumentError, DTypeError, OutOfMemoryError, ShapeError, speaking_as
from .generator import Generator, default_generator, seed
from .ops import random as draws, rejection
from .ops.elementwise import abs, exp, less, log, log1p, sign
from .parameters import cast, operand, plan, scaled, shifted
from .spec import SCALARS, Shape, as_shape, describe, integers as integers_of, normalize_axis, size
from .tensor import OPS, Tensor, as_tensor

__all__ = [
    "Generator", "bernoulli", "beta", "bits", "categorical", "choice", "default_generator", "dirichlet",
    "exponential", "gamma", "gumbel", "integers", "laplace", "multinomial", "normal", "permutation", "poisson", "seed",
    "shuffle", "truncated_normal", "uniform",
]  # fmt: skip


def _take(name: str, generator: Generator | None, blocks: int, device: Any, *operands: Any) -> Tensor:
    """The state for a draw, on the device where it will run: the one named, else that of the parameters.

    Errors: DTypeError for what is no generator, a seed say; OutOfMemoryError for more numbers than a generator gives.
    """
    if generator is not None and not isinstance(generator, Generator):
        hint = f"Pass wf.random.Generator({generator if type(generator) is int else 'seed'})."
        raise DTypeError(f"{name}: generator is {generator!r}, which is no generator of weft", hint)
    if blocks > philox.WRAP:
        raise OutOfMemoryError(f"{name}: there is not enough memory for so many numbers", "Check the shape.")
    state = (generator or default_generator()).advance(blocks)
    target = devices.as_device(device) if device is not None else devices.common(name, operands)
    return OPS["to_device"](state, target)


def _draw(name: str, draw: Any, *operands: Any, **attrs: Any) -> Any:
    """Numbers of an op of random bits, whose errors speak of the distribution."""
    with speaking_as(name, draw.name):
        return draw(*operands, **attrs)


def _floats(name: str, draw: Any, shape: Any, dtype: Any, generator: Generator | None, device: Any, given: tuple[Any, ...],
            **attrs: Any) -> Any:  # fmt: skip
    """Numbers of a distribution before its parameters, `given`, are applied to them."""
    target, found = plan(name, shape, dtype, given)
    state = _take(name, generator, draws.blocks_used(size(target), found), device, *given)
    return _draw(name, draw, state, shape=target, dtype=found, **attrs)


def bits(shape: Any = (), *, dtype: Any = "uint32", generator: Generator | None = None, device: Any = None) -> Tensor:
    """Random bits as unsigned integers: every value of the dtype is equally likely."""
    target, found = as_shape("bits", shape), dtypes.as_dtype(dtype)
    state = _take("bits", generator, draws.blocks_used(size(target), found), device)
    return _draw("bits", draws.random_bits, state, shape=target, dtype=found)


def uniform(shape: Any = None, low: Any = 0.0, high: Any = 1.0, *, dtype: Any = None,
            generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Floats of [low, high), equally likely; `low + (high - low) * u` may round up to `high`.

    Errors: ArgumentError unless low < high.

    Example:
        >>> import weft as wf
        >>> wf.random.uniform((3,), generator=wf.random.Generator(0))
        Tensor([0.39904642, 0.88052016, 0.73571277], f32)
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
    state = _take("truncated_normal", generator, draws.blocks_used(size(target), dtypes.float64), device, mean, stddev)
    z = _draw(
        "truncated_normal",
        draws.random_truncated_normal,
        state,
        low=float(low),
        high=float(high),
        shape=target,
        dtype=found,
    )
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


def integers(shape: Any, low: int, high: int, *, dtype: Any = "int64", generator: Generator | None = None,
             device: Any = None) -> Tensor:  # fmt: skip
    """Integers of low <= n < high, every one exactly as likely.

    Errors: ArgumentError unless low < high, and when the dtype cannot hold them; DTypeError for no integer dtype.
    """
    low, high, target = low.__index__(), high.__index__(), as_shape("integers", shape)
    words = dtypes.uint32 if rejection.narrow(low, high) else dtypes.uint64
    state = _take("integers", generator, draws.blocks_used(size(target), words), device)
    return _draw(
        "integers", rejection.random_integers, state, low=low, high=high, shape=target, dtype=dtypes.as_dtype(dtype)
    )


def poisson(shape: Any = None, rate: Any = 1.0, *, dtype: Any = "int64", generator: Generator | None = None,
            device: Any = None) -> Tensor:  # fmt: skip
    """Poisson numbers: how many events happen in unit time, at this rate.

    Errors: ArgumentError for a rate that is negative or above 2**62.
    """
    rate = operand(rate)
    parameters.require("poisson", "rate", rate, lambda v: (v >= 0) & (v <= 2.0**62), "between 0 and 2**62")
    target, _ = plan("poisson", shape, dtypes.float64, (rate,))
    state = _take("poisson", generator, size(target), device, rate)
    return _draw("poisson", rejection.random_poisson, state, rate, shape=target, dtype=dtypes.as_dtype(dtype))


def gamma(shape: Any = None, concentration: Any = 1.0, rate: Any = 1.0, *, dtype: Any = None,
          generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Gamma numbers of mean concentration / rate. Gradients reach both (the concentration once, not to second order).

    Errors: ArgumentError unless both parameters are positive.
    """
    concentration, rate = operand(concentration), operand(rate)
    parameters.require_positive("gamma", "rate", rate)
    z = _log_gamma("gamma", shape, concentration, dtype, generator, device, (rate,), in_log=False)
    return z if type(rate) in SCALARS and rate == 1 else z / cast(rate, z.dtype)


def _log_gamma(name: str, shape: Any, concentration: Any, dtype: Any, generator: Generator | None, device: Any,
               others: tuple[Any, ...] = (), in_log: bool = True) -> Any:  # fmt: skip
    """The logarithms of gamma numbers of rate 1: they do not underflow where the concentration is small."""
    parameters.require_positive(name, "concentration", concentration)
    target, found = plan(name, shape, dtype, (concentration, *others))
    state = _take(name, generator, size(target), device, concentration, *others)
    return _draw(name, rejection.random_gamma, state, concentration, shape=target, dtype=found, in_log=in_log)


def beta(shape: Any = None, a: Any = 1.0, b: Any = 1.0, *, dtype: Any = None, generator: Generator | None = None,
         device: Any = None) -> Tensor:  # fmt: skip
    """Beta numbers of (0, 1), of mean a / (a + b).

    Errors: ArgumentError unless both concentrations are positive.
    """
    a, b = operand(a), operand(b)
    target, found = plan("beta", shape, dtype, (a, b))
    x = _log_gamma("beta", target, a, found, generator, device)
    y = _log_gamma("beta", target, b, found, generator, device)
    return 1 / (1 + exp(y - x))


def dirichlet(concentration: Any, shape: Any = None, *, dtype: Any = None, generator: Generator | None = None,
              device: Any = None) -> Tensor:  # fmt: skip
    """Rows of probabilities that add up to 1, of mean concentration / sum(concentration).

    Shapes: concentration (..., k) -> (*shape, k), where shape must end with (...), and is (...) if left out.
    Errors: ShapeError for a 0-d concentration; ArgumentError unless it is positive.
    """
    concentration = as_tensor(concentration)
    if not concentration.shape:
        raise ShapeError("dirichlet: the concentration is 0-d", "Its last axis holds one number per category.")
    target = concentration.shape[:-1] if shape is None else as_shape("dirichlet", shape)
    found = _log_gamma("dirichlet", (*target, concentration.shape[-1]), concentration, dtype, generator, device)
    y = exp(found - OPS["max"](found, axis=-1, keepdims=True))
    return y / OPS["sum"](y, axis=-1, keepdims=True)


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
    logits = _logits("categorical", logits, probs)
    target = as_shape("categorical", logits.shape[:-1] if shape is None else shape)
    state = _take("categorical", generator, draws.blocks_used(size(target), dtypes.float64), device, logits)
    return _draw("categorical", draws.random_categorical, state, logits, shape=target)


def multinomial(n: int, logits: Any = None, shape: Any = None, *, probs: Any = None,
                generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """How often each category comes up in n draws from `categorical`, whose parameters these are.

    Shapes: logits (..., k) -> (*shape, k), where shape must end with (...), and is (...) if left out.
    Errors: as `categorical`; ArgumentError for a negative n.
    """
    logits = _logits("multinomial", logits, probs)
    target = as_shape("multinomial", logits.shape[:-1] if shape is None else shape)
    (n,) = integers_of("multinomial", n if hasattr(n, "__index__") else [n])
    parameters.require("multinomial", "number of draws", n, lambda v: v >= 0, "0 or more")
    state = _take("multinomial", generator, draws.blocks_used(n * size(target), dtypes.float64), device, logits)
    return _draw("multinomial", draws.random_multinomial, state, logits, n=n, shape=target)


def _logits(name: str, logits: Any, probs: Any) -> Tensor:
    """The logits of a distribution over categories, given as such or as probabilities."""
    if (logits is None) == (probs is None):
        raise ArgumentError(f"{name}: give logits or probs", "One of the two, not both.")
    if probs is not None:
        probs = as_tensor(probs)
        parameters.require_scale(name, "probability", probs)
        logits = log(probs)
    logits = as_tensor(logits)
    found = parameters.values(logits)
    if found is not None and found.size and not np.isfinite(found.astype(np.float64).max(axis=-1)).all():
        raise ArgumentError(
            f"{name}: a row has no category that is possible, or one that is NaN or infinitely likely",
            "The largest logit of a row must be finite, or some probability positive.",
        )
    return logits


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
    with speaking_as("shuffle", "permutation"):
        return permutation(operand(x), axis=axis, generator=generator, device=device)


def _order(n: int, generator: Generator | None, device: Any, *operands: Any) -> Tensor:
    state = _take("permutation", generator, draws.blocks_used(n, dtypes.uint64), device, *operands)
    return _draw("permutation", draws.random_permutation, state, n=n)


def choice(x: Any, shape: Any = (), *, replace: bool = True, p: Any = None, axis: int = 0,
           generator: Generator | None = None, device: Any = None) -> Tensor:  # fmt: skip
    """Random elements of 0 ... x-1, or random slices of the tensor x along an axis.

    `p` weighs them; with `replace=False` none is chosen twice.

    Errors: ArgumentError when there are fewer (of positive weight) than asked for; ShapeError when p is no vector of
    one weight for each.
    """
    target = as_shape("choice", shape)
    if isinstance(x, int | np.integer):
        return _positions(int(x), target, replace, p, generator, device)
    x = operand(x)
    axis = normalize_axis("choice", axis, len(x.shape))
    home = devices.common("choice", (x,)) if device is None else device
    index = _positions(x.shape[axis], target, replace, p, generator, home)
    found = OPS["take"](x, OPS["reshape"](index, shape=(-1,)), axis=axis)
    return OPS["reshape"](found, shape=(*x.shape[:axis], *target, *x.shape[axis + 1 :]))


def _positions(n: int, shape: Shape, replace: bool, p: Any, generator: Generator | None, device: Any) -> Tensor:
    if p is not None:
        p = as_tensor(p)
        if p.shape != (n,):
            raise ShapeError(f"choice: p is {describe(p)} for {n} elements", f"Give it shape ({n},).")
        parameters.require_scale("choice", "weight", p)
        p = cast(p, dtypes.inexact_dtype(p.dtype))
    with speaking_as("choice", "categorical", "gumbel", "integers", "permutation"):
        return (_chosen if replace else _chosen_once)(n, shape, p, generator, device)


def _chosen(n: int, shape: Shape, p: Any, generator: Generator | None, device: Any) -> Tensor:
    if p is not None:
        return categorical(probs=p, shape=shape, generator=generator, device=device)
    if n < 1 and size(shape):
        raise ArgumentError(f"choice: nothing to choose from, {n} elements", "Give it some.")
    return integers(shape, 0, max(n, 1), generator=generator, device=device)


def _chosen_once(n: int, shape: Shape, p: Any, generator: Generator | None, device: Any) -> Tensor:
    """The first of a permutation; with weights, those whose logarithms plus Gumbel numbers are the largest.

    Source: W. Kool, H. van Hoof, M. Welling, "Stochastic beams and where to find them", ICML 2019, section 2.3.
    """
    k = size(shape)
    available = n
    if p is not None:
        weights = parameters.values(p)
        available = n if weights is None else int(np.count_nonzero(weights))
    if k > available:
        raise ArgumentError(f"choice: {k} of {available} without replacement", "Choose fewer, or pass replace=True.")
    if p is None:
        order = _order(n, generator, device)
    else:
        order = OPS["argsort"](-(log(p) + gumbel((n,), dtype=p.dtype, generator=generator, device=device)))
    return OPS["reshape"](order[:k], shape=shape)
