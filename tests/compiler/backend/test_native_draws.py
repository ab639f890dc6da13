"""Random numbers drawn in kernels are those that the interpreter draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

U64 = np.dtype("uint64")
STATES = [(7, 0), (2**64 - 1, 2**64 - 3), (123456789012345, 2**32 - 2)]
SHAPES = [(), (1,), (2,), (4,), (37,), (5, 7), (3, 97), (2, 3, 16), (9000,)]
EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "bits": ("random_bits", {"dtype": "uint32"}),
    "bytes": ("random_bits", {"dtype": "uint8"}),
    "wide bits": ("random_bits", {"dtype": "uint64"}),
    "uniform": ("random_uniform", {}),
    "open uniform": ("random_uniform", {"is_open": True}),
    "wide uniform": ("random_uniform", {"dtype": "float64"}),
    "open wide uniform": ("random_uniform", {"dtype": "float64", "is_open": True}),
    "half uniform": ("random_uniform", {"dtype": "float16"}),
    "open half uniform": ("random_uniform", {"dtype": "float16", "is_open": True}),
    "bfloat16 uniform": ("random_uniform", {"dtype": "bfloat16"}),
    "few integers": ("random_integers", {"low": -3, "high": 4}),
    "integers often rejected": ("random_integers", {"low": 0, "high": 2**31 + 1}),
    "bytes in a range": ("random_integers", {"low": 0, "high": 200, "dtype": "uint8"}),
    "all words": ("random_integers", {"low": -(2**31), "high": 2**31, "dtype": "int32"}),
    "wide integers": ("random_integers", {"low": -5, "high": 2**40}),
    "wide integers often rejected": ("random_integers", {"low": 0, "high": 2**62 + 1}),
    "all wide words": ("random_integers", {"low": -(2**63), "high": 2**63}),
}
NEAR: dict[str, tuple[str, dict[str, Any], float]] = {
    "normal": ("random_normal", {}, 1e-6),
    "wide normal": ("random_normal", {"dtype": "float64"}, 1e-14),
    "half normal": ("random_normal", {"dtype": "float16"}, 1e-3),
    "truncated": ("random_truncated_normal", {"low": -2.0, "high": 1.0}, 1e-6),
    "truncated tail": ("random_truncated_normal", {"low": 4.0, "high": 9.0, "dtype": "float64"}, 1e-12),
}


def both(body: Callable[..., Any], *arrays: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What a graph gives natively, without a call of Python, and by the interpreter."""
    graph = Graph()
    found = body(*(graph.input(Spec(x.shape, x.dtype)) for x in arrays))
    graph.outputs = list(found) if isinstance(found, tuple) else [found]
    program = build(graph)
    assert not program.source.hosts
    return program(list(arrays)), interpreted(graph, arrays)


def drawn(name: str, attrs: dict[str, Any]) -> Callable[..., Any]:
    return lambda state: tuple(OPS[name](state, shape=shape, **attrs) for shape in SHAPES)


@pytest.mark.parametrize("state", STATES, ids=str)
@pytest.mark.parametrize("case", EXACT)
def test_draws_of_bits_are_those_of_the_interpreter_bit_for_bit(case: str, state: tuple[int, int]) -> None:
    for got, wanted in zip(*both(drawn(*EXACT[case]), np.array(state, U64)), strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("case", NEAR)
def test_normal_draws_are_those_of_the_interpreter_but_for_the_last_places(case: str) -> None:
    name, attrs, near = NEAR[case]
    for got, wanted in zip(*both(drawn(name, attrs), np.array(STATES[1], U64)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=near, atol=near)


@pytest.mark.parametrize("shape", [(64, 96), (31, 17), (5,)], ids=str)
def test_dropout_is_one_kernel(shape: tuple[int, ...]) -> None:
    def dropout(x: Any, state: Any) -> Any:
        keep = OPS["random_uniform"](state, shape=shape) < 0.75
        return wf.where(keep, x / 0.75, 0.0)

    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype("f"), np.array(STATES[0], U64)]
    got, wanted = both(dropout, *arrays)
    np.testing.assert_array_equal(got[0], wanted[0])
    graph = Graph()
    graph.outputs = [dropout(*(graph.input(Spec(x.shape, x.dtype)) for x in arrays))]
    assert build(graph).source.text.count("static void kernel") == 1


def test_draws_are_read_through_views_and_in_rows() -> None:
    def body(x: Any, state: Any) -> Any:
        noise = OPS["random_uniform"](state, shape=(12, 33))
        scores = wf.softmax(x + noise)
        turned = OPS["random_integers"](state, low=0, high=2**31 + 1, shape=(33, 12)).T
        flipped = wf.flip(OPS["random_bits"](state, shape=(12, 33), dtype="uint64"), axis=1)
        return scores * noise, turned + 1, flipped, noise[3:, ::2] * 2.0, wf.sum(noise, axis=0)

    arrays = [np.zeros((12, 33), "f"), np.array(STATES[2], U64)]
    for got, wanted in zip(*both(body, *arrays), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_a_compiled_dropout_draws_what_the_eager_one_draws() -> None:
    x = wf.ones((129, 65))

    def step(x: Any, generator: Any) -> Any:
        return wf.dropout(x, 0.3, generator=generator), wf.random.bernoulli((7,), 0.5, generator=generator)

    compiled, results = wf.compile(step), []
    for run in (step, compiled):
        generator = wf.random.Generator(3)
        with wf.options(executor="native"):
            results.append([y.numpy() for _ in range(3) for y in run(x, generator)])
    for got, wanted in zip(*results, strict=True):
        np.testing.assert_array_equal(got, wanted)


def walk(x: Any, generator: Any) -> Any:
    trips = 0
    while trips < 3:
        if trips != 1:
            x = x + wf.random.uniform(tuple(x.shape), generator=generator)
        else:
            x = wf.dropout(x, 0.5, generator=generator)
        trips = trips + 1
    return x, wf.random.integers((3,), 0, 10, generator=generator), wf.random.uniform((), generator=generator)


def dropped(x: Any, generator: Any) -> Any:
    def loss(x: Any) -> Any:
        y, trips = x, 0
        while trips < 3:
            y = wf.dropout(y * x, 0.3, generator=generator)
            trips = trips + 1
        return wf.sum(y)

    return wf.grad(loss)(x)


@pytest.mark.parametrize("body", [walk, dropped])
@pytest.mark.parametrize("shape", [(5,), (33, 17), (0, 3)], ids=str)
def test_draws_in_loops_and_branches_follow_the_generator(body: Any, shape: tuple[int, ...]) -> None:
    x = wf.asarray(np.random.default_rng(0).normal(size=shape).astype("f"))
    compiled, found = wf.compile(body), []
    for run in (body, compiled):
        generator = wf.random.Generator(11)
        with wf.options(executor="native"):
            results = run(x, generator)
        results = results if isinstance(results, tuple) else (results,)
        found.append([*(np.asarray(y) for y in results), generator.state.read_value().numpy()])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
