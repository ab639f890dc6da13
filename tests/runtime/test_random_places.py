"""Where each element finds its bits, told again element by element in plain Python: what other kernels must repeat."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest

import weft as wf

KEY, START, N = 2026, 7, 60
MASK = 0xFFFFFFFF
NORMAL = statistics.NormalDist()


def block(counter: int, stream: int) -> list[int]:
    """Philox4x32-10."""
    a, b, c, d = counter & MASK, counter >> 32, stream & MASK, stream >> 32
    k, m = KEY & MASK, KEY >> 32
    for _ in range(10):
        p, q = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (q >> 32) ^ b ^ k, q & MASK, (p >> 32) ^ d ^ m, p & MASK
        k, m = (k + 0x9E3779B9) & MASK, (m + 0xBB67AE85) & MASK
    return [a, b, c, d]


def word(i: int, stream: int = 0) -> int:
    return block(START + i // 4, stream)[i % 4]


def pair(i: int, stream: int = 0) -> int:
    words = block(START + i // 2, stream)
    return words[2 * (i % 2)] | words[2 * (i % 2) + 1] << 32


def own(i: int, stream: int) -> tuple[int, int]:
    words = block(START + i, stream)
    return words[0] | words[1] << 32, words[2] | words[3] << 32


def open_unit(bits: int) -> float:
    return ((bits >> 12) + 0.5) * 2.0**-52


def normal(bits: int) -> float:
    p = ((bits % (1 << 63) >> 11) + 0.5) * 2.0**-53
    return NORMAL.inv_cdf(p) * (1 if bits >> 63 else -1)


def drawn(name: str, *args: Any, **kwargs: Any) -> np.ndarray:
    generator = wf.random.Generator(KEY)
    generator.advance(START)
    return getattr(wf.random, name)(*args, generator=generator, **kwargs).numpy()


@pytest.mark.parametrize("n", [1, 3, 100, 3 << 30, (1 << 32) - 1, 1 << 32])
def test_narrow_integers(n: int) -> None:
    def element(i: int) -> int:
        stream = 0
        while word(i, stream) * n % (1 << 32) < (1 << 32) % n:
            stream += 1
        return word(i, stream) * n >> 32

    assert drawn("integers", (N,), -5, n - 5).tolist() == [element(i) - 5 for i in range(N)]


@pytest.mark.parametrize("n", [(1 << 32) + 1, 3 << 61, (1 << 64) - 1, 1 << 64])
def test_wide_integers(n: int) -> None:
    def element(i: int) -> int:
        stream = 0
        while pair(i, stream) * n % (1 << 64) < (1 << 64) % n:
            stream += 1
        return pair(i, stream) * n >> 64

    assert drawn("integers", (N,), 0, n, dtype="uint64").tolist() == [element(i) for i in range(N)]


def test_open_uniforms() -> None:
    expected = [-math.log(((word(i) >> 9) + 0.5) * 2.0**-23) for i in range(N)]
    np.testing.assert_allclose(drawn("exponential", (N,)), expected, rtol=1e-6)
    np.testing.assert_allclose(
        drawn("exponential", (N,), dtype="float64"), [-math.log(open_unit(pair(i))) for i in range(N)], rtol=1e-14
    )


@pytest.mark.parametrize(("low", "high"), [(-2.0, 2.0), (1.0, 3.0), (-1.0, 0.5)])
def test_truncated_normals(low: float, high: float) -> None:
    flip = low + high > 0
    below, above = (-high, -low) if flip else (low, high)
    start, stop = NORMAL.cdf(below), NORMAL.cdf(above)
    expected = [NORMAL.inv_cdf(start + open_unit(pair(i)) * (stop - start)) for i in range(N)]
    found = drawn("truncated_normal", (N,), low=low, high=high, dtype="float64")
    np.testing.assert_allclose(found, [-x if flip else x for x in expected], rtol=1e-11, atol=1e-13)


def test_permutations() -> None:
    low = (1 << N.bit_length()) - 1
    assert drawn("permutation", N).tolist() == sorted(range(N), key=lambda i: pair(i) & ~low | i)


def test_categories() -> None:
    logits = np.array([0.5, -1.0, 2.0, 0.0])
    sums = np.cumsum(np.exp(logits - 2.0))
    expected = [int((sums <= (pair(i) >> 11) * 2.0**-53 * sums[-1]).sum()) for i in range(N)]
    assert drawn("categorical", logits, (N,)).tolist() == expected


@pytest.mark.parametrize("a", [0.3, 1.0, 4.5])
def test_gamma_numbers(a: float) -> None:
    d = (a + 1 if a < 1 else a) - 1 / 3
    c = 1 / math.sqrt(9 * d)

    def element(i: int) -> float:
        stream = 1
        while True:
            bits, more = own(i, stream)
            x, u = normal(bits), open_unit(more)
            v = (1 + c * x) ** 3
            if v > 0 and math.log(u) < 0.5 * x * x + d * (1 - v + math.log(v)):
                break
            stream += 1
        return d * v * (open_unit(own(i, 0)[0]) ** (1 / a) if a < 1 else 1.0)

    np.testing.assert_allclose(drawn("gamma", (N,), a, dtype="float64"), [element(i) for i in range(N)], rtol=1e-12)


@pytest.mark.parametrize("rate", [0.3, 4.0, 9.9])
def test_counted_poisson_numbers(rate: float) -> None:
    def element(i: int) -> int:
        u, k, term = open_unit(own(i, 1)[0]), 0, math.exp(-rate)
        total = term
        while u >= total:
            k += 1
            term *= rate / k
            total += term
        return k

    assert drawn("poisson", (N,), rate).tolist() == [element(i) for i in range(N)]


@pytest.mark.parametrize("rate", [10.0, 37.5, 1e5])
def test_tried_poisson_numbers(rate: float) -> None:
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b

    def element(i: int) -> int:
        stream = 0
        while True:
            stream += 1
            u, v = (open_unit(bits) for bits in own(i, stream))
            u -= 0.5
            edge = 0.5 - abs(u)
            k = math.floor((2 * a / edge + b) * u + rate + 0.43)
            if edge >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2):
                return k
            if k < 0 or (edge < 0.013 and v > edge):
                continue
            height = math.log(v) + math.log(1.1239 + 1.1328 / (b - 3.4)) - math.log(a / (edge * edge) + b)
            if height <= k * math.log(rate) - rate - math.lgamma(k + 1):
                return k

    assert drawn("poisson", (N,), rate).tolist() == [element(i) for i in range(N)]
