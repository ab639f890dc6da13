"""Execution on a GPU: the graph of a call whose operands live there is a program of the device.

A graph is lowered when it is run for the first time with operands of some sizes, and the program is kept as long as the
graph.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...kernels import cuda_device
from ...runtime import device as devices
from ...runtime.eager import wrap
from ...runtime.options import options
from ..backend.fixed import fixed, sizes_of
from ..backend.places import Unsupported
from ..graph.executors import provide_for
from ..graph.graph import Graph, is_sized, write_apart
from ..graph.interpret import interpret, run as interpreted
from ..resting import collector_resting
from . import eager
from .homes import CPU, GPU, NUMBER, Parted, parted, together
from .program import GpuProgram
from .timer import called


class _Programs:
    """The programs of one graph, by device, sizes and options."""

    def __init__(self, graph: Graph) -> None:
        self.is_sized = is_sized(graph)
        self.found: dict[Any, GpuProgram | Unsupported] = {}


_programs: WeakKeyDictionary[Graph, _Programs] = WeakKeyDictionary()
_parted: WeakKeyDictionary[Graph, dict[Any, Parted | None]] = WeakKeyDictionary()
_lock = threading.RLock()


def program_of(graph: Graph, device: Any, buffers: Sequence[Any]) -> GpuProgram:
    """The program of a graph on a device for operands of these sizes.

    Errors: Unsupported, BuildError.
    """
    known = _programs.get(graph) or _programs.setdefault(graph, _Programs(graph))
    sizes = sizes_of(graph, buffers) if known.is_sized else ()
    key = (device, sizes, options.tf32)
    found = known.found.get(key)
    if found is None:
        with _lock, collector_resting(), write_apart():
            found = known.found.get(key) or _made(fixed(graph, dict(sizes)) if sizes else graph, device)
            known.found[key] = found
    if isinstance(found, Unsupported):
        raise found
    return found


def _made(graph: Graph, device: Any) -> GpuProgram | Unsupported:
    try:
        return GpuProgram(graph, device)
    except Unsupported as reason:
        return reason


def execute(graph: Graph, buffers: Sequence[Any], device: Any) -> Sequence[Any]:
    """The results of a graph on a device; operands of the CPU are for what runs there, or are moved by the graph."""
    if np.ndarray not in map(type, buffers):
        return run(graph, buffers, device)
    homes = tuple(map(_home, buffers))
    if CPU not in homes and NUMBER not in homes:
        return run(graph, buffers, device)
    known = _parted.get(graph)
    if known is None:
        known = _parted.setdefault(graph, {})
    if homes not in known:
        known[homes] = parted(graph, homes)
    parts = known[homes]
    if parts is None:
        return run(graph, buffers, device)
    return together(parts, buffers, _on_cpu, lambda rest, given: run(rest, given, device))


def _on_cpu(graph: Graph, buffers: Sequence[Any]) -> Sequence[Any]:
    with devices.device(devices.cpu):
        return interpreted(graph, buffers)


def _home(x: Any) -> str:
    if type(x) is np.ndarray:
        return CPU if x.ndim else NUMBER
    return GPU


def run(graph: Graph, buffers: Sequence[Any], device: Any) -> Sequence[Any]:
    """The results of a graph that is all on a device; op by op where it has sizes that only the run finds."""
    try:
        program = program_of(graph, device, buffers)
    except Unsupported:
        arrays = [device.from_numpy(x) if type(x) is np.ndarray else x for x in buffers]
        with devices.device(device):
            return [y.buffer for y in interpret(graph, [wrap(x) for x in arrays])]
    return called(program, buffers)


provide_for("cuda", execute)
cuda_device.use(eager.run)
