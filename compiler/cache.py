"""The traces of one function: which of them serves a call, and which sizes the next one leaves open.

The first trace has the sizes of its call. When a further call differs from it in a size only, that size is left open:
the trace takes for granted of it what the function asked, and no more, and serves every call for which that holds. Sizes
0 and 1 are never open. A size that the function turned into a number is not tried again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..runtime.dim import Dim, named
from ..runtime.sizes import LEAST_KNOWN, Sizes
from ..runtime.spec import Spec
from .signature import Signature

LIMIT = 64  # traces kept of one function
FOUND = 16 * LIMIT  # calls whose trace is known at once

Place = tuple[int, int]  # a leaf of the arguments, and an axis of it


@dataclass
class Kind:
    """What is known of calls that differ in sizes alone."""

    sizes: dict[Place, int]  # of the first call
    varying: dict[Place, str | None] = field(default_factory=dict)  # sizes that differ, and their names where given
    fixed: set[Place] = field(default_factory=set)  # sizes that the function wants as numbers


@dataclass(frozen=True)
class Opening:
    """What a trace starts from: the specs of the leaves, some lengths of which are open, and what is known of these."""

    specs: tuple[Any, ...]
    sizes: Sizes
    places: dict[Place, str]

    def serves(self, key: Signature) -> bool:
        """Whether a trace for this holds for a call that differs in sizes."""
        found: dict[str, int] = {}
        for spec, leaf in zip(self.specs, key.leaves, strict=True):
            if not isinstance(spec, Spec):
                continue
            for n, length in zip(spec.shape, leaf.shape, strict=True):
                if type(n) is not Dim:
                    if n != length:
                        return False
                elif length < LEAST_KNOWN or found.setdefault(n.name or "", length) != length:
                    return False
        return all(condition.holds(found) for condition in self.sizes.conditions)


class Cache:
    """The traces of one function, the one used longest ago first."""

    def __init__(self) -> None:
        self.traces: OrderedDict[Signature, Any] = OrderedDict()  # by the call that was traced
        self._found: OrderedDict[Signature, Signature] = OrderedDict()  # the traces of further calls
        self._kinds: OrderedDict[Signature, Kind] = OrderedDict()

    def find(self, key: Signature) -> Any:
        """The trace that serves a call; None if there is none."""
        program = self.traces.get(key)
        if program is not None:
            self.traces.move_to_end(key)
            return program
        place = self._found.get(key)
        if place is None or place not in self.traces:
            place = self._serving(key)
        if place is None:
            return None
        self.traces.move_to_end(place)
        return self.traces[place]

    def _serving(self, key: Signature) -> Signature | None:
        ranks = key.ranks()
        for place, program in reversed(self.traces.items()):
            if program.opening.places and place.ranks() == ranks and program.opening.serves(key):
                self._found[key] = place
                while len(self._found) > FOUND:
                    self._found.popitem(last=False)
                return place
        return None

    def kind(self, key: Signature) -> Kind:
        """What is known of calls like this one."""
        ranks = key.ranks()
        if ranks not in self._kinds:
            self._kinds[ranks] = Kind(_sizes(key))
            while len(self._kinds) > LIMIT:
                self._kinds.popitem(last=False)
        return self._kinds[ranks]

    def opening(self, key: Signature, names: Sequence[str], declared: Mapping[Place, str]) -> Opening:
        """What the next trace starts from: sizes open that are known to vary, or were declared so."""
        kind = self.kind(key)
        kind.varying.update(declared)
        here = _sizes(key)
        for place, n in here.items():
            if n != kind.sizes[place]:
                kind.varying.setdefault(place)
        wanted = {p: name for p, name in kind.varying.items() if p not in kind.fixed and here[p] >= LEAST_KNOWN}
        return opened(key, wanted, names)

    def keep(self, key: Signature, program: Any) -> None:
        """Keep a trace, and learn from it which sizes the function wants as numbers."""
        self.traces[key] = program
        opening: Opening = program.opening
        numbers = {condition.fixes for condition in opening.sizes.conditions}
        self.kind(key).fixed.update(place for place, name in opening.places.items() if name in numbers)
        while len(self.traces) > LIMIT:
            self.traces.popitem(last=False)

    def forget(self, key: Signature) -> None:
        """Let a trace go."""
        self.traces.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self.traces.clear()
        self._found.clear()
        self._kinds.clear()


def opened(key: Signature, wanted: dict[Place, str | None], names: Sequence[str]) -> Opening:
    """The specs of a call with these sizes open, under the names given, or those of arguments and axes."""
    sizes, specs, places = Sizes(), list[Any](key.leaves), dict[Place, str]()
    given: dict[str, str] = {}
    for i, axis in sorted(wanted):
        spec, wish = key.leaves[i], wanted[i, axis]
        name = given.get(wish or "") or sizes.add(wish or f"{names[i]}_{axis}", spec.shape[axis])
        if wish:
            given[wish] = name
        shape = specs[i].shape
        specs[i] = Spec((*shape[:axis], named(name, sizes), *shape[axis + 1 :]), spec.dtype)
        places[i, axis] = name
    return Opening(tuple(specs), sizes, places)


def _sizes(key: Signature) -> dict[Place, int]:
    """The sizes of the arguments of a call."""
    specs = [(i, leaf) for i, leaf in enumerate(key.leaves) if isinstance(leaf, Spec)]
    return {(i, axis): n for i, spec in specs for axis, n in enumerate(spec.shape)}
