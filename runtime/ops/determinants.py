"""Determinants.

The determinant is a polynomial, so its derivatives exist for singular matrices too: the first is the matrix of
cofactors, computed from singular values without a division; so is its derivative, the second.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..families import conj
from ..op import op
from ..samples import complexes, sample
from ..spec import Operand, Spec, like
from ..tensor import OPS, Tensor
from .diagonals import trace
from .linear import matmul
from .matrices import NAN_HINT, adjoint, as_inexact, check_square, finite, inexact, matrix_transpose, refused, stack
from .solving import inv


def _det(x: np.ndarray) -> np.ndarray:
    return np.linalg.det(*as_inexact(x))


@op(_det, onnx="Det", widen=True, samples=[sample((3, 3)), sample((2, 3, 3)), sample((1, 1)), sample(complexes((3, 3)))])  # fmt: skip
def det(x: Operand, /) -> Spec:
    """The determinant of each matrix; 1 for an empty one.   Shapes: (..., n, n) -> (...).

    Gradients hold for singular matrices up to the second order; the third and higher need an inverse.
    """
    check_square("det", x)
    return stack(x)


@det.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    return _spread(dy) * conj(cofactor(x))


def _spread(x: Any) -> Any:
    """A number for each matrix, to be multiplied with the matrices."""
    return OPS["reshape"](x, shape=(*x.shape, 1, 1))


def _products_without_each(s: np.ndarray) -> np.ndarray:
    """For each element of the last axis, the product of the others."""
    before, after = np.ones_like(s), np.ones_like(s)
    before[..., 1:] = np.cumprod(s[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(s[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def _products_without_pairs(s: np.ndarray) -> np.ndarray:
    """For each pair of elements of the last axis, the product of the others; 0 for an element with itself."""
    n = s.shape[-1]
    one_left_out = np.where(np.eye(n, dtype=bool), 1, s[..., None, :])
    return np.where(np.eye(n, dtype=bool), 0, _products_without_each(one_left_out))


class Factors(NamedTuple):
    """Singular value decompositions x = u s vh, and the product of the determinants of u and vh."""

    u: np.ndarray
    s: np.ndarray
    vh: np.ndarray
    scale: np.ndarray


def _factors(x: np.ndarray) -> Factors:
    with refused(x, "det: the singular values were not found", NAN_HINT):
        u, s, vh = np.linalg.svd(finite(x))
    return Factors(u, s, vh, (np.linalg.det(u) * np.linalg.det(vh))[..., None, None])


def _cofactor(x: np.ndarray) -> np.ndarray:
    u, s, vh, scale = _factors(*as_inexact(x))
    return scale * (u.conj() * _products_without_each(s)[..., None, :]) @ vh.conj()


@op(_cofactor, widen=True, samples=[sample((3, 3)), sample((2, 2, 2)), sample(complexes((3, 3)))])
def cofactor(x: Operand, /) -> Spec:
    """The matrix of cofactors: the derivative of the determinant by each element.   Shapes: (..., n, n) -> (..., n, n)."""
    check_square("cofactor", x)
    return like(x, dtype=inexact("cofactor", x))


@cofactor.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    return conj(cofactor_change(x, conj(dy)))


def _cofactor_change(x: np.ndarray, dx: np.ndarray) -> np.ndarray:
    x, dx = as_inexact(x, dx)
    u, s, vh, scale = _factors(x)
    rotated = np.matrix_transpose(u.conj()) @ dx @ np.matrix_transpose(vh.conj())
    others = _products_without_pairs(s)
    inner = -others * np.matrix_transpose(rotated)
    i = np.arange(s.shape[-1])
    inner[..., i, i] = (others @ np.diagonal(rotated, 0, -2, -1)[..., None])[..., 0]
    return scale * (u.conj() @ inner @ vh.conj())


@op(_cofactor_change, widen=True, samples=[sample((3, 3), (3, 3)), sample((2, 2, 2), (2, 2, 2)),
                                           sample(complexes((3, 3)), complexes((3, 3)))])  # fmt: skip
def cofactor_change(x: Operand, dx: Operand, /) -> Spec:
    """How the cofactors of `x` change in the direction `dx`: the second derivative of the determinant.

    Shapes: (..., n, n) (..., n, n) -> (..., n, n).
    """
    check_square("cofactor_change", x)
    return like(x, dtype=inexact("cofactor_change", x, dx))


def _cofactor_change_by_x(dy: Any, _y: Any, x: Any, dx: Any) -> Any:
    """The third derivative of the determinant, from the inverse."""
    inverse = inv(x)
    e, g = matmul(inverse, dx), matmul(inverse, conj(dy))
    eg, ge = matmul(e, g), matmul(g, e)
    t, r = _spread(trace(e)), _spread(trace(g))
    inner = eg + ge - t * g - r * e
    change = _spread(det(x)) * (matmul(inner, inverse) + (t * r - _spread(trace(eg))) * inverse)
    return conj(matrix_transpose(change))


def _cofactor_change_by_dx(dy: Any, _y: Any, x: Any, _dx: Any) -> Any:
    return conj(cofactor_change(x, conj(dy)))


cofactor_change.gradient(_cofactor_change_by_x, _cofactor_change_by_dx)


class SlogdetResult(NamedTuple):
    """What `slogdet` gives: det = sign * exp(logabsdet)."""

    sign: Tensor
    logabsdet: Tensor


def _slogdet(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.slogdet(*as_inexact(x)))


@op(_slogdet, widen=True, samples=[sample((3, 3)), sample((2, 3, 3)), sample(complexes((3, 3)))])
def slogdet(x: Operand, /) -> SlogdetResult:
    """The sign (for complex matrices the phase) and the logarithm of the absolute value of the determinant.

    A singular matrix has sign 0 and logarithm -inf, and no gradient.

    Shapes: (..., n, n) -> (...), (...).
    """
    check_square("slogdet", x)
    sign = stack(x)
    return SlogdetResult._make((sign, like(sign, dtype=dtypes.real_dtype(sign.dtype))))


@slogdet.gradient
def _(dy: Any, y: Any, x: Any) -> Any:
    dsign, dlog = dy
    if x.dtype in dtypes.COMPLEX:
        dlog = dlog + OPS["imag"](conj(y[0]) * dsign) * 1j
    return _spread(dlog) * adjoint(inv(x))
