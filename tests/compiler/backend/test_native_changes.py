"""State of which a trip changes a part: the same results as the interpreter's, whoever else reads the state, and no copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf

X = np.random.default_rng(0).normal(size=(40, 30)).astype("f")


def put(x: Any, t: Any, row: Any) -> Any:
    """A tensor with another row, the tensor itself staying as it is."""
    y = wf.asarray(x, copy=True)
    y[t] = row
    return y


def one_row(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        x[t] = x[t] * 2.0 + 1.0
        t = t + 1
    return x


def the_row_before(x: Any, n: Any) -> Any:
    t = wf.asarray(1)
    while t < n:
        x[t] = x[t - 1] + x[t]
        t = t + 1
    return x


def shifted_rows(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        x[1:] = x[:-1]
        t = t + 1
    return x


def two_changes(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        x[t] = 0.5
        x[:, t] = x[:, t] + x[t, 0]
        t = t + 1
    return x


def read_afterwards(x: Any, n: Any) -> Any:
    t, total = wf.asarray(0), wf.asarray(0.0)
    while t < n:
        y = put(x, t, x[t] + 3.0)
        total = total + wf.sum(y) - wf.sum(x)
        x = y
        t = t + 1
    return x, total


def kept_beside(x: Any, n: Any) -> Any:
    t, before = wf.asarray(0), x
    while t < n:
        x, before = put(x, t, -x[t]), x
        t = t + 1
    return x, before


def swapped(x: Any, n: Any) -> Any:
    t, y = wf.asarray(0), x * 2.0
    while t < n:
        x, y = y, put(x, t, 7.0)
        t = t + 1
    return x, y


def given_twice(x: Any, n: Any) -> Any:
    t, y = wf.asarray(0), x
    while t < n:
        x = y = put(x, t, 7.0)
        t = t + 1
    return x, y


def in_a_branch(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        if x[t, 0] > 0.0:
            x[t] = 1.0
        x[:, t] = x[:, t] - 1.0
        t = t + 1
    return x


def in_a_loop_inside(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        k = wf.asarray(0)
        while k < t:
            x[t] = x[t] + x[k]
            k = k + 1
        x[k, 0] = 1.0
        t = t + 1
    return x


def a_view_of_the_state(x: Any, n: Any) -> Any:
    t = wf.asarray(0)
    while t < n:
        row = wf.reshape(x, (30, 40))[t]
        x[t] = 1.0
        x[t + 1] = row[:30]
        t = t + 1
    return x


def many_rows(x: Any, n: Any) -> Any:
    t, at = wf.asarray(0), wf.asarray([3, 1, 3, 7])
    while t < n:
        x = wf.scatter(x, at + t, x[at] * 0.5, mode="add")
        t = t + 1
    return x


LOOPS = [one_row, the_row_before, shifted_rows, two_changes, read_afterwards, kept_beside, swapped, given_twice,
         in_a_branch, in_a_loop_inside, a_view_of_the_state, many_rows]  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("trips", [0, 1, 2, 7])
def test_changes_of_state_are_those_of_the_interpreter(loop: Callable[..., Any], trips: int) -> None:
    graph = wf.compile(loop).graph(wf.tensor(X), wf.asarray(5))
    arrays = [X, np.asarray(trips)]
    for native, y in zip(build(graph)(arrays), interpreted(graph, arrays), strict=True):
        np.testing.assert_allclose(native, y, rtol=1e-6)
    assert np.array_equal(X, np.random.default_rng(0).normal(size=(40, 30)).astype("f"))  # an argument stays as it is


@pytest.mark.parametrize("loop", [one_row, two_changes], ids=lambda f: f.__name__)
def test_a_trip_that_changes_a_part_does_not_copy_the_state(loop: Callable[..., Any]) -> None:
    assert f"{X.nbytes})" not in loop_of(loop)


def test_a_trip_copies_the_state_that_it_keeps() -> None:
    assert f"{X.nbytes})" in loop_of(kept_beside)


def loop_of(loop: Callable[..., Any]) -> str:
    """The C of a loop."""
    text = wf.compile(loop).kernels(wf.tensor(X), wf.asarray(5))
    start = text.index("for (;;)")
    return text[start : text.index("\n    }\n", start)]
