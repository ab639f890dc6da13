"""Explanations: what the steps of a program cost, beside what the machine can do.

A timed program runs a few times on the operands of a call. What it gives is thrown away: variables and arguments stay
as they are, though what the function prints is printed. This file shows; native programs are
measured with `backend/recording.py`, those of other devices by what `show_for` was given.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np

from ..runtime import device as devices
from ..runtime.errors import BuildError
from .backend.execute import program_of
from .backend.program import Program
from .backend.recording import Timing, timed_run
from .backend.steps import Step
from .graph.graph import Graph
from .graph.parser import parse


@dataclass(frozen=True)
class Limits:
    """What this machine does at most.   Units: bytes and floating-point operations a second."""

    bandwidth: float
    arithmetic: float


@dataclass(frozen=True)
class Row:
    """A step of a program: what it does for which lines, and what it costs.

    Units: seconds of one call; bytes and operations of one call.
    """

    ops: str
    line: str
    runs: int
    seconds: float
    bytes: int
    operations: int
    is_loop: bool

    @property
    def bandwidth(self) -> float:
        """Bytes a second."""
        return self.bytes / self.seconds if self.seconds else 0.0

    @property
    def arithmetic(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds if self.seconds else 0.0


@dataclass
class Explanation:
    """The steps of a program and their costs, printed as a table.   Units: seconds of one call."""

    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    limits: Limits | None = None
    reason: str = ""  # why there is no native program

    def __str__(self) -> str:
        if self.reason:
            return f"The graph is interpreted: {self.reason}"
        lines = [f"{'us':>10} {'runs':>6} {'MB':>9} {'GB/s':>7} {'GFLOP/s':>8}  {'step':<32} line"]
        lines += map(_shown, self.rows)
        known = self.limits
        machine = (
            f"; this machine: {known.bandwidth / 1e9:.0f} GB/s, {known.arithmetic / 1e9:.0f} GFLOP/s" if known else ""
        )
        return "\n".join([*lines, f"{self.seconds * 1e6:>10.1f}        in all{machine}"])


def _shown(row: Row) -> str:
    costs = f"{row.seconds * 1e6:>10.1f} {row.runs:>6}"
    if row.is_loop:  # what is in it has rows of its own
        return f"{costs} {'':>9} {'':>7} {'':>8}  {row.ops:<32} {row.line}".rstrip()
    rates = f"{row.bytes / 1e6:>9.2f} {row.bandwidth / 1e9:>7.1f} {row.arithmetic / 1e9:>8.1f}"
    ops = row.ops if len(row.ops) <= 32 else row.ops[:29] + "..."
    return f"{costs} {rates}  {ops:<32} {row.line}".rstrip()


class Shown(Protocol):
    """The program of a graph for some operands, as it can be looked at."""

    @property
    def text(self) -> str:
        """Its C, the user's lines in it as comments."""
        ...

    @property
    def order(self) -> Sequence[Step]:
        """Its steps, in the order of the text."""
        ...

    def timed(self) -> tuple[Sequence[Timing], float]:
        """What the steps of a run took, and the seconds of the whole."""
        ...

    def limits(self) -> Limits:
        """What the machine does at most."""
        ...


_of_devices: dict[str, Callable[[Graph, Sequence[Any], Any], Shown]] = {}  # by the kind of device


def show_for(kind: str, shown: Callable[[Graph, Sequence[Any], Any], Shown]) -> None:
    """Show programs of a kind of device by `shown(graph, buffers, device)`."""
    _of_devices[kind] = shown


def shown(graph: Graph, buffers: Sequence[Any]) -> Shown:
    """The program of a graph for these operands.

    Errors: BuildError if there is none, with the reason.
    """
    device = devices.foremost(buffers)
    return Native(graph, buffers) if device is devices.cpu else _of_devices[device.kind](graph, buffers, device)


class Native:
    """The native program of the CPU."""

    def __init__(self, graph: Graph, buffers: Sequence[Any]) -> None:
        self.graph, self.buffers = graph, buffers
        self.program = _program(graph, buffers, timed=False)

    @property
    def text(self) -> str:
        return self.program.shown

    @cached_property
    def clocked(self) -> Program:
        """The same with a clock between its steps."""
        return _program(self.graph, self.buffers, timed=True)

    @property
    def order(self) -> Sequence[Step]:
        return self.clocked.source.steps

    def timed(self) -> tuple[Sequence[Timing], float]:
        begin = time.perf_counter()
        timings = timed_run(self.clocked, self.buffers)[1]
        return timings, time.perf_counter() - begin

    def limits(self) -> Limits:
        return limits()


def _program(graph: Graph, buffers: Sequence[Any], timed: bool) -> Program:
    found = program_of(graph, buffers, timed)
    if isinstance(found, BuildError):
        raise found
    if isinstance(found, Exception):
        raise BuildError(f"the graph is interpreted: {found}", "It has no native program for these arguments.")
    return found


def written(graph: Graph, buffers: Sequence[Any]) -> str:
    """The C of the program of a graph for these operands, the user's lines in it as comments.

    Errors: BuildError if there is none, with the reason.
    """
    return shown(graph, buffers).text


def explained(graph: Graph, buffers: Sequence[Any], repeats: int) -> Explanation:
    """What the steps of a graph's program cost, the medians of some runs."""
    try:
        program = shown(graph, buffers)
    except BuildError as error:
        return Explanation(reason=error.message)
    program.timed()  # touches memory for the first time
    runs, whole = zip(*(program.timed() for _ in range(repeats)), strict=True)
    rows = dict.fromkeys((t.step.ops, _line(t.step)) for t in runs[-1])  # copies of a step are one
    ordered = [key for step in program.order if (key := (step.ops, _line(step))) in rows]
    keys = dict.fromkeys([*ordered, *rows])
    return Explanation([_row(key, runs) for key in keys], statistics.median(whole), program.limits())


def _line(step: Step) -> str:
    """The first line that a step stands for."""
    return "; ".join(str(where) for where in step.lines[:1]) + (" ..." if len(step.lines) > 1 else "")


def _row(key: tuple[str, str], runs: Sequence[Sequence[Timing]]) -> Row:
    found = [[t for t in run if (t.step.ops, _line(t.step)) == key] for run in runs]
    seconds = statistics.median(sum(t.end - t.begin for t in run) / 1e9 for run in found)
    last = found[-1]
    moved, done = sum(t.step.bytes for t in last), sum(t.step.operations for t in last)
    return Row(*key, len(last), seconds, moved, done, any(t.step.is_loop for t in last))


@cache
def limits() -> Limits:
    """What this machine does at most, measured once: the speed of a copy of 64 MB, and of a product of matrices."""
    n, m = 1 << 24, 1024
    copy = parse(f"graph (x: f32[{n}]) -> f32[{n}] {{ y = multiply x 2.0\n return y }}")
    product = parse(f"graph (x: f32[{m}, {m}]) -> f32[{m}, {m}] {{ y = matmul x x\n return y }}")
    return Limits(8 * n / _best(copy, np.ones(n, np.float32)), 2 * m**3 / _best(product, np.ones((m, m), np.float32)))


def _best(graph: Graph, x: np.ndarray) -> float:
    program, best = _program(graph, [x], timed=False), float("inf")
    for _ in range(10):
        begin = time.perf_counter()
        program([x])
        best = min(best, time.perf_counter() - begin)
    return best
