"""Whether a function does the same compiled as it does in Python: what it gives, raises, prints and leaves."""

from __future__ import annotations

import contextlib
import io
import linecache
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import weft as wf
from weft.runtime.errors import SourceError, WeftError


def defined(text: str) -> dict[str, Any]:
    """The names that a text defines, with a source to be found, as one typed at a prompt has."""
    path = f"<agreement {len(linecache.cache)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    sys.modules.setdefault("typed", types.ModuleType("typed"))  # data classes look there
    names: dict[str, Any] = {"__name__": "typed", "wf": wf}
    exec(compile(text, path, "exec"), names)
    return names


def plainly(x: Any) -> Any:
    """A result as nested lists of numbers."""
    if isinstance(x, (list, tuple)):
        return [type(x).__name__, *map(plainly, x)]
    if isinstance(x, dict):
        return {key: plainly(value) for key, value in x.items()}
    if isinstance(x, wf.Tensor | np.ndarray | np.generic):
        return np.asarray(x).tolist()
    return x


def outcome(call: Callable[[], Any]) -> tuple[str, Any, str]:
    """What a call comes to: how it ends, with what, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            how, what = "gives", plainly(call())
        except SourceError as error:
            how, what = "refused", str(error)
        except Exception as error:
            joined = isinstance(error, WeftError) and "on one path and" in str(error)  # dtypes and shapes that differ
            how, what = ("refused", str(error)) if joined else ("raises", type(error))
    return how, what, printed.getvalue()


def close(x: Any, y: Any) -> bool:
    """Whether two results are equal but for rounding."""
    if isinstance(x, list) and isinstance(y, list):
        return len(x) == len(y) and all(map(close, x, y))
    if isinstance(x, dict) and isinstance(y, dict):
        return list(x) == list(y) and all(close(x[key], y[key]) for key in x)
    if isinstance(x, (bool, int, float)) and isinstance(y, (bool, int, float)):
        return bool(np.isclose(x, y, rtol=1e-5, atol=1e-6, equal_nan=True))
    return x == y


def agree(actual: tuple[str, Any, str], expected: tuple[str, Any, str]) -> bool:
    """Whether two outcomes are the same."""
    if actual[0] == expected[0] == "raises":
        return issubclass(actual[1], expected[1]) and actual[2] == expected[2]
    return actual[0] == expected[0] and close(actual[1], expected[1]) and actual[2] == expected[2]


def compare(text: str, calls: Sequence[tuple[Any, ...]]) -> str | None:
    """Run `f` of a text on several arguments, plainly and compiled: None if all agree, else the refusal.

    Errors: AssertionError where the compiled function does anything else.
    """
    plain, compiled = defined(text)["f"], wf.compile(defined(text)["f"])
    for arguments in calls:
        expected = outcome(lambda: plain(*map(lifted, arguments)))  # noqa: B023  (called at once)
        actual = outcome(lambda: compiled(*map(lifted, arguments)))  # noqa: B023
        if actual[0] == "refused" != expected[0]:
            return actual[1]
        assert agree(actual, expected), f"{text}\nof {arguments}: Python {expected}, compiled {actual}"
    return None


def lifted(x: Any) -> Any:
    """An argument, anew for each call: a NumPy value as a tensor."""
    return wf.tensor(x) if isinstance(x, np.ndarray | np.generic) else x
