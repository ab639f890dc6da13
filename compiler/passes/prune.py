"""Pruning: branches never taken, loops that make no trip, results that are the same on both paths.

>>> from weft.compiler.graph.parser import parse
>>> print(prune(parse('''
... graph (x: f32[3]) -> f32[3] {
...   p = constant value=bool[] True
...   y = if p (x) { then { a = exp x; yield a } else { yield x } }
...   return y
... }''')))
graph (x: f32[3]) -> f32[3] {
  p = constant value=bool[] True
  a = exp x
  return a
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime.op import Node
from ...runtime.spec import size
from ...runtime.tensor import Tensor
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, has_effect, regions
from .fold import RESULT, computed


def prune(graph: Graph) -> Graph:
    """The graph without what will never run."""
    return Rewriter(_visit).graph(graph)


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name == "if":
        return _if(rewriter, new, node)
    if node.op.name == "while" and _never(rewriter, node):
        return node.inputs[: len(node.outputs)]
    return None


def _if(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    known = rewriter.known(node.inputs[0])
    if known is None:
        return None
    return new.inline(node.attrs["then" if bool(known) else "other"], node.inputs[1:])[0]


def _never(rewriter: Rewriter, node: Node) -> bool:
    """Whether the test is known to fail before the first trip."""
    test: Graph = node.attrs["test"]
    known = {x.key: rewriter.known(arg) for x, arg in zip(test.inputs, node.inputs, strict=True)}
    for inner in test.nodes:
        if has_effect(inner):
            return False
        known.update(_results(inner, known))
    found = known.get(test.outputs[0].key)
    return found is not None and not bool(found)


def _results(node: Node, known: dict[int, Any]) -> dict[int, Any]:
    """The results of a small node by their keys, if its operands are known."""
    operands = [known.get(x.key) if isinstance(x, Tensor) else x for x in node.inputs]
    unknown = any(a is None and x is not None for a, x in zip(operands, node.inputs, strict=True))
    if unknown or regions(node.attrs) or sum(size(y.shape) for y in node.outputs) > RESULT:
        return {}
    results = computed(node, operands)
    return {} if results is None else dict(zip([y.key for y in node.outputs], results, strict=True))
