"""Sizes in graphs: where they come from, who uses them, and what regions say of them.

A size is named by the first input or result that has it as a length: that one *binds* it, and the run reads it there.
A region sees the sizes of the graph around it and binds its own; a loop's state may be longer on the next trip, so its
lengths in the region may have names of their own, which the results of the loop bind outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...runtime import polynomial
from ...runtime.dim import Dim, is_same, named, same_shape
from ...runtime.errors import ShapeError
from ...runtime.op import Node, op
from ...runtime.sizes import Sizes
from ...runtime.spec import Operand, Shape, Spec, StackSpec, describe, like
from ...runtime.tensor import OPS
from .graph import Graph, is_sized


def names_in(value: Any) -> set[str]:
    """The sizes that an attribute or spec names; in a region, those that it does not bind itself."""
    if type(value) is Dim:
        return polynomial.names(value.terms)
    if isinstance(value, Graph):
        return free(value) if is_sized(value) else set()
    if isinstance(value, Spec):
        return names_in(value.shape)
    parts: Iterable[Any] = ()
    if isinstance(value, tuple | list):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
    return set[str]().union(*map(names_in, parts))


def bound_by(values: Iterable[Any]) -> Iterator[tuple[int, str]]:
    """The sizes that inputs or results bind, with the places of these."""
    for i, x in enumerate(values):
        if not isinstance(x.spec, StackSpec):
            yield from ((i, n.name) for n in x.spec.shape if type(n) is Dim and n.name is not None)


def of_inputs(graph: Graph) -> Sizes | None:
    """What is known of the sizes that the inputs of a graph have; None if all are numbers."""
    lengths: Iterator[Any] = (n for x in graph.inputs for n in x.spec.shape)
    return next((n.sizes for n in lengths if type(n) is Dim), None)


def used_by(node: Node) -> set[str]:
    """The sizes that a node needs to know: those in its attributes and regions. What makes a stack a tensor finds its."""
    if node.op.name == "stacked":
        return set()
    return set[str]().union(*(names_in(x) for x in node.attrs.values() if not isinstance(x, Spec)))


def free(graph: Graph) -> set[str]:
    """The sizes that a region takes from around it."""
    bound = {name for _, name in bound_by(graph.inputs)}
    found: set[str] = set()
    for node in graph.nodes:
        found |= used_by(node) - bound
        bound |= {name for _, name in bound_by(node.outputs)}
    return found


def found_within(graph: Graph) -> set[str]:
    """The sizes that the nodes of a region find, in place of those around it of the same names.

    The way back of a loop names the sizes of one trip as the loop names those of its last, so `with_sizes` finds them.
    """
    own: set[str] = set()
    around: set[str] = set()
    for node in graph.nodes:
        around |= set() if node.op.name == "with_sizes" else used_by(node) - own
        own |= {name for _, name in bound_by(node.outputs)} - around
    return own


def takes(inner: Spec, given: Spec) -> bool:
    """Whether a state of a loop, as its region has it, may be such a value: its lengths are the same, or named there."""
    if isinstance(inner, StackSpec) or isinstance(given, StackSpec):
        return isinstance(inner, StackSpec) and isinstance(given, StackSpec) and takes(inner.element, given.element)
    if inner.dtype is not given.dtype or len(inner.shape) != len(given.shape):
        return False
    return all(is_same(m, n) or type(m) is Dim for m, n in zip(inner.shape, given.shape, strict=True))


def is_bound(name: str, graph: Graph | None) -> bool:
    """Whether a size is known at this point of a graph, or around it."""
    while graph is not None:
        values = (graph.inputs, *(node.outputs for node in graph.nodes), [x for _, x in graph.captured.values()])
        if any(name == found for part in values for _, found in bound_by(part)):
            return True
        graph = graph.parent
    return False


def is_open(length: Any, graph: Graph | None) -> bool:
    """Whether a length is a size that nothing has at this point of a graph: that of a value which is yet to come."""
    return type(length) is Dim and length.name is not None and not is_bound(length.name, graph)


def same_spec(x: Spec, y: Spec) -> bool:
    """Whether two specs are known to be equal; asks nothing."""
    if isinstance(x, StackSpec) or isinstance(y, StackSpec):
        return isinstance(x, StackSpec) and isinstance(y, StackSpec) and same_spec(x.element, y.element)
    return x.dtype is y.dtype and same_shape(x.shape, y.shape)


def joined_shape(x: Shape, y: Shape, graph: Graph) -> Shape | None:
    """The shape of values of two shapes where paths join in a graph, lengths that differ being new sizes.

    A length of `x` that is such a size stays. None where the numbers of axes differ.
    """
    if len(x) != len(y):
        return None
    found: list[Any] = []
    for i, (m, n) in enumerate(zip(x, y, strict=True)):
        new = not is_same(m, n) and not is_open(m, graph)
        found.append(named(graph.sizes.add(f"size_{i}", least=0), graph.sizes) if new else m)
    return tuple(found)


def opened_like(inner: Spec, given: Spec) -> Spec:
    """A state's spec for another loop: the lengths that a region has under names of its own get new ones."""
    if isinstance(inner, StackSpec):
        return inner
    pairs = zip(inner.shape, given.shape, strict=True)
    return like(inner, tuple(m if is_same(m, n) or type(m) is not Dim else new_size(m) for m, n in pairs))


def new_size(like: Dim) -> Any:
    """A size of which nothing is known but that it is one, named after another."""
    return named(like.sizes.add(like.name or "size", least=0), like.sizes)


def _checked(x: Any, shape: Shape) -> Any:
    for i, n in enumerate(shape):
        if type(n) is not Dim and n != x.shape[i]:
            raise ShapeError(
                f"axis {i} of {describe(x)} was to have length {n}, when the graph ran",
                "Check the shapes that meet here.",
            )
    return x


@op(_checked)
def with_sizes(x: Operand, /, *, shape: Shape) -> Spec:
    """The same value under other names of its lengths, which the run holds against each other."""
    return like(x, tuple(shape))


with_sizes.gradient(lambda dy, _y, _x, *, shape: with_sizes(dy, shape=_x.shape))


def fitted(x: Any, spec: Spec) -> Any:
    """A value of a graph under the names of lengths that a spec has."""
    return (
        x if same_shape(x.shape, spec.shape) or isinstance(spec, StackSpec) else OPS["with_sizes"](x, shape=spec.shape)
    )
