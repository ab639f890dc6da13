"""What native programs give that are to be reproducible, as digests: run by itself, for a machine and threads.

    python reproduced.py

The environment says what is built for (WEFT_CC) and how many threads work (WEFT_THREADS).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from op_cases import ELEMENTWISE, elementwise_operands

import weft as wf
from weft.compiler.backend.program import Program
from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.spec import Spec

Body = Callable[..., Any]


def floats(*shape: int, dtype: Any = "float32") -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def folds(x: Any) -> Any:
    return (wf.sum(x), wf.mean(x, axis=1), wf.prod(x * 1.1, axis=1), wf.sum(x, axis=0), wf.max(x), wf.softmax(x),
            wf.logsumexp(x, axis=0), wf.var(x, axis=1), wf.cumulative_sum(x, axis=1), wf.sum(x * x + x))  # fmt: skip


def products(x: Any, w: Any) -> Any:
    v, few = x[0], (x @ w[:, :7], x.T @ x[:, :5], x[:9] @ x[:3].T)
    return x @ w, v @ w, w.T @ v, x @ x.T, wf.tanh(x @ w + 1.0), x[:2] @ w, x[:, :3].T @ x, wf.sum(x @ w), v @ v, *few


def trained(x: Any, w: Any) -> Any:
    def loss(w: Any) -> Any:
        h, i = x, 0
        while i < 3:
            h = wf.gelu(h @ w) * 0.5
            i = i + 1
        return wf.mean(wf.square(h))

    return wf.value_and_grad(loss)(w)


def windows(x: Any, w: Any) -> Any:
    def loss(x: Any, w: Any) -> Any:
        return wf.sum(wf.square(wf.conv2d(x, w, padding="same")))

    return (wf.conv2d(x, w), *wf.grad(loss, argnums=(0, 1))(x, w))


def channels_apart(x: Any, w: Any) -> Any:
    def loss(x: Any, w: Any) -> Any:
        return wf.sum(wf.square(wf.conv2d(x, w, groups=x.shape[-1])))

    return (wf.avg_pool2d(x, 2), *wf.grad(loss, argnums=(0, 1))(x, w))


def drawn(x: Any, generator: Any) -> Any:
    return wf.dropout(x, 0.3, generator=generator), wf.random.normal((700,), generator=generator) * x[0, 0]


def programs() -> Iterator[tuple[str, Body, tuple[Any, ...]]]:
    for dtype in ("float32", "float64"):
        x, w = (wf.asarray(floats(*shape, dtype=dtype)) for shape in ((67, 301), (301, 45)))
        yield f"folds {dtype}", folds, (x,)
        yield f"a long fold {dtype}", wf.sum, (wf.asarray(floats(100_003, dtype=dtype)),)
        yield f"products {dtype}", products, (x, w)
        yield f"a gradient {dtype}", trained, (x[:, :64], wf.asarray(floats(64, 64, dtype=dtype)))
        yield f"draws {dtype}", drawn, (x, wf.random.Generator(3))
    square = wf.asarray(floats(6, 6))
    yield "a system", wf.linalg.solve, (square, square)
    yield "windows", windows, (wf.asarray(floats(2, 9, 11, 5)), wf.asarray(floats(3, 3, 5, 7)))
    yield "windows of few channels", windows, (wf.asarray(floats(2, 9, 40, 2)), wf.asarray(floats(3, 3, 2, 3)))
    yield "channels apart", channels_apart, (wf.asarray(floats(2, 9, 11, 21)), wf.asarray(floats(3, 3, 1, 21)))
    halves = wf.astype(wf.asarray(floats(67, 301)), "float16")
    yield "halves", folds, (halves,)


def digest(array: Any) -> str:
    array = np.asarray(array)
    if array.dtype.kind == "f":  # which NaN it is depends on the order of operands, as the machine chooses
        array = np.where(np.isnan(array), np.asarray(np.nan, array.dtype), array)
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def elementwise(dtype: Any) -> Iterator[tuple[str, str]]:
    """The digests of every elementwise op."""
    graph, arrays, names = Graph(), [], []
    for op in ELEMENTWISE:
        if dtype in op.takes:
            operands = elementwise_operands(op, dtype, ((64,),) * op.arity)
            inputs = [graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) for x in operands]
            graph.outputs = [*graph.outputs, graph.run(op, *op.bind(tuple(inputs), {}))]
            arrays += operands
            names.append(f"{op.name} {dtype}")
    results = Program(graph, reproducible=True)(list(arrays))
    assert results is not None
    yield from zip(names, map(digest, results), strict=True)


def digests() -> dict[str, str]:
    found: dict[str, str] = {}
    for dtype in (dtypes.float32, dtypes.float64):
        found |= dict(elementwise(dtype))
    with wf.options(executor="native", reproducible=True):
        for name, body, args in programs():
            results = wf.compile(body)(*args)
            results = results if isinstance(results, tuple) else (results,)
            found |= {f"{name} {i}": digest(y) for i, y in enumerate(results)}
    return found


if __name__ == "__main__":
    json.dump(digests(), sys.stdout)
