"""Eigenvalues: of Hermitian matrices, and of any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, ShapeError

linalg: Any = wf.linalg
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def by_size(values: Any) -> np.ndarray:
    return np.sort_complex(np.round(np.asarray(values), 9))


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1), (0, 0), (0, 2, 2)])
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_eig_agrees_with_numpy(shape: Any, make: Any) -> None:
    x = make(*shape)
    values, vectors = linalg.eig(x)
    assert values.dtype is vectors.dtype is wf.complex128
    wf.testing.assert_close(x @ vectors.numpy(), vectors.numpy() * values.numpy()[..., None, :])
    wf.testing.assert_close(by_size(values.numpy()), by_size(np.linalg.eigvals(x)))
    wf.testing.assert_close(by_size(linalg.eigvals(x).numpy()), by_size(np.linalg.eigvals(x)))


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4)])
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_gradients_of_eig(shape: Any, make: Any) -> None:
    def parts(x: Any) -> Any:
        values, vectors = wf.linalg.eig(x)
        return values, wf.abs(vectors), wf.matmul(vectors * wf.exp(values)[..., None, :], wf.linalg.inv(vectors))

    x = make(*shape) + np.diag(np.arange(shape[-1]) * 2.0)
    wf.testing.check_grads(parts, (x,), rtol=1e-4, atol=1e-5)
    wf.testing.check_grads(wf.linalg.eigvals, (x,), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "complex64"])
def test_eigenvalues_are_complex(dtype: str) -> None:
    x = wf.asarray(np.eye(2), dtype=dtype)
    assert linalg.eigvals(x).dtype is wf.complex64
    assert [y.dtype for y in linalg.eig(x)] == [wf.complex64, wf.complex64]


@pytest.mark.parametrize("name", ["eig", "eigvals", "eigh", "eigvalsh"])
def test_eigenvalues_need_square_matrices(name: str) -> None:
    with pytest.raises(ShapeError, match=rf"{name}: f64\[2, 3\] is not square"):
        getattr(linalg, name)(np.ones((2, 3)))


@pytest.mark.parametrize("name", ["eig", "eigvals", "eigh", "eigvalsh"])
def test_eigenvalues_of_nan_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"{name}: the eigenvalues were not found, given f64\[2, 2\]"):
        getattr(linalg, name)(np.full((2, 2), np.nan))
