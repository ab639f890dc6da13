"""Best polynomials: the coefficients for which the largest weighted error over an interval is smallest.

The exchange algorithm finds them to many digits. Rounding all to the machine's format at the end would spoil the
optimum; so one after the other is rounded, from the lowest power on, and the others are fitted again around it.

Source: Remez, "Sur la détermination des polynômes d'approximation de degré donnée" (1934).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np

mp: Any = mpmath.mp  # a context made when it is imported, which checkers do not see into
mpf: Any = mpmath.mpf

Function = Callable[[Any], Any]
mp.dps = 60


def _nodes(low: Any, high: Any, count: int) -> list[Any]:
    """Points that are denser towards the ends."""
    return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]


def _value(coefficients: Sequence[Any], powers: Sequence[int], x: Any) -> Any:
    return sum((c * x**k for c, k in zip(coefficients, powers, strict=True)), mpf(0))


def _solved(f: Sequence[Any], w: Sequence[Any], x: Sequence[Any], powers: Sequence[int]) -> list[Any]:
    """The coefficients whose weighted error has the same size and alternating sign at each point."""
    rows = [[xi**k for k in powers] + [(-1) ** i / wi] for i, (xi, wi) in enumerate(zip(x, w, strict=True))]
    return list(mp.lu_solve(mp.matrix(rows), mp.matrix(list(f))))[:-1]


def _extremes(errors: Sequence[Any], count: int) -> list[int]:
    """Where the error is largest between its changes of sign: `count` neighbours, the largest ones."""
    found: list[int] = []
    for i, e in enumerate(errors):
        if found and (e > 0) == (errors[found[-1]] > 0):
            if abs(e) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    while len(found) > count:
        found = found[1:] if abs(errors[found[0]]) < abs(errors[found[-1]]) else found[:-1]
    return found


def best(f: Function, weight: Function, low: Any, high: Any, powers: Sequence[int]) -> tuple[list[Any], Any]:
    """The coefficients of these powers for which max |weight * (p - f)| is smallest, and that error."""
    low, high, need = mpf(low), mpf(high), len(powers) + 1
    x = _nodes(low, high, max(40 * need, 400))
    x = [v for v in x if v != 0]
    y, w = [f(v) for v in x], [weight(v) for v in x]
    at = sorted({min(range(len(x)), key=lambda j: abs(x[j] - v)) for v in _nodes(low, high, need)})
    if len(at) < need:
        raise ValueError(f"{len(x)} points are too few for powers {list(powers)}")
    coefficients: list[Any] = []
    errors: list[Any] = []
    for _ in range(30):
        coefficients = _solved([y[i] for i in at], [w[i] for i in at], [x[i] for i in at], powers)
        errors = [wi * (_value(coefficients, powers, xi) - yi) for xi, yi, wi in zip(x, y, w, strict=True)]
        new = _extremes(errors, need)
        if new == at or len(new) < need:
            break
        at = new
    return coefficients, max(map(abs, errors))


def rounded(value: Any, bits: int) -> Any:
    """The nearest number with so many bits of mantissa."""
    if value == 0:
        return mpf(0)
    exponent = int(mp.floor(mp.log(abs(value), 2))) + 1
    return mp.nint(mp.ldexp(value, bits - exponent)) * mp.ldexp(1, exponent - bits)


def _error(f: Function, weight: Function, low: Any, high: Any, fixed: dict[int, Any]) -> Any:
    x = [v for v in _nodes(mpf(low), mpf(high), 1000) if v != 0]
    return max(abs(weight(v) * (_value(list(fixed.values()), list(fixed), v) - f(v))) for v in x)


def fitted(
    f: Function, weight: Function, low: Any, high: Any, powers: Sequence[int], bits: int = 53
) -> tuple[list[float], float]:
    """As `best`, with coefficients that floats of `bits` bits hold exactly."""
    plain = {k: rounded(c, bits) for k, c in zip(powers, best(f, weight, low, high, powers)[0], strict=True)}
    found = (_error(f, weight, low, high, plain), plain)
    if bits < 53:  # doubles round too finely to matter
        fixed: dict[int, Any] = {}
        for power in powers:
            free = [k for k in powers if k not in fixed]
            rest = lambda x, known=dict(fixed): f(x) - sum((c * x**k for k, c in known.items()), mpf(0))
            fixed[power] = rounded(best(rest, weight, low, high, free)[0][0], bits)
        found = min(found, (_error(f, weight, low, high, fixed), fixed), key=lambda pair: pair[0])
    return [float(found[1][k]) for k in powers], float(found[0])


def literal(value: float, bits: int) -> str:
    """A coefficient as C, exactly."""
    return float(np.float32(value)).hex() + "f" if bits == 24 else float(value).hex()
