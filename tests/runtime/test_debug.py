"""wf.debug: the first NaN, callbacks, traces and profiles."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import observers
from weft.runtime.errors import ArgumentError, NumericsError


@pytest.fixture(autouse=True)
def nobody_watches_in_the_end() -> Iterator[None]:
    before = observers.watching.count
    yield
    assert observers.watching.count == before
    assert observers.current() == ()


def checked(function: Any) -> str:
    with pytest.raises(NumericsError) as caught, wf.debug.check_numerics():
        function()
    return str(caught.value)


def test_the_first_op_that_makes_a_nan_is_named_with_the_users_line() -> None:
    message = checked(lambda: wf.exp(wf.log(wf.tensor([1.0, -1.0, 0.0]))))
    first, line, hint = message.split("\n")
    assert first == "log: the result f32[3] holds 1 NaN and 1 inf of 3 elements"
    assert line.startswith("  test_debug.py:")
    assert "wf.log(wf.tensor([1.0, -1.0, 0.0]))" in line
    assert hint == "First at index [1]. It was made here, from f32[3] all finite, -1 to 1."


@pytest.mark.parametrize(
    ("function", "first", "hint"),
    [
        (lambda: wf.tensor([1.0, np.nan]) * 2, "multiply: the result f32[2] holds 1 NaN of 2 elements",
         "First at index [1]. It came in with the operands f32[2] with 1 not finite; 2."),
        (lambda: wf.divide(1.0, wf.tensor(0.0)), "divide: the result f32[] holds 1 inf", "It was made here, from 1.0; f32[] all finite, 0."),
        (lambda: wf.sqrt(wf.tensor(-1.0 + 0j)) / 0.0, "divide: the result c64[] holds 1 NaN", "It was made here, from c64[] all finite; 0.0."),
        (lambda: wf.tensor([6e4], dtype="float16") * 10, "multiply: the result f16[1] holds 1 inf",
         "First at index [0]. It was made here, from f16[1] all finite, 6e+04; 10."),
        (lambda: wf.log(wf.tensor([[1, 0]], dtype="bfloat16")), "log: the result bf16[1, 2] holds 1 inf of 2 elements",
         "First at index [0, 1]. It was made here, from bf16[1, 2] all finite, 0 to 1."),
    ],
)  # fmt: skip
def test_messages_say_what_came_in(function: Any, first: str, hint: str) -> None:
    lines = checked(function).split("\n")
    assert (lines[0], lines[-1]) == (first, hint)


def test_ops_of_gradients_are_checked_and_named_as_such() -> None:
    x = wf.tensor([0.5, 0.0])

    def gradient() -> None:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = wf.sqrt(x).sum()
        tape.gradient(y, x)

    message = checked(gradient)
    assert message.startswith(
        "divide: the result f32[2] holds 1 inf of 2 elements, in the gradient of sqrt, while a tape"
    )
    assert "tape.gradient(y, x)" in message


def test_integers_and_finite_values_pass() -> None:
    with wf.debug.check_numerics():
        assert (wf.tensor([1, 2]) * 3).tolist() == [3, 6]
        assert wf.exp(wf.tensor(1.0)).item() == pytest.approx(np.e)
        assert wf.sum(wf.zeros((0,))).item() == 0


def test_infinities_may_be_allowed() -> None:
    with wf.debug.check_numerics(infinities=False):
        masked = wf.where(wf.tensor([True, False]), wf.tensor([1.0, 1.0]), -np.inf)
        assert wf.exp(masked).tolist() == pytest.approx([np.e, 0.0])
    with pytest.raises(NumericsError, match="1 NaN"), wf.debug.check_numerics(infinities=False):
        wf.subtract(wf.tensor(np.inf), np.inf)


def test_checking_ends_with_the_block() -> None:
    with wf.debug.check_numerics():
        pass
    assert np.isnan(wf.log(wf.tensor(-1.0)).item())


def test_checking_is_switched_on_and_off() -> None:
    wf.debug.enable_check_numerics()
    wf.debug.enable_check_numerics()
    try:
        with pytest.raises(NumericsError, match="log"):
            wf.log(wf.tensor(-1.0))
    finally:
        wf.debug.disable_check_numerics()
    wf.debug.disable_check_numerics()
    assert np.isnan(wf.log(wf.tensor(-1.0)).item())


def test_checking_watches_the_thread_that_asked_for_it() -> None:
    found: list[float] = []
    with wf.debug.check_numerics():
        thread = threading.Thread(target=lambda: found.append(wf.log(wf.tensor(-1.0)).item()))  # type: ignore[arg-type]
        thread.start()
        thread.join()
    assert np.isnan(found[0])


def test_callbacks_are_told_of_each_op() -> None:
    told: list[tuple[Any, ...]] = []
    x = wf.tensor([1.0, 2.0])
    with wf.debug.callback(lambda *event: told.append(event)):
        y = wf.sum(x * 2.0, axis=0)
    (name, inputs, _, _), (last, (product,), attrs, outputs) = told
    assert (name, inputs[0] is x, inputs[1]) == ("multiply", True, 2.0)
    assert (last, product.tolist(), attrs["axis"]) == ("sum", [2.0, 4.0], 0)
    assert outputs == (y,)


def test_a_callback_is_neither_told_of_itself_nor_recorded() -> None:
    told: list[str] = []

    def look(name: str, inputs: Any, attrs: Any, outputs: Any) -> None:
        told.append(name)
        wf.exp(outputs[0])

    x = wf.tensor(1.0)
    with wf.GradientTape() as tape, wf.debug.callback(look):
        tape.watch(x)
        y = x * x
    assert told == ["multiply"]
    assert tape.gradient(y, x).item() == 2.0


def test_callbacks_are_added_and_removed() -> None:
    told: list[str] = []

    def note(name: str, *_: Any) -> None:
        told.append(name)

    wf.debug.add_callback(note)
    wf.exp(wf.tensor(1.0))
    wf.debug.remove_callback(note)
    wf.exp(wf.tensor(1.0))
    assert told == ["exp"]
    with pytest.raises(ArgumentError, match=r"remove_callback: .* is not called in this thread"):
        wf.debug.remove_callback(note)


def test_what_a_callback_raises_reaches_the_user() -> None:
    def refuse(name: str, *_: Any) -> None:
        raise RuntimeError(name)

    with pytest.raises(RuntimeError, match="exp"), wf.debug.callback(refuse):
        wf.exp(wf.tensor(1.0))


def test_a_trace_prints_specs_and_lines() -> None:
    file = io.StringIO()
    with wf.debug.trace(file):
        wf.sum(wf.ones((2, 3)) @ wf.ones((3,)))
    first, second = file.getvalue().splitlines()
    assert first.startswith("matmul(f32[2, 3], f32[3]) -> f32[2]   test_debug.py:")
    assert second.startswith("sum(f32[2], axis=None, keepdims=False")
    assert second.endswith("wf.sum(wf.ones((2, 3)) @ wf.ones((3,)))")
