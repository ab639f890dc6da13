"""The verifier finds each kind of fault that a pass could make, says which, and names the node."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.graph import Graph, GraphNode
from weft.compiler.graph.parser import parse
from weft.compiler.graph.symbolic import SymbolicTensor
from weft.compiler.graph.verify import RULES, verify
from weft.runtime.op import Op
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

CHAIN = "graph (x: f32[3]) -> f32[] { y = exp x; z = sum y axis=0; return z }"
LOOP = """
graph (x: f32[3], w: f32[3]) -> f32[3] {
  y = while (y: f32[3] = x; w) {
    test { a = max y; b = less a 9.0; yield b }
    step { c = add y w; yield c }
  }
  return y
}"""
BRANCH = """
graph (p: bool[], x: f32[3]) -> f32[3] {
  y = if p (x) { then { a = exp x; yield a } else { b = sin x; yield b } }
  return y
}"""


def replace(graph: Graph, i: int, **fields: Any) -> None:
    graph.nodes[i] = graph.nodes[i]._replace(**fields)


def plant_foreign_input(graph: Graph) -> None:
    graph.inputs.append(Graph().input(Spec((), wf.float32)))


def plant_input_twice(graph: Graph) -> None:
    graph.inputs.append(graph.inputs[0])


def plant_late_definition(graph: Graph) -> None:
    graph.nodes.reverse()


def plant_foreign_operand(graph: Graph) -> None:
    replace(graph, 0, inputs=(Graph().input(Spec((3,), wf.float32)),))


def plant_double_definition(graph: Graph) -> None:
    graph.nodes.append(graph.nodes[0])


def plant_foreign_output(graph: Graph) -> None:
    graph.outputs = [SymbolicTensor(graph, Spec((), wf.float32))]


def plant_number_as_output(graph: Graph) -> None:
    graph.outputs = [1.0]


def exq(x: Any, /) -> Spec:
    """A shape rule of no op."""
    return x.spec


def plant_unknown_op(graph: Graph) -> None:
    op = Op("exq", exq, np.exp)
    del OPS["exq"]
    replace(graph, 0, op=op)


def plant_missing_attribute(graph: Graph) -> None:
    x = graph.inputs[0]
    graph.nodes.append(GraphNode(wf.reshape, (x,), {"copy": None}, (SymbolicTensor(graph, x.spec),)))


def plant_unknown_attribute(graph: Graph) -> None:
    replace(graph, 0, attrs={"speed": 9})


def plant_missing_operand(graph: Graph) -> None:
    replace(graph, 0, inputs=())


def plant_refused_attribute(graph: Graph) -> None:
    replace(graph, 1, attrs={**graph.nodes[1].attrs, "axis": 7})


def plant_wrong_spec(graph: Graph) -> None:
    graph.nodes[0].outputs[0].spec = Spec((3,), wf.float64)  # pyright: ignore[reportAttributeAccessIssue]


def own_gradient(graph: Graph) -> Graph:
    """A graph with a gradient of the user's own, in place of one that was parsed."""

    @wf.custom_gradient
    def doubled(x: Any) -> Any:
        return x * 2.0, lambda dy: dy * x

    graph.nodes = []
    graph.outputs = [doubled(graph.inputs[0])]
    return graph.nodes[1].attrs["back"]


def plant_way_back_without_capture(graph: Graph) -> None:
    own_gradient(graph).inputs.append(Graph().input(Spec((), wf.float32)))


def plant_way_back_to_nothing(graph: Graph) -> None:
    own_gradient(graph).outputs = []


def region(graph: Graph, name: str) -> Graph:
    return graph.nodes[0].attrs[name]


def plant_open_region(graph: Graph) -> None:
    step = region(graph, "step")
    step.outputs = [step.lift(graph.inputs[1])]


def plant_forgotten_capture(graph: Graph) -> None:
    replace(graph, 0, inputs=graph.nodes[0].inputs[:1])


def plant_number_for_capture(graph: Graph) -> None:
    replace(graph, 0, inputs=(graph.nodes[0].inputs[0], 1.0))


def plant_other_state(graph: Graph) -> None:
    step = region(graph, "step")
    step.outputs = [wf.astype(step.outputs[0], wf.float64)]


def plant_state_that_changes(graph: Graph) -> None:
    plant_other_state(graph)
    replace(graph, 0, outputs=(SymbolicTensor(graph, Spec((3,), wf.float64)),))
    graph.outputs = list(graph.nodes[0].outputs)


def plant_test_of_many(graph: Graph) -> None:
    test = region(graph, "test")
    test.outputs = [test.inputs[0] > 0]


def plant_other_branch(graph: Graph) -> None:
    other = region(graph, "other")
    other.outputs = []


def plant_odd_predicate(graph: Graph) -> None:
    x = graph.inputs[1]
    replace(graph, 0, inputs=(x, x))


def plant_fault_inside(graph: Graph) -> None:
    step = region(graph, "step")
    step.nodes.append(step.nodes[0])


# fmt: off
FAULTS: list[tuple[str, Callable[[Graph], None], str]] = [
    (CHAIN,  plant_foreign_input,      "an input belongs to another graph"),
    (CHAIN,  plant_input_twice,        "an input is listed twice"),
    (CHAIN,  plant_late_definition,    "operand 0 is used before it is defined, or belongs to another graph: z = sum y"),
    (CHAIN,  plant_foreign_operand,    "operand 0 is used before it is defined, or belongs to another graph: y = exp ?"),
    (CHAIN,  plant_double_definition,  "a value is defined twice: y = exp x"),
    (CHAIN,  plant_foreign_output,     "output 0 is not defined in the graph"),
    (CHAIN,  plant_number_as_output,   "output 0 is not defined in the graph"),
    (CHAIN,  plant_unknown_op,         "there is no op exq: y = exq x"),
    (CHAIN,  plant_missing_attribute,  "attributes shape are missing or unknown: value 2 = reshape x copy=None"),
    (CHAIN,  plant_unknown_attribute,  "attributes speed are missing or unknown: y = exp x speed=9"),
    (CHAIN,  plant_missing_operand,    "1 operands are taken, 0 are given: y = exp"),
    (CHAIN,  plant_refused_attribute,  "the shape rule refuses it (sum:"),
    (CHAIN,  plant_wrong_spec,         "the shape rule gives f32[3]: y = exp x"),
    (LOOP,   plant_open_region,        "a region is not closed: y = while x w"),
    (LOOP,   plant_forgotten_capture,  "test does not take what is passed: y = while x"),
    (LOOP,   plant_number_for_capture, "test does not take what is passed: y = while x 1.0"),
    (LOOP,   plant_other_state,        "step gives other values than the node: y = while x w"),
    (LOOP,   plant_state_that_changes, "the step changes the spec of the state: "),
    (LOOP,   plant_test_of_many,       "test gives other values than the node: y = while x w"),
    (LOOP,   plant_fault_inside,       "a value is defined twice: c = add "),
    (CHAIN,  plant_way_back_without_capture, "the way back does not take what is passed: value 1 = with_pullback"),
    (CHAIN,  plant_way_back_to_nothing, "the way back gives other values than its operands' cotangents: value 1 = "),
    (BRANCH, plant_other_branch,       "other gives other values than the node: y = if p x"),
    (BRANCH, plant_odd_predicate,      "the predicate is no bool[]: y = if x x"),
]
# fmt: on


@pytest.mark.parametrize(("source", "plant", "message"), FAULTS, ids=[plant.__name__ for _, plant, _ in FAULTS])
def test_a_planted_fault_is_found_and_named(source: str, plant: Callable[[Graph], None], message: str) -> None:
    graph = verify(parse(source))
    plant(graph)
    with pytest.raises(wf.errors.SourceError, match=re.escape(f"verify: {message}")):
        verify(graph)


def test_every_rule_fails_for_some_fault() -> None:
    unbroken = {rule.__name__ for rule in RULES}
    for source, plant, _ in FAULTS:
        for rule in RULES:
            graph = parse(source)
            plant(graph)
            inner = [x for node in graph.nodes for x in node.attrs.values() if isinstance(x, Graph)]
            for one in (graph, *inner):
                try:
                    rule(one)
                except wf.errors.SourceError:
                    unbroken.discard(rule.__name__)
    assert not unbroken
