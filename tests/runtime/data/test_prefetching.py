"""Prefetching: order, errors with their traceback, and threads that end."""

from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import device as devices
from weft.runtime.errors import ShapeError

PATIENCE = 10.0  # seconds; far more than anything here takes


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "weft-prefetch"]


def all_ended() -> bool:
    for thread in threads():
        thread.join(PATIENCE)
    return not threads()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert all_ended()


def endless() -> Iterator[int]:
    i = 0
    while True:
        yield i
        i += 1


def test_the_order_stays() -> None:
    plain = wf.data.from_arrays(np.arange(500)).shuffle(seed=1).batch(7)
    plain = [x.tolist() for x in plain]
    for n in (1, 2, 100):
        ahead = wf.data.from_arrays(np.arange(500)).shuffle(seed=1).batch(7).prefetch(n)
        assert [x.tolist() for x in ahead] == plain


def test_elements_are_made_in_another_thread_ahead_of_their_use() -> None:
    made, third = [], threading.Event()

    def source() -> Any:
        for i in range(10):
            made.append(threading.current_thread().name)
            if i == 2:
                third.set()
            yield i

    items = iter(wf.data.from_generator(source).prefetch(2))
    next(items)
    assert third.wait(PATIENCE)
    assert set(made) == {"weft-prefetch"}
    assert len(made) <= 4  # one used, two waiting, one in hand
    items.close()  # type: ignore[attr-defined]


def test_an_error_arrives_with_its_traceback_after_what_came_before() -> None:
    def fail(x: Any) -> Any:
        if x == 3:
            raise KeyError("three")
        return x

    items = iter(wf.data.from_arrays(np.arange(5)).map(fail).prefetch(2))
    assert [next(items).item() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="three") as caught:
        next(items)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "fail" in frames
    assert frames[0] == "test_an_error_arrives_with_its_traceback_after_what_came_before"
    assert list(items) == []


def test_an_error_of_weft_names_the_line_in_the_thread() -> None:
    def fail(x: Any) -> Any:
        return x + wf.zeros((2, 3))

    with pytest.raises(ShapeError, match=r"return x \+ wf\.zeros"):
        list(wf.data.from_arrays(np.ones((2, 2))).map(fail).prefetch())


def test_the_thread_ends_when_the_consumer_breaks_off() -> None:
    for x in wf.data.from_generator(endless).prefetch(3):
        if x.item() == 5:
            break
    assert all_ended()


def test_the_thread_ends_when_the_iterator_is_forgotten() -> None:
    items = iter(wf.data.from_generator(endless).map(lambda x: x * 2).prefetch(3).batch(2))
    next(items)
    assert threads()
    del items
    gc.collect()
    assert all_ended()


def test_the_thread_ends_when_the_consumer_fails() -> None:
    def fail() -> None:
        for _ in wf.data.from_generator(endless).prefetch(3):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert all_ended()


def test_taking_a_few_ends_the_thread_behind() -> None:
    assert len(list(wf.data.from_generator(endless).prefetch(3).take(4))) == 4
    assert all_ended()


def test_what_the_source_holds_is_released() -> None:
    closed = threading.Event()

    def source() -> Any:
        try:
            yield from endless()
        finally:
            closed.set()

    items = iter(wf.data.from_generator(source).prefetch(1))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert closed.wait(PATIENCE)


def test_prefetching_twice_ends_both_threads() -> None:
    items = iter(wf.data.from_generator(endless).prefetch(1).map(lambda x: x + 1).prefetch(1))
    assert next(items).item() == 1
    assert len(threads()) == 2
    items.close()  # type: ignore[attr-defined]
    assert all_ended()


def test_a_hundred_iterations_leave_no_threads() -> None:
    dataset = wf.data.from_arrays(np.arange(10)).prefetch(2)
    for _ in range(100):
        next(iter(dataset))
    assert all_ended()


def test_two_iterators_prefetch_side_by_side() -> None:
    dataset = wf.data.from_arrays(np.arange(20)).prefetch(2)
    assert [(x.item(), y.item()) for x, y in zip(dataset, dataset, strict=True)] == [(i, i) for i in range(20)]


def test_an_iterator_can_be_read_by_several_epochs() -> None:
    dataset = wf.data.from_arrays(np.arange(6)).shuffle(seed=2).prefetch(2).repeat(2)
    assert sorted(x.item() for x in dataset) == sorted([*range(6), *range(6)])


def test_the_thread_works_on_the_consumers_device() -> None:
    seen = []

    def look(x: Any) -> Any:
        seen.append(devices.current())
        return x

    with wf.device("cpu"):
        list(wf.data.from_arrays(np.arange(2)).map(look).prefetch())
    assert seen == [devices.cpu] * 2


def test_what_the_thread_computes_is_not_recorded() -> None:
    x = wf.Variable(2.0)
    with wf.GradientTape() as tape:
        (y,) = wf.data.from_arrays(np.ones(1, "float32")).map(lambda one: one * x).prefetch()
        z = y * x
    assert tape.gradient(z, x).item() == 2.0
