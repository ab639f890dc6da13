"""Prints docs/ops.md, the list of ops, from the op table.

Run `python docs/write_ops.py > docs/ops.md`, or `pytest tests/docs --update-golden`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weft as wf
from weft.runtime.op import Op
from weft.runtime.tensor import OPS

HEAD = """# Ops

The op table, one line for each op, and after it the functions that combine ops. Written by `docs/write_ops.py`.

- **gradient**: *yes*; *0* where the result is constant almost everywhere; *none* where a gradient that arrives is an error.
- **ONNX** and **C** say what the op becomes when it is exported or compiled; an empty cell means that the op is built from others or
  falls back to its NumPy kernel. `{0}`, `{1}` are the operands; functions `wf_...` belong to the prelude of the kernels.
- Names in *italics* are used inside gradients and by other functions; they are no names of `wf`.
"""

COMPOSITES = """
## Functions that combine ops

Their gradients are those of the ops that they are made of.

| function | arguments | what it gives |
|---|---|---|
"""

PARTS = ("linalg", "fft", "random")
OF_TENSORS = ("ops.", "linalg", "fft", "random", "creation", "ranges", "selection", "attention", "dropout", "interop")


def ops() -> list[Op[...]]:
    """Every op once, by the file that defines it and then by name."""
    found = {id(x): x for x in OPS.values() if isinstance(x, Op)}
    return sorted(found.values(), key=lambda op: (op.__module__, op.name))


@cache
def imported_names(module: str) -> frozenset[str]:
    """The names that a module has from elsewhere."""
    found = ast.walk(ast.parse(inspect.getsource(import_module(module))))
    return frozenset(a.asname or a.name for node in found if isinstance(node, ast.ImportFrom) for a in node.names)


def module_of(op: Op[...]) -> str:
    """The module that defines an op; those that a family made are found by who has them without importing them."""
    for module in sorted(m for m in sys.modules if m.startswith("weft.runtime.")):
        names = [name for name, value in vars(sys.modules[module]).items() if value is op]
        if any(name not in imported_names(module) for name in names):
            return module
    return op.__module__


def gradient(op: Op[...]) -> str:
    """Whether an op has a gradient, in a word."""
    if op.rules is None or (isinstance(op.rules, tuple) and op.rules and all(rule is None for rule in op.rules)):
        return "0"
    return "none" if op.rules == () else "yes"


def is_public(op: Op[...]) -> bool:
    """Whether the face, or one of its parts, offers it."""
    parts = [wf, *(value for value in vars(wf).values() if inspect.ismodule(value))]
    return any(value is op for part in parts for value in vars(part).values())


def cell(text: object) -> str:
    """Text that stays inside a cell of a table."""
    return " ".join(str(text or "").split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text as code in a cell."""
    return f"`{cell(text)}`" if text else ""


def row(op: Op[...]) -> str:
    """An op as a line of the table."""
    signature = op.signature().removeprefix(op.name)
    name = f"`{op.name}`" if is_public(op) else f"*{op.name}*"
    first = (op.__doc__ or "").strip().split("\n\n")[0]
    expression = op.c if isinstance(op.c, str) else ""
    return f"| {name} | {code(signature)} | {cell(first)} | {gradient(op)} | {op.onnx or ''} | {code(expression)} |"


def section(module: str, members: Iterable[Op[...]]) -> str:
    """The ops of one file under what its docstring says first."""
    title = (import_module(module).__doc__ or module).strip().splitlines()[0]
    head = "| op | operands and attributes | what it gives | gradient | ONNX | C |\n|---|---|---|---|---|---|"
    return "\n".join([f"\n## {title.rstrip('.')}\n", head, *map(row, members)])


def composites() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions over tensors that are no ops, by their names."""
    parts: list[tuple[str, ModuleType]] = [("wf", wf), *((f"wf.{name}", getattr(wf, name)) for name in PARTS)]
    for prefix, part in parts:
        for name in sorted(getattr(part, "__all__", None) or vars(part)):
            value = getattr(part, name)
            if inspect.isfunction(value) and not name.startswith("_") and module_name(value).startswith(OF_TENSORS):
                yield f"{prefix}.{name}", value


def module_name(function: Callable[..., Any]) -> str:
    """Where a function is defined, inside the runtime."""
    return function.__module__.removeprefix("weft.runtime.")


def composite_row(name: str, function: Callable[..., Any]) -> str:
    """A function as a line of the table."""
    parameters = inspect.signature(function).parameters.values()
    bare = inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
    return f"| `{name}` | {code(bare)} | {cell((function.__doc__ or '').strip().splitlines()[0])} |"


def page() -> str:
    """The whole page."""
    placed = sorted(((module_of(op), op) for op in ops()), key=lambda pair: (pair[0], pair[1].name))
    groups = groupby(placed, key=lambda pair: pair[0])
    sections = "\n".join(section(module, [op for _, op in pairs]) for module, pairs in groups)
    rows = "\n".join(composite_row(*found) for found in composites())
    return f"{HEAD}{sections}\n{COMPOSITES}{rows}"


if __name__ == "__main__":
    print(page())
