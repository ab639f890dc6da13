"""Unconnected sources: a gradient is None compiled where it is None in eager code, wherever the path is static."""
# ruff: noqa: SIM108  (statements are what is tested)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import weft as wf


def t(*values: float) -> Any:
    return wf.tensor(values[0] if len(values) == 1 else list(values), dtype=wf.float64)


def past_a_loop(x: Any, w: Any, n: Any) -> Any:
    y, z = x, w
    while n > 0:
        y, z, n = y * 2.0, z + 1.0, n - 1
    return wf.sum(y)


def shifted_through_states(x: Any, w: Any, n: Any) -> Any:
    a, b, c = x, x, w
    for _ in range(n):
        a, b, c = b, c, c * 1.0
    return wf.sum(a)


def captured_in_another_state(x: Any, w: Any, n: Any) -> Any:
    y, z = x, x
    for _ in range(n):
        y, z = wf.sin(y), z * w
    return wf.sum(y)


def in_neither_branch(x: Any, w: Any, n: Any) -> Any:
    if n > 1:
        y = x * 2.0
    else:
        y = x + wf.stop_gradient(w)
    return wf.sum(y)


def loops_in_loops(x: Any, w: Any, n: Any) -> Any:
    y, z = x, w
    for i in range(n):
        for _ in range(i):
            y, z = y * x, z * w
    return wf.sum(y)


def through_an_integer(x: Any, w: Any, n: Any) -> Any:
    y, k = x, 0
    while k < n:
        k = k + 1 + 0 * wf.astype(wf.sum(w), wf.int64)
        y = y * 2.0
    return wf.sum(y)


def nothing_at_all(x: Any, w: Any, n: Any) -> Any:
    y = wf.stop_gradient(x)
    while n > 0:
        y, n = y * 2.0, n - 1
    return wf.sum(y)


STATIC = [past_a_loop, captured_in_another_state, in_neither_branch, loops_in_loops, through_an_integer, nothing_at_all]


def gradients(f: Callable[..., Any], n: int) -> list[Any]:
    with wf.GradientTape() as tape:
        tape.watch([x := t(0.5, 2.0), w := t(1.5, 3.0)])
        y = f(x, w, wf.tensor(n))
    return tape.gradient(y, [x, w])


def inside(f: Callable[..., Any]) -> Callable[..., Any]:
    def found(x: Any, w: Any, n: Any) -> Any:
        with wf.GradientTape() as tape:
            tape.watch([x, w])
            y = f(x, w, n)
        return tape.gradient(y, [x, w])

    return found


@pytest.mark.parametrize("f", STATIC, ids=lambda f: f.__name__)
def test_a_gradient_is_none_where_no_path_leads_to_the_source(f: Callable[..., Any]) -> None:
    plain = gradients(f, 3)
    assert plain[1] is None
    for found in (gradients(wf.compile(f), 3), wf.compile(inside(f))(t(0.5, 2.0), t(1.5, 3.0), wf.tensor(3))):
        assert [dx is None for dx in found] == [dx is None for dx in plain]
        if plain[0] is not None:
            wf.testing.assert_close(found[0], plain[0])


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_a_path_that_some_number_of_trips_opens_gives_zeros_when_it_stays_closed(n: int) -> None:
    plain, compiled = (gradients(f, n) for f in (shifted_through_states, wf.compile(shifted_through_states)))
    for dx, expected in zip(compiled, plain, strict=True):
        wf.testing.assert_close(dx, wf.zeros(2, dtype=wf.float64) if expected is None else expected)


def test_a_branch_not_taken_counts_as_a_path() -> None:
    def f(x: Any, w: Any, n: Any) -> Any:
        return wf.sum(x * w if n > 1 else x)

    assert gradients(f, 0)[1] is None
    wf.testing.assert_close(gradients(wf.compile(f), 0)[1], [0.0, 0.0])


def test_results_that_are_not_asked_for_connect_nothing() -> None:
    @wf.compile
    def pair(x: Any, w: Any) -> Any:
        return wf.sin(x), wf.cos(w)

    with wf.GradientTape(persistent=True) as tape:
        tape.watch([x := t(1.0), w := t(2.0)])
        y, z = pair(x, w)
    assert tape.gradient(y, w) is None
    assert tape.gradient(z, x) is None
    wf.testing.assert_close(tape.gradient([y, z], [x, w]), [wf.cos(x), -wf.sin(w)])
    wf.testing.assert_close(tape.gradient(y, w, unconnected="zero"), 0.0)


def test_the_gradient_of_one_of_two_loops_agrees_with_the_eager_one() -> None:
    def f(x, n):
        a, b, k = x, x, 0
        while k < n:
            a, k = wf.tanh(a) * x, k + 1
        k = 0
        while k < n:
            b, k = wf.sin(b) + x, k + 1
        return a, b

    def slope(f, which):
        x = wf.tensor(0.7)
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = f(x, wf.tensor(3))[which]
        return float(tape.gradient(y, x))

    compiled = wf.compile(f)
    for which in (0, 1):
        assert abs(slope(compiled, which) - slope(f, which)) < 1e-6
