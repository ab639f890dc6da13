"""Spelling: how dtypes, numbers and indices are written in C.

The names are those of the prelude: a function for float32 vectors of 16 is `exp_f32x16`. Halves are bits in memory and
float32 numbers in a lane; what else kernels cannot compute with but can move, complex numbers, has a carrier as halves
have: an unsigned integer as wide. This file knows nothing of loops and scopes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..runtime import dtypes
from ..runtime.dim import Dim
from .kernel import Extent, Index, is_zero

TAGS = {np.dtype(name): tag for name, tag in (
    ("float32", "f32"), ("float64", "f64"), ("int8", "i8"), ("int16", "i16"), ("int32", "i32"), ("int64", "i64"),
    ("uint8", "u8"), ("uint16", "u16"), ("uint32", "u32"), ("uint64", "u64"), ("bool", "bool"),
    ("float16", "f16"), (dtypes.bfloat16, "bf16"))}  # fmt: skip
COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
ON_MASKS = {"&&": "and_m", "||": "or_m", "&": "and_m", "|": "or_m", "^": "xor_m", "==": "eqv_m", "!=": "xor_m"}
COMBINE = {"sum": "{0} + {1}", "prod": "{0} * {1}", "max": "wf_max_{t}({0}, {1})", "peak": "wf_peak_{t}({0}, {1})", "min": "wf_min_{t}({0}, {1})",
           "any": "or_m_{n}({0}, {1})", "all": "and_m_{n}({0}, {1})"}  # fmt: skip
# What elements are moved as where they are not looked at.
CARRIERS = {
    dtypes.float16: np.dtype("uint16"),
    dtypes.bfloat16: np.dtype("uint16"),
    dtypes.complex64: np.dtype("uint64"),
}


def carrier(dtype: np.dtype) -> np.dtype:
    """The dtype as which kernels move elements."""
    return CARRIERS.get(dtype, dtype)


def tag(dtype: np.dtype) -> str:
    """The short name of what a value of a dtype is in a kernel."""
    return "m32" if dtype is dtypes.bool_ else "f32" if dtype in dtypes.HALVES else TAGS[dtype]


def stored(value: str, dtype: np.dtype) -> str:
    """The C text of what lies in memory for a number."""
    if dtype in dtypes.HALVES:
        return f"{TAGS[dtype]}_of_f32x1({value})"
    return f"{value} != 0" if dtype is dtypes.bool_ else value


def loaded(element: str, dtype: np.dtype) -> str:
    """The C text of the number that lies in memory."""
    if dtype in dtypes.HALVES:
        return f"f32_of_{TAGS[dtype]}x1({element})"
    return f"{element} != 0" if dtype is dtypes.bool_ else element


def supported(dtype: np.dtype) -> bool:
    """Whether kernels compute with elements of a dtype."""
    return dtype in TAGS


def neutral(kind: str, dtype: np.dtype) -> Any:
    """What a fold starts from."""
    if kind in ("sum", "any"):
        return 0
    if kind in ("prod", "all"):
        return 1
    lowest = kind in ("max", "peak")
    if dtype in dtypes.FLOATS:
        return -math.inf if lowest else math.inf
    info = np.iinfo(dtype)
    return int(info.min if lowest else info.max)


def unit(kind: str, dtype: np.dtype) -> Any:
    """What leaves every element as it is, a zero's sign included."""
    return (
        -0.0
        if kind in ("sum", "line") and dtype in dtypes.FLOATS
        else neutral("sum" if kind == "line" else kind, dtype)
    )


def count_text(extent: Extent) -> str:
    """An extent as C."""
    return str(extent)  # a size says itself in parentheses


def index_text(index: Index, dropped: frozenset[str] = frozenset()) -> str:
    """An index as C."""
    terms = [
        name if count == 1 else f"{name} * {count_text(count)}" for name, count in index.terms if name not in dropped
    ]
    start = [] if is_zero(index.start) and terms else [count_text(index.start)]
    return " + ".join([*terms, *start])


def nearest(value: Any, dtype: np.dtype) -> float:
    """A number rounded to a dtype of floats."""
    with np.errstate(over="ignore"):
        return float(np.asarray(value, dtype))


def literal(value: Any, dtype: np.dtype) -> str:
    """A number as C, exactly."""
    if dtype in dtypes.FLOATS:
        suffix, value = "" if dtype is dtypes.float64 else "f", nearest(value, dtype)
        if value != value or value in (math.inf, -math.inf):
            kind = "nan" if value != value else "inf"
            call = f"__builtin_{kind}{suffix}({chr(34) * 2 if kind == 'nan' else ''})"
            return f"-{call}" if value == -math.inf else call
        text = value.hex() if value != int(value) or abs(value) > 1e15 else repr(value)
        return f"({text}{suffix})" if math.copysign(1.0, value) < 0 else f"{text}{suffix}"
    if type(value) is Dim:
        return str(value)
    value = int(value)
    if dtype is dtypes.bool_:
        return str(int(bool(value)))
    if value == -(2**63):
        return "(-9223372036854775807ll - 1)"
    text = f"{value}{'ull' if dtype is dtypes.uint64 else 'll' if abs(value) > 2**31 - 1 else ''}"
    return f"({text})" if value < 0 else text
