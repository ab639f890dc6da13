"""Calling native programs: from threads, after a fork, interrupted, with arrays that do not lie in order, with errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from runs import build

import weft as wf
from weft.runtime.errors import OutOfRangeError


def count(n):
    i = 0
    while i < n:
        i = i + 1
    return i


def settle(x):
    while wf.max(abs(x)) > 0.1:
        x = wf.tanh(x) * 0.9
    return x


def native(function, *args):
    return build(wf.compile(function).graph(*args))


def test_results_are_new_arrays_in_every_call() -> None:
    program = native(settle, wf.ones((5, 40)))
    x = np.linspace(-1, 1, 200, dtype=np.float32).reshape(5, 40)
    (first,) = program([x])
    (second,) = program([x])
    first[:] = 7
    assert (second != 7).all()


@pytest.mark.parametrize("arrange", [lambda x: x[:, ::-1], lambda x: x.T.copy().T, lambda x: x[::2].repeat(2, 0)[::1]])
def test_operands_may_lie_in_any_order(arrange) -> None:
    program = native(lambda x: x * 2.0 + 1.0, wf.ones((6, 8)))
    x = arrange(np.arange(48, dtype=np.float32).reshape(6, 8))
    np.testing.assert_array_equal(program([x])[0], x * 2 + 1)


def test_many_threads_may_call_at_once() -> None:
    program = native(settle, wf.ones((64, 1000)))
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(64, 1000)).astype(np.float32) for _ in range(16)]
    alone = [program([x])[0] for x in given]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda x: program([x])[0], given * 4))
    for x, y in zip(alone * 4, together, strict=True):
        np.testing.assert_array_equal(x, y)


def test_the_result_does_not_depend_on_the_size_of_the_work_of_others() -> None:
    program = native(lambda x: wf.sum(x), wf.ones((100, 3000)))
    x = np.random.default_rng(0).normal(size=(100, 3000)).astype(np.float32)
    assert len({float(program([x])[0]) for _ in range(20)}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_fork_may_call() -> None:
    program = native(settle, wf.ones((64, 1000)))
    x = np.full((64, 1000), 0.5, np.float32)
    expected = program([x])[0]
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(program([x])[0], expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_ctrl_c_stops_a_long_loop_and_the_next_call_works() -> None:
    program = native(count, wf.asarray(10))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        program([np.asarray(2**62)])
    timer.join()
    signal.signal(signal.SIGINT, before)
    assert program([np.asarray(1000)])[0] == 1000


def test_what_a_node_without_kernel_raises_comes_out_of_the_call() -> None:
    program = native(lambda x, i: x[i] * 2.0, wf.ones((5,)), wf.asarray([1, 2]))
    x = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(program([x, np.array([-1, 0])])[0], [8, 0])
    with pytest.raises(OutOfRangeError, match="5"):
        program([x, np.array([1, 5])])
    np.testing.assert_array_equal(program([x, np.array([1, 2])])[0], [2, 4])


def test_an_operand_without_elements_goes_to_python_too() -> None:
    program = native(lambda x, y: (wf.log(x), wf.matmul(x, y)), wf.ones((0, 2)), wf.ones((2, 3)))
    first, second = program([np.ones((0, 2), np.float32), np.ones((2, 3), np.float32)])
    assert (first.shape, second.shape) == ((0, 2), (0, 3))


@pytest.mark.parametrize("shape", [(), (4,), (1000,)])
def test_a_long_chain_of_maps_becomes_kernels_of_bounded_depth(shape) -> None:
    def chain(x):
        for i in range(400):
            x = x * 1.001 + 0.01 * (i % 7)
        return x

    x = wf.ones(shape)
    program = native(chain, x)
    assert len(program.graph.nodes) > 400
    np.testing.assert_allclose(program([x.numpy()])[0], chain(x).numpy(), 1e-5)


def test_calls_that_raise_keep_nothing() -> None:
    @wf.compile
    def limited(x, n):
        i = 0
        while i < n:
            x = x * 0.5
            assert i < 3, "too many"
            i += 1
        return x

    x, n = wf.ones((1000,)), wf.asarray(10)

    def depth() -> int:
        with wf.options(executor="native"), pytest.raises(AssertionError, match="too many") as caught:
            limited(x, n)
        return len(caught.traceback)

    depth()  # traces and builds
    assert len({depth() for _ in range(5)}) == 1


def test_more_threads_than_cores_run_every_range_once(tmp_path: Path) -> None:
    """A thread that the system lets wait may wake rounds later: then its range is not its own any more."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import numpy as np, weft as wf
@wf.compile
def f(x, n):
    for k in range(n):
        x = wf.sin(x) + 1.0
        x = x - wf.mean(x, axis=1, keepdims=True)
    return x
x = wf.tensor(np.linspace(-1.0, 1.0, 64 * 257).reshape(64, 257))
with wf.options(executor="interpreter"):
    expected = f(x, wf.tensor(2000))
for _ in range(3):
    wf.testing.assert_close(f(x, wf.tensor(2000)), expected, rtol=1e-6, atol=1e-6)
"""
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "WEFT_EXECUTOR": "native",
        "WEFT_THREADS": "12",
    }
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
