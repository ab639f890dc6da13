"""A progress bar around anything that is iterated: tqdm's where it is installed, else one of our own.

It shows itself on a terminal and says nothing elsewhere. This file knows no datasets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TextIO, TypeVar

T = TypeVar("T")
_NOTHING: tuple[Any, ...] = ()
_WIDTH, _SECONDS = 24, 0.1  # of the bar, and between two drawings


class Bar:
    """A bar of plain text, drawn on one line."""

    def __init__(
        self, total: int | None, label: str, file: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total, self.label, self.file, self.clock = total, label, file, clock
        self.done, self.notes, self.width = 0, "", 0
        self.start = clock()
        self.drawn = -_SECONDS

    def update(self, n: int = 1) -> None:
        """Count n more."""
        self.done += n
        now = self.clock() - self.start
        if now - self.drawn >= _SECONDS:
            self.draw(now)

    def set_postfix_str(self, notes: str) -> None:
        """Show something after the bar."""
        self.notes = notes

    def draw(self, now: float) -> None:
        """Draw the line anew."""
        self.drawn = now
        line = self.text(now)
        padding = " " * max(0, self.width - len(line))
        self.file.write(f"\r{line}{padding}")
        self.file.flush()
        self.width = len(line)

    def text(self, now: float) -> str:
        """The line: label, bar, count, time passed and time left, notes."""
        if self.total:
            filled = min(_WIDTH, _WIDTH * self.done // self.total)
            left = now / self.done * (self.total - self.done) if self.done else 0.0
            parts = [
                f"[{'#' * filled}{'.' * (_WIDTH - filled)}]",
                f"{self.done}/{self.total}",
                f"{clock_time(now)}<{clock_time(left)}",
            ]
        else:
            parts = [str(self.done), clock_time(now)]
        return " ".join(part for part in (self.label, *parts, self.notes) if part)

    def close(self) -> None:
        """Draw the last state and leave the line."""
        self.draw(self.clock() - self.start)
        self.file.write("\n")
        self.file.flush()


def clock_time(seconds: float) -> str:
    """Minutes and seconds, with hours where needed: 1:05, 2:00:00."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Progress(Generic[T]):
    """How far something is, shown while it is iterated, or inside a `with` block in which `advance` is called."""

    def __init__(self, items: Iterable[T], total: int | None, label: str, file: TextIO, hidden: bool) -> None:
        self.items, self.total, self.label, self.file, self.hidden = items, total, label, file, hidden
        self.bar: Any = None

    def __enter__(self) -> Progress[T]:
        if not self.hidden and self.file.isatty():
            self.bar = _bar(self.total, self.label, self.file)
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def __iter__(self) -> Iterator[T]:
        with self:
            for item in self.items:
                yield item
                self.advance()

    def __len__(self) -> int:
        if self.total is None:
            raise TypeError("len() of progress whose total is not known")
        return self.total

    def advance(self, n: int = 1) -> None:
        """Count n more as done."""
        if self.bar is not None:
            self.bar.update(n)

    def say(self, text: str) -> None:
        """Show a text beside the bar."""
        if self.bar is not None:
            self.bar.set_postfix_str(text)


def _bar(total: int | None, label: str, file: TextIO) -> Any:
    try:
        from tqdm import tqdm  # pyright: ignore[reportMissingModuleSource]  (optional)
    except ImportError:
        return Bar(total, label, file)
    return tqdm(total=total, desc=label or None, file=file, dynamic_ncols=True)


def progress(items: Iterable[T] = _NOTHING, *, total: int | None = None, label: str = "", hidden: bool = False,
             file: TextIO | None = None) -> Progress[T]:  # fmt: skip
    """A progress bar on the terminal: around items, or in a `with` block. Elsewhere nothing is written.

    Example:
        >>> import weft as wf
        >>> for step in wf.data.progress(range(3), label="training"):
        ...     pass
        >>> with wf.data.progress(total=100) as bar:
        ...     bar.advance(10)
        ...     bar.say("loss 0.25")
    """
    if total is None and items is not _NOTHING:
        try:
            total = len(items)  # pyright: ignore[reportArgumentType]
        except TypeError:
            total = None
    return Progress(items, total, label, sys.stderr if file is None else file, hidden)
