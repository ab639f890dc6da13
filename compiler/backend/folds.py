"""Folds that are no rows: of leading axes, of axes that are not neighbours, of everything.

Where the last axis stays, the lanes run along it and each adds up a column of its own. A fold of everything is two
kernels, parts and their whole; the parts do not depend on the number of threads, nor does the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...kernels.kernel import ZERO, Add, Expr, Fold, Index, Load, Local, Loop, Store, variable
from ...kernels.scalar import cast, truth
from ...runtime import dtypes
from ...runtime.dim import likely
from ...runtime.op import Node
from ...runtime.spec import Shape, size
from . import views
from .elements import Elements
from .groups import Group, cost, folded_axes
from .nests import (
    Axis,
    Bodies,
    Nest,
    Targets,
    can_run_along,
    folded_value,
    gone,
    grid_of,
    loops,
    merged,
    names_of,
    own_indices,
)

COLUMNS = 64  # columns that one step of the grid adds up
ABREAST = 4  # vectors of columns added up side by side: rows far apart cost a new place in memory each
BLOCK = 8192  # elements of a whole fold that one step of the grid adds up


def column_nest(node: Node, group: Group, elements: Elements, targets: Targets) -> Nest:
    """A fold that keeps the last axis: the lanes run along it, each adding up its own column."""
    axes, gone_axes = names_of(group.space), set(folded_axes(node))
    kept = [axis for i, axis in enumerate(axes) if i not in gone_axes]
    across = [axis for i, axis in enumerate(axes) if i in gone_axes]
    y = node.outputs[0]
    value = folded_value(node, elements, own_indices(axes, group.space))
    at = kept_indices(node, axes, y.shape)
    store = targets.store(y, at, Local(value.dtype, "fold"))
    body: Bodies = [Add("fold", value), store]
    rows, columns = merged(kept, body) or [kept[-1]], merged(across, body) or [across[-1]]
    inner = Loop("", 0, ())
    for name, n in reversed(columns):
        inner = Loop(name, n, (Add("fold", value),) if not inner.variable else (inner,))
    fold = Fold({"fold": (views.FOLDS[node.op.name], value.dtype)}, inner)
    *outer, (name, n) = rows
    price = cost([node, *group.inlined]) * likely(size(tuple(n for _, n in columns)))
    dropped = gone(axes, [*rows, *columns])
    lanes = can_run_along(name, [store])
    vectors = ABREAST if n >= COLUMNS and value.dtype in dtypes.FLOATS else 1
    if outer:
        return grid_of(outer, [Loop(name, n, (fold, store), lanes=lanes, vectors=vectors)], price * likely(n), dropped)
    bounds = (f"begin * {COLUMNS}", f"(end * {COLUMNS} < {n} ? end * {COLUMNS} : {n})")
    loop = Loop(name, n, (fold, store), lanes=lanes, bounds=bounds, vectors=vectors)
    return Nest(Loop("", -(-n // COLUMNS), (loop,)), price * COLUMNS, dropped)


def kept_indices(node: Node, axes: Sequence[Axis], shape: Shape) -> views.Indices:
    """The index of a fold's result at the loops' place."""
    gone_axes = set(folded_axes(node))
    if len(shape) == len(axes):
        return tuple(ZERO if i in gone_axes or n == 1 else variable(name) for i, (name, n) in enumerate(axes))
    return tuple(variable(name) if n != 1 else ZERO for i, (name, n) in enumerate(axes) if i not in gone_axes)


def mixed_nest(node: Node, group: Group, elements: Elements, targets: Targets) -> Nest:
    """A fold of the last axis and others before it that are not next to it."""
    axes, gone_axes = names_of(group.space), set(folded_axes(node))
    kept = [axis for i, axis in enumerate(axes) if i not in gone_axes]
    across = [axis for i, axis in enumerate(axes) if i in gone_axes]
    value = folded_value(node, elements, own_indices(axes, group.space))
    y = node.outputs[0]
    store = targets.store(y, kept_indices(node, axes, y.shape), Local(value.dtype, "fold"))
    body: Bodies = [Add("fold", value)]
    columns = merged(across, [*body, store]) or [across[-1]]
    rows = merged(kept, [*body, store])
    fold = Fold({"fold": (views.FOLDS[node.op.name], value.dtype)}, loops(columns, body))
    price = cost([node, *group.inlined]) * likely(size(tuple(n for _, n in columns)))
    dropped = gone(axes, [*rows, *columns])
    if not rows:
        return Nest(Loop("row", 1, (fold, store)), price, dropped)
    return grid_of(rows, [fold, store], price, dropped)


def partial_nests(node: Node, group: Group, elements: Elements, store: Store, partial: str) -> tuple[Nest, Nest, int]:
    """A fold of everything: kernels for the parts and for the whole, and how many parts there are.

    Parts do not depend on the number of threads, nor does the result.
    """
    axes = names_of(group.space)
    kind = views.FOLDS[node.op.name]
    value = folded_value(node, elements, own_indices(axes, group.space))
    wide = dtypes.float64 if value.dtype is dtypes.float32 and kind in ("sum", "prod") else value.dtype
    left = merged(axes, [Add("fold", value)])
    *rows, (name, n) = left
    dropped, price = gone(axes, left), cost([node, *group.inlined])
    results = {"fold": (kind, value.dtype)}
    part = cast_any(Local(value.dtype, "fold"), wide)
    if rows:
        count = size(tuple(n for _, n in rows))
        place = Index()
        for (row, _), step in zip(rows, views.row_major(tuple(n for _, n in rows)), strict=True):
            place = place + variable(row) * step
        fold = Fold(results, Loop(name, n, (Add("fold", value),), lanes=True))
        first = grid_of(rows, [fold, Store(partial, place, part)], price * likely(n), dropped)
    else:
        count = -(-n // BLOCK)
        bounds = (f"row * {BLOCK}", f"(row * {BLOCK} + {BLOCK} < {n} ? row * {BLOCK} + {BLOCK} : {n})")
        fold = Fold(results, Loop(name, n, (Add("fold", value),), lanes=True, bounds=bounds))
        first = Nest(Loop("row", count, (fold, Store(partial, variable("row"), part))), price * BLOCK, dropped)
    every = Fold(
        {"whole": (kind, wide)}, Loop("part", count, (Add("whole", Load(wide, partial, variable("part"))),), lanes=True)
    )
    last = replace(store, value=cast_any(Local(wide, "whole"), node.outputs[0].dtype))
    return first, Nest(Loop("row", 1, (every, last)), 0.1 * likely(count), frozenset()), count


def cast_any(x: Expr, dtype: np.dtype) -> Expr:
    """An element as another dtype."""
    return truth(x) if dtype is dtypes.bool_ else cast(x, dtype)
