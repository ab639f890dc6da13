"""The arena: memory of one device, taken from its driver in large segments and handed out in blocks.

The driver's own allocation waits for the whole device, so what was given back is kept and handed out again. A block
that is dropped, in whatever thread or by the garbage collector, only enters a queue, which is emptied at the next
allocation. As all work of a device goes through one stream, what comes next in it finds the memory free. Blocks of the
size that is asked for are taken as they are, the lowest first, so that calls that follow each other find the same
memory again, whatever order it came back in; else free neighbours are joined and the smallest that fits is cut.
This file knows addresses, and neither the driver nor arrays.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from ..runtime.allocation import readable
from ..runtime.errors import OutOfMemoryError
from ..runtime.memory import MemoryStats

ALIGNMENT = 256  # bytes: of every block, and what sizes are rounded to
SMALL = 1 << 20  # bytes: blocks up to this come from segments of their own, so that they leave no holes in others
SMALL_SEGMENT, SEGMENT = 2 << 20, 20 << 20  # bytes
LINES = 6  # of those who hold memory, in an error


class ExhaustedError(Exception):
    """The driver has no more memory."""


class Range:
    """A piece of a segment, between its neighbours."""

    __slots__ = ("address", "after", "before", "free", "nbytes", "segment")

    def __init__(self, segment: Segment, address: int, nbytes: int) -> None:
        self.segment, self.address, self.nbytes, self.free = segment, address, nbytes, False
        self.before: Range | None = None
        self.after: Range | None = None

    def __lt__(self, other: Range) -> bool:
        return self.address < other.address


class Segment:
    """Memory that the driver gave in one piece; `keeper` is what it gave."""

    __slots__ = ("is_small", "keeper", "nbytes")

    def __init__(self, keeper: Any, nbytes: int, is_small: bool) -> None:
        self.keeper, self.nbytes, self.is_small = keeper, nbytes, is_small


class Block:
    """Memory in use, given back when nobody refers to it any more; `what` says who holds it, if asked.

    Memory that was lent to another library is `lent`: it is handed out again only when the device has come to rest.
    """

    __slots__ = ("__weakref__", "_arena", "_range", "address", "lent", "nbytes", "what")

    def __init__(self, arena: Arena, found: Range, what: Any) -> None:
        self._arena, self._range, self.what, self.lent = arena, found, what, False
        self.address, self.nbytes = found.address, found.nbytes

    def __del__(self) -> None:
        self._arena.returned.append((self._range, self.lent))


Free = list[tuple[int, Range]]  # by size, then address


class Arena:
    """The blocks of one device.

    `take(nbytes)` gets memory of the driver, as (address, what keeps it), and raises `ExhaustedError` where there is none;
    `give(keeper)` gives it back. `rest()` waits until the device has done all its work, and `room()` tells how many
    bytes of how many nobody holds.
    """

    def __init__(
        self,
        name: str,
        take: Callable[[int], tuple[int, Any]],
        give: Callable[[Any], None],
        rest: Callable[[], None],
        room: Callable[[], tuple[int, int]],
        limit: int | None = None,
    ) -> None:
        self.name, self.limit = name, limit
        self._take, self._give, self._rest, self._room = take, give, rest, room
        self.returned: deque[tuple[Range, bool]] = deque()
        self.paused = False  # whether dropped blocks stay in the queue
        self._lock = threading.RLock()
        self._same: defaultdict[int, list[Range]] = defaultdict(list)  # given back and not joined yet, by size: heaps
        self._joined: tuple[Free, Free] = ([], [])  # of large segments, and of small ones
        self._used: dict[Range, Any] = {}  # what each range in use is for
        self.held = self.in_use = self.peak = self.allocations = self.recycled = self.made = 0

    def allocate(self, nbytes: int, what: Any = "") -> Block:
        """A block of at least so many bytes; `what`, a text or anything that `str` describes, is for errors.

        Errors: OutOfMemoryError, when there is not enough even after all that is free was given back.
        """
        wanted = max(-(-nbytes // ALIGNMENT) * ALIGNMENT, ALIGNMENT)
        with self._lock:
            if self.returned:
                self.drain()
            same = self._same.get(wanted)
            if same:
                found = heappop(same)
                self.recycled += 1
            else:
                found = self._best(wanted) or self._fresh(wanted, what)
            found.free = False
            self._used[found] = what
            self.allocations += 1
            self.in_use += found.nbytes
            self.peak = max(self.peak, self.in_use)
        return Block(self, found, what)

    def drain(self) -> None:
        """Take back the blocks that were dropped since."""
        with self._lock:
            while self.returned and not self.paused:
                found, lent = self.returned.popleft()
                if lent:
                    self._rest()
                del self._used[found]
                self.in_use -= found.nbytes
                found.free = True
                heappush(self._same[found.nbytes], found)

    # -- joining and cutting

    def _best(self, wanted: int) -> Range | None:
        """The smallest free range that fits, cut to size; None if there is none."""
        self._join()
        free = self._joined[wanted <= SMALL]
        i = bisect_left(free, wanted, key=_size)
        if i == len(free):
            return None
        _, found = free.pop(i)
        self.recycled += 1
        rest = self._cut(found, wanted)
        if rest is not None:
            insort(free, (rest.nbytes, rest))
        return found

    def _cut(self, found: Range, wanted: int) -> Range | None:
        """Shorten a range to what is wanted; the rest as a range, unless nothing is left."""
        left = found.nbytes - wanted
        if not left:
            return None
        rest = Range(found.segment, found.address + wanted, left)
        rest.free, found.nbytes = True, wanted
        rest.before, rest.after, found.after = found, found.after, rest
        if rest.after is not None:
            rest.after.before = rest
        return rest

    def _join(self) -> None:
        """Join what was given back with its free neighbours."""
        for ranges in self._same.values():
            for found in ranges:
                insort(self._joined[found.segment.is_small], (found.nbytes, found))
        self._same.clear()
        for free in self._joined:
            firsts = [found for _, found in free if found.before is None or not found.before.free]
            free[:] = sorted((joined.nbytes, joined) for joined in map(_with_followers, firsts))

    # -- the driver

    def _fresh(self, wanted: int, what: Any) -> Range:
        """A range of a new segment."""
        is_small = wanted <= SMALL
        nbytes = SMALL_SEGMENT if is_small else max(wanted, SEGMENT)
        segment, address = self._segment(nbytes, wanted, is_small, what)
        found = Range(segment, address, segment.nbytes)
        rest = self._cut(found, wanted)
        if rest is not None:
            insort(self._joined[is_small], (rest.nbytes, rest))
        return found

    def _segment(self, nbytes: int, wanted: int, is_small: bool, what: Any) -> tuple[Segment, int]:
        """Memory of the driver: as much as is usual, else just what is wanted, else after all that is free was given back."""
        for size, give_back in ((nbytes, False), (wanted, False), (nbytes, True), (wanted, True)):
            if give_back:
                self._rest()
                self.trim(0)
            if self.limit is not None and self.held + size > self.limit:
                continue
            try:
                address, keeper = self._take(size)
            except ExhaustedError:
                continue
            self.held += size
            self.made += 1
            return Segment(keeper, size, is_small), address
        raise self._refusal(wanted, what)

    def trim(self, keep: int = 0) -> None:
        """Give segments in which nothing lies back to the driver until at most `keep` bytes are held."""
        with self._lock:
            self.drain()
            self._join()
            for free in self._joined:
                for pair in reversed(list(free)):
                    if self.held <= keep:
                        return
                    if pair[1].nbytes == pair[1].segment.nbytes:
                        free.remove(pair)
                        self.held -= pair[0]
                        self._give(pair[1].segment.keeper)

    # -- telling

    def stats(self) -> MemoryStats:
        """What the arena holds now."""
        with self._lock:
            self.drain()
            free, total = self._room()
            return MemoryStats(
                self.held, self.limit or total, self.recycled, self.made, self.in_use, self.held - self.in_use,
                self.peak, self.allocations, total, free,
            )  # fmt: skip

    def holders(self) -> list[str]:
        """Who holds how much, the largest first."""
        amounts, counts = Counter[str](), Counter[str]()
        for found, what in self._used.items():
            text = str(what) or "unnamed"
            amounts[text] += found.nbytes
            counts[text] += 1
        return [
            f"{text} {readable(n)}" + f" in {counts[text]}" * (counts[text] > 1) for text, n in amounts.most_common()
        ]

    def _refusal(self, wanted: int, what: Any) -> OutOfMemoryError:
        free, total = self._room()
        holders = self.holders()
        more = f"; {len(holders) - LINES} more" if len(holders) > LINES else ""
        bound = f", of which weft may take {readable(self.limit)}" if self.limit is not None else ""
        return OutOfMemoryError(
            f"{self.name}: there is not enough memory for {readable(wanted)}{f' ({what})' * bool(str(what))}: of "
            f"{readable(total)}{bound}, weft uses {readable(self.in_use)} and keeps {readable(self.held - self.in_use)}, "
            f"{readable(free)} are free\nin use: {'; '.join(holders[:LINES]) or 'nothing'}{more}",
            "Work in parts, in a smaller dtype, or drop what is not needed; the rest stays as it is.",
        )


def _size(pair: tuple[int, Range]) -> int:
    return pair[0]


def _with_followers(found: Range) -> Range:
    """A free range joined with the free ones after it."""
    while found.after is not None and found.after.free:
        follower = found.after
        found.nbytes += follower.nbytes
        found.after = follower.after
        if found.after is not None:
            found.after.before = found
    return found
