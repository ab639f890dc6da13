"""The passes in the order in which they run, again until nothing is won.

Each pass is a pure function from graph to graph; they keep results bit for bit, but for `accumulate` and `narrow`,
which come last and add in another order.
"""

from __future__ import annotations

from collections.abc import Callable

from ..graph.graph import Graph
from ..graph.rewrite import regions, same
from .accumulate import accumulate
from .bound import bound
from .cse import cse
from .dce import dce
from .erase import erase
from .fold import fold
from .hoist import hoist
from .inline import inline
from .narrow import narrow
from .prune import prune
from .simplify import simplify

Pass = Callable[[Graph], Graph]
PASSES: tuple[Pass, ...] = (inline, simplify, fold, prune, cse, hoist, dce)
ROUNDS = 4


def optimize(graph: Graph, *, last: bool = False) -> Graph:
    """A graph that computes the same with less; `last`: no derivative of it will be taken."""
    if last:
        graph = erase(graph)
    for i in range(ROUNDS):
        before = graph
        for run in PASSES:
            graph = run(graph)
        if graph is before or (nodes_in(graph) == nodes_in(before) and (i or same(graph, before))):
            break
    return narrow(accumulate(bound(graph)))


def nodes_in(graph: Graph) -> int:
    """How many nodes a graph and its regions hold."""
    return sum(1 + sum(map(nodes_in, regions(node.attrs).values())) for node in graph.nodes)
