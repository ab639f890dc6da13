"""Programs: graphs that were built as native code, and how they are called.

A call hands the native function a table of pointers: to the operands, the constants and the results, and memory for
what is in between. Python does not hold its lock while the function runs; the function calls back for nodes that have
no kernel, and what that raises ends the call; so does Ctrl-C.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...kernels import libraries, native
from ...kernels.launch import OUT_OF_ORDER, in_order
from ...runtime import dtypes, memory, observers
from ...runtime.device import cpu
from ...runtime.dim import evaluated
from ...runtime.errors import ArgumentError, OutOfMemoryError
from ...runtime.spec import Spec, StackSpec, size, stack_of
from ..graph.graph import Graph
from ..graph.plan import located
from ..graph.stack import Cell
from . import handed
from .fixed import leaf
from .lower import HostCall, Source
from .open import Reading, Speller, opened
from .places import Unsupported
from .sources import source_of, written
from .steps import Log
from .views import row_major

EXHAUSTED = 2  # what a program gives that had no memory for its stacks
_calls: dict[int, _Call] = {}
_sizes_here = threading.local()  # the sizes of the call that a thread is about to begin


class _Call:
    """A call that is running: its program, and what a callback raised."""

    __slots__ = ("error", "program", "sizes")

    def __init__(self, program: Program, sizes: Mapping[str, int]) -> None:
        self.program, self.sizes = program, sizes
        self.error: BaseException | None = None


class _Plan(NamedTuple):
    """What a call of a program with open sizes needs: its sizes, by name and as C reads them, results and memory."""

    sizes: Mapping[str, int]
    array: np.ndarray
    results: list[tuple[Any, Any, Any]]
    arena: int


_NOTHING = np.empty(0, np.uint8)


class Program:
    """A graph as a native function."""

    def __init__(
        self, graph: Graph, timed: bool = False, reproducible: bool = False, hints: Mapping[str, int] | None = None
    ) -> None:
        """`hints`: the sizes of one call, where sizes are left open.

        Errors: Unsupported, BuildError; SizeError for what cannot be written with open sizes.
        """
        self.reading: Reading | None = None
        self.graph: Graph
        self.source: Source
        log, order = Log(native.clock()) if timed else None, native.order(reproducible)
        if hints is not None:
            self.open(graph, hints, log, order)
        elif log is None:
            self.graph, self.source = source_of(graph, native.width(), order)
        else:
            self.graph, self.source = written(graph, native.width(), order, log)
        given = [_passed(x.spec) for x in self.graph.inputs]
        given += [Spec((len(hints),), dtypes.int64)] if hints is not None else []
        self.run, self.kept = native.function(
            self.source.text, lambda: runtime(reproducible), given, self.source.constants, reproducible
        )
        specs = [_passed(y.spec) for y in self.graph.outputs]
        self.stacks = [i for i, y in enumerate(self.graph.outputs) if isinstance(y.spec, StackSpec)]
        self.takes_stacks = any(isinstance(x.spec, StackSpec) for x in self.graph.inputs)
        specs += [handed.WORDS] if self.stacks else []  # the last is what has to be kept
        self.specs = specs
        self.results = [] if self.reading else [(_maker(spec), spec.shape, spec.dtype) for spec in specs]
        self.order = order
        self.launch = self.call if self.source.hosts else self.run  # without calls of Python, nothing can raise
        self.arenas: list[tuple[int, np.ndarray]] = []
        self.plans: dict[Any, _Plan] = {}  # by the shapes of the operands

    def open(self, graph: Graph, hints: Mapping[str, int], log: Log | None, order: int) -> None:
        """Write the program with its sizes open."""
        found = opened(graph, hints)
        if found is None:
            raise Unsupported("sizes that only the run finds")
        graph, sizes = found
        spell = Speller(tuple(hints))
        with sizes.spelled(spell):
            self.graph, self.source = written(graph, native.width(), order, log, tuple(spell.names.values()))
        self.reading = Reading(graph, sizes)

    @property
    def shown(self) -> str:
        """Its C, with the user's lines as comments."""
        if self.source.shown is None:
            self.source.shown = written(self.graph, native.width(), self.order)[1].shown
        return self.source.shown or ""

    def serves(self, sizes: Mapping[str, int]) -> bool:
        """Whether the program is right for calls of these sizes."""
        return self.reading is not None and self.reading.meets(sizes)

    def __call__(self, buffers: list[Any]) -> list[Any] | None:
        """The results for these operands; None unless they are arrays with the specs of the graph's inputs."""
        if self.reading is not None:
            return self.sized(buffers)
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

    def sized(self, buffers: list[Any]) -> list[Any] | None:
        """The results for operands whose sizes meet the conditions; None for others."""
        shapes = tuple([leaf(getattr(b, "element", b)).shape for b in buffers])
        plan = self.plans.get(shapes) or self.planned(shapes, buffers)
        if plan is None:
            return None
        alive: list[Any] = []
        if self.takes_stacks:
            buffers = [handed.given(x, alive) if isinstance(x, Cell) else x for x in buffers]
        results: list[Any] = [make(shape, dtype) for make, shape, dtype in plan.results]
        try:
            arena = self.arenas.pop()
        except IndexError:
            arena = (0, _NOTHING)
        if arena[1].nbytes < plan.arena + 64:
            arena = _arena(plan.arena)
        _sizes_here.value = plan.sizes
        failed = self.launch(0, [*buffers, plan.array], results, arena[0])
        if failed == OUT_OF_ORDER:
            failed = self.launch(0, [*map(in_order, buffers), plan.array], results, arena[0])
        self.arenas.append(arena)
        if failed == EXHAUSTED:
            raise _no_room()
        if failed:
            return None
        return self.with_stacks(results, plan.sizes) if self.stacks else results

    def planned(self, shapes: Any, buffers: list[Any]) -> _Plan | None:
        """What a call with operands of these shapes needs; None if the program does not serve it."""
        sizes = self.reading.sizes(buffers) if self.reading is not None else None
        if self.reading is None or sizes is None or not self.serves(sizes):
            return None
        specs = [Spec(evaluated(spec.shape, sizes), spec.dtype) for spec in self.specs]
        results = [(_maker(spec), spec.shape, spec.dtype) for spec in specs]
        if len(self.plans) > 1000:
            self.plans.clear()
        plan = _Plan(sizes, self.reading.array(sizes), results, evaluated(self.source.arena, sizes))
        self.plans[shapes] = plan
        return plan

    def with_stacks(self, results: list[Any], sizes: Mapping[str, int] | None = None) -> list[Any]:
        """Results with the stacks that the program handed over."""
        *results, kept = results
        keeper = handed.Keeper(int(kept[0]))
        for i in self.stacks:
            address, count = map(int, results[i])
            element = self.graph.outputs[i].spec.element
            results[i] = handed.stack_at(_at(element, sizes) if sizes else element, keeper, address, count)
        return results

    def call(self, _: int, buffers: list[Any], results: list[np.ndarray], arena: int) -> int:
        """Run with Python at hand, and raise what it raised."""
        call = _Call(self, _sizes_here.value if self.reading else {})
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
        return _arena(self.source.arena)


def _arena(nbytes: int) -> tuple[int, np.ndarray]:
    block = memory.empty((nbytes + 64,), np.dtype(np.uint8))
    return -(-block.ctypes.data // 64) * 64, block


def _at(spec: Spec, sizes: Mapping[str, int]) -> Spec:
    """A spec for these sizes."""
    if not sizes:
        return spec
    if isinstance(spec, StackSpec):
        return stack_of(_at(spec.element, sizes))
    return Spec(evaluated(spec.shape, sizes), spec.dtype)


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


def _run_node(call: HostCall, buffers: Any, sizes: Mapping[str, int]) -> None:
    node = call.node
    if call.operands is None:
        most = node.attrs["max_trips"]
        raise ArgumentError(f"while: the loop goes on after max_trips={most} trips", "Allow more with wf.loop_options.")
    count = len(node.outputs)
    operands: list[Any] = []
    for x, place, pointer in zip(node.inputs, call.operands, _pointers(call, buffers, count), strict=True):
        if place is None:
            operands.append(x)
        else:
            spec, strides = _at(place.spec, sizes), evaluated(place.strides, sizes)
            operands.append(native.view(pointer, spec, strides).copy())
    specs = [_at(y.spec, sizes) for y in node.outputs]
    with observers.hidden():
        results = cpu.run(node.op, operands, evaluated(dict(node.attrs), sizes), specs)
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
            _run_node(host, buffers, call.sizes)
    except BaseException as error:  # raised again by the call, on this side of the native code
        call.error = error
        return 1
    return 0


_host = libraries.HOST(_called)


@cache
def runtime(reproducible: bool = False) -> libraries.Table:
    """What programs may ask of the runtime library and of Python."""
    return libraries.table(_host)
