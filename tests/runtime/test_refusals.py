"""What devices, data, gradients, optimizers and metrics refuse, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DeviceError, GradientError, ShapeError

X = wf.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: wf.ones(2, device="cpu:1"), DeviceError, "'cpu:1': there is one cpu, number 0"),
        (lambda: wf.ones(2, device=3), DeviceError, "3 is not a device"),
        (lambda: wf.ones(2, device="a b"), DeviceError, "'a b' is not the name of a device"),
        (
            lambda: len(wf.data.from_generator(lambda: iter([1]))),
            TypeError,
            "length is not known before it was iterated",
        ),
        (lambda: len(wf.data.from_arrays(X).repeat()), TypeError, "a dataset without end"),
        (lambda: len(wf.data.progress(iter([1]))), TypeError, "progress whose total is not known"),
        (
            lambda: wf.vjp(lambda x: x * 2, X)[1](wf.ones(2)),
            GradientError,
            r"vjp: cotangents of f32\[2\] for f32\[2, 3\]",
        ),
        (lambda: wf.optim.clip_by_norm([X], -1.0), ArgumentError, "clip_by_norm: the limit is -1.0"),
        (lambda: wf.metrics.AUC(0), ArgumentError, "AUC: 0 bins"),
        (lambda: wf.nn.Dense(2)(wf.ones(())), ShapeError, r"Dense: the input f32\[\] has fewer than"),
        (lambda: len(wf.tensor(1.0)), TypeError, "a 0-d tensor: it has no axes"),
        (lambda: wf.testing.assert_close(X, wf.ones(3)), AssertionError, r"shape \(2, 3\) and \(3,\)"),
        (lambda: wf.testing.assert_close(X, X + 1), AssertionError, "6 of 6 elements differ"),
    ],
)
def test_what_is_refused_is_said(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
