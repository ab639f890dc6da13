"""Training steps on a GPU, eager and compiled: what they find is what the CPU finds; numbers stay where they live."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels.cuda_graph import Graph

ROOT = Path(__file__).resolve().parents[2]

OPTIMIZERS = {
    "SGD": lambda: wf.optim.SGD(0.1),
    "momentum": lambda: wf.optim.SGD(0.1, momentum=0.9),
    "Adam": lambda: wf.optim.Adam(0.1),
    "a schedule, weight decay and a global norm": lambda: wf.optim.AdamW(
        wf.optim.schedules.Cosine(0.1, 10), weight_decay=0.01, clip_global_norm=1.0
    ),
}


def trained(make: Any, device: str, compiled: bool) -> tuple[Any, Any]:
    """The weights after three steps, and the optimizer."""
    w, optimizer = wf.Variable(np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(4, 3), device=device), make()

    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean((wf.tanh(x @ w) - y) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w], strict=True))
        return loss

    run = wf.compile(step) if compiled else step
    x, y = wf.full((5, 4), 0.5, device=device), wf.ones((5, 3), device=device)
    losses = [float(run(x, y)) for _ in range(3)]
    assert losses[2] < losses[0]
    return w, optimizer


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_steps_on_a_gpu_find_what_those_on_the_cpu_find(reason: str, make: Any, compiled: bool) -> None:
    (expected, _), (found, optimizer) = trained(make, "cpu", False), trained(make, "cuda", compiled)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=2e-5, atol=2e-6)
    assert (str(found.device), str(optimizer.step.device), int(optimizer.step)) == ("cuda:0", "cpu", 3)
    assert all(str(slot.device) == "cuda:0" for slots in optimizer.slots.values() for slot in slots.values())


def test_the_lesson_of_mixed_precision_learns_on_a_gpu(reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = runpy.run_path(str(ROOT / "examples" / "12_mixed_precision.py"))["main"](epochs=1, device="cuda")
    assert min(found.values()) > 0.8
    assert "float16 " in capsys.readouterr().out


def test_numbers_of_the_cpu_that_meet_nothing_of_the_gpu_come_out_where_they_live(reason: str) -> None:
    @wf.compile
    def f(x: Any, n: Any, m: Any) -> Any:
        while m < 10:
            m = m * 2
        return x * n, n + 1, wf.zeros(2), m

    y, n, zeros, m = f(wf.ones(3, device="cuda"), wf.tensor(2), wf.tensor(3))
    assert [str(v.device) for v in (y, n, zeros, m)] == ["cuda:0", "cpu", "cuda:0", "cpu"]
    assert (y.numpy().tolist(), int(n), int(m)) == ([2.0, 2.0, 2.0], 3, 12)


def test_steps_whose_optimizer_counts_them_are_replayed(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, replayed = Graph.launch, []
    monkeypatch.setattr(Graph, "launch", lambda self: (replayed.append(1), plain(self)))
    w, optimizer = wf.Variable(wf.ones((4, 3), device="cuda")), wf.optim.Adam(0.1)

    @wf.compile
    def step(x: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.tanh(x @ w))
        optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w], strict=True))
        return loss

    x = wf.ones((5, 4), device="cuda")
    for _ in range(10):
        step(x)
    assert len(replayed) >= 4
