"""C compilers: which one this machine has, what it can do, and how it is run.

What a compiler says of itself is kept in a file, under the name and the time of the program that it is: asking takes
longer than loading what it built. A compiler that hangs is ended with all that it started. `WEFT_CC` names one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..runtime.errors import BuildError

TIMEOUT = 120.0  # seconds
ANOTHER = "Set WEFT_CC to another C compiler."


@dataclass(frozen=True)
class Compiler:
    """A C compiler: how it is called, what it says of itself, and the width of its vectors in bytes."""

    command: tuple[str, ...]
    version: str
    width: int
    target: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.command)} ({self.version})"


# -- running


_running: set[Running] = set()


class Running:
    """A command that runs; several may run at the same time."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        pipe = subprocess.PIPE
        try:  # in a group of its own: a driver is ended together with the compiler that it started
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, start_new_session=True
            )
        except OSError as error:
            raise BuildError(f"{command[0]} cannot be run: {error}", "Set WEFT_CC to a C compiler.") from None
        _running.add(self)

    def kill(self) -> None:
        """End it, and what it started, without waiting."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self.process.kill()

    def stop(self) -> None:
        """End it, and what it started."""
        self.kill()
        self.process.communicate()

    def result(self) -> str:
        """What it printed, or else what it said beside that: warnings, and what nvcc tells of kernels.

        Errors: BuildError when it failed, was ended, or takes too long.
        """
        try:
            printed, said = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.stop()
            raise BuildError(f"{self.command[0]} took longer than {TIMEOUT:g} s", ANOTHER) from None
        except BaseException:  # Ctrl-C, say
            self.stop()
            raise
        finally:
            _running.discard(self)
        status = self.process.returncode
        if status:
            how = f"failed with status {status}" if status > 0 else f"was ended by signal {-status}"
            shown = "\n".join(said.strip().splitlines()[:4])
            raise BuildError(f"{' '.join(self.command[:3])} {how}:\n{shown}", ANOTHER)
        return printed or said


def run(*commands: Sequence[str]) -> list[str]:
    """What commands print that run at the same time.

    Errors: BuildError when one is missing, fails, or takes too long.
    """
    running: list[Running] = []
    try:
        for command in commands:
            running.append(Running(command))
        return [each.result() for each in running]
    except BaseException:
        for each in running:
            each.stop()
            _running.discard(each)
        raise


def stop() -> None:
    """End all that runs, for a process that ends."""
    for each in tuple(_running):
        each.kill()


# -- finding


@cache
def processor() -> str:
    """What tells processors apart for which compilers write different code."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor()


def _candidates() -> list[tuple[str, ...]]:
    named = os.environ.get("WEFT_CC") or os.environ.get("CC")
    if named:
        return [tuple(named.split())]
    found: list[tuple[str, ...]] = [(name,) for name in ("cc", "gcc", "clang") if shutil.which(name)]
    if find_spec("ziglang") is not None:
        found.append((sys.executable, "-m", "ziglang", "cc"))
    return found


def _width(macros: str) -> int:
    if "__AVX512F__" in macros:
        return 64
    return 32 if "__AVX2__" in macros else 16


def _native() -> tuple[str, ...]:
    """The flags that build for this machine."""
    return ("-march=native",) if platform.machine() in ("x86_64", "AMD64", "i686") else ("-mcpu=native",)


def _inspect(command: tuple[str, ...]) -> Compiler:
    target = () if any(word.startswith(("-march=", "-mcpu=")) for word in command) else _native()
    macros, said = run([*command, *target, "-dM", "-E", "-x", "c", os.devnull], [*command, "--version"])
    version = next((line for line in said.splitlines() if line.strip()), "")
    return Compiler(command, version, _width(macros), target)


def _files(command: tuple[str, ...]) -> list[Path]:
    """The programs that a command is made of."""
    found = [Path(path) for word in command if (path := shutil.which(word))]
    zig = find_spec("ziglang") if "ziglang" in command else None
    return [*found, Path(zig.origin)] if zig and zig.origin else found


def _identity(command: tuple[str, ...]) -> str:
    """What changes when another compiler, or another processor, answers to a command."""
    parts = [*command, processor(), sys.platform]
    for path in _files(command):
        about = path.stat()
        parts += [str(path.resolve()), str(about.st_mtime_ns), str(about.st_size)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def known(command: tuple[str, ...], folder: Path | None) -> Compiler:
    """What a compiler says of itself, asked now or found in a folder.

    Errors: BuildError when it does not work.
    """
    page = None
    with contextlib.suppress(OSError):
        page = folder / f"compiler-{_identity(command)}.json" if folder else None
    if page is not None:
        with contextlib.suppress(OSError, ValueError, TypeError):  # not there, or damaged: ask
            words, version, width, target = json.loads(page.read_text())
            if isinstance(version, str) and width in (16, 32, 64):
                return Compiler(tuple(words), version, width, tuple(target))
    found = _inspect(command)
    if page is not None:
        with contextlib.suppress(OSError):
            made = page.with_suffix(f".{os.getpid()}")
            made.write_text(json.dumps(astuple(found)))
            os.replace(made, page)
    return found


def find(folder: Path | None) -> Compiler:
    """The C compiler of this machine; what it says of itself is kept in a folder.

    Errors: BuildError when none works, saying which were tried.
    """
    tried = []
    for command in _candidates():
        try:
            return known(command, folder)
        except BuildError as error:
            tried.append(f"{' '.join(command)}: {error.message.splitlines()[0]}")
    raise BuildError(
        f"no C compiler was found ({'; '.join(tried) or 'cc, gcc, clang and ziglang were looked for'})",
        "Install gcc or clang, or `pip install ziglang`; without one graphs are interpreted.",
    )
