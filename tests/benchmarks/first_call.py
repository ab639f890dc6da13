"""First calls: how long one waits before a compiled function has run once, and how that grows with the function.

    python tests/benchmarks/first_call.py [--runs 3] [--peers jax.jit,torch.compile] [--write docs/benchmarks/first_call.md]

Every figure is of a process of its own, from before the function is traced until its first result is there; importing
the library comes before, and is given apart. *Cold*: every cache is empty, so the runtime libraries are built as well.
*Warm*: they are there, the function is not. *Cached*: a second process, with the caches that the first one left. Peers
keep theirs where they can; a dash is for what failed, took more than 100 s, or does not apply. The sweep runs weft on chains of mixed ops: maps, means of rows, products.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

WORKLOADS = {"e1": "MLP step, SGD + momentum", "g3": "RNN 32x64 with lengths, with gradient",
             "k": "MAML, gradient of gradient, 25 tasks unrolled", "j": "transformer block, with gradient"}  # fmt: skip
SIZES = (10, 30, 100, 300, 1000, 3000, 5000)
TRAINED = 32  # rows and columns of the chains
AT_MOST = 100.0  # seconds for a first call
LIBRARIES = {"weft": "weft", "jax.jit": "jax", "torch.compile": "torch"}

# -- in the child: one function, called for the first time


def chain(wf: Any, ops: int) -> Callable[[], Any]:
    """A chain of so many mixed ops."""
    import numpy as np

    x = wf.tensor(np.random.default_rng(0).normal(size=(TRAINED, TRAINED)).astype("f") / TRAINED)

    def f(x: Any) -> Any:
        y, kinds = x, (lambda y: wf.tanh(y), lambda y: y + x, lambda y: y * 1.01,
                       lambda y: y - wf.mean(y, axis=-1, keepdims=True), lambda y: y @ x)  # fmt: skip
        done = 0
        while done < ops:
            kind = done % 6
            y = kinds[min(kind, 4)](y)
            done += 2 if kind == 3 else 1
        return y

    return functools.partial(wf.compile(f), x)


def transformer(library: str, module: Any) -> Callable[[], Any]:
    """Row j for a library."""
    blocks = import_module("transformer")
    x, weights = blocks.arrays()
    if library == "weft":
        return functools.partial(blocks.in_weft(weights), module.tensor(x))
    if library == "jax":
        run = module.jit(blocks.in_jax(module, [module.numpy.asarray(w) for w in weights]))
        return lambda: module.block_until_ready(run(x))
    return functools.partial(module.compile(blocks.in_torch(module, weights)), module.tensor(x))


def training(library: str, module: Any) -> Callable[[], Any]:
    """Row e for a library."""
    rows = import_module("rows_training")
    params, (x, y) = rows.mlp_arrays()
    if library == "weft":
        return functools.partial(
            rows.weft_step(params, module.optim.SGD(0.01, momentum=0.9)), *map(module.tensor, (x, y))
        )
    if library == "jax":
        zeros = lambda params: [0 * p for p in params]
        step = rows.jax_step(params, rows.momentum, zeros)
        return functools.partial(step, *map(module.numpy.asarray, (x, y)))
    step = rows.torch_step(params, lambda w: module.optim.SGD(w, 0.01, momentum=0.9))
    return functools.partial(module.compile(step), *map(module.tensor, (x, y)))


class Taken(Exception):  # noqa: N818  (it is no error)
    """What a row gives to its contestants."""


def parts_of(row: str) -> tuple[Any, ...]:
    """The arrays of a row, its function for weft, and those for the others."""

    def take(*given: Any) -> Any:
        raise Taken(*given)

    workloads = import_module("workloads")
    for name in ("rows_training", "rows_loops"):
        vars(import_module(name))["contestants"] = take
    try:
        workloads.ROWS[row]()
    except Taken as taken:
        return taken.args
    raise AssertionError(f"{row} asks for no contestants")


def of_row(library: str, module: Any, row: str) -> Callable[[], Any]:
    """The function of a row for a library, taken from the row itself."""
    arrays, ours, theirs = parts_of(row)
    if library == "weft":
        return functools.partial(module.compile(ours), *map(module.tensor, arrays))
    if library == "jax":
        run, placed = module.jit(theirs["jax"]), [module.numpy.asarray(a) for a in arrays]
        return lambda: module.block_until_ready(run(*placed))
    return functools.partial(module.compile(theirs["torch"]), *map(module.from_numpy, arrays))


def child(library: str, workload: str) -> None:
    """Print the seconds of the import and of the first call."""
    start = time.perf_counter()
    module = import_module(library)
    imported = time.perf_counter() - start
    if library == "jax":
        module.config.update("jax_enable_x64", True)
        module.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        module.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if workload.isdigit():
        run = chain(module, int(workload))
    elif workload in ("e1", "j"):
        run = {"e1": training, "j": transformer}[workload](library, module)
    else:
        run = of_row(library, module, workload)
    start = time.perf_counter()
    run()
    print(json.dumps([imported, time.perf_counter() - start]))


# -- in the parent: processes and tables


def in_process(library: str, workload: str, caches: Path) -> tuple[float, float] | None:
    """The seconds of an import and a first call in a new process; None where it failed, or took too long."""
    names = {"WEFT_CACHE": "weft", "JAX_COMPILATION_CACHE_DIR": "jax", "TORCHINDUCTOR_CACHE_DIR": "torch"}
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, **{name: str(caches / folder) for name, folder in names.items()}, "PYTHONPATH": root}
    command = [sys.executable, __file__, "--child", library, workload]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=AT_MOST, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    imported, first = json.loads(done.stdout.splitlines()[-1])
    return imported, first


def measured(library: str, workload: str, runs: int) -> list[list[float]]:
    """Seconds of several runs: cold, warm and cached."""
    found: list[list[float]] = [[], [], []]
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as place:
            caches = Path(place)
            order = [cold, warm, cached] if library == "weft" else [cold, None, cached]
            for seconds, step in zip(found, order, strict=True):
                if step is not None:
                    timed = step(library, workload, caches)
                    if timed is None:
                        return found
                    seconds.append(timed[1])
    return found


def cold(library: str, workload: str, caches: Path) -> tuple[float, float] | None:
    return in_process(library, workload, caches)


def warm(library: str, workload: str, caches: Path) -> tuple[float, float] | None:
    """The function's own libraries are forgotten."""
    for path in (caches / "weft").glob("graph-*"):
        path.unlink()
    return in_process(library, workload, caches)


cached = cold


def shown(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    spread = f" ({min(seconds):.2g} - {max(seconds):.2g})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.3g}{spread}"


def report(lines: list[str], line: str) -> None:
    lines.append(line)
    print(line, flush=True)


def comparison(lines: list[str], libraries: list[str], rows: list[str], runs: int) -> None:
    report(lines, "| row | workload | library | cold, s | warm, s | cached, s |")
    report(lines, "|---|---|---|---|---|---|")
    for row in rows:
        for name in libraries:
            times = [shown(seconds) for seconds in measured(LIBRARIES[name], row, runs)]
            report(lines, f"| {row} | {WORKLOADS[row]} | {name} | {' | '.join(times)} |")


def sweep(lines: list[str], sizes: list[int], runs: int) -> None:
    report(lines, "| ops | warm, s | warm, ms per op | cached, s | cached, ms per op |")
    report(lines, "|---|---|---|---|---|")
    for n in sizes:
        _, warm_seconds, cached_seconds = measured("weft", str(n), runs)
        each = [
            f"{shown(s)} | {statistics.median(s) / n * 1e3:.2f}" if s else "- | -"
            for s in (warm_seconds, cached_seconds)
        ]
        report(lines, f"| {n} | {' | '.join(each)} |")


def imports(lines: list[str], libraries: list[str], runs: int) -> None:
    found = []
    for name in libraries:
        with tempfile.TemporaryDirectory() as place:
            times = [in_process(LIBRARIES[name], "e1", Path(place)) for _ in range(runs)]
        found.append(f"{name} {shown([t[0] for t in times if t is not None])} s")
    report(lines, f"Importing: {', '.join(found)}.")


def installed(name: str) -> bool:
    command = [sys.executable, "-c", f"import {LIBRARIES[name]}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=2)
    parser.add_argument("--rows", default=",".join(WORKLOADS))
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--peers", default="jax.jit,torch.compile")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    libraries = [name for name in ("weft", *filter(None, options.peers.split(","))) if installed(name)]
    lines: list[str] = []
    comparison(lines, libraries, list(filter(None, options.rows.split(","))), options.runs)
    report(lines, "")
    imports(lines, libraries, options.runs)
    report(lines, "")
    sweep(lines, [int(n) for n in options.sizes.split(",") if n], options.runs)
    if options.write:
        head = (
            f"Measured on {datetime.date.today()} by `python tests/benchmarks/first_call.py --runs {options.runs}`, "
            f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians, with the least and the most."
        )
        about = [paragraph.replace("\n", " ") for paragraph in (__doc__ or "").split("\n\n")[2:]]
        options.write.write_text("\n".join(["# First calls", "", head, "", *about, "", *lines, ""]))


if __name__ == "__main__":
    main()
