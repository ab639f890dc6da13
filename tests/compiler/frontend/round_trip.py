"""Prints every Python file of this interpreter and of its packages through gast and back, and counts what changes.

    python tests/compiler/frontend/round_trip.py [every]

takes every n-th file. What is printed must parse to the tree that was read. The tests take a sample.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import weft.compiler.frontend.tree as trees
from weft.compiler.frontend.unparse import unparse


def files(kind: str) -> list[Path]:
    """The Python files of the standard library ("stdlib") or of the installed packages ("purelib")."""
    root = Path(sysconfig.get_path(kind))
    return sorted(path for path in root.rglob("*.py") if kind == "purelib" or "site-packages" not in path.parts)


def check(path: Path) -> str:
    """ "same", "changed", "failed: why", or "unreadable" for a file that is no Python, as some tests are."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "unreadable"
    try:
        text = unparse(trees.from_python(tree))
        return "same" if trees.same(ast.parse(text.encode("utf-8")), tree) else "changed"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"


def counted(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each path with its result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the files, not ours
        for path in paths:
            yield path, check(path)


def main() -> None:
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for kind in ("stdlib", "purelib"):
        results = list(counted(files(kind)[::every]))
        same = sum(result == "same" for _, result in results)
        unreadable = sum(result == "unreadable" for _, result in results)
        for path, result in results:
            if result not in ("same", "unreadable"):
                print(path, result)
        readable = len(results) - unreadable
        print(
            f"Python {sys.version.split()[0]} {kind}: {len(results)} files, {unreadable} not Python, "
            f"{same} of {readable} the same = {100 * same / max(readable, 1):.3f} %",
            flush=True,
        )


if __name__ == "__main__":
    main()
