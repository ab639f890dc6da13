"""The dtypes of tensors, and how they promote.

A dtype is a NumPy dtype in native byte order; bfloat16 comes from ml_dtypes. Promotion follows the Array API
standard; where the standard leaves a mix undefined, the floating dtype wins over an integer (as in JAX and
PyTorch), bool joins anything, and uint64 with a signed integer is refused. Python scalars are weak: they take
the dtype of the tensor they meet, unless their kind is higher (an int tensor with a float gives float32).
This file knows nothing of tensors.

Source: Python Array API standard 2024.12, "Type promotion rules" and "Data type functions".
"""

from __future__ import annotations

from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from .errors import DTypeError

DType: TypeAlias = np.dtype[Any]  # what annotations call it

bool_: DType = np.dtype("bool")
int8: DType = np.dtype("int8")
int16: DType = np.dtype("int16")
int32: DType = np.dtype("int32")
int64: DType = np.dtype("int64")
uint8: DType = np.dtype("uint8")
uint16: DType = np.dtype("uint16")
uint32: DType = np.dtype("uint32")
uint64: DType = np.dtype("uint64")
float16: DType = np.dtype("float16")
bfloat16: DType = np.dtype(ml_dtypes.bfloat16)
float32: DType = np.dtype("float32")
float64: DType = np.dtype("float64")
complex64: DType = np.dtype("complex64")
complex128: DType = np.dtype("complex128")

default_int: DType = int64
default_float: DType = float32
default_complex: DType = complex64

SIGNED = frozenset((int8, int16, int32, int64))
UNSIGNED = frozenset((uint8, uint16, uint32, uint64))
HALVES = frozenset((float16, bfloat16))
FLOATS = HALVES | {float32, float64}
COMPLEX = frozenset((complex64, complex128))
INTEGERS = SIGNED | UNSIGNED
BOOLS = frozenset((bool_,))
INTEGRAL = BOOLS | INTEGERS
INEXACT = FLOATS | COMPLEX
REAL = INTEGERS | FLOATS
NUMERIC = REAL | COMPLEX
ORDERED = REAL | BOOLS
EVERY = NUMERIC | BOOLS

ALL = (bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64,
       float16, bfloat16, float32, float64, complex64, complex128)  # fmt: skip
NAMES = {dtype.name: dtype for dtype in ALL}
_KNOWN = {dtype: dtype for dtype in ALL}  # also those that NumPy made anew; not those of another byte order
PYTHON: dict[type, DType] = {bool: bool_, int: default_int, float: default_float, complex: default_complex}


def short(dtype: DType) -> str:
    """The short name that specs print: f32, i64, bf16, c64, bool."""
    return dtype.name.replace("float", "f").replace("uint", "u").replace("int", "i").replace("complex", "c")


def as_dtype(value: object) -> DType:
    """The dtype named by a NumPy dtype, a string, a Python type, or a dtype of another library.

    Errors: DTypeError for what is not one of weft's dtypes (object, strings, dates, ...).
    """
    if isinstance(value, type) and value in PYTHON:
        return PYTHON[value]
    if isinstance(value, np.dtype) and value in _KNOWN:
        return _KNOWN[value]
    name = getattr(value, "name", None) or str(value).rpartition(".")[2]
    if name in NAMES:
        return NAMES[name]
    try:
        return NAMES[np.dtype(value).name]  # pyright: ignore[reportArgumentType, reportCallIssue]
    except (TypeError, KeyError):
        pass
    raise DTypeError(f"{value!r} is not a dtype of weft", "Use one of " + ", ".join(NAMES) + ".")


def real_dtype(dtype: DType) -> DType:
    """The dtype of the real part: complex64 gives float32; anything real gives itself."""
    return {complex64: float32, complex128: float64}.get(dtype, dtype)


def complex_dtype(dtype: DType) -> DType:
    """The complex dtype whose parts hold `dtype`."""
    return complex128 if dtype in (float64, complex128) else complex64


def inexact_dtype(dtype: DType) -> DType:
    """`dtype` itself if it is floating or complex, else the default float."""
    return dtype if dtype in INEXACT else default_float


def lowest(dtype: DType) -> bool | int | float:
    """What no value of a real dtype is below: -inf, the lowest integer, False."""
    if dtype in FLOATS:
        return -np.inf
    return int(np.iinfo(dtype).min) if dtype in INTEGERS else False


def highest(dtype: DType) -> bool | int | float:
    """What no value of a real dtype is above: inf, the highest integer, True."""
    if dtype in FLOATS:
        return np.inf
    return int(np.iinfo(dtype).max) if dtype in INTEGERS else True


def _wider(x: DType, y: DType) -> DType:
    return x if x.itemsize >= y.itemsize else y


def _promote_floats(x: DType, y: DType) -> DType:
    return float32 if {x, y} == HALVES else _wider(x, y)  # float16 and bfloat16: neither holds the other


def _promote_pair(x: DType, y: DType) -> DType | None:
    """The common dtype of two, or None where there is none."""
    if x is y:
        return x
    if x is bool_ or y is bool_:
        return y if x is bool_ else x
    if {x, y} & COMPLEX:
        return complex_dtype(_promote_floats(*(real_dtype(inexact_dtype(d)) for d in (x, y))))
    if {x, y} & FLOATS:
        return _promote_floats(x, y) if {x, y} <= FLOATS else x if x in FLOATS else y
    if {x, y} <= SIGNED or {x, y} <= UNSIGNED:
        return _wider(x, y)
    signed, unsigned = (x, y) if x in SIGNED else (y, x)
    return NAMES.get(f"int{max(signed.itemsize, 2 * unsigned.itemsize) * 8}")


PROMOTION = {(x, y): _promote_pair(x, y) for x in ALL for y in ALL}

# What a Python scalar joins without changing it; over the rest it brings its default dtype.
JOINS: dict[type, frozenset[DType]] = {bool: EVERY, int: NUMERIC, float: INEXACT, complex: COMPLEX}


def promote(*operands: DType | type) -> DType:
    """The common dtype of dtypes and of Python scalar types (`float` for a weak 2.5).

    Errors: DTypeError where there is none (uint64 with a signed integer).
    """
    result: DType | None = None
    for dtype in operands:
        if isinstance(dtype, np.dtype):
            common = dtype if result is None else PROMOTION[result, dtype]
            if common is None:
                raise DTypeError(f"{result} and {dtype} have no common dtype", "Cast one with wf.astype(x, dtype).")
            result = common
    for kind in operands:
        if not isinstance(kind, np.dtype):
            result = _join(result, kind)
    assert result is not None
    return result


def _join(dtype: DType | None, kind: type) -> DType:
    """`dtype` after it met a Python scalar of type `kind`."""
    if dtype is None:
        return PYTHON[kind]
    if dtype in JOINS[kind]:
        return dtype
    return complex_dtype(dtype) if kind is complex else PYTHON[kind]
