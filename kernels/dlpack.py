"""Memory of a GPU shown to other libraries by DLPack, and theirs read, by DLPack or the CUDA Array Interface.

What is shown lives until its consumer says that it is done; what is read, until we say so. Nothing is copied. This
file knows how arrays are described, and no driver.

Source: DLPack 1.0, `dlpack.h`; CUDA Array Interface, version 3.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..runtime import dtypes
from ..runtime.dtypes import DType
from ..runtime.errors import ExchangeError
from ..runtime.spec import Shape

if TYPE_CHECKING:
    from .cuda_array import CudaArray

CUDA, CUDA_MANAGED = 2, 13  # kinds of devices
READ_ONLY = 1
VERSION = (1, 0)
INTEGER, UNSIGNED, FLOAT, BFLOAT, COMPLEX, BOOL = 0, 1, 2, 4, 5, 6
CODES = {"i": INTEGER, "u": UNSIGNED, "f": FLOAT, "c": COMPLEX, "b": BOOL}
PLAIN, VERSIONED = b"dltensor", b"dltensor_versioned"
USED = {PLAIN: b"used_dltensor", VERSIONED: b"used_dltensor_versioned"}


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("kind", ctypes.c_int32),
        ("index", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
    )


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Plain(ctypes.Structure):
    _fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


class _Versioned(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    )


_api = ctypes.pythonapi
_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(("PyCapsule_New", _api))
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
_pointer_at = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
_is = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_is_at = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_rename = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_SetName", _api))

_shown: dict[int, tuple[Any, ...]] = {}  # what consumers look at, by the address of its structure


def exported(buffer: CudaArray, index: int, versioned: bool) -> Any:
    """A capsule that shows a buffer of the device of this number; a versioned one says that it may not be written to."""
    buffer.block.lent = True
    lengths = (ctypes.c_int64 * max(buffer.ndim, 1))(*buffer.shape)
    strides = (ctypes.c_int64 * max(buffer.ndim, 1))(*_strides(buffer.shape))
    code, bits = code_of(buffer.dtype)
    tensor = _Tensor(buffer.address, CUDA, index, buffer.ndim, code, bits, 1, lengths, strides, 0)
    done = ctypes.cast(_done, ctypes.c_void_p)
    made = _Versioned(*VERSION, None, done, READ_ONLY, tensor) if versioned else _Plain(tensor, None, done)
    address = ctypes.addressof(made)
    _shown[address] = (made, lengths, strides, buffer)
    return _new(address, VERSIONED if versioned else PLAIN, ctypes.cast(_dropped, ctypes.c_void_p))


@_Deleter
def _done(address: int) -> None:
    """What a consumer calls when it is done."""
    _shown.pop(address, None)


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _dropped(capsule: int) -> None:
    """What Python calls when a capsule goes that nobody consumed; one that somebody did has another name."""
    for name in (PLAIN, VERSIONED):
        if _is_at(capsule, name):
            _shown.pop(_pointer_at(capsule, name), None)


class Lent(NamedTuple):
    """Memory of another library; `release` gives it back."""

    address: int
    shape: Shape
    dtype: DType
    release: Callable[[], None]


def described(x: Any) -> tuple[Lent, int | None]:
    """What an array shows by the CUDA Array Interface, and the stream in which it is written to; None where it is ready.

    Errors: ExchangeError.
    """
    told = x.__cuda_array_interface__
    shape, kind, strides = tuple(told["shape"]), np.dtype(told["typestr"]), told.get("strides")
    if kind not in dtypes.ALL or told.get("mask") is not None:
        raise ExchangeError(f"asarray: weft takes no arrays of {kind} from a GPU", "Cast it in its own library first.")
    if strides is not None:
        _require_order(shape, tuple(step // kind.itemsize for step in strides))
    return Lent(told["data"][0] or 0, shape, dtypes.as_dtype(kind), lambda: keep(x)), told.get("stream")


def keep(_: Any) -> None:
    """What is called to let an array go that had to live until then."""


def imported(x: Any, stream: int) -> Lent:
    """What an array of another library shows, ready for work in this stream.

    Errors: ExchangeError.
    """
    try:
        capsule = x.__dlpack__(stream=stream, max_version=VERSION)
    except TypeError:  # a library older than DLPack 1.0
        capsule = x.__dlpack__(stream=stream)
    name = next((name for name in (VERSIONED, PLAIN) if _is(capsule, name)), None)
    if name is None:
        raise ExchangeError("from_dlpack: the capsule was used before", "Each can be used once: ask for another.")
    address = _pointer(capsule, name)
    managed: Any = (_Versioned if name is VERSIONED else _Plain).from_address(address)
    tensor = managed.tensor
    shape = tuple(tensor.shape[: tensor.ndim])
    dtype = _dtype(tensor)
    if tensor.strides:
        _require_order(shape, tuple(tensor.strides[: len(shape)]))
    _rename(capsule, USED[name])
    return Lent((tensor.data or 0) + tensor.offset, shape, dtype, lambda: _give_back(managed, address))


def _give_back(managed: Any, address: int) -> None:
    if managed.deleter:
        _Deleter(managed.deleter)(address)


def _require_order(shape: Shape, found: tuple[int, ...]) -> None:
    """Refuse elements that do not lie one after the other."""
    wanted = _strides(shape)
    if 0 not in shape and any(a != b and n > 1 for a, b, n in zip(found, wanted, shape, strict=True)):
        raise ExchangeError(
            f"from_dlpack: the elements of shape {shape} have strides {found}, not {wanted}",
            "Make it contiguous in its own library first: x.contiguous() in PyTorch, cupy.ascontiguousarray(x) in CuPy.",
        )


def _strides(shape: Shape) -> tuple[int, ...]:
    """How far neighbours are from each other along each axis, in elements."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def code_of(dtype: DType) -> tuple[int, int]:
    """DLPack's code and the bits of a dtype."""
    code = BFLOAT if dtype is dtypes.bfloat16 else CODES[dtype.kind]
    return code, dtype.itemsize * 8


_KNOWN = {code_of(dtype): dtype for dtype in dtypes.ALL}


def _dtype(tensor: Any) -> DType:
    found = _KNOWN.get((tensor.code, tensor.bits)) if tensor.lanes == 1 else None
    if found is None:
        raise ExchangeError(
            f"from_dlpack: weft has no dtype for DLPack's code {tensor.code} of {tensor.bits} bits",
            "Cast it in its own library first.",
        )
    return found
