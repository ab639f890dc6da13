"""Ops that raise because of the values that they are given, after the program did something.

Such an op fails in the middle of a run, when nothing of what the graph computes is back in Python, and perhaps ahead of
what is printed before. Where Python would leave changes or print, a check stands before the op, an effect in its order:
it makes the changes, and raises what the op would raise, which gets numbers that it takes.
"""

from __future__ import annotations

from typing import Any

from ...runtime.dtypes import int64
from ...runtime.op import Node, Op
from ...runtime.tensor import OPS
from ..graph.graph import when_values_are_checked
from ..passes.checks import CHECKS, Check, check_places
from .effects import check_op, emit, frozen
from .raising import with_state
from .tracer import current


def leave_changes(op: Op[..., Any], inputs: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[Any, ...]:
    """The operands of an op that is about to be written, behind a check of them if something was done before."""
    trace = current()
    if op.name not in CHECKS or trace is None or not (trace.emitted or trace.pending()):
        return inputs
    check = CHECKS[op.name](Node(op, inputs, attrs, ()))

    def fail(known: list[Any]) -> None:
        numbers, told = known
        check.op.kernel(*[x.buffer for x in numbers], **told)

    operands, action = with_state([list(check.inputs), frozen(dict(check.attrs))], fail)
    holds = _holds(check)
    emit(check_op, [holds, *operands], action)
    return tuple([OPS["where"](holds, x, 0) if any(x is y for y in check.inputs) else x for x in inputs])


def _holds(check: Check) -> Any:
    """Whether an op with these numbers raises nothing."""
    if check.op is not check_places:
        return _within(check.inputs[0], 0, check.attrs["length"])
    found: Any = OPS["asarray"](True)
    for x, length in zip(check.inputs, check.attrs["lengths"], strict=True):
        found = OPS["logical_and"](found, _within(x, -length, length))
    return found


def _within(x: Any, least: Any, length: Any) -> Any:
    x = OPS["astype"](x, dtype=int64)
    return OPS["all"](OPS["logical_and"](x >= least, x < length))


when_values_are_checked(leave_changes)
