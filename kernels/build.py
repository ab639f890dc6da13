"""Building C at run time: the flags, and a cache on disk of what was built.

A library is known by the hash of everything that decides its content: the text, the compiler and its version, the
flags, the processor. Files appear in the cache whole or not at all, so that processes may build at the same time; one
that was damaged since is built again. `WEFT_CACHE` moves the cache (`0` switches it off), `WEFT_CACHE_LIMIT` bounds it
in bytes. Several units of one library are compiled at the same time. This file knows nothing of what the C is for.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..runtime.errors import BuildError
from . import compilers

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
LIMIT = 512 << 20  # bytes of what is kept
KINDS = (".so", ".cubin", ".program")  # of files that are removed when there are too many
SEAL = 32  # bytes at the end of a library that say whether it is whole
SEALED = sys.platform != "darwin"  # where the system signs libraries itself, and checks them


@dataclass(frozen=True)
class Unit:
    """A piece of C that is compiled on its own, with flags that it needs beside those of its library."""

    text: str
    flags: tuple[str, ...] = ()


@cache
def compiler() -> compilers.Compiler:
    """The C compiler of this machine.

    Errors: BuildError when none works, saying which were tried.
    """
    return compilers.find(cache_folder())


# -- the cache


def cache_folder() -> Path | None:
    """Where built libraries are kept, made for this user alone; None when the cache is off."""
    named = os.environ.get("WEFT_CACHE")
    if named == "0":
        return None
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return _instead(base, str(error))
    return base if os.access(base, os.W_OK) else _instead(base, "it may not be written to")


def _instead(folder: Path, why: str) -> Path | None:
    """A folder for as long as the process lives, where a cache cannot be written; one warning says so."""
    if folder not in _temporary:
        warnings.warn(
            f"what is built cannot be kept in {folder}: {why}; set WEFT_CACHE to a folder with room",
            RuntimeWarning,
            stacklevel=2,
        )
        _temporary[folder] = None
        with contextlib.suppress(OSError):
            made = _temporary[folder] = Path(tempfile.mkdtemp(prefix="weft-"))
            atexit.register(_remove, made, os.getpid())
    return _temporary[folder]


_temporary: dict[Path, Path | None] = {}  # by the folder in whose place they stand


def _remove(folder: Path, owner: int) -> None:
    """Remove a folder, unless this process is a child of the one that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def key_of(text: str, flags: Sequence[str], made_by: compilers.Compiler) -> str:
    """The name under which a library is kept."""
    parts = ("2", text, *flags, *made_by.command, made_by.version, *made_by.target, compilers.processor(), sys.platform)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _sealed(path: Path) -> None:
    """Let a library say itself whether it is whole."""
    if not SEALED:
        return
    with open(path, "r+b") as file:
        seal = hashlib.sha256(file.read()).digest()
        file.write(seal)


def _is_whole(path: Path) -> bool:
    content = path.read_bytes()
    return not SEALED or hashlib.sha256(content[:-SEAL]).digest() == content[-SEAL:]


def _found(path: Path) -> ctypes.CDLL | None:
    """A library of the cache, unless it is not there, or damaged."""
    with contextlib.suppress(OSError):
        if _is_whole(path):
            os.utime(path)
            return ctypes.CDLL(str(path))
        path.unlink(missing_ok=True)
    return None


def _trim(folder: Path) -> None:
    """Remove what was not used for longest, until the cache fits its bound."""
    limit = int(os.environ.get("WEFT_CACHE_LIMIT", LIMIT))
    files = []
    for each in os.scandir(folder):
        if each.name.endswith(KINDS):
            with contextlib.suppress(OSError):
                files.append((each.stat().st_mtime, each.stat().st_size, each.path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
            total -= size


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """Bytes of the cache, made now if they are not there, or damaged."""
    found = read(name)
    if found is None:
        found = make()
        keep(name, found)
    return found


def read(name: str) -> bytes | None:
    """Bytes of the cache; None if they are not there, or damaged."""
    folder = cache_folder()
    with contextlib.suppress(OSError):
        path = folder / name if folder else None
        content = path.read_bytes() if path else b""
        if path and hashlib.sha256(content[:-SEAL]).digest() == content[-SEAL:]:
            os.utime(path)
            return content[:-SEAL]
    return None


def keep(name: str, content: bytes) -> None:
    """Put bytes into the cache, unless that cannot be written to."""
    folder = cache_folder()
    if folder is None:
        return
    path = folder / name
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as place:
            made = Path(place) / name
            made.write_bytes(content + hashlib.sha256(content).digest())
            os.replace(made, path)
        _trim(path.parent)
    except OSError as error:
        _instead(path.parent, str(error))


# -- building


def library(
    text: str, flags: Sequence[str] = (), name: str = "graph", units: Callable[[], Sequence[Unit]] | None = None
) -> ctypes.CDLL:
    """The library that this text stands for, built now or found in the cache.

    The text is C, or decides what the units are, which are asked for only when they have to be built.

    Errors: BuildError, also when files cannot be written or what was built cannot be loaded.
    """
    made_by, folder = compiler(), cache_folder()
    all_flags = (*FLAGS, *flags)
    path = folder / f"{name}-{key_of(text, all_flags, made_by)}.so" if folder else None
    found = _found(path) if path else None
    if found is not None:
        return found
    pieces = units() if units else [Unit(text)]
    try:
        return _built(pieces, all_flags, name, path)
    except OSError as error:
        if path is None:
            raise _unwritable(error) from None
        other = _instead(path.parent, str(error))
    try:
        return _built(pieces, all_flags, name, other / path.name if other else None)
    except OSError as error:
        raise _unwritable(error) from None


def _unwritable(error: OSError) -> BuildError:
    return BuildError(f"what is built cannot be kept or loaded: {error}", "Set WEFT_CACHE to a folder with room.")


def _built(units: Sequence[Unit], flags: Sequence[str], name: str, path: Path | None) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory(dir=path and path.parent, prefix="building-") as place:
        made = Path(place) / f"{name}.so"
        _compile(units, flags, made)
        if path is None:
            return ctypes.CDLL(str(made))
        _sealed(made)
        os.replace(made, path)
    _trim(path.parent)
    return ctypes.CDLL(str(path))


def _compile(units: Sequence[Unit], flags: Sequence[str], made: Path) -> None:
    """Compile units at the same time, and link them."""
    command = [*compiler().command, *compiler().target]
    sources = [made.with_name(f"{made.stem}{i or ''}.c") for i in range(len(units))]
    for source, unit in zip(sources, units, strict=True):
        source.write_text(unit.text)
    if len(units) == 1:
        compilers.run([*command, *flags, *units[0].flags, "-o", str(made), str(sources[0])])
        return
    alone = [flag for flag in flags if flag != "-shared"]
    objects = [str(source.with_suffix(".o")) for source in sources]
    compilers.run(
        *(
            [*command, *alone, *unit.flags, "-c", "-o", target, str(source)]
            for source, unit, target in zip(sources, units, objects, strict=True)
        )
    )
    compilers.run([*command, *flags, "-o", str(made), *objects])
