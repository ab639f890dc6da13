"""CUDA graphs: launches recorded once and replayed by one call, loops and branches included.

PyCUDA has none of this, so the driver is called by ctypes. What is launched on a graph's `stream` inside `record()` is
written down, not run; inside `body()` it becomes the part of a conditional node that runs when a condition holds, which
a kernel sets by `cudaGraphSetConditional`. Memory that is recorded must stay where it is as long as the graph. This file
knows launches by their stream alone.

Source: CUDA driver API 13.0, "Graph Management" and "Stream Management".
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import cuda_driver as driver
from .cuda import Card
from .cuda_driver import INTEGER, POINTER, SIZE

CONDITIONAL = (
    "cuGraphConditionalHandleCreate",
    "cuGraphAddNode_v2",
    "cuStreamGetCaptureInfo_v3",
    "cuStreamUpdateCaptureDependencies_v2",
    "cuStreamBeginCaptureToGraph",
)
OLDEST = 12040  # the version of the driver whose conditional nodes can be nested
IF, WHILE = 0, 1
THREAD_LOCAL, SET_DEPENDENCIES, ASSIGN_AT_LAUNCH, CONDITIONAL_NODE = 1, 1, 1, 13
# What a kernel that sets a condition needs before it: the driver supplies the function.
DECLARATION = """\
typedef unsigned long long cudaGraphConditionalHandle;
#ifndef WEFT_STANDIN
extern "C" __device__ __cudart_builtin__ void cudaGraphSetConditional(cudaGraphConditionalHandle, unsigned int);
#endif
"""
HANDLE = ctypes.c_ulonglong


class _Conditional(ctypes.Structure):
    _fields_ = (
        ("handle", HANDLE),
        ("kind", INTEGER),
        ("size", INTEGER),
        ("bodies", ctypes.POINTER(POINTER)),
        ("context", POINTER),
    )


class _Parameters(ctypes.Union):
    _fields_ = (("room", ctypes.c_longlong * 29), ("conditional", _Conditional))


class _Node(ctypes.Structure):
    """`CUgraphNodeParams`."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("reserved", ctypes.c_int * 3),
        ("parameters", _Parameters),
        ("reserved2", ctypes.c_longlong),
    )


def has_conditions() -> bool:
    """Whether the driver has conditional nodes: where it has not, loops are driven from the host."""
    return driver.version() >= OLDEST and driver.has(*CONDITIONAL)


class Graph:
    """What was recorded of a card's work."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._streams: list[Any] = []  # what is being recorded: the whole, and the bodies inside it
        self._ready = POINTER()
        self._launch = driver.library().cuGraphLaunch
        self._own_stream = POINTER(card.stream_handle)
        self.launches = 0  # how often it was replayed

    @property
    def stream(self) -> Any:
        """The stream to launch on: that of what is being recorded, the card's otherwise."""
        return self._streams[-1] if self._streams else self._card.stream

    @contextmanager
    def record(self) -> Iterator[Graph]:
        """Write down what is launched inside the `with` block, without running it.

        Nothing may wait, copy from memory that is not pinned, or take memory of the driver meanwhile.
        Errors: DeviceError when something did.
        """
        self._card.enter()
        self._card.arena.drain()
        with self._card.told("recording a graph"):
            driver.call("cuStreamBeginCapture_v2", self._own_stream, INTEGER(THREAD_LOCAL))
            self._streams.append(self._card.stream)
            self._card.recording(True)
            written = POINTER()
            try:
                yield self
            except BaseException:
                driver.library().cuStreamEndCapture(self._own_stream, ctypes.byref(written))
                raise
            finally:
                self._streams.clear()
                self._card.recording(False)
            driver.call("cuStreamEndCapture", self._own_stream, ctypes.byref(written))
            self._instantiate(written)

    def _instantiate(self, written: Any) -> None:
        try:
            driver.call("cuGraphInstantiateWithFlags", ctypes.byref(self._ready), written, HANDLE(0))
            driver.call("cuGraphUpload", self._ready, self._own_stream)
        finally:
            driver.call("cuGraphDestroy", written)

    def launch(self) -> None:
        """Run what was recorded, in the order of the card's stream, without waiting.

        Errors: DeviceError when the driver refuses.
        """
        code = self._launch(self._ready, self._own_stream)
        if code:
            raise self._card.error(driver.DriverError("cuGraphLaunch", code), "a graph")
        self.launches += 1

    # -- conditions

    def condition(self, initially: bool = False) -> int:
        """A new condition, for kernels to set: it is `initially` so at each launch of the graph."""
        made = HANDLE()
        written, _, _ = self._recorded()
        context, flags = POINTER(self._card.context_handle), INTEGER(ASSIGN_AT_LAUNCH)
        driver.call("cuGraphConditionalHandleCreate", ctypes.byref(made), written, context, INTEGER(initially), flags)
        return made.value

    @contextmanager
    def body(self, condition: int, kind: int) -> Iterator[Any]:
        """Record, on the stream that is given, what runs if the condition holds (`IF`), or as long as it does (`WHILE`)."""
        node = self._conditional(condition, kind)
        stream = self._card.another_stream()
        handle = POINTER(stream.handle)
        inside = node.parameters.conditional.bodies[0]
        driver.call("cuStreamBeginCaptureToGraph", handle, POINTER(inside), None, None, SIZE(0), INTEGER(THREAD_LOCAL))
        self._streams.append(stream)
        try:
            yield stream
        finally:
            self._streams.pop()
            driver.call("cuStreamEndCapture", handle, ctypes.byref(POINTER()))
            self._card.dropped.append(stream)

    def _recorded(self) -> tuple[Any, Any, int]:
        """The graph that is being written, and the nodes that come last in it, with their number."""
        state, written, last, count = ctypes.c_int(), POINTER(), POINTER(), SIZE()
        driver.call(
            "cuStreamGetCaptureInfo_v3", POINTER(self.stream.handle), ctypes.byref(state), None,
            ctypes.byref(written), ctypes.byref(last), None, ctypes.byref(count),
        )  # fmt: skip
        return written, last, count.value

    def _conditional(self, condition: int, kind: int) -> _Node:
        """Write a conditional node behind what was recorded last."""
        written, last, count = self._recorded()
        asked, node = _Node(), POINTER()
        asked.kind = CONDITIONAL_NODE
        inside = asked.parameters.conditional
        inside.handle, inside.kind, inside.size, inside.context = condition, kind, 1, self._card.context_handle
        driver.call("cuGraphAddNode_v2", ctypes.byref(node), written, last, None, SIZE(count), ctypes.byref(asked))
        driver.call(
            "cuStreamUpdateCaptureDependencies_v2", POINTER(self.stream.handle), ctypes.byref(node), None, SIZE(1),
            INTEGER(SET_DEPENDENCIES),
        )  # fmt: skip
        return asked

    def __del__(self) -> None:
        if self._ready:
            ready, destroy = self._ready, driver.library().cuGraphExecDestroy
            self._card.dropped.append(lambda: destroy(ready))
