"""Kernels of the library: functions of CUDA C that kernels call with the sizes and the places of a node.

What differs from node to node is a constant in the text of a kernel, so the compiler knows it. A kernel that is written
here has no more than its shared memory and a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...kernels.kernel import Parameter
from ...kernels.print_cuda import Launch
from ...kernels.spelling import carrier, index_text
from ...runtime.op import Node
from ..backend.groups import Group
from ..backend.places import Block, Memory

if TYPE_CHECKING:
    from .region import GpuRegion

ROOM = "extern __shared__ __align__(16) unsigned char room[];"


def at(place: Memory) -> str:
    """The C text of where a value begins."""
    text = index_text(place.start)
    return place.pointer if text == "0" else f"{place.pointer} + {text}"


def call(
    region: GpuRegion,
    pages: Sequence[str],
    node: Node,
    lines: Sequence[str],
    reads: Sequence[Memory | str],
    writes: Sequence[Memory | str],
    blocks: int | tuple[int, int],
    threads: int,
    shared: int = 0,
) -> None:
    """Run a kernel of these lines, which call functions of pages; `shared`: the bytes at `room`."""
    region.program.pages.update(dict.fromkeys(pages))
    names = [x if isinstance(x, str) else x.pointer for x in (*reads, *writes)]
    written = {x if isinstance(x, str) else x.pointer for x in writes}
    pointers = region.program.pointers
    parameters = [Parameter(name, carrier(pointers[name]), True, name in written) for name in dict.fromkeys(names)]
    lines = [*[ROOM] * bool(shared), *lines]
    text = region.program.printer.kernel(parameters, lines, threads)
    grid = blocks if isinstance(blocks, tuple) else (blocks, 1)
    region.put(Launch(text, grid, (threads, 1), shared), parameters, Group("other", (), nodes=[node]))


def room(region: GpuRegion, dtype: np.dtype, count: int, owner: list[Block]) -> str:
    """The name of memory for so many elements."""
    block = region.program.arena.take(count * dtype.itemsize)
    owner.append(block)
    return region.program.in_arena(block, dtype)


def give_back(region: GpuRegion, owner: Sequence[Block]) -> None:
    """Give back memory that kernels before this point used."""
    for block in owner:
        region.program.arena.give(block)
