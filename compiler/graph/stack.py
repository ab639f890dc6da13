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

    def rebuilt(self, tops: list[Any]) -> Cell:
        """A stack of other elements, given from the top."""
        cell = Cell(self.element)
        for top in reversed(tops):
            cell = Cell(self.element, cell, top)
        return cell


class Rows(Cell):
    """A stack of arrays of one shape in an array, which has room for as many as there may be.

    A row is written once: a stack that is pushed on where another was before goes on as a chain of cells.
    """

    __slots__ = ("array", "capacity", "count", "written")

    def __init__(self, element: Spec, capacity: int) -> None:
        super().__init__(element)
        self.capacity, self.count = capacity, 0
        self.array: Any = None
        self.written = [0]  # rows, shared by all stacks in the array

    def pushed(self, x: Any) -> Cell:
        if self.count == self.capacity or self.count != self.written[0] or not isinstance(x, np.ndarray):
            return Cell(self.element, self, x)
        if self.array is None:
            self.array = memory.empty((self.capacity, *x.shape), x.dtype)
        self.array[self.count] = x
        self.written[0] += 1
        higher = Rows(self.element, self.capacity)
        higher.array, higher.count, higher.written = self.array, self.count + 1, self.written
        higher.below, higher.top = self, self.array[self.count, ...]
        return higher


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
    """A stack with no elements, for values of this spec; memory for as many as `capacity` is made at once."""
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


empty_stack.gradient(None)
push.gradient(lambda dy, _y, _stack, _x: tuple(pop(dy)))
pop.gradient(lambda dy, _y, _stack: push(*dy))
zero_stack.gradient(None)
add_stacks.gradient(lambda dy, _z, _x, _y: dy, lambda dy, _z, _x, _y: dy)
alias.gradient(lambda dy, _y, _x: dy)
