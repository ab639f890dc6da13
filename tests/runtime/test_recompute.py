"""checkpoint: the same gradients from a second run, and less kept in between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.tape import Ghost


def deep(x: Any) -> Any:
    for _ in range(20):
        x = wf.tanh(x) + 0.1 * x
    return x


def test_value_and_gradient_are_the_functions() -> None:
    x = np.array([0.3, -0.2])
    wf.testing.assert_close(wf.checkpoint(deep)(x), deep(wf.tensor(x)))
    found, expected = (wf.grad(lambda x, f=f: wf.sum(f(x)))(x) for f in (wf.checkpoint(deep), deep))
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_higher_orders_are_right() -> None:
    wf.testing.check_grads(wf.checkpoint(lambda x, y: wf.sin(x) * wf.exp(y)), ([0.3, -0.2], [0.1, 0.4]), order=3)


def test_checkpoints_nest() -> None:
    inner = wf.checkpoint(lambda x: wf.sin(x) * x)
    wf.testing.check_grads(wf.checkpoint(lambda x: inner(wf.exp(x)) + inner(x)), ([0.3, -0.2],))


def test_the_tape_keeps_one_node() -> None:
    x = wf.ones((100, 100))
    with wf.GradientTape() as tape:
        tape.watch(x)
        wf.checkpoint(deep)(x)
    recorded = tape._recording().nodes
    assert [node[0].name for node in recorded] == ["with_gradient"]
    assert all(isinstance(y, Ghost) for y in (*recorded[0][1], *recorded[0][3]))


def test_arguments_and_results_may_be_trees() -> None:
    f = wf.checkpoint(lambda p, *, scale: {"y": p["a"] * p["b"][0] * scale, "n": 3, "none": None})

    def total(a: Any, b: Any) -> Any:
        return f({"a": a, "b": [b, "text"]}, scale=2.0)["y"]

    wf.testing.check_grads(total, (2.0, 3.0))


def test_variables_and_captured_tensors_get_their_gradients() -> None:
    v = wf.Variable(3.0)
    with wf.GradientTape() as tape:
        x, w = wf.tensor(2.0), wf.tensor(5.0)
        tape.watch(x, w)
        outside = w * w
        y = wf.checkpoint(lambda x: x * v * outside)(x)
    dx, dv, dw = tape.gradient(y, [x, v, w])
    assert (dx.item(), dv.item(), dw.item()) == (75.0, 50.0, 60.0)


def test_implicit_gradients_see_the_variables_inside() -> None:
    v = wf.Variable(3.0, name="v")
    [(dv, variable)] = wf.implicit_gradients(wf.checkpoint(lambda x: x * v * v))(2.0)
    assert (dv.item(), variable.name) == (12.0, "v")


def test_second_run_sees_the_variables_of_the_first() -> None:
    v = wf.Variable(3.0)
    with wf.GradientTape() as tape:
        y = wf.checkpoint(lambda: v * v)()
    v.assign(100.0)
    assert tape.gradient(y, v).item() == 6.0
    assert v.item() == 100.0


def test_second_run_sees_arguments_and_captured_tensors_of_the_first() -> None:
    x, w = wf.tensor([1.0, 2.0]), wf.tensor([3.0, 4.0])
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x, w)
        u, v = x * 1.0, w * 1.0
        y = wf.checkpoint(lambda u: u * u * v)(u)
        u[0], v[0] = 100.0, 100.0
    assert tape.gradient(y, x).tolist() == [6.0, 16.0]
    assert tape.gradient(y, w).tolist() == [1.0, 4.0]


def test_the_function_may_assign_to_items_of_its_argument() -> None:
    def f(x: Any) -> Any:
        y = x[0] * 2.0
        x[0] = 5.0 * y
        return wf.sum(x)

    assert wf.grad(wf.checkpoint(f))(wf.tensor([1.0, 2.0])).tolist() == [10.0, 1.0]
    custom = wf.custom_gradient(lambda x: (f(x), lambda dy: dy * wf.tensor([10.0, 1.0])))
    assert wf.grad(custom)(wf.tensor([1.0, 2.0])).tolist() == [10.0, 1.0]


def test_second_run_changes_no_variable() -> None:
    count = wf.Variable(0.0, trainable=False)

    def f(x: Any) -> Any:
        count.assign(count + 1.0)
        return x * count

    assert wf.grad(wf.checkpoint(f))(2.0).item() == 1.0
    assert count.item() == 1.0


def test_second_run_draws_the_random_numbers_of_the_first() -> None:
    wf.seed(0)
    kept = []

    def noisy(x: Any) -> Any:
        noise = wf.random.uniform((4,))
        kept.append(noise.tolist())
        return wf.sum(x * noise)

    x = wf.ones((4,))
    dx = wf.grad(wf.checkpoint(noisy))(x)
    assert kept[0] == kept[1] == dx.tolist()
    assert wf.random.uniform((4,)).tolist() != kept[0]


def test_without_a_tape_the_function_just_runs() -> None:
    runs = []
    wf.checkpoint(lambda x: runs.append(x))(1.0)
    assert runs == [1.0]


def test_errors_of_the_function_pass_through_and_leave_the_tape_open() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(ZeroDivisionError):
            wf.checkpoint(lambda x: 1 // 0)(x)
        y = x * x
    assert tape.gradient(y, x).item() == 4.0
