"""GradientTape: watching, recording, playing back."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import GradientError, ShapeError
from weft.runtime.op import Op
from weft.runtime.spec import like
from weft.runtime.tensor import OPS


def watched(value: Any, **options: Any) -> tuple[wf.GradientTape, Any]:
    """An open tape, and a tensor that it watches."""
    tape, x = wf.GradientTape(**options), wf.tensor(value)
    tape.__enter__()
    tape.watch(x)
    return tape, x


def test_gradient_of_a_product() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = x * x * 3.0
    assert tape.gradient(y, x).tolist() == [6.0, 12.0]


def test_trainable_variables_are_watched_when_read() -> None:
    v, frozen = wf.Variable(2.0), wf.Variable(3.0, trainable=False)
    with wf.GradientTape() as tape:
        y = v * frozen
    assert [variable is v for variable in tape.watched_variables()] == [True]
    dv, df = tape.gradient(y, (v, frozen))
    assert dv.item() == 3.0
    assert df is None


def test_variables_are_left_alone_on_request() -> None:
    v, w = wf.Variable(2.0), wf.Variable(3.0)
    with wf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        y = v * w
    dv, dw = tape.gradient(y, [v, w])
    assert dv is None
    assert dw.item() == 2.0


def test_a_variable_assigned_on_the_way_collects_all_its_values() -> None:
    v = wf.Variable(2.0)
    with wf.GradientTape() as tape:
        y = v * 10.0
        v.assign(5.0)
        y = y + v * v
    assert tape.gradient(y, v).item() == 10.0 + 10.0


def test_sources_and_targets_may_be_trees() -> None:
    x, y = wf.tensor(2.0), wf.tensor(3.0)
    with wf.GradientTape() as tape:
        tape.watch({"x": x, "rest": [y]})
        targets = {"product": x * y, "sum": [x + y]}
    found = tape.gradient(targets, {"x": x, "rest": [y]})
    wf.testing.assert_close(found, {"x": 4.0, "rest": [3.0]}, rtol=1e-6)


def test_output_gradients_weigh_the_targets() -> None:
    x = wf.tensor([1.0, 2.0])
    for weight, expected in (([10.0, 100.0], [20.0, 400.0]), (np.array([1.0, 0.0]), [2.0, 0.0])):
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        dx = tape.gradient(y, x, output_gradients=wf.tensor(weight))
        assert dx.tolist() == expected
        assert dx.dtype is wf.float32


def test_output_gradient_of_a_scalar_may_be_a_number() -> None:
    tape, x = watched(3.0)
    assert tape.gradient(x * x, x, 10.0).item() == 60.0


def test_output_gradient_of_another_shape_is_an_error() -> None:
    tape, x = watched([1.0, 2.0])
    with pytest.raises(GradientError, match=r"output gradient f32\[3\] for a target f32\[2\]"):
        tape.gradient(x * x, x, wf.ones((3,)))
    tape.__exit__(None, None, None)


def test_unconnected_sources_are_none_or_zero() -> None:
    for unconnected, expected in (("none", None), ("zero", [0.0, 0.0])):
        x, other = wf.tensor(1.0), wf.ones((2,))
        with wf.GradientTape() as tape:
            tape.watch(x, other)
            y = x * x
        found = tape.gradient(y, other, unconnected=unconnected)  # pyright: ignore[reportArgumentType]
        assert (found if found is None else found.tolist()) == expected


def test_a_tape_plays_once() -> None:
    tape, x = watched(3.0)
    y = x * x
    tape.gradient(y, x)
    with pytest.raises(GradientError, match="already played back"):
        tape.gradient(y, x)


def test_a_persistent_tape_plays_many_times() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * x
    assert [tape.gradient(t, x).item() for t in (y, z, y)] == [6.0, 27.0, 6.0]
    assert tape.gradient(z, y).item() == 3.0


def test_a_persistent_tape_records_its_own_gradients_while_open() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        dy = tape.gradient(x * x * x, x)
    assert tape.gradient(dy, x).item() == 18.0


def test_gradient_with_respect_to_something_on_the_way() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = wf.exp(y * 0.1)
    np.testing.assert_allclose(tape.gradient(z, y).item(), 0.1 * np.exp(0.9), rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(z, [x, y])[0].item(), 0.6 * np.exp(0.9), rtol=1e-6)


def test_nothing_is_recorded_under_stop_recording() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape() as outer, wf.GradientTape() as tape:
        outer.watch(x)
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
        z = y * x
    assert tape.gradient(z, x).item() == 9.0
    assert outer.gradient(z, x).item() == 27.0


def test_reset_forgets() -> None:
    x = wf.tensor(3.0)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = y * x
    assert tape.gradient(z, x).item() == 9.0


def test_a_tape_may_be_entered_again() -> None:
    x = wf.tensor(3.0)
    tape = wf.GradientTape()
    with tape:
        tape.watch(x)
        y = x * x
    ignored = y * y
    with tape:
        z = y * x
    assert ignored.item() == 81.0
    assert tape.gradient(z, x).item() == 27.0


def test_watching_nothing_is_allowed() -> None:
    with wf.GradientTape() as tape:
        tape.watch()
        tape.watch([])


def test_entering_an_open_tape_is_an_error() -> None:
    with wf.GradientTape() as tape, pytest.raises(GradientError, match="already recording"):
        tape.__enter__()


def test_tapes_may_be_closed_in_any_order() -> None:
    x = wf.tensor(3.0)
    first, second = wf.GradientTape(), wf.GradientTape()
    first.__enter__()
    second.__enter__()
    first.watch(x)
    second.watch(x)
    y = x * x
    first.__exit__(None, None, None)
    z = y * x
    second.__exit__(None, None, None)
    assert first.gradient(y, x).item() == 6.0
    assert second.gradient(z, x).item() == 27.0


def test_an_error_inside_closes_the_tape() -> None:
    x, made = wf.tensor(3.0), []
    tape = wf.GradientTape()

    def fail() -> None:
        with tape:
            tape.watch(x)
            made.append(x * x)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    made.append(made[0] * x)
    assert tape.gradient(made, x).item() == 6.0


def test_a_tape_sees_its_own_thread_only() -> None:
    x, found = wf.tensor(3.0), []

    def elsewhere() -> None:
        found.append(x * x)

    with wf.GradientTape() as tape:
        tape.watch(x)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        y = x * 2.0
    assert tape.gradient([y, found[0]], x).item() == 2.0


@pytest.mark.parametrize("value", [wf.tensor(1), wf.tensor([True]), "x", 1.0, None], ids=repr)
def test_only_floating_tensors_can_be_watched(value: Any) -> None:
    with wf.GradientTape() as tape, pytest.raises(GradientError, match="cannot be differentiated"):
        tape.watch(value)


@pytest.mark.parametrize("target", [wf.tensor(1), "x", 1.0], ids=repr)
def test_only_floating_tensors_can_be_targets(target: Any) -> None:
    tape, x = watched(1.0)
    with pytest.raises(GradientError, match=r"the target .* cannot be differentiated"):
        tape.gradient(target, x)
    tape.__exit__(None, None, None)


def test_only_tensors_and_variables_can_be_sources() -> None:
    tape, x = watched(1.0)
    with pytest.raises(GradientError, match="a source is a float"):
        tape.gradient(x * x, 1.0)
    tape.__exit__(None, None, None)


@pytest.mark.parametrize("derivative", ["jacobian", "batch_jacobian"])
def test_jacobians_refuse_what_gradients_refuse(derivative: str) -> None:
    tape, x = watched([1.0], persistent=True)
    with pytest.raises(GradientError, match=r"the target i64\[1\] cannot be differentiated"):
        getattr(tape, derivative)(wf.tensor([1]), x)
    with pytest.raises(GradientError, match="a source is a float"):
        getattr(tape, derivative)(x * x, 1.0)
    tape.__exit__(None, None, None)


def test_an_op_without_a_gradient_rule_is_an_error_only_when_a_gradient_reaches_it() -> None:
    nameless = Op("nameless", lambda x, /: like(x), lambda x: x * 2.0)
    del OPS["nameless"]
    x = wf.tensor(3.0)
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = nameless(x), x * x
    assert tape.gradient(z, x).item() == 6.0
    with pytest.raises(GradientError, match="nameless has no gradient rule"):
        tape.gradient(y, x)
    assert "nameless has no gradient rule" in tape.explain(y, x)


def test_jacobian_has_a_row_for_each_element_of_the_target() -> None:
    a = np.arange(6.0).reshape(2, 3)
    x, unused = wf.tensor(np.ones(3)), wf.tensor(1.0)
    with wf.GradientTape() as tape:
        tape.watch(x, unused)
        y = wf.matmul(a, x)
    found = tape.jacobian(y, {"x": x, "unused": unused})
    np.testing.assert_array_equal(found["x"].numpy(), a)
    assert found["unused"] is None


def test_jacobian_uses_a_tape_up_unless_it_is_persistent() -> None:
    for persistent in (False, True):
        tape, x = watched([1.0, 2.0], persistent=persistent)
        y = x * x
        tape.jacobian(y, x)
        if persistent:
            assert tape.jacobian(y, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
            tape.__exit__(None, None, None)
        else:
            with pytest.raises(GradientError, match="already played back"):
                tape.jacobian(y, x)


def test_jacobian_of_unconnected_sources_is_none_or_zero() -> None:
    x, other = wf.ones((2,)), wf.ones((3,))
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x, other)
        y = x * x
    assert tape.jacobian(y, other) is None
    assert tape.jacobian(y, other, unconnected="zero").shape == (2, 3)


def test_jacobian_can_be_differentiated() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as outer:
        outer.watch(x)
        with wf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        total = wf.sum(inner.jacobian(y, x))
    assert outer.gradient(total, x).tolist() == [6.0, 12.0]


def test_batch_jacobian_has_a_jacobian_for_each_item() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 3))
    x = wf.tensor(b)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.sum(a * wf.reshape(x * x, (5, 1, 3)), axis=2)
    found = tape.batch_jacobian(y, x)
    np.testing.assert_allclose(found.numpy(), a * 2 * b[:, None])


def test_batch_jacobian_of_unconnected_sources_is_none_or_zero() -> None:
    x, other = wf.ones((2, 3)), wf.ones((2, 4))
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x, other)
        y = x * x
    assert tape.batch_jacobian(y, other) is None
    assert tape.batch_jacobian(y, other, unconnected="zero").shape == (2, 3, 4)


@pytest.mark.parametrize(("target", "source"), [((2, 3), (3, 3)), ((), (2,)), ((2,), ())])
def test_batch_jacobian_needs_batches_of_one_length(target: Any, source: Any) -> None:
    x = wf.ones(source)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.sum(x) * wf.ones(target)
    with pytest.raises(ShapeError, match=r"batch_jacobian: .* are no batches of one length"):
        tape.batch_jacobian(y, x)


def test_each_gradient_is_a_tensor_of_its_own() -> None:
    x, y, dz = wf.ones(2), wf.ones(2), wf.tensor([3.0, 4.0])
    with wf.GradientTape() as tape:
        tape.watch(x, y)
        z = x + y
    dx, again, dy = tape.gradient(z, [x, x, y], output_gradients=dz)
    dx[0] = 0.0
    assert again.tolist() == dy.tolist() == dz.tolist() == [3.0, 4.0]
    dz[1] = 0.0
    assert dy.tolist() == [3.0, 4.0]


def test_the_gradient_of_a_tensor_by_itself_is_no_other_name_of_the_output_gradient() -> None:
    x, dx = wf.ones(2), wf.tensor([3.0, 4.0])
    found, tangent = wf.vjp(lambda x: x, x)[1](dx), wf.jvp(lambda x: x, (x,), (dx,))[1]
    dx[0] = 0.0
    assert found[0].tolist() == [3.0, 4.0]
    assert tangent.tolist() == [3.0, 4.0]
