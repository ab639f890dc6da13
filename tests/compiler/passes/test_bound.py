"""Counters that a loop bounds are plain sums; all others still raise where they overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import weft as wf
from weft.compiler.graph.graph import Graph
from weft.compiler.graph.rewrite import regions

LARGEST = 2**63 - 1


def names(graph: Graph) -> set[str]:
    """The ops of a graph and its regions."""
    found = {node.op.name for node in graph.nodes}
    return found.union(*(names(r) for node in graph.nodes for r in regions(node.attrs).values()))


def below(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, y = 0, n * 1.0
    while i < 50 and y < 1000.0:
        y = y + 1.0
        i = i + 1
    return y, i


def below_largest(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, y = LARGEST - 4, n * 1.0
    while i < LARGEST and y < 1000.0:
        y = y + 1.0
        i = i + 1
    return y, i


def far_below_largest(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, y = LARGEST - 9, n * 1.0
    while i < LARGEST - 5 and y < 1000.0:
        y = y + 1.0
        i = i + 5
    return y, i


def by_more_than_fits(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, y = LARGEST - 7, n * 1.0
    while i < LARGEST - 1 and y < 1000.0:
        y = y + 1.0
        i = i + 4
    return y, i


def unbounded(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, y = LARGEST - 2, n * 1.0
    while y < 10.0:
        y = y + 1.0
        i = i + 1
    return y, i


def bounded_by_another(n: wf.Tensor) -> tuple[wf.Tensor, int]:
    i, j, y = LARGEST - 2, 0, n * 1.0
    while j < 5 and y < 1000.0:
        y = y + 1.0
        i, j = i + 1, j + 1
    return y, i


@pytest.mark.parametrize("function", [below, below_largest, far_below_largest])
def test_a_bounded_counter_counts_as_in_python(function: Callable[..., Any]) -> None:
    compiled = wf.compile(function)
    wanted, found = function(wf.tensor(1.0)), compiled(wf.tensor(1.0))
    assert (float(wanted[0]), wanted[1]) == (float(found[0]), found[1])


@pytest.mark.parametrize("function", [by_more_than_fits, unbounded, bounded_by_another])
def test_what_may_overflow_is_still_checked(function: Callable[..., Any]) -> None:
    with pytest.raises(OverflowError):
        wf.compile(function)(wf.tensor(1.0))


def test_only_what_is_bounded_becomes_a_plain_sum() -> None:
    x = wf.tensor(1.0)
    assert "add_integers" not in names(wf.compile(below).graph(x))
    assert "add_integers" not in names(wf.compile(below_largest).graph(x))
    assert "add_integers" in names(wf.compile(unbounded).graph(x))
    assert "add_integers" in names(wf.compile(by_more_than_fits).graph(x))
