"""The interpreter: what a graph means. It applies the ops of the nodes one after the other.

Given eager tensors on the CPU it computes, by the graph's plan; given symbolic tensors it writes the nodes into
their graph, and what tapes watch is applied node by node for them to see. A value is dropped after its last use.
The sizes that a trace left open are read from the tensors as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...runtime import device as devices, observers
from ...runtime.dim import Dim
from ...runtime.eager import EagerTensor, wrap
from ...runtime.op import apply
from ...runtime.tensor import Tensor
from .found import Found
from .graph import Graph, is_sized
from .plan import Plan, located, plan_of
from .stack import Cell
from .symbolic import SymbolicTensor


def interpret(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The outputs of a graph for these arguments, one for each input."""
    if not observers.current() and all([type(x) is EagerTensor for x in args]):
        buffers = [x.buffer for x in args]
        plan = _plan(graph, buffers)
        if plan is not None:
            with np.errstate(all="ignore"):
                return [wrap(y) for y in plan.run(graph, buffers)]
    return _applied(graph, args)


def run(graph: Graph, buffers: Sequence[Any]) -> Sequence[Any]:
    """The buffers that a region gives for these, unseen by tapes; NumPy's own warnings are off already."""
    if observers.watching.count and observers.current():
        with observers.hidden():
            return run(graph, buffers)
    plan = _plan(graph, buffers)
    if plan is not None:
        return plan.run(graph, buffers)
    return [y.buffer for y in _applied(graph, [wrap(b) for b in buffers])]


def _plan(graph: Graph, buffers: Sequence[Any]) -> Plan | None:
    """The plan by which a graph can run on these: what its inputs say, on the CPU."""
    plan = plan_of(graph)
    if plan is None or devices.current() is not devices.cpu:
        return None
    for x, buffer in zip(graph.inputs, buffers, strict=True):
        spec = x.spec
        if buffer.dtype is not spec.dtype or (type(buffer) is not np.ndarray and not isinstance(buffer, Cell)):
            return None
        if buffer.shape != spec.shape if not plan.sized else not _is_one(buffer.shape, spec.shape):
            return None
    return plan


def _is_one(shape: tuple[int, ...], of: tuple[Any, ...]) -> bool:
    """Whether a shape may be one with sizes."""
    return len(shape) == len(of) and all(type(n) is Dim or m == n for m, n in zip(shape, of, strict=True))


def _applied(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The outputs of a graph, its ops applied one by one in whatever context the arguments have."""
    values: dict[int, Any] = {x.key: arg for x, arg in zip(graph.inputs, args, strict=True)}
    dropped = last_uses(graph)
    found = Found(graph) if is_sized(graph) else None
    if found:
        found.read(graph.inputs, args)
    for i, node in enumerate(graph.nodes):
        inputs = tuple([values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs])
        with located(node):
            outputs = apply(node.op, inputs, found.attributes(node.attrs) if found else dict(node.attrs))
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        values.update(zip([y.key for y in node.outputs], outputs, strict=True))
        if found:
            found.read(node.outputs, outputs)
        for key in dropped.get(i, ()):
            values.pop(key, None)
    return [values[y.key] for y in graph.outputs]


def last_uses(graph: Graph) -> dict[int, list[int]]:
    """For each position in the list of nodes, the keys of the values that are not needed after it."""
    last: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        for x in (*node.inputs, *node.outputs):
            if isinstance(x, SymbolicTensor):
                last[x.key] = i
    for y in graph.outputs:
        last.pop(y.key, None)
    dropped: dict[int, list[int]] = {}
    for key, i in last.items():
        dropped.setdefault(i, []).append(key)
    return dropped
