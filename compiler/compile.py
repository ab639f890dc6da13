"""`compile`: a function that becomes a graph when it is called.

The first call with arguments of a kind traces the function: it is rewritten, run on symbolic tensors, and leaves a
graph, which serves all later calls with arguments of that kind. Variables that it reads are inputs of the graph,
variables that it assigns are results. Under a tape a call is one node, whose gradient is the graph's.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ..runtime import observers, tree
from ..runtime.errors import SourceError
from ..runtime.op import apply
from ..runtime.variable import Variable
from .cache import LIMIT, Cache, Opening, opened
from .declared import open_places, specs_in
from .frontend.convert import rewritten_tree
from .frontend.unparse import unparse
from .graph import picture as _picture, text as _text  # noqa: F401  (graphs show themselves)
from .graph.control import call
from .graph.graph import Graph, SymbolicTensor, writing
from .graph.rewrite import does_something
from .guards import SMALL, Guard, kept, show
from .passes.checks import keep_checks
from .passes.partition import called
from .passes.pipeline import optimize
from .quick import MISSED, Quick, missed, quick_call
from .results import Before, Built, Part, Taken, weakness
from .signature import Signature, data_of, signature, symbol_spec, watch_life
from .staging import operators
from .staging.assigned import Assigned
from .staging.effects import Refused, Stopped
from .staging.maybe import Maybe
from .staging.paths import called_with, doubled, follow, paths
from .staging.raising import staged_raise
from .staging.state import Contents, Item, Journal, Place
from .staging.template import SideEffectError
from .staging.tracer import Trace, active, tracing
from .written import check_written

_eagerly: ContextVar[bool | None] = ContextVar("eagerly", default=None)  # None: as everywhere
_everywhere = [False]


@contextmanager
def eagerly(on: bool = True) -> Iterator[None]:
    """Run compiled functions as plain Python inside the `with` block, for debugging."""
    token = _eagerly.set(on)
    try:
        yield
    finally:
        _eagerly.reset(token)


def run_eagerly(on: bool) -> None:
    """Run compiled functions as plain Python from now on, in every thread, or compile them again."""
    _everywhere[:] = [on]


def _is_eager() -> bool:
    here = _eagerly.get()
    return _everywhere[0] if here is None else here


@dataclass
class CacheInfo:
    """How often a compiled function found a trace, and how many it holds."""

    hits: int = 0
    misses: int = 0
    size: int = 0
    limit: int = LIMIT


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


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that can be compiled.

    Errors: SourceError for generators and async functions, TypeError for what cannot be called.
    """
    if not callable(function):
        raise TypeError(f"compile takes a function, not a {type(function).__name__}")
    for is_kind, kind in ((inspect.isasyncgenfunction, "an async generator"), (inspect.iscoroutinefunction, "an async function"),
                          (inspect.isgeneratorfunction, "a generator")):  # fmt: skip
        if is_kind(function):
            name = getattr(function, "__name__", "the function")
            raise SourceError(f"{name} is {kind}, which cannot be compiled", "Return a list or a tensor instead.")
    return function


class Compiled:
    """A function that is compiled when it is called; use it like the function."""

    def __init__(self, function: Callable[..., Any], signature: Sequence[Any] | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function = _checked(function)
        self.signature = tuple(signature or ())
        specs_in(self.signature)
        self._cache = Cache()
        self._reasons: list[str] = []
        self._info = CacheInfo()
        self._lock = threading.RLock()
        self._quick: Quick = missed  # the way of the last call, where that was quick

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            result = self._quick(args)
            if result is not MISSED:
                self._info.hits += 1
                return result
        if writing() is not None:  # inside another compiled function: part of its graph
            return operators.call(self.function, *args, **kwargs)
        if _is_eager():
            return self.function(*args, **kwargs)
        key, leaves = signature(args, kwargs)
        with called_with((args, kwargs)):
            found, data = self._find(key, leaves), data_of(leaves)
            result = found(data, (args, kwargs))
        if not kwargs and not observers.watching.count:
            self._quick = quick_call(found, data, args) or missed
        return result

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        return self if owner is None else functools.partial(self, owner)

    def __repr__(self) -> str:
        return f"<compiled {self.function!r}>"

    def _find(self, key: Signature, leaves: list[Any]) -> Program:
        with self._lock:
            traced = self._cache.find(key)
            broken = traced.broken() if traced is not None else None
            if traced is not None and broken is None:
                self._info.hits += 1
                return traced
            names = _names(self.function, key)
            declared = open_places(self.signature, key, names, _parameters(self.function)) if self.signature else {}
            self._info.misses += 1
            opening = self._cache.opening(key, names, declared)
            self._reasons.append(_reason(key, list(self._cache.traces), broken, opening))
            del self._reasons[:-LIMIT]
            traced = self._traced(key, leaves, opening)
            _check_declared(set(declared.values()), opening)
            self._cache.keep(key, traced)
            watch_life(leaves, functools.partial(self._cache.forget, key))
            return traced

    def _traced(self, key: Signature, leaves: list[Any], opening: Opening) -> Program:
        """A trace with these sizes open; with the sizes of the call where that cannot be."""
        if self.signature:
            return trace(self.function, key, leaves, opening)
        if opening.places:
            try:
                return trace(self.function, key, leaves, opening)
            except Exception:  # with plain numbers it may work, or says what is wrong
                self._cache.kind(key).fixed.update(opening.places)
        return trace(self.function, key, leaves, opened(key, {}, ()))

    def explain_retrace(self) -> str:
        """Why the function was traced the last time: which argument, or what around it, was different."""
        return self._reasons[-1] if self._reasons else "it was not traced yet"

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph that serves these arguments."""
        key, leaves = signature(args, kwargs)
        return self._find(key, leaves).graph

    def source(self) -> str:
        """The rewritten Python that is traced, as text."""
        return unparse(rewritten_tree(inspect.unwrap(self.function)))

    def cache_info(self) -> CacheInfo:
        """Hits, misses, and the number of traces held."""
        return CacheInfo(self._info.hits, self._info.misses, len(self._cache.traces), LIMIT)

    def cache_clear(self) -> None:
        """Forget every trace."""
        with self._lock:
            self._quick = missed
            self._cache.clear()


def _reason(key: Signature, before: list[Signature], broken: Guard | None, opening: Opening) -> str:
    if broken is not None:
        return f"{broken.what} changed: it was {broken.shown}, it is {show(broken.read())}"
    if not before:
        return "the first call"
    last = before[-1]
    if last.structure != key.structure:
        return f"the arguments are nested differently: {last.structure}, then {key.structure}"
    pairs = zip(last.leaves, key.leaves, strict=True)
    changed = [f"argument {i}: it was {a}, it is {b}" for i, (a, b) in enumerate(pairs) if a != b]
    free = f" (any size from now on: {', '.join(dict.fromkeys(opening.places.values()))})" if opening.places else ""
    return "; ".join(changed) + free


def trace(function: Callable[..., Any], key: Signature, leaves: list[Any], opening: Opening) -> Program:
    """Trace a function for arguments of one kind."""
    graph = Graph()
    graph.sizes = opening.sizes
    here = _symbolic(function, key, leaves, opening, graph)
    tracing_now = Trace(graph)
    tracing_now.given = paths(here)
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
    for described, leaf, name in zip(opening.specs, leaves, _names(function, key), strict=True):
        spec = symbol_spec(described)
        given.append(leaf if spec is None else graph.input(spec[0], name))
        if spec is not None:
            given[-1].weak = spec[1]
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
                    staged_raise(error, error.__cause__)
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


def _names(function: Callable[..., Any], key: Signature) -> list[str]:
    """The names of the leaves of the arguments, as the function's parameters call them."""
    parameters = _parameters(function)
    names = []
    for path, _ in tree.paths(tree.unflatten(key.structure, range(len(key.leaves)))):
        where, first, *rest = path.split(".")
        named = where == "0" and int(first) < len(parameters)
        names.append("_".join([parameters[int(first)] if named else first, *rest]))
    return names


def _parameters(function: Callable[..., Any]) -> Sequence[str]:
    """The names of the positional parameters of a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_varnames[: code.co_argcount] if code is not None else ()


def _check_declared(names: set[str], opening: Opening) -> None:
    """Refuse a trace that holds for one value of a size that a signature leaves open."""
    for condition in opening.sizes.conditions:
        if condition.fixes in names:
            raise SourceError(
                f"the signature leaves {condition.fixes} open, and the function needs {condition}",
                "Keep it out of what needs the number itself, or write the number into the signature.",
                condition.where,
            )


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


def compile(function: Callable[..., Any] | None = None, *, signature: Sequence[Any] | None = None) -> Any:
    """Compile a function: control flow on tensors becomes part of a static graph.

    Use as `@wf.compile` or `wf.compile(f)`. Each kind of arguments is traced once; sizes that differ between calls are
    left open, and those that a `signature` names are so from the first call: a list with a `wf.spec` for each
    positional argument, nested as the argument is, or None.

    Errors: ShapeError or DTypeError for a call that does not fit the signature; SourceError, with the line and what to write instead, for what cannot be compiled.

    Example:
        >>> import weft as wf
        >>> @wf.compile
        ... def halve(x):
        ...     n = 0
        ...     while wf.sum(x) > 1.0:
        ...         x, n = x / 2.0, n + 1
        ...     return x, n
        >>> halve(wf.tensor([3.0, 5.0]))
        (Tensor([0.375, 0.625], f32), 3)
    """
    return functools.partial(compile, signature=signature) if function is None else Compiled(function, signature)
