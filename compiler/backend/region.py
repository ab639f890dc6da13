"""Regions: a graph as a block of C, its groups one after the other.

The nodes are put into groups; each group becomes a kernel, lines in place, or what its one node needs. A value's memory
is given back after the last group that reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self

from ...kernels.kernel import ZERO, Index, Local
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import StackSpec, size
from ..graph.graph import Graph
from ..graph.rewrite import has_effect, symbols
from . import (
    checks,
    flow,
    folds,
    integers,
    matrices,
    nests,
    nodes,
    piles,
    products,
    scans,
    scatter,
    sorting,
    steps,
    views,
    windows,
)
from .elements import Elements
from .epilogues import FollowedFusion
from .groups import DEAR, GATHERS, Fusion, Group, folded_axes, is_gathered
from .kept import Loop
from .places import SMALL, Memory, Place, Register, Spread, Unsupported, contiguous, in_register
from .walks import SCANS, SCATTERS
from .writer import Writer

FEW = 4  # elements that are computed in line even if each is dear
CHEAP = frozenset({"sqrt", "divide", "rsqrt", "reciprocal"})  # dear in memory's terms, but short
ROOMS = (nodes, checks, flow, integers, matrices, piles, products, sorting, windows)
WRITES = {name: write for room in ROOMS for name, write in room.WRITES.items()}
WALKS = {**dict.fromkeys(SCATTERS, scatter.write_scatter), **dict.fromkeys(SCANS, scans.write_scan)}


class Region(Writer):
    """Writes one graph."""

    loops: tuple[Loop, ...] = ()  # that this is a trip of, the outermost first

    def run(self) -> list[str]:
        """The lines of the region; its outputs have places afterwards."""
        self.makers = {y.key: node for node in self.graph.nodes for y in node.outputs}
        self.place_constants()
        self.said: list[str] = []
        self.fusion = self.fused()
        self.uses = self.fusion.uses()
        order = list(self.fusion.ordered())
        last = self.last_uses(order)
        for i, group in enumerate(order):
            self.dying = frozenset(last.get(i, ()))
            self.step(group)
            for key in self.dying:
                self.release(key)
        for y in self.graph.outputs:
            self.places[y.key] = self.place(y)
        return self.lines

    def fused(self) -> Fusion:
        """The groups of the graph."""
        return FollowedFusion(self.graph)

    def last_uses(self, order: Sequence[Group]) -> dict[int, list[int]]:
        """For each group the keys of the values that nothing after it reads."""
        end = len(order)
        until: dict[int, int] = {}
        for i, group in enumerate(order):
            for node in [*group.inlined, *group.nodes]:
                for x in (*node.inputs, *node.outputs):
                    for owner in self.fusion.owners(x):
                        until[owner.key] = i
        for y in self.graph.outputs:
            until.update({owner.key: end for owner in self.fusion.owners(y)})
        last: dict[int, list[int]] = {}
        for key, i in until.items():
            last.setdefault(i, []).append(key)
        return last

    def release(self, key: int) -> None:
        for block in self.taken.pop(key, ()):
            self.program.arena.give(block)

    def finish(self) -> None:
        """Give back the memory of everything that is left."""
        for key in list(self.taken):
            self.release(key)

    def place_constants(self) -> None:
        for node in self.graph.nodes:
            if node.op.name == "constant":
                self.places[node.outputs[0].key] = self.constant(node)

    def block(
        self, graph: Graph, places: Sequence[Place], wanted: Mapping[int, Memory], loop: Loop | None = None
    ) -> Self:
        """A region inside this one, written, its inputs being at these places; `loop`: what it is a trip of."""
        for x, place in zip(graph.inputs, places, strict=True):
            self.places[x.key] = place
        region = type(self)(self.program, graph, wanted)
        region.loops = (*self.loops, loop) if loop else self.loops
        region.run()
        return region

    def step(self, group: Group) -> None:
        """Write a group with the user's lines above it; in a timed program it is logged, unless it is of C variables."""
        before, self.lines = self.lines, []
        self.group(group)
        written, self.lines = self.lines, before
        if not steps.without_comments(written):
            return
        said = list(steps.comments(group))
        self.lines += [] if said == self.said else said
        self.said = said
        is_step = any(line.endswith("}") for line in written)
        if self.program.log and is_step:
            given = [y for node in group.nodes for y in node.outputs if self.is_read_elsewhere(y, group)]
            written = self.program.timed(written, group, given)
        self.lines += written

    def group(self, group: Group) -> None:
        """Write what a group does."""
        if group.kind == "other":
            self.other(group.nodes[0])
        elif group.kind == "walk":
            WALKS[group.nodes[0].op.name](self, group.nodes[0], group)
        elif group.kind == "product":
            products.write_with_maps(self, group)
        elif self.is_small(group):
            self.scalars(group)
        elif group.kind == "fold":
            self.fold(group)
        else:
            elements = self.elements()
            made = self.targets(group)
            if made.places and group.kind == "map":
                body = nests.map_body(group, elements, made)
                self.each_element(body, nests.names_of(group.space), group)
            elif made.places:
                self.row_by_row(nests.Rows(group, elements, made), group)
            self.settle(made)

    def row_by_row(self, rows: nests.Rows, group: Group) -> None:
        """Run the stages of a group of rows."""
        self.launch(rows.nest(), group)

    def is_read_elsewhere(self, y: Any, group: Group) -> bool:
        return any(g is not group for g in self.uses.get(y.key, ()))

    def targets(self, group: Group) -> nests.Targets:
        """Memory for what others read of a group."""
        written = [node.outputs[0] for node in group.nodes if self.is_read_elsewhere(node.outputs[0], group)]
        if len(written) == 1 and (over := self.operand_to_write_over(group, written[0])) is not None:
            return nests.Targets({written[0].key: over})
        return nests.Targets({y.key: self.cell(y) if in_register(y.spec) else self.memory(y) for y in written})

    def operand_to_write_over(self, group: Group, y: Any) -> Memory | None:
        """The memory of an operand that is read for the last time here, element for element: there `y` can be written."""
        if group.kind not in ("map", "product") or y.key in self.wanted:
            return None
        for x in symbols([x for node in steps.members(group) for x in node.inputs]):
            place, blocks = self.places.get(x.key), self.taken.get(x.key)
            if x.key not in self.dying or x.spec != y.spec or not blocks or not isinstance(place, Memory):
                continue
            if place.root in blocks and place.is_contiguous and place.start == ZERO and self.is_read_in_order(x, group):
                self.taken[y.key] = self.taken.pop(x.key)
                return contiguous(place.pointer, y.spec, place.root)
        return None

    def is_read_in_order(self, x: Any, group: Group) -> bool:
        """Whether a map reads each element of an operand where it writes, and nowhere else."""
        inner = {y.key for node in steps.members(group) for y in node.outputs} | {x.key}
        for node in steps.members(group):
            for i, z in enumerate(node.inputs):
                if node.op.name == "matmul" and any(owner.key == x.key for owner in self.fusion.owners(z)):
                    return False
                key, *around = [owner.key for owner in self.fusion.owners(z)] or [0]
                if inner & set(around) or (key == x.key and is_gathered(node, i)):
                    return False
                if key in inner and (z.shape != group.space or node.outputs[0].shape != group.space):
                    return False
        return True

    def is_small(self, group: Group) -> bool:
        """Whether a group is computed in line, element by element."""
        count = size(group.space)
        if not group.space:
            return group.kind == "map"
        dear = any(
            node.op.name.startswith(DEAR) and node.op.name not in CHEAP for node in (*group.inlined, *group.nodes)
        )
        gathers = any(node.op.name in GATHERS for node in (*group.inlined, *group.nodes))
        return count <= (FEW if dear else SMALL) and not gathers

    def scalars(self, group: Group) -> None:
        """Numbers and small tensors: computed in line."""
        elements = self.elements()
        for node in group.nodes:
            y = node.outputs[0]
            names = []
            for at in itertools.product(*map(range, y.shape)):
                self.scope.lines = self.lines
                names.append(self.printer.value(elements(y, tuple(Index((), i) for i in at)), self.scope))
                self.program.locals[names[-1]] = y.dtype
            if self.is_read_elsewhere(y, group):
                self.places[y.key] = Spread(tuple(names), y.spec) if y.shape else Register(names[0], y.spec)

    def fold(self, group: Group) -> None:
        node = group.nodes[0]
        elements = self.elements()
        axes, n = folded_axes(node), len(group.space)
        made = self.targets(group)
        if not made.places:
            return
        if not axes:
            raise Unsupported("a fold of no axes")
        if len(axes) == n:
            self.whole(node, group, elements, made)
        else:
            build = folds.mixed_nest if n - 1 in axes else folds.column_nest
            self.launch(build(node, group, elements, made), group)
        self.settle(made)

    def whole(self, node: Node, group: Group, elements: Elements, made: nests.Targets) -> None:
        """A fold of everything, in two steps."""
        y = node.outputs[0]
        partial = self.printer.fresh("v")
        store = made.store(y, tuple(Index() for _ in y.shape), Local(y.dtype, "whole"))
        first, last, count = folds.partial_nests(node, group, elements, store, partial)
        kind = views.FOLDS[node.op.name]
        wide = dtypes.float64 if y.dtype is dtypes.float32 and kind in ("sum", "prod") else y.dtype
        block = self.program.arena.take(count * wide.itemsize)
        c = self.printer.storage(wide)
        self.lines.append(f"{c} *{partial} = ({c} *)(arena + {block.start});")
        self.program.pointers[partial] = wide
        self.launch(first, group)
        self.launch(last, group)
        self.program.arena.give(block)

    def other(self, node: Node) -> None:
        """A node that stands alone."""
        name = node.op.name
        if name == "constant":
            return
        if not has_effect(node) and not any(isinstance(y.spec, StackSpec) or size(y.shape) for y in node.outputs):
            return self.settle(nests.Targets({y.key: self.target(y) for y in node.outputs}))  # nothing to compute
        if not (name in WRITES and WRITES[name](self, node)):
            if any(isinstance(y.spec, StackSpec) for y in (*node.outputs, *symbols(node.inputs))):
                raise Unsupported(f"{name} of stacks")
            self.host(node)
