"""Staged branches: both are traced, and what they leave is joined place by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...runtime.errors import SourceError
from ...runtime.tensor import OPS
from ..graph.control import if_ as if_op
from ..graph.graph import PYTHON_NUMBERS, Graph, close, write_to, writing
from ..graph.sizes import fitted
from ..graph.symbolic import SymbolicTensor
from .assigned import tensors
from .carried import decode, encode, placeholders, specs
from .effects import Stopped, symbols
from .maybe import NONE, Maybe
from .origins import present
from .raising import later
from .state import Place, Result, assigned_by, cells_of, containers
from .template import Known, Template, general, is_from_around, keeps
from .tracer import Block, active, joined, put

Thunk = Callable[[], Any]


class ConditionError(SourceError, TypeError):
    """A condition is no single truth value."""


def truth(x: Any) -> Any:
    """A symbolic tensor as a condition: a bool of no axes; numbers are true unless zero.

    Errors: ConditionError for more than one element.
    """
    x = x.bound() if isinstance(x, Maybe) else x
    if isinstance(x, Maybe):  # None is false, whatever the value would be
        held = truth(x.value) if isinstance(x.value, SymbolicTensor) else bool(x.value)
        return OPS["logical_and"](x.code != NONE, held)
    if x.size != 1:
        raise ConditionError(
            f"the truth value of {x.spec} is ambiguous: it has {x.size} elements",
            "Reduce it to one: wf.any(...) or wf.all(...).",
        )
    if x.shape != ():
        x = OPS["reshape"](x, shape=())
    return x if x.dtype.kind == "b" else x != 0


def as_number(x: Any, kind: type) -> Any:
    """A symbolic tensor as the Python number that it stands for."""
    if isinstance(x, SymbolicTensor) and x.weak is not kind:
        x = OPS["astype"](x, dtype=PYTHON_NUMBERS[kind])
        x.weak = kind
    return x


def staged_if(predicate: Any, then: Thunk, other: Thunk, places: Sequence[Place]) -> None:
    """Trace both branches and write an `if` whose results are the places that either changed."""
    graph = writing()
    assert graph is not None
    condition = truth(predicate)
    blocks = [Block(Graph(graph), places).run(later(branch)) for branch in (then, other)]
    changed = list(dict.fromkeys(place for block in blocks for place in block.after))
    templates = {place: _joined(place, blocks) for place in changed}
    for block in blocks:
        with write_to(block.region):
            block.region.outputs = [t for place in changed for t in _outputs(block, place, templates[place])]
    outer = close([block.region for block in blocks])
    regions = {"then": blocks[0].region, "other": blocks[1].region}
    results = iter(graph.run(if_op, (condition, *outer), regions))
    for place in changed:
        value = decode(templates[place], results, place.name)
        if not (isinstance(templates[place], Known) and place.get() is value):
            put(place, value)
            known = isinstance(templates[place], Known)
            if (known and not present.get().is_there(value)) or not keeps(templates[place]):
                _own(place, value, blocks)
    if all(block.stopped for block in blocks):
        raise Stopped


def _own(place: Place, value: Any, blocks: Sequence[Block]) -> None:
    """Say whether the containers and tensors of a joined value are new, or one of some that others may hold too."""
    _own_tensors(place, value, blocks)
    if next(containers(value), None) is None:
        return
    for block in (block for block in blocks if not block.stopped):
        parts = list(containers(block.shown(place)))
        elsewhere = [x for other in block.after if other != place for x in containers(block.after[other])]
        if not all(id(x) in block.born for x in parts) or any(x is y for x in parts for y in elsewhere):
            active().blur(value)
            for each in blocks:
                active().share(place, each.left(place), [each.born])
            return
    for x in containers(value):
        active().makes(x)


def _own_tensors(place: Place, value: Any, blocks: Sequence[Block]) -> None:
    """The same of tensors: one that a block made, and left nowhere else, is new."""
    for block in (block for block in blocks if not block.stopped):
        parts = list(tensors(block.shown(place)))
        left = list(tensors(block.left(place)))
        elsewhere = {id(x) for other in block.after if other != place for x in tensors(block.after[other])}
        ids = [id(x) for x in left]
        new = all(active().is_made_by(x, block.region, block.born) for x in left) and len(left) == len(parts)
        if not new or len(set(ids)) < len(ids) or elsewhere & set(ids):
            active().blur_tensors(value)
            for each in blocks:
                active().share_tensors(place, each.left(place))
            return


def _joined_values(values: Sequence[Any], place: Place) -> Template:
    template: Template = Known(values[0])
    for value in values[1:]:
        template = joined(template, value, place)
    return template


def _joined(place: Place, blocks: Sequence[Block]) -> Template:
    """The template of what is in a place after the branches; one that stopped has no say."""
    running = [block for block in blocks if not block.stopped]
    values = [block.left(place) for block in running] or [place.get()]
    template = _joined_values(values, place)
    if not keeps(template):
        template = _joined_values([block.shown(place) for block in running], place)
    if isinstance(template, Known) and template.value is not place.get() and _is_made(template.value):
        return general(template.value, place.name)  # made in the only branch that goes on: it is carried out
    return template


def _is_made(value: Any) -> bool:
    """Whether a value holds tensors that were made in a block, or is one."""
    holds = next(containers(value), None) is not None
    return bool(symbols([value])) and not (holds and is_from_around(value))


def _outputs(block: Block, place: Place, template: Template) -> list[Any]:
    if block.stopped:
        return [fitted(x, spec) for x, spec in zip(placeholders(template, block.region), specs(template), strict=True)]
    values = encode(block.shown(place), template, block.region)
    return [fitted(x, spec) for x, spec in zip(values, specs(template), strict=True)]


def staged_value(predicate: Any, then: Thunk, other: Thunk, name: str) -> Any:
    """The value of one of two expressions."""
    result = Result(name)
    places = [result, *cells_of(assigned_by(then, other), then, other)]
    staged_if(predicate, lambda: result.set(then()), lambda: result.set(other()), places)
    return result.value


def is_none(x: Any) -> Any:
    """Whether a value is None; symbolic where that is decided while the graph runs."""
    return x.is_none() if isinstance(x, Maybe) else x is None
