"""Loops that the elements of tensors run apart from each other: `while any(active)` over maps.

Such a loop goes on for everybody until the last element is done. If nothing changes for an element that is done, each
vector of elements may as well run its own loop, in registers, and stop as soon as its own elements are done. What has
to hold is checked here: the step maps elements to elements; one state is the mask of those that go on; where the mask is
false, every state keeps its value, and the next mask is false again. A loop that only its elements can end is left
alone: it could not be interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...kernels.kernel import Cell, Local, Store, Trips
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Shape, normalize_axes, size
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor
from . import nests, views
from .elements import Elements
from .groups import Group, kind_of

if TYPE_CHECKING:
    from .region import Region

LEAST = 256  # elements below which the loop runs as it is


@dataclass
class Shapes:
    """A loop that was found to run element by element."""

    step: Graph
    space: Shape
    n: int
    mask: int  # the state that says which elements go on
    tests: list[SymbolicTensor] = field(default_factory=list)  # of the step: what else must hold to go on
    go: int = 0  # the state that holds whether to go on


def write(region: Region, node: Node) -> bool:
    """Write a loop as one kernel, if it can be."""
    found = recognised(region, node)
    if found is None:
        return False
    makers = {y.key: n for n in found.step.nodes for y in n.outputs}
    axes = nests.names_of(found.space)
    at = nests.own_indices(axes, found.space)
    outside = Elements(region.makers, region.places, region.as_memory)
    places = dict(region.places)
    for x, outer in zip(found.step.inputs[found.n :], node.inputs[found.n :], strict=True):
        places[x.key] = region.captured(outer)
    for y in found.step.nodes:
        if y.op.name == "constant":
            places[y.outputs[0].key] = region.constant(y)
    inside = Elements(makers, places, region.as_memory)
    cells, nexts, stores, targets = [], [], [], {}
    for i, x in enumerate(found.step.inputs[: found.n]):
        if i == found.go:
            continue
        index = at if x.shape else ()
        outer = node.inputs[i]
        start = outside(outer, index) if isinstance(outer, SymbolicTensor) else outside.operand(outer, (), x.dtype)
        cell = Cell(region.printer.fresh("state"), start, bool(x.shape))
        cells.append(cell)
        inside.folds[x.key] = Local(x.dtype, cell.name)
    for i, y in enumerate(found.step.outputs):
        if i != found.go:
            nexts.append(inside(y, at if y.shape else ()))
    names = [i for i in range(found.n) if i != found.go]
    for i, cell in zip(names, cells, strict=True):
        y = node.outputs[i]
        if region.uses.get(y.key):
            targets[y.key] = target = region.memory(y)
            stores.append(
                Store(target.pointer, views.offset(target.strides, target.start, at), Local(y.dtype, cell.name))
            )
    start = node.inputs[found.go]
    go = outside(start, ()) if isinstance(start, SymbolicTensor) else outside.operand(start, (), dtypes.bool_)
    tests = tuple(inside(x, ()) for x in found.tests)
    trips = Trips(tuple(cells), go, cells[names.index(found.mask)].name, tests, tuple(nexts))
    region.in_lanes([trips, *stores], axes, Group("map", found.space, nodes=list(found.step.nodes)))
    region.settle(nests.Targets(targets))
    return True


# -- recognising


def recognised(region: Region, node: Node) -> Shapes | None:
    """What is needed to run a loop element by element; None if it cannot be."""
    test, step = node.attrs["test"], node.attrs["step"]
    n = len(step.outputs)
    states = step.inputs[:n]
    spaces = {x.shape for x in states if x.shape}
    if len(spaces) != 1 or node.attrs.get("max_trips") is not None or test.nodes:
        return None
    (space,) = spaces
    if size(space) < LEAST or test.outputs[0].key not in {x.key for x in test.inputs[:n]}:
        return None
    go = next(i for i, x in enumerate(test.inputs[:n]) if x.key == test.outputs[0].key)
    if any(region.uses.get(y.key) for y in node.outputs if not y.shape):
        return None
    reader = _Reader(step, space)
    if not reader.conditions(step.outputs[go]) or len(reader.masks) != 1 or not reader.tests:
        return None
    mask = next((i for i, y in enumerate(step.outputs) if y.key == reader.masks[0].key and i != go), None)
    if mask is None or not reader.is_lanewise(go) or not reader.is_kept(mask, go):
        return None
    return Shapes(step, space, n, mask, reader.tests, go)


def is_false(branch: Graph) -> bool:
    """Whether a branch gives just False."""
    if len(branch.nodes) != 1 or branch.nodes[0].op.name != "constant":
        return False
    return branch.outputs[0] is branch.nodes[0].outputs[0] and not branch.nodes[0].attrs["value"].array.any()


class _Reader:
    """Looks at the step of a loop."""

    def __init__(self, step: Graph, space: Shape) -> None:
        self.step, self.space, self.n = step, space, len(step.outputs)
        self.makers = {y.key: node for node in step.nodes for y in node.outputs}
        self.states = {x.key: i for i, x in enumerate(step.inputs[: self.n])}
        self.masks: list[SymbolicTensor] = []
        self.tests: list[SymbolicTensor] = []
        self.spent: set[int] = set()  # nodes that only say whether to go on

    def conditions(self, y: Any) -> bool:
        """Take apart whether to go on: `any` of a mask, and conditions that are numbers."""
        node = self.makers.get(getattr(y, "key", 0))
        if node is None:
            return False
        if node.op.name == "any" and self.is_whole(node):
            self.spent.add(id(node))
            self.masks.append(node.inputs[0])
            return True
        if node.op.name == "logical_and":
            self.spent.add(id(node))
            return all(self.conditions(x) for x in node.inputs)
        if node.op.name == "if":
            return self.branch(node)
        if y.shape or not self.is_number(y):
            return False
        self.tests.append(y)
        return True

    def branch(self, node: Node) -> bool:
        """`a and any(mask)`, as it is staged: an `if` on a, whose other branch gives a itself."""
        predicate, operands = node.inputs[0], node.inputs[1:]
        then, other = node.attrs["then"], node.attrs["other"]
        if len(node.outputs) != 1 or len(then.nodes) != 1 or not self.conditions(predicate):
            return False
        given = {x.key: outer for x, outer in zip(other.inputs, operands, strict=True)}
        if given.get(other.outputs[0].key) is not predicate and not is_false(other):
            return False
        inner = then.nodes[0]
        whole = inner.op.name == "any" and self.is_whole(inner) and then.outputs[0] is inner.outputs[0]
        place = next((i for i, x in enumerate(then.inputs) if whole and x is inner.inputs[0]), None)
        if place is None:
            return False
        self.spent.add(id(node))
        self.masks.append(operands[place])
        return True

    def is_whole(self, node: Node) -> bool:
        x = node.inputs[0]
        return x.shape == self.space and len(normalize_axes("any", node.attrs["axis"], len(x.shape))) == len(x.shape)

    def is_number(self, y: Any) -> bool:
        """Whether a value is computed from numbers alone."""
        if not isinstance(y, SymbolicTensor):
            return True
        if y.shape:
            return False
        node = self.makers.get(y.key)
        return node is None or all(self.is_number(x) for x in node.inputs)

    def is_lanewise(self, go: int) -> bool:
        """Whether each element of the next state comes of elements at its own place, and numbers of numbers."""
        for node in self.step.nodes:
            if id(node) in self.spent or node.op.name == "constant":
                continue
            kind = kind_of(node)
            if kind == "view":
                if getattr(node.inputs[0], "key", 0) in self.makers or node.inputs[0].key in self.states:
                    return False
            elif kind != "map" or node.outputs[0].shape not in (self.space, ()):
                return False
        scalars = [y for i, y in enumerate(self.step.outputs) if not y.shape and i != go]
        return all(self.is_number(y) for y in scalars)

    def is_kept(self, mask: int, go: int) -> bool:
        """Whether nothing changes where the mask is false."""
        active = self.step.inputs[mask]
        for i, y in enumerate(self.step.outputs):
            if y.shape and i != mask and self.where_false(y, active) is not self.step.inputs[i]:
                return False
        y = self.step.outputs[mask]
        return self.where_false(y, active) is False or self.is_of_next(
            y, [x for i, x in enumerate(self.step.outputs) if x.shape and i != mask]
        )

    def where_false(self, y: Any, active: Any) -> Any:
        """What a value is where the mask is false: a number, an input of the step, or itself."""
        if y is active:
            return False
        node = self.makers.get(getattr(y, "key", 0))
        if node is None:
            return y
        parts = [self.where_false(x, active) for x in node.inputs]
        name = node.op.name
        if name == "constant":
            array = node.attrs["value"].array
            return array.item() if array.size == 1 else y
        if name == "where" and parts[0] is False:
            return parts[2]
        if name == "logical_and" and False in [p for p in parts if isinstance(p, bool)]:
            return False
        if name == "astype" and isinstance(parts[0], bool) and y.dtype in dtypes.INTEGRAL:
            return int(parts[0])
        if name == "add" and y.dtype in dtypes.INTEGRAL:
            zeros = [i for i, p in enumerate(parts) if isinstance(p, int) and p == 0]
            return parts[1 - zeros[0]] if zeros else y
        return y

    def is_of_next(self, y: Any, nexts: list[Any]) -> bool:
        """Whether a value depends on next states alone, and on what does not change."""
        if not isinstance(y, SymbolicTensor) or any(y is x for x in nexts):
            return True
        if y.key in self.states:
            return self.step.outputs[self.states[y.key]] is y
        node = self.makers.get(y.key)
        return node is None or all(self.is_of_next(x, nexts) for x in node.inputs)
