"""Random ops: numbers as a function of a generator's state and of nothing else.

The operand `state` is uint64[2]: key and counter of Philox4x32-10 (see philox.py). Element i, counted in row-major
order, reads its words at fixed places, so that compiled and GPU kernels draw the same numbers:

    one word         word i % 4 of block counter + i // 4          bits, float32, float16, bfloat16, 32-bit integers
    two words        words 2 (i % 2), ... of block counter + i // 2, the lower half first         64-bit dtypes

A draw uses up `blocks_used` blocks; `runtime/random.py` advances the generator by them. Rejection samplers take the
places of their later attempts from streams 1, 2, ... of the same blocks, so how often they try does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes, memory, philox
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError, ShapeError
from ..op import op
from ..quantile import normal32, normal64, normal_quantile
from ..samples import sample
from ..spec import Operand, Shape, Shaped, Spec, as_shape, check_dtype, describe, size

Convert = Callable[[np.ndarray], np.ndarray]
WIDE = frozenset((dtypes.float64, dtypes.int64, dtypes.uint64))  # dtypes whose elements take two words


def sample_state(rng: np.random.Generator) -> np.ndarray:
    """A state for the samples of random ops."""
    return rng.integers(1 << 40, size=2, dtype=np.uint64)


def blocks_used(n: int, dtype: DType) -> int:
    """The number of blocks that a draw of n elements of `dtype` uses up."""
    return -(-n // 2) if dtype in WIDE else -(-n // 4)


def check_state(name: str, state: Shaped) -> None:
    """Refuse what is no state of a generator."""
    if tuple(state.shape) != (2,) or state.dtype != dtypes.uint64:
        raise ShapeError(
            f"{name}: {describe(state)} is not the state of a generator, u64[2]",
            "Pass generator.state, or draw with wf.random.",
        )


def _result(name: str, state: Shaped, shape: Any, dtype: Any, allowed: frozenset[DType]) -> Spec:
    """What the shape rules share."""
    check_state(name, state)
    found = dtypes.as_dtype(dtype)
    if found not in allowed:
        raise DTypeError(
            f"{name}: no {found} version", "It draws " + ", ".join(d.name for d in dtypes.ALL if d in allowed) + "."
        )
    return Spec(as_shape(name, shape), found)


def fill(state: np.ndarray, shape: Any, dtype: DType, words: int, convert: Convert) -> np.ndarray:
    """An array whose elements are converted from so many words each."""
    result = memory.empty(as_shape("random", shape), dtype)
    flat = result.reshape(-1)
    for start, found in philox.chunks(int(state[0]), int(state[1]), flat.size * words):
        flat[start // words : (start + len(found)) // words] = convert(found)
    return result


def _bits(state: np.ndarray, shape: Any, dtype: Any) -> np.ndarray:
    kind = dtypes.as_dtype(dtype)
    if kind is dtypes.uint64:
        return fill(state, shape, kind, 2, philox.wide)
    return fill(state, shape, kind, 1, lambda words: words >> np.uint32(32 - 8 * kind.itemsize))


@op(
    _bits,
    samples=[sample(sample_state, shape=(5,), dtype="uint32"), sample(sample_state, shape=(2, 3), dtype="uint64")],
)
def random_bits(state: Operand, /, *, shape: Any, dtype: Any = "uint32") -> Spec:
    """Random bits: a whole word, its top bits for smaller dtypes, two words for uint64."""
    return _result("random_bits", state, shape, dtype, dtypes.UNSIGNED)


random_bits.gradient(None)

# The bits of a uniform float, as many as its significand holds, and one less in the open interval for the half step.
SIGNIFICAND = {dtypes.float64: 53, dtypes.float32: 24, dtypes.float16: 11, dtypes.bfloat16: 8}


def unit(words: np.ndarray, dtype: DType, is_open: bool = False) -> np.ndarray:
    """Floats of [0, 1) from words: the top bits times a power of two, a half step up if `is_open`."""
    n = SIGNIFICAND[dtype] - is_open
    bits = philox.wide(words) if dtype in WIDE else words
    kind = dtypes.float64 if dtype in WIDE else dtypes.float32
    u = (bits >> bits.dtype.type(8 * bits.itemsize - n)).astype(kind)
    if is_open:
        u += kind.type(0.5)
    u *= kind.type(2.0**-n)
    return u


def _uniform(state: np.ndarray, shape: Any, dtype: Any, is_open: bool) -> np.ndarray:
    kind = dtypes.as_dtype(dtype)
    return fill(state, shape, kind, 2 if kind in WIDE else 1, lambda words: unit(words, kind, is_open))


@op(_uniform, samples=[sample(sample_state, shape=(5,), dtype="float32"), sample(sample_state, shape=(2, 3), dtype="float64"),
                       sample(sample_state, shape=(4,), dtype="float32", is_open=True)])  # fmt: skip
def random_uniform(state: Operand, /, *, shape: Any, dtype: Any = "float32", is_open: bool = False) -> Spec:
    """Uniform floats of [0, 1), multiples of 2**-24 (float32) or 2**-53 (float64); with `is_open` of (0, 1).

    float32: (word >> 8) * 2**-24, or ((word >> 9) + 0.5) * 2**-23 when open; float64: the same of 64 bits, with
    >> 11 and 2**-53, or >> 12 and 2**-52; float16 and bfloat16 have 11 and 8 bits.
    """
    return _result("random_uniform", state, shape, dtype, dtypes.FLOATS)


random_uniform.gradient(None)


def _normal(state: np.ndarray, shape: Any, dtype: Any) -> np.ndarray:
    kind = dtypes.as_dtype(dtype)
    if kind is dtypes.float64:
        return fill(state, shape, kind, 2, lambda words: normal64(philox.wide(words)))
    return fill(state, shape, kind, 1, normal32)


@op(
    _normal,
    samples=[sample(sample_state, shape=(5,), dtype="float32"), sample(sample_state, shape=(2, 3), dtype="float64")],
)
def random_normal(state: Operand, /, *, shape: Any, dtype: Any = "float32") -> Spec:
    """Standard normal numbers by inversion, one word each (two for float64); see quantile.py for the arithmetic.

    float16 and bfloat16 are rounded from float32.
    """
    return _result("random_normal", state, shape, dtype, dtypes.FLOATS)


random_normal.gradient(None)


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def _truncated(state: np.ndarray, low: float, high: float, shape: Any, dtype: Any) -> np.ndarray:
    """By inversion in float64, on the side of the lower tail, where probabilities are exact."""
    flip = low + high > 0
    below, above = (-high, -low) if flip else (low, high)
    start, stop = _normal_cdf(below), _normal_cdf(above)

    def convert(words: np.ndarray) -> np.ndarray:
        p = start + unit(words, dtypes.float64, True) * (stop - start)
        x = np.clip(normal_quantile(np.clip(p, 5e-324, 1.0 - 2.0**-53)), below, above)
        return -x if flip else x

    return fill(state, shape, dtypes.as_dtype(dtype), 2, convert)


@op(_truncated, samples=[sample(sample_state, low=-2.0, high=2.0, shape=(5,), dtype="float32"),
                         sample(sample_state, low=1.0, high=3.0, shape=(2, 3), dtype="float64")])  # fmt: skip
def random_truncated_normal(state: Operand, /, *, low: float, high: float, shape: Any, dtype: Any = "float32") -> Spec:
    """Standard normal numbers between two bounds, by inversion in float64: two words each, whatever the dtype."""
    if not low < high:
        raise ArgumentError(f"truncated_normal: low {low} is not below high {high}", "Give two bounds, low < high.")
    return _result("truncated_normal", state, shape, dtype, dtypes.FLOATS)


random_truncated_normal.gradient(None)


def _permutation(state: np.ndarray, n: int) -> np.ndarray:
    """The order of n random keys of 64 bits; the low bits hold the position, so that no two are equal."""
    mask = np.uint64((1 << n.bit_length()) - 1)
    keys = fill(state, (n,), dtypes.uint64, 2, philox.wide) & ~mask | np.arange(n, dtype=np.uint64)
    keys.sort()
    return (keys & mask).astype(np.int64)


@op(_permutation, samples=[sample(sample_state, n=7), sample(sample_state, n=0)])
def random_permutation(state: Operand, /, *, n: int) -> Spec:
    """0 ... n-1 in random order: positions sorted by 64-bit keys (two words each), whose low bits are the position."""
    check_state("random_permutation", state)
    return Spec(as_shape("random_permutation", n), dtypes.int64)


random_permutation.gradient(None)


def _categories(name: str, state: Shaped, logits: Shaped, shape: Any) -> Shape:
    """The checked shape of draws from rows of logits."""
    check_state(name, state)
    check_dtype(name, logits, dtypes.FLOATS)
    target, batch = as_shape(name, shape), tuple(logits.shape[:-1])
    if not logits.shape or not logits.shape[-1]:
        raise ShapeError(f"{name}: {describe(logits)} has no categories", "The last axis holds one logit per category.")
    if len(target) < len(batch) or target[len(target) - len(batch) :] != batch:
        raise ShapeError(
            f"{name}: shape {target} does not end with {batch}, the leading axes of {describe(logits)}",
            f"Ask for shape (n, {', '.join(map(str, batch))}).",
        )
    return target


def _categorical(state: np.ndarray, logits: np.ndarray, shape: Any) -> np.ndarray:
    target = as_shape("random_categorical", shape)
    rows = logits.astype(np.float64).reshape(-1, logits.shape[-1])
    weights = np.exp(rows - rows.max(axis=1, keepdims=True))
    sums = np.cumsum(weights, axis=1)
    last = rows.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1)
    u = fill(state, target, dtypes.float64, 2, lambda words: unit(words, dtypes.float64)).reshape(
        _count(target, rows), len(rows)
    )
    return np.minimum(_positions(sums, u * sums[:, -1]), last).reshape(target)


def _count(shape: Shape, rows: np.ndarray) -> int:
    """The number of draws from each row."""
    return size(shape) // max(len(rows), 1)


def _positions(sums: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """How many of each row's sums are at most a height.   Shapes: (rows, k) (n, rows) -> (n, rows)."""
    result = np.empty(heights.shape, np.int64)
    if len(heights) < len(sums):
        for i in range(len(heights)):
            result[i] = (sums <= heights[i, :, None]).sum(axis=1)
    else:
        for j in range(len(sums)):
            result[:, j] = np.searchsorted(sums[j], heights[:, j], side="right")
    return result


@op(_categorical, samples=[sample(sample_state, (3, 4), shape=(5, 3)), sample(sample_state, (4,), shape=(6,))])
def random_categorical(state: Operand, logits: Operand, /, *, shape: Any) -> Spec:
    """Indices of categories, each as likely as exp(logit), by inversion in float64: two words each.

    Shapes: (..., k) -> shape, which ends with (...). The index is the number of cumulative sums of exp(logit - max),
    added from the left, that are at most u times the last.
    """
    return Spec(_categories("categorical", state, logits, shape), dtypes.int64)


random_categorical.gradient(None)


def _multinomial(state: np.ndarray, logits: np.ndarray, n: int, shape: Any) -> np.ndarray:
    target, k = as_shape("multinomial", shape), logits.shape[-1]
    found = _categorical(state, logits, (n, *target)).reshape(n, size(target))
    places = found + k * np.arange(found.shape[1])
    return np.bincount(places.reshape(-1), minlength=k * found.shape[1]).reshape(*target, k)


@op(_multinomial, samples=[sample(sample_state, (3, 4), n=6, shape=(2, 3)), sample(sample_state, (4,), n=0, shape=())])
def random_multinomial(state: Operand, logits: Operand, /, *, n: int, shape: Any) -> Spec:
    """How often each category comes up in n draws of `random_categorical`, of shape (n, *shape).

    Shapes: (..., k) -> (*shape, k), where shape ends with (...).
    """
    target = _categories("multinomial", state, logits, shape)
    if n < 0:
        raise ArgumentError(f"multinomial: {n} draws", "Take 0 or more.")
    return Spec((*target, logits.shape[-1]), dtypes.int64)


random_multinomial.gradient(None)
