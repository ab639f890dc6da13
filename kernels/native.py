"""Native functions: the C of a program with its prelude, built and made callable.

The runtime library, threads and memory, is built once; a program gets a table of its functions. This file knows the
calling convention, and nothing of graphs.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import memory
from ..runtime.spec import Spec
from . import build, prelude
from .launch import Launch, launcher
from .units import units

HOST = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_longlong, ctypes.POINTER(ctypes.c_void_p))
HERE = Path(__file__).parent / "c"
INCLUDE = re.compile(r'#include "(\w+\.h)"\n')
SOMETIMES = {"wf_stack": "piles.h", "wf_log": "timing.h"}  # what only some programs need, and the words that say so
WINDOWS = {"f32": ("-DREAL=float", "-DWHOLE=int", "-DWF_NAME(x)=x##_f32"),
           "f64": ("-DREAL=double", "-DWHOLE=i64", "-DWF_NAME(x)=x##_f64")}  # fmt: skip
PRODUCTS = ("gemm_f32", "gemm_f64", "matrices_f32", "matrices_f64")
# Results that do not depend on the machine: nothing is contracted, and what is added to what is the same everywhere.
WIDEST = 64
REPRODUCIBLE = ("-ffp-contract=off", "-DWF_REPRODUCIBLE")
POINTER, WHOLE, OBJECT = ctypes.c_void_p, ctypes.c_longlong, ctypes.py_object


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
        ("threads", ctypes.c_void_p),
    )


def width(reproducible: bool = False) -> int:
    """The bytes of a vector: the machine's, or the same on every machine.

    Errors: BuildError without a compiler.
    """
    return WIDEST if reproducible else build.compiler().width


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


def join(calls: Table, text: str, reproducible: bool) -> None:
    """Give the table the functions of other libraries that a program asks for, and that it does not have yet.

    Errors: BuildError.
    """
    flags = REPRODUCIBLE if reproducible else ()
    for kind, defined in WINDOWS.items():
        names = [f"{name}_{kind}" for name in ("conv", "conv_dw", "pool")]
        fixed = (f"-DWF_WIDTH={WIDEST}",) if reproducible else ()
        join_library("windows", (*defined, *fixed, *flags), names, calls, text)
    join_library("products", flags, PRODUCTS, calls, text)


def join_library(library: str, flags: Sequence[str], names: Sequence[str], calls: Table, text: str) -> None:
    """Give the table the functions of a library, if the program asks for one that it does not have."""
    if any(f"rt->{name}(" in text for name in names) and not getattr(calls, names[0]):
        found = build.library(inlined(f"{library}.c"), ("-pthread", *flags), library)
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


def table(host: Any, reproducible: bool = False) -> Table:
    """The functions that a program may ask for."""
    found = runtime()
    names = [each[0] for each in Table._fields_ if each[1] is ctypes.c_void_p and hasattr(found, f"wf_{each[0]}")]
    names = [name for name in names if not (reproducible and name in PRODUCTS)]
    return Table(**{name: address_of(found, name) for name in names}, host=host)


def function(
    text: str, calls: Table, operands: Sequence[Spec], constants: Sequence[np.ndarray], reproducible: bool = False
) -> tuple[Launch, Any]:
    """A program, built and loaded, and what has to live as long: called as `launch.py` says.

    It returns 0, 1 when a call of Python raised, 2 when memory was not enough, and less than 0 if the operands do not
    fit, with which it did nothing. Results have the specs that the program was written for.

    Errors: BuildError.
    """
    library = build.library(
        f"{prelude.fingerprint()}\n{text}", REPRODUCIBLE if reproducible else (), units=lambda: pieces(text)
    )
    join(calls, text, reproducible)
    return launcher(runtime(), library, ctypes.addressof(calls), operands, constants)


def pieces(text: str) -> list[build.Unit]:
    """The C of a program, in the units in which it is compiled."""
    headers = ["program.h", *(name for word, name in SOMETIMES.items() if word in text)]
    return units(text, "\n".join(map(inlined, headers)), threads())


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
