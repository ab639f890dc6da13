"""Random ops that may try again: unbiased integers, gamma and Poisson numbers.

Attempt a of an element reads the element's own places in stream a, so elements do not depend on each other and a
kernel may loop over each alone. Integers have the places of random bits and begin with stream 0; gamma and Poisson
numbers own the block counter + i and begin with stream 1. They are computed in float64 whatever their dtype.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, philox
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError
from ..families import fit
from ..op import op
from ..quantile import normal64
from ..samples import integers, sample, uniform
from ..spec import Operand, Shaped, Spec, as_shape, broadcast_shapes, check_dtype, describe, size
from ..tensor import OPS
from .implicit_gamma import gamma_slope
from .random import check_state, sample_state

_32, _LOW = np.uint64(32), np.uint64(philox.MASK)


def narrow(low: int, high: int) -> bool:
    """Whether integers of that range take one word each; wider ranges take two."""
    return high - low <= 1 << 32


def _product(x: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The high and low 64 bits of x * n."""
    a, b = x >> _32, x & _LOW
    c, d = np.uint64(n >> 32), np.uint64(n & philox.MASK)
    middle = (b * d >> _32) + (a * d & _LOW) + (b * c & _LOW)
    return a * c + (a * d >> _32) + (b * c >> _32) + (middle >> _32), x * np.uint64(n)


def _scaled(words: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Lemire's candidates of [0, n) with the remainders that say whether they are fair."""
    if n > 1 << 32:
        return _product(philox.wide(words), n)
    product = words.astype(np.uint64) * np.uint64(n)
    return product >> _32, product & _LOW


def _offsets(state: np.ndarray, count: int, n: int) -> np.ndarray:
    """Integers of [0, n), every one exactly as likely.

    Source: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
    """
    key, counter = int(state[0]), int(state[1])
    per = 1 if n <= 1 << 32 else 2
    words = philox.words(key, counter, count * per)
    if n == 1 << 64:
        return philox.wide(words)
    result, remainders = _scaled(words, n)
    threshold = np.uint64((1 << 32 * per) % n)
    again = np.flatnonzero(remainders < threshold)
    attempt = 1
    while again.size:
        result[again], remainders = _scaled(philox.at(key, counter, again, per, attempt), n)
        again = again[remainders < threshold]
        attempt += 1
    return result


def _integers(state: np.ndarray, low: int, high: int, shape: Any, dtype: Any) -> np.ndarray:
    target, kind = as_shape("integers", shape), dtypes.as_dtype(dtype)
    found = _offsets(state, size(target), high - low) + np.uint64(low & philox.WRAP)
    return found.astype(kind).reshape(target)


@op(_integers, samples=[sample(sample_state, low=-3, high=4, shape=(5,), dtype="int64"),
                        sample(sample_state, low=0, high=1 << 40, shape=(2, 3), dtype="int64"),
                        sample(sample_state, low=0, high=200, shape=(7,), dtype="uint8")])  # fmt: skip
def random_integers(state: Operand, /, *, low: int, high: int, shape: Any, dtype: Any = "int64") -> Spec:
    """Integers of low <= n < high, every one exactly as likely: Lemire's multiplication of a word, or of two.

    With n = high - low and 32 (64) bits, the integer is low + (bits * n >> 32); it is rejected, and the attempt made
    anew in the next stream, if (bits * n) mod 2**32 < 2**32 mod n. One word serves while n <= 2**32.
    """
    check_state("random_integers", state)
    kind = dtypes.as_dtype(dtype)
    if kind not in dtypes.INTEGERS:
        raise DTypeError(f"integers: {kind} is no integer dtype", "Take int64, int32, uint8, ...")
    if not low < high:
        raise ArgumentError(f"integers: low {low} is not below high {high}", "The upper bound is excluded: low < high.")
    info = np.iinfo(kind)
    if low < info.min or high - 1 > info.max:
        raise ArgumentError(
            f"integers: {low} to {high - 1} do not fit {kind}, which holds {info.min} to {info.max}", "Widen the dtype."
        )
    return Spec(as_shape("integers", shape), kind)


random_integers.gradient(None)


def _pair(state: np.ndarray, index: np.ndarray, stream: int) -> tuple[np.ndarray, np.ndarray]:
    """The two halves of 64 bits that each of these elements finds in a stream."""
    found = philox.blocks(int(state[0]), index.astype(np.uint64) + state[1], stream)
    return philox.wide(found[:, :2].reshape(-1)), philox.wide(found[:, 2:].reshape(-1))


def _open_unit(bits: np.ndarray) -> np.ndarray:
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _log_gamma_numbers(state: np.ndarray, concentration: np.ndarray) -> np.ndarray:
    """The logarithms of gamma numbers; in logarithms, small concentrations do not underflow.

    Source: G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    """
    boosted = concentration < 1.0
    d = np.where(boosted, concentration + 1.0, concentration) - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    result = np.zeros_like(d)
    todo, attempt = np.arange(d.size), 1
    while todo.size:
        bits, more = _pair(state, todo, attempt)
        x, u = normal64(bits), _open_unit(more)
        root = 1.0 + c[todo] * x
        v = np.where(root > 0.0, root, 1.0) ** 3
        fair = (root > 0.0) & (np.log(u) < 0.5 * x * x + d[todo] * (1.0 - v + np.log(v)))
        result[todo[fair]] = (np.log(d[todo]) + np.log(v))[fair]
        todo, attempt = todo[~fair], attempt + 1
    small = np.flatnonzero(boosted)
    result[small] += np.log(_open_unit(_pair(state, small, 0)[0])) / concentration[small]
    return result


def _gamma(state: np.ndarray, concentration: np.ndarray, shape: Any, dtype: Any, in_log: bool) -> np.ndarray:
    target = as_shape("gamma", shape)
    wide = np.broadcast_to(np.asarray(concentration, np.float64), target).reshape(-1)
    result = _log_gamma_numbers(state, wide).reshape(target)
    return (result if in_log else np.exp(result)).astype(dtypes.as_dtype(dtype))


def _own_block(name: str, state: Shaped, x: Any, shape: Any, dtype: Any, allowed: frozenset[DType]) -> Spec:
    check_state(name, state)
    check_dtype(name, x, dtypes.REAL)
    target, kind = as_shape(name, shape), dtypes.as_dtype(dtype)
    if kind not in allowed:
        names = ", ".join(d.name for d in dtypes.ALL if d in allowed)
        raise DTypeError(f"{name}: no {kind} version", f"It draws {names}.")
    if broadcast_shapes(name, Spec(target, kind), x) != target:
        raise ArgumentError(f"{name}: {describe(x)} does not broadcast to {target}", "Widen the shape.")
    return Spec(target, kind)


@op(_gamma, samples=[sample(sample_state, integers((3,), 1, 5), shape=(2, 3), dtype="float64"),
                     sample(sample_state, 0.1, shape=(4,), dtype="float32", in_log=True)])  # fmt: skip
def random_gamma(
    state: Operand, concentration: Operand, /, *, shape: Any, dtype: Any = "float32", in_log: bool = False
) -> Spec:
    """Gamma numbers of rate 1 (or their logarithms), by Marsaglia and Tsang's rejection.

    Element i reads block counter + i. Attempt a in stream a: the first 64 bits a normal number, the others a uniform
    one. A concentration below 1 is drawn one higher and boosted by u ** (1 / concentration), with u from stream 0.
    """
    return _own_block("gamma", state, concentration, shape, dtype, dtypes.FLOATS)


def _gamma_rule(dy: Any, y: Any, _state: Any, concentration: Any, *, in_log: bool, **_: Any) -> Any:
    """By implicit reparameterisation: the probability is held fixed, not the random words, so differences of the op's
    values say something else. That is why its samples have no floating operands."""
    slope = dy * gamma_slope(concentration, y if in_log else OPS["log"](y))
    return fit(slope if in_log else slope * y, concentration)


random_gamma.gradient(None, _gamma_rule)


FEW = 10.0  # below this rate Poisson numbers are counted up, from it on they are tried


def _counted(u: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Poisson numbers by inversion: the first k at which the sum of the probabilities passes u."""
    k = np.zeros(u.shape, np.int64)
    term = np.exp(-rate)
    total = term.copy()
    todo = np.flatnonzero(u >= total)
    while todo.size:
        k[todo] += 1
        term[todo] *= rate[todo] / k[todo]
        total[todo] += term[todo]
        todo = todo[(u[todo] >= total[todo]) & (term[todo] > 1e-20)]
    return k


_LOG_FACTORIALS = np.array([math.lgamma(k + 1.0) for k in range(10)])


def _log_factorial(k: np.ndarray) -> np.ndarray:
    """log(k!) of whole numbers: a table, and Stirling's series from 10 on."""
    x = np.maximum(k, 1.0)
    series = (x + 0.5) * np.log(x) - x + 0.5 * math.log(2.0 * math.pi) + (1.0 / 12.0 - 1.0 / (360.0 * x * x)) / x
    return np.where(k < 10, _LOG_FACTORIALS[np.clip(k, 0, 9).astype(np.int64)], series)


def _tried(state: np.ndarray, index: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Poisson numbers of larger rates by transformed rejection.

    Source: W. Hormann, "The transformed rejection method for generating Poisson random variables", Insurance:
    Mathematics and Economics 12 (1993), algorithm PTRS.
    """
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    log_alpha = np.log(1.1239 + 1.1328 / (b - 3.4))
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    result = np.zeros(rate.shape, np.int64)
    todo, attempt = np.arange(rate.size), 1
    while todo.size:
        u, v = (_open_unit(bits) for bits in _pair(state, index[todo], attempt))
        u -= 0.5
        edge, r, width = 0.5 - np.abs(u), rate[todo], b[todo]
        k = np.floor((2.0 * a[todo] / edge + width) * u + r + 0.43)
        height = np.log(v) + log_alpha[todo] - np.log(a[todo] / (edge * edge) + width)
        inside = height <= k * np.log(r) - r - _log_factorial(k)
        fair = (edge >= 0.07) & (v <= squeeze[todo]) | (k >= 0) & ((edge >= 0.013) | (v <= edge)) & inside
        result[todo[fair]] = k[fair]
        todo, attempt = todo[~fair], attempt + 1
    return result


def _poisson(state: np.ndarray, rate: np.ndarray, shape: Any, dtype: Any) -> np.ndarray:
    target = as_shape("poisson", shape)
    rates = np.broadcast_to(np.asarray(rate, np.float64), target).reshape(-1)
    result = np.empty(rates.shape, np.int64)
    few, many = np.flatnonzero(rates < FEW), np.flatnonzero(rates >= FEW)
    result[few] = _counted(_open_unit(_pair(state, few, 1)[0]), rates[few])
    result[many] = _tried(state, many, rates[many])
    return result.reshape(target).astype(dtypes.as_dtype(dtype))


@op(_poisson, samples=[sample(sample_state, uniform((3,), 0.1, 30.0), shape=(2, 3), dtype="int64")])
def random_poisson(state: Operand, rate: Operand, /, *, shape: Any, dtype: Any = "int64") -> Spec:
    """Poisson numbers: by inversion below a rate of 10, by Hormann's transformed rejection from there on.

    Element i reads block counter + i: attempt a stream a, the first 64 bits u, the others v; inversion reads u of
    stream 1.
    """
    return _own_block("poisson", state, rate, shape, dtype, dtypes.REAL)


random_poisson.gradient(None)
