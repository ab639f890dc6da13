"""Ops that arrange and search natively: what the interpreter gives, for every kind of element and all lengths."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from native_calls import Call, agree

import weft as wf

LENGTHS = [1, 2, 15, 16, 17, 100]
DTYPES = ["float32", "float64", "int8", "int64", "uint16", "bool"]


def drawn(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 7, shape).astype(dtype)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", [*DTYPES, "complex64", "float16"])
def test_elements_roll_and_axes_get_other_lengths(n: int, dtype: str) -> None:
    x = drawn((3, n, 4), dtype)
    shifts: list[dict[str, Any]] = [
        {"shift": 5},
        {"shift": -1, "axis": 1},
        {"shift": (1, n + 2), "axis": (0, 1)},
        {"shift": 2, "axis": (0, 2)},
    ]
    calls: list[Call] = [("roll", [x], attrs) for attrs in shifts]
    calls += [("set_length", [x], {"n": m, "axis": axis}) for axis in (0, 1, -1) for m in (2, n, n + 3) if m]
    calls += [("diagonal", [x], {"offset": k}) for k in (0, 1, -1, 3) if -n < k]
    agree(calls)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", LENGTHS)
def test_diagonals_are_put_into_zeros_and_anything_is_padded(n: int, dtype: str) -> None:
    x = drawn((2, n), dtype)
    calls: list[Call] = [("on_diagonal", [x], {"offset": 0, "shape": (n, n)}), ("on_diagonal", [x], {"offset": -2, "shape": (n + 2, n)}),
                         ("on_diagonal", [x], {"offset": 1, "shape": (n + 3, n + 1)})]  # fmt: skip
    calls += [("pad", [x], {"widths": ((1, 2), (0, 3)), "value": value}) for value in (0, 1)]
    agree(calls)


def test_what_is_padded_with_keeps_its_sign_and_may_be_nan() -> None:
    x = drawn((3, 5), "float32")
    pairs = agree([("pad", [x], {"widths": ((1, 1), (0, 0)), "value": value}) for value in (-0.0, math.nan, -math.inf)])
    assert all(np.array_equal(np.signbit(got), np.signbit(wanted)) for got, wanted in pairs)


def test_vectors_are_crossed_and_measured() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(2, 40, 3)).astype("float32")
    calls: list[Call] = [("cross", [x, y], {}), ("cross", [x.T.copy(), x.T.copy()[:, :1]], {"axis": 0})]
    for order in (2, 1, 0, 3.5, -1.0, math.inf, -math.inf):
        calls += [("vector_norm", [y], {"ord": order, "axis": axis}) for axis in (None, 0, -1, (0, 2))]
        calls.append(("vector_norm", [drawn((5, 6), "int32")], {"ord": order, "axis": 0, "keepdims": True}))
    agree(calls, 1e-5)


@pytest.mark.parametrize("method", ["nearest", "linear", "cubic", "area"])
def test_images_are_resampled(method: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 9, 5)).astype("float32")
    calls: list[Call] = []
    for size, align in ((4, False), (20, True), (9, False)):
        calls.append(("resample", [x], {"axis": 1, "size": size, "method": method, "align_corners": align}))
        calls.append(("resample_dx", [x], {"axis": 1, "length": size, "method": method, "align_corners": align}))
        calls.append(("resample", [drawn((2, 9), "int16")], {"axis": -1, "size": size, "method": method}))
    agree(calls, 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool"])
@pytest.mark.parametrize("n", [*LENGTHS, 1000])
def test_places_in_sorted_numbers_are_found(n: int, dtype: str) -> None:
    x = np.sort(np.random.default_rng(n).integers(0, 50, n).astype(dtype))
    v = np.random.default_rng(1).integers(0, 60, (3, 30)).astype(dtype)
    calls: list[Call] = [
        ("searchsorted", [x, w], {"side": side})
        for side in ("left", "right")
        for w in (v, v.astype("float64"), v[0, 0])
    ]
    calls += [("isin", [v, x[:m]], {"invert": invert}) for invert in (False, True) for m in (1, 20) if m <= n]
    agree(calls)


def test_nan_is_the_largest_in_sorted_numbers_and_equal_to_none() -> None:
    x = np.array([-np.inf, 0.0, 1.0, np.inf, np.nan, np.nan])
    v = np.array([np.nan, -np.inf, np.inf, 0.5, -0.0, 2.0])
    agree([("searchsorted", [x, v], {"side": side}) for side in ("left", "right")] + [("isin", [v, x], {})])


def test_folds_of_nothing_are_what_they_start_from() -> None:
    x, attrs = np.zeros((0, 4), "float32"), {"axis": 0, "keepdims": False}
    agree([(name, [z], attrs) for name in ("sum", "prod", "any", "all") for z in (x, x.astype("int8"), x.astype(bool))])
    agree([("matmul", [x, np.ones((4, 0), "float32")], {}), ("exp", [x], {}), ("sum", [x], {"axis": 1})])


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint64"])
def test_whole_numbers_are_multiplied_as_matrices(dtype: str) -> None:
    shapes = [
        ((3, 17), (17, 40)),
        ((5,), (5,)),
        ((5,), (5, 3)),
        ((2, 4, 5), (5,)),
        ((2, 1, 3, 4), (6, 4, 2)),
        ((3, 1), (1, 2)),
    ]
    agree([("matmul", [drawn(a, dtype), drawn(b, dtype)], {}) for a, b in shapes])
    agree([("matmul", [drawn((3, 4), dtype), drawn((4, 5), "float64")], {})], 1e-13)


def test_elements_are_counted_and_weighed() -> None:
    x, weights = drawn((500,), "uint8"), np.random.default_rng(0).normal(size=500).astype("float32")
    agree([("bincount", [x, None], {"length": 9}), ("bincount", [x, weights], {"length": 7}), ("bincount", [x, x], {"length": 7}), ("count_to", [], {"length": 40})], 1e-6)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "bool"])
@pytest.mark.parametrize("shape", [(128, 128), (129, 200), (3, 150, 131), (200, 2, 140)])
def test_large_transposes_are_taken_block_by_block(shape: tuple[int, ...], dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    agree([("permute_dims", [x], {"axes": axes}) for axes in itertools.permutations(range(len(shape)))])


def test_what_is_read_across_what_is_written_shares_a_block_of_the_program() -> None:
    x, block = wf.ones((300, 200)), "down * 64"
    turned, straight = (wf.compile(f) for f in (lambda x: wf.matrix_transpose(x) * 2.0, lambda x: x * 2.0))
    assert block in str(turned.kernels(x))
    assert block not in str(straight.kernels(x))
