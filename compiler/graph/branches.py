"""The way back of an `if`: an `if` on the same predicate over the ways back of the branches.

Where a branch would compute products again for its way back, the `if` in the graph is exchanged for one that gives
further results: what the products of either branch gave, zeros where the other one ran.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from ...runtime import observers
from ...runtime.op import Node
from .cotangents import or_zeros, smooth, vjp, zeros
from .graph import Graph, close, write_to
from .joint import Name, kept_by_runs
from .loops import innermost
from .symbolic import SymbolicTensor

BRANCHES = ("then", "other")


def pull_if(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    """Write the way back of an `if`: the cotangents of the operands in `known`, with their keys."""
    kept = _kept(node.outputs[0].context, node)
    graph = innermost(node.outputs[0].context)
    predicate, operands = node.inputs[0], node.inputs[1:]
    wanted = [i for i in smooth(operands) if operands[i].key in known]
    branches, found, args = [], [], []
    for name in BRANCHES:
        region = Graph(graph)
        with write_to(region), observers.hidden():
            given = [None if dy is None else region.lift(dy) for dy in dys]
            args.append([region.lift(x) for x in operands])
            mine = {place: region.lift(x) for place, x in kept[name].items()}
            found.append(vjp(region, node.attrs[name], args[-1], given, wanted, mine))
        branches.append(region)
    reached = [k for k in range(len(wanted)) if any(dxs[k] is not None for dxs in found)]
    if not reached:
        return []
    for region, dxs, xs in zip(branches, found, args, strict=True):
        with write_to(region), observers.hidden():
            dxs = or_zeros(region, [dxs[k] for k in reached], [xs[wanted[k]] for k in reached])
            region.outputs = [region.lift(dx) for dx in dxs]
    outer = close(branches)
    dxs = graph.run(node.op, (predicate, *outer), dict(zip(BRANCHES, branches, strict=True)))
    return [(operands[wanted[k]].key, dx) for k, dx in zip(reached, dxs, strict=True)]


def _kept(graph: Graph, node: Node) -> dict[str, dict[Name, Any]]:
    """What was kept of the branches, by name and place: the `if` is exchanged, unless it was before."""
    names = {name: kept_by_runs(node.attrs[name]) for name in BRANCHES}
    count = sum(map(len, names.values()))
    if not count:
        return {name: {} for name in BRANCHES}
    place = next(i for i, x in enumerate(graph.nodes) if any(y is node.outputs[-1] for y in x.outputs))
    if len(graph.nodes[place].outputs) == len(node.outputs):
        _exchange(graph, place, names)
    values = iter(graph.nodes[place].outputs[len(node.outputs) : len(node.outputs) + count])
    return {name: {one: next(values) for one in names[name]} for name in BRANCHES}


def _exchange(graph: Graph, place: int, names: dict[str, list[Name]]) -> None:
    node = graph.nodes[place]
    specs = {name: [node.attrs[name].nodes[i].outputs[k].spec for i, k in names[name]] for name in BRANCHES}
    attrs = dict(node.attrs)
    for name in BRANCHES:
        new = attrs[name] = Graph(node.attrs[name].parent)
        outputs, nodes = new.inline(node.attrs[name], [new.input(x.spec, x.name) for x in node.attrs[name].inputs])
        with write_to(new), observers.hidden():
            for other in BRANCHES:
                if other == name:
                    outputs += [nodes[i].outputs[k] for i, k in names[name]]
                else:
                    outputs += [zeros(new, SymbolicTensor(new, spec)) for spec in specs[other]]
        new.outputs = outputs
    extra = tuple(SymbolicTensor(graph, spec) for name in BRANCHES for spec in specs[name])
    graph.nodes[place] = node.changed(attrs=attrs, outputs=(*node.outputs, *extra))
    if observers.watching.count:  # tapes around know the results already; of what is kept they have to be told
        unseen = tuple(SymbolicTensor(graph, y.spec) for y in node.outputs)  # pyright: ignore
        observers.tell(node.op, node.inputs, attrs, (*unseen, *extra))
