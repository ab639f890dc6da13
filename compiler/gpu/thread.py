"""Small loops as one kernel: a single thread runs a loop whose state is a few numbers, in registers.

Such a loop would otherwise wait for several launches in each trip. It is written as the native programs of the CPU write
it, as C with a variable for each number; where that C asks for anything but arithmetic, the loop stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...kernels.kernel import Parameter
from ...kernels.print_cuda import Launch
from ...kernels.spelling import carrier, index_text, loaded, stored, supported
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec, size
from ..backend import region as regions
from ..backend.flow import POLL
from ..backend.groups import Group
from ..backend.lower import Lowering
from ..backend.nests import Nest
from ..backend.places import SMALL, Block, Memory, Place, Register, Spread, Unsupported
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor

if TYPE_CHECKING:
    from .region import GpuRegion

FORBIDDEN = re.compile(r"\b(arena|rt|call|token|struct|goto|in|out|constant\d+)\b")  # what a thread of a GPU has not


class Thread(regions.Region):
    """Writes a region as the C of one thread."""

    failed = "*failed"  # where it is remembered that a check failed

    def other(self, node: Node) -> None:
        if node.op.name == "fault":
            self.lines.append(f"if ({self.number(node.inputs[0])}) {self.failed} = 1;")
        else:
            super().other(node)

    def launch(self, nest: Nest, group: Group) -> None:
        raise Unsupported("a kernel inside a thread")

    def fresh(self, spec: Spec, owner: list[Block]) -> Memory:
        raise Unsupported("memory of a thread's own")

    def host(self, node: Node, *, is_rare: bool = False) -> None:
        raise Unsupported("a call of the host inside a thread")


def write(region: GpuRegion, node: Node) -> bool:
    """Write a loop as a kernel of one thread, if it can be."""
    operands = [x for x in node.inputs if isinstance(x, SymbolicTensor)]
    if not all(_is_small(x) for x in (*operands, *node.outputs)) or node.attrs.get("max_trips") is not None:
        return False
    try:
        lines, given, results = _written(region, node)
    except Unsupported:
        return False
    if any(FORBIDDEN.search(line) for line in lines):
        return False
    _launch(region, node, lines, given, results)
    return True


def _is_small(x: Any) -> bool:
    """Whether a value is a few numbers."""
    return not isinstance(x.spec, StackSpec) and 0 < size(x.shape) <= SMALL and supported(x.dtype)


def _written(region: GpuRegion, node: Node) -> tuple[list[str], list[tuple[SymbolicTensor, Place]], list[Place]]:
    """The C of a loop, the variables that it reads, and those that it leaves."""
    program = Lowering(Graph(), 4)
    program.printer = region.program.printer  # pyright: ignore[reportAttributeAccessIssue]
    graph = Graph()
    graph.nodes, graph.outputs = [node], list(node.outputs)  # pyright: ignore[reportAttributeAccessIssue]
    operands = list({x.key: x for x in node.inputs if isinstance(x, SymbolicTensor)}.values())
    given = [(x, _variables(program, x)) for x in operands]
    program.places.update({x.key: place for x, place in given})
    written = Thread(program, graph, {})
    written.run()
    results = [program.places[y.key] for y in node.outputs]
    if program.kernels.texts or not all(isinstance(place, Register | Spread) for place in results):
        raise Unsupported("a loop that is more than numbers")
    return _until_failure(region, written.lines), given, results


def _variables(program: Lowering, x: SymbolicTensor) -> Place:
    """C variables for a value."""
    names = tuple(program.printer.fresh("v") for _ in range(size(x.shape)))
    program.locals.update(dict.fromkeys(names, x.dtype))
    return Spread(names, x.spec) if x.shape else Register(names[0], x.spec)


def _until_failure(region: GpuRegion, lines: list[str]) -> list[str]:
    """Lines whose loops end once a check failed, in place of asking whether they are to stop."""
    stop = f"if ({Thread.failed}) break;" if region.program.is_checked else ""
    return [line.replace(POLL, stop) for line in lines]


def _names(place: Place) -> tuple[str, ...]:
    return place.names if isinstance(place, Spread) else (place.name,)  # pyright: ignore[reportAttributeAccessIssue]


def _launch(
    region: GpuRegion, node: Node, lines: list[str], given: list[tuple[SymbolicTensor, Place]], results: list[Place]
) -> None:
    """Run the C between reading what it needs from memory and writing what it leaves there."""
    printer, used = region.program.printer, set(re.findall(r"\b\w+\b", "\n".join(lines)))
    before, after = [], []
    reads: list[Memory] = []
    for x, place in given:
        names = _names(place)
        if used & set(names):
            memory = region.as_memory(x)
            reads.append(memory)
            for name, at in zip(names, _spots(memory), strict=True):
                before.append(f"{printer.kind(x.dtype, 1)} {name} = {loaded(at, x.dtype)};")
    writes = [region.memory(y) for y in node.outputs]
    for y, place, memory in zip(node.outputs, results, writes, strict=True):
        after += [f"{at} = {stored(name, y.dtype)};" for name, at in zip(_names(place), _spots(memory), strict=True)]
        region.places[y.key] = memory
    names = dict.fromkeys(m.pointer for m in (*reads, *writes))
    written = {m.pointer for m in writes}
    pointers = region.program.pointers
    parameters = [Parameter(name, carrier(pointers[name]), True, name in written) for name in names]
    if any(Thread.failed in line for line in lines):
        failed = region.program.faults().pointer
        before.insert(0, f"u8 *failed = {failed};")
        parameters.append(Parameter(failed, pointers[failed], True, True))
    text = printer.kernel(parameters, [*before, *lines, *after], 1)
    region.put(Launch(text, (1, 1), (1, 1)), parameters, Group("other", (), nodes=[node]))


def _spots(memory: Memory) -> list[str]:
    """The C text of each element in memory, in order."""
    spots = [memory.start]
    for n, stride in zip(memory.shape, memory.strides, strict=True):
        spots = [at + i * stride for at in spots for i in range(n)]
    return [f"{memory.pointer}[{index_text(at)}]" for at in spots]
