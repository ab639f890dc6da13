"""Digests: what two graphs have in common that compute the same in the same way, in this process or in another.

A graph is written down node by node, values by their places, and the text is hashed. Names are no part of it, and of
the lines of the user's program only which nodes share one. Where something in a graph has no text of its own (a function, a size that a call brings, an
op that is not weft's), there is no digest. This file does not know what digests are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ...runtime.errors import Position
from ...runtime.op import Op
from ...runtime.spec import Spec
from .constants import Constant
from .graph import Graph, GraphNode, is_sized
from .literal import written
from .symbolic import SymbolicTensor

OURS = ("weft", "numpy")  # the packages whose kernels stay what they are as long as the versions do


class Digest(NamedTuple):
    """The digest of a graph, and what stands in it that another of the same digest has in the same places."""

    name: str
    arrays: list[np.ndarray]  # of its constants
    lines: list[Position | None]


def digest(graph: Graph) -> Digest | None:
    """The digest of a graph; None if it has none."""
    writer = _Writer()
    try:
        writer.graph(graph)
        text = [*writer.text, *map(_op, writer.ops.values())]
    except _Unwritten:
        return None
    return Digest(hashlib.sha256("\n".join(text).encode()).hexdigest(), writer.arrays, list(writer.lines))


class _Unwritten(Exception):  # noqa: N818  (it is no error)
    """Something in a graph has no text of its own."""


class _Writer:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.lines: dict[Position | None, int] = {}  # the number of each
        self.arrays: list[np.ndarray] = []
        self.ops: dict[str, Op[...]] = {}
        self.specs: dict[Spec, str] = {}

    def graph(self, graph: Graph) -> None:
        if is_sized(graph):
            raise _Unwritten
        places = {x.key: f"in{i}" for i, x in enumerate(graph.inputs)}
        self.text.append(f"graph {self.of(graph.inputs)}")
        for i, node in enumerate(graph.nodes):
            self.node(node, places)
            places.update({y.key: f"{i}.{k}" for k, y in enumerate(node.outputs)})
        self.text.append(f"end {[places[y.key] for y in graph.outputs]}")

    def node(self, node: GraphNode, places: dict[int, str]) -> None:
        if self.ops.setdefault(node.op.name, node.op) is not node.op:
            raise _Unwritten
        inputs = [
            places[x.key] if isinstance(x, SymbolicTensor) else _value(x) for x in node.inputs
        ]  # regions are closed
        attrs = [f"{name}={self.attribute(value)}" for name, value in node.attrs.items()]
        line = self.lines.setdefault(node.where, len(self.lines))
        self.text.append(f"{line} {node.op.name} {inputs} {attrs} {self.of(node.outputs)}")

    def of(self, values: Iterable[Any]) -> list[str]:
        """The specs of values."""
        return [self.specs.get(x.spec) or self.specs.setdefault(x.spec, str(x.spec)) for x in values]

    def attribute(self, value: Any) -> str:
        if isinstance(value, Graph):
            self.graph(value)
            return "that"
        if not isinstance(value, Constant):
            return _value(value)
        array = np.asarray(value.array)
        self.arrays.append(value.array)
        content = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()
        return f"{array.dtype} {array.shape} {array.strides} {content}"


def _value(x: Any) -> str:
    text = written(x)
    if "<" in text:  # what has no text is shown so
        raise _Unwritten
    return f"{type(x).__name__} {text}"


def _op(op: Op[...]) -> str:
    """What is known of an op besides its name."""
    kernel = getattr(op.kernel, "func", op.kernel)  # of a partial
    home = getattr(kernel, "__module__", None) or "numpy"  # functions of NumPy's own say none
    if home.split(".")[0] not in OURS:
        raise _Unwritten
    return f"{op.name} {op.__module__} {op.c!r}"
