"""Lowering: a graph becomes one C function, loops and branches included, and the kernels that it runs.

Regions become blocks of C. Tensors without axes are C variables; what they need is computed in line. A group of nodes
becomes a kernel, run over ranges by the runtime's threads; what has no kernel is a call of Python with the NumPy kernel
of its op. Values have names of their own throughout the program, so a value is found by its name alone.

Errors: Unsupported for what native programs cannot do; such graphs are interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels.alike import Kernels
from ...kernels.print_c import Printer
from ...kernels.spelling import carrier, loaded, stored
from ...runtime.dim import Dim
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec
from ..graph.constants import is_uniform
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor
from . import views
from .groups import Group
from .places import Arena, Memory, OpenArena, Pile, Place, Register, Unsupported, contiguous, in_register
from .region import Region
from .steps import Log, Step, step_of, timed, without_comments
from .writer import EXHAUSTED


@dataclass
class HostCall:
    """A node that Python runs: its operands and results are given as a table of pointers, the results first.

    A loop without operands stands for the error that it makes too many trips.
    """

    node: Node
    operands: list[Memory | None] | None  # None inside: a weak number, or no operand
    is_rare: bool = False  # only where something is wrong


@dataclass
class Source:
    """A program as C, and what Python needs to call it."""

    text: str
    shown: str | None  # with the user's lines as comments; None if it was found on disk
    constants: list[np.ndarray]
    hosts: list[HostCall]
    arena: Any  # bytes
    steps: list[Step]
    log: Log | None


class Lowering:
    """Writes the program of one graph."""

    def __init__(
        self, graph: Graph, width: int, log: Log | None = None, order: int = 0, names: Sequence[str] = ()
    ) -> None:
        """`names`: C's names of the sizes that are not known."""
        self.printer = Printer(width, order)
        self.kernels = Kernels()
        self.hosts: list[HostCall] = []
        self.constants: list[np.ndarray] = []
        self.names = tuple(names)
        self.arena = OpenArena() if names else Arena()
        self.pointers: dict[str, np.dtype] = {}
        self.places: dict[int, Place] = {}
        self.locals: dict[str, np.dtype] = {}
        self.graph, self.log = graph, log
        self.steps: list[Step] = []

    def run(self) -> Source:
        """The whole program."""
        check(self.graph, bool(self.names))
        lines: list[str] = []
        for i, x in enumerate(self.graph.inputs):
            self.places[x.key] = self.incoming(x, f"in[{i}]", lines)
        targets = self.outgoing(lines)
        body = Region(self, self.graph, targets).run()
        for i, y in enumerate(self.graph.outputs):
            body += self.result(y, i, targets)
        n = len(self.graph.inputs)
        if self.names:
            lines[:0] = [f"i64 {name} = ((const i64 *)in[{n}])[{i}];" for i, name in enumerate(self.names)]
            n += 1
        for i, array in enumerate(self.constants):
            lines.append(f"const {self.printer.storage(array.dtype)} *constant{i} = in[{n + i}];")
        if self.log is not None:
            self.constants.append(self.log.words)
            lines.append(f"i64 *log = in[{n + len(self.constants) - 1}];")
        shown = self.text([*lines, *body])
        text = self.text([*lines, *without_comments(body)])
        return Source(text, shown, self.constants, self.hosts, self.arena.size, self.steps, self.log)

    def timed(self, lines: list[str], group: Group, given: Sequence[Any]) -> list[str]:
        """The lines of a step that is logged."""
        self.steps.append(step_of(group, given))
        return timed(lines, len(self.steps) - 1, self.printer.fresh("begun"))

    def incoming(self, x: SymbolicTensor, where: str, lines: list[str]) -> Place:
        """The place of an input."""
        name = self.printer.fresh("v")
        if isinstance(x.spec, StackSpec):
            lines.append(f"struct wf_stack {name} = *(const struct wf_stack *){where};")
            return Pile(name, x.spec)
        kind = self.printer.storage(x.dtype)
        if in_register(x.spec):
            value = loaded(f"*(const {kind} *){where}", x.dtype)
            lines.append(f"{self.printer.kind(x.dtype, 1)} {name} = {value};")
            self.locals[name] = x.dtype
            return Register(name, x.spec)
        lines.append(f"const {kind} *{name} = {where};")
        self.pointers[name] = carrier(x.dtype)
        return contiguous(name, x.spec)

    def outgoing(self, lines: list[str]) -> dict[int, Memory]:
        """Memory of the caller, for the results that can be written there at once."""
        given = {x.key for x in self.graph.inputs}
        found: dict[int, Memory] = {}
        for i, y in enumerate(self.graph.outputs):
            name = f"out{i}"
            if isinstance(y.spec, StackSpec):
                continue
            self.pointers[name] = carrier(y.dtype)
            lines.append(f"{self.printer.storage(y.dtype)} *{name} = out[{i}];")
            if not in_register(y.spec) and y.key not in given and y.key not in found:
                found[y.key] = contiguous(name, y.spec)
        return found

    def result(self, y: SymbolicTensor, i: int, targets: Mapping[int, Memory]) -> list[str]:
        """Put a result where the caller looks for it."""
        place, out = self.places[y.key], contiguous(f"out{i}", y.spec)
        if isinstance(place, Pile):
            handed = f"wf_handed(&call, {place.name}, {_depth(place.spec) - 1})"
            return [f"*(struct wf_stack *)out[{i}] = {handed};", EXHAUSTED]
        if isinstance(place, Register):
            return [f"*out{i} = {stored(place.name, y.dtype)};"]
        if isinstance(place, Memory) and place.pointer == f"out{i}":
            return []
        region = Region(self, Graph(), {})
        region.write(out, y)
        return region.lines

    def ending(self, body: Sequence[str]) -> tuple[list[str], list[str]]:
        """What a call does before it returns, having run or failed."""
        if not any("wf_stack" in line for line in body):
            return [], []
        handed = any(isinstance(y.spec, StackSpec) for y in self.graph.outputs)
        failed = ["    wf_end(&call);", "    if (call.exhausted) return 2;"]
        where = f"*(struct wf_pile **)out[{len(self.graph.outputs)}] = " if handed else ""
        return [f"    {where}wf_end(&call);"], failed

    def text(self, body: list[str]) -> str:
        """The file: kernels, and the function."""
        done, failed = self.ending(body)
        lines = [
            *self.kernels.texts,
            "int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {",
            "    struct wf_call call = {rt, token, 0};",
            "    i64 spent = 0;",
            *("    " + line for line in body),
            *done,
            "    return 0;",
            "failed:",
            *failed,
            "    return 1;",
            "}",
        ]
        return "\n".join(lines)

    def sizes_in(self, text: str, known: Sequence[str]) -> list[str]:
        """The sizes that a kernel's text names, beside those it is given already."""
        found = set(re.findall(r"\bsize\d+\b", text)) if self.names else ()
        return [name for name in self.names if name in found and name not in known]

    def calls(self, node: Node, operands: list[Memory | None] | None, is_rare: bool = False) -> int:
        """The number under which Python runs a node."""
        self.hosts.append(HostCall(node, operands, is_rare))
        return len(self.hosts) - 1

    def constant(self, array: np.ndarray, spec: Spec) -> Memory:
        """The place of an array that is part of the program."""
        uniform = is_uniform(array)
        kept = np.ascontiguousarray(array[(0,) * array.ndim] if uniform else array)
        self.constants.append(kept)
        name = f"constant{len(self.constants) - 1}"
        self.pointers[name] = carrier(array.dtype)
        strides = (0,) * array.ndim if uniform else views.row_major(spec.shape)
        return Memory(name, spec, strides)


def _depth(spec: Spec) -> int:
    """How many stacks lie in each other."""
    return 1 + _depth(spec.element) if isinstance(spec, StackSpec) else 0


def check(graph: Graph, has_sizes: bool = False) -> None:
    """Refuse what native programs cannot do."""
    for x in graph.inputs:
        check_spec(x.spec, has_sizes)
    for node in graph.nodes:
        for y in node.outputs:
            check_spec(y.spec, has_sizes)
        for value in node.attrs.values():
            if isinstance(value, Graph):
                check(value, has_sizes)


def check_spec(spec: Spec, has_sizes: bool) -> None:
    """Refuse values of unknown length, unless sizes are read when the program runs."""
    inner = spec.element if isinstance(spec, StackSpec) else spec
    if isinstance(inner, StackSpec):
        check_spec(inner, has_sizes)
    elif not all(type(n) is int or (has_sizes and type(n) is Dim) for n in inner.shape):
        raise Unsupported(f"a value of {spec}, whose lengths are not known")
