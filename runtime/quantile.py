"""Quantiles of the standard normal distribution: how uniform bits become normal numbers.

Single precision evaluates Giles' polynomials in float32 (the tail's fitted anew, so that it reaches as far as 32 bits
do), double precision Wichura's rational functions in float64; both use only + - * /, sqrt and log, in the order
written here, so that other devices can repeat them. This file knows numbers, not generators.

Source: M. Giles, "Approximating the erfinv function", GPU Computing Gems 2, 2011; M. J. Wichura, "Algorithm AS 241",
Applied Statistics 37 (1988).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CENTRAL32 = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
             -0.00417768164, 0.246640727, 1.50140941)  # fmt: skip
TAIL32 = (4.48463688e-05, -0.000178785602, -1.06971902e-05, 0.00131448708, -0.00358982803, 0.00576045923,
          -0.00764389755, 0.00943450723, 1.00167537, 2.83297706)  # fmt: skip
SQRT2 = np.float32(1.4142135623730951)

# numerator and denominator, highest power first
CENTRAL64 = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080),
    (5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
     5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1.0),
)  # fmt: skip
MIDDLE64 = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
     3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
TAIL64 = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def horner(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """The polynomial of these coefficients, highest power first, in the dtype of x."""
    y = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        y *= x
        y += x.dtype.type(coefficient)
    return y


def normal32(words: np.ndarray) -> np.ndarray:
    """Standard normal float32 numbers, one of each 32-bit word: the top bit is the sign, the rest the distance.

    With t = (word mod 2**31) * 2**-31 + 2**-32, the number is +-sqrt(2) erfinv(1 - t); it reaches 6.3.
    """
    t = (words & np.uint32(0x7FFFFFFF)).astype(np.float32)
    t *= np.float32(2.0**-31)
    t += np.float32(2.0**-32)
    w = -np.log(t * (np.float32(2.0) - t))
    y = horner(CENTRAL32, w - np.float32(2.5))
    far = np.flatnonzero(w >= np.float32(5.0))
    if far.size:
        y[far] = horner(TAIL32, np.sqrt(w[far]) - np.float32(3.0))
    y *= np.float32(1.0) - t
    y *= SQRT2
    return np.negative(y, out=y, where=(words >> np.uint32(31)).astype(bool))


def normal64(bits: np.ndarray) -> np.ndarray:
    """Standard normal float64 numbers, one of each 64 bits: the top bit is the sign, the next 52 the distance.

    The tail has probability p = (bits mod 2**63 // 2**11 + 1/2) * 2**-53.
    """
    p = ((bits & np.uint64((1 << 63) - 1)) >> np.uint64(11)).astype(np.float64)
    y = -normal_quantile((p + 0.5) * 2.0**-53)
    return np.negative(y, out=y, where=(bits >> np.uint64(63)).astype(bool))


def normal_quantile(p: np.ndarray) -> np.ndarray:
    """The x that a standard normal number falls below with probability p, 0 < p < 1, to 1e-15 (float64)."""
    q = p - 0.5
    y = q * _ratio(CENTRAL64, 0.180625 - q * q)
    far = np.flatnonzero(np.abs(q) > 0.425)
    y[far] = np.copysign(_tail(np.minimum(p[far], 1.0 - p[far])), q[far])
    return y


def _tail(p: np.ndarray) -> np.ndarray:
    r = np.sqrt(-np.log(p))
    y = _ratio(MIDDLE64, r - 1.6)
    far = np.flatnonzero(r > 5.0)
    y[far] = _ratio(TAIL64, r[far] - 5.0)
    return y


def _ratio(pair: tuple[Sequence[float], Sequence[float]], x: np.ndarray) -> np.ndarray:
    return horner(pair[0], x) / horner(pair[1], x)
