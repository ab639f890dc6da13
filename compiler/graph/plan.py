"""The execution plan of a graph: what is known before it runs is looked up once, and kernels run on bare buffers.

A plan has a slot for each value and a step for each node, in order. A step calls the node's kernel with the
buffers in its slots: the dtypes in which it computes are decided, weak numbers are arrays already, attributes are
complete, and shapes were checked when the graph was written. Every step gives, bit for bit, what the eager context
gives; a node for which that is not sure goes through `apply`. The sizes that a trace left open are read on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...runtime import dtypes, memory
from ...runtime.dim import sized
from ...runtime.eager import wrap
from ...runtime.errors import WeftError
from ...runtime.op import Node, apply
from ...runtime.spec import Spec, StackSpec, size
from ...runtime.tensor import Tensor
from .found import Found
from .graph import Graph, is_sized
from .rewrite import regions
from .sizes import bound_by
from .symbolic import SymbolicTensor

Frame = list[Any]
Step = Callable[[Frame], None]
SAME = frozenset({"alias", "identity", "stop_gradient"})  # whose result is the operand
LEFT = frozenset({"transfer"})  # what a plan cannot hold: buffers of other devices
FOUND = 0  # the slot of the sizes that were found
TRANSLATED = (OverflowError, ValueError, IndexError, MemoryError)  # what the eager context says in its own words


def plan_of(graph: Graph) -> Plan | None:
    """The plan of a graph, made when it runs for the first time; None if it cannot have one."""
    if graph.plan is None:
        graph.plan = (Plan(graph) if _can_be_planned(graph) else None,)
    return graph.plan[0]


def _can_be_planned(graph: Graph) -> bool:
    if any(node.op.name in LEFT for node in graph.nodes):
        return False
    return all(plan_of(region) is not None for node in graph.nodes for region in regions(node.attrs).values())


@contextmanager
def located(node: Any) -> Iterator[None]:
    """Errors of weft's that are raised inside name the line that a node stands for."""
    try:
        yield
    except WeftError as error:
        if node is not None and node.op.name != "host":  # what the program itself raises knows its line
            error.at(getattr(node, "where", None))
        raise


class Plan:
    """The steps of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.sized = graph, is_sized(graph)
        self.frame: Frame = [None] * (1 + len(graph.inputs))
        self.slots = {x.key: i for i, x in enumerate(graph.inputs, 1)}
        self.bound = {name for _, name in bound_by(graph.inputs)}
        steps = [(self._step(node), node) for node in graph.nodes]
        self.outputs = [self.slots[y.key] for y in graph.outputs]
        dead = self._dead()
        self.steps = [(step, dead.get(i, ()), node) for i, (step, node) in enumerate(steps) if step is not None]

    def run(self, graph: Graph, buffers: Sequence[Any]) -> list[Any]:
        """The buffers that the graph gives for these; `graph` knows the sizes around it."""
        frame = self.frame.copy()
        frame[1 : len(buffers) + 1] = buffers
        if self.sized:
            frame[FOUND] = found = Found(graph)
            found.read(graph.inputs, buffers)
        node: Any = None
        try:
            for step, dead, node in self.steps:  # noqa: B007  (the handler asks)
                step(frame)
                for i in dead:
                    frame[i] = None
        except Exception as error:
            with located(node):
                if isinstance(error, TRANSLATED) and node is not None and not node.op.raises:
                    self._apply(node)(frame)  # which says what is wrong
                raise
        return [frame[i] for i in self.outputs]

    # -- making steps

    def _slot(self, value: Any = None) -> int:
        self.frame.append(value)
        return len(self.frame) - 1

    def _dead(self) -> dict[int, list[int]]:
        """For each position in the list of nodes, the slots that are not needed after it."""
        last: dict[int, int] = {}
        for i, node in enumerate(self.graph.nodes):
            for x in (*node.inputs, *node.outputs):
                if isinstance(x, SymbolicTensor):
                    last[self.slots[x.key]] = i
        dead: dict[int, list[int]] = {}
        for slot, i in last.items():
            if slot not in self.outputs:
                dead.setdefault(i, []).append(slot)
        return dead

    def _step(self, node: Node) -> Step | None:
        """How a node runs; None where there is nothing to do."""
        if node.op.name == "constant":
            self.slots[node.outputs[0].key] = self._slot(node.attrs["value"].array)
            return None
        if _renames(node):
            for y, x in zip(node.outputs, node.inputs, strict=False):
                self.slots[y.key] = self.slots[x.key]
            return None
        outputs = [self._slot() for _ in node.outputs]
        self.slots.update(zip([y.key for y in node.outputs], outputs, strict=True))
        if node.op.elementwise and not node.attrs:
            step = self._elementwise(node, outputs[0])
        elif all(isinstance(x, SymbolicTensor) or x is None for x in node.inputs):
            step = self._kernel(node, outputs)
        else:
            step = self._apply(node)
        return self._reading(node, outputs, step)

    def _inputs(self, node: Node) -> list[int]:
        """The slots of the operands; what is no value of the graph has one of its own."""
        return [self.slots[x.key] if isinstance(x, SymbolicTensor) else self._slot(x) for x in node.inputs]

    def _elementwise(self, node: Node, out: int) -> Step:
        op: Any = node.op
        y: Any = node.outputs[0]
        dtype = op.compute_dtype(*node.inputs)
        dtype = dtypes.float32 if dtype in dtypes.HALVES else dtype
        casts: list[tuple[int, Any]] = []
        places = []
        for x, wanted in zip(node.inputs, op.operand_dtypes(dtype), strict=True):
            if not isinstance(x, SymbolicTensor):
                places.append(self._slot(np.asarray(x, wanted)))
            elif x.dtype is wanted:
                places.append(self.slots[x.key])
            else:
                places.append(self._slot())
                casts.append((self.slots[x.key], (places[-1], wanted)))
        exact = isinstance(op.kernel, np.ufunc) and y.shape != () and y.dtype in (dtype, dtypes.bool_)
        step = (
            _kernel_step(op.kernel, places, out, y.spec, dtype)
            if exact
            else _cast_step(op.kernel, places, out, y.dtype)
        )
        return _after_casts(step, casts) if casts else step

    def _kernel(self, node: Node, outputs: list[int]) -> Step:
        op, attrs, specs = node.op, dict(node.attrs), [y.spec for y in node.outputs]  # pyright: ignore
        kernel, inputs = op.kernel, self._inputs(node)
        widened = [op.widen and getattr(x, "dtype", None) in dtypes.HALVES for x in node.inputs]
        open_ = is_sized_node(node)

        def step(frame: Frame) -> None:
            operands = [frame[i] for i in inputs]
            if True in widened:
                operands = [x.astype(dtypes.float32) if w else x for x, w in zip(operands, widened, strict=True)]
            results = kernel(*operands, **(frame[FOUND].attributes(attrs) if open_ else attrs))
            if type(results) is not tuple:
                results = results if isinstance(results, tuple) else (results,)
            for out, y, spec in zip(outputs, results, specs, strict=True):
                frame[out] = y if type(y) is np.ndarray and y.dtype is spec.dtype else _as_buffer(y, spec)

        return step

    def _apply(self, node: Node) -> Step:
        """A node as the eager context runs it."""
        outputs = [self.slots[y.key] for y in node.outputs]
        inputs = [(self.slots[x.key], None) if isinstance(x, SymbolicTensor) else (None, x) for x in node.inputs]
        open_ = is_sized_node(node)

        def step(frame: Frame) -> None:
            operands = tuple([x if i is None else wrap(frame[i]) for i, x in inputs])
            attrs = frame[FOUND].attributes(node.attrs) if open_ else dict(node.attrs)
            results = apply(node.op, operands, attrs)
            tensors: Any = (results,) if isinstance(results, Tensor) else results
            for out, y in zip(outputs, tensors, strict=True):
                frame[out] = y.buffer

        return step

    def _reading(self, node: Node, outputs: list[int], step: Step) -> Step:
        """The step, and then the sizes read that its results are the first to have."""
        names = {name for _, name in bound_by(node.outputs)}
        if not names or (names <= self.bound and node.op.name != "with_sizes" and not regions(node.attrs)):
            return step
        self.bound |= names

        def and_read(frame: Frame) -> None:
            step(frame)
            frame[FOUND].read(node.outputs, [frame[i] for i in outputs])

        return and_read


def is_sized_node(node: Node) -> bool:
    """Whether attributes of a node hold sizes that the run finds out."""
    return any(map(is_sized, node.attrs.values()))


def _renames(node: Node) -> bool:
    """Whether the results of a node are its first operands."""
    return node.op.name in SAME or node.op.name == "with_pullback"


def _as_buffer(y: Any, spec: Spec) -> Any:
    return y if type(spec) is StackSpec else np.asarray(y, dtype=spec.dtype)


def _kernel_step(kernel: Any, places: list[int], out: int, spec: Spec, dtype: Any) -> Step:
    """A ufunc that gives an array of the right dtype; a large one is written into recycled memory."""
    if spec.dtype is dtype and not sized(spec.shape) and size(spec.shape) * dtype.itemsize >= memory.SMALLEST:

        def large(frame: Frame) -> None:
            frame[out] = kernel(*[frame[i] for i in places], out=memory.empty(spec.shape, dtype))

        return large
    if len(places) == 1:
        (a,) = places

        def unary(frame: Frame) -> None:
            frame[out] = kernel(frame[a])

        return unary
    if len(places) == 2:
        a, b = places

        def binary(frame: Frame) -> None:
            frame[out] = kernel(frame[a], frame[b])

        return binary
    return _cast_step(kernel, places, out, spec.dtype)


def _cast_step(kernel: Any, places: list[int], out: int, dtype: Any) -> Step:
    """An elementwise kernel whose result may be a scalar of NumPy's, or of another dtype."""
    as_array = np.asarray

    def step(frame: Frame) -> None:
        frame[out] = as_array(kernel(*[frame[i] for i in places]), dtype)

    return step


def _after_casts(step: Step, casts: list[tuple[int, Any]]) -> Step:
    def cast_first(frame: Frame) -> None:
        for source, (place, dtype) in casts:
            frame[place] = np.asarray(frame[source], dtype)
        step(frame)
        for _, (place, _) in casts:
            frame[place] = None

    return cast_first
