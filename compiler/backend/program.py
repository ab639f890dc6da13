"""Programs: graphs that were built as native code, and how they are called.

A call hands the native function a table of pointers: to the operands, the constants and the results, and memory for
what is in between. Python does not hold its lock while the function runs; the function calls back for nodes that have
no kernel, and what that raises ends the call; so does Ctrl-C.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...kernels import libraries, native
from ...kernels.launch import OUT_OF_ORDER, in_order
from ...runtime import memory, observers
from ...runtime.device import cpu
from ...runtime.errors import ArgumentError, OutOfMemoryError
from ...runtime.spec import Spec, StackSpec, size
from ..graph.graph import Graph
from ..graph.plan import located
from ..graph.stack import Cell
from ..passes.erase import erase
from ..passes.pipeline import optimize
from . import handed
from .decompose import decompose
from .lower import HostCall, Lowering, Source
from .steps import Log
from .views import row_major

EXHAUSTED = 2  # what a program gives that had no memory for its stacks
_calls: dict[int, _Call] = {}


class _Call:
    """A call that is running: its program, and what a callback raised."""

    __slots__ = ("error", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        self.error: BaseException | None = None


class Program:
    """A graph as a native function."""

    def __init__(self, graph: Graph, timed: bool = False, reproducible: bool = False) -> None:
        self.graph = optimize(decompose(erase(graph)))
        self.source: Source = Lowering(
            self.graph, native.width(), Log(native.clock()) if timed else None, native.order(reproducible)
        ).run()
        self.run, self.kept = native.function(
            self.source.text, lambda: runtime(reproducible), [_passed(x.spec) for x in self.graph.inputs],
            self.source.constants, reproducible,
        )  # fmt: skip
        specs = [_passed(y.spec) for y in self.graph.outputs]
        self.stacks = [i for i, y in enumerate(self.graph.outputs) if isinstance(y.spec, StackSpec)]
        self.takes_stacks = any(isinstance(x.spec, StackSpec) for x in self.graph.inputs)
        specs += [handed.WORDS] if self.stacks else []  # the last is what has to be kept
        self.results = [(_maker(spec), spec.shape, spec.dtype) for spec in specs]
        self.launch = self.call if self.source.hosts else self.run  # without calls of Python, nothing can raise
        self.arenas: list[tuple[int, np.ndarray]] = []

    def __call__(self, buffers: list[Any]) -> list[Any] | None:
        """The results for these operands; None unless they are arrays with the specs of the graph's inputs."""
        alive: list[Any] = []
        if self.takes_stacks:
            buffers = [handed.given(x, alive) if isinstance(x, Cell) else x for x in buffers]
        results = [make(shape, dtype) for make, shape, dtype in self.results]
        try:
            arena = self.arenas.pop()
        except IndexError:
            arena = self.arena()
        failed = self.launch(0, buffers, results, arena[0])
        if failed == OUT_OF_ORDER:
            failed = self.launch(0, [in_order(x) for x in buffers], results, arena[0])
        self.arenas.append(arena)
        if failed:
            if failed == EXHAUSTED:
                raise _no_room()
            return None
        return self.with_stacks(results) if self.stacks else results

    def with_stacks(self, results: list[Any]) -> list[Any]:
        """Results with the stacks that the program handed over."""
        *results, kept = results
        keeper = handed.Keeper(int(kept[0]))
        for i in self.stacks:
            address, count = map(int, results[i])
            results[i] = handed.stack_at(self.graph.outputs[i].spec.element, keeper, address, count)
        return results

    def call(self, _: int, buffers: list[Any], results: list[np.ndarray], arena: int) -> int:
        """Run with Python at hand, and raise what it raised."""
        call = _Call(self)
        token = id(call)
        _calls[token] = call
        try:
            failed = self.run(token, buffers, results, arena)
        finally:
            del _calls[token]
        if call.error is None:
            return failed
        try:
            raise call.error
        finally:
            call.error = None  # its traceback holds this frame: together they would stay until a collection of garbage

    def arena(self) -> tuple[int, np.ndarray]:
        """Memory for values in between, and its address, which is a multiple of 64."""
        block = memory.empty((self.source.arena + 64,), np.dtype(np.uint8))
        return -(-block.ctypes.data // 64) * 64, block


def _passed(spec: Spec) -> Spec:
    """What a value is passed as."""
    return handed.WORDS if isinstance(spec, StackSpec) else spec


def _no_room() -> OutOfMemoryError:
    return OutOfMemoryError(
        "the states that a loop keeps for its gradient take more memory than there is",
        "Keep every tenth, say, with wf.loop_options(save_every=10), or bound the trips with max_trips.",
    )


def _maker(spec: Spec) -> Any:
    """What makes room for a result: recycled memory for a large one."""
    return np.empty if size(spec.shape) * spec.dtype.itemsize < memory.SMALLEST else memory.empty


def _run_node(call: HostCall, buffers: Any) -> None:
    node = call.node
    if call.operands is None:
        most = node.attrs["max_trips"]
        raise ArgumentError(f"while: the loop goes on after max_trips={most} trips", "Allow more with wf.loop_options.")
    count = len(node.outputs)
    operands: list[Any] = []
    for x, place, pointer in zip(node.inputs, call.operands, _pointers(call, buffers, count), strict=True):
        operands.append(x if place is None else native.view(pointer, place.spec, place.strides).copy())
    specs = [y.spec for y in node.outputs]
    with observers.hidden():
        results = cpu.run(node.op, operands, node.attrs, specs)
    for y, result, spec in zip(range(count), results, specs, strict=True):
        if all(spec.shape):
            target = native.view(buffers[y], spec, row_major(spec.shape))
            np.copyto(target, result)


def _pointers(call: HostCall, buffers: Any, count: int) -> list[int]:
    found, at = [], count
    for place in call.operands or ():
        found.append(0 if place is None else buffers[at])
        at += place is not None
    return found


def _called(token: int, number: int, buffers: Any) -> int:
    call = _calls[token]
    try:
        host = call.program.source.hosts[number]
        with located(host.node):
            _run_node(host, buffers)
    except BaseException as error:  # raised again by the call, on this side of the native code
        call.error = error
        return 1
    return 0


_host = libraries.HOST(_called)


@cache
def runtime(reproducible: bool = False) -> libraries.Table:
    """What programs may ask of the runtime library and of Python."""
    return libraries.table(_host)
