"""Bounds and tolerances: values kept within limits, cleaned of NaN, and compared up to a tolerance."""

from __future__ import annotations

from .. import dtypes
from ..errors import speaking_as
from ..inspection import finfo
from ..spec import Operand, kind_of
from ..tensor import Tensor, as_tensor
from .elementwise import abs, at_least, at_most, imag, isfinite, isnan, positive, real, where
from .reduction import all


def clip(x: Operand, /, min: Operand = None, max: Operand = None) -> Tensor:
    """`x` with what is below min or above max replaced by that bound; either may be None or a tensor.

    The gradient flows to x where it is within the bounds, these included, and to the bound elsewhere.

    Shapes: all broadcast.
    """
    with speaking_as("clip", "at_least", "at_most"):
        if min is not None:
            x = at_least(x, min)
        if max is not None:
            x = at_most(x, max)
    return positive(x) if min is None and max is None else x


def nan_to_num(x: Operand, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """`x` with NaN replaced by a number, and the infinities by the largest and smallest of the dtype, or by numbers."""
    x = as_tensor(x)
    if x.dtype in dtypes.COMPLEX:
        return nan_to_num(real(x), nan, posinf, neginf) + nan_to_num(imag(x), nan, posinf, neginf) * 1j
    if x.dtype not in dtypes.FLOATS:
        return x
    limits = finfo(x.dtype)
    x = where(isnan(x), nan, x)
    x = where(x == float("inf"), limits.max if posinf is None else posinf, x)
    return where(x == -float("inf"), limits.min if neginf is None else neginf, x)


def isclose(x1: Operand, x2: Operand, /, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |x1 - x2| <= atol + rtol * |x2|, elementwise; infinities are close to themselves only.

    Shapes: both broadcast.
    """
    x1, x2 = as_tensor(x1, x2), as_tensor(x2, x1)
    both = dtypes.promote(kind_of(x1), kind_of(x2))
    both = dtypes.float64 if both in dtypes.INTEGRAL else both
    x1, x2 = x1.astype(both), x2.astype(both)
    near = abs(x1 - x2) <= abs(x2) * rtol + atol
    close = where(isfinite(x1) & isfinite(x2), near, x1 == x2)
    return close | (isnan(x1) & isnan(x2)) if equal_nan else close


def allclose(x1: Operand, x2: Operand, /, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether all elements are close, as `isclose` has it; a 0-d bool."""
    return all(isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))
