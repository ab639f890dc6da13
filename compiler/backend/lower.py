"""Lowering: a graph becomes one C function, loops and branches included, and the kernels that it runs.

Regions become blocks of C. Tensors without axes are C variables; what they need is computed in line. A group of nodes
becomes a kernel, run over ranges by the runtime's threads; what has no kernel is a call of Python with the NumPy kernel
of its op. The state of a loop has two pieces of memory that take turns. Values have names of their own throughout the
program, so a value is found by its name alone.

Errors: Unsupported for what native programs cannot do; such graphs are interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...kernels.kernel import Index, Kernel, Load, Local, Parameter, Store, expressions, indices_of, statements, walk
from ...kernels.print_c import Printer, Scope, carrier, index_text, literal, supported
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, size
from ..graph.graph import Graph, SymbolicTensor
from ..graph.rewrite import symbols
from . import lanewise, nests, views
from .elements import Elements
from .groups import Fusion, Group, cost, folded_axes
from .nodes import WRITES, Rows
from .places import Arena, Block, Memory, Pile, Place, Register, bytes_of, contiguous

WORTH = 2000.0  # nanoseconds of work that may be worth several threads


class Unsupported(Exception):
    """A graph that native programs cannot run."""


@dataclass
class HostCall:
    """A node that Python runs: its operands and results are given as a table of pointers, the results first.

    A loop without operands stands for the error that it makes too many trips.
    """

    node: Node
    operands: list[Memory | None] | None = field(default_factory=list)  # None inside: a weak number, or no operand


@dataclass
class Source:
    """A program as C, and what Python needs to call it."""

    text: str
    constants: list[np.ndarray]
    hosts: list[HostCall]
    arena: int


class Lowering:
    """Writes the program of one graph."""

    def __init__(self, graph: Graph, width: int) -> None:
        self.printer = Printer(width)
        self.kernels: list[str] = []
        self.hosts: list[HostCall] = []
        self.constants: list[np.ndarray] = []
        self.arena = Arena()
        self.pointers: dict[str, np.dtype] = {}
        self.places: dict[int, Place] = {}
        self.locals: dict[str, np.dtype] = {}
        self.graph = graph

    def run(self) -> Source:
        """The whole program."""
        check(self.graph)
        lines: list[str] = []
        for i, x in enumerate(self.graph.inputs):
            self.places[x.key] = self.incoming(x, f"in[{i}]", lines)
        targets = self.outgoing(lines)
        body = Region(self, self.graph, {}, targets).run()
        for i, y in enumerate(self.graph.outputs):
            body += self.result(y, i, targets)
        n = len(self.graph.inputs)
        for i, array in enumerate(self.constants):
            lines.append(f"const {self.printer.storage(array.dtype)} *constant{i} = in[{n + i}];")
        return Source(self.text([*lines, *body]), self.constants, self.hosts, self.arena.size)

    def incoming(self, x: SymbolicTensor, where: str, lines: list[str]) -> Place:
        """The place of an input."""
        name = self.printer.fresh("v")
        kind = self.printer.storage(x.dtype)
        if in_register(x.spec):
            value = f"*(const {kind} *){where}"
            value = f"{value} != 0" if x.dtype is dtypes.bool_ else value
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
            self.pointers[name] = carrier(y.dtype)
            lines.append(f"{self.printer.storage(y.dtype)} *{name} = out[{i}];")
            if not in_register(y.spec) and y.key not in given and y.key not in found:
                found[y.key] = contiguous(name, y.spec)
        return found

    def result(self, y: SymbolicTensor, i: int, targets: Mapping[int, Memory]) -> list[str]:
        """Put a result where the caller looks for it."""
        place, out = self.places[y.key], contiguous(f"out{i}", y.spec)
        if isinstance(place, Register):
            value = f"{place.name} != 0" if y.dtype is dtypes.bool_ else place.name
            return [f"*out{i} = {value};"]
        assert isinstance(place, Memory)
        if place.pointer == f"out{i}":
            return []
        region = Region(self, Graph(), {}, {})
        region.copy(out, place)
        return region.lines

    def text(self, body: list[str]) -> str:
        """The file: prelude, kernels, and the function."""
        return "\n".join(
            [
                *self.kernels,
                "int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {",
                "    struct wf_call call = {rt, token, 0};",
                "    i64 spent = 0;",
                *("    " + line for line in body),
                "    wf_end(&call);",
                "    return 0;",
                "failed:",
                "    wf_end(&call);",
                "    return 1;",
                "}",
            ]
        )

    def constant(self, array: np.ndarray, spec: Spec) -> Memory:
        """The place of an array that is part of the program."""
        uniform = is_uniform(array)
        kept = np.ascontiguousarray(array[(0,) * array.ndim] if uniform else array)
        self.constants.append(kept)
        name = f"constant{len(self.constants) - 1}"
        self.pointers[name] = carrier(array.dtype)
        strides = (0,) * array.ndim if uniform else views.row_major(spec.shape)
        return Memory(name, spec, strides)


def is_uniform(array: np.ndarray) -> bool:
    """Whether all elements of an array are the same, bit for bit."""
    if array.size < 2 or not any(array.strides):
        return array.size > 1
    bits = np.ascontiguousarray(array).view(np.uint8).reshape(-1, array.itemsize)
    return bool((bits == bits[0]).all())


def in_register(spec: Spec) -> bool:
    """Whether a value is a C variable."""
    return not spec.shape and supported(spec.dtype)


def check(graph: Graph) -> None:
    """Refuse what native programs cannot do."""
    for x in graph.inputs:
        check_spec(x.spec)
    for node in graph.nodes:
        for y in node.outputs:
            check_spec(y.spec)
        for value in node.attrs.values():
            if isinstance(value, Graph):
                check(value)


def check_spec(spec: Spec) -> None:
    """Refuse values of unknown length."""
    inner = spec.element if isinstance(spec, StackSpec) else spec
    if isinstance(inner, StackSpec):
        check_spec(inner)
    elif not all(type(n) is int for n in inner.shape):
        raise Unsupported(f"a value of {spec}, whose lengths are not known")


class Region:
    """Writes one region as a block of C."""

    def __init__(
        self, program: Lowering, graph: Graph, wanted: Mapping[int, Memory], outgoing: Mapping[int, Memory]
    ) -> None:
        self.program, self.graph, self.printer = program, graph, program.printer
        self.places = program.places
        self.wanted = {**wanted, **outgoing}  # where values should be written
        self.lines: list[str] = []
        self.scope = Scope(program.printer, None, 1)
        self.rows: dict[int, Rows] = {}  # positions that are numbers, by key
        self.makers: dict[int, Node] = {}
        self.taken: dict[int, list[Block]] = {}  # memory to give back after the last use, by key

    # -- the order of things

    def run(self) -> list[str]:
        """The lines of the region; its outputs have places afterwards."""
        self.makers = {y.key: node for node in self.graph.nodes for y in node.outputs}
        self.place_constants()
        self.fusion = Fusion(self.graph)
        self.uses = self.fusion.uses()
        order = list(self.fusion.ordered())
        last = self.last_uses(order)
        for i, group in enumerate(order):
            self.group(group)
            for key in last.get(i, ()):
                self.release(key)
        for y in self.graph.outputs:
            self.place(y)
        return self.lines

    def place_constants(self) -> None:
        for node in self.graph.nodes:
            if node.op.name == "constant":
                self.places[node.outputs[0].key] = self.constant(node)

    def constant(self, node: Node) -> Place:
        """The place of a constant."""
        y, array = node.outputs[0], node.attrs["value"].array
        if in_register(y.spec):
            return Register(f"({literal(array.item(), y.dtype)})", y.spec)
        return self.program.constant(array, y.spec)

    def last_uses(self, order: Sequence[Group]) -> dict[int, list[int]]:
        """For each group the keys of the values that nothing after it reads."""
        end = len(order)
        until: dict[int, int] = {}
        for i, group in enumerate(order):
            for node in [*group.inlined, *group.nodes]:
                for x in (*node.inputs, *node.outputs):
                    for owner in self.fusion.owners(x):
                        until[owner.key] = i
        for y in self.graph.outputs:
            until.update({owner.key: end for owner in self.fusion.owners(y)})
        last: dict[int, list[int]] = {}
        for key, i in until.items():
            last.setdefault(i, []).append(key)
        return last

    def release(self, key: int) -> None:
        for block in self.taken.pop(key, ()):
            self.program.arena.give(block)

    def finish(self) -> None:
        """Give back the memory of everything that is left."""
        for key in list(self.taken):
            self.release(key)

    # -- places

    def place(self, x: SymbolicTensor) -> Place:
        """Where a value is; a view of memory is memory."""
        found = self.places.get(x.key)
        if found is not None:
            return found
        node = self.makers[x.key]
        assert views.is_view(node), f"{node.op.name} has no place"
        inner = self.place(node.inputs[0])
        made = self.view(node, inner)
        self.places[x.key] = made
        return made

    def view(self, node: Node, inner: Place) -> Place:
        y = node.outputs[0]
        if isinstance(inner, Pile):
            return inner
        if isinstance(inner, Register):
            if not y.shape:
                return inner
            return self.spilled(y, inner)
        names = tuple(f"axis{i}" for i in range(len(y.shape)))
        at = views.offset(inner.strides, inner.start, views.operand_index(node, tuple(Index(((n, 1),)) for n in names)))
        strides = tuple(at.count(n) for n in names)
        for n in names:
            at = at.without(n)
        return Memory(inner.pointer, y.spec, strides, at, inner.root)

    def spilled(self, y: SymbolicTensor, inner: Register) -> Memory:
        """A number seen many times: one element with strides of zero."""
        name = self.printer.fresh("v")
        kind = self.printer.storage(y.dtype)
        value = f"{inner.name} != 0" if y.dtype is dtypes.bool_ else inner.name
        self.lines.append(f"{kind} {name}[1] = {{{value}}};")
        self.program.pointers[name] = carrier(y.dtype)
        return Memory(name, y.spec, (0,) * len(y.shape))

    def is_read_elsewhere(self, y: SymbolicTensor, group: Group) -> bool:
        return any(g is not group for g in self.uses.get(y.key, ()))

    def memory(self, y: SymbolicTensor) -> Memory:
        """Memory for a value that is about to be written."""
        if y.key in self.wanted:
            return self.wanted[y.key]
        return self.fresh(y.spec, self.taken.setdefault(y.key, []))

    def fresh(self, spec: Spec, owner: list[Block]) -> Memory:
        block = self.program.arena.take(bytes_of(spec))
        owner.append(block)
        name = self.printer.fresh("v")
        kind = self.printer.storage(spec.dtype)
        self.lines.append(f"{kind} *{name} = ({kind} *)(arena + {block.start});")
        self.program.pointers[name] = carrier(spec.dtype)
        return contiguous(name, spec, block)

    def as_memory(self, x: SymbolicTensor, dense_for: SymbolicTensor | None = None) -> Memory:
        """The memory of a value, a register spilled; `dense_for`: a value that needs it one element after the other."""
        if x.key in self.rows:
            return self.gathered(self.rows[x.key])
        place = self.place(x)
        if isinstance(place, Register):
            spec = Spec((), x.dtype)
            name = self.printer.fresh("v")
            kind = self.printer.storage(x.dtype)
            value = f"{place.name} != 0" if x.dtype is dtypes.bool_ else place.name
            self.lines.append(f"{kind} {name}[1] = {{{value}}};")
            self.program.pointers[name] = carrier(x.dtype)
            return contiguous(name, spec)
        if isinstance(place, Pile):
            raise Unsupported("a stack where memory is needed")
        if dense_for is not None and not place.is_contiguous:
            made = self.fresh(x.spec, self.taken.setdefault(dense_for.key, []))
            self.copy(made, place)
            return made
        return place

    def gathered(self, rows: Rows) -> Memory:
        """Positions as the array that they are."""
        name = self.printer.fresh("v")
        self.lines.append(f"i64 {name}[] = {{{', '.join(rows.names)}}};")
        self.program.pointers[name] = dtypes.int64
        return contiguous(name, rows.spec)

    # -- steps

    def group(self, group: Group) -> None:
        """Write what a group does."""
        if group.kind == "other":
            self.other(group.nodes[0])
        elif group.kind == "map" and not group.space:
            self.scalars(group)
        elif group.kind == "fold":
            self.fold(group)
        else:
            elements = Elements(self.makers, self.places, self.as_memory)
            made = self.targets(group)
            build = nests.map_nest if group.kind == "map" else lambda *a: nests.Rows(*a).nest()
            if made.places:
                self.launch(build(group, elements, made), group)
            self.settle(made)

    def targets(self, group: Group) -> nests.Targets:
        """Memory for what others read of a group."""
        found = {}
        for node in group.nodes:
            y = node.outputs[0]
            if self.is_read_elsewhere(y, group):
                found[y.key] = self.cell(y) if in_register(y.spec) else self.memory(y)
        return nests.Targets(found)

    def cell(self, y: SymbolicTensor) -> Memory:
        """Memory for one element."""
        name = self.printer.fresh("v")
        self.lines.append(f"{self.printer.storage(y.dtype)} {name}[1];")
        self.program.pointers[name] = carrier(y.dtype)
        return contiguous(name, y.spec)

    def settle(self, made: nests.Targets) -> None:
        """Results have their places from here on; one without axes becomes a variable."""
        for key, place in made.places.items():
            self.places[key] = self.loaded(place) if in_register(place.spec) else place

    def loaded(self, place: Memory) -> Register:
        name = self.printer.fresh("v")
        value = f"{place.pointer}[{index_text(place.start)}]"
        value = f"{value} != 0" if place.dtype is dtypes.bool_ else value
        self.lines.append(f"{self.printer.kind(place.dtype, 1)} {name} = {value};")
        self.program.locals[name] = place.dtype
        return Register(name, place.spec)

    def scalars(self, group: Group) -> None:
        """Numbers: computed in line."""
        elements = Elements(self.makers, self.places, self.as_memory)
        for node in group.nodes:
            y = node.outputs[0]
            self.scope.lines = self.lines
            name = self.printer.value(elements(y, ()), self.scope)
            self.program.locals[name] = y.dtype
            if self.is_read_elsewhere(y, group):
                self.places[y.key] = Register(name, y.spec)

    def fold(self, group: Group) -> None:
        node = group.nodes[0]
        elements = Elements(self.makers, self.places, self.as_memory)
        axes, n = folded_axes(node), len(group.space)
        made = self.targets(group)
        if not made.places:
            return
        if not axes:
            raise Unsupported("a fold of no axes")
        if len(axes) == n:
            self.whole(node, group, elements, made)
        else:
            build = nests.mixed_nest if n - 1 in axes else nests.column_nest
            self.launch(build(node, group, elements, made), group)
        self.settle(made)

    def whole(self, node: Node, group: Group, elements: Elements, made: nests.Targets) -> None:
        """A fold of everything, in two steps."""
        y = node.outputs[0]
        partial = self.printer.fresh("v")
        store = made.store(y, tuple(Index() for _ in y.shape), Local(y.dtype, "whole"))
        first, last, count = nests.partial_nests(node, group, elements, store, partial)
        kind = views.FOLDS[node.op.name]
        wide = dtypes.float64 if y.dtype is dtypes.float32 and kind in ("sum", "prod") else y.dtype
        block = self.program.arena.take(count * wide.itemsize)
        c = self.printer.storage(wide)
        self.lines.append(f"{c} *{partial} = ({c} *)(arena + {block.start});")
        self.program.pointers[partial] = wide
        self.launch(first, group)
        self.launch(last, group)
        self.program.arena.give(block)

    def launch(self, nest: nests.Nest, group: Group) -> None:
        """Print a kernel, and run it."""
        kernel = self.kernel(nest, group)
        self.program.kernels.append(self.printer.kernel(kernel))
        given = [p.name for p in kernel.parameters] + list(kernel.integers)
        self.lines.append("{")
        self.lines.append(f"    struct {kernel.name} k = {{{', '.join(given)}}};")
        count = nest.grid.extent
        if count > 1 and count * nest.cost > WORTH:
            self.lines.append(f"    rt->parallel({kernel.name}, &k, {count}, {nest.cost:.1f});")
        else:
            self.lines.append(f"    {kernel.name}(&k, 0, {count});")
        self.lines.append("}")

    def kernel(self, nest: nests.Nest, group: Group) -> Kernel:
        body = nest.grid.body
        written = {s.pointer for s in statements(body) if isinstance(s, Store)}
        read, names = set(), set()
        for value in expressions(body):
            for x in walk(value):
                if hasattr(x, "pointer"):
                    read.add(x.pointer)  # pyright: ignore[reportAttributeAccessIssue]
                elif isinstance(x, Local) and x.name in self.program.locals:
                    names.add((x.name, x.dtype))
        pointers = self.program.pointers
        parameters = [Parameter(n, pointers[n], True, n in written) for n in sorted(read | written) if n in pointers]
        parameters += [Parameter(n, d, False) for n, d in sorted(names)]
        known = {n for n, _ in names}
        integers = {n for i in indices_of(body) for n, _ in i.terms if n in self.program.locals and n not in known}
        label = " ".join(dict.fromkeys(node.op.name for node in [*group.inlined, *group.nodes]))
        return Kernel(
            self.printer.fresh("kernel"),
            tuple(parameters),
            nest.grid,
            nest.cost,
            tuple(sorted(integers)),
            nest.dropped,
            label,
        )

    def copy(self, target: Memory, source: Memory) -> None:
        """Copy elements."""
        if target.is_contiguous and source.is_contiguous:
            count = bytes_of(target.spec)
            at = [f"{m.pointer} + {index_text(m.start)}" for m in (target, source)]
            self.lines.append(f"__builtin_memcpy({at[0]}, {at[1]}, {count});")
            return
        group = Group("map", target.shape)
        axes = nests.names_of(target.shape)
        at = nests.own_indices(axes, target.shape)
        if source.dtype is dtypes.complex128:
            raise Unsupported("complex128 elements that do not lie in order")
        load = Load(carrier(source.dtype), source.pointer, views.offset(source.strides, source.start, at))
        store = Store(target.pointer, views.offset(target.strides, target.start, at), load)
        self.launch(nests.nest_of([store], axes, cost(())), group)

    # -- the rest

    def other(self, node: Node) -> None:
        """A node that stands alone."""
        name = node.op.name
        if name == "constant":
            return
        if name in CONTROL:
            CONTROL[name](self, node)
        elif not (name in WRITES and WRITES[name](self, node)):
            if any(isinstance(y.spec, StackSpec) for y in (*node.outputs, *symbols(node.inputs))):
                raise Unsupported(f"{name} of stacks")
            self.host(node)

    def host(self, node: Node) -> None:
        """Have Python run a node."""
        outs = [self.cell(y) if in_register(y.spec) else self.memory(y) for y in node.outputs]
        operands: list[Memory | None] = []
        table = [f"{m.pointer} + {index_text(m.start)}" for m in outs]
        for x in node.inputs:
            if isinstance(x, SymbolicTensor):
                place = self.as_memory(x)
                operands.append(place)
                table.append(f"(void *)({place.pointer} + {index_text(place.start)})")
            else:
                operands.append(None)
        number = len(self.program.hosts)
        self.program.hosts.append(HostCall(node, operands))
        self.lines.append(
            f"{{ void *b[] = {{{', '.join(table) or '0'}}}; if (rt->host(token, {number}, b)) goto failed; }}"
        )
        self.settle(nests.Targets({y.key: m for y, m in zip(node.outputs, outs, strict=True)}))

    def number(self, x: Any) -> str:
        """The C text of a value without axes."""
        if not isinstance(x, SymbolicTensor):
            return literal(
                x, dtypes.bool_ if isinstance(x, bool) else dtypes.float64 if isinstance(x, float) else dtypes.int64
            )
        place = self.place(x)
        if isinstance(place, Register):
            return place.name
        assert isinstance(place, Memory)
        return self.loaded(place).name

    # -- what nodes are written with

    def target(self, y: SymbolicTensor) -> Memory:
        """Memory for a value, one without axes included."""
        return self.cell(y) if in_register(y.spec) else self.memory(y)

    def settle_one(self, y: SymbolicTensor, place: Memory) -> None:
        self.settle(nests.Targets({y.key: place}))

    def write(self, target: Memory, x: Any) -> None:
        """Put a value, broadcast and cast, into memory."""
        if isinstance(x, SymbolicTensor) and x.dtype is target.dtype:
            place = self.as_memory(x)
            missing = len(target.shape) - len(x.shape)
            strides = (0,) * missing + tuple(0 if n == 1 else s for n, s in zip(x.shape, place.strides, strict=True))
            self.copy(target, Memory(place.pointer, target.spec, strides, place.start))
            return
        if not supported(target.dtype):
            raise Unsupported(f"a value cast to {target.spec}")
        axes = nests.names_of(target.shape)
        at = nests.own_indices(axes, target.shape)
        value = Elements(self.makers, self.places, self.as_memory).operand(x, at, target.dtype)
        store = Store(target.pointer, views.offset(target.strides, target.start, at), value)
        self.launch(nests.nest_of([store], axes, cost(())), Group("map", target.shape))

    def clear(self, target: Memory) -> None:
        """Fill memory with zeros."""
        at = f"{target.pointer} + {index_text(target.start)}"
        assert target.is_contiguous
        self.lines.append(f"__builtin_memset({at}, 0, {bytes_of(target.spec)});")

    def pointer(self, dtype: np.dtype, text: str) -> str:
        """A pointer with a name."""
        name = self.printer.fresh("v")
        kind = self.printer.storage(dtype)
        self.lines.append(f"{kind} *{name} = {text};")
        self.program.pointers[name] = carrier(dtype)
        return name

    def pile(self, y: SymbolicTensor, text: str) -> Pile:
        """A stack with a name."""
        name = self.printer.fresh("v")
        self.lines.append(f"struct wf_stack {name} = {text};")
        made = self.places[y.key] = Pile(name, y.spec)
        return made

    # -- control flow

    def block(self, graph: Graph, places: Sequence[Place], wanted: Mapping[int, Memory]) -> Region:
        """A region inside this one, written, its inputs being at these places."""
        for x, place in zip(graph.inputs, places, strict=True):
            self.places[x.key] = place
        region = Region(self.program, graph, wanted, {})
        region.run()
        return region

    def captured(self, x: Any) -> Place:
        """The place of an operand of a region."""
        if isinstance(x, SymbolicTensor):
            return self.place(x)
        spec = Spec((), np.dtype({bool: "bool", int: "int64", float: "float32", complex: "complex64"}[type(x)]))
        return Register(f"({literal(x, spec.dtype)})", spec)

    def write_while(self, node: Node) -> None:
        """A loop: its state in variables, in two pieces of memory that take turns, or in stacks."""
        if lanewise.write(self, node):
            return
        test, step = node.attrs["test"], node.attrs["step"]
        n = len(step.outputs)
        state = [self.state(x, y) for x, y in zip(node.inputs[:n], node.outputs, strict=True)]
        for y, (now, _) in zip(node.outputs, state, strict=True):
            self.places[y.key] = now
        places = [s[0] for s in state] + [self.captured(x) for x in node.inputs[n:]]
        left = self.trips_left(node)
        self.lines.append("for (;;) {")
        asked = self.block(test, places, {})
        self.lines += ["    " + line for line in asked.lines]
        self.lines.append(f"    if (!{asked.number(test.outputs[0])}) break;")
        asked.finish()
        if left:
            self.lines.append(f"    if (!{left}--) {{ void *b[] = {{0}}; rt->host(token, {len(self.program.hosts)}, b); goto failed; }}")
            self.program.hosts.append(HostCall(node, None))
        self.lines.append("    if ((spent += 16) > 1 << 22) { spent = 0; if (rt->poll()) goto failed; }")
        body = self.step(step, places, state)
        self.lines += ["    " + line for line in body]
        self.lines.append("}")

    def trips_left(self, node: Node) -> str:
        """The variable that counts down a loop whose trips are bounded."""
        most = node.attrs.get("max_trips")
        if most is None:
            return ""
        name = self.printer.fresh("v")
        self.lines.append(f"i64 {name} = {-(-most // node.attrs.get('segment', 1))};")
        return name

    def state(self, x: Any, y: SymbolicTensor) -> tuple[Place, Memory | None]:
        """Where a part of a loop's state lives, and where its next value is written."""
        owned = self.taken.setdefault(y.key, [])
        name = self.printer.fresh("v")
        if isinstance(y.spec, StackSpec):
            place = self.place(x)
            assert isinstance(place, Pile)
            self.lines.append(f"struct wf_stack {name} = {place.name};")
            return Pile(name, y.spec), None
        if in_register(y.spec):
            self.lines.append(f"{self.printer.kind(y.dtype, 1)} {name} = {self.number(x)};")
            self.program.locals[name] = y.dtype
            return Register(name, y.spec), None
        now, then = self.fresh(y.spec, owned), self.fresh(y.spec, owned)
        self.copy(now, self.as_memory(x))
        return now, then

    def step(self, graph: Graph, places: Sequence[Place], state: Sequence[tuple[Place, Memory | None]]) -> list[str]:
        """One trip: the next state is computed beside the present one, then they change places."""
        given = {x.key for x in graph.inputs}
        counts: dict[int, int] = {}
        for y in graph.outputs:
            counts[y.key] = counts.get(y.key, 0) + 1
        wanted = {y.key: then for y, (_, then) in zip(graph.outputs, state, strict=True)
                  if then is not None and y.key not in given and counts[y.key] == 1}  # fmt: skip
        region = self.block(graph, places, wanted)
        moves: list[str] = []
        for i, (y, (now, then)) in enumerate(zip(graph.outputs, state, strict=True)):
            if y.key == graph.inputs[i].key:
                continue
            place = region.place(y)
            if isinstance(now, Register):
                fresh = self.printer.fresh("v")
                region.lines.append(f"{self.printer.kind(y.dtype, 1)} {fresh} = {region.number(y)};")
                moves.append(f"{now.name} = {fresh};")
            elif isinstance(now, Pile):
                fresh = self.printer.fresh("v")
                assert isinstance(place, Pile)
                region.lines.append(f"struct wf_stack {fresh} = {place.name};")
                moves.append(f"{now.name} = {fresh};")
            else:
                assert then is not None
                source = region.as_memory(y)
                if source.pointer != then.pointer:
                    region.copy(then, source)
                kind = self.printer.storage(y.dtype)
                moves.append(f"{{ {kind} *t = {now.pointer}; {now.pointer} = {then.pointer}; {then.pointer} = t; }}")
        region.finish()
        return [*region.lines, *moves]

    def write_if(self, node: Node) -> None:
        """A branch: its results are declared before it."""
        results: list[Place] = []
        for y in node.outputs:
            name = self.printer.fresh("v")
            if isinstance(y.spec, StackSpec):
                self.lines.append(f"struct wf_stack {name};")
                results.append(Pile(name, y.spec))
            elif in_register(y.spec):
                self.lines.append(f"{self.printer.kind(y.dtype, 1)} {name};")
                self.program.locals[name] = y.dtype
                results.append(Register(name, y.spec))
            else:
                results.append(self.memory(y))
        places = [self.captured(x) for x in node.inputs[1:]]
        for word, branch in ((f"if ({self.number(node.inputs[0])}) {{", "then"), ("} else {", "other")):
            self.lines.append(word)
            self.lines += ["    " + line for line in self.branch(node.attrs[branch], places, results)]
        self.lines.append("}")
        for y, place in zip(node.outputs, results, strict=True):
            self.places[y.key] = place

    def branch(self, graph: Graph, places: Sequence[Place], results: Sequence[Place]) -> list[str]:
        given = {x.key for x in graph.inputs}
        wanted: dict[int, Memory] = {}
        for y, result in zip(graph.outputs, results, strict=True):
            if isinstance(result, Memory) and y.key not in given and y.key not in wanted:
                wanted[y.key] = result
        region = self.block(graph, places, wanted)
        for y, result in zip(graph.outputs, results, strict=True):
            place = region.place(y)
            if isinstance(result, Memory):
                source = region.as_memory(y)
                if source.pointer != result.pointer:
                    region.copy(result, source)
            elif isinstance(result, Register):
                region.lines.append(f"{result.name} = {region.number(y)};")
            else:
                assert isinstance(place, Pile)
                region.lines.append(f"{result.name} = {place.name};")
        region.finish()
        return region.lines

    def write_call(self, node: Node) -> None:
        places = [self.captured(x) for x in node.inputs]
        body = node.attrs["body"]
        region = self.block(body, places, {})
        self.lines += region.lines
        for y, inner in zip(node.outputs, body.outputs, strict=True):
            self.places[y.key] = region.place(inner)
        for blocks in region.taken.values():
            self.taken.setdefault(node.outputs[0].key, []).extend(blocks)


CONTROL = {"while": Region.write_while, "if": Region.write_if, "call": Region.write_call}
