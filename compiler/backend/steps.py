"""Steps: the parts of a native program, as comments in its C and as what a timed program measures.

A step is a group of the graph: a kernel, a product, a loop, a call of Python. It stands for lines of the user's program.
How much it reads, writes and computes is counted from its nodes; how long it took, a timed program writes into a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ...runtime.errors import Position
from ...runtime.op import Node
from ...runtime.spec import StackSpec, size
from ..graph.symbolic import SymbolicTensor
from .groups import Group
from .views import FOLDS

ROOM = 1 << 16  # entries of a log
HEAD = 3  # words before the entries: how many came, how many there is room for, the address of the clock


@dataclass(frozen=True)
class Step:
    """A part of a program.

    Units: bytes that one run reads and writes at least; arithmetic operations of one run.
    """

    ops: str
    lines: tuple[Position, ...]
    bytes: int
    operations: int
    is_loop: bool = False


def step_of(group: Group, given: Sequence[Any]) -> Step:
    """What a group does that gives these values to others."""
    nodes = members(group)
    names = " ".join(dict.fromkeys(node.op.name for node in nodes))
    made = {y.key for node in nodes for y in node.outputs}
    read = {x.key: x for node in nodes for x in node.inputs if isinstance(x, SymbolicTensor) and x.key not in made}
    moved = sum(map(_bytes, (*read.values(), *given)))
    loop = any(node.op.name in ("while", "if", "call") for node in nodes)
    return Step(names, tuple(lines_of(nodes)), moved, sum(map(operations, nodes)), loop)


def members(group: Group) -> list[Node]:
    """The nodes that a group computes."""
    return [*group.inlined, *group.nodes]


def lines_of(nodes: Iterable[Node]) -> list[Position]:
    """The lines of the user's program that nodes stand for, each once, in their order."""
    found = {where for node in nodes if (where := getattr(node, "where", None)) is not None}
    return sorted(found)


def _bytes(x: Any) -> int:
    return 0 if isinstance(x.spec, StackSpec) else size(x.shape) * x.dtype.itemsize


def operations(node: Node) -> int:
    """The additions, multiplications, and calls of functions that a node takes."""
    if any(isinstance(y.spec, StackSpec) for y in node.outputs) or not node.outputs:
        return 0
    y, tensors = node.outputs[0], [x for x in node.inputs if isinstance(x, SymbolicTensor)]
    if node.op.name == "matmul":
        return 2 * size(y.shape) * tensors[0].shape[-1]
    if node.op.name == "conv":
        return 2 * size(y.shape) * prod(tensors[1].shape[:-1])
    if node.op.name == "conv_dx":
        return 2 * size(tensors[0].shape) * prod(tensors[1].shape[:-1])
    if node.op.name == "conv_dw":
        return 2 * size(tensors[1].shape) * prod(y.shape[:-1])
    if node.op.name in FOLDS:
        return size(tensors[0].shape)
    return size(y.shape) if node.op.elementwise else 0


def comments(group: Group) -> Iterator[str]:
    """The lines of the user's program, as comments."""
    return (f"// {line}" for line in lines_of(members(group)))


def without_comments(lines: Iterable[str]) -> list[str]:
    """The lines of C that a compiler needs: the same wherever the user's lines have moved to."""
    return [line for line in lines if not line.lstrip().startswith("//")]


class Log:
    """Where a timed program writes which step ran, from when to when."""

    def __init__(self, clock: int) -> None:
        self.words = np.zeros(HEAD + 3 * ROOM, np.int64)
        self.words[1:HEAD] = ROOM, clock

    def clear(self) -> None:
        """Forget what was written."""
        self.words[0] = 0

    def entries(self) -> tuple[np.ndarray, int]:
        """Rows of step, begin and end in nanoseconds, in the order of their ends; and how many found no room."""
        count = int(self.words[0])
        kept = min(count, ROOM)
        return self.words[HEAD : HEAD + 3 * kept].reshape(kept, 3).copy(), count - kept


def timed(lines: Sequence[str], number: int, begun: str) -> list[str]:
    """Lines of C that log how long they take."""
    return [f"i64 {begun} = wf_now(log);", *lines, f"wf_log(log, {number}, {begun});"]
