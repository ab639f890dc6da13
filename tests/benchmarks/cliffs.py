"""No cliffs: what an element, a trip, a changed row costs as sizes grow; what a second thread gives; peak memory.

    python tests/benchmarks/cliffs.py [--only size,trips]

Each kind is measured in processes of its own. The results are kept under .benchmarks/ beside those of compiled.py,
whose `--write` puts them on the page. How compiling grows with the function is in first_call.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from compare import calls_for, timed
from machine import first_in_line

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".benchmarks" / "cliffs.json"
SIZES = [10**k for k in range(9)]
TRIPS = [10**k for k in range(7)]
LENGTHS = [10**k for k in range(2, 7)]
CHANGES = 100_000  # trips, each of which changes a row of 10
Found = dict[str, Any]

# -- in the child


def seconds(run: Callable[[], Any]) -> float:
    """The median of seven slices of a call's seconds."""
    run()
    return timed(run, calls_for(run, 0.05), 7)


def by_size() -> Found:
    """Nanoseconds per element of a map, of the softmax of rows of 1000 at most, and of a sum; NumPy's map and sum too."""
    import numpy as np

    import weft as wf

    gelu = lambda x: 0.5 * x * (1 + wf.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
    ours = {"map": wf.compile(gelu), "softmax": wf.compile(lambda x: wf.softmax(x, -1)), "sum": wf.compile(wf.sum)}
    found: Found = {name: [] for name in (*ours, "numpy's map", "numpy's sum")}
    for n in SIZES:
        x = np.random.default_rng(0).normal(size=n).astype(np.float32)
        given = wf.tensor(x)
        rows = wf.tensor(x.reshape(-1, min(n, 1000)))
        for name, f in ours.items():
            argument = rows if name == "softmax" else given
            found[name].append(seconds(lambda f=f, argument=argument: f(argument)) / n * 1e9)
        in_numpy = lambda x=x: (
            0.5 * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))
        )
        found["numpy's map"].append(seconds(in_numpy) / n * 1e9)
        found["numpy's sum"].append(seconds(x.sum) / n * 1e9)
    return found


def by_trips() -> Found:
    """Nanoseconds per trip of a loop of numbers, of one of vectors of 100, and of the latter's gradient."""
    import weft as wf

    def of_numbers(x: Any, n: Any) -> Any:
        t, y = wf.asarray(0), x[0]
        while t < n:
            y = y * 0.5 + 1.0
            t = t + 1
        return y

    def of_vectors(x: Any, n: Any) -> Any:
        t = wf.asarray(0)
        while t < n:
            x = wf.sin(x) + 0.1
            t = t + 1
        return wf.sum(x)

    loops = {"numbers": of_numbers, "vectors of 100": of_vectors, "their gradient": wf.grad(of_vectors)}
    found: Found = {}
    for name, loop in loops.items():
        f, x = wf.compile(loop), wf.ones(100)
        given = [wf.asarray(n) for n in TRIPS]
        found[name] = [seconds(lambda n=n, f=f, x=x: f(x, n)) / int(n) * 1e9 for n in given]
    return found


def by_length() -> Found:
    """Nanoseconds per trip of loops that change a row of 10 elements of an array, and that read one, differentiated."""
    import weft as wf

    def changing(x: Any, n: Any) -> Any:
        t = wf.asarray(0)
        while t < n:
            x[t % len(x)] = x[t % len(x)] + 1.0
            t = t + 1
        return x

    def reading(x: Any, n: Any) -> Any:
        t, h = wf.asarray(0), wf.zeros(10)
        while t < n:
            h = wf.sin(x[t % len(x)] + h)
            t = t + 1
        return wf.sum(h)

    found: Found = {}
    for name, loop in {"a row changed": changing, "the gradient of a row read": wf.grad(reading)}.items():
        found[name] = []
        for length in LENGTHS:
            f, x = wf.compile(loop), wf.zeros((length // 10, 10))
            none, many = (seconds(lambda n=n, f=f, x=x: f(x, n)) for n in (wf.asarray(0), wf.asarray(CHANGES)))
            found[name].append((many - none) / CHANGES * 1e9)
    return found


def on_threads() -> Found:
    """Milliseconds of some workloads, on as many threads as the environment says."""
    import numpy as np
    import transformer

    import weft as wf

    x = wf.tensor(np.random.default_rng(0).normal(size=1 << 24).astype(np.float32))
    square = wf.reshape(x, (4096, 4096))[:1024, :1024]
    gelu = lambda x: 0.5 * x * (1 + wf.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
    given, weights = transformer.arrays()
    block, placed = transformer.in_weft(weights), wf.tensor(given)
    maps, rows, sums, products = map(wf.compile, (gelu, lambda x: wf.softmax(x, -1), wf.sum, wf.matmul))
    table = wf.reshape(x, (16384, 1024))
    runs = {"GELU, 16M": lambda: maps(x), "softmax, 16384x1024": lambda: rows(table), "sum, 16M": lambda: sums(x),
            "matmul, 1024x1024": lambda: products(square, square),
            "transformer block, with gradient": lambda: block(placed)}  # fmt: skip
    return {name: seconds(run) * 1e3 for name, run in runs.items()}


def peak(library: str) -> Found:
    """Megabytes a process holds at most: when the library is there and the weights are drawn, and after ten steps."""
    import transformer

    module = import_module(library)
    x, weights = transformer.arrays()
    before = _highest()
    if library == "weft":
        gradient, given = transformer.in_weft(weights), module.tensor(x)
    elif library == "torch":
        gradient, given = transformer.in_torch(module, weights), module.tensor(x)
    else:
        jitted = module.jit(transformer.in_jax(module, [module.numpy.asarray(w) for w in weights]))
        gradient, given = lambda x: module.block_until_ready(jitted(x)), module.numpy.asarray(x)
    for _ in range(10):
        gradient(given)
    return {"before": before, "highest": _highest()}


def _highest() -> float:
    """The most that this process held, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def installed() -> Found:
    """Row n: megabytes of a library's own files, and the least seconds of seven imports, each in a fresh process."""
    from importlib import metadata

    import eager

    found: Found = {"weft": [eager.own_bytes() / 1e6, eager.import_time("weft")]}
    for name, parts in {"numpy": ["numpy"], "torch": ["torch"], "jax": ["jax", "jaxlib"]}.items():
        files = [f.locate() for part in parts for f in metadata.files(part) or ()]
        size = sum(Path(f).stat().st_size for f in files if Path(f).is_file() and "__pycache__" not in str(f))
        found[name] = [size / 1e6, eager.import_time(name)]
    return found


KINDS: dict[str, Callable[[], Found]] = {
    "size": by_size, "trips": by_trips, "length": by_length, "threads": on_threads, "installed": installed,
    **{f"memory {name}": lambda name=name: peak(name) for name in ("weft", "torch", "jax")},
}  # fmt: skip

# -- in the parent


def in_process(kind: str, **environment: str) -> Found:
    """What a kind finds in a process of its own."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, __file__, "--child", kind]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, start_new_session=True)
    return json.loads(done.stdout.splitlines()[-1])


def measured(kind: str) -> Found:
    """The results of a kind; of threads, beside one another."""
    if kind != "threads":
        return in_process(kind)
    one, two = (in_process(kind, WEFT_THREADS=n) for n in "12")
    return {name: [one[name], two[name]] for name in one}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        with first_in_line():
            print(json.dumps(KINDS[options.child]()))
        return
    KEPT.parent.mkdir(exist_ok=True)
    for kind in options.only.split(","):
        found = measured(kind)
        print(kind, json.dumps(found), flush=True)
        everything = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        KEPT.write_text(json.dumps(everything | {kind: found}, indent=1))


if __name__ == "__main__":
    main()
