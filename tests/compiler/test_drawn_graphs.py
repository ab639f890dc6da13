"""Drawn graphs verify, print, parse, and mean after every pass what they meant; their derivatives are derivatives."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from drawn_graphs import Drawn, graphs
from hypothesis import given
from meaning import keep_meaning, meaning, same
from search import examples

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.verify import verify
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.partition import called
from weft.compiler.passes.pipeline import optimize
from weft.runtime import dtypes
from weft.runtime.errors import GradientError

STEP = 1e-6


@examples(150)
@given(graphs())
def test_each_pass_and_the_text_keep_the_meaning_of_drawn_graphs(drawn: Drawn) -> None:
    if meaning(*drawn).how == "gives":  # an op that fails is dropped if nobody reads what it gives
        keep_meaning(*drawn)


def test_derivatives_of_drawn_graphs_agree_with_the_tape_and_with_differences_to_order_two() -> None:
    tally: Counter[str] = Counter()

    @examples(80)
    @given(graphs(smooth=True))
    def check(drawn: Drawn) -> None:
        graph, data = drawn
        wanted = [i for i, x in enumerate(graph.inputs) if x.dtype in dtypes.FLOATS]
        try:
            once = verify(differentiate(graph, wanted))
            twice = verify(differentiate(once, wanted))
        except GradientError:  # an op without a rule
            tally["none"] += 1
            return
        for one in (once, twice):
            found, expected = meaning(optimize(one), data), meaning(one, data)
            assert same(found, expected), f"{one}\ngives {expected}, optimized {found}"
        if meaning(twice, data).how == "gives":
            agrees_with_the_tape(graph, once, data, wanted)
            tally["first"] += agrees_with_differences(graph, once, data, wanted)
            tally["second"] += agrees_with_differences(once, twice, data, wanted)

    check()
    print(tally)
    assert min(tally["first"], tally["second"]) >= 20, tally


def agrees_with_the_tape(graph: Graph, once: Graph, data: list[Any], wanted: list[int]) -> None:
    sources = [data[i] for i in wanted]
    with wf.GradientTape() as tape:
        tape.watch(sources)
        targets = [y for y in called(graph, data) if y.dtype in dtypes.FLOATS]
    expected = tape.gradient(targets, sources, unconnected="zero")
    for dx, dy in zip(interpret(once, data)[len(graph.outputs) :], expected, strict=True):
        np.testing.assert_allclose(dx.numpy(), dy.numpy(), 1e-7, 1e-9, err_msg=str(graph))


def agrees_with_differences(graph: Graph, derived: Graph, data: list[Any], wanted: list[int]) -> bool:
    """Hold the gradients that `derived` adds against the slope of what `graph` gives; whether it has one."""
    rng = np.random.default_rng(0)
    ways = {i: rng.normal(size=data[i].shape) for i in wanted}

    def total(step: float) -> float:
        moved = [wf.tensor(x.numpy() + step * ways[i]) if i in ways else x for i, x in enumerate(data)]
        with np.errstate(all="ignore"):
            return float(sum(y.numpy().sum() for y in interpret(graph, moved) if y.dtype in dtypes.FLOATS))

    before, here, after = total(-STEP), total(0.0), total(STEP)
    left, right, slope = (here - before) / STEP, (after - here) / STEP, (after - before) / (2 * STEP)
    if not np.all(np.isfinite([left, right])) or abs(here) > 1e4 or not np.isclose(left, right, 1e-2, 1e-2):
        return False
    dxs = interpret(derived, data)[len(graph.outputs) :]
    found = float(sum((dx.numpy() * ways[i]).sum() for i, dx in zip(wanted, dxs, strict=True)))
    assert np.isclose(found, slope, 1e-3, 1e-4), f"{graph}\nof {data}: gradient {found}, differences {slope}"
    return True
