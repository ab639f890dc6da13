"""Staging: copies between the CPU's memory and a card's, through pinned memory that the card reaches by itself.

What is uploaded is copied to a pinned slot at once, so that its owner may write to it again; a slot is used again when
its event says that the card has read it. Large copies go in pieces, of which one is copied by the CPU while the card
works on the other. This file knows slots and pieces, not the driver.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np

SLOTS, SLOT = 16, 1 << 16  # how many for small copies, and their bytes
PIECES, PIECE = 2, 4 << 20  # the same for pieces of large ones


class Copier(Protocol):
    """What moves bytes: a card."""

    stream: Any

    def pinned(self, nbytes: int) -> np.ndarray: ...
    def event(self) -> Any: ...
    def copy_in(self, address: int, pinned: np.ndarray) -> None: ...
    def copy_out(self, address: int, pinned: np.ndarray) -> None: ...


class Slot:
    """A piece of pinned memory, and the event after which it is free."""

    def __init__(self, memory: np.ndarray, event: Any) -> None:
        self.memory, self.event, self.used = memory, event, False

    def wait(self) -> None:
        """Wait until the card has done with it."""
        if self.used:
            self.event.synchronize()


class Ring:
    """Slots of one size, taken in turn."""

    def __init__(self, card: Copier, count: int, nbytes: int) -> None:
        memory = card.pinned(count * nbytes)
        self._slots = [Slot(memory[i * nbytes : (i + 1) * nbytes], card.event()) for i in range(count)]
        self._next = 0
        self.nbytes = nbytes

    def take(self) -> Slot:
        """The slot that was used the longest time ago, free."""
        slot = self._slots[self._next]
        self._next = (self._next + 1) % len(self._slots)
        slot.wait()
        return slot


class Staging:
    """The copies of one card."""

    def __init__(self, card: Copier) -> None:
        self._card = card
        self._rings: dict[int, Ring] = {}
        self._lock = threading.Lock()

    def _ring(self, nbytes: int) -> Ring:
        count, size = (SLOTS, SLOT) if nbytes <= SLOT else (PIECES, PIECE)
        if size not in self._rings:
            self._rings[size] = Ring(self._card, count, size)
        return self._rings[size]

    def upload(self, address: int, array: np.ndarray) -> None:
        """Copy an array to the card, which reads it later; the array may be written to at once."""
        source = bytes_of(array)
        with self._lock:
            ring = self._ring(len(source))
            for i in range(0, len(source), ring.nbytes):
                slot, piece = ring.take(), source[i : i + ring.nbytes]
                pinned = slot.memory[: len(piece)]
                pinned[...] = piece
                self._card.copy_in(address + i, pinned)
                self._mark(slot)

    def download(self, address: int, array: np.ndarray) -> None:
        """Fill an array from the card."""
        target = bytes_of(array)
        waiting: tuple[Slot, np.ndarray] | None = None
        with self._lock:
            ring = self._ring(len(target))
            for i in range(0, len(target), ring.nbytes):
                slot, piece = ring.take(), target[i : i + ring.nbytes]
                self._card.copy_out(address + i, slot.memory[: len(piece)])
                self._mark(slot)
                _finish(waiting)
                waiting = slot, piece
            _finish(waiting)

    def _mark(self, slot: Slot) -> None:
        slot.event.record(self._card.stream)
        slot.used = True


def _finish(waiting: tuple[Slot, np.ndarray] | None) -> None:
    """Copy a piece that the card has written out of its slot."""
    if waiting is not None:
        slot, piece = waiting
        slot.wait()
        piece[...] = slot.memory[: len(piece)]


def bytes_of(array: np.ndarray) -> np.ndarray:
    """The bytes of an array whose elements lie one after the other."""
    return array.reshape(-1).view(np.uint8)
