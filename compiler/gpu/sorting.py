"""Sorting on a GPU: tiles of rows in shared memory, and merges of what was sorted.

A row that fits a tile is one kernel, several short rows share a block. The words of a longer row are sorted tile by tile
and merged, two runs becoming one in each step; of the first few elements only as many of each tile are kept, until what
is left is a tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...runtime import dtypes
from ...runtime.op import Node
from ..backend.places import Block, Memory
from ..backend.sorting import infinity, sorting_of
from . import library
from .nodes import Write

if TYPE_CHECKING:
    from .region import GpuRegion

PAGES = ("cuda_sort.h",)
TILE, MERGED = 2048, 1024  # words that a block sorts, and merges
THREADS = 256
MOST = 2**31 - 2**16  # elements of a row


@dataclass(frozen=True)
class Rows:
    """Rows that are sorted: how many, of how many elements, how far apart these lie, and how many are wanted."""

    count: int
    n: int
    inner: int
    k: int

    @property
    def text(self) -> str:
        """The rows as C."""
        return f"wf_rows{{{self.count}, {self.n}, {self.inner}}}"


@dataclass(frozen=True)
class Sort:
    """What a node sorts: the rows, their elements, the order, and where values and places go."""

    region: Any
    node: Node
    rows: Rows
    x: Memory
    order: str
    values: Memory | None
    places: Memory | None

    @property
    def bits(self) -> str:
        """The C type of an element's bits."""
        return f"u{self.x.dtype.itemsize * 8}"

    @property
    def word(self) -> str:
        return "u128" if self.x.dtype.itemsize == 8 else "u64"

    @property
    def nbytes(self) -> int:
        """The bytes of a word."""
        return 16 if self.word == "u128" else 8

    @property
    def given(self) -> str:
        """The elements, as what tiles are read from."""
        return (
            f"wf_elements<{self.bits}>{{(const {self.bits} *)({library.at(self.x)}), {self.rows.text}, {self.order}}}"
        )

    @property
    def results(self) -> str:
        """What words are written to in the end."""
        values = f"({self.bits} *)({library.at(self.values)})" if self.values is not None else "0"
        places = library.at(self.places) if self.places is not None else "0"
        return (
            f"wf_results<{self.bits}, {self.word}>{{(const {self.bits} *)({library.at(self.x)}), {values}, {places}, "
            f"{self.rows.text}, {self.rows.k}}}"
        )

    @property
    def targets(self) -> list[Memory]:
        return [x for x in (self.values, self.places) if x is not None]

    def words(self, name: str, n: int) -> str:
        """Words in memory, as what tiles are read from."""
        return f"wf_words<{self.word}>{{(const {self.word} *){name}, {n}}}"

    def written(self, name: str, n: int) -> str:
        """Words in memory, as what is written."""
        return f"wf_written<{self.word}>{{({self.word} *){name}, {n}}}"


def write_sorting(region: GpuRegion, node: Node) -> bool:
    """The elements of rows in order, their places, or both."""
    found = sorting_of(node)
    if found is None or found.n >= MOST:
        return False
    rows = Rows(found.outer * found.inner, found.n, found.inner, found.k)
    place = region.dense(found.x, found.results[0])
    targets = {y.key: region.target(y) for y in found.results}
    into = [None if y is None else targets[y.key] for y in (found.values, found.places)]
    _run(Sort(region, node, rows, place, _order(found.x.dtype, found.descending), *into))
    for y in found.results:
        region.settle_one(y, targets[y.key])
    return True


def _order(dtype: np.dtype, descending: bool) -> str:
    """An order as C."""
    is_float = dtype in dtypes.FLOATS
    is_signed = not is_float and dtype not in dtypes.UNSIGNED and dtype is not dtypes.bool_
    flags = ", ".join(str(flag).lower() for flag in (is_signed, is_float, descending))
    return f"wf_order{{{flags}, {infinity(dtype)}}}"


def _run(sort: Sort) -> None:
    """Sort rows of any length."""
    rows, owner = sort.rows, list[Block]()
    if rows.n <= TILE:
        _tiles(sort, sort.given, rows.n, rows.k, sort.results, [sort.x], sort.targets, last=True)
    elif rows.k <= TILE // 4:
        _select(sort, owner)
    else:
        _merge(sort, owner, is_delivered=True)
    library.give_back(sort.region, owner)


def sorted_words(region: GpuRegion, node: Node, keys: Memory, owner: list[Block]) -> str:
    """The name of the words of keys in order: each a key above its position."""
    n = keys.shape[0]
    sort = Sort(region, node, Rows(1, n, 1, n), keys, _order(keys.dtype, False), None, None)
    if n > TILE:
        return _merge(sort, owner, is_delivered=False)
    name = _words(sort, n, owner)
    _tiles(sort, sort.given, n, n, sort.written(name, n), [keys], [name], last=False)
    return name


def _tiles(sort: Sort, given: str, n: int, k: int, to: str, reads: Any, writes: Any, *, last: bool) -> None:
    """Sort each tile, and keep the first k of each."""
    length = min(TILE, 1 << (n - 1).bit_length())
    per_block = min(TILE // length, -(-THREADS * 2 // length)) if last else 1
    tiles = -(-n // length)
    limit = k if tiles == 1 else n if k == length else tiles * k
    inner = sort.rows.inner if sort.x in reads or last else 1
    lines = [
        f"wf_sort_tiles({given}, {to}, ({sort.word} *)room, {sort.rows.count}, {n}, {length}, {per_block}, {k}, {limit}, {inner}, {THREADS});",
    ]
    reads = [*reads, sort.x] if last else reads
    library.call(sort.region, PAGES, sort.node, lines, reads, writes, -(-sort.rows.count // per_block) * tiles, THREADS,
                 length * per_block * sort.nbytes)  # fmt: skip


def _select(sort: Sort, owner: list[Block]) -> None:
    """The first k of each tile, then of tiles of these, and so on."""
    rows, n, given, reads = sort.rows, sort.rows.n, sort.given, [sort.x]
    while n > TILE:
        kept = -(-n // TILE) * rows.k
        name = _words(sort, rows.count * kept, owner)
        _tiles(sort, given, n, rows.k, sort.written(name, kept), reads, [name], last=False)
        given, n, reads = sort.words(name, kept), kept, [name]
    _tiles(sort, given, n, rows.k, sort.results, reads, sort.targets, last=True)


def _merge(sort: Sort, owner: list[Block], *, is_delivered: bool) -> str:
    """All elements: sorted tiles, and runs of them merged until one is left; where its words are, or would be."""
    rows, n = sort.rows, sort.rows.n
    now, then = (_words(sort, rows.count * n, owner) for _ in range(2))
    _tiles(sort, sort.given, n, TILE, sort.written(now, n), [sort.x], [now], last=False)
    width = TILE
    while width < n:
        to, reads, writes = sort.written(then, n), [now], [then]
        if is_delivered and 2 * width >= n:
            to, reads, writes = sort.results, [now, sort.x], sort.targets
        lines = [
            f"{sort.word} *tile = ({sort.word} *)room;",
            f"wf_merge((const {sort.word} *){now}, {to}, tile, {n}, {width}, {MERGED}, {THREADS});",
        ]
        library.call(sort.region, PAGES, sort.node, lines, reads, writes, rows.count * -(-n // MERGED), THREADS,
                     2 * MERGED * sort.nbytes + 8)  # fmt: skip
        now, then, width = then, now, 2 * width
    return now


def _words(sort: Sort, count: int, owner: list[Block]) -> str:
    """Memory for so many words."""
    return library.room(sort.region, np.dtype("uint64"), count * (2 if sort.word == "u128" else 1), owner)


WRITES: dict[str, Write] = dict.fromkeys(("sort", "argsort", "top_k"), write_sorting)
