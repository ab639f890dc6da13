"""What a call does anew each time, which a graph would not: log, draw, read the clock, advance an iterator.

Logging becomes an effect of the graph. The others are refused, for a trace would keep the values that it met.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ...runtime.errors import SourceError
from .effects import emit, frozen, host, with_values
from .tracer import active

LOGS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
DRAWERS = frozenset({"random", "_random", "numpy.random._generator", "numpy.random.mtrand"})
CLOCKS = frozenset({"time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time"})


def is_log(f: Any) -> bool:
    """Whether calling it writes a text somewhere."""
    if isinstance(f, FunctionType):
        return f.__module__ == "logging" and f.__name__ in LOGS
    owner = getattr(f, "__self__", None)
    if isinstance(f, MethodType) and type(owner).__module__ == "logging":
        return f.__name__ in LOGS
    return (owner is sys.stdout or owner is sys.stderr) and getattr(f, "__name__", "") in ("write", "flush")


def staged_log(f: Any, args: Sequence[Any], options: dict[str, Any]) -> None:
    """Call it when the graph runs, in order."""

    def act(known: list[Any]) -> None:
        f(*known[0], **known[1])

    operands, action = with_values([frozen(list(args)), frozen(options)], act)
    emit(host, operands, action)


def silent(f: Any, compute: Callable[[], Any]) -> Any:
    """What a function under `lru_cache` gives, which runs when its caller is traced, and prints then if at all.

    Errors: SourceError where it prints.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        found = compute()
    if printed.getvalue():
        f.cache_clear()  # so that the next call is refused, too
        raise SourceError(
            f"{f.__name__}() is under a cache, so it runs when the function is compiled, and prints {printed.getvalue()!r:.60} then",
            "Print outside of it, or call it before.",
        )
    return found


def check_repeatable(f: Any, args: Sequence[Any]) -> None:
    """Refuse what gives another result each time.

    Errors: SourceError.
    """
    owner = getattr(f, "__self__", None)
    if owner is not None and type(owner).__module__ in DRAWERS and not active().owns(owner):
        raise SourceError(
            f"{f.__name__}() draws a number once, when the function is compiled", "Draw it with wf.random, or outside."
        )
    if isinstance(owner, ModuleType) and owner.__name__ == "time" and f.__name__ in CLOCKS:
        raise SourceError(
            f"{f.__name__}() reads the clock once, when the function is compiled", "Read the clock outside."
        )
    if f is builtins.next and args and hasattr(type(args[0]), "__next__") and not active().owns(args[0]):
        raise SourceError(
            "an iterator is advanced inside a compiled block that did not make it; a graph cannot do this again",
            "Iterate a list or a tensor, or advance the iterator outside.",
        )
