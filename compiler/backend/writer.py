"""Writing C: the lines of a block, and the places of the values in it.

What every step needs is here: variables, memory of the arena, copies, kernels that are run, nodes that Python runs.
In which order a region's nodes are written, and what is fused, is decided elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.alike import HOLE
from ...kernels.kernel import (
    Gather,
    Index,
    Kernel,
    Load,
    Local,
    Parameter,
    Store,
    expressions,
    indices_of,
    statements,
    walk,
)
from ...kernels.print_expressions import Scope
from ...kernels.spelling import carrier, index_text, literal, loaded, stored, supported
from ...runtime import dtypes
from ...runtime.dim import Dim
from ...runtime.op import Node
from ...runtime.spec import Spec, size
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor
from . import nests, views
from .elements import Elements
from .groups import Group, cost
from .places import (
    Block,
    Memory,
    Pile,
    Place,
    Register,
    Rows,
    Spread,
    Unsupported,
    bytes_of,
    contiguous,
    in_register,
    is_small,
)

if TYPE_CHECKING:
    from .lower import Lowering

EXHAUSTED = "if (call.exhausted) goto failed;"  # what follows an allocation
WORTH = 2000.0  # nanoseconds of work that may be worth several threads


def _least(starts: list[Any]) -> int:
    """What starts have in common, if all are known."""
    return min(starts) if all(isinstance(n, int) for n in starts) else 0


class Writer:
    """Writes lines of C for the values of one graph."""

    def __init__(self, program: Lowering, graph: Graph, wanted: Mapping[int, Memory]) -> None:
        self.program, self.graph, self.printer = program, graph, program.printer
        self.places = program.places
        self.wanted = dict(wanted)  # where values should be written
        self.lines: list[str] = []
        self.scope = Scope(program.printer, None, 1)
        self.rows: dict[int, Rows] = {}  # positions that are numbers, by key
        self.makers: dict[int, Node] = {}
        self.taken: dict[int, list[Block]] = {}  # memory to give back after the last use, by key

    def place(self, x: Any) -> Place:
        """Where a value is; a view of memory is memory."""
        if x.key in self.rows:
            return self.gathered(self.rows[x.key])
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
        if isinstance(inner, Spread):
            return (
                Spread(tuple(self.each(y)), y.spec)
                if is_small(y.spec)
                else self.view(node, self.as_memory(node.inputs[0]))
            )
        names = tuple(f"axis{i}" for i in range(len(y.shape)))
        at = views.offset(inner.strides, inner.start, views.operand_index(node, tuple(Index(((n, 1),)) for n in names)))
        strides = tuple(at.count(n) for n in names)
        for n in names:
            at = at.without(n)
        return Memory(inner.pointer, y.spec, strides, at, inner.root)

    def spilled(self, y: Any, inner: Register) -> Memory:
        """A number seen many times: one element with strides of zero."""
        value = stored(inner.name, y.dtype)
        return Memory(self.array(y.dtype, f"[1] = {{{value}}}"), y.spec, (0,) * len(y.shape))

    def array(self, dtype: np.dtype, text: str) -> str:
        """A C array with a name; the text says its length, and what is in it."""
        name = self.printer.fresh("v")
        self.lines.append(f"{self.printer.storage(dtype)} {name}{text};")
        self.program.pointers[name] = carrier(dtype)
        return name

    def each(self, x: Any) -> list[str]:
        """The C text of each element of a small value."""
        place = self.places.get(x.key)
        if isinstance(place, Spread):
            return list(place.names)
        elements = self.elements()
        self.scope.lines = self.lines
        found = []
        for at in itertools.product(*map(range, x.shape)):
            found.append(self.printer.value(elements(x, tuple(Index((), i) for i in at)), self.scope))
            self.program.locals[found[-1]] = x.dtype
        return found

    def memory(self, y: Any) -> Memory:
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

    def as_memory(self, x: Any, dense_for: Any = None) -> Memory:
        """The memory of a value, a register spilled; `dense_for`: a value that needs it one element after the other."""
        place = self.place(x)
        if isinstance(place, Register):
            value = stored(place.name, x.dtype)
            return contiguous(self.array(x.dtype, f"[1] = {{{value}}}"), Spec((), x.dtype))
        if isinstance(place, Spread):
            values = ", ".join(stored(name, x.dtype) for name in place.names)
            return contiguous(self.array(x.dtype, f"[{len(place.names)}] = {{{values}}}"), x.spec)
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

    def cell(self, y: Any) -> Memory:
        """Memory for one element."""
        return contiguous(self.array(y.dtype, "[1]"), y.spec)

    def settle(self, made: nests.Targets) -> None:
        """Results have their places from here on; one without axes becomes a variable."""
        for key, place in made.places.items():
            self.places[key] = self.loaded(place) if in_register(place.spec) else place

    def loaded(self, place: Memory) -> Register:
        name = self.printer.fresh("v")
        value = loaded(f"{place.pointer}[{index_text(place.start)}]", place.dtype)
        self.lines.append(f"{self.printer.kind(place.dtype, 1)} {name} = {value};")
        self.program.locals[name] = place.dtype
        return Register(name, place.spec)

    def launch(self, nest: nests.Nest, group: Group) -> None:
        """Print a kernel, and run it."""
        name, given = self.named(nest, group)
        self.lines.append("{")
        self.lines.append(f"    struct {name} k = {{{', '.join(given)}}};")
        count = nest.grid.extent
        if type(count) is Dim or (count > 1 and count * nest.cost > WORTH):
            self.lines.append(f"    rt->parallel({name}, &k, {count}, {nest.cost:.1f});")
        else:
            self.lines.append(f"    {name}(&k, 0, {count});")
        self.lines.append("}")

    def named(self, nest: nests.Nest, group: Group) -> tuple[str, list[str]]:
        """Print a kernel: its name, and what it is given."""
        kernel = self.kernel(nest, group)
        text = self.printer.kernel(kernel)
        sizes = self.program.sizes_in(text, kernel.integers)
        if sizes:
            kernel = replace(kernel, integers=(*kernel.integers, *sizes))
            text = self.printer.kernel(kernel)
        given = [f"{p.name} + {p.start}" if p.start else p.name for p in kernel.parameters] + list(kernel.integers)
        return self.program.kernels.name(kernel, text), given

    def each_element(self, body: nests.Bodies, axes: Sequence[nests.Axis], group: Group) -> None:
        """Run statements for each element of an index space."""
        self.launch(nests.nest_of(body, axes, cost([*group.nodes, *group.inlined])), group)

    def in_lanes(self, body: nests.Bodies, axes: Sequence[nests.Axis], group: Group) -> None:
        """Run loops of the lanes, which take long, for each element of an index space."""
        self.launch(nests.nest_of(body, axes, 100 * cost(group.nodes)), replace(group, nodes=[]))

    def kernel(self, nest: nests.Nest, group: Group) -> Kernel:
        body, known = nest.grid.body, self.program.locals
        places: dict[str, list[Any]] = {}  # where each pointer is read and written; in the order of the text
        stores = [s for s in statements(body) if isinstance(s, Store)]
        numbers: dict[str, np.dtype] = {}
        for value in expressions(body):
            for x in walk(value):
                if isinstance(x, Load | Gather):
                    places.setdefault(x.pointer, []).append(x.index.start)
                elif isinstance(x, Local) and x.name in known:
                    numbers[x.name] = x.dtype
        for s in stores:
            places.setdefault(s.pointer, []).append(s.index.start)
        written, pointers = {s.pointer for s in stores}, self.program.pointers
        parameters = [Parameter(name, pointers[name], True, name in written, _least(starts))
                      for name, starts in places.items() if name in pointers]  # fmt: skip
        parameters += [Parameter(name, dtype, False) for name, dtype in numbers.items()]
        terms = dict.fromkeys(name for index in indices_of(body) for name, _ in index.terms)
        integers = tuple(name for name in terms if name in known and name not in numbers)
        label = " ".join(dict.fromkeys(node.op.name for node in [*group.inlined, *group.nodes]))
        return Kernel(HOLE, tuple(parameters), nest.grid, nest.cost, integers, nest.dropped, label,
                      nest.bounds)  # fmt: skip

    def copy(self, target: Memory, source: Memory) -> None:
        """Copy elements, if there are any."""
        if not size(target.shape):
            return
        if target.is_contiguous and source.is_contiguous:
            return self.move(target, source)
        group = Group("map", target.shape)
        axes = nests.names_of(target.shape)
        at = nests.own_indices(axes, target.shape)
        if source.dtype is dtypes.complex128:
            raise Unsupported("complex128 elements that do not lie in order")
        load = Load(carrier(source.dtype), source.pointer, views.offset(source.strides, source.start, at))
        store = Store(target.pointer, views.offset(target.strides, target.start, at), load)
        self.each_element([store], axes, group)

    def move(self, target: Memory, source: Memory) -> None:
        """Copy elements that lie one after the other in both."""
        at = [f"{m.pointer} + {index_text(m.start)}" for m in (target, source)]
        self.lines.append(f"__builtin_memcpy({at[0]}, {at[1]}, {bytes_of(target.spec)});")

    def is_spread(self, spec: Spec) -> bool:
        """Whether a tensor is kept in variables."""
        return is_small(spec)

    def rescue(self, test: str, node: Node, into: Mapping[int, Memory] | None = None) -> None:
        """Have Python run a node where a test says that something is wrong; its results go where they were to go."""
        self.lines.append(f"if (__builtin_expect({test}, 0)) {{")
        places, wanted = dict(self.places), self.wanted
        self.wanted = {**wanted, **(into or {})}
        self.host(node, is_rare=True)
        self.wanted = wanted
        self.places.clear()
        self.places.update(places)
        self.lines.append("}")

    def host(self, node: Node, *, is_rare: bool = False) -> None:
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
        number = self.program.calls(node, operands, is_rare)
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

    def target(self, y: Any) -> Memory:
        """Memory for a value, one without axes included."""
        return self.cell(y) if in_register(y.spec) else self.memory(y)

    def settle_one(self, y: Any, place: Memory) -> None:
        self.settle(nests.Targets({y.key: place}))

    def write(self, target: Memory, x: Any) -> None:
        """Put a value, broadcast and cast, into memory."""
        if isinstance(x, SymbolicTensor) and x.shape == target.shape and isinstance(self.place(x), Spread):
            self.store_each(target, self.each(x), x.dtype)
            return
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
        value = self.elements().operand(x, at, target.dtype)
        store = Store(target.pointer, views.offset(target.strides, target.start, at), value)
        self.each_element([store], axes, Group("map", target.shape))

    def store_each(self, target: Memory, names: list[str], dtype: np.dtype) -> None:
        """Write a small value into memory."""
        for at, name in zip(itertools.product(*map(range, target.shape)), names, strict=True):
            place = views.offset(target.strides, target.start, tuple(Index((), i) for i in at))
            self.lines.append(f"{target.pointer}[{index_text(place)}] = {stored(name, dtype)};")

    def elements(self) -> Elements:
        """The elements of values here, for one kernel."""
        return Elements(self.makers, self.places, self.as_memory)

    def clear(self, target: Memory) -> None:
        """Fill memory with zeros."""
        if not size(target.shape):
            return
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

    def pile(self, y: Any, text: str) -> Pile:
        """A stack with a name."""
        name = self.printer.fresh("v")
        self.lines.append(f"struct wf_stack {name} = {text};")
        if "&call" in text:
            self.lines.append(EXHAUSTED)
        made = self.places[y.key] = Pile(name, y.spec)
        return made

    def constant(self, node: Node) -> Place:
        """The place of a constant."""
        y, array = node.outputs[0], node.attrs["value"].array
        if in_register(y.spec):
            return Register(f"({literal(array.item(), y.dtype)})", y.spec)
        return self.program.constant(array, y.spec)

    def captured(self, x: Any) -> Place:
        """The place of an operand of a region."""
        if isinstance(x, SymbolicTensor):
            return self.place(x)
        dtype = np.dtype({bool: "bool", int: "int64", float: "float32", complex: "complex64"}[type(x)])
        return Register(f"({literal(x, dtype)})", Spec((), dtype))

    def stack(self, x: Any) -> Pile:
        """The C variable of a stack."""
        place = self.place(x)
        assert isinstance(place, Pile), f"{x} is no stack"
        return place

    def variable(self, y: Any, text: str) -> Register:
        """A number with a name."""
        name = self.printer.fresh("v")
        self.lines.append(f"{self.printer.kind(y.dtype, 1)} {name} = {text};")
        self.program.locals[name] = y.dtype
        return Register(name, y.spec)
