"""Sorting on a GPU: tiles in shared memory, merges of long rows, and the first few; all of it stable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import agree, agree_all, op

from weft.runtime import dtypes

ORDERED = [d for d in dtypes.ALL if d in dtypes.ORDERED]


def data(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    """Numbers that are often equal, with NaN and zeros of both signs among them."""
    rng, dtype = np.random.default_rng(5), dtypes.as_dtype(dtype)
    if dtype not in dtypes.FLOATS:
        return rng.integers(0, 2 if dtype is dtypes.bool_ else 100, shape).astype(dtype)
    x = (np.round(rng.standard_normal(shape) * 8) / 4).astype(dtype)
    x.reshape(-1)[::7], x.reshape(-1)[1::9] = np.nan, -0.0
    return x


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 1025, 2048, 2049, 5000])
def test_rows_of_any_length_are_ordered(device: Any, n: int) -> None:
    agree(device, op("argsort"), data(3, n))


@pytest.mark.parametrize("dtype", ORDERED, ids=str)
def test_every_dtype_is_sorted_both_ways(device: Any, dtype: np.dtype) -> None:
    both = [(op("sort", descending=back), data(5, 70, dtype=dtype)) for back in (False, True)]
    agree_all(device, [*both, (op("argsort", descending=True), data(2, 3000, dtype=dtype))], near=0)


def test_zeros_keep_their_signs(device: Any) -> None:
    (y,) = agree(device, op("sort"), np.array([1, -0.0, 0.0, -0.0, -1], "f"))
    assert list(np.signbit(y)) == [True, True, False, True, False]


@pytest.mark.parametrize("axis", [0, 1])
def test_other_axes_are_sorted(device: Any, axis: int) -> None:
    agree(device, op("sort", axis=axis), data(40, 9, 3), near=0)
    agree(device, op("argsort", axis=axis), data(*((3000, 4, 3) if axis == 0 else (4, 3000, 3)), dtype=np.float64))


@pytest.mark.parametrize(("n", "k"), [(10, 3), (2000, 7), (5000, 50), (5000, 512), (5000, 600), (300_000, 5)])
def test_the_first_few_are_found(device: Any, n: int, k: int) -> None:
    smallest = op("top_k", k=k, largest=False, axis=0)
    agree_all(device, [(op("top_k", k=k), data(2, n)), (smallest, data(n, 2))], near=0)
