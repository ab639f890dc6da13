"""Regions on a GPU: the groups of a graph as steps, one after the other.

The groups, their expressions and the places of values are those of the native programs of the CPU. What differs is here:
every value is in memory, a number too; elements, rows and folds are kernels of many threads; what the device has no
kernel for goes to the CPU and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.alike import HOLE
from ...kernels.kernel import (
    ZERO,
    Gather,
    Kernel,
    Load,
    Local,
    Loop,
    Parameter,
    Statement,
    Store,
    expressions,
    statements,
    walk,
)
from ...kernels.print_cuda import Axis, Launch
from ...kernels.print_teams import rows as rows_of_teams
from ...kernels.print_transposed import transposed
from ...kernels.scalar import build, read
from ...kernels.spelling import tag
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, size
from ..backend import nests
from ..backend.groups import Fusion, Group, kind_of
from ..backend.places import Block, Memory, Pile, Place, Register, Unsupported, bytes_of, contiguous
from ..backend.region import Region
from ..backend.steps import step_of
from ..graph.rewrite import has_effect, symbols
from ..graph.symbolic import SymbolicTensor
from . import flow, matrices, nodes, piles, pixels, products, scans, scatter, sorting, windows
from .folds import write_fold
from .steps import Clear, Effect, Move, OnHost, Run, Step, spot_of

if TYPE_CHECKING:
    from .lower import GpuLowering

LAYOUT = {
    "f32": "f",
    "f64": "d",
    "m32": "i",
    "i8": "b",
    "i16": "h",
    "i32": "i",
    "i64": "q",
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "u64": "Q",
}  # fmt: skip  (of numbers, for `struct`)
EITHER, UNLESS = read("{0} || {1}"), read("{0} && !{1}")
CHECKS = frozenset({"check_places", "check_numbers", "check_op", "join_indices"})
ROOMS = (nodes, products, flow, matrices, piles, scatter, sorting, windows, pixels)
WRITES = {name: write for room in ROOMS for name, write in room.WRITES.items()}
WALKS = {**scans.WALKS, **scatter.WALKS}


class GpuFusion(Fusion):
    """The groups of a graph on a GPU, where positions are in memory like everything else."""

    def kind(self, node: Node) -> str:
        found = kind_of(node)
        if found == "other" and node.op.name == "index_get" and len(node.inputs[1].shape) == 1:
            x, y = node.inputs[0], node.outputs[0]
            return "map" if y.dtype is not dtypes.complex128 and size(y.shape) and size(x.shape) else "other"
        if found == "other" and scatter.is_walk(node):
            return "walk"
        return "other" if found == "walk" and node.op.name not in WALKS else found


class GpuRegion(Region):
    """Writes one graph as steps."""

    program: GpuLowering
    lines: list[Any]  # steps

    def fused(self) -> Fusion:
        return GpuFusion(self.graph)

    def step(self, group: Group) -> None:
        before = len(self.lines)
        self.group(group)
        given = [y for node in group.nodes for y in node.outputs if self.is_read_elsewhere(y, group)]
        self.program.note(self.lines[before:], step_of(group, given))

    def group(self, group: Group) -> None:
        if group.kind == "walk":
            WALKS[group.nodes[0].op.name](self, group.nodes[0], group)
        else:
            super().group(group)

    def is_small(self, group: Group) -> bool:
        return False

    def is_spread(self, spec: Spec) -> bool:
        return False

    # -- places

    def fresh(self, spec: Spec, owner: list[Block]) -> Memory:
        block = self.program.arena.take(bytes_of(spec))
        owner.append(block)
        return contiguous(self.program.in_arena(block, spec.dtype), spec, block)

    def cell(self, y: Any) -> Memory:
        return self.memory(y)

    def target(self, y: Any) -> Memory:
        return self.memory(y)

    def settle(self, made: nests.Targets) -> None:
        self.places.update(made.places)

    def as_memory(self, x: Any, dense_for: Any = None) -> Memory:
        place = self.place(x)
        if isinstance(place, Register):
            return self.in_memory(place)
        return super().as_memory(x, dense_for)

    def in_memory(self, place: Register) -> Memory:
        """A number as memory: one of the text is a constant, one of the call is written there."""
        if (place.name, place.spec.dtype) in self.program.literals:
            return self.program.written_out(place)
        made = self.fresh(place.spec, [])
        self.each_element([Store(made.pointer, ZERO, Local(place.spec.dtype, place.name))], [], Group("map", ()))
        return made

    def view(self, node: Node, inner: Place) -> Place:
        if isinstance(inner, Register):
            y = node.outputs[0]
            return inner if not y.shape else Memory(self.in_memory(inner).pointer, y.spec, (0,) * len(y.shape))
        return super().view(node, inner)

    def constant(self, node: Node) -> Place:
        place, y = super().constant(node), node.outputs[0]
        if isinstance(place, Register):
            self.program.literals[place.name, y.dtype] = node.attrs["value"].array
        return place

    def captured(self, x: Any) -> Place:
        place = super().captured(x)
        if isinstance(place, Register) and not isinstance(x, SymbolicTensor):
            self.program.literals[place.name, place.spec.dtype] = np.asarray(x, place.spec.dtype)
        return place

    def steps_of(self, inner: GpuRegion) -> tuple[Step, ...]:
        """The steps that a region inside this one wrote."""
        return tuple(inner.lines)

    def pile_of(self, y: Any) -> Pile:
        """A stack that is about to be made."""
        made = self.places[y.key] = Pile(self.program.printer.fresh("pile"), y.spec)
        return made

    def dense(self, x: Any, y: Any) -> Memory:
        """An operand in memory, one element after the other, for as long as a result is there."""
        return self.as_memory(x, dense_for=y)

    # -- copies

    def move(self, target: Memory, source: Memory) -> None:
        self.lines.append(Move(spot_of(target), spot_of(source), bytes_of(target.spec)))

    def clear(self, target: Memory) -> None:
        if size(target.shape):
            assert target.is_contiguous
            self.lines.append(Clear(spot_of(target), bytes_of(target.spec)))

    # -- kernels

    def index_type(self, *places: int) -> str:
        """The C type of an index: as narrow as the places in memory allow."""
        return "int" if max(places, default=0) < 2**31 - 2**16 else "i64"

    def parameters(self, body: Sequence[Statement]) -> list[Parameter]:
        """The memory and the numbers that statements use, in the order of the text."""
        found: dict[str, None] = {}
        numbers: dict[str, np.dtype] = {}
        written = {s.pointer: None for s in statements(tuple(body)) if isinstance(s, Store)}
        for value in expressions(tuple(body)):
            for x in walk(value):
                if isinstance(x, Load | Gather):
                    found[x.pointer] = None
                elif isinstance(x, Local) and x.name in self.program.locals:
                    numbers[x.name] = x.dtype
        pointers = self.program.pointers
        used = [name for name in {**found, **written} if name in pointers]
        return [*(Parameter(name, pointers[name], True, name in written) for name in used),
                *(Parameter(name, dtype, False) for name, dtype in numbers.items())]  # fmt: skip

    def put(self, launch: Launch, parameters: Sequence[Parameter], group: Group) -> None:
        """Run a kernel here."""
        label = " ".join(dict.fromkeys(node.op.name for node in (*group.inlined, *group.nodes)))
        kernel = Kernel(HOLE, tuple(parameters), Loop("", 1, ()), notes=label)
        number = self.program.kernel(kernel, launch.text)
        pointers = tuple(p.name for p in parameters if p.is_pointer)
        numbers = {p.name: LAYOUT[tag(p.dtype)] for p in parameters if not p.is_pointer}
        self.lines.append(Run(number, launch, pointers, tuple(numbers), "".join(numbers.values())))

    def reach(self, parameters: Sequence[Parameter], *spaces: Sequence[Axis]) -> str:
        """The C type of the indices of a kernel."""
        return self.index_type(
            *(prod(n for _, n in axes) for axes in spaces), *(self.program.lengths.get(p.name, 0) for p in parameters)
        )

    def each_element(self, body: nests.Bodies, axes: Sequence[Axis], group: Group) -> None:
        left = nests.merged(axes, body) or [("s0", 1)]
        parameters = self.parameters(body)
        self.program.printer.dropped = nests.gone(axes, left)
        printer, whole = self.program.printer, self.reach(parameters, left)
        launch = transposed(printer, parameters, left, body, whole) or printer.map(parameters, left, body, whole)
        self.put(launch, parameters, group)

    def in_lanes(self, body: nests.Bodies, axes: Sequence[Axis], group: Group) -> None:
        self.each_element(body, axes, group)

    def row_by_row(self, rows: nests.Rows, group: Group) -> None:
        body, outer, inner = rows.stages()
        parameters = self.parameters(body)
        self.program.printer.dropped = nests.gone(rows.axes, [*outer, *inner])
        whole = self.reach(parameters, [*outer, *inner])
        self.put(rows_of_teams(self.program.printer, parameters, outer, inner, body, whole), parameters, group)

    def fold(self, group: Group) -> None:
        node, elements = group.nodes[0], self.elements()
        made = self.targets(group)
        if made.places:
            write_fold(self, node, group, elements, made)
        self.settle(made)

    # -- other nodes

    def other(self, node: Node) -> None:
        name = node.op.name
        if name == "constant":
            return
        if not has_effect(node) and not any(isinstance(y.spec, StackSpec) or size(y.shape) for y in node.outputs):
            return self.settle(nests.Targets({y.key: self.target(y) for y in node.outputs}))
        if name == "fault":
            return self.fault(node.inputs[0])
        if not (name in WRITES and WRITES[name](self, node)):
            if any(isinstance(y.spec, StackSpec) for y in (*node.outputs, *symbols(node.inputs))):
                raise Unsupported(f"{name} of stacks")
            self.host(node)

    def fault(self, flag: Any) -> None:
        """Remember that a check failed, if it did."""
        place = self.program.faults()
        both = build(EITHER, [Load(dtypes.bool_, place.pointer, ZERO), self.elements()(flag, ())], dtypes.bool_)
        self.each_element([Store(place.pointer, ZERO, both)], [], Group("map", ()))

    def unless_failed(self, flag: Memory, owner: list[Block]) -> Memory:
        """A flag that does not hold once a check failed: what goes on then might never end."""
        made, place = self.fresh(flag.spec, owner), self.program.faults()
        values = [Load(dtypes.bool_, m.pointer, m.start) for m in (flag, place)]
        self.each_element([Store(made.pointer, ZERO, build(UNLESS, values, dtypes.bool_))], [], Group("map", ()))
        return made

    def act(self, node: Node) -> None:
        """Let Python act on values of the device."""
        owner: list[Block] = []
        operands: list[Memory | None] = []
        for x in node.inputs:
            place = self.as_memory(x) if isinstance(x, SymbolicTensor) else None
            if place is not None and not place.is_contiguous:
                dense = self.fresh(place.spec, owner)
                self.copy(dense, place)
                place = dense
            operands.append(place)
        self.lines.append(Effect(node, tuple(operands)))
        for block in owner:
            self.program.arena.give(block)

    def host(self, node: Node, *, is_rare: bool = False) -> None:
        if has_effect(node) and not node.outputs and node.op.name not in CHECKS - {"check_op"}:
            return self.act(node)
        results = [self.memory(y) for y in node.outputs]
        operands = [self.as_memory(x) if isinstance(x, SymbolicTensor) else None for x in node.inputs]
        if node.op.name not in CHECKS and not has_effect(node):
            self.program.on_host[node.op.name] = None
        self.lines.append(OnHost(node, tuple(operands), tuple(results)))
        self.settle(nests.Targets({y.key: m for y, m in zip(node.outputs, results, strict=True)}))
