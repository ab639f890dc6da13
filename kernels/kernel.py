"""The kernel IR: loops over index spaces with scalar expressions in them, the same for C and for CUDA.

An expression says one element: what is loaded where, and what is computed from it. A statement says where the
elements go: `Store` writes one, `Fold` adds many up, `Loop` runs over an axis, `lanes` marking the axis that the
elements of a vector run along. What an index is made of is linear in the variables of the loops, so the same
expression serves a scalar, a vector and a thread. This file knows nothing of graphs, and prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Extent = Any  # an int, or a symbolic dimension, which prints as C


@dataclass(frozen=True)
class Index:
    """A whole number that is linear in loop variables and integers of the program: sum of count * name, and a start."""

    terms: tuple[tuple[str, Extent], ...] = ()
    start: Extent = 0

    def __add__(self, other: Index | int) -> Index:
        if not isinstance(other, Index):
            return Index(self.terms, self.start + other)
        counts = dict(self.terms)
        for name, count in other.terms:
            counts[name] = counts.get(name, 0) + count
        return Index(tuple((n, c) for n, c in counts.items() if not is_zero(c)), self.start + other.start)

    def __mul__(self, factor: Extent) -> Index:
        if is_zero(factor):
            return ZERO
        return Index(tuple((name, count * factor) for name, count in self.terms), self.start * factor)

    def count(self, name: str) -> Extent:
        """How far a step of a variable moves it."""
        return dict(self.terms).get(name, 0)

    def without(self, name: str) -> Index:
        """The part that does not depend on a variable."""
        return Index(tuple(term for term in self.terms if term[0] != name), self.start)


def is_zero(count: Extent) -> bool:
    """Whether an extent is known to be zero."""
    return isinstance(count, int) and count == 0


ZERO = Index()


def variable(name: str) -> Index:
    """The index that a loop variable is."""
    return Index(((name, 1),))


@dataclass(frozen=True, eq=False)
class Expr:
    """One element, of a dtype; the same object twice is computed once."""

    dtype: np.dtype

    @property
    def parts(self) -> tuple[Expr, ...]:
        """The expressions that it is made of."""
        return ()


@dataclass(frozen=True, eq=False)
class Number(Expr):
    """A literal."""

    value: Any


@dataclass(frozen=True, eq=False)
class Local(Expr):
    """A value that has a name: a scalar of the program, or the result of a fold."""

    name: str


@dataclass(frozen=True, eq=False)
class Position(Expr):
    """The value of an index, an int64, or an int32 where it fits."""

    index: Index


@dataclass(frozen=True, eq=False)
class Word(Position):
    """Random bits that a generator's state has for the element at an index: one word as an uint32, two as an uint64."""

    key: Expr
    counter: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.key, self.counter)


@dataclass(frozen=True, eq=False)
class Load(Expr):
    """An element of memory."""

    pointer: str
    index: Index


@dataclass(frozen=True, eq=False)
class Gather(Expr):
    """An element of memory at a place that is computed: `at` counts elements from the index."""

    pointer: str
    index: Index
    at: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.at,)


@dataclass(frozen=True, eq=False)
class Cast(Expr):
    """The value as another dtype."""

    x: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.x,)


@dataclass(frozen=True, eq=False)
class Apply(Expr):
    """A function or an operator: `+`, `<`, `?:`, `exp`..., computed in the dtype of its last operand."""

    symbol: str
    args: tuple[Expr, ...]

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.args


@dataclass(frozen=True)
class Store:
    """Write an element."""

    pointer: str
    index: Index
    value: Expr


@dataclass(frozen=True)
class Update(Store):
    """Write an element at a place that is computed: `at` counts elements from the index.

    Kinds: set, and those of a fold, which combine it with what is there.
    """

    at: Expr
    kind: str


@dataclass(frozen=True)
class Add:
    """Take an element into the fold of this name."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Loop:
    """Statements for each value of a variable from 0 to the extent, or between two bounds given as C."""

    variable: str
    extent: Extent
    body: tuple[Statement, ...]
    lanes: bool = False
    bounds: tuple[str, str] | None = None
    vectors: int = 1  # how many vectors' lanes run at a time


@dataclass(frozen=True)
class Fold:
    """A loop whose `Add`s are combined; after it the results are known as `Local`s. Kinds: sum, prod, max, min."""

    results: Mapping[str, tuple[str, np.dtype]]  # name: kind and dtype
    loop: Loop


@dataclass(frozen=True)
class Step:
    """Combine what a scan carries with an element; what comes of it is a `Local` for what follows, and carried on.

    Kinds: those of a fold, and line: the element, and a factor times what was carried.
    """

    name: str
    kind: str
    value: Expr
    factor: Expr | None = None


@dataclass(frozen=True)
class Scan:
    """A loop that carries a value from step to step, along its lanes too."""

    name: str
    start: Expr
    loop: Loop


@dataclass(frozen=True)
class Let:
    """Give the value of an expression a name for what follows."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Whole:
    """Give a whole number, as C, a name that indices may use."""

    name: str
    text: str


@dataclass(frozen=True)
class Scratch:
    """Memory of a thread's own, for as long as a step of the grid takes."""

    name: str
    dtype: np.dtype
    count: int


@dataclass(frozen=True)
class Cell:
    """A variable of a loop of the lanes: one value for each lane, or one for all."""

    name: str
    start: Expr
    per_lane: bool


@dataclass(frozen=True)
class Trips:
    """A loop that the lanes of a vector run together, until none of them goes on.

    Each trip all cells get their next values at once. `mask` names the cell that says which lanes go on; they do so as
    long as `tests`, which are the same for all lanes, hold too. Lanes that do not go on keep their values.
    """

    cells: tuple[Cell, ...]
    go: Expr
    mask: str
    tests: tuple[Expr, ...]
    nexts: tuple[Expr, ...]

    def apart(self) -> Iterator[Expr]:
        """The expressions that are one number for all lanes."""
        yield from (self.go, *self.tests)
        for cell, following in zip(self.cells, self.nexts, strict=True):
            if not cell.per_lane:
                yield from (cell.start, following)


Statement = Trips | Step | Scan | Store | Add | Loop | Fold | Let | Whole | Scratch


@dataclass(frozen=True)
class Parameter:
    """What a kernel is given: memory, or a scalar."""

    name: str
    dtype: np.dtype
    is_pointer: bool = True
    is_written: bool = False
    start: int = 0  # from here on the memory is given: what the indices of the kernel have in common


@dataclass(frozen=True)
class Kernel:
    """A function over a range of the grid variable; ranges may run at the same time.

    Without a grid variable the body sees the bounds of the range, `begin` and `end`, itself, or others that it is given.
    """

    name: str
    parameters: tuple[Parameter, ...]
    grid: Loop
    cost: float = 1.0  # of one grid step, in nanoseconds, roughly
    integers: tuple[str, ...] = ()  # int64 scalars that indices and extents use
    dropped: frozenset[str] = frozenset()  # variables that were merged into others
    notes: str = field(default="", compare=False)
    bounds: tuple[str, ...] = ("begin", "end")


def walk(expr: Expr) -> Iterator[Expr]:
    """An expression and all that it is made of, each once, parts first."""
    seen: set[int] = set()

    def visit(x: Expr) -> Iterator[Expr]:
        if id(x) not in seen:
            seen.add(id(x))
            for part in x.parts:
                yield from visit(part)
            yield x

    return visit(expr)


def statements(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """Statements and all inside them."""
    for s in body:
        yield s
        if isinstance(s, Loop):
            yield from statements(s.body)
        elif isinstance(s, Fold | Scan):
            yield s.loop
            yield from statements(s.loop.body)


def expressions(body: tuple[Statement, ...]) -> Iterator[Expr]:
    """The expressions that statements write, add, name or run by."""
    for s in statements(body):
        if isinstance(s, Store | Add | Let):
            yield s.value
            if isinstance(s, Update):
                yield s.at
        elif isinstance(s, Step):
            yield from (s.value,) if s.factor is None else (s.value, s.factor)
        elif isinstance(s, Scan):
            yield s.start
        elif isinstance(s, Trips):
            yield from (s.go, *s.tests, *s.nexts, *(cell.start for cell in s.cells))


def indices_of(body: tuple[Statement, ...]) -> Iterator[Index]:
    """Every index that statements use."""
    for s in statements(body):
        if isinstance(s, Store):
            yield s.index
    for value in expressions(body):
        for x in walk(value):
            if isinstance(x, Load | Position | Gather):
                yield x.index
