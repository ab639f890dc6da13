"""Asking about dtypes and about the library: what promotes to what, limits of numbers, capabilities.

Source: Python Array API standard 2024.12, "Data type functions", "Inspection" and "Constants".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from . import device as devices, dtypes
from .assignment import alias
from .dtypes import DType
from .eager import EagerTensor
from .errors import ArgumentError, DTypeError
from .spec import SCALARS
from .tensor import OPS, Tensor, as_tensor

e, inf, nan, pi = math.e, math.inf, math.nan, math.pi
newaxis = None

KINDS = {
    "bool": dtypes.BOOLS, "signed integer": dtypes.SIGNED, "unsigned integer": dtypes.UNSIGNED,
    "integral": dtypes.INTEGERS, "real floating": dtypes.FLOATS, "complex floating": dtypes.COMPLEX,
    "numeric": dtypes.NUMERIC,
}  # fmt: skip


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """The same values in another dtype; a complex value cast to a real dtype keeps its real part.

    Gradients flow between floating and complex dtypes. `copy=False` gives `x` itself where it can.
    """
    x, target = as_tensor(x), dtypes.as_dtype(dtype)
    if device is not None:
        x = OPS["to_device"](x, device)
    if x.dtype is target and isinstance(x, EagerTensor):
        return alias(x) if copy else x
    return OPS["astype"](x, dtype=target)


def _kind_of(value: Any) -> DType | type:
    """What an argument brings to promotion."""
    if type(value) in SCALARS:
        return type(value)
    dtype = getattr(value, "dtype", None)
    return dtypes.as_dtype(value if dtype is None or isinstance(value, type) else dtype)


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype that tensors, dtypes and (weak) Python scalars promote to together.

    Errors: DTypeError where there is none; ArgumentError without an argument.

    Example:
        >>> import weft as wf
        >>> wf.result_type(wf.int32, wf.float64)
        dtype('float64')
    """
    if not arrays_and_dtypes:
        raise ArgumentError("result_type: given nothing", "Give it tensors or dtypes.")
    return dtypes.promote(*map(_kind_of, arrays_and_dtypes))


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether promotion alone leads from a dtype (or a tensor's) to another."""
    target = dtypes.as_dtype(to)
    return dtypes.PROMOTION[dtypes.promote(_kind_of(from_)), target] is target


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: a dtype, the name of a kind such as "real floating", or a tuple of either.

    Errors: ArgumentError for an unknown kind.
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str) and (kind not in dtypes.NAMES or kind == "bool"):
        return dtypes.as_dtype(dtype) in _kind_named(kind)
    return dtypes.as_dtype(dtype) is dtypes.as_dtype(kind)


def _kind_named(kind: str) -> frozenset[DType]:
    if kind not in KINDS:
        raise ArgumentError(f"isdtype: {kind!r} is not a kind of dtypes", "Use " + ", ".join(KINDS) + ".")
    return KINDS[kind]


@dataclass(frozen=True)
class FloatInfo:
    """The limits of a floating dtype, as Python numbers."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


@dataclass(frozen=True)
class IntInfo:
    """The limits of an integer dtype."""

    bits: int
    max: int
    min: int
    dtype: DType


def _dtype_of(value: Any) -> DType:
    dtype = getattr(value, "dtype", None)
    return dtypes.as_dtype(value if dtype is None or isinstance(value, type) else dtype)


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a floating dtype, or of the parts of a complex one; a tensor stands for its dtype.

    Errors: DTypeError for other dtypes.
    """
    dtype = dtypes.real_dtype(_dtype_of(type))
    if dtype not in dtypes.FLOATS:
        raise DTypeError(f"finfo: {dtype} is no floating dtype", "Use wf.iinfo for integers.")
    found: Any = (ml_dtypes.finfo if dtype is dtypes.bfloat16 else np.finfo)(dtype)
    eps, largest, smallest, normal = (float(x) for x in (found.eps, found.max, found.min, found.smallest_normal))
    return FloatInfo(found.bits, eps, largest, smallest, normal, dtype)


def iinfo(type: Any, /) -> IntInfo:
    """The limits of an integer dtype; a tensor stands for its dtype.

    Errors: DTypeError for other dtypes.
    """
    dtype = _dtype_of(type)
    if dtype not in dtypes.INTEGERS:
        raise DTypeError(f"iinfo: {dtype} is no integer dtype", "Use wf.finfo for floats.")
    found = np.iinfo(dtype)
    return IntInfo(found.bits, int(found.max), int(found.min), dtype)


class NamespaceInfo:
    """What the library can do, as the standard lets programs ask."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and shapes that depend on values are there; the largest number of axes is NumPy's."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device where new tensors are made."""
        return str(devices.current())

    def devices(self) -> list[str]:
        """Every device at hand."""
        return [str(device) for device in devices.list_devices()]

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """The dtypes of tensors made without naming one."""
        return {
            "real floating": dtypes.default_float, "complex floating": dtypes.default_complex,
            "integral": dtypes.default_int, "indexing": dtypes.int64,
        }  # fmt: skip

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, DType]:
        """The dtypes by name, all or those of a kind."""
        return {name: dtype for name, dtype in dtypes.NAMES.items() if kind is None or isdtype(dtype, kind)}


def __array_namespace_info__() -> NamespaceInfo:  # noqa: N807
    """Where programs ask what the library can do."""
    return NamespaceInfo()
