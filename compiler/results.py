"""Results: what comes out of a call, from the tensors that its graph gives.

A result is taken apart when the function is traced, and built again by each call. Lists, dicts and tensors that
were there before the call come out as the very objects, and what stands twice in a result comes out as one object,
as in Python; where tensors choose one of several objects, a number that the graph gives says which. What is known when the function is traced comes out as it is; what it made then cannot be made again.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, ModuleType
from typing import Any

import numpy as np

from ..runtime import tree
from ..runtime.dim import Dim
from ..runtime.eager import EagerTensor
from ..runtime.errors import SourceError
from ..runtime.op import Op
from ..runtime.ops.joining import unstack
from ..runtime.spec import Spec
from ..runtime.tensor import Tensor
from ..runtime.tree import Structure
from .graph.graph import Graph
from .graph.symbolic import SymbolicTensor
from .staging.carried import encode
from .staging.growing import array_of
from .staging.grown import holds_grown
from .staging.maybe import NONE, Maybe
from .staging.origins import NEW, Lost, present
from .staging.paths import Path
from .staging.template import Growing, Known, SideEffectError, Template, Traced, Unsettled, general
from .staging.text import LateText

# What may come out of every call as the very same object
LASTING = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type, range, slice, ModuleType,
           BuiltinFunctionType, enum.Enum, np.dtype, np.generic, Spec, Op)  # fmt: skip
LEAF = Structure(None)
NOTHING = Structure(tuple)
OPEN = -1  # of what is being taken apart


@dataclass(frozen=True)
class Before:
    """An object that was there before the call: in its arguments (source 0), or in what a guard looks at."""

    source: int
    path: Path


@dataclass(frozen=True)
class Shared:
    """An object that comes out elsewhere, too; a tensor is carried as `inner`, for who looks at the graph."""

    object: Before | int  # a number: the one that was finished as that one in this result
    inner: Template | None = None


@dataclass(frozen=True)
class OneOf:
    """The object that comes out for each number that the graph may give; for another number it is a new one."""

    objects: Mapping[int, Before | int | None]


class Choice:
    """The kind of structure of what is one of several: those that the call makes, the number, what a new one holds."""


Part = Template | Shared | OneOf


class Taken:
    """A result taken apart: its structure, and for each leaf how it comes out and the tensors that carry it."""

    def __init__(self, value: Any, before: Mapping[int, Before], there: set[int], graph: Graph) -> None:
        self.before, self.there, self.graph = before, there, graph
        self.parts: list[Part] = []
        self.outputs: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._count = 0
        self._kept: list[Any] = []  # alive, so that no other object gets their identities
        self._origins = present.get()
        self._seen: Counter[int] = Counter()
        self._look(value)
        self.structure = self._apart(value)

    @property
    def before_used(self) -> list[Before]:
        """The objects that were there before and come out."""
        shared = [part.object for part in self.parts if isinstance(part, Shared)]
        chosen = [x for part in self.parts if isinstance(part, OneOf) for x in part.objects.values()]
        return [x for x in (*shared, *chosen) if isinstance(x, Before)]

    def _look(self, x: Any) -> None:
        """Count how often objects come out, or might because they are among those that one is chosen from."""
        self._seen[id(x)] += 1
        if self._seen[id(x)] == 1 and id(x) not in self.before:
            held = [x.value] if isinstance(x, Maybe) else (tree.opened(x) or [()])[0]
            for part in (*held, *self._candidates(x).values()):
                self._look(part)

    def _candidates(self, x: Any) -> dict[int, Any]:
        """The objects for which one that was chosen may stand, by their numbers, new ones aside."""
        found = self._origins.chosen.get(id(x))
        return {n: self._origins.objects[n] for n in sorted(found.numbers) if n != NEW} if found else {}

    def _apart(self, x: Any) -> Structure:
        x = x.bound() if isinstance(x, Maybe) else x
        number = self._numbers.get(id(x))
        found = self.before.get(id(x))
        if number == OPEN:
            kind = type(x).__name__
            raise SideEffectError(f"the function gives back a {kind} that contains itself", "Return its parts.")
        if number is not None or found is not None:
            return self._leaf(x, found or number)
        if isinstance(x, Maybe):
            return self._choice(x, x.code, {NONE: None}, lambda: self._apart(x.value))
        objects = {n: y for n, y in self._candidates(x).items() if id(y) in self.before or self._seen[id(y)] > 1}
        return self._one_of(x, objects) if objects else self._contents(x)

    def _one_of(self, x: Any, objects: dict[int, Any]) -> Structure:
        """An object that is one of several that come out elsewhere, too, or is new."""
        if any(isinstance(y, Lost) for y in objects.values()):
            kind = type(x).__name__
            raise SideEffectError(
                f"the function gives back a {kind} in two places or more that is one object, or several, depending on a tensor",
                f"Give back a copy in all but one: {kind}(x), or copy.copy(x).",
            )
        found = self._origins.chosen[id(x)]
        self._numbers[id(x)] = OPEN
        made = [self._apart(y) for y in objects.values() if id(y) not in self.before and id(y) not in self._numbers]
        places = {n: self.before.get(id(y)) or self._numbers[id(y)] for n, y in objects.items()}
        others = found.numbers - objects.keys()
        return self._choice(x, found.which, places, lambda: self._contents(x) if others else self._nothing(), made)

    def _choice(
        self,
        x: Any,
        which: Any,
        objects: Mapping[int, Before | int | None],
        new: Callable[[], Structure],
        made: Sequence[Structure] = (),
    ) -> Structure:
        self._kept.append(x)
        self.parts.append(OneOf(objects))
        self.outputs.append(self.graph.lift(which))
        self._finished(None)
        structure = Structure(Choice, None, (*made, LEAF, new()))
        self._finished(x)
        return structure

    def _nothing(self) -> Structure:
        self._finished(None)
        return NOTHING

    def _contents(self, x: Any) -> Structure:
        """What is new in each call."""
        held = None if holds_grown(x) else tree.opened(x)
        if held is None:
            return self._leaf(x)
        self._kept.append(x)
        self._numbers[id(x)] = OPEN
        structure = Structure(type(x), held[1], tuple([self._apart(child) for child in held[0]]))
        self._finished(x)
        return structure

    def _leaf(self, x: Any, shared: Before | int | None = None) -> Structure:
        if shared is None:
            self._check(x)
            part: Any = output_template(x)
            self.outputs += [array_of(x)] if holds_grown(x) else encode(x, part, self.graph)
            lasts = holds_grown(x) or (isinstance(x, Tensor) and not getattr(x, "weak", None))
            self._finished(x if lasts else None)
        elif isinstance(x, Tensor) and not isinstance(x, Maybe):
            part = Shared(shared, general(x, "the result"))
            self.outputs += encode(x, part.inner, self.graph)
            self._finished(None)
        else:
            part = Shared(shared)
            self._finished(None)
        self.parts.append(part)
        return LEAF

    def _finished(self, x: Any) -> None:
        """Count what is done; `x` may come out again."""
        if x is not None:
            self._numbers[id(x)] = self._count
        self._count += 1

    def _check(self, x: Any) -> None:
        """Refuse objects that the function made: every call would have to make another."""
        if (
            not isinstance(x, (Tensor, Dim, Unsettled, LateText, *LASTING))
            and not holds_grown(x)
            and id(x) not in self.there
        ):
            raise SideEffectError(
                f"the function gives back or keeps a {type(x).__name__} that it made, which a graph cannot make again",
                "Give back tensors, numbers, strings, and tuples, lists, dicts, named tuples or dataclasses of them.",
            )


def output_template(x: Any) -> Template:
    """How a leaf of the result comes out: what is known now comes out as it is."""
    if isinstance(x, Unsettled):
        bool(x)
    if isinstance(x, LateText):
        raise SourceError(
            "the function gives a text of values that are known only when the graph runs",
            "Give the values, and make the text outside.",
        )
    # A tensor made while tracing comes out anew from each call: the caller may assign to its items.
    varies = isinstance(x, SymbolicTensor | EagerTensor | Dim) or holds_grown(x)
    return general(x, "the result") if varies else Known(x)


def weakness(part: Part | None) -> list[type | None]:
    """For each tensor that carries a value, the type of Python number that it stands for."""
    if isinstance(part, Shared):
        return weakness(part.inner)
    if isinstance(part, OneOf):
        return [None]
    if isinstance(part, Growing):
        return [part.item.weak]
    return [part.weak] if isinstance(part, Traced) else []


Carried = Iterator[tuple[Any, "type | None"]]


class Built:
    """A result built again from what carries it and from the objects that were there before."""

    def __init__(self, carried: Carried, before: Mapping[Before, Any]) -> None:
        self.carried, self.before = carried, before
        self.made: list[Any] = []

    def build(self, structure: Structure, parts: Iterator[Part]) -> Any:
        """The tree of that structure."""
        if structure.kind is None:
            made = self._value(next(parts))
        elif structure.kind is Choice:
            *_, (is_new, found), new = [self.build(child, parts) for child in structure.children]
            made = new if is_new else found
        else:
            made = tree.closed(structure, [self.build(child, parts) for child in structure.children])
        self.made.append(made)
        return made

    def _value(self, part: Part) -> Any:
        if isinstance(part, OneOf):
            which = int(next(self.carried)[0])
            return which not in part.objects, self._object(part.objects.get(which))
        if not isinstance(part, Shared):
            return value_of(part, self.carried)
        inner = None if part.inner is None else value_of(part.inner, self.carried)
        found = self._object(part.object)
        if isinstance(part.object, int):
            return found
        return found if inner is None or isinstance(found, Tensor) else inner  # arrays came in as tensors

    def _object(self, place: Before | int | None) -> Any:
        """One that was there before, or was built."""
        return self.made[place] if isinstance(place, int) else self.before[place] if place else None


def value_of(template: Template, carried: Carried) -> Any:
    """What a template stands for, from the tensors that carry it."""
    if isinstance(template, Known):
        return template.value
    value, weak = next(carried)
    if isinstance(template, Growing):
        return value.tolist() if weak else list(unstack(value))
    return value.item() if weak else value
