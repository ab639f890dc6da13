"""What the tests of staging share: trace a function on symbols, then run its graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.staging.tracer import Trace, tracing


def run(function: Callable[..., Any], *args: Any) -> Any:
    """The results of the graph that `function` leaves behind, as Python values."""
    graph = Graph()
    inputs = [graph.input(wf.asarray(x).spec) for x in args]
    with tracing(Trace(graph)):
        results = function(*inputs)
        several = isinstance(results, tuple)
        graph.outputs = [graph.lift(y) for y in (results if several else (results,))]
        graph.outputs = [graph.lift(wf.asarray(y)) if isinstance(y, int | float) else y for y in graph.outputs]
    values = [y.tolist() for y in interpret(graph, [wf.asarray(x) for x in args])]
    return tuple(values) if several else values[0]
