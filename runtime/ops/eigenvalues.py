"""Eigenvalues and eigenvectors.

Operands that are called symmetric (Hermitian) are made so first, (x + x^H) / 2: both triangles count, in the
result and in the gradient. Eigenvectors are unique only up to signs (phases) and, for equal eigenvalues, up to
rotations: gradients hold for functions that do not depend on that choice.

Source: Giles, "An extended collection of matrix derivative results ...", Oxford NA-08/01 (2008); Boeddeker et
al., "On the computation of complex-valued gradients ...", arXiv:1701.00392.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..families import conj, fit
from ..op import op
from ..samples import complexes, positive_definite, sample
from ..spec import Operand, Spec
from ..tensor import OPS, Tensor
from .diagonals import diagonal, diagonal_matrix
from .linear import matmul
from .matrices import (
    NAN_HINT,
    adjoint,
    as_column,
    as_row,
    check_square,
    finite,
    hermitian,
    hermitian_part,
    inexact,
    refused,
    safe_reciprocal,
    stack,
)
from .solving import solve


class EighResult(NamedTuple):
    """What `eigh` gives: eigenvalues in ascending order, and the eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def _eigh(x: np.ndarray) -> tuple[np.ndarray, ...]:
    with refused(x, "eigh: the eigenvalues were not found", NAN_HINT):
        return tuple(np.linalg.eigh(hermitian_part(finite(x))))


@op(_eigh, widen=True, samples=[sample((3, 3)), sample((2, 3, 3))])
def eigh(x: Operand, /) -> EighResult:
    """The eigenvalues, in ascending order, and eigenvectors (columns) of symmetric (Hermitian) matrices.

    Gradients hold for functions that do not depend on the signs (phases) of the vectors.

    Shapes: (..., n, n) -> (..., n), (..., n, n).
    """
    check_square("eigh", x)
    n = x.shape[-1]
    return EighResult._make((stack(x, n, dtype=dtypes.real_dtype(inexact("eigh", x))), stack(x, n, n)))


@eigh.gradient
def _(dy: Any, y: Any, _x: Any) -> Any:
    (dvalues, dvectors), (values, vectors) = dy, y
    gaps = as_row(values) - as_column(values)
    inner = safe_reciprocal(gaps) * matmul(adjoint(vectors), dvectors) + diagonal_matrix(dvalues)
    return hermitian(matmul(vectors, matmul(inner, adjoint(vectors))))


def _eigvalsh(x: np.ndarray) -> np.ndarray:
    with refused(x, "eigvalsh: the eigenvalues were not found", NAN_HINT):
        return np.linalg.eigvalsh(hermitian_part(finite(x)))


@op(_eigvalsh, widen=True, samples=[sample((3, 3)), sample((2, 3, 3)), sample(complexes((3, 3)))])
def eigvalsh(x: Operand, /) -> Spec:
    """The eigenvalues of symmetric (Hermitian) matrices, in ascending order.   Shapes: (..., n, n) -> (..., n)."""
    check_square("eigvalsh", x)
    return stack(x, x.shape[-1], dtype=dtypes.real_dtype(inexact("eigvalsh", x)))


@eigvalsh.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    _, vectors = eigh(x)
    return matmul(vectors * as_row(dy), adjoint(vectors))


class EigResult(NamedTuple):
    """What `eig` gives: eigenvalues in no particular order, and the eigenvectors as columns of length 1."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def _as_complex(x: np.ndarray) -> np.ndarray:
    return x.astype(dtypes.complex_dtype(x.dtype), copy=False)


def _eig(x: np.ndarray) -> tuple[np.ndarray, ...]:
    with refused(x, "eig: the eigenvalues were not found", NAN_HINT):
        return tuple(_as_complex(y) for y in np.linalg.eig(finite(x)))


@op(_eig, widen=True, samples=[sample(positive_definite(3, 3)), sample(positive_definite(2, 3, 3))])
def eig(x: Operand, /) -> EigResult:
    """The eigenvalues and eigenvectors (columns of length 1) of square matrices; always complex.

    Gradients hold for different eigenvalues, and for functions that do not depend on the phases of the vectors.

    Shapes: (..., n, n) -> (..., n), (..., n, n).
    """
    check_square("eig", x)
    n, dtype = x.shape[-1], dtypes.complex_dtype(inexact("eig", x))
    return EigResult._make((stack(x, n, dtype=dtype), stack(x, n, n, dtype=dtype)))


@eig.gradient
def _(dy: Any, y: Any, _x: Any) -> Any:
    (dvalues, dvectors), (values, vectors) = dy, y
    dual = adjoint(vectors)
    inner = matmul(dual, dvectors)
    inner = inner - matmul(dual, vectors) * as_row(OPS["real"](diagonal(inner)))  # the vectors keep their length
    inner = inner * safe_reciprocal(conj(as_row(values) - as_column(values))) + diagonal_matrix(dvalues)
    return fit(solve(dual, matmul(inner, dual)), _x)


def _eigvals(x: np.ndarray) -> np.ndarray:
    with refused(x, "eigvals: the eigenvalues were not found", NAN_HINT):
        return _as_complex(np.linalg.eigvals(finite(x)))


@op(_eigvals, widen=True, samples=[sample((3, 3)), sample((2, 3, 3)), sample(complexes((3, 3)))])
def eigvals(x: Operand, /) -> Spec:
    """The eigenvalues of square matrices, in no particular order; always complex.   Shapes: (..., n, n) -> (..., n)."""
    check_square("eigvals", x)
    return stack(x, x.shape[-1], dtype=dtypes.complex_dtype(inexact("eigvals", x)))


@eigvals.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    _, vectors = eig(x)
    dual = adjoint(vectors)
    return fit(solve(dual, as_column(dy) * dual), x)
