"""A compiled call under a tape: what it keeps, what its way back computes, and that nothing happens twice."""

from __future__ import annotations

import sys
from collections.abc import Callable
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
from weft.compiler.graph.rewrite import regions
from weft.compiler.graph.verify import verify
from weft.compiler.passes.differentiate import pullback
from weft.compiler.passes.partition import called, saving
from weft.runtime.tensor import OPS

MLP = """graph (x: f64[4, 5], w: f64[5, 6], v: f64[6, 3]) -> f64[] {
  a = matmul x w
  b = maximum a 0.0
  c = matmul b v
  d = exp c
  y = sum d
  return y
}"""


def names(graph: Graph) -> list[str]:
    """The names of all ops in a graph and its regions."""
    inner = [region for node in graph.nodes for region in regions(node.attrs).values()]
    return [node.op.name for node in graph.nodes] + [name for region in inner for name in names(region)]


def taped(graph: Graph, args: list[Any], sources: list[int]) -> tuple[list[Any], list[Any]]:
    """The outputs of a call, and the gradients of the sum of all by some arguments."""
    with wf.GradientTape() as tape:
        tape.watch([args[i] for i in sources])
        outputs = called(graph, args)
    smooth = [y for y in outputs if y.dtype is wf.float64]
    return list(outputs), tape.gradient(smooth, [args[i] for i in sources], unconnected="zero")


@pytest.mark.parametrize("seed", range(60))
def test_calls_of_random_graphs_have_the_gradients_of_the_whole(seed: int) -> None:
    graph, args = random_graph(seed), arguments(seed)
    outputs, grads = taped(graph, args, [0, 1])
    whole = pullback(graph, (0, 1))
    ones = [wf.ones(y.shape, dtype=wf.float64) for y in graph.outputs]
    expected = interpret(whole, [*args, *ones])
    for found, y in zip([*outputs, *grads], expected, strict=True):
        np.testing.assert_allclose(found.numpy(), y.numpy(), rtol=1e-12, equal_nan=True)
    forward = verify(saving(graph, (0, 1)))
    if forward is not graph:
        given = tuple(range(len(graph.outputs)))
        verify(forward.derivative((0, 1), given).graph)


def test_the_way_back_of_a_perceptron_computes_no_product_again() -> None:
    graph = parse(MLP)
    for wanted, products in (((1, 2), 3), ((0, 1, 2), 4), ((2,), 1)):
        forward = saving(graph, wanted)
        assert names(forward).count("matmul") == 2
        back = forward.derivative(wanted, (0,))
        assert back.reached == wanted
        assert names(back.graph).count("matmul") == products
        assert "exp" not in names(back.graph)
    assert names(forward.derivative((2,), (0,)).graph).count("matmul") == 1


def test_what_is_cheap_or_at_hand_is_not_kept() -> None:
    graph = parse("""graph (x: f32[3], y: f32[]) -> f32[3], f32[3] {
      a = multiply x 2.0
      b = broadcast_to y shape=(3,)
      c = greater x b
      d = where c a b
      e = multiply x b
      return d, e
    }""")
    assert len(saving(graph, (0, 1)).outputs) == 2


def test_only_the_cotangents_that_are_asked_for_are_computed() -> None:
    x, w, v = (wf.tensor(np.random.default_rng(0).normal(size=shape)) for shape in ((4, 5), (5, 6), (6, 3)))
    with wf.GradientTape(persistent=True) as tape:
        tape.watch([x, w, v])
        (y,) = called(graph := parse(MLP), [x, w, v])
    tape.gradient(y, v)
    (made,) = saving(graph, (0, 1, 2)).backward.values()
    assert names(made.graph).count("matmul") == 1


# -- whole functions


def t(*values: float) -> Any:
    return wf.tensor(values[0] if len(values) == 1 else list(values), dtype=wf.float64)


def smooth(x: Any, w: Any) -> Any:
    y = x
    for _ in range(3):
        y = wf.tanh(y * w) + x
    return wf.sum(y * y)


X, W = t(0.3, -0.8, 1.1), t(1.2, 0.7, -0.4)
f, g = smooth, wf.compile(smooth)


@wf.compile
def calls_a_compiled_one(x: Any, w: Any) -> Any:
    return g(x, w) * wf.sum(x)


ORDERS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "first": lambda f: wf.grad(f, (0, 1))(X, W),
    "second": lambda f: wf.grad(lambda x: wf.sum(wf.grad(f)(x, W) * X))(X),
    "third": lambda f: wf.grad(lambda x: wf.sum(wf.grad(lambda x: wf.sum(wf.grad(f)(x, W) * W))(x) * X))(X),
    "mixed": lambda f: wf.grad(lambda w: wf.sum(wf.sin(wf.grad(f)(X, w))))(W),
    "hessian": lambda f: wf.hessian(f)(X, W),
    "hvp": lambda f: wf.hvp(lambda x: f(x, W), (X,), (W,)),
    "jvp": lambda f: wf.jvp(lambda x: f(x, W), (X,), (W,)),
    "jacobian": lambda f: wf.jacobian(lambda x: wf.grad(f)(x, W))(X),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pair", [(f, g), (lambda x, w: f(x, w) * wf.sum(x), calls_a_compiled_one),
                                  (lambda x, w: f(wf.sin(x), w), lambda x, w: g(wf.sin(x), w))],
                         ids=["alone", "nested", "among others"])  # fmt: skip
def test_every_order_is_that_of_eager_code(order: str, pair: tuple[Any, Any]) -> None:
    plain, compiled = pair
    wf.testing.assert_close(ORDERS[order](compiled), ORDERS[order](plain), rtol=1e-9, atol=1e-11)


def test_a_persistent_tape_gives_gradients_again_and_of_gradients() -> None:
    def several(f: Callable[..., Any]) -> list[Any]:
        with wf.GradientTape(persistent=True) as outer:
            outer.watch([X, W])
            with wf.GradientTape(persistent=True) as inner:
                inner.watch([X, W])
                y = f(X, W)
            dx, again = inner.gradient(y, X), inner.gradient(y, X)
        return [dx, again, inner.gradient(y, W), outer.gradient(y, W), outer.gradient(dx, [X, W])]

    wf.testing.assert_close(several(g), several(f))


def test_a_gradient_taken_after_its_tape_was_told_of_it_goes_all_the_way() -> None:
    def late(f: Callable[..., Any]) -> Any:
        with wf.GradientTape(persistent=True) as tape:
            tape.watch(X)
            y = f(X, W)
            dx = tape.gradient(y, X)
            z = wf.sum(dx * dx)
        return tape.gradient(z, X)

    wf.testing.assert_close(late(g), late(f))


def test_effects_happen_once(capsys: pytest.CaptureFixture[str]) -> None:
    @wf.compile
    def loud(x: Any) -> Any:
        print("value", x[0])
        while wf.sum(x) < 10.0:
            print("trip", x[0])
            x = x * x + 1.0
        return x

    wf.grad(lambda x: wf.sum(loud(x)))(t(1.0, 2.0))
    assert capsys.readouterr().out == "value 1.\ntrip 1.\ntrip 2.\n"


def test_a_gradient_of_ones_own_runs_as_often_as_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    @wf.custom_gradient
    def own(x: Any) -> Any:
        def back(dy: Any) -> Any:
            print("back")
            return dy * 3.0

        return x * 2.0, back

    compiled = wf.compile(lambda x: wf.sum(own(x)))
    compiled(X)
    assert capsys.readouterr().out == ""
    wf.testing.assert_close(wf.grad(compiled)(X), [3.0, 3.0, 3.0])
    assert capsys.readouterr().out == "back\n"


def test_what_has_no_gradient_runs_and_says_so_when_a_gradient_is_asked_for() -> None:
    part = wf.compile(lambda x: wf.sum(OPS["gamma_slope"](x, wf.abs(x))))  # pyright: ignore
    with wf.GradientTape() as tape:
        tape.watch(X)
        y = part(X)
    with pytest.raises(wf.errors.GradientError, match="gamma_slope has no gradient rule"):
        tape.gradient(y, X)


def test_batches_of_any_size_share_the_ways_back() -> None:
    compiled = wf.compile(lambda x, w: wf.sum(wf.tanh(x @ w) ** 2.0))
    w = wf.tensor(np.random.default_rng(1).normal(size=(3, 2)))
    for b in (2, 3, 5, 7):
        x = wf.tensor(np.random.default_rng(b).normal(size=(b, 3)))
        wf.testing.assert_close(wf.grad(compiled, (0, 1))(x, w), wf.grad(compiled.function, (0, 1))(x, w))
    assert compiled.cache_info().misses == 2


# -- loops


def recurrent(n: Any, x: Any, w: Any) -> Any:
    h = x
    for _ in range(n):
        h = wf.tanh(h @ w)
    return wf.sum(h)


def test_the_way_back_of_a_loop_computes_no_product_again() -> None:
    args = (wf.tensor(4), wf.tensor(np.random.default_rng(0).normal(size=(2, 3))), wf.tensor(np.eye(3) * 0.5))
    graph = wf.compile(lambda n, x, w: wf.grad(recurrent, (1, 2))(n, x, w)).graph(*args)
    forward, back = (node.attrs["step"] for node in graph.nodes if node.op.name == "while")
    assert names(forward).count("matmul") == 1
    assert names(back).count("matmul") == 1  # the other one comes after the loop
    assert "tanh" not in names(back)


def test_a_loop_without_products_keeps_its_states_alone() -> None:
    def waves(n: Any, x: Any) -> Any:
        for _ in range(n):
            x = wf.sin(wf.exp(x))
        return wf.sum(x)

    graph = wf.compile(lambda n, x: wf.grad(waves, 1)(n, x)).graph(wf.tensor(4), t(1.0, 2.0))
    assert names(graph).count("push") == 1
    assert names(graph).count("exp") == 2


def choosing(p: Any, x: Any, w: Any) -> Any:
    y = wf.tanh(wf.exp(x @ w) @ w) if p else wf.sin(x @ w)
    return wf.sum(y * y)


def test_the_way_back_of_a_branch_computes_no_product_again() -> None:
    x, w = wf.tensor(np.random.default_rng(0).normal(size=(2, 3))), wf.tensor(np.eye(3) * 0.5)
    inside = wf.compile(lambda p, x, w: wf.grad(choosing, (1, 2))(p, x, w))
    graph = inside.graph(wf.tensor(True), x, w)
    first, second = (node for node in graph.nodes if node.op.name == "if")
    assert [names(first.attrs[name]).count("matmul") for name in ("then", "other")] == [2, 1]
    assert [names(second.attrs[name]).count("matmul") for name in ("then", "other")] == [4, 2]

    def twice(f: Any) -> Any:
        return wf.grad(lambda p, x, w: wf.sum(wf.sin(wf.grad(f, 2)(p, x, w))), (1, 2))

    compiled = wf.compile(choosing)
    for p in map(wf.tensor, (True, False)):
        wf.testing.assert_close(inside(p, x, w), wf.grad(choosing, (1, 2))(p, x, w))
        wf.testing.assert_close(wf.grad(compiled, (1, 2))(p, x, w), wf.grad(choosing, (1, 2))(p, x, w))
        wf.testing.assert_close(twice(compiled)(p, x, w), twice(choosing)(p, x, w))
        wf.testing.assert_close(wf.compile(lambda *xs: twice(choosing)(*xs))(p, x, w), twice(choosing)(p, x, w))
