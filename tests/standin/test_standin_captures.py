"""Capturing streams into graphs, replaying them, and loops that stay on the card; and what a capture refuses."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import loading
import numpy as np
import pytest
from card import Array, kernel

STEPS = """
extern "C" __global__ void k(float *x) { x[threadIdx.x] += 1; }
extern "C" __global__ void root(float *x) { x[threadIdx.x] = 0.5f * (x[threadIdx.x] + 2.0f / x[threadIdx.x]); }
extern "C" __global__ void again(cudaGraphConditionalHandle go, const float *x, int *count, int limit) {
    *count += 1;
    cudaGraphSetConditional(go, fabsf(x[0] * x[0] - 2.0f) > 1e-6f && *count < limit);
}
"""
P, B = ctypes.c_void_p, ctypes.byref
UNSUPPORTED, INVALIDATED, UNJOINED, IMPLICIT, ISOLATION = 900, 901, 904, 906, 905


class Conditional(ctypes.Structure):
    _fields_ = (
        ("handle", ctypes.c_uint64),
        ("type", ctypes.c_uint),
        ("size", ctypes.c_uint),
        ("graphs", ctypes.POINTER(P)),
        ("context", P),
        ("rest", ctypes.c_uint64 * 26),
    )


class NodeParameters(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("reserved", ctypes.c_int * 3), ("conditional", Conditional))


class Capture:
    """A stream whose work is recorded, and the graph that it becomes."""

    def __init__(self, drv: Any, mode: int = 1) -> None:
        self.drv, self.cuda = drv, loading.driver()
        self.stream = drv.Stream(1)
        self.graph, self.executable = P(), P()
        assert not self.cuda.cuStreamBeginCapture_v2(P(self.stream.handle), mode)

    def end(self) -> int:
        """The driver's answer to the end of the capture."""
        return self.cuda.cuStreamEndCapture(P(self.stream.handle), B(self.graph))

    def launch(self, times: int = 1) -> None:
        if not self.executable:
            assert not self.cuda.cuGraphInstantiateWithFlags(B(self.executable), self.graph, ctypes.c_ulonglong(0))
        for _ in range(times):
            assert not self.cuda.cuGraphLaunch(self.executable, P(self.stream.handle))
        self.stream.synchronize()

    def here(self) -> Any:
        """The graph that is being made."""
        status, graph, count, dependencies = ctypes.c_int(), P(), ctypes.c_size_t(), P()
        info = self.cuda.cuStreamGetCaptureInfo_v3
        assert not info(P(self.stream.handle), B(status), None, B(graph), B(dependencies), None, B(count))
        return graph

    def condition(self) -> int:
        """A condition of the graph, which begins with 0."""
        handle = ctypes.c_uint64()
        assert not self.cuda.cuGraphConditionalHandleCreate(B(handle), self.here(), None, 0, 1)
        return handle.value

    def choose(self, handle: int, kind: int, *bodies: Callable[[Any], object]) -> None:
        """A conditional node: 0 if, 1 while, 2 one of several."""
        wanted = NodeParameters(type=13, conditional=Conditional(handle=handle, type=kind, size=len(bodies)))
        node = P()
        assert not self.cuda.cuGraphAddNode_v2(B(node), self.here(), None, None, ctypes.c_size_t(0), B(wanted))
        update = self.cuda.cuStreamUpdateCaptureDependencies_v2
        assert not update(P(self.stream.handle), B(node), None, ctypes.c_size_t(1), 1)
        for i, body in enumerate(bodies):
            inner = self.drv.Stream(1)
            begin, graph = self.cuda.cuStreamBeginCaptureToGraph, P(wanted.conditional.graphs[i])
            assert not begin(P(inner.handle), graph, None, None, ctypes.c_size_t(0), 1)
            body(inner)
            assert not self.cuda.cuStreamEndCapture(P(inner.handle), B(P()))

    def destroy(self) -> None:
        if self.executable:
            assert not self.cuda.cuGraphExecDestroy(self.executable)
        assert not self.cuda.cuGraphDestroy(self.graph)


def ones() -> Array:
    return Array(np.ones(32, np.float32))


@pytest.mark.parametrize("mode", ["lazy=0", "lazy"])
def test_a_captured_stream_is_replayed(card: Any, mode: str) -> None:
    with loading.options(mode):
        x, run = ones(), kernel(STEPS)
        capture = Capture(card)
        for _ in range(10):
            run(1, 32, x, stream=capture.stream)
        assert not capture.end()
        assert (x.get() == 1).all()
        capture.launch(3)
        assert (x.get() == 31).all()


def test_fills_and_copies_are_captured(card: Any) -> None:
    x, y, run = ones(), ones(), kernel(STEPS)
    capture = Capture(card)
    card.memset_d32_async(x.memory, 0x40000000, 32, capture.stream)
    run(1, 32, x, stream=capture.stream)
    card.memcpy_dtod_async(y.memory, x.memory, 128, capture.stream)
    assert not capture.end()
    capture.launch(2)
    assert (y.get() == 3).all()


def test_a_loop_stays_on_the_card(card: Any) -> None:
    x, count = ones(), Array(np.zeros(1, np.int32))
    root, again = kernel(STEPS, "root"), kernel(STEPS, "again")
    capture = Capture(card)
    handle = capture.condition()

    def turn(stream: Any) -> None:
        root(1, 32, x, stream=stream)
        again(1, 1, np.uintp(handle), x, count, 50, stream=stream)

    turn(capture.stream)
    capture.choose(handle, 1, turn)
    assert not capture.end()
    capture.launch()
    assert abs(x.get()[0] - 2**0.5) < 1e-6
    assert count.get()[0] == 4


SET = 'extern "C" __global__ void k(cudaGraphConditionalHandle go, int *v) { cudaGraphSetConditional(go, *v); }'


@pytest.mark.parametrize(("kind", "value", "expected"), [(0, 1, 2), (0, 0, 5), (2, 0, 2), (2, 1, 5), (2, 2, 1)])
def test_a_branch_is_chosen_on_the_card(card: Any, kind: int, value: int, expected: int) -> None:
    x, chosen, add, choose = ones(), Array(np.array([value], np.int32)), kernel(STEPS), kernel(SET)
    capture = Capture(card)
    handle = capture.condition()
    choose(1, 1, np.uintp(handle), chosen, stream=capture.stream)
    four = lambda stream: [add(1, 32, x, stream=stream) for _ in range(4)]
    capture.choose(handle, kind, lambda stream: add(1, 32, x, stream=stream), four)
    assert not capture.end()
    capture.launch()
    assert (x.get() == expected).all()


def test_a_stream_joins_a_capture_by_an_event_and_finds_back(card: Any) -> None:
    x, run, other = ones(), kernel(STEPS), card.Stream(1)
    capture = Capture(card)
    run(1, 32, x, stream=capture.stream)
    other.wait_for_event(card.Event().record(capture.stream))
    run(1, 32, x, stream=other)
    capture.stream.wait_for_event(card.Event().record(other))
    assert not capture.end()
    capture.launch()
    assert (x.get() == 3).all()


def test_a_stream_that_does_not_find_back_spoils_the_capture(card: Any) -> None:
    x, run, other = ones(), kernel(STEPS), card.Stream(1)
    capture = Capture(card)
    other.wait_for_event(card.Event().record(capture.stream))
    run(1, 32, x, stream=other)
    assert capture.end() == UNJOINED
    assert "work that its first stream does not wait for" in loading.message()


def pageable(drv: Any, capture: Capture, x: Array) -> None:
    drv.memcpy_htod_async(x.memory, np.zeros(32, np.float32), capture.stream)


FORBIDDEN = {
    "an allocation": lambda drv, capture, x: drv.mem_alloc(16),
    "an allocation of pinned memory": lambda drv, capture, x: drv.pagelocked_empty(4, np.float32),
    "a copy that is waited for": lambda drv, capture, x: x.get(),
    "a copy from pageable memory": pageable,
    "waiting for the device": lambda drv, capture, x: drv.Context.synchronize(),
    "waiting for the stream": lambda drv, capture, x: capture.stream.synchronize(),
    "asking the stream": lambda drv, capture, x: capture.stream.is_done(),
    "work in the default stream": lambda drv, capture, x: kernel(STEPS)(1, 32, x),
    "loading a module": lambda drv, capture, x: kernel(STEPS),
    "an event from outside": lambda drv, capture, x: capture.stream.wait_for_event(drv.Event().record(drv.Stream(1))),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_capture_is_lost_by_what_cannot_be_recorded(card: Any, what: str) -> None:
    x = ones()
    kernel(STEPS)
    capture = Capture(card)
    with pytest.raises(card.Error, match=r"captur|dependent"):
        FORBIDDEN[what](card, capture, x)
    assert capture.end() == INVALIDATED
    assert "captur" in loading.message()
    assert (x.get() == 1).all()


def test_a_relaxed_capture_lets_others_allocate(card: Any) -> None:
    capture = Capture(card, mode=2)
    card.mem_alloc(16)
    assert not capture.end()


def test_a_graph_of_a_module_that_is_gone_is_refused(card: Any) -> None:
    x, run = ones(), kernel(STEPS)
    capture = Capture(card)
    run(1, 32, x, stream=capture.stream)
    assert not capture.end()
    del run
    with pytest.raises(card.Error, match="a kernel of a module that was unloaded"):
        capture.launch()


def test_graphs_that_are_not_destroyed_are_counted(card: Any) -> None:
    before = loading.report().live_graphs
    choose, chosen = kernel(SET), Array(np.zeros(1, np.int32))
    capture = Capture(card)
    handle = capture.condition()
    choose(1, 1, np.uintp(handle), chosen, stream=capture.stream)
    capture.choose(handle, 0, lambda stream: None)
    assert not capture.end()
    capture.launch()
    assert loading.report().live_graphs == before + 3
    capture.destroy()
    assert loading.report().live_graphs == before
