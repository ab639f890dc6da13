"""Differentiation: from a graph to the graph of its gradients, by the reverse pass that tapes use.

>>> from weft.compiler.graph.parser import parse
>>> from weft.compiler.passes.pipeline import optimize
>>> print(optimize(differentiate(parse('''
... graph (x: f32[]) -> f32[] {
...   y = sin x
...   return y
... }'''))))
graph (x: f32[]) -> f32[], f32[] {
  y = sin x
  a = cos x
  return y, a
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...runtime.dtypes import INEXACT
from ...runtime.errors import GradientError
from ...runtime.spec import StackSpec
from ..graph.control import vjp
from ..graph.graph import Graph
from ..graph.rewrite import begin, filled


def differentiate(graph: Graph, wanted: Sequence[int] | None = None) -> Graph:
    """The outputs of a graph, then the gradients of their sum by the inputs at `wanted`: all floating ones if None.

    Errors: GradientError for an input that has no gradient.
    """
    new, args, outputs = _started(graph)
    dys = [filled(new, 1, y) if _smooth(y) else None for y in graph.outputs]
    new.outputs = outputs + vjp(new, graph, args, dys, _places(graph, wanted))
    return new


def pullback(graph: Graph, wanted: Sequence[int] | None = None) -> Graph:
    """As `differentiate`, with further inputs: a cotangent for each floating output."""
    new, args, outputs = _started(graph)
    dys = [new.input(y.spec, f"d{y.name}" if y.name else "") if _smooth(y) else None for y in graph.outputs]
    new.outputs = outputs + vjp(new, graph, args, dys, _places(graph, wanted))
    return new


def _started(graph: Graph) -> tuple[Graph, list[Any], list[Any]]:
    """A new graph that computes what the given one does: it, its inputs, its outputs."""
    new, _ = begin(graph)
    args = list(new.inputs)
    outputs, _ = new.inline(graph, args)
    return new, args, outputs


def _smooth(x: Any) -> bool:
    return x.dtype in INEXACT and not isinstance(x.spec, StackSpec)


def _places(graph: Graph, wanted: Sequence[int] | None) -> list[int]:
    places = [i for i, x in enumerate(graph.inputs) if _smooth(x)] if wanted is None else list(np.atleast_1d(wanted))
    for i in map(int, places):
        if not 0 <= i < len(graph.inputs) or not _smooth(graph.inputs[i]):
            shown = graph.inputs[i].spec if 0 <= i < len(graph.inputs) else "nothing"
            raise GradientError(
                f"differentiate: input {i} is {shown}, which has no gradient", "Name floating or complex inputs."
            )
    return [int(i) for i in places]
