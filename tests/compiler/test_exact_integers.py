"""Python's integers in compiled loops: as long as 64 bits, what Python has; beyond, an error with the line."""

import math

import pytest

import weft as wf


def factors(n, step):
    y = 1
    for _ in range(n):
        y = y * step
    return y


def power(n, base):
    k = 0
    for _ in range(n):
        k += 1
    return base**k


def shifted(n, base):
    k = 0
    for _ in range(n):
        k += 1
    return base << k


def summed(n, step):
    y = 0
    for _ in range(n):
        y = y + step
    return y


def taken(n, step):
    y = 0
    for _ in range(n):
        y = y - step
    return abs(y), -y, (y * 3) // step


FITS = [(factors, 62, 2), (factors, 39, -3), (power, 63, -2), (power, 200, 1), (power, 201, -1), (power, 99, 0),
        (shifted, 62, 1), (shifted, 63, -1), (shifted, 90, 0), (summed, 1, 2**63 - 1), (summed, 1, -(2**63)),
        (taken, 3, 7)]  # fmt: skip
GROWS = [(factors, 63, 2), (factors, 41, -3), (power, 63, 2), (power, 100, -7), (shifted, 63, 1), (shifted, 90, -1),
         (summed, 2, 2**62), (summed, 3, -(2**62)), (taken, 1, -(2**63))]  # fmt: skip


@pytest.mark.parametrize(("f", "n", "number"), FITS)
def test_integers_that_fit_are_those_of_python(f, n, number):
    compiled = wf.compile(f)
    for _ in range(3):
        assert compiled(wf.tensor(n), number) == f(n, number)


@pytest.mark.parametrize(("f", "n", "number"), GROWS)
def test_integers_beyond_64_bits_are_refused_with_the_line(f, n, number):
    compiled = wf.compile(f)
    for _ in range(3):
        with pytest.raises(OverflowError, match=r"beyond 64 bits(?s:.*)test_exact_integers.py:\d+(?s:.*)Use a float"):
            compiled(wf.tensor(n), number)


def test_an_integer_that_nobody_needs_may_grow():
    @wf.compile
    def f(n):
        unused = 1
        for _ in range(n):
            unused = unused * 1000
        return n

    assert int(f(wf.tensor(100))) == 100


def test_a_branch_that_does_not_run_raises_nothing():
    @wf.compile
    def f(x, n):
        k = 0
        for _ in range(n):
            k += 1
        return 10**k if x > 0.0 else k

    assert f(wf.tensor(-1.0), wf.tensor(40)) == 40
    with pytest.raises(OverflowError, match=r"10 \*\* 40 is beyond"):
        f(wf.tensor(1.0), wf.tensor(40))


def test_a_negative_power_of_integers_is_refused_for_it_is_a_float():
    @wf.compile
    def f(n):
        k = 0
        for _ in range(n):
            k -= 1
        return 2**k

    with pytest.raises(wf.errors.SourceError, match=r"2 \*\* -3 is a float in Python"):
        f(wf.tensor(3))


def test_shifts_by_negative_integers_raise_as_in_python():
    @wf.compile
    def f(n):
        k = 0
        for _ in range(n):
            k -= 1
        return 1 << k

    with pytest.raises(ValueError, match="negative shift count"):
        f(wf.tensor(3))


@pytest.mark.parametrize("cut", [int, math.trunc], ids=["int", "trunc"])
def test_floats_become_integers_exactly_or_not_at_all(cut):
    compiled = wf.compile(lambda x: cut(x))
    for value in (2.9, -2.9, 2.0**62, -(2.0**63)):
        assert compiled(wf.tensor(value, wf.float64)) == cut(value)
    with pytest.raises(OverflowError, match=r"int\(1e\+20\) is beyond"):
        compiled(wf.tensor(1e20, wf.float64))
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        compiled(wf.tensor(math.nan, wf.float64))
    with pytest.raises(OverflowError, match="cannot convert float infinity to integer"):
        compiled(wf.tensor(math.inf, wf.float64))


def test_integers_of_tensors_still_wrap_around():
    @wf.compile
    def f(x):
        for _ in range(wf.tensor(2)):
            x = x + x
        return x

    assert int(f(wf.tensor(2**62))) == 0
