"""Positions of extrema, triangles and labels natively: what the interpreter gives, at all lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from native_calls import host_calls
from runs import build, interpreted

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

LENGTHS = [1, 2, 7, 16, 17, 33, 1000]


def graph_of(arrays: list[np.ndarray], calls: list[tuple[str, dict[str, Any]]]) -> Graph:
    """A graph that applies each op to all the arrays."""
    graph = Graph()
    inputs = [graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) for x in arrays]
    for name, attrs in calls:
        op: Any = OPS[name]
        graph.outputs.append(graph.run(op, *op.bind(tuple(inputs), attrs)))
    return graph


def agree(arrays: list[np.ndarray], calls: list[tuple[str, dict[str, Any]]], tolerance: float = 0.0) -> None:
    program = build(graph_of(arrays, calls))
    assert not host_calls(program)
    results = program(list(arrays))
    assert results is not None
    for call, got, wanted in zip(calls, results, interpreted(program.graph, arrays), strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=str(call))
    whole = graph_of(arrays, calls)
    for call, got, wanted in zip(calls, results, interpreted(whole, arrays), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=str(call))


EXTREMA: list[tuple[str, dict[str, Any]]] = [
    (name, {"axis": axis, "keepdims": keepdims})
    for name in ("argmax", "argmin") for axis in (None, 0, 1, -1) for keepdims in (False, True)
]  # fmt: skip


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_the_first_position_of_an_extremum_is_found(n: int, dtype: str) -> None:
    x = np.random.default_rng(n).integers(0, 9, (5, n)).astype(dtype)
    agree([x], EXTREMA)


@pytest.mark.parametrize("n", LENGTHS)
def test_the_first_nan_and_the_first_infinity_are_found(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(6, n)).astype("float32")
    x[1, n // 2 :: 3], x[2], x[3], x[4, n // 3 :] = np.nan, np.nan, -np.inf, np.inf
    agree([x], EXTREMA)


@pytest.mark.parametrize("n", LENGTHS)
def test_triangles_are_kept(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(2, 5, n)).astype("float32")
    x[0, 0, 0] = np.nan
    agree([x], [(name, {"k": k}) for name in ("tril", "triu") for k in (0, -1, 2, 10**12, -(10**12))])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "uint64"])
def test_labels_of_any_integers_pick_their_class_and_no_other(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(7, 600)).astype("float32"), rng.integers(0, 100, 7).astype(dtype)
    agree([x, labels], [("cross_entropy_sparse", {"axis": -1})], 1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "uint32", "int64", "uint64"])
def test_labels_out_of_range_are_one_hot_nowhere(dtype: str) -> None:
    labels = np.random.default_rng(0).integers(0, 40, (3, 17)).astype(dtype)
    top = np.iinfo(labels.dtype).max
    labels[0, :3] = [top, top - 1, top // 2 + 1]
    labels[1, :2] = 2**32 + 3 if labels.itemsize == 8 else 3
    agree([labels], [("one_hot", {"depth": n, "axis": axis}) for n in (*LENGTHS[:-1], 300) for axis in (-1, 0, 1)])


def test_positions_that_the_way_back_reads_are_handed_over() -> None:
    """A number of the program that is a position goes out of it as an array."""

    @wf.compile
    def doubled(x: Any, i: Any) -> Any:
        y = x[i]
        while y < 4.0:
            y = y * 2.0
        return y

    with wf.options(executor="native"):
        gradient = wf.grad(lambda x, i: doubled(x, i))(wf.tensor([1.0, 2.0, 3.0]), wf.tensor(1))
    wf.testing.assert_close(gradient, [0.0, 2.0, 0.0])
