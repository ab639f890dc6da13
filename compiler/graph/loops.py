"""The way back of a loop: a loop that counts down and takes off a stack, in reverse, the states that were saved.

The loop in the graph is exchanged for its saving form, which pushes each state on a stack and counts. The step of
the way back pops a state, computes the step again from it, and carries cotangents through. Where that would compute
products again, the saving form pushes what they gave, too. A loop that saves every
k-th state only is a loop over segments of k trips, and each segment a loop itself: its way back computes a segment
again from the state at its beginning, saving the states within, so n / k + k states are held in place of n.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from ...runtime import dtypes, observers
from ...runtime.op import Node
from ...runtime.spec import Spec, stack_of
from ...runtime.tensor import OPS
from .cotangents import or_zeros, smooth, vjp, zeros
from .graph import Graph, close, region_of, write_to, writing
from .joint import kept_by_runs
from .rewrite import does_something
from .sizes import fitted, opened_like, same_spec
from .stack import empty_stack, pop, push
from .symbolic import SymbolicTensor

COUNT = Spec((), dtypes.int64)


def innermost(graph: Graph) -> Graph:
    """Where values computed of those of a graph are written: the region being written, if it is inside."""
    inner = writing()
    return inner if inner is not None and inner.within(graph) else graph


def pull_while(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    """Write the way back of a loop: the cotangents of the operands in `known`, with their keys."""
    saved = _Saved(node.outputs[0].context, node)
    graph, n, operands = innermost(node.outputs[0].context), saved.n, saved.operands
    wanted = [i for i in smooth(operands) if i < n or operands[i].key in known]
    carried = [i for i, dy in enumerate(dys) if dy is not None]
    while True:  # a state carries a cotangent if one comes to it in some trip
        back = _Back(graph, saved, carried, wanted)
        more = sorted({*carried, *(i for i in back.found if i < n)})
        if more == carried:
            break
        carried = more
    first = [zeros(graph, saved.results[i]) if i >= len(dys) or dys[i] is None else dys[i] for i in carried]
    ends = back.written(graph, node, first)
    dxs = [fitted(dx, operands[i].spec) for i, dx in zip(carried, ends, strict=False)] + list(ends[len(carried) :])
    keys = [operands[i].key for i in (*carried, *back.captures)]
    return [(key, dx) for key, dx in zip(keys, dxs, strict=False) if key in known]


class _Back:
    """The step of the way back, for cotangents of the carried states; `found` has those that come of it."""

    def __init__(self, graph: Graph, saved: _Saved, carried: list[int], wanted: list[int]) -> None:
        step, n = saved.step, saved.n
        self.saved, self.carried, self.region = saved, carried, Graph(graph)
        region = self.region
        with write_to(region), observers.hidden():
            dys = [region.input(opened_like(step.inputs[i].spec, saved.operands[i].spec)) for i in carried]
            popped = [pop(region.input(x.spec)) for x in saved.stacks]
            given: list[Any] = [None] * n
            for i, dy in zip(carried, dys, strict=True):  # their sizes are those of the state that was popped
                given[i] = fitted(dy, step.outputs[i].spec)
            self.rest = [rest for rest, _ in popped]
            self.left = region.input(COUNT)
            self.args = [x for _, x in popped[:n]] + [region.lift(x) for x in saved.operands[n:]]
            kept = dict(zip(saved.kept, [x for _, x in popped[n:]], strict=True))
            dxs = vjp(region, step, self.args, given, wanted, kept)
        self.found = {i: dx for i, dx in zip(wanted, dxs, strict=True) if dx is not None}
        self.captures = [i for i in self.found if i >= n]  # whose cotangents are summed over the trips

    def written(self, graph: Graph, node: Node, first: Sequence[Any]) -> Sequence[Any]:
        """Write the loop: its results."""
        region, m, operands = self.region, len(self.carried), self.saved.operands
        start = [*first, *(zeros(graph, operands[i]) for i in self.captures), *self.saved.stacks, self.saved.count]
        with write_to(region), observers.hidden():
            sums = [SymbolicTensor(region, operands[i].spec) for i in self.captures]
            region.inputs[m:m] = sums
            dxs = or_zeros(region, [self.found.get(i) for i in self.carried], [self.args[i] for i in self.carried])
            totals = [before + self.found[i] for before, i in zip(sums, self.captures, strict=True)]
            region.outputs = [region.lift(y) for y in (*dxs, *totals, *self.rest, self.left - 1)]
        test = region_of(graph, [x.spec for x in region.inputs])
        with write_to(test), observers.hidden():
            test.outputs = [test.inputs[-1] > 0]
        outer = close([test, region])
        return graph.run(node.op, (*start, *outer), {"test": test, "step": region})


class _Saved:
    """A loop of a graph, exchanged for its saving form unless that was done for another gradient."""

    def __init__(self, graph: Graph, node: Node) -> None:
        place = next(i for i, x in enumerate(graph.nodes) if any(y is node.outputs[-1] for y in x.outputs))
        self.graph = graph
        self.attrs = _segments(graph, node)
        self.step: Graph = self.attrs["step"]
        self.n = len(self.step.outputs)
        self.kept = kept_by_runs(self.step)
        self.specs = [x.spec for x in self.step.inputs[: self.n]]
        if len(graph.nodes[place].outputs) == len(node.outputs):
            place = self._exchange(place)
        saving = graph.nodes[place]
        self.results: tuple[Any, ...] = saving.outputs
        given, bounds = node.inputs, saving.inputs[len(node.outputs) : self.n]
        self.operands = (*given[: len(node.outputs)], *bounds, *given[len(node.outputs) :])

    @property
    def stacks(self) -> tuple[Any, ...]:
        """The states that the loop went through, then what was kept of every trip."""
        return (*self.results[self.n : 2 * self.n], *self.results[2 * self.n + 1 : 2 * self.n + 1 + len(self.kept)])

    @property
    def count(self) -> Any:
        """How many there are."""
        return self.results[2 * self.n]

    def _exchange(self, place: int) -> int:
        """Put the saving form in the place of the loop: where it is."""
        graph, node, n = self.graph, self.graph.nodes[place], self.n  # tapes know some of its results by other names
        tail = graph.nodes[place + 1 :]
        del graph.nodes[place:]
        trips = self.attrs.get("max_trips")
        capacity = None if trips is None else -(-trips // self.attrs.get("segment", 1))
        state = list(node.inputs[: len(node.outputs)])
        if len(state) < n:
            state.append(graph.lift(OPS["asarray"](trips)))
        kept = [self.step.nodes[i].outputs[k].spec for i, k in self.kept]  # pyright: ignore
        empties = [
            graph.emit(empty_stack, (), {"element": s, "capacity": capacity}, [stack_of(s)])[0]
            for s in (*self.specs, *kept)
        ]
        zero = graph.lift(OPS["asarray"](0))
        attrs = {**self.attrs, "test": self._widened(self.attrs["test"], False), "step": self._widened(self.step, True)}
        extra = [*self.specs[len(node.outputs) :], *map(stack_of, self.specs), COUNT, *map(stack_of, kept)]
        outputs = (*node.outputs, *(SymbolicTensor(graph, s) for s in extra))
        inputs = (*state, *empties[:n], zero, *empties[n:], *node.inputs[len(node.outputs) :])
        place = len(graph.nodes)
        graph.nodes += [node.changed(inputs=inputs, attrs=attrs, outputs=outputs), *tail]
        if observers.watching.count:  # tapes around know the state already; of the stacks they have to be told
            unseen = tuple(SymbolicTensor(graph, s) for s in self.specs)
            observers.tell(node.op, inputs, attrs, (*unseen, *outputs[n:]))
        return place

    def _widened(self, region: Graph, saves: bool) -> Graph:
        """A region of the loop for its saving form."""
        n, new = self.n, Graph(region.parent)
        inputs = [new.input(s) for s in (*self.specs, *map(stack_of, self.specs), COUNT)]
        stacks = [new.input(stack_of(self.step.nodes[i].outputs[k].spec)) for i, k in self.kept]  # pyright: ignore
        rest = [new.input(x.spec, x.name) for x in region.inputs[n:]]
        outputs, nodes = new.inline(region, [*inputs[:n], *rest])
        if saves:
            kept = [nodes[i].outputs[k] for i, k in self.kept]
            with write_to(new), observers.hidden():
                outputs += [push(stack, x) for stack, x in zip(inputs[n : 2 * n], inputs[:n], strict=True)]
                outputs.append(inputs[2 * n] + 1)
                outputs += [push(stack, x) for stack, x in zip(stacks, kept, strict=True)]
        new.outputs = outputs
        return new


def _segments(graph: Graph, node: Node) -> dict[str, Any]:
    """The attributes of a loop over segments, if it is to save every k-th state; of the loop itself otherwise.

    A bound on the trips becomes one more state, the number of trips that are left.
    """
    attrs = {k: v for k, v in node.attrs.items() if k != "save_every"}
    every, trips = node.attrs.get("save_every"), node.attrs.get("max_trips")
    test, step, n = attrs["test"], attrs["step"], len(node.outputs)
    same = all(same_spec(x.spec, y.spec) for x, y in zip(step.inputs[:n], node.inputs, strict=False))
    if every is None or every < 2 or not same or does_something(test):
        return attrs
    state, bounds = [x.spec for x in step.inputs[:n]], [COUNT] * (trips is not None)
    captured = [x.spec for x in step.inputs[n:]]
    outer_test, outer_step = (region_of(graph, [*state, *bounds, *captured]) for _ in range(2))
    outer_test.outputs, _ = outer_test.inline(test, _without(outer_test.inputs, n, len(bounds)))
    inner_test, inner_step = (region_of(outer_step, [*state, COUNT, *bounds, *captured]) for _ in range(2))
    with write_to(inner_test), observers.hidden():
        (more,), _ = inner_test.inline(test, _without(inner_test.inputs, n, 1 + len(bounds)))
        for bound in (every, *inner_test.inputs[n + 1 : n + 1 + len(bounds)]):
            more = OPS["logical_and"](more, inner_test.inputs[n] < bound)
        inner_test.outputs = [more]
    with write_to(inner_step), observers.hidden():
        outputs, _ = inner_step.inline(step, _without(inner_step.inputs, n, 1 + len(bounds)))
        inner_step.outputs = [*outputs, inner_step.inputs[n] + 1]
    with write_to(outer_step), observers.hidden():
        inputs = (*outer_step.inputs[:n], outer_step.lift(OPS["asarray"](0)), *outer_step.inputs[n:])
        regions = {"test": inner_test, "step": inner_step, "max_trips": every}
        *ends, done = outer_step.emit(node.op, inputs, regions, [*state, COUNT])
        outer_step.outputs = [*ends, *(left - done for left in outer_step.inputs[n : n + len(bounds)])]
    return {**attrs, "test": outer_test, "step": outer_step, "segment": every}


def _without(values: Sequence[Any], at: int, count: int) -> list[Any]:
    return [*values[:at], *values[at + count :]]
