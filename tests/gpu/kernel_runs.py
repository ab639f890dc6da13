"""Ops as programs of the GPU, and what the interpreter gives for them.

To build a program takes longer than to run it, so cases that have much in common share one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from weft.compiler.gpu.program import GpuProgram
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import run as interpreted
from weft.runtime import dtypes
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

NEAR = {dtypes.float16: 4e-3, dtypes.bfloat16: 2e-2, dtypes.float32: 2e-5, dtypes.float64: 1e-12}
Build = Callable[..., Any]
Case = tuple[Any, ...]  # what builds, and the arrays that it is for


def op(name: str, **attrs: Any) -> Build:
    """What applies one op."""
    found: Any = OPS[name]

    def build(graph: Graph, *xs: Any) -> Any:
        given, bound = found.bind(xs, attrs)
        return graph.run(found, given, bound)

    return build


def graph_of(*cases: Case) -> Graph:
    """A graph of what is built in each case."""
    graph = Graph()
    for build, *arrays in cases:
        found = build(graph, *(graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))) for x in arrays))
        graph.outputs += list(found) if isinstance(found, tuple) else [found]
    return graph


def agree_all(device: Any, cases: Sequence[Case], near: float | None = None) -> list[np.ndarray]:
    """Compare what kernels give, all of them on the device and twice the same, with what NumPy's give."""
    graph, arrays = graph_of(*cases), [x for _, *arrays in cases for x in arrays]
    program = GpuProgram(graph, device)
    assert not program.plan.on_host
    found, again = ([device.to_numpy(y) for y in program([device.from_numpy(x) for x in arrays])] for _ in range(2))
    for got, same, wanted in zip(found, again, interpreted(graph, arrays), strict=True):
        assert got.tobytes() == same.tobytes()
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        bound = NEAR.get(got.dtype, 0.0) if near is None else near
        np.testing.assert_allclose(_wide(got), _wide(wanted), rtol=bound, atol=bound)
    return found


def agree(device: Any, build: Build, *arrays: np.ndarray, near: float | None = None) -> list[np.ndarray]:
    """The same for one case."""
    return agree_all(device, [(build, *arrays)], near)


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype is dtypes.bfloat16 else x
