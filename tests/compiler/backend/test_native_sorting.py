"""Sorting natively: what NumPy gives, along every axis, at all lengths, with ties, NaN and zeros of both signs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from native_calls import Call, agree, host_calls
from runs import build

import weft as wf
from weft.runtime import dtypes

LENGTHS = [1, 2, 15, 16, 17, 33, 300, 2047, 2048, 5000]
DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int32", "int64", "uint8", "uint16", "uint64", "bool"]


def drawn(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers with ties, the extremes of the dtype among them; of floats NaN, infinity and both zeros too."""
    kind = np.dtype(dtypes.as_dtype(dtype))
    x = np.random.default_rng(shape).integers(-20, 20, shape).astype("float64")
    x = (np.abs(x) if kind.kind in "ub" else x).astype(kind)
    some = np.random.default_rng(1).random(shape)
    if dtypes.as_dtype(dtype) in dtypes.FLOATS:
        for i, value in enumerate((np.nan, np.inf, -np.inf, -0.0, 0.0)):
            x[(some > i / 10) & (some < i / 10 + 0.05)] = value
    elif kind.kind != "b":
        x[some < 0.05], x[some > 0.95] = np.iinfo(kind).min, np.iinfo(kind).max
    return x


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_are_sorted_along_every_axis(n: int, dtype: str) -> None:
    calls: list[Call] = []
    for shape in ((n,), (2, n), (n, 3)):
        x = drawn(shape, dtype)
        for axis, descending in itertools.product(range(len(shape)), (False, True)):
            calls += [(name, [x], {"axis": axis, "descending": descending}) for name in ("sort", "argsort")]
    for got, wanted in agree(calls):
        assert got.dtype.kind == "i" or np.array_equal(np.signbit(got[got == 0]), np.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_the_most_extreme_come_first_with_their_places(n: int, dtype: str) -> None:
    x, y = drawn((3, n), dtype), drawn((n, 2), dtype)
    few = [k for k in (1, 2, 10, 70, n) if k <= n]
    agree([("top_k", [z], {"k": k, "axis": axis, "largest": largest})
           for z, axis in ((x, -1), (y, 0)) for k in few for largest in (False, True)])  # fmt: skip


ORDERS = {
    "drawn": lambda x: x,
    "rising": np.sort,
    "falling": lambda x: np.sort(x)[::-1],
    "rising and falling": lambda x: np.concatenate([np.sort(x[::2]), np.sort(x[1::2])[::-1]]),
    "alike": lambda x: np.full_like(x, 7),
    "of few kinds": lambda x: x % 3,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8"])
def test_long_rows_are_sorted_by_all_threads_whatever_order_they_come_in(order: str, dtype: str) -> None:
    whole = np.random.default_rng(0).integers(0, 10**6, 70001)
    x = np.ascontiguousarray(ORDERS[order](whole.astype(dtype)))
    two = np.stack([x, x[::-1]], 1)[:5000]
    agree([(name, [x], {"axis": 0, "descending": d}) for name in ("sort", "argsort") for d in (False, True)]
          + [("sort", [two], {"axis": 0}), ("argsort", [two], {"axis": 0}), ("top_k", [x], {"k": 1000})])  # fmt: skip


@pytest.mark.parametrize("n", [500, 40000])
def test_numbers_that_differ_in_their_last_digits_only_are_told_apart(n: int) -> None:
    whole = np.random.default_rng(0).integers(0, 10**6, n)
    x = np.where(whole % 5 == 0, whole * 1e12, 1 + whole % 100 * 2.0**-52)
    agree([("argsort", [x], {"axis": 0}), ("top_k", [x], {"k": n // 3}), ("argsort", [x.view("int64")], {"axis": 0})])


def test_a_long_row_keeps_the_order_of_its_zeros() -> None:
    x = drawn((40000,), "float32")
    (got, wanted), _ = agree([("sort", [x], {"axis": 0}), ("argsort", [x], {"axis": 0})])
    assert np.array_equal(np.signbit(got[got == 0]), np.signbit(wanted[wanted == 0]))


def test_elements_are_looked_for_among_many() -> None:
    x, v = drawn((400,), "float32"), drawn((50, 3), "float32")
    agree([("isin", [v, x], {"invert": invert}) for invert in (False, True)])
    agree([("isin", [drawn((90,), "int64"), drawn((200,), "int64")], {})])


@pytest.mark.parametrize(
    "f", [lambda x: wf.sort(x, axis=0) * x, lambda x: wf.top_k(x, 3)[0] * 2.0, lambda x: wf.median(x, axis=1)]
)
def test_gradients_of_sorting_run_natively(f) -> None:
    def loss(x):
        return wf.sum(f(x))

    x = np.random.default_rng(0).normal(size=(7, 40)).astype("float32")
    program = build(wf.compile(wf.grad(loss)).graph(wf.tensor(x)))
    assert not host_calls(program)
    np.testing.assert_allclose(program([x])[0], wf.grad(loss)(wf.tensor(x)).numpy(), 1e-5, 1e-5)
