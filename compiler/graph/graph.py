"""Graph: a function written down as a list of nodes.

A graph is the context of its symbolic tensors: applying an op to them checks the op's shape rule and appends a
node. A region (the body of a loop, a branch) is a graph one level deeper. While a region is being written it may
use values of the graphs around it: each becomes a captured input, and when the region is closed the captured
values become operands of the op that holds it, so that a finished region knows nothing of its surroundings.

Nodes are those of tapes (`runtime.op.Node`). Python numbers stay weak operands; arrays from outside become
`constant` nodes. This file does not know how graphs are run or differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...runtime import observers
from ...runtime.device import Device, as_device, cpu
from ...runtime.dim import Dim, is_different, sized
from ...runtime.dtypes import BOOLS, FLOATS, INTEGERS, bool_, complex128, float64, int64, promote
from ...runtime.eager import EagerTensor, is_weak, lift, refuse_none
from ...runtime.errors import DeviceError, Position, SourceError, user_position
from ...runtime.op import Node, Op
from ...runtime.scopes import scopes
from ...runtime.sizes import Sizes
from ...runtime.spec import Spec, kind_of
from ...runtime.tensor import OPS
from .constants import Constant, constant, is_uniform, size_of
from .symbolic import SymbolicTensor

RANK = (bool, int, float, complex)
PYTHON_NUMBERS = {bool: bool_, int: int64, float: float64, complex: complex128}

_writing: ContextVar[Graph | None] = ContextVar("writing", default=None)
writing = _writing.get


@contextmanager
def write_to(graph: Graph) -> Iterator[Graph]:
    """Write into `graph` what is applied to values of graphs around it."""
    token = _writing.set(graph)
    try:
        with scopes:
            yield graph
    finally:
        _writing.reset(token)


_apart: ContextVar[bool] = ContextVar("apart", default=False)


@contextmanager
def write_apart() -> Iterator[None]:
    """Write graphs that have nothing to do with those being traced around: an eager op may become one of its own."""
    writing, apart = _writing.set(None), _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(apart)
        _writing.reset(writing)


DIVISIONS = frozenset({"divide", "floor_divide", "remainder"})
_divided: list[Callable[[SymbolicTensor], None]] = []


def when_numbers_divide(ask: Callable[[SymbolicTensor], None]) -> None:
    """Have `ask` look at the divisor where Python numbers are divided, which raises at zero where tensors do not."""
    _divided[:] = [ask]


Look = Callable[["Op[..., Any]", tuple[Any, ...], dict[str, Any]], tuple[Any, ...]]
_checked: list[Look] = []


def when_values_are_checked(look: Look) -> None:
    """Have `look` see ops that may raise because of values before they are written down; it gives their operands."""
    _checked[:] = [look]


_guarding: ContextVar[bool] = ContextVar("guarding", default=False)

# Ops that look at values and may raise because of them.
RAISING = frozenset(
    {
        "check_op",
        "join_indices",
        "take_along_axis",
        "put_along_axis",
        "embedding",
        "cross_entropy_sparse",
        "pick_class",
        "cholesky",
        "inv",
        "solve",
        "solve_triangular",
        "eigh",
        "eig",
        "svd",
        "qr",
        "lstsq",
        "pinv",
    }
)


@contextmanager
def guarding() -> Iterator[None]:
    """Refuse ops that may raise because of values: inside a `try`, whose handlers would be passed by."""
    token = _guarding.set(True)
    try:
        yield
    finally:
        _guarding.reset(token)


Write = Callable[["Graph", tuple[Any, ...], dict[str, Any]], Any]
WRITTEN_AS: dict[str, Write] = {}  # ops that a graph writes down as another, by name
EXACT_INTEGERS: dict[str, Op[..., Any]] = {}  # what ops on tensors are on Python's integers, which do not wrap, by name


class GraphNode(Node):
    """A node of a graph, which knows the line of the user's program that it stands for."""

    where: Position | None = None

    def changed(
        self,
        inputs: tuple[Any, ...] | None = None,
        attrs: Mapping[str, Any] | None = None,
        outputs: tuple[Any, ...] | None = None,
    ) -> GraphNode:
        """Another node for the same line, with other operands, attributes or results."""
        made = GraphNode(
            self.op,
            self.inputs if inputs is None else inputs,
            self.attrs if attrs is None else attrs,
            self.outputs if outputs is None else outputs,
        )
        made.where = self.where
        return made


class Stopped(BaseException):
    """Tracing met a raise that will happen whenever this point of the graph is reached."""


class Graph:
    """A list of nodes with inputs and outputs: a function, or a region of one."""

    def __init__(self, parent: Graph | None = None) -> None:
        self.parent = parent
        self.depth: int = 1 if parent is None else parent.depth + 1
        self.inputs: list[SymbolicTensor] = []
        self.nodes: list[GraphNode] = []
        self.lives: Device = cpu  # where its values do, in the outermost graph
        self.traced = False  # whether the user's program is writing it
        self.at: Position | None = None  # the line for which nodes are written, if it is not
        self.outputs: list[Any] = []  # symbolic tensors
        self.sizes: Sizes = Sizes() if parent is None else parent.sizes  # what is known of those that the run finds
        self.sized = False  # whether sizes that the run finds out are in it
        self.around: Mapping[str, int] = {}  # while it runs: the sizes of the graphs around it
        self.captured: dict[int, tuple[SymbolicTensor, SymbolicTensor]] = {}  # outer key: outer value, inner value
        self.backward: dict[Any, Any] = {}  # ways back through it, once they were asked for
        self.plan: tuple[Any] | None = None  # how it runs, once it did
        self.derivative: Any = None  # what finds the ways back, if not the graph's own nodes
        self.lengths: dict[int, Dim] = {}  # the sizes that values are, by their keys
        self._constants: dict[int, tuple[Any, SymbolicTensor]] = {}  # id of a buffer: it, kept alive, and its value

    @property
    def device(self) -> Device:
        """Where values live, unless they say otherwise themselves."""
        graph = self
        while graph.parent is not None:
            graph = graph.parent
        return graph.lives

    def input(self, spec: Spec, name: str = "") -> SymbolicTensor:
        """A new input."""
        x = SymbolicTensor(self, spec, name)
        self.inputs.append(x)
        return x

    def run(self, op: Op[..., Any], args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """What applying an op means here: check with its shape rule, and write it down.

        While a region is being written, what is done with values from outside belongs to the region: it may not
        be computed unless the region runs.
        """
        region = _writing.get()
        if region is not None and region.depth > self.depth:
            return region.run(op, args, attrs)
        if op.name in WRITTEN_AS:
            return WRITTEN_AS[op.name](self, tuple([self.lift(x) for x in args]), attrs)
        is_watched = op.name in RAISING and not _apart.get()
        if is_watched and _guarding.get():
            raise SourceError(
                f"{'a value that may be missing' if op.name == 'check_op' else op.name} may raise because of values that are not known yet, inside a `try` whose handlers are Python's",
                "Check the values first with an `if` (an index: 0 <= i < len(x)), outside of the `try`.",
            )
        inputs = tuple([self.lift(x) for x in args])
        if is_watched:
            for look in _checked:
                inputs = look(op, inputs, attrs)
        kind = None
        if op.elementwise:
            refuse_none(op.name, inputs)
            divisor = self.lengths.get(getattr(inputs[-1], "key", 0), 0)
            inputs, kind = self.settle(op, inputs)
            may_be_zero = isinstance(inputs[-1], SymbolicTensor) and not is_different(divisor, 0)
            if kind is not None and op.name in DIVISIONS and may_be_zero:
                for ask in _divided:
                    ask(inputs[1])
            if kind is int and op.name in EXACT_INTEGERS:
                return self.exact(EXACT_INTEGERS[op.name], inputs)
        else:
            inputs = tuple([self.lift(OPS["asarray"](x)) if is_weak(x) else x for x in inputs])
        specs = op.spec(*inputs, **attrs)
        single = isinstance(specs, Spec)
        outputs = self.emit(op, inputs, attrs, (specs,) if single else tuple(specs))
        if kind is not None:
            number = bool if outputs[0].dtype in BOOLS else kind
            outputs[0].weak = float if outputs[0].dtype in FLOATS else number
        if observers.watching.count:
            observers.tell(op, self.outside(inputs), attrs, outputs)
        if single:
            return outputs[0]
        return specs._make(outputs) if hasattr(specs, "_make") else outputs

    def exact(self, op: Op[..., Any], inputs: Sequence[Any]) -> SymbolicTensor:
        """What an op gives that Python's integers do not leave wrapped around: such an integer."""
        operands = [self.lift(OPS["asarray"](x, dtype=int64)) if is_weak(x) else x for x in inputs]
        found = self.emit(op, operands, {}, (Spec((), int64),))[0]
        found.weak = int
        return found

    def settle(self, op: Any, inputs: tuple[Any, ...]) -> tuple[tuple[Any, ...], type | None]:
        """Cast symbolic Python numbers as if they were numbers: to what the others promote to.

        Among themselves they are what Python computes with, int64 and float64, and the result is such a number
        again: its type is given too.
        """
        weak = [x for x in inputs if isinstance(x, SymbolicTensor) and x.weak]
        if not weak:
            return inputs, None
        kinds = [x.weak if isinstance(x, SymbolicTensor) and x.weak else kind_of(x) for x in inputs]
        strong = [kind for kind in kinds if isinstance(kind, np.dtype)]
        if strong:
            dtype, kind = promote(*kinds), None
        else:
            kind = max([kind for kind in kinds if isinstance(kind, type)], key=RANK.index)
            kind = float if kind in (int, bool) and not op.takes & INTEGERS else kind
            dtype = PYTHON_NUMBERS[kind]
        cast = [
            OPS["astype"](x, dtype=dtype) if isinstance(x, SymbolicTensor) and x.weak and x.dtype is not dtype else x
            for x in inputs
        ]
        return tuple(cast), kind

    def emit(
        self,
        op: Op[..., Any],
        inputs: Sequence[Any],
        attrs: dict[str, Any],
        specs: Sequence[Spec],
        at: Position | None = None,
    ) -> tuple[SymbolicTensor, ...]:
        """Append a node whose results have these specs, for a line of the user's program."""
        outputs = tuple([SymbolicTensor(self, spec) for spec in specs])
        if op.name == "transfer":
            outputs[0].place = as_device(attrs["device"])
        else:
            for x in inputs:
                if type(x) is SymbolicTensor and x.place is not None:
                    for y in outputs:
                        y.place = x.place
                    break
        if not self.sized:
            lengths = [n for spec in specs for n in spec.shape if type(n) is Dim]
            self.sized = bool(lengths) or (bool(attrs) and any(map(is_sized, attrs.values())))
        node = GraphNode(op, tuple(inputs), attrs, outputs)
        node.where = at or self.position()
        self.nodes.append(node)
        return outputs

    def position(self) -> Position | None:
        """The line for which nodes are written now."""
        graph: Graph | None = self
        while graph is not None and graph.at is None and not graph.traced:
            graph = graph.parent
        return None if graph is None else graph.at or user_position()

    @contextmanager
    def stands_for(self, node: Node) -> Iterator[None]:
        """Write inside for the line of another node."""
        before, self.at = self.at, getattr(node, "where", None)
        try:
            yield
        finally:
            self.at = before

    def lift(self, x: Any) -> Any:
        """An operand as this graph takes it: a value of its own, a weak number, or None."""
        if x is None or is_weak(x):
            return x
        if isinstance(x, SymbolicTensor):
            x = x.resolve()
            return x if x.context is self else self.capture(x)
        if type(x) is Dim:
            return self.size(x)
        if not isinstance(x, EagerTensor):
            found = OPS["asarray"](x) if isinstance(x, list | tuple) else lift(x)
            return self.lift(found)
        return self.constant(x.buffer)

    def rename(self, x: SymbolicTensor, old: SymbolicTensor) -> None:
        """Write `old` in place of `x`, which is about to hold another value."""
        region = _writing.get()
        while region is not None and region is not self:
            if x.key in region.captured:
                region.captured[x.key] = (old, region.captured[x.key][1])
            region = region.parent
        self.inputs = [old if y is x else y for y in self.inputs]
        for i in range(len(self.nodes) - 1, -1, -1):
            _, inputs, _, outputs = self.nodes[i]
            if any(y is x for y in (*inputs, *outputs)):
                inputs, outputs = (tuple([old if y is x else y for y in values]) for values in (inputs, outputs))
                self.nodes[i] = self.nodes[i].changed(inputs=inputs, outputs=outputs)
            if any(y is old for y in outputs):
                return

    def size(self, length: Dim) -> SymbolicTensor:
        """A size as a number of the program, which it is in Python."""
        found = self.emit(size_of, (), {"length": length}, (Spec((), int64),))[0]
        found.weak = int
        self.lengths[found.key] = length
        return found

    def constant(self, buffer: Any) -> SymbolicTensor:
        """The value of a buffer that is known now, wherever it lives."""
        known = self._constants.get(id(buffer))
        if known is None:
            known = self._constants[id(buffer)] = (buffer, self._constant(self.array_of(buffer)))
        return known[1]

    def array_of(self, buffer: Any) -> Any:
        """The elements of a buffer that the program has around it.

        Errors: DeviceError where they live on a GPU and what the program is given does not.
        """
        if isinstance(buffer, np.ndarray | np.generic):
            return buffer
        if self.is_traced and self.device is cpu:
            raise DeviceError(
                f"a compiled function that runs on the cpu uses a tensor on {buffer.device} from around it",
                f'Give it its arguments on {buffer.device}, or call it inside `with wf.device("{buffer.device}")`.',
            )
        return buffer.device.to_numpy(buffer)

    @property
    def is_traced(self) -> bool:
        """Whether the user's program is writing it, or a graph around it."""
        graph: Graph | None = self
        while graph is not None and not graph.traced:
            graph = graph.parent
        return graph is not None

    def _constant(self, array: np.ndarray) -> SymbolicTensor:
        if array.ndim and is_uniform(array):
            scalar = self.constant(array[(*(0,) * array.ndim, ...)])
            return OPS["broadcast_to"](scalar, shape=array.shape)
        return self.emit(constant, (), {"value": Constant(array)}, (Spec(array.shape, array.dtype),))[0]

    def capture(self, x: SymbolicTensor) -> SymbolicTensor:
        """A value of a surrounding graph, as an input of this region.

        Errors: SourceError for a value of a region that was left, or of another function.
        """
        known = self.captured.get(x.key)
        if known is not None:
            return known[1]
        if not self.within(x.context):
            raise SourceError(
                f"a value {x.spec} made inside a compiled block is used outside of it",
                "Return it from the block: assign it to a variable that exists before the block.",
            )
        inner = SymbolicTensor(self, x.spec, x.name, x.weak)
        inner.place = x.place
        self.captured[x.key] = (x, inner)
        return inner

    def outside(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Operands as the program knows them, which may hold what was captured by its outer name."""
        outer = {inner.key: x for x, inner in self.captured.values()}
        return tuple([outer.get(x.key, x) if isinstance(x, SymbolicTensor) else x for x in inputs])

    def within(self, other: Graph) -> bool:
        """Whether this graph is a region somewhere inside `other`."""
        graph = self.parent
        while graph is not None and graph is not other:
            graph = graph.parent
        return graph is not None

    def inline(self, graph: Graph, args: Sequence[Any]) -> tuple[list[Any], list[GraphNode]]:
        """Write another graph's nodes here with `args` for its inputs: the outputs, and the nodes as written."""
        values: dict[int, Any] = {x.key: self.lift(arg) for x, arg in zip(graph.inputs, args, strict=True)}
        start = len(self.nodes)
        for node in graph.nodes:
            inputs = [values[x.key] if isinstance(x, SymbolicTensor) else x for x in node.inputs]
            specs = [y.spec for y in node.outputs]
            outputs = self.emit(node.op, inputs, dict(node.attrs), specs, node.where)
            for old, new in zip(node.outputs, outputs, strict=True):
                new.name = old.name  # pyright: ignore[reportAttributeAccessIssue]
                values[old.key] = new
        return [values[y.key] for y in graph.outputs], self.nodes[start:]


def is_sized(value: Any) -> bool:
    """Whether an attribute, a spec or a region holds sizes that the run finds out."""
    if isinstance(value, Graph):
        return value.sized or any(is_sized(x.spec) for x in value.inputs)
    return sized(value.shape if isinstance(value, Spec) else value)


def region_of(parent: Graph, specs: Sequence[Spec], names: Sequence[str] = ()) -> Graph:
    """An empty region of `parent` with one input for each spec."""
    region = Graph(parent)
    for i, spec in enumerate(specs):
        region.input(spec, names[i] if i < len(names) else "")
    return region


def close(regions: Sequence[Graph]) -> list[SymbolicTensor]:
    """Turn what regions of one op captured into inputs, the same for all, and give the values to pass for them."""
    outer: dict[int, SymbolicTensor] = {}
    for region in regions:
        outer.update({key: x for key, (x, _) in region.captured.items()})
    for region in regions:
        for key, x in outer.items():
            known = region.captured.get(key)
            region.inputs.append(known[1] if known else SymbolicTensor(region, x.spec, x.name))
        region.captured = {}
    return list(outer.values())
