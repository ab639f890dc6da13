"""Programs without expected values: what plain Python makes of them is what they must come to.

A file of such programs is a text; each begins with a line `=== name: arguments | other arguments`. It defines `f`,
which is run plainly, rewritten, and compiled. What it gives must agree in values, types, dtypes and shapes, what it
prints to the letter, and what it raises in type, arguments and attributes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import linecache
import re
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import weft as wf
from weft.compiler.frontend import operators
from weft.runtime.errors import SourceError

HEAD = re.compile(r"^=== (\w+): (.*)$", re.MULTILINE)
PRELUDE = (
    "import collections, contextlib, dataclasses, enum, functools, itertools, math, operator, types, typing\n"
    "import weft as wf\n"
)
KNOWN = {
    "F": np.float32,
    "I": np.int32,
    "B": np.bool_,
    "V": lambda *items: np.array(items, np.float32),
    "J": lambda *items: np.array(items, np.int32),
    "M": lambda *rows: np.array(rows, np.float32),
}


@dataclass(frozen=True)
class Raised:
    """An exception: the names of its class and those above, its arguments and attributes."""

    kinds: tuple[type, ...]
    arguments: Any
    attributes: Any

    def fits(self, wanted: Raised) -> bool:
        """Whether who expects one may get this: a class below, or the very same with the same in it.

        What Python itself says of a number or an index differs between its versions.
        """
        kind = wanted.kinds[0]
        if kind.__name__ != self.kinds[0].__name__:
            return kind in self.kinds
        same_words = kind in (ZeroDivisionError, IndexError) or same(wanted.arguments, self.arguments)
        return same_words and same(wanted.attributes, self.attributes)


@dataclass(frozen=True)
class Case:
    """A program and the arguments of its calls."""

    name: str
    source: str
    calls: list[tuple[Any, ...]]
    refused: str = ""  # a piece of the reason, for what weft refuses


def programs(text: str) -> list[Case]:
    """The programs of a text."""
    parts = HEAD.split(text)[1:]
    return [_case(*parts[i : i + 3]) for i in range(0, len(parts), 3)]


def _case(name: str, arguments: str, source: str) -> Case:
    arguments, _, refused = arguments.partition(" refused: ")
    calls = [eval(f"({part},)", dict(KNOWN)) if part.strip() else () for part in arguments.split("|")]
    return Case(name, source, calls, refused)


def defined(case: Case) -> Callable[..., Any]:
    """The function `f` of a program, in a module of its own, with a source to be found."""
    text, path = PRELUDE + case.source, f"<{case.name}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    module = sys.modules[case.name] = types.ModuleType(case.name)  # data classes look there
    exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)
    return module.f


def shown(x: Any) -> Any:
    """A value as something that compares: its kind, and what it holds."""
    if isinstance(x, wf.Tensor):
        return "tensor", str(x.dtype), x.shape, x.numpy()
    if isinstance(x, (list, tuple)):
        return type(x).__name__, [shown(part) for part in x]
    if isinstance(x, dict):
        return type(x).__name__, [(shown(key), shown(value)) for key, value in x.items()]
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return type(x).__name__, [shown(getattr(x, each.name)) for each in dataclasses.fields(x)]
    return type(x).__name__, x if isinstance(x, (int, float, complex, str, bytes)) else repr(x)


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What a call comes to: how it ends, with what, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            how, what = "gives", shown(call())
        except SourceError as error:
            how, what = "refused", str(error)
        except Exception as error:
            how, what = "raises", Raised(type(error).__mro__, shown(error.args), shown(vars(error)))
    return how, what, printed.getvalue()


def same(x: Any, y: Any) -> bool:
    """Whether two outcomes are one, but for rounding; x is plain Python's.

    A number that meets a tensor where paths join may come out as a tensor, and an integer that meets a float as one.
    """
    if _is_number(x) and isinstance(y, tuple) and y[0] == "tensor":
        return y[2] == () and y[3].dtype.kind in _KINDS[x[0]] and bool(np.isclose(x[1], y[3].item()))
    if _is_number(x) and _is_number(y) and _WIDTH[x[0]] < _WIDTH[y[0]]:
        return type(y[1])(x[1]) == y[1]
    if isinstance(x, Raised):
        return isinstance(y, Raised) and y.fits(x)
    if isinstance(x, np.ndarray | float | complex):
        alike = type(x) is type(y) and np.shape(x) == np.shape(y)
        return alike and bool(np.allclose(x, y, rtol=1e-5, atol=1e-6, equal_nan=True))
    if isinstance(x, (list, tuple)):
        return type(x) is type(y) and len(x) == len(y) and all(map(same, x, y))
    return type(x) is type(y) and x == y


_WIDTH = {"bool": 0, "int": 1, "float": 2}
_KINDS = {"bool": "bif", "int": "if", "float": "f"}


def _is_number(x: Any) -> bool:
    return isinstance(x, tuple) and len(x) == 2 and x[0] in ("bool", "int", "float") and isinstance(x[1], (int, float))


def lifted(x: Any) -> Any:
    """An argument, anew for each call: NumPy values as tensors."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(lifted, x))
    return wf.tensor(x) if isinstance(x, np.ndarray | np.generic) else x


def rewritten(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function called through the operators of plain values."""
    return lambda *args: operators.call(function, *args)


def outcomes(case: Case, way: Callable[[Any], Callable[..., Any]]) -> list[tuple[Any, ...]]:
    """What the calls of a program come to, one after the other, in one way of running it."""
    f = way(defined(case))
    return [outcome(lambda arguments=arguments: f(*map(lifted, arguments))) for arguments in case.calls]
