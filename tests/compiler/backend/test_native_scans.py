"""Scans natively: what the interpreter gives, along every axis, at all lengths, and their gradients."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from native_calls import Call, agree
from runs import build

import weft as wf

LENGTHS = [1, 2, 15, 16, 17, 100]
DTYPES = ["float32", "float64", "int8", "int64", "uint16", "bool"]
SCANS = ["cumulative_sum", "cumulative_prod", "cumulative_max", "cumulative_min"]


def drawn(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers of few digits, whose sums and products are exact for a while."""
    return rng.integers(0 if dtype[0] in "ub" else -2, 3, shape).astype(dtype)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_running_folds_agree_along_every_axis(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    calls: list[Call] = []
    for name, shape in itertools.product(SCANS, ((3, n, 5), (n, 70), (2, 3, n), (n,))):
        x = drawn(rng, shape, dtype)
        if name == "cumulative_prod" and dtype[0] == "f":
            x = np.where(x < 0, 0.5, np.where(x > 1, 1.5, 1.0)).astype(dtype)
        for axis in range(len(shape)):
            calls.append((name, [x], {"axis": axis}))
            if name in SCANS[:2]:
                calls.append((name, [x], {"axis": axis - len(shape), "include_initial": True}))
                calls.append((name, [x], {"axis": axis, "dtype": "float64"}))
    agree(calls, 1e-5 if dtype == "float32" else 1e-13 if dtype == "float64" else 0.0)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_linear_recurrences_agree_both_ways(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    calls: list[Call] = []
    for shape, reverse in itertools.product(((3, n, 5), (n, 70), (2, n), (n,)), (False, True)):
        a, b = drawn(rng, shape, dtype), drawn(rng, shape, dtype)
        a = a if dtype == "int64" else a * np.asarray(0.4, dtype)
        calls += [("linear_recurrence", [a, b], {"axis": axis, "reverse": reverse}) for axis in range(len(shape))]
    agree(calls, 1e-5 if dtype == "float32" else 1e-13 if dtype == "float64" else 0.0)


@pytest.mark.parametrize("shape", [(40,), (5, 40), (40, 5)])
def test_nan_infinity_and_the_signs_of_zeros_are_carried_on(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(-1, 2, shape).astype("float32")
    axis = shape.index(40)
    lines = np.moveaxis(x, axis, 0)
    lines[0], lines[20], lines[30] = -0.0, np.nan, np.inf
    first = np.where(x == 0, np.float32(-0.0), x)
    calls: list[Call] = [(name, [z], {"axis": axis}) for name in SCANS for z in (x, first, -x)]
    a = np.where(np.arange(40).reshape([40 if i == axis else 1 for i in range(len(shape))]) == 0, np.inf, x).astype(
        "float32"
    )
    calls += [("linear_recurrence", [a, first], {"axis": axis, "reverse": reverse}) for reverse in (False, True)]
    for got, wanted in agree(calls, 1e-6):
        np.testing.assert_array_equal(np.signbit(got), np.signbit(np.where(np.isnan(wanted), got, wanted)))


@pytest.mark.parametrize("n", [65537, 100_003])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_long_row_is_scanned_in_blocks_and_the_same_every_time(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    x = rng.integers(0, 9, n).astype(dtype)
    agree([(name, [x], {}) for name in (SCANS[0], *SCANS[2:])], 1e-5 if dtype == "float32" else 1e-13)
    y = rng.normal(size=n).astype("float32")
    program = build(wf.compile(lambda x: wf.cumsum(x * 2.0)).graph(wf.tensor(y)))
    first = program([y])[0].copy()
    assert all(np.array_equal(program([y])[0], first) for _ in range(10))
    np.testing.assert_allclose(first, np.cumsum(y.astype("float64") * 2.0), 1e-4, 1e-2)


GRADIENTS: dict[str, Any] = {
    "sum": lambda x: wf.cumulative_sum(x, axis=1) * wf.sin(x),
    "sum from zero": lambda x: wf.cumulative_sum(x, axis=1, include_initial=True)[:, 1:] * x,
    "prod": lambda x: wf.cumulative_prod(x, axis=1) * x,
    "max": lambda x: wf.cumulative_max(x, axis=1) * x,
    "min": lambda x: wf.cumulative_min(x, axis=0) * x,
    "recurrence": lambda x: wf.linear_recurrence(wf.sin(x), x, axis=-1) if hasattr(wf, "linear_recurrence") else x,
}


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("shape", [(4, 19), (19, 4), (3, 16, 2)])
def test_gradients_of_scans_run_natively_too(name: str, shape: tuple[int, ...]) -> None:
    def loss(x):
        return wf.sum(GRADIENTS[name](x))

    x = np.random.default_rng(0).uniform(0.5, 1.5, shape).astype("float32")
    gradient = wf.compile(wf.grad(loss))
    program = build(gradient.graph(wf.tensor(x)))
    assert not program.source.hosts
    np.testing.assert_allclose(program([x])[0], wf.grad(loss)(wf.tensor(x)).numpy(), 2e-4, 2e-4)
