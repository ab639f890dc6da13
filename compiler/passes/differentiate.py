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
from ..graph.cotangents import or_zeros, value_and_vjp
from ..graph.graph import Graph
from ..graph.rewrite import begin, filled


def differentiate(graph: Graph, wanted: Sequence[int] | None = None) -> Graph:
    """The outputs of a graph, then the gradients of their sum by the inputs at `wanted`: all floating ones if None.

    Errors: GradientError for an input that has no gradient.
    """
    places = _places(graph, wanted)
    new, _ = begin(graph)
    dys = [filled(new, 1, y) if _smooth(y) else None for y in graph.outputs]
    return _with_gradients(new, graph, dys, places)


def pullback(graph: Graph, wanted: Sequence[int] | None = None) -> Graph:
    """As `differentiate`, with further inputs: a cotangent for each floating output."""
    places = _places(graph, wanted)
    new, _ = begin(graph)
    dys = [new.input(y.spec, f"d{y.name}" if y.name else "") if _smooth(y) else None for y in graph.outputs]
    return _with_gradients(new, graph, dys, places)


def _with_gradients(new: Graph, graph: Graph, dys: list[Any], places: list[int]) -> Graph:
    """Write into `new`, which has the inputs of `graph`, what it computes, and the cotangents of inputs."""
    outputs, dxs = value_and_vjp(new, graph, new.inputs[: len(graph.inputs)], dys, places)
    new.outputs = outputs + [new.lift(dx) for dx in or_zeros(new, dxs, [new.inputs[i] for i in places])]
    return new


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
