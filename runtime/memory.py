"""Recycled memory for large results on the CPU.

The largest cost of elementwise work on big arrays is the first touch of fresh pages, so blocks are kept and
used again. A block is free when only this file still refers to it: NumPy arrays that live in a block hold a
reference to it, whoever made them, so nothing has to be given back by hand. Blocks are page-aligned, ask for
huge pages, and the total is bounded; past the bound plain NumPy allocation serves.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from .dtypes import DType
from .spec import Shape, size

SMALLEST = 1 << 20  # bytes; below this malloc recycles well by itself
_LOOK = 64  # blocks of one size looked at before a new one is made


@dataclass
class MemoryStats:
    """Bytes held in blocks, the bound on them, and how often a block was recycled or made."""

    held: int = 0
    limit: int = 1 << 30
    recycled: int = 0
    made: int = 0


stats = MemoryStats(limit=int(os.environ.get("WEFT_MEMORY_LIMIT", 1 << 30)))
_blocks: defaultdict[int, deque[mmap.mmap]] = defaultdict(deque)


def _new_block(nbytes: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, nbytes)
    block = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            block.madvise(mmap.MADV_HUGEPAGE)
        except OSError:  # a kernel without transparent huge pages
            pass
    return block


def _look(blocks: deque[mmap.mmap]) -> tuple[mmap.mmap, int]:
    """The next block of a size, and how many references to it there are just now."""
    block = blocks.popleft()
    references = sys.getrefcount(block)
    blocks.append(block)
    return block, references


def _references_when_free() -> int:
    """What `_look` counts for a block that no array lives in; -1 where counting does not tell."""
    blocks = deque([_new_block(mmap.PAGESIZE)])
    free = _look(blocks)[1]
    array = np.frombuffer(blocks[0], np.uint8)[1:].reshape(-1, 1)
    used = _look(blocks)[1]
    del array
    return free if used > free == _look(blocks)[1] else -1


_FREE = _references_when_free()


def _take(nbytes: int) -> mmap.mmap | None:
    """A free block of exactly `nbytes`, recycled if possible; None past the bound.

    A thread that looks at a block refers to it, so no two threads find the same one free.
    """
    blocks = _blocks[nbytes]
    for _ in range(min(len(blocks), _LOOK)):
        block, references = _look(blocks)
        if references <= _FREE:
            stats.recycled += 1
            return block
    if stats.held + nbytes > stats.limit:
        trim(stats.limit - nbytes)
        if stats.held + nbytes > stats.limit:
            return None
    block = _new_block(nbytes)
    blocks.append(block)
    stats.held += nbytes
    stats.made += 1
    return block


def trim(keep: int = 0) -> None:
    """Give free blocks back to the system until at most `keep` bytes are held."""
    for nbytes, blocks in list(_blocks.items()):
        for _ in range(len(blocks)):
            if stats.held <= keep:
                return
            block, references = _look(blocks)
            if references <= _FREE and blocks[-1] is block:
                blocks.pop()
                stats.held -= nbytes


def empty(shape: Shape, dtype: DType) -> np.ndarray:
    """An uninitialised array; a large one in recycled memory."""
    n = size(shape)
    nbytes = n * dtype.itemsize
    if nbytes < SMALLEST or _FREE < 0:
        return np.empty(shape, dtype)
    block = _take(-(-nbytes // mmap.PAGESIZE) * mmap.PAGESIZE)
    if block is None:
        return np.empty(shape, dtype)
    return np.frombuffer(block, dtype, n).reshape(shape)
