"""Diagonals of matrices: taken out, put in, summed. Taking one out and putting it in are each other's gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..op import op
from ..samples import sample
from ..spec import Operand, Shape, Spec, describe, like, shape_of
from ..tensor import OPS, Tensor, as_tensor


def _length(rows: int, columns: int, offset: int) -> int:
    """The length of a diagonal, 0 if it lies outside the matrix."""
    return max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))


@op(lambda x, offset: np.diagonal(x, offset, -2, -1),
    samples=[sample((3, 4)), sample((2, 3, 3), offset=1), sample((4, 2), offset=-2)])  # fmt: skip
def diagonal(x: Operand, /, *, offset: int = 0) -> Spec:
    """The diagonal of each matrix, `offset` above the main one (below, if negative).   Shapes: (..., m, n) -> (..., k)."""
    if len(shape_of(x)) < 2:
        raise ShapeError(f"diagonal: {describe(x)} is no matrix", "Give it at least two axes; wf.diag makes a matrix.")
    return like(x, (*x.shape[:-2], _length(x.shape[-2], x.shape[-1], offset)))


@diagonal.gradient
def _(dy: Any, _y: Any, _x: Any, *, offset: int) -> Any:
    return on_diagonal(dy, offset=offset, shape=_x.shape[-2:])


def _on_diagonal(x: np.ndarray, offset: int, shape: Shape) -> np.ndarray:
    y = np.zeros((*x.shape[:-1], *shape), x.dtype)
    i = np.arange(x.shape[-1])
    y[..., i + max(0, -offset), i + max(0, offset)] = x
    return y


@op(_on_diagonal, samples=[sample((3,), offset=0, shape=(3, 3)), sample((2, 3), offset=1, shape=(3, 4))])
def on_diagonal(x: Operand, /, *, offset: int, shape: Shape) -> Spec:
    """Matrices of `shape` with `x` on a diagonal and zeros elsewhere.   Shapes: (..., k) -> (..., m, n)."""
    if not shape_of(x) or x.shape[-1] != _length(shape[-2], shape[-1], offset):
        raise ShapeError(
            f"on_diagonal: {describe(x)} does not fit diagonal {offset} of shape {shape}",
            f"That diagonal has {_length(shape[-2], shape[-1], offset)} elements.",
        )
    return like(x, (*x.shape[:-1], *shape))


@on_diagonal.gradient
def _(dy: Any, _y: Any, _x: Any, *, offset: int, shape: Shape) -> Any:
    return diagonal(dy, offset=offset)


def diagonal_matrix(x: Any) -> Any:
    """Square matrices with vectors on their diagonals.   Shapes: (..., n) -> (..., n, n)."""
    n = x.shape[-1]
    return on_diagonal(x, offset=0, shape=(n, n))


def diag(x: Operand, /, offset: int = 0) -> Tensor:
    """A matrix with the vector `x` on its diagonal, or the diagonals of matrices.

    Shapes: (n,) -> (n, n); (..., m, n) -> (..., k).
    """
    x = as_tensor(x)
    if len(x.shape) != 1:
        return diagonal(x, offset=offset)
    n = x.shape[0] + abs(offset)
    return on_diagonal(x, offset=offset, shape=(n, n))


def trace(x: Operand, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sum of a diagonal of each matrix.   Shapes: (..., m, n) -> (...)."""
    return OPS["sum"](diagonal(x, offset=offset), axis=-1, dtype=dtype)
