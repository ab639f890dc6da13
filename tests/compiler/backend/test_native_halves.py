"""float16 and bfloat16 in kernels: computed in float32 and rounded after every op, as the interpreter does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.spec import Spec

HALVES = [dtypes.float16, dtypes.bfloat16]
OTHERS = [d for d in dtypes.ALL if d not in dtypes.COMPLEX]
EVERY = np.arange(1 << 16, dtype=np.uint16)


def both(body: Callable[..., Any], *arrays: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of what a graph gives natively, without a call of Python, and by the interpreter."""
    graph = Graph()
    found = body(*(graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) for x in arrays))
    graph.outputs = list(found) if isinstance(found, tuple) else [found]
    program = build(graph)
    assert not program.source.hosts
    return list(zip(program(list(arrays)), interpreted(graph, arrays), strict=True))


def same(got: np.ndarray, wanted: np.ndarray) -> None:
    """Equal bit for bit, but for which NaN it is."""
    assert got.dtype is wanted.dtype
    assert got.shape == wanted.shape
    if got.dtype in dtypes.FLOATS:
        np.testing.assert_array_equal(np.isnan(got.astype("f8")), np.isnan(wanted.astype("f8")))
        got, wanted = (np.where(np.isnan(x.astype("f8")), np.zeros_like(x), x) for x in (got, wanted))
    assert got.tobytes() == wanted.tobytes()


def normal(dtype: Any, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_every_half_casts_to_every_dtype_as_numpy_casts_it(dtype: Any) -> None:
    x = EVERY.view(dtype)
    with np.errstate(all="ignore"):
        for got, wanted in both(lambda x: tuple(wf.astype(x, d) for d in OTHERS if d is not dtypes.bool_), x):
            if wanted.dtype in dtypes.INTEGERS:  # what does not fit is nobody's promise
                inside = np.abs(x.astype("f8")) < 100
                inside &= (x.astype("f8") >= 0) | (wanted.dtype not in dtypes.UNSIGNED)
                got, wanted = got[inside], wanted[inside]
            same(got, wanted)
        same(*both(lambda x: wf.astype(x, "bool"), x)[0])


@pytest.mark.parametrize("source", ["float32", "float64", "int32", "int64", "uint64", "uint8", "bool"])
@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_casts_to_halves_round_once_to_the_nearest(dtype: Any, source: str) -> None:
    with np.errstate(all="ignore"):
        x = edges(dtype, source)
        same(*both(lambda x: wf.astype(x, dtype), x)[0])


def edges(dtype: Any, source: str) -> np.ndarray:
    """Numbers that are halves, that lie between two, and beside those."""
    if source.startswith("float"):
        halves = EVERY.view(dtype).astype(source)
        halves = halves[np.isfinite(halves)]
        middle = (halves[:-1] + halves[1:]) / 2  # ties, and their neighbours
        up, down = np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf)
        rest = [np.inf, -np.inf, np.nan, 65519.0, 65520.0, 1e30, -1e-30]
        return np.concatenate([halves, middle, up, down, rest]).astype(source)
    found = np.random.default_rng(1).integers(0, 2 if source == "bool" else 1 << 30, 5000)
    return found.astype(source)


@pytest.mark.parametrize("n", [1, 5, 16, 17, 1000])
@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_fused_ops_round_one_by_one(dtype: Any, n: int) -> None:
    def chain(x: Any, y: Any) -> Any:
        z = (x * y + x) / (y * y + 1.0) - x * 0.1
        return wf.where(z > x, wf.sqrt(wf.abs(z)), -z) * 3 + y, z < y, wf.maximum(x, z) % 2.0

    for got, wanted in both(chain, normal(dtype, 3, n), normal(dtype, n)):
        same(got, wanted)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_numbers_that_no_half_holds_are_none_on_the_way(dtype: Any) -> None:
    def beyond(x: Any) -> Any:
        return x * 1e30 / 1e30, wf.where(x > 0, x, 1e38), wf.maximum(x, 1e-30), -wf.abs(x)

    for got, wanted in both(beyond, normal(dtype, 2, 37)):
        same(got, wanted)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_folds_accumulate_in_float32(dtype: Any) -> None:
    def folds(x: Any) -> Any:
        return wf.max(x), wf.min(x, axis=0), wf.any(x > 3), wf.argmax(x, axis=1), wf.sum(x), wf.mean(x, axis=1)

    x = normal(dtype, 70, 130)
    pairs = both(folds, x)
    for got, wanted in pairs[:4]:
        same(got, wanted)
    for got, wanted in pairs[4:]:
        np.testing.assert_allclose(got.astype("f"), wanted.astype("f"), rtol=1e-2)
    ones = np.ones(5000, dtype)
    same(*both(lambda x: wf.sum(x), ones)[0])


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_products_of_matrices_are_rounded_once(dtype: Any) -> None:
    whole = np.random.default_rng(0).integers(-3, 4, (40, 60)).astype(dtype)
    for got, wanted in both(lambda x, y: (x @ y, x @ y[:, 0], wf.relu(x @ y + 1.0)), whole, whole.T.copy()):
        same(got, wanted)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_views_gathers_and_pieces_move_halves(dtype: Any) -> None:
    def moves(x: Any) -> Any:
        parts = wf.concat([x[:, ::2], wf.flip(x, axis=1)], axis=1)
        return parts, wf.stack([x[0], x[2]]), wf.take(x, wf.tensor([2, 0]), axis=0) + x[1:3], x.T * 2, wf.tril(x)

    for got, wanted in both(moves, normal(dtype, 5, 7)):
        same(got, wanted)


def halving(x: Any) -> Any:
    trips = 0
    while wf.max(x) > 0.1:
        x = x * 0.7 + 0.01
        trips = trips + 1
    return x, trips


def steps(x: Any, y: Any) -> Any:
    z, i = x[0], 0
    while i < 4:
        z = z * y + x[i] if z > 0 else y - z
        i = i + 1
    return z, wf.stack([z, y])


def recurrent(x: Any, w: Any) -> Any:
    def loss(w: Any) -> Any:
        h, i = x, 0
        while i < 3:
            h = h * w + 0.5
            i = i + 1
        return wf.sum(h * h)

    return wf.grad(loss)(w)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize(("body", "shapes"), [(halving, [(5, 33)]), (steps, [(6,), ()]), (recurrent, [(9,), (9,)]),
                                              (recurrent, [(), ()])])  # fmt: skip
def test_programs_of_halves_are_those_of_the_interpreter(dtype: Any, body: Any, shapes: Any) -> None:
    given = [wf.asarray(normal(dtype, *shape)) for shape in shapes]
    compiled = wf.compile(body)
    with wf.options(executor="interpreter"):
        wanted = compiled(*given)
    with wf.options(executor="native"):
        got = compiled(*given)
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (got, wanted)), strict=True):
        np.testing.assert_array_equal(np.asarray(a, "f"), np.asarray(b, "f"))
