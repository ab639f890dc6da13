"""Sizes as numbers: arithmetic as of ints, comparisons by what is known, and what becomes a condition."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from weft.runtime.dim import Dim, broadcast, evaluated, is_same, named, same_shape
from weft.runtime.sizes import SizeError, Sizes

OPERATORS = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod)
NAMES = ("n", "m", "k")


def sizes(**hints: int | None) -> tuple[Sizes, list[Any]]:
    """Sizes being traced, with these hints; None: none."""
    found = Sizes()
    found.open = True
    return found, [named(found.add(name, hint, 0 if hint is None else 2), found) for name, hint in hints.items()]


@st.composite
def expressions(draw: st.DrawFn) -> Any:
    """A function of three numbers made of sums, products, quotients and remainders."""
    steps = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7), st.integers(1, 5)), max_size=8))

    def run(numbers: list[Any]) -> list[Any]:
        values = list(numbers)
        for which, i, constant in steps:
            x, y = values[-1], values[i] if i < len(values) else constant
            y = constant if which >= 3 else y
            values.append(OPERATORS[which](x, y))
        return values

    return run


@given(expressions(), st.tuples(*[st.integers(2, 50)] * 3), st.tuples(*[st.integers(2, 50)] * 3))
def test_arithmetic_is_that_of_ints(run: Any, hints: tuple[int, ...], others: tuple[int, ...]) -> None:
    _, dims = sizes(**dict(zip(NAMES, hints, strict=True)))
    for numbers in (hints, others):
        env: dict[str, int] = dict(zip(NAMES, numbers, strict=True))
        assert [evaluated(x, env) for x in run(dims)] == run(list(numbers))


@given(expressions(), expressions(), st.tuples(*[st.integers(2, 50)] * 3), st.tuples(*[st.integers(2, 50)] * 3))
def test_answers_are_right_where_the_conditions_hold(
    left: Any, right: Any, hints: tuple[int, ...], others: tuple[int, ...]
) -> None:
    known, dims = sizes(**dict(zip(NAMES, hints, strict=True)))
    comparisons = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)
    answers = [compare(left(dims)[-1], right(dims)[-1]) for compare in comparisons]
    for numbers in (hints, others):
        if all(c.holds(dict(zip(NAMES, numbers, strict=True))) for c in known.conditions):
            assert answers == [f(left(list(numbers))[-1], right(list(numbers))[-1]) for f in comparisons]


def test_what_is_known_decides_and_leaves_no_condition() -> None:
    known, (n,) = sizes(n=6)
    assert (n > 0, n != 1, n >= 2, n == n, n + 1 > n, -1 % n == n - 1, n * 784 % 784 == 0) == (True,) * 7
    assert not known.conditions


def test_what_is_not_known_becomes_a_condition_and_is_known_from_then_on() -> None:
    known, (n, m) = sizes(n=6, m=6)
    assert (n > 4, n > 3, n % 2 == 0, n // 2 * 2 == n, n == m, m % 2 == 0) == (True,) * 6
    assert [str(one) for one in known.conditions] == ["n >= 5", "(n % 2) == 0", "n == m"]


@pytest.mark.parametrize(
    "use",
    [
        int, float, range, math.sqrt, hash, str, lambda n: f"{n}", lambda n: list("abcdefghij")[n], np.ones, np.int64,
        lambda n: n << 1, lambda n: n & 3, lambda n: n.bit_length(), lambda n: [0] * n, np.asarray, lambda n: {n: 1},
        lambda n: n < 2.5, lambda n: np.arange(3) * n,
    ],
)  # fmt: skip
def test_what_needs_the_number_makes_it_a_condition(use: Any) -> None:
    known, (n,) = sizes(n=6)
    found, wanted = use(n), use(6)
    assert np.array_equal(found, wanted) if isinstance(found, np.ndarray) else found == wanted
    assert [str(one) for one in known.conditions] == ["n == 6"]


def test_a_size_without_a_hint_answers_nothing_that_is_not_known() -> None:
    _, (k,) = sizes(k=None)
    assert k >= 0
    for asked in (lambda: is_same(k, 3) or known_equal(k), lambda: int(k)):
        with pytest.raises(SizeError, match="the size k is known only when the graph runs"):
            asked()


def known_equal(k: Dim) -> bool:
    """Asks as a shape rule does, which has no tensors for an answer."""
    return k.sizes.ask(k.terms, "==", "whether k is 0")


def test_after_the_trace_nothing_is_added() -> None:
    known, (n, m) = sizes(n=6, m=6)
    known.open = False
    assert n != m
    with pytest.raises(SizeError, match="whether n > 7"):
        _ = n > 7
    assert not known.conditions


def test_where_one_length_is_not_known_the_other_decides_what_two_broadcast_to() -> None:
    _, (n, k, j) = sizes(n=6, k=None, j=None)
    assert (broadcast(k, 3), broadcast(3, k), broadcast(k, n) is n, broadcast(k, 1) is k) == (3, 3, True, True)
    assert broadcast(n, 7) is None
    with pytest.raises(SizeError):
        broadcast(k, j)


def test_shapes_are_compared_without_a_question() -> None:
    known, (n, m) = sizes(n=6, m=6)
    assert same_shape((n, 3), (n, 3))
    assert not any(map(same_shape, [(n, 3), (n, 3), (n,), (2, 3)], [(m, 3), (1, 3), (6, 3), (2, 4)]))
    assert not known.conditions
