"""Tapes free what they hold: no growth over many steps, no reference cycles."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import weft as wf


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No cyclic garbage collection, so that a cycle would show."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def by_tape(x: Any) -> Any:
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.sum(wf.exp(x) * x)
    return tape.gradient(y, x)


def second_order(x: Any) -> Any:
    with wf.GradientTape() as outer:
        outer.watch(x)
        with wf.GradientTape() as inner:
            inner.watch(x)
            y = wf.sum(x * x * x)
        dx = inner.gradient(y, x)
    return outer.gradient(dx, x)


def persistent(x: Any) -> Any:
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    return tape.jacobian(y, x)


def abandoned(x: Any) -> Any:
    with wf.GradientTape() as tape:
        tape.watch(x)
        return wf.exp(x) * x


def custom(x: Any) -> Any:
    double = wf.custom_gradient(lambda x: (x * 2.0, lambda dy: dy * 2.0))
    return wf.grad(lambda x: wf.sum(double(x)))(x)


def through_variable(x: Any) -> Any:
    v = wf.Variable(x)
    [(dv, _)] = wf.implicit_gradients(lambda: wf.sum(v * v))()
    return dv


STEPS: dict[str, Callable[[Any], Any]] = {
    "tape": by_tape,
    "second order": second_order,
    "persistent": persistent,
    "abandoned": abandoned,
    "grad": wf.grad(lambda x: wf.sum(x * x)),
    "grad of grad": lambda x: wf.grad(lambda x: wf.sum(wf.grad(lambda x: wf.sum(x * x * x))(x)))(x),
    "vjp": lambda x: wf.vjp(lambda x: x * x, x)[1](x),
    "jvp": lambda x: wf.jvp(lambda x: x * x, x, x)[1],
    "custom gradient": custom,
    "checkpoint": lambda x: wf.grad(wf.checkpoint(lambda x: wf.sum(x * x)))(x),
    "variable": through_variable,
}


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("step", STEPS)
def test_a_step_leaves_no_reference_cycle(step: str) -> None:
    x = wf.tensor([1.0, 2.0])
    STEPS[step](x)
    gc.collect()
    STEPS[step](x)
    assert gc.collect() == 0


@pytest.mark.usefixtures("uncollected")
def test_a_dropped_tape_frees_what_it_recorded() -> None:
    x = wf.tensor([1.0, 2.0])
    tape = wf.GradientTape(persistent=True)
    with tape:
        tape.watch(x)
        y = wf.exp(x)
        z = y * y
    recorded, value = weakref.ref(tape._recording()), weakref.ref(y)
    assert tape.gradient(z, x) is not None
    del y, z
    assert value() is not None, "the tape holds it"
    del tape
    assert recorded() is None
    assert value() is None


@pytest.mark.usefixtures("uncollected")
def test_a_played_tape_holds_nothing() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.exp(x)
        z = y * y
    value = weakref.ref(y)
    tape.gradient(z, x)
    del y, z
    assert value() is None


@pytest.mark.usefixtures("uncollected")
def test_a_tensor_outlives_its_tape_without_it() -> None:
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = wf.exp(x)
    recorded = weakref.ref(tape._recording())
    del tape
    assert recorded() is None
    assert y.shape == (2,)


STATM = Path("/proc/self/statm")


def resident_after(step: Callable[[Any], Any], x: Any, steps: int) -> int:
    """Bytes of memory that this process holds after some steps."""
    for _ in range(steps):
        step(x)
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def objects_after(step: Callable[[Any], Any], x: Any, steps: int) -> int:
    """Python objects alive after some steps."""
    for _ in range(steps):
        step(x)
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.parametrize("step", STEPS)
def test_many_steps_leave_no_objects_behind(step: str) -> None:
    x = wf.tensor([1.0, 2.0])
    before = objects_after(STEPS[step], x, 50)
    after = objects_after(STEPS[step], x, 200)
    assert after - before < 20


@pytest.mark.skipif(not STATM.exists(), reason="reads memory from /proc")
def test_a_hundred_thousand_steps_leave_memory_flat() -> None:
    x = wf.tensor(3.0)

    def step(x: Any) -> None:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        tape.gradient(y, x)

    before = resident_after(step, x, 10_000)
    after = resident_after(step, x, 90_000)
    assert after - before < 4 << 20
