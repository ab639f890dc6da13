"""Native functions: the C of a program with its prelude, built and made callable.

The runtime library, threads and memory, is built once; a program gets a table of its functions. This file knows the
calling convention, and nothing of graphs.
"""

from __future__ import annotations

import ctypes
import os
import re
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import memory
from ..runtime.spec import Spec
from . import build, prelude

HOST = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_longlong, ctypes.POINTER(ctypes.c_void_p))
HERE = Path(__file__).parent / "c"
INCLUDE = re.compile(r'#include "(\w+\.h)"\n')
SOMETIMES = {"wf_stack": "piles.h", "wf_log": "timing.h"}  # what only some programs need, and the words that say so
WINDOWS = {"f32": ("-DREAL=float", "-DWHOLE=int", "-DWF_NAME(x)=x##_f32"),
           "f64": ("-DREAL=double", "-DWHOLE=i64", "-DWF_NAME(x)=x##_f64")}  # fmt: skip
POINTER, WHOLE, OBJECT = ctypes.c_void_p, ctypes.c_longlong, ctypes.py_object
LAUNCH = (POINTER, POINTER, POINTER, OBJECT, POINTER, POINTER, WHOLE, OBJECT, POINTER)
Launch = Callable[[int, list[Any], list[np.ndarray], int], int]


class Table(ctypes.Structure):
    """What a program may ask of the runtime library: `struct wf_runtime`."""

    _fields_ = (
        ("parallel", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("host", HOST),
        ("poll", ctypes.c_void_p),
        ("gemm_f32", ctypes.c_void_p),
        ("gemm_f64", ctypes.c_void_p),
        ("conv_f32", ctypes.c_void_p),
        ("conv_f64", ctypes.c_void_p),
        ("conv_dw_f32", ctypes.c_void_p),
        ("conv_dw_f64", ctypes.c_void_p),
        ("pool_f32", ctypes.c_void_p),
        ("pool_f64", ctypes.c_void_p),
        ("sort", ctypes.c_void_p),
        ("matrices_f32", ctypes.c_void_p),
        ("matrices_f64", ctypes.c_void_p),
    )


def width() -> int:
    """The bytes of a vector.

    Errors: BuildError without a compiler.
    """
    return build.compiler().width


@cache
def runtime() -> Any:
    """The runtime library.

    Errors: BuildError.
    """
    found = ctypes.PyDLL(build.library(inlined("runtime.c"), ("-pthread",), "runtime")._name)
    found.wf_set_threads(threads())
    found.wf_spare.argtypes, found.wf_spare.restype = [WHOLE], WHOLE
    memory.caches.append(found.wf_spare)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=found.wf_after_fork)
    return found


def join_windows(calls: Table, text: str) -> None:
    """Give the table the functions for windows of a type that a program asks for, and that it does not have yet.

    Errors: BuildError.
    """
    for kind, defined in WINDOWS.items():
        names = [f"{name}_{kind}" for name in ("conv", "conv_dw", "pool")]
        if any(f"rt->{name}(" in text for name in names) and not getattr(calls, names[0]):
            found = build.library(inlined("windows.c"), ("-pthread", *defined), "windows")
            found.wf_join(ctypes.byref(calls))
            for name in names:
                setattr(calls, name, address_of(found, name))


def address_of(library: Any, name: str) -> ctypes.c_void_p:
    """Where a function of the runtime libraries is."""
    return ctypes.cast(getattr(library, f"wf_{name}"), ctypes.c_void_p)


def inlined(name: str) -> str:
    """The text of a file of C with the files that it includes."""
    return INCLUDE.sub(lambda found: inlined(found[1]), (HERE / name).read_text())


def threads() -> int:
    """How many threads work on one program: `WEFT_THREADS`, or one for each core that this process may use."""
    named = os.environ.get("WEFT_THREADS")
    if named:
        return max(int(named), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def table(host: Any) -> Table:
    """The functions that a program may ask for."""
    found = runtime()
    names = [each[0] for each in Table._fields_ if each[1] is ctypes.c_void_p and hasattr(found, f"wf_{each[0]}")]
    return Table(**{name: address_of(found, name) for name in names}, host=host)


def function(text: str, calls: Table, operands: Sequence[Spec], constants: Sequence[np.ndarray]) -> Launch:
    """A program, built and loaded: called with a token, operands, results and the address of memory.

    It returns 0, 1 when a call of Python raised, 2 when memory was not enough, and -2 for operands of other specs, with which it did nothing.
    Results have the specs that the program was written for.

    Errors: BuildError.
    """
    headers = ["program.h", *(name for word, name in SOMETIMES.items() if word in text)]
    whole = "\n".join([prelude.text(text), *map(inlined, headers), text])
    library = build.library(whole)
    join_windows(calls, text)
    return (_quick if _knows_objects() else _careful)(library, calls, operands, constants)


def _knows_objects() -> bool:
    """Whether Python's objects lie as the runtime library knows them: not without a global lock."""
    return not sysconfig.get_config_var("Py_GIL_DISABLED") and ctypes.sizeof(ctypes.c_void_p) == 8


def _quick(library: ctypes.CDLL, calls: Table, operands: Sequence[Spec], constants: Sequence[np.ndarray]) -> Launch:
    launch = runtime().wf_launch
    launch.argtypes, launch.restype = LAUNCH, ctypes.c_int
    run, shared = ctypes.cast(library.run, ctypes.c_void_p).value, ctypes.addressof(calls)
    fixed, count = pointers(constants), len(constants)
    words = [word for spec in operands for word in (id(np.ndarray), id(spec.dtype), len(spec.shape), *spec.shape)]
    expected = (ctypes.c_longlong * max(len(words), 1))(*words)

    def call(token: int, operands: list[Any], results: list[np.ndarray], memory: int) -> int:
        failed = launch(run, shared, token, operands, expected, fixed, count, results, memory)
        if failed == -1:
            operands = [in_order(x) for x in operands]
            failed = launch(run, shared, token, operands, expected, fixed, count, results, memory)
        return failed

    return call


def _careful(library: ctypes.CDLL, calls: Table, operands: Sequence[Spec], constants: Sequence[np.ndarray]) -> Launch:
    run = ctypes.PyDLL(library._name).run
    run.argtypes, run.restype = [ctypes.c_void_p] * 5, ctypes.c_int
    shared, fixed, specs = ctypes.addressof(calls), list(constants), list(operands)

    def call(token: int, operands: list[Any], results: list[np.ndarray], memory: int) -> int:
        for x, spec in zip(operands, specs, strict=True):
            if type(x) is not np.ndarray or x.dtype is not spec.dtype or x.shape != spec.shape:
                return -2
        given = [*map(in_order, operands), *fixed]
        return run(shared, token, pointers(given), pointers(results), memory)

    return call


def pointers(arrays: Sequence[np.ndarray]) -> Any:
    """Pointers to arrays, for C."""
    return (ctypes.c_void_p * max(len(arrays), 1))(*[a.ctypes.data for a in arrays])


def in_order(array: np.ndarray) -> np.ndarray:
    """An array whose elements lie one after the other: itself, or a copy."""
    if array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.array(array, order="C").reshape(array.shape)


def clock() -> int:
    """The address of a function that gives the nanoseconds of `time.perf_counter_ns`."""
    return ctypes.cast(runtime().wf_now, ctypes.c_void_p).value or 0


def release_chain(address: int) -> None:
    """Free a list of memory that a program handed over."""
    runtime().wf_release_chain(ctypes.c_void_p(address))


def view(pointer: int, spec: Spec, strides: Sequence[int], keeper: Any = None) -> np.ndarray:
    """Memory of a program, seen as an array, which keeps `keeper` alive; strides count elements."""
    if not all(spec.shape):
        return np.empty(spec.shape, spec.dtype)
    itemsize = spec.dtype.itemsize
    low = sum(min(s * (n - 1), 0) for s, n in zip(strides, spec.shape, strict=True))
    high = sum(max(s * (n - 1), 0) for s, n in zip(strides, spec.shape, strict=True))
    raw: Any = (ctypes.c_char * ((high - low + 1) * itemsize)).from_address(pointer + low * itemsize)
    raw.keeper = keeper
    return np.ndarray(spec.shape, spec.dtype, raw, -low * itemsize, [s * itemsize for s in strides])
