"""Bound counters: an integer that a loop counts up while it is below something cannot overflow.

Python's integers do not wrap, so adding to one is checked, in each trip of a loop. Where the loop goes on only as long as
the sum is less than another integer, there is nothing to check: the sum is an ordinary one, which may be computed
anywhere.

    >>> from weft.compiler.graph.parser import parse
    >>> print(bound(parse('''
    ... graph (x: f32[]) -> f32[], i64[] {
    ...   o = constant value=i64[] 0
    ...   y, n = while (y: f32[] = x, i: i64[] = o; ) {
    ...     test { a = less i 50; yield a }
    ...     step { b = tanh y; c = add_integers i 1; yield b, c }
    ...   }
    ...   return y, n
    ... }''')))
    graph (x: f32[]) -> f32[], i64[] {
      o = constant value=i64[] 0
      y, n = while (y: f32[] = x, i: i64[] = o) {
        test {
          a = less i 50
          yield a
        }
        step {
          b = tanh y
          c = add i 1
          yield b, c
        }
      }
      return y, n
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...runtime.dtypes import int64
from ...runtime.tensor import OPS
from ..graph.graph import Graph, GraphNode
from ..graph.integers import add_integers
from ..graph.rewrite import Rewriter, copied, regions
from ..graph.symbolic import SymbolicTensor

LARGEST = 2**63 - 1
Makers = dict[int, GraphNode]


def bound(graph: Graph) -> Graph:
    """The graph with its counters unchecked; itself, if there are none."""
    return Rewriter(_visit).graph(graph) if _has_counters(graph) else graph


def _has_counters(graph: Graph) -> bool:
    """Whether a loop somewhere adds integers that do not wrap."""
    inner = [region for node in graph.nodes for region in regions(node.attrs).values()]
    return any(any(node.op is add_integers for node in r.nodes) or _has_counters(r) for r in inner)


def _visit(rewriter: Rewriter, new: Graph, node: GraphNode) -> Sequence[Any] | None:
    if node.op.name != "while":
        return None
    counters = set(_counters(rewriter, node))
    if not counters:
        return None

    def plain(_: Rewriter, inner: Graph, each: GraphNode) -> Sequence[Any] | None:
        if not each.outputs or each.outputs[0].key not in counters:
            return None
        return inner.emit(OPS["add"], each.inputs, {}, [each.outputs[0].spec], each.where)  # pyright: ignore[reportArgumentType]

    step: Graph = node.attrs["step"]
    return copied(new, node, node.inputs, {**node.attrs, "step": Rewriter(plain).graph(step, step.parent)})


def _counters(rewriter: Rewriter, node: GraphNode) -> Iterator[int]:
    """The sums of a loop's step that cannot overflow, by their keys."""
    test, step = node.attrs["test"], node.attrs["step"]
    makers = {y.key: each for each in step.nodes for y in each.outputs}
    asked = {y.key: each for each in test.nodes for y in each.outputs}
    before = dict(_limits(test.outputs[0], asked))  # what a state is below when a trip begins
    place = next((i for i, x in enumerate(test.inputs) if x.key == test.outputs[0].key), None)
    goes_on = step.outputs[place] if place is not None and place < len(step.outputs) else None
    after = dict(_limits(goes_on, makers))  # what a next state is below when the loop goes on
    for i, y in enumerate(step.outputs):
        made = makers.get(y.key)
        if made is None or made.op is not add_integers:
            continue
        by = next((_number(x, makers) for x in made.inputs if getattr(x, "key", 0) != step.inputs[i].key), None)
        if by is None or by < 0 or step.inputs[i].key not in [getattr(x, "key", 0) for x in made.inputs]:
            continue
        first = _first(rewriter, node.inputs[i])
        limits = [before.get(test.inputs[i].key)] if test.inputs[i].key in before else []
        limits += [after[y.key]] if y.key in after and first is not None and first + by <= LARGEST else []
        if any((LARGEST if limit is None else limit) - 1 + by <= LARGEST for limit in limits):
            yield y.key


def _first(rewriter: Rewriter, x: Any) -> int | None:
    """The integer that a loop begins to count from, if it is known."""
    made = rewriter.made_by(x, "constant")
    return x if isinstance(x, int) else None if made is None else int(made.attrs["value"].array)


def _number(x: Any, makers: Makers) -> int | None:
    """An integer that is known."""
    if isinstance(x, int):
        return x
    made = makers.get(getattr(x, "key", 0))
    is_known = made is not None and made.op.name == "constant" and not made.outputs[0].shape
    return int(made.attrs["value"].array) if is_known and made.outputs[0].dtype is int64 else None  # pyright: ignore


def _limits(x: Any, makers: Makers) -> Iterator[tuple[int, int | None]]:
    """What integers must be less than for a condition to hold, by their keys; None where that is not known."""
    made = makers.get(getattr(x, "key", 0))
    if made is None:
        return
    if made.op.name == "logical_and" or (made.op.name == "if" and _is_false(made.attrs["other"])):
        for part in made.inputs if made.op.name == "logical_and" else made.inputs[:1]:
            yield from _limits(part, makers)
    elif made.op.name in ("less", "less_equal", "greater", "greater_equal"):
        low, high = made.inputs if made.op.name.startswith("less") else made.inputs[::-1]
        if _is_integer(low) and (_is_integer(high) or isinstance(high, int)):
            limit = _number(high, makers)
            if limit is not None or made.op.name in ("less", "greater"):
                yield low.key, limit


def _is_integer(x: Any) -> bool:
    return isinstance(x, SymbolicTensor) and x.dtype is int64 and not x.shape


def _is_false(branch: Graph) -> bool:
    """Whether a branch gives just False."""
    y = branch.outputs[0]
    made = next((node for node in branch.nodes if y in node.outputs), None)
    return made is not None and made.op.name == "constant" and not made.attrs["value"].array.any()
