"""The execution plan: to the bit what applying the nodes one by one gives, errors included."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_graphs import arguments, random_graph

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.parser import parse
from weft.compiler.graph.plan import plan_of
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.pipeline import optimize
from weft.runtime.spec import Spec


def bits(tensors: list[Any]) -> list[tuple[str, tuple[int, ...], bytes]]:
    return [(str(y.dtype), y.shape, y.numpy().tobytes()) for y in tensors]


def both_ways(graph: Graph, args: list[Any]) -> None:
    """The plan, and the nodes one by one, which an open tape wants to see, agree."""
    assert plan_of(graph) is not None
    with wf.GradientTape():
        one_by_one = interpret(graph, args)
    assert bits(interpret(graph, args)) == bits(one_by_one)


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_gives_every_bit_of_random_graphs_and_their_derivatives(seed: int) -> None:
    graph, args = random_graph(seed), arguments(seed)
    both_ways(graph, args)
    both_ways(optimize(differentiate(graph)), args)


def filled(dtype: Any, *shape: int) -> Any:
    return wf.astype(wf.tensor(np.random.default_rng(0).integers(-3, 4, shape)), dtype)


# fmt: off
NODES: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "halves":              (lambda x, y: wf.exp(x) * y,        filled(wf.float16, 3), filled(wf.float16, 3)),
    "short halves":        (lambda x, y: x * y + 1.5,          filled(wf.bfloat16, 3), filled(wf.bfloat16, 3)),
    "halves reduced":      (lambda x, y: wf.sum(x * y, axis=0), filled(wf.float16, 2, 3), filled(wf.float16, 3)),
    "halves multiplied":   (wf.matmul,                         filled(wf.bfloat16, 2, 2), filled(wf.bfloat16, 2, 2)),
    "integer and float":   (lambda x, y: x + y,                filled(wf.int32, 3), filled(wf.float32, 3)),
    "integers divided":    (lambda x, y: x / (y + 5),          filled(wf.int32, 3), filled(wf.int32, 3)),
    "scalars":             (lambda x, y: wf.sin(x) + y * 2,    filled(wf.float32), filled(wf.float32)),
    "weak integer":        (lambda x, y: x * 2 + y,            filled(wf.float32, 3), filled(wf.float32)),
    "weak float, integer": (lambda x, y: x * 2.5 + y,          filled(wf.int64, 3), filled(wf.int64)),
    "comparison":          (lambda x, y: wf.logical_and(x < y, x > 0), filled(wf.float32, 3), filled(wf.float32)),
    "choice":              (lambda x, y: wf.where(x > 0, y, 0.0), filled(wf.float32, 3), filled(wf.float32, 3)),
    "complex":             (lambda x, y: wf.abs(x) + y,        filled(wf.complex64, 3), filled(wf.float32)),
    "views":               (lambda x, y: wf.reshape(wf.matrix_transpose(x), (-1,)) + y, filled(wf.float32, 2, 3), filled(wf.float32)),
    "large":               (lambda x, y: wf.tanh(x + y) * 2.0, filled(wf.float32, 600, 600), filled(wf.float32, 600)),
    "empty":               (lambda x, y: x + y,                filled(wf.float32, 0), filled(wf.float32)),
    "division by nought":  (lambda x, y: x / 0.0 + y,          filled(wf.float32, 3), filled(wf.float32)),
    "promoted power":      (lambda x, y: x ** y,               filled(wf.float64, 3), filled(wf.float32, 3)),
    "renamed":             (lambda x, y: wf.stop_gradient(x) * y, filled(wf.float32, 3), filled(wf.float32, 3)),
    "an argument":         (lambda x, y: x,                    filled(wf.float32, 3), filled(wf.float32, 3)),
}
# fmt: on


@pytest.mark.parametrize("name", NODES)
def test_dtypes_weak_numbers_and_shapes_are_those_of_eager_code(name: str) -> None:
    f, x, y = NODES[name]
    graph = Graph()
    graph.outputs = [graph.lift(f(*[graph.input(Spec(a.shape, a.dtype)) for a in (x, y)]))]
    both_ways(graph, [x, y])
    assert bits(interpret(graph, [x, y])) == bits([f(x, y)])


def test_arguments_of_another_kind_go_without_the_plan() -> None:
    graph = parse("graph (x: f32[3]) -> f32[3] {\n  y = add x 1\n  return y\n}")
    assert interpret(graph, [wf.tensor([1, 2])])[0].tolist() == [2, 3]


def test_what_a_kernel_refuses_is_said_as_eager_code_says_it() -> None:
    graph = parse("graph (x: f64[2, 2]) -> f64[2, 2] {\n  y = cholesky x upper=False\n  return y\n}")
    x = wf.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=wf.float64)
    messages = []
    for run in (lambda: wf.linalg.cholesky(x), lambda: interpret(graph, [x])):
        with pytest.raises(ValueError, match="cholesky") as caught:
            run()
        messages.append(caught.value.args[0].splitlines()[0])  # pyright: ignore
    assert messages[0] == messages[1]


def test_a_value_is_dropped_after_its_last_use() -> None:
    text = "graph (x: f32[500, 500]) -> f32[] {\n  a0 = exp x\n"
    text += "".join(f"  a{i + 1} = tanh a{i}\n" for i in range(50)) + "  y = sum a50\n  return y\n}"
    graph, x = parse(text), wf.ones((500, 500))
    interpret(graph, [x])
    tracemalloc.start()
    interpret(graph, [x])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 500 * 500 * 4


def test_open_sizes_are_read_as_the_plan_runs() -> None:
    @wf.compile
    def f(x: wf.Tensor) -> wf.Tensor:
        n = 0
        while wf.sum(x) < 10.0:
            x, n = x * 2.0, n + 1
        return wf.reshape(wf.ones(x.shape) * n, (-1, x.shape[0])) + x

    for length in (2, 3, 5):
        found = f(wf.ones(length))
        wf.testing.assert_close(found, f.function(wf.ones(length)))
    assert f.cache_info().misses <= 2
