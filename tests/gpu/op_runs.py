"""Calls of ops of the table in one program of a GPU, beside what the interpreter gives; of many sizes, and of views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from op_cases import ELEMENTWISE, elementwise_operand, generator
from op_graphs import REALS, Call, compare, graph_of

import weft as wf
from weft.compiler.gpu.program import GpuProgram
from weft.compiler.graph.interpret import run as interpreted
from weft.kernels.cuda_device import CudaDevice

SIZES = (0, 1, 31, 32, 33, 1025)


def run(program: GpuProgram, device: CudaDevice, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [device.to_numpy(y) for y in program([device.from_numpy(x) for x in arrays])]


def agree(device: CudaDevice, calls: Sequence[Call]) -> GpuProgram:
    """Hold calls on a device against the interpreter, twice, and the second time the very same."""
    graph, arrays, names = graph_of(calls)
    program = GpuProgram(graph, device)
    found, again = run(program, device, arrays), run(program, device, arrays)
    with np.errstate(all="ignore"):
        compare(found, interpreted(graph, arrays), names)
    assert [x.tobytes() for x in found] == [x.tobytes() for x in again]
    return program


def in_turn(dtype: Any) -> list[Call]:
    """Every elementwise op that takes a dtype, with operands of two sizes."""
    calls = []
    for i, op in enumerate(op for op in ELEMENTWISE if dtype in op.takes):
        for k in (0, 3):
            shape = (SIZES[(i + k + REALS.index(dtype)) % len(SIZES)],)
            rng = generator(f"{op.name} {shape}")
            operands = [elementwise_operand(op, j, dtype, shape, rng) for j in range(op.arity)]
            calls.append(Call(f"{op.name} {dtype} {shape}", op, operands, {}))
    return calls


# What is seen of a matrix of 6 rows of 33 elements; where operands differ in shape they are broadcast.
VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x[1],
    lambda x: x[1:, :],
    lambda x: x[:, ::2][:, :33],
    lambda x: x[::-1, 1:],
    lambda x: x[2:5, 3:],
    lambda x: wf.matrix_transpose(x),
    lambda x: wf.broadcast_to(x[:, :1], (6, 5)),
]


def seen(dtype: Any) -> list[Call]:
    """Every elementwise op that takes a dtype, of operands that lie in a larger array somehow."""
    calls = []
    for i, op in enumerate(op for op in ELEMENTWISE if dtype in op.takes):
        view = VIEWS[(i + REALS.index(dtype)) % len(VIEWS)]
        rng = generator(f"{op.name} {dtype} seen")
        operands = [elementwise_operand(op, j, dtype, (6, 33), rng) for j in range(op.arity)]
        calls.append(Call(f"{op.name} {dtype} seen {i}", op, operands, {}, lambda x, _, view=view: view(x)))
    return calls
