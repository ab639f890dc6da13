"""Python's integers in native programs: exact, or Python's own error."""

from __future__ import annotations

import pytest

import weft as wf
from weft.compiler.graph.integers import IntegerError

NEAR = 2**62


def sums(x, y):
    return int(x) + int(y)


def differences(x, y):
    return int(x) - int(y)


def products(x, y):
    return int(x) * int(y)


def quotients(x, y):
    return int(x) // int(y)


def shifts(x, y):
    return int(x) << int(y)


def powers(x, y):
    return int(x) ** int(y)


def magnitudes(x, y):
    return abs(int(x)) - -int(y)


FUNCTIONS = [sums, differences, products, quotients, shifts, powers, magnitudes]
PAIRS = [
    (3, 4),
    (-7, 2),
    (7, -2),
    (NEAR, NEAR),
    (-NEAR, NEAR),
    (-NEAR, -NEAR - 1),
    (-(2**63), -1),
    (1, 62),
    (1, 63),
    (0, 0),
    (-2, 63),
    (2, 63),
    (3, 39),
    (3, 40),
]


CASES = [
    (f, pair)
    for f in FUNCTIONS
    for pair in PAIRS
    if f not in (shifts, powers) or ((f is shifts or pair[1] >= 0) and pair[1] < 100)
]


@pytest.mark.parametrize(("function", "pair"), CASES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_native_integers_are_pythons_or_an_error(function, pair: tuple[int, int]) -> None:
    x, y = (wf.asarray(n, dtype=wf.int64) for n in pair)
    with wf.options(executor="native"):
        compiled = wf.compile(function)
        try:
            expected = function(*pair)
        except (ZeroDivisionError, ValueError) as error:
            with pytest.raises(type(error)):
                compiled(x, y)
            return
        if -(2**63) <= expected < 2**63 and not (function is magnitudes and pair[0] == -(2**63)):
            assert compiled(x, y) == expected
        else:
            with pytest.raises(IntegerError):
                compiled(x, y)


@pytest.mark.parametrize("number", [0.0, -1.5, 2.0**53, -(2.0**63), 2.0**63, 1e300, float("nan"), float("inf")])
def test_int_of_a_float_is_pythons_or_an_error(number: float) -> None:
    x = wf.asarray(number, dtype=wf.float64)
    with wf.options(executor="native"):
        compiled = wf.compile(lambda x: int(x))
        try:
            expected = int(number)
        except (ValueError, OverflowError) as error:
            with pytest.raises(type(error)):
                compiled(x)
            return
        if -(2**63) <= expected < 2**63:
            assert compiled(x) == expected
        else:
            with pytest.raises(IntegerError):
                compiled(x)
