"""Calls of ops in one native program, beside their NumPy kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from runs import build, interpreted

from weft.compiler.backend.program import Program
from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

Call = tuple[str, list[Any], dict[str, Any]]


def host_calls(program: Program) -> list[str]:
    """The ops that a program has Python run in every call."""
    return [call.node.op.name for call in program.source.hosts if not call.is_rare]


def agree(calls: Sequence[Call], tolerance: float = 0.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """What calls give natively, without Python, and by their NumPy kernels: the same."""
    graph, arrays = Graph(), []
    for name, operands, attrs in calls:
        op: Any = OPS[name]
        inputs = []
        for x in operands:
            inputs.append(graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) if isinstance(x, np.ndarray) else x)
            arrays += [x] if isinstance(x, np.ndarray) else []
        found = graph.run(op, *op.bind(tuple(inputs), attrs))
        graph.outputs += found if isinstance(found, tuple) else [found]
    program = build(graph)
    assert not host_calls(program)
    pairs = list(zip(program(arrays), interpreted(graph, arrays), strict=True))
    labels = [f"{name} {attrs}" for name, _, attrs in calls]
    labels = labels if len(labels) == len(pairs) else ["" for _ in pairs]
    for label, (got, wanted) in zip(labels, pairs, strict=True):
        assert got.dtype == wanted.dtype, label
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=label)
    return pairs
