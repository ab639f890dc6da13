"""Nodes that are no maps and no folds, as steps of the GPU: products, joining, changing of parts.

What is a copy between places on the CPU is one here, written by the same functions.
"""

from __future__ import annotations

from ..backend import nodes
from ..backend.nodes import Write

SHARED = ("reshape", "unslice", "set_slice", "unstack", "split_lengths", "concat", "stack", "pad")

WRITES: dict[str, Write] = {name: nodes.WRITES[name] for name in SHARED}
