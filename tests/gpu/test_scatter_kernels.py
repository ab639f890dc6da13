"""Scatters on a GPU: elements that meet come in the order of the CPU, whichever way they find their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import agree, agree_all, op

MODES = ("set", "add", "multiply", "max", "min")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def floats(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> np.ndarray:
    return (1 + 0.2 * rng.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 1025, 5000])
def test_rows_are_added_up_at_positions(device: Any, rng: np.random.Generator, n: int) -> None:
    x, places = rng.standard_normal((n, 5)).astype("f"), rng.integers(0, 7, (1, n))
    agree(device, op("index_sum", shape=(7, 5), axes=(0,)), x, places, near=1e-4)


def test_elements_that_all_meet_are_added_up_across_chunks(device: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal(9000).astype("f")
    agree(device, op("index_sum", shape=(50,), axes=(0,)), x, np.full((1, 9000), 3), near=1e-4)


def test_positions_on_two_axes_leave_the_one_between_free(device: Any, rng: np.random.Generator) -> None:
    x, places = rng.standard_normal((10, 20, 6)).astype("f"), rng.integers(0, 3, (2, 10, 20))
    agree(device, op("index_sum", shape=(4, 6, 3), axes=(0, 2)), x, places, near=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "float16"])
def test_places_take_elements_in_every_mode(device: Any, rng: np.random.Generator, dtype: str) -> None:
    near = 0.2 if dtype == "float16" else None  # the CPU rounds after each element
    cases = []
    for mode in MODES:
        x, value, places = (
            floats(rng, 4, 6, 3, dtype=dtype),
            floats(rng, 4, 100, 3, dtype=dtype),
            rng.integers(0, 6, (1, 100)),
        )
        cases.append((op("index_put", mode=mode, axes=(1,)), x, places, value))
        x, value, places = (
            floats(rng, 2, 6, dtype=dtype),
            floats(rng, 2, 100, dtype=dtype),
            rng.integers(0, 6, (2, 100)),
        )
        cases.append((op("scatter_along", mode=mode, axis=1), x, places, value))
    agree_all(device, cases, near=near)


def test_the_last_of_those_that_meet_is_set(device: Any) -> None:
    x, value = np.zeros((3, 40), "f"), np.arange(5000 * 40, dtype="f").reshape(5000, 40)
    (y,) = agree(device, op("index_put", mode="set", axes=(0,)), x, np.arange(5000)[None] % 3, value)
    np.testing.assert_array_equal(y, value[[4998, 4999, 4997]])


def test_places_that_never_meet_need_no_order(device: Any, rng: np.random.Generator) -> None:
    x, value = floats(rng, 4, 600, 3), floats(rng, 4, 100, 3)
    agree(device, op("index_put", mode="add", axes=(1,), unique=True), x, rng.permutation(600)[None, :100], value)


@pytest.mark.parametrize("axis", [0, 1])
def test_few_positions_along_an_axis_are_walked_through(device: Any, rng: np.random.Generator, axis: int) -> None:
    shape = (3, 90) if axis == 0 else (90, 3)
    x, places = floats(rng, *((6, 90) if axis == 0 else (90, 6))), rng.integers(0, 6, shape)
    agree(device, op("scatter_along", mode="add", axis=axis), x, places, floats(rng, *shape))


def test_what_is_scattered_is_computed_on_the_way(device: Any, rng: np.random.Generator) -> None:
    def build(graph: Any, x: Any, places: Any) -> Any:
        found = op("exp")(graph, x), op("add")(graph, places, 1)
        return op("index_sum", shape=(1000, 64), axes=(0,))(graph, *found)

    agree(device, build, floats(rng, 2000, 64), rng.integers(0, 900, (1, 2000)), near=1e-4)


@pytest.mark.parametrize("mode", ["set", "add"])
def test_axes_of_one_element_are_no_axes(device: Any, rng: np.random.Generator, mode: str) -> None:
    put, places = op("index_put", mode=mode, axes=(0,)), rng.integers(0, 6, (1, 2000))
    both = np.stack([places[0], np.zeros(2000, np.int64)])
    cases = [
        (op("scatter_along", mode=mode, axis=1), floats(rng, 1, 6), places, floats(rng, 1, 2000)),
        (put, floats(rng, 6, 1, 1), places[..., None], floats(rng, 2000, 1, 1, 1)),
        (put, floats(rng, 6, 3), places, floats(rng, 3)),
        (op("index_put", mode=mode, axes=(0, 1)), floats(rng, 6, 1), both, floats(rng, 2000)),
    ]
    agree_all(device, cases, near=1e-3)
