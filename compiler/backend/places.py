"""Places: where the values of a program are while it runs.

A tensor without axes is a C variable, `Register`. Other tensors are `Memory`: a pointer, strides, and the place of the
first element. A stack is a C struct, `Pile`. `Arena` hands out the memory of a call, whose size and offsets are
decided when the program is written: a value's memory serves another once the value was read for the last time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels.kernel import ZERO, Index
from ...kernels.spelling import supported
from ...runtime.dim import terms_of
from ...runtime.spec import Shape, Spec, StackSpec, size
from .views import row_major

ALIGN = 64
SMALL = 16  # elements of a tensor that is kept in variables


class Unsupported(Exception):  # noqa: N818  (it is no error: such graphs are interpreted)
    """A graph that native programs cannot run."""


@dataclass(frozen=True, eq=False)
class Register:
    """A C variable."""

    name: str
    spec: Spec


@dataclass(frozen=True, eq=False)
class Spread:
    """A small tensor: a C variable for each element, in row-major order."""

    names: tuple[str, ...]
    spec: Spec


@dataclass(frozen=True, eq=False)
class Pile:
    """A C variable that holds a stack."""

    name: str
    spec: Spec


@dataclass(frozen=True, eq=False)
class Memory:
    """Elements in memory."""

    pointer: str
    spec: Spec
    strides: tuple[Any, ...]
    start: Index = ZERO
    root: Any = None  # what keeps the memory: the allocation it lies in; None for what outlives the call
    own: int | None = None  # the key of the one value that lies here, where that may be changed in place

    @property
    def shape(self) -> Shape:
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype:
        return self.spec.dtype

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie one after the other."""
        return all(n == 1 or a == b for n, a, b in zip(self.shape, self.strides, row_major(self.shape), strict=True))


@dataclass(frozen=True, eq=False)
class Rows:
    """Positions that are numbers of the program, one for each axis that they index."""

    names: tuple[str, ...]
    spec: Spec


Place = Register | Spread | Pile | Memory


def in_register(spec: Spec) -> bool:
    """Whether a value is a C variable."""
    return not spec.shape and supported(spec.dtype)


def is_small(spec: Spec) -> bool:
    """Whether a tensor is kept in variables."""
    return (
        not isinstance(spec, StackSpec) and bool(spec.shape) and 0 < size(spec.shape) <= SMALL and supported(spec.dtype)
    )


def contiguous(pointer: str, spec: Spec, root: Any = None) -> Memory:
    """Memory whose elements lie one after the other."""
    return Memory(pointer, spec, row_major(spec.shape), ZERO, root)


def bytes_of(spec: Spec) -> int:
    """How much memory a value takes."""
    return max(size(spec.shape), 1) * spec.dtype.itemsize


@dataclass(eq=False)
class Block:
    """A piece of the arena."""

    start: Any
    end: Any


class Arena:
    """The memory of a call: pieces are taken and given back as the program runs through its steps."""

    def __init__(self) -> None:
        self.live: list[Block] = []
        self.size: Any = 0

    def take(self, nbytes: Any) -> Block:
        """The first piece that is free and large enough."""
        nbytes = (nbytes + ALIGN - 1) // ALIGN * ALIGN
        start = 0
        place = 0
        for place, block in enumerate(self.live):  # noqa: B007
            if block.start - start >= nbytes:
                break
            start = block.end
        else:
            place = len(self.live)
        found = Block(start, start + nbytes)
        self.live.insert(place, found)
        self.size = max(self.size, found.end)
        return found

    def take_apart(self, nbytes: Any) -> Block:
        """A piece that nothing has used so far, for what a loop keeps: its earlier steps run again after later ones."""
        found = Block(self.size, self.size + (nbytes + ALIGN - 1) // ALIGN * ALIGN)
        self.live.append(found)
        self.size = found.end
        return found

    def give(self, block: Block) -> None:
        """Give a piece back."""
        if block in self.live:
            self.live.remove(block)


class OpenArena(Arena):
    """The memory of a call whose sizes are not known: a piece serves again for a value of the very same size."""

    def __init__(self) -> None:
        super().__init__()
        self.free: dict[Any, list[Block]] = {}

    def take(self, nbytes: Any) -> Block:
        nbytes = (nbytes + ALIGN - 1) // ALIGN * ALIGN
        waiting = self.free.get(terms_of(nbytes))
        if waiting:
            return waiting.pop()
        return self.take_apart(nbytes)

    def give(self, block: Block) -> None:
        self.free.setdefault(terms_of(block.end - block.start), []).append(block)
