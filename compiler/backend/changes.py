"""Changes: a value that is another with a part of it written anew, in the same memory where nothing else needs that.

A loop that writes a row of its state in each trip would else copy all of it in each trip. The state of a loop lies in
memory that nothing else holds, and so does what was made of it here; where the change is the last to read it, the part
is written there, and the state need not take turns with a second piece of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...runtime.op import Node
from .places import Memory

if TYPE_CHECKING:
    from .region import Region


def changed(region: Region, node: Node, inlined: Sequence[Node] = ()) -> Memory:
    """Memory that holds the first operand, for a part of it to be written; `inlined`: what is computed with the part."""
    x, y = node.inputs[0], node.outputs[0]
    place = region.places.get(x.key)  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(place, Memory) and place.own == x.key and _is_last(region, node, inlined):  # pyright: ignore
        return replace(place, own=y.key)
    target = region.target(y)
    region.write(target, x)
    return target


def _is_last(region: Region, node: Node, inlined: Sequence[Node]) -> bool:
    """Whether nothing reads the first operand besides, neither later nor for the part."""
    x, *rest = node.inputs
    read = [*rest, *(z for one in inlined for z in one.inputs)]
    key: int = x.key  # pyright: ignore[reportAttributeAccessIssue]
    return key in region.dying and all(owner.key != key for z in read for owner in region.fusion.owners(z))
