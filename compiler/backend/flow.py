"""Control flow as C: loops, branches, and calls of graphs.

The state of a loop is in C variables, in stacks, or in two pieces of memory that take turns: a trip reads one and
writes the other. The results of a branch are declared before it and written in each arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...runtime.op import Node
from ...runtime.spec import StackSpec, size
from ..graph.graph import Graph
from . import lanewise
from .kept import Loop, loop_of
from .places import Memory, Pile, Place, Register, Spread, in_register, is_small

if TYPE_CHECKING:
    from .region import Region

State = tuple[Place, Memory | None]  # where it is, and where its next value is written
POLL = "if ((spent += 16) > 1 << 22) { spent = 0; if (rt->poll()) goto failed; }"


def write_while(region: Region, node: Node) -> bool:
    """A loop."""
    if lanewise.write(region, node):
        return True
    test, step = node.attrs["test"], node.attrs["step"]
    n = len(step.outputs)
    state = [_state(region, x, y) for x, y in zip(node.inputs[:n], node.outputs, strict=True)]
    for y, (now, _) in zip(node.outputs, state, strict=True):
        region.places[y.key] = now
    captured = [region.captured(x) for x in node.inputs[n:]]
    places = [now for now, _ in state] + captured
    bound = _bound(region, node)
    loop = loop_of(captured)
    asked = region.block(test, places, {}, loop)
    asked.lines += [f"if (!{asked.number(test.outputs[0])}) break;", *bound, POLL]
    asked.finish()
    trip = _trip(region, step, captured, state, loop)
    region.lines += loop.lines
    region.lines += ["for (;;) {", *("    " + line for line in (*asked.lines, *trip)), "}"]
    for block in loop.blocks:
        region.program.arena.give(block)
    return True


def _bound(region: Region, node: Node) -> list[str]:
    """What a trip does in a loop whose trips are bounded: Python raises after the last one."""
    most = node.attrs.get("max_trips")
    if most is None:
        return []
    name = region.printer.fresh("v")
    region.lines.append(f"i64 {name} = {-(-most // node.attrs.get('segment', 1))};")
    return [f"if (!{name}--) {{ rt->host(token, {region.program.calls(node, None, True)}, 0); goto failed; }}"]


def _state(region: Region, x: Any, y: Any) -> State:
    """A part of a loop's state, with its first value."""
    if isinstance(y.spec, StackSpec):
        return region.pile(y, region.stack(x).name), None
    if in_register(y.spec):
        return region.variable(y, region.number(x)), None
    if is_small(y.spec):
        return Spread(tuple(region.variable(y, name).name for name in region.each(x)), y.spec), None
    owned = region.taken.setdefault(y.key, [])
    now, then = region.fresh(y.spec, owned), region.fresh(y.spec, owned)
    region.copy(now, region.as_memory(x))
    return now, then


def _trip(region: Region, graph: Graph, captured: Sequence[Place], state: Sequence[State], loop: Loop) -> list[str]:
    """The lines of one trip: the next state is computed beside the present one, then they change places.

    What only changes a part of the state is written where the state is.
    """
    thens = [then for _, then in state]
    nows = [
        replace(now, own=x.key) if isinstance(now, Memory) else now
        for x, (now, _) in zip(graph.inputs, state, strict=False)
    ]
    inner = region.block(graph, [*nows, *captured], targets_for(graph, thens), loop)
    moves: list[str] = []
    for x, y, (now, then) in zip(graph.inputs, graph.outputs, state, strict=False):
        if y.key == x.key:
            continue
        if isinstance(now, Register):
            moves.append(f"{now.name} = {inner.variable(y, inner.number(y)).name};")
        elif isinstance(now, Spread):
            thens_here = [inner.variable(y, name).name for name in inner.each(y)]
            moves += [f"{a} = {b};" for a, b in zip(now.names, thens_here, strict=True)]
        elif isinstance(now, Pile):
            moves.append(f"{now.name} = {inner.pile(y, inner.stack(y).name).name};")
        else:
            assert then is not None
            if _is_changed_in_place(inner.places.get(y.key), y, now):
                continue
            deliver(inner, y, then)
            kind = inner.printer.storage(y.dtype)
            moves.append(f"{{ {kind} *t = {now.pointer}; {now.pointer} = {then.pointer}; {then.pointer} = t; }}")
    inner.finish()
    return [*inner.lines, *moves]


def _is_changed_in_place(place: Place | None, y: Any, now: Memory) -> bool:
    """Whether the next state lies where the present one was."""
    return isinstance(place, Memory) and place.own == y.key and place.pointer == now.pointer


def targets_for(graph: Graph, targets: Sequence[Any]) -> dict[int, Memory]:
    """The memory that outputs of a region can be written to at once: those that are its own, each once."""
    given = {x.key for x in graph.inputs}
    keys = [y.key for y in graph.outputs]
    return {key: target for key, target in zip(keys, targets, strict=True)
            if isinstance(target, Memory) and key not in given and keys.count(key) == 1}  # fmt: skip


def deliver(region: Region, y: Any, target: Memory) -> None:
    """Copy an output of a region to where it belongs, unless it was written there."""
    if isinstance(region.place(y), Spread):
        region.store_each(target, region.each(y), y.dtype)
        return
    source = region.as_memory(y)
    if source.pointer != target.pointer:
        region.copy(target, source)


def write_if(region: Region, node: Node) -> bool:
    """A branch."""
    predicate = region.number(node.inputs[0])
    results = [_declared(region, y) for y in node.outputs]
    places = [region.captured(x) for x in node.inputs[1:]]
    arms = [_arm(region, node.attrs[name], places, results) for name in ("then", "other")]
    region.lines += [f"if ({predicate}) {{", *arms[0], "} else {", *arms[1], "}"]
    for y, place in zip(node.outputs, results, strict=True):
        region.places[y.key] = place
    return True


def _declared(region: Region, y: Any) -> Place:
    """The place of a result that the arms of a branch will write."""
    if isinstance(y.spec, StackSpec):
        return region.pile(y, "{0}")
    if is_small(y.spec):
        return Spread(tuple(region.variable(y, "0").name for _ in range(size(y.shape))), y.spec)
    return region.variable(y, "0") if in_register(y.spec) else region.memory(y)


def _arm(region: Region, graph: Graph, places: Sequence[Place], results: Sequence[Place]) -> list[str]:
    inner = region.block(graph, places, targets_for(graph, results))
    for y, result in zip(graph.outputs, results, strict=True):
        if isinstance(result, Memory):
            deliver(inner, y, result)
        elif isinstance(result, Register):
            inner.lines.append(f"{result.name} = {inner.number(y)};")
        elif isinstance(result, Spread):
            inner.lines += [f"{a} = {b};" for a, b in zip(result.names, inner.each(y), strict=True)]
        else:
            inner.lines.append(f"{result.name} = {inner.stack(y).name};")
    inner.finish()
    return ["    " + line for line in inner.lines]


def write_call(region: Region, node: Node) -> bool:
    """A graph applied to arguments: its lines, here."""
    body = node.attrs["body"]
    inner = region.block(body, [region.captured(x) for x in node.inputs], {})
    region.lines += inner.lines
    for y, result in zip(node.outputs, body.outputs, strict=True):
        region.places[y.key] = inner.place(result)
    for blocks in inner.taken.values():
        region.taken.setdefault(node.outputs[0].key, []).extend(blocks)
    return True


WRITES = {"while": write_while, "if": write_if, "call": write_call}
