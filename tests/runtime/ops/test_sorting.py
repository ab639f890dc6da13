"""Sorting, searching and sets against NumPy: orders, ties, NaN, and gradients through an order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf

X = np.random.default_rng(8).normal(size=(3, 5))
NAN = float("nan")


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("stable", [False, True])
def test_sort_and_argsort_agree(axis: int, descending: bool, stable: bool) -> None:
    wanted = np.flip(np.sort(X, axis), axis) if descending else np.sort(X, axis)
    np.testing.assert_array_equal(wf.sort(X, axis=axis, descending=descending, stable=stable).numpy(), wanted)
    order = wf.argsort(X, axis=axis, descending=descending, stable=stable)
    np.testing.assert_array_equal(np.take_along_axis(X, order.numpy(), axis), wanted)


def test_stable_order_keeps_the_places_of_equals_in_both_directions() -> None:
    x = wf.asarray([1, 0, 1, 0, 1])
    assert wf.argsort(x).tolist() == [1, 3, 0, 2, 4]
    assert wf.argsort(x, descending=True).tolist() == [0, 2, 4, 1, 3]


def test_nan_is_larger_than_every_number() -> None:
    x = wf.asarray([NAN, 1.0, 2.0])
    assert wf.argsort(x).tolist() == [1, 2, 0]
    assert wf.argsort(x, descending=True).tolist() == [0, 2, 1]
    assert wf.top_k(x, 2).indices.tolist() == [0, 2]


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [0, 1, 3, 60, 400])
@pytest.mark.parametrize("axis", [0, 1])
def test_top_k_is_the_head_of_the_sorted(largest: bool, k: int, axis: int) -> None:
    x = np.random.default_rng(9).integers(0, 300, (400, 400))
    values, indices = wf.top_k(x, k, axis=axis, largest=largest)
    np.testing.assert_array_equal(
        values.numpy(), np.take(wf.sort(x, axis=axis, descending=largest).numpy(), range(k), axis)
    )
    order = wf.argsort(x, axis=axis, descending=largest, stable=True).numpy()
    np.testing.assert_array_equal(indices.numpy(), np.take(order, range(k), axis))


def test_top_k_names_its_parts() -> None:
    found = wf.top_k(wf.asarray([3.0, 1.0, 2.0]), 2)
    assert found.values.tolist() == [3, 2]
    assert found.indices.tolist() == [0, 2]


def test_gradients_go_back_through_an_order() -> None:
    x = wf.asarray([3.0, 1.0, 2.0])
    assert wf.grad(lambda x: wf.sum(wf.sort(x) * [1.0, 10.0, 100.0]))(x).tolist() == [100, 1, 10]
    assert wf.grad(lambda x: wf.sum(wf.top_k(x, 2).values * [1.0, 10.0]))(x).tolist() == [1, 0, 10]
    wf.testing.check_grads(lambda x: wf.sort(x, axis=0, descending=True) ** 2, (X,))
    wf.testing.check_grads(lambda x: wf.top_k(x, 2, axis=0, largest=False).values ** 2, (X,))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_agrees_with_numpy(side: Any) -> None:
    x, v = np.array([0.0, 1.0, 1.0, 2.5]), np.array([[-1.0, 1.0], [2.5, 9.0]])
    np.testing.assert_array_equal(wf.searchsorted(x, v, side=side).numpy(), np.searchsorted(x, v, side))
    assert wf.searchsorted(x, 1.0, side=side).shape == ()
    assert wf.searchsorted(x[::-1], v, side=side, sorter=[3, 2, 1, 0]).tolist() == np.searchsorted(x, v, side).tolist()


def test_distinct_values_carry_gradients_from_their_first_occurrence() -> None:
    assert wf.grad(lambda x: wf.sum(wf.unique_values(x) ** 2))(wf.asarray([3.0, 1.0, 3.0])).tolist() == [6, 2, 0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint64", "bool", "complex64"])
def test_sets_of_every_dtype(dtype: str) -> None:
    x = wf.asarray([[1, 0], [1, 1]], dtype=dtype)
    values, indices, inverse, counts = wf.unique_all(x)
    assert values.dtype == x.dtype
    assert (indices.tolist(), inverse.tolist(), counts.tolist()) == ([1, 0], [[1, 0], [1, 1]], [1, 3])
    np.testing.assert_array_equal(values.numpy()[inverse.numpy()], x.numpy())


def test_isin_nonzero_and_argwhere() -> None:
    assert wf.isin(np.array([1, 2, 3]), np.array([3, 1])).tolist() == [True, False, True]
    assert wf.isin(wf.asarray([[1, 2]]), wf.asarray(2), invert=True).tolist() == [[True, False]]
    assert [i.tolist() for i in wf.nonzero([[0, 1], [2, 0]])] == [[0, 1], [1, 0]]
    assert wf.argwhere([[0, 1], [2, 0]]).tolist() == [[0, 1], [1, 0]]
    assert wf.argwhere(wf.zeros((2, 0))).shape == (0, 2)
