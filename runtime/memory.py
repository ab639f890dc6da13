"""Recycled memory for large results on the CPU.

The largest cost of elementwise work on big arrays is the first touch of fresh pages, so blocks are kept and
used again. A block is free when only this file still refers to it: NumPy arrays that live in a block hold a
reference to it, whoever made them, so nothing has to be given back by hand. Blocks are page-aligned, ask for
huge pages, and the total is bounded; past the bound plain NumPy allocation serves.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .dtypes import DType
from .spec import Shape, size

SMALLEST = 1 << 20  # bytes; below this malloc recycles well by itself
_LOOK = 64  # blocks of one size looked at before a new one is made


@dataclass
class MemoryStats:
    """Bytes held in blocks, the bound on them, and how often a block was recycled or made.   Units: bytes.

    What is counted on GPUs alone is 0 on the CPU.
    """

    held: int = 0
    limit: int = 1 << 30
    recycled: int = 0
    made: int = 0
    in_use: int = 0  # of those held
    spare: int = 0  # what other caches keep: native programs', for the stacks of their loops; on a GPU, what is free
    peak: int = 0  # the most that was in use at once; on GPUs
    allocations: int = 0  # blocks handed out so far; on GPUs
    total: int = 0  # the memory of a GPU
    free: int = 0  # what nobody holds of it, in any process


stats = MemoryStats(limit=int(os.environ.get("WEFT_MEMORY_LIMIT", 1 << 30)))
Cache = Callable[[int], int]
caches: list[Cache] = []  # other caches: each gives back what exceeds so many bytes, and says what it keeps
_blocks: defaultdict[int, list[mmap.mmap]] = defaultdict(list)
_lock = threading.Lock()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)  # another thread may have held it


def _new_block(nbytes: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, nbytes)
    block = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without transparent huge pages
            block.madvise(mmap.MADV_HUGEPAGE)
    return block


def _references(blocks: list[mmap.mmap], i: int) -> int:
    block = blocks[i]
    return sys.getrefcount(block)


def _references_when_free() -> int:
    """What `_references` counts for a block that no array lives in; -1 where counting does not tell."""
    blocks = [_new_block(mmap.PAGESIZE)]
    free = _references(blocks, 0)
    array = np.frombuffer(blocks[0], np.uint8)[1:].reshape(-1, 1)
    used = _references(blocks, 0)
    del array
    return free if used > free == _references(blocks, 0) else -1


_FREE = _references_when_free()


def _find(blocks: list[mmap.mmap]) -> mmap.mmap | None:
    """A free block, the latest used first: it may still be in the caches."""
    for i in range(len(blocks) - 1, max(-1, len(blocks) - 1 - _LOOK), -1):
        if _references(blocks, i) <= _FREE:
            block = blocks.pop(i)
            blocks.append(block)
            stats.recycled += 1
            return block
    return None


def _make(blocks: list[mmap.mmap], nbytes: int) -> mmap.mmap | None:
    """A new block; None past the bound."""
    if stats.held + nbytes > stats.limit:
        _trim(stats.limit - nbytes)
    if stats.held + nbytes > stats.limit:
        return None
    block = _new_block(nbytes)
    blocks.append(block)
    stats.held += nbytes
    stats.made += 1
    return block


def _trim(keep: int) -> None:
    for nbytes, blocks in _blocks.items():
        for i in range(len(blocks) - 1, -1, -1):
            if stats.held > keep and _references(blocks, i) <= _FREE:
                blocks.pop(i)
                stats.held -= nbytes


def trim(keep: int = 0) -> None:
    """Give memory that nothing lives in back to the system until at most `keep` bytes are held."""
    with _lock:
        _trim(keep)
    for cache in caches:
        cache(keep)


def memory_stats() -> MemoryStats:
    """What the recycled memory of large results on the CPU holds, which eager and compiled code share."""
    with _lock:
        used = [n for n, blocks in _blocks.items() for i in range(len(blocks)) if _references(blocks, i) > _FREE]
        return replace(stats, in_use=sum(used), spare=sum(cache(sys.maxsize) for cache in caches))


def is_block(owner: object) -> bool:
    """Whether memory's owner is one of the blocks here, which only arrays from here live in."""
    return isinstance(owner, mmap.mmap) and any(block is owner for block in list(_blocks.get(len(owner), ())))


def empty(shape: Shape, dtype: DType) -> np.ndarray:
    """An uninitialised array; a large one in recycled memory."""
    n = size(shape)
    nbytes = n * dtype.itemsize
    if nbytes < SMALLEST or _FREE < 0:
        return np.empty(shape, dtype)
    rounded = -(-nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    with _lock:  # until the array refers to the block, it looks free
        blocks = _blocks[rounded]
        block = _find(blocks) or _make(blocks, rounded)
        if block is not None:
            return np.frombuffer(block, dtype, n).reshape(shape)
    return np.empty(shape, dtype)
