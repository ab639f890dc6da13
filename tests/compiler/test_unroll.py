"""Loops that a program asks to be written out: the same results, no loop in the graph, or a clear refusal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import weft as wf
from weft.runtime import tree


def rows(x: Any) -> Any:
    total = 0.0
    for row in wf.unroll(x):
        total = total + wf.sum(wf.sin(row))
    return total


def layers_of_its_own(x: Any) -> Any:
    kept = []
    for i in wf.unroll(range(x.shape[0])):
        x = (wf.sin, wf.exp, wf.tanh)[i](x)
        kept.append(x)
    return kept


def left_early(x: Any) -> Any:
    k = -1
    for k in wf.unroll(range(6)):
        if wf.sum(x) > 5.0:
            break
        x = x + k
    else:
        k = 100
    return x, k


def numbered(x: Any) -> Any:
    found = {}
    for i, (row, other) in wf.unroll(enumerate(zip(x, reversed(x), strict=True), 2)):
        found[i] = row * other
    return found


def comprehended(x: Any) -> Any:
    return [row * scale for row in wf.unroll(x) for scale in wf.unroll([1.0, 2.0])]


def of_an_iterator(x: Any) -> Any:
    total = x
    for i in wf.unroll(itertools.islice(itertools.count(), 4)):
        total = total * x + i
    return total


def of_a_generator(x: Any) -> Any:
    def twice() -> Iterator[float]:
        yield 1.0
        yield 2.0

    for k in wf.unroll(twice()):
        x = x * k
    return x


def of_what_may_be_none(x: Any) -> Any:
    items = None
    if wf.sum(x) > -100.0:
        items = [x, x * 2.0]
    total = 0.0
    for part in wf.unroll(items):  # pyright: ignore[reportArgumentType]
        total = total + wf.sum(part)
    return total


FUNCTIONS: list[Callable[..., Any]] = [
    rows, layers_of_its_own, left_early, numbered, comprehended, of_an_iterator, of_a_generator, of_what_may_be_none,
]  # fmt: skip


def total(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: sum(wf.sum(y) for y in tree.flatten(f(x))[0] if isinstance(y, wf.Tensor))


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_loop_written_out_gives_what_python_gives_and_leaves_no_loop_in_the_graph(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    for values in ([[0.5, 1.0], [2.0, -1.0], [0.1, 0.2]], [[3.0, 1.0], [2.0, 2.0], [0.0, 4.0]], [[-1.0, 0.0]] * 3):
        x = wf.tensor(values, dtype=wf.float64)
        wf.testing.assert_close(compiled(x), f(x))
        wf.testing.assert_close(wf.grad(total(compiled))(x), wf.grad(total(f))(x))
    assert "while" not in str(compiled.graph(x))


def test_each_length_has_a_trace_of_its_own() -> None:
    compiled = wf.compile(rows)
    for n in (2, 3, 4, 3):
        x = wf.ones((n, 2))
        wf.testing.assert_close(compiled(x), rows(x))
    assert compiled.cache_info().misses == 3


def test_eager_code_gets_what_it_gives() -> None:
    items = [1, 2]
    assert wf.unroll(items) is items


def sought(x: Any) -> Any:
    for _ in wf.unroll(itertools.count()):
        x = x + 1.0
        if x > 3.0:
            break
    return x


def loop_over(items: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        total = x
        for _ in wf.unroll(items(x)):
            total = total * 2.0
        return total

    return f


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda n: range(n), "unroll: how many trips the loop makes depends on a tensor, so they cannot be written out"),
    (lambda n: zip(range(n), range(3)), "unroll: how many trips the loop makes depends on a tensor"),  # noqa: B905
    (lambda _: range(10_001), "unroll: the loop makes 10001 trips, and at most 10000 are written out"),
    (lambda _: wf.zeros((20_000, 1)), "unroll: the loop makes 20000 trips"),
    (lambda _: iter(range(10_001)), "unroll: the loop makes 10001 trips"),
]


@pytest.mark.parametrize(("items", "message"), REFUSED)
def test_what_cannot_be_written_out_is_refused(items: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(wf.WeftError, match=re.escape(message)):
        wf.compile(loop_over(items))(wf.tensor(3))


def test_an_iterator_from_outside_is_refused_as_without_it() -> None:
    items = iter([1.0, 2.0])

    def f(x: Any) -> Any:
        for k in wf.unroll(items):
            x = x * k
        return x

    with pytest.raises(wf.WeftError, match="an iterator is advanced"):
        wf.compile(f)(wf.tensor(3.0))
