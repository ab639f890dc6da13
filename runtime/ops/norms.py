"""Norms of vectors and matrices, and the rank. Gradients are subgradients where a norm has a kink: 0 at 0."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from .. import dtypes
from ..errors import ArgumentError
from ..op import op
from ..samples import complexes, distinct, sample
from ..spec import Axes, Operand, Spec, check_dtype, normalize_axes, reduced_shape
from ..tensor import OPS, Tensor, as_tensor
from .decompositions import svdvals
from .elementwise import abs, sign, where
from .matrices import (
    NAN_HINT,
    as_inexact,
    check_matrices,
    check_tolerance,
    finite,
    refused,
    safe_reciprocal,
    singular_tolerance,
    stack,
)
from .solving import inv

INFINITE = (math.inf, -math.inf)
ORDERS = ("fro", "nuc", 1, -1, 2, -2, *INFINITE)


def _vector_norm(x: np.ndarray, axis: Axes, keepdims: bool, ord: float) -> np.ndarray:
    axes = normalize_axes("vector_norm", axis, x.ndim)
    return np.linalg.vector_norm(*as_inexact(x), axis=axes, keepdims=keepdims, ord=ord)


@op(_vector_norm, widen=True,
    samples=[sample((3, 4)), sample((3, 4), axis=0), sample((2, 3, 4), axis=(0, -1), keepdims=True),
             sample((5,), ord=1), sample((5,), ord=3.5), sample(distinct((5,)), ord=math.inf),
             sample(distinct((2, 5)), ord=-math.inf, axis=1), sample((3,), ord=0), sample(complexes((3, 2)), axis=0)])  # fmt: skip
def vector_norm(x: Operand, /, *, axis: Axes = None, keepdims: bool = False, ord: float = 2) -> Spec:
    """The norm sum(|x|**ord)**(1/ord) of vectors, over all axes by default.

    `ord` may be inf (the largest |x|), -inf (the smallest), or 0 (how many are not 0).

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.

    Example:
        >>> import weft as wf
        >>> wf.linalg.vector_norm([3.0, 4.0])
        Tensor(5., f32)
    """
    check_dtype("vector_norm", x, dtypes.NUMERIC)
    if not isinstance(ord, int | float | np.integer | np.floating) or ord != ord:
        raise ArgumentError(f"vector_norm: ord={ord!r} is no number", "Use 2, 1, 0, wf.inf, or another float.")
    dtype = dtypes.real_dtype(dtypes.inexact_dtype(x.dtype))
    return Spec(reduced_shape("vector_norm", x, axis, keepdims), dtype)


@vector_norm.gradient
def _(dy: Any, y: Any, x: Any, *, axis: Axes, keepdims: bool, ord: float) -> Any:
    if not keepdims:
        shape = reduced_shape("vector_norm", x, axis, True)
        dy, y = OPS["reshape"](dy, shape=shape), OPS["reshape"](y, shape=shape)
    if ord == 0:
        return dy * sign(x) * 0
    if ord in INFINITE:
        chosen = OPS["astype"](abs(x) == y, dtype=y.dtype)
        return dy * sign(x) * chosen / OPS["sum"](chosen, axis=axis, keepdims=True)
    if ord == 1:
        return dy * sign(x)
    scale = safe_reciprocal(y)
    if ord == 2:
        return dy * scale * x
    size = abs(x)
    power = where(size == 0, 0.0, where(size == 0, 1.0, size * scale) ** (ord - 1))
    return dy * sign(x) * power


def matrix_norm(x: Operand, /, *, keepdims: bool = False, ord: float | Literal["fro", "nuc"] | None = "fro") -> Tensor:
    """The norm of each matrix.

    `ord` is "fro" (the root of the sum of squares), "nuc" (the sum of the singular values), 2 or -2 (the largest or
    smallest singular value), 1 or -1 (the largest or smallest sum of a column's absolute values), inf or -inf (of a
    row's).

    Shapes: (..., m, n) -> (...), or (..., 1, 1) with keepdims.
    Errors: ArgumentError for another `ord`.
    """
    x = as_tensor(x)
    check_matrices("matrix_norm", x)
    ord = "fro" if ord is None else ord
    if not isinstance(ord, str | int | float | np.number) or ord not in ORDERS:
        raise ArgumentError(f"matrix_norm: ord={ord!r} is unknown", f"Use one of {', '.join(map(repr, ORDERS))}.")
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        norms, axis = svdvals(x), -1
        y = OPS["sum"](norms, axis=axis) if ord == "nuc" else OPS["max" if ord == 2 else "min"](norms, axis=axis)
    else:
        sums = vector_norm(x, axis=-2 if ord in (1, -1) else -1, ord=1)
        y = OPS["max" if ord > 0 else "min"](sums, axis=-1)
    return OPS["reshape"](y, shape=(*y.shape, 1, 1)) if keepdims else y


def cond(x: Operand, /, *, ord: float | Literal["fro", "nuc"] | None = 2) -> Tensor:
    """The condition number of each matrix: how much more its largest stretch is than its smallest; inf if singular.

    `ord` names the norm (see `matrix_norm`): other than 2 and -2, the norm of x times that of its inverse.

    Shapes: (..., m, n) -> (...).
    Errors: ArgumentError for a singular matrix in another norm than 2.
    """
    x = as_tensor(x)
    check_matrices("cond", x)
    if ord in (2, -2, None):
        s = svdvals(x)
        large, small = s[..., 0], s[..., -1]
        return small / large if ord == -2 else where(small == 0, math.inf, large / where(small == 0, 1.0, small))
    return matrix_norm(x, ord=ord) * matrix_norm(inv(x), ord=ord)


def _matrix_rank(x: np.ndarray, rtol: Any) -> np.ndarray:
    with refused(x, "matrix_rank: the singular values were not found", NAN_HINT):
        s = np.linalg.svd(finite(x), compute_uv=False)
    least = s.max(axis=-1, keepdims=True, initial=0) * singular_tolerance(rtol, x.shape, s.dtype)[..., None]
    return np.count_nonzero(s > least, axis=-1)


@op(_matrix_rank, widen=True, samples=[sample((3, 4)), sample((2, 3, 3))])
def matrix_rank(x: Operand, /, *, rtol: Any = None) -> Spec:
    """The number of singular values above `rtol` times the largest.   Shapes: (..., m, n) -> (...)."""
    check_matrices("matrix_rank", x)
    check_tolerance("matrix_rank", x, rtol)
    return stack(x, dtype=dtypes.default_int)


matrix_rank.gradient(None)
