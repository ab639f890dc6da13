"""Every op of the table gives natively what the interpreter gives.

Ops of one dtype share a program, so that the whole table is a few builds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_cases import ALL_OPS, ELEMENTWISE, Case, elementwise_operands, samples_of
from runs import build, interpreted

from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.families import Elementwise
from weft.runtime.spec import Spec

SHAPES = {1: [((37,),), ((),)], 2: [((5, 37), (37,)), ((3, 1), (1, 19)), ((), (21,))], 3: [((5, 37), (37,), (1,))]}
REALS = [d for d in dtypes.ALL if d not in dtypes.COMPLEX]
# Halves may be neighbours where what is rounded differs in the last place of a float32.
TOLERANCE = {np.dtype("float32"): 3e-6, np.dtype("float64"): 1e-13, dtypes.float16: 1e-3, dtypes.bfloat16: 8e-3}
# Random bits come from a state that the test would have to share, and regions are tested as programs.
APART = frozenset({"with_gradient"})


def graph_of(calls: list[tuple[Any, list[Any], dict[str, Any]]]) -> tuple[Graph, list[np.ndarray]]:
    """A graph that applies ops, each to operands of its own, and the operands."""
    graph, arrays, outputs = Graph(), [], []
    for op, operands, attrs in calls:
        inputs = []
        for x in operands:
            if isinstance(x, np.ndarray):
                inputs.append(graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))))
                arrays.append(x)
            else:
                inputs.append(x)
        found = graph.run(op, *op.bind(tuple(inputs), attrs))
        outputs += list(found) if isinstance(found, tuple) else [found]
    graph.outputs = outputs
    return graph, arrays


def agree(graph: Graph, arrays: list[np.ndarray], names: list[str]) -> None:
    for name, got, wanted in zip(names, build(graph)(arrays), interpreted(graph, arrays), strict=True):
        assert got.dtype == wanted.dtype, name
        near = TOLERANCE.get(got.dtype, 0.0)
        if got.dtype is dtypes.bfloat16:
            got, wanted = got.astype("f"), wanted.astype("f")
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(got, wanted, rtol=near, atol=near, err_msg=name)


@pytest.mark.parametrize("dtype", REALS, ids=lambda d: d.name)
def test_elementwise_ops_agree_with_their_numpy_kernels(dtype: Any) -> None:
    calls, names = [], []
    for op in ELEMENTWISE:
        if dtype in op.takes:
            for shapes in SHAPES[op.arity]:
                calls.append((op, elementwise_operands(op, dtype, shapes), {}))
                names.append(f"{op.name} {dtype} {shapes}")
    agree(*graph_of(calls), names)


OTHERS = [Case(op, i, one) for op in ALL_OPS if not isinstance(op, Elementwise) and op.name not in APART
          for i, one in enumerate(samples_of(op))]  # fmt: skip


@pytest.mark.parametrize("real", [d for d in dtypes.ALL if d in dtypes.FLOATS], ids=str)
@pytest.mark.parametrize("part", range(8))
def test_other_ops_agree_with_their_numpy_kernels(part: int, real: np.dtype) -> None:
    calls, names = [], []
    for case in OTHERS[part::8]:
        operands = [x.astype(real) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in case.draw()]
        calls.append((case.op, operands, case.attributes()))
        found = case.op.spec(
            *(Spec(x.shape, dtypes.as_dtype(x.dtype)) if isinstance(x, np.ndarray) else x for x in operands),
            **case.attributes(),
        )
        names += [str(case)] * (1 if isinstance(found, Spec) else len(found))
    agree(*graph_of(calls), names)
