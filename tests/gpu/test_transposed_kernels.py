"""Maps on a GPU that read along one axis and write along another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import agree_all, graph_of, op

from weft.compiler.gpu.program import GpuProgram


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(2).standard_normal(shape).astype(dtype)


def mixed(graph: Any, x: Any, y: Any) -> Any:
    """What reads one operand across and the other along."""
    return op("add")(graph, op("exp")(graph, op("matrix_transpose")(graph, x)), y)


SHAPES = [(33, 65), (64, 64), (16, 130), (3, 128, 100), (1025, 17), (15, 200), (1, 40)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_transposed_operands_agree(device: Any, dtype: str) -> None:
    pairs = [(floats(*s, dtype=dtype), floats(*s[:-2], s[-1], s[-2], dtype=dtype)) for s in SHAPES]
    agree_all(device, [(mixed, x, y) for x, y in pairs])


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_axes_change_places(device: Any, dtype: str) -> None:
    x = (floats(20, 40, 50) * 9).astype(dtype)
    orders = [(2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 2, 0)]
    agree_all(device, [(op("permute_dims", axes=axes), x) for axes in orders], near=0)


def test_a_transpose_goes_through_shared_memory(device: Any) -> None:
    program = GpuProgram(graph_of((op("matrix_transpose"), floats(64, 64))), device)
    assert "__shared__" in program.plan.text
    assert "wf_load" in program.plan.text
    assert "wf_store" in program.plan.text
