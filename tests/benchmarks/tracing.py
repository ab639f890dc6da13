"""What compiling costs in Python, and what a graph costs to run beside its kernels.

    python tests/benchmarks/tracing.py [--rounds 9] [--write docs/benchmarks/tracing.md]

Compiling: a training step of a perceptron (784-256-128-10, 128 examples, SGD with momentum), and a chain of 2,000
operations, its stages one by one on fresh graphs. Running: small operations and calls. Gradients: the perceptron,
with the tape around or inside the compiled function, and a recurrent network (50 features, 256 units, 32 examples
of up to 64 steps), all one after the other in each round, results checked first.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from compare import calls_for, report_to

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.passes import pipeline
from weft.compiler.passes.differentiate import differentiate
from weft.compiler.passes.pipeline import PASSES, nodes_in, optimize

RNG = np.random.default_rng(0)
CHAIN = 2000
Run = Callable[[], Any]
Figures = dict[str, list[float]]  # seconds, one for each round


def perceptron() -> tuple[Any, Any, Any]:
    """A model, a batch, its labels."""
    wf.seed(0)
    model = wf.nn.Sequential(
        [wf.nn.Dense(256, activation=wf.relu), wf.nn.Dense(128, activation=wf.relu), wf.nn.Dense(10)]
    )
    x, y = wf.tensor(RNG.normal(size=(128, 784)).astype(np.float32)), wf.tensor(np.arange(128) % 10)
    model(x)
    return model, x, y


def training_step() -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A step of training, variables, gradients and updates included."""
    model, x, y = perceptron()
    optimizer = wf.optim.SGD(0.1, momentum=0.9)

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


def in_turn(runs: dict[str, Run], rounds: int, several: bool = False) -> Figures:
    """Seconds per call, every one once in each round; `several` calls at a time for short ones."""
    counts = {name: calls_for(run, 0.02) if several else 1 for name, run in runs.items()}
    found: Figures = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(counts[name]):
                run()
            found[name].append((time.perf_counter() - start) / counts[name])
    return found


def plain_graph() -> Graph:
    """The chain as a graph that no pass has seen."""
    graph = Graph()
    graph.outputs = [chain(graph.input(wf.tensor([1.0, 2.0]).spec))]
    return graph


def compiling(rounds: int) -> Figures:
    """The stages of compiling."""
    step, args = training_step()
    graph = wf.compile(step).graph(*args)
    x = wf.tensor([1.0, 2.0])
    small = wf.compile(chain).graph(x)
    raw, derived = plain_graph(), differentiate(plain_graph())
    runs: dict[str, Run] = {
        f"training step: trace, differentiate, optimise ({nodes_in(graph)} nodes)": lambda: wf.compile(step).graph(
            *args
        ),
        "training step: optimise again": lambda: optimize(graph),
        f"chain: trace and optimise ({nodes_in(small)} nodes)": lambda: wf.compile(chain).graph(x),
        "chain: write the graph alone": plain_graph,
        "chain: differentiate": lambda: differentiate(raw),
        f"chain: optimise the derivative ({nodes_in(derived)} nodes)": lambda: optimize(derived),
    }
    runs |= {f"- {one.__name__}, once": lambda one=one: one(derived) for one in PASSES}
    return in_turn(runs, rounds)


def calling(rounds: int) -> Figures:
    """What running costs beside the work."""
    x = wf.tensor([1.0, 2.0])
    hand_on, one_op = wf.compile(lambda x: x), wf.compile(lambda x: x + 1.0)
    graph = wf.compile(chain).graph(x)

    def taped() -> Any:
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = one_op(x)
        return tape.gradient(y, x)

    found = in_turn(
        {
            "a call that hands on its argument": lambda: hand_on(x),
            "a call of one operation": lambda: one_op(x),
            "the same operation, not compiled": lambda: x + 1.0,
            "a call of one operation and its gradient": taped,
            "an operation of the chain, interpreted": lambda: interpret(graph, [x]),
            "an operation of the chain, eager": lambda: chain(x),
        },
        rounds,
        several=True,
    )
    for name in list(found)[-2:]:
        found[name] = [taken / CHAIN for taken in found[name]]
    return found


def gradient_of(f: Callable[..., Any], variables: list[Any]) -> Callable[..., Any]:
    """A function of the same arguments that gives the gradients by variables."""

    def gradient(*args: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = f(*args)
        return tape.gradient(loss, variables)

    return gradient


def checked(runs: dict[str, Run]) -> dict[str, Run]:
    """The same, after a look at whether all give the same."""
    first = next(iter(runs.values()))()
    for run in runs.values():
        for found, expected in zip(run(), first, strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-3, atol=1e-5)
    return runs


def perceptron_gradients(rounds: int) -> Figures:
    """Forward and backward, with the tape around or inside."""
    model, x, y = perceptron()

    def loss(x: Any, y: Any) -> Any:
        return wf.softmax_cross_entropy(model(x), y)

    compiled, variables = wf.compile(loss), model.trainable_variables
    eager, around = gradient_of(loss, variables), gradient_of(compiled, variables)
    inside = wf.compile(gradient_of(loss, variables))
    runs = {
        "perceptron: eager": lambda: eager(x, y),
        "perceptron: tape around the compiled function": lambda: around(x, y),
        "perceptron: tape inside": lambda: inside(x, y),
    }
    return in_turn(checked(runs), rounds)


def recurrent() -> tuple[Callable[..., Any], list[Any], tuple[Any, ...]]:
    """The loss of a recurrent network over sequences of several lengths, its weights, its arguments."""
    batch, steps, features, units = 32, 64, 50, 256
    weights = [(features, units, 0.1), (units, units, 0.05), (1, units, 0.0)]
    wx, wh, b = (wf.Variable((RNG.normal(size=(n, m)) * s).astype(np.float32)) for n, m, s in weights)
    x = wf.tensor(RNG.normal(size=(steps, batch, features)).astype(np.float32))
    lengths = wf.tensor(RNG.integers(steps // 2, steps + 1, batch))

    def loss(x: Any, lengths: Any) -> Any:
        h, t = wf.zeros((batch, units)), 0
        longest = wf.max(lengths)
        while t < longest:
            new = wf.tanh(x[t] @ wx + h @ wh + b)
            h = wf.where(wf.expand_dims(t < lengths, 1), new, h)
            t = t + 1
        return wf.mean(h * h)

    return loss, [wx, wh, b], (x, lengths)


def without_accumulate(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """A function compiled without the pass that sums products after a loop."""
    kept, pipeline.accumulate = pipeline.accumulate, lambda graph: graph
    try:
        compiled = wf.compile(f)
        compiled(*args)
        return compiled
    finally:
        pipeline.accumulate = kept


def recurrent_gradients(rounds: int) -> Figures:
    """Forward and backward through a loop, with and without the sums of products after it."""
    loss, variables, args = recurrent()
    eager, around = gradient_of(loss, variables), gradient_of(wf.compile(loss), variables)
    adding = without_accumulate(gradient_of(loss, variables), args)
    inside = wf.compile(gradient_of(loss, variables))
    runs = {
        "recurrent: eager": lambda: eager(*args),
        "recurrent: tape around the compiled function": lambda: around(*args),
        "recurrent: tape inside, products added in each trip": lambda: adding(*args),
        "recurrent: tape inside, products summed after the loop": lambda: inside(*args),
    }
    return in_turn(checked(runs), rounds)


def states_held() -> list[tuple[str, float]]:
    """The most states that a gradient of a loop of 400 trips holds at a time, by its options.

    Counted where Python has them, in the interpreter; native programs keep as many.
    """

    def peak(**options: int) -> float:
        def f(x: Any, n: Any) -> Any:
            with wf.loop_options(**options):
                for _ in range(n):
                    x = wf.sin(x)
            return wf.sum(x)

        gradient, x, n = wf.grad(wf.compile(f)), wf.ones(1024), wf.tensor(400)
        with wf.options(executor="interpreter"):
            gradient(x, n)
            tracemalloc.start()
            gradient(x, n)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / (4 * 1024)

    return [("no options", peak()), *((f"save_every={k}", peak(save_every=k)) for k in (5, 20, 80))]


def shown(figure: float) -> str:
    """Three digits."""
    return f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


def table(title: str, found: Figures, scale: float, unit: str) -> list[str]:
    """Rows of a page."""
    lines = ["", f"## {title}", "", "| what | median | min - max |", "|---|---|---|"]
    for name, taken in found.items():
        low, middle, high = (f(taken) * scale for f in (min, statistics.median, max))
        lines.append(f"| {name} | {shown(middle)} {unit} | {shown(low)} - {shown(high)} |")
    return lines


def report(rounds: int) -> str:
    """The page."""
    lines = [
        "# Compiling, and running graphs, measured",
        "",
        "Made by `python tests/benchmarks/tracing.py --write docs/benchmarks/tracing.md`. All in one process, in turn, "
        f"{rounds} rounds. Graphs are",
        "run by the interpreter; the times of compiling are Python's alone.",
        "",
        f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"OPENBLAS_NUM_THREADS={os.environ.get('OPENBLAS_NUM_THREADS', 'not set')}, "
        f"Python {platform.python_version()}, numpy {np.__version__}; load average {os.getloadavg()[0]:.1f} at the start.",
    ]
    lines += table("Compiling", compiling(rounds), 1e3, "ms")
    lines += ["", "The targets: the training step within 250 ms, a graph of 2,000 operations within 2 s."]
    lines += table("Calls and small operations", calling(rounds), 1e6, "us")
    lines += table(
        "Forward and backward", perceptron_gradients(3 * rounds) | recurrent_gradients(3 * rounds), 1e3, "ms"
    )
    lines += ["", "## Memory of a gradient through 400 trips", "", "| options | states held at most |", "|---|---|"]
    lines += [f"| {name} | {states:.0f} |" for name, states in states_held()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    report_to(report, __doc__, 9)
