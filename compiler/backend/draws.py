"""Draws: random numbers as expressions of one element, from the words that its generator's state has for it.

Words are a function of the state and of the element's place in the draw, so a draw is computed where it is used, and
again where that is less work than keeping it. What an op makes of its words is what its NumPy kernel does, bit for bit
where no logarithm is taken. Ops that try again and again, and those that need many draws for one element, are not
here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.kernel import ZERO, Apply, Expr, Index, Number, Position, Word
from ...kernels.scalar import build, cast, number, read
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.ops.random import SIGNIFICAND, WIDE
from ...runtime.ops.rejection import narrow
from . import views
from .views import Indices

WITHIN = read("wf_min(wf_max(quantile(wf_min(wf_max({0} + {1} * {2}, 5e-324), {3})), {4}), {5})")
ELEMENTS = Callable[[Any, Indices], Expr]


class _Draw:
    """A draw's node at an index: the words of the element there."""

    def __init__(self, node: Node, indices: Indices, elements: ELEMENTS) -> None:
        self.attrs, self.dtype = node.attrs, node.outputs[0].dtype
        self.key, self.counter = (elements(node.inputs[0], (Index((), i),)) for i in range(2))
        self.at = views.offset(views.row_major(node.outputs[0].shape), ZERO, indices)

    def word(self, is_wide: bool) -> Expr:
        """One word, or two."""
        return Word(dtypes.uint64 if is_wide else dtypes.uint32, self.at, self.key, self.counter)

    def unit(self, dtype: np.dtype, is_open: bool, is_wide: bool) -> Expr:
        """Floats of [0, 1), or (0, 1): the top bits times a power of two."""
        n, word = SIGNIFICAND[dtype] - is_open, self.word(is_wide)
        kind = dtypes.float64 if is_wide else dtypes.float32
        bits = cast(shifted(word, 8 * word.dtype.itemsize - n), dtypes.int64 if is_wide else dtypes.int32)
        text = "({0} + 0.5) * {1}" if is_open else "{0} * {1}"
        return build(read(text), [cast(bits, kind), number(2.0**-n, kind)], kind)


def shifted(word: Expr, by: int) -> Expr:
    """The top bits of a word."""
    return Apply(word.dtype, "wf_shr", (word, Number(word.dtype, by))) if by else word


def _bits(draw: _Draw) -> Expr:
    size = min(draw.dtype.itemsize, 4)
    return cast(shifted(draw.word(draw.dtype in WIDE), 32 - 8 * size), draw.dtype)


def _uniform(draw: _Draw) -> Expr:
    return cast(draw.unit(draw.dtype, draw.attrs["is_open"], draw.dtype in WIDE), draw.dtype)


def _normal(draw: _Draw) -> Expr:
    word = draw.word(draw.dtype in WIDE)
    return cast(Apply(dtypes.float64 if draw.dtype in WIDE else dtypes.float32, "normal", (word,)), draw.dtype)


def _truncated(draw: _Draw) -> Expr:
    """By inversion, on the side of the lower tail, where probabilities are exact."""
    low, high = draw.attrs["low"], draw.attrs["high"]
    flip = low + high > 0
    below, above = (-high, -low) if flip else (low, high)
    start, stop = (0.5 * math.erfc(-x / math.sqrt(2.0)) for x in (below, above))
    given = [number(v, dtypes.float64) for v in (start, stop - start, 1.0 - 2.0**-53, below, above)]
    u = draw.unit(dtypes.float64, True, True)
    x = build(WITHIN, [given[0], u, *given[1:]], dtypes.float64)
    return cast(build(read("-{0}"), [x], dtypes.float64) if flip else x, draw.dtype)


def _integers(draw: _Draw) -> Expr:
    low, n = draw.attrs["low"], draw.attrs["high"] - draw.attrs["low"]
    is_wide = not narrow(0, n)
    found = cast(draw.word(is_wide), dtypes.uint64)
    if n < 1 << 64:
        threshold = (1 << (64 if is_wide else 32)) % n
        given = [draw.key, draw.counter, Position(dtypes.int64, draw.at)]
        given += [number(v, dtypes.uint64) for v in (n, threshold)]
        found = Apply(dtypes.uint64, "below_wide" if is_wide else "below_narrow", (found, *given))
    return cast(build(read("{0} + {1}"), [found, number(low % (1 << 64), dtypes.uint64)], dtypes.uint64), draw.dtype)


DRAWS: dict[str, Callable[[_Draw], Expr]] = {
    "random_bits": _bits,
    "random_uniform": _uniform,
    "random_normal": _normal,
    "random_truncated_normal": _truncated,
    "random_integers": _integers,
}


def drawn(node: Node, indices: Indices, elements: ELEMENTS) -> Expr:
    """The element of a draw at an index."""
    return DRAWS[node.op.name](_Draw(node, indices, elements))
