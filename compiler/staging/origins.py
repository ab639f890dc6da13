"""Origins: which of the objects that are there a list, a dict or an object stands for, where tensors choose it.

Where paths join that leave different objects, what they hold is joined to a new object, and a number that the graph
carries says which of them Python would have there: 0 for one that a path made. A call looks the object up by it. One that a path
made and left in two places has a number, too, so that it is known that both may be the same. This file does not know how numbers are carried, nor where a call finds its objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from ...runtime import tree
from ...runtime.tensor import OPS
from ..graph.graph import writing
from .objects import DEPTH, attributes, has_identity, is_plain_object

Numbers = frozenset[int]
NEW = 0  # the number of all objects that a path made
ONLY_NEW: Numbers = frozenset((NEW,))


class Chosen(NamedTuple):
    """What is known of an object that stands for one of several."""

    value: Any  # kept, so that no other object gets its identity
    which: Any  # the number of the object, in the graph
    numbers: Numbers  # those that it may be


class Lost:
    """Stands for the objects that a block made, one in each run of it, and left in several places."""


class Origins:
    """The numbers of the objects that were chosen from while one function is traced."""

    def __init__(self, is_before: Callable[[Any], bool], is_made: Callable[[Any], bool]) -> None:
        self.is_before = is_before  # whether an object was there before the call
        self.is_made = is_made  # whether the blocks being traced made it
        self.objects: list[Any] = [None]  # by their numbers
        self.chosen: dict[int, Chosen] = {}  # by the identities of the objects that stand for one of several
        self._numbers: dict[int, int] = {}
        self._copied: dict[int, tuple[Any, Any]] = {}
        self._left: dict[int, tuple[Any, int]] = {}  # the numbers of what blocks left in several places
        self._lost: dict[Any, int] = {}  # those numbers, by the first of the places

    def of(self, x: Any) -> Numbers:
        """The numbers of the objects that this one may be, as it leaves a block."""
        x = self.original(x)
        found = self.chosen[id(x)].numbers if id(x) in self.chosen else ONLY_NEW
        return frozenset([self._own(x) if n == NEW else self._outside(n) for n in found])

    def _own(self, x: Any) -> int:
        """The number of an object, that of the new one if it stands for one of several."""
        return self._number(x) if self.is_there(x) else self._lost_number(x)

    def _outside(self, number: int) -> int:
        """The number outside of the block that made an object, if one did, of what has this one inside."""
        x = self.objects[number]
        return number if isinstance(x, Lost) else self._own(x)

    def _lost_number(self, x: Any) -> int:
        return self._left[id(x)][1] if id(x) in self._left else NEW

    def leave(self, values: Sequence[tuple[Any, Any]]) -> None:
        """Take notice of the objects that a block made and leaves in several places, given as pairs of place and value."""
        seen: dict[int, Any] = {}
        for place, value in values:
            for i, x in enumerate(holders(value, within=self._is_new)):
                x = self.original(x)
                found = self.chosen[id(x)].numbers if id(x) in self.chosen else ONLY_NEW
                for k, each in enumerate([x if n == NEW else self.objects[n] for n in sorted(found)]):
                    if isinstance(each, Lost) or self.is_there(each):
                        continue
                    if id(each) in seen and id(each) not in self._left:
                        self._left[id(each)] = (each, self._lose(seen[id(each)]))
                    seen.setdefault(id(each), (place, i, k))

    def _is_new(self, x: Any) -> bool:
        """Whether what is in an object is no place of its own, as it is in one that is there."""
        return not self.is_there(self.original(x))

    def _lose(self, where: Any) -> int:
        if where not in self._lost:  # the same in each trace of a loop's body, or it would never settle
            self._lost[where] = len(self.objects)
            self.objects.append(Lost())
        return self._lost[where]

    def is_there(self, x: Any) -> bool:
        """Whether an object is there where the blocks that are being joined began."""
        return self.is_made(x) or self.is_before(x) or self._is_joined_here(x)

    def _is_joined_here(self, x: Any) -> bool:
        """Whether an object stands for one of several that paths left ahead of what is being written."""
        found, here = self.chosen.get(id(x)), writing()
        where = None if found is None else found.which.context
        return where is not None and here is not None and (here is where or here.within(where))

    def _number(self, x: Any) -> int:
        if id(x) not in self._numbers:
            self._numbers[id(x)] = len(self.objects)
            self.objects.append(x)
        return self._numbers[id(x)]

    def which(self, x: Any, numbers: Numbers) -> Any:
        """The number of the object that this one is, among those: one that is known, or a tensor."""
        x = self.original(x)
        found = self.chosen.get(id(x))
        if found is None:
            return self._among(x, numbers)
        which = found.which
        for n in sorted(found.numbers):
            target = n if n and n in numbers else self._among(self.objects[n] if n else x, numbers)
            if target != n:
                which = OPS["where"](which == n, target, which)
        return which

    def _among(self, x: Any, numbers: Numbers) -> int:
        number = self._numbers.get(id(x), NEW)
        return number if number in numbers else self._lost_number(x)

    def there(self, numbers: Numbers) -> dict[int, Any]:
        """The objects among those that were there before the call."""
        return {n: self.objects[n] for n in numbers if self.is_before(self.objects[n])}

    def choose(self, value: Any, which: Any, numbers: Numbers) -> None:
        """Say that an object stands for one of several."""
        self.chosen[id(value)] = Chosen(value, which, numbers)

    def copies(self, copy: Any, value: Any) -> None:
        """Say that the objects in a copy stand for those in a value, of which it is one."""
        self._copied.update((id(a), (a, b)) for a, b in zip(holders(copy), holders(value), strict=True))

    def original(self, x: Any) -> Any:
        """The object of which this one is a copy that shows what a block left in it; else itself."""
        return self._copied[id(x)][1] if id(x) in self._copied else x


present: ContextVar[Origins] = ContextVar("origins")  # of the trace that is going on


def origins_of(value: Any) -> tuple[Numbers, ...]:
    """The numbers of the objects in a value."""
    return tuple([present.get().of(x) for x in holders(value)])


def holders(value: Any, depth: int = DEPTH, within: Callable[[Any], bool] | None = None) -> Iterator[Any]:
    """The objects in a value that a program can tell from others that hold the same, outermost first.

    Where `within` is given, only such are looked into for which it holds.
    """
    opened = tree.opened(value)
    parts: Any = ()
    if opened is not None:
        parts = opened[0]
    elif depth and is_plain_object(value):
        parts, depth = attributes(value).values(), depth - 1
    else:
        return
    if has_identity(value):
        yield value
        if within is not None and not within(value):
            return
    for part in parts:
        yield from holders(part, depth, within)
