"""Stacks: what a loop saves on its way, for its backward pass to take off again in reverse.

A stack is an ordinary value whose elements share one spec; they may be stacks themselves. `push` and `pop` are
each other's gradient, which is all that derivatives of loops need, to any order. On the CPU a stack is a chain of
cells that is never changed, so pushing makes a new stack and leaves the old one as it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np

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


@op(lambda element: Cell(element))
def empty_stack(*, element: Spec) -> StackSpec:
    """A stack with no elements, for values of this spec."""
    return stack_of(element)


@op(lambda stack, x: Cell(stack.element, stack, x))
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
