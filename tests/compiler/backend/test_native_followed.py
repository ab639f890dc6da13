"""Maps that follow a product at once, and operands that a loop keeps packed: the same bits as without either."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from runs import interpreted

import weft as wf
from weft.compiler.backend import epilogues, execute, kept
from weft.compiler.backend.program import Program
from weft.compiler.graph.graph import Graph
from weft.kernels import build

Body = Callable[..., Any]


def normal(*shape: int, dtype: str = "float32") -> np.ndarray:
    return (np.random.default_rng(sum(shape)).normal(size=shape) / 4).astype(dtype)


def graph_of(body: Body, arrays: list[np.ndarray], gradient: bool = False) -> Graph:
    def loss(*given: Any) -> Any:
        found = body(*given)
        return sum(wf.sum(y * y) for y in (found if isinstance(found, tuple) else (found,)))

    f = wf.grad(loss, argnums=tuple(range(len(arrays)))) if gradient else body
    return wf.compile(f).graph(*map(wf.tensor, arrays))


def with_and_without(
    graph: Graph, arrays: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> tuple[Program, list[np.ndarray], list[np.ndarray]]:
    """The program; and what it gives, and what one gives that keeps nothing and lets nothing follow."""
    program = Program(graph)
    found = program(list(arrays))
    with monkeypatch.context() as changes:
        changes.setattr(epilogues.FollowedFusion, "follow", lambda self, maps: None)
        changes.setattr(kept, "MOST", -1)
        changes.setattr(build, "cache_folder", lambda: None)  # where the C of the graph is
        plain = Program(graph)
        assert follows(plain) == keeps(plain) == 0
        wanted = plain(list(arrays))
    assert found is not None
    assert wanted is not None
    return program, found, wanted


def follows(program: Program) -> int:
    """How many products something follows."""
    return program.source.text.count("i64 column_end) {")


def keeps(program: Program) -> int:
    return program.source.text.count("struct wf_kept")


def dense(x: Any, w: Any, b: Any) -> Any:
    return wf.tanh(x @ w + b)


def residual(x: Any, w: Any, b: Any) -> Any:
    return x[:, : w.shape[1]] + wf.relu(x @ w + b) * b


def momentum(x: Any, w: Any, b: Any) -> Any:
    v = 0.9 * w + x.T @ wf.tanh(x[:, :1] + b)
    return w - 0.1 * v, v


def twice(x: Any, w: Any, b: Any) -> Any:
    y = x @ w
    return wf.tanh(y + b), wf.sum(y, axis=0)


def two(x: Any, w: Any, b: Any) -> Any:
    return wf.tanh(x @ w + (x * x) @ wf.sin(w) + b)


def gathered(x: Any, w: Any, b: Any) -> Any:
    labels = wf.astype(wf.arange(x.shape[0]) % w.shape[1], wf.int64)
    return x @ w - wf.one_hot(labels, w.shape[1]) * b


SHAPES = [(1, 5, 33), (2, 40, 64), (3, 7, 100), (13, 300, 47), (150, 40, 530), (301, 515, 65)]


@pytest.mark.parametrize("body", [dense, residual, momentum, twice, two, gathered])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_follows_a_product_has_the_bits_it_has_after_it(
    body: Body, shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    m, k, n = shape
    arrays = [normal(m, k if body is not residual else max(k, n)), normal(k, n), normal(n)]
    if body is residual:
        arrays[1] = normal(max(k, n), n)
    program, found, wanted = with_and_without(graph_of(body, arrays), arrays, monkeypatch)
    assert follows(program) == 1
    for y, z, w in zip(found, wanted, interpreted(program.graph, arrays), strict=True):
        np.testing.assert_array_equal(y, z)
        np.testing.assert_allclose(y, w, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("body", [dense, residual, two])
def test_derivatives_have_the_bits_they_have_without(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [normal(45, 70), normal(70, 70), normal(70)]
    program, found, wanted = with_and_without(graph_of(body, arrays, gradient=True), arrays, monkeypatch)
    assert follows(program) > 0
    for y, z, w in zip(found, wanted, interpreted(program.graph, arrays), strict=True):
        np.testing.assert_array_equal(y, z)
        np.testing.assert_allclose(y, w, rtol=1e-2, atol=1e-2)


#   what is multiplied, and what follows
OTHERS: dict[str, tuple[Body, list[np.ndarray]]] = {
    "a matrix and a vector": (lambda x, y: wf.exp(x @ y) * y[0], [normal(300, 40), normal(40)]),
    "a vector and a matrix": (lambda x, y: wf.exp(x @ y) * x[0], [normal(40), normal(40, 300)]),
    "a batch": (lambda x, y: wf.tanh(x @ y) + x[:, :, :1], [normal(5, 9, 30), normal(30, 33)]),
    "a batch of rows": (lambda x, y: wf.tanh(x @ y) + x[:, :, :1], [normal(40, 1, 30), normal(30, 33)]),
    "a batch with few columns": (lambda x, y: wf.tanh(x @ y) * x[:, :, 0], [normal(7, 40, 30), normal(30)]),
    "a large batch": (lambda x, y: wf.tanh(x @ y) * x[:, :, :1], [normal(3, 100, 300), normal(300, 530)]),
    "a batch of parts": (lambda x, y: wf.tanh(x[:, :9] @ y) * x[:, :9, :1], [normal(5, 12, 30), normal(30, 33)]),
    "batches of both": (lambda x, y: wf.tanh(x @ y + 1.0), [normal(5, 9, 30), normal(5, 30, 33)]),
    "two axes of batches": (lambda x, y: wf.tanh(x @ y) * y[:, :1], [normal(3, 2, 9, 30), normal(2, 30, 33)]),
    "float64": (lambda x, y: wf.tanh(x @ y), [normal(9, 30, dtype="float64"), normal(30, 33, dtype="float64")]),
    "float16": (lambda x, y: wf.tanh(x @ y), [normal(9, 30, dtype="float16"), normal(30, 33, dtype="float16")]),
    "a cast": (lambda x, y: wf.astype(x @ y, wf.float64), [normal(9, 30), normal(30, 33)]),
    "a comparison": (lambda x, y: x @ y > 0.1, [normal(9, 30), normal(30, 33)]),
    "a turned operand": (lambda x, y: wf.tanh(x.T @ y.T) - 1.0, [normal(30, 9), normal(33, 30)]),
}


@pytest.mark.parametrize("case", OTHERS)
def test_maps_follow_products_of(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, arrays = OTHERS[case]
    program, found, wanted = with_and_without(graph_of(body, arrays), arrays, monkeypatch)
    assert follows(program) == 1
    for y, z in zip(found, wanted, strict=True):
        assert y.tobytes() == z.tobytes()


#   why nothing follows
NOT: dict[str, Body] = {
    "it is read at another place": lambda x: wf.tanh((x @ x).T + x @ x),
    "a row needs it whole": lambda x: wf.softmax(x @ x),
    "rows are short": lambda x: wf.tanh(x @ x[:, :10]),
    "something stands between": lambda x: wf.abs((x @ x) * wf.sum(x @ x)),
}


@pytest.mark.parametrize("case", NOT)
def test_nothing_follows_a_product_where(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [normal(40, 40)]
    program, found, wanted = with_and_without(graph_of(NOT[case], arrays), arrays, monkeypatch)
    assert follows(program) == 0
    np.testing.assert_array_equal(found[0], wanted[0])


def test_an_operand_of_the_product_is_not_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def layers(x: Any) -> Any:
        for _ in range(4):
            x = x + wf.tanh(x @ x)
        return x * 2.0

    arrays = [normal(64, 64)]
    program, found, wanted = with_and_without(graph_of(layers, arrays), arrays, monkeypatch)
    assert follows(program) == 2  # kernels: three layers share one
    np.testing.assert_array_equal(found[0], wanted[0])


def test_the_result_lies_where_the_product_was() -> None:
    arrays = [normal(64, 128), normal(128, 256), normal(256)]
    program = Program(graph_of(dense, arrays))
    assert program.source.arena == 0
    program = Program(graph_of(lambda x, w, b: dense(dense(x, w, b), w.T, b[:128]), arrays))
    assert program.source.arena == 64 * 256 * 4


# -- loops


def recurrent(x: Any, w: Any, n: Any) -> Any:
    h = wf.zeros_like(x)
    while n > 0:
        h, n = wf.tanh(h @ w + x), n - 1
    return h


def nested(x: Any, w: Any, n: Any) -> Any:
    i = n
    while i > 0:
        k, v = n, w * 0.5
        while k > 0:
            x, k = wf.tanh(x @ w) - wf.tanh(x @ v), k - 1
        i = i - 1
    return x


def in_a_branch(x: Any, w: Any, n: Any) -> Any:
    while n > 0:
        if n % 2 == 0:
            x = wf.tanh(x @ w)
        n = n - 1
    return x


def turned(x: Any, w: Any, n: Any) -> Any:
    while n > 0:
        x, n = wf.tanh(x @ w.T) + x @ w, n - 1
    return x


def changing(x: Any, w: Any, n: Any) -> Any:
    while n > 0:
        x, w, n = wf.tanh(x @ w), w * 0.9, n - 1
    return x


def by_itself(x: Any, w: Any, n: Any) -> Any:
    while n > 0:
        x, n = wf.tanh(x @ x.T @ w[: x.shape[0]]), n - 1
    return x


#   how many operands are kept
LOOPS = {recurrent: 1, nested: 2, in_a_branch: 1, turned: 2, changing: 0, by_itself: 1}


@pytest.mark.parametrize("body", LOOPS)
@pytest.mark.parametrize("rows", [1, 2, 5, 40, 160])
@pytest.mark.parametrize("n", [17, 64, 300])
def test_a_loop_packs_once_what_it_does_not_change(
    body: Body, rows: int, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = min(rows, n)
    arrays = [normal(rows, n), normal(n, n), np.asarray(3)]
    program, found, wanted = with_and_without(graph_of(body, arrays), arrays, monkeypatch)
    assert keeps(program) == LOOPS[body]
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_allclose(found[0], interpreted(program.graph, arrays)[0], rtol=1e-2, atol=1e-2)


def test_a_loop_that_makes_no_trip_packs_nothing() -> None:
    arrays = [normal(4, 40), normal(40, 40), np.asarray(0)]
    found = Program(graph_of(recurrent, arrays))(list(arrays))
    assert found is not None
    assert not found[0].any()


def test_derivatives_of_a_loop_keep_operands_too(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [normal(20, 48), normal(48, 48)]
    body = lambda x, w: recurrent(x, w, wf.sum(wf.astype(x[0, :6] < 9.0, wf.int64)))
    program, found, wanted = with_and_without(graph_of(body, arrays, gradient=True), arrays, monkeypatch)
    assert keeps(program) == 2
    for y, z in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(y, z)


def test_what_a_loop_keeps_is_not_written_over_by_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def body(x: Any, w: Any, n: Any) -> Any:
        while n > 0:
            y = wf.cumulative_sum(wf.sort(x, axis=1), axis=0)
            x = wf.softmax(wf.sort(y @ w, axis=1) @ w.T) + wf.cumulative_sum(y, axis=1)
            n = n - 1
        return x

    arrays = [normal(40, 40), normal(40, 40), np.asarray(5)]
    program, found, wanted = with_and_without(graph_of(body, arrays), arrays, monkeypatch)
    assert keeps(program) == 2
    np.testing.assert_array_equal(found[0], wanted[0])


def test_sizes_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Program] = []

    class Counted(execute.Program):
        def __init__(self, graph: Graph, *args: Any, **options: Any) -> None:
            super().__init__(graph, *args, **options)
            opened.extend([self] if self.reading else [])

    monkeypatch.setattr(execute, "Program", Counted)
    compiled = wf.compile(lambda x, w, n: wf.tanh(recurrent(x, w, n) @ w + 1.0))
    for m in (3, 4, 5, 31, 200):
        arguments = wf.tensor(normal(m, 40)), wf.tensor(normal(40, 40)), wf.asarray(2)
        with wf.options(executor="interpreter"):
            expected = compiled(*arguments)
        with wf.options(executor="native"):
            wf.testing.assert_close(compiled(*arguments), expected, rtol=1e-4, atol=1e-4)
    assert opened
    assert [(follows(program), keeps(program)) for program in opened] == [(2, 1)] * len(opened)


BITS = """
import hashlib, numpy as np, weft as wf
from test_native_followed import *
for body in (dense, momentum, two, twice):
    for m, k, n in SHAPES:
        arrays = [normal(m, k), normal(k, n), normal(n)]
        print(body.__name__, m, hashlib.sha256(b"".join(y.tobytes() for y in Program(graph_of(body, arrays))(arrays))).hexdigest())
for body in LOOPS:
    arrays = [normal(130, 300), normal(300, 300), np.asarray(3)]
    print(body.__name__, hashlib.sha256(Program(graph_of(body, arrays))(arrays)[0].tobytes()).hexdigest())
"""


def test_any_number_of_threads_gives_the_same_bits() -> None:
    path = os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")])
    found = [subprocess.run([sys.executable, "-W", "error", "-c", BITS], check=True, capture_output=True, text=True,
                            env={**os.environ, "WEFT_THREADS": n, "PYTHONPATH": path}).stdout for n in "123"]  # fmt: skip
    assert len(found[0].splitlines()) == 30
    assert found[0] == found[1] == found[2]
