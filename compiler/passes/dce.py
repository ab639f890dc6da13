"""Dead code: nodes, loop state, stacks, branch results, arguments and captures that nothing depends on.

A state of a loop lives if its last value is used, if the test reads it, or if the next value of a living state
does; that it goes into its own next value is no reason. Effects live, and the inputs of the graph stay.

    >>> from weft.compiler.graph.parser import parse
    >>> print(dce(parse('''
    ... graph (x: f32[3], n: i64[]) -> f32[3] {
    ...   y, z, m = while (y: f32[3] = x, z: f32[3] = x, m: i64[] = n) {
    ...     test { a = greater m 0; yield a }
    ...     step { b = tanh y; c = add z y; d = subtract m 1; yield b, c, d }
    ...   }
    ...   return y
    ... }''')))
    graph (x: f32[3], n: i64[]) -> f32[3] {
      y, m = while (y: f32[3] = x, m: i64[] = n) {
        test {
          a = greater m 0
          yield a
        }
        step {
          b = tanh y
          d = subtract m 1
          yield b, d
        }
      }
      return y
    }
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from ..graph.graph import Graph, GraphNode, is_sized
from ..graph.rewrite import copied, has_effect, mapped, regions
from ..graph.sizes import bound_by, used_by

Live = set[Any]  # keys of values, and names of sizes


def dce(graph: Graph) -> Graph:
    """The graph without what nothing depends on; itself, if it has no regions and all of it is needed."""
    if not any(regions(node.attrs) for node in graph.nodes):
        live = _live(graph, range(len(graph.outputs)))
        if all(_lives(node, live) for node in graph.nodes):
            return graph
    return _rebuilt(graph, None, range(len(graph.inputs)), range(len(graph.outputs)))


def _live(graph: Graph, outputs: Iterable[int]) -> Live:
    """The keys of the values of a graph on which these outputs, or effects, depend, and the sizes."""
    live: Live = {graph.outputs[i].key for i in outputs}
    node_sizes = is_sized(graph)
    finders = _finders(graph) if node_sizes else {}
    for node in reversed(graph.nodes):
        live.update(key for key in [y.key for y in node.outputs] if finders.get(key, set()) & live)
        if _lives(node, live):
            live.update(used_by(node) if node_sizes else ())
            live.update(node.inputs[i].key for i in _operands(node, live) if hasattr(node.inputs[i], "key"))
    return live


def _lives(node: GraphNode, live: Live) -> bool:
    return any([y.key in live for y in node.outputs]) or has_effect(node)


def _operands(node: GraphNode, live: Live) -> Sequence[int]:
    """The places of the operands that a living node needs."""
    if node.op.name not in _NEEDS:
        return range(len(node.inputs))
    return _NEEDS[node.op.name](node, [i for i, y in enumerate(node.outputs) if y.key in live])


def _finders(graph: Graph) -> dict[int, Live]:
    """The sizes that are read from a value, by its key: the first one that has a size as a length."""
    found: dict[str, int] = {}
    for values in (graph.inputs, *(node.outputs for node in graph.nodes)):
        for i, name in bound_by(values):
            found.setdefault(name, values[i].key)
    return {key: {name for name in found if found[name] == key} for key in found.values()}


def _used_inputs(graph: Graph, live: Live) -> set[int]:
    finders = _finders(graph) if is_sized(graph) else {}
    return {i for i, x in enumerate(graph.inputs) if x.key in live or finders.get(x.key, set()) & live}


def _while_needs(node: GraphNode, wanted: list[int]) -> list[int]:
    test, step = node.attrs["test"], node.attrs["step"]
    n = len(step.outputs)
    needed = set(wanted) | _used_inputs(test, _live(test, [0]))
    while True:
        state = sorted(i for i in needed if i < n)
        more = _used_inputs(step, _live(step, state)) - needed
        if not more:
            return sorted(needed)
        needed |= more


def _if_needs(node: GraphNode, wanted: list[int]) -> list[int]:
    parts = (node.attrs["then"], node.attrs["other"])
    needed = set[int]().union(*(_used_inputs(part, _live(part, wanted)) for part in parts))
    return [0, *(i + 1 for i in sorted(needed))]


def _call_needs(node: GraphNode, wanted: list[int]) -> list[int]:
    body = node.attrs["body"]
    return sorted(_used_inputs(body, _live(body, wanted)))


_NEEDS = {"while": _while_needs, "if": _if_needs, "call": _call_needs}


def _rebuilt(graph: Graph, parent: Graph | None, inputs: Iterable[int], outputs: Sequence[int]) -> Graph:
    """The graph with these of its inputs and outputs, and what they need."""
    live = _live(graph, outputs)
    new = Graph(parent)
    values: dict[int, Any] = {}
    for i in inputs:
        x = graph.inputs[i]
        values[x.key] = new.input(x.spec, x.name)
    for node in graph.nodes:
        if _lives(node, live):
            _copy(new, node, values, live)
    new.outputs = [values[graph.outputs[i].key] for i in outputs]
    return new


def _copy(new: Graph, node: GraphNode, values: dict[int, Any], live: Container[int]) -> None:
    """Write a living node, a control node without what is dead in it."""
    kept, attrs = node, dict(node.attrs)
    if node.op.name in _NEEDS:
        wanted = [i for i, y in enumerate(node.outputs) if y.key in live]  # pyright: ignore
        needed = _NEEDS[node.op.name](node, wanted)
        inputs = needed
        if node.op.name == "while":
            wanted = [i for i in needed if i < len(node.outputs)]
            attrs["test"] = _rebuilt(attrs["test"], new, needed, [0])
            attrs["step"] = _rebuilt(attrs["step"], new, needed, wanted)
        else:
            inputs = [i - 1 for i in needed[1:]] if node.op.name == "if" else needed
            for name in ("then", "other") if node.op.name == "if" else ("body",):
                attrs[name] = _rebuilt(attrs[name], new, inputs, wanted)
        outputs = tuple(node.outputs[i] for i in wanted)
        kept = node.changed(inputs=tuple(node.inputs[i] for i in needed), attrs=attrs, outputs=outputs)
    else:
        attrs = {k: _rebuilt(v, new, range(len(v.inputs)), range(len(v.outputs))) if isinstance(v, Graph) else v
                 for k, v in attrs.items()}  # fmt: skip
    results = copied(new, kept, mapped(kept, values), attrs)
    values.update(zip([y.key for y in kept.outputs], results, strict=True))
