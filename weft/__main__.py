"""The command line: `weft demo`, `weft devices`, `weft --version`; the same with `python -m weft`.

Exit codes: 0 all went well, 1 it ran but fell short or failed with an error of weft, 2 the command was not understood.
This file reads arguments and prints; what is done stands in other files.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import weft as wf
from weft import demo

THREADS = "OPENBLAS_NUM_THREADS"
EXAMPLES = """examples:
  weft demo                    train on handwritten digits, save, restore, draw
  weft demo --out /tmp/digits  write the checkpoint and the picture there
  weft demo --epochs 4 --quiet a quicker, quieter run
  weft devices                 what weft can compute on here
"""


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    top = argparse.ArgumentParser(
        prog="weft", description=first_line(wf), epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"weft {wf.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    add_demo(commands.add_parser("demo", help="train a classifier of handwritten digits", description=first_line(demo)))
    commands.add_parser("devices", help="list the devices at hand")
    return top


def first_line(module: ModuleType) -> str:
    """What a module says first of itself."""
    return (module.__doc__ or "").partition("\n")[0]


def add_demo(command: argparse.ArgumentParser) -> None:
    """The options of `weft demo`."""
    command.add_argument("--out", type=Path, default=Path("demo"), metavar="FOLDER", help="where files go (./demo)")
    command.add_argument("--epochs", type=positive, default=demo.EPOCHS, help=f"passes over the data ({demo.EPOCHS})")
    command.add_argument("--seed", type=int, default=0, help="of the split, the first weights and the order (0)")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def positive(text: str) -> int:
    """An argument that is an integer of at least 1."""
    n = int(text)
    if n < 1:
        raise ValueError(text)
    return n


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; gives the exit code."""
    options = parser().parse_args(arguments)
    if options.command == "devices":
        print(*wf.list_devices(), sep="\n")
        return 0
    try:
        accuracy = demo.run(options.out, epochs=options.epochs, seed=options.seed, quiet=options.quiet)
    except (wf.WeftError, OSError) as error:
        print(f"weft demo: {error}", file=sys.stderr)
        return 1
    return 0 if accuracy >= demo.GOAL or options.epochs < demo.EPOCHS else 1


def start() -> int:
    """The command as a process: `main`, and for the demo one BLAS thread.

    Its matrices are small, and OpenBLAS's threads wait for each other by spinning, which on a busy machine costs ten
    times the work itself. NumPy reads the number of threads when it is imported, so the process starts again.
    """
    if sys.argv[1:2] == ["demo"] and THREADS not in os.environ and os.name == "posix":
        os.environ[THREADS] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return main()


if __name__ == "__main__":
    sys.exit(start())
