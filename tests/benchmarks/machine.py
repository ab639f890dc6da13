"""What else the machine does while something is measured: the share of its cores that others take, and coming first."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STAT = Path("/proc/stat")


class Watch:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self.start, self.own = _ticks(), _own()

    def others(self) -> float:
        """The share of all cores that other processes took since."""
        (busy, total), (before, since) = _ticks(), self.start
        ticks = os.sysconf("SC_CLK_TCK")
        taken = busy - before - (_own() - self.own) * ticks
        return max(taken, 0.0) / max(total - since, 1.0)


def _ticks() -> tuple[float, float]:
    """Ticks of all cores so far: those in use, and all; nothing where the machine does not tell."""
    if not STAT.exists():
        return 0.0, 0.0
    user, nice, system, idle, waiting, *rest = map(float, STAT.read_text().splitlines()[0].split()[1:9])
    busy = user + nice + system + sum(rest)
    return busy, busy + idle + waiting


def _own() -> float:
    """Seconds that this process took on all cores so far."""
    return sum(os.times()[:2])


def wait_for_quiet(most: float, patience: float) -> None:
    """Wait until others take no more than a share of the cores for two seconds, or patience has run out."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        watch = Watch()
        time.sleep(2.0)
        if watch.others() <= most:
            return


@contextmanager
def first_in_line() -> Iterator[None]:
    """Have this process run before others, where it may: on Linux, as the head of a session that is scheduled as one."""
    group = Path("/proc/self/autogroup")
    with suppress(OSError):
        group.write_text("-20")
    yield
    with suppress(OSError):
        group.write_text("0")
