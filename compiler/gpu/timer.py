"""Timers: what the steps of a program take on a GPU, by events of the driver before and after each.

A step takes less than it takes Python to launch it, so the card is given something to do first: what is timed then
stands in the stream by the time it comes to run. Loops that the host drives wait for each of their tests all the same.
This file knows programs as what runs with a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from ..backend import recording
from ..backend.recording import Timing
from ..backend.steps import Step as Note
from .steps import Frame, If, Step, While

COPY = Note("copy", (), 0, 0)  # what brings a result to its place
MOST = 1 << 14  # steps that are timed in a call
AHEAD, BALLAST = 64, 8 << 20  # how often, and how many bytes, the card fills before what is timed


class Timer:
    """Runs the steps of a call between events."""

    def __init__(self, card: Any) -> None:
        self.card = card
        self.notes: Mapping[int, Note] = {}
        self.entries: list[tuple[Note, Any, Any, int]] = []
        self.left = 0  # steps that were not timed

    def begun(self, notes: Mapping[int, Note]) -> Timer:
        """The same, for a call that begins now."""
        self.notes, self.left = notes, 0
        self.entries.clear()
        return self

    def run(self, steps: Sequence[Step], frame: Frame) -> None:
        """Run steps, those of one note between two events."""
        for _, alike in groupby(steps, key=lambda step: id(self.note(step))):
            together = list(alike)
            if len(self.entries) >= MOST:
                self.left += 1
                run_each(together, frame)
                continue
            begin, end = self.card.event(timed=True), self.card.event(timed=True)
            begin.record(frame.stream)
            run_each(together, frame)
            end.record(frame.stream)
            launches = sum(step.is_recordable and not isinstance(step, While | If) for step in together)
            self.entries.append((self.note(together[0]), begin, end, launches))

    def note(self, step: Step) -> Note:
        """What a step stands for."""
        return self.notes.get(id(step), COPY)

    def timings(self, start: Any, origin: int) -> Iterator[Timing]:
        """What was noted, in the order in which it ended; `start` is the event at the time `origin`."""
        for note, begin, end, launches in self.entries:
            first, last = (origin + int(1e6 * event.time_since(start)) for event in (begin, end))
            yield Timing(note, first, last, launches)
        if self.left:
            yield Timing(Note(f"{self.left} further steps", (), 0, 0), origin, origin)


def run_each(steps: Sequence[Step], frame: Frame) -> None:
    """Run steps; those inside them go through the frame's log again."""
    for step in steps:
        step.run(frame)


class Timed(Protocol):
    """A program that can be timed."""

    device: Any

    def __call__(self, buffers: Sequence[Any], log: Timer | None = None) -> list[Any]:
        """The results."""
        ...


def timed_run(program: Timed, buffers: Sequence[Any]) -> tuple[list[Any], list[Timing]]:
    """The results of a program for these operands, and what its steps took."""
    card = program.device.card
    card.enter()
    with card.own(), card.told("timing"):  # events are dropped inside, too
        return _timed_run(program, buffers, card)


def _timed_run(program: Timed, buffers: Sequence[Any], card: Any) -> tuple[list[Any], list[Timing]]:
    occupy(card)
    timer, start = Timer(card), card.event(timed=True)
    origin = time.perf_counter_ns()
    start.record(card.stream)
    results = program(buffers, timer)
    card.stream.synchronize()
    return results, list(timer.timings(start, origin))


def occupy(card: Any) -> None:
    """Give the card something to do while the host launches what is timed."""
    block = card.allocate(BALLAST, "timing")
    for _ in range(AHEAD):
        card.zero(block.address, BALLAST)


def called(program: Timed, buffers: Sequence[Any]) -> list[Any]:
    """The results of a program for these operands; who listens is told of its steps."""
    if not recording.listeners:
        return program(buffers)
    results, timings = timed_run(program, buffers)
    for listener in list(recording.listeners):
        listener(timings)
    return results


def elapsed(card: Any, run: Callable[[], object], times: int = 1) -> float:
    """Seconds of the card for one run, of so many one after the other."""
    card.enter()
    with card.own(), card.told("timing"):
        return _elapsed(card, run, times)


def _elapsed(card: Any, run: Callable[[], object], times: int) -> float:
    begin, end = card.event(timed=True), card.event(timed=True)
    occupy(card)
    begin.record(card.stream)
    for _ in range(times):
        run()
    end.record(card.stream)
    end.synchronize()
    return end.time_since(begin) / 1e3 / times
