"""Groups: which nodes of a graph share a kernel.

A node of a region is a view (it costs nothing), a map (an element from elements at the same place), a fold (an element
from many), or something else, a product of matrices or a call of Python, which stands alone. Maps over the same index
space join into one group, which computes and writes all of them in one pass; folds over the last axes join too, and
make the group one of rows: each row stays in the cache between the fold and the maps that use its result. A group
whose values only one other group reads, element for element, is computed there and never written.

This file decides; it prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...kernels.kernel import ZERO, variable
from ...kernels.spelling import supported
from ...runtime import dtypes
from ...runtime.dim import Dim
from ...runtime.op import Node
from ...runtime.spec import Shape, StackSpec, normalize_axes, size
from ..graph.graph import Graph
from ..graph.rewrite import has_effect
from ..graph.symbolic import SymbolicTensor
from . import views
from .draws import DRAWS
from .reach import Reach
from .views import FOLDS, Indices, is_one
from .walks import PUTS, WALKS, walked

GATHERS = frozenset({"index_get", "gather_along"})
# Maps that are no scalar expression of the op table.
MAKERS = frozenset({"astype", "one_hot", "count_to", *GATHERS, *DRAWS})
DEAR = ("exp", "log", "sin", "cos", "tan", "erf", "pow", "tanh", "sigmoid", "softplus", "gamma", "sinc", "silu",
        "gelu", "mish", "elu", "selu", "logadd", "xlog", "hypot", "logit", "sqrt", "divide", "remainder",
        "random")  # fmt: skip
LONG = 1 << 14  # elements of a whole fold that are worth several threads
MOST = 64  # nodes of a kernel: more save little memory traffic, and nest deeper than can be written


@dataclass(eq=False)
class Group:
    """Nodes of one kernel: their kind (map, row, fold, other), index space, and how many of its last axes fold."""

    kind: str
    space: Shape
    folded: int = 0
    nodes: list[Node] = field(default_factory=list)
    inlined: list[Node] = field(default_factory=list)  # of groups that are computed here
    number: int = 0

    @property
    def rows(self) -> Shape:
        """The index space without the axes that fold."""
        return self.space[: len(self.space) - self.folded]

    def has_room(self, count: int) -> bool:
        """Whether so many more nodes may be computed here."""
        return not self.space or len(self.nodes) + len(self.inlined) + count <= MOST


def kind_of(node: Node) -> str:
    """What a node is to fusion."""
    if any(y.dtype is dtypes.complex128 for y in node.outputs):
        return "other"
    if views.is_view(node):
        return "view"
    if len(node.outputs) != 1 or isinstance(node.outputs[0].spec, StackSpec) or node.op.effect:
        return "other"
    y, tensors = node.outputs[0], [x for x in node.inputs if isinstance(x, SymbolicTensor)]
    if not all(supported(x.dtype) and all(isinstance(n, int | Dim) for n in x.shape) for x in (y, *tensors)):
        return "other"
    if not size(y.shape) or not all(size(x.shape) for x in tensors):
        return "other"
    if node.op.name in ("index_get", "index_sum", "index_put") and len(node.inputs[1].shape) == 1:
        return "other"  # parts of memory
    if node.op.name in WALKS:
        return "walk"
    if node.op.elementwise or node.op.name in MAKERS:
        return "map"
    return "fold" if node.op.name in FOLDS else "other"


def is_gathered(node: Node, i: int) -> bool:
    """Whether an operand is read at places that are computed, or copied."""
    return i == 0 and (node.op.name in GATHERS or node.op.name in PUTS or node.op.name in DRAWS)


def lies_in_operand(node: Node) -> bool:
    """Whether the results may be parts of the operand's memory: a reshape, a row."""
    return node.op.name in ("reshape", "unstack", "split_lengths") or (
        node.op.name == "index_get" and len(node.inputs[1].shape) == 1
    )


def folded_axes(node: Node) -> tuple[int, ...]:
    """The axes that a fold reduces."""
    return normalize_axes(node.op.name, node.attrs["axis"], len(node.inputs[0].shape))


def cost(nodes: Iterable[Node]) -> float:
    """Roughly how many nanoseconds an element costs."""
    return 0.05 + sum(0.5 if node.op.name.startswith(DEAR) else 0.06 for node in nodes)


class Fusion:
    """The groups of one region, in an order in which they can run."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.makers = {y.key: node for node in graph.nodes for y in node.outputs}
        self.kinds = {id(node): self.kind(node) for node in graph.nodes}
        self.group_of: dict[int, Group] = {}  # by the key of a value
        self.order = {id(node): i for i, node in enumerate(graph.nodes)}
        self.groups: dict[Group, None] = {}
        self.reach = Reach()
        self.effect: Group | None = None
        for node in graph.nodes:
            self.place(node)
        self.absorb()

    def kind(self, node: Node) -> str:
        """What a node is to fusion."""
        return kind_of(node)

    # -- values

    def base(self, x: Any) -> SymbolicTensor | None:
        """The value that a value is a view of."""
        while isinstance(x, SymbolicTensor):
            node = self.makers.get(x.key)
            if node is None or self.kinds[id(node)] != "view":
                return x
            x = node.inputs[0]
        return None

    def owners(self, x: Any) -> Iterator[SymbolicTensor]:
        """A value, and those whose memory it lies in."""
        while isinstance(x, SymbolicTensor):
            yield x
            node = self.makers.get(x.key)
            if node is None or not (self.kinds[id(node)] == "view" or lies_in_operand(node)):
                return
            x = node.inputs[0]

    def sources(self, node: Node) -> list[Group]:
        """The groups that make the operands of a node."""
        bases = [self.base(x) for x in node.inputs]
        found = [self.group_of[b.key] for b in bases if b is not None and b.key in self.group_of]
        return list(dict.fromkeys(found))

    def uses(self) -> dict[int, dict[Any, None]]:
        """For each value the groups that read it, through views; None stands for what needs it in memory."""
        found: dict[int, dict[Any, None]] = {}
        for group in self.groups:
            for node in (*group.inlined, *group.nodes):
                for i, x in enumerate(node.inputs):
                    b = self.base(x)
                    if b is not None:
                        found.setdefault(b.key, {})[None if is_gathered(node, i) else group] = None
        for y in self.graph.outputs:
            b = self.base(y)
            if b is not None:
                found.setdefault(b.key, {})[None] = None
        return found

    # -- joining

    def place(self, node: Node) -> None:
        """Put a node into a group."""
        kind = self.kinds[id(node)]
        if kind == "view":
            return
        group = self.found(node, kind) or self.fresh(node, kind)
        group.nodes.append(node)
        for y in node.outputs:
            self.group_of[y.key] = group
        self.reach.depend(group, self.sources(node))
        if kind == "map":
            self.unite(group, node)
        if has_effect(node):
            if self.effect is not None:
                self.reach.depend(group, [self.effect])
            self.effect = group

    def found(self, node: Node, kind: str) -> Group | None:
        """A group that the node can join: the latest one."""
        if kind in ("other", "walk") or has_effect(node):
            return None
        sources = self.sources(node)
        for group in sorted(sources, key=lambda g: -g.number):
            others = [g for g in sources if g is not group]
            reachable = any(self.reach.depends(g, group) for g in others)
            if group.has_room(1) and not reachable and self.joins(node, kind, group):
                if kind == "fold":
                    group.kind, group.folded = "row", len(folded_axes(node))
                return group
        return None

    def fresh(self, node: Node, kind: str) -> Group:
        """A group of its own for a node."""
        if kind == "fold":
            x, axes = node.inputs[0], folded_axes(node)
            space, n = x.shape, len(x.shape)
            last = set(axes) == set(range(n - len(axes), n)) and axes and (size(space) <= LONG or len(axes) < n)
            group = Group("row", space, len(axes)) if last else Group("fold", space)
        else:
            space = node.outputs[0].shape if kind == "map" else walked(node) if kind == "walk" else ()
            group = Group(kind, space)
        group.number = self.reach.add(group)
        self.groups[group] = None
        return group

    def joins(self, node: Node, kind: str, group: Group) -> bool:
        """Whether a node can be computed at the same places as a group."""
        if kind == "fold":
            return self.fold_joins(node, group)
        shape = node.outputs[0].shape
        if group.kind == "map":
            return shape == group.space and self.aligned(node, group)
        if group.kind != "row" or not (shape == group.space or self.is_row(shape, group)):
            return False
        return self.aligned(node, group)

    def fold_joins(self, node: Node, group: Group) -> bool:
        x, axes = node.inputs[0], folded_axes(node)
        n = len(x.shape)
        if group.kind not in ("map", "row") or x.shape != group.space or set(axes) != set(range(n - len(axes), n)):
            return False
        if group.kind == "row" and group.folded != len(axes):
            return False
        if not axes or (len(axes) == n and size(x.shape) > LONG):
            return False
        return self.aligned(node, group)

    def is_row(self, shape: Shape, group: Group) -> bool:
        """Whether a shape is that of one value for each row."""
        return group.kind == "row" and shape in (group.rows, group.rows + (1,) * group.folded)

    def aligned(self, node: Node, group: Group) -> bool:
        """Whether the node reads what the group makes at its own place only."""
        shape = node.inputs[0].shape if self.kinds[id(node)] == "fold" else node.outputs[0].shape
        own = self.own_index(shape, group)
        if is_gathered(node, 0):
            b = self.base(node.inputs[0])
            return b is None or self.group_of.get(b.key) is not group
        return all(self.reads_aligned(x, self.into(node, x, own), group) for x in node.inputs)

    def into(self, node: Node, x: Any, own: Indices) -> Indices:
        """The index at which a map or fold reads an operand."""
        if not isinstance(x, SymbolicTensor):
            return ()
        if node.op.name == "one_hot":
            axis = normalize_axes("one_hot", node.attrs["axis"], len(own))[0]
            return own[:axis] + own[axis + 1 :]
        return views.broadcast(x.shape, own)

    def own_index(self, shape: Shape, group: Group) -> Indices:
        """The index of an element of the group's kind, by the names of the axes of the index space."""
        names = tuple(variable(f"s{i}") for i in range(len(group.space)))
        if shape == group.space:
            return names
        kept = len(group.rows)
        return names[:kept] + (ZERO,) * (len(shape) - kept)

    def reads_aligned(self, x: Any, index: Indices, group: Group) -> bool:
        while isinstance(x, SymbolicTensor):
            node = self.makers.get(x.key)
            if node is None:
                return True
            if self.kinds[id(node)] != "view":
                break
            index, x = views.operand_index(node, index), node.inputs[0]
        if not isinstance(x, SymbolicTensor) or self.group_of.get(x.key) is not group:
            return True
        if group.kind == "map" and x.shape != group.space:
            return False
        if x.shape != group.space and not self.is_row(x.shape, group):
            return False
        expected = self.own_index(x.shape, group)
        return all(is_one(n) or a == b for n, a, b in zip(x.shape, index, expected, strict=True))

    def unite(self, group: Group, node: Node) -> None:
        """Join other groups that the node reads at its own place."""
        for other in self.sources(node):
            if other is group or other.space != group.space or {other.kind, group.kind} - {"map", "row"}:
                continue
            if other.folded and group.folded and other.folded != group.folded:
                continue
            if not group.has_room(len(other.nodes)):
                continue
            if not self.all_aligned(group, other, node) or self.stand_apart(group, other):
                continue
            self.merge(group, other)

    def all_aligned(self, group: Group, other: Group, node: Node) -> bool:
        """Whether the members of a union would read each other at their own places."""
        union = Group("row" if "row" in (group.kind, other.kind) else "map", group.space, group.folded or other.folded)
        members = [*group.nodes, *other.nodes]
        inside = {y.key for n in members for y in n.outputs}
        before = {key: self.group_of[key] for key in inside}
        self.group_of.update(dict.fromkeys(inside, union))
        fits = all(
            n.outputs[0].shape == union.space or self.is_row(n.outputs[0].shape, union) for n in members
        ) and all(self.aligned(n, union) for n in members)
        self.group_of.update(before)
        return fits

    def stand_apart(self, x: Group, y: Group) -> bool:
        """Whether something stands between two groups."""
        return self.reach.between(x, y) or self.reach.between(y, x)

    def merge(self, group: Group, other: Group) -> None:
        """Take another group's nodes in."""
        if other.kind == "row":
            group.kind, group.folded = "row", other.folded
        group.nodes = sorted([*group.nodes, *other.nodes], key=lambda n: self.order[id(n)])
        for node in other.nodes:
            for y in node.outputs:
                self.group_of[y.key] = group
        del self.groups[other]
        self.reach.join(group, other)

    # -- absorbing

    def absorb(self) -> None:
        """Compute groups of maps where they are read, if that is one place, or if they cost next to nothing."""
        uses = self.uses()
        for group in list(self.groups):
            if group.kind != "map" or not group.space:
                continue
            read = {g for n in group.nodes for y in n.outputs for g in uses.get(y.key, ())} - {group}
            reader = next(iter(read)) if len(read) == 1 else None
            if reader is not None and self.may_inline(group, reader):
                self.inline(group, reader, uses)

    def may_inline(self, group: Group, reader: Group) -> bool:
        if reader.kind == "other" or not reader.has_room(len(group.nodes) + len(group.inlined)):
            return False
        return cost([*group.nodes, *group.inlined]) <= 0.2 or size(reader.space) <= size(group.space)

    def inline(self, group: Group, reader: Group, uses: dict[int, dict[Any, None]]) -> None:
        """Compute a group where it is read."""
        moved = [*group.inlined, *group.nodes]
        reader.inlined += moved
        for node in moved:
            self.group_of.update({y.key: reader for y in node.outputs})
            for b in map(self.base, node.inputs):
                if b is not None and group in uses[b.key]:
                    del uses[b.key][group]
                    uses[b.key][reader] = None
        del self.groups[group]
        self.reach.join(reader, group)

    def ordered(self) -> list[Group]:
        """The groups, each after those it depends on."""
        return self.reach.ordered(sorted(self.groups, key=lambda g: max(self.order[id(n)] for n in g.nodes)))
