"""Sums of products after the loop: the same gradients, fewer products; text before and after."""

# ruff: noqa: SIM108  (statements are what is tested)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.parser import parse
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.compiler.passes import pipeline
from weft.compiler.passes.accumulate import accumulate, pays
from weft.compiler.passes.differentiate import differentiate
from weft.runtime.dim import Dim
from weft.runtime.spec import Spec

GOLDEN = Path(__file__).parents[2] / "golden" / "accumulate.txt"
RNG = np.random.default_rng(0)
B, F, H = 3, 8, 10


def t(*shape: int) -> Any:
    return wf.tensor(RNG.normal(size=shape) * 0.4)


X, WX, WH, BIAS = t(5, B, F), t(F, H), t(H, H), t(H)


def cell(x: Any, h: Any, wx: Any, wh: Any, b: Any) -> Any:
    return wf.tanh(x @ wx + h @ wh + b)


def recurrent(n: Any, x: Any, wx: Any, wh: Any, b: Any) -> Any:
    h = wf.zeros((B, H), dtype=wf.float64)
    for i in range(n):
        h = cell(x[i], h, wx, wh, b)
    return wf.sum(h * h)


def leaving_early(n: Any, x: Any, wx: Any, wh: Any, b: Any) -> Any:
    h = wf.zeros((B, H), dtype=wf.float64)
    for i in range(n):
        h = cell(x[i], h, wx, wh, b)
        if wf.max(h) > 0.7:
            return wf.sum(h)
        if wf.min(h) < -0.9:
            break
    return wf.sum(h * h)


def nested(n: Any, x: Any, wx: Any, wh: Any, b: Any) -> Any:
    h = wf.zeros((B, H), dtype=wf.float64)
    for i in range(n):
        for j in range(i):
            h = cell(x[j], h, wx, wh, b)
        h = wf.sin(h @ wh)
    return wf.sum(h * h)


def in_a_branch(n: Any, x: Any, wx: Any, wh: Any, b: Any) -> Any:
    h = wf.zeros((B, H), dtype=wf.float64)
    for i in range(n):
        if wf.sum(h) < 0.5:
            h = cell(x[i], h, wx, wh, b)
        else:
            h = h @ wh
    return wf.sum(h * h)


CASES = [recurrent, leaving_early, nested, in_a_branch]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_gradients_of_both_orders_agree_with_eager_code(f: Callable[..., Any], n: int) -> None:
    weights = (2, 3, 4)
    args = (wf.tensor(n), X, WX, WH, BIAS)

    def twice(g: Callable[..., Any]) -> Callable[..., Any]:
        return wf.grad(lambda *xs: wf.sum(wf.sin(wf.grad(g, 3)(*xs))), weights)

    compiled = wf.compile(f)
    for order in (lambda g: wf.grad(g, weights), twice):
        expected = [wf.zeros(w.shape, dtype=wf.float64) if dw is None else dw
                    for dw, w in zip(order(f)(*args), args[2:], strict=True)]  # fmt: skip
        wf.testing.assert_close(list(order(compiled)(*args)), expected, rtol=1e-9, atol=1e-11)
        inside = wf.compile(lambda *xs, order=order: order(f)(*xs))(*args)
        wf.testing.assert_close(list(inside), expected, rtol=1e-9, atol=1e-11)


def gradient_graph(monkeypatch: pytest.MonkeyPatch) -> tuple[Graph, Graph]:
    """The gradient of the recurrent network, optimised, without and with the pass."""
    graph = wf.compile(recurrent).graph(wf.tensor(3), X, WX, WH, BIAS)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "accumulate", lambda graph: graph)
        before = pipeline.optimize(differentiate(graph, (2, 3, 4)))
    return before, accumulate(before)


def test_a_gradient_as_text_before_and_after(update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = gradient_graph(monkeypatch)
    shown = f"{text(before, 'before')}\n{text(after, 'after')}"
    if update_golden:
        GOLDEN.write_text(shown)
    assert shown == GOLDEN.read_text()


def test_products_leave_the_loop_and_sums_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = map(verify, gradient_graph(monkeypatch))
    assert (text(before).count("stack_matmul"), text(after).count("stack_matmul")) == (0, 2)
    assert text(after).count("stack_sum") == 1
    args = [wf.tensor(4), X, WX, WH, BIAS]
    for x, y in zip(interpret(before, args), interpret(after, args), strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-12)
    assert text(accumulate(after)) == text(after)
    assert accumulate(after) is after


LOOP = """graph (xs: stack f64[{b}, {n}], k: i64[], dy: f64[{b}, {m}], dw: f64[{n}, {m}]) -> f64[{n}, {m}] {{
  s, j, total = while (s: stack f64[{b}, {n}] = xs, j: i64[] = k, w: f64[{n}, {m}] = dw; dy) {{
    test {{ a = greater j 0; yield a }}
    step {{ r, x = pop s; t = matrix_transpose x; p = matmul t dy; {between}; b = subtract j 1; yield r, b, v }}
  }}
  return total
}}"""


@pytest.mark.parametrize(
    ("b", "n", "m", "between", "changes"),
    [
        (4, 50, 20, "v = add w p", True),
        (4, 50, 20, "v = add p w", True),
        (64, 50, 20, "v = add w p", False),  # many rows, small product: adding moves less
        (4, 50, 20, "u = tanh w; v = add u p", False),  # more than a sum
        (4, 50, 20, "u = add w p; v = add u p", False),
        (4, 50, 20, "v = subtract w p", False),
    ],
)
def test_sums_are_taken_out_where_it_pays(b: int, n: int, m: int, between: str, changes: bool) -> None:
    graph = parse(LOOP.format(b=b, n=n, m=m, between=between))
    assert (accumulate(graph) is not graph) == changes


def test_a_loop_that_takes_nothing_off_a_stack_keeps_its_memory_small() -> None:
    loop = LOOP.replace("r, x = pop s; t = matrix_transpose x", "t = matrix_transpose dy").replace("yield r", "yield s")
    graph = parse(loop.format(b=4, n=20, m=20, between="v = add w p"))
    assert accumulate(graph) is graph


def test_rows_of_an_open_number_count_as_some() -> None:
    @wf.compile
    def f(x: Any) -> Any:
        return x * 2.0

    for b in (2, 3):
        f(wf.zeros((b, 50)))
    open_ = f.graph(wf.zeros((4, 50))).inputs[0]
    assert type(open_.shape[0]) is Dim
    assert pays(open_, Spec((4, 256), open_.dtype))
    assert not pays(open_, Spec((4, 4), open_.dtype))
