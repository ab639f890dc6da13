"""Decompositions of matrices: Cholesky, QR, singular values.

What `cholesky` is given is made symmetric (Hermitian) first: both triangles count, in the result and in the
gradient. Singular vectors are unique only up to signs (phases) and, for equal values, up to rotations: gradients
hold for functions that do not depend on that choice.

Source: Giles, "An extended collection of matrix derivative results ...", Oxford NA-08/01 (2008); Walter and
Lehmann, "Algorithmic differentiation of linear algebra functions ...", arXiv:1009.6112; Wan and Zhang,
"Automatic differentiation for complex valued SVD", arXiv:1909.02659.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, GradientError
from ..op import op
from ..samples import complexes, positive_definite, sample
from ..spec import Operand, Spec, describe, like
from ..tensor import OPS, Tensor
from .diagonals import diagonal, diagonal_matrix
from .linear import matmul
from .matrices import (
    NAN_HINT,
    adjoint,
    as_column,
    as_inexact,
    as_row,
    check_matrices,
    check_square,
    finite,
    half_lower,
    half_upper,
    hermitian,
    hermitian_part,
    inexact,
    refused,
    safe_reciprocal,
    stack,
)
from .solving import solve_triangular


def _cholesky(x: np.ndarray, upper: bool) -> np.ndarray:
    with refused(
        x, "cholesky: a matrix is not positive definite", "Add a small multiple of the identity, or check its sign."
    ):
        return np.linalg.cholesky(hermitian_part(x), upper=upper)


@op(_cholesky, widen=True,
    samples=[sample(positive_definite(3, 3)), sample(positive_definite(2, 3, 3), upper=True)])  # fmt: skip
def cholesky(x: Operand, /, *, upper: bool = False) -> Spec:
    """The triangle l with l @ l^H == x for symmetric (Hermitian) positive definite x; u^H @ u == x if `upper`.

    Shapes: (..., n, n) -> (..., n, n).
    Errors: ArgumentError for a matrix that is not positive definite.
    """
    check_square("cholesky", x)
    return like(x, dtype=inexact("cholesky", x))


@cholesky.gradient
def _(dy: Any, y: Any, _x: Any, *, upper: bool) -> Any:
    lower, d = (adjoint(y), adjoint(dy)) if upper else (y, dy)
    inner = hermitian(half_lower(matmul(adjoint(lower), d)))
    left = solve_triangular(adjoint(lower), inner, upper=True)
    return adjoint(solve_triangular(adjoint(lower), adjoint(left), upper=True))


class QRResult(NamedTuple):
    """What `qr` gives: orthonormal columns, and an upper triangle."""

    Q: Tensor
    R: Tensor


def _qr(x: np.ndarray, mode: Literal["reduced", "complete"]) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.qr(*as_inexact(x), mode=mode))


@op(_qr, widen=True, samples=[sample((3, 3)), sample((4, 3)), sample((2, 3, 4)), sample((3, 3), mode="complete")])
def qr(x: Operand, /, *, mode: Literal["reduced", "complete"] = "reduced") -> QRResult:
    """Orthonormal columns q and an upper triangle r with q @ r == x.

    The gradient needs independent columns, and `mode="reduced"` for a matrix with more rows than columns.

    Shapes: (..., m, n) -> (..., m, k), (..., k, n), where k = min(m, n), or m if `mode` is "complete".
    """
    check_matrices("qr", x)
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"qr: mode {mode!r} is unknown", 'The modes are "reduced" and "complete".')
    m, n = x.shape[-2:]
    k = m if mode == "complete" else min(m, n)
    return QRResult._make((stack(x, m, k), stack(x, k, n)))


@qr.gradient
def _(dy: Any, y: Any, _x: Any, *, mode: str) -> Any:
    (dq, dr), (q, r) = dy, y
    m, n = _x.shape[-2:]
    if mode == "complete" and m > n:
        raise GradientError(
            f"qr: the columns that complete {describe(_x)} to a basis have no gradient", 'Use mode="reduced".'
        )
    if m >= n:
        return _qr_dx(dq, dr, q, r)
    left, right, dright = r[..., :m], r[..., m:], dr[..., m:]  # x = q @ [left, right]
    dq = dq + matmul(matmul(q, right), adjoint(dright))
    return OPS["concat"](_qr_dx(dq, dr[..., :m], q, left), matmul(q, dright), axis=-1)


def _qr_dx(dq: Any, dr: Any, q: Any, r: Any) -> Any:
    half = half_upper(matmul(adjoint(q), dq) - matmul(dr, adjoint(r)))
    dx = dq - matmul(q, half + adjoint(half))
    return adjoint(solve_triangular(r, adjoint(dx), upper=True))


class SVDResult(NamedTuple):
    """What `svd` gives: x == (U * S) @ Vh, with singular values in descending order."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def _svd(x: np.ndarray, full_matrices: bool) -> tuple[np.ndarray, ...]:
    with refused(x, "svd: the singular values were not found", NAN_HINT):
        return tuple(np.linalg.svd(finite(x), full_matrices=full_matrices))


@op(_svd, widen=True,
    samples=[sample((3, 3)), sample((4, 3), full_matrices=False), sample((2, 3, 4), full_matrices=False)])  # fmt: skip
def svd(x: Operand, /, *, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition u, s, vh of each matrix: (u * s) @ vh == x, with s in descending order.

    With `full_matrices` u and vh are square; the gradient of a matrix that is not square needs it False. Gradients
    hold for functions that do not depend on the signs (phases) of the vectors.

    Shapes: (..., m, n) -> (..., m, k), (..., k), (..., k, n), where k = min(m, n); or m by m and n by n.
    """
    check_matrices("svd", x)
    m, n = x.shape[-2:]
    k = min(m, n)
    real = dtypes.real_dtype(inexact("svd", x))
    rows, columns = (m, n) if full_matrices else (k, k)
    return SVDResult._make((stack(x, m, rows), stack(x, k, dtype=real), stack(x, columns, n)))


@svd.gradient
def _(dy: Any, y: Any, _x: Any, *, full_matrices: bool) -> Any:
    (du, ds, dvh), (u, s, vh) = dy, y
    m, n = _x.shape[-2:]
    if full_matrices and m != n:
        raise GradientError(
            f"svd: the vectors that complete those of {describe(_x)} to a basis have no gradient",
            "Use full_matrices=False, or wf.linalg.svdvals for the singular values alone.",
        )
    left, right = matmul(adjoint(u), du), matmul(vh, adjoint(dvh))
    dx = matmul(u, matmul(_svd_inner(left, ds, s, right), vh))
    inverse = safe_reciprocal(s)
    if m > n:
        dx = dx + matmul((du - matmul(u, left)) * as_row(inverse), vh)
    if m < n:
        dx = dx + matmul(u, (dvh - matmul(adjoint(right), vh)) * as_column(inverse))
    return dx


def _svd_inner(left: Any, ds: Any, s: Any, right: Any) -> Any:
    """The cotangent seen from the singular vectors: u^H dx v."""
    row, column = as_row(s), as_column(s)
    factors = safe_reciprocal((row - column) * (row + column))
    inner = factors * (left - adjoint(left)) * row + column * (factors * (right - adjoint(right))) + diagonal_matrix(ds)
    if left.dtype in dtypes.COMPLEX:  # the phase of each pair of vectors, put on the left one
        inner = inner + diagonal_matrix(OPS["imag"](diagonal(left)) * safe_reciprocal(s)) * 1j
    return inner


def _svdvals(x: np.ndarray) -> np.ndarray:
    with refused(x, "svdvals: the singular values were not found", NAN_HINT):
        return np.linalg.svd(finite(x), compute_uv=False)


@op(_svdvals, widen=True, samples=[sample((3, 3)), sample((2, 4, 3)), sample((3, 4)), sample(complexes((3, 2)))])
def svdvals(x: Operand, /) -> Spec:
    """The singular values of each matrix, in descending order.   Shapes: (..., m, n) -> (..., min(m, n))."""
    check_matrices("svdvals", x)
    return stack(x, min(x.shape[-2:]), dtype=dtypes.real_dtype(inexact("svdvals", x)))


@svdvals.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    u, _, vh = svd(x, full_matrices=False)
    return matmul(u * as_row(dy), vh)
