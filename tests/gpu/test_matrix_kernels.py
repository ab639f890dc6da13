"""Linear algebra on stacks of small matrices on a GPU; what cannot be done is said as on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import Case, agree_all, op

import weft as wf
from weft.runtime.errors import ArgumentError

rng = np.random.default_rng(4)


def matrices(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape) + 3 * np.eye(shape[-1])


def definite(*shape: int) -> np.ndarray:
    x = rng.standard_normal(shape)
    return x @ np.swapaxes(x, -1, -2) + shape[-1] * np.eye(shape[-1])


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 31, 33, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_matrices_are_solved_and_measured(device: Any, n: int, dtype: str) -> None:
    x = matrices(3, n, n)
    cases: list[Case] = [
        (op("inv"), x),
        (op("solve"), x, rng.standard_normal((3, n, 5))),
        (op("solve"), x, rng.standard_normal(n)),
        (op("solve"), x[:1], rng.standard_normal((4, n, 200))),
        (op("slogdet"), x),
        (op("det"), x[:, :5, :5].copy()),
    ]
    for upper in (False, True):
        cases.append((op("cholesky", upper=upper), definite(2, n, n)))
        for unit in (False, True):
            triangle = op("solve_triangular", upper=upper, unit_diagonal=unit)
            cases.append((triangle, definite(2, n, n) / (10 * n), rng.standard_normal((2, n, 3))))
    near = 1e-2 if dtype == "float32" else 1e-9
    agree_all(device, [(build, *(a.astype(dtype) for a in arrays)) for build, *arrays in cases], near=near)


def test_singular_matrices_have_no_determinant(device: Any) -> None:
    agree_all(device, [(op(name), np.ones((2, 3, 3), "f")) for name in ("det", "slogdet")])


@pytest.mark.parametrize("is_compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", ["inv", "cholesky"])
def test_what_cannot_be_done_is_an_error_as_on_the_cpu(on_gpu: Any, name: str, is_compiled: bool) -> None:
    function = getattr(wf.linalg, name)
    f = wf.compile(lambda x: function(x)) if is_compiled else function
    messages = []
    for device in ("cpu", on_gpu):
        with wf.device(device), pytest.raises(ArgumentError) as caught:
            f(wf.tensor(-np.ones((3, 3), "f"))).numpy()
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    fine = f(wf.tensor(np.eye(3, dtype="f")))
    np.testing.assert_allclose(fine.numpy(), np.eye(3))
