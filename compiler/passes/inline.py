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
from ..graph.sizes import bound_by


def inline(graph: Graph) -> Graph:
    """The graph without calls."""
    return Rewriter(_visit).changed(graph)


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name != "call" or _names_again(new, node.attrs["body"]):
        return None
    return new.inline(node.attrs["body"], node.inputs)[0]


def _names_again(new: Graph, body: Graph) -> bool:
    """Whether a body finds sizes, those of the results of its loops say, under names that are taken."""
    here = {name for made in body.nodes for _, name in bound_by(made.outputs)} if body.sized else set()
    taken = {name for made in new.nodes for _, name in bound_by(made.outputs)} if here else set()
    return bool(here & taken - {name for _, name in bound_by((*new.inputs, *body.inputs))})
