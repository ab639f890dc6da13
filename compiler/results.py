"""Results: what comes out of a call, from the tensors that its graph gives.

A result is taken apart when the function is traced, and built again by each call. Lists, dicts and tensors that
were there before the call come out as the very objects, and what stands twice in a result comes out as one object,
as in Python. What is known when the function is traced comes out as it is; what it made then cannot be made again.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
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
from .graph.graph import Graph, SymbolicTensor
from .staging.carried import encode
from .staging.growing import array_of
from .staging.grown import holds_grown
from .staging.maybe import NONE, Maybe
from .staging.paths import Path
from .staging.template import (
    Growing,
    Known,
    Mixed,
    Optional,
    SideEffectError,
    Template,
    Traced,
    Tree,
    Unsettled,
    conflict,
    general,
)
from .staging.text import LateText

# What may come out of every call as the very same object
LASTING = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type, range, slice, ModuleType,
           BuiltinFunctionType, enum.Enum, np.dtype, np.generic, Spec, Op)  # fmt: skip
LEAF = Structure(None)
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


Part = Template | Shared


class Taken:
    """A result taken apart: its structure, and for each leaf how it comes out and the tensors that carry it."""

    def __init__(self, value: Any, before: Mapping[int, Before], there: set[int], graph: Graph) -> None:
        self.before, self.there, self.graph = before, there, graph
        self.parts: list[Part] = []
        self.outputs: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._count = 0
        self._kept: list[Any] = []  # alive, so that no other object gets their identities
        self.structure = self._apart(value)

    @property
    def before_used(self) -> list[Before]:
        """The objects that were there before and come out."""
        return [part.object for part in self.parts if isinstance(part, Shared) and isinstance(part.object, Before)]

    def _apart(self, x: Any) -> Structure:
        number = self._numbers.get(id(x))
        found = self.before.get(id(x))
        if number == OPEN:
            kind = type(x).__name__
            raise SideEffectError(f"the function gives back a {kind} that contains itself", "Return its parts.")
        if number is not None or found is not None:
            return self._leaf(x, found or number)
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
        elif isinstance(x, Tensor):
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
        if x is not None and not isinstance(x, Maybe):
            self._numbers[id(x)] = self._count
        self._count += 1

    def _check(self, x: Any) -> None:
        """Refuse objects that the function made: every call would have to make another."""
        if (
            not isinstance(x, (Tensor, Dim, Maybe, Unsettled, LateText, *LASTING))
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
    if isinstance(x, Maybe):
        x = x.bound()
    if isinstance(x, LateText):
        raise SourceError(
            "the function gives a text of values that are known only when the graph runs",
            "Give the values, and make the text outside.",
        )
    # A tensor made while tracing comes out anew from each call: the caller may assign to its items.
    varies = isinstance(x, Maybe | SymbolicTensor | EagerTensor | Dim) or holds_grown(x)
    template = general(x, "the result") if varies else Known(x)
    error = conflict(template)
    if error is not None:
        raise error
    return template


def weakness(part: Part | None) -> list[type | None]:
    """For each tensor that carries a value, the type of Python number that it stands for."""
    if isinstance(part, Shared):
        return weakness(part.inner)
    if isinstance(part, Optional):
        return [None, *(weakness(part.inner) if part.inner is not None else [])]
    if isinstance(part, Tree):
        return [weak for leaf in part.leaves for weak in weakness(leaf)]
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
        else:
            made = tree.closed(structure, [self.build(child, parts) for child in structure.children])
        self.made.append(made)
        return made

    def _value(self, part: Part) -> Any:
        if not isinstance(part, Shared):
            return value_of(part, self.carried)
        inner = None if part.inner is None else value_of(part.inner, self.carried)
        if isinstance(part.object, int):
            return self.made[part.object]
        found = self.before[part.object]
        return found if inner is None or isinstance(found, Tensor) else inner  # arrays came in as tensors


def value_of(template: Template, carried: Carried) -> Any:
    """What a template stands for, from the tensors that carry it."""
    if isinstance(template, Known):
        return template.value
    if isinstance(template, Tree):
        return tree.unflatten(template.structure, [value_of(leaf, carried) for leaf in template.leaves])
    if isinstance(template, Mixed):
        raise template.error
    value, weak = next(carried)
    if isinstance(template, Growing):
        return value.tolist() if weak else list(unstack(value))
    if isinstance(template, Optional):
        code = int(value)
        inside = None if template.inner is None else value_of(template.inner, carried)
        return None if code == NONE else inside
    return value.item() if weak else value
