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
from ..graph.graph import Graph, SymbolicTensor, close, write_to, writing
from . import options
from .branches import truth
from .raising import later
from .state import Place, Result
from .template import Known, StructureError, Template, Traced, decode, encode, equal, keeps, specs
from .tracer import Block, active, joined, put

ATTEMPTS = 12
LONGEST_UNROLLED = 1000  # trips of a loop that must be written out


def staged_while(
    first: Any,
    test: Callable[[], Any],
    body: Callable[[], Any],
    places: Sequence[Place],
    state: dict[Place, Template] | None = None,
) -> None:
    """Write a `while` for a loop whose condition, evaluated already, is symbolic.

    `state` says of some places what they are from the first trip on.
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
    for place, template in templates.items():
        inputs = [region.input(spec, place.name) for spec in specs(template)]
        value = decode(template, iter(inputs), place.name)
        place.set(value)
        if not keeps(template):
            active().blur(value)
    try:
        block = Block(region, [go, *templates]).run(later(trip))
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
    try:
        staged_while(graph.lift(k.value < limit), goes_on, trip, [k, *places], {k: Traced(Spec((), int64))})
    except StructureError:
        if type(length) is not int or test is not None or length > LONGEST_UNROLLED:
            raise
        for i in range(length):  # state of a kind that no loop carries, a growing list say: trip by trip, as in Python
            body(item(OPS["asarray"](i)))
