"""Staged loops: the body is traced until what it leaves is of the kind it was given.

At first every variable is taken to stay what it is. What the body changes becomes state of the loop: a Python
number becomes a tensor, a variable bound in the body may be unbound before, and so on, until a trace of the body
changes nothing of this. The condition is evaluated once before the loop and once at the end of each trip, so its
side effects happen as often as in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...runtime.dim import Dim
from ...runtime.dtypes import bool_, int64
from ...runtime.errors import SourceError
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from ..graph.control import while_ as while_op
from ..graph.graph import Graph, close, write_to, writing
from ..graph.symbolic import SymbolicTensor
from . import options
from .branches import truth
from .carried import decode, encode, specs
from .grown import holds_grown
from .raising import later
from .state import Place, Result
from .template import (
    Growing,
    Known,
    SideEffectError,
    StructureError,
    Template,
    Traced,
    equal,
    keeps,
)
from .tracer import Block, active, joined, put

ATTEMPTS = 12
LONGEST_UNROLLED = 1000  # trips of a loop that must be written out


def staged_while(
    first: Any,
    test: Callable[[], Any],
    body: Callable[[], Any],
    places: Sequence[Place],
    state: dict[Place, Template] | None = None,
    grows: bool = True,
) -> None:
    """Write a `while` for a loop whose condition, evaluated already, is symbolic.

    `state` says of some places what they are from the first trip on; `grows`, that lists may become longer.
    """
    graph = writing()
    assert graph is not None
    go = Result("the condition")
    entry: dict[Place, Any] = {place: place.get() for place in places}
    templates: dict[Place, Template] = {place: Known(value) for place, value in entry.items()} | (state or {})

    def trip() -> None:
        body()
        go.set(_condition(test()))

    for _ in range(ATTEMPTS):
        block = _trace(graph, trip, templates, entry, go)
        changed = _widen(templates, entry, block, go)
        growing = None if grows else next((place for place, t in templates.items() if isinstance(t, Growing)), None)
        if growing is not None and not holds_grown(entry[growing]):
            raise StructureError(f"{growing.name!r} grows with every trip", "Give it its length before the loop.")
        if not changed:
            break
    else:
        raise SourceError("a loop does not settle: its variables change kind with every trip", "Simplify its state.")
    _emit(graph, block, templates, entry, truth(first), go)


def _condition(value: Any) -> Any:
    return truth(value) if isinstance(value, SymbolicTensor) else OPS["asarray"](bool(value))


def _trace(graph: Graph, trip: Any, templates: dict[Place, Template], entry: dict[Place, Any], go: Result) -> Block:
    """Trace one trip from a state of these templates."""
    region = Graph(graph)
    region.input(Spec((), bool_), "go")

    def later_trip() -> None:
        for place in (place for place, template in templates.items() if place.shared and not keeps(template)):
            active().note(place)  # an exception leaves what the trips before changed
        trip()

    for place, template in templates.items():
        inputs = [region.input(spec, place.name) for spec in specs(template)]
        value = decode(template, iter(inputs), place.name)
        place.set(value)
        if not keeps(template):
            active().blur(value)
            active().share_tensors(place, entry[place])
    try:
        block = Block(region, [go, *templates]).run(later(later_trip))
        with write_to(region):
            pass
        return block
    finally:
        for place, value in entry.items():
            place.restore(value)


def _widen(templates: dict[Place, Template], entry: dict[Place, Any], block: Block, go: Result) -> bool:
    """Let the templates hold what the trip left; whether they had to change."""
    changed = False
    for place, value in block.after.items():
        if place is go:
            continue
        if place not in templates:
            entry[place] = place.get()
        before = templates.get(place, Known(entry[place]))
        same = isinstance(before, Known) and before.value is value
        after = before if block.stopped or same else _after(before, block, place)
        if place not in templates and isinstance(after, Known):
            continue
        if place not in templates or not equal(before, after):
            templates[place] = after
            changed = True
    return changed


def _after(before: Template, block: Block, place: Place) -> Template:
    """What a place holds that held `before` and what the trip left: an object itself, or the contents that it left."""
    found = joined(before, block.left(place), place)
    return found if keeps(found) else joined(before, block.shown(place), place)


def _emit(
    graph: Graph, block: Block, templates: dict[Place, Template], entry: dict[Place, Any], first: Any, go: Result
) -> None:
    """Write the loop and put its results in their places."""
    region = block.region
    for place in (place for place, template in templates.items() if isinstance(template, Growing)):
        _check_items(block, place)
    with write_to(region):
        ends = [OPS["asarray"](False)] if block.stopped else [block.after[go]]
        outputs = [region.lift(ends[0])]
        for place, template in templates.items():
            outputs += encode(block.shown(place), template, region)
    region.outputs = outputs
    test = Graph(graph)
    for x in region.inputs:
        test.input(x.spec, x.name)
    test.outputs = [test.inputs[0]]
    start = [first]
    for place, template in templates.items():
        start += encode(entry[place], template, graph)
    outer = close([test, region])
    results = iter(graph.run(while_op, (*start, *outer), {"test": test, "step": region, **options.present()})[1:])
    for place, template in templates.items():
        value = decode(template, results, place.name)
        if not isinstance(template, Known):
            put(place, value)
        if not keeps(template):
            active().blur(value)
            active().share(place, (entry[place], block.left(place)), [block.born])


def _check_items(block: Block, place: Place) -> None:
    """Refuse a list that gets one tensor in several trips, which change it.

    Errors: SideEffectError.
    """
    changed = {id(other.owner) for other in block.after}
    if any(id(x) in changed for x in block.left(place)):
        raise SideEffectError(
            f"a tensor is appended to {place.name!r} in a loop, and trips assign to the items of that one tensor",
            "Append a copy: wf.asarray(x, copy=True).",
        )


def staged_for(
    length: Any,
    item: Callable[[Any], Any],
    body: Callable[[Any], Any],
    test: Callable[[], Any] | None,
    places: Sequence[Place],
) -> None:
    """Write a loop over `length` items, each made from its position; `test` says after one whether to go on."""
    if type(length) is int and length == 0:
        return
    limit = length.tensor() if type(length) is Dim else length
    k = Result("position")
    k.set(OPS["asarray"](0, dtype=int64))

    def goes_on() -> Any:
        more = k.value < limit
        if test is None:
            return more
        wanted = test()
        return OPS["logical_and"](more, truth(wanted)) if isinstance(wanted, SymbolicTensor) else more & bool(wanted)

    def trip() -> None:
        body(item(k.value))
        k.set(k.value + 1)

    graph = writing()
    assert graph is not None
    written_out = type(length) is int and test is None and length <= LONGEST_UNROLLED
    state: dict[Place, Template] = {k: Traced(Spec((), int64))}
    try:
        staged_while(graph.lift(k.value < limit), goes_on, trip, [k, *places], state, not written_out)
    except StructureError:
        if not written_out:
            raise
        for i in range(length):  # state of a kind that no loop carries, a growing list say: trip by trip, as in Python
            body(item(OPS["asarray"](i)))
