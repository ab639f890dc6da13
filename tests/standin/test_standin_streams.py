"""Streams and events: with `lazy`, work that nothing waits for has not happened, and waiting for it makes it happen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import loading
import numpy as np
import pytest
from card import Array, kernel

ADD = 'extern "C" __global__ void k(float *x) { x[threadIdx.x] += 1; }'
N = 32


@pytest.fixture
def lazy(card: Any) -> Iterator[Any]:
    with loading.options("lazy"):
        yield card


def ones() -> Array:
    return Array(np.ones(N, np.float32))


def pinned(drv: Any, value: float) -> Any:
    values = drv.pagelocked_empty(N, np.float32)
    values[:] = value
    return values


def test_a_host_buffer_that_is_changed_too_early_is_copied_as_it_is_then(lazy: Any) -> None:
    x, values, stream = ones(), pinned(lazy, 2), lazy.Stream(1)
    lazy.memcpy_htod_async(x.memory, values, stream)
    values[:] = 3
    stream.synchronize()
    assert (x.get() == 3).all()


def test_pageable_memory_is_copied_as_it_was(lazy: Any) -> None:
    x, values, stream = ones(), np.full(N, 2, np.float32), lazy.Stream(1)
    lazy.memcpy_htod_async(x.memory, values, stream)
    values[:] = 3
    stream.synchronize()
    assert (x.get() == 2).all()


def test_a_result_that_is_not_waited_for_is_not_there(lazy: Any) -> None:
    x, values, stream = ones(), pinned(lazy, 0), lazy.Stream(1)
    kernel(ADD)(1, N, x, stream=stream)
    lazy.memcpy_dtoh_async(values, x.memory, stream)
    assert (values == 0).all()
    stream.synchronize()
    assert (values == 2).all()


def test_streams_without_an_event_between_do_not_wait(lazy: Any) -> None:
    x, y, s, t = ones(), ones(), lazy.Stream(1), lazy.Stream(1)
    run = kernel(ADD)
    run(1, N, x, stream=s)
    lazy.memcpy_dtod_async(y.memory, x.memory, 4 * N, t)
    t.synchronize()
    assert (y.get() == 1).all()


def test_an_event_lets_a_stream_wait_for_another(lazy: Any) -> None:
    x, y, s, t = ones(), ones(), lazy.Stream(1), lazy.Stream(1)
    run = kernel(ADD)
    run(1, N, x, stream=s)
    t.wait_for_event(lazy.Event().record(s))
    lazy.memcpy_dtod_async(y.memory, x.memory, 4 * N, t)
    t.synchronize()
    assert (y.get() == 2).all()


def test_the_default_stream_waits_for_blocking_streams_only(lazy: Any) -> None:
    for flags, expected in ((0, 2), (1, 1)):
        x, stream = ones(), lazy.Stream(flags)
        run = kernel(ADD)
        run(1, N, x, stream=stream)
        assert (x.get() == expected).all()
        stream.synchronize()


def test_a_question_is_answered_with_not_yet_until_the_work_is_done(lazy: Any) -> None:
    x, stream = ones(), lazy.Stream(1)
    run = kernel(ADD)
    for _ in range(3):
        run(1, N, x, stream=stream)
    event = lazy.Event().record(stream)
    answers = [event.query() for _ in range(6)]
    assert answers == [False] * 4 + [True] * 2
    assert stream.is_done()


@pytest.mark.parametrize("mode", ["lazy=0", "lazy"])
def test_threads_use_the_card_at_once(card: Any, mode: str) -> None:
    count = 'extern "C" __global__ void k(int *x) { atomicAdd(x, 1); }'
    with loading.options(mode):
        x, run = Array(np.zeros(1, np.int32)), kernel(count)
        context = card.Context.get_current()

        def work() -> None:
            context.push()
            stream = card.Stream(1)
            for _ in range(20):
                run(4, 64, x, stream=stream)
                stream.synchronize()
            del stream
            context.pop()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert x.get()[0] == 4 * 20 * 4 * 64


def test_events_measure_time(card: Any) -> None:
    stream = card.Stream(1)
    before, after = card.Event(), card.Event()
    before.record(stream)
    after.record(stream)
    after.synchronize()
    assert 0 <= after.time_since(before) < 1000


def test_a_free_waits_for_the_work_that_uses_the_memory(lazy: Any) -> None:
    with loading.options("check"):
        x, y, stream = ones(), ones(), lazy.Stream(1)
        lazy.memcpy_dtod_async(y.memory, x.memory, 4 * N, stream)
        x.memory.free()
        stream.synchronize()
        assert (y.get() == 1).all()


def test_rows_are_copied(card: Any) -> None:
    x, values = ones(), np.zeros((4, 5), np.float32)
    copy = card.Memcpy2D()
    copy.set_src_device(x.memory)
    copy.set_dst_host(values)
    copy.src_pitch, copy.dst_pitch = 32, 20
    copy.width_in_bytes, copy.height = 12, 4
    copy(aligned=False)
    assert (values[:, :3] == 1).all()
    assert (values[:, 3:] == 0).all()


@pytest.mark.parametrize(
    ("name", "value", "dtype"), [("d8", 7, np.uint8), ("d16", 513, np.uint16), ("d32", 70000, np.uint32)]
)
def test_memory_is_filled(card: Any, name: str, value: int, dtype: Any) -> None:
    x = Array(np.zeros(N, dtype), empty=True)
    getattr(card, f"memset_{name}")(x.memory, value, N)
    assert (x.get() == value).all()
