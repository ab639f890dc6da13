"""Sums of rows in loops: the same gradients as eagerly, and no sum of all the rows in a trip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.parser import parse
from weft.compiler.graph.text import text
from weft.compiler.passes.narrow import narrow

X = wf.tensor(np.random.default_rng(0).normal(size=(30, 20)))
AT = wf.tensor([2, 0, 2, 5])


def rows(x: Any, n: Any) -> Any:
    h, t = wf.zeros(20, dtype=wf.float64), wf.asarray(0)
    while t < n:
        h = wf.tanh(x[t] + 0.5 * h)
        t = t + 1
    return wf.sum(h**2)


def columns(x: Any, n: Any) -> Any:
    h, t = wf.zeros(30, dtype=wf.float64), wf.asarray(0)
    while t < n:
        h = wf.sin(x[:, t] * (h + 1.0))
        t = t + 1
    return wf.sum(h)


def elements(x: Any, n: Any) -> Any:
    h, t = wf.asarray(0.1, dtype=wf.float64), wf.asarray(0)
    while t < n:
        h = h * x[t, t + 1] + x[t + 1, t]
        t = t + 1
    return h


def rows_that_meet(x: Any, n: Any) -> Any:
    h, t = wf.zeros((4, 20), dtype=wf.float64), wf.asarray(0)
    while t < n:
        h = wf.tanh(x[AT + t] + h)
        t = t + 1
    return wf.sum(h**2)


LOOPS = [rows, columns, elements, rows_that_meet]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("executor", ["interpreter", "native"])
def test_gradients_are_those_of_eager_code(loop: Callable[..., Any], executor: Any) -> None:
    gradient = lambda x, n: wf.grad(loop)(x, n)
    n = wf.asarray(17)
    with wf.eagerly():
        expected = gradient(X, n).numpy()
    with wf.options(executor=executor):
        np.testing.assert_allclose(wf.compile(gradient)(X, n).numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
def test_second_derivatives_are_those_of_eager_code(loop: Callable[..., Any]) -> None:
    second = lambda x, n: wf.grad(lambda x: wf.sum(wf.grad(loop)(x, n) ** 2))(x)
    n = wf.asarray(5)
    with wf.eagerly():
        expected = second(X, n).numpy()
    np.testing.assert_allclose(wf.compile(second)(X, n).numpy(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
def test_no_trip_makes_zeros_for_the_other_rows(loop: Callable[..., Any]) -> None:
    graph = str(wf.compile(lambda x, n: wf.grad(loop)(x, n)).graph(X, wf.asarray(17)))
    assert "index_put" in graph
    assert "index_sum" not in graph


LOOP = """graph (n: i64[], dx: f32[{n}, 20], dy: f32[{m}], i: i64[{i}]) -> f32[{n}, 20] {{
  k, total = while (k: i64[] = n, s: f32[{n}, 20] = dx; dy, i) {{
    test {{ a = greater k 0; yield a }}
    step {{ b = subtract k 1; p = index_sum dy i shape=({n}, 20) axes=(0,); v = {sum}; yield b, v }}
  }}
  return total
}}"""


@pytest.mark.parametrize(
    ("n", "m", "i", "sum", "narrowed"),
    [
        (64, "20", "1", "add s p", True),
        (64, "20", "1", "add p s", True),
        (64, "3, 20", "1, 3", "add s p", True),
        (12, "20", "1", "add s p", False),  # a few elements
        (64, "40, 20", "1, 40", "add s p", False),  # most of the rows
        (64, "20", "1", "add p p", False),
        (64, "20", "1", "subtract s p", False),
    ],
)
def test_what_pays_is_narrowed(n: int, m: str, i: str, sum: str, narrowed: bool) -> None:
    graph = parse(LOOP.format(n=n, m=m, i=i, sum=sum))
    assert ("index_put" in text(narrow(graph))) is narrowed
    assert ("index_sum" in text(narrow(graph))) is not narrowed


def test_a_sum_outside_loops_stays() -> None:
    graph = parse("graph (x: f32[64, 20], y: f32[20], i: i64[1]) -> f32[64, 20] {"
                  " p = index_sum y i shape=(64, 20) axes=(0,); v = add x p; return v }")  # fmt: skip
    assert narrow(graph) is graph
