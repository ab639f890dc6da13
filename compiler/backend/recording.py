"""Recording: calls of compiled functions run timed programs, and whoever asked is given what the steps took.

A timed program is built beside the one that serves otherwise, when a graph first runs while somebody records.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .program import Program
from .steps import Log, Step


@dataclass(frozen=True)
class Timing:
    """A run of a step.   Units: nanoseconds of `time.perf_counter_ns`."""

    step: Step
    begin: int
    end: int
    launches: int = 0  # of kernels and copies of a GPU


Listener = Callable[[list[Timing]], None]
listeners: list[Listener] = []  # who is told of the steps of each call
_lock = threading.Lock()  # timed programs have one log each


def timed_run(program: Program, buffers: Sequence[Any]) -> tuple[list[Any] | None, list[Timing]]:
    """The results of a timed program for these operands, and what its steps took, in the order in which they ended."""
    log = program.source.log
    assert isinstance(log, Log), "a program that was built to be timed"
    with _lock:
        log.clear()
        results = program(list(buffers))
        entries, left = log.entries()
    steps = program.source.steps
    found = [Timing(steps[i], begin, end) for i, begin, end in entries.tolist()]
    if left:
        now = time.perf_counter_ns()
        found.append(Timing(Step(f"{left} further steps", (), 0, 0), now, now))
    return results, found


def recorded(program: Program, buffers: Sequence[Any]) -> list[Any] | None:
    """The results of a timed program, its listeners told of its steps."""
    results, timings = timed_run(program, buffers)
    for listener in list(listeners):
        listener(timings)
    return results
