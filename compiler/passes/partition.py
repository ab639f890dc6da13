"""Partition: a graph in two, one that runs forward and keeps what its derivative needs, and one that goes back.

The way back is written behind the graph first, as the reverse pass does it. What it reads of the values before it
becomes a further result of the forward graph, unless it is at hand anyway (an argument, a result) or cheaper to
compute again than to keep: views, casts, comparisons. Nothing else is computed twice, but for the steps of loops,
whose states lie on stacks, and branches.

    >>> from weft.compiler.graph.parser import parse
    >>> forward = saving(parse('''
    ... graph (x: f32[3], w: f32[3]) -> f32[] {
    ...   a = multiply x w
    ...   b = tanh a
    ...   y = sum b
    ...   return y
    ... }'''), (1,))
    >>> print(forward)
    graph (x: f32[3], w: f32[3]) -> f32[], f32[3] {
      a = multiply x w
      b = tanh a
      y = sum b
      return y, b
    }
    <BLANKLINE>
    >>> print(forward.derivative((1,), (0,)).graph)
    graph (x: f32[3], b: f32[3], dy: f32[]) -> f32[3] {
      a = reshape dy shape=(1,)
      c = multiply b b
      d = subtract 1 c
      e = multiply a d
      f = multiply e x
      return f
    }
    <BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...runtime import observers
from ...runtime.tape import Tape
from ..graph.control import Back, Derivative, call
from ..graph.cotangents import smooth, without_effects
from ..graph.executors import results_of
from ..graph.graph import Graph, GraphNode, is_sized, writing
from ..graph.joint import Joint, Name
from ..graph.rewrite import copied, has_effect, mapped, regions
from ..graph.sizes import bound_by, free
from ..graph.symbolic import SymbolicTensor
from ..graph.text import CONTROL
from .dce import dce
from .pipeline import optimize


def called(graph: Graph, operands: Sequence[Any]) -> Sequence[Any]:
    """The results of a graph for eager operands, called so that the tapes around can go back."""
    watching = observers.current()
    if not watching and writing() is None:
        return results_of(graph, operands)
    form = graph
    for tape in watching:
        known = tape.known if isinstance(tape, Tape) else ()
        wanted = tuple(i for i in smooth(operands) if operands[i].key in known)
        form = saving(form, wanted) if wanted else form
    return call(*operands, body=form)[: len(graph.outputs)]


def saving(graph: Graph, wanted: tuple[int, ...]) -> Graph:
    """The graph with further results, what its derivative by the wanted inputs needs; it finds the ways back.

    A graph that cannot be differentiated is given as it is: the error is due when a gradient is asked for.
    """
    known = graph.backward.get(wanted)
    if known is None:
        try:
            known = _saving(graph, wanted)
        except Exception:
            known = graph
        graph.backward[wanted] = known
    return known


def _saving(graph: Graph, wanted: tuple[int, ...]) -> Graph:
    joint = _Parts(graph, wanted, tuple(smooth(graph.outputs)))
    outputs = len(graph.inputs) + len(graph.outputs)
    kept = joint.kept({x.key for x in (*joint.inputs, *joint.outputs)})
    taken = joint.back(kept).takes
    kept = [name for i, name in enumerate(kept, outputs) if i in taken]
    forward = joint.forward_with(kept)
    forward.derivative = _Kept(graph, forward, kept)
    return forward


class _Kept(Derivative):
    """The ways back of calls of a graph that keeps what they need."""

    def __init__(self, base: Graph, forward: Graph, kept: list[Name]) -> None:
        super().__init__(forward)
        self.base, self.kept = base, kept

    def back(self, wanted: tuple[int, ...], given: tuple[int, ...]) -> Back:
        if all(i < len(self.base.outputs) for i in given):
            found = _Parts(self.base, wanted, given).back(self.kept)
            if not free(found.graph):
                return found
        found = super().back(wanted, given)  # of what was kept, too: a derivative that no tape announced
        return found._replace(graph=optimize(found.graph))

    def call(self, graph: Graph, operands: Sequence[Any]) -> Sequence[Any]:
        return called(graph, operands)


class _Parts(Joint):
    """The two parts, each as a graph."""

    def forward_with(self, kept: Sequence[Name]) -> Graph:
        """The first part alone, with further results. The joint graph is used up."""
        graph = self.graph
        graph.inputs, graph.nodes = self.inputs, self.first
        graph.outputs = [*self.outputs, *(self.values[name] for name in kept)]
        return dce(graph)

    def back(self, kept: Sequence[Name]) -> Back:
        """The second part alone, given what was kept."""
        at_hand: dict[int, int] = {}
        for i, x in enumerate((*self.inputs, *self.outputs, *map(self.values.get, kept))):
            if x is not None:  # a loop to which no cotangent comes has no saving form here
                at_hand.setdefault(x.key, i)
        live = self.read()
        again = self.computed_again(set(at_hand), live)
        sizes = {self.inputs[i].key for i, _ in bound_by(self.inputs)}
        takes = {key: i for key, i in at_hand.items() if key in live or key in sizes}
        new, values = Graph(), dict[int, Any]()
        by_key = {x.key: x for x in (*self.inputs, *self.outputs, *self.values.values())}
        for key in takes:
            values[key] = new.input(by_key[key].spec, by_key[key].name)
        for dy in self.dys:
            values[dy.key] = new.input(dy.spec, dy.name)
        for node in [*map(_quiet, again), *self.second]:
            if has_effect(node) or any(y.key in live for y in node.outputs):
                results = copied(new, node, mapped(node, values), node.attrs)
                for y, result in zip(node.outputs, results, strict=True):
                    values.setdefault(y.key, result)
        new.outputs = [values[dx.key] for dx in self.dxs]
        return _trimmed(optimize(new), list(takes.values()), self.reached)


def _quiet(node: GraphNode) -> GraphNode:
    """A node that is computed again, without what it does besides."""
    if node.op.name not in CONTROL or not has_effect(node):
        return node
    quiet = {name: without_effects(region) for name, region in regions(node.attrs).items()}
    return node.changed(attrs={**node.attrs, **quiet})


def _trimmed(graph: Graph, takes: list[int], reached: tuple[int, ...]) -> Back:
    """The way back without the inputs, of those that are taken, that it does not read."""
    if is_sized(graph):
        return Back(graph, tuple(takes), reached)
    used = {x.key for node in graph.nodes for x in node.inputs if isinstance(x, SymbolicTensor)}
    used |= {y.key for y in graph.outputs}
    pairs = [(x, i) for x, i in zip(graph.inputs, takes, strict=False) if x.key in used]
    graph.inputs = [x for x, _ in pairs] + graph.inputs[len(takes) :]
    return Back(graph, tuple(i for _, i in pairs), reached)
