"""Reductions against NumPy, and their gradients where these are delicate: zeros, ties, no elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf

X = np.random.default_rng(3).normal(size=(2, 3, 4))
NAMES = ["sum", "prod", "mean", "max", "min", "std", "var", "all", "any", "count_nonzero"]


def gradient(f: Any, x: Any) -> np.ndarray:
    return wf.grad(f)(wf.asarray(x, dtype=wf.float64)).numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), [1, -1], ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_fold_over_axes_agrees_with_numpy(name: str, axis: Any, keepdims: bool) -> None:
    axes = tuple(axis) if isinstance(axis, list) else axis
    reference = getattr(np, name)(X, axis=axes, keepdims=keepdims)
    result = getattr(wf, name)(X, axis=axis, keepdims=keepdims)
    assert result.shape == reference.shape
    np.testing.assert_allclose(result.numpy(), reference, rtol=1e-12)


@pytest.mark.parametrize(
    "view", [X[::-1, :, ::2], np.asfortranarray(X), X.astype(">f8"), np.broadcast_to(X[0], X.shape)]
)
def test_memory_order_does_not_matter(view: np.ndarray) -> None:
    np.testing.assert_allclose(wf.sum(view, axis=1).numpy(), view.sum(axis=1), rtol=1e-12)


def test_a_python_number_is_a_0d_operand() -> None:
    folds: Any = wf
    assert folds.sum(3).item() == 3
    assert folds.max([1, 5, 2]).item() == 5
    assert folds.mean([[1.0, 2.0]], 1).tolist() == [1.5]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_accumulate_in_float32(dtype: str) -> None:
    x = wf.full(4096, 1.0, dtype=dtype)
    assert wf.sum(x).item() == 4096
    assert wf.mean(x).item() == 1
    assert wf.cumulative_sum(x)[-1].item() == 4096


def test_gradient_of_prod_is_exact_with_zeros() -> None:
    np.testing.assert_array_equal(gradient(wf.prod, [2.0, 3.0, 4.0, 5.0, 6.0]), [360, 240, 180, 144, 120])
    np.testing.assert_array_equal(gradient(wf.prod, [2.0, 0.0, 4.0]), [0, 8, 0])
    np.testing.assert_array_equal(gradient(wf.prod, [0.0, 0.0, 4.0]), [0, 0, 0])
    np.testing.assert_array_equal(
        wf.hessian(wf.prod)(wf.asarray([0.0, 0.0, 4.0])).numpy(), [[0, 4, 0], [4, 0, 0], [0, 0, 0]]
    )


@pytest.mark.parametrize("n", range(8))
def test_gradient_of_prod_of_any_length(n: int) -> None:
    x = np.arange(1.0, n + 1)
    np.testing.assert_allclose(gradient(wf.prod, x), [np.prod(np.delete(x, i)) for i in range(n)])


@pytest.mark.parametrize("name", ["prod", "max", "mean", "std", "var", "sum"])
@pytest.mark.parametrize("axis", [0, (0, 2), (2, 1), None])
def test_gradient_over_axes(name: str, axis: Any) -> None:
    wf.testing.check_grads(lambda x: getattr(wf, name)(x, axis=axis), (X,))
    wf.testing.check_grads(lambda x: getattr(wf, name)(x, axis=axis, keepdims=True) * x, (X,))


def test_gradient_of_max_is_shared_at_a_tie() -> None:
    np.testing.assert_array_equal(gradient(wf.max, [1.0, 3.0, 3.0]), [0, 0.5, 0.5])
    np.testing.assert_array_equal(
        gradient(lambda x: wf.sum(wf.min(x, axis=1)), [[1.0, 1.0], [2.0, 0.0]]), [[0.5, 0.5], [0, 1]]
    )


def test_gradient_of_std_at_zero_is_zero() -> None:
    np.testing.assert_array_equal(gradient(wf.std, [2.0, 2.0]), [0, 0])
    np.testing.assert_allclose(wf.hessian(wf.std)(wf.asarray([2.0, 2.0])).numpy(), np.zeros((2, 2)))


def test_gradient_of_a_sum_in_another_dtype_has_the_dtype_of_the_operand() -> None:
    x = wf.asarray([1.0, 2.0])
    for fold in (wf.sum, wf.prod, wf.cumulative_sum, wf.cumulative_prod):
        assert wf.grad(lambda x, fold=fold: wf.sum(fold(x, dtype=wf.float64)))(x).dtype == wf.float32


def test_gradient_over_no_elements_is_empty() -> None:
    for name in ("sum", "prod", "mean"):
        assert gradient(lambda x, name=name: wf.sum(getattr(wf, name)(x, axis=0)), np.zeros((0, 2))).shape == (0, 2)


def test_variance_of_complex_numbers_is_real() -> None:
    z = X + 1j * X[::-1]
    assert wf.var(z).dtype == wf.float64
    np.testing.assert_allclose(wf.var(z, axis=0, correction=1).numpy(), np.var(z, axis=0, ddof=1))
    wf.testing.check_grads(lambda z: wf.std(z, axis=1), (z,))
