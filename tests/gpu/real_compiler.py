"""NVIDIA's own compiler, where it is installed, in processes that have no stand-in: what it says of kernels.

NVRTC is taken from wheels or a toolkit, or else nvcc. Kernels are given as texts, and nothing of them is run.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from weft.kernels import nvrtc
from weft.runtime.errors import BuildError

PROPERTIES = re.compile(
    r"Function properties for (\w+)\n(?:ptxas)?\W+(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
    r"(?:.|\n)*?Used (\d+) registers(.*)"
)
ACCESS = re.compile(r"\b(ld|st)\.global([\w.:]*)")
WIDE = re.compile(r"\.v4\.[ufsb]32|\.v2\.[ufsb]64")


class Kernel(NamedTuple):
    """What a kernel needs, in bytes but for registers."""

    name: str
    stack: int
    spilled: int
    registers: int
    shared: int


class Accesses(NamedTuple):
    """Instructions that read and write the memory of the device: those of 128 bits, and all of them."""

    wide_reads: int
    wide_writes: int
    reads: int
    writes: int


def library() -> str:
    """Where NVRTC is, not the stand-in's; empty if it is nowhere."""
    ours = os.path.dirname(os.environ.get("WEFT_NVRTC") or "-")
    folders = [folder for entry in sys.path for folder in Path(entry or ".").glob("nvidia/*/lib")]
    found = [path for folder in (*folders, Path("/usr/local/cuda/lib64")) for path in folder.glob("libnvrtc.so.1*")]
    return next((str(path) for path in found if str(path.parent) != ours), "")


def made(text: str, options: Sequence[str], path: str) -> tuple[bytes, str]:
    """A cubin, and what the compiler says: NVRTC of this path, or nvcc if it is empty."""
    with mock.patch.dict(os.environ, {"WEFT_NVRTC": path or os.devnull}):
        return nvrtc.compiled(text, options, nvrtc.maker())


def version(path: str) -> str:
    """The compiler's name, or nothing if there is none."""
    with mock.patch.dict(os.environ, {"WEFT_NVRTC": path or os.devnull}):
        try:
            return str(nvrtc.maker())
        except BuildError:
            return ""


@cache
def workers() -> ProcessPoolExecutor:
    """Processes that compile."""
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@cache
def found() -> str:
    """The compiler's name, or nothing if there is none."""
    return workers().submit(version, library()).result()


def compiled(text: str, architecture: str, options: Sequence[str]) -> tuple[bytes, list[Kernel]]:
    """A cubin, and what its kernels need."""
    every = (*nvrtc.FLAGS, f"-arch={architecture}", *options, "--ptxas-options=-v")
    cubin, said = workers().submit(made, text, every, library()).result()
    return cubin, [_kernel(*groups) for groups in PROPERTIES.findall(said)]


def _kernel(name: str, stack: str, stores: str, loads: str, registers: str, rest: str) -> Kernel:
    shared = re.search(r"(\d+) bytes smem", rest)
    return Kernel(name, int(stack), int(stores) + int(loads), int(registers), int(shared[1]) if shared else 0)


def accesses(text: str, options: Sequence[str]) -> Accesses:
    """What the instructions of kernels read and write: as PTX, whose accesses become machine code as they are."""
    shown = workers().submit(assembly, text, (*nvrtc.FLAGS, "-arch=compute_90", *options), library()).result()
    words = [(name, bool(WIDE.search(rest))) for name, rest in ACCESS.findall(shown)]
    return Accesses(*(sum(n == name and (wide or not only) for n, wide in words)
                      for only in (True, False) for name in ("ld", "st")))  # fmt: skip


def assembly(text: str, options: Sequence[str], path: str) -> str:
    """The PTX of kernels, by NVRTC of this path, or by nvcc if it is empty."""
    if not path:
        with mock.patch.dict(os.environ, {"WEFT_NVRTC": os.devnull}):
            made_by = nvrtc.maker()
            return nvrtc.compiled(text, (*options, "--ptx"), made_by)[0].decode()
    with mock.patch.dict(os.environ, {"WEFT_NVRTC": path}):
        library = nvrtc.opened("nvrtc", "WEFT_NVRTC", beside="nvrtc-builtins")
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None)
    words = (ctypes.c_char_p * len(options))(*(word.encode() for word in options))
    assert not library.nvrtcCompileProgram(program, len(options), words)
    library.nvrtcGetPTXSize(program, ctypes.byref(size))
    shown = ctypes.create_string_buffer(size.value)
    library.nvrtcGetPTX(program, shown)
    return shown.value.decode()
