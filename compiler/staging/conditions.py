"""Operators of conditions while tracing: `and`, `or`, `not`, conditional expressions.

Where what decides is symbolic, both sides are traced; each side is evaluated as often as in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .branches import staged_value, truth
from .caller import call
from .growing import is_filled
from .grown import holds_grown
from .maybe import Maybe
from .statements import is_symbolic, staged_and, staged_not, staged_or

Thunk = Callable[[], Any]


def known(value: Any) -> Any:
    """A value that is asked for now."""
    return value.demand() if isinstance(value, Maybe) else value


def truth_of(value: Any) -> Any:
    """What a condition asks of a value."""
    if holds_grown(value):
        return is_filled(value)
    return value if is_symbolic(value) else call.methods.truth(value)


def and_(*operands: Thunk) -> Any:
    """`a and b`: the first false operand, or the last."""
    first, rest = operands[0](), operands[1:]
    if not rest:
        return first
    go = truth_of(first)
    if is_symbolic(go):
        return staged_and(go, lambda: and_(*rest), first)
    return and_(*rest) if go else first


def or_(*operands: Thunk) -> Any:
    """`a or b`: the first true operand, or the last."""
    first, rest = operands[0](), operands[1:]
    if not rest:
        return first
    go = truth_of(first)
    if is_symbolic(go):
        return staged_or(go, lambda: or_(*rest), first)
    return first if go else or_(*rest)


def both(*operands: Thunk) -> Any:
    """`a and b`, of which only the truth is asked."""
    first, rest = truth_of(operands[0]()), operands[1:]
    if not rest:
        return first
    if is_symbolic(first):
        return staged_value(first, lambda: _decided(both(*rest)), lambda: False, "a condition")
    return both(*rest) if first else False


def either(*operands: Thunk) -> Any:
    """`a or b`, of which only the truth is asked."""
    first, rest = truth_of(operands[0]()), operands[1:]
    if not rest:
        return first
    if is_symbolic(first):
        return staged_value(first, lambda: True, lambda: _decided(either(*rest)), "a condition")
    return True if first else either(*rest)


def _decided(value: Any) -> Any:
    return truth(value) if is_symbolic(value) else bool(value)


def not_(value: Any) -> Any:
    """`not value`."""
    value = truth_of(value)
    return staged_not(value) if is_symbolic(value) else not value


def if_exp(test: Any, then: Thunk, otherwise: Thunk) -> Any:
    """`then if test else otherwise`."""
    test = truth_of(test)
    if is_symbolic(test):
        return staged_value(test, then, otherwise, "the value of a conditional expression")
    return then() if test else otherwise()
