"""Control flow as steps: loops, branches, and calls of graphs.

The state of a loop is in two pieces of memory that take turns, as on the CPU; stacks are in the frame. The results of a
branch have one place, which either arm writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...runtime.op import Node
from ...runtime.spec import StackSpec, size
from ..backend import lanewise
from ..backend.flow import targets_for, write_call
from ..backend.places import Memory, Pile, Place, bytes_of
from ..graph.graph import Graph
from . import thread
from .piles import Rename
from .steps import If, Step, Turn, While, spot_of

if TYPE_CHECKING:
    from .region import GpuRegion

State = tuple[Place, Memory | None]  # where it is, and where its next value is written


def write_while(region: GpuRegion, node: Node) -> bool:
    """A loop; one that the elements run apart from each other, or that is small, is a kernel."""
    if lanewise.write(region, node) or thread.write(region, node):  # pyright: ignore[reportArgumentType]
        return True
    test, step = node.attrs["test"], node.attrs["step"]
    n = len(step.outputs)
    state = [_state(region, x, y) for x, y in zip(node.inputs[:n], node.outputs, strict=True)]
    for y, (now, _) in zip(node.outputs, state, strict=True):
        region.places[y.key] = now
    captured = [region.captured(x) for x in node.inputs[n:]]
    asked = region.block(test, [now for now, _ in state] + captured, {})
    flag = asked.as_memory(test.outputs[0])
    if region.program.is_checked:
        flag = asked.unless_failed(flag, region.taken.setdefault(node.outputs[0].key, []))
    asked.finish()
    most = node.attrs.get("max_trips")
    most = None if most is None else -(-most // node.attrs.get("segment", 1))
    body, turns = _trip(region, step, captured, state)
    region.lines.append(While(tuple(asked.lines), spot_of(flag), body, turns, node, most))
    return True


def _state(region: GpuRegion, x: Any, y: Any) -> State:
    """A part of a loop's state, with its first value."""
    if isinstance(y.spec, StackSpec):
        now = region.pile_of(y)
        region.lines.append(Rename(now.name, region.stack(x).name))
        return now, None
    owned = region.taken.setdefault(y.key, [])
    now, then = region.fresh(y.spec, owned), region.fresh(y.spec, owned)
    if size(y.shape):
        region.write(now, x)
    return now, then


def _trip(
    region: GpuRegion, graph: Graph, captured: Sequence[Place], state: Sequence[State]
) -> tuple[tuple[Step, ...], tuple[Turn, ...]]:
    """The steps of one trip, which write the next state beside the present one; and what takes turns after them."""
    nows = [replace(now, own=x.key) if isinstance(now, Memory) else now
            for x, (now, _) in zip(graph.inputs, state, strict=False)]  # fmt: skip
    inner = region.block(graph, [*nows, *captured], targets_for(graph, [then for _, then in state]))
    turns: list[Turn] = []
    renamed: list[Step] = []
    for x, y, (now, then) in zip(graph.inputs, graph.outputs, state, strict=False):
        if y.key == x.key:
            continue
        if isinstance(now, Pile):
            source = inner.stack(y).name
            fresh = region.pile_of(y)
            inner.lines.append(Rename(fresh.name, source))
            renamed.append(Rename(now.name, fresh.name))
            continue
        assert isinstance(now, Memory)
        assert then is not None
        place = inner.places.get(y.key)
        if isinstance(place, Memory) and place.own == y.key and place.pointer == now.pointer:
            continue  # it was changed where it is
        deliver(inner, y, then)
        turns.append(Turn(now.pointer, then.pointer, bytes_of(now.spec)))
    inner.finish()
    return (*inner.lines, *renamed), tuple(turns)


def deliver(region: GpuRegion, y: Any, target: Memory) -> None:
    """Copy an output of a region to where it belongs, unless it was written there."""
    source = region.as_memory(y)
    if source.pointer != target.pointer:
        region.copy(target, source)


def write_if(region: GpuRegion, node: Node) -> bool:
    """A branch."""
    predicate = spot_of(region.as_memory(node.inputs[0]))
    results = [region.pile_of(y) if isinstance(y.spec, StackSpec) else region.memory(y) for y in node.outputs]
    places = [region.captured(x) for x in node.inputs[1:]]
    arms = [_arm(region, node.attrs[name], places, results) for name in ("then", "other")]
    region.lines.append(If(predicate, *arms))
    for y, place in zip(node.outputs, results, strict=True):
        region.places[y.key] = place
    return True


def _arm(region: GpuRegion, graph: Graph, places: Sequence[Place], results: Sequence[Place]) -> tuple[Step, ...]:
    inner = region.block(graph, places, targets_for(graph, results))
    for y, result in zip(graph.outputs, results, strict=True):
        if isinstance(result, Pile):
            inner.lines.append(Rename(result.name, inner.stack(y).name))
        elif size(y.shape):
            assert isinstance(result, Memory)
            deliver(inner, y, result)
    inner.finish()
    return tuple(inner.lines)


WRITES = {"while": write_while, "if": write_if, "call": write_call}
