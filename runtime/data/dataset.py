"""Dataset: a lazy, repeatable sequence of elements, and the steps that make another one of it.

A dataset is a function that begins a new iteration, and a length where that is known. Nothing runs until somebody
iterates, and iterators know nothing of each other. Elements are trees of tensors. Whatever is random is determined by
a seed and by how often the dataset was iterated before.
"""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import ArgumentError, DataError
from ..generator import Generator, default_generator
from .elements import call, collate, element, padder, slices, stack
from .prefetching import prefetched
from .shuffling import epoch_generator, shuffled


def checked_count(name: str, what: str, n: int, least: int) -> int:
    """A count that must be at least so many.

    Errors: ArgumentError.
    """
    if not hasattr(n, "__index__") or n.__index__() < least:
        raise ArgumentError(f"{name}: {what} is {n!r}", f"It must be an integer, {least} or more.")
    return n.__index__()


def checked_seed(seed: int | None) -> int:
    """A seed that stays the same: the given one, or one drawn from the default generator.

    Errors: ArgumentError for what is no seed.
    """
    generator = default_generator().split(1)[0] if seed is None else Generator(seed)
    return generator.state.tolist()[0]


class Dataset:
    """A lazy, repeatable sequence of elements; each method gives a new one.

    Example:
        >>> import weft as wf
        >>> numbers = wf.data.from_arrays([1, 2, 3, 4, 5])
        >>> [x.tolist() for x in numbers.map(lambda x: x * 10).batch(2)]
        [[10, 20], [30, 40], [50]]
    """

    def __init__(self, begin: Callable[[], Iterator[Any]], length: float | None = None) -> None:
        self._begin = begin
        self._length = length  # None: not known; math.inf: without end

    def __iter__(self) -> Iterator[Any]:
        return self._begin()

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("len() of a dataset whose length is not known before it was iterated")
        if self._length == math.inf:
            raise TypeError("len() of a dataset without end")
        return int(self._length)

    def __bool__(self) -> bool:
        return True  # not by len(), which may not be known

    def __repr__(self) -> str:
        length = {None: "unknown", math.inf: "infinite"}.get(self._length, self._length)
        return f"<dataset, length {length}>"

    def map(self, function: Callable[..., Any]) -> Dataset:
        """function(element) for each; a tuple is spread over the function's arguments."""

        def begin() -> Iterator[Any]:
            return (element(call(function, x)) for x in self)

        return Dataset(begin, self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the predicate holds; a tuple is spread over its arguments."""
        return Dataset(lambda: (x for x in self if bool(call(predicate, x))))

    def batch(self, n: int, *, drop_remainder: bool = False) -> Dataset:
        """n elements at a time, stacked along a new first axis; the last batch may be smaller, or is dropped.

        Errors, on iteration: ShapeError, DTypeError or DataError when elements differ in shape, dtype or structure.
        """
        return self._batched("batch", n, drop_remainder, lambda xs: collate("batch", xs, stack))

    def padded_batch(self, n: int, *, value: Any = 0, drop_remainder: bool = False) -> Dataset:
        """Batches of elements of different lengths, each axis padded at its end with `value` to the longest."""
        return self._batched("padded_batch", n, drop_remainder, lambda xs: collate("padded_batch", xs, padder(value)))

    def _batched(self, name: str, n: int, drop: bool, combine: Callable[[list[Any]], Any]) -> Dataset:
        checked_count(name, "the size", n, 1)

        def begin() -> Iterator[Any]:
            rest = iter(self)
            while chunk := list(itertools.islice(rest, n)):
                if len(chunk) == n or not drop:
                    yield combine(chunk)

        return Dataset(begin, batches(self._length, n, drop))

    def unbatch(self) -> Dataset:
        """The elements that batches are made of, one by one."""
        return Dataset(lambda: (x for batch in self for x in slices("unbatch", batch)))

    def shuffle(self, buffer: int, *, seed: int | None = None, reshuffle: bool = True) -> Dataset:
        """A random order, made with a buffer of so many elements: uniform if it holds them all.

        Seed and epoch (how often the result was iterated before) determine the order; with `reshuffle=False` every
        epoch has the same. Without a seed, one is drawn from the default generator now.
        """
        checked_count("shuffle", "the buffer", buffer, 1)
        next_epoch, key = epochs(reshuffle), checked_seed(seed)
        return Dataset(lambda: shuffled(self, buffer, epoch_generator(key, next_epoch())), self._length)

    def repeat(self, times: int | None = None) -> Dataset:
        """All elements again and again: so many times, or without end."""
        if times is not None:
            checked_count("repeat", "the number of times", times, 0)

        def begin() -> Iterator[Any]:
            for _ in itertools.count() if times is None else range(times):
                empty = True
                for x in self:
                    empty = False
                    yield x
                if empty and times is None:
                    raise DataError("repeat: an empty dataset cannot be repeated without end", "Check its source.")

        return Dataset(begin, repeated(self._length, times))

    def take(self, n: int) -> Dataset:
        """The first n elements."""
        checked_count("take", "the number", n, 0)
        length = None if self._length is None else min(self._length, n)
        return Dataset(lambda: itertools.islice(iter(self), n), length)

    def skip(self, n: int) -> Dataset:
        """All but the first n elements."""
        checked_count("skip", "the number", n, 0)
        length = None if self._length is None else max(self._length - n, 0)
        return Dataset(lambda: itertools.islice(iter(self), n, None), length)

    def shard(self, count: int, index: int) -> Dataset:
        """Every `count`-th element from `index` on: the share of one of so many workers."""
        checked_count("shard", "the count", count, 1)
        if checked_count("shard", "the index", index, 0) >= count:
            raise ArgumentError(f"shard: index {index} of {count} shards", "Shards are numbered from 0.")
        length = self._length
        if length is not None and length != math.inf:
            length = max(0, -(-(int(length) - index) // count))
        return Dataset(lambda: itertools.islice(iter(self), index, None, count), length)

    def zip(self, *others: Dataset) -> Dataset:
        """Tuples of the elements of several datasets, as long as the shortest."""
        return zip(self, *others)

    def concatenate(self, *others: Dataset) -> Dataset:
        """The elements of this dataset, then those of the others."""
        parts = (self, *others)
        lengths = [part._length for part in parts]
        length = None if None in lengths else builtins.sum(n for n in lengths if n is not None)
        return Dataset(lambda: itertools.chain.from_iterable(parts), length)

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs of a number, counted from `start`, and the element."""
        return Dataset(lambda: ((element(i), x) for i, x in builtins.enumerate(self, start)), self._length)

    def interleave(self, function: Callable[..., Iterable[Any]], *, cycle: int = 2, block: int = 1) -> Dataset:
        """The elements of function(element), of which `cycle` are open at a time and give `block` each in turn.

        The function gives a dataset, or whatever can be iterated; with `cycle=1` these follow one another.
        """
        checked_count("interleave", "the cycle", cycle, 1)
        checked_count("interleave", "the block", block, 1)
        return Dataset(lambda: _interleaved(self, function, cycle, block))

    def cache(self) -> Dataset:
        """Keep the elements in memory once they were iterated to the end, and read them from there."""
        kept: list[list[Any]] = []

        def begin() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            seen = []
            for x in self:
                seen.append(x)
                yield x
            kept[:] = [seen]

        return Dataset(begin, self._length)

    def prefetch(self, n: int = 2) -> Dataset:
        """Prepare up to n elements ahead in a background thread.

        The order stays the same. An exception in the thread is raised to the consumer; the thread ends when the
        iterator does, is closed, or is forgotten.
        """
        checked_count("prefetch", "the number", n, 1)
        return Dataset(lambda: prefetched(self, n), self._length)


def batches(length: float | None, n: int, drop: bool) -> float | None:
    """The number of batches of n."""
    if length is None or length == math.inf:
        return length
    return length // n if drop else -(-length // n)


def repeated(length: float | None, times: int | None) -> float | None:
    """The length of so many repetitions."""
    if times == 0 or length == 0:
        return 0
    if times is None:
        return math.inf
    return None if length is None else length * times


def epochs(reshuffle: bool) -> Callable[[], int]:
    """Counts iterations, also from several threads; always 0 without reshuffling."""
    return itertools.count().__next__ if reshuffle else lambda: 0


def zip(*datasets: Dataset) -> Dataset:
    """Tuples of the elements of several datasets, as long as the shortest."""
    if not datasets:
        raise ArgumentError("zip: no datasets", "Give at least one.")
    lengths = [part._length for part in datasets]
    known = [n for n in lengths if n is not None]
    length = min(known) if len(known) == len(lengths) else None
    return Dataset(lambda: builtins.zip(*datasets, strict=False), length)


def _interleaved(items: Iterable[Any], function: Callable[..., Iterable[Any]], cycle: int, block: int) -> Iterator[Any]:
    rest = iter(items)
    opened = [iter(call(function, x)) for x in itertools.islice(rest, cycle)]
    while opened:
        remaining = []
        for source in opened:
            chunk = [element(x) for x in itertools.islice(source, block)]
            yield from chunk
            if len(chunk) < block:
                remaining += [iter(call(function, x)) for x in itertools.islice(rest, 1)]
            else:
                remaining.append(source)
        opened = remaining
