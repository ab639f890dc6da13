"""Loops whose conditions are tensors known while tracing: the first trips are written out, long ones become loops."""

from __future__ import annotations

import pytest

import weft as wf


def thousand(x):
    k, s = wf.asarray(0), x * 0.0
    while k < 1000:
        s = s + x * wf.astype(k, wf.float32)
        k = k + 1
    return s, k


def few(x):
    k = wf.asarray(0)
    while k < 3:
        x, k = x * 2.0, k + 1
    return x


def appended(x):
    k, out = wf.asarray(0), []
    while k < 30:
        k = k + 1
        out.append(x * wf.astype(k, wf.float32))
    return out


def broken(x):
    i = wf.asarray(1.0)
    while i < 1e6:
        i = i * 2.0
        if x > i:
            break
    return i


def raising(x):
    k = wf.asarray(0)
    while k < 100:
        if k == 50:
            raise ValueError("fifty")
        k = k + 1
    return x


@pytest.mark.parametrize("function", [thousand, few, appended, broken], ids=lambda f: f.__name__)
@pytest.mark.parametrize("value", [2.0, -1.5, 3.0])
def test_a_known_loop_gives_what_python_does(function, value: float) -> None:
    x = wf.asarray(value)
    got, expected = wf.compile(function)(x), function(x)
    assert str(got) == str(expected)


def test_a_long_known_loop_is_a_loop_of_the_graph() -> None:
    graph = wf.compile(thousand).graph(wf.asarray(2.0))
    assert any(node.op.name == "while" for node in graph.nodes)
    assert len(graph.nodes) < 100


def test_an_exception_in_a_known_loop_is_raised() -> None:
    with pytest.raises(ValueError, match="fifty"):
        wf.compile(raising)(wf.asarray(1.0))
