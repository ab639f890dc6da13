"""The interpreter: what a graph means. It applies the ops of the nodes one after the other.

Given eager tensors it computes; given symbolic tensors it writes the nodes into their graph. A value is dropped
after its last use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime.op import apply
from ...runtime.tensor import Tensor
from .graph import Graph, SymbolicTensor


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
    for i, node in enumerate(graph.nodes):
        inputs = tuple([values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs])
        outputs = apply(node.op, inputs, dict(node.attrs))
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        values.update(zip([y.key for y in node.outputs], outputs, strict=True))
        for key in dropped.get(i, ()):
            values.pop(key, None)
    return [values[y.key] for y in graph.outputs]
