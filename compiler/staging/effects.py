"""Effects: what a graph does besides computing, in the order of the program: print, check, raise.

An effect is an op without results whose kernel acts when the graph runs. It is written into the region that is
being traced, so it happens only where that region runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...runtime.dim import Dim
from ...runtime.eager import EagerTensor, wrap
from ...runtime.op import Op, op
from ...runtime.spec import Spec
from ..graph.graph import Stopped as Stopped, when_numbers_divide, writing
from ..graph.symbolic import SymbolicTensor
from .exceptions import exception_parts, exception_with
from .grown import Grown
from .objects import attributes, is_plain_object, rebuilt
from .text import Field, LateText


class Action:
    """Python to run in the middle of a graph, given the values of its operands."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[..., None]) -> None:
        self.act = act


def _host(*buffers: Any, action: Action) -> tuple[()]:
    action.act(*map(_tensor, buffers))
    return ()


def _tensor(buffer: Any) -> EagerTensor:
    """A value that a run has computed, which may be a number of NumPy's."""
    return wrap(np.asarray(buffer) if isinstance(buffer, np.ndarray | np.generic) else buffer)


@op(_host)
def host(*operands: Any, action: Action) -> tuple[Spec, ...]:
    """Run Python at this point of the program, on the operands' values."""
    return ()


host.effect = host.raises = True
host.gradient(None)


def _check(ok: Any, *buffers: Any, action: Action) -> tuple[()]:
    if not bool(ok):
        action.act(*map(_tensor, buffers))
    return ()


@op(_check)
def check_op(ok: Any, /, *operands: Any, action: Action) -> tuple[Spec, ...]:
    """Run Python that raises, unless `ok` holds."""
    return ()


check_op.effect = check_op.raises = True
check_op.gradient(None)


emitted: ContextVar[list[Op[..., Any]]] = ContextVar("emitted")  # by the trace that is going on


class Refused(BaseException):
    """What cannot be compiled was met inside a `try` of the user's, whose handlers must not take it for theirs."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def emit(op: Op[..., Any], operands: Sequence[Any], action: Action) -> None:
    """Write an effect into the region being traced."""
    graph = writing()
    assert graph is not None, "effects are written while tracing"
    emitted.get().append(op)
    graph.run(op, operands, {"action": action})


def symbols(values: Sequence[Any], depth: int = 16) -> list[Any]:
    """The symbolic tensors among values, looking into containers, objects and exceptions."""
    found: list[Any] = []
    for x in values if depth else ():
        if isinstance(x, SymbolicTensor):
            found.append(x)
        elif type(x) is Grown:
            found.append(x.stack)
        elif isinstance(x, (list, tuple)):
            found.extend(symbols(x, depth - 1))
        elif isinstance(x, dict):
            found.extend(symbols(list(x.values()), depth - 1))
        elif isinstance(x, LateText):
            found.extend(symbols(x.parts))
        elif isinstance(x, Field):
            found.extend(symbols([x.value]))
        elif _has_parts(x):
            found.extend(symbols(list(_parts(x).values()), depth - 1))
    return found


def frozen(value: Any, depth: int = 16) -> Any:
    """`value`, its containers and objects copied, for they may change before the graph runs; sizes as numbers of it."""
    if type(value) is Dim:
        return value.tensor()
    if isinstance(value, SymbolicTensor):
        return value.alias()
    if type(value) in (list, tuple) and depth:
        return type(value)([frozen(x, depth - 1) for x in value])
    if type(value) is dict and depth:
        return {k: frozen(x, depth - 1) for k, x in value.items()}
    if _has_parts(value) and depth:
        return _with_parts(value, {name: frozen(x, depth - 1) for name, x in _parts(value).items()})
    return value


def kept(value: Any) -> Any:
    """As `frozen`, but for objects that hold nothing symbolic: they stay the objects that they are."""
    if type(value) in (list, tuple):
        return type(value)(map(kept, value))
    if type(value) is dict:
        return {k: kept(x) for k, x in value.items()}
    return frozen(value) if isinstance(value, SymbolicTensor) or (_has_parts(value) and symbols([value])) else value


def _has_parts(x: Any) -> bool:
    return isinstance(x, BaseException) or is_plain_object(x)


def _parts(x: Any) -> dict[str, Any]:
    return exception_parts(x) if isinstance(x, BaseException) else attributes(x)


def _with_parts(x: Any, parts: dict[str, Any]) -> Any:
    return exception_with(x, parts) if isinstance(x, BaseException) else rebuilt(x, parts)


def filled(value: Any, known: dict[int, Any]) -> Any:
    """`value` with its symbolic tensors replaced by what they turned out to be."""
    if isinstance(value, SymbolicTensor):
        return known[value.key]
    if isinstance(value, (list, tuple)):
        items = [filled(x, known) for x in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, LateText):
        return "".join([filled(part, known) for part in value.parts])
    if isinstance(value, Field):
        return value.text(filled(value.value, known))
    if isinstance(value, dict):
        return {k: filled(x, known) for k, x in value.items()}
    if _has_parts(value) and symbols([value]):
        return _with_parts(value, {name: filled(x, known) for name, x in _parts(value).items()})
    return value


def concrete(tensor: EagerTensor, symbol: Any) -> Any:
    """A value as the program would have seen it: a number where it was one."""
    return tensor.item() if symbol.weak else tensor


def with_values(values: Sequence[Any], act: Callable[[list[Any]], None]) -> tuple[list[Any], Action]:
    """Operands and action: `act` gets `values` with what their symbols turned out to be."""
    operands = symbols(values)
    keys = [(x.key, x) for x in operands]

    def run(*tensors: Any) -> None:
        known = {key: concrete(t, symbol) for t, (key, symbol) in zip(tensors, keys, strict=True)}
        act([filled(v, known) for v in values])

    return operands, Action(run)


Stating = Callable[[list[Any], Callable[[list[Any]], None]], tuple[list[Any], Action]]
_stating: list[Stating] = [with_values]


def when_raising(stating: Stating) -> None:
    """Have what raises act as this says, which leaves what the program changed before."""
    _stating[:] = [stating]


def check(ok: Any, kind: Callable[[str], Exception], text: str) -> None:
    """Raise at run time unless `ok`, a symbolic bool, holds."""

    def fail(_: list[Any]) -> None:
        raise kind(text)

    operands, action = _stating[0]([], fail)
    emit(check_op, [ok, *operands], action)


when_numbers_divide(lambda y: check(y != 0, ZeroDivisionError, "division by zero"))
