"""The interpreter: what a graph means. It applies the ops of the nodes one after the other.

Given eager tensors it computes; given symbolic tensors it writes the nodes into their graph. A value is dropped
after its last use. The sizes that a trace left open are read from the tensors as they come.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ...runtime.dim import Dim, evaluated, sized
from ...runtime.errors import ShapeError
from ...runtime.op import apply
from ...runtime.spec import StackSpec
from ...runtime.tensor import Tensor
from .graph import Graph, SymbolicTensor, is_sized
from .sizes import found_within


def last_uses(graph: Graph) -> dict[int, list[int]]:
    """For each position in the list of nodes, the keys of the values that are not needed after it."""
    last: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        for x in (*node.inputs, *node.outputs):
            if isinstance(x, SymbolicTensor):
                last[x.key] = i
    for y in graph.outputs:
        last.pop(y.key, None)
    dropped: dict[int, list[int]] = {}
    for key, i in last.items():
        dropped.setdefault(i, []).append(key)
    return dropped


def interpret(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The outputs of a graph for these arguments, one for each input."""
    values: dict[int, Any] = {x.key: arg for x, arg in zip(graph.inputs, args, strict=True)}
    dropped = last_uses(graph)
    found = Found(graph) if is_sized(graph) else None
    if found:
        found.read(graph.inputs, args)
    for i, node in enumerate(graph.nodes):
        inputs = tuple([values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs])
        outputs = apply(node.op, inputs, found.attributes(node.attrs) if found else dict(node.attrs))
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        values.update(zip([y.key for y in node.outputs], outputs, strict=True))
        if found:
            found.read(node.outputs, outputs)
        for key in dropped.get(i, ()):
            values.pop(key, None)
    return [values[y.key] for y in graph.outputs]


class Found:
    """The sizes of a graph that runs: each is that of the first input or result whose spec has it as a length.

    A region begins with the sizes of the graph around it, and finds its own anew in each run.
    """

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
