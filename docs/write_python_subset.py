"""Prints docs/python_subset.md: what of Python is compiled, and what is refused, by compiling it.

Run `python docs/write_python_subset.py > docs/python_subset.md`, or `pytest tests/docs --update-golden`. Each program
of `python_subset.txt` is run by Python and compiled; one that does not do what its line says stops the script.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weft as wf
from weft.runtime.errors import WeftError

PROGRAMS = Path(__file__).with_name("python_subset.txt")
INTRO = """# The subset of Python

Written by `docs/write_python_subset.py`, which runs every program below, plainly and compiled, and prints what comes of it.

- **compiled**: tensors decide, and the graph holds the decision; values, prints and exceptions are those of plain Python.
- **as Python**: it runs while the function is traced, and what it computes with tensors is in the graph; again what plain Python gives.
- **refused**: an error with the line and the way out, of which the first line stands here. Nothing is ever run in another way instead.

In each program `x` is a float tensor without axes, `n` an integer one, `v` a vector.
"""
PART = re.compile(r"^## (.*)$", re.MULTILINE)
ROW = re.compile(r"^-- (compiled|python|refused): (.*?)(?: # (.*))?$", re.MULTILINE)
STATUS = {"compiled": "compiled", "python": "as Python", "refused": "refused"}
ARGUMENTS: dict[str, list[Any]] = {
    "x": [np.float32(1.5), np.float32(-1.5), np.float32(4)],
    "n": [np.int32(3), np.int32(0), np.int32(1)],
    "v": [np.array(items, np.float32) for items in ((1, -2, 3), (-1, 2, -3), (4, 5, 6))],
}


@dataclass(frozen=True)
class Row:
    """A construct: whether it is compiled, what it is called, a remark, and a program."""

    status: str
    construct: str
    note: str
    program: str


def parts() -> Iterator[tuple[str, list[Row]]]:
    """The headings of the page, each with its rows."""
    found = PART.split(PROGRAMS.read_text(encoding="utf-8"))[1:]
    for title, text in zip(found[::2], found[1::2], strict=True):
        rows = ROW.split(text)[1:]
        yield (
            title,
            [Row(rows[i], rows[i + 1], rows[i + 2] or "", rows[i + 3].strip("\n")) for i in range(0, len(rows), 4)],
        )


def defined(row: Row) -> Callable[..., Any]:
    """The function `f` of a program, with a source to be found."""
    path = "program.py"
    linecache.cache[path] = (len(row.program), None, row.program.splitlines(True), path)
    module = sys.modules["program"] = types.ModuleType("program")  # data classes look there
    module.__dict__.update(wf=wf)
    exec(compile(row.program, path, "exec", dont_inherit=True), module.__dict__)
    return module.f


class Later:
    """A function that is compiled when it is called, so that what is said then is seen like what a call says."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.compiled: Any = None

    def __call__(self, *args: Any) -> Any:
        self.compiled = self.compiled or wf.compile(self.f)
        return self.compiled(*args)


def outcome(f: Callable[..., Any], arguments: list[Any]) -> Any:
    """What a call gives, or raises, and prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            result: Any = plainly(f(*(wf.tensor(x) for x in arguments)))
        except WeftError as error:
            return error
        except Exception as error:
            result = type(error), str(error)
    return result, printed.getvalue()


def plainly(x: Any) -> Any:
    """A result as numbers, rounded."""
    if isinstance(x, (list, tuple)):
        return [plainly(part) for part in x]
    if isinstance(x, dict):
        return {key: plainly(part) for key, part in x.items()}
    return np.round(np.asarray(x, np.float64), 4).tolist() if isinstance(x, wf.Tensor | int | float) else x


def said(row: Row) -> str:
    """What the page says of a row, after a check that it is so."""
    first = defined(row)
    names = first.__code__.co_varnames[: first.__code__.co_argcount]
    plain, compiled = defined(row), Later(defined(row))
    for arguments in zip(*(ARGUMENTS[name] for name in names), strict=True):
        actual = outcome(compiled, list(arguments))
        if row.status == "refused":
            if not isinstance(actual, WeftError):
                raise SystemExit(f"{row.construct}: not refused, but {actual}")
            return actual.message
        expected = outcome(plain, list(arguments))
        if str(actual) != str(expected):
            raise SystemExit(f"{row.construct} of {arguments}: {actual}, where Python has {expected}")
    return row.note


def cell(program: str) -> str:
    """A program in a cell of a table."""
    lines = [line.replace("|", "\\|").replace(" ", "\u00a0") for line in program.splitlines() if line.strip()]
    return "<br>".join(f"`{line}`" for line in lines)


def page() -> str:
    """The page."""
    text = [INTRO]
    for title, rows in parts():
        text += [f"## {title}\n", "| construct | program | status | |", "|---|---|---|---|"]
        for row in rows:
            told = said(row).replace("|", "\\|").replace("\n", " ")
            text.append(f"| {row.construct} | {cell(row.program)} | {STATUS[row.status]} | {told} |")
        text.append("")
    return "\n".join(text)


if __name__ == "__main__":
    print(page(), end="")
