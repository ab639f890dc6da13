"""Checks: an index that a program uses is checked there, also if nobody reads what it found.

Python raises for `x[i]` alone. Where nothing depends on the result of an indexing op, the op would go as dead code,
and its check with it: an effect that does the check alone stays in its place.

    >>> from weft.compiler.graph.parser import parse
    >>> print(keep_checks(parse('''
    ... graph (x: f32[3], i: i64[]) -> f32[3] {
    ...   p = join_indices i lengths=(3,) axes=(0,) label="index"
    ...   y = index_get x p axes=(0,)
    ...   z = tanh x
    ...   return z
    ... }''')))
    graph (x: f32[3], i: i64[]) -> f32[3] {
      check_places i lengths=(3,) axes=(0,) label="index"
      z = tanh x
      return z
    }
    <BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...runtime.op import Node, Op, op
from ...runtime.ops.embedding import check_range
from ...runtime.spec import Shape, Spec
from ...runtime.tensor import OPS
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, copied, regions
from ..graph.symbolic import SymbolicTensor
from .dce import dce


def _check_places(*indices: Any, lengths: Shape, axes: Shape, label: str) -> tuple[()]:
    OPS["join_indices"].kernel(*indices, lengths=lengths, axes=axes, label=label)  # pyright: ignore[reportFunctionMemberAccess]
    return ()


@op(_check_places)
def check_places(*indices: Any, lengths: Shape, axes: Shape, label: str) -> tuple[Spec, ...]:
    """Raise unless all positions lie within their axes."""
    return ()


def _check_numbers(numbers: Any, *, label: str, what: str, length: int) -> tuple[()]:
    check_range(label, what, numbers, length)
    return ()


@op(_check_numbers)
def check_numbers(numbers: Any, /, *, label: str, what: str, length: int) -> tuple[Spec, ...]:
    """Raise unless all numbers are at least 0 and below a length."""
    return ()


for _check in (check_places, check_numbers):
    _check.effect = _check.raises = True
    _check.gradient(None)


class Check(NamedTuple):
    """What an op checks of some of its operands."""

    op: Op[..., Any]
    inputs: tuple[Any, ...]
    attrs: Mapping[str, Any]


def _along(node: Node) -> Check:
    x, indices = node.inputs[:2]
    axis = node.attrs["axis"] % len(x.shape)
    return Check(check_places, (indices,), {"lengths": (x.shape[axis],), "axes": (axis,), "label": node.op.name})


def _numbers(label: str, what: str) -> Callable[[Node], Check]:
    def check(node: Node) -> Check:
        length = node.inputs[0].shape[node.attrs.get("axis", 0)]
        return Check(check_numbers, node.inputs[1:2], {"label": label, "what": what, "length": length})

    return check


CHECKS: dict[str, Callable[[Node], Check]] = {
    "join_indices": lambda node: Check(check_places, node.inputs, node.attrs),
    "take_along_axis": _along,
    "put_along_axis": _along,
    "embedding": _numbers("embedding", "index"),
    "cross_entropy_sparse": _numbers("softmax_cross_entropy", "label"),
    "pick_class": _numbers("negative_log_likelihood", "label"),
}


def keep_checks(graph: Graph) -> Graph:
    """The graph without what nothing depends on, but for the checks of indices in it."""
    if not _checks_anywhere(graph):
        return graph
    return Rewriter(_without_double).graph(dce(Rewriter(_with_checks).graph(graph)))


def _checks_anywhere(graph: Graph) -> bool:
    return any(
        node.op.name in CHECKS or any(map(_checks_anywhere, regions(node.attrs).values())) for node in graph.nodes
    )


def _with_checks(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    """Each op that checks, and its check behind it."""
    if node.op.name not in CHECKS:
        return None
    results = copied(new, node, node.inputs, node.attrs)
    check = CHECKS[node.op.name](node)
    new.emit(check.op, check.inputs, dict(check.attrs), [])
    return results


def _without_double(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    """The checks whose ops are gone: dead code is taken out between the two passes."""
    before = new.nodes[-1] if new.nodes else None
    if node.op not in (check_places, check_numbers) or before is None or before.op.name not in CHECKS:
        return None
    check = CHECKS[before.op.name](before)
    same = check.op is node.op and len(check.inputs) == len(node.inputs) and check.attrs == node.attrs
    return () if same and all(map(_is_same, check.inputs, node.inputs)) else None


def _is_same(x: Any, y: Any) -> bool:
    return x is y or (type(x) is type(y) and not isinstance(x, SymbolicTensor) and x == y)
