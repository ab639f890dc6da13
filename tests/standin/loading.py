"""Loading the stand-in for a GPU into this process, setting its options, and asking what happened on it.

    import loading
    loading.start()                          # before pycuda.driver is imported
    loading.options("check", "order=7")      # or the variable WEFT_STANDIN="check,order=7" of a process to be started
    loading.report().kernels["softmax"].read.bytes

The three libraries are loaded for everybody: whoever asks for libcuda.so.1 then gets the stand-in, so neither PyCUDA
nor the program under test is told of it. Options: `check`, `lazy`, `guard`, `trace`, `order=reverse` or a seed,
`memory=64M`, `devices=2`, `multiprocessors=4`, `driver=12000`; an option with `=0` is off. `check` wants kernels
compiled after it was set; the number of devices has to be known before the first call.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import building
import pycuda_wheel
from headers import MissingError

NVRTC, CUBLASLT = "WEFT_NVRTC", "WEFT_CUBLASLT"  # by which the project is told of its libraries


@dataclass(frozen=True)
class Traffic:
    """What a kernel moved: lanes of a warp that ask together make one request, of sectors of 32 bytes."""

    bytes: int
    requests: int
    sectors: int


@dataclass(frozen=True)
class Kernel:
    """How often a kernel ran, and what it moved; traffic is counted with `check` only."""

    launches: int
    blocks: int
    threads: int
    milliseconds: float
    read: Traffic
    written: Traffic


@dataclass(frozen=True)
class Report:
    """What happened since the last reset, and what is still held."""

    live_allocations: int
    live_bytes: int
    live_pinned: int
    live_streams: int
    live_graphs: int
    live_modules: int
    peak_bytes: int
    allocations: int
    kernels: Mapping[str, Kernel]


@cache
def reason() -> str | None:
    """Why the stand-in cannot be had here, or None. The first call builds it, and PyCUDA, where they are not there."""
    try:
        folder = building.built()
        pycuda_wheel.installed(folder)
    except MissingError as error:
        return str(error)
    return None


@cache
def start() -> Path:
    """Load the stand-in and make PyCUDA importable; the folder of its libraries. Errors: MissingError."""
    if "pycuda.driver" in sys.modules:
        raise MissingError("pycuda.driver was imported before: it has another driver")
    folder = building.built()
    for name in (building.DRIVER, building.COMPILER, building.PRODUCTS):
        ctypes.CDLL(str(folder / name), ctypes.RTLD_GLOBAL)
    os.environ[NVRTC] = str(folder / building.COMPILER)
    os.environ[CUBLASLT] = str(folder / building.PRODUCTS)
    place = pycuda_wheel.installed(folder)
    if place and str(place) not in sys.path:
        sys.path.append(str(place))
    return folder


def pycuda_driver() -> Any:
    """PyCUDA's module `pycuda.driver`, on the stand-in."""
    start()
    return import_module("pycuda.driver")


@cache
def driver() -> Any:
    """The stand-in's driver, with the types of its own functions."""
    library = ctypes.CDLL(str(start() / building.DRIVER))
    library.standin_report.restype = ctypes.c_char_p
    library.standin_message.restype = ctypes.c_char_p
    library.standin_forget.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return library


def set_options(*texts: str) -> None:
    """Options from here on, as in `set_options("check", "order=7")`."""
    driver().standin_set(",".join(texts).encode())


@contextlib.contextmanager
def options(*texts: str) -> Iterator[None]:
    """Options for a while: after it, those that were named are off, or what they are by default."""
    usual = {"order": "order=0", "memory": "memory=1G", "multiprocessors": "multiprocessors=132"}
    set_options(*texts)
    try:
        yield
    finally:
        names = [text.partition("=")[0] for text in texts]
        set_options(*(usual.get(name, f"{name}=0") for name in names))


def report() -> Report:
    """What happened since the last reset."""
    found = json.loads(driver().standin_report())
    kernels = {name: _kernel(counts) for name, counts in found.pop("kernels").items()}
    return Report(kernels=kernels, **{name: int(count) for name, count in found.items()})


def _kernel(counts: Mapping[str, float]) -> Kernel:
    def traffic(way: str) -> Traffic:
        return Traffic(*(int(counts[f"{way}_{what}"]) for what in ("bytes", "requests", "sectors")))

    launches, blocks, threads = (int(counts[name]) for name in ("launches", "blocks", "threads"))
    return Kernel(launches, blocks, threads, counts["milliseconds"], traffic("read"), traffic("write"))


def reset() -> None:
    """Begin counts anew, and forget an error that stays: on a GPU only a new process does."""
    driver().standin_reset()


def message() -> str:
    """What the stand-in said last of what it found, or nothing."""
    return driver().standin_message().decode()


class CompileError(Exception):
    """What the compiler found wrong with a kernel."""


def compile_kernels(source: str, *flags: str, name: str = "kernels.cu") -> bytes:
    """A module of CUDA C, as the project gets it from NVRTC. Errors: CompileError."""
    nvrtc = ctypes.CDLL(str(start() / building.COMPILER))
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), name.encode(), 0, None, None)
    try:
        given = (ctypes.c_char_p * len(flags))(*(flag.encode() for flag in flags))
        if nvrtc.nvrtcCompileProgram(program, len(flags), given):
            raise CompileError(_text(nvrtc, "ProgramLog", program, size).rstrip(b"\0").decode())
        return _text(nvrtc, "CUBIN", program, size)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(nvrtc: Any, what: str, program: ctypes.c_void_p, size: ctypes.c_size_t) -> bytes:
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    to = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, to)
    return to.raw
