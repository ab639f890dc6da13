"""Stacks that go into native programs and come out of them, as the interpreter has them.

A program takes and gives a stack as two words: the address of a pile (piles.h), and how many elements it has. Elements
of a pile that was handed over are seen as arrays, which keep all that the call handed over alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels import native
from ...kernels.launch import in_order
from ...runtime.dtypes import int64
from ...runtime.spec import Spec, StackSpec
from ..graph.stack import Cell, Rows
from .places import bytes_of, contiguous

WORDS = Spec((2,), int64)  # of a stack
PILE = Spec((7,), int64)  # next, data, room, high, element, call, handed


class Keeper:
    """What a call handed over; it is freed with this."""

    __slots__ = ("address",)

    def __init__(self, address: int) -> None:
        self.address = address

    def __del__(self) -> None:
        if self.address:
            native.release_chain(self.address)


class Handed(Cell):
    """A stack of stacks that a program handed over."""

    __slots__ = ("address", "count", "keeper")

    def __init__(self, element: Spec, keeper: Keeper, address: int, count: int) -> None:
        self.element, self.keeper, self.address, self.count = element, keeper, address, count

    def at(self, i: int) -> Cell:
        """An element, counted from the bottom."""
        data = int(_view(self.address, PILE)[1])
        address, count = _view(data + 16 * i, WORDS)
        assert isinstance(self.element, StackSpec)
        return stack_at(self.element.element, self.keeper, int(address), int(count))

    @property
    def below(self) -> Cell | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What lies below the top; None if the stack is empty."""
        return Handed(self.element, self.keeper, self.address, self.count - 1) if self.count else None

    @property
    def top(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The element that was pushed last."""
        return self.at(self.count - 1)


def _view(address: int, spec: Spec, keeper: Keeper | None = None) -> np.ndarray:
    place = contiguous("", spec)
    return native.view(address, spec, place.strides, keeper)


def stack_at(element: Spec, keeper: Keeper, address: int, count: int) -> Cell:
    """The stack of so many elements of a pile."""
    if isinstance(element, StackSpec):
        return Handed(element, keeper, address, count)
    if not count:
        return Rows(element, 16)
    data = int(_view(address, PILE)[1])
    array = _view(data, Spec((count, *element.shape), element.dtype), keeper)
    return Rows(element, count, array, count, [count])


def given(stack: Cell, alive: list[Any]) -> np.ndarray:
    """A stack as two words for a program; what has to live as long as the call is added to `alive`."""
    if isinstance(stack, Handed):
        alive.append(stack)
        address, count = stack.address, stack.count
    else:
        elements = _elements(stack, alive)
        nbytes = 16 if isinstance(stack.element, StackSpec) else bytes_of(stack.element)
        count = len(elements)
        pile = np.array([0, elements.ctypes.data, count, count, nbytes, 0, 0], int64)
        alive += (elements, pile)
        address = pile.ctypes.data
    return np.array([address, count], int64)


def _elements(stack: Cell, alive: list[Any]) -> np.ndarray:
    """What lies in a pile, the bottom first."""
    if isinstance(stack.element, StackSpec):
        words = [given(top, alive) for top in reversed(stack.tops())]
        return np.array(words, int64).reshape(-1, 2)
    if isinstance(stack, Rows) and stack.array is not None:
        return in_order(stack.array[: stack.count])
    return in_order(stack.stacked())
