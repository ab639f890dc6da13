"""Lowering for a GPU: a graph becomes steps, the kernels that they run, and a plan of their memory.

Values in between lie in one arena, whose offsets are decided here: memory serves again once its value was read for the
last time, as all steps run one after the other. Inputs, results and constants have names of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...kernels import prelude
from ...kernels.alike import Kernels
from ...kernels.kernel import Kernel
from ...kernels.print_cuda import CudaPrinter
from ...kernels.spelling import carrier
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, size
from ..backend import views
from ..backend.lower import check
from ..backend.places import Arena, Block, Memory, Pile, Place, Register, contiguous
from ..backend.steps import Step as Note
from ..graph.constants import is_uniform
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor
from .deferred import every
from .region import GpuRegion
from .steps import Step

RESHAPES = frozenset({"reshape", "squeeze", "expand_dims"})
FAULTS = "faults"  # the name of the flag that says whether a check failed


@dataclass
class Plan:
    """A lowered graph: steps, the text of the kernels, and where everything is."""

    steps: tuple[Step, ...]
    kernels: tuple[str, ...]  # their names, by number
    text: str  # of all kernels, and of the pages that they use
    arena: int  # bytes
    offsets: dict[str, int]  # in the arena, by name
    constants: dict[str, np.ndarray]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    piles: dict[int, str]  # stacks among the results, by position
    on_host: tuple[str, ...]  # ops that the device has no kernel for
    is_checked: bool  # whether the flag of failed checks is in use
    numbers: frozenset[str]  # inputs that are handed over by value
    notes: Mapping[int, Note]  # what steps stand for, by their identity


def reshaped(y: SymbolicTensor, makers: Mapping[int, Node]) -> SymbolicTensor:
    """What a value is with other lengths alone, in the same memory."""
    while (node := makers.get(y.key)) is not None and node.op.name in RESHAPES:
        (x,) = node.inputs
        if not isinstance(x, SymbolicTensor):
            break
        y = x
    return y


class GpuLowering:
    """Writes the program of one graph."""

    def __init__(self, graph: Graph, by_value: Sequence[bool] = ()) -> None:
        """`by_value`: which inputs are numbers that are handed to the kernels."""
        self.graph, self.by_value = graph, by_value
        self.is_checked = any(node.op.name == "fault" for node in every(graph))
        self.printer = CudaPrinter()
        self.kernels = Kernels()
        self.pages: dict[str, None] = {}  # files of CUDA C that kernels call functions of
        self.numbers: dict[str, int] = {}
        self.arena = Arena()
        self.log = None
        self.names: tuple[str, ...] = ()
        self.places: dict[int, Place] = {}
        self.locals: dict[str, np.dtype] = {}
        self.pointers: dict[str, np.dtype] = {}
        self.lengths: dict[str, int] = {}  # elements of what a name stands for
        self.offsets: dict[str, int] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.literals: dict[tuple[str, np.dtype], np.ndarray] = {}  # numbers that kernels have in their text
        self.written: dict[tuple[str, np.dtype], Memory] = {}  # those of them that something needs in memory
        self.on_host: dict[str, None] = {}
        self.notes: dict[int, Note] = {}

    def run(self) -> Plan:
        """The whole program."""
        check(self.graph)
        by_value = self.by_value or [False] * len(self.graph.inputs)
        inputs = tuple(self.incoming(x, number) for x, number in zip(self.graph.inputs, by_value, strict=True))
        targets = self.outgoing()
        region = GpuRegion(self, self.graph, targets)  # pyright: ignore[reportArgumentType]
        region.run()
        steps: list[Step] = list(region.lines)
        outputs, piles = [], {}
        for i, y in enumerate(self.graph.outputs):
            place, name = self.places[y.key], f"out{i}"
            outputs.append(name)
            if isinstance(place, Pile):
                piles[i] = place.name
            elif size(y.shape) and not (isinstance(place, Memory) and place.pointer == name):
                steps += self.delivered(y, contiguous(name, y.spec))
        names = tuple(self.numbers)
        text = "\n".join([*map(prelude.page, self.pages), *self.kernels.texts])
        return Plan(tuple(steps), names, text, self.arena.size, self.offsets, self.constants,
                    inputs, tuple(outputs), piles, tuple(self.on_host), self.is_checked, frozenset(self.locals), self.notes)  # fmt: skip

    def incoming(self, x: SymbolicTensor, by_value: bool) -> str:
        """The name of an input."""
        name = self.printer.fresh("in")
        if isinstance(x.spec, StackSpec):
            self.places[x.key] = Pile(name, x.spec)
        elif by_value:
            self.places[x.key], self.locals[name] = Register(name, x.spec), x.dtype
        else:
            self.places[x.key] = self.memory_at(name, x.spec)
        return name

    def outgoing(self) -> dict[int, Memory]:
        """Memory of the results that can be written where they are to be."""
        given = {x.key for x in self.graph.inputs}
        makers = {y.key: node for node in self.graph.nodes for y in node.outputs}
        others = {y.key for y in self.graph.outputs}
        found: dict[int, Memory] = {}
        for i, y in enumerate(self.graph.outputs):
            if isinstance(y.spec, StackSpec):
                continue
            place = self.memory_at(f"out{i}", y.spec)
            if y.key not in given and y.key not in found:
                found[y.key] = place
                inner = reshaped(y, makers)
                if inner.key not in given and inner.key not in others:
                    found.setdefault(inner.key, contiguous(place.pointer, inner.spec))
        return found

    def delivered(self, y: SymbolicTensor, target: Memory) -> list[Step]:
        """Steps that copy a result to where the caller looks for it."""
        region = GpuRegion(self, Graph(), {})  # pyright: ignore[reportArgumentType]
        region.write(target, y)
        return region.lines

    # -- what regions ask for

    def note(self, steps: Sequence[Step], what: Note) -> None:
        """Remember what steps stand for that are in the program and had no note yet."""
        for step in steps:
            self.notes.setdefault(id(step), what)

    def memory_at(self, name: str, spec: Spec) -> Memory:
        """Memory by a name, whose elements lie one after the other."""
        self.pointers[name] = carrier(spec.dtype)
        self.lengths[name] = size(spec.shape)
        return contiguous(name, spec)

    def in_arena(self, block: Block, dtype: np.dtype) -> str:
        """A name for a piece of the arena."""
        name = self.printer.fresh("v")
        self.offsets[name], self.pointers[name] = block.start, carrier(dtype)
        self.lengths[name] = (block.end - block.start) // dtype.itemsize
        return name

    def elsewhere(self, dtype: np.dtype) -> str:
        """A name for memory that only the run finds."""
        name = self.printer.fresh("v")
        self.pointers[name] = carrier(dtype)
        return name

    def faults(self) -> Memory:
        """The flag that says whether a check failed."""
        return self.memory_at(FAULTS, Spec((), dtypes.bool_))

    def constant(self, array: np.ndarray, spec: Spec) -> Memory:
        """The place of an array that is part of the program."""
        uniform = is_uniform(array)
        kept = np.ascontiguousarray(array[(0,) * array.ndim] if uniform else array)
        name = self.printer.fresh("constant")
        self.constants[name], self.pointers[name], self.lengths[name] = kept, carrier(array.dtype), kept.size
        return Memory(name, spec, (0,) * array.ndim if uniform else views.row_major(spec.shape))

    def written_out(self, place: Register) -> Memory:
        """A number of the text as memory."""
        key = place.name, place.spec.dtype
        if key not in self.written:
            self.written[key] = self.constant(self.literals[key].reshape(()), Spec((), place.spec.dtype))
        return self.written[key]

    def kernel(self, kernel: Kernel, text: str) -> int:
        """The number of a kernel, of which those that are alike are one."""
        return self.numbers.setdefault(self.kernels.name(kernel, text), len(self.numbers))
