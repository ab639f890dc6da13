"""CUDA graphs: launches recorded and replayed, loops and branches on the device, and what may not be recorded."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from weft.kernels import cuda_graph, nvrtc
from weft.kernels.cuda import Card
from weft.kernels.cuda_graph import IF, WHILE, Graph
from weft.runtime.errors import DeviceError

TEXT = f"""
#ifndef WEFT_STANDIN
{cuda_graph.DECLARATION}
#endif
"""
KERNELS = """
extern "C" __global__ void add(int* x, int a) { *x += a; }
extern "C" __global__ void below(cudaGraphConditionalHandle condition, const int* x, int limit) {
  cudaGraphSetConditional(condition, *x < limit);
}
"""


class Kernels:
    """The kernels above, launched on what is being recorded."""

    def __init__(self, card: Card) -> None:
        module = card.load(nvrtc.cubin(TEXT + KERNELS, card.architecture))
        self.card, self.add_function, self.below_function = card, module.function("add"), module.function("below")
        self.block = card.allocate(4)
        self.set(0)

    def set(self, value: int) -> None:
        self.card.upload(self.block.address, np.array([value], np.int32))

    def get(self) -> int:
        found = np.empty(1, np.int32)
        self.card.download(self.block.address, found)
        return int(found[0])

    def add(self, stream: Any, a: int) -> None:
        self.add_function.launch((1, 1, 1), (1, 1, 1), struct.pack("Pi", self.block.address, a), 0, stream)

    def below(self, stream: Any, condition: int, limit: int) -> None:
        bytes_ = struct.pack("QPi", condition, self.block.address, limit)
        self.below_function.launch((1, 1, 1), (1, 1, 1), bytes_, 0, stream)


@pytest.fixture
def kernels(card: Card) -> Kernels:
    return Kernels(card)


def test_what_is_recorded_runs_when_it_is_launched(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    with graph.record():
        for _ in range(100):
            kernels.add(graph.stream, 1)
    assert kernels.get() == 0
    for _ in range(3):
        graph.launch()
    assert kernels.get() == 300
    assert graph.launches == 3


@pytest.mark.skipif("not cuda_graph.has_conditions()", reason="the driver has no conditional nodes")
def test_a_loop_stays_on_the_device(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    with graph.record():
        again = graph.condition()
        kernels.below(graph.stream, again, 1000)
        with graph.body(again, WHILE) as stream:
            kernels.add(stream, 7)
            kernels.below(stream, again, 1000)
        kernels.add(graph.stream, 10_000)
    for start in (0, 990, 2000):
        kernels.set(start)
        graph.launch()
        assert kernels.get() == 10_000 + (start if start >= 1000 else start + 7 * -(-(1000 - start) // 7))


@pytest.mark.skipif("not cuda_graph.has_conditions()", reason="the driver has no conditional nodes")
def test_a_branch_inside_a_loop_stays_on_the_device(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    with graph.record():
        again, small = graph.condition(), graph.condition()
        kernels.below(graph.stream, again, 100)
        with graph.body(again, WHILE) as stream:
            kernels.below(stream, small, 50)
            with graph.body(small, IF) as inner:
                kernels.add(inner, 9)
            kernels.add(stream, 1)
            kernels.below(stream, again, 100)
    graph.launch()
    assert kernels.get() == 100


@pytest.mark.skipif("not cuda_graph.has_conditions()", reason="the driver has no conditional nodes")
def test_a_condition_may_hold_from_the_beginning(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    with graph.record():
        first = graph.condition(initially=True)
        with graph.body(first, IF) as stream:
            kernels.add(stream, 5)
    graph.launch()
    assert kernels.get() == 5


def test_waiting_while_recording_is_refused_and_the_card_goes_on(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    with pytest.raises(DeviceError, match="operation not permitted when stream is capturing"), graph.record():
        card.synchronize()
    kernels.add(card.stream, 2)
    assert kernels.get() == 2


def test_an_error_while_recording_ends_the_recording(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)

    def fail() -> None:
        with graph.record():
            kernels.add(graph.stream, 1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    kernels.add(card.stream, 2)
    assert kernels.get() == 2


def test_what_is_dropped_while_recording_waits_for_the_end(card: Card, kernels: Kernels) -> None:
    graph = Graph(card)
    block = card.allocate(1000)
    block.lent = True
    with graph.record():
        del block
        kernels.add(graph.stream, 1)
        card.allocate(1000)
    graph.launch()
    assert kernels.get() == 1


def test_a_driver_without_conditional_nodes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "OLDEST", 99_000)
    assert not cuda_graph.has_conditions()
