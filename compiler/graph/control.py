"""Control flow as ops: `while`, `if` and `call`, whose attributes are closed regions.

    while   operands: the state, then what the regions capture; test: (state, captures) -> bool[];
            step: (state, captures) -> state
    if      operands: the predicate, then what the branches capture; then, other: captures -> results
    call    operands: the arguments; body: arguments -> results
    with_pullback   operands: values, then what their cotangents go to, then captures;
                    back: (the values' cotangents, captures) -> cotangents

Their derivatives are control flow again. The backward pass of a loop needs the states it went through, so the
loop in the graph is exchanged for its saving form, which pushes each state on a stack and counts; the way back is
a loop that counts down, pops a state, and carries cotangents through the step. The way back of an `if` is an `if`
on the same predicate. Integer and bool state carries no cotangent.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

from ...runtime import dtypes, observers
from ...runtime.backprop import Cotangents, backpropagate, reachable
from ...runtime.eager import wrap
from ...runtime.op import Node, Op
from ...runtime.spec import Spec, StackSpec, stack_of
from ...runtime.tensor import OPS
from .graph import WRITTEN_AS, Graph, Stopped, SymbolicTensor, close, write_to, writing
from .interpret import interpret
from .rewrite import Rewriter, does_something
from .stack import alias, empty_stack, pop, push, zero_stack


class ControlOp(Op[..., Any]):
    """An op with regions; its derivative is written from the node, which holds them."""

    raises = True

    def __init__(self, name: str, rule: Callable[..., Any], kernel: Callable[..., Any], pullback: Any) -> None:
        super().__init__(name, rule, kernel)
        self.pullback = pullback
        self.rules = _never  # marks it differentiable

    def pull(self, node: Any, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
        return self.pullback(Node(*node), dys, known)


def _never(*_: Any, **__: Any) -> Any:
    raise AssertionError("a control op is pulled by node")


def _tensors(region: Graph, buffers: Sequence[Any]) -> tuple[Any, ...]:
    """The buffers that a region gives for these."""
    with observers.hidden():
        return tuple(y.buffer for y in interpret(region, [wrap(b) for b in buffers]))


# -- while


def _while_spec(*operands: Any, test: Graph, step: Graph) -> tuple[Spec, ...]:
    """Repeat `step` on the state while `test` holds.   Gives the last state."""
    return tuple(y.spec for y in step.outputs)


def _run_while(*buffers: Any, test: Graph, step: Graph) -> tuple[Any, ...]:
    n = len(step.outputs)
    state, captures = tuple(buffers[:n]), tuple(buffers[n:])
    while bool(_tensors(test, state + captures)[0]):
        state = _tensors(step, state + captures)
    return state


def _saving(graph: Graph, node: Node) -> tuple[Any, ...]:
    """The results of a loop's saving form: the last state, the stacks of the states it went through, their number.

    The loop in the graph is exchanged for it, unless that was done for another gradient.
    """
    n = len(node.attrs["step"].outputs)
    place = next(i for i, other in enumerate(graph.nodes) if any(y is node.outputs[-1] for y in other.outputs))
    found = graph.nodes[place]
    if len(found.outputs) > n:
        return found.outputs
    tail = graph.nodes[place + 1 :]
    del graph.nodes[place:]
    specs = [y.spec for y in node.attrs["step"].outputs]
    empties = [_emit_empty(graph, s) for s in specs]
    zero = graph.lift(OPS["asarray"](0))
    attrs = {"test": _widened(node.attrs["test"], specs, False), "step": _widened(node.attrs["step"], specs, True)}
    extra = tuple(SymbolicTensor(graph, s) for s in (*map(stack_of, specs), Spec((), dtypes.int64)))
    inputs = (*found.inputs[:n], *empties, zero, *found.inputs[n:])
    saving = Node(while_, inputs, attrs, (*found.outputs, *extra))
    graph.nodes += [saving, *tail]
    if observers.watching.count:  # tapes around know the state already; of the stacks they have to be told
        unseen = tuple(SymbolicTensor(graph, s) for s in specs)
        observers.tell(while_, inputs, attrs, (*unseen, *extra))
    return saving.outputs


def _widened(region: Graph, specs: Sequence[Spec], saves: bool) -> Graph:
    """A region of a loop for its saving form."""
    n, new = len(specs), Graph(region.parent)
    inputs = [new.input(s) for s in (*specs, *map(stack_of, specs), Spec((), dtypes.int64))]
    rest = [new.input(x.spec, x.name) for x in region.inputs[n:]]
    outputs, _ = new.inline(region, [*inputs[:n], *rest])
    if saves:
        outputs += [push(stack, x) for stack, x in zip(inputs[n : 2 * n], inputs[:n], strict=True)]
        outputs.append(inputs[2 * n] + 1)
    new.outputs = outputs
    return new


def _emit_empty(graph: Graph, element: Spec) -> Any:
    return graph.emit(empty_stack, (), {"element": element}, [stack_of(element)])[0]


def _zeros(graph: Graph, x: Any) -> Any:
    """Zeros like a value of a graph."""
    if isinstance(x.spec, StackSpec):
        return zero_stack(x)
    return OPS["broadcast_to"](graph.lift(OPS["zeros"]((), dtype=x.dtype)), shape=x.shape)


def _smooth(values: Sequence[Any]) -> list[int]:
    """The places of the values that can carry a cotangent."""
    return [i for i, x in enumerate(values) if x.dtype in dtypes.INEXACT]


def vjp(graph: Graph, region: Graph, args: Sequence[Any], dys: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """Write a region and its way back into `graph`: the cotangents of the wanted arguments, zeros where none."""
    return value_and_vjp(graph, without_effects(region), args, dys, wanted)[1]


def value_and_vjp(
    graph: Graph, region: Graph, args: Sequence[Any], dys: Sequence[Any], wanted: Sequence[int]
) -> tuple[list[Any], list[Any]]:
    """As `vjp`, with all that the region does: its outputs, too."""
    fresh = [alias(x) if i in wanted else x for i, x in enumerate(args)]
    outputs, nodes = graph.inline(region, fresh)
    cotangents: Cotangents = {}
    for y, dy in zip(outputs, dys, strict=True):
        if dy is not None and isinstance(y, SymbolicTensor):
            cotangents[y.key] = dy if y.key not in cotangents else cotangents[y.key] + dy
    sources = {fresh[i].key for i in wanted}
    backpropagate(nodes, cotangents, reachable(nodes, sources), sources)
    found = [cotangents.get(fresh[i].key) for i in wanted]
    return outputs, [_zeros(graph, fresh[i]) if dx is None else dx for i, dx in zip(wanted, found, strict=True)]


def without_effects(graph: Graph) -> Graph:
    """The graph without what it does besides computing: a way back must not print again what was printed.

    What a gradient of the user's own does stays: it happens when that gradient is computed.
    """
    if not does_something(graph):
        return graph
    return Rewriter(lambda _, __, node: () if node.op.effect else None, "back").graph(graph, graph.parent)


def _pull_while(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    step = node.attrs["step"]
    n = len(step.outputs)
    graph = node.outputs[0].context
    results = _saving(graph, node)
    stacks, count = list(results[n : 2 * n]), results[2 * n]
    state, captures = node.inputs[:n], node.inputs[n:]
    flows = _smooth(state)
    wanted = [i for i in _smooth(captures) if captures[i].key in known]
    start = [dys[i] if dys[i] is not None else _zeros(graph, results[i]) for i in flows]
    start += [_zeros(graph, captures[i]) for i in wanted] + stacks + [count]

    test, back = (Graph(graph) for _ in range(2))
    for region in (test, back):
        for x in start:
            region.input(graph.lift(x).spec)
    test.outputs = [test.inputs[-1] > 0]
    d_state, d_captures = back.inputs[: len(flows)], back.inputs[len(flows) : len(flows) + len(wanted)]
    popped = [pop(stack) for stack in back.inputs[len(flows) + len(wanted) : -1]]
    args = [x for _, x in popped] + [back.lift(x) for x in captures]
    given: list[Any] = [None] * n
    for i, dx in zip(flows, d_state, strict=True):
        given[i] = dx
    dxs = vjp(back, step, args, given, [*flows, *(n + i for i in wanted)])
    sums = [before + dx for before, dx in zip(d_captures, dxs[len(flows) :], strict=True)]
    back.outputs = [*dxs[: len(flows)], *sums, *(rest for rest, _ in popped), back.inputs[-1] - 1]
    outer = close([test, back])
    ends = apply_control(graph, while_, (*start, *outer), {"test": test, "step": back})
    keys = [state[i].key for i in flows] + [captures[i].key for i in wanted]
    return [(key, dx) for key, dx in zip(keys, ends, strict=False) if key in known]


while_ = ControlOp("while", _while_spec, _run_while, _pull_while)


# -- if


def _if_spec(predicate: Any, /, *operands: Any, then: Graph, other: Graph) -> tuple[Spec, ...]:
    """One of two regions, by a predicate."""
    return tuple(y.spec for y in then.outputs)


def _run_if(predicate: Any, *buffers: Any, then: Graph, other: Graph) -> tuple[Any, ...]:
    return _tensors(then if bool(predicate) else other, buffers)


def _pull_if(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    graph = node.outputs[0].context
    predicate, operands = node.inputs[0], node.inputs[1:]
    wanted = [i for i in _smooth(operands) if operands[i].key in known]
    branches = []
    for name in ("then", "other"):
        region = Graph(graph)
        given = [None if dy is None else region.lift(dy) for dy in dys]
        args = [region.lift(x) for x in operands]
        region.outputs = vjp(region, node.attrs[name], args, given, wanted)
        branches.append(region)
    outer = close(branches)
    dxs = apply_control(graph, if_, (predicate, *outer), {"then": branches[0], "other": branches[1]})
    return [(operands[i].key, dx) for i, dx in zip(wanted, dxs, strict=True)]


if_ = ControlOp("if", _if_spec, _run_if, _pull_if)


# -- call


def _call_spec(*operands: Any, body: Graph) -> tuple[Spec, ...]:
    """A graph applied to arguments."""
    return tuple(y.spec for y in body.outputs)


def _pull_call(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    graph, body = node.outputs[0].context, node.attrs["body"]
    wanted = [i for i in _smooth(node.inputs) if node.inputs[i].key in known]
    if isinstance(graph, Graph):
        dxs = vjp(graph, body, node.inputs, dys, wanted)
    else:
        given = [i for i, dy in enumerate(dys) if dy is not None]
        back = backward(body, tuple(wanted), tuple(given))
        dxs = call(*node.inputs, *(dys[i] for i in given), body=back)
    return [(node.inputs[i].key, dx) for i, dx in zip(wanted, dxs, strict=True)]


def backward(body: Graph, wanted: tuple[int, ...], given: tuple[int, ...]) -> Graph:
    """The way back of a whole graph: its inputs and the given results' cotangents to the wanted inputs' cotangents."""
    known = body.backward.get((wanted, given))
    if known is None:
        known = Graph()
        inputs = [known.input(x.spec, x.name) for x in body.inputs]
        dys: list[Any] = [None] * len(body.outputs)
        for i in given:
            dys[i] = known.input(body.outputs[i].spec, "d" + (body.outputs[i].name or str(i)))
        known.outputs = vjp(known, body, inputs, dys, wanted)
        body.backward[wanted, given] = known
    return known


call = ControlOp("call", _call_spec, lambda *buffers, body: _tensors(body, buffers), _pull_call)


# -- gradients of one's own


def _pullback_spec(*operands: Any, count: int, flows: tuple[int, ...], label: str, back: Graph) -> tuple[Spec, ...]:
    """The first `count` operands; the cotangents of the next ones, at `flows`, are what `back` gives."""
    return tuple(x.spec for x in operands[:count])


def _pull_own(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    count, flows, back = node.attrs["count"], node.attrs["flows"], node.attrs["back"]
    given = [OPS["zeros_like"](y) if dy is None else dy for y, dy in zip(node.outputs, dys, strict=True)]
    captures = node.inputs[len(node.inputs) - (len(back.inputs) - count) :]
    dxs = _written(node.outputs[0].context, back, [*given, *captures])
    keys = [node.inputs[count + i].key for i in flows]
    return [(key, dx) for key, dx in zip(keys, dxs, strict=True) if key in known]


def _written(graph: Any, region: Graph, args: Sequence[Any]) -> list[Any]:
    """What a region gives: computed now, or written where values of `graph` are computed, in view of the tapes."""
    if not isinstance(graph, Graph):
        return interpret(region, args)
    inner = writing()
    graph = inner if inner is not None and inner.within(graph) else graph
    outputs, nodes = graph.inline(region, args)
    if observers.watching.count:
        for node in nodes:
            observers.tell(node.op, graph.outside(node.inputs), node.attrs, node.outputs)
    return outputs


with_pullback = ControlOp("with_pullback", _pullback_spec, lambda *xs, count, **_: xs[:count], _pull_own)


def _written_with_pullback(graph: Graph, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """Write down a gradient of the user's own now, as a region: later, what it remembers is in no graph any more.

    One that raises does so when the gradient is asked for.
    """
    count = attrs["count"]
    back = Graph(graph)
    dys = [back.input(x.spec) for x in inputs[:count]]
    try:
        with write_to(back), observers.hidden():
            dxs = attrs["pullback"](*dys)
            flows = tuple(i for i, dx in enumerate(dxs) if dx is not None)
            back.outputs = [back.lift(dxs[i]) for i in flows]
    except Stopped:
        flows = tuple(i for i in _smooth(inputs) if i >= count)
        back.outputs = [back.lift(_zeros(back, inputs[i])) for i in flows]
        flows = tuple(i - count for i in flows)
    except Exception:
        return graph.emit(OPS["with_gradient"], inputs, attrs, [x.spec for x in inputs[:count]])  # pyright: ignore[reportArgumentType]
    captures = close([back])
    held = {"count": count, "flows": flows, "label": attrs["label"], "back": back}
    return graph.run(with_pullback, (*inputs, *captures), held)


WRITTEN_AS["with_gradient"] = _written_with_pullback


def apply_control(graph: Graph, op: ControlOp, operands: Sequence[Any], attrs: dict[str, Any]) -> tuple[Any, ...]:
    """Apply a control op in a graph: its results."""
    return graph.run(op, operands, attrs)
