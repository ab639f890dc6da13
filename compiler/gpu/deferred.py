"""Deferring checks: a program that need not ask the CPU while it runs.

Checks of positions, assertions, and integers that must not overflow become values that the device computes, and one
flag that says whether any went wrong. What follows a check that failed computes with positions that are in range, so
that nothing is read that is not there, and is thrown away: the program is run again, check by check, which raises what
eager code would have raised.

    >>> from weft.compiler.graph.parser import parse
    >>> print(deferred(parse('''
    ... graph (x: f32[3], i: i64[]) -> f32[3] {
    ...   check_places i lengths=(3,) axes=(0,) label="index"
    ...   y = tanh x
    ...   return y
    ... }''')))
    graph (x: f32[3], i: i64[]) -> f32[3] {
      a = less i -3
      b = greater_equal i 3
      c = logical_or a b
      fault c
      y = tanh x
      return y
    }
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...runtime import dtypes
from ...runtime.op import Node, op
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter, has_effect
from ..graph.symbolic import SymbolicTensor
from . import matrices

LEAST = -(2**63)


def _fault(flag: Any) -> tuple[()]:
    raise AssertionError("only a device defers checks")


@op(_fault)
def fault(flag: Any, /) -> tuple[Spec, ...]:
    """Remember that a check failed, if it did."""
    return ()


fault.effect = True
fault.gradient(None)


class Ops:
    """Writes ops into a graph, by their names."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, name: str, *operands: Any, **attrs: Any) -> Any:
        op: Any = OPS[name]
        return self.graph.run(op, *op.bind(operands, attrs))

    def whole(self, x: Any) -> Any:
        """An integer as an int64."""
        return (
            x if not isinstance(x, SymbolicTensor) or x.dtype is dtypes.int64 else self("astype", x, dtype=dtypes.int64)
        )

    def outside(self, x: Any, low: int, high: int) -> None:
        """Remember whether an element is below the one bound, or not below the other."""
        wrong = self("logical_or", self("less", x, low), self("greater_equal", x, high))
        self.graph.run(fault, (self("any", wrong) if wrong.shape else wrong,), {})


Rule = Callable[[Ops, Node], "Sequence[Any] | None"]


def _places(w: Ops, node: Node) -> Sequence[Any] | None:
    if not _in_range(node.inputs, node.attrs["lengths"]):
        return None
    for x, n in zip(node.inputs, node.attrs["lengths"], strict=True):
        if isinstance(x, SymbolicTensor):
            w.outside(w.whole(x), -n, n)
    return ()


def _in_range(indices: Sequence[Any], lengths: Sequence[int]) -> bool:
    """Whether positions that are numbers are in range, and the others can be."""
    return all(n > 0 if isinstance(i, SymbolicTensor) else -n <= i < n for i, n in zip(indices, lengths, strict=True))


def _numbers(w: Ops, node: Node) -> Sequence[Any]:
    x = node.inputs[0]
    if isinstance(x, SymbolicTensor):
        w.outside(w.whole(x), 0, node.attrs["length"])
    return ()


def _join(w: Ops, node: Node) -> Sequence[Any] | None:
    if not all(isinstance(x, SymbolicTensor) for x in node.inputs) or not _in_range(node.inputs, node.attrs["lengths"]):
        return None
    y: Any = node.outputs[0]
    rows = []
    for x, n in zip(node.inputs, node.attrs["lengths"], strict=True):
        i = w.whole(x)
        w.outside(i, -n, n)
        i = w("where", w("less", i, 0), w("add", i, n), i)
        rows.append(w("broadcast_to", w("minimum", w("maximum", i, 0), n - 1), shape=y.shape[1:]))
    return (w("stack", *rows, axis=0),)


def _assertion(w: Ops, node: Node) -> Sequence[Any] | None:
    ok = node.inputs[0]
    if not isinstance(ok, SymbolicTensor):
        return None
    w.graph.run(fault, (w("logical_not", ok),), {})
    return ()


def _integer(result: str, wrong: Callable[..., Any]) -> Rule:
    """An integer that does not wrap: the one that wraps, and whether it has."""

    def rule(w: Ops, node: Node) -> Sequence[Any]:
        operands = [w.whole(x) for x in node.inputs]
        y = w(result, *operands)
        w.graph.run(fault, (wrong(w, y, *operands),), {})
        return (y,)

    return rule


def _differs_from_both(w: Ops, y: Any, a: Any, b: Any) -> Any:
    """Whether a sum has another sign than both its parts."""
    return w("less", w("bitwise_and", w("bitwise_xor", a, y), w("bitwise_xor", b, y)), 0)


def _differs_from_first(w: Ops, y: Any, a: Any, b: Any) -> Any:
    """Whether a difference has another sign than the first number, whose sign is not the second's."""
    return w("less", w("bitwise_and", w("bitwise_xor", a, b), w("bitwise_xor", a, y)), 0)


def _is_no_product(w: Ops, y: Any, a: Any, b: Any) -> Any:
    """Whether dividing a product by a number does not give the other one."""
    by = w("where", w("equal", b, 0), 1, b)
    wrapped = w("logical_and", w("not_equal", b, 0), w("not_equal", w("floor_divide", y, by), a))
    edge = w("logical_and", w("equal", b, -1), w("equal", a, LEAST))
    return w("logical_or", wrapped, edge)


def _is_least(w: Ops, _y: Any, a: Any) -> Any:
    return w("equal", a, LEAST)


def _has_no_quotient(w: Ops, _y: Any, a: Any, b: Any) -> Any:
    return w("logical_or", w("equal", b, 0), w("logical_and", w("equal", b, -1), w("equal", a, LEAST)))


def _attempted(w: Ops, node: Node) -> Sequence[Any] | None:
    attrs = matrices.attempted(node)
    if attrs is None:
        return None
    y, went = w.graph.run(matrices.attempt, node.inputs, attrs)
    w.graph.run(fault, (w("not_equal", went, 0),), {})
    return (y,)


RULES: dict[str, Rule] = {
    **dict.fromkeys(matrices.MAY_FAIL, _attempted),
    "check_places": _places,
    "check_numbers": _numbers,
    "check_op": _assertion,
    "join_indices": _join,
    "add_integers": _integer("add", _differs_from_both),
    "subtract_integers": _integer("subtract", _differs_from_first),
    "multiply_integers": _integer("multiply", _is_no_product),
    "negate_integer": _integer("negative", _is_least),
    "absolute_integer": _integer("abs", _is_least),
    "divide_integers": _integer("floor_divide", _has_no_quotient),
}


def deferred(graph: Graph) -> Graph:
    """The graph with its checks deferred."""
    return Rewriter(_visit).graph(graph)


def _visit(_: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    rule = RULES.get(node.op.name)
    if rule is None or not any(isinstance(x, SymbolicTensor) for x in node.inputs):
        return None
    return rule(Ops(new), node)


def acts(graph: Graph) -> bool:
    """Whether a graph does something besides computing and checking."""
    return any(has_effect(node) and node.op.name not in RULES and not _regions(node) for node in every(graph))


def every(graph: Graph) -> list[Node]:
    """The nodes of a graph and of those inside it."""
    found: list[Node] = []
    for node in graph.nodes:
        found.append(node)
        for inner in _regions(node):
            found += every(inner)
    return found


def _regions(node: Node) -> list[Graph]:
    return [value for value in node.attrs.values() if isinstance(value, Graph)]
