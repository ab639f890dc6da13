"""Scans on a GPU: within threads, warps and blocks, and over parts of what is long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import agree, agree_all, op

from weft.runtime import dtypes

SCANS = ("cumulative_sum", "cumulative_prod", "cumulative_max", "cumulative_min")
LENGTHS = (0, 1, 31, 32, 33, 1025, 9000)


def near_one(*shape: int) -> np.ndarray:
    return (1 + 0.01 * np.random.default_rng(3).standard_normal(shape)).astype("f")


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_and_columns_of_any_length_are_scanned(device: Any, n: int) -> None:
    shapes = (((3, n), 1), ((n, 4), 0), ((2, n, 3), 1))
    agree_all(device, [(op(name, axis=axis), near_one(*shape)) for name in SCANS for shape, axis in shapes], near=1e-3)


@pytest.mark.parametrize(
    "dtype", [dtypes.float16, dtypes.bfloat16, dtypes.float64, dtypes.int32, dtypes.uint8], ids=str
)
def test_every_dtype_is_scanned(device: Any, dtype: np.dtype) -> None:
    cases = [(op(name, axis=1), near_one(3, 100).astype(dtype)) for name in SCANS]
    agree_all(device, cases, near=0.02 if dtype in dtypes.HALVES else None)


def test_what_a_scan_begins_with_stands_in_front(device: Any) -> None:
    names = ("cumulative_sum", "cumulative_prod")
    agree_all(device, [(op(name, axis=1, include_initial=True), near_one(3, 33, 4)) for name in names])


@pytest.mark.parametrize("n", LENGTHS)
def test_lines_are_carried_along_rows_and_columns(device: Any, n: int) -> None:
    a, b = near_one(2, n) * 0.9, np.random.default_rng(1).standard_normal((2, n)).astype("f")
    along = [(op("linear_recurrence", axis=1, reverse=back), a, b) for back in (False, True)]
    across = [(op("linear_recurrence", axis=0, reverse=back), a.T.copy(), b.T.copy()) for back in (False, True)]
    agree_all(device, [*along, *across], near=1e-4)


def test_factors_that_overflow_together_make_nothing_of_nothing(device: Any) -> None:
    a, b = np.full((1, 20000), 1.5, "f"), np.zeros((1, 20000), "f")
    agree(device, op("linear_recurrence", axis=1), a, b)
    x = np.array([[0, 1e30, 1e30, 1e30]], "f")
    agree(device, op("cumulative_prod", axis=1), x)


def test_the_largest_so_far_stays_nan(device: Any) -> None:
    x = near_one(3, 300)
    x[1, 5] = np.nan
    agree(device, op("cumulative_max", axis=1), x)


def test_what_is_scanned_is_computed_on_the_way(device: Any) -> None:
    agree(device, lambda g, x: op("cumulative_sum", axis=1)(g, op("exp")(g, x)), near_one(20, 640), near=1e-4)
