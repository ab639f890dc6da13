"""What a loop keeps: operands of products that are the same in every trip, packed as the library wants them.

The memory is apart from that of the loop's steps, and is given back after the loop. An operand that loops in each other
all capture is kept by the outermost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ...kernels.spelling import index_text
from ...runtime.dim import likely
from .places import Block, Memory, Place

if TYPE_CHECKING:
    from .region import Region

PANEL = 128  # bytes of the rows that operands are packed in, at most
MOST = 1 << 24  # bytes of an operand of which a loop keeps a copy


@dataclass
class Loop:
    """A loop that is being written: the memory that it captures, and what goes before it."""

    captured: frozenset[str]
    lines: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    names: dict[Any, str] = field(default_factory=dict)

    def holds(self, place: Memory) -> bool:
        """Whether memory is the same in every trip."""
        return place.pointer in self.captured or place.pointer.startswith("constant")


def loop_of(captured: Iterable[Place]) -> Loop:
    """A loop that captures these."""
    return Loop(frozenset(place.pointer for place in captured if isinstance(place, Memory)))


def kept(region: Region, place: Memory, rows: Any, columns: Any) -> str | None:
    """The C name of what loops keep of a matrix, the last two axes of a place, if they do."""
    loops = list(takewhile(lambda loop: loop.holds(place), reversed(region.loops)))
    in_panel = PANEL // place.dtype.itemsize
    nbytes = -(-columns // in_panel) * PANEL * rows
    if not loops or place.start.terms or likely(nbytes) > MOST:
        return None
    loop = loops[-1]
    key = (place.pointer, index_text(place.start), str(place.strides[-2:]), str((rows, columns)))
    if key not in loop.names:
        block = region.program.arena.take_apart(nbytes)
        loop.blocks.append(block)
        loop.names[key] = region.printer.fresh("v")
        loop.lines.append(f"struct wf_kept {loop.names[key]} = {{arena + {block.start}}};")
    return loop.names[key]
