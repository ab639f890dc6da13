"""Whether a graph means what it should: after each pass, after its text is parsed, and in its derivatives.

What a graph means is what the interpreter makes of it: what it gives, prints and raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from agreement import Elements, Outcome, alike, defined, lifted, outcome

import weft as wf
from weft.compiler import tracing
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.parser import parse
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.compiler.passes.erase import erase
from weft.compiler.passes.pipeline import PASSES, optimize
from weft.compiler.signature import data_of, signature
from weft.runtime import dtypes, tree

STEP = 1e-6


def meaning(graph: Graph, data: Sequence[Any]) -> Outcome:
    """What a graph does with these tensors."""
    return outcome(lambda: interpret(graph, data))[0]


def keep_meaning(graph: Graph, data: Sequence[Any]) -> None:
    """Hold each pass, all of them together, and printing and parsing against the graph itself.

    Errors: AssertionError where something else comes of it; SourceError where it is no graph any more.
    """
    expected, shown = meaning(verify(graph), data), text(graph)
    for one in (*PASSES, erase, optimize):
        found = meaning(verify(one(graph)), data)
        assert same(found, expected), f"{one.__name__} of\n{shown}\ngives {found}\nnot {expected}"
    assert text(graph) == shown, "a pass changed the graph it was given"
    if "<Action>" not in shown:  # what Python does has no text
        back = verify(parse(shown))
        assert text(back) == shown
        found = meaning(back, data)
        assert same(found, expected), f"parsed again,\n{shown}\ngives {found}\nnot {expected}"


def same(found: Outcome, expected: Outcome) -> bool:
    """Whether two graphs do the same, to the sign of zeros; sums may round in another order in another layout."""
    if found.how == expected.how == "gives" and found.printed == expected.printed:
        return near(found.what, expected.what) and zeros(found.what) == zeros(expected.what)
    return found.agrees(expected)


def zeros(x: Any) -> list[Any]:
    """The signs of the zeros among the numbers in what is described."""
    if isinstance(x, Elements):
        return [] if x.values.dtype.kind not in "f" else [np.signbit(x.values[x.values == 0]).tolist()]
    return [sign for part in x for sign in zeros(part)] if isinstance(x, list | tuple) else []


@contextmanager
def traces() -> Iterator[list[Graph]]:
    """The graphs of what is traced inside the `with` block, before any pass."""
    found: list[Graph] = []

    def keep(graph: Graph, **options: Any) -> Graph:
        found.append(graph)
        return optimize(graph, **options)

    with mock.patch.object(tracing, "optimize", keep):
        yield found


def traced_graphs_keep_their_meaning(program: str, calls: Sequence[tuple[Any, ...]]) -> None:
    """Trace `f` of a text for each call, and hold the passes against each graph."""
    compiled = wf.compile(defined(program)["f"])
    for arguments in calls:
        given = lifted(list(arguments))
        data = data_of(signature(given, {})[1])
        with traces() as found:
            outcome(compiled, lifted(list(arguments)))
        for graph in found:
            if len(graph.inputs) == len(data):
                keep_meaning(graph, data)


# -- derivatives


def gradients_agree(program: str, calls: Sequence[tuple[Any, ...]]) -> int:
    """Hold the gradients of `f` compiled against eager ones, and those against differences; how many were compared."""
    plain, compiled = defined(program)["f"], wf.compile(defined(program)["f"])
    compared = 0
    for arguments in calls:
        expected, _ = outcome(lambda: gradient(plain, arguments))  # noqa: B023  (called at once)
        actual, _ = outcome(lambda: gradient(compiled, arguments))  # noqa: B023
        if expected.how != "gives" or actual.how == "refused":
            continue
        assert actual.how == "gives", f"{program}\nof {arguments}: gradients {expected}\ncompiled {actual}"
        assert near(actual.what, expected.what), f"{program}\nof {arguments}: gradients {expected}\ncompiled {actual}"
        smooth = isinstance(arguments[0], np.float64)
        slope = difference(lambda h: total(plain, arguments, h)) if smooth else None  # noqa: B023
        if slope is not None:
            along, _ = outcome(lambda: gradient(plain, arguments)[0])  # noqa: B023
            found = float(along.what[1][0][1].values)
            assert np.isclose(found, slope, 1e-4, 1e-5), (
                f"{program}\nof {arguments}: gradient {found}, differences {slope}"
            )
            compared += 1
    return compared


def floating(x: Any) -> list[Any]:
    """The floating tensors in a value."""
    return [leaf for leaf in tree.flatten(x)[0] if isinstance(leaf, wf.Tensor) and leaf.dtype in dtypes.FLOATS]


def gradient(f: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Any]:
    """The gradients of the sum of what `f` gives by its floating arguments."""
    given = lifted(list(arguments))
    sources = floating(given)
    with wf.GradientTape() as tape:
        tape.watch(sources)
        targets = floating(f(*given))
    return list(tape.gradient(targets, sources, unconnected="zero"))


def total(f: Callable[..., Any], arguments: tuple[Any, ...], step: float) -> float:
    """The sum of what `f` gives, a step away along its first argument."""
    found, result = outcome(f, lifted([arguments[0] + np.float64(step), *arguments[1:]]))
    return float(sum(float(wf.sum(y)) for y in floating(result))) if found.how == "gives" else np.nan


def difference(f: Callable[[float], float]) -> float | None:
    """The slope at 0, if there is one: None at a kink or a jump, and where there are no numbers."""
    before, here, after = f(-STEP), f(0.0), f(STEP)
    left, right = (here - before) / STEP, (after - here) / STEP
    if not np.all(np.isfinite([left, right])) or not np.isclose(left, right, 1e-3, 1e-3):
        return None
    return (after - before) / (2 * STEP)


def near(x: Any, y: Any) -> bool:
    """Whether described values are equal but for rounding."""
    if isinstance(x, Elements) and isinstance(y, Elements):
        if x.kind != y.kind or x.values.shape != y.values.shape or x.values.dtype.kind in "biu":
            return x.kind == y.kind and np.array_equal(x.values, y.values)
        rough = {"float16": 2e-2, "float32": 1e-4}.get(x.kind, 1e-9)
        wide = (v.astype(complex if v.dtype.kind == "c" else float) for v in (x.values, y.values))
        return bool(np.allclose(*wide, rtol=rough, atol=rough, equal_nan=True))
    if isinstance(x, list | tuple) and isinstance(y, list | tuple):
        return len(x) == len(y) and all(map(near, x, y))
    return alike(x, y)
