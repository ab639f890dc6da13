"""weft: write a model as plain Python, debug it as plain Python, ship it as a small, fast graph.

This file is the list of public names, and nothing else.
"""

import importlib as _importlib
import typing as _typing

from .runtime import operators as _operators  # completes the eager context  # isort: skip

from .runtime import errors, fft, linalg, random
from .runtime.attention import causal_mask, scaled_dot_product_attention
from .runtime.creation import asarray, empty, empty_like, full, full_like, ones, ones_like, tensor, zeros, zeros_like
from .runtime.custom_gradient import custom_gradient
from .runtime.device import device, list_devices, num_gpus
from .runtime.dropout import dropout
from .runtime.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .runtime.dtypes import bool_ as bool
from .runtime.errors import WeftError
from .runtime.generator import seed
from .runtime.gradients import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp
from .runtime.implicit import (
    gradients_function,
    implicit_gradients,
    implicit_value_and_gradients,
    value_and_gradients_function,
)
from .runtime.inspection import (
    __array_namespace_info__,
    astype,
    can_cast,
    e,
    finfo,
    iinfo,
    inf,
    isdtype,
    nan,
    newaxis,
    pi,
    result_type,
)
from .runtime.interop import from_dlpack
from .runtime.ops.activation import (
    celu,
    elu,
    expit,
    gelu,
    glu,
    hard_sigmoid,
    hard_swish,
    hard_tanh,
    hardtanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    logsumexp,
    mish,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
)
from .runtime.ops.along import put_along_axis, take_along_axis
from .runtime.ops.closeness import allclose, clip, isclose, nan_to_num
from .runtime.ops.convolution import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from .runtime.ops.diagonals import diag, diagonal, trace
from .runtime.ops.einsum import einsum
from .runtime.ops.elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    ceil,
    conj,
    copysign,
    cos,
    cosh,
    divide,
    equal,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    hypot,
    imag,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    nextafter,
    not_equal,
    positive,
    pow,
    real,
    reciprocal,
    remainder,
    round,
    rsqrt,
    sign,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    trunc,
    where,
)
from .runtime.ops.embedding import embedding, one_hot, sequence_mask
from .runtime.ops.identity import identity, stop_gradient
from .runtime.ops.image import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, resize, upsample
from .runtime.ops.joining import array_split, broadcast_arrays, concat, meshgrid, pad, split, stack, unstack
from .runtime.ops.linear import cross, kron, matmul, matrix_transpose, outer, tensordot, vecdot
from .runtime.ops.loss import (
    cosine_similarity,
    hinge,
    huber,
    kl_divergence,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
    poisson_nll,
    sigmoid_cross_entropy,
    smooth_l1,
    softmax_cross_entropy,
)
from .runtime.ops.normalization import batch_norm, group_norm, instance_norm, l2_normalize, layer_norm, rms_norm
from .runtime.ops.pooling import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    global_avg_pool,
    global_max_pool,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from .runtime.ops.reduction import all, any, argmax, argmin, count_nonzero, max, mean, min, prod, sum
from .runtime.ops.scans import cumprod, cumsum, cumulative_max, cumulative_min, cumulative_prod, cumulative_sum, diff
from .runtime.ops.scattering import (
    gather,
    gather_nd,
    index_add,
    scatter,
    scatter_nd,
    scatter_nd_update,
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    take,
)
from .runtime.ops.sets import argwhere, isin, nonzero, unique_all, unique_counts, unique_inverse, unique_values
from .runtime.ops.shaping import (
    broadcast_to,
    expand_dims,
    flatten,
    flip,
    moveaxis,
    permute_dims,
    repeat,
    reshape,
    roll,
    squeeze,
    swapaxes,
    tile,
    transpose,
    tril,
    triu,
)
from .runtime.ops.sorting import argsort, searchsorted, sort, top_k
from .runtime.ops.special import digamma, erf, erfc, erfinv, lgamma, logit, polygamma, sinc, xlog1py, xlogy
from .runtime.ops.statistics import bincount, histogram, median, quantile, std, var
from .runtime.ranges import arange, eye, linspace
from .runtime.recompute import checkpoint
from .runtime.spec import Spec
from .runtime.tape import GradientTape
from .runtime.tensor import Tensor
from .runtime.variable import Variable

if _typing.TYPE_CHECKING:
    from .runtime import data, debug, metrics, nn, optim, testing
    from .runtime.checkpoint import Saver, load, save

__version__ = "0.1.0"

# What is imported when it is first asked for: importing weft stays quick
_LATER = {name: f".runtime.{name}" for name in ("data", "debug", "metrics", "nn", "optim", "testing")}
_LATER |= {name: ".runtime.checkpoint" for name in ("Saver", "load", "save")}


def __getattr__(name: str) -> _typing.Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _importlib.import_module(_LATER[name], __name__)
    globals()[name] = found = getattr(module, name, module)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
