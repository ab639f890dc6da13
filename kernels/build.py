"""Building C at run time: which compiler, which flags, and a cache on disk of what was built.

A library is known by the hash of everything that decides its content: the text, the compiler and its version, the
flags, the processor. Files appear in the cache whole or not at all, so that processes may build at the same time; one
that does not load is built again. `WEFT_CACHE` moves the cache (`0` switches it off), `WEFT_CC` names the compiler,
`WEFT_CACHE_LIMIT` bounds it in bytes. This file knows nothing of what the C is for.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..runtime.errors import BuildError

FLAGS = (
    "-O2",
    "-ffp-contract=fast",
    "-fPIC",
    "-shared",
    "-std=gnu11",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-strict-aliasing",
    "-w",
)
TIMEOUT = 120.0  # seconds
LIMIT = 512 << 20  # bytes of libraries kept


@dataclass(frozen=True)
class Compiler:
    """A C compiler: how it is called, what it says of itself, and the width of its vectors in bytes."""

    command: tuple[str, ...]
    version: str
    width: int
    target: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.command)} ({self.version})"


def _candidates() -> list[tuple[str, ...]]:
    named = os.environ.get("WEFT_CC") or os.environ.get("CC")
    if named:
        return [tuple(named.split())]
    found: list[tuple[str, ...]] = [(name,) for name in ("cc", "gcc", "clang") if shutil.which(name)]
    if find_spec("ziglang") is not None:
        found.append((sys.executable, "-m", "ziglang", "cc"))
    return found


def _run(command: Sequence[str], text: str = "") -> str:
    """What a command prints.

    Errors: BuildError when it is missing, fails, or takes too long.
    """
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise BuildError(
            f"{command[0]} took longer than {TIMEOUT:.0f} s", "Set WEFT_CC to another C compiler."
        ) from None
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be run: {error}", "Set WEFT_CC to a C compiler.") from None
    if done.returncode:
        shown = "\n".join(done.stderr.strip().splitlines()[:4])
        raise BuildError(
            f"{' '.join(command[:3])} failed with status {done.returncode}:\n{shown}",
            "Set WEFT_CC to another C compiler.",
        )
    return done.stdout


def _width(macros: str) -> int:
    if "__AVX512F__" in macros:
        return 64
    return 32 if "__AVX2__" in macros else 16


def _inspect(command: tuple[str, ...]) -> Compiler:
    target = ("-march=native",) if platform.machine() in ("x86_64", "AMD64", "i686") else ("-mcpu=native",)
    macros = _run([*command, *target, "-dM", "-E", "-x", "c", "-"])
    version = next(line for line in _run([*command, "--version"]).splitlines() if line.strip())
    return Compiler(command, version, _width(macros), target)


@cache
def compiler() -> Compiler:
    """The C compiler of this machine.

    Errors: BuildError when none works, saying which were tried.
    """
    tried = []
    for command in _candidates():
        try:
            return _inspect(command)
        except BuildError as error:
            tried.append(f"{' '.join(command)}: {error.message.splitlines()[0]}")
    raise BuildError(
        f"no C compiler was found ({'; '.join(tried) or 'cc, gcc, clang and ziglang were looked for'})",
        "Install gcc or clang, or `pip install ziglang`; without one graphs are interpreted.",
    )


def cache_folder() -> Path | None:
    """Where built libraries are kept, made for this user alone; None when the cache is off."""
    named = os.environ.get("WEFT_CACHE")
    if named == "0":
        return None
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return base if os.access(base, os.W_OK) else None


@cache
def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor()


def key_of(text: str, flags: Sequence[str], made_by: Compiler) -> str:
    """The name under which a library is kept."""
    parts = ("1", text, *flags, *made_by.command, made_by.version, *made_by.target, _processor(), sys.platform)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def library(text: str, flags: Sequence[str] = (), name: str = "graph") -> ctypes.CDLL:
    """The library that this C text is, built now or found in the cache.

    Errors: BuildError, also when files cannot be written or what was built cannot be loaded.
    """
    try:
        return _library(text, (*FLAGS, *flags), name)
    except OSError as error:
        raise BuildError(
            f"what is built cannot be kept or loaded: {error}", "Set WEFT_CACHE to a folder with room."
        ) from None


def _library(text: str, flags: Sequence[str], name: str) -> ctypes.CDLL:
    made_by = compiler()
    folder = cache_folder()
    path = folder / f"{name}-{key_of(text, flags, made_by)}.so" if folder else None
    if path is not None and path.exists():
        with contextlib.suppress(OSError):  # damaged: build it again
            os.utime(path)
            return ctypes.CDLL(str(path))
        path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as place:
        made = Path(place) / f"{name}.so"
        source = Path(place) / f"{name}.c"
        source.write_text(text)
        _run([*made_by.command, *made_by.target, *flags, "-o", str(made), str(source)])
        if path is None:
            return ctypes.CDLL(str(made))
        os.replace(made, path)
    _trim(path.parent)
    return ctypes.CDLL(str(path))


def _trim(folder: Path) -> None:
    """Remove what was not used for longest, until the cache fits its bound."""
    limit = int(os.environ.get("WEFT_CACHE_LIMIT", LIMIT))
    files = []
    for path in folder.glob("*.so"):
        with contextlib.suppress(OSError):
            files.append((path.stat().st_mtime, path.stat().st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
