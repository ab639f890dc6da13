"""Activations: the nonlinearities of neural networks, and softmax and its kin over axes.

Rows as in `elementwise`; an activation with a parameter is a row of two operands, so that the parameter may be a
number, a tensor that broadcasts, or a variable that is trained. Softmax, log_softmax and logsumexp are one op
each: they never overflow, and an axis of nothing but -inf gives probabilities of 0 and a logarithm of -inf.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, memory
from ..dtypes import FLOATS, REAL
from ..errors import ArgumentError, ShapeError
from ..families import binary, unary
from ..op import op
from ..samples import sample
from ..selection import choose
from ..spec import (
    Axes,
    Operand,
    Shaped,
    Spec,
    check_dtype,
    describe,
    like,
    normalize_axes,
    normalize_axis,
    reduced_shape,
)
from ..tensor import OPS, Tensor, as_tensor
from .elementwise import exp, tanh, where
from .reduction import spread, sum
from .special import TWO_OVER_SQRT_PI, erfc, erfc_kernel, in_blocks

ROOT_HALF, ROOT_TWO_OVER_PI = math.sqrt(0.5), math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))  # the exponential may overflow: the quotient is 0 then, as it should be


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(ROOT_TWO_OVER_PI * (x + GELU_CUBIC * x * x * x)))


def _elu(x: np.ndarray, alpha: Any) -> np.ndarray:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def _celu(x: np.ndarray, alpha: Any) -> np.ndarray:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


def _inside(dy: Any, x: Any, low: float, high: float) -> Any:
    """The cotangent where low < x < high, zero elsewhere."""
    return where((x > low) & (x < high), dy, 0)


def _silu_slope(x: Any) -> Any:
    s = sigmoid(x)
    return s * (x * (1 - s) + 1)


def _mish_slope(x: Any) -> Any:
    t = tanh(softplus(x))
    return t + x * sigmoid(x) * (1 - t * t)


def _gelu_slope(x: Any) -> Any:
    density = exp(x * x * -0.5) * (0.5 * TWO_OVER_SQRT_PI * ROOT_HALF)
    return erfc(x * -ROOT_HALF) * 0.5 + x * density


def _gelu_tanh_slope(x: Any) -> Any:
    square = x * x
    t = tanh(x * (square * GELU_CUBIC + 1) * ROOT_TWO_OVER_PI)
    return (t + 1) * 0.5 + x * (1 - t * t) * (square * (3 * GELU_CUBIC) + 1) * (0.5 * ROOT_TWO_OVER_PI)


def _square_of_rest(y: Any) -> Any:
    rest = 1 - abs(y)
    return rest * rest


ANY = (-2.0, 2.0)

# fmt: off
#                      name           numpy                                    C and CUDA                                 ONNX       domain  derivative
relu         = unary("relu",         lambda x: np.maximum(x, 0),              "wf_max({0}, 0)",                          "Relu",    ANY, lambda dy, y, _x: where(y > 0, dy, 0), "x where it is positive, else 0.", takes=REAL)
relu6        = unary("relu6",        lambda x: np.minimum(np.maximum(x, 0), 6), "wf_min(wf_max({0}, 0), 6)",             None,      ANY, lambda dy, _y, x: _inside(dy, x, 0, 6), "x kept between 0 and 6.", takes=REAL)
hard_tanh    = unary("hard_tanh",    lambda x: np.minimum(np.maximum(x, -1), 1), "wf_min(wf_max({0}, -1), 1)",           None,      ANY, lambda dy, _y, x: _inside(dy, x, -1, 1), "x kept between -1 and 1.", takes=FLOATS)
hard_sigmoid = unary("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1),    "wf_min(wf_max({0} / 6 + 0.5, 0), 1)",     None,      ANY, lambda dy, _y, x: _inside(dy / 6, x, -3, 3), "x / 6 + 1/2 kept between 0 and 1.", takes=FLOATS)
hard_swish   = unary("hard_swish",   lambda x: x * np.clip(x / 6 + 0.5, 0, 1), "{0} * wf_min(wf_max({0} / 6 + 0.5, 0), 1)", "HardSwish", ANY,
                     lambda dy, _y, x: where(x >= 3, dy, _inside(dy * (x / 3 + 0.5), x, -3, 3)), "x * hard_sigmoid(x).", takes=FLOATS)
sigmoid      = unary("sigmoid",      in_blocks(_sigmoid),                     "wf_sigmoid({0})",                         "Sigmoid", ANY, lambda dy, y, _x: dy * (y * (1 - y)), "1 / (1 + exp(-x)).", takes=FLOATS)
log_sigmoid  = unary("log_sigmoid",  in_blocks(lambda x: -_softplus(-x)),     "-wf_softplus(-{0})",                      None,      ANY, lambda dy, _y, x: dy * sigmoid(-x), "log(sigmoid(x)), accurate for every x.", takes=FLOATS)
softplus     = unary("softplus",     in_blocks(_softplus),                    "wf_softplus({0})",                        "Softplus", ANY, lambda dy, _y, x: dy * sigmoid(x), "log(1 + exp(x)), without overflow.", takes=FLOATS)
softsign     = unary("softsign",     lambda x: x / (1 + np.abs(x)),           "{0} / (1 + wf_abs({0}))",                 "Softsign", ANY, lambda dy, y, _x: dy * _square_of_rest(y), "x / (1 + |x|).", takes=FLOATS)
silu         = unary("silu",         in_blocks(lambda x: x * _sigmoid(x)),    "{0} * wf_sigmoid({0})",                   None,      ANY, lambda dy, _y, x: dy * _silu_slope(x), "x * sigmoid(x), also called swish.", takes=FLOATS)
mish         = unary("mish",         in_blocks(lambda x: x * np.tanh(_softplus(x))), "{0} * tanh(wf_softplus({0}))",     "Mish",    ANY, lambda dy, _y, x: dy * _mish_slope(x), "x * tanh(softplus(x)).", takes=FLOATS)
gelu_erf     = unary("gelu",         in_blocks(lambda x: 0.5 * x * erfc_kernel(x * -ROOT_HALF)), "0.5 * {0} * erfc({0} * -0.70710678118654752)", "Gelu", ANY, lambda dy, _y, x: dy * _gelu_slope(x), "x times the normal distribution function of x.", takes=FLOATS)
gelu_tanh    = unary("gelu_tanh",    in_blocks(_gelu_tanh),                   "0.5 * {0} * (1 + tanh(0.79788456080286536 * ({0} + 0.044715 * {0} * {0} * {0})))", None, ANY, lambda dy, _y, x: dy * _gelu_tanh_slope(x), "gelu with the distribution function approximated by a tanh.", takes=FLOATS)
prelu        = binary("prelu",       lambda x, a: choose(x > 0, x, a * x),  "{0} > 0 ? {0} : {1} * {0}",               "PRelu",   ANY,
                      (lambda dy, _y, x, a: where(x > 0, dy, dy * a), lambda dy, _y, x, _a: where(x > 0, 0, dy * x)), "x where it is positive, else a * x; `a` may be trained.", takes=FLOATS)
elu_by       = binary("elu",         _elu,                                    "{0} > 0 ? {0} : {1} * expm1({0})",        "Elu",     (0.1, 2.0),
                      (lambda dy, _y, x, a: where(x > 0, dy, dy * a * exp(_below(x))), lambda dy, _y, x, _a: dy * OPS["expm1"](_below(x))), "x where it is positive, else a * expm1(x).", takes=FLOATS)
celu_by      = binary("celu",        _celu,                                   "{0} > 0 ? {0} : {1} * expm1({0} / {1})",  "Celu",    (0.1, 2.0),
                      (lambda dy, _y, x, a: where(x > 0, dy, dy * exp(_below(x) / a)), lambda dy, _y, x, a: dy * _celu_slope_a(_below(x) / a)), "x where it is positive, else a * expm1(x / a).", takes=FLOATS)
selu         = unary("selu",         in_blocks(lambda x: SELU_SCALE * _elu(x, SELU_ALPHA)), "1.0507009873554805 * ({0} > 0 ? {0} : 1.6732632423543772 * expm1({0}))", "Selu", ANY,
                     lambda dy, _y, x: dy * where(x > 0, SELU_SCALE, exp(_below(x)) * (SELU_SCALE * SELU_ALPHA)), "The self-normalizing elu: 1.0507 * elu(x, 1.6733).", takes=FLOATS)
# fmt: on


def _below(x: Any) -> Any:
    """x where it is negative, else 0: keeps the exponential of an unused branch finite."""
    return where(x > 0, 0, x)


def _celu_slope_a(r: Any) -> Any:
    return OPS["expm1"](r) - r * exp(r)


swish, expit, hardtanh = silu, sigmoid, hard_tanh


def leaky_relu(x: Operand, negative_slope: Any = 0.01) -> Tensor:
    """x where it is positive, else negative_slope * x."""
    return prelu(x, negative_slope)


def elu(x: Operand, alpha: Any = 1.0) -> Tensor:
    """x where it is positive, else alpha * (exp(x) - 1)."""
    return elu_by(x, alpha)


def celu(x: Operand, alpha: Any = 1.0) -> Tensor:
    """x where it is positive, else alpha * (exp(x / alpha) - 1): an elu whose slope is continuous at 0."""
    return celu_by(x, alpha)


def gelu(x: Operand, approximate: bool | str = False) -> Tensor:
    """x times the normal distribution function of x: exact, or by the tanh formula.

    `approximate` is a bool, or "none" or "tanh".

    Errors: ArgumentError for another `approximate`.
    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016).
    """
    if approximate not in (False, True, "none", "tanh"):
        raise ArgumentError(f"gelu: approximate is {approximate!r}", 'Give True or "tanh", False or "none".')
    return gelu_tanh(x) if approximate in (True, "tanh") else gelu_erf(x)


def glu(x: Operand, axis: int = -1) -> Tensor:
    """The gated linear unit: the first half of the axis times the sigmoid of the second.

    Shapes: (..., 2 n, ...) -> (..., n, ...).
    Errors: ShapeError when the length of the axis is odd.
    """
    x = as_tensor(x)
    axis = normalize_axis("glu", axis, len(x.shape))
    n = x.shape[axis]
    if n % 2:
        raise ShapeError(f"glu: {describe(x)} has an odd length {n} along axis {axis}", "It is split into two halves.")
    before = (slice(None),) * axis
    return x[(*before, slice(n // 2))] * sigmoid(x[(*before, slice(n // 2, None))])


def _shifted(x: np.ndarray, axis: Any) -> tuple[np.ndarray, np.ndarray]:
    """x less its largest element along the axes, and that element; 0 where it is infinite."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.where(np.isnan(top), top, x.dtype.type(0)))
    return np.subtract(x, top, out=memory.empty(x.shape, x.dtype)), top


def _softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    y, _ = _shifted(x, axis)
    np.exp(y, out=y)
    total = y.sum(axis=axis, keepdims=True)
    y /= np.where(total == 0, x.dtype.type(1), total)
    return y


def _log_softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    y, _ = _shifted(x, axis)
    total = np.exp(y, out=memory.empty(y.shape, y.dtype)).sum(axis=axis, keepdims=True)
    y -= np.log(np.where(total == 0, x.dtype.type(1), total))
    return y


def _logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    y, top = _shifted(x, axis)
    total = np.log(np.exp(y, out=y).sum(axis=axis, keepdims=True)) + top
    return total if keepdims else total.reshape(reduced_shape("logsumexp", x, axis, False))


def _over(name: str, x: Shaped, axis: Axes) -> Spec:
    """The shape rule of softmax: floats, in and out, over axes that exist."""
    check_dtype(name, x, REAL)
    reduced_shape(name, x, axis, True)
    return like(x, dtype=dtypes.inexact_dtype(x.dtype))


def _in_floats(kernel: Any) -> Any:
    """A kernel that sees floats, and its axes counted from the front."""

    def run(x: np.ndarray, axis: Any, **attrs: Any) -> Any:
        x = np.asarray(x, dtypes.inexact_dtype(x.dtype))
        return kernel(x, normalize_axes(kernel.__name__, axis, x.ndim), **attrs)

    return run


_OVER_SAMPLES = [sample((3, 4)), sample((2, 3, 4), axis=1), sample((2, 3), axis=(0, 1))]


@op(_in_floats(_softmax), onnx="Softmax", widen=True, samples=_OVER_SAMPLES)
def softmax(x: Operand, /, axis: Axes = -1) -> Spec:
    """exp(x) divided by its sum over an axis: probabilities from logits.

    Elements of -inf get probability 0; an axis of nothing else is all 0.

    Example:
        >>> import weft as wf
        >>> wf.softmax([0.0, 0.0])
        Tensor([0.5, 0.5], f32)
    """
    return _over("softmax", x, axis)


@softmax.gradient
def _(dy: Any, y: Any, _x: Any, *, axis: Axes) -> Any:
    return (dy - sum(dy * y, axis=axis, keepdims=True)) * y


@op(_in_floats(_log_softmax), onnx="LogSoftmax", widen=True, samples=_OVER_SAMPLES)
def log_softmax(x: Operand, /, axis: Axes = -1) -> Spec:
    """The logarithm of softmax, accurate also where a probability is nearly 0 or 1."""
    return _over("log_softmax", x, axis)


@log_softmax.gradient
def _(dy: Any, y: Any, _x: Any, *, axis: Axes) -> Any:
    return dy - exp(y) * sum(dy, axis=axis, keepdims=True)


@op(_in_floats(_logsumexp), onnx="ReduceLogSumExp", widen=True,
    samples=[sample((3, 4)), sample((2, 3, 4), axis=(0, -1)), sample((3, 4), axis=1, keepdims=True)])  # fmt: skip
def logsumexp(x: Operand, /, axis: Axes = None, *, keepdims: bool = False) -> Spec:
    """log(sum(exp(x))) over axes (all by default), without overflow; -inf over no elements.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("logsumexp", x, axis, keepdims), _over("logsumexp", x, axis).dtype)


@logsumexp.gradient
def _(dy: Any, _y: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
    return spread(dy, x, axis, keepdims) * softmax(x, axis=axis)
