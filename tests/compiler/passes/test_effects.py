"""Effects stay: no pass removes, merges, doubles, moves or reorders them, and no derivative repeats them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.compiler.graph.control import apply_control, call, if_, while_
from weft.compiler.graph.cotangents import without_effects
from weft.compiler.graph.graph import Graph, close, region_of, write_to
from weft.compiler.graph.interpret import interpret
from weft.compiler.graph.rewrite import does_something, same
from weft.compiler.graph.text import text
from weft.compiler.graph.verify import verify
from weft.compiler.passes.differentiate import differentiate, pullback
from weft.compiler.passes.erase import erase
from weft.compiler.passes.pipeline import PASSES, optimize
from weft.compiler.staging.effects import Action, check_op, host
from weft.runtime.spec import Spec

Log = list[Any]
F = wf.float64


def note(graph: Graph, log: Log, what: Any, *operands: Any) -> None:
    """Write down that `what` and the operands' values are to be noted."""

    def act(*values: Any) -> None:
        log.append((what, *(v.item() for v in values)))

    graph.run(host, operands, {"action": Action(act)})


def demand(graph: Graph, log: Log, what: Any, ok: Any) -> None:
    """Write down that `what` is to be noted unless `ok` holds."""
    graph.run(check_op, (ok,), {"action": Action(lambda *_: log.append(what))})


def noisy_graph(seed: int) -> tuple[Graph, Log]:
    """A random graph of x: f64[], n: i64[] whose nodes, loops, branches and calls note what they do."""
    rng, log, numbers = random.Random(seed), [], itertools.count()
    graph = Graph()
    x, n = graph.input(Spec((), F), "x"), graph.input(Spec((), wf.int64), "n")

    def grow(region: Graph, x: Any, depth: int) -> Any:
        for _ in range(rng.randint(2, 5)):
            kind = rng.choice(["note", "same", "constant", "check", "math", "if", "while", "call", "known"])
            if kind == "note":
                note(region, log, next(numbers), x)
            elif kind == "same":  # alike, and still two
                note(region, log, "again")
                note(region, log, "again")
            elif kind == "constant":
                note(region, log, next(numbers), region.lift(wf.tensor(2.0, dtype=F)))
            elif kind == "check":
                demand(region, log, next(numbers), x > 0.5)
            elif kind == "math" or not depth:
                x = wf.sin(x) + 0.0 * x
            else:
                x = WAYS[kind](region, x, depth)
        return x

    def branch(region: Graph, x: Any, depth: int, known: bool = False) -> Any:
        p = region.lift(wf.asarray(rng.random() < 0.5)) if known else region.lift(n) > rng.randint(0, 2)
        parts = [Graph(region), Graph(region)]
        for part in parts:
            with write_to(part):
                part.outputs = [part.lift(grow(part, part.lift(x), depth - 1))]
        outer = close(parts)
        return apply_control(region, if_, (p, *outer), {"then": parts[0], "other": parts[1]})[0]

    def loop(region: Graph, x: Any, depth: int) -> Any:
        specs = [x.spec, Spec((), wf.int64)]
        test, step = region_of(region, specs), region_of(region, specs)
        with write_to(test):
            note(test, log, next(numbers), test.inputs[1])
            test.outputs = [test.inputs[1] > 0]
        with write_to(step):
            y = grow(step, step.inputs[0] * 1.0, depth - 1)
            note(step, log, next(numbers), step.lift(n))  # the same on each trip, and still once a trip
            step.outputs = [step.lift(y), step.inputs[1] - 1]
        outer = close([test, step])
        start = region.lift(wf.asarray(rng.randint(0, 2)))
        return apply_control(region, while_, (x, start, *outer), {"test": test, "step": step})[0]

    def called(region: Graph, x: Any, depth: int) -> Any:
        body = region_of(region, [x.spec])
        with write_to(body):
            body.outputs = [body.lift(grow(body, body.inputs[0], depth - 1))]
        outer = close([body])
        return apply_control(region, call, (x, *outer), {"body": body})[0]

    WAYS: dict[str, Callable[..., Any]] = {
        "if": branch,
        "known": lambda region, x, depth: branch(region, x, depth, True),
        "while": loop,
        "call": called,
    }
    graph.outputs = [grow(graph, x, 2)]
    return graph, log


def noted(graph: Graph, log: Log, *args: Any) -> tuple[Log, list[Any]]:
    """What running a graph notes and gives."""
    log.clear()
    results = [y.numpy() for y in interpret(graph, args)]
    return list(log), results


ARGUMENTS = [(wf.tensor(x, dtype=F), wf.tensor(n)) for x, n in ((0.3, 0), (0.9, 1), (-0.5, 3))]


@pytest.mark.parametrize("seed", range(30))
def test_every_pass_keeps_effects_and_their_order(seed: int) -> None:
    graph, log = noisy_graph(seed)
    verify(graph)
    shown = text(graph)
    for args in ARGUMENTS:
        expected, results = noted(graph, log, *args)
        for one in (*PASSES, erase, optimize, lambda g: optimize(g, last=True)):
            found, same_results = noted(verify(one(graph)), log, *args)
            assert found == expected, getattr(one, "__name__", "last")
            np.testing.assert_array_equal(results, same_results)
    assert text(graph) == shown


@pytest.mark.parametrize("seed", range(30))
def test_passes_run_no_effect_themselves(seed: int) -> None:
    graph, log = noisy_graph(seed)
    for one in (*PASSES, erase, optimize, differentiate):
        one(graph)
        assert not log


@pytest.mark.parametrize("seed", range(16))
def test_derivatives_have_the_effects_once(seed: int) -> None:
    graph, log = noisy_graph(seed)
    for args in ARGUMENTS:
        expected, _ = noted(graph, log, *args)
        once, twice = differentiate(graph, [0]), differentiate(differentiate(graph, [0]), [0])
        for derived in (once, optimize(once), twice, optimize(twice), differentiate(optimize(graph), [0])):
            assert noted(verify(derived), log, *args)[0] == expected
        assert noted(pullback(graph, [0]), log, *args, wf.tensor(1.0, dtype=F))[0] == expected


@pytest.mark.parametrize("seed", range(30))
def test_a_graph_without_its_effects_gives_the_same(seed: int) -> None:
    graph, log = noisy_graph(seed)
    quiet = without_effects(graph)
    assert not does_something(quiet)
    for args in ARGUMENTS:
        found, results = noted(quiet, log, *args)
        assert not found
        np.testing.assert_array_equal(results, noted(graph, log, *args)[1])
    assert without_effects(quiet) is quiet


def test_branches_that_only_differ_in_what_they_do_stay() -> None:
    graph, log = Graph(), []
    p, x = graph.input(Spec((), wf.bool), "p"), graph.input(Spec((), F), "x")
    parts = [Graph(graph), Graph(graph)]
    for name, part in zip(("then", "other"), parts, strict=True):
        part.outputs = [part.lift(x)]
        note(part, log, name)
    graph.outputs = list(apply_control(graph, if_, (p, *close(parts)), {"then": parts[0], "other": parts[1]}))
    small = optimize(graph)
    assert noted(small, log, wf.asarray(True), wf.asarray(1.0))[0] == [("then",)]
    assert noted(small, log, wf.asarray(False), wf.asarray(1.0))[0] == [("other",)]
    assert small.outputs == small.inputs[1:]  # the result is x on both ways


def test_two_graphs_that_note_different_things_are_not_the_same() -> None:
    graphs = []
    for _ in range(2):
        graphs.append(Graph())
        note(graphs[-1], [], "a")
    assert not same(*graphs)


# -- programs


def chatty(x: Any, n: Any) -> Any:
    print("begin", float(x))
    while n > 0:
        if x > 2.0:
            print("large at", int(n))
        x = x * x
        print("now", n)
        n = n - 1
    print("end")
    return x


def test_a_compiled_program_prints_as_plain_python_does(capsys: pytest.CaptureFixture[str]) -> None:
    f = wf.compile(chatty)
    for n in (0, 1, 3):
        chatty(wf.tensor(1.5), wf.tensor(n))
        expected = capsys.readouterr().out
        f(wf.tensor(1.5), wf.tensor(n))
        assert capsys.readouterr().out == expected


@pytest.mark.parametrize("order", [1, 2])
def test_a_gradient_prints_once(order: int, capsys: pytest.CaptureFixture[str]) -> None:
    chatty(wf.tensor(1.5), wf.tensor(3))
    expected = capsys.readouterr().out
    f: Callable[..., Any] = wf.compile(chatty)

    def inside(x: Any, n: Any) -> Any:
        return wf.grad(chatty)(x, n)

    def inside_twice(x: Any, n: Any) -> Any:
        return wf.grad(lambda y: wf.grad(lambda z: chatty(z, n))(y))(x)

    for _ in range(order):
        f = wf.grad(f)
    found = [g(wf.tensor(1.5), wf.tensor(3)) for g in (f, wf.compile(inside if order == 1 else inside_twice))]
    assert capsys.readouterr().out == 2 * expected
    wf.testing.assert_close(found[1], found[0])


def test_a_gradient_of_ones_own_prints_when_it_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    @wf.custom_gradient
    def doubled(x: Any) -> Any:
        def back(dy: Any) -> Any:
            print("back", float(dy))
            return dy * 2.0

        print("there", float(x))
        return x * 2.0, back

    def twice(x: Any) -> Any:
        return doubled(x) * 3.0

    def inside(x: Any) -> Any:
        return wf.grad(twice)(x)

    wf.compile(twice)(wf.tensor(1.0))
    assert capsys.readouterr().out == "there 1.0\n"
    for f in (wf.grad(twice), wf.grad(wf.compile(twice)), wf.compile(inside)):
        wf.testing.assert_close(f(wf.tensor(1.0)), 6.0)
        assert capsys.readouterr().out == "there 1.0\nback 3.0\n"


def test_a_check_raises_in_the_middle_and_what_came_before_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    @wf.compile
    def f(x: Any, n: Any) -> Any:
        while n > 0:
            print("trip", int(n))
            assert x < 10.0, "too large"
            x, n = x * 2.0, n - 1
        return x

    wf.testing.assert_close(wf.grad(f)(wf.tensor(1.0), wf.tensor(2)), 4.0)
    assert capsys.readouterr().out == "trip 2\ntrip 1\n"
    with pytest.raises(AssertionError, match="too large"):
        wf.grad(f)(wf.tensor(6.0), wf.tensor(3))
    assert capsys.readouterr().out == "trip 3\ntrip 2\n"
