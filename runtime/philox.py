"""Philox4x32-10: random bits as a function of a key and a counter, nothing else.

A block of four 32-bit words is a hash of a 64-bit key and a 128-bit counter. The low half of the counter says which
block, the high half which stream: 0 for what every element needs, 1, 2, ... for the later attempts of rejection
samplers, the last one for making new keys. Word i of a draw that starts at `counter` is word i % 4 of block
counter + i // 4, so any element can be computed alone, on any device. This file knows bits, not distributions.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ROUNDS = 10
MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
WEYL = np.array([[0x9E3779B9], [0xBB67AE85]], np.uint64)  # added to the two halves of the key after each round
MASK = 0xFFFFFFFF
WRAP = (1 << 64) - 1
KEY_STREAM = WRAP
BLOCKS = 1 << 13  # blocks computed at a time: their temporaries stay in the cache

_LOW, _32 = np.uint64(MASK), np.uint64(32)


def blocks(key: int, counters: np.ndarray, stream: int = 0) -> np.ndarray:
    """The blocks at `counters` (uint64) of a stream.   Shapes: (n,) -> (n, 4), uint32."""
    outer, inner = np.empty((2, 2, len(counters)), np.uint64)  # words 0 and 2, words 1 and 3
    np.bitwise_and(counters, _LOW, out=outer[0])
    np.right_shift(counters, _32, out=inner[0])
    outer[1], inner[1] = stream & MASK, stream >> 32
    products = np.empty_like(outer)
    swapped = products[::-1]
    for round_key in _round_keys(key):
        np.multiply(outer, MULTIPLIERS, out=products)
        np.right_shift(swapped, _32, out=outer)
        np.bitwise_xor(outer, inner, out=outer)
        np.bitwise_xor(outer, round_key, out=outer)
        np.bitwise_and(swapped, _LOW, out=inner)
    result = np.empty((len(counters), 4), np.uint32)
    result[:, 0::2], result[:, 1::2] = outer.T, inner.T
    return result


def _round_keys(key: int) -> np.ndarray:
    """The two halves of the key of each round, as columns."""
    halves = np.array([[key & MASK], [key >> 32]], np.uint64)
    steps = np.arange(ROUNDS, dtype=np.uint64)[:, None, None]
    return (halves + steps * WEYL) & _LOW


def counters(start: int, n: int) -> np.ndarray:
    """n counters from `start`, around the end of 64 bits."""
    return np.arange(n, dtype=np.uint64) + np.uint64(start & WRAP)


def chunks(key: int, counter: int, n: int, stream: int = 0) -> Iterator[tuple[int, np.ndarray]]:
    """The first n words from `counter` on, in pieces that fit the cache: (position, words)."""
    for start in range(0, n, 4 * BLOCKS):
        count = min(n - start, 4 * BLOCKS)
        found = blocks(key, counters(counter + start // 4, -(-count // 4)), stream)
        yield start, found.reshape(-1)[:count]


def words(key: int, counter: int, n: int, stream: int = 0) -> np.ndarray:
    """The first n words from `counter` on, as uint32."""
    result = np.empty(n, np.uint32)
    for start, found in chunks(key, counter, n, stream):
        result[start : start + len(found)] = found
    return result


def wide(words: np.ndarray) -> np.ndarray:
    """Pairs of words as uint64, the lower half first.   Shapes: (2 n,) -> (n,)."""
    return words[0::2].astype(np.uint64) | words[1::2].astype(np.uint64) << _32


def at(key: int, counter: int, index: np.ndarray, per: int, stream: int) -> np.ndarray:
    """The words of some elements of a draw whose elements take `per` words each.   Shapes: (n,) -> (n * per,)."""
    first = index.astype(np.uint64) * np.uint64(per)
    found = blocks(key, first // np.uint64(4) + np.uint64(counter), stream)
    columns = (first % np.uint64(4)).astype(np.int64)[:, None] + np.arange(per)
    return np.take_along_axis(found, columns, axis=1).reshape(-1)
