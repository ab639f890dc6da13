"""The runtime libraries: threads and memory in the first, and what only some programs ask for in others.

Each is built once for a compiler, a processor and flags, when a program first asks for it, and while the program itself
is built. The others are given the table of the first, whose threads they work with. This file knows no programs.
"""

from __future__ import annotations

import ctypes
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from ..runtime import memory
from ..runtime.errors import BuildError
from . import build

HOST = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_longlong, ctypes.POINTER(ctypes.c_void_p))
HERE = Path(__file__).parent / "c"
INCLUDE = re.compile(r'#include "(\w+\.h)"\n')
WHOLE = ctypes.c_longlong
TYPES = {"f32": ("-DREAL=float", "-DWHOLE=int", "-DWF_NAME(x)=x##_f32"),
         "f64": ("-DREAL=double", "-DWHOLE=i64", "-DWF_NAME(x)=x##_f64")}  # fmt: skip
OTHERS = {"products": ("gemm",), "matrices": ("matrices",), "windows": ("conv", "conv_dw", "pool")}  # of one type each
ANY = {"sorting": ("sort",)}  # of all types
# Results that do not depend on the machine: nothing is contracted, and what is added to what is the same everywhere.
WIDEST = 64
REPRODUCIBLE = ("-ffp-contract=off", "-DWF_REPRODUCIBLE")


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


class Library(NamedTuple):
    """One of the libraries: its file of C, and its flags."""

    name: str
    flags: tuple[str, ...] = ("-pthread",)


FIRST = Library("runtime")
_loaded: dict[Library, Any] = {}
_lock = threading.Lock()


def loaded(library: Library) -> Any:
    """A library, built or found now if it was not before.

    Errors: BuildError.
    """
    if library not in _loaded:
        found = build.library(inlined(f"{library.name}.c"), library.flags, library.name)
        with _lock:  # of several that came at the same time, one stays
            _loaded.setdefault(library, found)
    return _loaded[library]


_first: list[Any] = []


def runtime() -> Any:
    """The first library, ready for work.

    Errors: BuildError.
    """
    if not _first:
        found = ctypes.PyDLL(loaded(FIRST)._name)
        with _lock:
            if not _first:
                _begin(found)
                _first.append(found)
    return _first[0]


def _begin(found: Any) -> None:
    found.wf_set_threads(threads())
    found.wf_spare.argtypes, found.wf_spare.restype = [WHOLE], WHOLE
    memory.caches.append(found.wf_spare)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=found.wf_after_fork)


def threads() -> int:
    """How many threads work on one program: `WEFT_THREADS`, or one for each core that this process may use."""
    named = os.environ.get("WEFT_THREADS")
    if named:
        return max(int(named), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def inlined(name: str) -> str:
    """The text of a file of C with the files that it includes."""
    return INCLUDE.sub(lambda found: inlined(found[1]), (HERE / name).read_text())


def table(host: Any) -> Table:
    """The functions of the first library, and one of Python's; `join` adds those of the others."""
    found = runtime()
    names = [each[0] for each in Table._fields_ if each[1] is ctypes.c_void_p and hasattr(found, f"wf_{each[0]}")]
    return Table(**{name: address_of(found, name) for name in names}, host=host)


def asked(text: str, reproducible: bool) -> dict[Library, Sequence[str]]:
    """The other libraries that a program asks for, and the functions that they hold."""
    same = REPRODUCIBLE if reproducible else ()
    found: dict[Library, Sequence[str]] = {
        Library(name, ("-pthread", "-O3")): functions for name, functions in ANY.items()
    }
    for (name, stems), (kind, defined) in product(OTHERS.items(), TYPES.items()):
        found[Library(name, ("-pthread", *defined, *same))] = [f"{stem}_{kind}" for stem in stems]
    return {one: functions for one, functions in found.items() if any(f"rt->{each}(" in text for each in functions)}


def join(calls: Table, text: str, reproducible: bool) -> None:
    """Give the table the functions of other libraries that a program asks for.

    Errors: BuildError.
    """
    for library, functions in asked(text, reproducible).items():
        if not getattr(calls, functions[0]):
            found = loaded(library)
            found.wf_join(ctypes.byref(calls))
            for name in functions:
                setattr(calls, name, address_of(found, name))


def address_of(library: Any, name: str) -> ctypes.c_void_p:
    """Where a function of a library is."""
    return ctypes.cast(getattr(library, f"wf_{name}"), ctypes.c_void_p)


@contextmanager
def ahead(text: str, reproducible: bool) -> Iterator[None]:
    """Build what a program will ask for while the `with` block runs; whoever asks is told what went wrong."""
    missing = [library for library in (FIRST, *asked(text, reproducible)) if library not in _loaded]
    working = [threading.Thread(target=_quietly, args=(library,)) for library in missing]
    for thread in working:
        thread.start()
    try:
        yield
    finally:
        for thread in working:
            thread.join()


def _quietly(library: Library) -> None:
    with suppress(BuildError):
        loaded(library)
