"""Blocks written as the rewriter writes them become loops and branches of a graph."""

import numpy as np
import pytest
from staged import run

import weft as wf
from weft.compiler.graph.symbolic import SymbolicTensor
from weft.compiler.staging.branches import is_none, staged_if, staged_value
from weft.compiler.staging.effects import Stopped
from weft.compiler.staging.loops import staged_for, staged_while
from weft.compiler.staging.raising import staged_raise
from weft.compiler.staging.sequences import sequence, staged_enumerate, staged_range, staged_reversed, staged_zip
from weft.compiler.staging.state import cells_of
from weft.compiler.staging.statements import staged_assert
from weft.compiler.staging.template import StructureError

I, F = np.int32, np.float32


def loop(test, body, *names):
    """A while loop as its operator runs it: in Python until the condition is symbolic."""
    while True:
        go = test()
        if isinstance(go, SymbolicTensor):
            return staged_while(go, test, body, cells_of(names, test, body))
        if not go:
            return None
        body()


def test_a_python_number_becomes_state_of_the_loop():
    def f(n):
        steps = 0

        def test():
            return n > 0

        def body():
            nonlocal n, steps
            n = n - 2
            steps = steps + 1

        loop(test, body, "n", "steps")
        return n, steps

    assert run(f, I(7)) == (-1, 4)
    assert run(f, I(-3)) == (-3, 0)


def test_loops_nest():
    def f(n):
        count = i = 0

        def test():
            return i < n

        def body():
            nonlocal i, count
            j = 0

            def inner_test():
                return j < i

            def inner_body():
                nonlocal j, count
                j = j + 1
                count = count + 1

            loop(inner_test, inner_body, "j", "count")
            i = i + 1

        loop(test, body, "i", "count")
        return count

    assert run(f, I(5)) == 10


def test_an_integer_that_meets_a_float_tensor_becomes_a_float():
    def f(v):
        s = 0

        def body(x):
            nonlocal s
            s = s + x

        items = sequence(v)
        staged_for(items.length, items.item, body, None, cells_of(("s",), body))
        return s

    assert run(f, np.array([0.5, 1.0], F)) == 1.5
    assert run(f, np.zeros((0,), F)) == 0.0


def test_a_variable_without_a_value_is_asked_for_when_it_is_read():
    def f(n):
        last = None
        del last

        def test():
            return n > 0

        def body():
            nonlocal n, last
            last = n * 10
            n = n - 1

        loop(test, body, "n", "last")
        return last  # noqa: F821  # pyright: ignore[reportUnboundVariable]

    assert run(f, I(3)) == 10
    with pytest.raises(UnboundLocalError, match="'last'"):
        run(f, I(0))


def test_none_beside_a_tensor():
    def f(v):
        best = None

        def body(x):
            nonlocal best

            def then():
                nonlocal best
                best = x

            first = is_none(best)
            wins = (
                True
                if first is True
                else staged_value(first, lambda: True, lambda: x > best, "wins")
                if first is not False
                else x > best
            )
            if wins is True:
                then()
            else:
                staged_if(wins, then, lambda: None, cells_of(("best",), then))

        items = sequence(v)
        staged_for(items.length, items.item, body, None, cells_of(("best",), body))
        return best

    assert run(f, np.array([3, 9, 4], I)) == 9


def test_branches_join_what_they_leave():
    def f(x, c):
        y = 1

        def then():
            nonlocal y
            y = x * 2

        def other():
            nonlocal x
            x = x - 1

        staged_if(c, then, other, cells_of(("x", "y"), then, other))
        return x, y

    assert run(f, I(5), np.bool_(True)) == (5, 10)
    assert run(f, I(5), np.bool_(False)) == (4, 1)


def test_values_of_different_kinds_are_refused_by_name():
    def f(c):
        mode = "a"

        def then():
            nonlocal mode
            mode = "b"

        staged_if(c, then, lambda: None, cells_of(("mode",), then))
        return mode

    with pytest.raises(StructureError, match="'mode' is a str"):
        run(f, np.bool_(True))


def test_a_branch_that_raises_has_no_say_in_the_result():
    def f(x):
        y = x

        def then():
            nonlocal y
            y = "unused"
            staged_raise(ValueError("negative", x))

        staged_if(x < 0, then, lambda: None, cells_of(("y",), then))
        return y

    assert run(f, F(2.0)) == 2.0
    with pytest.raises(ValueError, match="negative") as caught:
        run(f, F(-2.0))
    assert float(caught.value.args[1]) == -2.0


def test_when_all_branches_raise_nothing_follows():
    def f(x):
        staged_if(x < 0, lambda: staged_raise(KeyError("a")), lambda: staged_raise(IndexError("b")), [])
        raise AssertionError("not reached")

    with pytest.raises(Stopped):
        run(f, F(1.0))


def test_an_assertion_speaks_with_the_values():
    def f(x):
        staged_assert(x > 0, lambda: ("x is", x))
        return x

    assert run(f, F(1.0)) == 1.0
    with pytest.raises(AssertionError, match="x is"):
        run(f, F(-1.0))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda v: staged_range(v[0]), [0, 1, 2]),
        (lambda v: staged_range(v[1], v[0], 2), [1]),
        (lambda v: staged_range(v[0], v[1] - 2, v[1] * -2), [3, 1]),
        (lambda v: staged_reversed(v), [4, 1, 3]),
        (lambda v: staged_zip(v, [10, 20]), [(3, 10), (1, 20)]),
        (lambda v: staged_enumerate(v, 5), [(5, 3), (6, 1), (7, 4)]),
    ],
)
def test_sequences_are_iterated_by_position(make, expected):
    def f(v):
        total = count = 0

        def body(item):
            nonlocal total, count
            for x in item if isinstance(item, tuple) else (item,):
                total = total * 7 + x
            count = count + 1

        items = make(v)
        staged_for(items.length, items.item, body, None, cells_of(("total", "count"), body))
        return total, count

    total = 0
    for item in expected:
        for x in item if isinstance(item, tuple) else (item,):
            total = total * 7 + x
    assert run(f, np.array([3, 1, 4], I)) == (total, len(expected))


def test_variables_assigned_in_a_loop_are_results_of_the_trace():
    from weft.compiler.graph.graph import Graph
    from weft.compiler.graph.interpret import interpret
    from weft.compiler.staging.tracer import Trace, tracing

    v = wf.Variable(1.0, name="v")
    graph = Graph()
    n = graph.input(wf.asarray(I(3)).spec)
    trace = Trace(graph)

    def test():
        return n > 0

    def body():
        nonlocal n
        v.assign_add(v * 2.0)
        n = n - 1

    with tracing(trace):
        loop(test, body, "n")
        graph.outputs = [graph.lift(trace.values[v])]
    graph.inputs += trace.inputs.values()
    assert interpret(graph, [wf.asarray(I(3)), v.value])[0].item() == 27.0
    assert v.item() == 1.0
