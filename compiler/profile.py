"""`wf.profile`: what ran when, as a table and as a trace for a browser.

Eager ops, calls of compiled functions, and the steps inside those calls are events with a begin, an end, a thread and the
user's line. The trace is in Chrome's format, which chrome://tracing and Perfetto open.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..runtime.device import CPU
from ..runtime.eager import no_shortcuts
from ..runtime.errors import Position, user_position
from ..runtime.spec import StackSpec, size
from .backend import recording
from .backend.recording import Timing
from .graph import executors


@dataclass(frozen=True)
class Event:
    """Something that ran.   Units: nanoseconds of `time.perf_counter_ns`; bytes."""

    name: str
    category: str  # op: eager; call: of a compiled function; step: inside one
    begin: int
    end: int
    thread: int
    line: Position | None
    bytes: int


@dataclass
class Profile:
    """What ran inside the `with` block; printed as a table of names.   Units: nanoseconds, bytes."""

    events: list[Event] = field(default_factory=list)

    def __str__(self) -> str:
        totals: dict[tuple[str, str], list[Event]] = {}
        for event in self.events:
            totals.setdefault((event.category, event.name), []).append(event)
        lines = [f"{'ms':>10} {'count':>8} {'MiB':>10}  what"]
        for (category, name), events in sorted(totals.items(), key=lambda item: -_spent(item[1])):
            moved = sum(event.bytes for event in events) / 2**20
            lines.append(f"{_spent(events) / 1e6:>10.3f} {len(events):>8} {moved:>10.2f}  {category} {name}")
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the events as a Chrome trace, a JSON file."""
        whole = {"traceEvents": [_traced(event) for event in self.events], "displayTimeUnit": "ms"}
        beside = f"{os.fspath(path)}.{os.getpid()}.part"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(whole, file)
        os.replace(beside, path)


def _spent(events: Sequence[Event]) -> int:
    return sum(event.end - event.begin for event in events)


def _traced(event: Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "cat": event.category,
        "ph": "X",
        "ts": event.begin / 1e3,
        "dur": (event.end - event.begin) / 1e3,
        "pid": os.getpid(),
        "tid": event.thread,
        "args": {"line": str(event.line or ""), "bytes": event.bytes},
    }


_running = threading.Lock()


@contextmanager
def profile(path: str | os.PathLike[str] | None = None) -> Iterator[Profile]:
    """Record what runs inside the `with` block, in all threads; `path`: where to write it as a Chrome trace.

    Ops of eager code, calls of compiled functions, and the kernels, products and loops in them. Compiled functions run
    programs that read a clock between their steps, built when they are first recorded: let a first call go by.

    Units: nanoseconds; bytes of results, and for steps bytes read and written.
    Errors: RuntimeError inside another `profile`.

    Example:
        >>> import weft as wf
        >>> with wf.profile() as found:
        ...     y = wf.exp(wf.ones((1000,))) + 1.0
        >>> [event.name for event in found.events][-2:]
        ['exp', 'add']
    """
    if not _running.acquire(blocking=False):
        raise RuntimeError("wf.profile is recording already; end that `with` block first")
    found, plain = Profile(), CPU.run

    def run(self: CPU, op: Any, operands: Sequence[Any], attrs: Mapping[str, Any], specs: Sequence[Any]) -> list[Any]:
        begin = time.perf_counter_ns()
        results = plain(self, op, operands, attrs, specs)
        end = time.perf_counter_ns()
        moved = sum(size(spec.shape) * spec.dtype.itemsize for spec in specs if not isinstance(spec, StackSpec))
        if op.name != "call":  # which is told of below
            found.events.append(Event(op.name, "op", begin, end, threading.get_native_id(), user_position(), moved))
        return results

    def called(begin: int, end: int) -> None:
        found.events.append(Event("call", "call", begin, end, threading.get_native_id(), user_position(), 0))

    def told(steps: Sequence[Timing]) -> None:
        thread = threading.get_native_id()
        found.events += [
            Event(t.step.ops, "step", t.begin, t.end, thread, t.step.lines[0] if t.step.lines else None, t.step.bytes)
            for t in steps
        ]

    CPU.run = run
    recording.listeners.append(told)
    executors.listeners.append(called)
    try:
        with no_shortcuts():
            yield found
    finally:
        recording.listeners.remove(told)
        executors.listeners.remove(called)
        CPU.run = plain
        _running.release()
        if path is not None:
            found.save(path)
