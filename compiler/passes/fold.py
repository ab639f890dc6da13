"""Constant folding: what depends on constants alone is computed now, by the op itself.

Only small results are kept; an op that raises is left for the run, which raises it again.

    >>> from weft.compiler.graph.parser import parse
    >>> print(fold(parse('''
    ... graph (x: f32[2]) -> f32[2] {
    ...   a = constant value=f32[2] [1, 2]
    ...   b = multiply a 3.0
    ...   c = add x b
    ...   return c
    ... }''')))
    graph (x: f32[2]) -> f32[2] {
      a = constant value=f32[2] [1.0, 2.0]
      b = constant value=f32[2] [3.0, 6.0]
      c = add x b
      return c
    }
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...runtime import observers
from ...runtime.eager import wrap
from ...runtime.op import Node, apply
from ...runtime.spec import StackSpec, size
from ...runtime.tensor import Tensor
from ..graph.graph import Graph, is_sized
from ..graph.rewrite import Rewriter, has_effect, regions

RESULT, OPERANDS = 1024, 65536  # elements
LEFT = frozenset({"broadcast_to", "with_gradient", "with_pullback", "transfer"})  # the first is smaller as it is


def fold(graph: Graph) -> Graph:
    """The graph with what depends on constants alone computed."""
    return Rewriter(_visit).changed(graph)


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if not node.inputs or node.op.name in LEFT or has_effect(node) or regions(node.attrs):
        return None
    if any(map(is_sized, (*node.attrs.values(), *(y.spec for y in node.outputs)))):  # pyright: ignore
        return None
    if sum(size(y.shape) for y in node.outputs) > RESULT or any(_is_stack(y) for y in node.outputs):
        return None
    known = [None if x is None else rewriter.known(x) for x in node.inputs]
    if any(a is None and x is not None for a, x in zip(known, node.inputs, strict=True)):
        return None
    if sum(getattr(a, "size", 1) for a in known) > OPERANDS:
        return None
    results = computed(node, known)
    return None if results is None else [new.constant(array) for array in results]


def _is_stack(y: Any) -> bool:
    return isinstance(y.spec, StackSpec)


def computed(node: Node, known: Sequence[Any]) -> list[np.ndarray] | None:
    """The results of a node whose operands are known; None if it raises."""
    operands = tuple(wrap(a) if isinstance(a, np.ndarray) else a for a in known)
    try:
        with observers.hidden():
            results = apply(node.op, operands, dict(node.attrs))
    except Exception:  # whatever it is, the run will say it, where and if the node is reached
        return None
    results = (results,) if isinstance(results, Tensor) else results
    return [np.array(y.numpy()) for y in results]
