"""What NVIDIA's compiler makes of the kernels: nothing spills, little is needed, and bulk access is of 128 bits.

The kernels of the op table, and of workloads as the benchmarks have them, for two architectures. NVRTC is taken from
where it is installed beside the stand-in's, or else nvcc; without either there is nothing to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np
import pytest
import real_compiler
from op_graphs import OTHERS, Call, elementwise, graph_of, sampled
from real_compiler import Kernel

import weft as wf
from weft.compiler.gpu.program import OPTIONS, QUIET, Code, GpuProgram
from weft.compiler.graph.graph import Graph
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes

ARCHITECTURES = ("sm_80", "sm_90")


@pytest.fixture(autouse=True)
def _needs_a_compiler() -> None:
    if not real_compiler.found():
        pytest.skip("neither NVRTC nor nvcc is installed")


def needs(text: str, architecture: str) -> list[Kernel]:
    """What the kernels of a text need."""
    return real_compiler.compiled(text, architecture, (*OPTIONS, *QUIET))[1]


def text_of(graph: Graph, device: CudaDevice) -> str:
    """The kernels of a graph, which are not loaded."""
    with mock.patch.object(Code, "loaded", return_value=[]):
        return GpuProgram(graph, device).code.text


def kernels_in(text: str) -> int:
    return len(re.findall(r"__global__ void", text))


# -- the op table

TABLE: dict[str, Callable[[], Sequence[Call]]] = {
    **{f"elementwise {d}": lambda d=d: elementwise(d) for d in (dtypes.float32, dtypes.bfloat16, dtypes.int64)},
    "elementwise float64": lambda: elementwise(dtypes.float64),
    "others float32": lambda: sampled(OTHERS, dtypes.float32),
    "others float64": lambda: sampled(OTHERS[::2], dtypes.float64),
}


BOTH = [(name, "sm_90") for name in TABLE] + [(f"{kind} float32", "sm_80") for kind in ("elementwise", "others")]


@pytest.mark.parametrize(("name", "architecture"), BOTH)
def test_kernels_of_the_op_table_spill_nothing(device: CudaDevice, name: str, architecture: str) -> None:
    graph, _, _ = graph_of(TABLE[name]())
    text = text_of(graph, device)
    found = needs(text, architecture)
    assert len(found) == kernels_in(text) > 10
    assert not [kernel for kernel in found if kernel.spilled]


# -- workloads


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + wf.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def black_scholes(s: Any, k: Any, t: Any) -> Any:
    root = 0.3 * wf.sqrt(t)
    d1 = (wf.log(s / k) + 0.065 * t) / root
    first, second = (0.5 + 0.5 * wf.erf(d * 0.7071067811865476) for d in (d1, d1 - root))
    return s * first - k * wf.exp(-0.02 * t) * second


def cross_entropy(x: Any, labels: Any) -> Any:
    return wf.grad(lambda x: wf.mean(wf.softmax_cross_entropy(x, labels)))(x)


def mlp_step(x: Any, labels: Any, w: Any, b: Any, v: Any) -> Any:
    def loss(w: Any, b: Any, v: Any) -> Any:
        return wf.mean(wf.softmax_cross_entropy(wf.relu(x @ w + b) @ v, labels))

    return [p - 0.1 * dp for p, dp in zip((w, b, v), wf.grad(loss, argnums=(0, 1, 2))(w, b, v), strict=True)]


def rnn(x: Any, w: Any, u: Any) -> Any:
    h = wf.zeros_like(x[0] @ w)
    for t in range(len(x)):
        h = wf.tanh(x[t] @ w + h @ u)
    return h


def attention(q: Any, k: Any, v: Any) -> Any:
    return wf.softmax(q @ wf.matrix_transpose(k) * 0.125) @ v


def conv(x: Any, w: Any) -> Any:
    return wf.relu(wf.conv2d(x, w, padding="same"))


def adam(p: Any, g: Any, m: Any, v: Any) -> Any:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return p - 0.01 * m / (wf.sqrt(v) + 1e-8), m, v


ROW, WIDE = (64, 1024), (64, 4096)
WORKLOADS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "gelu": (gelu, [(1 << 16,)]),
    "black_scholes": (black_scholes, [(1 << 16,)] * 3),
    "softmax": (lambda x: wf.softmax(x), [ROW]),
    "softmax of long rows": (lambda x: wf.softmax(x), [WIDE]),
    "softmax of bfloat16": (lambda x: wf.softmax(wf.astype(x, dtypes.bfloat16)), [ROW]),
    "layer_norm": (lambda x, g, b: wf.layer_norm(x, g, b), [ROW, ROW[1:], ROW[1:]]),
    "logsumexp": (lambda x: wf.logsumexp(x, axis=-1), [ROW]),
    "cross_entropy": (cross_entropy, [ROW, 64]),
    "mlp_step": (mlp_step, [(64, 128), 64, (128, 256), (256,), (256, 16)]),
    "rnn": (rnn, [(12, 32, 64), (64, 256), (256, 256)]),
    "attention": (attention, [(8, 128, 64)] * 3),
    "conv": (conv, [(4, 32, 32, 16), (3, 3, 16, 32)]),
    "column_sums": (lambda x: wf.sum(x, axis=0), [ROW]),
    "adam": (adam, [ROW] * 4),
}
# Reads and writes of 128 bits by a thread. Where rows are in registers, they are read and written in 8 pieces.
ONLY_WIDE = {"gelu": (1, 1), "black_scholes": (3, 1), "softmax": (8, 8), "softmax of long rows": (8, 8), "layer_norm": (24, 8),
             "column_sums": (5, 1), "adam": (4, 3)}  # fmt: skip
MOSTLY_WIDE = {"logsumexp": (8, 0), "cross_entropy": (9, 8), "mlp_step": (12, 6), "attention": (2, 2), "conv": (4, 1)}
REGISTERS = 128  # with which half of the threads that fit a multiprocessor still do


def text_of_workload(name: str, device: CudaDevice) -> str:
    f, shapes = WORKLOADS[name]
    arrays = [np.zeros(s, np.int64) if isinstance(s, int) else np.ones(s, np.float32) for s in shapes]
    return text_of(wf.compile(f).graph(*(wf.tensor(x) for x in arrays)), device)


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_kernels_of_workloads_spill_nothing(device: CudaDevice, name: str, architecture: str) -> None:
    text = text_of_workload(name, device)
    found = needs(text, architecture)
    assert len(found) == kernels_in(text) >= 1
    for kernel in found:
        assert (kernel.spilled, kernel.stack) == (0, 0), kernel
        assert kernel.registers <= REGISTERS, kernel
        assert kernel.shared <= 48 << 10, kernel


@pytest.mark.parametrize("name", [*ONLY_WIDE, *MOSTLY_WIDE])
def test_bulk_access_is_of_128_bits(device: CudaDevice, name: str) -> None:
    found = real_compiler.accesses(text_of_workload(name, device), (*OPTIONS, *QUIET))
    if name in ONLY_WIDE:
        assert (found.wide_reads, found.wide_writes) == (found.reads, found.writes) == ONLY_WIDE[name]
    else:
        reads, writes = MOSTLY_WIDE[name]
        assert found.wide_reads >= reads
        assert found.wide_writes >= writes
