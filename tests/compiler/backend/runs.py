"""Running a graph natively and by the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from weft.compiler.backend.program import Program
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.runtime.eager import wrap


class Native(Program):
    """A native program that is given arrays which fit it."""

    def __call__(self, buffers: list[Any]) -> list[np.ndarray]:
        results = super().__call__(buffers)
        assert results is not None, "arrays of other specs"
        return results


def build(graph: Graph) -> Native:
    """The native program of a graph."""
    return Native(graph)


def interpreted(graph: Graph, arrays: Sequence[Any]) -> list[np.ndarray]:
    """What the interpreter gives."""
    return [y.buffer for y in interpret(graph, [wrap(np.asarray(a)) for a in arrays])]  # pyright: ignore[reportAttributeAccessIssue]
