"""What compiling costs in Python: seconds to trace, differentiate and optimise, and what a compiled call adds.

    python tests/benchmarks/tracing.py [--rounds 5]

Two functions: a training step of a perceptron (784-256-128-10, 128 examples, SGD with momentum), and a chain of
2,000 operations. The stages are timed one by one on fresh graphs, the median of several rounds. The overhead of a
call is that of a function that does nothing but hand on its argument.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from compare import calls_for

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.pipeline import PASSES, nodes_in, optimize

RNG = np.random.default_rng(0)
CHAIN = 2000


def training_step() -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A step of training, variables, gradients and updates included."""
    wf.seed(0)
    model = wf.nn.Sequential(
        [wf.nn.Dense(256, activation=wf.relu), wf.nn.Dense(128, activation=wf.relu), wf.nn.Dense(10)]
    )
    optimizer = wf.optim.SGD(0.1, momentum=0.9)
    x, y = wf.tensor(RNG.normal(size=(128, 784)).astype(np.float32)), wf.tensor(np.arange(128) % 10)
    model(x)

    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.softmax_cross_entropy(model(x), y)
        variables = model.trainable_variables
        optimizer.apply_gradients(tape.gradient(loss, variables), variables)
        return loss

    return step, (x, y)


def chain(x: Any) -> Any:
    """Tanh and sum in turn, unrolled while the function is traced."""
    y = x
    for _ in range(CHAIN // 2):
        y = wf.tanh(y) + x
    return y


def seconds(run: Callable[[], Any], rounds: int) -> float:
    """The median time of a call."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def per_call(run: Callable[[], Any]) -> float:
    """The median time of one call among many."""
    n = calls_for(run, 0.05)
    return seconds(lambda: [run() for _ in range(n)], 7) / n


def plain_graph() -> Graph:
    """The chain as a graph that no pass has seen."""
    graph = Graph()
    graph.outputs = [chain(graph.input(wf.tensor([1.0, 2.0]).spec))]
    return graph


def compiling(rounds: int) -> list[tuple[str, str]]:
    """The stages of compiling, and how long they take."""
    step, args = training_step()
    graph = wf.compile(step).graph(*args)
    x = wf.tensor([1.0, 2.0])
    small = wf.compile(chain).graph(x)
    raw, derived = plain_graph(), differentiate(plain_graph())
    rows = [
        (f"training step: trace, differentiate, optimise ({nodes_in(graph)} nodes)",
         seconds(lambda: wf.compile(step).graph(*args), rounds)),
        ("training step: optimise again", seconds(lambda: optimize(graph), rounds)),
        (f"chain: trace and optimise ({nodes_in(small)} nodes)", seconds(lambda: wf.compile(chain).graph(x), rounds)),
        ("chain: write the graph alone", seconds(plain_graph, rounds)),
        ("chain: differentiate", seconds(lambda: differentiate(raw), rounds)),
        (f"chain: optimise the derivative ({nodes_in(derived)} nodes)", seconds(lambda: optimize(derived), rounds)),
    ]  # fmt: skip
    rows += [(f"    {one.__name__}, once", seconds(lambda one=one: one(derived), rounds)) for one in PASSES]
    return [(what, f"{taken * 1e3:8.1f} ms") for what, taken in rows]


def calling() -> list[tuple[str, str]]:
    """What a call costs beside the work, and the two functions run as they are and compiled."""
    x = wf.tensor([1.0, 2.0])
    hand_on, one_op = wf.compile(lambda x: x), wf.compile(lambda x: x + 1.0)
    step, args = training_step()
    compiled_step, compiled_chain = wf.compile(step), wf.compile(chain)

    def taped() -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = one_op(x)
        return tape.gradient(y, x)

    rows = [
        ("call that hands on its argument", lambda: hand_on(x)),
        ("call of one operation", lambda: one_op(x)),
        ("the same operation, not compiled", lambda: x + 1.0),
        ("call of one operation and its gradient", taped),
        ("training step, compiled", lambda: compiled_step(*args)),
        ("training step, not compiled", lambda: step(*args)),
        ("chain, compiled", lambda: compiled_chain(x)),
        ("chain, not compiled", lambda: chain(x)),
    ]
    return [(what, f"{per_call(run) * 1e6:8.1f} us") for what, run in rows]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    for what, taken in [*compiling(parser.parse_args().rounds), *calling()]:
        print(f"{what:<72}{taken}")


if __name__ == "__main__":
    main()
