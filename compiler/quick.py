"""Quick calls: the way of a call that has nothing but tensors for arguments, with nobody watching.

The native program itself says whether the tensors are those it was written for, so the call that found it last tries
it at once. Everything else, and the first call of each kind, goes the long way. This file holds no traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..runtime import device as devices, observers, tree
from ..runtime.eager import EagerTensor, wrap
from ..runtime.options import options
from ..runtime.scopes import scopes
from .backend.execute import native_program
from .backend.recording import listeners
from .graph.graph import writing
from .guards import Guard
from .staging.template import Traced

MISSED = object()  # what a quick call gives that has to go the long way
Quick = Callable[[tuple[Any, ...]], Any]


def missed(_args: tuple[Any, ...]) -> Any:
    """The quick way where there is none."""
    return MISSED


def quick_call(program: Any, arguments: Sequence[Any], given: tuple[Any, ...]) -> Quick | None:
    """A quick way for calls like one that was just made with these arguments; None if there cannot be one."""
    simple = all(type(t) is Traced for t in program.templates) and not any(program.weak) and not program.places
    if options.executor != "native" or devices.current() is not devices.cpu:
        return None
    if not simple or not all(type(x) is EagerTensor for x in given):
        return None
    operands = [*(x.buffer for x in arguments), *(v.read_value().buffer for v in program.variables)]
    native = native_program(program.graph, operands)
    if native is None:
        return None
    return _made(native, len(given), program)


def _differs(chosen: Mapping[str, Any]) -> bool:
    """Whether a call means something else here than where these options were in force."""
    return options.chosen is not chosen or writing() is not None or devices.current() is not devices.cpu


def _builder(structure: tree.Structure, count: int) -> Callable[[Iterable[Any]], Any]:
    """What puts results together: a list or tuple at once."""
    *_, shape = tree.unflatten(structure, list(range(count)))
    for kind in (list, tuple):
        if type(shape) is kind and list(shape) == list(range(count)):
            return kind
    return lambda results: tree.unflatten(structure, list(results))[-1]


def _made(native: Any, count: int, program: Any) -> Quick:
    guards: list[Guard] = program.guards
    variables, assigned = program.variables, program.assigned
    structure: tree.Structure = program.structure
    single = structure == tree.flatten((0,))[1]
    split = len(program.templates)
    build = _builder(structure, split)
    watching, chosen, new = observers.watching, options.chosen, EagerTensor.__new__
    special = scopes.count > 0  # made where something may be chosen that is not elsewhere

    def call(args: tuple[Any, ...]) -> Any:
        if watching.count or listeners or ((scopes.count or special) and _differs(chosen)):
            return MISSED
        buffers = [x.buffer for x in args if type(x) is EagerTensor]
        if len(buffers) != count or len(args) != count:
            return MISSED
        for guard in guards:
            if not guard.holds():
                return MISSED
        if variables:
            buffers += [v.read_value().buffer for v in variables]
        results = native(buffers)
        if results is None:
            return MISSED
        for variable, value in zip(assigned, results[split:], strict=True):
            variable.assign(wrap(value))
        if single:
            y = new(EagerTensor)
            y.buffer, y.key = results[0], 0
            return y
        return build(map(wrap, results if split == len(results) else results[:split]))

    return call
