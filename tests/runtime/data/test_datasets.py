"""Datasets: what each step gives, its length, and that steps in memory and element by element agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import weft as wf
from weft.runtime.errors import ArgumentError, DataError, DTypeError, ShapeError


def numbers(n: int) -> wf.data.Dataset:
    return wf.data.from_arrays(np.arange(n))


def listed(dataset: Any) -> list[Any]:
    return [shown(x) for x in dataset]


def shown(x: Any) -> Any:
    if isinstance(x, wf.Tensor):
        return x.tolist()
    if isinstance(x, dict):
        return {key: shown(value) for key, value in x.items()}
    return tuple(map(shown, x)) if isinstance(x, tuple) else x


def one_by_one(dataset: wf.data.Dataset) -> wf.data.Dataset:
    """The same elements without the short cuts of arrays in memory."""

    def same(first: Any, *rest: Any) -> Any:
        return (first, *rest) if rest else first

    return dataset.map(same)


# fmt: off
STEPS: list[tuple[str, Callable[[wf.data.Dataset], wf.data.Dataset], list[Any], int | None]] = [
    ("map",         lambda d: d.map(lambda x: x * x),                   [0, 1, 4, 9, 16],                       5),
    ("filter",      lambda d: d.filter(lambda x: x % 2 == 0),           [0, 2, 4],                              None),
    ("batch",       lambda d: d.batch(2),                               [[0, 1], [2, 3], [4]],                  3),
    ("drop",        lambda d: d.batch(2, drop_remainder=True),          [[0, 1], [2, 3]],                       2),
    ("unbatch",     lambda d: d.batch(2).unbatch(),                     [0, 1, 2, 3, 4],                        None),
    ("rebatch",     lambda d: d.batch(2).unbatch().batch(3),            [[0, 1, 2], [3, 4]],                    None),
    ("repeat",      lambda d: d.repeat(2),                              [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],         10),
    ("repeat 0",    lambda d: d.repeat(0),                              [],                                     0),
    ("take",        lambda d: d.take(2),                                [0, 1],                                 2),
    ("take more",   lambda d: d.take(9),                                [0, 1, 2, 3, 4],                        5),
    ("skip",        lambda d: d.skip(3),                                [3, 4],                                 2),
    ("skip more",   lambda d: d.skip(9),                                [],                                     0),
    ("forever",     lambda d: d.repeat().take(7),                       [0, 1, 2, 3, 4, 0, 1],                  7),
    ("across",      lambda d: d.repeat(2).batch(4),                     [[0, 1, 2, 3], [4, 0, 1, 2], [3, 4]],   3),
    ("repeat 2 2",  lambda d: d.take(2).repeat(2).repeat(2).batch(8),   [[0, 1, 0, 1, 0, 1, 0, 1]],             1),
    ("cut across",  lambda d: d.repeat(2).skip(4).take(3),              [4, 0, 1],                              3),
    ("zip",         lambda d: d.zip(d.skip(2)),                         [(0, 2), (1, 3), (2, 4)],               3),
    ("concatenate", lambda d: d.take(1).concatenate(d.skip(4), d.take(1)), [0, 4, 0],                           3),
    ("enumerate",   lambda d: d.skip(3).enumerate(start=5),             [(5, 3), (6, 4)],                       2),
    ("shard",       lambda d: d.shard(2, 1),                            [1, 3],                                 2),
    ("shard 0",     lambda d: d.shard(2, 0),                            [0, 2, 4],                              3),
    ("cache",       lambda d: d.cache(),                                [0, 1, 2, 3, 4],                        5),
    ("prefetch",    lambda d: d.prefetch(2),                            [0, 1, 2, 3, 4],                        5),
    ("interleave",  lambda d: d.interleave(lambda x: numbers(int(x)).map(lambda y: x * 10 + y)),
                    [10, 20, 21, 30, 31, 40, 32, 41, 42, 43],           None),
    ("flat",        lambda d: d.interleave(lambda x: [x] * int(x), cycle=1, block=9), [1, 2, 2, 3, 3, 3, 4, 4, 4, 4], None),
]
# fmt: on


@pytest.mark.parametrize("source", [numbers, lambda n: one_by_one(numbers(n))], ids=["memory", "one by one"])
@pytest.mark.parametrize(("name", "step", "expected", "length"), STEPS, ids=[row[0] for row in STEPS])
def test_each_step_gives_its_elements(
    source: Any, name: str, step: Any, expected: list[Any], length: int | None
) -> None:
    dataset = step(source(5))
    assert listed(dataset) == expected
    assert listed(dataset) == expected  # as often as one likes
    if length is None:
        with pytest.raises(TypeError, match="not known"):
            len(dataset)
    else:
        assert len(dataset) == length


@pytest.mark.parametrize(("name", "step", "expected", "length"), STEPS, ids=[row[0] for row in STEPS])
def test_two_iterators_of_one_dataset_do_not_disturb_each_other(
    name: str, step: Any, expected: list[Any], length: int | None
) -> None:
    dataset = step(numbers(5))
    first, second = iter(dataset), iter(dataset)
    pairs = [(shown(x), shown(y)) for x, y in zip(first, second, strict=True)]
    assert pairs == [(x, x) for x in expected]


def test_nothing_runs_before_somebody_iterates() -> None:
    calls: list[int] = []

    def source() -> Any:
        calls.append(0)
        yield from range(3)

    dataset = wf.data.from_generator(source).map(lambda x: calls.append(1) or x).batch(2).prefetch(1).repeat(2)
    iter(dataset)
    assert calls == []
    assert listed(dataset.take(1)) == [[0, 1]]


def test_elements_are_drawn_one_at_a_time() -> None:
    pulled: list[int] = []

    def source() -> Any:
        for i in range(100):
            pulled.append(i)
            yield i

    items = iter(wf.data.from_generator(source).map(lambda x: x + 1).filter(lambda x: x > 0).take(50).batch(2))
    assert next(items).tolist() == [1, 2]
    assert pulled == [0, 1]


class Pair(NamedTuple):
    left: Any
    right: Any


def test_elements_are_trees() -> None:
    x = np.arange(4.0).reshape(2, 2)
    for dataset in (wf.data.from_arrays({"a": Pair(x, [5, 6]), "b": (["x", "y"],)}),):
        first = next(iter(dataset))
        assert isinstance(first["a"], Pair)
        assert first["a"].left.tolist() == [0.0, 1.0]
        assert first["b"] == ("x",)
        for batched in (dataset.batch(2), one_by_one(dataset).batch(2)):
            (batch,) = batched
            assert batch["a"].left.tolist() == x.tolist()
            assert batch["a"].right.tolist() == [5, 6]
            assert batch["b"][0].tolist() == ["x", "y"]
            assert listed(batched.unbatch().map(lambda e: e["b"])) == [("x",), ("y",)]


def test_a_tuple_is_spread_over_the_arguments() -> None:
    dataset = wf.data.from_arrays(([1, 2, 3], [10, 20, 30]))
    assert listed(dataset.map(lambda x, y: x + y)) == [11, 22, 33]
    assert listed(dataset.filter(lambda x, y: x > 1)) == [(2, 20), (3, 30)]


def test_what_a_function_returns_becomes_tensors() -> None:
    found = next(iter(numbers(1).map(lambda x: (1, np.float32(2.0), None, "text", {"a": True}))))
    assert [type(x).__name__ for x in found[:2]] == ["EagerTensor", "EagerTensor"]
    assert found[2:4] == (None, "text")
    assert found[4]["a"].dtype.name == "bool"


def test_variables_and_tensors_may_be_the_arrays() -> None:
    assert listed(wf.data.from_arrays(wf.Variable([1.0, 2.0]))) == [1.0, 2.0]
    assert listed(wf.data.from_arrays((wf.tensor([1]), np.array([2], ">i4")))) == [(1, 2)]


def test_batches_in_memory_are_views() -> None:
    x = np.arange(6.0)
    for batch in wf.data.from_arrays(x).batch(2):
        assert np.shares_memory(batch.numpy(), x)


def test_elements_have_the_dtype_of_their_array() -> None:
    dataset = wf.data.from_arrays((np.zeros((2, 3), "float16"), [1.5, 2.5], [True, False]))
    for x in (next(iter(dataset)), next(iter(dataset.batch(2)))):
        assert [part.dtype.name for part in x] == ["float16", "float32", "bool"]


def test_padded_batches_reach_to_the_longest() -> None:
    rows = [[1], [1, 2, 3], [], [4]]
    dataset = wf.data.from_generator(lambda: (np.array(row, np.int64) for row in rows))
    assert listed(dataset.padded_batch(3)) == [[[1, 0, 0], [1, 2, 3], [0, 0, 0]], [[4]]]
    assert listed(dataset.padded_batch(3, value=-1, drop_remainder=True)) == [[[1, -1, -1], [1, 2, 3], [-1, -1, -1]]]
    squares = wf.data.from_generator(lambda: (np.ones((n, 4 - n)) for n in (1, 3)))
    assert next(iter(squares.padded_batch(2))).shape == (2, 3, 3)


def test_cache_reads_its_source_once() -> None:
    calls: list[int] = []

    def source() -> Any:
        calls.append(1)
        yield from range(3)

    dataset = wf.data.from_generator(source).cache()
    next(iter(dataset))  # not to the end: nothing is kept
    assert listed(dataset) == listed(dataset) == [0, 1, 2]
    assert len(calls) == 2


# --- shuffling ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 30), st.integers(1, 40), st.integers(1, 7), st.integers(0, 2**64 - 1), st.integers(1, 3))
def test_arrays_in_memory_are_shuffled_like_elements(n: int, buffer: int, size: int, seed: int, times: int) -> None:
    quick = numbers(n).shuffle(buffer, seed=seed).repeat(times).batch(size)
    slow = one_by_one(numbers(n)).shuffle(buffer, seed=seed).repeat(times).batch(size)
    found = listed(quick)
    assert found == listed(slow)
    assert sorted(i for batch in found for i in batch) == sorted(list(range(n)) * times)
    assert len(quick) == len(slow) == len(found)


def test_the_order_changes_with_the_epoch_and_comes_back_with_the_seed() -> None:
    dataset = numbers(20).shuffle(20, seed=1)
    orders = [listed(dataset) for _ in range(3)]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    again = numbers(20).shuffle(20, seed=1)
    assert [listed(again) for _ in range(3)] == orders
    assert listed(numbers(20).shuffle(20, seed=2)) != orders[0]
    assert orders[0] == [8, 5, 4, 10, 6, 12, 17, 14, 9, 1, 11, 13, 2, 18, 0, 19, 3, 7, 16, 15]


def test_the_order_stays_without_reshuffling() -> None:
    dataset = numbers(20).shuffle(20, seed=1, reshuffle=False)
    assert listed(dataset) == listed(dataset) == listed(numbers(20).shuffle(20, seed=1))


def test_without_a_seed_the_default_generator_decides() -> None:
    wf.seed(3)
    first = listed(numbers(20).shuffle(20))
    second = listed(numbers(20).shuffle(20))
    wf.seed(3)
    assert listed(numbers(20).shuffle(20)) == first != second


def test_iterating_leaves_the_default_generator_alone() -> None:
    dataset = numbers(5).shuffle(2, seed=1)
    wf.seed(3)
    expected = wf.random.bits((2,)).tolist()
    wf.seed(3)
    list(dataset)
    assert wf.random.bits((2,)).tolist() == expected


def test_a_small_buffer_moves_elements_only_so_far() -> None:
    order = listed(numbers(1000).shuffle(10, seed=1))
    assert all(position >= x - 9 for position, x in enumerate(order))
    assert order != sorted(order)


def test_every_place_is_as_likely() -> None:
    dataset = numbers(5).shuffle(5, seed=0)
    counts = np.zeros((5, 5))
    for _ in range(2000):
        counts[np.arange(5), listed(dataset)] += 1
    assert np.abs(counts - 400).max() < 4.5 * math.sqrt(400)


def test_shuffled_arrays_shuffle_everything_by_default() -> None:
    assert sorted(listed(wf.data.from_arrays(np.arange(9)).shuffle(seed=0))) == list(range(9))
    assert listed(wf.data.from_arrays(np.arange(0)).shuffle(seed=0)) == []


# --- split -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held_out", "n"), [(3, 3), (0.3, 3), (0.25, 3), (1, 1), (9, 9)])
def test_split_holds_elements_out(held_out: Any, n: int) -> None:
    train, test = wf.data.split({"x": np.arange(10) * 10, "y": list(range(10))}, held_out, seed=1)
    assert test["x"].shape == (n,)
    assert sorted(train["y"].tolist() + test["y"].tolist()) == list(range(10))
    assert (train["x"] // 10).tolist() == train["y"].tolist()
    again = wf.data.split(np.arange(10), held_out, seed=1)
    assert again[0].tolist() == train["y"].tolist() != sorted(train["y"].tolist()) or n == 9


@pytest.mark.parametrize("held_out", [0, 10, 0.0, 1.0, -1, 0.01])
def test_split_leaves_something_on_both_sides(held_out: Any) -> None:
    with pytest.raises(ArgumentError, match=r"split: .* of 10 elements leaves"):
        wf.data.split(np.arange(10), held_out)


# --- what is refused ---------------------------------------------------------------------------------------------


def elements(*items: Any) -> wf.data.Dataset:
    return wf.data.from_generator(list(items))


# fmt: off
REFUSED = [
    (lambda: wf.data.from_arrays(([1, 2], [1, 2, 3])),             DataError,     "from_arrays: the arrays hold 2 and 3 elements"),
    (lambda: wf.data.from_arrays(5),                               DataError,     "from_arrays: 5 has no first axis"),
    (lambda: wf.data.from_arrays(np.array("a")),                   DTypeError,    "is not a dtype"),
    (lambda: wf.data.from_arrays(np.array([1, "a"], object)),      DTypeError,    "is not a dtype"),
    (lambda: wf.data.from_arrays(()),                              DataError,     "from_arrays: no arrays"),
    (lambda: wf.data.from_arrays([[1], [1, 2]]),                   ShapeError,    "rows of equal lengths"),
    (lambda: wf.data.from_generator(iter([1])),                    ArgumentError, "from_generator: a list_iterator can be read only once"),
    (lambda: wf.data.from_generator(x for x in [1]),               ArgumentError, "from_generator: a generator can be read only once"),
    (lambda: numbers(3).batch(0),                                  ArgumentError, "batch: the size is 0"),
    (lambda: one_by_one(numbers(3)).batch(0),                      ArgumentError, "batch: the size is 0"),
    (lambda: numbers(3).batch(1.5),                                ArgumentError, "batch: the size is 1.5"),  # type: ignore[arg-type]
    (lambda: numbers(3).padded_batch(-1),                          ArgumentError, "padded_batch: the size is -1"),
    (lambda: numbers(3).take(-1),                                  ArgumentError, "take: the number is -1"),
    (lambda: one_by_one(numbers(3)).skip(-1),                      ArgumentError, "skip: the number is -1"),
    (lambda: numbers(3).repeat(-1),                                ArgumentError, "repeat: the number of times is -1"),
    (lambda: numbers(3).shuffle(0),                                ArgumentError, "shuffle: the buffer is 0"),
    (lambda: numbers(3).shuffle(3, seed=-1),                       ArgumentError, "seed: -1 is not between"),
    (lambda: numbers(3).prefetch(0),                               ArgumentError, "prefetch: the number is 0"),
    (lambda: numbers(3).shard(2, 2),                               ArgumentError, "shard: index 2 of 2 shards"),
    (lambda: numbers(3).shard(0, 0),                               ArgumentError, "shard: the count is 0"),
    (lambda: numbers(3).interleave(lambda x: [x], cycle=0),        ArgumentError, "interleave: the cycle is 0"),
    (lambda: wf.data.zip(),                                        ArgumentError, "zip: no datasets"),
    (lambda: list(elements([1.0], [1.0, 2.0]).batch(2)),           DataError,     "batch: elements differ in structure"),
    (lambda: list(elements(1, 2.0).batch(2)),                      DTypeError,    r"batch: elements differ in dtype: i64\[\] and f32\[\]"),
    (lambda: list(elements(1, None).batch(2)),                     DataError,     "batch: a leaf is a tensor in some elements and None"),
    (lambda: list(elements(np.ones(2), np.ones(3)).batch(2)),      ShapeError,    r"batch: elements differ in shape: f64\[2\] and f64\[3\]"),
    (lambda: list(elements(np.ones(2), np.ones((1, 1))).padded_batch(2)), ShapeError, "padded_batch: elements differ in rank"),
    (lambda: list(elements(1).unbatch()),                          DataError,     "unbatch: a leaf has no first axis"),
    (lambda: list(elements((np.ones(2), np.ones(3))).unbatch()),   DataError,     "unbatch: the leaves of an element hold batches of 2, 3"),
    (lambda: list(numbers(0).repeat()),                            DataError,     "repeat: an empty dataset"),
    (lambda: list(one_by_one(numbers(0)).repeat()),                DataError,     "repeat: an empty dataset"),
]
# fmt: on


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_what_does_not_fit_is_refused(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_dataset_without_end_has_no_len() -> None:
    with pytest.raises(TypeError, match="without end"):
        len(numbers(3).repeat())
    assert numbers(3).repeat()
    assert repr(one_by_one(numbers(3)).repeat()) == "<dataset, length infinite>"
    assert repr(numbers(3).filter(bool)) == "<dataset, length unknown>"
    assert (
        repr(wf.data.from_arrays((np.ones((3, 2), "float32"), ["a", "b", "c"])))
        == "<dataset of f32[2], object, length 3>"
    )
