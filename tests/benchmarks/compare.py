"""Side-by-side timing: every contestant in turn, round after round, in one process.

A shared machine drifts, so absolute times mean little: what counts is the ratio within a round. Each contestant
is checked for the right result before anything is timed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Run = Callable[[], object]
Wait = Callable[[object], None]


@dataclass
class Timing:
    """The seconds per call of one contestant, a figure per round."""

    name: str
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Row:
    """One workload: its name, unit, how many units a call does, and the contestants, ours first."""

    id: str
    what: str
    contestants: dict[str, Run]
    expected: np.ndarray
    unit: str = "us"
    per_call: int = 1  # operations in one call
    rtol: float = 1e-5
    atol: float = 1e-6
    moved: int = 0  # bytes of the arguments and the results, where that is what the work is

    @property
    def scale(self) -> float:
        return {"us": 1e6, "ms": 1e3}[self.unit] / self.per_call


def leaf(x: object) -> np.ndarray:
    """The first array of a result."""
    while isinstance(x, (tuple, list)):
        x = x[0]
    if hasattr(x, "detach"):  # a tensor of PyTorch's, which may be on a GPU
        x = x.detach().cpu()  # pyright: ignore[reportAttributeAccessIssue]
    return np.asarray(x)


def arrived(x: object) -> None:
    """A result whose library has waited for it."""


def check(row: Row) -> None:
    """Run each contestant once and compare its result with what is expected."""
    for name, run in row.contestants.items():
        np.testing.assert_allclose(leaf(run()), row.expected, rtol=row.rtol, atol=row.atol, err_msg=name)


def calls_for(run: Run, seconds: float, wait: Wait = arrived) -> int:
    """How many calls take about `seconds`."""
    n = 1
    while True:
        start = time.perf_counter()
        result = None
        for _ in range(n):
            result = run()
        wait(result)
        taken = time.perf_counter() - start
        if taken > seconds / 4 or n > 1 << 20:
            return max(1, int(n * seconds / taken))
        n *= 4


def timed(run: Run, calls: int, slices: int) -> float:
    """The median over slices of so many calls each, in seconds per call."""
    found = []
    for _ in range(slices):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        found.append((time.perf_counter() - start) / calls)
    return statistics.median(found)


def measure(row: Row, rounds: int = 15, seconds: float = 0.03) -> list[Timing]:
    """Compare the results, then time every contestant."""
    check(row)
    return alternate(row, rounds, seconds)


def alternate(row: Row, rounds: int, seconds: float, rest: float = 0.0, wait: Wait = arrived) -> list[Timing]:
    """Time every contestant once per round, in another order each round: who runs after whom leaves traces.

    `rest`: seconds before each, for threads of the one before that wait by spinning to fall asleep. `wait`: what waits
    for the last result of a series of calls, where these only put work into a queue.
    """
    counts = {name: calls_for(run, seconds, wait) for name, run in row.contestants.items()}
    timings = {name: Timing(name) for name in row.contestants}
    order = random.Random(0)
    for _ in range(rounds):
        for name, run in order.sample(list(row.contestants.items()), len(row.contestants)):
            time.sleep(rest)
            start, result = time.perf_counter(), None
            for _ in range(counts[name]):
                result = run()
            wait(result)
            timings[name].seconds.append((time.perf_counter() - start) / counts[name])
    return list(timings.values())


def table(row: Row, timings: list[Timing]) -> list[str]:
    """Markdown lines: median, spread, and how much longer than ours each took."""
    ours = timings[0]
    lines = []
    for t in timings:
        ratios = [theirs / mine for theirs, mine in zip(t.seconds, ours.seconds, strict=True)]
        low, high = min(t.seconds) * row.scale, max(t.seconds) * row.scale
        lines.append(
            f"| {row.id} | {row.what} | {t.name} | {t.median * row.scale:.3g} {row.unit} "
            f"| {low:.3g} - {high:.3g} | {statistics.median(ratios):.2f} |"
        )
    return lines


HEADER = ["| row | workload | library | median | min - max | time / weft |", "|---|---|---|---|---|---|"]


def report_to(report: Callable[[int], str], description: str | None, rounds: int) -> None:
    """The command line of a script with one page: measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--write", type=Path, help="a Markdown file to write the page to")
    options = parser.parse_args()
    page = report(options.rounds)
    print(page)
    if options.write:
        options.write.write_text(page)
