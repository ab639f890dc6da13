"""Executors: what runs the graph of a call.

The interpreter is the meaning of a graph and always there. Others, native programs say, are provided from above; one
that cannot run a graph leaves it to the next. `wf.options(executor=...)` chooses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...runtime import device as devices
from ...runtime.device import Device
from ...runtime.eager import EagerTensor, wrap
from ...runtime.options import options
from .graph import Graph
from .interpret import interpret, run as interpreted

Executor = Callable[[Graph, Sequence[Any]], "Sequence[Any] | None"]
_native: list[Executor] = []
_of_devices: dict[str, Callable[[Graph, Sequence[Any], Device], Sequence[Any]]] = {}  # by the kind of device
listeners: list[Callable[[int, int], None]] = []  # who is told of each call: when it began and ended, in nanoseconds


def provide_native(executor: Executor) -> None:
    """Run graphs by `executor`, which gives None for those that it cannot run."""
    _native[:] = [executor]


def provide_for(kind: str, executor: Callable[[Graph, Sequence[Any], Device], Sequence[Any]]) -> None:
    """Run graphs whose operands live on a kind of device by `executor`, whatever the options say."""
    _of_devices[kind] = executor


def results_of(graph: Graph, operands: Sequence[Any]) -> list[Any]:
    """The results of a graph for eager operands that no tape watches: tensors of their own."""
    if not all([type(x) is EagerTensor for x in operands]):
        return [wrap(y.buffer) for y in interpret(graph, operands)]
    with np.errstate(all="ignore"):
        return [wrap(y) for y in execute(graph, [x.buffer for x in operands])]


def execute(graph: Graph, buffers: Sequence[Any]) -> Sequence[Any]:
    """The buffers that a graph gives for these, by the executor that is chosen."""
    if not listeners:
        return _executed(graph, buffers)
    begin = time.perf_counter_ns()
    results = _executed(graph, buffers)
    end = time.perf_counter_ns()
    for listener in list(listeners):
        listener(begin, end)
    return results


def _executed(graph: Graph, buffers: Sequence[Any]) -> Sequence[Any]:
    device = devices.foremost(buffers)
    if device is not devices.cpu:
        return _of_devices[device.kind](graph, buffers, device)
    if options.executor == "native" and devices.current() is devices.cpu:
        for executor in _native:
            results = executor(graph, buffers)
            if results is not None:
                return results
    return interpreted(graph, buffers)
