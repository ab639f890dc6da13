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

from minimax import Function, fitted, literal
from mpmath import mp, mpf

FILE = Path(__file__).resolve().parents[2] / "kernels" / "c" / "polynomials.h"
HALF_LN2 = mp.log(2) / 2 * mpf("1.001")


class Polynomial(NamedTuple):
    """What to fit: a function, and the weight of its error, for a format of 24 or 53 bits."""

    name: str
    bits: int
    degree: int
    low: Any
    high: Any
    f: Function
    weight: Function


def exp_rest(r: Any) -> Any:
    """(exp(r) - 1 - r) / r^2"""
    return (mp.expm1(r) - r) / r**2


def exp_weight(r: Any) -> Any:
    return r**2 / mp.exp(r)


def log_rest(x: Any) -> Any:
    """(log(1 + x) - x + x^2 / 2) / x^3"""
    return (mp.log1p(x) - x + x**2 / 2) / x**3


def log_weight(x: Any) -> Any:
    return x**3 / mp.log1p(x)


def atanh_rest(z: Any) -> Any:
    """(log((1 + s) / (1 - s)) - 2 s) / s^3 with z = s^2"""
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) - 2 * s) / s**3


def erf_rest(z: Any) -> Any:
    """erf(x) / x - 1 with z = x^2"""
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def erf_weight(z: Any) -> Any:
    x = mp.sqrt(z)
    return x / mp.erf(x)


def log_erfc(x: Any) -> Any:
    """log(erfc(x))"""
    return mp.log(mp.erfc(x))


def erfc_weight(x: Any) -> Any:
    return mp.erfc(x) / mp.erf(x)


ROOT = mp.sqrt(2)
POLYNOMIALS = (
    Polynomial("exp", 24, 4, -HALF_LN2, HALF_LN2, exp_rest, exp_weight),
    Polynomial("exp", 53, 9, -HALF_LN2, HALF_LN2, exp_rest, exp_weight),
    Polynomial("log", 24, 7, 1 / ROOT - 1, ROOT - 1, log_rest, log_weight),
    Polynomial("log", 53, 6, mpf(10) ** -9, (3 - 2 * ROOT) ** 2, atanh_rest, lambda z: z),
    Polynomial("erf", 24, 6, mpf(10) ** -9, 1, erf_rest, erf_weight),
    Polynomial("erf", 53, 11, mpf(10) ** -9, 1, erf_rest, erf_weight),
    Polynomial("log_erfc", 24, 8, 1, mpf("3.93"), log_erfc, erfc_weight),
    Polynomial("log_erfc", 53, 20, 1, 6, log_erfc, erfc_weight),
)


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
