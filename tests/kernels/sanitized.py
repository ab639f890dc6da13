"""Native programs of every kind, run and compared with the interpreter; run by a Python with a sanitizer loaded.

WEFT_CC="gcc -fsanitize=address" LD_PRELOAD=libasan.so python tests/kernels/sanitized.py
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import weft as wf
from weft.runtime.tensor import OPS

RNG = np.random.default_rng(0)


def normal(*shape: int, dtype: Any = np.float32) -> Any:
    return wf.tensor(RNG.normal(size=shape).astype(dtype))


def maps(x: Any, y: Any) -> Any:
    return wf.tanh(x * y + 0.5), wf.where(x > y, wf.exp(x), wf.log1p(wf.abs(y))), (x > 0.0) & (y > 0.0)


def rows(x: Any) -> Any:
    return wf.softmax(x, axis=-1), wf.logsumexp(x, axis=1), wf.mean(x, axis=0), wf.max(x), wf.argmax(x, axis=1)


def moved(x: Any) -> Any:
    return wf.concat([x.T + 1.0, wf.flip(x.T, axis=0)], axis=1), x[1:, ::2] * 2.0, wf.pad(x, ((1, 2), (0, 3)))


def products(x: Any, y: Any) -> Any:
    few = x.T @ x[:, :5], x @ y[:, :3], x[:, 1:] @ y[1:, :3]
    return x @ y, y.T @ x.T, wf.relu(x @ y) + 1.0, (x[0] @ y, x @ y[:, 0]), few


def scanned(x: Any) -> Any:
    return wf.cumsum(x, axis=0), wf.cumsum(x, axis=1), wf.sort(x, axis=1), wf.argsort(x, axis=0)


def picked(x: Any, i: Any) -> Any:
    return x[i], wf.sum(wf.grad(lambda x: wf.sum(x[i] ** 2))(x)), wf.softmax_cross_entropy(x[: i.shape[0]], i)


def images(x: Any, w: Any) -> Any:
    def loss(x: Any, w: Any) -> Any:
        return wf.sum(wf.max_pool2d(wf.conv2d(x, w, padding="same"), 2) ** 2)

    return wf.grad(loss, argnums=(0, 1))(x, w)


def recurrent(x: Any, w: Any, n: Any) -> Any:
    def loss(w: Any) -> Any:
        h, k = wf.zeros((x.shape[0], w.shape[0])), 0
        while k < n:
            h = wf.tanh(x + h @ w)
            k = k + 1
        return wf.sum(h * h)

    return wf.grad(loss)(w)


def escaping(x: Any, y: Any) -> Any:
    a, b, count, active = x * 0.0, y * 0.0, wf.zeros_like(x), x == x
    trip = 0
    while trip < 50 and wf.any(active):
        a, b = a * a - b * b + x, 2.0 * a * b + y
        active = a * a + b * b <= 4.0
        count = count + wf.astype(active, wf.float32)
        trip = trip + 1
    return count


def halves(x: Any) -> Any:
    return wf.tanh(x) + 1.0, wf.sum(x, axis=1), x @ x.T


def drawn(x: Any, state: Any) -> Any:
    uniform, normal, integers = OPS["random_uniform"], OPS["random_normal"], OPS["random_integers"]
    rows = uniform(state, shape=(*x.shape, 3), is_open=True) + wf.tensor([0.0, 1.0, 2.0])
    return (wf.where(uniform(state, shape=x.shape) < 0.7, x, 0.0), normal(state, shape=x.shape, dtype="float64"),
            integers(state, low=0, high=2**31 + 1, shape=x.shape), rows[:, 1:])  # fmt: skip


def solved(x: Any) -> Any:
    a = x @ x.T + 20.0 * wf.eye(x.shape[0])
    return wf.linalg.solve(a, x), wf.linalg.cholesky(a)


PROGRAMS: list[tuple[Callable[..., Any], list[tuple[Any, ...]]]] = [
    (maps, [(normal(n), normal(n)) for n in (0, 1, 15, 16, 17, 1003)] + [(normal(70, 33), normal(33))]),
    (rows, [(normal(m, n),) for m, n in ((1, 1), (5, 17), (130, 100))]),
    (moved, [(normal(5, 7),), (normal(64, 33),)]),
    (
        products,
        [
            (normal(m, k), normal(k, n))
            for m, k, n in ((1, 1, 1), (3, 5, 7), (33, 65, 17), (150, 260, 40), (35, 603, 10))
        ],
    ),
    (scanned, [(normal(1, 1),), (normal(17, 33),)]),
    (picked, [(normal(12, 9), wf.tensor(RNG.integers(0, 9, 6)))]),
    (images, [(normal(2, 9, 7, 3), normal(3, 3, 3, 5)), (normal(1, 8, 8, 16), normal(3, 3, 16, 32))]),
    (recurrent, [(normal(5, 20), normal(20, 20) * 0.1, wf.tensor(n)) for n in (0, 1, 40)]),
    (escaping, [(normal(100), normal(100))]),
    (halves, [(wf.astype(normal(9, 35), dtype),) for dtype in (wf.float16, wf.bfloat16)]),
    (drawn, [(normal(n), wf.tensor(np.array([7, 2**64 - 3], np.uint64))) for n in (1, 5, 16, 1003)]),
    (solved, [(normal(6, 6),), (normal(6, 6, dtype=np.float64),)]),
]


def check(function: Callable[..., Any], calls: list[tuple[Any, ...]]) -> None:
    """Compare the native results with the interpreter's, then have three threads call at once."""
    compiled = wf.compile(function)
    for arguments in calls:
        with wf.options(executor="interpreter"):
            expected = compiled(*arguments)
        with wf.options(executor="native"):
            wf.testing.assert_close(compiled(*arguments), expected, rtol=2e-2, atol=2e-2)
    with wf.options(executor="native"):
        workers = [threading.Thread(target=compiled, args=calls[-1]) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def main(names: list[str]) -> None:
    """Run all programs, or those that are named."""
    for function, calls in PROGRAMS:
        if not names or function.__name__ in names:
            check(function, calls)
            print(function.__name__, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
