"""Exceptions in blocks that may not run: raised when the graph gets there, after what the program changed before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ...runtime.errors import SourceError, WeftError
from .effects import Action, Stopped, emit, host, kept, with_values
from .maybe import NONE, UNBOUND, Maybe, unbound
from .objects import flatten
from .origins import Numbers, holders, present
from .paths import arguments, follow
from .state import Place
from .template import SideEffectError, Unsettled
from .tracer import active


def staged_raise(error: Any, cause: Any = None) -> NoReturn:
    """Raise when the graph gets here; what follows in this block is not traced."""

    def fail(known: list[Any]) -> None:
        exception = error if isinstance(error, BaseException) else error()
        if known:
            exception.args = tuple(known[0])
            vars(exception).update(known[1])
        raise exception.with_traceback(
            None
        ) from cause  # one object is raised in every call: drop the last one's frames

    operands, action = with_state([list(error.args), vars(error)] if isinstance(error, BaseException) else [], fail)
    emit(host, operands, action)
    raise Stopped


def with_state(values: list[Any], act: Callable[[list[Any]], None]) -> tuple[list[Any], Action]:
    """As `with_values`, for what raises: what the program changed until then is changed before `act`."""
    trace = active()
    places = trace.pending()
    owners = [trace.given.get(id(place.owner)) for place in places]
    kinds, left = zip(*[_left(place) for place in places], strict=True) if places else ((), ())

    def run(known: list[Any]) -> None:
        given = arguments.get(None)
        own = [
            place if path is None else place.of(follow(path, given)) for place, path in zip(places, owners, strict=True)
        ]  # found before any is changed
        held = [kind(value) for kind, value in zip(kinds, known[len(values) :], strict=True)]
        for place, value in zip(own, held, strict=True):
            place.keep(value)
        act(known[: len(values)])

    return with_values([*map(kept, values), *map(kept, left)], run)


def _left(place: Place) -> tuple[Callable[[Any], Any], Any]:
    """What a place holds when something is raised: what has its values, and how they are put together.

    Errors: SideEffectError for values that no exception can leave behind.
    """
    value = place.get()
    chosen = present.get().chosen.get(id(value))
    if chosen is not None:
        return _of_chosen(chosen.numbers), [chosen.which, value]
    if isinstance(value, Maybe):
        return _of_maybe, [value.code, value.value]
    if isinstance(value, Unsettled):
        bool(value)
    if any(isinstance(x, Maybe) for x in flatten(value)[0]):
        raise SideEffectError(
            f"an exception leaves {place.name} with a value that may be missing, depending on a tensor",
            "Give it the same kind of value on both paths before the exception.",
        )
    if any(id(x) in present.get().chosen for x in holders(value)):
        raise SideEffectError(
            f"an exception leaves {place.name} with an object in it that is one of several, depending on a tensor",
            "Put a copy there, or put it there after what may raise.",
        )
    return lambda known: known, value


def _of_chosen(numbers: Numbers) -> Callable[[Any], Any]:
    """What finds the object that a number stands for, if it was there before the call."""
    objects = {n: (x, active().given.get(id(x))) for n, x in present.get().there(numbers).items()}

    def choose(known: Any) -> Any:
        which, contents = known
        found, path = objects.get(int(which), (contents, None))
        return found if path is None else follow(path, arguments.get(None))

    return choose


def _of_maybe(known: Any) -> Any:
    code, value = known
    return {NONE: None, UNBOUND: unbound}.get(int(code), value)


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
