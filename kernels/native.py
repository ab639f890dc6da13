"""Native functions: the C of a program with its prelude, built and made callable.

The runtime library, threads and memory, is built once; a program gets a table of its functions. This file knows the
calling convention, and nothing of graphs.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from . import build, prelude

HOST = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_longlong, ctypes.POINTER(ctypes.c_void_p))
POLL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
HERE = Path(__file__).parent / "c"


class Table(ctypes.Structure):
    """What a program may ask of the runtime library: `struct wf_runtime`."""

    _fields_ = (
        ("parallel", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("host", HOST),
        ("poll", POLL),
        ("gemm_f32", ctypes.c_void_p),
        ("gemm_f64", ctypes.c_void_p),
    )


def width() -> int:
    """The bytes of a vector.

    Errors: BuildError without a compiler.
    """
    return build.compiler().width


@cache
def runtime() -> ctypes.CDLL:
    """The runtime library.

    Errors: BuildError.
    """
    text = (HERE / "runtime.c").read_text().replace('#include "gemm.h"', (HERE / "gemm.h").read_text())
    found = build.library(text, ("-pthread",), "runtime")
    found.wf_set_threads(threads())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=found.wf_after_fork)
    return found


def threads() -> int:
    """How many threads work on one program: `WEFT_THREADS`, or one for each core that this process may use."""
    named = os.environ.get("WEFT_THREADS")
    if named:
        return max(int(named), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def table(host: Any, poll: Any) -> Table:
    """The functions that a program may ask for."""
    found = runtime()
    names = [name for name, kind in Table._fields_ if kind is ctypes.c_void_p]
    address = {name: ctypes.cast(getattr(found, f"wf_{name}"), ctypes.c_void_p) for name in names}
    return Table(**address, host=host, poll=poll)


def function(text: str) -> Callable[..., int]:
    """A program, built and loaded: called with the table, a token, operands, results and memory.

    Errors: BuildError.
    """
    whole = "\n".join([prelude.text(text), (HERE / "program.h").read_text(), text])
    run = build.library(whole).run
    run.argtypes, run.restype = [ctypes.c_void_p] * 5, ctypes.c_int
    return run
