"""Scans and the linear recurrence against NumPy and loops, with gradients at zeros and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.tensor import OPS

X = np.random.default_rng(6).normal(size=(3, 4))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(("name", "accumulate"), [
    ("cumulative_sum", np.cumsum), ("cumulative_prod", np.cumprod),
    ("cumulative_max", np.maximum.accumulate), ("cumulative_min", np.minimum.accumulate)])  # fmt: skip
def test_scan_agrees_with_numpy(name: str, accumulate: Any, axis: int) -> None:
    np.testing.assert_allclose(getattr(wf, name)(X, axis=axis).numpy(), accumulate(X, axis=axis))


def test_initial_value_comes_in_front() -> None:
    assert wf.cumulative_sum(wf.asarray([1, 2, 3]), include_initial=True).tolist() == [0, 1, 3, 6]
    assert wf.cumulative_prod(wf.ones((0, 2)), axis=0, include_initial=True).tolist() == [[1, 1]]
    assert wf.cumulative_sum(wf.zeros((2, 0)), axis=1).shape == (2, 0)


def test_short_names_flatten_as_numpy_does() -> None:
    np.testing.assert_allclose(wf.cumsum(X).numpy(), np.cumsum(X))
    np.testing.assert_allclose(wf.cumprod(X, 1).numpy(), np.cumprod(X, 1))


def _jacobian(f: Any, x: list[float]) -> np.ndarray:
    return wf.jacobian(f)(wf.asarray(x, dtype=wf.float64)).numpy()


def test_gradient_of_running_product_is_exact_with_zeros() -> None:
    np.testing.assert_array_equal(_jacobian(wf.cumulative_prod, [2.0, 0.0, 3.0]), [[1, 0, 0], [0, 2, 0], [0, 6, 0]])
    np.testing.assert_array_equal(_jacobian(wf.cumulative_prod, [0.0, 0.0]), [[1, 0], [0, 0]])
    wf.testing.check_grads(
        lambda x: wf.cumulative_prod(x, include_initial=True) ** 2, (np.array([1.0, 0.0, -2.0, 0.0, 3.0]),)
    )


def test_gradient_of_running_maximum_goes_to_the_first_of_equals() -> None:
    np.testing.assert_array_equal(
        _jacobian(wf.cumulative_max, [1.0, 3.0, 3.0, 2.0]), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]
    )
    np.testing.assert_array_equal(_jacobian(wf.cumulative_min, [0.0, 0.0]), [[1, 0], [1, 0]])


@pytest.mark.parametrize("shape", [(0,), (1,), (5,), (3, 4), (0, 2), (4, 1)])
@pytest.mark.parametrize("reverse", [False, True])
def test_linear_recurrence_is_the_loop_it_says(shape: tuple[int, ...], reverse: bool) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    y, state = np.zeros(shape), np.zeros(shape[1:])
    for i in range(shape[0])[:: -1 if reverse else 1]:
        y[i] = state = b[i] + a[i] * state
    np.testing.assert_allclose(OPS["linear_recurrence"](a, b, axis=0, reverse=reverse).numpy(), y, rtol=1e-12)


def test_differences_of_bools_say_whether_neighbours_differ() -> None:
    assert wf.diff([True, True, False]).tolist() == [False, True]


def test_difference_keeps_the_dtype_beside_a_number() -> None:
    assert wf.diff(wf.asarray([1, 2], dtype=wf.int8), prepend=0).dtype == wf.int8
