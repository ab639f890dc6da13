"""Elementwise ops: a row each.

A row says the NumPy kernel, the scalar expression in C and CUDA, the ONNX name, the domain that generated tests
draw operands from, and the derivative; the family says the rest (broadcasting, promotion, complex conjugation).
Functions `wf_...` stand in the kernels' prelude where NumPy's result differs from C's.

Source: Python Array API standard 2024.12, "Element-wise functions".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import COMPLEX, EVERY, FLOATS, INEXACT, INTEGRAL, NUMERIC, REAL
from ..families import binary, compare, select, unary
from ..selection import choose
from ..spec import SCALARS

LOG2, LOG10 = math.log(2.0), math.log(10.0)
BOOL = lambda _: dtypes.bool_
ANY, POSITIVE, UNIT, OVER_ONE = (-2.0, 2.0), (0.5, 3.0), (-0.9, 0.9), (1.2, 3.0)


def _masked(dy: Any, mask: Any) -> Any:
    """The cotangent where the mask holds, zero elsewhere, even where dy is infinite."""
    return where(mask, dy, 0)


def _half(dy: Any, chosen: Any, tie: Any) -> Any:
    """The cotangent of the chosen operand; half of it where both are equal."""
    return _masked(dy, chosen) * where(tie, 0.5, 1.0)


def _nonzero(z: Any) -> Any:
    """A divisor that is 1 where it would be 0."""
    return where(z == 0, 1, z)


def _power_slope(x: Any, y: Any) -> Any:
    """y * x**(y - 1), and 0 where y is 0, whatever x is."""
    if isinstance(y, SCALARS):
        return 0 if y == 0 else 1 if y == 1 else x * 2 if y == 2 else y * x ** (y - 1)
    return where(y == 0, 0, y * x ** where(y == 0, 1, y - 1))


def _share(x: Any, z: Any) -> Any:
    """The share exp(x) of exp(z); 0 where both are."""
    return exp(x - where(z == -math.inf, 0, z))


def _turn(dy: Any, y: Any, x: Any) -> Any:
    """The cotangent of x from that of x / |x|: only a turn of a complex number changes its sign."""
    if x.dtype not in COMPLEX:
        return None
    return y * (imag(dy * conj(y)) / _nonzero(abs(x))) * 1j


def _round(x: np.ndarray, **options: Any) -> np.ndarray:
    return np.rint(x, **options) if x.dtype.kind in "fc" else x


# fmt: off
# Arithmetic: (dy, z, x, y) -> dx and -> dy
#                        name           numpy            C and CUDA             ONNX       domain   derivative
add          = binary("add",          np.add,          "{0} + {1}",           "Add",     ANY, (lambda dy, _z, _x, _y: dy, lambda dy, _z, _x, _y: dy),
                      "The sum x + y.")
subtract     = binary("subtract",     np.subtract,     "{0} - {1}",           "Sub",     ANY, (lambda dy, _z, _x, _y: dy, lambda dy, _z, _x, _y: -dy),
                      "The difference x - y.")
multiply     = binary("multiply",     np.multiply,     "{0} * {1}",           "Mul",     ANY, (lambda dy, _z, _x, y: dy * y, lambda dy, _z, x, _y: dy * x),
                      "The product x * y.")
divide       = binary("divide",       np.divide,       "{0} / {1}",           "Div",     POSITIVE, (lambda dy, _z, _x, y: dy / y, lambda dy, z, _x, y: -(dy * z) / y),
                      "The quotient x / y; integers are divided as floats.", takes=INEXACT)
floor_divide = binary("floor_divide", np.floor_divide, "wf_floor_div({0}, {1})", None,   POSITIVE, None,
                      "The quotient rounded towards minus infinity, as Python's //.", takes=REAL)
remainder    = binary("remainder",    np.remainder,    "wf_mod({0}, {1})",    "Mod",     POSITIVE,
                      (lambda dy, _z, _x, _y: dy, lambda dy, _z, x, y: -dy * floor(x / y)),
                      "The remainder with the sign of y, as Python's %.", takes=REAL)
pow          = binary("pow",          np.power,        "wf_pow({0}, {1})",    "Pow",     POSITIVE, (lambda dy, _z, x, y: dy * _power_slope(x, y), lambda dy, z, x, _y: dy * _xlog(z, x)),
                      "x to the power y. Integers take no negative power.")
atan2        = binary("atan2",        np.arctan2,      "atan2({0}, {1})",     None,      POSITIVE,
                      (lambda dy, _z, x, y: dy * y / (x * x + y * y), lambda dy, _z, x, y: -dy * x / (x * x + y * y)),
                      "The angle of the point (y, x) in radians, in [-pi, pi].", takes=FLOATS)
hypot        = binary("hypot",        np.hypot,        "hypot({0}, {1})",     None,      POSITIVE, (lambda dy, z, x, _y: dy * (x / _nonzero(z)), lambda dy, z, _x, y: dy * (y / _nonzero(z))),
                      "The length sqrt(x**2 + y**2), without overflow on the way.", takes=FLOATS)
logaddexp    = binary("logaddexp",    np.logaddexp,    "wf_logaddexp({0}, {1})", None,   ANY, (lambda dy, z, x, _y: dy * _share(x, z), lambda dy, z, _x, y: dy * _share(y, z)),
                      "log(exp(x) + exp(y)), without overflow on the way.", takes=FLOATS)
copysign     = binary("copysign",     np.copysign,     "copysign({0}, {1})",  None,      POSITIVE, (lambda dy, _z, x, y: where(signbit(x) == signbit(y), dy, -dy), None),
                      "x with the sign of y.", takes=FLOATS)
nextafter    = binary("nextafter",    np.nextafter,    "nextafter({0}, {1})", None,      ANY, (lambda dy, _z, _x, _y: dy, None),
                      "The next representable value after x towards y.", takes=FLOATS)
maximum      = binary("maximum",      np.maximum,      "wf_max({0}, {1})",    "Max",     ANY, (lambda dy, _z, x, y: _half(dy, x >= y, x == y), lambda dy, _z, x, y: _half(dy, y >= x, x == y)),
                      "The larger of x and y; NaN if either is. The gradient is shared equally at a tie.", takes=REAL)
minimum      = binary("minimum",      np.minimum,      "wf_min({0}, {1})",    "Min",     ANY, (lambda dy, _z, x, y: _half(dy, x <= y, x == y), lambda dy, _z, x, y: _half(dy, y <= x, x == y)),
                      "The smaller of x and y; NaN if either is. The gradient is shared equally at a tie.", takes=REAL)

at_least     = binary("at_least",     np.maximum,      "wf_max({0}, {1})",    "Max",     ANY, (lambda dy, _z, x, y: _masked(dy, ~(x < y)), lambda dy, _z, x, y: _masked(dy, x < y)),
                      "x, but no less than y; NaN if either is. At a tie the gradient is x's.", takes=REAL)
at_most      = binary("at_most",      np.minimum,      "wf_min({0}, {1})",    "Min",     ANY, (lambda dy, _z, x, y: _masked(dy, ~(x > y)), lambda dy, _z, x, y: _masked(dy, x > y)),
                      "x, but no more than y; NaN if either is. At a tie the gradient is x's.", takes=REAL)

# Comparisons: constant almost everywhere
equal         = compare("equal",         np.equal,         "{0} == {1}", "Equal",          ANY, "Whether x equals y.", takes=EVERY)
not_equal     = compare("not_equal",     np.not_equal,     "{0} != {1}", None,             ANY, "Whether x differs from y.", takes=EVERY)
less          = compare("less",          np.less,          "{0} < {1}",  "Less",           ANY, "Whether x is less than y.")
less_equal    = compare("less_equal",    np.less_equal,    "{0} <= {1}", "LessOrEqual",    ANY, "Whether x is at most y.")
greater       = compare("greater",       np.greater,       "{0} > {1}",  "Greater",        ANY, "Whether x is greater than y.")
greater_equal = compare("greater_equal", np.greater_equal, "{0} >= {1}", "GreaterOrEqual", ANY, "Whether x is at least y.")

# Bits and logic
bitwise_and         = binary("bitwise_and",         np.bitwise_and,  "{0} & {1}",  "BitwiseAnd", ANY, None, "The bits set in both.", takes=INTEGRAL)
bitwise_or          = binary("bitwise_or",          np.bitwise_or,   "{0} | {1}",  "BitwiseOr",  ANY, None, "The bits set in either.", takes=INTEGRAL)
bitwise_xor         = binary("bitwise_xor",         np.bitwise_xor,  "{0} ^ {1}",  "BitwiseXor", ANY, None, "The bits set in one of the two.", takes=INTEGRAL)
bitwise_left_shift  = binary("bitwise_left_shift",  np.left_shift,   "wf_shl({0}, {1})", None,   (0, 7), None, "x shifted left by y bits.", takes=dtypes.INTEGERS)
bitwise_right_shift = binary("bitwise_right_shift", np.right_shift,  "wf_shr({0}, {1})", None,   (0, 7), None, "x shifted right by y bits.", takes=dtypes.INTEGERS)
bitwise_invert      = unary("bitwise_invert",       np.bitwise_not,  "wf_invert({0})", "BitwiseNot", ANY, None, "Every bit flipped; a bool negated.", takes=INTEGRAL)
logical_and         = binary("logical_and",         np.logical_and,  "{0} && {1}", "And",        ANY, None, "Whether both are true (nonzero).", takes=EVERY, gives=BOOL)
logical_or          = binary("logical_or",          np.logical_or,   "{0} || {1}", "Or",         ANY, None, "Whether either is true (nonzero).", takes=EVERY, gives=BOOL)
logical_xor         = binary("logical_xor",         np.logical_xor,  "!{0} != !{1}", "Xor",      ANY, None, "Whether one of the two is true (nonzero).", takes=EVERY, gives=BOOL)
logical_not         = unary("logical_not",          np.logical_not,  "!{0}",       "Not",        ANY, None, "Whether x is false (zero).", takes=EVERY, gives=BOOL)

# One operand: (dy, y, x) -> dx
#                  name          numpy          C and CUDA         ONNX          domain    derivative
negative   = unary("negative",   np.negative,   "-{0}",            "Neg",        ANY,      lambda dy, _y, _x: -dy, "-x.", takes=NUMERIC)
positive   = unary("positive",   np.positive,   "{0}",             "Identity",   ANY,      lambda dy, _y, _x: dy, "x itself.", takes=NUMERIC)
abs        = unary("abs",        np.absolute,   "wf_abs({0})",     "Abs",        ANY,      lambda dy, _y, x: dy * sign(x),
                   "The absolute value |x|, real also for complex x. The gradient at 0 is 0.", takes=NUMERIC, gives=dtypes.real_dtype, holomorphic=False)
sign       = unary("sign",       np.sign,       "wf_sign({0})",    "Sign",       ANY,      lambda dy, y, x: _turn(dy, y, x), "-1, 0 or 1; x / |x| for complex x.", takes=NUMERIC, holomorphic=False)
square     = unary("square",     np.square,     "{0} * {0}",       None,         ANY,      lambda dy, _y, x: dy * (x * 2), "x * x.", takes=NUMERIC)
reciprocal = unary("reciprocal", np.reciprocal, "1 / {0}",         "Reciprocal", POSITIVE, lambda dy, y, _x: -dy * (y * y), "1 / x.")
sqrt       = unary("sqrt",       np.sqrt,       "sqrt({0})",       "Sqrt",       POSITIVE, lambda dy, y, _x: dy * 0.5 / y, "The square root; NaN for negative reals.")
rsqrt      = unary("rsqrt",      lambda x: 1 / np.sqrt(x), "1 / sqrt({0})", None, POSITIVE, lambda dy, y, _x: dy * (y * y * y) * -0.5, "1 / sqrt(x).")
exp        = unary("exp",        np.exp,        "exp({0})",        "Exp",        ANY,      lambda dy, y, _x: dy * y, "e to the power x.")
exp2       = unary("exp2",       np.exp2,       "exp2({0})",       None,         ANY,      lambda dy, y, _x: dy * y * LOG2, "2 to the power x.")
expm1      = unary("expm1",      np.expm1,      "expm1({0})",      None,         ANY,      lambda dy, y, _x: dy * (y + 1), "exp(x) - 1, accurate near 0.")
log        = unary("log",        np.log,        "log({0})",        "Log",        POSITIVE, lambda dy, _y, x: dy / x, "The natural logarithm.")
log1p      = unary("log1p",      np.log1p,      "log1p({0})",      None,         POSITIVE, lambda dy, _y, x: dy / (x + 1), "log(1 + x), accurate near 0.")
log2       = unary("log2",       np.log2,       "log2({0})",       None,         POSITIVE, lambda dy, _y, x: dy / (x * LOG2), "The logarithm to base 2.")
log10      = unary("log10",      np.log10,      "log10({0})",      None,         POSITIVE, lambda dy, _y, x: dy / (x * LOG10), "The logarithm to base 10.")
sin        = unary("sin",        np.sin,        "sin({0})",        "Sin",        ANY,      lambda dy, _y, x: dy * cos(x), "The sine of x radians.")
cos        = unary("cos",        np.cos,        "cos({0})",        "Cos",        ANY,      lambda dy, _y, x: -dy * sin(x), "The cosine of x radians.")
tan        = unary("tan",        np.tan,        "tan({0})",        "Tan",        UNIT,     lambda dy, y, _x: dy * (y * y + 1), "The tangent of x radians.")
asin       = unary("asin",       np.arcsin,     "asin({0})",       "Asin",       UNIT,     lambda dy, _y, x: dy / sqrt(1 - x * x), "The inverse sine, in radians.")
acos       = unary("acos",       np.arccos,     "acos({0})",       "Acos",       UNIT,     lambda dy, _y, x: -dy / sqrt(1 - x * x), "The inverse cosine, in radians.")
atan       = unary("atan",       np.arctan,     "atan({0})",       "Atan",       ANY,      lambda dy, _y, x: dy / (x * x + 1), "The inverse tangent, in radians.")
sinh       = unary("sinh",       np.sinh,       "sinh({0})",       "Sinh",       ANY,      lambda dy, _y, x: dy * cosh(x), "The hyperbolic sine.")
cosh       = unary("cosh",       np.cosh,       "cosh({0})",       "Cosh",       ANY,      lambda dy, _y, x: dy * sinh(x), "The hyperbolic cosine.")
tanh       = unary("tanh",       np.tanh,       "tanh({0})",       "Tanh",       ANY,      lambda dy, y, _x: dy * (1 - y * y), "The hyperbolic tangent.")
asinh      = unary("asinh",      np.arcsinh,    "asinh({0})",      "Asinh",      ANY,      lambda dy, _y, x: dy / sqrt(x * x + 1), "The inverse hyperbolic sine.")
acosh      = unary("acosh",      np.arccosh,    "acosh({0})",      "Acosh",      OVER_ONE, lambda dy, _y, x: dy / (sqrt(x - 1) * sqrt(x + 1)), "The inverse hyperbolic cosine.")
atanh      = unary("atanh",      np.arctanh,    "atanh({0})",      "Atanh",      UNIT,     lambda dy, _y, x: dy / (1 - x * x), "The inverse hyperbolic tangent.")
floor      = unary("floor",      np.floor,      "floor({0})",      "Floor",      ANY,      None, "The largest integer not above x.", takes=REAL)
ceil       = unary("ceil",       np.ceil,       "ceil({0})",       "Ceil",       ANY,      None, "The smallest integer not below x.", takes=REAL)
trunc      = unary("trunc",      np.trunc,      "trunc({0})",      None,         ANY,      None, "The integer part of x, rounded towards zero.", takes=REAL)
round      = unary("round",      _round,        "wf_round({0})",   "Round",      ANY,      None, "The nearest integer; halves go to the even one.", takes=NUMERIC)
isfinite   = unary("isfinite",   np.isfinite,   "wf_isfinite({0})", None,        ANY,      None, "Whether x is neither NaN nor infinite.", takes=EVERY, gives=BOOL)
isinf      = unary("isinf",      np.isinf,      "wf_isinf({0})",   "IsInf",      ANY,      None, "Whether x is infinite.", takes=EVERY, gives=BOOL)
isnan      = unary("isnan",      np.isnan,      "wf_isnan({0})",   "IsNaN",      ANY,      None, "Whether x is NaN.", takes=EVERY, gives=BOOL)
signbit    = unary("signbit",    np.signbit,    "wf_signbit({0})", None,         ANY,      None, "Whether the sign bit is set (also of -0.0 and NaN).", takes=FLOATS, gives=BOOL)

# Complex parts: not holomorphic, so the rules are the cotangents themselves
conj = unary("conj", np.conjugate, "wf_conj({0})", None, ANY, lambda dy, _y, _x: conj(dy), "The complex conjugate; a real x itself.", takes=NUMERIC, holomorphic=False)
real = unary("real", np.real, "wf_real({0})", None, ANY, lambda dy, _y, _x: dy, "The real part.", takes=NUMERIC, gives=dtypes.real_dtype, holomorphic=False)
imag = unary("imag", np.imag, "wf_imag({0})", None, ANY, lambda dy, _y, _x: dy * 1j, "The imaginary part.", takes=COMPLEX, gives=dtypes.real_dtype, holomorphic=False)
# fmt: on


def _xlog(z: Any, x: Any) -> Any:
    """z * log(x), and 0 where x is 0: the derivative of x**y by y."""
    return where(x == 0, 0, z * log(where(x == 0, 1, x)))


pow.refuses = "an integer to a negative power is no integer; cast one of them to a float"

where = select(
    "where", choose, "{0} ? {1} : {2}", "Where", ANY,
    (None, lambda dy, _r, c, _x, _y: where(c, dy, 0), lambda dy, _r, c, _x, _y: where(c, 0, dy)),
    "x where the condition holds, y elsewhere.",
)  # fmt: skip
