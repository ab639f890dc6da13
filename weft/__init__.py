"""weft: write a model as plain Python, debug it as plain Python, ship it as a small, fast graph.

This file is the list of public names, and nothing else. `as` says to type checkers that a name is public.
"""

import importlib as _importlib
import typing as _typing

from .runtime import operators as _operators  # completes the eager context  # isort: skip

from .runtime import errors as errors, fft as fft, linalg as linalg, random as random
from .runtime.attention import causal_mask as causal_mask, scaled_dot_product_attention as scaled_dot_product_attention
from .runtime.creation import (
    asarray as asarray,
    empty as empty,
    empty_like as empty_like,
    full as full,
    full_like as full_like,
    ones as ones,
    ones_like as ones_like,
    tensor as tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)
from .runtime.custom_gradient import custom_gradient as custom_gradient
from .runtime.device import (
    device as device,
    list_devices as list_devices,
    memory_stats as memory_stats,
    num_gpus as num_gpus,
    provide as _provide,
    trim_memory as trim_memory,
)
from .runtime.dropout import dropout as dropout
from .runtime.dtypes import (
    bfloat16 as bfloat16,
    bool_ as bool,
    complex64 as complex64,
    complex128 as complex128,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    uint8 as uint8,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
)
from .runtime.errors import WeftError as WeftError
from .runtime.generator import seed as seed
from .runtime.gradients import (
    grad as grad,
    hessian as hessian,
    hvp as hvp,
    jacobian as jacobian,
    jvp as jvp,
    linearize as linearize,
    value_and_grad as value_and_grad,
    vjp as vjp,
)
from .runtime.implicit import (
    gradients_function as gradients_function,
    implicit_gradients as implicit_gradients,
    implicit_value_and_gradients as implicit_value_and_gradients,
    value_and_gradients_function as value_and_gradients_function,
)
from .runtime.inspection import (
    __array_namespace_info__,
    astype as astype,
    can_cast as can_cast,
    e as e,
    finfo as finfo,
    iinfo as iinfo,
    inf as inf,
    isdtype as isdtype,
    nan as nan,
    newaxis as newaxis,
    pi as pi,
    result_type as result_type,
)
from .runtime.interop import from_dlpack as from_dlpack
from .runtime.ops.activation import (
    celu as celu,
    elu as elu,
    expit as expit,
    gelu as gelu,
    glu as glu,
    hard_sigmoid as hard_sigmoid,
    hard_swish as hard_swish,
    hard_tanh as hard_tanh,
    hardtanh as hardtanh,
    leaky_relu as leaky_relu,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    logsumexp as logsumexp,
    mish as mish,
    prelu as prelu,
    relu as relu,
    relu6 as relu6,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    swish as swish,
)
from .runtime.ops.along import put_along_axis as put_along_axis, take_along_axis as take_along_axis
from .runtime.ops.closeness import allclose as allclose, clip as clip, isclose as isclose, nan_to_num as nan_to_num
from .runtime.ops.convolution import (
    conv1d as conv1d,
    conv2d as conv2d,
    conv3d as conv3d,
    conv_transpose1d as conv_transpose1d,
    conv_transpose2d as conv_transpose2d,
    conv_transpose3d as conv_transpose3d,
)
from .runtime.ops.diagonals import diag as diag, diagonal as diagonal, trace as trace
from .runtime.ops.einsum import einsum as einsum
from .runtime.ops.elementwise import (
    abs as abs,
    acos as acos,
    acosh as acosh,
    add as add,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    bitwise_and as bitwise_and,
    bitwise_invert as bitwise_invert,
    bitwise_left_shift as bitwise_left_shift,
    bitwise_or as bitwise_or,
    bitwise_right_shift as bitwise_right_shift,
    bitwise_xor as bitwise_xor,
    ceil as ceil,
    conj as conj,
    copysign as copysign,
    cos as cos,
    cosh as cosh,
    divide as divide,
    equal as equal,
    exp as exp,
    exp2 as exp2,
    expm1 as expm1,
    floor as floor,
    floor_divide as floor_divide,
    greater as greater,
    greater_equal as greater_equal,
    hypot as hypot,
    imag as imag,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
    less as less,
    less_equal as less_equal,
    log as log,
    log1p as log1p,
    log2 as log2,
    log10 as log10,
    logaddexp as logaddexp,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    negative as negative,
    nextafter as nextafter,
    not_equal as not_equal,
    positive as positive,
    pow as pow,
    real as real,
    reciprocal as reciprocal,
    remainder as remainder,
    round as round,
    rsqrt as rsqrt,
    sign as sign,
    signbit as signbit,
    sin as sin,
    sinh as sinh,
    sqrt as sqrt,
    square as square,
    subtract as subtract,
    tan as tan,
    tanh as tanh,
    trunc as trunc,
    where as where,
)
from .runtime.ops.embedding import embedding as embedding, one_hot as one_hot, sequence_mask as sequence_mask
from .runtime.ops.identity import identity as identity, stop_gradient as stop_gradient
from .runtime.ops.image import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    adaptive_avg_pool3d as adaptive_avg_pool3d,
    resize as resize,
    upsample as upsample,
)
from .runtime.ops.joining import (
    array_split as array_split,
    broadcast_arrays as broadcast_arrays,
    concat as concat,
    meshgrid as meshgrid,
    pad as pad,
    split as split,
    stack as stack,
    unstack as unstack,
)
from .runtime.ops.linear import (
    cross as cross,
    kron as kron,
    matmul as matmul,
    matrix_transpose as matrix_transpose,
    outer as outer,
    tensordot as tensordot,
    vecdot as vecdot,
)
from .runtime.ops.loss import (
    cosine_similarity as cosine_similarity,
    hinge as hinge,
    huber as huber,
    kl_divergence as kl_divergence,
    mean_absolute_error as mean_absolute_error,
    mean_squared_error as mean_squared_error,
    negative_log_likelihood as negative_log_likelihood,
    poisson_nll as poisson_nll,
    sigmoid_cross_entropy as sigmoid_cross_entropy,
    smooth_l1 as smooth_l1,
    softmax_cross_entropy as softmax_cross_entropy,
)
from .runtime.ops.normalization import (
    batch_norm as batch_norm,
    group_norm as group_norm,
    instance_norm as instance_norm,
    l2_normalize as l2_normalize,
    layer_norm as layer_norm,
    rms_norm as rms_norm,
)
from .runtime.ops.pooling import (
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    global_avg_pool as global_avg_pool,
    global_max_pool as global_max_pool,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
)
from .runtime.ops.reduction import (
    all as all,
    any as any,
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    max as max,
    mean as mean,
    min as min,
    prod as prod,
    sum as sum,
)
from .runtime.ops.scans import (
    cumprod as cumprod,
    cumsum as cumsum,
    cumulative_max as cumulative_max,
    cumulative_min as cumulative_min,
    cumulative_prod as cumulative_prod,
    cumulative_sum as cumulative_sum,
    diff as diff,
)
from .runtime.ops.scattering import (
    gather as gather,
    gather_nd as gather_nd,
    index_add as index_add,
    scatter as scatter,
    scatter_nd as scatter_nd,
    scatter_nd_update as scatter_nd_update,
    segment_max as segment_max,
    segment_mean as segment_mean,
    segment_min as segment_min,
    segment_prod as segment_prod,
    segment_sum as segment_sum,
    take as take,
)
from .runtime.ops.sets import (
    argwhere as argwhere,
    isin as isin,
    nonzero as nonzero,
    unique_all as unique_all,
    unique_counts as unique_counts,
    unique_inverse as unique_inverse,
    unique_values as unique_values,
)
from .runtime.ops.shaping import (
    broadcast_to as broadcast_to,
    expand_dims as expand_dims,
    flatten as flatten,
    flip as flip,
    moveaxis as moveaxis,
    permute_dims as permute_dims,
    repeat as repeat,
    reshape as reshape,
    roll as roll,
    squeeze as squeeze,
    swapaxes as swapaxes,
    tile as tile,
    transpose as transpose,
    tril as tril,
    triu as triu,
)
from .runtime.ops.sorting import argsort as argsort, searchsorted as searchsorted, sort as sort, top_k as top_k
from .runtime.ops.special import (
    digamma as digamma,
    erf as erf,
    erfc as erfc,
    erfinv as erfinv,
    lgamma as lgamma,
    logit as logit,
    polygamma as polygamma,
    sinc as sinc,
    xlog1py as xlog1py,
    xlogy as xlogy,
)
from .runtime.ops.statistics import (
    bincount as bincount,
    histogram as histogram,
    median as median,
    quantile as quantile,
    std as std,
    var as var,
)
from .runtime.options import options as options
from .runtime.ranges import arange as arange, eye as eye, linspace as linspace
from .runtime.recompute import checkpoint as checkpoint
from .runtime.spec import Spec as Spec
from .runtime.tape import GradientTape as GradientTape
from .runtime.tensor import Tensor as Tensor
from .runtime.variable import Variable as Variable
from .runtime.version import __version__ as __version__

if _typing.TYPE_CHECKING:
    from .compiler.compile import compile as compile, eagerly as eagerly, run_eagerly as run_eagerly
    from .compiler.declared import spec as spec
    from .compiler.export.bundle import Bundle as Bundle, load_bundle as load_bundle
    from .compiler.export.export import export as export
    from .compiler.frontend.users import opaque as opaque
    from .compiler.profile import profile as profile
    from .compiler.staging.options import loop_options as loop_options
    from .compiler.staging.unrolled import unroll as unroll
    from .kernels.fallbacks import gpu_fallbacks as gpu_fallbacks
    from .runtime import data as data, debug as debug, metrics as metrics, nn as nn, optim as optim, testing as testing
    from .runtime.checkpoint import Saver as Saver, load as load, save as save

# What is imported when it is first asked for: importing weft stays quick
_LATER = {name: f".runtime.{name}" for name in ("data", "debug", "metrics", "nn", "optim", "testing")}
_LATER |= {name: ".runtime.checkpoint" for name in ("Saver", "load", "save")}
_LATER |= {name: ".compiler.compile" for name in ("compile", "eagerly", "run_eagerly")}
_LATER |= {name: ".compiler.export.bundle" for name in ("Bundle", "load_bundle")}
_LATER |= {
    "export": ".compiler.export.export",
    "spec": ".compiler.declared",
    "opaque": ".compiler.frontend.users",
    "profile": ".compiler.profile",
    "loop_options": ".compiler.staging.options",
    "unroll": ".compiler.staging.unrolled",
    "gpu_fallbacks": ".kernels.fallbacks",
}

_provide("cuda", lambda: _importlib.import_module(".compiler.gpu.kind", __name__).KIND)


def __getattr__(name: str) -> _typing.Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _importlib.import_module(_LATER[name], __name__)
    globals()[name] = found = getattr(module, name, module)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
