"""Nests: the loops of a group, as kernels of the IR.

A map runs over its index space, the last axis along the lanes; neighbouring axes that every access walks through as
one are one loop. A group of rows runs its stages one after the other on each row: a stage folds, the next uses what
came out; what is dear to compute and needed again waits in scratch memory. A fold over other axes, or over everything,
has kernels of its own. What is written where is decided elsewhere: `Target` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...kernels.kernel import (
    ZERO,
    Add,
    Apply,
    Cast,
    Expr,
    Fold,
    Gather,
    Let,
    Load,
    Local,
    Loop,
    Position,
    Scratch,
    Statement,
    Store,
    Update,
    Whole,
    Word,
    expressions,
    indices_of,
    is_zero,
    statements,
    variable,
    walk,
)
from ...kernels.scalar import cast, truth
from ...runtime.dim import likely
from ...runtime.op import Node
from ...runtime.spec import Shape, size
from . import views
from .elements import Elements
from .groups import DEAR, Group, cost, folded_axes
from .places import Memory

CHUNK = 4096  # elements of a map that one step of the grid computes
LINE, TILE = 16, 64  # elements along two axes that are worked on at a time, where those read lie along the second
SCRATCH = 1 << 14  # elements of a row that wait in scratch memory at most
Axis = tuple[str, int]
Bodies = list[Statement]


@dataclass
class Nest:
    """A kernel without a name: its grid, what one step costs in nanoseconds, and the variables merged away."""

    grid: Loop
    cost: float
    dropped: frozenset[str]
    bounds: tuple[str, ...] = ("begin", "end")


@dataclass
class Targets:
    """Where the values of a group go that others read."""

    places: Mapping[int, Memory]  # by key

    def __contains__(self, y: Any) -> bool:
        return y.key in self.places

    def store(self, y: Any, indices: views.Indices, value: Expr) -> Store:
        place = self.places[y.key]
        return Store(place.pointer, views.offset(place.strides, place.start, indices), value)


def names_of(space: Shape) -> tuple[Axis, ...]:
    """The loop variables of an index space."""
    return tuple((f"s{i}", n) for i, n in enumerate(space))


def own_indices(axes: Sequence[Axis], shape: Shape) -> views.Indices:
    """The index of the element at the loops' place; a shape may lack the last axes, or have them with length 1."""
    found = [variable(name) for name, _ in axes]
    return tuple(found[i] if i < len(found) and n != 1 else ZERO for i, n in enumerate(shape))


def merged(axes: Sequence[Axis], body: Sequence[Statement]) -> list[Axis]:
    """The axes that are left when those that every access walks through as one are one."""
    found = list(set(indices_of(tuple(body))))
    left: list[Axis] = []
    for name, n in reversed([axis for axis in axes if axis[1] != 1]):
        if left and all(i.count(name) == i.count(left[0][0]) * left[0][1] for i in found):
            left[0] = (left[0][0], left[0][1] * n)
        else:
            left.insert(0, (name, n))
    return left


def grid_of(rows: Sequence[Axis], body: Bodies, price: float, dropped: frozenset[str]) -> Nest:
    """A kernel whose grid runs over the rows."""
    if len(rows) == 1:
        (name, n) = rows[0]
        return Nest(Loop(name, n, tuple(body)), price, dropped)
    total, wholes = 1, []
    for name, n in reversed(rows):
        wholes.insert(0, Whole(name, f"row / {total} % {n}" if total > 1 else f"row % {n}"))
        total *= n
    return Nest(Loop("row", total, (*wholes, *body)), price, dropped)


def can_run_along(name: str, body: Sequence[Statement]) -> bool:
    """Whether an axis can run along the lanes: what is written there lies side by side."""
    stores = [s for s in statements(tuple(body)) if isinstance(s, Store)]
    return all(s.index.count(name) == 1 and not (isinstance(s, Update) and varies(s.at, name)) for s in stores)


def varies(x: Expr, name: str) -> bool:
    """Whether an expression changes along an axis."""
    return any(not is_zero(i.count(name)) for i in indices_of((Let("", x),)))


def loops(axes: Sequence[Axis], body: Bodies) -> Loop:
    """Loops over axes, the last along the lanes where that can be."""
    *outer, (name, n) = axes
    loop = Loop(name, n, tuple(body), lanes=can_run_along(name, body))
    for name, n in reversed(outer):
        loop = Loop(name, n, (loop,))
    return loop


def gone(before: Sequence[Axis], after: Sequence[Axis]) -> frozenset[str]:
    """The variables that were merged away."""
    return frozenset(name for name, _ in before) - {name for name, _ in after}


# -- maps


def map_body(group: Group, elements: Elements, targets: Targets, axes: Sequence[Axis] = ()) -> Bodies:
    """What a group of maps writes for each element of its index space."""
    axes = axes or names_of(group.space)
    body: Bodies = []
    for node in group.nodes:
        y = node.outputs[0]
        if y in targets:
            at = own_indices(axes, y.shape)
            body.append(targets.store(y, at, elements(y, at)))
    return body


def nest_of(body: Bodies, axes: Sequence[Axis], price: float) -> Nest:
    """A kernel of statements for each element of an index space."""
    left = merged(axes, body) or [("s0", 1)]
    dropped = gone(axes, left)
    *rows, (name, n) = left
    if not rows and can_run_along(name, body) and n > CHUNK:
        bounds = (f"begin * {CHUNK}", f"(end * {CHUNK} < {n} ? end * {CHUNK} : {n})")
        loop = Loop(name, n, tuple(body), lanes=True, bounds=bounds)
        return Nest(Loop("", -(-n // CHUNK), (loop,)), price * CHUNK, dropped)
    inner = loops([(name, n)], body)
    if not rows:
        return Nest(Loop("row", 1, (inner,)), price * likely(n), dropped)
    across = crossed(rows, (name, n), body)
    if across:
        return tiled(rows, across, inner, price, dropped)
    return grid_of(rows, [inner], price * likely(n), dropped)


def crossed(rows: Sequence[Axis], last: Axis, body: Sequence[Statement]) -> Axis | None:
    """The axis of the rows that something is read along, where that is far apart along the last axis; long ones only."""
    name, n = last
    if not isinstance(n, int) or n < 2 * TILE or not can_run_along(name, body):
        return None
    far = [x.index for e in expressions(tuple(body)) for x in walk(e)
           if isinstance(x, Load) and not (isinstance(x.index.count(name), int) and x.index.count(name) <= 1)]  # fmt: skip
    found = [axis for axis in rows if isinstance(axis[1], int) and any(i.count(axis[0]) == 1 for i in far)]
    return next((axis for axis in reversed(found) if axis[1] >= 2 * TILE), None)


def tiled(rows: Sequence[Axis], across: Axis, inner: Loop, price: float, dropped: frozenset[str]) -> Nest:
    """A kernel that takes squares of two axes, so that what it reads of a line of the cache it finds there the next time."""
    m, n = across[1], inner.extent
    inner = replace(inner, bounds=within("tile", LINE, n))
    block = Loop(*across, (inner,), bounds=within("down", TILE, m))
    whole = Loop("tile", -(-n // LINE), (block,))
    steps = [axis if axis != across else ("down", -(-m // TILE)) for axis in rows]
    return grid_of(steps, [whole], price * n * TILE, dropped)


def within(block: str, length: int, n: int) -> tuple[str, str]:
    """The bounds of a block of an axis that has n elements."""
    end = f"({block} + 1) * {length}"
    return f"{block} * {length}", end if n % length == 0 else f"({end} < {n} ? {end} : {n})"


# -- rows


class Rows:
    """The stages of a group that folds its last axes."""

    def __init__(self, group: Group, elements: Elements, targets: Targets) -> None:
        self.group, self.elements, self.targets = group, elements, targets
        axes = names_of(group.space)
        self.rows, self.inner = axes[: len(group.rows)], axes[len(group.rows) :]
        self.axes = axes
        self.body: Bodies = []
        self.adds: list[Add] = []
        self.stores: list[Store] = []
        self.results: dict[str, tuple[str, np.dtype]] = {}

    def stages(self) -> tuple[Bodies, list[Axis], list[Axis]]:
        """The stages without their loops, and the axes of the rows and of the loops."""
        for node in self.group.nodes:
            self.take(node)
        self.flush()
        body = self.with_scratch()
        return body, merged(self.rows, body), merged(self.inner, body) or [self.inner[-1]]

    def nest(self) -> Nest:
        body, rows, inner = self.stages()
        body = [self.looped(s, inner) for s in body]
        dropped = gone(self.axes, [*rows, *inner])
        price = cost([*self.group.nodes, *self.group.inlined]) * likely(size(tuple(n for _, n in inner)))
        if not rows:
            return Nest(Loop("row", 1, tuple(body)), price, dropped)
        return grid_of(rows, body, price, dropped)

    def take(self, node: Node) -> None:
        """Add a node to the stages."""
        y = node.outputs[0]
        if node.op.name in views.FOLDS and len(y.shape) <= len(self.group.space) and self.folds(node):
            self.fold(node)
        elif y in self.targets:
            self.keep(y)

    def folds(self, node: Node) -> bool:
        return node.inputs[0].shape == self.group.space and len(folded_axes(node)) == self.group.folded

    def fold(self, node: Node) -> None:
        y = node.outputs[0]
        value = folded_value(node, self.elements, own_indices(self.axes, self.group.space))
        self.after(value)
        name = f"fold{len(self.elements.folds)}"
        self.adds.append(Add(name, value))
        self.results[name] = (views.FOLDS[node.op.name], value.dtype)
        self.elements.folds[y.key] = Local(y.dtype, name)
        if y in self.targets:
            self.keep(y)

    def keep(self, y: Any) -> None:
        """Write a value that others read."""
        at = own_indices(self.rows if not self.is_full(y) else self.axes, y.shape)
        value = self.elements(y, at)
        self.after(value)
        store = self.targets.store(y, at, value)
        if self.is_full(y):
            self.stores.append(store)
        else:
            self.flush()
            self.body.append(store)

    def is_full(self, y: Any) -> bool:
        return y.shape == self.group.space and y.key not in self.elements.folds

    def after(self, value: Expr) -> None:
        """End the stage if a value needs what it folds."""
        if any(isinstance(x, Local) and x.name in self.results for x in walk(value)):
            self.flush()

    def flush(self) -> None:
        """End the stage: one loop over the row."""
        body = (*self.adds, *self.stores)
        if body:
            loop = Loop("", 0, body)
            self.body.append(Fold(dict(self.results), loop) if self.adds else loop)
        self.adds, self.stores, self.results = [], [], {}

    def looped(self, s: Statement, inner: Sequence[Axis]) -> Statement:
        """A stage with its loops."""
        if isinstance(s, Fold):
            return Fold(s.results, loops(inner, list(s.loop.body)))
        return loops(inner, list(s.body)) if isinstance(s, Loop) else s

    def with_scratch(self) -> Bodies:
        """The stages, with what is dear and needed again kept in scratch memory."""
        length = size(tuple(n for _, n in self.inner))
        stages = [list(expressions((s,))) for s in self.body]
        seen: dict[int, set[int]] = {}
        dear: dict[int, Expr] = {}
        for i, values in enumerate(stages):
            for value in values:
                for x in walk(value):
                    seen.setdefault(id(x), set()).add(i)
                    if is_dear(x) and self.varies(x):
                        dear[id(x)] = x
        kept = [x for key, x in dear.items() if len(seen[key]) > 1]
        inner_names = {name for name, _ in self.inner}
        if not kept or length > SCRATCH:
            return self.body
        strides = views.row_major(tuple(n for _, n in self.inner))
        at = views.offset(strides, ZERO, tuple(variable(name) for name, _ in self.inner))
        assert inner_names
        replaced: dict[int, Expr] = {}
        body: Bodies = []
        for i, s in enumerate(self.body):
            new = [x for x in kept if min(seen[id(x)]) == i]
            s = substituted(s, replaced)
            for x in new:
                name = f"kept{len(replaced)}"
                body.insert(0, Scratch(name, x.dtype, length))
                s = with_store(s, Store(name, at, rebuilt(x, replaced)))
                replaced[id(x)] = Load(x.dtype, name, at)
            body.append(s)
        return body

    def varies(self, x: Expr) -> bool:
        return any(not is_zero(i.count(name)) for part in walk(x) if isinstance(part, Load | Position | Gather)
                   for i in (part.index,) for name, n in self.inner if n > 1)  # fmt: skip


def is_dear(x: Expr) -> bool:
    """Whether an expression's own function is worth keeping the result of."""
    return isinstance(x, Word) or (
        isinstance(x, Apply) and x.symbol.removeprefix("wf_").startswith((*DEAR, "normal", "quantile"))
    )


def with_store(s: Statement, store: Store) -> Statement:
    """A stage that also writes this."""
    if isinstance(s, Fold):
        return Fold(s.results, replace(s.loop, body=(*s.loop.body, store)))
    assert isinstance(s, Loop)
    return replace(s, body=(*s.body, store))


def substituted(s: Statement, replaced: Mapping[int, Expr]) -> Statement:
    """A statement whose expressions are loaded where they were kept."""
    if not replaced:
        return s
    match s:
        case Fold():
            loop = substituted(s.loop, replaced)
            assert isinstance(loop, Loop)
            return Fold(s.results, loop)
        case Loop():
            return replace(s, body=tuple(substituted(part, replaced) for part in s.body))
        case Store() | Add():
            return replace(s, value=rebuilt(s.value, replaced))
    return s


def rebuilt(x: Expr, replaced: Mapping[int, Expr]) -> Expr:
    """An expression with parts of it replaced."""
    memo: dict[int, Expr] = dict(replaced)

    def build(x: Expr) -> Expr:
        if id(x) not in memo:
            parts = [build(p) for p in x.parts]
            same = all(a is b for a, b in zip(parts, x.parts, strict=True))
            if same:
                memo[id(x)] = x
            elif isinstance(x, Cast):
                memo[id(x)] = replace(x, x=parts[0])
            elif isinstance(x, Apply):
                memo[id(x)] = replace(x, args=tuple(parts))
            else:
                assert isinstance(x, Gather)
                memo[id(x)] = replace(x, at=parts[0])
        return memo[id(x)]

    return build(x)


def folded_value(node: Node, elements: Elements, indices: views.Indices) -> Expr:
    """The element that a fold takes in."""
    value = elements(node.inputs[0], indices)
    return truth(value) if views.FOLDS[node.op.name] in ("any", "all") else cast(value, node.outputs[0].dtype)
