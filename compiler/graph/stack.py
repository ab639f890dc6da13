"""Stacks: what a loop saves on its way, for its backward pass to take off again in reverse.

A stack is an ordinary value whose elements share one spec; they may be stacks themselves. `push` and `pop` are
each other's gradient, which is all that derivatives of loops need, to any order. On the CPU a stack is a chain of
cells that is never changed, so pushing makes a new stack and leaves the old one as it was. Where it is known how
many elements there may be, they lie in rows of one array, made beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...runtime import memory
from ...runtime.device import cpu
from ...runtime.op import op
from ...runtime.spec import Shape, Spec, StackSpec, stack_of
from ...runtime.tensor import OPS


class Cell:
    """The top of a stack and what lies below; the empty stack has no `below`."""

    __slots__ = ("below", "element", "top")
    __array_ufunc__ = None
    device = cpu
    nbytes = 0

    def __init__(self, element: Spec, below: Cell | None = None, top: Any = None) -> None:
        self.element, self.below, self.top = element, below, top

    @property
    def shape(self) -> Shape:
        return self.element.shape

    @property
    def dtype(self) -> np.dtype:
        return self.element.dtype

    def __len__(self) -> int:
        return len(self.tops())

    def pushed(self, x: Any) -> Cell:
        """The stack with `x` on top."""
        return Cell(self.element, self, x)

    def tops(self) -> list[Any]:
        """The elements, from the top."""
        found, cell = [], self
        while cell.below is not None:
            found.append(cell.top)
            cell = cell.below
        return found

    def rows(self) -> np.ndarray:
        """The rows of all elements, those of the bottom first."""
        tops = self.tops()[::-1]
        return np.concatenate(tops) if tops else np.zeros((0, *self.element.shape[1:]), self.dtype)

    def stacked(self) -> np.ndarray:
        """The elements along a new first axis, that of the bottom first."""
        tops = self.tops()[::-1]
        return np.stack(tops) if tops else np.zeros((0, *self.element.shape), self.dtype)

    def rebuilt(self, tops: list[Any], shape: Shape | None = None) -> Cell:
        """A stack of other elements, given from the top; `shape` is what follows their first axis, if it is another."""
        element = self.element if shape is None else Spec((*self.shape[:1], *shape), self.dtype)
        cell = Cell(element)
        for top in reversed(tops):
            cell = Cell(element, cell, top)
        return cell


class Rows(Cell):
    """A stack of arrays of one shape that lie in one array, which has room for some and grows.

    A place is written once: a stack that is pushed on where another was before goes on as a chain of cells.
    """

    __slots__ = ("array", "count", "room", "written")

    def __init__(self, element: Spec, room: int, array: Any = None, count: int = 0, written: Any = None) -> None:
        self.element, self.room, self.array, self.count = element, room, array, count
        self.written = written or [0]  # places, shared by all stacks in the array

    @property
    def below(self) -> Cell | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What lies below the top; None if the stack is empty."""
        return Rows(self.element, self.room, self.array, self.count - 1, self.written) if self.count else None

    @property
    def top(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The element that was pushed last."""
        return self.array[self.count - 1, ...]

    def pushed(self, x: Any) -> Cell:
        if self.count != self.written[0] or not isinstance(x, np.ndarray):
            return Cell(self.element, self, x)
        array, written = self.array, self.written
        if array is None or self.count == len(array):
            array, written = memory.empty((self.room if array is None else 2 * self.count, *x.shape), x.dtype), [0]
            if self.count:
                array[: self.count] = self.array[: self.count]
        array[self.count] = x
        written[0] = self.count + 1
        return Rows(self.element, self.room, array, self.count + 1, written)

    def stacked(self) -> np.ndarray:
        return super().stacked() if self.array is None else self.array[: self.count].copy()

    def rows(self) -> np.ndarray:
        return super().rows() if self.array is None else self.array[: self.count].reshape(-1, *self.array.shape[2:])


def spec_of(x: Any) -> Spec:
    """The spec of a value, eager or symbolic, tensor or stack."""
    buffer = getattr(x, "buffer", None)
    return stack_of(buffer.element) if isinstance(buffer, Cell) else x.spec


def _zeros(x: Any) -> Any:
    return x.rebuilt([_zeros(top) for top in x.tops()]) if isinstance(x, Cell) else np.zeros_like(x)


def _sum(x: Any, y: Any) -> Any:
    if isinstance(x, Cell):
        return x.rebuilt([_sum(a, b) for a, b in zip(x.tops(), y.tops(), strict=True)])
    return x + y


def _empty(element: Spec, capacity: int | None) -> Cell:
    return Cell(element) if capacity is None or isinstance(element, StackSpec) else Rows(element, capacity)


@op(_empty)
def empty_stack(*, element: Spec, capacity: int | None = None) -> StackSpec:
    """A stack with no elements, for values of this spec, that are to lie in one array with room for `capacity`."""
    return stack_of(element)


@op(lambda stack, x: stack.pushed(x))
def push(stack: Any, x: Any, /) -> Spec:
    """The stack with `x` on top."""
    return spec_of(stack)


@op(lambda stack: (stack.below, stack.top))
def pop(stack: Any, /) -> tuple[Spec, Spec]:
    """The stack without its top, and the top."""
    spec = spec_of(stack)
    assert isinstance(spec, StackSpec)
    return spec, spec.element


@op(_zeros)
def zero_stack(stack: Any, /) -> Spec:
    """A stack as deep, of zeros: the cotangent of a stack that nothing depends on."""
    return spec_of(stack)


@op(_sum)
def add_stacks(x: Any, y: Any, /) -> Spec:
    """The sums of the elements of two stacks, one by one: how cotangents of a stack add up."""
    return spec_of(x)


@op(lambda x: x)
def alias(x: Any, /) -> Spec:
    """A value, tensor or stack, under another name, to which its cotangent goes."""
    return spec_of(x)


@op(lambda stack, *, length: stack.stacked())
def stacked(stack: Any, /, *, length: int) -> Spec:
    """The elements of a stack along a new first axis, whose length the run finds.   Shapes: (...) -> (length, ...)."""
    return Spec((length, *stack.shape), stack.dtype)


@op(lambda x: Rows(Spec(x.shape[1:], x.dtype), len(x), x, len(x), [len(x)]))
def piled(x: Any, /) -> Spec:
    """A stack of what lies along the first axis, its end on top.   Shapes: (n, ...) -> (...)."""
    return stack_of(Spec(tuple(x.shape[1:]), x.dtype))


def _element(stack: Any, shape: Shape) -> Spec:
    return stack_of(Spec(shape, spec_of(stack).dtype))


@op(lambda xs, ys: xs.rows().T @ ys.rows())
def stack_matmul(xs: Any, ys: Any, /) -> Spec:
    """The sum of `x.T @ y` over the elements of two stacks, as one product of all their rows.

    Shapes: (b, n), (b, m) -> (n, m).
    """
    return Spec((xs.shape[1], ys.shape[1]), xs.dtype)


@op(lambda xs, y: xs.rebuilt([x @ y for x in xs.tops()], y.shape[1:]))
def each_matmul(xs: Any, y: Any, /) -> Spec:
    """The stack of `x @ y`.   Shapes: (b, n), (n, m) -> (b, m)."""
    return _element(xs, (xs.shape[0], y.shape[1]))


@op(lambda xs: xs.rows().sum(0))
def stack_sum(xs: Any, /) -> Spec:
    """The sum of all rows of the elements of a stack.   Shapes: (b, ...) -> (...)."""
    return Spec(xs.shape[1:], xs.dtype)


@op(lambda xs, y: xs.rebuilt([np.broadcast_to(y, x.shape) for x in xs.tops()]))
def each_filled(xs: Any, y: Any, /) -> Spec:
    """A stack as deep, every row of its elements `y`.   Shapes: (b, ...), (...) -> (b, ...)."""
    return spec_of(xs)


push.mixes = True  # an empty stack is nowhere
empty_stack.gradient(None)
push.gradient(lambda dy, _y, _stack, _x: tuple(pop(dy)))
pop.gradient(lambda dy, _y, _stack: push(*dy))
zero_stack.gradient(None)
add_stacks.gradient(lambda dy, _z, _x, _y: dy, lambda dy, _z, _x, _y: dy)
alias.gradient(lambda dy, _y, _x: dy)
stacked.gradient(lambda dy, _y, _stack, *, length: piled(dy))
piled.gradient(lambda dy, _y, _x: stacked(dy, length=_x.shape[0]))
stack_matmul.gradient(
    lambda dz, _z, _xs, ys: each_matmul(ys, OPS["matrix_transpose"](dz)), lambda dz, _z, xs, _ys: each_matmul(xs, dz)
)
each_matmul.gradient(
    lambda dz, _z, _xs, y: each_matmul(dz, OPS["matrix_transpose"](y)), lambda dz, _z, xs, _y: stack_matmul(xs, dz)
)
stack_sum.gradient(lambda dy, _y, xs: each_filled(xs, dy))
each_filled.gradient(None, lambda dz, _z, _xs, _y: stack_sum(dz))
