"""Common subexpressions: what is computed twice from the same operands is computed once.

Operands of sums and products may stand in either order. Nodes with effects are never merged.

    >>> from weft.compiler.graph.parser import parse
    >>> print(cse(parse('''
    ... graph (x: f32[3], y: f32[3]) -> f32[3] {
    ...   a = add x y
    ...   b = add y x
    ...   c = multiply a b
    ...   return c
    ... }''')))
    graph (x: f32[3], y: f32[3]) -> f32[3] {
      a = add x y
      c = multiply a a
      return c
    }
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ...runtime.op import Node
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, Signatures, frozen, has_effect, regions
from ..graph.symbolic import SymbolicTensor

COMMUTES = frozenset({"add", "multiply", "equal", "not_equal", "logical_and", "logical_or", "logical_xor",
                      "bitwise_and", "bitwise_or", "bitwise_xor"})  # fmt: skip


def cse(graph: Graph) -> Graph:
    """The graph with each value computed once in each region; itself, if each is."""
    signatures = Signatures()
    if not _repeats(graph, signatures):
        return graph
    seen: dict[Any, tuple[Any, ...]] = {}

    def visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
        if has_effect(node):
            return None
        key = id(new), _key(node, signatures)
        if key not in seen:
            outputs = new.emit(node.op, node.inputs, dict(node.attrs), [y.spec for y in node.outputs])  # pyright: ignore
            for old, y in zip(node.outputs, outputs, strict=True):
                y.name = old.name  # pyright: ignore[reportAttributeAccessIssue]
            kept.append(new)
            seen[key] = outputs
        return seen[key]

    kept: list[Graph] = []  # ids are keys while their graphs live
    return Rewriter(visit).graph(graph)


def _key(node: Node, signatures: Signatures) -> Hashable:
    """What nodes that compute the same have in common."""
    inputs = [x.key if isinstance(x, SymbolicTensor) else frozen(x) for x in node.inputs]
    if node.op.name in COMMUTES:
        inputs.sort(key=repr)
    return node.op.name, tuple(inputs), signatures.attributes(node.attrs)


def _repeats(graph: Graph, signatures: Signatures) -> bool:
    """Whether two nodes of a graph, or of a region in it, compute the same."""
    seen = set[Hashable]()
    for node in graph.nodes:
        if any(_repeats(region, signatures) for region in regions(node.attrs).values()):
            return True
        if not has_effect(node):
            before = len(seen)
            seen.add(_key(node, signatures))
            if len(seen) == before:
                return True
    return False
