"""The GPU benchmarks: one command that tests weft on a GPU and measures it there, in less than ten minutes.

    python tests/benchmarks/gpu.py [--write docs/benchmarks/gpu.md]

First the tests of tests/gpu run, up to the first that fails. Then the GPU's copy and products are measured, and after
them one workload at a time, beside PyTorch, eager and compiled, and JAX where they are installed: results first, then
times in turn, in a process for each row. What was measured is kept in .benchmarks/gpu.json, row by row. With `--small`
all of it runs at tiny sizes in one process, on the tests' stand-in where there is no GPU: times mean nothing then.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gpu_page
import gpu_rows

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".benchmarks" / "gpu.json"
IN_ALL = 590.0  # seconds
FOR_TESTS = 200.0  # of them at most
FOR_A_ROW = 90.0
PEERS = "torch,torch.compile,jax"
OWN_TEST = "tests/gpu/test_gpu_benchmarks.py"  # which runs this script
SIDE_BY_SIDE = min(8, os.cpu_count() or 1)  # processes of the tests, where pytest-xdist is there
PROGRESS = re.compile(r"^[.sFEx]+(?: +\[ *\d+%\])?$", re.MULTILINE)


class Clock:
    """How much time is left."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self, most: float) -> float:
        """Seconds that something may take."""
        return max(min(most, self.end - time.monotonic()), 0.0)


def tests(paths: Sequence[str], seconds: float) -> str:
    """What the tests say at their end; nothing is run after the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--ignore={OWN_TEST}", *paths]
    command += ["-n", str(SIDE_BY_SIDE)] * (find_spec("xdist") is not None)
    environment = {**os.environ, "WEFT_REQUIRE_GPU_TESTS": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        passed = PROGRESS.findall((late.stdout or b"").decode(errors="replace"))
        count = sum(line.count(".") for line in passed)
        return f"tests of {' '.join(paths)}: not done after {seconds:.0f} s; {count} passed, none failed"
    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["no word"]
    if done.returncode:
        print(done.stdout[-4000:], file=sys.stderr)
    return f"tests of {' '.join(paths)}: {lines[-1].strip('= ')}"


def results(names: Sequence[str], options: argparse.Namespace, seconds: float) -> Iterator[dict[str, Any]]:
    """What a process of its own measures of these rows; where it fails, why."""
    sizes = "small" if options.small else "gpu"
    environment = {**os.environ, "BENCHMARK_PEER": options.peers, "BENCHMARK_DEVICE": "cuda", "BENCHMARK_SIZES": sizes,
                   "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])), "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # fmt: skip
    command = [sys.executable, __file__, "--here", ",".join(names), *["--small"] * options.small]
    command += ["--rounds", str(options.rounds)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=max(seconds, 1.0))
    except subprocess.TimeoutExpired:
        yield {"row": names[0], "wrong": f"not done after {seconds:.0f} s"}
        return
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    yield from found
    if done.returncode:
        word = (done.stderr.strip().splitlines() or ["no word"])[-1][:200]
        yield {"row": names[len(found)] if len(found) < len(names) else names[-1], "wrong": word}


def kept() -> dict[str, Any]:
    """All that was measured, by row; under `machine` where, under `tests` what the tests said."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(gpu_page.GOALS))
    parser.add_argument("--peers", default=PEERS)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--tests", default="tests/gpu", help="what is tested first; empty: nothing")
    parser.add_argument("--small", action="store_true", help="only see whether everything runs; keep nothing")
    parser.add_argument("--write", type=Path, help="make the page here, of all that is kept")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here is not None:
        gpu_rows.run_rows(options.here.split(","), options.rounds, 0.001 if options.small else 0.03)
        return 0
    everything = {} if options.small else kept()
    wrong = measure(everything, options)
    if not options.small:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(everything, indent=1))
    if options.write:
        gpu_page.write(options.write, everything)
    return 1 if wrong else 0


def measure(everything: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Run the tests and the rows, and print what they give; the rows that went wrong."""
    clock = Clock(IN_ALL)
    if options.tests:
        everything["tests"] = tests(options.tests.split(","), clock.left(FOR_TESTS))
        print(everything["tests"], flush=True)
    names = ["machine", *filter(None, options.rows.split(","))]
    together = [names] if options.small else [[name] for name in names]
    wrong: list[str] = []
    for some in together:
        for found in results(some, options, clock.left(IN_ALL if options.small else FOR_A_ROW)):
            everything[found["row"]] = found
            print(gpu_page.told(found, everything), flush=True)
            wrong += [found["row"]] if "wrong" in found else []
    return wrong


if __name__ == "__main__":
    sys.exit(main())
