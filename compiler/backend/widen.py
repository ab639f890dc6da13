"""Widen: ops that compute halves in float32 become the float32 ops that they are, between casts.

Kernels then see halves where they are loaded, stored and cast only. Elementwise ops stay as they are: the expression
of an element computes in float32 by itself, and rounds once, as every op does.

    >>> from weft.compiler.graph.parser import parse
    >>> print(widen(parse('''
    ... graph (x: f16[2, 3]) -> f16[2] {
    ...   y = sum x axis=1
    ...   return y
    ... }''')))
    graph (x: f16[2, 3]) -> f16[2] {
      a = astype x dtype=f32
      b = sum a axis=1
      y = astype b dtype=f16
      return y
    }
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter
from ..graph.symbolic import SymbolicTensor

EXACT = frozenset({"max_pool", "max_pool_winners", "pick"})  # their results are elements: nothing is rounded


def widen(graph: Graph, kept: frozenset[str] = frozenset()) -> Graph:
    """The graph with its ops on halves as ops on float32; those of the names `kept` stay."""

    def visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
        return None if node.op.name in kept else _visit(rewriter, new, node)

    return Rewriter(visit).graph(graph) if _has_halves(graph) else graph


def _has_halves(graph: Graph) -> bool:
    values = (y for node in graph.nodes for y in node.outputs)
    inner = (value for node in graph.nodes for value in node.attrs.values() if isinstance(value, Graph))
    return any(map(_is_half, (*graph.inputs, *values))) or any(map(_has_halves, inner))


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    op = node.op
    if op.elementwise or not (op.widen or op.name in EXACT) or not any(map(_is_half, (*node.inputs, *node.outputs))):
        return None
    attrs = dict(node.attrs)
    if attrs.get("dtype") is not None and dtypes.as_dtype(attrs["dtype"]) in dtypes.HALVES:
        attrs["dtype"] = dtypes.float32
    found = new.run(op, tuple(_cast(new, x, dtypes.float32) if _is_half(x) else x for x in node.inputs), attrs)
    results = found if isinstance(found, tuple) else (found,)
    return [_cast(new, y, was.spec.dtype) for y, was in zip(results, node.outputs, strict=True)]


def _is_half(x: Any) -> bool:
    return isinstance(x, SymbolicTensor) and isinstance(x.spec, Spec) and x.dtype in dtypes.HALVES


def _cast(new: Graph, x: Any, dtype: Any) -> Any:
    cast: Any = OPS["astype"]
    return x if x.dtype is dtype else new.run(cast, (x,), {"dtype": dtype})
