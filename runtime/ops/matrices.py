"""What rules on stacks of matrices share: the checks of their operands, and the few products that recur.

A stack is a tensor of two axes or more; the last two are the matrix. Kernels see float32 and up: integers are
computed as the default float. Nothing here is an op of its own.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import DType
from ..errors import ArgumentError, ShapeError
from ..families import conj
from ..spec import Shape, Shaped, Spec, broadcast_shapes, check_dtype, describe, promoted, shape_of
from ..tensor import OPS, as_tensor

NAN_HINT = "Look for NaN or infinity in the operand."


def check_matrices(name: str, x: Shaped) -> None:
    """Refuse what is no stack of matrices of numbers."""
    check_dtype(name, x, dtypes.NUMERIC)
    if len(shape_of(x)) < 2:
        raise ShapeError(f"{name}: {describe(x)} is no matrix", "Give it at least two axes: (..., rows, columns).")


def check_square(name: str, x: Shaped) -> None:
    """Refuse what is no stack of square matrices of numbers."""
    check_matrices(name, x)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name}: {describe(x)} is not square: {x.shape[-2]} rows, {x.shape[-1]} columns",
            "It is defined for square matrices, (..., n, n).",
        )


def inexact(name: str, *operands: Shaped) -> DType:
    """The dtype in which the operands are computed together: floating or complex."""
    return dtypes.inexact_dtype(promoted(name, *operands))


def as_inexact(*arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays in the common dtype in which a kernel computes them."""
    dtype = dtypes.inexact_dtype(dtypes.promote(*(x.dtype for x in arrays)))
    return [x.astype(dtype, copy=False) for x in arrays]


def hermitian_part(x: np.ndarray) -> np.ndarray:
    """The Hermitian part of each matrix, for kernels."""
    (x,) = as_inexact(x)
    return (x + np.matrix_transpose(x).conj()) / 2


def finite(x: np.ndarray) -> np.ndarray:
    """The operand of a kernel in its dtype, refused if it holds NaN or infinity: LAPACK may return numbers for these."""
    (x,) = as_inexact(x)
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError("not finite")
    return x


def check_tolerance(name: str, x: Shaped, rtol: Any) -> None:
    """Refuse a tolerance that is no number, nor one for each matrix of the stack.

    Errors: DTypeError, ShapeError.
    """
    if rtol is None:
        return
    tolerance = as_tensor(rtol)
    check_dtype(name, tolerance, dtypes.REAL, "The tolerance rtol is a real number.")
    batch = Spec(tuple(x.shape[:-2]), dtypes.float32)
    if broadcast_shapes(name, batch, tolerance) != batch.shape:
        raise ShapeError(
            f"{name}: rtol is {describe(tolerance)} for {describe(x)}", "Give one number, or one for each matrix."
        )


def singular_tolerance(rtol: Any, shape: Shape, dtype: DType) -> np.ndarray:
    """The size, relative to the largest, below which singular values count as zero; by default what rounding makes."""
    return np.asarray(max(shape[-2:]) * np.finfo(dtype).eps if rtol is None else rtol)


class refused:  # noqa: N801  (reads as a clause: with refused(...))
    """Say what a matrix of `x` lacks where NumPy's linear algebra gives up."""

    def __init__(self, x: np.ndarray, what: str, hint: str) -> None:
        self.x, self.what, self.hint = x, what, hint

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, np.linalg.LinAlgError):
            raise ArgumentError(f"{self.what}, given {describe(self.x)}", self.hint) from error


def matrix_transpose(x: Any) -> Any:
    """Each matrix transposed."""
    return OPS["matrix_transpose"](x)


def adjoint(x: Any) -> Any:
    """Each matrix transposed and conjugated."""
    return conj(matrix_transpose(x))


def hermitian(x: Any) -> Any:
    """The Hermitian part of each matrix, for rules."""
    return (x + adjoint(x)) * 0.5


def half_lower(x: Any) -> Any:
    """The lower triangle of each matrix, with half the diagonal."""
    return (OPS["tril"](x) + OPS["tril"](x, k=-1)) * 0.5


def half_upper(x: Any) -> Any:
    """The upper triangle of each matrix, with half the diagonal."""
    return (OPS["triu"](x) + OPS["triu"](x, k=1)) * 0.5


def as_row(x: Any) -> Any:
    """A vector as a matrix of one row.   Shapes: (..., n) -> (..., 1, n)."""
    return OPS["reshape"](x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def as_column(x: Any) -> Any:
    """A vector as a matrix of one column.   Shapes: (..., n) -> (..., n, 1)."""
    return OPS["reshape"](x, shape=(*x.shape, 1))


def safe_reciprocal(x: Any) -> Any:
    """1 / x, and 0 where x is 0."""
    where = OPS["where"]
    return where(x == 0, 0.0, 1.0 / where(x == 0, 1.0, x))


def stack(x: Shaped, *shape: int, dtype: DType | None = None) -> Spec:
    """The spec of other matrices (or vectors, or numbers) in the stack of `x`."""
    batch: Shape = tuple(x.shape[:-2])
    return Spec((*batch, *shape), inexact("stack", x) if dtype is None else dtype)
