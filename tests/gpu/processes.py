"""Processes that use a GPU: this one, and others for what ends a process, or needs another driver."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from weft.kernels import cuda_driver

TESTS = Path(__file__).resolve().parents[1]
STANDIN = TESTS / "standin"
START = "import processes\nassert not (why := processes.start()), why\nimport weft as wf\n"


def start() -> str:
    """Make a GPU ready, the stand-in if there is no other; why that cannot be, or nothing."""
    if not os.environ.get("WEFT_STANDIN") and Path("/dev/nvidiactl").exists():
        return ""
    if str(STANDIN) not in sys.path:
        sys.path.append(str(STANDIN))
    import loading

    why = loading.reason()
    if not why:
        loading.start()
    return why or ""


def is_standin() -> bool:
    """Whether the driver is the stand-in."""
    return cuda_driver.has("standin_set")


def run(program: str, standin: str = "", status: int = 0, **variables: str) -> str:
    """What a program prints in a process of its own that has a GPU, with these options of the stand-in."""
    paths = os.pathsep.join(map(str, (TESTS.parent, TESTS / "gpu", *filter(None, [os.environ.get("PYTHONPATH")]))))
    options = {"WEFT_STANDIN": standin} if standin else {}
    environment = {**os.environ, **options, **variables, "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", START + program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout
