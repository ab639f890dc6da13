"""Every pass keeps what a graph means, bit for bit, and leaves a graph that verifies; so do text and derivatives."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_graphs import arguments, random_graph

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.parser import parse
from weft.compiler.graph.rewrite import same
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.compiler.passes.dce import dce
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.erase import erase
from weft.compiler.passes.pipeline import PASSES, nodes_in, optimize
from weft.compiler.passes.prune import prune
from weft.runtime import dtypes
from weft.runtime.spec import Spec


def run(graph: Graph, seed: int) -> list[Any]:
    return [y.numpy() for y in interpret(graph, arguments(seed))]


def agree(x: list[Any], y: list[Any]) -> None:
    for a, b in zip(x, y, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        nan = np.isnan(a)
        np.testing.assert_array_equal(np.signbit(a[~nan]), np.signbit(b[~nan]))


@pytest.mark.parametrize("seed", range(60))
def test_each_pass_keeps_the_meaning_of_random_graphs(seed: int) -> None:
    graph = verify(random_graph(seed))
    before, shown = run(graph, seed), text(graph)
    for one in (*PASSES, erase, optimize):
        new = verify(one(graph))
        agree(before, run(new, seed))
        if one is not optimize:
            assert same(one(new), one(one(new))), one.__name__
    assert text(graph) == shown


@pytest.mark.parametrize("seed", range(60))
def test_text_prints_and_parses_to_the_same_graph(seed: int) -> None:
    graph = random_graph(seed)
    back = verify(parse(text(graph)))
    assert same(graph, back)
    assert text(back) == text(graph)
    assert same(parse(text(graph, types=True)), graph)


@pytest.mark.parametrize("seed", [s for s in range(40) if s % 5])
def test_gradients_are_the_same_after_optimizing(seed: int) -> None:
    graph = random_graph(seed, 8)
    once = verify(differentiate(graph))
    small = verify(optimize(once))
    agree(run(once, seed), run(small, seed))
    first = verify(differentiate(optimize(graph)))
    for a, b in zip(run(once, seed), run(first, seed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(1, 5))
def test_second_derivatives_survive_optimizing(seed: int) -> None:
    graph = random_graph(seed, 5)
    twice = differentiate(differentiate(graph))
    agree(run(twice, seed), run(verify(optimize(twice)), seed))


def test_two_thousand_ops_are_optimized_in_time() -> None:
    graph = Graph()
    x = y = graph.input(Spec((3,), dtypes.float32))
    for _ in range(1000):
        y = wf.tanh(y) + x
    graph.outputs = [y]
    start = time.perf_counter()
    optimize(graph)
    assert time.perf_counter() - start < 2


PRUNED = {
    "a branch never taken": (
        """graph (x: f32[]) -> f32[] {
          p = constant value=bool[] False
          y = if p (x) { then { a = exp x; yield a } else { b = sin x; yield b } }
          return y
        }""",
        """graph (x: f32[]) -> f32[] { b = sin x; return b }""",
    ),
    "a result that both branches hand on": (
        """graph (p: bool[], x: f32[], w: f32[]) -> f32[], f32[] {
          y, z = if p (x, w) { then { a = exp x; yield a, w } else { yield x, w } }
          return y, z
        }""",
        """graph (p: bool[], x: f32[], w: f32[]) -> f32[], f32[] {
          y = if p (x) { then { a = exp x; yield a } else { yield x } }
          return y, w
        }""",
    ),
    "a constant that both branches give": (
        """graph (p: bool[], x: f32[]) -> f32[], i64[] {
          y, n = if p (x) {
            then { a = exp x; c = constant value=i64[] 2; yield a, c }
            else { d = constant value=i64[] 2; yield x, d }
          }
          return y, n
        }""",
        """graph (p: bool[], x: f32[]) -> f32[], i64[] {
          n = constant value=i64[] 2
          y = if p (x) { then { a = exp x; yield a } else { yield x } }
          return y, n
        }""",
    ),
    "branches that differ stay": (
        """graph (p: bool[], x: f32[], w: f32[]) -> f32[], i64[] {
          y, n = if p (x, w) {
            then { c = constant value=i64[] 2; yield x, c }
            else { d = constant value=i64[] 3; yield w, d }
          }
          return y, n
        }""",
        None,
    ),
    "zeros of two signs stay": (
        """graph (p: bool[]) -> f32[] {
          y = if p () { then { c = constant value=f32[] 0.0; yield c } else { d = constant value=f32[] -0.0; yield d } }
          return y
        }""",
        None,
    ),
    "branches that are the same": (
        """graph (p: bool[], x: f32[]) -> f32[] {
          y = if p (x) { then { a = exp x; yield a } else { b = exp x; yield b } }
          return y
        }""",
        """graph (p: bool[], x: f32[]) -> f32[] { a = exp x; return a }""",
    ),
    "a loop that makes no trip": (
        """graph (x: f32[]) -> f32[] {
          n = constant value=i64[] 0
          y, m = while (y: f32[] = x, m: i64[] = n) {
            test { a = greater m 0; yield a }
            step { b = exp y; c = subtract m 1; yield b, c }
          }
          return y
        }""",
        """graph (x: f32[]) -> f32[] { return x }""",
    ),
}


@pytest.mark.parametrize(("before", "after"), PRUNED.values(), ids=list(PRUNED))
def test_pruning_leaves_what_may_run(before: str, after: str | None) -> None:
    graph = parse(before)
    pruned = verify(dce(prune(graph)))
    assert same(pruned, parse(after or before)), text(pruned)


def test_a_differentiated_loop_runs_once() -> None:
    graph = parse("""
    graph (x: f64[]) -> f64[] {
      y = while (y: f64[] = x) { test { a = less y 9.0; yield a } step { b = multiply y y; yield b } }
      return y
    }""")
    loops = [node for node in optimize(differentiate(graph)).nodes if node.op.name == "while"]
    assert len(loops) == 2  # there and back


@pytest.mark.parametrize("one", [*PASSES, erase, optimize], ids=lambda one: one.__name__)
def test_a_pass_that_finds_nothing_to_do_gives_the_graph_itself(one: Any) -> None:
    graph = parse("graph (x: f32[3]) -> f32[3] { a = tanh x; b = multiply a x; return b }")
    assert one(graph) is graph


def test_a_pass_that_finds_something_in_a_region_leaves_the_graph_as_it_was() -> None:
    graph = parse("""
    graph (x: f32[]) -> f32[] {
      y = while (y: f32[] = x) {
        test { a = less y 9.0; yield a }
        step { b = multiply y 1.0; c = exp b; d = exp b; e = add c d; yield e }
      }
      return y
    }""")
    before = text(graph)
    for one in PASSES:
        one(graph)
        assert text(graph) == before
    assert nodes_in(optimize(graph)) == nodes_in(graph) - 2
