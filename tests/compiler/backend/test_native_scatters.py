"""Gathers and scatters by arrays natively: what the interpreter gives, at all lengths, in all modes, in any order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from native_calls import Call, agree, host_calls
from runs import build

import weft as wf
from weft.runtime.errors import OutOfRangeError
from weft.runtime.ops.gathering import MODES

LENGTHS = [1, 2, 15, 16, 17, 200]
DTYPES = ["float32", "float64", "int8", "int64", "uint16"]


def drawn(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return rng.integers(0, 4, shape).astype(dtype)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_are_put_along_an_axis(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    x = drawn(rng, (3, n, 5), dtype)
    calls: list[Call] = []
    for axis, mode in itertools.product((0, 1, -1), MODES):
        shape = [3, n, 5]
        shape[axis] = 7
        at = rng.integers(-x.shape[axis], x.shape[axis], shape)
        calls.append(("put_along_axis", [x, at, drawn(rng, tuple(shape), dtype)], {"axis": axis, "mode": mode}))
        calls.append(("put_along_axis", [x, at.astype("int32"), 2], {"axis": axis, "mode": mode}))
        calls.append(("take_along_axis", [x, at], {"axis": axis}))
    agree(calls)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_slices_are_put_at_rows_of_places(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    x = drawn(rng, (4, n, 6), dtype)
    calls: list[Call] = []
    for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (0, 1, 2)):
        rows = np.stack([rng.integers(0, x.shape[a], (3, 2)) for a in axes])
        calls.append(("index_get", [x, rows], {"axes": axes}))
        key = tuple(rows[axes.index(i)] if i in axes else slice(None) for i in range(3))
        value = drawn(rng, x[key].shape, dtype)
        calls.append(("index_sum", [value, rows], {"shape": x.shape, "axes": axes}))
        calls += [("index_put", [x, rows, value], {"axes": axes, "mode": mode}) for mode in MODES]
        calls.append(("index_put", [x, rows, 1], {"axes": axes}))
    agree(calls)


def test_places_may_be_broadcast_onto_one_row() -> None:
    x, at = np.zeros((1, 4), "float32"), np.array([[0, 1], [1, 2], [-1, 0]])
    values = np.arange(6, dtype="float32").reshape(3, 2)
    agree([("put_along_axis", [x, at, values], {"axis": -1, "mode": mode}) for mode in MODES])
    agree([("take_along_axis", [x, at], {"axis": -1}), ("take_along_axis", [values, at[:1]], {"axis": -1})])


def test_bools_and_nans_are_put_and_taken() -> None:
    mask, at = np.array([[True, False, True]] * 2), np.array([[2], [-2]])
    x = np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, np.inf]])
    agree(
        [
            ("take_along_axis", [mask, at], {"axis": 1}),
            ("put_along_axis", [mask, at, np.array([[False], [True]])], {"axis": 1}),
        ]
    )
    agree([("put_along_axis", [x, at, np.array([[np.nan], [1.0]])], {"axis": 1, "mode": mode}) for mode in MODES])


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_rows_of_a_table_and_their_cotangents(dtype: str) -> None:
    rng = np.random.default_rng(0)
    table, at = rng.integers(0, 9, (50, 33)).astype("float32"), rng.integers(0, 50, (4, 40)).astype(dtype)
    dy = rng.integers(0, 9, (4, 40, 33)).astype("float32")
    agree(
        [
            ("embedding", [table, at], {}),
            ("embedding_dx", [dy, at], {"rows": 50}),
            ("pick_class", [table, at.reshape(-1)[:50] % 33], {"axis": 1}),
        ]
    )


def test_the_gradient_of_looked_up_rows_is_the_same_every_time() -> None:
    def loss(table, at):
        return wf.sum(wf.sin(wf.embedding(table, at)) * wf.take(table, at, axis=0))

    rng = np.random.default_rng(0)
    table, at = rng.normal(size=(300, 512)).astype("float32"), rng.integers(0, 300, 4000)
    gradient = wf.compile(wf.grad(loss))
    program = build(gradient.graph(wf.tensor(table), wf.tensor(at)))
    assert not host_calls(program)
    first = program([table, at])[0].copy()
    assert all(np.array_equal(program([table, at])[0], first) for _ in range(10))
    np.testing.assert_allclose(first, wf.grad(loss)(wf.tensor(table), wf.tensor(at)).numpy(), 1e-4, 1e-4)


BAD: dict[str, tuple[Any, list[Any], str]] = {
    "take": (lambda x, i: wf.take(x, i, axis=0), [5, -6], "5 is out of range"),
    "take_along_axis": (lambda x, i: wf.take_along_axis(x, i, axis=0), [-6, 0], "-6 is out of range"),
    "put_along_axis": (lambda x, i: wf.put_along_axis(x, i, 1.0, axis=0), [0, 99], "99 is out of range"),
    "embedding": (lambda x, i: wf.embedding(x, i), [0, -1], "index -1 at"),
    "two axes": (lambda x, i: wf.stack([x, x])[1, i], [0, 5], "5 is out of range"),
    "far away": (lambda x, i: x[i] * 2.0, [2**62, 0], "is out of range"),
}


@pytest.mark.parametrize("name", BAD)
def test_places_out_of_range_raise_and_touch_no_memory(name: str) -> None:
    f, wrong, message = BAD[name]
    compiled = wf.compile(f)
    x, good = wf.tensor(np.arange(5, dtype="float32")), wf.tensor(np.array([0, 4]))
    with wf.options(executor="native"):
        np.testing.assert_array_equal(compiled(x, good).numpy(), f(x, good).numpy())
        with pytest.raises(OutOfRangeError, match=message):
            compiled(x, wf.tensor(np.array(wrong)))


def test_a_scatter_in_a_loop_that_makes_no_trip_checks_nothing() -> None:
    def f(x, i, n):
        k = 0
        while k < n:
            x, k = x + wf.take(x, i, axis=0), k + 1
        return x

    compiled, x, far = wf.compile(f), wf.ones((3,)), wf.tensor(np.array([2**40, 0, 1]))
    with wf.options(executor="native"):
        np.testing.assert_array_equal(compiled(x, far, wf.tensor(0)).numpy(), x.numpy())
        with pytest.raises(OutOfRangeError):
            compiled(x, far, wf.tensor(1))


def test_lanes_past_the_end_of_an_axis_read_nothing() -> None:
    x, at = wf.ones((3, 5)), wf.tensor(np.zeros((2, 5), "int64"))
    text = build(wf.compile(lambda x, i: wf.take_along_axis(x, i, axis=0)).graph(x, at)).source.text
    assert "gather_part_f32" in text
    assert "gather_f32" not in text
