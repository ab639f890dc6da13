"""Narrow sums to what they change: a loop that adds a row to an array leaves the other rows alone.

The gradient of `x[t]` in a loop is zeros but for one row, and each trip adds it to the gradient of all of `x`: as much
work in a trip as `x` is long. Here the row is read, added to and put back, which native programs do in place. Where
positions are many, and may meet, each is added by itself. Only the order of additions changes, and that zeros are no
longer added: what was -0.0 stays it. Small arrays are added as they were.

    >>> from weft.compiler.graph.parser import parse
    >>> print(narrow(parse('''
    ... graph (n: i64[], dx: f32[64, 20], dy: f32[20]) -> f32[64, 20] {
    ...   k, total = while (k: i64[] = n, s: f32[64, 20] = dx; dy) {
    ...     test { a = greater k 0; yield a }
    ...     step {
    ...       b = subtract k 1; i = join_indices b lengths=(64,) axes=(0,)
    ...       p = index_sum dy i shape=(64, 20) axes=(0,); v = add s p; yield b, v
    ...     }
    ...   }
    ...   return total
    ... }''')))
    graph (n: i64[], dx: f32[64, 20], dy: f32[20]) -> f32[64, 20] {
      k, total = while (k: i64[] = n, s: f32[64, 20] = dx; dy) {
        test {
          a = greater k 0
          yield a
        }
        step {
          b = subtract k 1
          i = join_indices b lengths=(64,) axes=(0,)
          c = index_get s i axes=(0,)
          d = add c dy
          v = index_put s i d axes=(0,)
          yield b, v
        }
      }
      return total
    }
    <BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime.dim import sized
from ...runtime.ops.gathering import index_get, index_put
from ...runtime.spec import size
from ...runtime.tensor import OPS
from ..graph.graph import Graph, GraphNode
from ..graph.rewrite import Rewriter, regions
from ..graph.symbolic import SymbolicTensor
from .dce import dce

FEW = 256  # elements that are added as soon as their place is found
MANY = 4  # times as many elements as are changed: what it takes to be worth it


def narrow(graph: Graph) -> Graph:
    """The graph with sums in loops narrowed; itself, if there are none."""
    return dce(Rewriter(_visit).graph(graph)) if _has_sums(graph) else graph


def _has_sums(graph: Graph) -> bool:
    """Whether a loop or branch somewhere holds the gradient of an index."""
    inner = [region for node in graph.nodes for region in regions(node.attrs).values()]
    return any(any(node.op.name == "index_sum" for node in r.nodes) or _has_sums(r) for r in inner)


def _visit(rewriter: Rewriter, new: Graph, node: GraphNode) -> Sequence[Any] | None:
    if new.parent is None or node.op.name != "add":
        return None
    state = {x.key for x in new.inputs}
    for total, term in (node.inputs, node.inputs[::-1]):
        if getattr(total, "key", 0) in state and total.spec == node.outputs[0].spec:
            parts = _parts(rewriter, term)
            for made in parts:
                total = _added(new, total, *made.inputs, axes=made.attrs["axes"])
            if parts:
                return [total]
    return None


def _parts(rewriter: Rewriter, x: Any) -> list[Any]:
    """The nodes whose sum a value is, if each changes a part."""
    made = rewriter.made_by(x, "index_sum", "add")
    if made is None:
        return []
    if made.op.name == "index_sum":
        return [made] if _pays(made) else []
    sides = [_parts(rewriter, y) for y in made.inputs]
    return sides[0] + sides[1] if all(sides) and made.inputs[0].spec == made.inputs[1].spec else []


def _pays(made: Any) -> bool:
    """Whether what is changed is a small part of a large array."""
    x, y = made.inputs[0], made.outputs[0]
    if not isinstance(x, SymbolicTensor) or x.dtype is not y.dtype or sized((*x.shape, *y.shape)):
        return False
    return size(y.shape) > FEW and size(y.shape) >= MANY * size(x.shape)


def _added(new: Graph, total: Any, x: Any, indices: Any, axes: Any) -> Any:
    """A value with `x` added at positions."""
    mode = "set"
    if len(indices.shape) > 1:
        mode = "add"
    else:
        x = new.run(OPS["add"], (new.run(index_get, (total, indices), {"axes": axes}), x), {})  # pyright: ignore[reportArgumentType]
    return new.run(index_put, (total, indices, x), {"axes": axes, "mode": mode, "unique": False})
