"""Norms and ranks, against NumPy; subgradients at kinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, ShapeError

linalg: Any = wf.linalg  # also called with what a type checker would refuse
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


MAKES = pytest.mark.parametrize("make", [normal, complex_normal])
ORDERS = [2, 1, 0, 3, 0.5, -1, -2.5, math.inf, -math.inf]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("shape", "axis", "keepdims"),
    [((4,), None, False), ((2, 3), None, True), ((2, 3), 0, False), ((2, 3, 4), (0, -1), False), ((2, 3), [1], True)],
)
@MAKES
def test_vector_norm_agrees_with_numpy(order: Any, shape: Any, axis: Any, keepdims: bool, make: Any) -> None:
    x = make(*shape)
    expected = np.linalg.vector_norm(
        x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims, ord=order
    )
    wf.testing.assert_close(linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=order), expected)
    wf.testing.check_grads(lambda x: linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=order), (x,), rtol=1e-4)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_the_gradient_of_a_norm_at_zero_is_finite(order: float, dtype: Any) -> None:
    dx = wf.grad(lambda x: linalg.vector_norm(x, ord=order))(wf.asarray(np.zeros(3, dtype)))
    wf.testing.assert_close(dx, np.zeros(3))


def test_second_derivatives_of_a_norm_at_zero_are_finite() -> None:
    second = wf.hessian(lambda x: linalg.vector_norm(x) ** 2)(wf.asarray(np.zeros(3)))
    assert np.isfinite(second.numpy()).all()


def test_ties_share_the_gradient_of_the_largest() -> None:
    dx = wf.grad(lambda x: linalg.vector_norm(x, ord=math.inf))(wf.tensor([2.0, -2.0, 1.0]))
    wf.testing.assert_close(dx, [0.5, -0.5, 0.0])


def test_norm_of_integers_is_the_default_float() -> None:
    assert linalg.vector_norm([3, 4]).dtype is wf.float32
    assert linalg.vector_norm([3, 4]).item() == 5.0
    assert linalg.vector_norm(np.zeros(3, "c8")).dtype is wf.float32


def test_norm_of_no_elements_is_zero() -> None:
    assert linalg.vector_norm(np.zeros((0,))).item() == 0.0
    assert linalg.vector_norm(np.zeros((3, 0)), axis=1).shape == (3,)
    assert linalg.vector_norm(3.0).item() == 3.0


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
@pytest.mark.parametrize(("shape", "keepdims"), [((3, 4), False), ((2, 3, 3), True), ((2, 4, 2), False)])
@MAKES
def test_matrix_norm_agrees_with_numpy(order: Any, shape: Any, keepdims: bool, make: Any) -> None:
    x = make(*shape)
    expected = np.linalg.matrix_norm(x, keepdims=keepdims, ord=order)
    wf.testing.assert_close(linalg.matrix_norm(x, keepdims=keepdims, ord=order), expected)
    wf.testing.check_grads(lambda x: linalg.matrix_norm(x, keepdims=keepdims, ord=order), (x,), rtol=1e-4)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_matrix_rank(rank: int) -> None:
    x = normal(2, 4, rank) @ normal(2, rank, 3)
    assert linalg.matrix_rank(x).dtype is wf.int64
    wf.testing.assert_close(linalg.matrix_rank(x), [rank, rank])


def test_matrix_rank_takes_small_singular_values_as_zero() -> None:
    x = np.diag([1.0, 1e-3])
    assert linalg.matrix_rank(x).item() == 2
    assert linalg.matrix_rank(x, rtol=1e-2).item() == 1
    wf.testing.assert_close(linalg.matrix_rank(np.stack([x, x]), rtol=[1e-2, 1e-4]), [1, 2])
    assert linalg.matrix_rank(np.zeros((0, 3))).item() == 0


@pytest.mark.parametrize("order", [2, -2, None, "fro", 1, math.inf])
@MAKES
def test_cond_agrees_with_numpy(order: Any, make: Any) -> None:
    x = make(2, 3, 3)
    wf.testing.assert_close(linalg.cond(x, ord=order), np.linalg.cond(x, order))
    wf.testing.check_grads(lambda x: linalg.cond(x, ord=order), (x,), rtol=1e-3)


def test_singular_matrices_have_condition_infinity() -> None:
    assert linalg.cond(np.zeros((2, 2))).item() == math.inf
    with pytest.raises(ArgumentError, match="singular"):
        linalg.cond(np.zeros((2, 2)), ord=1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linalg.vector_norm(np.ones(3), ord="fro"), ArgumentError, "vector_norm: ord='fro' is no number"),
        (lambda: linalg.vector_norm(np.ones(3), ord=math.nan), ArgumentError, "vector_norm: ord=nan is no number"),
        (lambda: linalg.vector_norm(np.ones(3), axis=1), AxisError, "vector_norm: axis 1 is out of range"),
        (lambda: linalg.vector_norm(np.ones(3, bool)), DTypeError, "vector_norm: bool[3] has dtype bool"),
        (lambda: linalg.matrix_norm(np.ones((2, 2)), ord=3), ArgumentError, "matrix_norm: ord=3 is unknown"),
        (lambda: linalg.matrix_norm(np.ones(3)), ShapeError, "matrix_norm: f64[3] is no matrix"),
        (lambda: linalg.matrix_rank(np.ones(3)), ShapeError, "matrix_rank: f64[3] is no matrix"),
        (lambda: linalg.matrix_rank(np.full((2, 2), np.nan)), ArgumentError, "matrix_rank: the singular values"),
    ],
)
def test_norms_refuse(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("ord", [(1, 2), None, np.array([1, 2]), 1j, "fro", math.nan])
def test_the_order_of_a_vector_norm_is_a_number(ord: Any) -> None:
    with pytest.raises(ArgumentError, match=r"vector_norm: ord=.* is no number"):
        wf.linalg.vector_norm(wf.ones(3), ord=ord)


@pytest.mark.parametrize("ord", [np.array([1, 2]), (1, 2), 3])
def test_the_order_of_a_matrix_norm_is_a_known_one(ord: Any) -> None:
    with pytest.raises(ArgumentError, match=r"matrix_norm: ord=.* is unknown"):
        wf.linalg.matrix_norm(wf.ones((2, 2)), ord=ord)


@pytest.mark.parametrize("name", ["matrix_rank", "pinv"])
@pytest.mark.parametrize("rtol", [np.array([0.1, 0.2]), [[0.1]], wf.ones(3)])
def test_tolerances_are_one_or_one_for_each_matrix(name: str, rtol: Any) -> None:
    with pytest.raises(ShapeError, match=rf"{name}: rtol is .* for f32\[3, 3\]"):
        getattr(wf.linalg, name)(wf.eye(3), rtol=rtol)


def test_each_matrix_may_have_its_own_tolerance() -> None:
    x = wf.tensor([[[1.0, 0.0], [0.0, 0.1]]] * 2)
    for rtol in ([0.5, 0.01], np.array([0.5, 0.01]), wf.tensor([0.5, 0.01])):
        assert wf.linalg.matrix_rank(x, rtol=rtol).tolist() == [1, 2]
    with pytest.raises(DTypeError, match="pinv: c64"):
        wf.linalg.pinv(x, rtol=1j)
