"""Sizes in graphs: where they come from, who uses them, and what regions say of them.

A size is named by the first input or result that has it as a length: that one *binds* it, and the run reads it there.
A region sees the sizes of the graph around it and binds its own; a loop's state may be longer on the next trip, so its
lengths in the region may have names of their own, which the results of the loop bind outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...runtime import polynomial
from ...runtime.dim import Dim, is_same, named
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
    """The sizes that a node needs to know: those in its attributes and regions."""
    return set[str]().union(*(names_in(x) for x in node.attrs.values() if not isinstance(x, Spec)))


def free(graph: Graph) -> set[str]:
    """The sizes that a region takes from around it."""
    bound = {name for _, name in bound_by(graph.inputs)}
    found: set[str] = set()
    for node in graph.nodes:
        found |= used_by(node) - bound
        bound |= {name for _, name in bound_by(node.outputs)}
    return found


def takes(inner: Spec, given: Spec) -> bool:
    """Whether a state of a loop, as its region has it, may be such a value: its lengths are the same, or named there."""
    if isinstance(inner, StackSpec) or isinstance(given, StackSpec):
        return isinstance(inner, StackSpec) and isinstance(given, StackSpec) and takes(inner.element, given.element)
    if inner.dtype is not given.dtype or len(inner.shape) != len(given.shape):
        return False
    return all(is_same(m, n) or type(m) is Dim for m, n in zip(inner.shape, given.shape, strict=True))


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
    same = len(x.shape) == len(spec.shape) and all(map(is_same, x.shape, spec.shape))
    return x if same or isinstance(spec, StackSpec) else OPS["with_sizes"](x, shape=spec.shape)
