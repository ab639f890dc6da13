"""Where the header files of CUDA are: in a toolkit, in wheels beside this Python, or in wheels fetched into a cache.

The stand-in needs two of them for the layouts of vectors and of the driver's functions, PyCUDA needs more. This file
knows folders and pip, and nothing of what is built with them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = 13000  # the version of CUDA whose functions the stand-in has
NEEDED = ("cuda.h", "cudaProfiler.h", "vector_types.h", "vector_functions.h", "crt/host_defines.h")
TOOLKITS = ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT")
WHEELS = ("nvidia-cuda-runtime>=13,<14", "nvidia-cuda-crt>=13,<14", "nvidia-cuda-profiler-api>=13,<14")


class MissingError(Exception):
    """Why the stand-in, or PyCUDA, cannot be had here."""


def headers(cache: Path) -> Path:
    """The folder with CUDA's header files. Errors: MissingError."""
    for folder in candidates():
        if fits(folder):
            return folder
    return fetched(cache / "headers")


def candidates() -> Iterator[Path]:
    """Folders that may have the header files: toolkits first, then wheels."""
    for name in TOOLKITS:
        if os.environ.get(name):
            yield Path(os.environ[name]) / "include"
    if compiler := shutil.which("nvcc"):
        yield Path(compiler).resolve().parent.parent / "include"
    yield Path("/usr/local/cuda/include")
    for folder in sys.path:
        yield Path(folder) / "nvidia" / "cu13" / "include"


def fits(folder: Path) -> bool:
    """Whether a folder has all header files, of a version that the stand-in knows."""
    if not all((folder / name).is_file() for name in NEEDED):
        return False
    found = re.search(r"#define\s+CUDA_VERSION\s+(\d+)", (folder / "cuda.h").read_text())
    return found is not None and int(found[1]) >= OLDEST


def fetched(target: Path) -> Path:
    """The header files from wheels, which pip brings once."""
    folder = target / "nvidia" / "cu13" / "include"
    if not fits(folder):
        pip("install", "--quiet", "--no-deps", "--target", str(target), *WHEELS, what="CUDA's header files")
    if not fits(folder):
        raise MissingError(f"CUDA's header files of version {OLDEST // 1000} or later are not here, nor in the wheels")
    return folder


def pip(*arguments: str, what: str, home: Path | None = None) -> None:
    """Run pip; where it fails, the last line it wrote is the reason."""
    variables = dict(os.environ)
    if home:
        variables["HOME"] = str(home)
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        raise MissingError(f"{what}: {lines[-1]}")
