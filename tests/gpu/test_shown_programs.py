"""What compiled functions show of their programs on a GPU: the CUDA C, a table of what steps cost, a profile."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.gpu import timer
from weft.compiler.gpu.program import GpuProgram
from weft.compiler.graph.parser import parse


def layer(x: Any, w: Any) -> Any:
    h = wf.tanh(x @ w)
    while wf.sum(h) > 1.0:
        h = h * 0.5 - 0.01
    return wf.softmax(h, axis=-1)


@pytest.fixture
def operands(on_gpu: Any) -> tuple[Any, Any]:
    return wf.ones((64, 48)), wf.full((48, 64), 0.1)


def test_the_cuda_c_has_the_users_lines_over_its_kernels(operands: tuple[Any, Any]) -> None:
    text = wf.compile(layer).kernels(*operands)
    kernels = re.findall(r"((?:^// .*\n)+)^extern \"C\" __global__ .* kernel\d+\(", text, re.MULTILINE)
    assert any(re.search(r"// test_shown_programs.py:\d+ +h = h \* 0.5 - 0.01", said) for said in kernels)
    assert any("return wf.softmax(h, axis=-1)" in said for said in kernels)


def test_the_steps_are_listed_after_the_kernels_loops_with_what_is_in_them(operands: tuple[Any, Any]) -> None:
    steps = wf.compile(layer).kernels(*operands).partition("// The steps:\n")[2].splitlines()
    assert re.match(r"// (cuBLASLt: 64 x 48 by 48 x 64, float32|kernel\d+<<<.*) +test_shown_programs.py:\d+", steps[0])
    (loop,) = (i for i, line in enumerate(steps) if line.startswith("// while"))
    assert re.match(r"//     kernel\d+<<<", steps[loop + 1])
    assert re.match(r"// kernel\d+<<<.* return wf.softmax", steps[-1])


def test_an_explanation_on_a_gpu_counts_runs_bytes_and_operations(operands: tuple[Any, Any]) -> None:
    found = wf.compile(layer).explain(*operands, repeats=2)
    rows = {row.ops: row for row in found.rows}
    product = rows["matmul"]
    assert (product.runs, product.operations) == (1, 2 * 64 * 48 * 64)
    assert product.bytes == 4 * (64 * 48 + 48 * 64 + 64 * 64)
    assert product.line.endswith("h = wf.tanh(x @ w)")
    assert product.seconds > 0
    assert next(row for row in found.rows if "subtract" in row.ops and "multiply" in row.ops).runs > 1
    assert rows["while"].is_loop
    assert found.limits is not None
    assert found.limits.bandwidth > 0
    assert "this machine" in str(found)


def doubled(x: Any, n: Any) -> Any:
    while wf.sum(x) < n:
        x = wf.concat([x, x])
    return x


def test_a_graph_that_runs_op_by_op_says_why(on_gpu: Any) -> None:
    f, x = wf.compile(doubled), wf.ones(3)
    with pytest.raises(wf.errors.BuildError, match="the graph runs op by op"):
        f.kernels(x, wf.tensor(7.0))
    assert "op by op" in f.explain(x, wf.tensor(7.0)).reason


def test_a_profile_has_the_steps_of_calls_and_of_ops_on_the_gpu(operands: tuple[Any, Any]) -> None:
    f = wf.compile(layer)
    expected = f(*operands)
    with wf.profile() as found:
        y = f(*operands)
        z = y + 1.0
    steps = [event for event in found.events if event.category == "step"]
    assert {"matmul", "while", "add"} <= {event.name for event in steps}
    assert all(event.end >= event.begin for event in steps)
    np.testing.assert_array_equal(y.numpy(), expected.numpy())
    np.testing.assert_array_equal(z.numpy(), expected.numpy() + 1.0)


def test_steps_beyond_those_that_are_timed_are_counted(device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "MOST", 1)
    program = GpuProgram(
        parse("graph (x: f32[64]) -> f32[64] { y = cumulative_sum x axis=0; z = sort y axis=0; return z }"), device
    )
    results, timings = timer.timed_run(program, [device.full((64,), np.ones((), np.float32))])
    assert len(timings) == 2
    assert timings[-1].step.ops.endswith("further steps")
    assert timings[0].launches >= 1
    np.testing.assert_array_equal(device.to_numpy(results[0]), np.arange(1.0, 65.0, dtype=np.float32))


def test_a_result_with_other_lengths_is_written_where_it_is_to_be(on_gpu: Any) -> None:
    f = wf.compile(lambda x: (wf.logsumexp(x, -1), wf.reshape(wf.exp(x), (-1,)), wf.reshape(x, (-1,))))
    x = wf.random.normal((6, 40))
    steps = f.kernels(x).partition("// The steps:\n")[2].splitlines()
    assert sum("copy" in line for line in steps) == 1  # of the operand itself
    for found, expected in zip(f(x), f.function(x), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6)
