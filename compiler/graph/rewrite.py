"""Writing a graph anew, node by node: the one loop that passes share.

A pass never changes the graph it is given. It says what becomes of a node, whose operands and regions are already
those of the new graph; everything else, the names included, is copied here. Regions are rewritten once, however
many nodes hold them. This file does not know what any pass wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...runtime.dim import sized
from ...runtime.eager import is_weak
from ...runtime.op import Node
from ...runtime.tensor import OPS
from .constants import Constant
from .graph import Graph, GraphNode
from .symbolic import SymbolicTensor

Visit = Callable[["Rewriter", Graph, GraphNode], "Sequence[Any] | None"]


def regions(attrs: Mapping[str, Any]) -> dict[str, Graph]:
    """The graphs among the attributes of a node."""
    return {name: value for name, value in attrs.items() if isinstance(value, Graph)}


def symbols(values: Sequence[Any]) -> Iterator[SymbolicTensor]:
    """The symbolic tensors among operands."""
    return (x for x in values if isinstance(x, SymbolicTensor))


def begin(source: Graph, parent: Graph | None = None) -> tuple[Graph, dict[int, Any]]:
    """A new graph with the inputs of `source`, and its values so far by the keys of the old ones."""
    new = Graph(parent)
    return new, {x.key: new.input(x.spec, x.name) for x in source.inputs}


def mapped(node: Node, values: Mapping[int, Any]) -> tuple[Any, ...]:
    """The operands of a node among new values."""
    return tuple([values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs])


def copied(new: Graph, node: Node, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[SymbolicTensor, ...]:
    """Write a node that gives what `node` gave."""
    where = getattr(node, "where", None)
    outputs = new.emit(node.op, inputs, dict(attrs), [y.spec for y in node.outputs], where)
    for old, y in zip(node.outputs, outputs, strict=True):
        y.name = old.name  # pyright: ignore[reportAttributeAccessIssue]
    return outputs


class Rewriter:
    """Writes graphs anew as `visit` says: the new values of a node's results, or None to keep the node."""

    def __init__(self, visit: Visit, skipped: str = "") -> None:
        self.visit, self.skipped = visit, skipped  # an attribute whose regions stay as they are
        self._done: dict[int, tuple[Graph, Graph]] = {}  # the id of a region: it, kept alive, and the new one
        self._makers: dict[int, tuple[Node, int]] = {}

    def changed(self, source: Graph) -> Graph:
        """`source` written anew, or itself if every node stays: for a `visit` that looks and remembers nothing."""
        stays = self.keeps(source)
        self._makers.clear()
        return source if stays else self.graph(source)

    def keeps(self, source: Graph) -> bool:
        """Whether every node of `source` and its regions stays, which is asked without writing any of them."""
        trial = Graph(source)  # for what a visit writes before it decides
        for node in source.nodes:
            inner = (v for k, v in node.attrs.items() if isinstance(v, Graph) and k != self.skipped)
            if not all(map(self.keeps, inner)) or self.visit(self, trial, node) is not None:
                return False
            for i, y in enumerate(node.outputs):
                self._makers[y.key] = node, i
        return True

    def graph(self, source: Graph, parent: Graph | None = None) -> Graph:
        """`source` written anew."""
        new, values = begin(source, parent)
        seen = 0
        for node in source.nodes:
            attrs = {
                k: self.region(v, new) if isinstance(v, Graph) and k != self.skipped else v
                for k, v in node.attrs.items()
            }
            node = node.changed(inputs=mapped(node, values), attrs=attrs)
            new.at = node.where
            results = self.visit(self, new, node)
            if results is None:
                results = copied(new, node, node.inputs, attrs)
            for old, value in zip(node.outputs, results, strict=True):
                values[old.key] = value
                if old.name and not value.name:  # pyright: ignore[reportAttributeAccessIssue]
                    value.name = old.name  # pyright: ignore[reportAttributeAccessIssue]
            for made in new.nodes[seen:]:
                for i, y in enumerate(made.outputs):
                    self._makers[y.key] = made, i
            seen = len(new.nodes)
        new.outputs = [values[y.key] for y in source.outputs]
        return new

    def region(self, source: Graph, parent: Graph) -> Graph:
        """A region written anew."""
        if id(source) not in self._done:
            self._done[id(source)] = source, self.graph(source, parent)
        return self._done[id(source)][1]

    def maker(self, x: Any) -> Node | None:
        """The node that gives a value of a new graph; None for inputs and numbers."""
        found = self._makers.get(getattr(x, "key", 0))
        return found[0] if found else None

    def place(self, x: Any) -> int:
        """Which of its node's results a value is."""
        return self._makers[x.key][1]

    def made_by(self, x: Any, *names: str) -> Node | None:
        """The node that gives a value, if its op is one of these."""
        node = self.maker(x)
        return node if node is not None and node.op.name in names else None

    def known(self, x: Any) -> Any:
        """A value known now, as an array or a weak number; None if it is not."""
        if is_weak(x):
            return x
        node = self.made_by(x, "constant", "broadcast_to")
        if node is None:
            return None
        if node.op.name == "constant":
            return node.attrs["value"].array
        inner = None if sized(x.shape) else self.known(node.inputs[0])
        return None if inner is None else np.broadcast_to(inner, x.shape)

    def number(self, x: Any) -> Any:
        """The one number that all elements of a value are known to be, as a Python scalar; None otherwise."""
        node = self.made_by(x, "broadcast_to")
        if node is not None:
            return self.number(node.inputs[0])
        array = self.known(x)
        if array is None or is_weak(array):
            return array
        if array.size and (array.size == 1 or not any(array.strides)) and isinstance(array, np.ndarray):
            return array[(0,) * array.ndim].item()
        return None


def filled(graph: Graph, value: Any, like: Any) -> Any:
    """One number in every element, of the shape and dtype of `like`, as a value of `graph`."""
    scalar = graph.constant(np.asarray(value, like.dtype))
    return scalar if not like.shape else graph.run(broadcast_to(), (scalar,), {"shape": like.shape})


def broadcast_to() -> Any:
    """The op, which is defined in a room below by its name."""
    return OPS["broadcast_to"]


def has_effect(node: Node) -> bool:
    """Whether running a node does something besides giving its results."""
    return node.op.effect or any(map(does_something, regions(node.attrs).values()))


def does_something(graph: Graph) -> bool:
    """Whether a graph holds an effect."""
    return any(map(has_effect, graph.nodes))


def frozen(value: Any) -> Any:
    """An attribute or weak operand as a hashable key that keeps types, signs of zero and NaN apart."""
    if isinstance(value, list | tuple):
        return type(value), tuple(map(frozen, value))
    if isinstance(value, float | complex):
        return type(value), repr(value)
    if isinstance(value, dict):
        return dict, tuple((key, frozen(x)) for key, x in value.items())
    try:
        hash(value)
    except TypeError:
        return id, id(value)
    return (Constant if isinstance(value, Constant) else type(value)), value


class Signatures:
    """Numbers for nodes and regions, the same for the same structure, whatever the names."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._regions: dict[int, tuple[Graph, int]] = {}

    def number(self, key: Any) -> int:
        """The number of a key, given on its first coming."""
        return self._numbers.setdefault(key, len(self._numbers))

    def attributes(self, attrs: Mapping[str, Any]) -> tuple[Any, ...]:
        """The attributes of a node as a key."""
        return tuple(
            (name, self.region(value) if isinstance(value, Graph) else frozen(value))
            for name, value in sorted(attrs.items())
        )

    def region(self, graph: Graph) -> int:
        """The number of a graph's structure."""
        if id(graph) not in self._regions:
            places: dict[int, tuple[Any, ...]] = {x.key: ("input", i) for i, x in enumerate(graph.inputs)}
            rows: list[Any] = [tuple(x.spec for x in graph.inputs)]
            for i, node in enumerate(graph.nodes):
                inputs = tuple(
                    places.get(x.key, ("outside", x.key)) if isinstance(x, SymbolicTensor) else frozen(x)
                    for x in node.inputs
                )
                rows.append((node.op.name, inputs, self.attributes(node.attrs), tuple(y.spec for y in node.outputs)))
                places.update({y.key: ("node", i, k) for k, y in enumerate(node.outputs)})
            rows.append(tuple(places.get(y.key, ("outside", y.key)) for y in graph.outputs))
            self._regions[id(graph)] = graph, self.number(tuple(rows))
        return self._regions[id(graph)][1]


def same(x: Graph, y: Graph) -> bool:
    """Whether two graphs are the same but for the names of their values."""
    signatures = Signatures()
    return signatures.region(x) == signatures.region(y)
