"""Reductions: folds over axes.

Floats are summed pairwise by NumPy; float16 and bfloat16 accumulate in float32. Sums of small integers are
int64 (uint64), as in the Array API standard.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import DType
from ..op import op
from ..samples import sample
from ..spec import Axes, Shaped, Spec, check_dtype, like, normalize_axes, reduced_shape, size
from ..tensor import OPS


def _sum_dtype(name: str, x: Shaped, dtype: Any) -> DType:
    check_dtype(name, x, dtypes.EVERY)
    if dtype is not None:
        return dtypes.as_dtype(dtype)
    if x.dtype in dtypes.UNSIGNED:
        return dtypes.uint64
    return dtypes.default_int if x.dtype in dtypes.INTEGRAL else x.dtype


def spread(dy: Any, x: Shaped, axis: Axes, keepdims: bool) -> Any:
    """A reduced cotangent brought back to the shape of `x`: the reduced axes put back, then repeated."""
    if not keepdims:
        dy = OPS["reshape"](dy, shape=reduced_shape("spread", x, axis, True))
    return OPS["broadcast_to"](dy, shape=x.shape)


@op(lambda x, axis, keepdims, dtype: np.sum(x, axis=_axes(axis), keepdims=keepdims, dtype=_accumulator(x, dtype)),
    onnx="ReduceSum", widen=True, samples=[sample((3, 4)), sample((2, 3, 4), axis=(0, -1)), sample((3, 4), axis=1, keepdims=True)])  # fmt: skip
def sum(x: Shaped, /, *, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Spec:
    """The sum over axes (all by default); 0 over no elements.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("sum", x, axis, keepdims), _sum_dtype("sum", x, dtype))


@sum.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Axes, keepdims: bool, dtype: Any) -> Any:
    dx = spread(dy, _x, axis, keepdims)
    return dx if dx.dtype is _x.dtype else OPS["astype"](dx, dtype=_x.dtype)


def _axes(axis: Axes) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _accumulator(x: np.ndarray, dtype: Any) -> DType | None:
    """The dtype to add up in; None lets NumPy choose, which agrees with the shape rule."""
    return None if dtype is None else dtypes.as_dtype(dtype)


def _sum_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1), keepdims=True)


@op(_sum_to, widen=True, samples=[sample((2, 3, 4), shape=(3, 1)), sample((2, 3), shape=(2, 3))])
def sum_to(x: Shaped, /, *, shape: tuple[int, ...]) -> Spec:
    """Sum over the axes along which `shape` was broadcast: the inverse of `broadcast_to` in gradients.

    Shapes: x -> shape.
    """
    return like(x, shape)


@sum_to.gradient
def _(dy: Any, _y: Any, _x: Any, *, shape: tuple[int, ...]) -> Any:
    return OPS["broadcast_to"](dy, shape=_x.shape)


@op(lambda x, axis, keepdims: np.mean(x, axis=_axes(axis), keepdims=keepdims), onnx="ReduceMean", widen=True,
    samples=[sample((3, 4)), sample((3, 4), axis=0), sample((2, 3), axis=-1, keepdims=True)])  # fmt: skip
def mean(x: Shaped, /, *, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The arithmetic mean over axes (all by default); NaN over no elements. Integers are averaged as floats.

    Shapes: (..., n, ...) -> (..., ...), or (..., 1, ...) with keepdims.
    """
    return Spec(reduced_shape("mean", x, axis, keepdims), dtypes.inexact_dtype(x.dtype))


@mean.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: Axes, keepdims: bool) -> Any:
    n = size(tuple(_x.shape[i] for i in normalize_axes("mean", axis, len(_x.shape))))
    return spread(dy / n, _x, axis, keepdims)
