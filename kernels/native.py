"""Native functions: the C of a program with its prelude, built and made callable.

A program gets a table of the functions of the runtime libraries. This file knows the calling convention, and nothing of
graphs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..runtime.spec import Spec
from . import build, libraries, prelude
from .launch import Launch, launcher
from .units import units

SOMETIMES = {"wf_stack": "piles.h", "wf_log": "timing.h", "wf_quotient(": "sizes.h", "wf_rest(": "sizes.h"}
# what only some programs need, by the words that say so


def width() -> int:
    """The bytes of a vector.

    Errors: BuildError without a compiler.
    """
    return build.compiler().width


def order(reproducible: bool) -> int:
    """The width of the vectors in whose order is added up: the machine's, or the widest of all machines."""
    return libraries.WIDEST if reproducible else width()


def function(
    text: str,
    table: Callable[[], libraries.Table],
    operands: Sequence[Spec],
    constants: Sequence[np.ndarray],
    reproducible: bool = False,
) -> tuple[Launch, Any]:
    """A program, built and loaded, and what has to live as long: called as `launch.py` says.

    It returns 0, 1 when a call of Python raised, 2 when memory was not enough, and less than 0 if the operands do not
    fit, with which it did nothing. Results have the specs that the program was written for.

    Errors: BuildError.
    """
    flags = libraries.REPRODUCIBLE if reproducible else ()
    with libraries.ahead(text, reproducible):
        library = build.library(f"{prelude.fingerprint()}\n{text}", flags, units=lambda: pieces(text))
    calls = table()
    libraries.join(calls, text, reproducible)
    return launcher(libraries.runtime(), library, ctypes.addressof(calls), operands, constants)


def pieces(text: str) -> list[build.Unit]:
    """The C of a program, in the units in which it is compiled."""
    headers = ["program.h", *dict.fromkeys(name for word, name in SOMETIMES.items() if word in text)]
    return units(text, "\n".join(map(libraries.inlined, headers)), libraries.threads())


def clock() -> int:
    """The address of a function that gives the nanoseconds of `time.perf_counter_ns`."""
    return ctypes.cast(libraries.runtime().wf_now, ctypes.c_void_p).value or 0


def release_chain(address: int) -> None:
    """Free a list of memory that a program handed over."""
    libraries.runtime().wf_release_chain(ctypes.c_void_p(address))


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
