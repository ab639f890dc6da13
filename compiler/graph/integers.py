"""Arithmetic of Python's integers in a graph: exact, or an error.

A Python integer that a graph carries is an int64. Where a result does not fit, Python has a longer integer and a
tensor wraps around; here it is an error, raised where the result is used. Results that nobody needs are not computed,
and so do not raise.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...runtime.dtypes import int64
from ...runtime.errors import SourceError
from ...runtime.op import op
from ...runtime.spec import Spec
from .graph import EXACT_INTEGERS

LEAST, GREATEST = -(2**63), 2**63 - 1
WAY_OUT = "Use a float, or a tensor, whose integers wrap around; or compute it outside of the compiled function."


class IntegerError(SourceError, OverflowError):
    """A Python integer that a graph carries grew beyond 64 bits."""


def _fitting(number: int, shown: str) -> np.ndarray:
    if not LEAST <= number <= GREATEST:
        raise IntegerError(f"{shown} is beyond 64 bits, which is what a compiled function carries", WAY_OUT)
    return np.asarray(number, np.int64)


def _power(x: int, y: int) -> int:
    if y < 0:
        raise SourceError(
            f"{x} ** {y} is a float in Python, and the compiled function expects an integer",
            "Raise a float: float(x) ** y.",
        )
    return x ** (min(y, 64) if y % 2 == 0 else min(y, 65))  # further ones are beyond 64 bits, or the same


def _shifted(x: int, y: int) -> int:
    return x << min(y, 64)  # further ones are beyond 64 bits, or zero


def _kernel(compute: Callable[..., int], sign: str) -> Callable[..., np.ndarray]:
    def kernel(*operands: Any) -> np.ndarray:
        numbers = [int(x) for x in operands]
        shown = f" {sign} ".join(map(str, numbers)) if len(numbers) > 1 else f"{sign}({numbers[0]})"
        return _fitting(compute(*numbers), shown)

    return kernel


@op(_kernel(operator.add, "+"))
def add_integers(x: Any, y: Any, /) -> Spec:
    """The sum of two Python integers."""
    return Spec((), int64)


@op(_kernel(operator.sub, "-"))
def subtract_integers(x: Any, y: Any, /) -> Spec:
    """The difference of two Python integers."""
    return Spec((), int64)


@op(_kernel(operator.mul, "*"))
def multiply_integers(x: Any, y: Any, /) -> Spec:
    """The product of two Python integers."""
    return Spec((), int64)


@op(_kernel(operator.floordiv, "//"))
def divide_integers(x: Any, y: Any, /) -> Spec:
    """The quotient of two Python integers, rounded down."""
    return Spec((), int64)


@op(_kernel(_power, "**"))
def raise_integers(x: Any, y: Any, /) -> Spec:
    """A Python integer to the power of another."""
    return Spec((), int64)


@op(_kernel(_shifted, "<<"))
def shift_integers(x: Any, y: Any, /) -> Spec:
    """A Python integer shifted left by another."""
    return Spec((), int64)


@op(_kernel(lambda x: -x, "-"))
def negate_integer(x: Any, /) -> Spec:
    """A Python integer with the other sign."""
    return Spec((), int64)


@op(_kernel(lambda x: abs(x), "abs"))
def absolute_integer(x: Any, /) -> Spec:
    """A Python integer without its sign."""
    return Spec((), int64)


def _whole(x: Any) -> np.ndarray:
    return _fitting(int(x.item()), f"int({x.item()})")


@op(_whole)
def integer_of(x: Any, /) -> Spec:
    """A number of a tensor as a Python integer, cut off towards zero."""
    return Spec((), int64)


EXACT_INTEGERS.update(
    add=add_integers,
    subtract=subtract_integers,
    multiply=multiply_integers,
    floor_divide=divide_integers,
    pow=raise_integers,
    bitwise_left_shift=shift_integers,
    negative=negate_integer,
    abs=absolute_integer,
)

for each in (*EXACT_INTEGERS.values(), integer_of):
    each.raises = True
    each.gradient(None)
