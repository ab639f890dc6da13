"""Determinants and their derivatives, also of singular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, ShapeError

rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


MAKES = pytest.mark.parametrize("make", [normal, complex_normal])


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1), (0, 0), (2, 0, 0), (0, 2, 2)])
@MAKES
def test_det_and_slogdet_agree_with_numpy(shape: Any, make: Any) -> None:
    x = make(*shape)
    wf.testing.assert_close(wf.linalg.det(x), np.linalg.det(x))
    found, expected = wf.linalg.slogdet(x), np.linalg.slogdet(x)
    wf.testing.assert_close(found.sign, expected.sign)
    wf.testing.assert_close(found.logabsdet, expected.logabsdet)


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
@MAKES
def test_gradients_of_det_at_any_rank(rank: int, make: Any) -> None:
    x = make(2, 4, rank) @ make(2, rank, 4)
    wf.testing.check_grads(wf.linalg.det, (x,), order=2, eps=1e-3, rtol=1e-4, atol=1e-4)


@MAKES
def test_third_derivatives_of_det_at_full_rank(make: Any) -> None:
    wf.testing.check_grads(wf.linalg.det, (make(3, 3) + 2 * np.eye(3),), order=3)


def test_gradient_of_det_is_the_matrix_of_cofactors() -> None:
    x = wf.asarray([[1.0, 2.0], [2.0, 4.0]])
    wf.testing.assert_close(wf.grad(wf.linalg.det)(x), [[4.0, -2.0], [-2.0, 1.0]], rtol=1e-5, atol=1e-5)


@MAKES
def test_gradients_of_slogdet(make: Any) -> None:
    x = make(2, 3, 3) + 3 * np.eye(3)
    wf.testing.check_grads(lambda x: wf.linalg.slogdet(x).logabsdet, (x,))
    wf.testing.check_grads(lambda x: wf.linalg.slogdet(x).sign, (x,))


def test_slogdet_of_a_singular_matrix_is_minus_infinity_without_a_gradient() -> None:
    x = wf.zeros((2, 2))
    assert wf.linalg.slogdet(x).sign.item() == 0
    assert wf.linalg.slogdet(x).logabsdet.item() == -np.inf
    with pytest.raises(ArgumentError, match="singular"):
        wf.grad(lambda x: wf.linalg.slogdet(x).logabsdet)(x)


@pytest.mark.parametrize("name", ["det", "slogdet"])
def test_determinants_need_square_matrices(name: str) -> None:
    with pytest.raises(ShapeError, match=rf"{name}: f64\[2, 3\] is not square"):
        getattr(wf.linalg, name)(np.ones((2, 3)))


def test_gradient_of_det_with_nan_says_so() -> None:
    with pytest.raises(ArgumentError, match="det: the singular values were not found"):
        wf.grad(wf.linalg.det)(wf.asarray(np.full((2, 2), np.nan)))
