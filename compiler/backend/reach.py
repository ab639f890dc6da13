"""Reach: which groups need which others, however indirectly, kept while groups are made and joined.

Every group has a bit, and for each a whole number holds the bits of all that it needs: large graphs have thousands of
groups, and sets of them would fill the memory. This file does not know what a group is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class Reach:
    """What needs what."""

    def __init__(self) -> None:
        self.bits: dict[Any, int] = {}  # of groups; a group that took others in has their bits too
        self.needs: dict[Any, int] = {}
        self.needed = 0  # the bits of all groups that some group needs
        self.made = 0

    def add(self, group: Any) -> int:
        """A group that needs nothing yet; how many came before it."""
        self.bits[group], self.needs[group] = 1 << self.made, 0
        self.made += 1
        return self.made - 1

    def depends(self, group: Any, on: Any) -> bool:
        """Whether a group needs another."""
        return bool(self.needs[group] & self.bits[on])

    def depend(self, group: Any, on: Iterable[Any]) -> None:
        """Note what a group needs, and with it all that need the group."""
        new = 0
        for other in on:
            if other is not group:
                new |= self.bits[other] | self.needs[other]
        if new & ~self.needs[group]:
            self.spread(group, new)

    def spread(self, group: Any, new: int) -> None:
        """Let a group, and all that need it, need more."""
        self.needs[group] |= new
        self.needed |= new
        own = self.bits[group]
        if own & self.needed:
            for other, needs in self.needs.items():
                if needs & own:
                    self.needs[other] = needs | new

    def between(self, first: Any, last: Any) -> bool:
        """Whether something stands between two groups: it needs the first, and the last needs it."""
        if not self.depends(last, first):
            return False
        start, both = self.bits[first], self.bits[first] | self.bits[last]
        inner = self.needs[last] & ~both
        return any(needs & start and self.bits[group] & inner for group, needs in self.needs.items())

    def join(self, group: Any, other: Any) -> None:
        """Take another group into a group: what needed either needs both now."""
        self.bits[group] |= self.bits.pop(other)
        inherited = self.needs.pop(other)
        self.needs[group] = (self.needs[group] | inherited) & ~self.bits[group]
        self.spread(group, self.needs[group])

    def ordered(self, groups: Iterable[Any]) -> list[Any]:
        """Groups in the order in which they are given, but each after those it needs."""
        owner = {1 << i: group for group, bits in self.bits.items() for i in places(bits)}
        found: list[Any] = []
        done = 0

        def visit(group: Any) -> None:
            nonlocal done
            done |= self.bits[group]
            while missing := self.needs[group] & ~done:
                visit(owner[missing & -missing])
            found.append(group)

        for group in groups:
            if not self.bits[group] & done:
                visit(group)
        return found


def places(bits: int) -> Iterator[int]:
    """The places of the ones in a number, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
