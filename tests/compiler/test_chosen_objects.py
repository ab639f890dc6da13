"""An object that tensors choose from several comes out of a call as the very object that Python would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import weft as wf

VALUES = (1.0, -1.0, 3.0, -3.0)


class Box:
    def __init__(self, held: Any) -> None:
        self.held = held


BOXES = (Box(1.0), Box(2.0))


def one_of_two(x, r, q):
    return r if x > 0.0 else q


def two_in_either_order(x, r, q):
    return (r, q) if x > 0.0 else (q, r)


def returned_early_or_new(x, r, q):
    if x > 0.0:
        return r
    if x > -2.0:
        return q
    return [x, x]


def one_or_none(x, r, q):
    if x > 0.0:
        return r
    if x < -2.0:
        return q


def given_back_in_several_places(x, r, q):
    s = r if x > 0.0 else q
    return s, s, [s], r


def of_two_that_were_made(x, r, q):
    a, b = [x, x], [x * 2.0, x]
    s = a if x > 0.0 else b
    t = b if x < -2.0 else a
    return s, t, a


def chosen_from_chosen(x, r, q):
    s = (r if x > 0.0 else q) if x > -2.0 else [x, x]
    t = s if x > 2.0 else q
    return s, t


def chosen_by_a_loop(x, r, q):
    i, s, t = x * 0.0, r, q
    while i < x:
        s, t = t, s
        i = i + 1.0
    return s, t


def kept_or_made_by_a_loop(x, r, q):
    i, s = x * 0.0, r
    while i < x:
        s = [s[0] + 1.0, s[1]] if i > 1.0 else q
        i = i + 1.0
    return s


def a_list_that_grew_or_not(x, r, q):
    i, ys = x * 0.0, []
    while i < x:
        ys.append(i)
        i = i + 1.0
    return ys if x > 1.0 else r, ys


def changed_before(x, r, q):
    r[0] = x * 3.0
    return r if x > 0.0 else q


def kept_in_an_argument(x, r, q):
    q[0] = r if x > 0.0 else [x, x]
    return q[0]


def kept_in_a_dict(x, r, q):
    d = {"a": r, "b": r if x > 0.0 else q}
    d["a"] = q if x > 2.0 else d["a"]
    return d


def an_object_from_around(x, r, q):
    return BOXES[0] if x > 0.0 else BOXES[1]


def a_new_one_chosen_again(x, r, q):
    a = r

    def pick(v):
        nonlocal a
        if v > 0.0:
            a = [v, v]
        return a

    return pick(x), pick(x - 1.0), a


def kept_until_an_exception(x, r, q):
    q[0] = r if x > 0.0 else q[1]
    if x > -2.0:
        raise ValueError


CHOOSING = tuple(f for f in list(globals().values()) if getattr(f, "__code__", None) and f.__code__.co_argcount == 3)


def objects(x: Any) -> list[Any]:
    """The lists, dicts and boxes in a value, in order."""
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ()
    return [x] * isinstance(x, list | dict | Box) + [each for part in parts for each in objects(part)]


def sharing(f: Callable[..., Any], value: float) -> tuple[list[int], str]:
    """For each object in the arguments, around and in the result, the first one that it is; and the values."""
    r, q = [wf.tensor(1.0), wf.tensor(2.0)], [wf.tensor(3.0), [wf.tensor(4.0), wf.tensor(5.0)]]
    given = (r, q) if f.__name__ in ("kept_in_an_argument", "kept_until_an_exception") else (r, q[1])
    try:
        result = f(wf.tensor(value), *given)
    except ValueError:
        result = "raised"
    found = [*objects(given), *BOXES, *objects(result)]
    numbers = {id(x): i for i, x in reversed(list(enumerate(found)))}
    return [numbers[id(x)] for x in found], f"{given} {result}"


@pytest.mark.parametrize("executor", ["interpreter", "native"])
@pytest.mark.parametrize("f", CHOOSING, ids=lambda f: f.__name__)
def test_the_object_that_is_chosen_is_the_one_that_comes_out(f: Callable[..., Any], executor: str) -> None:
    compiled = wf.compile(f)
    with wf.options(executor=executor):
        for value in VALUES * 2:
            assert sharing(compiled, value) == sharing(f, value)


def test_a_tensor_that_may_be_missing_comes_out_twice_as_one() -> None:
    def f(x):
        y = x * 2.0 if x > 0.0 else None
        return y, [y]

    compiled = wf.compile(f)
    for value in (1.0, -1.0, 2.0):
        y, (z,) = compiled(wf.tensor(value))
        assert y is z
        assert str(y) == str(f(wf.tensor(value))[0])


def test_gradients_go_through_items_of_a_chosen_list() -> None:
    @wf.compile
    def f(x, r, q):
        s = r if x > 0.0 else q
        return s[0] * x, s

    r, q = [wf.tensor(2.0)], [wf.tensor(5.0)]
    with wf.GradientTape() as tape:
        tape.watch([r[0], q[0]])
        y, s = f(wf.tensor(3.0), r, q)
    assert s is r
    assert [float(dx) for dx in tape.gradient(y, [r[0], q[0]], unconnected="zero")] == [3.0, 0.0]


def test_lists_that_may_be_one_list_do_not_come_out_of_a_loop_as_two() -> None:
    def f(x):
        a = b = [x]
        i = x * 0.0
        while i < x:
            a = [a[0] + 1.0]
            b = a if i > 1.0 else [x]
            i = i + 1.0
        return a, b

    with pytest.raises(wf.errors.SourceError, match="a list in two places or more that is one object, or several"):
        wf.compile(f)(wf.tensor(3.0))


def test_an_exception_leaves_no_container_that_holds_a_chosen_object() -> None:
    def f(x, r, q):
        q[0] = {"a": r if x > 0.0 else [x]}
        if x > 0.0:
            raise ValueError

    with pytest.raises(wf.errors.SourceError, match="with an object in it that is one of several"):
        wf.compile(f)(wf.tensor(1.0), [wf.tensor(1.0)], [wf.tensor(2.0)])
