"""Cotangents in graphs: the reverse pass over a region that is written into another graph.

A gradient rule is made of ops, so the way back of a region is written by applying the rules to symbolic tensors.
None stands for a cotangent that never comes: a source is unconnected if no path leads from it to a target. This
file does not know which ops hold regions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...runtime import dtypes
from ...runtime.backprop import Cotangents, backpropagate, reachable
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, stack_of
from ...runtime.tensor import OPS
from .graph import Graph, writing
from .rewrite import Rewriter, does_something
from .stack import alias, empty_stack, zero_stack
from .symbolic import SymbolicTensor

MARK = Spec((), dtypes.float32)


def vjp(
    graph: Graph,
    region: Graph,
    args: Sequence[Any],
    dys: Sequence[Any],
    wanted: Sequence[int],
    kept: Mapping[tuple[int, int], Any] = MappingProxyType({}),
) -> list[Any]:
    """Write a region and its way back into `graph`: the cotangents of the wanted arguments, None where none comes.

    What is kept, results of the region's nodes by their places, is read in place of what the region would compute.
    """
    if not kept:
        return value_and_vjp(graph, without_effects(region), args, dys, wanted)[1]
    fresh = [alias(x) if i in wanted else x for i, x in enumerate(args)]
    outputs, nodes = graph.inline(region, fresh)
    mark = set_mark(graph)
    dxs = cotangents_of([fresh[i] for i in wanted], nodes, outputs, dys)
    instead = {nodes[i].outputs[k].key: x for (i, k), x in kept.items()}
    at = place_of(graph, mark)
    graph.nodes[at:] = [
        node.changed(inputs=tuple([instead.get(getattr(x, "key", 0), x) for x in node.inputs]))
        for node in graph.nodes[at:]
    ]
    return [instead.get(getattr(dx, "key", 0), dx) for dx in dxs]


def value_and_vjp(
    graph: Graph, region: Graph, args: Sequence[Any], dys: Sequence[Any], wanted: Sequence[int]
) -> tuple[list[Any], list[Any]]:
    """As `vjp`, with all that the region does: its outputs, too."""
    fresh = [alias(x) if i in wanted else x for i, x in enumerate(args)]
    outputs, nodes = graph.inline(region, fresh)
    return outputs, cotangents_of([fresh[i] for i in wanted], nodes, outputs, dys)


def cotangents_of(
    sources: Sequence[Any], nodes: Sequence[Node], outputs: Sequence[Any], dys: Sequence[Any]
) -> list[Any]:
    """The cotangents of values of which `nodes` made outputs, given those of the outputs; None where none comes."""
    cotangents: Cotangents = {}
    for y, dy in zip(outputs, dys, strict=True):
        if dy is not None and isinstance(y, SymbolicTensor):
            cotangents[y.key] = dy if y.key not in cotangents else cotangents[y.key] + dy
    keys = {x.key for x in sources}
    backpropagate(_Backwards(nodes), cotangents, reachable(nodes, keys), keys)
    return [cotangents.get(x.key) for x in sources]


class _Backwards(list[Node]):
    """Nodes of a graph that are read backwards: what is written meanwhile is for their lines."""

    def __reversed__(self) -> Iterator[Node]:
        graph = writing()
        if graph is None:
            yield from super().__reversed__()
            return
        for node in super().__reversed__():
            with graph.stands_for(node):
                yield node


def set_mark(graph: Graph) -> Any:
    """A node to be found again where others are written before it."""
    return graph.emit(empty_stack, (), {"element": MARK, "capacity": None}, [stack_of(MARK)])[0]


def place_of(graph: Graph, mark: Any) -> int:
    """Where a mark is in the list of nodes."""
    return next(i for i, node in enumerate(graph.nodes) if node.outputs and node.outputs[0] is mark)


def zeros(graph: Graph, x: Any) -> Any:
    """Zeros like a value, in a graph."""
    if isinstance(x.spec, StackSpec):
        return zero_stack(graph.lift(x))
    return OPS["broadcast_to"](graph.lift(OPS["zeros"]((), dtype=x.dtype)), shape=x.shape)


def or_zeros(graph: Graph, dxs: Sequence[Any], like: Sequence[Any]) -> list[Any]:
    """Cotangents, zeros in the place of None."""
    return [zeros(graph, x) if dx is None else dx for dx, x in zip(dxs, like, strict=True)]


def smooth(values: Sequence[Any]) -> list[int]:
    """The places of the values that can carry a cotangent."""
    return [i for i, x in enumerate(values) if x.dtype in dtypes.INEXACT]


def without_effects(graph: Graph) -> Graph:
    """The graph without what it does besides computing: a way back must not print again what was printed.

    What a gradient of the user's own does stays: it happens when that gradient is computed.
    """
    if not does_something(graph):
        return graph
    return Rewriter(lambda _, __, node: () if node.op.effect else None, "back").graph(graph, graph.parent)
