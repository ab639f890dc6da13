"""Execution on a GPU: the graph of a call whose operands live there is a program of the device.

A graph is lowered when it is run for the first time with operands of some sizes, and the program is kept as long as the
graph.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ...kernels import cuda_device
from ..backend.fixed import fixed, sizes_of
from ..graph.executors import provide_for
from ..graph.graph import Graph, is_sized
from ..resting import collector_resting
from . import eager
from .program import GpuProgram

_programs: WeakKeyDictionary[Graph, dict[Any, GpuProgram]] = WeakKeyDictionary()
_lock = threading.RLock()


def program_of(graph: Graph, device: Any, buffers: Sequence[Any]) -> GpuProgram:
    """The program of a graph on a device for operands of these sizes.

    Errors: Unsupported, BuildError.
    """
    known = _programs.get(graph)
    if known is None:
        known = _programs.setdefault(graph, {})
    sizes = sizes_of(graph, buffers) if is_sized(graph) else ()
    key = (device, sizes)
    found = known.get(key)
    if found is None:
        with _lock, collector_resting():
            found = known.get(key) or GpuProgram(fixed(graph, dict(sizes)) if sizes else graph, device)
            known[key] = found
    return found


def execute(graph: Graph, buffers: Sequence[Any], device: Any) -> Sequence[Any]:
    """The results of a graph on a device."""
    return program_of(graph, device, buffers)(buffers)


provide_for("cuda", execute)
cuda_device.use(eager.run)
