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
from ..graph.graph import Graph
from .places import Unsupported
from .program import Program

_programs: WeakKeyDictionary[Graph, Program | Exception] = WeakKeyDictionary()
_lock = threading.RLock()
_warned: set[str] = set()


def program_of(graph: Graph) -> Program | Exception:
    """The native program of a graph, or why there is none."""
    found = _programs.get(graph)
    if found is None:
        with _lock:
            found = _programs.get(graph) or _built(graph)
            _programs[graph] = found
    return found


def _built(graph: Graph) -> Program | Exception:
    try:
        return Program(graph)
    except Unsupported as reason:
        return reason
    except BuildError as error:
        if error.message not in _warned:
            _warned.add(error.message)
            warnings.warn(f"graphs are interpreted: {error}", RuntimeWarning, stacklevel=2)
        return error


def execute(graph: Graph, buffers: Sequence[Any]) -> tuple[Any, ...] | None:
    """The results of a graph's native program; None where it has to be interpreted."""
    program = program_of(graph)
    return None if isinstance(program, Exception) else tuple(program(list(buffers)))
