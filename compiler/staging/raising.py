"""Exceptions in blocks that may not run: raised when the graph gets there, after what the program changed before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from ...runtime.errors import SourceError, WeftError
from .effects import Action, Stopped, emit, frozen, host, kept, when_raising, with_values
from .exceptions import exception_parts, exception_with
from .maybe import NONE, UNBOUND, Maybe, unbound
from .objects import flatten
from .origins import Numbers, holders, present
from .paths import arguments, follow
from .state import Place
from .template import SideEffectError, Unsettled
from .tracer import active


class Raised(NamedTuple):
    """An exception as it was raised: what a call makes it from, and which of the others it comes from."""

    error: BaseException
    parts: dict[str, Any] | None  # None: it was there before the call
    cause: int | None
    context: int | None
    suppressed: bool
    links: bool  # whether this raise says where it comes from

    def again(self, parts: dict[str, Any] | None) -> BaseException:
        """The one that a call raises."""
        return self.error if parts is None else exception_with(self.error, parts)

    def link(self, exception: BaseException, made: Sequence[BaseException]) -> None:
        """Say where it comes from."""
        if self.links:
            exception.__cause__ = None if self.cause is None else made[self.cause]
            exception.__context__ = None if self.context is None else made[self.context]
            exception.__suppress_context__ = self.suppressed


def staged_raise(error: BaseException, *cause: BaseException | None) -> NoReturn:
    """Raise when the graph gets here; what follows in this block is not traced.

    One that the program made is made anew by each call, with those that it comes from.
    """
    chain = _raised_from(error, *cause)

    def fail(known: list[Any]) -> None:
        made = [each.again(parts) for each, parts in zip(chain, known, strict=True)]
        for exception, each in zip(made, chain, strict=True):
            each.link(exception, made)
        raise made[0].with_traceback(None)  # one that was there keeps no frames of calls before

    operands, action = with_state([each.parts for each in chain], fail)
    emit(host, operands, action)
    raise Stopped


def _raised_from(error: BaseException, *cause: BaseException | None) -> list[Raised]:
    """An exception and those that it comes from; it stays itself as it was."""
    before = error.__cause__, error.__context__, error.__suppress_context__
    handled = sys.exception()
    try:
        if cause:
            error.__cause__ = cause[0]
        if handled is not error and handled is not None:
            error.__context__ = handled
        return _chain(error, bool(cause))
    finally:
        error.__cause__, error.__context__, error.__suppress_context__ = before


def _settled_parts(x: BaseException) -> dict[str, Any]:
    """What an exception holds.

    Errors: SideEffectError for what it holds on some paths only.
    """
    parts = exception_parts(x)
    for name, part in parts.items():
        if any(isinstance(leaf, Maybe | Unsettled) for leaf in flatten(part)[0]):
            kind = type(x).__name__
            raise SideEffectError(
                f"whether the {kind} that is raised has its {name}, or of what kind it is, depends on a tensor",
                "Make an exception on each path, with what it holds there.",
            )
    return parts


def _chain(error: BaseException, is_told: bool) -> list[Raised]:
    """An exception and those that it comes from: without those that the caller handles, or this compiler.

    One that was there before the call is as it is, but for what `from` tells.
    """
    trace = active()
    errors, found = [error], list[Raised]()

    def number(x: BaseException | None) -> int | None:
        if x is None or x is trace.handled or isinstance(x, SourceError):
            return None
        if all(x is not each for each in errors):
            errors.append(x)
        return next(i for i, each in enumerate(errors) if each is x)

    for x in errors:
        parts = None if trace.is_given(x) else frozen(_settled_parts(x))
        links = parts is not None or (x is error and is_told)
        cause, context = (number(x.__cause__), number(x.__context__)) if links else (None, None)
        found.append(Raised(x, parts, cause, context, x.__suppress_context__, links))
    return found


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
    if isinstance(value, Maybe):
        return _of_maybe, [value.code, value.value]
    if isinstance(value, Unsettled):
        bool(value)
    if any(isinstance(x, Maybe) for x in flatten(value)[0]):
        raise SideEffectError(
            f"an exception leaves {place.name} with a value that may be missing, depending on a tensor",
            "Give it the same kind of value on both paths before the exception.",
        )
    chosen = present.get().chosen.get(id(value))
    if chosen is not None:
        return _of_chosen(chosen.numbers), [chosen.which, value]
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


when_raising(with_state)
