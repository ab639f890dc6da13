"""Linear systems, inverses, powers and the exponential, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, ShapeError

linalg: Any = wf.linalg  # also called with what a type checker would refuse
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def regular(make: Any, *shape: int) -> np.ndarray:
    """Matrices far from singular."""
    return make(*shape) + 3 * np.eye(shape[-1])


MAKES = pytest.mark.parametrize("make", [normal, complex_normal])
SYSTEMS = [
    ((3, 3), (3, 2)),
    ((3, 3), (3,)),
    ((2, 3, 3), (3,)),
    ((2, 3, 3), (3, 2)),
    ((3, 3), (2, 3, 4)),
    ((2, 1, 3, 3), (5, 3, 2)),
    ((0, 0), (0, 2)),
    ((0, 3, 3), (3, 2)),
    ((3, 3), (3, 0)),
]


@pytest.mark.parametrize(("left", "right"), SYSTEMS)
@MAKES
def test_solve_agrees_with_numpy(left: Any, right: Any, make: Any) -> None:
    x, y = regular(make, *left), make(*right)
    wf.testing.assert_close(linalg.solve(x, y), np.linalg.solve(x, y))
    if x.size and y.size:
        wf.testing.check_grads(linalg.solve, (x, y))


@pytest.mark.parametrize(("left", "right"), SYSTEMS)
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@MAKES
def test_solve_triangular_reads_one_triangle(left: Any, right: Any, upper: bool, unit: bool, make: Any) -> None:
    x, y = regular(make, *left), make(*right)
    triangle = (np.triu if upper else np.tril)(x)
    if unit:
        triangle = triangle - triangle * np.eye(left[-1]) + np.eye(left[-1])
    z = linalg.solve_triangular(x, y, upper=upper, unit_diagonal=unit)
    wf.testing.assert_close(z, np.linalg.solve(triangle, y))
    if x.size and y.size:
        wf.testing.check_grads(
            lambda x, y: linalg.solve_triangular(x, y, upper=upper, unit_diagonal=unit), (x, y), directions=1
        )


@pytest.mark.parametrize("n", [33, 64, 100])
@pytest.mark.parametrize("upper", [False, True])
def test_large_triangles_are_solved_by_halves(n: int, upper: bool) -> None:
    x, y = np.tril(regular(normal, 2, n, n)) + n * np.eye(n), normal(n, 3)
    x = np.matrix_transpose(x) if upper else x
    wf.testing.assert_close(linalg.solve_triangular(x, y, upper=upper), np.linalg.solve(x, y))


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1), (0, 0), (2, 0, 0), (0, 2, 2)])
@MAKES
def test_inv_agrees_with_numpy(shape: Any, make: Any) -> None:
    x = regular(make, *shape)
    wf.testing.assert_close(linalg.inv(x), np.linalg.inv(x))
    if x.size:
        wf.testing.check_grads(linalg.inv, (x,), order=3)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 3), (3, 4), (1, 5), (0, 3), (3, 0)])
@MAKES
def test_pinv_agrees_with_numpy(shape: Any, make: Any) -> None:
    x = make(*shape)
    wf.testing.assert_close(linalg.pinv(x), np.linalg.pinv(x))
    if x.size:
        wf.testing.check_grads(linalg.pinv, (x,))


def test_pinv_takes_singular_values_below_rtol_as_zero() -> None:
    x = np.diag([1.0, 1e-3])
    wf.testing.assert_close(linalg.pinv(x, rtol=1e-2), np.diag([1.0, 0.0]))
    wf.testing.assert_close(linalg.pinv(np.stack([x, x]), rtol=[1e-2, 1e-4])[1], np.diag([1.0, 1e3]))
    wf.testing.assert_close(linalg.pinv(np.zeros((2, 3))), np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("left", "right"), [((5, 3), (5, 2)), ((5, 3), (5,)), ((3, 5), (3, 2)), ((2, 4, 3), (2, 4, 1))]
)
@MAKES
def test_lstsq_is_the_shortest_solution_of_least_squares(left: Any, right: Any, make: Any) -> None:
    x, y = make(*left), make(*right)
    found = linalg.lstsq(x, y)
    z = np.linalg.pinv(x) @ y
    wf.testing.assert_close(found.solution, z)
    wf.testing.assert_close(found.residuals, (np.abs(x @ z - y) ** 2).sum(-2 if y.ndim > 1 else -1), atol=1e-9)
    wf.testing.assert_close(found.rank, np.full(left[:-2], min(left[-2:])))
    wf.testing.assert_close(found.singular_values, np.linalg.svd(x, compute_uv=False))
    wf.testing.check_grads(lambda x, y: linalg.lstsq(x, y).solution, (x, y))


def test_gradients_of_singular_values_flow_through_lstsq() -> None:
    wf.testing.check_grads(lambda x, y: linalg.lstsq(x, y)[3], (normal(4, 3), normal(4)))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8, -1, -3])
@MAKES
def test_matrix_power_agrees_with_numpy(n: int, make: Any) -> None:
    x = regular(make, 2, 3, 3)
    wf.testing.assert_close(linalg.matrix_power(x, n), np.linalg.matrix_power(x, n))
    if n:
        wf.testing.check_grads(lambda x: linalg.matrix_power(x, n), (x,), rtol=1e-4)


def test_integer_matrices_have_integer_powers() -> None:
    x = np.array([[1, 1], [1, 0]])
    assert linalg.matrix_power(x, 10).dtype is wf.int64
    wf.testing.assert_close(linalg.matrix_power(x, 10), [[89, 55], [55, 34]])


def exponential(x: np.ndarray) -> np.ndarray:
    """exp by eigenvalues."""
    values, vectors = np.linalg.eig(x)
    return (vectors * np.exp(values)[..., None, :]) @ np.linalg.inv(vectors)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0])
def test_expm_agrees_with_the_exponential_of_eigenvalues(scale: float) -> None:
    x = scale * complex_normal(3, 4, 4)
    expected = exponential(x)
    wf.testing.assert_close(linalg.expm(x), expected, rtol=1e-9, atol=1e-10 * np.abs(expected).max())


def test_each_matrix_of_a_stack_has_its_own_exponential() -> None:
    x = np.stack([0.1 * normal(3, 3), 20 * normal(3, 3), np.zeros((3, 3))])
    each = np.stack([linalg.expm(m).numpy() for m in x])
    wf.testing.assert_close(linalg.expm(x), each)
    wf.testing.assert_close(linalg.expm(x)[2], np.eye(3))


@MAKES
def test_gradients_of_expm(make: Any) -> None:
    wf.testing.check_grads(linalg.expm, (make(2, 3, 3),), order=3)


def test_expm_of_special_matrices() -> None:
    assert linalg.expm(np.zeros((0, 0))).shape == (0, 0)
    wf.testing.assert_close(linalg.expm([[0.0, 1.0], [0.0, 0.0]]), [[1.0, 1.0], [0.0, 1.0]])
    assert np.isnan(linalg.expm([[np.nan, 1.0], [0.0, 0.0]]).numpy()).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_of_a_solution_is_that_of_the_system(dtype: str) -> None:
    x, y = wf.asarray(np.eye(2) * 2, dtype=dtype), wf.asarray(np.ones((2, 1)), dtype=dtype)
    results = [linalg.inv(x), linalg.solve(x, y), linalg.solve_triangular(x, y), linalg.pinv(x)]
    for z in results:
        assert z.dtype is x.dtype
        assert float(z[0, 0]) == 0.5


def test_integers_are_solved_as_default_floats() -> None:
    assert linalg.solve([[2, 0], [0, 2]], [1, 1]).dtype is wf.float32
    assert linalg.inv([[2, 0], [0, 2]]).dtype is wf.float32


SINGULAR = np.ones((2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(SINGULAR), "inv: a matrix is singular: it has no inverse, given f64[2, 2]"),
        (lambda: linalg.solve(SINGULAR, SINGULAR), "solve: a matrix is singular, given f64[2, 2]"),
        (lambda: linalg.matrix_power(SINGULAR, -2), "inv: a matrix is singular"),
        (lambda: linalg.solve_triangular(np.zeros((2, 2)), SINGULAR), "solve_triangular: a matrix is singular"),
        (lambda: linalg.pinv(np.full((2, 2), np.nan)), "pinv: the singular values were not found"),
    ],
)
def test_singular_matrices_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)
    assert "test_solving.py" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(np.ones((2, 3))), "inv: f64[2, 3] is not square: 2 rows, 3 columns"),
        (lambda: linalg.inv(np.ones(3)), "inv: f64[3] is no matrix"),
        (lambda: linalg.inv(2.0), "inv: 2.0 is no matrix"),
        (lambda: linalg.expm(np.ones((2, 3))), "expm: f64[2, 3] is not square"),
        (lambda: linalg.matrix_power(np.ones((2, 3)), 2), "matrix_power: f64[2, 3] is not square"),
        (
            lambda: linalg.solve(np.eye(2), np.ones(3)),
            "solve: the right side f64[3] does not fit the matrix f64[2, 2]",
        ),
        (lambda: linalg.solve(np.eye(2), np.ones((2, 3, 1))), "solve: the right side f64[2, 3, 1] does not fit"),
        (lambda: linalg.solve(np.eye(2), 1.0), "solve: the right side 1.0 does not fit"),
        (lambda: linalg.solve(np.ones((2, 3, 3)), np.ones((4, 3, 1))), "solve: shapes do not broadcast"),
        (lambda: linalg.solve_triangular(np.eye(2), np.ones(3)), "solve_triangular: the right side"),
        (lambda: linalg.lstsq(np.ones((3, 2)), np.ones(2)), "lstsq: the right side f64[2] does not fit"),
        (lambda: linalg.lstsq(np.ones(3), np.ones(3)), "lstsq: f64[3] is no matrix"),
        (lambda: linalg.pinv(np.ones(3)), "pinv: f64[3] is no matrix"),
    ],
)
def test_shapes_that_make_no_system_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        call()
    assert message in str(caught.value)


def test_powers_are_integers() -> None:
    with pytest.raises(TypeError, match="integer"):
        linalg.matrix_power(np.eye(2), 0.5)
