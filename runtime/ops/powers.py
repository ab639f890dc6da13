"""Powers of matrices, and their exponential."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from ..eager import home_of
from ..op import op
from ..samples import complexes, sample
from ..spec import Operand, Spec, like
from ..tensor import OPS, Tensor, as_tensor
from .linear import matmul
from .matrices import NAN_HINT, adjoint, as_inexact, check_square, inexact, refused
from .solving import inv


def matrix_power(x: Operand, n: int, /) -> Tensor:
    """Each matrix multiplied by itself: x @ x @ ... n times; its inverse for negative n.

    Shapes: (..., n, n) -> (..., n, n).
    Errors: ArgumentError for a negative power of a singular matrix.
    """
    x = as_tensor(x)
    check_square("matrix_power", x)
    n = index(n)
    if n == 0:
        eye = OPS["eye"](x.shape[-1], dtype=x.dtype, device=home_of(x))
        return OPS["broadcast_to"](eye, shape=x.shape)
    if n == 1:
        return OPS["identity"](x)
    power, n = (inv(x), -n) if n < 0 else (x, n)
    result: Any = None
    while True:
        if n & 1:
            result = power if result is None else matmul(result, power)
        n >>= 1
        if not n:
            return result
        power = matmul(power, power)


# Numerator of the Pade approximant of exp of degree 13, and the norm up to which it is accurate in float64.
PADE = (64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
        670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1)  # fmt: skip
PADE_NORM = 5.37


def _pade(x: np.ndarray) -> np.ndarray:
    """exp of matrices of small norm: (v - u)^-1 (v + u), u the odd and v the even part of the numerator."""
    b, eye = [np.asarray(c, x.dtype) for c in PADE], np.eye(x.shape[-1], dtype=x.dtype)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    u = x @ (x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye)
    v = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    return np.linalg.solve(v - u, v + u)


def _expm(x: np.ndarray) -> np.ndarray:
    dtype = as_inexact(x)[0].dtype
    x = x.astype(np.promote_types(dtype, np.float64))  # the coefficients span what float32 holds
    norm = np.abs(x).sum(axis=-2, keepdims=True).max(axis=-1, keepdims=True, initial=0)
    halvings = np.ceil(np.log2(np.maximum(norm / PADE_NORM, 1)))
    halvings = np.where(np.isfinite(halvings), halvings, 0)
    with refused(x, "expm: the system of the approximant is singular", NAN_HINT):
        y = _pade(x * 0.5**halvings)
    for i in range(int(halvings.max(initial=0))):
        y = np.where(i < halvings, y @ y, y)
    return y.astype(dtype)


@op(_expm, widen=True, samples=[sample((3, 3)), sample((2, 3, 3)), sample(complexes((3, 3)))])
def expm(x: Operand, /) -> Spec:
    """The matrix exponential of each matrix.

    Shapes: (..., n, n) -> (..., n, n).
    Source: Higham, "The scaling and squaring method for the matrix exponential revisited", SIAM J. Matrix Anal. 26 (2005).
    """
    check_square("expm", x)
    return like(x, dtype=inexact("expm", x))


@expm.gradient
def _(dy: Any, _y: Any, x: Any) -> Any:
    """The derivative stands in the corner of exp of a matrix of twice the size."""
    n, concat, dual = x.shape[-1], OPS["concat"], adjoint(x)
    top = concat(dual, dy, axis=-1)
    bottom = concat(OPS["zeros_like"](dual), dual, axis=-1)
    return expm(concat(top, bottom, axis=-2))[..., :n, n:]
