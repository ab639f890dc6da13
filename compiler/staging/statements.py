"""Staged statements besides branches and loops: assert, raise, the return value, texts of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...runtime.tensor import OPS
from ..graph.graph import writing
from ..graph.symbolic import SymbolicTensor
from .branches import as_number, staged_value, truth
from .effects import check_op, emit
from .maybe import NONE, UNBOUND, Maybe, maybe, unbound
from .raising import with_state


def staged_assert(condition: Any, message: Callable[[], Any] | None) -> None:
    """Raise AssertionError at run time unless the condition holds; the message is made from the values then."""
    text = message() if message is not None else None

    def fail(known: list[Any]) -> None:
        raise AssertionError(*known)

    operands, action = with_state([] if message is None else [text], fail)
    emit(check_op, [truth(condition), *operands], action)


def in_region() -> bool:
    """Whether a branch or a loop body is being traced, which may not run."""
    graph = writing()
    return graph is not None and graph.parent is not None


def staged_returned(returned: Any, result: Any) -> Any:
    """What a function gives that returned on some paths: the result there, None elsewhere."""
    code = OPS["where"](returned, 0, NONE)
    if result is unbound or result is None:
        return None
    if isinstance(result, Maybe):
        inner = result.value
        absent = (result.absent - {UNBOUND}) | {NONE}
        code = OPS["where"](returned, result.code, NONE)
        return maybe(code, absent, inner, "the result")
    return maybe(code, frozenset((NONE,)), result, "the result")


def staged_not(x: Any) -> Any:
    """`not` of a symbolic value."""
    return as_number(OPS["logical_not"](truth(x)), bool)


def staged_and(test: Any, other: Callable[[], Any], x: Any) -> Any:
    """`x and other()`, `test` being the truth of x: the value of x if it is false, else of the other."""
    return staged_value(test, other, lambda: x, "the value of `and`")


def staged_or(test: Any, other: Callable[[], Any], x: Any) -> Any:
    """`x or other()`, `test` being the truth of x: the value of x if it is true, else of the other."""
    return staged_value(test, lambda: x, other, "the value of `or`")


def is_symbolic(x: Any) -> bool:
    """Whether a value is known only when the graph runs."""
    return isinstance(x, (SymbolicTensor, Maybe))
