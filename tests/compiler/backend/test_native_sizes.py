"""Native programs with open sizes: one serves all calls whose sizes meet its conditions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.backend import execute
from weft.compiler.backend.open import Speller
from weft.compiler.graph.graph import Graph
from weft.runtime import polynomial
from weft.runtime.polynomial import Division

SIZES = (2, 3, 5, 15, 16, 17, 33, 64, 100, 257, 1000)


def normal(*shape: int, seed: int = 0) -> Any:
    return wf.tensor(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def whole(most: int, *shape: int) -> Any:
    return wf.tensor(np.random.default_rng(0).integers(0, most, shape))


def settle(x: Any) -> Any:
    h = x
    while wf.sum(wf.abs(h)) > 1.0:
        h = wf.tanh(h) * 0.5
    return h


def recurrent(x: Any, w: Any) -> Any:
    def loss(w: Any) -> Any:
        h = wf.zeros_like(x)
        for _ in range(wf.tensor(4)):
            h = wf.tanh(x + h @ w)
        return wf.sum(h * h)

    return wf.grad(loss)(w)


def by_length(x: Any) -> Any:
    """The size is a number of the program, too."""
    return wf.sum(x, axis=0) / x.shape[0] + float(x.shape[1])


def branch(x: Any) -> Any:
    return x * 2.0 if x.shape[0] > 50 else x - 1.0


def classify(x: Any, w: Any, y: Any) -> Any:
    return wf.grad(lambda w: wf.mean(wf.softmax_cross_entropy(wf.tanh(x @ w), y)))(w)


Make = Callable[[int], tuple[Any, ...]]
CASES: dict[str, tuple[Callable[..., Any], Make, int]] = {  # and the most programs that may be built for all sizes
    "map": (lambda x: wf.tanh(x) * 2.0 + 1.0, lambda n: (normal(n),), 3),
    "broadcast": (lambda x, b: wf.tanh(x + b) * x, lambda n: (normal(n, 20), normal(20)), 2),
    "rows": (lambda x: wf.softmax(x, axis=-1), lambda n: (normal(n, 20),), 2),
    "columns": (lambda x: wf.softmax(x, axis=-1), lambda n: (normal(20, n),), 3),
    "folds": (lambda x: (wf.sum(x), wf.max(x, axis=0), wf.mean(x, axis=1), wf.mean(x)), lambda n: (normal(n, 20),), 3),
    "product": (lambda x, w: wf.relu(x @ w) + 1.0, lambda n: (normal(n, 20), normal(20, 30)), 3),
    "two sizes": (lambda x, y: x @ y, lambda n: (normal(n, 2 * n), normal(2 * n, 3)), 3),
    "joined": (lambda x: wf.concat([x, x * 2.0], axis=0)[1:], lambda n: (normal(n, 20),), 3),
    "turned": (lambda x: wf.tanh(x.T) + 1.0, lambda n: (normal(n, 20),), 2),
    "reshaped": (lambda x: wf.reshape(x, (-1,)) * 2.0, lambda n: (normal(n, 20),), 3),
    "positions": (lambda x: (wf.sort(x), wf.cumsum(x), wf.argmax(x)), lambda n: (normal(n),), 5),
    "gathered": (lambda x, i: x[i] * 2.0, lambda n: (normal(50, 7), whole(50, n)), 8),
    "images": (lambda x, w: wf.conv2d(x, w, padding="same"), lambda n: (normal(n, 8, 8, 3), normal(3, 3, 3, 4)), 2),
    "loop": (settle, lambda n: (normal(n, 20),), 5),
    "gradient": (classify, lambda n: (normal(n, 20), normal(20, 30), whole(30, n)), 5),
    "recurrent": (recurrent, lambda n: (normal(n, 20), normal(20, 20) * 0.1), 5),
    "a number": (by_length, lambda n: (normal(n, 20),), 5),
    "a branch": (branch, lambda n: (normal(n, 20),), 4),
    "called in Python": (lambda x: wf.abs(wf.fft.fft(x)), lambda n: (normal(n, 8),), 3),
}


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The programs that are built meanwhile."""
    built: list[Any] = []

    class Counted(execute.Program):
        def __init__(self, graph: Graph, *args: Any, **options: Any) -> None:
            super().__init__(graph, *args, **options)
            built.append(self)

    monkeypatch.setattr(execute, "Program", Counted)
    return built


@pytest.mark.parametrize("name", CASES)
def test_a_few_programs_serve_all_sizes(name: str, programs: list[Any]) -> None:
    function, make, most = CASES[name]
    compiled = wf.compile(function)
    for n in (*SIZES, *SIZES[::3]):
        arguments = make(n)
        with wf.options(executor="interpreter"):
            expected = compiled(*arguments)
        with wf.options(executor="native"):
            found = compiled(*arguments)
        wf.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert 1 <= len([p for p in programs if p.reading is not None]) <= most
    assert len(programs) <= most + 2  # those of the first calls, whose sizes are fixed


@pytest.mark.parametrize("n", [2, 5, 40])
def test_the_way_back_of_a_call_has_open_sizes_too(n: int) -> None:
    def loss(x: Any, w: Any) -> Any:
        h = x
        while wf.sum(wf.abs(h)) > 1.0:
            h = wf.tanh(h @ w) * 0.5
        return wf.sum(h * h)

    compiled = wf.compile(loss)
    w = normal(20, 20) * 0.1
    with wf.options(executor="native"):
        for rows in (n, n + 1, 3 * n):
            x = normal(rows, 20)
            found = wf.grad(lambda w: compiled(x, w))(w)  # noqa: B023
            wf.testing.assert_close(found, wf.grad(lambda w: loss(x, w))(w), rtol=1e-3, atol=1e-4)  # noqa: B023


def test_sizes_that_do_not_agree_are_an_error_not_a_result() -> None:
    compiled = wf.compile(lambda x, y: x * y)
    with wf.options(executor="native"):
        for n in (3, 4, 5):
            compiled(normal(n), normal(n))
        with pytest.raises(wf.errors.ShapeError):
            compiled(normal(6), normal(7))


def test_threads_call_with_sizes_of_their_own() -> None:
    compiled = wf.compile(lambda x: wf.abs(wf.fft.fft(wf.tanh(x))))
    wrong: list[int] = []

    def work(n: int) -> None:
        x = normal(n, 8, seed=n)
        expected = np.abs(np.fft.fft(np.tanh(x.numpy())))
        with wf.options(executor="native"):
            wrong.extend(n for _ in range(20) if not np.allclose(compiled(x).numpy(), expected, atol=1e-3))

    with wf.options(executor="native"):
        compiled(normal(2, 8))
        compiled(normal(3, 8))
    workers = [threading.Thread(target=work, args=(n,)) for n in (4, 9, 30)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_sizes_are_spelled_as_c_rounds_them() -> None:
    spell = Speller(["n", "m"])
    n, m = polynomial.of_atom("n"), polynomial.of_atom("m")
    assert spell(n) == "size0"
    assert spell(polynomial.of_int(7)) == "7"
    assert spell(polynomial.add(polynomial.multiply(n, m), polynomial.of_int(-3))) == "(size1 * size0 + -3)"
    quotient = polynomial.of_atom(Division("//", polynomial.multiply(n, polynomial.of_int(-1)), polynomial.of_int(64)))
    assert spell(quotient) == "wf_quotient((-1 * size0), 64)"
