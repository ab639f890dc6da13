"""Tracing: a function run once on symbolic tensors, and the program that this leaves for calls of one kind.

A `Program` is a graph with what stands around it in a call: which variables are inputs and results of the graph, which
places a call sets, how its result is built, and what was taken for granted. This file does not know which program
serves a call, nor how long one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..runtime import tree
from ..runtime.device import cpu
from ..runtime.errors import SourceError
from ..runtime.op import apply
from ..runtime.variable import Variable
from .cache import Opening
from .graph.control import call
from .graph.graph import Graph
from .graph.rewrite import does_something
from .graph.symbolic import SymbolicTensor
from .guards import SMALL, Guard, kept
from .passes.checks import keep_checks
from .passes.partition import called
from .passes.pipeline import optimize
from .results import Before, Built, Part, Taken, weakness
from .signature import Signature, data_of, leaf_names, symbol_spec
from .staging import checked as _checked, operators  # noqa: F401  (which ops leave changes)
from .staging.assigned import Assigned
from .staging.effects import Refused, Stopped
from .staging.maybe import Maybe
from .staging.paths import doubled, follow, paths
from .staging.raising import staged_raise
from .staging.state import Contents, Item, Journal, Place
from .staging.template import SideEffectError
from .staging.tracer import Trace, active, tracing
from .written import check_written


@dataclass
class Program:
    """A graph, and how calls become its inputs and its outputs their results."""

    graph: Graph
    opening: Opening
    variables: list[Variable]
    assigned: list[Variable]
    structure: tree.Structure
    templates: list[Part]
    weak: list[type | None]
    places: list[Place] = field(default_factory=list)  # attributes and items that a call sets
    guards: list[Guard] = field(default_factory=list)
    owners: dict[int, Before] = field(default_factory=dict)  # of places in what is another object in each call
    needs: frozenset[Before] = frozenset()  # the objects there before that come out, or are changed

    def broken(self) -> Guard | None:
        """The first guard that does not hold any more."""
        return next((guard for guard in self.guards if not guard.holds()), None)

    def __call__(self, data: list[Any], arguments: Any = ()) -> Any:
        if self.owners:
            _check_doubled(arguments)
            written = [(p.name, self.owners[i].path) for i, p in enumerate(self.places) if isinstance(p, Assigned)]
            check_written(written, arguments, self.guards)
        operands = (*data, *(v.read_value() for v in self.variables))
        results = called(self.graph, operands)
        split = len(results) - len(self.assigned)
        for variable, value in zip(self.assigned, results[split:], strict=True):
            variable.assign(value)
        before = self.before(arguments) if self.needs else {}
        built = Built(iter(zip(results[:split], self.weak, strict=True)), before)
        *left, result = built.build(self.structure, iter(self.templates))
        for i, (place, value) in enumerate(zip(self.places, left, strict=True)):
            (place.of(before[self.owners[i]]) if i in self.owners else place).set(value)
        return result

    def before(self, arguments: Any) -> dict[Before, Any]:
        """The objects of this call that come out of it, or are changed."""
        sources = (arguments, *[guard.read() for guard in self.guards])
        return {each: follow(each.path, sources[each.source]) for each in self.needs}


def trace(function: Callable[..., Any], key: Signature, leaves: list[Any], opening: Opening) -> Program:
    """Trace a function for arguments of one kind."""
    graph = Graph()
    graph.sizes = opening.sizes
    here = _symbolic(function, key, leaves, opening, graph)
    tracing_now = Trace(graph)
    tracing_now.arguments, tracing_now.given = here, paths(here)
    journal = Journal()
    with tracing(tracing_now):
        tracing_now.journals.append(journal)
        result, failure = _called(function, here, journal, opening)
    if failure is not None:
        if not opening.places:
            _run_until_failure(graph, tracing_now, leaves)
        raise failure
    return _program(tracing_now, journal, here, leaves, opening, result)


def _symbolic(
    function: Callable[..., Any], key: Signature, leaves: list[Any], opening: Opening, graph: Graph
) -> tuple[Any, Any]:
    """The arguments, with an input of the graph for each leaf that is data."""
    given = []
    if key.places is not None:
        graph.lives = next((place for place in key.places if place not in (None, cpu)), cpu)
    places = (key.places or [None] * len(leaves))[: len(leaves)]
    for described, leaf, name, place in zip(opening.specs, leaves, leaf_names(function, key), places, strict=True):
        spec = symbol_spec(described)
        given.append(leaf if spec is None else graph.input(spec[0], name))
        if spec is not None:
            given[-1].weak = spec[1]
            given[-1].place = place if place is not graph.lives else None
    args, kwargs = tree.unflatten(key.structure, given)
    return args, kwargs


def _called(
    function: Callable[..., Any], here: tuple[Any, Any], journal: Journal, opening: Opening
) -> tuple[Any, BaseException | None]:
    """What the function gives, or what it raises whatever the values are; what it changed is undone then."""
    try:
        result = operators.call(function, *here[0], **here[1])
        refusal = active().refused
        if refusal is not None:
            raise refusal
    except Refused as refused:
        journal.undo()
        raise refused.error from None
    except BaseException as error:
        is_refusal = not isinstance(error, Exception) or isinstance(error, SourceError)
        try:
            if not is_refusal and not opening.places:
                with suppress(Stopped):
                    staged_raise(error, *([error.__cause__] if error.__suppress_context__ else []))
        finally:
            journal.undo()
        if is_refusal:
            raise
        return None, error
    return result, None


def _program(
    tracing_now: Trace, journal: Journal, here: tuple[Any, Any], leaves: list[Any], opening: Opening, result: Any
) -> Program:
    """The program of a trace that came to its end."""
    graph = tracing_now.graph
    with tracing(tracing_now):
        places = [place for place in journal.before if tracing_now.outlives(place)]
        left = [x.bound() if isinstance(x, Maybe) else x for x in (*(place.get() for place in places), result)]
        held = dict(tracing_now.values)
        written = [(place, place.get()) for place in journal.before]
        journal.undo()
        tracing_now.values.update(held)
        _check_places(places)
        guards = list(tracing_now.guards.values())
        sources = [here, *[guard.read() for guard in guards]]  # kept: identities are looked up
        before = _before(sources)
        for place, value in written:  # of what only the trace sees, results among it
            if isinstance(place, Assigned) or (isinstance(place, Item | Contents) and id(place.owner) not in before):
                place.restore(value)
        taken = Taken(tuple(left), before, {id(x) for x in (*leaves, *map(kept, guards))}, graph)
        assigned = tracing_now.assigned()
        outputs = [*taken.outputs, *[graph.lift(tracing_now.values[v]) for v in assigned]]
    graph.inputs += tracing_now.inputs.values()
    graph.outputs = outputs
    graph = optimize(keep_checks(graph))
    _check_guards(guards)
    owners = {i: before[id(place.owner)] for i, place in enumerate(places) if id(place.owner) in before}
    return Program(
        graph,
        opening,
        list(tracing_now.inputs),
        assigned,
        taken.structure,
        taken.parts,
        [weak for part in taken.parts for weak in weakness(part)],
        places,
        guards,
        owners,
        frozenset([*owners.values(), *taken.before_used]),
    )


def _check_doubled(arguments: Any) -> None:
    """Refuse to change an object that is there under two names: the trace took them for two objects."""
    x = doubled(arguments)
    if x is not None:
        kind = type(x).__name__
        raise SideEffectError(
            f"the function changes its arguments, among which one {kind} stands more than once",
            f"Give a copy in one of the places: {kind}(x), or copy.copy(x).",
        )


def _before(sources: Sequence[Any]) -> dict[int, Before]:
    """The objects that are there before a call, and where each call finds them."""
    found: dict[int, Before] = {}
    for source, value in enumerate(sources):
        for key, path in paths(value, SMALL if source else None).items():
            found.setdefault(key, Before(source, path))
    return found


def _run_until_failure(graph: Graph, trace: Trace, leaves: list[Any]) -> None:
    """Do what a function does besides computing until it raises: print, and fail earlier where the values say so."""
    if does_something(graph):
        graph.inputs += trace.inputs.values()
        operands = (*data_of(leaves), *(variable.read_value() for variable in trace.inputs))
        apply(call, operands, {"body": optimize(keep_checks(graph))})


def _check_places(places: list[Place]) -> None:
    """Refuse what a call would have to do to Python objects again each time."""
    for place in places:
        if isinstance(place, Contents):
            raise SideEffectError(
                f"the function changes the length of {place.name}, which was made outside of it",
                "Return what is to be added, and add it outside of the compiled function.",
            )


def _check_guards(guards: list[Guard]) -> None:
    """Refuse a trace that left a symbolic value where the program would find it later."""
    for guard in guards:
        if isinstance(guard.read(), SymbolicTensor | Maybe):
            raise SideEffectError(
                f"the function assigns a tensor to {guard.what}, which outlives the call",
                "Return the tensor, and assign it outside of the compiled function.",
            )
