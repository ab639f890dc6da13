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

Where both branches do the same, there is no choice to make:

>>> print(prune(parse('''
... graph (p: bool[], x: f32[3]) -> f32[3] {
...   y = if p (x) { then { a = exp x; yield a } else { b = exp x; yield b } }
...   return y
... }''')))
graph (p: bool[], x: f32[3]) -> f32[3] {
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
from ..graph.graph import Graph, is_sized
from ..graph.rewrite import Rewriter, copied, has_effect, regions, same
from ..graph.sizes import fitted
from .fold import RESULT, computed


def prune(graph: Graph) -> Graph:
    """The graph without what will never run."""
    return Rewriter(_visit).changed(graph)


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name == "if":
        return _if(rewriter, new, node)
    if node.op.name == "while" and _never(rewriter, node):
        return [fitted(x, y.spec) for x, y in zip(node.inputs, node.outputs, strict=False)]
    return None


def _if(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    known = rewriter.known(node.inputs[0])
    then, other = node.attrs["then"], node.attrs["other"]
    if known is not None or same(then, other):
        return new.inline(then if known is None or bool(known) else other, node.inputs[1:])[0]
    shared = [_shared(rewriter, new, node, i) for i in range(len(node.outputs))]
    if not any(y is not None for y in shared):
        return None
    results = copied(new, node, node.inputs, node.attrs)
    return [y if known is None else known for y, known in zip(results, shared, strict=True)]


def _shared(rewriter: Rewriter, new: Graph, node: Node, i: int) -> Any:
    """Result i of an `if`, if both branches give the same operand or the same constant."""
    then, other = node.attrs["then"], node.attrs["other"]
    for x, a, b in zip(node.inputs[1:], then.inputs, other.inputs, strict=True):
        if then.outputs[i] is a and other.outputs[i] is b:
            return x
    made, also = (rewriter.made_by(branch.outputs[i], "constant") for branch in (then, other))
    if made is None or also is None or made.attrs["value"] != also.attrs["value"]:
        return None
    return new.constant(made.attrs["value"].array)


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
    if unknown or regions(node.attrs) or any(map(is_sized, (*node.attrs.values(), *(y.spec for y in node.outputs)))):
        return {}
    if sum(size(y.shape) for y in node.outputs) > RESULT:
        return {}
    results = computed(node, operands)
    return {} if results is None else dict(zip([y.key for y in node.outputs], results, strict=True))
