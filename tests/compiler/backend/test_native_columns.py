"""Folds of leading axes natively: what the interpreter gives, at all lengths, alone and with what they read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

LENGTHS = [1, 2, 7, 16, 17, 33, 63, 64, 65, 130, 1000]


def run(graph: Graph, name: str, *operands: Any, **attrs: Any) -> Any:
    op: Any = OPS[name]
    return graph.run(op, *op.bind(operands, attrs))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8"])
def test_columns_are_folded_each_on_its_own(n: int, dtype: str) -> None:
    rng, graph, arrays = np.random.default_rng(n), Graph(), []
    for shape, axis in (((9, n), 0), ((3, 5, n), 1), ((3, 5, n), (0, 1))):
        arrays.append(rng.integers(0, 5, shape).astype(dtype))
        x = graph.input(Spec(shape, dtypes.as_dtype(dtype)))
        doubled = run(graph, "multiply", x, x)
        graph.outputs += [run(graph, name, doubled, axis=axis) for name in ("sum", "prod", "max", "min", "any", "all")]
    if arrays[0].dtype.kind == "f":
        arrays[0][4] = np.nan
    results = build(graph)(arrays)
    assert results is not None
    for got, wanted in zip(results, interpreted(graph, arrays), strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
