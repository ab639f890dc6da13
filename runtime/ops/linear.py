"""Products of matrices and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ShapeError
from ..families import conj, fit
from ..op import op
from ..spec import Shaped, Spec, broadcast_shapes, check_dtype, describe, like, promoted
from ..tensor import OPS


@op(lambda x: np.matrix_transpose(x), onnx="Transpose")
def matrix_transpose(x: Shaped, /) -> Spec:
    """Each matrix transposed.   Shapes: (..., m, n) -> (..., n, m)."""
    if len(x.shape) < 2:
        raise ShapeError(f"matrix_transpose: {describe(x)} is no matrix", "Give it at least two axes.")
    return like(x, (*x.shape[:-2], x.shape[-1], x.shape[-2]))


@matrix_transpose.gradient
def _(dy: Any, _y: Any, _x: Any) -> Any:
    return matrix_transpose(dy)


def _matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.matmul(x, y)


@op(_matmul, onnx="MatMul", widen=True)
def matmul(x: Shaped, y: Shaped, /) -> Spec:
    """The matrix product; leading axes are broadcast, and a vector stands for a row on the left, a column on the right.

    Shapes: (..., m, k) (..., k, n) -> (..., m, n); (k,) (..., k, n) -> (..., n); (..., m, k) (k,) -> (..., m).
    Errors: ShapeError for a 0-d operand, or when the inner lengths differ.
    """
    for operand in (x, y):
        check_dtype("matmul", operand, dtypes.NUMERIC)
        if not operand.shape:
            raise ShapeError(f"matmul: {describe(operand)} is 0-d", "Multiply by a scalar with *.")
    inner = y.shape[-2] if len(y.shape) > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ShapeError(
            f"matmul: inner lengths differ: x is {describe(x)}, y is {describe(y)}; {x.shape[-1]} is not {inner}.",
            "Transpose one operand (wf.matrix_transpose(y)) or check how y was made.",
        )
    batch = broadcast_shapes("matmul", Spec(x.shape[:-2], x.dtype), Spec(y.shape[:-2], y.dtype))
    rows = x.shape[-2:-1]
    columns = y.shape[-1:] if len(y.shape) > 1 else ()
    return Spec((*batch, *rows, *columns), promoted("matmul", x, y))


def _as_matrices(dy: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """The cotangent and the operands of a product with vectors made matrices of one row or column."""
    reshape = OPS["reshape"]
    if len(x.shape) == 1:
        dy = reshape(dy, shape=(*dy.shape[:-1], 1, *dy.shape[-1:]) if len(y.shape) > 1 else (1,))
    if len(y.shape) == 1:
        dy = reshape(dy, shape=(*dy.shape, 1))
    return dy, (1, *x.shape) if len(x.shape) == 1 else x.shape, (*y.shape, 1) if len(y.shape) == 1 else y.shape


def _matmul_dx(dy: Any, _z: Any, _x: Any, y: Any) -> Any:
    dy, rows, columns = _as_matrices(dy, _x, y)
    dx = dy @ matrix_transpose(conj(OPS["reshape"](y, shape=columns)))
    return OPS["reshape"](fit(dx, like(_x, rows)), shape=_x.shape)


def _matmul_dy(dy: Any, _z: Any, x: Any, _y: Any) -> Any:
    dy, rows, columns = _as_matrices(dy, x, _y)
    dw = matrix_transpose(conj(OPS["reshape"](x, shape=rows))) @ dy
    return OPS["reshape"](fit(dw, like(_y, columns)), shape=_y.shape)


matmul.gradient(_matmul_dx, _matmul_dy)
