"""The checks themselves: they pass what is right and tell what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf

half = wf.custom_gradient(lambda x: (x * x, lambda dy: dy * x))
stops = wf.custom_gradient(lambda x: (x * x, lambda dy: dy * wf.stop_gradient(2.0 * x)))


def test_right_gradients_pass() -> None:
    wf.testing.check_grads(lambda x, y: wf.sin(x) * y, ([0.1, 0.2], 3.0), order=3)
    wf.testing.check_grads(lambda p: p["x"] * p["y"], ({"x": wf.tensor(1.0), "y": np.ones((2, 2))},))
    wf.testing.check_grads(wf.exp, 0.3)
    wf.testing.check_grads(lambda x: (x * 2.0, {"n": 3, "y": wf.sum(x)}), wf.tensor([1.0, 2.0]))


def test_other_arguments_are_held_fixed() -> None:
    wf.testing.check_grads(lambda x, n, i, name: x[i] ** n, (wf.tensor([1.0, 2.0]), 3, wf.tensor([1, 0]), "x"))


@pytest.mark.parametrize(
    ("f", "options", "message"),
    [
        (half, {"order": 1, "modes": ["reverse"]}, "argument 0, direction 0, order 1, reverse mode: the gradient says"),
        (half, {"order": 1, "modes": ["forward"]}, "order 1, forward mode"),
        (stops, {"order": 2}, "order 2, reverse mode"),
    ],
)
def test_wrong_gradients_are_named(f: Any, options: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=f"check_grads: .*{message}.*central differences say"):
        wf.testing.check_grads(f, (2.0,), **options)


def test_a_wrong_second_order_passes_at_first_order() -> None:
    wf.testing.check_grads(stops, (2.0,), order=1)


def test_the_wrong_argument_is_named_by_its_path() -> None:
    with pytest.raises(AssertionError, match=r"argument 1\.w\.0,"):
        wf.testing.check_grads(lambda x, p: x + half(p["w"][0]), (1.0, {"w": [2.0]}))


def test_nan_is_a_difference() -> None:
    bad = wf.custom_gradient(lambda x: (x * x, lambda dy: dy * wf.tensor(np.nan)))
    with pytest.raises(AssertionError, match="says nan"):
        wf.testing.check_grads(bad, (2.0,))


CLOSE: list[Any] = [
    (wf.tensor([1.0, 2.0]), [1.0, 2.0]),
    (wf.tensor([1.0, np.nan, np.inf]), np.array([1.0, np.nan, np.inf])),
    ({"a": [wf.tensor(1.0), 2]}, {"a": [1.0000001, 2]}),
    ((wf.tensor(1.0, wf.float16), None), (1.001, None)),
    (wf.tensor(1 + 1j), 1 + 1j),
    (wf.ones((0, 3)), np.ones((0, 3))),
]


@pytest.mark.parametrize(("actual", "expected"), CLOSE, ids=range(len(CLOSE)))
def test_close_values_pass(actual: Any, expected: Any) -> None:
    wf.testing.assert_close(actual, expected)


FAR: list[Any] = [
    (wf.tensor([1.0, 2.0]), [1.0, 2.1], r"value: 1 of 2 elements differ; the worst is \(1,\): 2.0 and 2.1"),
    (wf.tensor([1.0]), [1.0, 1.0], r"shape \(1,\) and \(2,\)"),
    (wf.tensor([1.0, np.nan]), [1.0, 2.0], "nan and 2.0"),
    (wf.tensor(np.inf), -np.inf, "inf and -inf"),
    (wf.tensor([1]), wf.tensor([2]), "difference 1"),
    ({"a": (1.0, [2.0])}, {"a": (1.0, [3.0])}, r"a\.1\.0: "),
    ({"a": 1.0}, {"b": 1.0}, "value: a tree of"),
    ([None], [1.0], "0: None and 1.0"),
]


@pytest.mark.parametrize(("actual", "expected", "message"), FAR, ids=range(len(FAR)))
def test_far_values_are_told(actual: Any, expected: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        wf.testing.assert_close(actual, expected)


def test_tolerances_may_be_given() -> None:
    wf.testing.assert_close(wf.tensor(1.0), 1.05, rtol=0.1)
    with pytest.raises(AssertionError):
        wf.testing.assert_close(wf.tensor(1.0), 1.0 + 1e-7, rtol=0, atol=0)
