"""The sizes of a graph that runs: each is that of the first input or result whose spec has it as a length.

A region begins with the sizes of the graph around it, and finds its own anew in each run.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ...runtime.dim import Dim, evaluated, sized
from ...runtime.errors import ShapeError
from ...runtime.spec import StackSpec
from .graph import Graph, is_sized
from .sizes import found_within


class Found:
    """What is known of the sizes at a point of the run."""

    def __init__(self, graph: Graph) -> None:
        own = found_within(graph) if graph.around else ()
        self.values = {name: n for name, n in graph.around.items() if name not in own}
        self.own: set[str] = set()

    def read(self, symbols: Sequence[Any], tensors: Sequence[Any]) -> None:
        """Learn sizes from tensors, and hold those that are known against them.

        Errors: ShapeError for tensors that do not fit.
        """
        for symbol, tensor in zip(symbols, tensors, strict=True):
            if isinstance(symbol.spec, StackSpec) or not sized(symbol.spec.shape):
                continue
            for n, length in zip(symbol.spec.shape, tensor.shape, strict=True):
                name = n.name if type(n) is Dim else None
                if name is not None and name not in self.own:
                    self.own.add(name)
                    self.values[name] = length
                elif name is not None and self.values[name] != length:
                    raise ShapeError(
                        f"a size {name} is {self.values[name]} in one tensor and {length} in another",
                        "Give tensors of sizes that fit each other.",
                    )

    def attributes(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes as this run has them."""
        return {
            name: self._region(x) if isinstance(x, Graph) else evaluated(x, self.values) for name, x in attrs.items()
        }

    def _region(self, graph: Graph) -> Graph:
        if not is_sized(graph):
            return graph
        here = copy.copy(graph)
        here.around = self.values
        return here
