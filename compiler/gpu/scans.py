"""Scans on a GPU: in one kernel where rows or columns are many, else in three that cut them into parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.kernel import ZERO, Parameter, Store, variable
from ...kernels.print_cuda import Axis
from ...kernels.print_scans import PAGE, Part, ScanOf, again, by_columns, by_rows
from ...kernels.scalar import cast
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec
from ..backend import views
from ..backend.groups import Group
from ..backend.nests import gone, merged
from ..backend.places import Block
from ..backend.scans import begun
from ..backend.walks import SCANS
from . import library

if TYPE_CHECKING:
    from .region import GpuRegion

TEAMS, PIECE = 512, 4096  # teams that keep a device busy; elements that a part of a row has at least
COLUMNS, LENGTH = 1 << 16, 64  # threads that keep it busy, and elements that a part of a column has at least


def write_scan(region: GpuRegion, node: Node, group: Group) -> None:
    """A scan, and what may stand in front of it."""
    whole, line = begun(region, node, group)
    axis, wide = line.axis, carried(line.kind, whole.dtype)
    factor = line.step.factor
    scan = ScanOf(line.kind, cast(line.step.value, wide), None if factor is None else cast(factor, wide), line.store)
    body = [
        line.store,
        Store("", line.store.index, scan.value),
        *([Store("", ZERO, scan.factor)] if scan.factor else []),
    ]
    name, n = line.axes[axis]
    before, after = (merged(axes, body) for axes in (line.axes[:axis], line.axes[axis + 1 :]))
    region.printer.dropped = gone(line.axes, [*before, *after, (name, n)])
    if factor is not None:
        region.program.pages[PAGE] = None
    _Scan(region, group, scan, [*before, *after], (name, n), not after).run()
    region.settle_one(node.outputs[0], whole)


def carried(kind: str, dtype: np.dtype) -> np.dtype:
    """The dtype in which a value is carried, which threads can tell each other; products grow on their way."""
    if kind in ("prod", "line") and dtype in dtypes.FLOATS:
        return dtypes.float64
    if dtype in dtypes.HALVES:
        return dtypes.float32
    if dtype in dtypes.INTEGERS and dtype.itemsize < 4:
        return dtypes.uint32 if dtype in dtypes.UNSIGNED else dtypes.int32
    return dtype


class _Scan:
    """One scan, as kernels."""

    def __init__(
        self, region: GpuRegion, group: Group, scan: ScanOf, others: Sequence[Axis], axis: Axis, is_of_rows: bool
    ) -> None:
        self.region, self.group, self.scan, self.others, self.axis = region, group, scan, others, axis
        self.is_of_rows = is_of_rows
        self.print = by_rows if is_of_rows else by_columns

    def run(self) -> None:
        """One kernel, or three."""
        parts = self.parts()
        if parts == 1:
            self.put(self.scan, self.others, self.axis, Part())
            return
        owner: list[Block] = []
        dtype, count = self.scan.dtype, prod(n for _, n in self.others)
        names = [self.region.fresh(Spec((count * parts,), dtype), owner).pointer for _ in range(3)]
        totals, ends = (names[:2] if self.scan.factor is not None else names[:1]), names[2]
        self.put(self.scan, self.others, self.axis, Part(parts, totals=tuple(totals)))
        shape = tuple(n for _, n in self.others)
        across = views.offset(views.row_major(shape), ZERO, tuple(variable(name) for name, _ in self.others))
        index = across * parts + variable("cut") if self.is_of_rows else across + variable("cut") * count
        self.put(again(self.scan, totals, index, ends), self.others, ("cut", parts), Part())
        self.put(self.scan, self.others, self.axis, Part(parts, ends=ends))
        library.give_back(self.region, owner)

    def parts(self) -> int:
        """Into how many parts rows or columns are cut."""
        busy, least = (TEAMS, PIECE) if self.is_of_rows else (COLUMNS, LENGTH)
        count, n = prod(n for _, n in self.others), self.axis[1]
        return min(-(-busy // count), -(-n // least)) if n >= 2 * least and 2 * count <= busy else 1

    def put(self, scan: ScanOf, others: Sequence[Axis], axis: Axis, part: Part) -> None:
        body = [Store(scan.store.pointer, scan.store.index, scan.value)]
        body += [Store(scan.store.pointer, scan.store.index, scan.factor)] if scan.factor is not None else []
        parameters = [
            p for p in self.region.parameters(body) if not (part.is_of_totals and p.name == scan.store.pointer)
        ]
        parameters += [Parameter(name, scan.dtype, True, True) for name in part.totals]
        parameters += [Parameter(part.ends, scan.dtype)] if part.ends else []
        whole = self.region.reach(parameters, [*others, axis])
        self.region.put(
            self.print(self.region.program.printer, parameters, others, axis, scan, whole, part), parameters, self.group
        )


WALKS: dict[str, Callable[[Any, Node, Group], None]] = dict.fromkeys(SCANS, write_scan)
