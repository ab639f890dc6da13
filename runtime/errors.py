"""What weft raises: every error says what happened, where in the user's file, and what to do.

An error finds the user's line by itself: the innermost frame that does not belong to weft. It is raised at
the call, before any kernel runs. Each type is also the built-in error that users of NumPy expect to catch.
This file knows nothing of tensors.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
from types import TracebackType
from typing import NamedTuple

ROOT = __name__.partition(".")[0]
NOT_THE_USERS = (ROOT, "contextlib", "functools")  # weft, and what calls it on the user's behalf


class Position(NamedTuple):
    """A line of the user's program."""

    path: str
    line: int

    @property
    def code(self) -> str:
        """The line; empty if it is not to be found."""
        return linecache.getline(self.path, self.line).strip()

    def __str__(self) -> str:
        return f"{os.path.basename(self.path)}:{self.line}   {self.code}".rstrip()


def user_position() -> Position | None:
    """Where the innermost frame outside weft is; None if there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in NOT_THE_USERS:
            return Position(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def user_location() -> str:
    """The innermost frame outside weft, as `file.py:12   the line of code`; empty if there is none."""
    return str(user_position() or "")


class WeftError(Exception):
    """The base of every error that weft raises.

    `message` says what happened with the values, `hint` what to do; the user's line goes between them: the one
    that runs, unless `where` gives another.
    """

    message: str
    hint: str
    where: str
    settled = False  # whether `where` is known for good, not where the error happened to be noticed

    def __init__(self, message: str, hint: str = "", where: str | None = None) -> None:
        self.message, self.hint, self.where = message, hint, user_location() if where is None else where
        lines = [message, f"  {self.where}" if self.where else "", hint]
        super().__init__("\n".join(line for line in lines if line))

    def __str__(self) -> str:  # KeyError would print its repr
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.hint, self.where)

    def at(self, position: Position | None) -> None:
        """Name the line that an op stands for, unless that was done."""
        if position is not None and not self.settled:
            WeftError.__init__(self, self.message, self.hint, str(position))
            self.settled = True

    def rename(self, name: str, parts: tuple[str, ...]) -> None:
        """Speak of `name` where the message speaks of one of its parts."""
        either = "|".join(map(re.escape, parts))
        message = re.sub(rf"^({either})(?=:)|(?<=which )({either})(?= does)", lambda _: name, self.message)
        WeftError.__init__(self, message, self.hint, self.where)


class speaking_as:  # noqa: N801  (reads as a clause: with speaking_as(...))
    """Errors raised inside name the function that the user called, not the parts that it is made of."""

    def __init__(self, name: str, *parts: str) -> None:
        self.name, self.parts = name, parts

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, WeftError):
            error.rename(self.name, self.parts)


class ShapeError(WeftError, ValueError):
    """Shapes do not fit each other or the operation."""


class AxisError(ShapeError, IndexError):
    """An axis is out of range, or named twice."""


class OutOfRangeError(WeftError, IndexError):
    """An index is outside the axis that it indexes."""


class DTypeError(WeftError, TypeError):
    """A dtype is unknown, or does not fit the operation."""


class ArgumentError(WeftError, ValueError):
    """An argument has a value that the operation does not take."""


class OutOfMemoryError(WeftError, MemoryError):
    """There is not enough memory for a result."""


class DeviceError(WeftError, RuntimeError):
    """A device is missing, or operands live on different ones."""


class ExchangeError(WeftError, BufferError):
    """A tensor cannot be exchanged with another library in the way that was asked for."""


class GradientError(WeftError, ValueError):
    """A gradient was asked for that does not exist."""


class NumericsError(WeftError, ArithmeticError):
    """A NaN or an infinity appeared while numerics are being checked."""


class CheckpointError(WeftError, ValueError):
    """A checkpoint or bundle is truncated, corrupt, hostile, or does not match what it is loaded into."""


class DataError(WeftError, ValueError):
    """A data file or a data set is not what it should be."""


class SourceError(WeftError, ValueError):
    """A construct of the language cannot be compiled."""


class ExportError(WeftError, ValueError):
    """A function cannot be exported."""


class BuildError(WeftError, RuntimeError):
    """A kernel could not be built."""
