"""Linear systems: solved, by inverses, and in the sense of least squares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..errors import ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import complexes, positive_definite, sample
from ..spec import Operand, Shaped, Spec, broadcast_shapes, check_dtype, describe, like, shape_of
from ..tensor import OPS, Tensor, as_tensor
from .linear import matmul
from .matrices import (
    NAN_HINT,
    adjoint,
    as_column,
    as_inexact,
    check_matrices,
    check_square,
    check_tolerance,
    finite,
    inexact,
    refused,
    singular_tolerance,
    stack,
)


def _inv(x: np.ndarray) -> np.ndarray:
    with refused(
        x, "inv: a matrix is singular: it has no inverse", "Use wf.linalg.pinv, or wf.linalg.lstsq for a system."
    ):
        return np.linalg.inv(*as_inexact(x))


@op(_inv, widen=True,
    samples=[sample(positive_definite(3, 3)), sample(positive_definite(2, 3, 3)), sample(complexes((3, 3)))])  # fmt: skip
def inv(x: Operand, /) -> Spec:
    """The inverse of each matrix. To solve a system, `solve` is faster and more accurate.

    Shapes: (..., n, n) -> (..., n, n).
    Errors: ArgumentError for a singular matrix.
    """
    check_square("inv", x)
    return like(x, dtype=inexact("inv", x))


@inv.gradient
def _(dy: Any, y: Any, _x: Any) -> Any:
    z = adjoint(y)
    return -matmul(z, matmul(dy, z))


def _check_system(name: str, x: Shaped, y: Shaped) -> Spec:
    """The shape rule of systems of equations, whose right side is a matrix, or one vector."""
    check_square(name, x)
    check_dtype(name, y, dtypes.NUMERIC)
    rows = shape_of(y)[-1:] if len(shape_of(y)) < 2 else y.shape[-2:-1]
    if rows != x.shape[-1:]:
        raise ShapeError(
            f"{name}: the right side {describe(y)} does not fit the matrix {describe(x)}",
            "It needs a row for each row of the matrix: (..., n, k), or one vector (n,).",
        )
    batch = broadcast_shapes(name, Spec(x.shape[:-2], x.dtype), Spec(tuple(y.shape[:-2]), y.dtype))
    columns = y.shape[-1:] if len(y.shape) > 1 else ()
    return Spec((*batch, *rows, *columns), inexact(name, x, y))


def _solve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    with refused(x, "solve: a matrix is singular", "Use wf.linalg.lstsq for the solution of least squares."):
        return np.linalg.solve(*as_inexact(x, y))


@op(_solve, widen=True,
    samples=[sample(positive_definite(3, 3), (3, 2)), sample(positive_definite(3, 3), (3,)),
             sample(positive_definite(2, 3, 3), (3,)), sample(positive_definite(2, 1, 3, 3), (4, 3, 2)),
             sample(complexes((3, 3)), complexes((3, 2)))])  # fmt: skip
def solve(x: Operand, y: Operand, /) -> Spec:
    """The solution z of the linear system x @ z == y. A right side with one axis is a vector, any other is matrices.

    Shapes: (..., n, n) (..., n, k) -> (..., n, k); (..., n, n) (n,) -> (..., n).
    Errors: ArgumentError for a singular matrix.

    Example:
        >>> import weft as wf
        >>> wf.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        Tensor([1. , 0.5], f32)
    """
    return _check_system("solve", x, y)


@solve.gradient
def _(dz: Any, z: Any, x: Any, _y: Any) -> Any:
    columns = len(_y.shape) > 1
    dy = solve(adjoint(x), dz if columns else as_column(dz))
    dx = -matmul(dy, adjoint(z if columns else as_column(z)))
    return fit(dx, x), _fit_right(dy, _y)


def _fit_right(dy: Any, y: Shaped) -> Any:
    """The cotangent of a right side, as columns, brought to the shape of the right side."""
    if len(y.shape) > 1:
        return fit(dy, y)
    return OPS["reshape"](fit(dy, like(y, (*y.shape, 1))), shape=y.shape)


BLOCK = 32  # rows that are solved at once as a full matrix; above that the work is matrix products


def _lower_solve(x: np.ndarray, y: np.ndarray, unit: bool) -> np.ndarray:
    """Forward substitution by halves."""
    n = x.shape[-1]
    if n <= BLOCK:
        x = np.tril(x, -1) + np.eye(n, dtype=x.dtype) if unit else np.tril(x)
        return np.linalg.solve(x, y)
    h = n // 2
    top = _lower_solve(x[..., :h, :h], y[..., :h, :], unit)
    rest = y[..., h:, :] - np.matmul(x[..., h:, :h], top)
    bottom = _lower_solve(x[..., h:, h:], rest, unit)
    return np.concatenate([np.broadcast_to(top, (*bottom.shape[:-2], *top.shape[-2:])), bottom], axis=-2)


def _solve_triangular(x: np.ndarray, y: np.ndarray, upper: bool, unit_diagonal: bool) -> np.ndarray:
    x, y = as_inexact(x, y)
    columns = y if y.ndim > 1 else y[:, None]
    with refused(x, "solve_triangular: a matrix is singular: it has a zero on its diagonal", "Check how it was made."):
        if upper:  # an upper triangle read backwards is a lower one
            z = _lower_solve(x[..., ::-1, ::-1], columns[..., ::-1, :], unit_diagonal)[..., ::-1, :]
        else:
            z = _lower_solve(x, columns, unit_diagonal)
    return z if y.ndim > 1 else z[..., 0]


@op(_solve_triangular, widen=True,
    samples=[sample(positive_definite(3, 3), (3, 2)), sample(positive_definite(3, 3), (3,), upper=True),
             sample(positive_definite(2, 3, 3), (3, 2), unit_diagonal=True),
             sample(positive_definite(2, 1, 3, 3), (4, 3, 2), upper=True)])  # fmt: skip
def solve_triangular(x: Operand, y: Operand, /, *, upper: bool = False, unit_diagonal: bool = False) -> Spec:
    """The solution z of x @ z == y for lower (or upper) triangular x, of which the other triangle is not read.

    With `unit_diagonal` the diagonal is not read either, but taken as ones.

    Shapes: (..., n, n) (..., n, k) -> (..., n, k); (..., n, n) (n,) -> (..., n).
    Errors: ArgumentError for a zero on the diagonal.
    """
    return _check_system("solve_triangular", x, y)


@solve_triangular.gradient
def _(dz: Any, z: Any, x: Any, _y: Any, *, upper: bool, unit_diagonal: bool) -> Any:
    columns = len(_y.shape) > 1
    dy = solve_triangular(adjoint(x), dz if columns else as_column(dz), upper=not upper, unit_diagonal=unit_diagonal)
    dx = -matmul(dy, adjoint(z if columns else as_column(z)))
    keep, k = ("triu", 1) if upper else ("tril", -1)
    dx = OPS[keep](dx, k=k if unit_diagonal else 0)
    return fit(dx, x), _fit_right(dy, _y)


def _pinv(x: np.ndarray, rtol: Any) -> np.ndarray:
    with refused(x, "pinv: the singular values were not found", NAN_HINT):
        x = finite(x)
        return np.linalg.pinv(x, rtol=singular_tolerance(rtol, x.shape, x.dtype))


@op(_pinv, widen=True,
    samples=[sample((3, 3)), sample((2, 4, 3)), sample((3, 4)), sample(complexes((4, 3)))])  # fmt: skip
def pinv(x: Operand, /, *, rtol: Any = None) -> Spec:
    """The Moore-Penrose inverse of each matrix. Singular values below `rtol` times the largest count as zero.

    The gradient holds where the rank does not change.

    Shapes: (..., m, n) -> (..., n, m).
    Source: Golub and Pereyra, "The differentiation of pseudo-inverses ...", SIAM J. Numer. Anal. 10 (1973).
    """
    check_matrices("pinv", x)
    check_tolerance("pinv", x, rtol)
    return stack(x, x.shape[-1], x.shape[-2])


@pinv.gradient
def _(dy: Any, y: Any, x: Any, *, rtol: Any) -> Any:
    dual, back = adjoint(y), adjoint(dy)
    rows = matmul(back, matmul(y, dual))
    columns = matmul(matmul(dual, y), back)
    inner = matmul(dual, matmul(dy, dual))
    return rows - matmul(x, matmul(y, rows)) + columns - matmul(matmul(columns, y), x) - inner


class LstsqResult(NamedTuple):
    """What `lstsq` gives: the solution, the squared residual of each column, and the rank and singular values of x."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def lstsq(x: Operand, y: Operand, /, *, rtol: Any = None) -> LstsqResult:
    """The shortest z that minimizes the squared residual |x @ z - y|^2.

    Shapes: (..., m, n) (..., m, k) -> (..., n, k); (..., m, n) (m,) -> (..., n).
    Errors: ShapeError when the right side does not fit.
    """
    x, y = as_tensor(x, y), as_tensor(y, x)
    check_matrices("lstsq", x)
    rows = y.shape[-1:] if len(y.shape) < 2 else y.shape[-2:-1]
    if rows != x.shape[-2:-1]:
        raise ShapeError(
            f"lstsq: the right side {describe(y)} does not fit the matrix {describe(x)}",
            "It needs a row for each row of the matrix.",
        )
    z = matmul(pinv(x, rtol=rtol), y)
    residual = matmul(x, z) - y
    residuals = OPS["sum"](OPS["real"](residual * conj(residual)), axis=-2 if len(y.shape) > 1 else -1)
    return LstsqResult(z, residuals, OPS["matrix_rank"](x, rtol=rtol), OPS["svdvals"](x))
