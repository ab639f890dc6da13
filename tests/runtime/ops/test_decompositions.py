"""Decompositions: they multiply back to the operand, agree with NumPy, and have gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, GradientError, ShapeError

linalg: Any = wf.linalg  # also called with what a type checker would refuse
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def adjoint(x: Any) -> Any:
    return np.matrix_transpose(np.conj(np.asarray(x)))


def hermitian(make: Any, *shape: int) -> np.ndarray:
    x = make(*shape)
    return x + adjoint(x)


def positive(make: Any, *shape: int) -> np.ndarray:
    x = make(*shape)
    return x @ adjoint(x) + shape[-1] * np.eye(shape[-1])


MAKES = pytest.mark.parametrize("make", [normal, complex_normal])
SQUARE = pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1), (0, 0), (0, 2, 2)])
MATRICES = pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5), (2, 4, 2), (2, 2, 4), (0, 3), (3, 0), (0, 2, 2)])


@SQUARE
@MAKES
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(shape: Any, make: Any, upper: bool) -> None:
    x = positive(make, *shape)
    wf.testing.assert_close(linalg.cholesky(x, upper=upper), np.linalg.cholesky(x, upper=upper))
    if x.size:
        wf.testing.check_grads(lambda x: linalg.cholesky(x, upper=upper), (x,))


def test_gradient_of_cholesky_is_symmetric() -> None:
    dx = wf.grad(lambda x: wf.sum(linalg.cholesky(x)))(wf.asarray(positive(normal, 3, 3)))
    wf.testing.assert_close(dx, wf.matrix_transpose(dx))


@MATRICES
@MAKES
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(shape: Any, make: Any, mode: Any) -> None:
    x = make(*shape)
    q, r = linalg.qr(x, mode=mode)
    expected = np.linalg.qr(x, mode=mode)
    wf.testing.assert_close(q, expected.Q)
    wf.testing.assert_close(r, expected.R)
    if x.size and (mode == "reduced" or shape[-2] <= shape[-1]):
        wf.testing.check_grads(lambda x: linalg.qr(x, mode=mode), (x,), rtol=1e-4)


@SQUARE
@MAKES
def test_eigh(shape: Any, make: Any) -> None:
    x = hermitian(make, *shape)
    values, vectors = linalg.eigh(x)
    wf.testing.assert_close(values, np.linalg.eigvalsh(x))
    wf.testing.assert_close(linalg.eigvalsh(x), np.linalg.eigvalsh(x))
    wf.testing.assert_close((vectors.numpy() * values.numpy()[..., None, :]) @ adjoint(vectors), x)
    if x.size:
        wf.testing.check_grads(linalg.eigvalsh, (x,))
        wf.testing.check_grads(lambda x: linalg.eigh(x).eigenvalues, (x,))
        wf.testing.check_grads(lambda x: wf.abs(linalg.eigh(x).eigenvectors), (x,), rtol=1e-4)


@MAKES
def test_gradients_of_a_function_of_a_hermitian_matrix(make: Any) -> None:
    def root(x: Any) -> Any:
        values, vectors = linalg.eigh(x)
        return (vectors * wf.sqrt(values)) @ wf.conj(wf.matrix_transpose(vectors))

    x = positive(make, 3, 3)
    wf.testing.assert_close(root(wf.asarray(x)) @ root(wf.asarray(x)), x)
    wf.testing.check_grads(root, (x,))


def test_equal_eigenvalues_have_a_finite_gradient() -> None:
    def power(x: Any) -> Any:
        return wf.sum(linalg.eigvalsh(x) ** 3)

    x = wf.asarray(2 * np.eye(3))
    wf.testing.assert_close(wf.grad(power)(x), 12 * np.eye(3))
    assert np.isfinite(wf.grad(lambda x: wf.sum(linalg.eigh(x)[1]))(x).numpy()).all()


@MATRICES
@MAKES
@pytest.mark.parametrize("full", [False, True])
def test_svd(shape: Any, make: Any, full: bool) -> None:
    x = make(*shape)
    u, s, vh = linalg.svd(x, full_matrices=full)
    expected = np.linalg.svd(x, full_matrices=full)
    wf.testing.assert_close(s, expected.S)
    wf.testing.assert_close(linalg.svdvals(x), expected.S)
    assert (u.shape, vh.shape) == (expected.U.shape, expected.Vh.shape)
    k = min(shape[-2:])
    wf.testing.assert_close((u.numpy()[..., :k] * s.numpy()[..., None, :]) @ vh.numpy()[..., :k, :], x)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5), (2, 4, 2), (2, 2, 4), (1, 1)])
@MAKES
def test_gradients_of_svd(shape: Any, make: Any) -> None:
    def parts(x: Any) -> Any:
        u, s, vh = linalg.svd(x, full_matrices=False)
        return wf.abs(u), s, wf.abs(vh), wf.matmul(u * wf.exp(-s[..., None, :]), vh)

    x = make(*shape)
    wf.testing.check_grads(parts, (x,), rtol=1e-4, atol=1e-5)
    wf.testing.check_grads(linalg.svdvals, (x,))


@pytest.mark.parametrize(
    "call", [lambda x: linalg.svd(x).S, lambda x: linalg.qr(x, mode="complete").R], ids=["svd", "qr"]
)
def test_vectors_that_complete_a_basis_have_no_gradient(call: Any) -> None:
    with pytest.raises(GradientError, match=r"complete .*f64\[4, 3\] to a basis have no gradient"):
        wf.grad(lambda x: wf.sum(call(x)))(wf.asarray(normal(4, 3)))


@pytest.mark.parametrize("rank", [0, 1])
def test_singular_values_have_a_gradient_at_any_rank(rank: int) -> None:
    x = wf.asarray(normal(3, rank) @ normal(rank, 3))
    dx = wf.grad(lambda x: linalg.svdvals(x)[0])(x)
    assert np.isfinite(dx.numpy()).all()


def test_results_are_named_tuples() -> None:
    x = positive(normal, 2, 2)
    assert linalg.qr(x)._fields == ("Q", "R")
    assert linalg.eigh(x)._fields == ("eigenvalues", "eigenvectors")
    assert linalg.svd(x)._fields == ("U", "S", "Vh")
    assert linalg.slogdet(x)._fields == ("sign", "logabsdet")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_decompositions_keep_the_dtype(dtype: str) -> None:
    x = wf.asarray(np.eye(2) * 4, dtype=dtype)
    real = wf.asarray(
        np.abs(np.zeros(1, "c8" if dtype == "complex64" else "c16" if dtype == "complex128" else "f4"))
    ).dtype
    real = real if "complex" in dtype else x.dtype
    assert linalg.cholesky(x).dtype is x.dtype
    assert [y.dtype for y in linalg.qr(x)] == [x.dtype, x.dtype]
    assert [y.dtype for y in linalg.eigh(x)] == [real, x.dtype]
    assert [y.dtype for y in linalg.svd(x)] == [x.dtype, real, x.dtype]
    assert linalg.svdvals(x).dtype is real
    assert linalg.eigvalsh(x).dtype is real


NAN = np.full((2, 2), np.nan)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.cholesky(-np.eye(2)), "cholesky: a matrix is not positive definite, given f64[2, 2]"),
        (lambda: linalg.svd(NAN), "svd: the singular values were not found, given f64[2, 2]"),
        (lambda: linalg.svdvals(NAN), "svdvals: the singular values were not found"),
        (lambda: linalg.qr(np.eye(2), mode="raw"), "qr: mode 'raw' is unknown"),
    ],
)
def test_values_without_a_decomposition_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)
    assert "test_decompositions.py" in str(caught.value)


@pytest.mark.parametrize("name", ["cholesky", "eigh", "eigvalsh", "qr", "svd", "svdvals"])
def test_decompositions_need_matrices(name: str) -> None:
    with pytest.raises(ShapeError, match=rf"{name}: f64\[3\] is no matrix"):
        getattr(linalg, name)(np.ones(3))
    if name in ("cholesky", "eigh", "eigvalsh"):
        with pytest.raises(ShapeError, match=rf"{name}: f64\[2, 3\] is not square"):
            getattr(linalg, name)(np.ones((2, 3)))
