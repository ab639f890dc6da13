"""Shaping: the same elements in another shape, order or dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ShapeError
from ..op import op
from ..spec import Shape, Shaped, Spec, as_shape, describe, like, normalize_axes, size
from ..tensor import OPS


def _astype(x: np.ndarray, dtype: Any) -> np.ndarray:
    if x.dtype in dtypes.COMPLEX and dtypes.as_dtype(dtype) not in dtypes.COMPLEX:
        x = x.real
    return x.astype(dtypes.as_dtype(dtype))


@op(_astype, onnx="Cast")
def astype(x: Shaped, /, dtype: Any) -> Spec:
    """The same values in another dtype; a complex value cast to a real dtype keeps its real part."""
    return like(x, dtype=dtypes.as_dtype(dtype))


@astype.gradient
def _(dy: Any, _y: Any, _x: Any, *, dtype: Any) -> Any:
    return OPS["astype"](dy, dtype=_x.dtype)


def _resolved(x: Shaped, shape: Any) -> Shape:
    """`shape` with its -1 worked out."""
    lengths = (shape,) if hasattr(shape, "__index__") else tuple(shape)
    total = size(x.shape)
    known = size(tuple(int(n) for n in lengths if n != -1))
    unknown = sum(n == -1 for n in lengths)
    if unknown == 1 and known and total % known == 0:
        return as_shape("reshape", (total // known if n == -1 else n for n in lengths))
    if unknown or known != total:
        raise ShapeError(
            f"reshape: {describe(x)} has {total} elements, which shape {lengths} cannot hold",
            "One length may be -1: it is worked out from the others.",
        )
    return as_shape("reshape", lengths)


@op(lambda x, shape, copy: np.reshape(x, _resolved(x, shape)), onnx="Reshape")
def reshape(x: Shaped, /, shape: Any, *, copy: bool | None = None) -> Spec:
    """The same elements in another shape, in row-major order; one length may be -1."""
    return like(x, _resolved(x, shape))


@reshape.gradient
def _(dy: Any, _y: Any, _x: Any, **_: Any) -> Any:
    return OPS["reshape"](dy, shape=_x.shape)


def _order(name: str, x: Shaped, axes: Any) -> Shape:
    order = normalize_axes(name, tuple(axes), len(x.shape))
    if len(order) != len(x.shape):
        raise ShapeError(f"{name}: {len(order)} axes given for {describe(x)}", "Name every axis once.")
    return order


@op(lambda x, axes: np.transpose(x, axes), onnx="Transpose")
def permute_dims(x: Shaped, /, axes: tuple[int, ...]) -> Spec:
    """The axes in another order: axis `axes[i]` becomes axis i."""
    return like(x, tuple(x.shape[i] for i in _order("permute_dims", x, axes)))


@permute_dims.gradient
def _(dy: Any, _y: Any, _x: Any, *, axes: tuple[int, ...]) -> Any:
    order = _order("permute_dims", _x, axes)
    return OPS["permute_dims"](dy, axes=tuple(order.index(i) for i in range(len(order))))


@op(lambda x, shape: np.broadcast_to(x, shape), onnx="Expand")
def broadcast_to(x: Shaped, /, shape: Any) -> Spec:
    """`x` repeated along new axes and axes of length 1 until it has `shape`."""
    target = as_shape("broadcast_to", shape)
    padded = (1,) * (len(target) - len(x.shape)) + tuple(x.shape)
    if len(padded) > len(target) or any(n not in (1, m) for n, m in zip(padded, target, strict=True)):
        raise ShapeError(
            f"broadcast_to: {describe(x)} does not broadcast to {target}",
            "Axes are matched from the right; each length must be equal, or 1 in the operand.",
        )
    return like(x, target)


@broadcast_to.gradient
def _(dy: Any, _y: Any, _x: Any, *, shape: Any) -> Any:
    return OPS["sum_to"](dy, shape=_x.shape)
