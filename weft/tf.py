"""The names of TensorFlow's eager execution of October 2017, for the programs of that time.

    import weft.tf as tf
    tfe = tf.contrib.eager

Aliases and nothing else: what a name does is weft's, where it could be told from TensorFlow's. New programs use the
names of `weft` itself.
"""

# ruff: noqa: F401  (what is imported here is here to be used from here)
from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import weft as wf
from weft import (
    GradientTape,
    Tensor,
    Variable,
    abs,
    acos,
    add,
    argmax,
    argmin,
    asin,
    atan,
    bfloat16,
    bool,
    ceil,
    complex64,
    complex128,
    concat,
    cos,
    cosh,
    cumprod,
    cumsum,
    device,
    divide,
    einsum,
    equal,
    erf,
    exp,
    expand_dims,
    expm1,
    eye,
    float16,
    float32,
    float64,
    floor,
    greater,
    greater_equal,
    identity,
    int8,
    int16,
    int32,
    int64,
    less,
    less_equal,
    lgamma,
    linspace,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    matmul,
    maximum,
    meshgrid,
    minimum,
    multiply,
    negative,
    not_equal,
    one_hot,
    ones_like,
    pow,
    reciprocal,
    reshape,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    squeeze,
    stack,
    stop_gradient,
    subtract,
    tan,
    tanh,
    tensordot,
    tile,
    uint8,
    uint16,
    unstack,
    where,
    zeros_like,
)
from weft.runtime.errors import NumericsError

# Making tensors


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor of a value; `shape` fills one with a scalar, or arranges a list."""
    x = wf.tensor(value, dtype)
    if shape is None:
        return x
    return wf.broadcast_to(x, shape) if x.size == 1 else wf.reshape(x, shape)


convert_to_tensor = wf.asarray
fill = wf.full
range = wf.arange


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """A tensor of zeros."""
    return wf.zeros(shape, dtype=dtype)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """A tensor of ones."""
    return wf.ones(shape, dtype=dtype)


def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Normal numbers; with a seed, the same ones every time."""
    return wf.random.normal(shape, mean, stddev, dtype=dtype, generator=_generator(seed))


def random_uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Numbers equally likely between two bounds; with a seed, the same ones every time."""
    return wf.random.uniform(shape, minval, maxval, dtype=dtype, generator=_generator(seed))


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Normal numbers within two standard deviations; with a seed, the same ones every time."""
    return wf.random.truncated_normal(shape, mean, stddev, dtype=dtype, generator=_generator(seed))


def _generator(seed: int | None) -> Any:
    return None if seed is None else wf.random.Generator(seed)


set_random_seed = wf.seed

# Operations whose names or arguments differ

mod = floormod = wf.remainder
floordiv = wf.floor_divide
truediv = div = wf.divide
cast = wf.astype
clip_by_value = wf.clip
is_nan, is_inf, is_finite = wf.isnan, wf.isinf, wf.isfinite
matrix_transpose, matrix_inverse, matrix_determinant = wf.matrix_transpose, wf.linalg.inv, wf.linalg.det


def transpose(a: Any, perm: Any = None) -> Tensor:
    """The axes in another order: reversed, unless `perm` says which."""
    return wf.transpose(a, perm)


def gather(params: Any, indices: Any, axis: int = 0) -> Tensor:
    """The slices at some positions of an axis."""
    return wf.take(params, indices, axis=axis)


def split(value: Any, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Equal parts along an axis, or parts of given lengths."""
    if isinstance(num_or_size_splits, int):
        return wf.split(value, num_or_size_splits, axis=axis)
    ends = [sum(num_or_size_splits[: i + 1]) for i, _ in enumerate(num_or_size_splits)]
    return wf.split(value, ends[:-1], axis=axis)


def _reduction(f: Callable[..., Any]) -> Callable[..., Tensor]:
    def reduce(
        input_tensor: Any, axis: Any = None, keep_dims: builtins.bool = False, keepdims: builtins.bool = False
    ) -> Tensor:
        return f(input_tensor, axis=axis, keepdims=keep_dims or keepdims)

    reduce.__doc__ = f.__doc__
    return reduce


reduce_sum, reduce_mean, reduce_prod = _reduction(wf.sum), _reduction(wf.mean), _reduction(wf.prod)
reduce_max, reduce_min = _reduction(wf.max), _reduction(wf.min)
reduce_all, reduce_any, reduce_logsumexp = _reduction(wf.all), _reduction(wf.any), _reduction(wf.logsumexp)


def _softmax_cross_entropy(*, labels: Any, logits: Any, dim: int = -1, name: str | None = None) -> Tensor:
    return wf.softmax_cross_entropy(logits, wf.astype(wf.asarray(labels), logits.dtype), axis=dim, reduction="none")


def _sparse_softmax_cross_entropy(*, labels: Any, logits: Any, name: str | None = None) -> Tensor:
    return wf.softmax_cross_entropy(logits, labels, reduction="none")


def _sigmoid_cross_entropy(*, labels: Any, logits: Any, name: str | None = None) -> Tensor:
    return wf.sigmoid_cross_entropy(logits, labels, reduction="none")


def _dropout(x: Any, keep_prob: float) -> Tensor:
    return wf.dropout(x, 1.0 - keep_prob)


nn = SimpleNamespace(
    relu=wf.relu, elu=wf.elu, selu=wf.selu, leaky_relu=wf.leaky_relu, sigmoid=wf.sigmoid, tanh=wf.tanh,
    softplus=wf.softplus, softsign=wf.softsign, softmax=wf.softmax, log_softmax=wf.log_softmax, top_k=wf.top_k,
    embedding_lookup=wf.embedding, l2_normalize=wf.l2_normalize, l2_loss=lambda t: wf.sum(t * t) / 2, dropout=_dropout,
    softmax_cross_entropy_with_logits=_softmax_cross_entropy,
    sparse_softmax_cross_entropy_with_logits=_sparse_softmax_cross_entropy,
    sigmoid_cross_entropy_with_logits=_sigmoid_cross_entropy,
)  # fmt: skip

# Models, training, data


def _dense(units: int, activation: Any = None, use_bias: builtins.bool = True, name: str | None = None) -> Any:
    return wf.nn.Dense(units, activation, use_bias=use_bias)


layers = SimpleNamespace(Dense=_dense, Flatten=wf.nn.Flatten, Dropout=wf.nn.Dropout, BatchNormalization=wf.nn.BatchNorm)
train = SimpleNamespace(
    GradientDescentOptimizer=wf.optim.SGD,
    MomentumOptimizer=lambda learning_rate, momentum, use_nesterov=False: wf.optim.SGD(
        learning_rate, momentum, use_nesterov
    ),
    AdamOptimizer=wf.optim.Adam,
    AdagradOptimizer=wf.optim.Adagrad,
    RMSPropOptimizer=wf.optim.RMSProp,
)
losses = SimpleNamespace(mean_squared_error=lambda labels, predictions: wf.mean_squared_error(predictions, labels))
data = SimpleNamespace(Dataset=SimpleNamespace(from_tensor_slices=wf.data.from_arrays))


class _Network(wf.nn.Module):
    """A model that tracks the layers it is given, kept in an attribute or not."""

    def __init__(self, name: str | None = None) -> None:
        self.name, self.layers = name, []

    def track_layer(self, layer: Any) -> Any:
        """Count a layer as part of this model."""
        self.layers.append(layer)
        return layer


class _Iterator:
    """An iteration over a dataset."""

    def __init__(self, dataset: Iterable[Any]) -> None:
        self._elements = iter(dataset)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._elements)

    next = __next__


class _Saver:
    """Saves and restores a list of variables."""

    def __init__(self, var_list: Iterable[Variable]) -> None:
        self._variables = list(var_list)

    def save(self, file_prefix: str, global_step: int | None = None) -> str:
        """Write the variables to a file, and say which."""
        path = file_prefix if global_step is None else f"{file_prefix}-{int(global_step)}"
        wf.save(path, self._variables)
        return path

    def restore(self, file_prefix: str) -> None:
        """Take the values back from a file."""
        wf.load(file_prefix, self._variables)


class _Checkpoint:
    """Saves and restores objects by the names given here."""

    def __init__(self, **objects: Any) -> None:
        self._objects = objects

    def save(self, file_prefix: str) -> str:
        """Write the objects to a file, and say which."""
        wf.save(file_prefix, self._objects)
        return file_prefix

    def restore(self, save_path: str) -> None:
        """Take the values back from a file."""
        wf.load(save_path, self._objects)


def _enable_eager_execution() -> None:
    """Eager execution is what weft does anyway."""


def _py_func(func: Callable[..., Any], inp: Sequence[Any], Tout: Any) -> Any:
    """Call a Python function; its results become tensors of the given dtypes."""
    results = func(*inp)
    if isinstance(Tout, list | tuple):
        return [wf.asarray(y, dtype) for y, dtype in zip(results, Tout, strict=True)]
    return wf.asarray(results, Tout)


def _seterr(inf_or_nan: str) -> None:
    """Let every NaN and infinity be an error ("raise"), or not ("ignore")."""
    wf.debug.enable_check_numerics() if inf_or_nan == "raise" else wf.debug.disable_check_numerics()


_callbacks: list[Callable[..., Any]] = []


def _add_execution_callback(callback: Callable[..., Any]) -> None:
    """Call callback(op type, op name, attributes, inputs, outputs) after every operation."""
    _callbacks.append(lambda name, inputs, attrs, outputs: callback(name, None, attrs, inputs, outputs))
    wf.debug.add_callback(_callbacks[-1])


def _clear_execution_callbacks() -> None:
    """Call none of them any more."""
    while _callbacks:
        wf.debug.remove_callback(_callbacks.pop())


def _inf_nan_callback(op_type: str, op_name: str | None, attrs: Any, inputs: Any, outputs: Sequence[Tensor]) -> None:
    """Raise where an operation gives a NaN or an infinity."""
    for y in outputs:
        if not wf.all(wf.isfinite(y)):
            raise NumericsError(f"{op_type}: the result holds a NaN or an infinity", "Check the operands.")


contrib = SimpleNamespace(
    eager=SimpleNamespace(
        enable_eager_execution=_enable_eager_execution,
        gradients_function=wf.gradients_function,
        value_and_gradients_function=wf.value_and_gradients_function,
        implicit_gradients=wf.implicit_gradients,
        implicit_value_and_gradients=wf.implicit_value_and_gradients,
        custom_gradient=wf.custom_gradient,
        GradientTape=GradientTape,
        Variable=Variable,
        Network=_Network,
        Sequential=wf.nn.Sequential,
        Iterator=_Iterator,
        Saver=_Saver,
        Checkpoint=_Checkpoint,
        metrics=SimpleNamespace(Mean=wf.metrics.Mean, Accuracy=wf.metrics.Accuracy),
        list_devices=wf.list_devices,
        num_gpus=wf.num_gpus,
        py_func=_py_func,
        seterr=_seterr,
        add_execution_callback=_add_execution_callback,
        clear_execution_callbacks=_clear_execution_callbacks,
        inf_nan_callback=_inf_nan_callback,
    )
)
