"""The compiled benchmarks: calls, fused maps, rows, training steps, loops and their gradients, models, images.

    python tests/benchmarks/compiled.py [--rows c1,d1] [--peers torch,jax] [--write docs/benchmarks/cpu.md]

Each row is one workload, written for weft and for every library that is installed. Weft runs beside one peer at a time,
in a process of their own: results are compared first, then both are timed in turn, round after round. What was
measured is kept under .benchmarks/, row by row, so that some rows may be measured again; `--write` makes the page and
its plots of all that is kept, cliffs.py measured before. The workloads are in rows_*.py, environments.sh makes the environments.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import cliffs
import cpu_page
from compare import alternate, check
from machine import Watch, first_in_line, wait_for_quiet
from targets import TARGETS

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".benchmarks" / "cpu.json"
AT_MOST = {"torch.compile": 100.0}  # seconds for a pair, and for others:
USUALLY = 120.0
RESTS: dict[str, float] = dict.fromkeys(
    ("numpy", "onnxruntime", "tensorflow"), 0.25
)  # seconds between contestants: their threads spin
REST = 0.04  # and for others
QUIET = 0.05  # the share of the cores that others may take
FILES = ("rows_maps", "rows_training", "rows_loops", "rows_solvers", "rows_models", "rows_windows")

# -- in the child: one row, one peer


def pair(name: str, rounds: int) -> dict[str, Any]:
    """Measure a row against the peer of this process."""
    for file in FILES:
        import_module(file)
    workloads = import_module("workloads")
    row, peer = workloads.ROWS[name](), workloads.PEER or ""
    if list(row.contestants) == ["weft"]:
        return {}
    check(row)
    watch = Watch()
    with first_in_line():
        timings = alternate(row, rounds, 0.05, RESTS.get(peer, REST))
    others = watch.others()
    distribution = {"tensorflow": "tensorflow-cpu"}.get(peer, peer.partition(".")[0])
    return {
        "what": row.what, "unit": row.unit, "version": metadata.version(distribution),
        "seconds": {t.name: t.seconds for t in timings}, "others": others, "when": time.time(),
    }  # fmt: skip


# -- in the parent


def in_process(name: str, peer: str, options: argparse.Namespace) -> dict[str, Any]:
    """What a pair measures in a process of its own, or why it did not."""
    python = options.tensorflow if peer == "tensorflow" else sys.executable
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment |= {"BENCHMARK_PEER": peer, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, __file__, "--pair", name, "--rounds", str(options.rounds)]
    most = AT_MOST.get(peer, USUALLY)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=most, check=True,
                              start_new_session=True)  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {most:g} s"}
    except subprocess.CalledProcessError as error:
        return {"failed": (error.stderr.strip().splitlines() or ["no word"])[-1][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def kept() -> dict[str, dict[str, Any]]:
    """All that was measured: by row and peer."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(name: str, peer: str, found: dict[str, Any]) -> None:
    """Take a result in, in place of an older one."""
    everything = kept()
    everything.setdefault(name, {})[peer] = found
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(everything, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(TARGETS))
    parser.add_argument("--peers", default=",".join(cpu_page.PEERS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument(
        "--patience", type=float, default=0.0, help="seconds to wait before a pair for others to be quiet"
    )
    parser.add_argument("--busy", type=float, help="only what others disturbed: where they took more than this share")
    parser.add_argument("--tensorflow", default=sys.executable, help="the python that has tensorflow")
    parser.add_argument("--write", type=Path, help="make the page here, and the plot beside it")
    parser.add_argument("--pair", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pair:
        print(json.dumps(pair(options.pair, options.rounds)))
        return
    print("\n".join(cpu_page.HEADER))
    for name in filter(None, options.rows.split(",")):
        for peer in options.peers.split(","):
            before = kept().get(name, {}).get(peer)
            if options.busy and before is not None and before.get("others", 0.0) <= options.busy:
                continue
            wait_for_quiet(QUIET, options.patience)
            found = in_process(name, peer, options)
            if found:
                keep(name, peer, found)
            if "failed" in found:
                print(f"{name}, {peer}: {found['failed']}", file=sys.stderr)
        if name in kept():
            print(cpu_page.line(name, kept()[name]), flush=True)
    if options.write:
        cpu_page.write(options.write, kept(), json.loads(cliffs.KEPT.read_text()))


if __name__ == "__main__":
    main()
