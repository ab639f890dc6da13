"""Control flow as ops: `while`, `if` and `call`, whose attributes are closed regions.

    while   operands: the state, then what the regions capture; test: (state, captures) -> bool[];
            step: (state, captures) -> state; max_trips and save_every bound the memory of its way back
    if      operands: the predicate, then what the branches capture; then, other: captures -> results
    call    operands: the arguments; body: arguments -> results
    with_pullback   operands: values, then what their cotangents go to, then captures;
                    back: (the values' cotangents, captures) -> cotangents

Their derivatives are control flow again: the way back of a loop is a loop (`loops.py`), that of an `if` an `if` on
the same predicate (`branches.py`), that of a call another call. None comes to an operand from which no path leads to a target.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple

from ...runtime import observers
from ...runtime.errors import ArgumentError
from ...runtime.op import Node, Op
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from .branches import pull_if
from .cotangents import smooth, vjp, zeros
from .executors import execute
from .graph import WRITTEN_AS, Graph, Stopped, close, write_to
from .interpret import interpret, run
from .loops import innermost, pull_while


class ControlOp(Op[..., Any]):
    """An op with regions; its derivative is written from the node, which holds them."""

    raises = True
    sees_unused = True
    mixes = True

    def __init__(self, name: str, rule: Callable[..., Any], kernel: Callable[..., Any], pullback: Any) -> None:
        super().__init__(name, rule, kernel)
        self.pullback = pullback
        self.rules = _never  # marks it differentiable

    def pull(self, node: Any, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
        return self.pullback(Node(*node), dys, known)


def _never(*_: Any, **__: Any) -> Any:
    raise AssertionError("a control op is pulled by node")


# -- while


def _while_spec(
    *operands: Any,
    test: Graph,
    step: Graph,
    max_trips: int | None = None,
    save_every: int | None = None,
    segment: int = 1,
) -> tuple[Spec, ...]:
    """Repeat `step` on the state while `test` holds.   Gives the last state.

    For the way back: `max_trips` is the most trips there may be, so that stacks have their memory beforehand;
    `save_every` says that every k-th state is saved only. A trip may stand for a `segment` of trips.
    """
    return tuple(x.spec for x in step.inputs[: len(step.outputs)])


def _run_while(
    *buffers: Any,
    test: Graph,
    step: Graph,
    max_trips: int | None = None,
    save_every: int | None = None,
    segment: int = 1,
) -> tuple[Any, ...]:
    n = len(step.outputs)
    state, captures = tuple(buffers[:n]), tuple(buffers[n:])
    left = -1 if max_trips is None else -(-max_trips // segment)
    while bool(run(test, state + captures)[0]):
        if left == 0:
            raise ArgumentError(
                f"while: the loop goes on after max_trips={max_trips} trips", "Allow more with wf.loop_options."
            )
        state, left = tuple(run(step, state + captures)), left - 1
    return state


while_ = ControlOp("while", _while_spec, _run_while, pull_while)


# -- if


def _if_spec(predicate: Any, /, *operands: Any, then: Graph, other: Graph) -> tuple[Spec, ...]:
    """One of two regions, by a predicate."""
    return tuple(y.spec for y in then.outputs)


def _run_if(predicate: Any, *buffers: Any, then: Graph, other: Graph) -> tuple[Any, ...]:
    return tuple(run(then if bool(predicate) else other, buffers))


if_ = ControlOp("if", _if_spec, _run_if, pull_if)


# -- call


def _call_spec(*operands: Any, body: Graph) -> tuple[Spec, ...]:
    """A graph applied to arguments."""
    return tuple(y.spec for y in body.outputs)


def _pull_call(node: Node, dys: tuple[Any, ...], known: Container[int]) -> list[tuple[int, Any]]:
    graph, body = node.outputs[0].context, node.attrs["body"]
    wanted = [i for i in smooth(node.inputs) if node.inputs[i].key in known]
    if isinstance(graph, Graph):
        dxs = vjp(innermost(graph), body, node.inputs, dys, wanted)
        return [(node.inputs[i].key, dx) for i, dx in zip(wanted, dxs, strict=True) if dx is not None]
    given = tuple(i for i, dy in enumerate(dys) if dy is not None)
    derivative: Derivative = body.derivative or Derivative(body)
    back = derivative(tuple(wanted), given)
    if not back.reached:
        return []
    values = (*node.inputs, *node.outputs)
    dxs = derivative.call(back.graph, [*(values[i] for i in back.takes), *(dys[i] for i in given)])
    return [(node.inputs[i].key, dx) for i, dx in zip(back.reached, dxs, strict=True)]


class Back(NamedTuple):
    """The way back of calls of a graph."""

    graph: Graph  # of what it takes and the cotangents given, the cotangents of what is reached
    takes: tuple[int, ...]  # places among the operands and results of the call
    reached: tuple[int, ...]  # the wanted operands to which cotangents come


class Derivative:
    """The ways back of a graph that is called as it is: they compute its values again."""

    def __init__(self, body: Graph) -> None:
        self.body = body

    def __call__(self, wanted: tuple[int, ...], given: tuple[int, ...]) -> Back:
        """The way from the cotangents of the given results to those of the wanted operands."""
        known = self.body.backward.get((wanted, given))
        if known is None:
            known = self.body.backward[wanted, given] = self.back(wanted, given)
        return known

    def back(self, wanted: tuple[int, ...], given: tuple[int, ...]) -> Back:
        """The same, made anew."""
        body, new = self.body, Graph()
        inputs = [new.input(x.spec, x.name) for x in body.inputs]
        dys: list[Any] = [None] * len(body.outputs)
        for i in given:
            dys[i] = new.input(body.outputs[i].spec, "d" + (body.outputs[i].name or str(i)))
        dxs = vjp(new, body, inputs, dys, wanted)
        new.outputs = [new.lift(dx) for dx in dxs if dx is not None]
        reached = tuple(i for i, dx in zip(wanted, dxs, strict=True) if dx is not None)
        return Back(new, tuple(range(len(inputs))), reached)

    def call(self, graph: Graph, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of a way back."""
        return call(*operands, body=graph)


call = ControlOp("call", _call_spec, lambda *buffers, body: tuple(execute(body, buffers)), _pull_call)


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
    graph = innermost(graph)
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
        flows = tuple(i for i in smooth(inputs) if i >= count)
        back.outputs = [back.lift(zeros(back, inputs[i])) for i in flows]
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
