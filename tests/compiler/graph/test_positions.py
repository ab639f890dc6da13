"""Nodes know the lines of the user's program that they stand for, and errors while a graph runs name them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.passes.pipeline import optimize

EXECUTORS = ("interpreter", "native")


def line_of(function: Callable[..., Any], text: str) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def nodes(graph: Graph) -> Iterator[Any]:
    for node in graph.nodes:
        yield node
        for value in node.attrs.values():
            if isinstance(value, Graph):
                yield from nodes(value)


def settle(x: Any, w: Any) -> Any:
    h = x @ w
    while wf.sum(h) > 1.0:
        h = wf.tanh(h) * 0.5
    return h


def pick_in_a_loop(x: Any, n: Any) -> Any:
    y = wf.tanh(x)
    for k in range(n):
        y = y + y[k]
    return y


def grow(x: Any, n: Any) -> Any:
    size = 1
    for _ in range(n):
        size = size * 3
    return x * size


def in_a_branch(x: Any, n: Any) -> Any:
    if n > 2:
        x = x + x[n]
    return x


FAILING = [
    (pick_in_a_loop, 4, wf.errors.OutOfRangeError, "y = y + y[k]"),
    (grow, 60, OverflowError, "size = size * 3"),
    (in_a_branch, 3, IndexError, "x = x + x[n]"),
]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(("function", "n", "kind", "text"), FAILING)
def test_an_error_while_a_graph_runs_names_the_line_inside(
    function: Any, n: int, kind: type[Exception], text: str, executor: str
) -> None:
    compiled = wf.compile(function)
    with wf.options(executor=executor), pytest.raises(kind) as error:
        compiled(wf.ones(3), wf.tensor(n))
    assert f"test_positions.py:{line_of(function, text)}   {text}" in str(error.value)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_error_under_a_tape_names_the_line_inside(executor: str) -> None:
    compiled = wf.compile(pick_in_a_loop)
    with wf.options(executor=executor), pytest.raises(IndexError) as error:
        wf.grad(lambda x: wf.sum(compiled(x, wf.tensor(9))))(wf.ones(3))
    assert "y = y + y[k]" in str(error.value)


def test_every_node_of_a_traced_and_optimised_graph_has_its_line() -> None:
    graph = wf.compile(settle).graph(wf.ones((2, 2)), wf.ones((2, 2)))
    expected = {
        "matmul": "h = x @ w",
        "while": "while wf.sum(h)",
        "greater": "while wf.sum(h)",
        "tanh": "h = wf.tanh(h)",
        "multiply": "h = wf.tanh(h)",
    }
    for one in (graph, optimize(graph)):
        found = {node.op.name: node.where for node in nodes(one)}
        for name, text in expected.items():
            assert found[name].line == line_of(settle, text), name


def test_the_way_back_of_a_node_is_written_for_its_line() -> None:
    def loss(x: Any) -> Any:
        y = wf.tanh(x)
        return wf.sum(y * y)

    compiled = wf.compile(loss)

    @wf.compile
    def step(x: Any) -> Any:
        return wf.grad(compiled)(x)

    graph = step.graph(wf.ones(3))
    lines = {node.where.line for node in nodes(graph) if node.where is not None}
    assert line_of(loss, "y = wf.tanh") in lines
