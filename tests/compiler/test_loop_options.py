"""Options of loops: bounds on trips, and states saved every so often; gradients stay what they were."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.parser import parse
from weft.compiler.graph.rewrite import same
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.runtime import tree


def t(*values: float) -> Any:
    return wf.tensor(values[0] if len(values) == 1 else list(values), dtype=wf.float64)


Options = dict[str, Any]
OPTIONS: list[Options] = [
    {"max_trips": 9}, {"save_every": 1}, {"save_every": 2}, {"save_every": 3}, {"save_every": 100},
    {"max_trips": 9, "save_every": 4}, {"max_trips": 9, "save_every": 3},
]  # fmt: skip


def counted(options: Options) -> Callable[..., Any]:
    def f(x: Any, w: Any, n: Any) -> Any:
        y, z = x, w
        with wf.loop_options(**options):
            for i in range(n):
                y, z = wf.sin(y) * w + i, y * z
        return wf.sum(y * z)

    return f


def leaving_early(options: Options) -> Callable[..., Any]:
    def f(x: Any, w: Any, n: Any) -> Any:
        y, k = x, 0
        with wf.loop_options(**options):
            while k < n:
                y, k = y * w, k + 1
                if wf.max(wf.abs(y)) > 6.0:
                    return wf.sum(y) * k
                if wf.min(y) < -50.0:
                    break
        return wf.sum(y * y)

    return f


def nested(options: Options) -> Callable[..., Any]:
    def f(x: Any, w: Any, n: Any) -> Any:
        with wf.loop_options(**options):
            for i in range(n):
                for _ in range(i):
                    x = wf.tanh(x * w)
                x = x + w
        return wf.sum(x)

    return f


ARGS = t(0.5, 1.2, -0.3), t(1.1, 0.9, 1.4)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("make", [counted, leaving_early, nested])
def test_gradients_of_both_orders_are_those_without_options(make: Callable[..., Any], options: Options) -> None:
    def twice(f: Callable[..., Any]) -> Callable[..., Any]:
        return wf.grad(lambda x, w, n: wf.sum(wf.sin(wf.grad(f, 1)(x, w, n))), (0, 1))

    plain, optional = wf.compile(make({})), wf.compile(make(options))
    for n in map(wf.tensor, (0, 1, 4, 9)):
        for each in (lambda f: f, lambda f: wf.grad(f, (0, 1)), twice):
            found, expected = each(optional)(*ARGS, n), each(plain)(*ARGS, n)
            for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)
        wf.testing.assert_close(wf.grad(optional, (0, 1))(*ARGS, n), wf.grad(make({}), (0, 1))(*ARGS, n))


def test_a_tape_inside_takes_the_options_too() -> None:
    def inside(options: Options) -> Callable[..., Any]:
        f = counted(options)
        return wf.compile(lambda x, w, n: wf.grad(f, (0, 1))(x, w, n))

    for found, expected in zip(
        inside({"save_every": 3})(*ARGS, wf.tensor(7)), inside({})(*ARGS, wf.tensor(7)), strict=True
    ):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def peak_of_gradient(options: Options, n: int) -> float:
    """The most states, beside what is there without a loop, that the gradient of a loop of n trips holds."""

    def f(x: Any, n: Any) -> Any:
        with wf.loop_options(**options):
            for _ in range(n):
                x = wf.sin(x)
        return wf.sum(x)

    gradient, x = wf.grad(wf.compile(f)), wf.ones(4096)
    gradient(x, wf.tensor(n))
    tracemalloc.start()
    gradient(x, wf.tensor(n))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / (4 * 4096)


def test_saving_every_kth_state_holds_so_many_fewer() -> None:
    n, k = 144, 12
    every, some = peak_of_gradient({}, n), peak_of_gradient({"save_every": k}, n)
    assert n < every < n + 8
    assert some < n / k + k + 8


@pytest.mark.parametrize(
    "options", [{"max_trips": 5}, {"max_trips": 5, "save_every": 2}, {"max_trips": 6, "save_every": 3}]
)
def test_a_loop_that_goes_on_after_its_bound_is_an_error(options: Options) -> None:
    f, most = wf.compile(counted(options)), options["max_trips"]
    f(*ARGS, wf.tensor(most))
    wf.grad(f)(*ARGS, wf.tensor(most))
    for run in (f, wf.grad(f)):
        with pytest.raises(wf.errors.ArgumentError, match=f"goes on after max_trips={most} trips") as caught:
            run(*ARGS, wf.tensor(most + 1))
        assert "Allow more with wf.loop_options" in str(caught.value)


@pytest.mark.parametrize("options", [{"max_trips": 0}, {"save_every": -1}, {"save_every": 2.0}, {"max_trips": True}])
def test_options_are_positive_integers(options: Options) -> None:
    with pytest.raises(wf.errors.ArgumentError, match="no positive integer"), wf.loop_options(**options):
        pass


def test_options_belong_to_the_text_inside_not_to_the_call() -> None:
    f = wf.compile(counted({}))
    with wf.loop_options(max_trips=2):
        f(*ARGS, wf.tensor(5))
    with contextlib.suppress(wf.errors.ArgumentError), wf.loop_options(save_every=0):
        pass
    assert "max_trips" not in str(f.graph(*ARGS, wf.tensor(5)))


def test_a_loop_keeps_its_options_in_text() -> None:
    graph = wf.compile(counted({"max_trips": 9, "save_every": 4})).graph(*ARGS, wf.tensor(5))
    assert "max_trips=9 save_every=4 {" in text(graph)
    assert same(graph, verify(parse(text(graph))))


def test_options_serve_batches_of_any_size() -> None:
    def f(x: Any, w: Any, n: Any) -> Any:
        with wf.loop_options(save_every=3, max_trips=20):
            for _ in range(n):
                x = wf.tanh(x @ w)
        return wf.sum(x)

    compiled, w = wf.compile(f), wf.tensor(np.eye(3) * 0.9)
    for b in (2, 3, 5):
        x = wf.tensor(np.random.default_rng(b).normal(size=(b, 3)))
        args = (x, w, wf.tensor(7))
        wf.testing.assert_close(wf.grad(compiled, (0, 1))(*args), wf.grad(f, (0, 1))(*args))
    assert compiled.cache_info().misses == 2
