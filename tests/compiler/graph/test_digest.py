"""Digests: equal for graphs that compute the same in the same way, different for all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.digest import Digest, digest
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.parser import parse
from weft.runtime.op import op
from weft.runtime.spec import Spec

LOOP = """
graph ({x}: f32[3]) -> f32[3] {{
  {y} = while ({y}: f32[3] = {x}) {{
    test {{ a = max {y}; b = less a {most}; yield b }}
    step {{ c = multiply {y} 2.0; yield c }}
  }}
  return {y}
}}"""


def known(graph: Graph) -> Digest:
    found = digest(graph)
    assert found is not None
    return found


def test_names_make_no_difference_and_what_a_region_holds_does() -> None:
    graph = parse(LOOP.format(x="x", y="y", most="9.0"))
    assert known(graph).name == known(parse(LOOP.format(x="a1", y="b1", most="9.0"))).name
    assert known(graph).name != known(parse(LOOP.format(x="x", y="y", most="8.0"))).name


DIFFERENT: dict[str, list[Callable[[Any], Any]]] = {
    "numbers": [lambda x, n=n: x * n for n in (1.5, -1.5, 2, 2.0, True, 0.0, -0.0, float("nan"), float("inf"))],
    "ops": [lambda x: wf.sin(x), lambda x: wf.cos(x), lambda x: x, lambda x: wf.sin(wf.sin(x))],
    "attributes": [lambda x, a=a, k=k: wf.sum(x, axis=a, keepdims=k) for a, k in ((0, False), (1, False), (0, True))],
    "dtypes": [lambda x, d=d: wf.astype(x, d) for d in (wf.float64, wf.float16, wf.bfloat16, wf.int32)],
    "operands": [lambda x: x - wf.exp(x), lambda x: wf.exp(x) - x, lambda x: x - x],
    "results": [lambda x: (x, wf.exp(x)), lambda x: (wf.exp(x), x), lambda x: wf.exp(x)],
    "constants": [lambda x, c=c, d=d: x @ wf.tensor(np.asarray(c, d)) for c, d in (
        ([[0, 1], [2, 3]], "f4"), ([[0, 1], [2, 4]], "f4"), ([[-0.0, 1], [2, 3]], "f4"), ([[0, 1], [2, 3]], "f8"))],
}  # fmt: skip


@pytest.mark.parametrize("functions", DIFFERENT.values(), ids=list(DIFFERENT))
def test_what_is_computed_differently_has_another_digest(functions: list[Callable[[Any], Any]]) -> None:
    graphs = [wf.compile(f).graph(wf.ones((2, 2))) for f in functions for _ in range(2)]
    names = [known(graph).name for graph in graphs]
    assert names[::2] == names[1::2]
    assert len(set(names)) == len(functions)


def test_lines_count_by_which_nodes_share_one() -> None:
    def one(x: Any) -> Any:
        return wf.sin(wf.cos(x))

    def moved(x: Any) -> Any:

        return wf.sin(wf.cos(x))

    def two(x: Any) -> Any:
        y = wf.cos(x)
        return wf.sin(y)

    graphs = [wf.compile(f).graph(wf.ones(3)) for f in (one, moved, two)]
    first, second, third = map(known, graphs)
    assert first.name == second.name != third.name
    assert [line.line - first.lines[0].line for line in (*first.lines, *second.lines)] == [0, 4]  # pyright: ignore


def test_constants_are_given_in_the_order_in_which_they_stand() -> None:
    weights, more = np.array([[1.0, 2.0]], "f4"), np.array([3.0, 4.0], "f4")
    found = known(wf.compile(lambda x: x * wf.tensor(weights) + wf.tensor(more)).graph(wf.ones((2, 2))))
    assert [array.tolist() for array in found.arrays] == [weights.tolist(), more.tolist()]


def test_what_has_no_text_has_no_digest() -> None:
    @op(lambda x: x + 1.0)
    def raised_by_one(x: Any, /) -> Spec:
        return Spec(x.shape, x.dtype)

    sized = wf.compile(lambda x: wf.sin(x), signature=[wf.spec(["n"], wf.float32)])
    assert digest(sized.graph(wf.ones(3))) is None
    assert digest(wf.compile(lambda x: wf.sin(raised_by_one(x))).graph(wf.ones(3))) is None
