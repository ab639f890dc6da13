"""What needs what, kept while groups are joined."""

from __future__ import annotations

import random
from typing import Any

import pytest

from weft.compiler.backend.reach import Reach, places


def made(needs: dict[str, str]) -> Reach:
    reach = Reach()
    for name in needs:
        reach.add(name)
    for name, others in needs.items():
        reach.depend(name, others)
    return reach


def test_needs_are_inherited_also_by_those_that_came_before() -> None:
    reach = made({"a": "", "b": "a", "c": "b", "d": ""})
    assert reach.depends("c", "a")
    assert not reach.depends("c", "d")
    reach.depend("a", "d")
    assert reach.depends("c", "d")


def test_what_stands_between_two_groups_keeps_them_apart() -> None:
    reach = made({"a": "", "b": "a", "c": "ab", "d": "a"})
    assert reach.between("a", "c")
    assert not reach.between("a", "d")
    assert not reach.between("b", "c")


def test_groups_that_join_need_and_are_needed_together() -> None:
    reach = made({"a": "", "b": "", "c": "a", "d": "b", "e": "c"})
    reach.join("c", "d")
    assert reach.depends("e", "b")
    assert reach.depends("c", "a")
    assert not reach.depends("c", "c")


def test_the_order_is_kept_where_nothing_speaks_against_it() -> None:
    reach = made({"a": "", "b": "d", "c": "", "d": "c"})
    assert reach.ordered("abcd") == ["a", "c", "d", "b"]


@pytest.mark.parametrize("seed", range(20))
def test_orders_respect_every_need(seed: int) -> None:
    draw = random.Random(seed)
    reach, groups = Reach(), list(range(30))
    needs: dict[int, list[Any]] = {g: draw.sample(range(g), min(g, 2)) for g in groups}
    for g in groups:
        reach.add(g)
        reach.depend(g, needs[g])
    shuffled = draw.sample(groups, len(groups))
    order = reach.ordered(shuffled)
    assert sorted(order) == groups
    assert all(order.index(n) < order.index(g) for g in groups for n in needs[g])


def test_places_are_those_of_the_ones() -> None:
    assert list(places(0b1010010)) == [1, 4, 6]
