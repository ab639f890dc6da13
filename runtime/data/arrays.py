"""Datasets in memory: arrays of one length, read along their first axis.

Their steps work on positions instead of elements, so a batch is one slice of each array, a view where the positions
follow one another. The orders are those that datasets in general give for the same seed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import tree
from ..eager import as_array
from ..errors import ArgumentError, DataError
from ..spec import Spec, plural
from ..tensor import Tensor
from .dataset import Dataset, batches, checked_count, checked_seed, epochs, repeated
from .elements import array_of, objects, tensor_of
from .shuffling import epoch_generator, shuffled_order


def _column(x: Any) -> np.ndarray:
    """What is read along its first axis: an array of one of weft's dtypes, or of objects that are no numbers.

    Errors: DataError for what has no first axis.
    """
    if _is_text(x):
        return objects(x)
    array = array_of(x) if isinstance(x, Tensor) else as_array(x)
    if not array.shape:
        raise DataError(f"from_arrays: {x!r} has no first axis", "Every leaf needs one entry for each element.")
    return array


def _is_text(x: Any) -> bool:
    """Whether it is a vector of strings."""
    may_be = isinstance(x, list) or (isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind in "OUS")
    return may_be and len(x) > 0 and all(isinstance(entry, str | bytes) for entry in x)


def _nested_columns(x: Any) -> Any:
    """Lists are columns, not parts of the structure."""
    if isinstance(x, list):
        return _column(x)
    if isinstance(x, dict):
        return {key: _nested_columns(value) for key, value in x.items()}
    if isinstance(x, tuple):
        parts = [_nested_columns(value) for value in x]
        return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    return x


class ArrayDataset(Dataset):
    """A dataset in memory; it does what datasets do, by whole slices."""

    def __init__(
        self, columns: list[np.ndarray], structure: tree.Structure, count: int, order: Callable[[], np.ndarray | None],
        times: int | None = 1,
    ) -> None:  # fmt: skip
        self._columns, self._structure, self._count = columns, structure, count
        self._order, self._times = order, times  # order: None for 0, 1, 2, ...
        super().__init__(self._elements, repeated(count, times))

    def __repr__(self) -> str:
        specs = ["object" if x.dtype == object else str(Spec(x.shape[1:], x.dtype)) for x in self._columns]
        return f"<dataset of {', '.join(specs)}, length {self._length}>"

    def _orders(self) -> Iterator[np.ndarray | None]:
        """The order of each epoch."""
        if not self._count:
            if self._times is None:
                raise DataError("repeat: an empty dataset cannot be repeated without end", "Check its source.")
            return
        for _ in itertools.count() if self._times is None else range(self._times):
            yield self._order()

    def _elements(self) -> Iterator[Any]:
        for order in self._orders():
            for i in range(self._count) if order is None else order.tolist():
                yield self._build([_picked(x, i) for x in self._columns])

    def _build(self, leaves: list[Any]) -> Any:
        return tree.unflatten(self._structure, leaves)

    def _same(self, count: int, order: Callable[[], np.ndarray | None]) -> ArrayDataset:
        return ArrayDataset(self._columns, self._structure, count, order)

    def shuffle(self, buffer: int | None = None, *, seed: int | None = None, reshuffle: bool = True) -> Dataset:
        """A random order; without `buffer`, a uniform one. See `Dataset.shuffle`."""
        buffer = max(self._count, 1) if buffer is None else checked_count("shuffle", "the buffer", buffer, 1)
        if self._times != 1:
            return super().shuffle(buffer, seed=seed, reshuffle=reshuffle)
        next_epoch, key = epochs(reshuffle), checked_seed(seed)

        def order() -> np.ndarray:
            before = self._order()
            drawn = shuffled_order(self._count, buffer, epoch_generator(key, next_epoch()))
            return drawn if before is None else before[drawn]

        return self._same(self._count, order)

    def take(self, n: int) -> Dataset:
        """The first n elements."""
        if self._times != 1:
            return super().take(n)
        return self._cut(0, checked_count("take", "the number", n, 0))

    def skip(self, n: int) -> Dataset:
        """All but the first n elements."""
        if self._times != 1:
            return super().skip(n)
        return self._cut(checked_count("skip", "the number", n, 0), self._count)

    def _cut(self, start: int, stop: int) -> Dataset:
        start, stop = min(start, self._count), min(stop, self._count)

        def order() -> np.ndarray:
            before = self._order()
            return np.arange(start, stop) if before is None else before[start:stop]

        return self._same(stop - start, order)

    def repeat(self, times: int | None = None) -> Dataset:
        """All elements again and again: so many times, or without end."""
        if self._times != 1:
            return super().repeat(times)
        if times is not None:
            checked_count("repeat", "the number of times", times, 0)
        return ArrayDataset(self._columns, self._structure, self._count, self._order, times)

    def batch(self, n: int, *, drop_remainder: bool = False) -> Dataset:
        """n elements at a time: a slice of each array. See `Dataset.batch`."""
        checked_count("batch", "the size", n, 1)

        def begin() -> Iterator[Any]:
            for index in _pieces(self._orders(), self._count, n):
                if _length(index) == n or not drop_remainder:
                    yield self._build([_picked(x, index) for x in self._columns])

        return Dataset(begin, batches(self._length, n, drop_remainder))


Index = slice | np.ndarray


def _length(index: Index) -> int:
    return index.stop - index.start if isinstance(index, slice) else len(index)


def _picked(column: np.ndarray, index: int | Index) -> Any:
    found = column[index]
    return found if column.dtype == object else tensor_of(np.asarray(found))


def _pieces(orders: Iterator[np.ndarray | None], count: int, n: int) -> Iterator[Index]:
    """The positions of n elements at a time, across the borders of epochs."""
    rest = np.empty(0, np.int64)
    for order in orders:
        if order is None and not len(rest) and count % n == 0:
            yield from (slice(i, i + n) for i in range(0, count, n))
            continue
        positions = np.arange(count) if order is None else order
        positions = np.concatenate([rest, positions]) if len(rest) else positions
        whole = len(positions) // n * n
        for i in range(0, whole, n):
            yield _as_slice(positions[i : i + n]) if order is None else positions[i : i + n]
        rest = positions[whole:]
    if len(rest):
        yield _as_slice(rest)


def _as_slice(positions: np.ndarray) -> Index:
    """A slice where positions follow one another: a view costs nothing."""
    first, last = int(positions[0]), int(positions[-1])
    return slice(first, last + 1) if np.array_equal(positions, np.arange(first, last + 1)) else positions


def from_arrays(arrays: Any) -> ArrayDataset:
    """A dataset whose elements are the slices of arrays along their first axis; a tree of arrays gives trees.

    Lists are arrays here, also lists of strings. Memory is shared where possible: do not write to the arrays while the
    dataset is in use.

    Errors: DataError for no arrays, or arrays of different lengths.

    Example:
        >>> import weft as wf
        >>> for x, y in wf.data.from_arrays(([[1, 2], [3, 4]], [0, 1])):
        ...     print(x.tolist(), y.tolist())
        [1, 2] 0
        [3, 4] 1
    """
    leaves, structure = tree.flatten(_nested_columns(arrays))
    if not leaves:
        raise DataError("from_arrays: no arrays", "Give an array, or a tuple or dict of arrays.")
    columns = [_column(x) for x in leaves]
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1:
        shown = " and ".join(map(str, lengths))
        raise DataError(f"from_arrays: the arrays hold {shown} elements", "They need one length along the first axis.")
    return ArrayDataset(columns, structure, lengths[0], lambda: None)


def split(arrays: Any, held_out: int | float, *, seed: int | None = None) -> tuple[Any, Any]:
    """Arrays cut at random into those to train on and those held out: (train, test), both trees like `arrays`.

    `held_out` is a number of elements, or a fraction of them below 1. Without a seed, the default generator decides.

    Errors: ArgumentError unless both parts get something.
    """
    dataset = from_arrays(arrays)
    count = len(dataset)
    n = held_out if isinstance(held_out, int) else math.floor(held_out * count + 0.5)
    if not 0 < n < count:
        raise ArgumentError(
            f"split: {held_out} of {plural(count, 'element')} leaves {n} held out and {count - n} to train on",
            "Give a number of elements, or a fraction between 0 and 1.",
        )
    shuffled = dataset.shuffle(seed=seed, reshuffle=False)
    both = [next(iter(part.batch(count))) for part in (shuffled.skip(n), shuffled.take(n))]
    return both[0], both[1]
