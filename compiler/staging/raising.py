"""Exceptions in blocks that may not run: raised when the graph gets there, after what the program changed before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ...runtime.errors import SourceError, WeftError
from .effects import Action, Stopped, emit, host, kept, symbols, with_values
from .maybe import Maybe
from .tracer import active


def staged_raise(error: Any, cause: Any = None) -> NoReturn:
    """Raise when the graph gets here; what follows in this block is not traced."""

    def fail(known: list[Any]) -> None:
        exception = error if isinstance(error, BaseException) else error()
        if known:
            exception.args = tuple(known[0])
            vars(exception).update(known[1])
        raise exception from cause

    operands, action = with_state([list(error.args), vars(error)] if isinstance(error, BaseException) else [], fail)
    emit(host, operands, action)
    raise Stopped


def with_state(values: list[Any], act: Callable[[list[Any]], None]) -> tuple[list[Any], Action]:
    """As `with_values`, for what raises: what the program changed until then is changed before `act`."""
    places = [place for place in active().pending() if not any(isinstance(x, Maybe) for x in symbols([place.get()]))]

    def run(known: list[Any]) -> None:
        for place, value in zip(places, known[len(values) :], strict=True):
            place.keep(value)
        act(known[: len(values)])

    return with_values([*map(kept, values), *(kept(place.get()) for place in places)], run)


def later(block: Callable[[], Any]) -> Callable[[], Any]:
    """A block for tracing: what Python raises in it is raised when the graph gets there."""

    def run() -> None:
        try:
            block()
        except (WeftError, RecursionError):
            raise
        except Exception as error:
            if active().trying:
                raise SourceError(
                    f"a {type(error).__name__} that depends on a tensor is raised in a `try`, whose handlers are Python's",
                    "Use an `if` in place of the exception.",
                ) from error
            staged_raise(error)

    return run
