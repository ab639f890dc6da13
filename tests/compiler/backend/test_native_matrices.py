"""Linear algebra on small matrices natively: what NumPy gives, for stacks of any shape, and its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from native_calls import Call, agree, host_calls
from runs import build

import weft as wf
from weft.runtime.errors import ArgumentError

SIZES = [1, 2, 3, 7, 16, 17, 64]
TOLERANCE = {"float32": 2e-4, "float64": 1e-9}


def drawn(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Matrices that are easy to invert, the largest elements beside the diagonal."""
    n = shape[-1]
    x = np.random.default_rng(shape).uniform(-1, 1, shape) / n
    return np.roll(x + 2 * np.eye(n), 1, axis=-1).astype(dtype)


def positive(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = drawn(shape, "float64")
    return (x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])).astype(dtype)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_systems_are_solved_and_matrices_inverted(n: int, dtype: str) -> None:
    x, many = drawn((n, n), dtype), drawn((2, 1, n, n), dtype)
    y, columns = np.arange(n).astype(dtype), np.random.default_rng(0).normal(size=(3, n, 5)).astype(dtype)
    calls: list[Call] = [("inv", [x], {}), ("inv", [many], {}), ("solve", [x, y], {}), ("solve", [many, y], {}),
                         ("solve", [many, columns], {}), ("solve", [x, columns], {}), ("solve", [many, columns[0, :, :1]], {})]  # fmt: skip
    agree(calls, TOLERANCE[dtype])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_triangles_are_solved_and_found(n: int, dtype: str) -> None:
    x, y = positive((2, 1, n, n), dtype), np.random.default_rng(0).normal(size=(3, n, 5)).astype(dtype)
    calls: list[Call] = [
        ("cholesky", [z], {"upper": upper}) for upper in (False, True) for z in (x, x[0, 0], x + np.triu(x, 1) * 0.1)
    ]
    easy = (np.eye(n) * 3 + drawn((n, n), "float64") * 0.1).astype(dtype)
    for upper, unit in ((False, False), (True, False), (False, True), (True, True)):
        calls += [("solve_triangular", [easy, z], {"upper": upper, "unit_diagonal": unit}) for z in (y, y[0, :, 0])]
    agree(calls, TOLERANCE[dtype])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_determinants_are_found(n: int, dtype: str) -> None:
    x = drawn((3, 2, n, n), dtype)
    singular = np.zeros((n, n), dtype)
    singular[0] = 1 if n > 1 else 0
    calls: list[Call] = [(name, [z], {}) for name in ("det", "slogdet") for z in (x, x[0, 0], -x, singular)]
    agree([(name, [z if name == "slogdet" else z * 0.6], attrs) for name, (z,), attrs in calls], TOLERANCE[dtype])


def test_whole_numbers_are_computed_as_floats() -> None:
    x = np.array([[2, 1], [1, 3]])
    agree([("inv", [x], {}), ("det", [x], {}), ("cholesky", [x], {}), ("solve", [x, np.array([1.0, 2.0])], {})], 1e-6)


BAD: dict[str, tuple[Any, np.ndarray, str]] = {
    "inv": (wf.linalg.inv, np.ones((2, 2)), "no inverse"),
    "solve": (lambda x: wf.linalg.solve(x, x[0]), np.zeros((3, 3)), "singular"),
    "solve_triangular": (lambda x: wf.linalg.solve_triangular(x, x), np.diag([1.0, 0.0]), "zero on its diagonal"),
    "cholesky": (wf.linalg.cholesky, -np.eye(3), "positive definite"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_solved_is_an_error_and_the_next_call_works(name: str) -> None:
    f, bad, message = BAD[name]
    compiled, good = wf.compile(f), wf.tensor(np.eye(len(bad)))
    with wf.options(executor="native"):
        np.testing.assert_allclose(compiled(good).numpy(), f(good).numpy())
        with pytest.raises(ArgumentError, match=message):
            compiled(wf.tensor(bad))
        np.testing.assert_allclose(compiled(good).numpy(), f(good).numpy())


@pytest.mark.parametrize("name", ["solve", "cholesky", "slogdet"])
def test_gradients_of_small_systems_run_natively(name: str) -> None:
    def loss(x):
        y = x @ wf.matrix_transpose(x) + 2.0 * wf.eye(6)
        found = {
            "solve": lambda: wf.linalg.solve(y, x),
            "cholesky": lambda: wf.linalg.cholesky(y),
            "slogdet": lambda: wf.linalg.slogdet(y)[1],
        }
        return wf.sum(wf.sin(found[name]()))

    x = np.random.default_rng(0).normal(size=(6, 6))
    program = build(wf.compile(wf.grad(loss)).graph(wf.tensor(x)))
    assert not host_calls(program)
    np.testing.assert_allclose(program([x])[0], wf.grad(loss)(wf.tensor(x)).numpy(), 1e-8, 1e-8)
