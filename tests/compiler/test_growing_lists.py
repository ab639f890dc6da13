"""Lists that grow in staged loops and branches: what Python gives, with gradients to order two, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from meaning import keep_meaning, traces

import weft as wf
from weft.runtime import tree


def stacked(x: Any, n: Any) -> Any:
    out = []
    for _ in range(n):
        x = wf.sin(x) * 1.5
        out.append(x)
    return wf.stack(out)


def stacked_along_the_last_axis(x: Any, n: Any) -> Any:
    return wf.stack([wf.sin(x * k) for k in range(n)], axis=-1)


def concatenated(x: Any, n: Any) -> Any:
    out = [x]
    while n > 0:
        out.append(out[-1] * x)
        n = n - 1
    return wf.concat(out), wf.concat(out, axis=None)


def chosen_ones(x: Any, n: Any) -> Any:
    out, rest = [], []
    for k in range(n):
        x = wf.cos(x)
        if wf.sum(x) > 1.2:
            out.append(x * k)
        else:
            rest.append(x)
    return out, rest, len(out), len(rest) > len(out)


def numbers(x: Any, n: Any) -> Any:
    ks = []
    for k in range(n):
        ks.append(k * k)
    return ks, wf.stack(ks), sum(ks), ks[0], ks[-1], ks[n - 1]


def floats(x: Any, n: Any) -> Any:
    total, halves = 0.0, []
    for k in range(n):
        total = total + 0.5 * k
        halves.append(total)
    return halves, sum(halves)


def looked_back_at(x: Any, n: Any) -> Any:
    seen = [x, x * 0.5]
    for _ in range(n):
        seen.append(wf.sin(seen[-1]) + seen[-2] * seen[0])
    return seen[-1], seen


def looped_over(x: Any, n: Any) -> Any:
    out = []
    for _ in range(n):
        x = x * 1.1
        out.append(x)
    total = 0.0
    for i, (y, z) in enumerate(zip(out, reversed(out))):  # noqa: B905
        total = total + wf.sum(y * z) * i
    squares = [wf.sum(y * y) for y in out]
    return total, squares, wf.stack(squares)


def extended(x: Any, n: Any) -> Any:
    out = [x]
    for k in range(n):
        out += [x * k, x + k]
        out.extend((wf.exp(-x),))
    out.append(x)
    return wf.stack(out), len(out)


def added_up(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        out = out + [x * k]  # noqa: RUF005
    return wf.stack(out), out


def nested(x: Any, n: Any) -> Any:
    rows = []
    for k in range(n):
        row = []
        for j in range(k + 1):
            row.append(wf.sum(x) * j)
        rows.append(sum(row))
    return wf.stack(rows)


def of_an_inner_loop(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        j = k
        while j > 0:
            out.append(x * j + k)
            j = j - 1
    return out


def in_a_known_loop(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        for y in x:
            out.append(y * k)
    return wf.stack(out)


def left_early(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        x = x * 1.5
        if wf.sum(x) > 8.0:
            break
        out.append(x + k)
    return out, len(out)


def given_to_functions(x: Any, n: Any) -> Any:
    def collect(into: Any, y: Any) -> Any:
        into.append(y * y)

    def mean(values: Any) -> Any:
        return sum(values) / len(values)

    out = []
    for k in range(n):
        collect(out, wf.sum(x) + k)
    return mean(out)


@dataclass
class Log:
    values: Any


def in_objects(x: Any, n: Any) -> Any:
    log, named = Log([]), {"odd": [], "even": [x]}
    for k in range(n):
        log.values.append(x * k)
        named["even" if True else "odd"].append(x + k)
    return log.values, named, len(named["even"])


def under_two_names(x: Any, n: Any) -> Any:
    out = []
    other = out
    for k in range(n):
        out.append(x * k)
        other.append(x)
    return out, other, out is other, len(other)


def asked_whether_filled(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        if k > 1:
            out.append(x * k)
    if out:
        x = x + out[0]
    return x if not out else x * 2.0


def in_a_branch(x: Any, n: Any) -> Any:
    out = [x]
    if n > 2:
        out.append(x * 2.0)
    return out, wf.stack(out)


def lengths_of_several(x: Any, n: Any) -> Any:
    named = {"a": [], "b": [x]}
    for k in range(n):
        named["a"].append(x * k)
    both = [named["a"], named["b"]]
    more, less = both
    lengths = list(map(len, named.values()))
    return lengths, list(map(len, both)), any(v for v in both), len(more), len(less)


def until_it_is_long(x: Any, n: Any) -> Any:
    out = []
    while len(out) < n:
        out.append(x * len(out))
    return out


def grown_again(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        out.append(x * k)
    first = wf.stack(out)
    for k in range(n):
        out.append(wf.sum(first) * x + k)
    return first, wf.stack(out), len(out)


PROGRAMS: list[Callable[..., Any]] = [
    stacked, stacked_along_the_last_axis, concatenated, chosen_ones, numbers, floats, looked_back_at, looped_over, extended,
    added_up, nested, of_an_inner_loop, in_a_known_loop, left_early, given_to_functions, in_objects, under_two_names,
    asked_whether_filled, in_a_branch, lengths_of_several, until_it_is_long, grown_again,
]  # fmt: skip


def x() -> Any:
    return wf.tensor([0.5, 1.25], dtype=wf.float64)


def total(f: Callable[..., Any], n: Any) -> Callable[..., Any]:
    """The sum of the squares of the floating tensors that `f` gives."""

    def sum_of_squares(x: Any) -> Any:
        leaves = tree.flatten(f(x, n))[0]
        floating = [y for y in leaves if isinstance(y, wf.Tensor) and y.dtype.kind == "f"]
        return sum((wf.sum(y * y) for y in floating), wf.sum(x))

    return sum_of_squares


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_a_list_that_grows_holds_what_python_s_holds(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    for n in (3, 5, 1):
        found, expected = compiled(x(), wf.tensor(n)), f(x(), wf.tensor(n))
        assert tree.flatten(found)[1] == tree.flatten(expected)[1]
        wf.testing.assert_close(found, expected)
    assert compiled.cache_info().misses == 1


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_come_through_a_list_that_grows(f: Callable[..., Any]) -> None:
    compiled, n = wf.compile(f), wf.tensor(4)
    wf.testing.assert_close(wf.grad(total(compiled, n))(x()), wf.grad(total(f, n))(x()))
    wf.testing.assert_close(wf.hessian(total(compiled, n))(x()), wf.hessian(total(f, n))(x()))


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_every_pass_and_the_text_keep_the_meaning_of_its_graph(f: Callable[..., Any]) -> None:
    with traces() as found:
        wf.compile(f)(x(), wf.tensor(3))
    for graph in found:
        keep_meaning(graph, [x(), wf.tensor(3)])


def test_a_list_without_items_comes_out_empty() -> None:
    compiled = wf.compile(chosen_ones)
    assert compiled(x(), wf.tensor(0)) == ([], [], 0, False)


def test_what_python_raises_for_an_empty_list_is_raised() -> None:
    for f, kind, message in (
        (stacked, wf.WeftError, "stack: given no tensors"),
        (numbers, wf.WeftError, "stack: given no tensors"),
        (lambda x, n: [x for _ in range(n)][2], IndexError, "list index out of range"),
        (lambda x, n: [x for _ in range(n)][-2], IndexError, "list index out of range"),
    ):
        for g in (f, wf.compile(f)):
            with pytest.raises(kind, match=re.escape(message)):
                g(x(), wf.tensor(0))


def test_the_list_of_a_call_is_the_call_s_own() -> None:
    compiled = wf.compile(under_two_names)
    first, second = (compiled(x(), wf.tensor(2)) for _ in range(2))
    assert first[0] is first[1]
    first[0].append(1)
    assert len(second[0]) == 4


def grow(
    use: Callable[..., Any], item: Callable[..., Any] = lambda x, k: x * k, before: Any = ()
) -> Callable[..., Any]:
    def f(x: Any, n: Any) -> Any:
        out = [*before]
        for k in range(n):
            out.append(item(x, k))
        return use(out, x)

    return f


def insert(out: Any, x: Any) -> Any:
    out.insert(0, x)
    return out


def remove(out: Any, x: Any) -> Any:
    del out[0]
    return out


def assign(out: Any, x: Any) -> Any:
    out[0] = x
    return out


def iterate_and_change(out: Any, x: Any) -> Any:
    for y in out:
        if len(out) < 10:
            out.append(y)
    return out


def match(out: Any, x: Any) -> Any:
    match out:
        case [_]:
            return x
    return x * 2.0


def unpack(out: Any, x: Any) -> Any:
    _, *rest = out
    return x * len(rest)


def unpack_nested(out: Any, x: Any) -> Any:
    (_, *rest), y = out, x
    return y * len(rest)


def add_another(out: Any, x: Any) -> Any:
    more = [x]
    more += out
    return more


def repeat(out: Any, x: Any) -> Any:
    out *= 2
    return out


def append_another(out: Any, x: Any) -> Any:
    out.append(wf.zeros(3))
    return wf.stack(out)


def one_tensor_for_all_trips(x: Any, n: Any) -> Any:
    out, row = [], x * 1.0
    for k in range(n):
        row[0] = row[0] + k
        out.append(row)
    return wf.stack(out)


NOT_COMPILED = "is not compiled for a list that grows"
REFUSED: list[tuple[Callable[..., Any], str]] = [
    (grow(insert), f"list.insert() {NOT_COMPILED}"),
    (grow(remove), f"deleting an item {NOT_COMPILED}"),
    (grow(assign), f"assigning an item {NOT_COMPILED}"),
    (grow(lambda out, x: out[1:]), f"a slice {NOT_COMPILED}"),
    (grow(lambda out, x: out.pop()), f"list.pop() {NOT_COMPILED}"),
    (grow(lambda out, x: sorted(out)), f"sorted() {NOT_COMPILED}"),
    (grow(lambda out, x: list(out)), f"list() {NOT_COMPILED}"),
    (grow(lambda out, x: tuple(out)), f"tuple() {NOT_COMPILED}"),
    (grow(lambda out, x: [x, *out]), f"unpacking {NOT_COMPILED}"),
    (grow(lambda out, x: len((*out, x))), f"unpacking {NOT_COMPILED}"),
    (grow(unpack), f"unpacking {NOT_COMPILED}"),
    (grow(unpack_nested), f"unpacking {NOT_COMPILED}"),
    (grow(lambda out, x: dict.fromkeys(out)), NOT_COMPILED),
    (grow(lambda out, x: list(filter(None, [out]))), f"filter() {NOT_COMPILED}"),
    (grow(lambda out, x: wf.add(*out)), f"unpacking {NOT_COMPILED}"),
    (grow(lambda out, x: print(out)), f"print() {NOT_COMPILED}"),
    (grow(lambda out, x: print(f"{out}")), f"a text {NOT_COMPILED}"),
    (grow(lambda out, x: str(out)), f"str() {NOT_COMPILED}"),
    (grow(lambda out, x: out == [x]), f"== {NOT_COMPILED}"),
    (grow(lambda out, x: x in out), f"in {NOT_COMPILED}"),
    (grow(lambda out, x: out * 2), f"* {NOT_COMPILED}"),
    (grow(lambda out, x: [x] + out), f"+ {NOT_COMPILED}"),  # noqa: RUF005
    (grow(lambda out, x: wf.zeros(len(out))), "which are not known"),
    (grow(lambda out, x: wf.sum(out)), f"sum() {NOT_COMPILED}"),
    (grow(iterate_and_change), f"a change of it while it is iterated {NOT_COMPILED}"),
    (grow(add_another), f"+= {NOT_COMPILED}"),
    (grow(repeat), f"*= {NOT_COMPILED}"),
    (grow(match), f"a pattern {NOT_COMPILED}"),
    (one_tensor_for_all_trips, "a tensor is appended to 'out' in a loop, and trips assign to the items of that one"),
    (grow(append_another), "its items are f64[2] and f32[3]"),
    (grow(lambda out, x: out, before=(1.0,)), "'out' is a list whose length is known only when the graph runs, and its items are"),
    (grow(lambda out, x: out, item=lambda x, k: (x, k)), "and its items are containers"),
    (grow(lambda out, x: out, item=lambda x, k: "a"), "its items are"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "message"), REFUSED)
def test_what_a_graph_cannot_do_with_such_a_list_is_refused(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(wf.WeftError, match=re.escape(message)):
        wf.compile(f)(x(), wf.tensor(3))


def test_a_sum_of_no_tensors_is_refused_when_it_comes_to_it() -> None:
    f = wf.compile(grow(lambda out, x: sum(out)))
    wf.testing.assert_close(f(x(), wf.tensor(3)), x() * 3.0)
    with pytest.raises(wf.WeftError, match=re.escape("sum() of an empty list, which is 0, and f64[2] for another")):
        f(x(), wf.tensor(0))


def appended_after_its_items_are_assigned(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        row = wf.zeros(2, wf.float64)
        row[0] = x[1] * k
        out.append(row)
    return out


def appended_before_its_items_are_assigned(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        row = wf.zeros(2, wf.float64)
        out.append(row)
        row[0] = x[1] * k
    return wf.stack(out)


def assigned_after_the_loop(x: Any, n: Any) -> Any:
    out, row = [], x * 1.0
    for _ in range(n):
        out.append(row)
    row[0] = 9.0
    return wf.stack(out)


def assigned_after_the_last_trip(x: Any, n: Any) -> Any:
    out, row = [], x
    for _ in range(n):
        row = row * 1.0
        out.append(row)
    row[0] = 9.0
    return wf.stack(out)


def assigned_in_the_next_trip(x: Any, n: Any) -> Any:
    out, row = [], x * 1.0
    for k in range(n):
        row[0] = 3.0 + k
        row = row * 2.0
        out.append(row)
    return wf.stack(out)


def an_item_s_items_are_assigned(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        out.append(x * k)
    out[0][1] = 7.0
    return wf.stack(out)


def an_item_in_a_loop_is_assigned(x: Any, n: Any) -> Any:
    out = []
    for k in range(n):
        out.append(x * k)
    for y in out:
        y[0] = 5.0
    return wf.stack(out)


def assigned_under_its_own_name(x: Any, n: Any) -> Any:
    out, row = [x * 1.0], x
    for k in range(n):
        row = x * k
        out.append(row)
    out[-1][0] = 2.0
    return row, wf.stack(out)


def a_tensor_of_the_list_before(x: Any, n: Any) -> Any:
    first = x * 1.0
    out = [first]
    for k in range(n):
        out.append(x * k)
    first[0] = 4.0
    return wf.stack(out)


ALIASES: list[Callable[..., Any]] = [
    appended_after_its_items_are_assigned, appended_before_its_items_are_assigned,
    assigned_after_the_loop, assigned_after_the_last_trip, assigned_in_the_next_trip, an_item_s_items_are_assigned,
    an_item_in_a_loop_is_assigned, assigned_under_its_own_name, a_tensor_of_the_list_before,
]  # fmt: skip


@pytest.mark.parametrize("f", ALIASES, ids=lambda f: f.__name__)
def test_names_of_what_a_list_holds_are_seen_as_in_python_or_refused(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    for n in (3, 1, 4):
        try:
            found = compiled(x(), wf.tensor(n))
        except wf.WeftError:
            continue
        wf.testing.assert_close(found, f(x(), wf.tensor(n)))


def test_lists_of_lists_of_one_item_do_not_grow() -> None:
    def f(x):
        t = [[x], [x * 2.0]]
        u = t if x > 0.0 else [[x]]
        return len(u)

    with pytest.raises(wf.errors.SourceError, match="its items are containers"):
        wf.compile(f)(wf.tensor(1.0))
