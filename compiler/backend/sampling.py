"""Draws that sort or search, written out: permutations, and categories by inversion of their cumulative sums.

The words are those that the NumPy kernels take from the generator's state, so the draws are the same, but where a
height lies within the last bits of a sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.spec import Shape, as_shape, size
from .composer import Composer, Rule
from .searching import search

FEW = 64  # draws from a row that look at every category


def _permutation(w: Composer, state: Any) -> Any:
    """Positions sorted by random keys, in whose low bits they are."""
    (n,) = w.node.outputs[0].shape
    mask = np.uint64((1 << n.bit_length()) - 1)
    keys = w("bitwise_and", w("random_bits", state, shape=(n,), dtype="uint64"), w.graph.constant(~mask))
    keys = w("bitwise_or", keys, w("astype", w("count_to", length=n), dtype=dtypes.uint64))
    return w("astype", w("bitwise_and", w("sort", keys), w.graph.constant(mask)), dtype=dtypes.int64)


def _categorical(w: Composer, state: Any, logits: Any) -> Any:
    return _drawn(w, state, logits, w.node.outputs[0].shape)


def _drawn(w: Composer, state: Any, logits: Any, shape: Shape) -> Any:
    """How many cumulative sums are at most a random height, for each draw."""
    logits = w("astype", logits, dtype=dtypes.float64)
    weights = w("exp", w("subtract", logits, w("max", logits, axis=-1, keepdims=True)))
    sums, k = w("cumulative_sum", weights, axis=-1), logits.shape[-1]
    places = w.graph.constant(np.arange(k, dtype=dtypes.int64))
    last = w("max", w("where", w("greater", weights, 0.0), places, w.graph.constant(np.int64(0))), axis=-1)
    top = w("squeeze", w("max", sums, axis=-1, keepdims=True), axis=-1)
    heights = w("multiply", w("random_uniform", state, shape=shape, dtype="float64"), top)
    rows = size(logits.shape[:-1])
    find = _count if size(shape) <= FEW * rows else _search
    return w("minimum", find(w, sums, heights), last)


def _count(w: Composer, sums: Any, heights: Any) -> Any:
    """Each height compared with every sum of its row."""
    return w("sum", w("less_equal", sums, w("expand_dims", heights, axis=-1)), axis=-1, dtype=dtypes.int64)


def _search(w: Composer, sums: Any, heights: Any) -> Any:
    """Many heights of a row looked for at once."""
    batch, shape = sums.shape[:-1], heights.shape
    rows = size(batch)
    sums = w("reshape", sums, shape=(rows, sums.shape[-1]))
    each = w("matrix_transpose", w("reshape", heights, shape=(size(shape) // rows, rows)))
    found = search(w, sums, each, "right")
    return w("reshape", w("matrix_transpose", found), shape=shape)


def _multinomial(w: Composer, state: Any, logits: Any) -> Any:
    y = w.node.outputs[0]
    n, k, shape = w.attrs["n"], y.shape[-1], as_shape("multinomial", w.attrs["shape"])
    if not n:
        return w.graph.constant(np.zeros(y.shape, y.dtype))
    found = w("reshape", _drawn(w, state, logits, (n, *shape)), shape=(n * size(shape),))
    rows = np.tile(np.arange(size(shape), dtype=dtypes.int64), n)
    places = w("stack", w.graph.constant(rows), found, axis=0)
    ones = w.graph.constant(np.ones(n * size(shape), dtypes.int64))
    counts = w("index_sum", ones, places, shape=(size(shape), k), axes=(0, 1))
    return w("reshape", counts, shape=y.shape)


RULES: dict[str, Rule] = {
    "random_permutation": _permutation,
    "random_categorical": _categorical,
    "random_multinomial": _multinomial,
}
