"""Stacks on a GPU: elements that lie one after the other in memory that grows by moving.

A pile is never changed: pushing gives a pile that shares the memory, unless another was pushed there first. So the
elements of a stack of matrices are the rows of one tall matrix, and what is done with all of them is one op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...kernels.cuda_array import CudaArray
from ...runtime import observers
from ...runtime.eager import wrap
from ...runtime.op import Node
from ...runtime.spec import Spec, StackSpec
from ...runtime.tensor import OPS
from ..backend.places import Memory, bytes_of
from ..graph.stack import Cell
from .steps import Frame, Spot, spot_of

if TYPE_CHECKING:
    from .region import GpuRegion

ALIGN = 16  # bytes that kernels read at once
ROOM = 8  # elements that a pile has room for at first


class DevicePile(Cell):
    """A stack whose elements are on a device, or a stack of such stacks."""

    __slots__ = ("array", "count", "device", "inner", "written")

    def __init__(
        self,
        device: Any,
        element: Spec,
        array: Any = None,
        count: int = 0,
        written: Any = None,
        inner: tuple[Any, ...] = (),
    ) -> None:
        """`array`: of shape (room, ...); `written`: how many of it are; `inner`: the elements that are stacks."""
        super().__init__(element)
        self.device, self.array, self.count, self.written, self.inner = device, array, count, written or [0], inner

    @property
    def nbytes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How much memory the elements take."""
        return self.count * bytes_of(self.element) if not isinstance(self.element, StackSpec) else 0

    def __len__(self) -> int:
        return self.count

    def pushed(self, x: Any) -> DevicePile:
        """The stack with `x` on top: an address, or a stack."""
        if isinstance(self.element, StackSpec):
            return DevicePile(self.device, self.element, count=self.count + 1, inner=(*self.inner, x))
        array, written = self.array, self.written
        if array is None or self.count == array.shape[0] or self.count != written[0]:
            array, written = self.device.empty((max(ROOM, 2 * self.count), *self.shape), self.dtype), [self.count]
            if self.count:
                self.device.card.copy(array.address, self.array.address, self.count * bytes_of(self.element))
        self.device.card.copy(array.address + self.count * bytes_of(self.element), x, bytes_of(self.element))
        written[0] = self.count + 1
        return DevicePile(self.device, self.element, array, self.count + 1, written)

    def popped(self) -> tuple[DevicePile, Any]:
        """The stack without its top, and the top: an address, or a stack."""
        below = DevicePile(self.device, self.element, self.array, self.count - 1, self.written, self.inner[:-1])
        if isinstance(self.element, StackSpec):
            return below, self.inner[-1]
        return below, self.array.address + (self.count - 1) * bytes_of(self.element)

    def stacked(self) -> Any:
        """The elements along a new first axis, that of the bottom first: an array of the device."""
        if self.array is None:
            return self.device.empty((0, *self.shape), self.dtype)
        return self.array.rows(0, self.count)

    def rows(self) -> Any:
        """The rows of all elements, those of the bottom first."""
        return self.stacked().reshape((self.count * self.shape[0], *self.shape[1:]))

    def of(self, array: Any, shape: tuple[int, ...] | None = None) -> DevicePile:
        """A stack as deep, of the elements along the first axis of an array."""
        element = self.element if shape is None else Spec(shape, self.dtype)
        return DevicePile(self.device, element, array.reshape((self.count, *element.shape)), self.count, [self.count])


def on_device(device: Any, x: Cell) -> DevicePile:
    """A stack on a device; one of the CPU is copied."""
    if isinstance(x, DevicePile):
        return x
    found = DevicePile(device, x.element)
    for top in reversed(x.tops()):
        found = found.pushed(on_device(device, top) if isinstance(top, Cell) else device.from_numpy(top).address)
    return found


@dataclass(frozen=True)
class Rename:
    """Let a stack have another name."""

    target: str
    source: str
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        frame.piles[self.target] = frame.piles[self.source]


@dataclass(frozen=True)
class Begin:
    """An empty stack."""

    target: str
    element: Spec
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        frame.piles[self.target] = DevicePile(frame.device, self.element)


@dataclass(frozen=True)
class Push:
    """A stack with a value, or another stack, on top."""

    target: str
    below: str
    value: Spot | str
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        value = frame.piles[self.value] if isinstance(self.value, str) else frame.at(self.value)
        frame.piles[self.target] = frame.piles[self.below].pushed(value)


@dataclass(frozen=True)
class Pop:
    """A stack without its top; the top is where it was."""

    target: str
    top: str
    source: str
    nbytes: int = 0  # of a top that is copied, as it may lie where 16 bytes cannot be read at once
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        below, top = frame.piles[self.source].popped()
        frame.piles[self.target] = below
        if isinstance(top, DevicePile):
            frame.piles[self.top] = top
        elif self.nbytes:
            frame.card.copy(frame.addresses[self.top], top, self.nbytes, frame.stream)
        else:
            frame.addresses[self.top] = top


@dataclass(frozen=True)
class OfPiles:
    """What is computed with all elements of stacks, by an op of the device."""

    compute: Callable[..., Any]
    stacks: tuple[str, ...]
    operands: tuple[Memory, ...]
    target: str | Memory
    is_recordable: bool = False

    def run(self, frame: Frame) -> None:
        arrays = [CudaArray(m.shape, m.dtype, frame.device, frame.at(spot_of(m)), frame) for m in self.operands]
        found = self.compute(*[frame.piles[name] for name in self.stacks], *arrays)
        if isinstance(self.target, str):
            frame.piles[self.target] = found
        else:
            frame.card.copy(frame.at(spot_of(self.target)), found.address, bytes_of(self.target.spec))


def write_empty_stack(region: GpuRegion, node: Node) -> bool:
    """A pile that has nothing in it."""
    region.lines.append(Begin(region.pile_of(node.outputs[0]).name, node.attrs["element"]))
    return True


def write_push(region: GpuRegion, node: Node) -> bool:
    """A copy of the value at the top."""
    below, x = region.stack(node.inputs[0]), node.inputs[1]
    inner = isinstance(node.inputs[0].spec.element, StackSpec)
    value = region.stack(x).name if inner else spot_of(region.dense(x, node.outputs[0]))
    region.lines.append(Push(region.pile_of(node.outputs[0]).name, below.name, value))
    return True


def write_pop(region: GpuRegion, node: Node) -> bool:
    """The top of a pile is memory of the pile."""
    stack, top = node.outputs
    below, source = region.pile_of(stack), region.stack(node.inputs[0])
    if isinstance(top.spec, StackSpec):
        name = region.pile_of(top).name
    elif bytes_of(top.spec) % ALIGN:
        target = region.places[top.key] = region.memory(top)
        region.lines.append(Pop(below.name, target.pointer, source.name, bytes_of(top.spec)))
        return True
    else:
        name = region.program.elsewhere(top.dtype)
        region.places[top.key] = region.program.memory_at(name, top.spec)
    region.lines.append(Pop(below.name, name, source.name))
    return True


def run(name: str, *arrays: Any, **attrs: Any) -> Any:
    """What an op gives for arrays of a device."""
    with observers.hidden():
        return OPS[name](*map(wrap, arrays), **attrs).buffer


def _matmul(xs: DevicePile, ys: DevicePile) -> Any:
    x, y = xs.rows(), ys.rows()
    return run("matmul", run("matrix_transpose", x), y)


COMPUTE: dict[str, Callable[..., Any]] = {
    "zero_stack": lambda xs: xs.of(run("zeros_like", xs.stacked())),
    "add_stacks": lambda xs, ys: xs.of(run("add", xs.stacked(), ys.stacked())),
    "stack_matmul": _matmul,
    "each_matmul": lambda xs, y: xs.of(run("matmul", xs.rows(), y), (xs.shape[0], y.shape[1])),
    "stack_sum": lambda xs: run("sum", xs.rows(), axis=0),
    "each_filled": lambda xs, y: xs.of(run("broadcast_to", y, shape=(xs.count, *xs.shape))),
    "stacked": lambda xs: xs.stacked(),
}


def write_of_piles(region: GpuRegion, node: Node) -> bool:
    """An op with all elements."""
    y = node.outputs[0]
    stacks = tuple(region.stack(x).name for x in node.inputs if isinstance(x.spec, StackSpec))
    operands = tuple(region.dense(x, y) for x in node.inputs if not isinstance(x.spec, StackSpec))
    target = region.pile_of(y).name if isinstance(y.spec, StackSpec) else region.memory(y)
    region.lines.append(OfPiles(COMPUTE[node.op.name], stacks, operands, target))
    if isinstance(target, Memory):
        region.places[y.key] = target
    return True


def write_piled(region: GpuRegion, node: Node) -> bool:
    """A stack of what lies along the first axis."""
    x, y = node.inputs[0], node.outputs[0]
    element: Any = y.spec.element  # pyright: ignore[reportAttributeAccessIssue]

    def piled(array: Any) -> DevicePile:
        kept = array.device.empty(array.shape, array.dtype)
        array.device.card.copy(kept.address, array.address, array.nbytes)
        return DevicePile(kept.device, element, kept, x.shape[0], [x.shape[0]])

    region.lines.append(OfPiles(piled, (), (region.dense(x, y),), region.pile_of(y).name))
    return True


WRITES: dict[str, Callable[[Any, Node], bool]] = {
    "empty_stack": write_empty_stack,
    "push": write_push,
    "pop": write_pop,
    "piled": write_piled,
    **dict.fromkeys(COMPUTE, write_of_piles),
}
