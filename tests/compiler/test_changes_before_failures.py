"""What a program changed before an op fails on its values stays changed, as in Python."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import numpy as np
import pytest

import weft as wf

VARIABLE = wf.Variable(0.0)


def an_index(v, r, i):
    r[0] = v[0] * 2.0
    y = v[i]
    r[1] = y
    return r


def an_index_that_nobody_reads(v, r, i):
    r[0] = v[0] * 2.0
    v[i]
    r[1] = v[1]
    return r


def an_assigned_item(v, r, i):
    r[0] = v[0] * 2.0
    v[i] = 5.0
    r[1] = v[1]
    return r


def places_along_an_axis(v, r, i):
    VARIABLE.assign(v[0] * 3.0)
    return wf.take_along_axis(v, wf.reshape(i, (1,)), axis=0)


def an_index_after_an_exception(v, r, i):
    r[0] = v[0] * 2.0
    if i > 4:
        raise ValueError(i)
    return v[i]


def trips_of_a_loop(v, r, i):
    k = i * 0
    while k < 5:
        y = v[i + k]
        r[0] = r[0] + y
        if k > 1:
            r[1] = r[1] * 3.0
        k = k + 1
    return r


def trips_before_an_exception(v, r, i):
    k = i * 0
    while k < 5:
        if k > 1 - i:
            raise ValueError(k)
        r[0] = r[0] + 7.0
        VARIABLE.assign(VARIABLE + 1.0)
        k = k + 1
    return r


def trips_before_an_assertion(v, r, i):
    for k in wf.arange(5):
        assert k < 2 - i, "so far"
        r[1] = r[1] + 7.0
    return r


def a_division_of_numbers(v, r, i):
    r[0] = v[0] * 2.0
    k, n = i * 0, 3
    while k < 3 - i:
        n = n - 1
        r[1] = v[1] * (6 // n)
        k = k + 1
    return r


def a_variable_without_a_value(v, r, i):
    r[0] = v[0] * 2.0
    if i > 0:
        y = 2.0
    r[1] = v[1]
    return r[1] * y  # pyright: ignore[reportPossiblyUnboundVariable]


def an_item_of_a_list_that_grew(v, r, i):
    k, ys = i * 0, []
    while k < i:
        ys.append(k)
        k = k + 1
    r[0] = v[0] * 2.0
    return ys[1]


def printed_before(v, r, i):
    for k in range(3):
        print(k, v[0])
        r[0] = r[0] + v[i + k]
    return r


def asserted_before(v, r, i):
    assert i < 5, "first"
    return v[i]


FAILING = tuple(f for f in list(globals().values()) if getattr(f, "__code__", None) and f.__code__.co_argcount == 3)


def outcome(f: Callable[..., object], n: int, i: int) -> str:
    """What a call gives or raises, and what it leaves."""
    VARIABLE.assign(0.0)
    v, r = wf.tensor(np.arange(1.0, n + 1.0, dtype="float32")), [wf.tensor(1.0), wf.tensor(2.0)]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            result = f(v, r, wf.tensor(i))
    except Exception as error:
        words = "by zero" if isinstance(error, ZeroDivisionError) else str(error).partition("\n")[0]
        result = f"{type(error).__name__} {words}"
    return f"{result}: {v} {[float(x) for x in r]} {VARIABLE.numpy()} {printed.getvalue()}"


@pytest.mark.parametrize("executor", ["interpreter", "native"])
@pytest.mark.parametrize("f", FAILING, ids=lambda f: f.__name__)
def test_changes_before_a_failure_stay(f: Callable[..., object], executor: str) -> None:
    compiled = wf.compile(f)
    with wf.options(executor=executor):
        for n, i in ((3, 1), (3, 7), (3, -3), (3, -4), (5, 0), (6, 4), (6, 6)):
            assert outcome(compiled, n, i) == outcome(f, n, i)


def test_a_function_that_changes_nothing_has_no_further_checks() -> None:
    graph = wf.compile(lambda v, i: v[i] * 2.0).graph(wf.ones((3,)), wf.tensor(1))
    assert "check_op" not in str(graph)


@pytest.mark.parametrize("name", ["take_along_axis", "embedding"])
def test_what_may_raise_because_of_positions_is_refused_in_a_try(name: str) -> None:
    def along(v, i):
        try:
            return wf.take_along_axis(v, i, axis=0)
        except IndexError:
            return v

    def embedded(v, i):
        try:
            return wf.embedding(wf.reshape(v, (3, 1)), i)
        except IndexError:
            return v

    f = along if name == "take_along_axis" else embedded
    with pytest.raises(wf.errors.SourceError, match=f"{name} may raise because of values"):
        wf.compile(f)(wf.ones((3,)), wf.tensor([1]))


def test_a_list_that_the_function_makes_is_no_change() -> None:
    graph = wf.compile(lambda x: [wf.sum(row) for row in x]).graph(wf.ones((3, 2)))
    assert "check_op" not in str(graph)
