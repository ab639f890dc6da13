"""Fixing sizes: a graph whose sizes the trace left open, for the sizes of one call.

Where a program cannot be written with open sizes (open.py), a graph for batches of any size has a program for each size
that comes. Sizes that only the run finds out stay open; a graph with such is interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...runtime.dim import Dim, evaluated
from ...runtime.spec import Spec, StackSpec, stack_of
from ..graph.graph import Graph, SymbolicTensor, is_sized
from ..graph.sizes import found_within

Sizes = Mapping[str, int]


def sizes_of(graph: Graph, buffers: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    """The sizes that a graph's inputs have in a call, by name."""
    found: dict[str, int] = {}
    for x, buffer in zip(graph.inputs, buffers, strict=True):
        for n, length in zip(_leaf(x.spec).shape, _leaf(getattr(buffer, "element", buffer)).shape, strict=True):
            if type(n) is Dim and n.name is not None:
                found.setdefault(n.name, length)
    return tuple(sorted(found.items()))


def _leaf(spec: Any) -> Any:
    """A spec, or that of the tensors in stacks of stacks."""
    return _leaf(spec.element) if isinstance(spec, StackSpec) else spec


def fixed(graph: Graph, sizes: Sizes, parent: Graph | None = None) -> Graph:
    """The graph for these sizes."""
    own = found_within(graph) if parent is not None else ()
    known = {name: n for name, n in sizes.items() if name not in own}
    new = Graph(parent)
    values: dict[int, Any] = {x.key: new.input(_spec(x.spec, known), x.name) for x in graph.inputs}
    for node in graph.nodes:
        inputs = [values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs]
        attrs = {name: _attribute(x, known, new) for name, x in node.attrs.items()}
        outputs = new.emit(node.op, inputs, attrs, [_spec(y.spec, known) for y in node.outputs], node.where)  # pyright: ignore[reportAttributeAccessIssue]
        for old, y in zip(node.outputs, outputs, strict=True):
            y.name, values[old.key] = old.name, y  # pyright: ignore[reportAttributeAccessIssue]
    new.outputs = [values[y.key] for y in graph.outputs]
    return new


def _attribute(value: Any, sizes: Sizes, parent: Graph) -> Any:
    if isinstance(value, Graph):
        return fixed(value, sizes, parent) if is_sized(value) else value
    return _spec(value, sizes) if isinstance(value, Spec) else evaluated(value, sizes)


def _spec(spec: Spec, sizes: Sizes) -> Spec:
    if isinstance(spec, StackSpec):
        return stack_of(_spec(spec.element, sizes))
    return Spec(evaluated(spec.shape, sizes), spec.dtype)
