"""Snapshots: what the containers and objects that a block can reach hold, to find changes that nobody noted.

Changes by the operators of rewritten code are noted and undone. Others, by functions written in C or by code that is
not rewritten, would stay after a block that may not run; they are found by looking before and after.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...runtime.errors import ROOT
from ...runtime.nn.module import Module
from ...runtime.tensor import Tensor
from .maybe import Maybe
from .state import closure
from .template import Unsettled

DEPTH = 5
MOST = 2000  # objects looked at
LONGEST = 256  # of containers whose items are looked into
SKIPPED = (Tensor, Maybe, Unsettled, Module, ModuleType, type, CodeType)


class Snapshot:
    """What was in everything mutable that a block can reach."""

    def __init__(self, block: Callable[..., Any]) -> None:
        self.held: dict[int, tuple[Any, Any, str]] = {}
        self._look(block, "", DEPTH)

    def changed(self) -> str | None:
        """The name of something that is not as it was."""
        return next((name for x, before, name in self.held.values() if not _alike(before, _contents(x))), None)

    def _look(self, x: Any, name: str, depth: int) -> None:
        if depth < 0 or len(self.held) >= MOST or id(x) in self.held or isinstance(x, SKIPPED):
            return
        parts = list(_parts(x, name))
        contents = _contents(x)
        if contents is not None or parts:
            self.held[id(x)] = (x, contents, name)
        for part, inner in parts[:MOST]:
            self._look(part, inner, depth - 1)


def _parts(x: Any, name: str) -> Iterator[tuple[Any, str]]:
    """What is looked into next, and what it is called."""
    if isinstance(x, FunctionType):
        yield from ((cell.cell_contents, inner) for inner, cell in closure(x) if _filled(cell))
        if x.__globals__.get("__name__", "").partition(".")[0] != ROOT:
            names = [g for g in _names(x.__code__) if g in x.__globals__]
            yield from ((x.__globals__[g], g) for g in names if not isinstance(x.__globals__[g], FunctionType))
    elif isinstance(x, MethodType):
        yield from ((x.__self__, name), (x.__func__, name))
    elif isinstance(x, (list, tuple, deque, set)) and len(x) <= LONGEST:
        yield from ((item, name) for item in x)
    elif isinstance(x, dict) and len(x) <= LONGEST:
        yield from ((item, name) for item in x.values())
    elif _is_object(x):
        yield from ((item, f"{type(x).__name__}.{key}") for key, item in vars(x).items())


def _names(code: CodeType) -> Iterator[str]:
    """The global names of code and of the functions in it."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (empty cells raise)
    except ValueError:
        return False
    return True


def _is_object(x: Any) -> bool:
    """Whether it is an object of a class of the user's."""
    kind = type(x)
    return hasattr(x, "__dict__") and kind.__module__.partition(".")[0] not in (ROOT, "builtins", "numpy", "functools")


def _contents(x: Any) -> Any:
    """What a mutable object holds; None for what cannot change."""
    if isinstance(x, (list, deque)):
        return tuple(x)
    if isinstance(x, dict):
        return dict(x)
    if isinstance(x, set):
        return frozenset(x)
    if isinstance(x, bytearray):
        return bytes(x)
    if isinstance(x, np.ndarray):
        return x.tobytes() if x.nbytes <= 1 << 16 and not x.dtype.hasobject else None
    return dict(vars(x)) if _is_object(x) and not isinstance(x, FunctionType) else None


def _alike(x: Any, y: Any) -> bool:
    """Whether two contents are the same objects."""
    if isinstance(x, tuple) and isinstance(y, tuple):
        return len(x) == len(y) and all(a is b for a, b in zip(x, y, strict=True))
    if isinstance(x, dict) and isinstance(y, dict):
        return len(x) == len(y) and all(key in y and y[key] is value for key, value in x.items())
    return type(x) is type(y) and x == y
