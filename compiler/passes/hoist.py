"""Hoisting: what is the same on every trip of a loop is computed before it.

A node moves only if it cannot fail, since a loop may make no trip, and if it has no effect. State that a step
hands on unchanged becomes a captured value. Inner loops come first, so that a node may leave several loops.

    >>> from weft.compiler.graph.parser import parse
    >>> print(hoist(parse('''
    ... graph (x: f32[3], w: f32[3]) -> f32[3] {
    ...   y = while (y: f32[3] = x; w) {
    ...     test { a = max y; b = less a 9.0; yield b }
    ...     step { c = exp w; d = add y c; yield d }
    ...   }
    ...   return y
    ... }''')))
    graph (x: f32[3], w: f32[3]) -> f32[3] {
      c = exp w
      y = while (y: f32[3] = x; c) {
        test {
          a = max y
          b = less a 9.0
          yield b
        }
        step {
          d = add y c
          yield d
        }
      }
      return y
    }
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime import dtypes
from ..graph.graph import Graph, GraphNode
from ..graph.rewrite import Rewriter, copied, mapped
from ..graph.sizes import bound_by, used_by
from ..graph.symbolic import SymbolicTensor

# What cannot raise once its shapes fit, besides elementwise ops.
TOTAL = frozenset({"sum", "mean", "prod", "sum_to", "all", "any", "matmul", "astype", "reshape", "permute_dims",
                   "transpose_2d", "matrix_transpose", "broadcast_to", "expand_dims", "squeeze", "flip", "concat",
                   "stack", "strided_slice", "unslice", "set_slice", "softmax", "log_softmax", "logsumexp", "conv",
                   "tril", "triu", "pad", "constant"})  # fmt: skip

OF_SOME = frozenset({"max", "min", "argmax", "argmin"})  # which fail where there is nothing


def hoist(graph: Graph) -> Graph:
    """The graph with what does not change taken out of its loops."""
    return Rewriter(_visit).changed(graph)


def is_total(node: GraphNode) -> bool:
    """Whether a node can neither fail nor do anything but compute."""
    if node.op.name == "pow":  # a negative power of an integer is an error
        return node.outputs[0].dtype not in dtypes.INTEGERS
    if node.op.name in OF_SOME:
        return all(type(n) is int and n > 0 for n in node.inputs[0].shape)
    return not node.op.effect and (node.op.elementwise or node.op.name in TOTAL)


def _visit(_: Rewriter, new: Graph, node: GraphNode) -> Sequence[Any] | None:
    return _Loop(new, node).written() if node.op.name == "while" else None


class _Loop:
    """A loop that is being written, with what left it so far."""

    def __init__(self, outer: Graph, node: GraphNode) -> None:
        self.outer, self.node = outer, node
        self.test, self.step = node.attrs["test"], node.attrs["step"]
        n = len(self.step.outputs)
        self.same = [i for i in range(n) if self.step.outputs[i].key == self.step.inputs[i].key
                     and self.step.inputs[i].spec == node.inputs[i].spec]  # fmt: skip
        self.state = [i for i in range(n) if i not in self.same]
        self.passed = [*self.same, *range(n, len(node.inputs))]  # operands that stay what they are
        self.captures: dict[int, Any] = {}  # outer values to pass, by key

    def written(self) -> Sequence[Any]:
        operands = self.node.inputs
        outside = [self.moved(region) for region in (self.test, self.step)]
        for region, (values, gone) in zip((self.test, self.step), outside, strict=True):
            self.used(region, values, gone)
        regions = [self.region(r, *known) for r, known in zip((self.test, self.step), outside, strict=True)]
        regions[1].outputs = [regions[1].outputs[i] for i in self.state]
        inputs = [*[operands[i] for i in self.state], *self.captures.values()]
        attrs = {**self.node.attrs, "test": regions[0], "step": regions[1]}
        kept = self.node.changed(attrs=attrs, outputs=tuple(self.node.outputs[i] for i in self.state))
        results = iter(copied(self.outer, kept, inputs, attrs))
        return [operands[i] if i in self.same else next(results) for i in range(len(self.node.outputs))]

    def moved(self, region: Graph) -> tuple[dict[int, Any], set[int]]:
        """Write before the loop what may leave a region: outer values by inner keys, and the nodes that left."""
        values: dict[int, Any] = {region.inputs[i].key: self.node.inputs[i] for i in self.passed}
        constants: dict[int, GraphNode] = {}
        gone: set[int] = set()
        passed = {name for _, name in bound_by([region.inputs[i] for i in self.passed])}
        own = {name for _, name in bound_by([region.inputs[i] for i in self.state])} - passed
        for i, node in enumerate(region.nodes):
            if node.op.name == "constant":
                constants[node.outputs[0].key] = node
                continue
            if region.sized and used_by(node) & own:
                continue
            keys = [x.key for x in node.inputs if isinstance(x, SymbolicTensor)]
            stays = not is_total(node) or not all(key in values or key in constants for key in keys)
            if stays or not any(key in values for key in keys):  # of constants alone: folding sees to it
                own |= {name for _, name in bound_by(node.outputs)} - passed
                continue
            for key in keys:
                if key not in values:
                    values[key] = copied(self.outer, constants[key], (), constants[key].attrs)[0]
            results = copied(self.outer, node, mapped(node, values), node.attrs)
            values.update(zip([y.key for y in node.outputs], results, strict=True))
            gone.add(i)
        return values, gone

    def used(self, region: Graph, values: dict[int, Any], gone: set[int]) -> None:
        """Note which values from outside a region still reads."""
        stay = [node for i, node in enumerate(region.nodes) if i not in gone]
        kept = {y.key for node in stay for y in node.outputs}
        keys = [x.key for node in stay for x in node.inputs if isinstance(x, SymbolicTensor)]
        for key in [*keys, *[y.key for y in region.outputs]]:
            if key in values and key not in kept:
                self.captures[values[key].key] = values[key]

    def region(self, region: Graph, values: dict[int, Any], gone: set[int]) -> Graph:
        """A region without what left it; the captures come after the state."""
        new = Graph(self.outer)
        inner: dict[int, Any] = {}
        for i in self.state:
            x = region.inputs[i]
            inner[x.key] = new.input(x.spec, x.name)
        passed = {key: new.input(x.spec, x.name) for key, x in self.captures.items()}
        inner.update({key: passed[x.key] for key, x in values.items() if x.key in passed})
        for i, node in enumerate(region.nodes):
            if i not in gone:
                results = copied(new, node, mapped(node, inner), node.attrs)
                inner.update(zip([y.key for y in node.outputs], results, strict=True))
        new.outputs = [inner[y.key] for y in region.outputs]
        return new
