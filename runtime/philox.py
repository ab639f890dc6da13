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
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = 0x9E3779B9, 0xBB67AE85  # added to the two halves of the key after each round
MASK = 0xFFFFFFFF
WRAP = (1 << 64) - 1
KEY_STREAM = WRAP
BLOCKS = 1 << 13  # blocks computed at a time: their temporaries stay in the cache

_LOW, _32 = np.uint64(MASK), np.uint64(32)


def blocks(key: int, counters: np.ndarray, stream: int = 0) -> np.ndarray:
    """The blocks at `counters` (uint64) of a stream.   Shapes: (n,) -> (n, 4), uint32."""
    a, c = counters & _LOW, np.full_like(counters, stream & MASK)
    b, d = counters >> _32, np.full_like(counters, stream >> 32)
    p, q = np.empty_like(a), np.empty_like(a)
    for i in range(ROUNDS):
        np.multiply(a, MULTIPLIERS[0], out=p)
        np.multiply(c, MULTIPLIERS[1], out=q)
        _mix(q, b, (key + i * WEYL[0]) & MASK, a)
        _mix(p, d, ((key >> 32) + i * WEYL[1]) & MASK, c)
        np.bitwise_and(q, _LOW, out=b)
        np.bitwise_and(p, _LOW, out=d)
    result = np.empty((len(a), 4), np.uint32)
    for i, word in enumerate((a, b, c, d)):
        result[:, i] = word
    return result


def _mix(product: np.ndarray, word: np.ndarray, key: int, out: np.ndarray) -> None:
    """The high half of a product, mixed with a word and a half of the key."""
    np.right_shift(product, _32, out=out)
    np.bitwise_xor(out, word, out=out)
    np.bitwise_xor(out, np.uint64(key), out=out)


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
