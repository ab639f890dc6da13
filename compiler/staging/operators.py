"""The operators of rewritten code while it is traced: Python on plain values, a graph on symbolic ones.

Each asks whether what decides is symbolic. If not, it is the plain operator, which does just what Python does.
Statements stand here; conditions, comparisons, items, attributes and calls in files of their own.
"""

from __future__ import annotations

import contextlib
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...runtime.dim import Dim, sized
from ...runtime.eager import EagerTensor
from ...runtime.errors import ROOT, SourceError
from ...runtime.tensor import OPS
from ..frontend import operators as plain
from ..frontend.operators import (  # noqa: F401  (what does not ask)
    captured,
    chain as plain_chain,
    instance,
    mapping,
    raise_ as plain_raise,
    read_free,
    sequence as plain_sequence,
    set,
    slice,
)
from ..frontend.users import users_method
from ..graph.graph import guarding, writing
from ..graph.symbolic import SymbolicTensor
from .attributes import REBINDING, del_attr, get_attr, put_attr, set_attr, set_plain_attr  # noqa: F401
from .branches import staged_if, truth
from .caller import call
from .comparisons import chain, compare, eq, in_, is_, is_not, ne, not_in, ordered  # noqa: F401
from .conditions import and_, both, either, if_exp, known, not_, or_, truth_of  # noqa: F401
from .effects import Refused, frozen, symbols
from .growing import refuse_grown
from .grown import holds_grown
from .indexing import del_item, get_item, put_item, set_item  # noqa: F401
from .loops import staged_for, staged_while
from .maybe import Maybe, unbound
from .raising import staged_raise
from .repeat import check_repeatable
from .sequences import is_staged, sequence as staged_sequence
from .state import Contents, cells_of
from .statements import in_region, is_symbolic, staged_assert, staged_returned
from .text import LateText, late_call, late_field
from .tracer import active

Block = Callable[[], object]
Thunk = Callable[[], Any]
Names = tuple[str, ...]


def _nothing() -> None:
    """The branch that is not there."""


def if_(test: Any, then: Block, otherwise: Block | None, names: Names) -> None:
    """`if test: then`, `else: otherwise`."""
    test = truth_of(test)
    if is_symbolic(test):
        active().label(then, otherwise)
        staged_if(test, then, otherwise or _nothing, cells_of(names, then, otherwise))
    else:
        plain.if_(test, then, otherwise, names)


LONG = 8  # trips of a loop on known tensors that are written out


def while_(test: Thunk, body: Block, names: Names) -> None:
    """`while test: body`: in Python until the condition is symbolic, the rest in the graph.

    A condition that is a tensor but known, as it depends on none of the arguments, counts as one that is not if the
    loop goes on for long: the rest is written as a loop, if it can be.
    """
    left = LONG
    while True:
        value = test()
        go = truth_of(value)
        if is_symbolic(go):
            active().label(test, body)
            return staged_while(go, test, body, cells_of(names, test, body))
        if not go:
            return None
        if left == 0 and isinstance(value, EagerTensor) and _rolled(value, test, body, names):
            return None
        left -= 1
        body()


def _rolled(value: EagerTensor, test: Thunk, body: Block, names: Names) -> bool:
    """Write the rest of a loop as one; False for a loop that has to be written out."""
    graph = writing()
    if graph is None:
        return False
    first = graph.lift(OPS["asarray"](bool(value)))
    try:
        active().label(test, body)
        staged_while(first, test, body, cells_of(names, test, body))
    except SourceError:
        return False
    return True


def for_(items: Iterable[Any], body: Callable[[Any], object], names: Names, go_on: Thunk | None = None) -> None:
    """`for item in items: body`; `go_on` says after each item whether there may be a further one."""
    if is_staged(items):
        found = staged_sequence(items)
        active().label(body)
        places = cells_of(names, body, go_on)
        try:
            return staged_for(found.length, found.item, body, go_on, places)
        except SourceError:
            if type(found.length) is not Dim or not found.length.is_hinted:
                raise
        found.length = int(found.length)  # it may do in Python, for the size of this call
        if isinstance(items, SymbolicTensor):
            return staged_for(found.length, found.item, body, go_on, places)
        items = found
    check_repeatable(next, (items,))
    go: Any = True
    for item in items.demand() if isinstance(items, Maybe) else call.methods.iterated(items):
        if is_symbolic(go):
            staged_if(go, lambda item=item: body(item), _nothing, cells_of(names, body, go_on))
        else:
            body(item)
        if go_on is not None:
            go = go_on()
            if not is_symbolic(go) and not go:
                break


def returned(flag: Any, result: Thunk) -> Any:
    """What a function gives: its result if it came to a `return`, else None."""
    if not is_symbolic(flag):
        return plain.returned(flag, result)
    try:
        value = result()
    except NameError:
        value = unbound
    return staged_returned(truth(flag), value)


def read(name: Thunk, text: str) -> Any:
    """The value of a name that may have none."""
    value = plain.read(name, text)
    return value.bound() if isinstance(value, Maybe) else value


def _check_handlers(what: str) -> None:
    if active().trying:
        raise SourceError(
            f"{what} that depends on a tensor stands in a `try`, whose handlers are chosen before the graph runs",
            "Use an `if` on the condition in place of the exception.",
        )


def assert_(test: Any, message: Thunk | None = None) -> None:
    """`assert test, message`."""
    test = truth_of(test)
    if is_symbolic(test):
        _check_handlers("an `assert`")
        if message is None:
            return staged_assert(test, message)
        told = lambda: raise_(AssertionError(message()))
        return staged_if(test, _nothing, told, cells_of((), message))
    else:
        plain.assert_(test, message)  # noqa: PT009


def raise_(error: Any, *cause: Any) -> None:
    """`raise error from cause`: at once, or when the graph gets here."""
    if in_region():
        _check_handlers("a `raise`")
        if error is StopIteration or isinstance(error, StopIteration):
            raise SourceError(
                "a StopIteration that depends on a tensor would end a loop of Python's, which is traced before",
                "Write the loop as a `while`, or over a range with a tensor as its bound.",
            )
        error, *origin = map(_instance, (error, *cause))
        if isinstance(error, BaseException) and all(x is None or isinstance(x, BaseException) for x in origin):
            staged_raise(error, *origin)
    plain.raise_(error, *cause)


def _instance(error: Any) -> Any:
    return call(error) if isinstance(error, type) and issubclass(error, BaseException) else error


def unpacked(value: Any, nested: bool = False) -> Any:
    """What is taken apart by `a, b = value` or `*value`; if `nested`, some of its items are, too."""
    if holds_grown(value) or nested:
        refuse_grown("unpacking", value)
    return value


def sequence(subject: Any, before: int, after: int | None) -> tuple[Any, ...] | None:
    """The parts of a sequence for a pattern."""
    refuse_grown("a pattern", subject)
    return plain_sequence(subject, before, after)


def unary(sign: str, a: Any) -> Any:
    """`-a` and its like."""
    return active().is_made(call.methods.unary(sign, a), a)


def binary(a: Any, sign: str, b: Any) -> Any:
    """`a + b` and its like."""
    if sign == "+" and type(b) is list:
        refuse_grown(sign, b)
    else:
        refuse_grown(sign, a, b)
    if sign == "%" and isinstance(a, str) and symbols([b]):
        return late_call(operator.mod, a, frozen(b))
    made = call.methods.binary(a, sign, b)
    return active().makes(made) if type(made) in (list, dict, set) else active().is_made(made, a, b)


def augmented(a: Any, sign: str, b: Any) -> Any:
    """What `a += b` and its like bind to the name of a; a list or a dict is changed itself."""
    refuse_grown(f"{sign}=", *([b] if sign == "+" else [a, b]))
    if isinstance(a, (list, dict)):
        active().settled(a)
        active().note(Contents(a))
    return active().is_made(call.methods.augmented(a, sign, b), a, b)


def field(value: Any, conversion: str, form: str) -> Any:
    """`{value!r:form}` in an f-string."""
    refuse_grown("a text", value)
    if is_symbolic(value) or symbols([value]) or sized(value):
        return late_field(frozen(known(value)), conversion, form)
    return plain.field(value, conversion, form)


def format(*parts: Any) -> Any:
    """An f-string; its text is made when the graph runs, if that is when its values are known."""
    return LateText(parts) if any(isinstance(part, LateText) for part in parts) else plain.format(*parts)


@contextlib.contextmanager
def trying() -> Iterator[None]:
    """Around the body of a `try` that has handlers: what is raised inside while the graph runs would pass them by."""
    trace = active()
    trace.trying += 1
    try:
        with guarding():
            yield
    except SourceError as error:
        trace.refused = trace.refused or error  # a bare `except:` may still swallow what is raised here
        raise Refused(error) from error
    finally:
        trace.trying -= 1


def made(value: Any) -> Any:
    """A list, dict or set that was just displayed: nobody else has it yet."""
    return active().makes(value)


def generator(items: Any, generate: Callable[[Iterator[Any]], Any], listed: Callable[[Any], Any]) -> Any:
    """A generator expression over `items`; one over a tensor gives the list of the same elements."""
    if is_staged(items):
        return listed(items)
    return active().makes(plain.generator(items, generate, listed))


def entered(manager: Any) -> Any:
    """What a `with` statement enters: the user's own methods are compiled, and what is raised inside is for them."""
    enter, leave = (users_method(type(manager), name) for name in ("__enter__", "__exit__"))
    ours = type(manager).__module__.partition(".")[0] == ROOT or isinstance(manager, contextlib.nullcontext)
    return manager if ours else Entered(manager, enter, leave)


@dataclass
class Entered:
    """A context manager of the user's while tracing."""

    manager: Any
    enter: Any
    leave: Any

    def __enter__(self) -> Any:
        value = call(self.enter, self.manager) if self.enter else self.manager.__enter__()
        active().trying += 1
        return value

    def __exit__(self, *error: Any) -> Any:
        active().trying -= 1
        if error and isinstance(error[1], SourceError):
            raise Refused(error[1]) from error[1]
        return call(self.leave, self.manager, *error) if self.leave else self.manager.__exit__(*error)


call.operators = sys.modules[__name__]
