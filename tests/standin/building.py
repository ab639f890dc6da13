"""Building the stand-in for a GPU: libcuda.so.1, libnvrtc.so.13 and libcublasLt.so.13, in a folder of a cache.

The folder is named by what it is made of, so nothing has to be told apart later, and a change builds anew. As a command
it builds and says where: `python tests/standin/building.py`; with `compile FILE.cu` it compiles a kernel.

This file knows g++ and files; `loading` loads what it makes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from headers import MissingError, headers

HERE = Path(__file__).parent
PARTS = ("driver", "device", "nvrtc", "cublaslt")
FLAGS = ("-std=gnu++17", "-O2", "-g1", "-fPIC", "-fvisibility=hidden", "-U_FORTIFY_SOURCE")
FLAGS += ("-Wall", "-Wextra", "-Wno-deprecated-declarations")
DRIVER, COMPILER, PRODUCTS = "libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13"
UNUSED = 14 * 24 * 3600  # seconds after which a build is removed
# What PyCUDA links and nobody here calls: textures, arrays, links between processes and devices, the profiler.
STUB = 'int {0}(void) {{ fprintf(stderr, "stand-in: {0} is not there\\n"); return 801; }}\n'


def cache_folder() -> Path:
    """Where built things are kept: `WEFT_STANDIN_CACHE`, or a folder of the user's cache."""
    if named := os.environ.get("WEFT_STANDIN_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft-standin"


@cache
def built() -> Path:
    """The folder with the three libraries, built now or before. Errors: MissingError."""
    check_machine()
    root = cache_folder()
    root.mkdir(parents=True, exist_ok=True)
    with alone(root / "lock"):
        include = headers(root)
        folder = root / f"standin-{stamp(include)}"
        if not (folder / PRODUCTS).exists():
            make(folder, include)
            remove_old(root)
        os.utime(folder)
    return folder


def remove_old(root: Path) -> None:
    """Remove what was built once and not used for a while: each is 50 MB."""
    for folder in root.glob("standin-*"):
        if time.time() - folder.stat().st_mtime > UNUSED:
            shutil.rmtree(folder, ignore_errors=True)


def check_machine() -> None:
    """Raise MissingError where the stand-in cannot run."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise MissingError("the stand-in for a GPU runs on Linux on x86-64 only")
    if not shutil.which(compiler()):
        raise MissingError(f"the stand-in for a GPU is compiled by {compiler()}, which is not here")


def compiler() -> str:
    """The C++ compiler: `CXX`, or g++."""
    return os.environ.get("CXX") or "g++"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process at a time in."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stamp(include: Path) -> str:
    """What tells one stand-in from another: sources, compiler, headers, and the machine's instructions."""
    digest = hashlib.sha256()
    for path in sorted(p for part in PARTS for p in (HERE / part).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    version = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    digest.update(f"{version}{include}{machine()}{FLAGS}{STUB}".encode())
    digest.update((include / "cuda.h").read_bytes())
    return digest.hexdigest()[:16]


def machine() -> str:
    """The instructions that kernels may use: those with fused products and sums where the machine has them."""
    known = Path("/proc/cpuinfo").read_text().split()
    return "x86-64-v3" if {"fma", "avx2", "bmi2"} <= set(known) else "x86-64"


def make(folder: Path, include: Path) -> None:
    """Compile everything into a new folder and give it its name when it is whole."""
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "modules").mkdir(parents=True)
    shutil.copytree(HERE / "device", draft / "device")
    (draft / "cuda").symlink_to(include)
    defines = [f'-DSTANDIN_STAMP="{folder.name.split("-")[1]}"', f'-DSTANDIN_MARCH="{machine()}"']
    defines += [f'-DSTANDIN_CXX="{compiler()}"', f"-I{include}"]
    objects = compiled(draft, defines)
    link(draft, DRIVER, [*objects["driver"], stubs(draft)])
    (draft / "libcuda.so").symlink_to(DRIVER)
    link(draft, COMPILER, [*objects["nvrtc"], draft / DRIVER])
    link(draft, PRODUCTS, [*objects["cublaslt"], draft / DRIVER])
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def compiled(draft: Path, defines: Sequence[str]) -> dict[str, list[Path]]:
    """The object files of each library, compiled side by side."""
    jobs = [(part, source) for part in PARTS for source in sorted((HERE / part).glob("*.cpp"))]

    def compile_one(job: tuple[str, Path]) -> tuple[str, Path]:
        part, source = job
        to = draft / f"{part}-{source.stem}.o"
        run(compiler(), *FLAGS, *defines, "-c", str(source), "-o", str(to))
        return part, to

    objects: dict[str, list[Path]] = {part: [] for part in PARTS}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for part, to in pool.map(compile_one, jobs):
            objects[part].append(to)
    return objects


def stubs(draft: Path) -> Path:
    """The object file of the functions that are only linked."""
    source, to = draft / "stubs.c", draft / "stubs.o"
    names = (HERE / "driver" / "stubs.txt").read_text().split()
    source.write_text("#include <stdio.h>\n" + "".join(STUB.format(name) for name in names))
    run("gcc", "-O1", "-fPIC", "-c", str(source), "-o", str(to))
    return to


def link(draft: Path, name: str, parts: Sequence[Path]) -> None:
    """Make a shared library of object files and libraries."""
    run(compiler(), "-shared", f"-Wl,-soname,{name}", "-o", str(draft / name), *map(str, parts), "-ldl", "-lpthread")


def run(*command: str) -> None:
    """Run a command; what it wrote is the error where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(f"{' '.join(command)}\n{done.stderr or done.stdout}")


def main(arguments: Sequence[str]) -> None:
    """Build; compile a kernel where a file is named."""
    print(built())
    if arguments[:1] == ["compile"]:
        from loading import compile_kernels

        path = Path(arguments[1])
        path.with_suffix(".so").write_bytes(compile_kernels(path.read_text(), name=path.name))


if __name__ == "__main__":
    main(sys.argv[1:])
