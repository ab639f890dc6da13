"""Homes: which values of a graph live on the CPU while the rest is on a GPU.

A program may be given tensors of both: the state of a random generator lives on the CPU, and what is drawn with it does
not. A value lives where its operands do, as in eager code, or where a transfer takes it. What lives on the CPU and
needs nothing of the GPU is a graph of its own, which runs first; the other is given what crosses over. Numbers of the
CPU, an optimizer's count of steps say, may meet the GPU; what is made of numbers alone is on the CPU when it comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...runtime.errors import DeviceError
from ...runtime.op import Node
from ..graph.graph import Graph
from ..graph.plan import located
from ..graph.rewrite import regions, symbols
from ..graph.symbolic import SymbolicTensor

CPU, GPU, NUMBER, ANYWHERE = "cpu", "cuda", "number", ""  # constants live anywhere


@dataclass
class Parted:
    """A graph in two: what the CPU computes first, and the rest, whose inputs are those of the graph and what crosses."""

    before: Graph
    rest: Graph
    given: tuple[
        int, ...
    ]  # inputs of the graph that the rest has; the outputs of `before` follow, as far as they cross
    crossing: int  # how many outputs of `before` cross over
    results: tuple[tuple[bool, int], ...]  # for each result whether `before` gives it, and its place there
    returning: frozenset[int]  # results of the rest that live on the CPU


def parted(graph: Graph, homes: Sequence[str]) -> Parted | None:
    """The two graphs of one whose inputs live in these places; None where all of it is the GPU's.

    Errors: DeviceError, which names the line, where operands of an op live in different places.
    """
    found = home_of(graph, homes)
    counted = makers_of_numbers(graph, found)
    early = [node for node in graph.nodes if is_before(node, found) or id(node) in counted]
    made = {y.key for node in early for y in node.outputs}
    mine = with_makers(graph, early, found)
    others = [node for node in graph.nodes if not all(y.key in made for y in node.outputs) or not node.outputs]
    inputs = [x.key for x in graph.inputs]
    wanted = {x.key: x for node in others for x in symbols(node.inputs)}
    wanted |= {y.key: y for y in graph.outputs if y.key not in made}
    given = tuple(i for i, key in enumerate(inputs) if key in wanted)
    crossing = [x for key, x in wanted.items() if key in made]
    kept = [y for y in graph.outputs if y.key in made]
    before, rest = Graph(), Graph()
    before.inputs, before.nodes, before.outputs = list(graph.inputs), mine, [*crossing, *kept]  # pyright: ignore[reportAttributeAccessIssue]
    rest.inputs = [*(graph.inputs[i] for i in given), *crossing]
    rest.nodes = others
    rest.outputs = [y for y in graph.outputs if y.key not in made]
    places = {y.key: i for i, y in enumerate(before.outputs)}
    count = iter(range(len(graph.outputs)))
    results = tuple((True, places[y.key]) if y.key in made else (False, next(count)) for y in graph.outputs)
    returning = frozenset(i for i, y in enumerate(rest.outputs) if found.get(y.key) in (CPU, NUMBER))
    if CPU not in homes and not before.outputs and not returning:
        return None
    return Parted(before, rest, given, len(crossing), results, returning)


def makers_of_numbers(graph: Graph, found: dict[int, str]) -> set[int]:
    """Which nodes make the numbers that come out, and what these are made of: no more than that, as the GPU computes the rest."""
    needed = {y.key for y in graph.outputs if found.get(y.key) == NUMBER}
    chosen: set[int] = set()
    for node in reversed(graph.nodes):
        if any(y.key in needed for y in node.outputs) and not regions(node.attrs) and not node.op.effect:
            chosen.add(id(node))
            needed |= {x.key for x in symbols(node.inputs) if found.get(x.key) == NUMBER}
    return chosen


def with_makers(graph: Graph, nodes: Sequence[Node], found: dict[int, str]) -> list[Node]:
    """Nodes, and those that make what they need and could be made anywhere, in their order."""
    chosen = {id(node) for node in nodes}
    needed = {x.key for node in nodes for x in symbols(node.inputs)}
    for node in reversed(graph.nodes):
        if id(node) not in chosen and any(y.key in needed and found[y.key] == ANYWHERE for y in node.outputs):
            chosen.add(id(node))
            needed |= {x.key for x in symbols(node.inputs)}
    return [node for node in graph.nodes if id(node) in chosen]


def is_before(node: Node, found: dict[int, str]) -> bool:
    """Whether the CPU computes a node before the GPU is asked for anything."""
    if node.op.effect or regions(node.attrs) or not node.outputs or node.op.name == "transfer":
        return False
    return all(found.get(y.key) == CPU for y in node.outputs)


def home_of(graph: Graph, homes: Sequence[str]) -> dict[int, str]:
    """Where each value of a graph lives, by its key."""
    found = {x.key: home for x, home in zip(graph.inputs, homes, strict=True)}
    for node in graph.nodes:
        with located(node):
            for y, home in zip(node.outputs, _homes(node, found), strict=True):
                found[y.key] = home
    return found


def _homes(node: Node, found: dict[int, str]) -> Sequence[str]:
    """Where the results of a node live."""
    given = [found.get(x.key, ANYWHERE) if isinstance(x, SymbolicTensor) else ANYWHERE for x in node.inputs]
    if node.op.name == "transfer":
        return [CPU if str(node.attrs["device"]) == "cpu" else GPU]
    if node.op.name == "while":
        return _met(given)[: len(node.outputs)]
    if node.op.name == "if":
        return _outputs(node.attrs["then"], given[1:])
    if node.op.name == "call":
        return _outputs(node.attrs["body"], given)
    places = {home for home in _met(given) if home}
    if len(places) > 1:
        raise DeviceError(
            f"{node.op.name}: the operands live on cpu and cuda", "Move one with x.to(device); nothing moves unasked."
        )
    return [next(iter(places), ANYWHERE)] * len(node.outputs)


def _met(homes: Sequence[str]) -> list[str]:
    """Where operands live that meet: numbers are with the others."""
    others = next((home for home in homes if home in (CPU, GPU)), NUMBER)
    return [others if home == NUMBER else home for home in homes]


def _outputs(graph: Graph, homes: Sequence[str]) -> list[str]:
    found = home_of(graph, homes)
    return [found[y.key] for y in graph.outputs]


def together(parts: Parted, buffers: Sequence[Any], cpu: Any, gpu: Any) -> list[Any]:
    """The results of a graph in two; `cpu` and `gpu` run a graph on buffers, and `gpu` takes arrays of the CPU, too."""
    early = list(cpu(parts.before, buffers)) if parts.before.outputs else []
    rest = gpu(parts.rest, [*(buffers[i] for i in parts.given), *early[: parts.crossing]])
    late = [y.device.to_numpy(y) if i in parts.returning else y for i, y in enumerate(rest)]
    return [early[i] if is_early else late[i] for is_early, i in parts.results]
