"""Random graphs for property tests: elementwise ops, shapes, constants, nested loops of few trips, branches."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

import weft as wf
from weft.compiler.graph.control import apply_control, if_, while_
from weft.compiler.graph.graph import Graph, close, region_of
from weft.runtime import dtypes
from weft.runtime.spec import Spec

F, I = dtypes.float64, dtypes.int64
BINARY = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, wf.maximum,
          lambda x, y: wf.where(x > y, x, y)]  # fmt: skip
UNARY = [wf.tanh, wf.sin, lambda x: -x, lambda x: x * 1.0, lambda x: x + 0.0, lambda x: x - 0.0, lambda x: x * 0.5,
         lambda x: wf.reshape(wf.reshape(x, (-1,)), x.shape), lambda x: wf.exp(-x * x), wf.stop_gradient,
         lambda x: x + np.full((), 0.25), lambda x: wf.sum(x) + x, lambda x: wf.astype(x, F)]  # fmt: skip


def random_graph(seed: int, nodes: int = 12) -> Graph:
    """A graph of three inputs f64[3], f64[], i64[] and some floating outputs."""
    rng = random.Random(seed)
    graph = Graph()
    values: list[Any] = [graph.input(Spec((3,), F), "x"), graph.input(Spec((), F))]
    number = graph.input(Spec((), I), "n")
    _grow(graph, rng, values, number, nodes, 2)
    graph.outputs = rng.sample(values, min(len(values), 3))
    return graph


def _grow(graph: Graph, rng: random.Random, values: list[Any], number: Any, nodes: int, depth: int) -> None:
    for _ in range(nodes):
        draw = rng.random()
        if depth and draw < 0.12:
            values += _loop(graph, rng, values, number, depth)
        elif depth and draw < 0.22:
            values += _branch(graph, rng, values, number, depth)
        elif draw < 0.6:
            values.append(rng.choice(UNARY)(rng.choice(values)))
        else:
            values.append(rng.choice(BINARY)(rng.choice(values), rng.choice(values)))


def _loop(graph: Graph, rng: random.Random, values: list[Any], number: Any, depth: int) -> list[Any]:
    state = [rng.choice(values) for _ in range(rng.randint(1, 3))]
    start = graph.lift(wf.asarray(rng.randint(0, 3)))
    specs = [*[x.spec for x in state], start.spec]
    test, step = region_of(graph, specs), region_of(graph, specs)
    test.outputs = [test.inputs[-1] > 0]
    inner = [*step.inputs[:-1], *[step.lift(x) for x in rng.sample(values, min(2, len(values)))]]
    _grow(step, rng, inner, step.lift(number), rng.randint(1, 4), depth - 1)
    step.outputs = [_like(rng.choice(inner), x) for x in step.inputs[:-1]] + [step.inputs[-1] - 1]
    outer = close([test, step])
    return list(apply_control(graph, while_, (*state, start, *outer), {"test": test, "step": step}))[:-1]


def _branch(graph: Graph, rng: random.Random, values: list[Any], number: Any, depth: int) -> list[Any]:
    wanted = rng.choice(values)
    predicate = number > rng.randint(-1, 2) if rng.random() < 0.7 else graph.lift(wf.asarray(rng.random() < 0.5))
    branches = []
    for _ in range(2):
        region = Graph(graph)
        inner = [region.lift(x) for x in rng.sample(values, min(3, len(values)))]
        _grow(region, rng, inner, region.lift(number), rng.randint(0, 4), depth - 1)
        region.outputs = [_like(rng.choice(inner), wanted)]
        branches.append(region)
    outer = close(branches)
    return list(apply_control(graph, if_, (predicate, *outer), {"then": branches[0], "other": branches[1]}))


def _like(x: Any, wanted: Any) -> Any:
    x = wf.tanh(x)
    return wf.sum(x) if x.shape and not wanted.shape else wf.broadcast_to(x, wanted.shape)


def arguments(seed: int) -> list[Any]:
    """Arguments for a random graph, some of them special."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=3)
    if seed % 5 == 0:
        x[0], x[1] = -0.0, np.inf
    return [wf.asarray(x), wf.asarray(np.asarray(rng.normal())), wf.asarray(int(rng.integers(-1, 3)))]
