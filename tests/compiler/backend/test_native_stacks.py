"""Stacks that one native program hands over and another takes: a compiled loop under a tape of eager code."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.backend import handed
from weft.compiler.backend.execute import native_program
from weft.compiler.graph.parser import parse
from weft.compiler.graph.stack import Cell
from weft.kernels import native


def settle(x: Any, w: Any, n: Any) -> Any:
    h, k = x, 0
    while k < n:
        h = wf.tanh(h @ w)
        k = k + 1
    return wf.sum(h)


def nested(x: Any, w: Any, n: Any) -> Any:
    h = x
    for k in range(n):
        for _ in range(k + 1):
            h = wf.tanh(h @ w)
        h = h * 0.9
    return wf.sum(h)


def with_numbers(x: Any, w: Any, n: Any) -> Any:
    total, rising = wf.sum(x), wf.tensor(True)
    for k in range(n):
        total = total * 0.5 + k * wf.sum(w) if rising else total - 1.0
        rising = total < 2.0
    return total


def in_a_branch(x: Any, w: Any, n: Any) -> Any:
    if n > 2:
        for _ in range(n):
            x = wf.tanh(x @ w)
    return wf.sum(x * x)


FUNCTIONS = (settle, nested, with_numbers, in_a_branch)


def operands(seed: int = 0, dtype: Any = wf.float64) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return wf.tensor(rng.normal(size=(3, 20)), dtype), wf.tensor(rng.normal(size=(20, 20)) * 0.2, dtype)


def derivatives(f: Callable[..., Any], n: int) -> list[Any]:
    x, w = operands()

    def first(w: Any) -> Any:
        return wf.grad(lambda w: f(x, w, wf.tensor(n)))(w)

    return [first(w), wf.grad(lambda w: wf.sum(first(w) ** 2))(w)]


@pytest.mark.parametrize("n", [0, 1, 2, 17, 40])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_derivatives_of_both_orders_are_those_of_eager_code(function: Callable[..., Any], n: int) -> None:
    expected = derivatives(function, n)
    with wf.options(executor="native"):
        found = derivatives(wf.compile(function), n)
    for a, b in zip(found, expected, strict=True):
        wf.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_the_way_there_and_the_way_back_both_run_natively(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    given = handed.given
    monkeypatch.setattr(handed, "given", lambda stack, alive: taken.append(stack) or given(stack, alive))
    with wf.options(executor="native"):
        x, w = operands()
        wf.grad(lambda w: wf.compile(nested)(x, w, wf.tensor(3)))(w)
    assert {type(stack).__name__ for stack in taken} == {"Rows"}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("there", "back"), [("native", "interpreter"), ("interpreter", "native")])
def test_one_executor_goes_back_where_another_came_from(function: Callable[..., Any], there: str, back: str) -> None:
    compiled = wf.compile(function)
    x, w = operands()
    with wf.GradientTape() as tape:
        tape.watch(w)
        with wf.options(executor=there):
            y = compiled(x, w, wf.tensor(4))
    with wf.options(executor=back):
        found = tape.gradient(y, w)
    wf.testing.assert_close(found, wf.grad(lambda w: function(x, w, wf.tensor(4)))(w), rtol=1e-9, atol=1e-9)


def test_a_way_back_can_be_gone_again() -> None:
    compiled = wf.compile(nested)
    x, w = operands()
    with wf.options(executor="native"), wf.GradientTape(persistent=True) as tape:
        tape.watch(w)
        y = compiled(x, w, wf.tensor(4))
        z = y * y
    with wf.options(executor="native"):
        first, again, other = tape.gradient(y, w), tape.gradient(y, w), tape.gradient(z, w)
    wf.testing.assert_close(first, again, rtol=0, atol=0)
    wf.testing.assert_close(other, 2.0 * y * first, rtol=1e-9)


def test_batches_of_any_size_have_their_ways_back() -> None:
    compiled = wf.compile(settle)
    with wf.options(executor="native"):
        for rows in (1, 3, 7, 2):
            x, w = wf.ones((rows, 20), dtype=wf.float64), operands()[1]
            found = wf.grad(lambda w: compiled(x, w, wf.tensor(3)))(w)  # noqa: B023
            expected = wf.grad(lambda w: settle(x, w, wf.tensor(3)))(w)  # noqa: B023
            wf.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_what_was_handed_over_is_freed_with_the_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []
    release = native.release_chain
    monkeypatch.setattr(native, "release_chain", lambda address: (freed.append(address), release(address)))
    compiled = wf.compile(nested)
    x, w = operands()
    with wf.options(executor="native"):
        for _ in range(3):
            wf.grad(lambda w: compiled(x, w, wf.tensor(5)))(w)
    gc.collect()
    assert len(freed) == 3


def test_threads_go_back_at_once() -> None:
    compiled = wf.compile(nested)
    x, w = operands()
    expected = wf.grad(lambda w: nested(x, w, wf.tensor(6)))(w)
    found: list[Any] = []

    def work() -> None:
        with wf.options(executor="native"):
            for _ in range(10):
                found.append(wf.grad(lambda w: compiled(x, w, wf.tensor(6)))(w))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 30
    for each in found:
        wf.testing.assert_close(each, expected, rtol=1e-9, atol=1e-9)


def test_a_stack_that_goes_through_a_program_is_copied() -> None:
    """A loop of no trips gives back the stacks it was given."""
    x, w = operands()
    compiled = wf.compile(settle)

    def second(w: Any) -> Any:
        return wf.sum(wf.grad(lambda w: compiled(x, w, wf.tensor(0)))(w) * w)

    with wf.options(executor="native"):
        wf.testing.assert_close(wf.grad(second)(w), wf.zeros_like(w))


def stack_of_rows(element: Any, *rows: Any) -> Cell:
    stack = Cell(element)
    for row in rows:
        stack = stack.pushed(row)
    return stack


ONE, TWO = np.array([1, 2], np.float32), np.array([3, 4], np.float32)


def run(graph: Any, *buffers: Any) -> list[Any]:
    program = native_program(graph, buffers)
    assert program is not None
    results = program(list(buffers))
    assert results is not None
    return results


def test_native_programs_take_and_give_stacks() -> None:
    graph = parse("""
    graph (s: stack f32[2], x: f32[2]) -> stack f32[2], f32[2], stack f32[2], stack f32[2] {
      a = push s x
      b, c = pop s
      return a, c, b, s
    }""")
    longer, top, shorter, same = run(graph, stack_of_rows(graph.inputs[1].spec, ONE, TWO), ONE)
    assert [len(longer), len(shorter), len(same)] == [3, 1, 2]
    np.testing.assert_array_equal(longer.stacked(), [ONE, TWO, ONE])
    np.testing.assert_array_equal(top, TWO)
    np.testing.assert_array_equal(shorter.pushed(TWO).stacked(), [ONE, TWO])
    empty = run(graph, shorter, TWO)[2]
    assert len(empty) == 0
    assert empty.below is None


def test_stacks_of_stacks_go_from_one_program_to_the_next() -> None:
    graph = parse("""
    graph (s: stack stack f32[2], t: stack f32[2], x: f32[2]) -> stack stack f32[2], stack f32[2] {
      u = push t x
      a = push s t
      b = push a u
      return b, u
    }""")
    element, row = graph.inputs[1].spec, graph.inputs[2].spec
    given = stack_of_rows(element, stack_of_rows(row, ONE), Cell(row))
    deep, flat = run(graph, given, stack_of_rows(row, TWO), ONE)
    for _ in range(3):
        assert [len(inner) for inner in deep.tops()] == [2, 1, 0, 1]
        np.testing.assert_array_equal(deep.top.stacked(), [TWO, ONE])
        np.testing.assert_array_equal(deep.below.below.below.top.stacked(), [ONE])
        again, _ = run(graph, deep, flat, TWO)
        assert [len(inner) for inner in again.tops()] == [3, 2, 2, 1, 0, 1]
        np.testing.assert_array_equal(again.top.stacked(), [TWO, ONE, TWO])
        deep = again.below.below


def test_a_loop_that_keeps_more_than_there_is_says_so_and_the_process_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("""
import resource, weft as wf
@wf.compile
def f(x, n):
    k = 0
    while k < n:
        x = wf.sin(x) * 1.1
        k = k + 1
    return wf.sum(x)
g, x = wf.grad(lambda x, n: f(x, n)), wf.ones((1 << 18,))
expected = g(x, wf.tensor(5))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for _ in range(2):
    try:
        g(x, wf.tensor(10**6))
    except wf.errors.OutOfMemoryError as error:
        print(error.message)
        print(error.hint)
wf.testing.assert_close(g(x, wf.tensor(5)), expected, rtol=0, atol=0)
print(wf.memory_stats().spare > 0)
wf.trim_memory()
print(wf.memory_stats().spare)
""")
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "WEFT_EXECUTOR": "native", "WEFT_THREADS": "1"}
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    message = "the states that a loop keeps for its gradient take more memory than there is"
    hint = "Keep every tenth, say, with wf.loop_options(save_every=10), or bound the trips with max_trips."
    assert done.stdout.splitlines() == [message, hint, message, hint, "True", "0"]
