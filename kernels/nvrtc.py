"""NVRTC: CUDA C compiled at run time to cubins, the machine code of one architecture.

The library comes from the wheel nvidia-cuda-nvrtc, a CUDA toolkit, or where `WEFT_NVRTC` says; where there is none,
`nvcc` does the same in fifteen times the time. Cubins are kept in the cache on disk of native programs, by their text,
options, architecture and compiler. This file knows text and bytes, and no card.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..runtime.errors import BuildError
from . import build, compilers

FLAGS = ("--std=c++17", "-default-device")
INSTALL = 'Install it: pip install "weft[cuda]", or a CUDA toolkit; WEFT_NVRTC names the library otherwise.'
MAJORS = (13, 12)  # of CUDA whose libraries are looked for
AROUND = 3  # lines of the text shown before and after an error
TOOLKITS = ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT")
LINE = re.compile(r"kernels\.cu[(:](\d+)\)?")


@dataclass(frozen=True)
class Maker:
    """What makes cubins: `make(text, options)` gives the cubin and what the compiler said, or raises `RefusedError`."""

    name: str
    version: str
    path: str
    make: Callable[[str, Sequence[str]], tuple[bytes, str]]

    @property
    def number(self) -> tuple[int, ...]:
        """The version of CUDA that it belongs to: (13, 0)."""
        found = re.search(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class RefusedError(Exception):
    """The compiler found mistakes, which it names."""


def cubin(text: str, architecture: str, options: Sequence[str] = ()) -> bytes:
    """The machine code of CUDA C for an architecture (`sm_90`), compiled now or found in the cache.

    Errors: BuildError, which shows the text around the mistake.
    """
    made_by, every = maker(), (*FLAGS, f"-arch={architecture}", *options)
    return build.kept(f"{key_of(text, every, made_by)}.cubin", lambda: compiled(text, every, made_by)[0])


def compiled(text: str, options: Sequence[str], made_by: Maker) -> tuple[bytes, str]:
    """What a compiler makes of a text, and what it says: with `--ptxas-options=-v`, registers and spills.

    Errors: BuildError.
    """
    try:
        return made_by.make(text, options)
    except RefusedError as error:
        said = str(error).strip()
        raise BuildError(
            f"{made_by} refuses a kernel:\n{_first_lines(said)}\n{_excerpt(text, said)}",
            "This is a mistake of weft, unless the kernel is your own: report it with the text above.",
        ) from None


def key_of(text: str, options: Sequence[str], made_by: Maker) -> str:
    """The name under which a cubin is kept."""
    parts = ("1", text, *options, made_by.version, made_by.path)
    return "cuda-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _first_lines(said: str) -> str:
    return "\n".join(said.splitlines()[:4])


def _excerpt(text: str, said: str) -> str:
    """The text around the first mistake, with the numbers of its lines."""
    found, lines = LINE.search(said), text.splitlines()
    wrong = int(found[1]) if found else 1
    first, last = max(wrong - AROUND, 1), min(wrong + AROUND, len(lines))
    return "\n".join(f"{'>' if i == wrong else ' '}{i:5} {lines[i - 1]}" for i in range(first, last + 1))


# -- finding a compiler


@cache
def maker() -> Maker:
    """The compiler of this machine: NVRTC, or else nvcc.

    Errors: BuildError when there is none.
    """
    with build_lock:
        library = opened("nvrtc", "WEFT_NVRTC", beside="nvrtc-builtins")
        if library is not None:
            return _with_nvrtc(library)
        path = os.environ.get("WEFT_NVCC") or _nvcc()
        if path is not None:
            return _with_nvcc(path)
    raise BuildError("no compiler of CUDA C was found: neither NVRTC nor nvcc", INSTALL)


build_lock = threading.Lock()


def opened(name: str, variable: str, beside: str = "") -> Any:
    """A library of CUDA, from where it is found first; None if it is nowhere. What stands beside it is opened before."""
    for path in places(name, variable):
        with contextlib.suppress(OSError):
            if beside and os.path.isabs(path):
                for other in sorted(Path(path).parent.glob(f"lib{beside}.so*"))[:1]:
                    ctypes.CDLL(str(other), ctypes.RTLD_GLOBAL)
            return ctypes.CDLL(path)
    return None


def places(name: str, variable: str) -> Iterator[str]:
    """Where a library of CUDA may be: as a variable says and nowhere else, or in wheels, in toolkits, where the system looks."""
    named = os.environ.get(variable)
    if named:
        yield named
        return
    if find_spec("cuda") is not None and find_spec("cuda.pathfinder") is not None:
        yield from _by_pathfinder(name)
    files = [f"lib{name}.so.{major}" for major in MAJORS]
    for folder in _folders():
        yield from (str(folder / file) for file in files if (folder / file).exists())
    yield from files


def _by_pathfinder(name: str) -> Iterator[str]:
    from cuda import pathfinder  # pyright: ignore[reportMissingImports, reportAttributeAccessIssue]

    with contextlib.suppress(Exception):  # its errors have a class of its own, which says that there is none
        found = pathfinder.load_nvidia_dynamic_lib(name).abs_path
        if found:
            yield found


def _folders() -> Iterator[Path]:
    for entry in sys.path:
        yield from Path(entry or ".").glob("nvidia/*/lib")
    for root in (*filter(None, map(os.environ.get, TOOLKITS)), "/usr/local/cuda"):
        yield from (Path(root) / "lib64", Path(root) / "lib")


def _nvcc() -> str | None:
    for root in filter(None, map(os.environ.get, TOOLKITS)):
        if (Path(root) / "bin" / "nvcc").exists():
            return str(Path(root) / "bin" / "nvcc")
    return shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")


# -- NVRTC


def _with_nvrtc(library: Any) -> Maker:
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    library.nvrtcGetErrorString.restype = ctypes.c_char_p
    version = f"{major.value}.{minor.value}"
    return Maker("NVRTC", version, library._name, lambda text, options: _by_nvrtc(library, text, options))


def _by_nvrtc(library: Any, text: str, options: Sequence[str]) -> tuple[bytes, str]:
    program = ctypes.c_void_p()
    _check(library, library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None))
    try:
        words = (ctypes.c_char_p * len(options))(*[word.encode() for word in options])
        refused = library.nvrtcCompileProgram(program, len(options), words)
        said = _bytes(library, "ProgramLog", program).rstrip(b"\0").decode(errors="replace")
        if refused:
            raise RefusedError(said or library.nvrtcGetErrorString(refused).decode())
        return _bytes(library, "CUBIN", program), said
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def _bytes(library: Any, what: str, program: Any) -> bytes:
    length = ctypes.c_size_t()
    _check(library, getattr(library, f"nvrtcGet{what}Size")(program, ctypes.byref(length)))
    content = ctypes.create_string_buffer(length.value)
    _check(library, getattr(library, f"nvrtcGet{what}")(program, content))
    return content.raw


def _check(library: Any, code: int) -> None:
    if code:
        raise RefusedError(library.nvrtcGetErrorString(code).decode())


# -- nvcc

NVRTC_ONLY = ("-default-device", "--device-int128")  # what nvcc does by itself, or by what text says


def _with_nvcc(path: str) -> Maker:
    (said,) = compilers.run([path, "--version"])
    found = re.search(r"release (\d+\.\d+)", said)
    version = found[1] if found else said.strip().splitlines()[-1]
    return Maker("nvcc", version, path, lambda text, options: _by_nvcc(path, text, options))


def _by_nvcc(path: str, text: str, options: Sequence[str]) -> tuple[bytes, str]:
    plain = [word for word in options if word not in NVRTC_ONLY]
    with tempfile.TemporaryDirectory(prefix="weft-") as place:
        source, target = Path(place) / "kernels.cu", Path(place) / "kernels.cubin"
        source.write_text(text)
        try:
            (said,) = compilers.run([path, *plain, "--cubin", str(source), "-o", str(target)])
        except BuildError as error:
            raise RefusedError(error.message.partition("\n")[2] or error.message) from None
        return target.read_bytes(), said
