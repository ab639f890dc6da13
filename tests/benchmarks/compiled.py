"""The compiled benchmarks: calls, fused maps, rows, training steps, loops and their gradients, recurrent models, images.

    python tests/benchmarks/compiled.py [--rows c1,d1] [--write docs/benchmarks/compiled.md]

Each row is one workload for every library that is installed: weft compiled, NumPy, PyTorch eagerly, JAX jitted. Results
are compared before anything is timed. The workloads are in rows_*.py.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from pathlib import Path

import numpy as np
import rows_loops  # noqa: F401
import rows_maps  # noqa: F401
import rows_training  # noqa: F401
import rows_windows  # noqa: F401
from compare import HEADER, measure, table
from workloads import ROWS, jax, torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    lines = [*HEADER]
    print("\n".join(lines))
    for name in options.rows.split(","):
        made = ROWS[name]()
        found = table(made, measure(made, options.rounds, 0.05))
        lines += found
        print("\n".join(found), flush=True)
    if options.write:
        peers = ", ".join(f"{m.__name__} {m.__version__}" for m in (np, torch, jax) if m)
        head = (
            f"Measured on {datetime.date.today()} by `python tests/benchmarks/compiled.py`, {platform.machine()}, "
            f"{os.cpu_count()} cores, all in one process, in turn; {peers}. Results are compared before they are timed."
        )
        options.write.write_text("\n".join(["# Compiled benchmarks", "", head, "", *lines, ""]))


if __name__ == "__main__":
    if jax:
        jax.config.update("jax_enable_x64", True)
    main()
