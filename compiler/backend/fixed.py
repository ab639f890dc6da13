"""Fixing sizes: a graph whose sizes the trace left open, for the sizes of one call.

Where a program cannot be written with open sizes (open.py), a graph for batches of any size has a program for each size
that comes. Sizes that only the run finds out stay open; a graph with such is interpreted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...runtime.dim import Dim, evaluated
from ...runtime.spec import Spec, StackSpec, stack_of
from ..graph.graph import Graph, is_sized
from ..graph.sizes import bound_by, found_within
from ..graph.symbolic import SymbolicTensor

Sizes = Mapping[str, int]
Change = Callable[[Any], Any]  # of a shape or an attribute


def sizes_of(graph: Graph, buffers: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    """The sizes that a graph's inputs have in a call, by name."""
    found: dict[str, int] = {}
    for x, buffer in zip(graph.inputs, buffers, strict=True):
        for n, length in zip(leaf(x.spec).shape, leaf(getattr(buffer, "element", buffer)).shape, strict=True):
            if type(n) is Dim and n.name is not None:
                found.setdefault(n.name, length)
    return tuple(sorted(found.items()))


def leaf(spec: Any) -> Any:
    """A spec, or that of the tensors in stacks of stacks."""
    return leaf(spec.element) if isinstance(spec, StackSpec) else spec


def fixed(graph: Graph, sizes: Sizes) -> Graph:
    """The graph for these sizes."""

    def within(region: Graph, is_inner: bool) -> Change:
        own = _found_within(region) if is_inner else ()
        known = {name: n for name, n in sizes.items() if name not in own}
        return lambda value: evaluated(value, known)

    return resized(graph, within)


def _found_within(region: Graph) -> set[str]:
    """The sizes that a region finds: those of its inputs are known around it, unless they are those of one trip."""
    given = {name for _, name in bound_by(region.inputs)}
    given -= {name for node in region.nodes if node.op.name == "with_sizes" for _, name in bound_by(node.outputs)}
    return found_within(region) - given


def resized(graph: Graph, within: Callable[[Graph, bool], Change], parent: Graph | None = None) -> Graph:
    """The graph with its sizes changed, in specs and attributes; `within` says how in a graph, or in a region of one."""
    change = within(graph, parent is not None)

    def spec(s: Spec) -> Spec:
        return stack_of(spec(s.element)) if isinstance(s, StackSpec) else Spec(change(s.shape), s.dtype)

    def attribute(value: Any) -> Any:
        if isinstance(value, Graph):
            return resized(value, within, new) if is_sized(value) else value
        return spec(value) if isinstance(value, Spec) else change(value)

    new = Graph(parent)
    values: dict[int, Any] = {x.key: new.input(spec(x.spec), x.name) for x in graph.inputs}
    for node in graph.nodes:
        inputs = [values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs]
        attrs = {name: attribute(x) for name, x in node.attrs.items()}
        outputs = new.emit(node.op, inputs, attrs, [spec(y.spec) for y in node.outputs], node.where)  # pyright: ignore[reportAttributeAccessIssue]
        for old, y in zip(node.outputs, outputs, strict=True):
            y.name, values[old.key] = old.name, y  # pyright: ignore[reportAttributeAccessIssue]
    new.outputs = [values[y.key] for y in graph.outputs]
    return new
