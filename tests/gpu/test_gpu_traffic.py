"""What kernels read and write, and that they do it rightly: each access checked, in whatever order blocks and threads run.

The stand-in counts bytes, the requests of warps, and sectors of 32 bytes. It checks bounds, races, misaligned accesses
and reads of what was never written; `lazy` does late what a stream may do late, `guard` puts pages around memory.
"""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

import processes
import pytest

N, FLOAT = 64 * 1024, 4  # elements of a matrix, and bytes of each
MATRIX = N * FLOAT


class Counts(NamedTuple):
    """What one kernel did."""

    launches: int
    read: int  # bytes
    read_requests: int
    read_sectors: int
    written: int
    write_requests: int
    write_sectors: int


@cache
def measured() -> dict[str, list[Counts]]:
    """The kernels of each function."""
    found = json.loads(processes.run("import checked_runs; checked_runs.traffic()", "check"))
    return {name: [Counts(*counts) for counts in kernels.values()] for name, kernels in found.items()}


@pytest.fixture(autouse=True)
def _on_the_standin(reason: str) -> None:
    if not processes.is_standin():
        pytest.skip("a real GPU counts and checks nothing")


# Elements of matrices that are read and written. Scale and shift are read again for every row.
ONCE = {"softmax": (1, 1), "layer_norm": (3, 1), "gelu_chain": (1, 1), "adam": (4, 3)}


@pytest.mark.parametrize("name", ONCE)
def test_a_fused_kernel_reads_each_input_once_and_writes_each_output_once(name: str) -> None:
    (kernel,) = measured()[name]
    read, written = ONCE[name]
    assert (kernel.launches, kernel.read, kernel.written) == (1, read * MATRIX, written * MATRIX)


@pytest.mark.parametrize("name", ONCE)
def test_each_thread_reads_and_writes_16_bytes_at_once(name: str) -> None:
    (kernel,) = measured()[name]
    assert kernel.read_sectors == 16 * kernel.read_requests
    assert kernel.write_sectors == 16 * kernel.write_requests
    assert kernel.read_requests * 32 * 16 == kernel.read


@pytest.mark.parametrize(("name", "results"), [("column_sums", 1024), ("row_sums", 64), ("total", 1)])
def test_a_reduction_reads_its_operand_once(name: str, results: int) -> None:
    first, *rest = measured()[name]
    assert (first.read, first.read_sectors) == (MATRIX, 16 * first.read_requests)
    parts = 0 if not rest else first.written
    assert sum(kernel.read for kernel in rest) == parts
    assert sum(kernel.written for kernel in (first, *rest)) == parts + results * FLOAT
    assert first.written <= 4096


def test_cross_entropy_and_its_gradient_read_the_logits_once() -> None:
    large = max(measured()["cross_entropy"], key=lambda kernel: kernel.written)
    rows, label = 64, 8
    assert large.written == MATRIX + rows * FLOAT  # the gradient, and each row's part of the loss
    # The numbers of the classes, the same for each row, and twice for each element its row's label: of the nearest cache.
    assert large.read <= MATRIX + N * FLOAT + 2 * N * label
    others = [kernel for kernel in measured()["cross_entropy"] if kernel is not large]
    assert sum(kernel.read + kernel.written for kernel in others) < 2048


# -- the whole op table, and parts of it in other orders


@pytest.mark.parametrize("part", range(2))
def test_the_op_table_reads_and_writes_only_what_it_may_and_leaves_nothing(part: int) -> None:
    assert "all ran" in processes.run(f"import checked_runs; checked_runs.table({part}, 2)", "check")


@pytest.mark.parametrize("mode", ["lazy", "order=reverse", "order=7", "guard"])
def test_results_are_the_same_in_whatever_order_the_work_is_done(mode: str) -> None:
    part = ["lazy", "order=reverse", "order=7", "guard"].index(mode)
    assert "all ran" in processes.run(f"import checked_runs; checked_runs.table({part}, 8)", mode)


@pytest.mark.parametrize("mode", ["lazy", "lazy,order=reverse"])
def test_programs_with_loops_wait_for_what_they_read(mode: str) -> None:
    assert processes.run("import checked_runs; checked_runs.loops()", mode).split() == ["True"]
