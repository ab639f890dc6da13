"""Indices out of range are errors where they stand, whoever reads what is found there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import defined

import weft as wf
from weft.compiler.graph.text import text

V = np.array([1.0, 2.0, 3.0], np.float32)
CALLS = [(V, np.int64(1)), (V, np.int64(9)), (V, np.int64(-4)), (V, np.int64(-1))]

UNREAD = {
    "an item": "v[i]",
    "an assigned item": "y = v * 1.0; y[i] = 5.0",
    "in a branch": "y = v[i] if i > 5 else v[0]",
    "in a loop": """k, y = 0, v[0]
    while k < i:
        k, y = k + 1, v[i * k]""",
    "before an exception": """v[i]
    if v[0] > 0.0:
        raise KeyError(i)""",
    "rows of a table": "wf.embedding(v, i)",
    "take": "wf.take(v, wf.reshape(i, (1,)))",
    "gather": "wf.gather(v, wf.reshape(i, (1,)))",
    "scatter": "wf.scatter(v, wf.reshape(i, (1,)), wf.tensor([1.0]))",
    "along an axis": "wf.take_along_axis(wf.stack([v, v]), wf.reshape(i, (1, 1)), axis=1)",
    "put along an axis": "wf.put_along_axis(v, wf.reshape(i, (1,)), wf.tensor([2.0]), axis=0)",
    "a label": "wf.softmax_cross_entropy(v, i)",
    "a class": "wf.negative_log_likelihood(v, i)",
    "read, too": "v = v * v[i]",
}


@pytest.mark.parametrize("executor", ["native", "interpreter"])
@pytest.mark.parametrize("name", UNREAD)
def test_what_is_out_of_range_is_an_error_though_nobody_reads_it(name: str, executor: str) -> None:
    f = defined(f"def f(v, i):\n    {UNREAD[name]}\n    return v * 2.0\n")["f"]
    compiled = wf.compile(f)
    with wf.options(executor=executor):
        for v, i in CALLS:
            given = wf.tensor(v), wf.tensor(i)
            assert said(compiled, *given) == said(f, *given)


def said(f: Callable[..., Any], *arguments: Any) -> str:
    """What a call gives, or raises without the line."""
    try:
        return str(f(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]


def test_a_check_stands_only_where_the_op_is_gone() -> None:
    def f(v, i):
        v[i + 1]
        return v[i]

    shown = text(wf.compile(f).graph(wf.tensor(V), wf.tensor(1)))
    assert shown.count("check_places") == 1
    assert shown.count("join_indices") == 1


def test_sizes_that_are_open_are_checked_against_the_size_of_the_call() -> None:
    def f(v, i):
        v[i]
        return v * 2.0

    compiled = wf.compile(f)
    for n in (3, 4, 5):
        assert compiled(wf.ones(n), wf.tensor(n - 1)).shape == (n,)
        with pytest.raises(IndexError, match=f"{n} is out of range for axis 0 of length {n}"):
            compiled(wf.ones(n), wf.tensor(n))


def test_a_way_back_does_not_check_again() -> None:
    def f(v, i):
        v[i]
        return wf.sum(v * v)

    v = wf.tensor(V)
    assert wf.all(wf.grad(wf.compile(f))(v, wf.tensor(1)) == v * 2.0)
    with pytest.raises(IndexError):
        wf.grad(wf.compile(f))(v, wf.tensor(7))
