"""Scans: a value that is carried along an axis, each element combining it with one of the operand.

Where another axis comes after it, the lanes run along that one, each carrying a value of its own. Along the last axis
a vector combines its own lanes first, then what was carried up to it. One long row is cut into blocks, which do not
depend on the number of threads: their totals, the totals' own scan, and then each block from where the one before ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...kernels.kernel import (
    Add,
    Apply,
    Expr,
    Fold,
    Index,
    Load,
    Local,
    Loop,
    Number,
    Position,
    Scan,
    Step,
    Store,
    variable,
)
from ...kernels.spelling import neutral, unit
from ...runtime import dtypes
from ...runtime.dim import likely
from ...runtime.op import Node
from ...runtime.spec import Spec, normalize_axis, size
from .elements import Elements
from .groups import Group, cost
from .nests import Axis, Nest, can_run_along, gone, grid_of, merged, names_of, own_indices
from .places import Memory
from .views import offset

if TYPE_CHECKING:
    from .region import Region

KINDS = {"cumulative_sum": "sum", "cumulative_prod": "prod", "cumulative_max": "max", "cumulative_min": "min",
         "linear_recurrence": "line"}  # fmt: skip
COLUMNS = 64  # columns that one step of the grid scans
ABREAST = 4  # vectors of columns scanned side by side
BLOCK = 1 << 14  # elements of one long row that one step of the grid scans
CHEAP = 0.2  # what an element may cost that is computed twice


@dataclass
class Line:
    """A scan along one axis: what it carries, and what it does at each element."""

    axes: tuple[Axis, ...]
    axis: int
    kind: str
    step: Step
    store: Store
    price: float

    @property
    def start(self) -> Number:
        """What is carried into the first step."""
        dtype = self.step.value.dtype
        return Number(dtype, unit(self.kind, dtype))


def begun(region: Region, node: Node, group: Group) -> tuple[Memory, Line]:
    """The memory of a scan's results, with what may stand in front written, and the line that is to be scanned."""
    y = node.outputs[0]
    axis = normalize_axis(node.op.name, node.attrs["axis"] or 0, len(y.shape))
    target = whole = region.target(y)
    if node.attrs.get("include_initial"):
        front, target = in_front(whole, axis)
        region.write(front, neutral(KINDS[node.op.name], y.dtype))
    return whole, line_of(node, group, region.elements(), target, axis)


def write_scan(region: Region, node: Node, group: Group) -> None:
    """A scan, and what may stand in front of it."""
    whole, line = begun(region, node, group)
    n = group.space[line.axis]
    rest = size(group.space) // n
    if rest == 1 and n > 4 * BLOCK and line.kind != "line" and cost(group.inlined) <= CHEAP:
        _blocks(region, group, line)
    else:
        region.launch(_nest(line), group)
    region.settle_one(node.outputs[0], whole)


def in_front(place: Memory, axis: int) -> tuple[Memory, Memory]:
    """The first elements along an axis, and those behind them."""

    def piece(start: int, length: int) -> Memory:
        shape = (*place.shape[:axis], length, *place.shape[axis + 1 :])
        at = place.start + start * place.strides[axis]
        return Memory(place.pointer, Spec(shape, place.dtype), place.strides, at, place.root)

    return piece(0, 1), piece(1, place.shape[axis] - 1)


def line_of(node: Node, group: Group, elements: Elements, target: Memory, axis: int) -> Line:
    """What a scan does along an axis."""
    axes, kind = names_of(group.space), KINDS[node.op.name]
    indices = own_indices(axes, group.space)
    if node.attrs.get("reverse"):
        indices = tuple(i * -1 + (group.space[axis] - 1) if k == axis else i for k, i in enumerate(indices))
    *factors, x = node.inputs
    value = elements.operand(x, indices, target.dtype)
    factor = _after_first(elements.operand(factors[0], indices, target.dtype), axes[axis]) if factors else None
    store = Store(target.pointer, offset(target.strides, target.start, indices), Local(target.dtype, "run"))
    return Line(axes, axis, kind, Step("run", kind, value, factor), store, cost([node, *group.inlined]))


def _after_first(factor: Expr, axis: Axis) -> Expr:
    """A factor that is zero at the first step, where nothing was carried."""
    name, n = axis
    if n == 1:
        return Number(factor.dtype, 0)
    is_first = Apply(dtypes.bool_, "==", (Position(dtypes.int64, variable(name)), Number(dtypes.int64, 0)))
    return Apply(factor.dtype, "?:", (is_first, Number(factor.dtype, 0), factor))


def _nest(line: Line) -> Nest:
    """The kernel of a scan."""
    body = (line.step, line.store)
    name, n = line.axes[line.axis]
    rows, after = merged(line.axes[: line.axis], body), merged(line.axes[line.axis + 1 :], body)
    dropped = gone(line.axes, [*rows, *after, (name, n)])
    if after:
        return _columns([*rows, *after], line, dropped)
    along = line.kind != "line" and can_run_along(name, body)
    scan = Scan("run", line.start, Loop(name, n, body, lanes=along))
    if not rows:
        return Nest(Loop("row", 1, (scan,)), line.price * likely(n), dropped)
    return grid_of(rows, [scan], line.price * likely(n), dropped)


def _columns(others: Sequence[Axis], line: Line, dropped: frozenset[str]) -> Nest:
    """The lanes run along the last of the other axes."""
    body = (line.step, line.store)
    along, n = line.axes[line.axis]
    *outer, (name, m) = others
    scan = Scan("run", line.start, Loop(along, n, body))
    lanes = can_run_along(name, body)
    vectors = ABREAST if m >= COLUMNS and line.step.value.dtype in dtypes.FLOATS else 1
    if outer:
        loop = Loop(name, m, (scan,), lanes=lanes, vectors=vectors)
        return grid_of(outer, [loop], line.price * likely(n * m), dropped)
    bounds = (f"begin * {COLUMNS}", f"(end * {COLUMNS} < {m} ? end * {COLUMNS} : {m})")
    loop = Loop(name, m, (scan,), lanes=lanes, bounds=bounds, vectors=vectors)
    return Nest(Loop("", -(-m // COLUMNS), (loop,)), line.price * likely(n) * COLUMNS, dropped)


def _blocks(region: Region, group: Group, line: Line) -> None:
    """One long row, in three kernels."""
    (name, n), dtype = line.axes[line.axis], line.step.value.dtype
    count = -(-n // BLOCK)
    block = region.program.arena.take((count + 1) * dtype.itemsize)
    kind = region.printer.storage(dtype)
    totals = region.pointer(dtype, f"({kind} *)(arena + {block.start})")
    bounds = (f"row * {BLOCK}", f"(row * {BLOCK} + {BLOCK} < {n} ? row * {BLOCK} + {BLOCK} : {n})")
    dropped, price, row = gone(line.axes, [(name, n)]), line.price * BLOCK, variable("row")

    fold = Fold(
        {"total": (line.kind, dtype)}, Loop(name, n, (Add("total", line.step.value),), lanes=True, bounds=bounds)
    )
    store = Store(totals, row + 1, Local(dtype, "total"))
    region.launch(Nest(Loop("row", count, (fold, store)), price, dropped), group)

    step = Step("run", line.kind, Load(dtype, totals, variable("part") + 1))
    after = Store(totals, variable("part") + 1, Local(dtype, "run"))
    scan = Scan("run", line.start, Loop("part", count, (step, after)))
    body = (Store(totals, Index(), line.start), scan)
    region.launch(Nest(Loop("last", 1, body), 1.0 * count, frozenset()), group)

    scan = Scan("run", Load(dtype, totals, row), Loop(name, n, (line.step, line.store), lanes=True, bounds=bounds))
    region.launch(Nest(Loop("row", count, (scan,)), price, dropped), group)
    region.program.arena.give(block)
