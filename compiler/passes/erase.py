"""Erasing what only the reverse pass reads: for graphs of which no further derivative will be taken.

>>> from weft.compiler.graph.parser import parse
>>> print(erase(parse('''
... graph (x: f32[3]) -> f32[3] {
...   a = stop_gradient x
...   b = exp a
...   return b
... }''')))
graph (x: f32[3]) -> f32[3] {
  b = exp x
  return b
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime.op import Node
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter


def erase(graph: Graph) -> Graph:
    """The graph without stops of gradients and gradients of its own."""
    return Rewriter(_visit).changed(graph)


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name == "stop_gradient":
        return node.inputs
    return node.inputs[: node.attrs["count"]] if node.op.name in ("with_pullback", "with_gradient") else None
