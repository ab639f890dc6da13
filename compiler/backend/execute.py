"""Execution: the graph of a call is run natively where that can be, and interpreted otherwise.

A graph is built when it is run for the first time, and the program is kept as long as the graph. Without a compiler,
or for a graph that native programs cannot run, the interpreter serves; the reason is kept too.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ...runtime.errors import BuildError
from ..graph.executors import provide_native
from ..graph.graph import Graph, is_sized
from ..resting import collector_resting
from . import recording
from .fixed import fixed, sizes_of
from .places import Unsupported
from .program import Program

MOST = 32  # sizes for which a graph has programs of its own
Found = Program | Exception
Key = tuple[bool, tuple[tuple[str, int], ...]]  # whether it is timed; the sizes, by name


class _Programs:
    """The programs of one graph, for the sizes that came."""

    def __init__(self, graph: Graph) -> None:
        self.is_sized = is_sized(graph)
        self.found: dict[Any, Found] = {}


_programs: WeakKeyDictionary[Graph, _Programs] = WeakKeyDictionary()
_lock = threading.RLock()
_warned: set[str] = set()


def program_of(graph: Graph, buffers: Sequence[Any], timed: bool = False) -> Found:
    """The native program of a graph for operands of these sizes, or the one that is timed; or why there is none."""
    known = _programs.get(graph) or _programs.setdefault(graph, _Programs(graph))
    key = (timed, sizes_of(graph, buffers) if known.is_sized else ())
    return known.found.get(key) or _new(graph, known, key)


def _new(graph: Graph, known: _Programs, key: Key) -> Found:
    timed, sizes = key
    with _lock:
        if key not in known.found:
            if len(known.found) >= MOST:
                return Unsupported(f"sizes after the first {MOST}")
            known.found[key] = _built(fixed(graph, dict(sizes)) if sizes else graph, timed)
        return known.found[key]


def _built(graph: Graph, timed: bool) -> Program | Exception:
    try:
        with collector_resting():
            return Program(graph, timed)
    except Unsupported as reason:
        return reason
    except BuildError as error:
        if error.message not in _warned:
            _warned.add(error.message)
            warnings.warn(f"graphs are interpreted: {error}", RuntimeWarning, stacklevel=2)
        return error


def native_program(graph: Graph, buffers: Sequence[Any]) -> Program | None:
    """The native program of a graph for operands of these sizes; None if it is interpreted."""
    found = program_of(graph, buffers)
    return None if isinstance(found, Exception) else found


def execute(graph: Graph, buffers: Sequence[Any]) -> tuple[Any, ...] | None:
    """The results of a graph's native program; None where it has to be interpreted."""
    timed = bool(recording.listeners)
    program = program_of(graph, buffers, timed)
    if isinstance(program, Exception):
        return None
    results = recording.recorded(program, buffers) if timed else program(list(buffers))
    return None if results is None else tuple(results)


provide_native(execute)
