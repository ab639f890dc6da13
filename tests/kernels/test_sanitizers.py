"""Native programs and the runtime library under the sanitizers of the compiler: clean."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("sanitized.py")
CC = next((cc for cc in ("gcc", "cc", "clang") if shutil.which(cc)), "")
# Vectors are loaded from wherever elements lie, by types that say so.
ADDRESS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=alignment"
KINDS = {"address": ("asan", ADDRESS), "thread": ("tsan", "-fsanitize=thread")}


def library(name: str) -> str:
    """The path of a sanitizer's library; empty if the compiler has none."""
    if not CC:
        return ""
    found = subprocess.run([CC, f"-print-file-name=lib{name}.so"], capture_output=True, text=True, check=True)
    path = found.stdout.strip()
    return path if os.path.isabs(path) else ""


@pytest.mark.skipif(sys.platform != "linux", reason="sanitizers are loaded beforehand as on Linux")
@pytest.mark.parametrize("kind", KINDS)
def test_native_programs_are_clean_under_sanitizers(kind: str, tmp_path: Path) -> None:
    name, flags = KINDS[kind]
    loaded = library(name)
    if not loaded:
        pytest.skip(f"{CC or 'no compiler'} has no lib{name}")
    environment = {
        **os.environ,
        "LD_PRELOAD": loaded,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "WEFT_CC": f"{CC} {flags}",
        "WEFT_CACHE": str(tmp_path),
        "WEFT_EXECUTOR": "native",
        "WEFT_THREADS": "3",
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",  # Python keeps memory until it ends
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=1:report_signal_unsafe=0",
    }
    command = [sys.executable, "-W", "error::RuntimeWarning", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
    assert done.stdout.split()[-1] == "solved"
