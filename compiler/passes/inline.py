"""Inlining: the nodes of a called graph in the place of the call.

>>> from weft.compiler.graph.parser import parse
>>> print(inline(parse('''
... graph (x: f32[3]) -> f32[3] {
...   y = call (x) { body { a = tanh x; yield a } }
...   return y
... }''')))
graph (x: f32[3]) -> f32[3] {
  a = tanh x
  return a
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime.op import Node
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter


def inline(graph: Graph) -> Graph:
    """The graph without calls."""
    return Rewriter(_visit).graph(graph)


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    return new.inline(node.attrs["body"], node.inputs)[0] if node.op.name == "call" else None
