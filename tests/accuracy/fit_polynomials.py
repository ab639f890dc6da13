"""Fit the polynomials of the kernels' prelude and write them to kernels/c/polynomials.h.

    python tests/accuracy/fit_polynomials.py

Each is one function of one variable on one interval, weighted so that its error is relative to the result it goes
into. The report gives that error in units of the last place of the result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
from minimax import Function, fitted, literal, rounded

mp: Any = mpmath.mp  # a context made when it is imported, which checkers do not see into
mpf: Any = mpmath.mpf

FILE = Path(__file__).resolve().parents[2] / "kernels" / "c" / "polynomials.h"


class Polynomial(NamedTuple):
    """What to fit: a function, and the weight of its error, for a format of 24 or 53 bits."""

    name: str
    bits: int
    degree: int
    low: Any
    high: Any
    f: Function
    weight: Function


def relative(part: Function, whole: Function) -> Function:
    """The weight of an error that counts `part` times towards the result `whole`."""
    return lambda x: part(x) / whole(x)


def rest(f: Function, terms: Sequence[Any], power: int) -> Function:
    """What is left of a series when its first terms are taken away, over the power that the others begin with."""
    return lambda x: (f(x) - sum((c * x**k for k, c in enumerate(terms)), mpf(0))) / x**power


def of_square(f: Function) -> Function:
    """The function of z = x^2 that f is of x."""
    return lambda z: f(mp.sqrt(z))


def half(z: Any, power: int) -> Any:
    """x^power with z = x^2."""
    return mp.sqrt(z) ** power


def odd(name: str, f: Function, limit: Any, single: int, double: int) -> tuple[Polynomial, ...]:
    """An odd function as x + x^3 P(x^2), up to a limit."""
    low, high, left = mpf(10) ** -12, mpf(limit) ** 2, of_square(rest(f, (0, 1), 3))
    weight = lambda z: half(z, 3) / f(half(z, 1))
    return tuple(
        Polynomial(name, bits, degree, low, high, left, weight)
        for bits, degree in ((24, single), (53, double))
        if degree
    )


def erfcx(t: Any) -> Any:
    """(1 + 2 x) exp(x^2) erfc(x) with t = (x - 3.75) / (x + 3.75)"""
    x = mpf("3.75") * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def erfinv_of_log(w: Any) -> Any:
    """erfinv(x) / x with w = -log(1 - x^2)"""
    if w < mpf(10) ** -20:
        return mp.sqrt(mp.pi) / 2
    x = mp.sqrt(-mp.expm1(-w))
    return _erfinv(x, mp.exp(-w) / (1 + x)) / x


def _erfinv(x: Any, rest_of_one: Any) -> Any:
    """erfinv by Newton's method on the logarithm of erfc, which keeps its digits where x is almost 1."""
    if x < mpf("0.5"):
        return mp.erfinv(x)
    y, goal = mp.sqrt(-mp.log(rest_of_one)), mp.log(rest_of_one)
    for _ in range(60):
        e = mp.erfc(y)
        step = (mp.log(e) - goal) * e / (-2 / mp.sqrt(mp.pi) * mp.exp(-y * y))
        y -= step
        if abs(step) < mpf(10) ** -45:
            break
    return y


def stirling(z: Any) -> Any:
    """x times the rest of Stirling's formula for log gamma(x), with z = 1 / x^2"""
    x = 1 / mp.sqrt(z)
    return x * (mp.loggamma(x) - ((x - mpf(1) / 2) * mp.log(x) - x + mp.log(2 * mp.pi) / 2))


def digamma_tail(z: Any) -> Any:
    """x^2 (log(x) - 1 / (2 x) - digamma(x)), with z = 1 / x^2"""
    x = 1 / mp.sqrt(z)
    return (mp.log(x) - 1 / (2 * x) - mp.digamma(x)) / z


def digamma_slope(x: Any) -> Any:
    """digamma(x) over the distance of its root, with x counted from 1.5"""
    return mp.digamma(x + mpf(3) / 2) / (x + mpf(3) / 2 - DIGAMMA_ROOT)


def gamma_core(r: Any) -> Any:
    """log gamma(2 + r) / (r (1 + r))"""
    return mp.loggamma(2 + r) / (r * (1 + r))


ROOT, TINY = mp.sqrt(2), mpf(10) ** -12
HALF_LN2 = mp.log(2) / 2 * mpf("1.001")
QUARTER = mp.pi / 4 * mpf("1.001")
LOGS = (3 - 2 * ROOT) ** 2  # the largest square of (m - 1) / (m + 1)
DIGAMMA_ROOT = mp.findroot(mp.digamma, mpf("1.4616"))
ERFCX = rounded(erfcx(mpf("-0.25")), 24), rounded(erfcx(mpf("-0.125")), 53)  # what error.h adds to the rest
even_weight = lambda z: z**2 / mp.cos(half(z, 1))
one = lambda _: mpf(1)
# fmt: off
POLYNOMIALS = (
    #          name        bits degree  from              to                what
    Polynomial("exp",        24,  4, -HALF_LN2,         HALF_LN2,          rest(mp.exp, (1, 1), 2), relative(lambda r: r**2, mp.exp)),
    Polynomial("exp",        53,  9, -HALF_LN2,         HALF_LN2,          rest(mp.exp, (1, 1), 2), relative(lambda r: r**2, mp.exp)),
    Polynomial("exp2",       24,  5, mpf("-0.5"),       mpf("0.5"),        rest(lambda r: mp.power(2, r), (1,), 1), lambda r: r / mp.power(2, r)),
    Polynomial("exp2",       53, 11, mpf("-0.5"),       mpf("0.5"),        rest(lambda r: mp.power(2, r), (1,), 1), lambda r: r / mp.power(2, r)),
    Polynomial("log",        24,  7, 1 / ROOT - 1,      ROOT - 1,          rest(mp.log1p, (0, 1, mpf(-1) / 2), 3), relative(lambda x: x**3, mp.log1p)),
    Polynomial("log",        53,  6, TINY,              LOGS,              of_square(rest(lambda s: 2 * mp.atanh(s), (0, 2), 3)), lambda z: z),
    Polynomial("log_short",  53,  3, TINY,              LOGS,              of_square(rest(lambda s: 2 * mp.atanh(s), (0, 2), 3)), lambda z: z),
    Polynomial("log_tail",   53,  7, TINY,              LOGS,              of_square(rest(lambda s: 2 * mp.atanh(s), (0, 2, 0, mpf(2) / 3), 5)), lambda z: z * z),
    Polynomial("cos",        24,  2, TINY,              QUARTER**2,        of_square(rest(mp.cos, (1, 0, mpf(-1) / 2), 4)), even_weight),
    Polynomial("cos",        53,  6, TINY,              QUARTER**2,        of_square(rest(mp.cos, (1, 0, mpf(-1) / 2), 4)), even_weight),
    *odd("sin", mp.sin, QUARTER, 2, 6),
    *odd("tan", mp.tan, QUARTER, 5, 13),
    *odd("asin", mp.asin, mpf("0.5"), 4, 12),
    *odd("atan", mp.atan, mpf(1), 8, 0),
    *odd("atan", mp.atan, ROOT - 1, 0, 11),
    *odd("sinh", mp.sinh, mpf(1), 2, 6),
    *odd("atanh", mp.atanh, mpf("0.5"), 5, 13),
    *odd("asinh", mp.asinh, mpf("0.5"), 5, 13),
    Polynomial("erf",        24,  6, TINY,              1,                 of_square(rest(mp.erf, (0, 1), 1)), lambda z: half(z, 1) / mp.erf(half(z, 1))),
    Polynomial("erf",        53, 12, TINY,              1,                 of_square(rest(mp.erf, (0, 1), 1)), lambda z: half(z, 1) / mp.erf(half(z, 1))),
    Polynomial("log_erfc",   24,  6, 1,                 mpf("3.93"),       lambda x: mp.log(mp.erfc(x)), relative(mp.erfc, mp.erf)),
    Polynomial("log_erfc",   53, 20, 1,                 6,                 lambda x: mp.log(mp.erfc(x)), relative(mp.erfc, mp.erf)),
    Polynomial("erfcx",      24,  8, mpf("-0.52"),      mpf("0.73"),       rest(lambda t: erfcx(t - mpf("0.25")), (ERFCX[0],), 1), lambda t: t / erfcx(t - mpf("0.25"))),
    Polynomial("erfcx",      53, 21, mpf("-0.65"),      mpf("0.885"),      rest(lambda t: erfcx(t - mpf("0.125")), (ERFCX[1],), 1), lambda t: t / erfcx(t - mpf("0.125"))),
    Polynomial("erfinv_near", 24, 9, mpf("-2.5"),       mpf("2.5"),        lambda w: erfinv_of_log(w + mpf("2.5")), lambda w: 1 / erfinv_of_log(w + mpf("2.5"))),
    Polynomial("erfinv_far", 24,  8, mpf("-0.9"),       mpf("0.9"),        lambda s: erfinv_of_log((s + mpf("3.125"))**2), lambda s: 1 / erfinv_of_log((s + mpf("3.125"))**2)),
    Polynomial("erfinv_near", 53, 23, mpf("-3.125"),    mpf("3.125"),      lambda w: erfinv_of_log(w + mpf("3.125")), lambda w: 1 / erfinv_of_log(w + mpf("3.125"))),
    Polynomial("erfinv_far", 53, 19, mpf("-0.75"),      mpf("0.75"),       lambda s: erfinv_of_log((s + mpf("3.25"))**2), lambda s: 1 / erfinv_of_log((s + mpf("3.25"))**2)),
    Polynomial("erfinv_tail", 53, 18, mpf("-1.05"),     mpf("1.05"),       lambda s: erfinv_of_log((s + 5)**2), lambda s: 1 / erfinv_of_log((s + 5)**2)),
    Polynomial("stirling",   53,  6, TINY,              mpf(1) / 64,       stirling, one),
    Polynomial("lgamma",     53, 20, mpf("-0.5"),       mpf("0.5"),        gamma_core, lambda r: 1 / gamma_core(r)),
    Polynomial("digamma",    53, 21, mpf("-0.5"),       mpf("0.5"),        digamma_slope, lambda x: 1 / digamma_slope(x)),
    Polynomial("digamma_tail", 53, 7, TINY,             mpf(1) / 64,       digamma_tail, one),
)
# fmt: on


def horner(p: Polynomial, coefficients: Sequence[float]) -> str:
    """The function that evaluates a polynomial."""
    kind, suffix = ("f32xN", "f32xN") if p.bits == 24 else ("f64xN", "f64xN")
    *rest, top = (literal(c, p.bits) for c in coefficients)
    steps = [f"    y = y * x + {c};" if not c.startswith("-") else f"    y = y * x - {c[1:]};" for c in reversed(rest)]
    return "\n".join([f"FN {kind} poly_{p.name}_{suffix}({kind} x) {{", f"    {kind} y = splat_{suffix}({top});",
                      *steps, "    return y;", "}"])  # fmt: skip


def main() -> None:
    """Fit and write."""
    parts = ["// Polynomials, written by tests/accuracy/fit_polynomials.py: change that instead.", "// for all N"]
    for p in POLYNOMIALS:
        coefficients, error = fitted(p.f, p.weight, p.low, p.high, range(p.degree + 1), p.bits)
        ulp = error * 2.0**p.bits / 2
        print(f"{p.name:12} f{'32' if p.bits == 24 else '64'} degree {p.degree:2}: {ulp:.4f} ulp", file=sys.stderr)
        parts.append(horner(p, coefficients))
    FILE.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
