"""Tracing: blocks run on symbolic tensors, each into a region of its own, and leave no trace but the region.

`Block` runs one block in a region: afterwards every place it changed is put back, and what it would have left
there is known. The trace of a whole function also stands between variables and their values: a variable that is
read becomes an input of the graph, and one that is assigned becomes an output.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType
from typing import Any

import numpy as np

from ...runtime import observers, tree
from ...runtime.dim import Dim
from ...runtime.eager import EagerTensor
from ...runtime.errors import DTypeError, ShapeError, SourceError
from ...runtime.spec import describe
from ...runtime.tensor import OPS, Tensor
from ...runtime.variable import Variable, traced_by
from ..graph.graph import Graph, write_to, writing
from ..graph.symbolic import SymbolicTensor
from ..guards import SMALL, Guard, mentions, of_attribute, of_function
from .assigned import Assigned, now, tensors
from .effects import Stopped, emitted
from .objects import flatten
from .options import no_options
from .origins import Origins, present
from .paths import Path, holds, paths
from .snapshot import Snapshot
from .state import Cell, Free, Held, Journal, Place, closure, containers, free_of, globals_of
from .template import SideEffectError, StructureError, Template, merge, settle


class Trace:
    """The tracing of one function."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.inputs: dict[Variable, SymbolicTensor] = {}  # variables that were read, and the inputs they became
        self.values: dict[Variable, Any] = {}  # what they hold at this point of the trace
        self.outer_tapes: tuple[observers.Observer, ...] = ()  # in the function, around the blocks being traced
        self.journals: list[Journal] = []
        self.born: list[dict[int, Any]] = [{}]  # objects made by the blocks being traced, the innermost block's last
        self.refused: Exception | None = None  # what could not be compiled inside a `try`
        self.trying = 0  # how many `try` with handlers are around
        self.labels: dict[int, str] = {}  # names of containers, for messages
        self.around: dict[int, Any] = {}  # cells of functions made before the trace
        self.unclear: dict[int, Any] = {}  # containers that stand for one of several, which one is not known
        self.copied: dict[int, Any] = {}  # containers of which such hold copies, and the region that made them
        self.made: dict[int, Any] = {}  # tensors of known numbers made while tracing
        self.memory: dict[Any, tuple[Any, Any, Any]] = {}  # what cached functions gave, where, and for what
        self.guards: dict[Any, Guard] = {}  # what is taken for granted, each place once
        self.emitted: list[Any] = []  # what was written that does something besides computing
        self.arguments: Any = ()
        self.handled = sys.exception()  # what the caller handles
        self.given: dict[int, Path] = {}  # where the objects in the arguments lie, by their identities
        self.origins = Origins(self.is_before, self.is_made_here)
        self._around: dict[Any, Any] = {}  # the objects that lie in what was taken for granted, by what that is

    def read(self, variable: Variable) -> Any:
        """The present value of a variable; tapes inside the function are told."""
        value = self.holds(variable)
        for observer in (*self.outer_tapes, *observers.current()):
            observer.read(variable, value)
        return value.alias() if isinstance(value, SymbolicTensor) else value

    def holds(self, variable: Variable) -> Any:
        """The present value of a variable."""
        if variable not in self.values:
            x = self.inputs[variable] = self.values[variable] = SymbolicTensor(
                self.graph, variable.held.spec, variable.name
            )
            x.place = variable.device if variable.device is not self.graph.device else None
        return self.values[variable]

    def assign(self, variable: Variable, value: Any) -> None:
        """Give a variable another value, in the graph.

        Errors: ShapeError or DTypeError unless it fits.
        """
        before = self.holds(variable)
        if not isinstance(value, Tensor):
            value = OPS["asarray"](value, dtype=before.dtype)
        graph = writing()
        value = OPS["stop_gradient"](graph.lift(value) if graph is not None else value)
        if value.shape != before.shape:
            shown = f"assign: {describe(value)} does not fit variable {variable.name!r}, which is {describe(before)}"
            raise ShapeError(shown, "A variable keeps its shape; make another variable for another shape.")
        if value.dtype is not before.dtype:
            if not value.weak:
                shown = (
                    f"assign: {describe(value)} does not fit variable {variable.name!r}, which is {describe(before)}"
                )
                raise DTypeError(shown, f"Cast it with wf.astype(value, wf.{before.dtype}).")
            value = OPS["astype"](value, dtype=before.dtype)
        self.note(Held(variable, self.values))
        self.values[variable] = value

    def enters(self, function: FunctionType) -> None:
        """Take for granted what a function reads around it."""
        for guard in of_function(function):
            self.guards.setdefault((id(function), guard.what), guard)

        for _, cell in closure(function):
            self.around[id(cell)] = cell

    def rebinds(self, function: FunctionType) -> None:
        """Note the variables around a function that it may assign when it is called."""
        for place in (*free_of(function), *globals_of(function)):
            self.note(place)

    def remembered(self, f: Any, args: Any, kwargs: dict[str, Any], compute: Callable[[], Any]) -> Any:
        """What a cached function gives: what it gave before for these very tensors, if it did on the way here."""
        here = writing()
        given = [*args, *(part for pair in sorted(kwargs.items()) for part in pair)]
        key = (id(f), *(("tensor", id(x)) if isinstance(x, SymbolicTensor) else (type(x), x) for x in given))
        region, made, _ = self.memory.get(key, (None, None, None))
        if region is None or here is None or not (here is region or here.within(region)):
            made = compute()
            self.memory[key] = (here, made, given)
        return made

    def outlives(self, place: Place) -> bool:
        """Whether a place is there before and after the call."""
        if isinstance(place, Assigned):
            return id(place.owner) in self.given
        return not isinstance(place, Held) and (not isinstance(place, Free) or id(place.cell) in self.around)

    def pending(self) -> list[Place]:
        """The places that outlive the call and were changed on the way here; what is in new objects is part of others."""
        places = dict.fromkeys(place for journal in self.journals for place in journal.before)
        there = [place for place in places if not self.is_made_here(place.owner)]
        return [place for place in there if self.outlives(place) or isinstance(place, Held)]

    def is_made_here(self, x: Any) -> bool:
        """Whether the blocks being traced made an object."""
        return any(id(x) in born for born in self.born)

    def reads(self, owner: Any, name: str) -> None:
        """Take an attribute for granted, unless it is changed while tracing."""
        key = (id(owner), name)
        if key not in self.guards and not self.is_made_here(owner):
            found = of_attribute(owner, name)
            if not isinstance(found.read(), SymbolicTensor):  # such an object was made while tracing
                self.guards[key] = found

    def note(self, place: Place) -> None:
        """Say that a place is about to change, unless its owner was made by the block that changes it."""
        if isinstance(place, Assigned) and place.is_made_in(writing()) and id(place.owner) not in self.given:
            return
        if self.journals and id(place.owner) not in self.born[-1]:
            place.name = self.labels.get(id(place.owner), place.name)
            self.journals[-1].note(place)

    def is_before(self, x: Any) -> bool:
        """Whether an object was there before the call."""
        for key in self.guards.keys() - self._around.keys():
            value = self.guards[key].read()
            self._around[key] = (value, paths(value, SMALL))
        return id(x) in self.given or any(id(x) in found for _, found in self._around.values())

    def is_given(self, x: Any) -> bool:
        """Whether something without parts, an exception say, was there before the call."""
        return any(mentions(guard.print, x) for guard in self.guards.values()) or holds(self.arguments, x)

    def makes(self, made: Any) -> Any:
        """Take notice of a new object."""
        self.born[-1][id(made)] = made
        return made

    def is_made(self, made: Any, *operands: Any) -> Any:
        """Take notice of a tensor of known numbers that was made from operands, unless it is one of them."""
        if type(made) is EagerTensor and all(map(_is_operand, operands)):
            self.makes_tensor(made, operands)
        return made

    def makes_tensor(self, made: Any, operands: Any) -> Any:
        """Take notice of a tensor of known numbers that a function of the library gave, unless it was given it."""
        if all(x is not made for x in tree.leaves(operands)):
            self.made[id(made)] = self.born[-1][id(made)] = made
        return made

    def is_new(self, x: Any) -> bool:
        """Whether a tensor of known numbers was made while tracing."""
        return id(x) in self.made

    def is_made_by(self, x: Any, region: Graph, born: dict[int, Any]) -> bool:
        """Whether a block made a tensor, and nobody else may have it under another name."""
        here = id(x) in born if type(x) is not SymbolicTensor else x.home is region
        return here and id(x) not in self.unclear and id(x) not in self.copied

    def blur_tensors(self, value: Any) -> None:
        """Say that the tensors in a value stand for one of several."""
        self.unclear.update((id(x), x) for x in tensors(value))

    def share_tensors(self, place: Place, value: Any) -> None:
        """Say that copies of the tensors in a value may be in a place."""
        graph = writing() if re.fullmatch(r"result_\d+", place.name) else None
        for x in tensors(value):
            if id(x) not in self.copied or self.copied[id(x)][1] is not None:
                self.copied[id(x)] = (x, graph)

    def share_all(self, value: Any) -> None:
        """Say that copies of the tensors in a value are elsewhere."""
        self.copied.update((id(x), (x, None)) for x in tensors(value))

    def owns(self, x: Any) -> bool:
        """Whether the block being traced made an object."""
        return id(x) in self.born[-1]

    def blur(self, value: Any) -> None:
        """Say that the containers and tensors in a value stand for one of several objects of the program."""
        self.unclear.update((id(x), x) for x in (*containers(value), *tensors(value)))

    def share(self, place: Place, value: Any, made: Sequence[dict[int, Any]]) -> None:
        """Say that copies of the containers and tensors in a value may be in a place, unless one of the blocks made them.

        What is returned is not changed later, but by a `finally`, outside of what runs only if nothing was returned.
        """
        graph = writing() if re.fullmatch(r"result_\d+", place.name) else None
        for x in (*containers(value), *tensors(value)):
            if not any(id(x) in born for born in made):
                self.copied[id(x)] = (x, graph)

    def settled(self, x: Any) -> None:
        """Refuse to change, or to tell apart, what stands for one of several objects.

        Errors: SideEffectError.
        """
        _, graph = self.copied.get(id(x), (None, writing()))
        here = writing()
        copied = id(x) in self.copied and (graph is None or graph is here or (here is not None and graph.within(here)))
        if id(x) in self.unclear or copied:
            kind = "tensor" if isinstance(x, Tensor) else type(x).__name__
            copied = "wf.asarray(x, copy=True)" if kind == "tensor" else f"{kind}(x), or copy.copy(x)"
            raise SideEffectError(
                f"this {kind} is one of several, or may be another name of one, depending on a tensor: it cannot be changed or told apart",
                f"Change a copy: {copied}.",
            )

    def label(self, *blocks: Any) -> None:
        """Learn the names of the lists and dicts that blocks see."""
        for name, cell in (pair for block in blocks for pair in closure(block)):
            value = Cell(cell, name).get()
            if isinstance(value, (list, dict)):
                self.labels[id(value)] = name

    def assigned(self) -> list[Variable]:
        """The variables that do not hold their inputs any more."""
        return [v for v, x in self.values.items() if x is not self.inputs[v]]


def _is_operand(x: Any) -> bool:
    """Whether an operand is one whose operators are weft's own."""
    return isinstance(x, (Tensor, int, float, complex, list, tuple, Dim, np.ndarray, np.generic))


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
current = _trace.get


@contextmanager
def tracing(trace: Trace) -> Iterator[Trace]:
    """Trace inside the `with` block."""
    token, origins, effects = _trace.set(trace), present.set(trace.origins), emitted.set(trace.emitted)
    trace.graph.traced = True
    try:
        with (
            no_options(),
            write_to(trace.graph),
            traced_by(trace),
            observers.hidden(),
            trace.graph.sizes.asked(_written),
        ):
            yield trace
    finally:
        trace.graph.traced = False
        _trace.reset(token)
        present.reset(origins)
        emitted.reset(effects)


def _written(length: Any) -> Any:
    """A size as a number of the graph being written."""
    graph = writing()
    assert graph is not None
    return graph.lift(length)


def active() -> Trace:
    """The trace that is going on."""
    trace = _trace.get()
    assert trace is not None, "a symbolic value outside of a trace"
    return trace


class Block:
    """A block run once into a region: what it left in which place, and whether it fell through to its end."""

    def __init__(self, region: Graph, places: Sequence[Place]) -> None:
        self.region = region
        self.places = list(places)
        self.after: dict[Place, Any] = {}
        self.copies: dict[Place, Any] = {}  # of what it left, where containers inside are put back
        self.stopped = False
        self.born: dict[int, Any] = {}  # the objects that it made

    def run(self, block: Callable[[], Any]) -> Block:
        """Run `block`, keep what it left, and put everything back."""
        trace, journal = active(), Journal()
        before = {place: place.get() for place in self.places}
        seen = Snapshot(block)
        trace.journals.append(journal)
        trace.born.append({})
        tapes, trace.outer_tapes = trace.outer_tapes, (*trace.outer_tapes, *observers.current())
        try:
            with write_to(self.region), observers.hidden():
                try:
                    block()
                except Stopped:
                    self.stopped = True
                except RecursionError:
                    raise SourceError(
                        "a function calls itself, and how often depends on values that are not known yet",
                        "Write it as a loop.",
                    ) from None
            owners = {id(place.owner) for place in journal.before}
            for place in (*self.places, *journal.before):
                value = self.after[place] = place.get()
                if any(id(x) in owners for x in (*containers(value), *tensors(value))):
                    leaves, structure = flatten(value)
                    copy = self.copies[place] = tree.unflatten(structure, map(now, leaves))
                    trace.origins.copies(copy, value)
        finally:
            trace.outer_tapes = tapes
            trace.journals.pop()
            self.born = trace.born.pop()
            journal.undo()
            for place, value in before.items():
                place.set(value)
        trace.origins.leave([(place, self.shown(place)) for place in self.after])
        name = seen.changed()
        if name is not None:
            raise SideEffectError(
                f"{name!r} is changed in a branch or a loop that depends on a tensor, by code that is not compiled",
                "Assign items and attributes in the compiled function, or keep it in tensors.",
            )
        return self

    def left(self, place: Place) -> Any:
        """What the block left in a place; what was there, if it did not touch it."""
        return self.after[place] if place in self.after else place.get()

    def shown(self, place: Place) -> Any:
        """What it left in a place, with the contents that it left in containers."""
        return self.copies.get(place, self.left(place))


def put(place: Place, value: Any) -> None:
    """Change a place, noted by the block around."""
    if place.shared:
        active().note(place)
    place.set(value)


def joined(template: Template, value: Any, place: Place) -> Template:
    """The template of a place that may also hold `value`.

    Errors: SideEffectError for an object that changes in a way that depends on the path.
    """
    if place.rebinds:
        return settle(template, value, place.name)
    try:
        return merge(template, value, place.name)
    except StructureError as error:
        raise SideEffectError(error.message, error.hint) from None
