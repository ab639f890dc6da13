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


def _references(block: mmap.mmap) -> int:
    return sys.getrefcount(block)


_FREE = _references(mmap.mmap(-1, 1))  # what a block shows when only our own variable holds it


def _take(nbytes: int) -> mmap.mmap | None:
    """A free block of exactly `nbytes`, recycled if possible; None past the bound."""
    blocks = _blocks[nbytes]
    for _ in range(min(len(blocks), _LOOK)):
        block = blocks.popleft()
        free = _references(block) <= _FREE + 1
        blocks.append(block)
        if free:
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
            block = blocks.popleft()
            if _references(block) <= _FREE + 1:
                stats.held -= nbytes
            else:
                blocks.append(block)


def empty(shape: Shape, dtype: DType) -> np.ndarray:
    """An uninitialised array; a large one in recycled memory."""
    n = size(shape)
    nbytes = n * dtype.itemsize
    if nbytes < SMALLEST:
        return np.empty(shape, dtype)
    block = _take(-(-nbytes // mmap.PAGESIZE) * mmap.PAGESIZE)
    if block is None:
        return np.empty(shape, dtype)
    return np.frombuffer(block, dtype, n).reshape(shape)
