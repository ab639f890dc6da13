"""Launching: native programs as functions of Python's own kind.

The runtime library (calls.h) reads lists and arrays where they lie, which costs a tenth of what ctypes costs. Where
objects may lie otherwise, in a Python without a global lock, ctypes serves.
"""

from __future__ import annotations

import ctypes
import sysconfig
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..runtime.spec import Spec

Launch = Callable[[int, list[Any], list[np.ndarray], int], int]  # token, operands, results, address of memory
FASTCALL = 0x80  # the convention: arguments as an array of objects
NAME = b"weft"
ANY = -1  # of lengths
ANOTHER, OUT_OF_ORDER = -2, -1  # operands of other specs, or that do not lie one element after the other


class _Method(ctypes.Structure):
    """`PyMethodDef`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


def launcher(
    runtime: Any, library: Any, calls: int, operands: Sequence[Spec], constants: Sequence[np.ndarray]
) -> tuple[Launch, Any]:
    """The program of a library as a function; and what has to live as long.

    It returns what the program returns, -1 if an operand does not lie in order, -2 if it is another.
    """
    make = _quick if _knows_objects() else _careful
    return make(runtime, library, calls, operands, constants)


def _knows_objects() -> bool:
    """Whether Python's objects lie as the runtime library knows them: not without a global lock."""
    return not sysconfig.get_config_var("Py_GIL_DISABLED") and ctypes.sizeof(ctypes.c_void_p) == 8


def _quick(
    runtime: Any, library: Any, calls: int, operands: Sequence[Spec], constants: Sequence[np.ndarray]
) -> tuple[Launch, Any]:
    words: list[int] = []
    for spec in operands:
        words += (id(np.ndarray), id(spec.dtype), len(spec.shape))
        words += [n if type(n) is int else ANY for n in spec.shape]
    expected, fixed = (ctypes.c_longlong * max(len(words), 1))(*words), pointers(constants)
    parts = (address(library.run), calls, ctypes.addressof(expected), ctypes.addressof(fixed), len(constants))
    struct = (ctypes.c_void_p * len(parts))(*parts)
    method = _Method(NAME, address(runtime.wf_launch), FASTCALL, None)
    python = ctypes.pythonapi
    python.PyCapsule_New.restype = python.PyCFunction_NewEx.restype = ctypes.py_object
    python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    python.PyCFunction_NewEx.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    capsule = python.PyCapsule_New(ctypes.addressof(struct), NAME, None)
    function = python.PyCFunction_NewEx(ctypes.addressof(method), capsule, None)
    return function, (method, struct, expected, fixed, constants, library)


def address(function: Any) -> int:
    """Where a function of a library is."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _careful(
    runtime: Any, library: Any, calls: int, operands: Sequence[Spec], constants: Sequence[np.ndarray]
) -> tuple[Launch, Any]:
    run = ctypes.PyDLL(library._name).run
    run.argtypes, run.restype = [ctypes.c_void_p] * 5, ctypes.c_int
    specs, fixed = list(operands), list(constants)

    def call(token: int, operands: list[Any], results: list[np.ndarray], memory: int) -> int:
        for x, spec in zip(operands, specs, strict=True):
            if type(x) is not np.ndarray or x.dtype is not spec.dtype or not _is_one(x.shape, spec.shape):
                return ANOTHER
        if any(in_order(x) is not x for x in operands):
            return OUT_OF_ORDER
        return run(calls, token, pointers([*operands, *fixed]), pointers(results), memory)

    return call, (run, fixed)


def _is_one(shape: tuple[int, ...], of: tuple[Any, ...]) -> bool:
    """Whether a shape is one of those, some lengths of which may be any."""
    return len(shape) == len(of) and all(n == m or type(m) is not int for n, m in zip(shape, of, strict=True))


def pointers(arrays: Sequence[np.ndarray]) -> Any:
    """Pointers to arrays, for C."""
    return (ctypes.c_void_p * max(len(arrays), 1))(*[a.ctypes.data for a in arrays])


def in_order(array: np.ndarray) -> np.ndarray:
    """An array whose elements lie one after the other: itself, or a copy."""
    if array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.array(array, order="C").reshape(array.shape)
