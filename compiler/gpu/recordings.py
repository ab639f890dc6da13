"""Recordings: the steps of a program as a CUDA graph, which one call of the driver replays.

Addresses are part of what is recorded. Calls that follow each other find the same memory again and again, so a recording
is made when addresses come for the second time, and kept by them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ...kernels.cuda_graph import Graph
from .steps import run_all

if TYPE_CHECKING:
    from .program import Call

KEPT = 8  # recordings of a program, by the addresses that they are for


class Recordings:
    """What was recorded of a program: by addresses, those used last kept."""

    def __init__(self) -> None:
        self.graphs: OrderedDict[tuple[int, ...], Any] = OrderedDict()  # None: seen once

    def find(self, call: Call) -> Any:
        """The recording for the addresses of a call, made when they come again; None the first time."""
        key, graphs = call.key, self.graphs
        if key not in graphs:
            graphs[key] = None
            if len(graphs) > KEPT:
                graphs.popitem(last=False)
            return None
        graphs.move_to_end(key)
        if graphs[key] is None:
            graphs[key] = recorded(call)
        return graphs[key]


def recorded(call: Call) -> Graph:
    """The steps of a program for the addresses of a call, recorded."""
    program = call.program
    frame, graph = call.frame(), Graph(program.card)
    with graph.record():
        frame.graph, frame.conditions = graph, program.conditions
        run_all(program.plan.steps, frame)
    return graph
