"""Diagonals, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ShapeError

rng = np.random.default_rng(5)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (5, 2), (2, 3, 4), (0, 3)])
@pytest.mark.parametrize("offset", [0, 1, -1, 3, -7])
def test_diagonals_agree_with_numpy(shape: tuple[int, ...], offset: int) -> None:
    x = rng.normal(size=shape)
    expected = np.diagonal(x, offset, -2, -1)
    wf.testing.assert_close(wf.linalg.diagonal(x, offset=offset), expected)
    wf.testing.assert_close(wf.linalg.trace(x, offset=offset), expected.sum(-1))


@pytest.mark.parametrize("offset", [0, 2, -1])
def test_diag_makes_a_matrix_of_a_vector_and_takes_diagonals_of_matrices(offset: int) -> None:
    x = rng.normal(size=3)
    wf.testing.assert_close(wf.diag(x, offset), np.diag(x, offset))
    wf.testing.assert_close(wf.diag(wf.diag(x, offset), offset), x)
    wf.testing.check_grads(lambda x: wf.diag(x, offset), (x,))


def test_gradient_of_trace_is_the_identity() -> None:
    x = wf.asarray(rng.normal(size=(2, 3, 3)))
    wf.testing.assert_close(wf.grad(lambda x: wf.sum(wf.linalg.trace(x)))(x), np.broadcast_to(np.eye(3), (2, 3, 3)))


def test_trace_adds_up_in_the_given_dtype_and_small_integers_as_int64() -> None:
    x = wf.asarray([[100, 0], [0, 100]], dtype=wf.int8)
    assert wf.linalg.trace(x).dtype is wf.int64
    assert wf.linalg.trace(x).item() == 200
    assert wf.linalg.trace(x, dtype=wf.float32).dtype is wf.float32


@pytest.mark.parametrize("function", [wf.linalg.diagonal, wf.linalg.trace])
def test_a_vector_has_no_diagonal(function: object) -> None:
    with pytest.raises(ShapeError, match=r"diagonal: f64\[3\] is no matrix"):
        function(np.ones(3))  # pyright: ignore[reportCallIssue]
