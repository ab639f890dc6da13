"""The verifier: what holds for every graph, one function for each rule.

Passes and people build graphs; this says whether they still are graphs, naming the node at fault. Each rule looks
at one graph; `verify` applies all of them to the graph and to the regions in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...runtime import dtypes
from ...runtime.errors import SourceError
from ...runtime.op import Node
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from .graph import Graph
from .rewrite import regions, symbols
from .sizes import takes
from .symbolic import SymbolicTensor
from .text import CONTROL, line


def verify(graph: Graph) -> Graph:
    """The graph itself, if it is one.

    Errors: SourceError, naming the node and the rule that it breaks.
    """
    _verify(graph, set())
    return graph


def _verify(graph: Graph, seen: set[int]) -> None:
    if id(graph) in seen:
        return
    seen.add(id(graph))
    for rule in RULES:
        rule(graph)
    for node in graph.nodes:
        for region in regions(node.attrs).values():
            _verify(region, seen)


def _fail(graph: Graph, node: Node | None, what: str) -> SourceError:
    where = f": {line(graph, node)}" if node else ""
    return SourceError(f"verify: {what}{where}", "The graph was built or changed wrongly.")


def inputs_belong(graph: Graph) -> None:
    """Inputs are values of the graph, each once."""
    if any(x.context is not graph for x in graph.inputs):
        raise _fail(graph, None, "an input belongs to another graph")
    if len({x.key for x in graph.inputs}) != len(graph.inputs):
        raise _fail(graph, None, "an input is listed twice")


def defined_before_use(graph: Graph) -> None:
    """A value is given once, by an input or a node before those that use it."""
    known = {x.key for x in graph.inputs}
    for node in graph.nodes:
        for i, x in enumerate(node.inputs):
            if isinstance(x, SymbolicTensor) and x.key not in known:
                raise _fail(graph, node, f"operand {i} is used before it is defined, or belongs to another graph")
        for y in node.outputs:
            if y.key in known:
                raise _fail(graph, node, "a value is defined twice")
            known.add(y.key)


def outputs_exist(graph: Graph) -> None:
    """Outputs are values of the graph."""
    known = {x.key for x in (*graph.inputs, *(y for node in graph.nodes for y in node.outputs))}
    for i, y in enumerate(graph.outputs):
        if getattr(y, "key", None) not in known:
            raise _fail(graph, None, f"output {i} is not defined in the graph")


def ops_known(graph: Graph) -> None:
    """Ops are those of the table, with their attributes and number of operands."""
    for node in graph.nodes:
        if OPS.get(node.op.name) is not node.op:
            raise _fail(graph, node, f"there is no op {node.op.name}")
        missing = node.op.attribute_set - node.op.defaults.keys() - node.attrs.keys()
        odd = node.attrs.keys() - node.op.attribute_set
        if missing or odd:
            raise _fail(graph, node, f"attributes {', '.join(sorted(missing | odd))} are missing or unknown")
        if not node.op.variadic and len(node.inputs) != node.op.arity:
            raise _fail(graph, node, f"{node.op.arity} operands are taken, {len(node.inputs)} are given")


def specs_agree(graph: Graph) -> None:
    """Results have the specs that the shape rule gives."""
    for node in graph.nodes:
        try:
            specs = node.op.spec(*node.inputs, **node.attrs)
        except Exception as error:
            raise _fail(graph, node, f"the shape rule refuses it ({error})") from error
        wanted = [specs] if isinstance(specs, Spec) else list(specs)
        if [y.spec for y in node.outputs] != wanted:  # pyright: ignore[reportAttributeAccessIssue]
            raise _fail(graph, node, f"the shape rule gives {', '.join(map(str, wanted))}")


def regions_closed(graph: Graph) -> None:
    """Regions capture nothing: all that they use is passed as an operand."""
    for node in graph.nodes:
        if any(region.captured for region in regions(node.attrs).values()):
            raise _fail(graph, node, "a region is not closed")


def regions_match(graph: Graph) -> None:
    """Regions take what is passed, state before captures, and give what the node gives."""
    for node in graph.nodes:
        if node.op.name not in CONTROL:
            continue
        passed = node.inputs[1:] if node.op.name == "if" else node.inputs
        given = [x.spec for x in symbols(passed)]
        state = len(node.outputs) if node.op.name == "while" else 0
        for name in CONTROL[node.op.name]:
            region = node.attrs[name]
            if len(given) != len(passed) or not _passes(_specs(region.inputs), given, state):
                raise _fail(graph, node, f"{name} does not take what is passed")
            wanted = [Spec((), dtypes.bool_)] if name == "test" else [y.spec for y in node.outputs]  # pyright: ignore
            if not _passes(wanted, _specs(region.outputs), state if name == "step" else 0):
                raise _fail(graph, node, f"{name} gives other values than the node")
        if node.op.name == "while" and not _passes(
            _specs(node.attrs["step"].inputs[:state]), _specs(node.attrs["step"].outputs), state
        ):
            raise _fail(graph, node, "the step changes the spec of the state")


def predicate_is_bool(graph: Graph) -> None:
    """The predicate of an `if` is one bool."""
    for node in graph.nodes:
        if node.op.name == "if" and getattr(node.inputs[0], "spec", None) != Spec((), dtypes.bool_):
            raise _fail(graph, node, "the predicate is no bool[]")


def ways_back_match(graph: Graph) -> None:
    """A gradient of the user's own takes cotangents and captures, and gives cotangents of operands."""
    for node in graph.nodes:
        if node.op.name != "with_pullback":
            continue
        count, flows, back = node.attrs["count"], node.attrs["flows"], node.attrs["back"]
        captures = node.inputs[len(node.inputs) - (len(back.inputs) - count) :]
        if _specs(back.inputs) != [*_specs(node.outputs), *(getattr(x, "spec", None) for x in captures)]:
            raise _fail(graph, node, "the way back does not take what is passed")
        if _specs(back.outputs) != [node.inputs[count + i].spec for i in flows]:
            raise _fail(graph, node, "the way back gives other values than its operands' cotangents")


def _passes(wanted: Sequence[Spec], given: Sequence[Spec], state: int) -> bool:
    """Whether values are as wanted; the first ones are state, whose lengths may have names of their own."""
    first = zip(wanted[:state], given[:state], strict=False)
    return len(wanted) == len(given) and all(takes(a, b) for a, b in first) and wanted[state:] == given[state:]


def _specs(values: Sequence[Any]) -> list[Spec]:
    return [y.spec for y in values]


RULES: tuple[Callable[[Graph], None], ...] = (
    inputs_belong, ops_known, defined_before_use, outputs_exist, regions_closed, regions_match, predicate_is_bool,
    ways_back_match, specs_agree,
)  # fmt: skip
