"""The command line: `weft demo`, `inspect`, `run`, `devices` and `--version`; the same with `python -m weft`.

Exit codes: 0 all went well, 1 it ran but fell short or failed with an error of weft, 2 the command was not understood.
This file reads arguments and prints; what is done stands in other files.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import weft as wf
from weft import demo
from weft.compiler.export import arrays, shown

THREADS = "OPENBLAS_NUM_THREADS"
EXAMPLES = """examples:
  weft demo                    train on handwritten digits, save, restore, draw
  weft demo --out /tmp/digits  write the checkpoint and the picture there
  weft demo --epochs 4 --quiet a quicker, quieter run
  weft inspect model.weft      what a bundle takes, gives and holds
  weft inspect model.weft --graph call
  weft run model.weft --input x.npy --output y.npy
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
    add_inspect(commands.add_parser("inspect", help="show the entries, ops and variables of a bundle"))
    add_run(commands.add_parser("run", help="run an entry of a bundle on arrays from files"))
    commands.add_parser("devices", help="list the devices at hand").set_defaults(do=list_devices)
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
    command.set_defaults(do=run_demo)


def add_inspect(command: argparse.ArgumentParser) -> None:
    """The options of `weft inspect`."""
    command.add_argument("bundle", metavar="FILE", help="that wf.export wrote")
    command.add_argument("--graph", metavar="ENTRY", help="print the graph of an entry instead")
    command.set_defaults(do=inspect_bundle)


def add_run(command: argparse.ArgumentParser) -> None:
    """The options of `weft run`."""
    command.add_argument("bundle", metavar="FILE", help="that wf.export wrote")
    command.add_argument("--entry", default="call", metavar="NAME", help="which entry (call)")
    command.add_argument("--input", action="append", default=[], metavar="[NAME=]ARRAYS", help="an .npy or .npz file; again for more")  # fmt: skip
    command.add_argument(
        "--output", metavar="ARRAYS", help="an .npy or .npz file for the results, else they are printed"
    )
    command.set_defaults(do=run_bundle)


def positive(text: str) -> int:
    """An argument that is an integer of at least 1."""
    n = int(text)
    if n < 1:
        raise ValueError(text)
    return n


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; gives the exit code."""
    options = parser().parse_args(arguments)
    do: Callable[[argparse.Namespace], int] = options.do
    try:
        return do(options)
    except wf.WeftError as error:
        print(f"weft {options.command}: {error.message} {error.hint}".rstrip(), file=sys.stderr)
    except OSError as error:
        print(f"weft {options.command}: {error}", file=sys.stderr)
    return 1


def run_demo(options: argparse.Namespace) -> int:
    """`weft demo`."""
    accuracy = demo.run(options.out, epochs=options.epochs, seed=options.seed, quiet=options.quiet)
    return 0 if accuracy >= demo.GOAL or options.epochs < demo.EPOCHS else 1


def list_devices(_: argparse.Namespace) -> int:
    """`weft devices`."""
    print(*wf.list_devices(), sep="\n")
    return 0


def inspect_bundle(options: argparse.Namespace) -> int:
    """`weft inspect`."""
    bundle = wf.load_bundle(options.bundle)
    print(bundle[options.graph].program.graph if options.graph else shown.described(bundle))
    return 0


def run_bundle(options: argparse.Namespace) -> int:
    """`weft run`."""
    entry = wf.load_bundle(options.bundle)[options.entry]
    results = arrays.run(entry, arrays.read(options.input, [one.name for one in entry.inputs]))
    if options.output:
        arrays.write(options.output, results)
    for name, x in results.items() if not options.output else ():
        print(f"{name}: {x!r}")
    return 0


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
