"""Schedules and clipping."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError

s = wf.optim.schedules

CURVES = {
    "constant": (s.Constant(0.1), {0: 0.1, 99: 0.1}),
    "step": (s.Step(1.0, every=10, factor=0.5), {0: 1.0, 9: 1.0, 10: 0.5, 25: 0.25}),
    "exponential": (s.Exponential(1.0, 0.25, every=2), {0: 1.0, 1: 0.5, 2: 0.25}),
    "cosine": (s.Cosine(1.0, 100, final=0.5), {0: 1.0, 50: 0.75, 100: 0.5, 1000: 0.5}),
    "line": (s.Polynomial(1.0, 10), {0: 1.0, 5: 0.5, 10: 0.0, 20: 0.0}),
    "polynomial": (s.Polynomial(1.0, 10, final=0.2, power=2.0), {0: 1.0, 5: 0.4, 10: 0.2}),
    "piecewise": (s.Piecewise([10, 20], [1.0, 0.5, 0.1]), {0: 1.0, 9: 1.0, 10: 0.5, 19: 0.5, 20: 0.1}),
    "warmup": (s.Warmup(10, s.Polynomial(1.0, 10)), {0: 0.0, 5: 0.5, 10: 1.0, 15: 0.5, 20: 0.0}),
    "warmup to a rate": (s.Warmup(4, 2.0, start=1.0), {0: 1.0, 2: 1.5, 4: 2.0, 8: 2.0}),
}


@pytest.mark.parametrize(("schedule", "points"), CURVES.values(), ids=CURVES)
def test_a_schedule_gives_its_rates(schedule: Any, points: dict[int, float]) -> None:
    for step, rate in points.items():
        for given in (step, wf.tensor(step), wf.Variable(step)):
            found = schedule(given)
            assert found.shape == ()
            assert found.dtype == wf.float64
            assert math.isclose(float(found), rate, abs_tol=1e-12), step


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in CURVES.values()], ids=CURVES)
def test_a_schedule_is_a_value(schedule: Any) -> None:
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@pytest.mark.parametrize(
    "make",
    [
        lambda: s.Step(1.0, every=0), lambda: s.Cosine(1.0, -1), lambda: s.Warmup(0, 1.0), lambda: s.Exponential(1.0, 0.5, 0),
        lambda: s.Polynomial(1.0, 0), lambda: s.Piecewise([1], [1.0]), lambda: s.Piecewise([2, 1], [1.0, 2.0, 3.0]),
    ],
)  # fmt: skip
def test_a_senseless_schedule_is_refused(make: Any) -> None:
    with pytest.raises(ArgumentError):
        make()


def test_clipping_keeps_trees_and_what_is_none() -> None:
    grads = {"a": wf.tensor([3.0, 4.0]), "b": [None, wf.tensor([[12.0]])]}
    clipped = wf.optim.clip_by_global_norm(grads, 6.5)
    assert clipped["b"][0] is None
    np.testing.assert_allclose(clipped["a"].numpy(), [1.5, 2.0], rtol=1e-6)
    np.testing.assert_allclose(wf.optim.global_norm(clipped).numpy(), 6.5, rtol=1e-6)
    assert wf.optim.clip_by_value(grads, -5, 5)["b"][1].tolist() == [[5.0]]
    np.testing.assert_allclose(wf.optim.clip_by_norm(grads, 1.0)["a"].numpy(), [0.6, 0.8], rtol=1e-6)


def test_a_gradient_of_zero_stays_zero() -> None:
    assert wf.optim.clip_by_norm([wf.zeros(2)], 1.0)[0].tolist() == [0.0, 0.0]


def test_norms_of_halves_do_not_overflow() -> None:
    big = wf.full(4, 30000.0, dtype="float16")
    assert wf.optim.global_norm([big]).item() == 60000.0
    np.testing.assert_allclose(wf.optim.clip_by_norm([big], 2.0)[0].numpy(), [1.0] * 4, rtol=1e-3)


def test_complex_gradients_count_with_their_magnitude() -> None:
    assert wf.optim.global_norm([wf.tensor([3 + 4j], "complex64")]).item() == 5.0


@pytest.mark.parametrize(
    "action",
    [
        lambda: wf.optim.clip_by_value([], 1, -1), lambda: wf.optim.clip_by_norm([], 0), lambda: wf.optim.global_norm([None]),
        lambda: wf.optim.clip_by_global_norm([wf.zeros(1)], float("nan")),
    ],
)  # fmt: skip
def test_senseless_clipping_is_refused(action: Any) -> None:
    with pytest.raises(ArgumentError):
        action()
