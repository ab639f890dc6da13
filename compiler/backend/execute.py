"""Execution: the graph of a call is run natively where that can be, and interpreted otherwise.

A graph is built when it is run for the first time, and the program is kept as long as the graph. Without a compiler,
or for a graph that native programs cannot run, the interpreter serves; the reason is kept too. In the background a
graph is built while the interpreter runs it, and the first call after that is the program's.
"""

from __future__ import annotations

import functools
import os
import threading
import warnings
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ...runtime.errors import BuildError
from ...runtime.options import options
from ..graph.executors import provide_native
from ..graph.graph import Graph, is_sized
from ..resting import collector_resting
from . import recording
from .background import background
from .fixed import fixed, sizes_of
from .places import Unsupported
from .program import Program

MOST = 32  # programs that a graph has for the sizes that come
Found = Program | Exception
Key = tuple[bool, bool, tuple[tuple[str, int], ...]]  # whether it is timed, and reproducible; the sizes, by name


class _Programs:
    """The programs of one graph, for the sizes that came."""

    def __init__(self, graph: Graph) -> None:
        self.is_sized = is_sized(graph)
        self.found: dict[Any, Found] = {}
        self.count = 0  # that were built
        self.open: list[tuple[Program, bool]] = []  # those with open sizes, and whether they are reproducible
        self.closed: Exception | None = None  # why sizes have to be fixed

    def serving(self, key: Key) -> Program | None:
        """A program that serves these sizes, too."""
        timed, reproducible, sizes = key
        for program, same_bits in self.open:
            if not timed and same_bits == reproducible and program.serves(dict(sizes)):
                return program
        return None


_programs: WeakKeyDictionary[Graph, _Programs] = WeakKeyDictionary()
_lock = threading.RLock()
_warned: set[str] = set()


def program_of(graph: Graph, buffers: Sequence[Any], timed: bool = False) -> Found:
    """The native program of a graph for operands of these sizes, or the one that is timed; or why there is none."""
    known, key = _known(graph, buffers, timed)
    return known.found.get(key) or _new(graph, known, key)


def found_or_asked(graph: Graph, buffers: Sequence[Any]) -> Found | None:
    """The native program of a graph, or why there is none; None while it is built in the background."""
    if not options.background or options.reproducible:  # the interpreter's bits are others
        return program_of(graph, buffers)
    known, key = _known(graph, buffers, False)
    if key not in known.found and (program := known.serving(key)) is not None:
        known.found[key] = program
    if key not in known.found and known.count < MOST:
        background.ask((id(known), key), functools.partial(_new_in_background, graph, known, key))
    return known.found.get(key)


def _new_in_background(graph: Graph, known: _Programs, key: Key) -> None:
    try:
        _new(graph, known, key)
    except Exception as error:  # said by the next call; the interpreter serves
        known.found[key] = BuildError(f"what was built in the background failed: {error!r}", "Please report it.")


def _known(graph: Graph, buffers: Sequence[Any], timed: bool) -> tuple[_Programs, Key]:
    known = _programs.get(graph) or _programs.setdefault(graph, _Programs(graph))
    return known, (timed, options.reproducible, sizes_of(graph, buffers) if known.is_sized else ())


def _new(graph: Graph, known: _Programs, key: Key) -> Found:
    with _lock:
        if key not in known.found:
            found = known.serving(key)
            if found is None and known.count >= MOST:
                return Unsupported(f"sizes after the first {MOST} programs")
            known.found[key] = found or _built_for(graph, known, key)
        return known.found[key]


def _built_for(graph: Graph, known: _Programs, key: Key) -> Program | Exception:
    """A program that serves these sizes and as many others as it can; else one for these alone."""
    timed, reproducible, sizes = key
    known.count += 1
    if sizes and not timed and known.closed is None:
        try:
            with collector_resting():
                program = Program(graph, reproducible=reproducible, hints=dict(sizes))
            known.open.append((program, reproducible))
            return program
        except Exception as error:
            known.closed = error
    return _built(fixed(graph, dict(sizes)) if sizes else graph, timed, reproducible)


def _built(graph: Graph, timed: bool, reproducible: bool) -> Program | Exception:
    try:
        with collector_resting():
            return Program(graph, timed, reproducible)
    except (Unsupported, BuildError) as reason:
        return reason
    except Exception as error:  # the interpreter serves, and the user is told once
        return BuildError(f"no program could be written: {error!r}", "Please report it.")


def native_program(graph: Graph, buffers: Sequence[Any]) -> Program | None:
    """The native program of a graph for operands of these sizes; None if it is interpreted."""
    found = found_or_asked(graph, buffers)
    if isinstance(found, BuildError):
        _warn(found)
    return found if isinstance(found, Program) else None


def _warn(error: BuildError) -> None:
    """Say once why graphs are interpreted."""
    if error.message not in _warned:
        _warned.add(error.message)
        warnings.warn(f"graphs are interpreted: {error}", RuntimeWarning, stacklevel=2)


def execute(graph: Graph, buffers: Sequence[Any]) -> tuple[Any, ...] | None:
    """The results of a graph's native program; None where it has to be interpreted."""
    if recording.listeners:
        return _recorded(graph, buffers)
    program = native_program(graph, buffers)
    results = None if program is None else program(list(buffers))
    return None if results is None else tuple(results)


def _recorded(graph: Graph, buffers: Sequence[Any]) -> tuple[Any, ...] | None:
    program = program_of(graph, buffers, timed=True)
    results = recording.recorded(program, buffers) if isinstance(program, Program) else None
    return None if results is None else tuple(results)


def _after_fork() -> None:
    """A child has none of the threads that may hold the lock."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


provide_native(execute)
