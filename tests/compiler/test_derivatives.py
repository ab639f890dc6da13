"""Derivatives of compiled functions: against central differences, and against the tape running the same Python."""
# ruff: noqa: SIM108  (statements are what is tested)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf

F64 = wf.float64


def t(*values: Any) -> Any:
    return wf.tensor(values[0] if len(values) == 1 else list(values), dtype=F64)


# -- functions of control flow; each gives one number


def powers(x: Any, n: Any) -> Any:
    y = x
    while n > 0:
        y = y * x
        n = n - 1
    return wf.sum(y)


def until_large(x: Any) -> Any:
    y = x
    while wf.max(wf.abs(y)) < 20.0:
        y = y * y + x
    return wf.sum(wf.sin(y))


def two_states(x: Any, w: Any) -> Any:
    a, b = x, wf.cos(x)
    for _ in range(4):
        a, b = wf.tanh(b * w), a + b * wf.sum(w)
    return wf.sum(a * b)


def branch(x: Any) -> Any:
    if wf.sum(x) > 0.0:
        y = wf.exp(x)
    else:
        y = x * x * x
    return wf.sum(y)


def branch_in_loop(x: Any, n: Any) -> Any:
    s = x * 1.0
    for i in range(n):
        if i % 2 == 0:
            s = s * wf.sin(x)
        else:
            s = s + x * x
    return wf.sum(s)


def loop_in_branch(x: Any, n: Any) -> Any:
    y = x
    if n > 2:
        while n > 0:
            y = wf.tanh(y) * x
            n = n - 1
    else:
        y = y * y
    return wf.sum(y)


def loop_in_loop(x: Any, n: Any) -> Any:
    s = x
    i = 0
    while i < n:
        j = 0
        while j < i:
            s = s * x
            j = j + 1
        s = s + x
        i = i + 1
    return wf.sum(s)


def early_return(x: Any) -> Any:
    if wf.sum(x) < 1.0:
        return wf.sum(x * 5.0)
    y = x * x
    while wf.sum(y) < 50.0:
        y = y * 2.0
        if wf.sum(y) > 30.0:
            return wf.sum(y * x)
    return wf.sum(y + x)


def breaking(x: Any, limit: Any) -> Any:
    s = t(0.0)
    for v in x:
        if s > limit:
            break
        if v < 0.0:
            continue
        s = s + v * v * v
    return s


def flags(x: Any) -> Any:
    found, at, y = False, 0, x
    while not found:
        y = y * 1.5
        at = at + 1
        found = wf.max(y) > 10.0
    return wf.sum(y * at)


def square(x: Any) -> Any:
    return x * x


@wf.compile
def inner_compiled(x: Any) -> Any:
    y = x
    while wf.sum(y) < 9.0:
        y = y * x
    return y


def calling(x: Any) -> Any:
    return wf.sum(square(inner_compiled(x)) * square(x))


def indexing(x: Any) -> Any:
    s = x[0]
    i = 1
    while i < 3:
        s = s * x[i] + x[i - 1]
        i = i + 1
    return s


def writing(x: Any, n: Any) -> Any:
    y = x * 1.0
    for i in range(n):
        y[i] = y[i] * y[i - 1]
    return wf.sum(y * y)


def stopped(x: Any, n: Any) -> Any:
    y = x
    while n > 0:
        y = y * wf.stop_gradient(x) + x
        n = n - 1
    return wf.sum(y)


@wf.custom_gradient
def log1pexp(x: Any) -> Any:
    e = wf.exp(x)
    return wf.log(1.0 + e), lambda dy: dy * (1.0 - 1.0 / (1.0 + e))


def own_gradient(x: Any, n: Any) -> Any:
    y = x
    while n > 0:
        if n > 1:
            y = log1pexp(y) * x
        n = n - 1
    return wf.sum(y)


def own_gradient_once(x: Any) -> Any:
    return wf.sum(log1pexp(x) * x)


def list_of_states(x: Any) -> Any:
    states = [x, x * 2.0]
    i = 0
    while i < 3:
        states = [states[1], wf.sin(states[0]) * x]
        i = i + 1
    return wf.sum(states[0] * states[1])


X, N = t(0.7, 1.3, 0.4), wf.tensor(3)
# fmt: off
CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (powers,            (X, N)), (powers, (t(1.5), N)), (powers, (X, wf.tensor(0))),
    (until_large,       (t(1.1, 0.3),)), (until_large, (t(30.0, 1.0),)),
    (two_states,        (X, t(0.5, 1.0, -1.0))),
    (branch,            (X,)), (branch, (-X,)),
    (branch_in_loop,    (X, N)), (branch_in_loop, (X, wf.tensor(0))),
    (loop_in_branch,    (X, N)), (loop_in_branch, (X, wf.tensor(1))),
    (loop_in_loop,      (t(0.9, 1.1), N)), (loop_in_loop, (t(0.9, 1.1), wf.tensor(1))),
    (early_return,      (t(0.1, 0.2),)), (early_return, (t(1.0, 2.0),)), (early_return, (t(10.0, 1.0),)),
    (breaking,          (t(1.0, -3.0, 2.0, 7.0), t(5.0))), (breaking, (t(1.0, -3.0, 2.0, 7.0), t(1e9))),
    (flags,             (X,)),
    (calling,           (t(1.5, 1.2),)),
    (indexing,          (X,)),
    (writing,           (X, N)), (writing, (X, wf.tensor(0))),
    (own_gradient,      (X, N)), (own_gradient, (X, wf.tensor(0))), (own_gradient_once, (X,)),
    (list_of_states,    (X,)),
]
# fmt: on
NAMES = [f"{f.__name__}-{i}" for i, (f, _) in enumerate(CASES)]


@pytest.mark.parametrize(("f", "args"), CASES, ids=NAMES)
def test_derivatives_agree_with_central_differences(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    wf.testing.check_grads(wf.compile(f), args, order=2, modes=("reverse",))


@pytest.mark.parametrize(("f", "args"), [*CASES, (stopped, (X, N))], ids=[*NAMES, "stopped"])
def test_derivatives_agree_with_the_tape_over_plain_python(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    def gradient(g: Callable[..., Any]) -> Callable[..., Any]:
        return wf.grad(g)

    def pulled_twice(g: Callable[..., Any]) -> Callable[..., Any]:
        return wf.grad(lambda *xs: wf.sum(wf.sin(gradient(g)(*xs))))

    compiled = wf.compile(f)
    wf.testing.assert_close(compiled(*args), f(*args))
    wf.testing.assert_close(gradient(compiled)(*args), gradient(f)(*args))
    wf.testing.assert_close(pulled_twice(compiled)(*args), pulled_twice(f)(*args))

    def inside(*xs: Any) -> Any:
        return wf.grad(f)(*xs)

    def twice_inside(*xs: Any) -> Any:
        return wf.grad(lambda *ys: wf.sum(wf.sin(wf.grad(f)(*ys))))(*xs)

    wf.testing.assert_close(wf.compile(inside)(*args), inside(*args))
    wf.testing.assert_close(wf.compile(twice_inside)(*args), twice_inside(*args))


@pytest.mark.parametrize(("f", "args"), CASES, ids=NAMES)
def test_forward_derivatives_agree_with_central_differences(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    wf.testing.check_grads(wf.compile(f), args, order=1, modes=("forward",))


# -- tapes inside, around, persistent, nested


def on_both(f: Callable[..., Any], *args: Any) -> None:
    """Compiled and plain give the same."""
    wf.testing.assert_close(wf.compile(f)(*args), f(*args))


def test_a_tape_inside_sees_a_loop_and_a_branch() -> None:
    def f(x: Any, n: Any) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x
            while n > 0:
                if n > 1:
                    y = y * x
                else:
                    y = wf.sin(y)
                n = n - 1
        return y, tape.gradient(y, x)

    for n in (0, 1, 3):
        on_both(f, X, wf.tensor(n))


def test_a_persistent_tape_gives_several_gradients() -> None:
    def f(x: Any) -> Any:
        with wf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x
            while wf.sum(y) < 9.0:
                y = y * 2.0 + x
            z = wf.sin(y)
        return tape.gradient(y, x), tape.gradient(z, x), tape.gradient(z, y), tape.gradient(z, [x, y])

    on_both(f, X)


def test_nested_tapes_give_second_derivatives_of_loops() -> None:
    def f(x: Any, n: Any) -> Any:
        with wf.GradientTape() as outer:
            outer.watch(x)
            with wf.GradientTape() as inner:
                inner.watch(x)
                y = x
                while n > 0:
                    y = y * x
                    n = n - 1
            dx = inner.gradient(y, x)
        return dx, outer.gradient(dx, x, unconnected="zero")

    for n in (0, 1, 4):
        on_both(f, X, wf.tensor(n))


def test_a_tape_inside_a_loop_writes_the_way_back_into_the_loop() -> None:
    def descend(x: Any) -> Any:
        trips = 0
        while wf.sum(x * x) > 0.01:
            with wf.GradientTape() as tape:
                tape.watch(x)
                loss = wf.sum(x * x)
            x = x - 0.2 * tape.gradient(loss, x)
            trips = trips + 1
        return x, trips

    on_both(descend, X)
    wf.testing.check_grads(lambda x: wf.compile(descend)(x)[0], (X,), modes=("reverse",))


def test_tapes_around_and_inside_together() -> None:
    def inside(x: Any) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x
            while wf.sum(y) < 9.0:
                y = y * x * 2.0
        return wf.sum(tape.gradient(y, x) * y)

    def around(f: Callable[..., Any], x: Any) -> Any:
        with wf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = f(x)
            z = wf.sin(y)
        return tape.gradient(y, x), tape.gradient(z, x)

    wf.testing.assert_close(around(wf.compile(inside), t(1.5, 1.2)), around(inside, t(1.5, 1.2)))


def test_a_target_that_depends_on_nothing_gives_none_compiled_too() -> None:
    def f(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            z = y * 2.0
        return tape.gradient(z, x) is None

    assert wf.compile(f)(X, X) is True


def test_an_integer_result_carries_no_gradient() -> None:
    @wf.compile
    def count(x: Any) -> Any:
        n = 0
        while wf.sum(x) < 50.0:
            x, n = x * 2.0, n + 1
        return x, n

    with wf.GradientTape() as tape:
        tape.watch(x := X)
        y, n = count(x)
    wf.testing.assert_close(tape.gradient(y, x), [2.0**n] * 3)


# -- variables


def test_gradients_reach_variables_read_in_loops_and_branches() -> None:
    w, b = wf.Variable(t(0.5, -0.5, 1.0)), wf.Variable(t(0.1))

    def f(x: Any, n: Any) -> Any:
        y = x
        while n > 0:
            if wf.sum(y) > 0.0:
                y = wf.tanh(y * w + b)
            else:
                y = y * w
            n = n - 1
        return wf.sum(y)

    def outside(g: Callable[..., Any], n: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = g(X, n)
        return tape.gradient(loss, [w, b], unconnected="zero")

    def inside(n: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = f(X, n)
        return tape.gradient(loss, [w, b], unconnected="zero")

    for n in map(wf.tensor, (1, 4, 0)):
        wf.testing.assert_close(outside(wf.compile(f), n), outside(f, n))
        wf.testing.assert_close(wf.compile(inside)(n), outside(f, n))


def test_gradients_stop_at_variables_assigned_inside() -> None:
    w = wf.Variable(t(2.0))

    @wf.compile
    def f(x: Any) -> Any:
        w.assign(w * 3.0)
        return x * w

    with wf.GradientTape() as tape:
        tape.watch(x := t(5.0))
        y = f(x)
    wf.testing.assert_close(tape.gradient(y, x), 6.0)
    wf.testing.assert_close(w.numpy(), 6.0)


# -- gradients of one's own


def test_a_gradient_of_ones_own_that_reads_variables() -> None:
    w = wf.Variable(t(3.0))

    @wf.custom_gradient
    def scaled(x: Any) -> Any:
        def back(dy: Any, variables: Any) -> Any:
            return dy * 10.0, [dy * 100.0]

        return x * w, back

    def f(x: Any) -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = scaled(x)
        return tape.gradient(y, [x, w])

    on_both(f, t(2.0))
    with wf.GradientTape() as tape:
        tape.watch(x := t(2.0))
        y = wf.compile(scaled)(x)
    wf.testing.assert_close(tape.gradient(y, [x, w]), [10.0, 100.0])


def test_a_gradient_of_ones_own_with_several_values_and_absent_cotangents() -> None:
    @wf.custom_gradient
    def pair(x: Any, y: Any) -> Any:
        return (x * y, x + y), lambda da, db: (da * 7.0 + db, None)

    def f(x: Any, y: Any) -> Any:
        return pair(x, y)[0] * 2.0

    for i in (0, 1):
        wf.testing.assert_close(wf.grad(wf.compile(f), i)(t(2.0), t(3.0)), wf.grad(f, i)(t(2.0), t(3.0)))


def test_functions_in_the_closures_of_weft_are_compiled() -> None:
    @wf.custom_gradient
    def doubled(x: Any) -> Any:
        y = x
        while wf.sum(y) < 5.0:
            y = y * 2.0

        def back(dy: Any) -> Any:
            if wf.sum(dy) > 0.0:
                return dy * 2.0
            return dy

        return y, back

    gradient, again = wf.grad(until_large), wf.checkpoint(until_large)
    for f in (lambda x: wf.sum(doubled(x)), lambda x: -wf.sum(doubled(x))):
        wf.testing.assert_close(wf.grad(wf.compile(f))(X), wf.grad(f)(X))
    for f in (gradient, again, wf.grad(again), wf.grad(lambda x: wf.sum(gradient(x)))):
        wf.testing.assert_close(wf.compile(f)(t(1.1, 0.3)), f(t(1.1, 0.3)))


def test_a_gradient_of_ones_own_that_raises_does_so_when_it_is_asked_for() -> None:
    @wf.custom_gradient
    def one_way(x: Any) -> Any:
        def back(dy: Any) -> Any:
            raise ValueError("no way back")

        return x * 2.0, back

    f = wf.compile(lambda x: one_way(x) + 1.0)
    wf.testing.assert_close(f(t(2.0)), 5.0)
    with pytest.raises(ValueError, match="no way back"):
        wf.grad(f)(t(2.0))


def test_recomputed_functions_have_their_gradients_compiled() -> None:
    again = wf.checkpoint(lambda x: wf.sin(wf.exp(x)))

    def f(x: Any) -> Any:
        return wf.sum(again(x) * x)

    wf.testing.check_grads(wf.compile(f), (X,), modes=("reverse",))
    wf.testing.assert_close(wf.compile(wf.grad(f))(X), wf.grad(f)(X))


def test_a_stopped_gradient_is_stopped_in_loops() -> None:
    wf.testing.assert_close(wf.grad(wf.compile(stopped))(t(2.0), wf.tensor(2)), 7.0)  # x^2 x + x x + x, x^2 fixed
    np.testing.assert_equal(wf.grad(wf.compile(lambda x: wf.stop_gradient(x) * x))(t(2.0)).numpy(), 2.0)
