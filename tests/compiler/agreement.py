"""Whether a function does the same compiled as it does in Python: what it gives, raises, prints and leaves."""

from __future__ import annotations

import contextlib
import io
import linecache
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import weft as wf
from weft.runtime.errors import SourceError, WeftError

WIDER = ("Python bool", "Python int", "Python float")
OWN_WORDS = (TypeError, ZeroDivisionError)  # said by Python of what it operated on, which is another class here


def defined(text: str) -> dict[str, Any]:
    """The names that a text defines, with a source to be found, as one typed at a prompt has."""
    path = f"<agreement {len(linecache.cache)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    sys.modules.setdefault("typed", types.ModuleType("typed"))  # data classes look there
    names: dict[str, Any] = {"__name__": "typed", "wf": wf}
    exec(compile(text, path, "exec"), names)
    return names


class Elements(NamedTuple):
    """A tensor, array or Python number: `kind` is its dtype, or the type of Python number."""

    kind: str
    values: np.ndarray

    def __repr__(self) -> str:
        return f"{self.kind} {self.values.tolist()}"


def described(x: Any) -> Any:
    """A value as plain data that stays as it is: types and numbers."""
    if isinstance(x, wf.Tensor | np.ndarray | np.generic):
        values = np.array(x)
        return Elements(str(values.dtype), values)
    if isinstance(x, bool | int | float):
        return Elements(f"Python {type(x).__name__}", np.array(x))
    if isinstance(x, type | types.FunctionType | types.ModuleType):
        return x.__name__
    if not isinstance(x, list | tuple | dict) and not hasattr(x, "__dict__"):
        return x
    items = x.items() if isinstance(x, dict) else enumerate(x) if isinstance(x, list | tuple) else vars(x).items()
    return (type(x).__name__, [(key, described(item)) for key, item in items])


class Outcome(NamedTuple):
    """What a call comes to: how it ends, what it gives and leaves in its arguments or raises, and what it printed."""

    how: str
    what: Any
    printed: str

    def agrees(self, other: Outcome) -> bool:
        """Whether this is what a compiled function may do where `other` is what Python does."""
        if self.how != other.how or self.printed != other.printed:
            return False
        if self.how != "raises":
            return alike(self.what, other.what)
        (one, left), (two, kept) = self.what, other.what
        said = isinstance(two, OWN_WORDS) or str(one) == str(two)
        return isinstance(one, type(two)) and said and alike(left, kept)


def outcome(call: Callable[..., Any], arguments: Sequence[Any] = ()) -> tuple[Outcome, Any]:
    """What a call comes to, and its result."""
    printed, result = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            result = call(*arguments)
            how, what = "gives", described([result, *arguments])
        except SourceError as error:
            how, what = "refused", str(error)
        except Exception as error:
            joined = isinstance(error, WeftError) and "on one path and" in str(error)  # dtypes and shapes that differ
            how, what = ("refused", str(error)) if joined else ("raises", (error, described(arguments)))
    return Outcome(how, what, printed.getvalue()), result


def alike(actual: Any, expected: Any) -> bool:
    """Whether described results are the same; where paths join, a number may be a tensor or a wider number."""
    if isinstance(actual, Elements) and isinstance(expected, Elements):
        return same_elements(actual, expected)
    if isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)):
        return type(actual) is type(expected) and len(actual) == len(expected) and all(map(alike, actual, expected))
    return actual == expected


def same_elements(actual: Elements, expected: Elements) -> bool:
    """Whether numbers are the same to the last bit, and of the same type or a wider one."""
    one, two = actual.values, expected.values
    if actual.kind != expected.kind:
        number = expected.kind in WIDER
        if number and actual.kind in WIDER and WIDER.index(actual.kind) < WIDER.index(expected.kind):
            return False
        if not number and not {one.dtype.kind, two.dtype.kind} <= {"i", "u", "b"}:
            return False
        two = two.astype(one.dtype)
        if one.dtype.kind == "f" and one.shape == two.shape:  # what came before was rounded to the tensor's dtype, too
            rough = 64 * float(np.finfo(one.dtype).eps)
            return np.allclose(one, two, rough, rough, equal_nan=True)
    return one.shape == two.shape and np.array_equal(one, two, equal_nan=one.dtype.kind not in "biu")


def compare(text: str, calls: Sequence[tuple[Any, ...]], *, writing: bool = False) -> str | None:
    """Run `f` of a text on several arguments, plainly and compiled: None if all agree, else the refusal.

    `writing`: change what a call gave, and what it was given, before the next one, as programs may.

    Errors: AssertionError where the compiled function does anything else.
    """
    plain, compiled = defined(text)["f"], wf.compile(defined(text)["f"])
    for arguments in calls:
        one, two = lifted(list(arguments)), lifted(list(arguments))
        expected, theirs = outcome(plain, one)
        actual, ours = outcome(compiled, two)
        if actual.how == "refused" != expected.how:
            return actual.what
        assert actual.agrees(expected), f"{text}\nof {arguments}:\nPython {expected}\ncompiled {actual}"
        if writing:
            write([theirs, one])
            write([ours, two])
    return None


def write(x: Any) -> None:
    """Change the tensors, lists and dicts in a value."""
    if isinstance(x, wf.Tensor):
        x[...] = True if x.dtype is wf.bool else 1
    elif isinstance(x, dict):
        write(list(x.values()))
        x["written"] = 1.0
    elif isinstance(x, list | tuple):
        for item in x:
            write(item)
        if isinstance(x, list) and x:
            x[0] = x[-1]


def lifted(x: Any) -> Any:
    """An argument, anew for each call: a NumPy value as a tensor."""
    if isinstance(x, list):
        return [lifted(item) for item in x]
    return wf.tensor(x) if isinstance(x, np.ndarray | np.generic) else x
