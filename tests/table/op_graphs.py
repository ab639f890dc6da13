"""Graphs of the ops of the table: what the tests of each executor build, a graph for many ops, as builds take long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from op_cases import ALL_OPS, ELEMENTWISE, Case, elementwise_operands, samples_of

from weft.compiler.graph.graph import Graph
from weft.runtime import dtypes
from weft.runtime.families import Elementwise
from weft.runtime.spec import Spec

SHAPES = {1: [((37,),), ((),)], 2: [((5, 37), (37,)), ((3, 1), (1, 19)), ((), (21,))], 3: [((5, 37), (37,), (1,))]}
REALS = [d for d in dtypes.ALL if d not in dtypes.COMPLEX]
FLOATS = [d for d in dtypes.ALL if d in dtypes.FLOATS]
# Halves may be neighbours where what is rounded differs in the last place of a float32.
TOLERANCE = {np.dtype("float32"): 3e-6, np.dtype("float64"): 1e-13, dtypes.float16: 1e-3, dtypes.bfloat16: 8e-3}
# Regions are tested as programs.
APART = frozenset({"with_gradient"})
OTHERS = [Case(op, i, one) for op in ALL_OPS if not isinstance(op, Elementwise) and op.name not in APART
          for i, one in enumerate(samples_of(op))]  # fmt: skip


def itself(x: Any, i: int) -> Any:
    """What an op takes of an operand: all of it."""
    return x


class Call(NamedTuple):
    """An op, its operands and attributes; `seen` takes a part of operand i, as a view."""

    name: str
    op: Any
    operands: Sequence[Any]
    attrs: dict[str, Any]
    seen: Callable[[Any, int], Any] = itself


def graph_of(calls: Sequence[Call]) -> tuple[Graph, list[np.ndarray], list[str]]:
    """A graph that applies ops, each to operands of its own; the operands; and a name for each result."""
    graph, arrays, names = Graph(), list[np.ndarray](), list[str]()
    for call in calls:
        given = []
        for i, x in enumerate(call.operands):
            if isinstance(x, np.ndarray):
                arrays.append(x)
                x = call.seen(graph.input(Spec(x.shape, dtypes.as_dtype(x.dtype))), i)
            given.append(x)
        found = graph.run(call.op, *call.op.bind(tuple(given), call.attrs))
        results = list(found) if isinstance(found, tuple) else [found]
        graph.outputs += results
        names += [call.name] * len(results)
    return graph, arrays, names


def elementwise(dtype: Any) -> list[Call]:
    """Every elementwise op that takes a dtype, with each of some shapes."""
    return [
        Call(f"{op.name} {dtype} {shapes}", op, elementwise_operands(op, dtype, shapes), {})
        for op in ELEMENTWISE
        if dtype in op.takes
        for shapes in SHAPES[op.arity]
    ]


def sampled(cases: Sequence[Case], real: Any) -> list[Call]:
    """Samples of ops with their real operands in a floating dtype."""
    calls = []
    for case in cases:
        operands = [x.astype(real) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in case.draw()]
        calls.append(Call(f"{case} {real}", case.op, operands, case.attributes()))
    return calls


def compare(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """Hold results against others: the same dtypes and shapes, and values but for rounding."""
    for name, x, y in zip(names, found, wanted, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape), name
        near = TOLERANCE.get(x.dtype, 0.0)
        if x.dtype is dtypes.bfloat16:
            x, y = x.astype("f"), y.astype("f")
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(x, y, rtol=near, atol=near, err_msg=name)
