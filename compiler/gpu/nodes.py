"""Nodes that are no maps and no folds, as steps of the GPU: products, joining, changing of parts.

What is a copy between places on the CPU is one here, written by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...runtime.op import Node
from ..backend import nodes

Write = Callable[[Any, Node], bool]  # of a region of the GPU

SHARED = ("reshape", "unslice", "set_slice", "unstack", "split_lengths", "concat", "stack", "pad")

WRITES: dict[str, Write] = {name: nodes.WRITES[name] for name in SHARED}
