"""One row of the GPU benchmarks in this process: every contestant checked, then timed in turn, and what weft's calls are made of.

Calls put work into a queue; a series of them is timed to the end of its work, so that what counts is what a training
loop sees. The GPU is a real one, or the stand-in of the tests, on which times mean nothing and everything runs.
"""

from __future__ import annotations

import itertools
import json
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from compare import Row, alternate, check

ROOT = Path(__file__).parents[2]
FILES = ("rows_maps", "rows_training", "rows_loops", "rows_models", "rows_windows")
PATIENCE = {"torch.compile": 45, "weft": 45}  # seconds for a contestant's first call, and for others:
USUALLY = 25
SERIES = 20  # calls whose launching is timed, few enough for the queue
DISTRIBUTIONS = ("torch", "jax", "triton", "pycuda", "nvidia-cuda-nvrtc", "nvidia-cublas", "numpy")


def start() -> Any:
    """Weft's GPU, made ready."""
    sys.path.append(str(ROOT / "tests" / "gpu"))
    why = import_module("processes").start()
    if why:
        sys.exit(f"no GPU: {why}")
    return import_module("weft").runtime.device.as_device("cuda:0")


class TooLongError(Exception):
    """A first call that takes more than its time."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def stop(*_: Any) -> None:
        raise TooLongError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def wait(result: Any) -> None:
    """Wait for a result of any library, which is the last of its queue."""
    while isinstance(result, (tuple, list, dict)):
        result = next(iter(result.values() if isinstance(result, dict) else result))
    if hasattr(result, "block_until_ready"):
        result.block_until_ready()
    elif hasattr(result, "detach"):
        import_module("torch").cuda.synchronize()
    elif hasattr(getattr(result, "device", None), "card"):
        result.device.card.synchronize()


def kept_right(row: Row) -> tuple[Row, dict[str, str]]:
    """The row with the contestants that give what is expected in time, and why others do not.

    Errors: whatever weft raises.
    """
    failed: dict[str, str] = {}
    for name, run in row.contestants.items():
        try:
            with at_most(PATIENCE.get(name.partition(" ")[0], USUALLY)):
                check(replace(row, contestants={name: run}))
        except Exception as error:  # of any library
            if name == "weft":
                raise
            failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    return replace(row, contestants={k: v for k, v in row.contestants.items() if k not in failed}), failed


def made_of(run: Any) -> dict[str, Any]:
    """What a call of weft's is made of: launches, bytes and operations of its steps, and what these take by themselves."""
    recording = import_module("weft.compiler.backend.recording")
    told: list[Any] = []
    recording.listeners.append(told.extend)
    try:
        wait(run())
    finally:
        recording.listeners.remove(told.extend)
    inner = [t for t in told if not t.step.is_loop or t.launches]
    return {
        "launches": sum(t.launches for t in told),
        "bytes": sum(t.step.bytes for t in inner),
        "operations": sum(t.step.operations for t in inner),
        "busy": sum(t.end - t.begin for t in inner) / 1e9,
    }


def launching(run: Any, rounds: int) -> float:
    """Seconds that the host needs for a call, without waiting for its work."""
    found = []
    for _ in range(rounds):
        wait(run())
        begin, result = time.perf_counter(), None
        for _ in range(SERIES):
            result = run()
        found.append((time.perf_counter() - begin) / SERIES)
        wait(result)
    return statistics.median(found)


def peaks() -> dict[str, int]:
    """The most bytes that each library held at once."""
    found = {"weft": import_module("weft").memory_stats("cuda:0").peak}
    if "torch" in sys.modules:
        found["torch"] = sys.modules["torch"].cuda.max_memory_allocated()
    if "jax" in sys.modules:
        with suppress(Exception):  # which not every version tells
            found["jax"] = sys.modules["jax"].devices()[0].memory_stats()["peak_bytes_in_use"]
    return found


def measured(name: str, rounds: int, seconds: float) -> dict[str, Any]:
    """All that a row gives."""
    for file in FILES:
        import_module(file)
    row, failed = kept_right(import_module("workloads").ROWS[name]())
    ours = row.contestants["weft"]
    for _ in range(3):  # recorded when addresses come again
        wait(ours())
    timings = alternate(row, rounds, seconds, wait=wait)
    return {
        "row": name, "what": row.what, "moved": row.moved, "failed": failed,
        "seconds": {t.name: t.seconds for t in timings}, "host": launching(ours, 3), **made_of(ours), "peak": peaks(),
    }  # fmt: skip


def machine(device: Any) -> dict[str, Any]:
    """What the GPU is, and what it does at most."""
    shown, wf = import_module("weft.compiler.gpu.shown"), import_module("weft")
    driver = import_module("weft.kernels.cuda_driver")
    rates = {"f32": shown.multiplied(device, "f32"), "bf16": shown.multiplied(device, "bf16")}
    with wf.options(tf32=True):
        rates["tf32"] = shown.multiplied(device, "f32")
    versions = {"python": ".".join(map(str, sys.version_info[:3])), "weft": wf.__version__}
    for name in DISTRIBUTIONS:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    card = device.card
    return {
        "device": card.name, "capability": card.capability, "memory": card.memory, "driver": driver.version(),
        "copy": shown.copied(device), "rates": rates, "versions": versions, "when": time.time(),
    }  # fmt: skip


def run_rows(names: Sequence[str], rounds: int, seconds: float) -> None:
    """Print a line of JSON for each row; `machine` is what the GPU is."""
    device = start()
    with import_module("weft").device("cuda:0"):
        for name in names:
            try:
                found = machine(device) if name == "machine" else measured(name, rounds, seconds)
            except Exception as error:  # the row's, which the page tells
                lines = itertools.chain(str(error).splitlines(), ["no word"])
                found = {"wrong": f"{type(error).__name__}: {next(filter(None, map(str.strip, lines)))[:200]}"}
            print(json.dumps({"row": name, **found}), flush=True)
