"""Walks: nodes that go through elements in order, each in a kernel of its own.

A scatter puts elements where positions say, a scan carries a value along an axis. Either reads its operands element by
element, so these may be computed in its kernel; what a walk gives is in memory before anything reads it.
"""

from __future__ import annotations

from typing import Any

from ...runtime.op import Node
from ...runtime.ops.gathering import places_shape
from ...runtime.spec import Shape, normalize_axis

PUTS = frozenset({"index_put", "scatter_along"})  # they begin with a copy of their first operand
SCATTERS = frozenset({"index_sum", *PUTS})
SCANS = frozenset({"cumulative_sum", "cumulative_prod", "cumulative_max", "cumulative_min", "linear_recurrence"})
WALKS = SCATTERS | SCANS


def axes_of(node: Node) -> tuple[int, ...]:
    """The axes that positions index."""
    rank = len(node.outputs[0].shape)
    named = node.attrs["axes"] if "axes" in node.attrs else (node.attrs["axis"],)
    return tuple(normalize_axis(node.op.name, axis, rank) for axis in named)


def walked(node: Node) -> Shape:
    """The index space of a walk: that of the elements it moves."""
    if node.op.name not in SCATTERS:
        return node.inputs[0].shape
    y: Any = node.outputs[0]
    if node.op.name == "scatter_along":
        return along_shape(y.shape, node.inputs[1].shape, *axes_of(node))
    return places_shape(y.shape, node.inputs[1], axes_of(node))


def along_shape(x: Shape, positions: Shape, axis: int) -> Shape:
    """The shape of what is moved along an axis: the other axes are broadcast."""
    return tuple(m if i == axis or n == 1 else n for i, (n, m) in enumerate(zip(x, positions, strict=True)))
