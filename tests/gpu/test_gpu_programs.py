"""Programs compiled for a GPU do what plain Python does with them: values, gradients, errors, effects, replays.

Calls are repeated, as the second one records a CUDA graph for its memory, and the third one replays it.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given

sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("programs", "compiler", "seed")]

import post_programs as post  # pyright: ignore[reportMissingImports]
from agreement import Outcome, defined, lifted, outcome  # pyright: ignore[reportMissingImports]
from catalogue import PROGRAMS  # pyright: ignore[reportMissingImports]
from drawn_graphs import Drawn, graphs  # pyright: ignore[reportMissingImports]
from drawn_programs import Program as DrawnProgram, programs  # pyright: ignore[reportMissingImports]
from drawn_together import agree  # pyright: ignore[reportMissingImports]
from meaning import near  # pyright: ignore[reportMissingImports]
from program import Program, arrays, check_same, tensors  # pyright: ignore[reportMissingImports]
from search import examples  # pyright: ignore[reportMissingImports]

import weft as wf
from weft.compiler.gpu import eager, execute
from weft.compiler.passes.differentiate import differentiate
from weft.kernels import cuda_device
from weft.kernels.cuda_device import CudaDevice
from weft.kernels.cuda_graph import Graph as Recording
from weft.runtime import dtypes
from weft.runtime.eager import wrap
from weft.runtime.errors import GradientError

CALLS = 3


@contextmanager
def replays() -> Iterator[list[int]]:
    """How often recordings were replayed inside the `with` block, as the length of a list."""
    found: list[int] = []
    launch = Recording.launch

    def launched(recording: Recording) -> None:
        found.append(1)
        launch(recording)

    with mock.patch.object(Recording, "launch", launched):
        yield found


# -- the programs of tests/programs


def called(program: Program, compile: Callable[[Any], Any], times: int) -> list[Any]:
    """What calls one after the other give, or raise; each is given tensors of its own."""
    entry, found = None, []
    for _ in range(times):
        try:
            entry = entry or program.entry(compile)
            result = entry(*map(tensors, program.inputs))
            found.append(arrays(asyncio.run(result) if inspect.iscoroutine(result) else result))
        except Exception as error:
            found.append(error)
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_gives_on_a_gpu_what_python_gives(
    quiet: None, device: CudaDevice, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    times = CALLS if program.staged and program.stdout is None else 1
    with wf.device(device):
        found = called(program, wf.compile, times)
    if program.stdout is not None:
        assert capsys.readouterr().out == program.stdout
    wanted = called(program, lambda function: function, times)  # a program may give something else each time
    if not program.raises:
        wanted[0] = program.expected
    for x, y in zip(found, wanted, strict=True):
        if isinstance(x, Exception):
            program.check_error(x)
        else:
            assert not isinstance(y, Exception), y
            check_same(x, y, program.rtol, strict=not program.any_dtype)


# -- recordings


def settled(x: Any, w: Any) -> Any:
    """A loop with a branch."""
    i = 0
    while wf.mean(x * x) > 0.1 and i < 20:
        x = wf.tanh(x) * 0.5 + w
        x = x - 0.01 if wf.mean(x) > 0 else x + 0.02
        i = i + 1
    return wf.softmax(x), i


def layered(x: Any, w: Any) -> Any:
    """No loop: two reductions and maps."""
    h = wf.tanh(x - wf.mean(x, axis=-1, keepdims=True)) * w
    return wf.sum(h * h), wf.softmax(h, axis=0)


def summed(x: Any, w: Any) -> Any:
    """A loop over rows."""
    total = wf.zeros_like(w)
    for row in x:
        total = total * 0.5 + row * w
    return total


@pytest.mark.parametrize("f", [settled, layered, summed], ids=lambda f: f.__name__)
def test_recordings_are_replayed_with_other_values_and_sizes_in_between(device: CudaDevice, f: Any) -> None:
    compiled, rng, given = wf.compile(f), np.random.default_rng(0), []
    for rows, columns in ((4, 7), (4, 7), (9, 33), (1, 1)):
        x = rng.standard_normal((rows, columns)).astype(np.float32)
        w = (rng.standard_normal(columns) * 0.01).astype(np.float32)
        wanted = arrays(f(wf.tensor(x), wf.tensor(w)))
        given.append((wf.tensor(x, device=device), wf.tensor(w, device=device), wanted))
    with replays() as found:
        for x, w, wanted in [one for one in given * 2 for _ in range(5)] + given:
            wf.testing.assert_close(arrays(compiled(x, w)), wanted, rtol=2e-5, atol=2e-6)
    assert len(found) >= 10


def test_a_recording_belongs_to_its_addresses(device: CudaDevice) -> None:
    f = wf.compile(layered)
    x, other = (wf.tensor(np.full((3, 5), v, np.float32), device=device) for v in (1.0, 2.0))
    w = wf.arange(5, dtype=wf.float32, device=device)
    kept = []
    for _ in range(4):  # results that are kept lie somewhere else each time
        kept += [f(x, w), f(other * x, w)]
    for one in kept:
        wf.testing.assert_close(arrays(one), arrays(layered(wf.ones((3, 5)), wf.arange(5, dtype=wf.float32))))


@pytest.mark.parametrize("f", [settled, layered, summed], ids=lambda f: f.__name__)
def test_a_loop_has_a_program_for_each_size_that_comes(device: CudaDevice, f: Any) -> None:
    compiled, ran = wf.compile(f), []
    run_op = eager.run

    def counted(device: Any, op: Any, *rest: Any) -> Any:
        ran.append(op.name)
        return run_op(device, op, *rest)

    for shape in ((2, 3), (3, 4), (5, 7)):
        x, w = wf.ones(shape, device=device), wf.ones(shape[-1:], device=device)
        with mock.patch.object(cuda_device, "_kernels", [counted]):
            compiled(x, w)
    assert set(ran) <= {"ones", "multiply", "full"}  # what a trace computes of constants


def test_a_training_step_is_replayed(device: CudaDevice) -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((16, 8), (16, 1)))

    def trained(where: Any) -> list[float]:
        with wf.device(where):
            w, b = wf.Variable(wf.zeros((8, 1))), wf.Variable(wf.zeros((1,)))
            given, wanted = wf.tensor(x), wf.tensor(y)

            @wf.compile
            def step() -> Any:
                with wf.GradientTape() as tape:
                    loss = wf.mean((wf.tanh(given @ w) + b - wanted) ** 2)
                dw, db = tape.gradient(loss, [w, b])
                w.assign(w - 0.1 * dw)
                b.assign(b - 0.1 * db)
                return loss

            return [float(step()) for _ in range(12)]

    with replays() as found:
        losses = trained(device)
    np.testing.assert_allclose(losses, trained("cpu"), rtol=1e-4)
    assert losses[-1] < losses[0]
    assert len(found) >= 3


def test_a_check_that_fails_in_a_replay_is_told(device: CudaDevice) -> None:
    @wf.compile
    def f(x: Any, i: Any) -> Any:
        return wf.tanh(x[i]) + wf.sum(x)

    x = wf.arange(5, dtype=wf.float32, device=device)
    for i in (0, 1, 2, 3, 4, 4, 4):
        wf.testing.assert_close(f(x, wf.tensor(i, device=device)), np.tanh(np.float32(i)) + 10)
    for _ in range(2):
        with pytest.raises(IndexError, match="5"):
            f(x, wf.tensor(5, device=device))
        wf.testing.assert_close(f(x, wf.tensor(2, device=device)), np.tanh(np.float32(2)) + 10)


# -- drawn graphs and programs

TOGETHER = 6  # graphs in one program


def on_device(drawn: Drawn, device: CudaDevice) -> list[Outcome]:
    """What a graph does on a device, in calls one after the other."""
    buffers = [device.from_numpy(x.buffer) for x in drawn.data]

    def run() -> list[Any]:
        found = execute.run(drawn.graph, buffers, device)
        return [wrap(device.to_numpy(y) if not isinstance(y, np.ndarray) else y) for y in found]

    return [outcome(run)[0] for _ in range(CALLS)]


def test_drawn_graphs_give_on_a_gpu_what_the_interpreter_gives(quiet: None, device: CudaDevice) -> None:
    found: list[Drawn] = []

    @examples(48)
    @given(graphs())
    def keep(drawn: Drawn) -> None:
        found.append(drawn)

    keep()
    agree(found, lambda one: on_device(one, device), TOGETHER)


def test_derivatives_of_drawn_graphs_are_the_same_on_a_gpu(quiet: None, device: CudaDevice) -> None:
    found: list[Drawn] = []

    @examples(24)
    @given(graphs(smooth=True))
    def derive(drawn: Drawn) -> None:
        graph, data = drawn
        wanted = [i for i, x in enumerate(graph.inputs) if x.dtype in dtypes.FLOATS]
        try:
            found.append(Drawn(differentiate(graph, wanted), data))
        except GradientError:  # an op without a rule
            return

    derive()
    agree(found, lambda one: on_device(one, device), TOGETHER)


def test_drawn_programs_do_on_a_gpu_what_python_does(quiet: None, device: CudaDevice) -> None:
    tally = {"gives": 0, "refused": 0, "raises": 0}

    @examples(24)
    @given(programs())
    def check(program: DrawnProgram) -> None:
        here, there = (wf.compile(defined(program.text)["f"]) for _ in range(2))
        for arguments in (*program.calls[:2], program.calls[0], program.calls[0]):
            expected, _ = outcome(here, lifted(list(arguments)))
            with wf.device(device):
                found, _ = outcome(there, lifted(list(arguments)))
            assert alike(found, expected), f"{program.text}\nof {arguments}:\n{expected}\non a GPU {found}"
            tally[expected.how] += 1

    check()
    assert tally["gives"] >= 15, tally


def alike(found: Outcome, expected: Outcome) -> bool:
    """Whether two ways to run a program came to the same, but for rounding."""
    if (found.how, found.printed.replace(", cuda:0)", ")")) != (expected.how, expected.printed):
        return False
    if found.how == "refused":  # names its file, which each of the two has of its own
        return True
    if found.how != "raises":
        return near(found.what, expected.what)
    (one, left), (two, kept) = found.what, expected.what
    return type(one) is type(two) and str(one) == str(two) and near(left, kept)


# -- the programs of the 2017 post


def dataset() -> Any:
    """Pictures of noise with labels, in batches."""
    rng = np.random.default_rng(0)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 8)]
    return wf.data.from_arrays((rng.random((8, 784), np.float32), labels)).batch(4)


def run(program: str, names: dict[str, Any]) -> list[Any]:
    """What a program prints, as the values that it gives to print."""
    printed: list[Any] = []
    names.update(print=printed.append)
    exec(compile(program, "<the post>", "exec"), names)
    return printed


def test_the_programs_of_the_post_run_on_a_gpu(quiet: None, device: CudaDevice) -> None:
    names: dict[str, Any] = {"dataset": dataset()}
    exec(post.IMPORTS, names)
    with wf.device(device):
        for program, expected in post.EXPECTED.items():
            wf.testing.assert_close(run(program, names), expected)
    assert all(v.device is device for v in names["model"].variables)
