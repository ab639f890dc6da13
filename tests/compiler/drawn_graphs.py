"""Graphs that hypothesis draws over the whole op table, with tensors for their inputs.

An op is drawn with one of its samples. An operand is a value that is there already, if one has its shape and dtype,
or else a new input, which the sample gives. Regions of `if`, `while` and `call` are drawn in the same way from what
is around them, and what goes through a stack comes back from it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "table"))
from op_cases import (  # pyright: ignore[reportMissingImports]
    ALL_OPS,
    OVERRIDES,
    Case,
    is_floating,
    samples_of,
)

import weft as wf
from weft.compiler.graph.control import apply_control, call, if_, while_
from weft.compiler.graph.graph import Graph, close, region_of
from weft.compiler.graph.stack import empty_stack, pop, push
from weft.runtime import dtypes
from weft.runtime.families import Elementwise
from weft.runtime.spec import Spec

FLAG = Spec((), dtypes.bool_)
# What is drawn again and again, and the values that arithmetic treats apart.
COMMON = ("add", "subtract", "multiply", "divide", "negative", "tanh", "exp", "maximum", "where", "sum", "reshape",
          "broadcast_to", "astype", "greater", "logical_and", "matmul", "transpose_2d", "permute_dims", "floor_divide", "abs")  # fmt: skip
SPECIAL = (0.0, -0.0, 1.0, np.inf, -np.inf, np.nan)
NUMBERS = (0, 1, 0.0, -0.0, 1.0, 0.5, -2.0, 2, True)


class Drawn(NamedTuple):
    """A graph, and tensors for its inputs."""

    graph: Graph
    data: list[Any]

    def __repr__(self) -> str:
        return f"{self.graph}\n# {self.data}"


def cases(smooth: bool) -> list[Case]:
    """The samples of the ops that are drawn; `smooth`: of those that have derivatives of what they give."""
    ops = [op for op in ALL_OPS if not op.effect and not op.variadic and op.name not in OVERRIDES]
    return [Case(op, i, one) for op in ops if op.differentiable or not smooth for i, one in enumerate(samples_of(op))]


class Builder:
    """Writes one graph."""

    def __init__(self, draw: st.DrawFn, smooth: bool) -> None:
        self.draw, self.smooth = draw, smooth
        self.root, self.data = Graph(), list[Any]()
        every = cases(smooth)
        common = [case for case in every if case.op.name in COMMON]
        self.cases = st.one_of(st.sampled_from(common), st.sampled_from(every))

    def input(self, array: np.ndarray) -> Any:
        """A new input, and what it is given."""
        if not self.smooth and is_floating(array) and array.size and self.draw(st.integers(0, 9)) == 9:
            array = array.copy()
            array.flat[0] = self.draw(st.sampled_from(SPECIAL))
        self.data.append(wf.tensor(array))
        return self.root.input(self.data[-1].spec)

    def block(self, graph: Graph, values: list[Any], depth: int, size: int) -> None:
        """Some ops, and what they give."""
        steps = [self.op] * 5 + ([self.branch, self.loop, self.call, self.stack] if depth else [])
        for step in self.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=size)):
            values += step(graph, values, depth)

    def value(self, graph: Graph, values: list[Any], spec: Spec, array: np.ndarray) -> Any:
        """A value of a spec."""
        fitting = [x for x in values if x.spec == spec]
        if fitting and self.draw(st.integers(0, 3)):
            return graph.lift(fitting[-1 - self.draw(st.integers(0, len(fitting) - 1))])
        values.append(self.input(array))
        return graph.lift(values[-1])

    def op(self, graph: Graph, values: list[Any], depth: int) -> list[Any]:
        case = self.draw(self.cases)
        operands = []
        for x in case.draw():
            if isinstance(x, np.ndarray):
                x = self.value(graph, values, Spec(x.shape, dtypes.as_dtype(x.dtype)), x)
            operands.append(x)
        if isinstance(case.op, Elementwise) and len(operands) == 2 and self.draw(st.integers(0, 4)) == 4:
            operands[self.draw(st.integers(0, 1))] = self.number(operands[0].dtype)
        results = graph.run(case.op, operands, case.attributes())
        return [results] if hasattr(results, "spec") else list(results)

    def number(self, dtype: Any) -> Any:
        """A Python number that a dtype takes."""
        kinds = bool if dtype is dtypes.bool_ else int if dtype in dtypes.INTEGERS else int | float
        return self.draw(
            st.sampled_from(
                [n for n in NUMBERS if isinstance(n, kinds) and type(n) is not (bool if kinds is not bool else int)]
            )
        )

    def inside(self, graph: Graph, values: list[Any], depth: int, *more: Any) -> tuple[Graph, list[Any]]:
        """A region that sees what is around it, and what was computed in it."""
        region = graph if isinstance(graph, Graph) else Graph()
        seen = [*values, *more]
        self.block(region, seen, depth - 1, 3)
        return region, seen

    def results(self, region: Graph, seen: list[Any], specs: list[Spec]) -> list[Any]:
        """The values of a region that it gives for these specs."""
        found = []
        for spec in specs:
            fitting = [x for x in seen if x.spec == spec]
            found.append(region.lift(fitting[-1 - self.draw(st.integers(0, min(3, len(fitting) - 1)))]))
        return found

    def chosen(self, values: list[Any], count: int) -> list[Any]:
        plain = [x for x in values if x.dtype not in dtypes.COMPLEX]
        return [plain[-1 - i % len(plain)] for i in self.draw(st.lists(st.integers(0, 5), min_size=1, max_size=count))]

    def some(self, values: list[Any]) -> None:
        if not [x for x in values if x.dtype not in dtypes.COMPLEX]:
            values.append(self.input(np.array(0.75)))

    def branch(self, graph: Graph, values: list[Any], depth: int) -> list[Any]:
        self.some(values)
        predicate = self.value(graph, values, FLAG, np.array(self.draw(st.booleans())))
        specs, regions = [x.spec for x in self.chosen(values, 3)], []
        for _ in range(2):
            region, seen = self.inside(Graph(graph), values, depth)
            region.outputs = self.results(region, seen, specs)
            regions.append(region)
        outer = close(regions)
        return list(apply_control(graph, if_, (predicate, *outer), {"then": regions[0], "other": regions[1]}))

    def loop(self, graph: Graph, values: list[Any], depth: int) -> list[Any]:
        self.some(values)
        state = [graph.lift(x) for x in self.chosen(values, 3)]
        count = graph.lift(wf.asarray(self.draw(st.integers(0, 3))))
        specs = [*[x.spec for x in state], count.spec]
        test, step = region_of(graph, specs), region_of(graph, specs)
        test.outputs = [test.inputs[-1] > 0]
        _, seen = self.inside(step, values, depth, *step.inputs[:-1])
        step.outputs = [*self.results(step, seen, specs[:-1]), step.inputs[-1] - 1]
        outer = close([test, step])
        return list(apply_control(graph, while_, (*state, count, *outer), {"test": test, "step": step}))[:-1]

    def call(self, graph: Graph, values: list[Any], depth: int) -> list[Any]:
        self.some(values)
        body, seen = self.inside(Graph(graph), values, depth)
        body.outputs = [body.lift(x) for x in self.chosen(seen, 3)]
        outer = close([body])
        return list(apply_control(graph, call, outer, {"body": body}))

    def stack(self, graph: Graph, values: list[Any], depth: int) -> list[Any]:
        self.some(values)
        first = self.chosen(values, 1)[0]
        held = [first, *self.results(graph, values, [first.spec])]
        stack = graph.run(empty_stack, (), {**empty_stack.defaults, "element": first.spec})
        for x in held:
            stack = push(stack, graph.lift(x))
        found = []
        for _ in held:
            stack, top = pop(stack)
            found.append(top)
        return found


@st.composite
def graphs(draw: st.DrawFn, smooth: bool = False) -> Drawn:
    """Graphs with data; `smooth`: of ops with derivatives, in double precision, without special values."""
    builder, values = Builder(draw, smooth), list[Any]()
    builder.block(builder.root, values, 2, 5)
    builder.some(values)
    builder.root.outputs = list({x.key: x for x in builder.chosen(values, 4)}.values())
    return Drawn(builder.root, builder.data)
