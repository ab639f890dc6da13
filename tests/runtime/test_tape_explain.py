"""explain: why a gradient is None, in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

import weft as wf
from weft.runtime.errors import GradientError

PATHS = {
    "a gradient": (lambda x: wf.exp(x * 2.0), r"There is a gradient: it flows through multiply -> exp\."),
    "the source": (lambda x: x, "The target is the source itself"),
    "floor": (lambda x: wf.floor(x) * 2.0, r"cut at floor \(test_tape_explain.py:\d+ .*constant almost everywhere"),
    "a comparison": (lambda x: wf.astype(x > 1.0, wf.float32), r"cut at greater \(test_tape_explain.py:\d+"),
    "a cast": (lambda x: wf.astype(wf.astype(x, wf.int64), wf.float32), r"cut at astype \(.*an integer or bool"),
    "stop_gradient": (lambda x: x.numpy() * wf.stop_gradient(x), r"cut by stop_gradient \(test_tape_explain.py:\d+"),
    "a constant operand": (lambda x: wf.copysign(1.0 * wf.ones(()), x), "copysign is constant almost everywhere in"),
    "numpy": (lambda x: wf.tensor(x.numpy() * 2.0), "not on the tape: it was made from constants.*numpy"),
    "an integer": (lambda x: wf.astype(x, wf.int32), r"The target is i32\[\]: integers"),
    "no tensor": (lambda x: float(x), "The target is a float, not a tensor"),
    "a cut before more": (lambda x: wf.exp(wf.sin(wf.round(x)) * 3.0), r"cut at round"),
    "a custom gradient": (
        lambda x: wf.custom_gradient(lambda a: (a * x, lambda dy: dy))(wf.ones(())),
        "uses the source, but not as an argument",
    ),
    "a custom gradient of None": (
        lambda x: wf.custom_gradient(lambda a: (a * 2.0, lambda dy: None))(x),
        "The gradient function of .*lambda.* returns None for this argument",
    ),
}


@pytest.mark.parametrize("case", PATHS)
def test_explanation_names_what_ends_the_path(case: str) -> None:
    f, message = PATHS[case]
    x = wf.tensor(2.5)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    assert re.search(message, tape.explain(y, x)), tape.explain(y, x)


def test_a_source_that_is_not_watched() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        y = x * x
    assert "f32[] is not watched" in tape.explain(y, x)


def test_an_integer_source() -> None:
    with wf.GradientTape() as tape:
        pass
    assert "The source is i64[]: integers" in tape.explain(wf.tensor(1.0), wf.tensor(1))
    assert "The source is a list" in tape.explain(wf.tensor(1.0), [1.0])


@pytest.mark.parametrize(
    ("options", "tape_options", "read", "message"),
    [
        ({"trainable": False}, {}, True, "'v' is not trainable"),
        ({}, {"watch_accessed_variables": False}, True, "watch_accessed_variables=False and 'v' is not watched"),
        ({}, {}, False, "'v' was never read"),
    ],
)
def test_a_variable_that_is_not_watched(options: Any, tape_options: Any, read: bool, message: str) -> None:
    v = wf.Variable(2.0, name="v", **options)
    with wf.GradientTape(**tape_options) as tape:
        y = v * 2.0 if read else v.value * 2.0
    assert message in tape.explain(y, v)


def test_a_target_of_other_sources() -> None:
    v, w = wf.Variable(2.0, name="v"), wf.Variable(3.0, name="w")
    with wf.GradientTape() as tape:
        y, z = v * 2.0, w * 3.0
    assert "depends on the 1 variable 'v'" in tape.explain(y, w)
    assert tape.explain(z, w).startswith("There is a gradient")


def test_a_source_that_was_assigned_to_since() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.exp(x)
        x[0] = 5.0
    assert tape.explain(y, x) == "There is a gradient: it flows through exp."


def test_stop_recording_leaves_nothing_to_follow() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
    assert "under stop_recording" in tape.explain(y, x)


def test_explaining_a_tape_that_was_used_up_is_an_error() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.floor(x)
    tape.gradient(y, x)
    with pytest.raises(GradientError, match="already played back"):
        tape.explain(y, x)


def test_explaining_records_nothing() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = wf.exp(x)
        before = len(tape._recording().nodes)
        tape.explain(y, x)
        assert len(tape._recording().nodes) == before
