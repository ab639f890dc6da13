"""Folds on a GPU: of rows or of columns, in two steps where one would leave the device idle.

A fold with few results is cut into parts, of which as many teams or blocks find a result each; a second kernel folds
these. How it is cut depends on the shapes alone, and so does the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.kernel import Expr, Index, Load, Local, Store, variable
from ...kernels.print_cuda import Axis
from ...kernels.print_folds import fold_columns, fold_rows
from ...kernels.print_teams import FoldOf
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec
from ..backend import folds, nests, views
from ..backend.groups import Group, folded_axes
from ..backend.places import Block

if TYPE_CHECKING:
    from .region import GpuRegion

ENOUGH = 512  # teams or blocks that keep a device busy
SIDE = 128  # columns of a block, about
PIECE, SLICE = 4096, 64  # elements that a part of a row, and of a column, has at least


@dataclass(frozen=True)
class Folding:
    """An element that is folded over some axes, the columns, for each place of the others."""

    fold: FoldOf
    value: Expr
    rows: Sequence[Axis]
    columns: Sequence[Axis]
    by_rows: bool  # whether what is folded lies side by side

    @property
    def results(self) -> int:
        """How many results there are."""
        return prod(n for _, n in self.rows)

    def parts(self) -> int:
        """Into how many parts it is cut."""
        n = prod(k for _, k in self.columns)
        busy, least = (self.results, PIECE) if self.by_rows else (-(-self.results // SIDE), SLICE)
        if busy >= ENOUGH or n < 2 * least:
            return 1
        return min(-(-ENOUGH // busy), -(-n // least))

    def put(self, region: GpuRegion, group: Group, store: Store, parts: int = 1) -> None:
        """Run its kernel, which stores a result for each place, and for each `part` if there are several."""
        parameters = region.parameters([Store(store.pointer, store.index, self.value)])
        whole = region.reach(parameters, [*self.rows, *self.columns])
        kernel = fold_rows if self.by_rows else fold_columns
        launch = kernel(
            region.program.printer, parameters, self.rows, self.columns, self.fold, self.value, store, whole, parts
        )
        region.put(launch, parameters, group)

    def place(self, parts: int) -> Index:
        """Where the result of a part lies among those of all."""
        steps = views.row_major(tuple(n for _, n in self.rows))
        at = views.offset(steps, Index(), tuple(variable(name) for name, _ in self.rows))
        part = variable("part")
        return at * parts + part if self.by_rows else at + part * self.results


def write_fold(region: GpuRegion, node: Node, group: Group, elements: Any, made: nests.Targets) -> None:
    """A fold, and what is computed for it."""
    axes, gone = nests.names_of(group.space), set(folded_axes(node))
    value = nests.folded_value(node, elements, nests.own_indices(axes, group.space))
    y = node.outputs[0]
    kept = [axis for i, axis in enumerate(axes) if i not in gone]
    across = [axis for i, axis in enumerate(axes) if i in gone]
    store = made.store(y, folds.kept_indices(node, axes, y.shape), Local(value.dtype, "fold"))
    body: nests.Bodies = [Store(store.pointer, store.index, value)]
    rows, columns = nests.merged(kept, body), nests.merged(across, body) or across[-1:]
    region.program.printer.dropped = nests.gone(axes, [*rows, *columns])
    fold = FoldOf("fold", views.FOLDS[node.op.name], value.dtype)
    folding = Folding(fold, value, rows, columns, len(axes) - 1 in gone or not rows)
    parts = folding.parts()
    if parts == 1:
        folding.put(region, group, store)
    else:
        _in_parts(region, group, folding, store, parts, _wide(fold) if not kept else fold.dtype)


def _wide(fold: FoldOf) -> np.dtype:
    """What the parts of a fold of everything are added up in."""
    return dtypes.float64 if fold.dtype is dtypes.float32 and fold.kind in ("sum", "prod") else fold.dtype


def _in_parts(region: GpuRegion, group: Group, folding: Folding, store: Store, parts: int, wide: np.dtype) -> None:
    """The parts of a fold, and the fold of these."""
    owner: list[Block] = []
    shape = (folding.results, parts) if folding.by_rows else (parts, folding.results)
    partial, place, dtype = region.fresh(Spec(shape, wide), owner), folding.place(parts), folding.fold.dtype
    part = folds.cast_any(Local(dtype, folding.fold.name), wide)
    folding.put(region, group, Store(partial.pointer, place, part), parts)
    last = replace(
        folding,
        fold=FoldOf("whole", folding.fold.kind, wide),
        value=Load(wide, partial.pointer, place),
        columns=[("part", parts)],
    )
    last.put(region, group, replace(store, value=folds.cast_any(Local(wide, "whole"), dtype)))
    region.program.arena.give(owner[0])
