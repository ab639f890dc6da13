"""A graph with its way back written behind it: what the second part reads of the first, and what is worth keeping.

Views, casts and comparisons are cheaper to compute again than to keep. In a loop, where a value is kept for every
trip, so is all that works element by element: of regions, values are kept if products would be computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime import dtypes, observers
from ...runtime.op import Node
from ...runtime.spec import StackSpec
from .cotangents import cotangents_of, place_of, set_mark, smooth
from .graph import Graph, GraphNode, write_to
from .rewrite import does_something, has_effect, regions
from .sizes import found_within, names_in
from .symbolic import SymbolicTensor

AGAIN = frozenset({"constant", "empty_stack", "broadcast_to", "reshape", "expand_dims", "squeeze", "permute_dims",
                   "transpose_2d", "matrix_transpose", "strided_slice", "astype", "alias", "identity",
                   "stop_gradient", "size_of", "with_sizes"})  # fmt: skip
COSTLY = frozenset({"matmul", "conv", "conv_transpose", "solve", "solve_triangular", "cholesky", "inv", "svd", "eigh"})

Name = tuple[int, int]  # a value of a graph: the position of its node, and which of its results it is


class Joint:
    """A graph with its way back behind it. Values of the first part are known by what they are in the graph."""

    def __init__(self, base: Graph, wanted: Sequence[int], given: Sequence[int], parent: Graph | None = None) -> None:
        self.base, self.graph = base, Graph(parent)
        new = self.graph
        with write_to(new), observers.hidden():
            self.inputs = [new.input(x.spec, x.name) for x in base.inputs]
            self.outputs, nodes = new.inline(base, self.inputs)
            mark = set_mark(new)
            self.dys = [new.input(base.outputs[i].spec, f"d{base.outputs[i].name or i}") for i in given]
            dys: list[Any] = [None] * len(base.outputs)
            for i, dy in zip(given, self.dys, strict=True):
                dys[i] = dy
            dxs = cotangents_of([self.inputs[i] for i in wanted], nodes, self.outputs, dys)
            self.reached = tuple(i for i, dx in zip(wanted, dxs, strict=True) if dx is not None)
            self.dxs = [new.lift(dx) for dx in dxs if dx is not None]
        at = place_of(new, mark)
        self.first, self.second = new.nodes[:at], new.nodes[at:]
        made = {node.outputs[0].key: node for node in self.first if node.outputs}
        self.values: dict[Name, Any] = {
            (i, k): y
            for i, node in enumerate(nodes)
            if node.outputs
            for k, y in enumerate(made[node.outputs[0].key].outputs)  # a loop in its saving form has more
        }

    def read(self) -> set[int]:
        """The keys of the values that the way back reads, its own included."""
        live = {dx.key for dx in self.dxs}
        for node in reversed(self.second):
            if has_effect(node) or any(y.key in live for y in node.outputs):
                live.update(x.key for x in node.inputs if isinstance(x, SymbolicTensor))
        return live

    def computed_again(self, at_hand: set[int], live: set[int]) -> list[GraphNode]:
        """The nodes of the first part that give what is read and not at hand; `live` grows by what they read."""
        again = []
        for node in reversed(self.first):
            if any(y.key in live and y.key not in at_hand for y in node.outputs):
                again.append(node)
                live.update(x.key for x in node.inputs if isinstance(x, SymbolicTensor))
        return again[::-1]

    def kept(self, at_hand: set[int]) -> list[Name]:
        """The values to keep for the way back, beside those at hand."""
        live, found = self.read(), set[int]()
        for node in self.first:
            if not _is_cheap(node):
                found.update(y.key for y in node.outputs if y.key in live and y.key not in at_hand)
        known = at_hand | found
        for node in filter(_is_cheap, self.first):
            results = {y.key for y in node.outputs}
            if not all(x.key in known for x in node.inputs if isinstance(x, SymbolicTensor)):
                results &= live
                found |= results - at_hand
            known |= results
        return [name for name, y in self.values.items() if y.key in found]


def _is_cheap(node: Node) -> bool:
    return node.op.name in AGAIN or (node.op.elementwise and node.outputs[0].dtype in dtypes.BOOLS)


def kept_by_runs(region: Graph) -> list[Name]:
    """The values to keep of every run of a loop's step, or of a branch, beside what goes into it."""
    if "kept" not in region.backward:
        plain = not does_something(region) and any(node.op.name in COSTLY for node in region.nodes)
        region.backward["kept"] = _worth_keeping(region) if plain else []
    return region.backward["kept"]


def _worth_keeping(region: Graph) -> list[Name]:
    try:
        joint = Joint(region, smooth(region.inputs), smooth(region.outputs), region.parent)
    except Exception:  # the way back will say it
        return []
    at_hand = {x.key for x in joint.inputs}  # results are not: the next trip of a loop has others
    again = joint.computed_again(at_hand, joint.read())
    if not any(node.op.name in COSTLY for node in again):
        return []
    own = found_within(region)

    def fits(name: Name) -> bool:
        spec = joint.values[name].spec
        plain = not isinstance(spec, StackSpec) and not regions(region.nodes[name[0]].attrs)
        return plain and not names_in(spec) & own

    return list(filter(fits, joint.kept(at_hand)))
