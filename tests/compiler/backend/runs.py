"""Running a graph natively and by the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from weft.compiler.backend.program import Program
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.runtime.eager import wrap


def build(graph: Graph) -> Program:
    """The native program of a graph."""
    return Program(graph)


def interpreted(graph: Graph, arrays: Sequence[Any]) -> list[np.ndarray]:
    """What the interpreter gives."""
    return [y.buffer for y in interpret(graph, [wrap(np.asarray(a)) for a in arrays])]  # pyright: ignore[reportAttributeAccessIssue]
