"""Special functions: the error function, the gamma function, and their kin.

NumPy has none of these, so they are computed here from polynomials that were fitted to 50 digits, at Chebyshev
points, for this file. Each table holds the coefficients of 1, t, t**2, ... for t in [-1, 1]; the function beside it
says which t. Values are within a few units in the last place for float64; float32 uses shorter tables, or float64.
In C the library's erf, erfc and lgamma serve, and functions of the prelude.

Source: Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2) erfc x", Math. Comp. 36 (1981), for
the variable t of erfc; Abramowitz and Stegun, Handbook of Mathematical Functions, 6.1.41, 6.3.18, 6.4.11 and 6.4.7,
for the asymptotic series and the reflection of the gamma family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import memory
from ..dtypes import FLOATS
from ..errors import ArgumentError
from ..families import binary, unary
from ..op import op
from ..samples import sample, uniform
from ..selection import choose
from ..spec import Operand, Spec, check_dtype, like
from ..tensor import Tensor
from .elementwise import cos, exp, log, log1p, sin, square, where

_ERF = (
    0.96546873866986731, -0.14053608902271712, 0.019852496688983707, -0.0022854855611441132, 0.00021751715604159932,
    -1.7537169441124866e-5, 1.2233827383598969e-6, -7.5115692865917268e-8, 4.1158005832081491e-9, -2.035228405815769e-10,
    9.1676195968658063e-12, -3.8078824063194955e-13, 1.4543887079465116e-14,
)  # fmt: skip
_ERF_SINGLE = (
    0.9654687387, -0.1405360973, 0.01985249714, -0.002285419545, 0.0002175135417,
    -1.766906803e-5, 1.230605479e-6,
)  # fmt: skip
_ERFCX = (
    1.2375126308378276, -0.14024059858554702, 0.0035854154854636915, 0.0822767384901511, -0.10880393014170754,
    0.092304321160195604, -0.058693398590545786, 0.028362277421561449, -0.0097465795476404853, 0.0017556258319879622,
    0.00029371359494706954, -0.00029015397673060641, 5.1649407160546034e-5, 2.2383902048770412e-5, -1.1445047333414064e-5,
    -9.7282291674642975e-7, 1.7534398492983324e-6, -5.8312272417966876e-8, -2.6114212677970117e-7, 2.435345815508129e-8,
    4.0966696513670463e-8, -4.4451412320571298e-9, -6.5428610761367575e-9, 5.77532716341681e-10, 9.0127775785465465e-10,
    -4.8144805017310764e-11, -7.3251091951694615e-11, 1.5733568011081219e-12,
)  # fmt: skip
_ERFCX_SINGLE = (
    1.23751263, -0.1402405987, 0.003585497429, 0.08227675095, -0.108805252,
    0.09230412175, -0.05868533659, 0.02836347379, -0.009770286715, 0.001752209499,
    0.0003303442094, -0.0002851543389, 2.198796598e-5, 1.878073629e-5,
)  # fmt: skip
_ERFINV_NEAR = (
    1.623542092, 0.7248912171, -0.051647512, -0.02257713438, 0.01583501129,
    -0.003088494454, -0.001376689991, 0.0009810300816, -2.730163734e-5, -0.000107882259,
)  # fmt: skip
_ERFINV_FAR = (
    3.159052076, 0.8805086168, 0.003529348602, -0.002066209225, 0.001131471362,
    -0.0006956188901, 0.0003631818222, -9.588275129e-5, -6.528873584e-7,
)  # fmt: skip
_ERFINV_TAIL = (
    5.051959341, 1.010221458, -0.0002509713232, -0.0001614560245, 5.878212939e-5,
    -1.491789441e-5, 3.3280448e-6, -7.960829253e-7, 1.76760305e-7,
)  # fmt: skip
_LGAMMA = (
    0.42278433509846714, -0.050158650837176961, 0.0082412501552889667, -0.0015480240241714122, 0.00031241507279324623,
    -6.5879088561037586e-5, 1.4302764414466175e-5, -3.169589044066606e-6, 7.1309621867300997e-7, -1.6229516187772781e-7,
    3.727440869990047e-8, -8.6238901819532684e-9, 2.0071395380614078e-9, -4.6958845593071237e-10, 1.106775467493722e-10,
    -2.6107012711494089e-11, 5.8957582832980444e-12, -1.3987453257604092e-12, 4.6584997699511214e-13, -1.1125431307451046e-13,
)  # fmt: skip
_DIGAMMA = (
    0.95105587603183288, -0.2118137106407303, 0.060135621060196746, -0.018550615381735114, 0.0059367952783056489,
    -0.0019350666648590098, 0.00063688803032572004, -0.00021074841140458637, 6.9950188739505062e-5, -2.3258242394452571e-5,
    7.7412322235040566e-6, -2.5780943630530802e-6, 8.5891273530333797e-7, -2.8631527584693402e-7, 9.5420509726889069e-8,
    -3.1630202689553338e-8, 1.0542687624027994e-8, -3.7075072647122388e-9, 1.2358072433984832e-9, -2.7619635330317713e-10,
    9.2064344991779916e-11, -8.4981372301860961e-11, 2.8327066680217588e-11,
)  # fmt: skip

_SPLIT = {4: np.float32((1 << 12) + 1), 8: np.float64((1 << 27) + 1)}  # by item size: halves the digits of a float
_BLOCK = 1 << 14  # elements worked on at a time, so that the temporaries stay in the cache
_DIGAMMA_ROOT, _DIGAMMA_ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def in_blocks(kernel: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], np.ndarray]:
    """An elementwise kernel of many steps, run on a piece of the array at a time."""

    def run(x: Any) -> np.ndarray:
        x = np.asarray(x)
        if x.size <= _BLOCK:
            return kernel(x)
        flat = np.ascontiguousarray(x).reshape(-1)
        out = memory.empty(x.shape, x.dtype)
        rows = out.reshape(-1)
        for i in range(0, flat.size, _BLOCK):
            rows[i : i + _BLOCK] = kernel(flat[i : i + _BLOCK])
        return out

    return run


def _in_double(kernel: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], np.ndarray]:
    """A kernel that works in float64, whatever it is given."""
    return in_blocks(lambda x: kernel(x.astype(np.float64)).astype(x.dtype))


def _polynomial(coefficients: Sequence[float], t: np.ndarray) -> np.ndarray:
    y = np.full_like(t, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        y *= t
        y += t.dtype.type(c)
    return y


def _exp_minus_square(x: np.ndarray) -> np.ndarray:
    """exp(-x * x) without the rounding error of the square, which the exponential would magnify."""
    shifted = x * _SPLIT[x.dtype.itemsize]
    upper = shifted - (shifted - x)  # so short that its square is exact
    return np.exp(-upper * upper) * np.exp(-(x - upper) * (x + upper))


def _erf_near(x: np.ndarray) -> np.ndarray:
    """erf for |x| <= 1: x times a polynomial in t = 2 x**2 - 1."""
    return x * _polynomial(_ERF_SINGLE if x.dtype == np.float32 else _ERF, x * x * 2 - 1)


def _erfc_far(x: np.ndarray) -> np.ndarray:
    """erfc for x >= 0: exp(-x**2) / (1 + 2x) times a polynomial in t = (x - 3.75) / (x + 3.75)."""
    x = np.minimum(x, x.dtype.type(30))  # erfc is zero from there on, in float64 too
    t = (x - x.dtype.type(3.75)) / (x + x.dtype.type(3.75))
    scaled = _polynomial(_ERFCX_SINGLE if x.dtype == np.float32 else _ERFCX, t)
    return _exp_minus_square(x) * scaled / (1 + 2 * x)


def _erf(x: np.ndarray) -> np.ndarray:
    size = np.abs(x)
    near = _erf_near(np.clip(x, -1, 1))
    if not (size > 1).any():
        return near
    return choose(size > 1, np.copysign(1 - _erfc_far(size), x), near)


def _erfc(x: np.ndarray) -> np.ndarray:
    sign = np.copysign(x.dtype.type(1), x)
    return _erfc_far(np.abs(x)) * sign + (1 - sign)  # of a negative x: 2 less that of -x


erf_kernel, erfc_kernel = in_blocks(_erf), in_blocks(_erfc)


def _erfinv_start(x: np.ndarray) -> np.ndarray:
    """erfinv to about 1e-7: x times a polynomial in w = -log(1 - x**2), or in its root where that is large."""
    w = -np.log((1 - x) * (1 + x))
    root = np.sqrt(w)
    near = _polynomial(_ERFINV_NEAR, np.clip(w / 3 - 1, -1, 1))
    far = _polynomial(_ERFINV_FAR, np.clip(_between(root, math.sqrt(6), 4.2), -1, 1))
    tail = _polynomial(_ERFINV_TAIL, np.clip(_between(root, 4.2, 6.2), -1, 1))
    return x * np.where(w < 6, near, np.where(root < 4.2, far, tail))


def _between(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """x carried from [low, high] to [-1, 1]."""
    return (2 * x - (low + high)) / (high - low)


def _erfinv(x: np.ndarray) -> np.ndarray:
    size = np.abs(x)
    y = _erfinv_start(np.minimum(size, np.float64(1 - 2**-53)))
    excess = np.where(size < 0.5, _erf_near(np.minimum(y, 1)) - size, (1 - size) - _erfc_far(y))
    step = excess / (TWO_OVER_SQRT_PI * _exp_minus_square(y))
    y = y - step / (1 + y * step)  # Halley: the error cubed
    y = np.where(size < 1, y, np.where(size == 1, np.inf, np.nan))
    return np.copysign(y, x)


def _lgamma_middle(x: np.ndarray) -> np.ndarray:
    """log gamma for 0 < x < 8: moved into [1.5, 2.5], where it is (x - 1)(x - 2) times a polynomial in 2 (x - 2)."""
    product = np.ones_like(x)
    for _ in range(6):
        above = x >= 2.5
        x = np.where(above, x - 1, x)
        product = np.where(above, product * x, product)
    shift = np.log(product)
    shift -= np.where(x < 1.5, np.where(x > 0.5, np.log1p(x - 1), np.log(x)), 0)
    shift -= np.where(x < 0.5, np.log1p(x), 0)
    r = np.where(x < 0.5, x, np.where(x < 1.5, x - 1, x - 2))  # what is left of 2, exact near the zeros at 1 and 2
    return r * (r + 1) * _polynomial(_LGAMMA, 2 * r) + shift


def _lgamma_large(x: np.ndarray) -> np.ndarray:
    """log gamma for x >= 8, by Stirling's series."""
    series = _polynomial([b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1)], 1 / (x * x)) / x
    return np.where(np.isinf(x), x, (x - 0.5) * np.log(x) - x + (0.5 * math.log(2 * math.pi) + series))


def _lgamma_positive(x: np.ndarray) -> np.ndarray:
    return np.where(x < 8, _lgamma_middle(np.clip(x, np.finfo(np.float64).tiny, 8)), _lgamma_large(np.maximum(x, 8)))


def _lgamma(x: np.ndarray) -> np.ndarray:
    reflected = x < 0.5
    y = _lgamma_positive(np.where(reflected, 1 - x, x))
    small = np.abs(x) < 1e-300
    sine = np.abs(np.sin(np.pi * (x - 2 * np.round(x / 2))))
    mirror = np.where(small, -np.log(np.abs(x)), math.log(math.pi) - np.log(sine) - y)
    y = np.where(reflected, mirror, y)
    return np.where(np.isinf(x) | (x <= 0) & (x == np.floor(x)), np.inf, y)


def _digamma_positive(x: np.ndarray) -> np.ndarray:
    """digamma for x > 0: raised to 10 for the series; between 1 and 2 from its root there, to keep all digits."""
    low = np.clip(x, 1, 2)
    middle = ((low - _DIGAMMA_ROOT) - _DIGAMMA_ROOT_REST) * _polynomial(_DIGAMMA, 2 * low - 3)
    shift = np.zeros_like(x)
    large = x
    for _ in range(10):
        below = large < 10
        shift = np.where(below, shift + 1 / large, shift)
        large = np.where(below, large + 1, large)
    inverse = 1 / (large * large)
    series = _polynomial([b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)], inverse) * inverse
    return np.where((x >= 1) & (x <= 2), middle, np.log(large) - 0.5 / large - series - shift)


def _digamma(x: np.ndarray) -> np.ndarray:
    reflected = x < 0
    y = _digamma_positive(np.where(reflected, 1 - x, x))
    y = np.where(reflected, y - np.pi / np.tan(np.pi * (x - np.round(x))), y)
    return np.where((x <= 0) & (x == np.floor(x)), np.where(x == 0, np.copysign(np.inf, -x), np.nan), y)


def _polygamma_positive(x: np.ndarray, n: int) -> np.ndarray:
    """The n-th derivative of digamma for x > 0, without its sign (-1)**(n + 1): raised, then the series."""
    shift = np.zeros_like(x)
    factorial = float(math.factorial(n))
    for _ in range(12 + n):
        below = x < 12 + n
        shift = np.where(below, shift + factorial * x ** -(n + 1.0), shift)
        x = np.where(below, x + 1, x)
    terms = [b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) for k, b in enumerate(_BERNOULLI, 1)]
    series = math.factorial(n - 1) + 0.5 * factorial / x + _polynomial(terms, 1 / (x * x)) / (x * x)
    return shift + series * x ** -float(n)


def _cotangent_derivative(x: np.ndarray, n: int) -> np.ndarray:
    """The n-th derivative of pi * cot(pi * x), a polynomial in the cotangent."""
    cotangent = np.polynomial.Polynomial([0.0, 1.0])
    result = cotangent
    for _ in range(n):
        result = -result.deriv() * (cotangent**2 + 1)
    return np.pi ** (n + 1) * result(1 / np.tan(np.pi * (x - np.round(x))))


def _polygamma(x: np.ndarray, n: int) -> np.ndarray:
    if n == 0:
        return _digamma(x)
    reflected = x < 0
    y = _polygamma_positive(np.where(reflected, 1 - x, x), n)
    mirror = -y - _cotangent_derivative(x, n)  # psi_n(x) = (-1)**n psi_n(1 - x) - d^n pi cot(pi x)
    y = np.where(reflected, mirror, y * (1 if n % 2 else -1))
    pole = (x <= 0) & (x == np.floor(x))
    return np.where(pole, np.inf if n % 2 else np.nan, y)


def _sinc_derivative(y: Any, x: Any) -> Any:
    """The derivative of sinc; by its Taylor series near 0, where the quotient cancels."""
    near = abs(x) < 0.05
    z = square(where(near, x, 0))
    taylor = 0.0
    for k in range(6, 0, -1):
        taylor = taylor * z + (-1) ** k * math.pi ** (2 * k) * 2 * k / math.factorial(2 * k + 1)
    away = where(near, 1, x)
    slope = (cos(math.pi * away) - sin(math.pi * away) / (math.pi * away)) / away
    return where(near, where(near, x, 0) * taylor, slope)


def _xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y))


def _xlog1py(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log1p(y))


def _quotient(x: Any, y: Any) -> Any:
    """x / y, and 0 where x is 0."""
    return where(x == 0, 0, x / where(x == 0, 1, y))


# fmt: off
#                 name       numpy                  C and CUDA            ONNX   domain        derivative
erf     = unary("erf",     erf_kernel,            "erf({0})",           "Erf", (-2.0, 2.0),  lambda dy, _y, x: dy * (exp(-square(x)) * TWO_OVER_SQRT_PI), "The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x.", takes=FLOATS)
erfc    = unary("erfc",    erfc_kernel,           "erfc({0})",          None,  (-2.0, 2.0),  lambda dy, _y, x: dy * (exp(-square(x)) * -TWO_OVER_SQRT_PI), "1 - erf(x), accurate also where erf is nearly 1.", takes=FLOATS)
erfinv  = unary("erfinv",  _in_double(_erfinv),   "wf_erfinv({0})",     None,  (-0.9, 0.9),  lambda dy, y, _x: dy * (exp(square(y)) / TWO_OVER_SQRT_PI), "The inverse of erf; infinite at -1 and 1, NaN outside.", takes=FLOATS)
lgamma  = unary("lgamma",  _in_double(_lgamma),   "lgamma({0})",        None,  (0.4, 4.0),   lambda dy, _y, x: dy * digamma(x), "The logarithm of the absolute value of the gamma function.", takes=FLOATS)
digamma = unary("digamma", _in_double(_digamma),  "wf_digamma({0})",    None,  (0.4, 4.0),   lambda dy, _y, x: dy * polygamma_op(x, n=1), "The derivative of lgamma.", takes=FLOATS)
sinc    = unary("sinc",    np.sinc,               "wf_sinc({0})",       None,  (-2.0, 2.0),  lambda dy, y, x: dy * _sinc_derivative(y, x), "sin(pi x) / (pi x), and 1 at 0.", takes=FLOATS)
logit   = unary("logit",   lambda x: np.log(x) - np.log1p(-x), "log({0}) - log1p(-{0})", None, (0.1, 1.0), lambda dy, _y, x: dy / (x * (1 - x)), "log(x / (1 - x)), the inverse of sigmoid; NaN outside [0, 1].", takes=FLOATS)
xlogy   = binary("xlogy",  _xlogy,                "wf_xlogy({0}, {1})", None,  (0.5, 3.0),
                 (lambda dy, _z, x, y: dy * log(where((x == 0) & (y == 0), 1, y)), lambda dy, _z, x, y: dy * _quotient(x, y)), "x * log(y), and 0 where x is 0.", takes=FLOATS)
xlog1py = binary("xlog1py", _xlog1py,             "wf_xlog1py({0}, {1})", None, (0.5, 3.0),
                 (lambda dy, _z, x, y: dy * log1p(where((x == 0) & (y == -1), 0, y)), lambda dy, _z, x, y: dy * _quotient(x, y + 1)), "x * log1p(y), and 0 where x is 0.", takes=FLOATS)
# fmt: on


def _polygamma_kernel(x: np.ndarray, n: int) -> np.ndarray:
    return _in_double(lambda part: _polygamma(part, n))(x)


@op(_polygamma_kernel, name="polygamma", widen=True,
    samples=[sample(uniform((3, 4), 0.5, 4.0), n=1), sample(uniform((5,), 0.5, 4.0), n=2)])  # fmt: skip
def polygamma_op(x: Operand, /, *, n: int) -> Spec:
    """The n-th derivative of digamma, elementwise."""
    check_dtype("polygamma", x, FLOATS)
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= 150:
        raise ArgumentError(f"polygamma: the order is {n!r}", "The order is an integer from 0 to 150.")
    return like(x)


@polygamma_op.gradient
def _(dy: Any, _y: Any, x: Any, *, n: int) -> Any:
    return dy * polygamma_op(x, n=n + 1)


def polygamma(n: int, x: Operand) -> Tensor:
    """The n-th derivative of digamma; digamma itself for n = 0.

    Errors: ArgumentError for an order below 0, or above 150, where float64 overflows.
    """
    return polygamma_op(x, n=n)
