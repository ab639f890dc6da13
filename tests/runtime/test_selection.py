"""Choosing without branches gives what np.where gives, bit by bit."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from weft.runtime.selection import choose

N = 5000
RNG = np.random.default_rng(0)
DTYPES = [
    "bool",
    "int8",
    "uint16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    ml_dtypes.bfloat16,
]


def drawn(dtype: Any) -> np.ndarray:
    x = RNG.normal(size=N) * 100
    x[::7], x[1::7], x[2::7] = (0, 0, 0) if np.dtype(dtype).kind in "biu" else (np.nan, -0.0, np.inf)
    return np.abs(x).astype(dtype) if np.dtype(dtype).kind == "u" else x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_chosen_bit_by_bit(dtype: Any) -> None:
    condition, x, y = RNG.random(N) < 0.5, drawn(dtype), drawn(dtype)
    zero, negative_zero = (
        np.zeros((), dtype),
        -np.zeros((), dtype) if np.dtype(dtype).kind not in "b" else np.zeros((), dtype),
    )
    for a, b in ((x, y), (x, zero), (zero, y), (x, negative_zero), (negative_zero, y), (x[:1], y), (x, y[0])):
        found, expected = choose(condition, a, b), np.where(condition, a, b)
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()


def test_operands_broadcast() -> None:
    condition, x, y = RNG.random((80, 70)) < 0.5, RNG.normal(size=(3, 1, 70)), RNG.normal(size=(80, 1))
    assert np.array_equal(choose(condition, x, y), np.where(condition, x, y))
    assert np.array_equal(choose(condition.T, x[0, 0, 0], y[:70]), np.where(condition.T, x[0, 0, 0], y[:70]))


def test_conditions_that_are_no_bools_and_mixed_dtypes_are_left_to_numpy() -> None:
    condition = np.arange(N) % 3
    x, y = np.ones(N, np.float32), np.zeros(N)
    assert np.array_equal(choose(condition, x, x * 2), np.where(condition, x, x * 2))
    assert choose(condition > 0, x, y).dtype == np.float64


def test_large_results_are_new_memory() -> None:
    x, y = RNG.normal(size=(2, 300_000))
    condition = RNG.random(300_000) < 0.5
    before = x.copy()
    result = choose(condition, x, y)
    result[:] = 0
    assert np.array_equal(x, before)
