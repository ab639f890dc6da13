"""Every op of the table, compiled for a GPU, gives what the interpreter gives; and its gradients are its derivatives.

Ops of one dtype share a program. Sizes, and how operands lie in memory, go round among the ops, so that each meets all
of them in some dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from op_cases import ALL_OPS, CASES, OVERRIDES, Case, generator, is_floating
from op_graphs import FLOATS, OTHERS, REALS, elementwise, sampled
from op_runs import agree, in_turn, run, seen

import weft as wf
from weft.compiler.gpu.program import GpuProgram
from weft.compiler.graph.graph import Graph
from weft.compiler.passes.differentiate import differentiate
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes
from weft.runtime.spec import Spec

# Ops that decompose matrices, transform, or look for roots: they run on the CPU, as complex numbers do.
ON_CPU = frozenset({
    "cholesky", "cofactor", "cofactor_change", "det", "eig", "eigh", "eigvals", "eigvalsh", "expm", "fft", "gamma_slope",
    "ifft", "inv", "irfft", "matrix_rank", "pinv", "polygamma", "qr", "random_gamma", "random_poisson", "rfft", "slogdet",
    "solve", "solve_triangular", "svd", "svdvals",
})  # fmt: skip


# -- values


@pytest.mark.parametrize("dtype", REALS, ids=lambda d: d.name)
def test_elementwise_ops_give_on_a_gpu_what_the_interpreter_gives(device: CudaDevice, dtype: Any) -> None:
    assert not agree(device, elementwise(dtype)).plan.on_host


def is_real(case: Case) -> bool:
    """Whether an op has to do with real numbers only."""
    operands = case.draw()
    given = [Spec(x.shape, dtypes.as_dtype(x.dtype)) if isinstance(x, np.ndarray) else x for x in operands]
    found = case.op.spec(*given, **case.attributes())
    results = [found] if isinstance(found, Spec) else found
    return all(x.dtype not in dtypes.COMPLEX for x in (*given, *results) if isinstance(x, Spec))


@pytest.mark.parametrize("real", FLOATS, ids=str)
@pytest.mark.parametrize("part", range(4))
def test_other_ops_give_on_a_gpu_what_the_interpreter_gives(device: CudaDevice, part: int, real: Any) -> None:
    cases = OTHERS[part::4]
    found = agree(device, sampled(cases, real)).plan.on_host
    assert set(found) <= ON_CPU | {case.op.name for case in cases if not is_real(case)}


@pytest.mark.parametrize("dtype", REALS, ids=lambda d: d.name)
def test_operands_may_have_any_size_and_lie_anywhere(device: CudaDevice, dtype: Any) -> None:
    assert not agree(device, [*in_turn(dtype), *seen(dtype)]).plan.on_host


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64, dtypes.bfloat16, dtypes.int8], ids=str)
def test_operands_that_begin_where_16_bytes_cannot_be_read_at_once(device: CudaDevice, dtype: Any) -> None:
    x = wf.astype(wf.tensor(np.arange(5 * 33).reshape(5, 33) % 7, device="cuda"), dtype)

    @wf.compile
    def f(a: Any, b: Any) -> Any:
        return a + b, a * a, wf.sum(b, dtype=dtypes.float32)

    for row, other in ((1, 2), (4, 3), (2, 2)):
        y = x.numpy()
        expected = (y[row][:32] + y[other][1:], y[row][:32] * y[row][:32], y[other][1:].astype("f").sum())
        for found, wanted in zip(f(x[row][:32], x[other][1:]), expected, strict=True):
            np.testing.assert_array_equal(found.numpy().astype("f"), np.asarray(wanted).astype("f"))


# -- gradients


STEP = 1e-5
DIFFERENTIABLE = [case for case in CASES if case.op.differentiable and case.op.name not in OVERRIDES
                  and any(map(is_floating, case.draw())) and is_real(case)]  # fmt: skip


def totals(cases: Sequence[Case]) -> tuple[Graph, list[np.ndarray], list[list[int]]]:
    """A graph of the weighted sums of what ops give, its operands, and which of these are each case's own."""
    graph, arrays, own = Graph(), list[np.ndarray](), list[list[int]]()
    for case in cases:
        rng, given, places = generator(f"{case} weights"), [], []
        for x in case.draw():
            if isinstance(x, np.ndarray):
                places += [len(arrays)] if is_floating(x) else []
                arrays.append(x)
                x = graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype)))
            given.append(x)
        found = graph.run(case.op, *case.op.bind(tuple(given), case.attributes()))
        total = graph.lift(wf.tensor(0.0, dtype=dtypes.float64))
        for y in found if isinstance(found, tuple) else (found,):
            if y.dtype in dtypes.FLOATS:
                weights = graph.lift(wf.tensor(rng.uniform(0.5, 1.5, y.shape)))
                total = total + wf.sum(weights * y)
        graph.outputs.append(total)
        own.append(places)
    return graph, arrays, own


FIRST = [case for i, case in enumerate(DIFFERENTIABLE) if case.op not in {c.op for c in DIFFERENTIABLE[:i]}]


@pytest.mark.parametrize("part", range(4))
def test_gradients_on_a_gpu_are_derivatives(device: CudaDevice, part: int) -> None:
    agree_with_differences(device, DIFFERENTIABLE[part::4], 1)


@pytest.mark.parametrize("part", range(2))
def test_gradients_of_gradients_on_a_gpu_are_derivatives(device: CudaDevice, part: int) -> None:
    agree_with_differences(device, FIRST[part::2], 2)


def agree_with_differences(device: CudaDevice, cases: Sequence[Case], order: int) -> None:
    """Hold gradients along a random way against central differences, all of it computed on the device."""
    graph, arrays, own = totals(cases)
    wanted = [i for places in own for i in places]
    if order == 2:
        graph = slopes(graph, own, wanted)
    program = GpuProgram(differentiate(graph, wanted), device)
    rng = np.random.default_rng(order)
    ways = {i: rng.normal(size=arrays[i].shape) for i in wanted}
    here = run(program, device, arrays)
    after, before = (run(program, device, moved(arrays, ways, step)) for step in (STEP, -STEP))
    dxs = dict(zip(wanted, here[len(own) :], strict=True))
    for k, (case, places) in enumerate(zip(cases, own, strict=True)):
        slope = (after[k] - before[k]) / (2 * STEP)
        found = sum(float((dxs[i] * ways[i]).sum()) for i in places)
        np.testing.assert_allclose(found, slope, 2e-5, 2e-5, err_msg=str(case))


def moved(arrays: Sequence[np.ndarray], ways: dict[int, np.ndarray], step: float) -> list[np.ndarray]:
    """The arrays a step along these ways."""
    return [x + step * ways[i] if i in ways else x for i, x in enumerate(arrays)]


def slopes(graph: Graph, own: list[list[int]], wanted: list[int]) -> Graph:
    """A graph of the weighted sums of each case's gradients."""
    derived = differentiate(graph, wanted)
    dxs = dict(zip(wanted, derived.outputs[len(own) :], strict=True))
    rng, sums = np.random.default_rng(7), []
    for places in own:
        total = derived.lift(wf.tensor(0.0, dtype=dtypes.float64))
        for i in places:
            total = total + wf.sum(derived.lift(wf.tensor(rng.uniform(0.5, 1.5, dxs[i].shape))) * dxs[i])
        sums.append(total)
    derived.outputs = sums
    return derived


# Of complex numbers, which have no kernels; the sample of random_gamma takes integers.
NOT_HERE = OVERRIDES | {"imag", "eig", "eigvals", "fft", "ifft", "rfft", "random_gamma"}


def test_every_differentiable_op_of_real_numbers_is_among_them() -> None:
    found = {case.op.name for case in DIFFERENTIABLE}
    assert {op.name for op in ALL_OPS if op.differentiable} <= found | NOT_HERE
