"""Why a gradient is missing: a tape's recording, searched for the place where the path from target to source ends.

It reads nodes (where gradients flow) and cuts (ops past which they do not), and says what it found in words. It
knows what a recording looks like, not how one is made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .backprop import reachable
from .dtypes import INEXACT
from .eager import EagerTensor
from .errors import GradientError
from .observers import hidden
from .spec import describe, plural
from .tensor import OPS
from .variable import Variable

if TYPE_CHECKING:
    from .tape import Tape

Node = tuple[Any, tuple[Any, ...], Mapping[str, Any], tuple[Any, ...]]  # op, inputs, attributes, outputs


def explain(tape: Tape, y: Any, x: Any) -> str:
    """Say whether the gradient of `y` reaches `x`, and if it does not, why."""
    with hidden():
        return _explained(tape, y, x)


def _explained(tape: Tape, y: Any, x: Any) -> str:
    target = y.value if isinstance(y, Variable) else y
    if isinstance(x, EagerTensor):
        x = tape.leaves.get(x, x)
    for answer in (_of_source(tape, x), _of_target(target)):
        if answer:
            return answer
    keys = {value.key for value in tape.reads[x]} if isinstance(x, Variable) else {x.key}
    return _of_path(tape, target, keys)


def _of_source(tape: Tape, x: Any) -> str:
    """What is wrong with the source by itself."""
    if not hasattr(x, "key"):
        return f"The source is a {type(x).__name__}: only tensors and variables have gradients."
    if x.dtype not in INEXACT:
        return f"The source is {describe(x)}: integers and bools have no gradient. Cast it with wf.astype first."
    if isinstance(x, Variable):
        return "" if x in tape.reads else _of_variable(tape, x)
    if x.key in tape.known or x.key in tape.faint:
        return ""
    return (
        f"The source {describe(x)} is not watched: nothing watched it before it was used, and it is no result of "
        "something watched. Call tape.watch(x) before using it."
    )


def _of_variable(tape: Tape, x: Variable) -> str:
    if not x.trainable:
        return f"The variable {x.name!r} is not trainable, so tapes do not watch it by themselves: call tape.watch(variable)."
    if not tape.automatic:
        return f"The tape has watch_accessed_variables=False and {x.name!r} is not watched: call tape.watch(variable)."
    return f"The variable {x.name!r} was never read while the tape recorded (reading variable.value goes unseen)."


def _of_target(y: Any) -> str:
    """What is wrong with the target by itself."""
    if not hasattr(y, "key"):
        return f"The target is a {type(y).__name__}, not a tensor: what left weft left the tape."
    if y.dtype not in INEXACT:
        return f"The target is {describe(y)}: integers and bools have no gradient."
    return ""


def _of_path(tape: Tape, y: Any, keys: set[int]) -> str:
    if y.key in keys:
        return "The target is the source itself: the gradient is 1."
    if y.key not in tape.known and y.key not in tape.faint:
        return (
            f"The target {describe(y)} is not on the tape: it was made from constants, before the tape was opened, under "
            "stop_recording, or from values that left weft (x.numpy(), x.item(), float(x))."
        )
    flowing = _Walk(tape.nodes, keys)
    if flowing.reaches(y.key):
        return f"There is a gradient: it flows through {flowing.route(y.key)}."
    cut = _first_cut(tape, y.key, keys)
    return cut or _unrelated(tape, y)


def _inputs(node: Node) -> list[tuple[int, bool]]:
    """The keys of a node's inputs, and whether a cotangent of its outputs reaches each: its gradient rule is asked."""
    op, inputs, _, outputs = node
    keys = dict.fromkeys(x.key for x in inputs if getattr(x, "key", 0))
    ones = tuple(OPS["ones"](y.shape, dtype=y.dtype) if y.dtype in INEXACT else None for y in outputs)
    try:
        reached = {key for key, _ in op.pull(node, ones, keys)}
    except GradientError:
        reached = set()
    return [(key, key in reached) for key in keys]


class _Walk:
    """Forward from the sources along everything that carries a gradient."""

    def __init__(self, nodes: list[Node], keys: set[int]) -> None:
        self.made: dict[int, tuple[str, int]] = {}  # key -> (the op that made it, the input on the way)
        for node in nodes:
            op, _, _, outputs = node
            inputs = [key for key, flow in _inputs(node) if flow]
            way = next((key for key in inputs if key in keys or key in self.made), 0)
            if way:
                self.made.update({y.key: (op.name, way) for y in outputs if y.key and y.key not in keys})

    def reaches(self, key: int) -> bool:
        return key in self.made

    def route(self, key: int) -> str:
        names = []
        while key in self.made:
            name, key = self.made[key]
            names.append(name)
        names.reverse()
        return " -> ".join(names if len(names) <= 8 else [*names[:4], "...", *names[-3:]])


def _first_cut(tape: Tape, target: int, keys: set[int]) -> str:
    """The cut nearest the target on some path back to a source."""
    back: dict[int, list[tuple[int, str]]] = {}  # key -> (the input it came from, what is wrong with the step)
    for node in tape.nodes:
        for key, flow in _inputs(node):
            for y in node[3]:
                back.setdefault(y.key, []).append((key, "" if flow else _stopped(node, key)))
    for key, (name, where, operands) in tape.faint.items():
        back.setdefault(key, []).extend((operand, _cut(name, where)) for operand in operands)
    return _search(back, target, keys)


def _search(back: Mapping[int, Iterable[tuple[int, str]]], target: int, keys: set[int]) -> str:
    """Along a shortest path from the target to a source: the last thing wrong on the way, seen from the target."""
    pending, seen = deque([(target, "")]), set()
    while pending:
        key, wrong = pending.popleft()
        if key in keys:
            return wrong
        if key not in seen:
            seen.add(key)
            pending.extend((operand, step or wrong) for operand, step in back.get(key, ()))
    return ""


def _stopped(node: Node, key: int) -> str:
    """Why a node gives one of its inputs no cotangent."""
    op, inputs, attrs, _ = node
    if op.name == "with_gradient":
        if any(x.key == key for x in inputs[attrs["count"] :]):
            return f"The gradient function of {attrs['label']} returns None for this argument."
        return f"{attrs['label']} uses the source, but not as an argument: its gradient function does not know of it."
    if op.rules == ():
        return f"{op.name} has no gradient rule; asking for this gradient is an error."
    return f"{op.name} is constant almost everywhere in that operand, so its gradient ends there."


def _cut(name: str, where: str) -> str:
    """Why the path ended at an op."""
    if not name:
        return ""
    line = f" ({' '.join(where.split())})" if where else ""
    if name == "stop_gradient":
        return f"The path is cut by stop_gradient{line}."
    if getattr(OPS.get(name), "rules", ()) is None:
        return f"The path is cut at {name}{line}: its result is constant almost everywhere."
    return f"The path is cut at {name}{line}: its result is an integer or bool, which carries no gradient."


def _unrelated(tape: Tape, y: Any) -> str:
    names = [
        repr(v.name) for v, values in tape.reads.items() if y.key in reachable(tape.nodes, {x.key for x in values})
    ]
    others = f"; it depends on the {plural(len(names), 'variable')} {', '.join(names)}" if names else ""
    return (
        f"The target {describe(y)} is on the tape, but nothing leads to it from the source{others}. If it should depend "
        "on the source, the value left weft on the way (x.numpy(), x.item(), float(x)) or an older copy was used."
    )
