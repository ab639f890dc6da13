"""x[index] picks what NumPy picks, recorded or not, and says what is wrong with an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime import observers
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, OutOfRangeError, ShapeError
from weft.runtime.index import Range, parse, plain

VALUES = np.arange(24.0).reshape(2, 3, 4)

INDICES = [
    0,
    -1,
    np.int64(1),
    (1, 2),
    (1, -3, 3),
    (slice(None), -1),
    (slice(None, None, -1), slice(10, None), slice(3, 0, -2)),
    (slice(-2, None), slice(0, 0)),
    ...,
    (..., 0),
    (0, ...),
    (0, ..., 1),
    (1, 2, ..., 3),
    (..., slice(None, None, -2)),
    None,
    (None, 0, None, ..., None),
    (),
    [0, 1, 0],
    [-1],
    [],
    [[0], [1]],
    ([0, 1], [1, 2]),
    ([0, 1], slice(None), [1, 2]),
    (slice(None), [0, 2], slice(1, 3)),
    (slice(None), [0, 2], 1),
    (0, slice(None), [1, 2]),
    (0, [1, 2]),
    ([[0], [1]], [1, 2]),
    (slice(0, 2), [[0], [1]], None, [1, 2]),
    (slice(0, 2), None, [[0], [1]], [1, 2]),
    (None, [1, 0]),
    (slice(1), [0, 1], ..., [2, 3]),
    (None, [0, 1], slice(None), ..., [2, 3]),
    (slice(1), 1, ..., [2, 3]),
    ([0], ..., [1]),
    (..., [0, 0, 3]),
    np.array(1),
    (np.array(0), slice(None), np.array(2)),
    np.array([1, 0], np.uint8),
    np.array([[1, 0]], np.int16),
    np.zeros((0, 2), np.int64),
    VALUES > 5,
    VALUES > 99,
    (slice(None), [True, False, True]),
    ([True, False],),
    ([True, True], slice(None), [0, 1]),
    (VALUES[:, :, 0] > 4, slice(1, 3)),
    (VALUES[:, :, 0] > 4, 1),
    (1, VALUES[1] > 14),
    (..., VALUES[0] > 4),
    True,
    False,
    np.True_,
    np.array(True),
    (True, 0),
    (0, True, [1, 2]),
    (False, [1]),
]


class Onlooker:
    """Sees everything, so that no shortcut is taken."""

    def observe(self, op: Any, inputs: Any, attrs: Any, outputs: Any) -> None:
        assert all(isinstance(hash(value), int) for value in (op, *attrs.values()))

    def read(self, variable: Any, value: Any) -> None: ...


@contextmanager
def watched(yes: bool) -> Iterator[None]:
    if not yes:
        yield
        return
    onlooker = Onlooker()
    observers.add(onlooker)
    try:
        yield
    finally:
        observers.remove(onlooker)


def as_tensors(index: Any) -> Any:
    """The arrays of an index as tensors."""
    if isinstance(index, tuple):
        return tuple(as_tensors(part) for part in index)
    return wf.tensor(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_an_index_picks_what_numpy_picks(index: Any, recorded: bool) -> None:
    x = wf.tensor(VALUES)
    with watched(recorded):
        for given in (index, as_tensors(index)):
            y = x[given]
            np.testing.assert_array_equal(y.numpy(), VALUES[index], strict=True)
            assert type(y) is type(x)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_assigning_to_an_index_changes_what_numpy_changes(index: Any, recorded: bool) -> None:
    expected = VALUES.copy()
    places = expected[index].shape
    value = np.arange(100.0, 100.0 + np.prod(places, dtype=int)).reshape(places)
    expected[index] = value
    for given, new in ((index, value), (as_tensors(index), wf.tensor(value))):
        x = wf.tensor(VALUES)
        with watched(recorded):
            x[given] = new
        np.testing.assert_array_equal(x.numpy(), expected, strict=True)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_value_is_broadcast_and_leading_ones_are_forgiven(recorded: bool) -> None:
    with watched(recorded):
        for value in (7, 7.0, [7.0], np.full((1, 1, 4), 7.0), wf.tensor(7, dtype="int8"), np.float32(7), True):
            x, expected = wf.tensor(VALUES), VALUES.copy()
            x[1, [0, 2]] = value
            expected[1, [0, 2]] = np.asarray(value)
            x[:, [0, 1], ..., [0, 1]] = wf.asarray(value).reshape(-1)[0]
            expected[:, [0, 1], ..., [0, 1]] = np.asarray(value).reshape(-1)[0]
            x[:, 2, ..., [2]] = value if type(value) in (int, float, bool) else 7.0
            expected[:, 2, ..., [2]] = value if type(value) in (int, float, bool) else 7.0
            x[0] = value
            expected[0] = np.asarray(value)
            np.testing.assert_array_equal(x.numpy(), expected)


ERRORS = [
    (2, OutOfRangeError, r"index: 2 is out of range for axis 0 of length 2"),
    ((0, -4), OutOfRangeError, r"index: -4 is out of range for axis 1 of length 3"),
    ((0, 0, 0, 0), AxisError, r"index: too many indices: f64\[2, 3, 4\] has 3 axes, the index names 4"),
    ((None, 0, [0], 9), OutOfRangeError, r"index: 9 is out of range for axis 2 of length 4"),
    ([0, 5], OutOfRangeError, r"index: 5 is out of range for axis 0 of length 2"),
    ((None, slice(None), [0, -9]), OutOfRangeError, r"index: -9 is out of range for axis 1 of length 3"),
    (np.array([2**63], np.uint64), OutOfRangeError, r"out of range for axis 0"),
    (1.0, DTypeError, r"index: 1.0 is no index"),
    ([0.5], DTypeError, r"index: f32\[1\] is no index"),
    (np.array([1.0]), DTypeError, r"index: f64\[1\] is no index"),
    (np.float64(1), DTypeError, r"index: f64\[\] is no index"),
    ("a", DTypeError, r"index: 'a' is no index"),
    ({}, DTypeError, r"index: \{\} is no index"),
    ([[0], [0, 1]], ShapeError, r"equal lengths"),
    ((..., ...), ArgumentError, r"stands twice"),
    (slice(0, 2, 0), ArgumentError, r"step 0"),
    (slice(0, 1.5), DTypeError, r"the slice 0:1.5: is not made of integers"),
    ([True, False, True], ShapeError, r"mask bool\[3\] does not fit f64\[2, 3, 4\], whose axes from 0 on are \(2,\)"),
    ((0, np.ones((3, 3), bool)), ShapeError, r"mask bool\[3, 3\] does not fit .* from 1 on are \(3, 4\)"),
    ((np.ones((2, 3, 4), bool), 0), AxisError, r"too many indices"),
    (([0, 1], [0, 1, 2]), ShapeError, r"index: shapes do not broadcast: i64\[2\] and i64\[3\]"),
]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("index", "error", "message"), ERRORS, ids=[repr(index) for index, *_ in ERRORS])
def test_a_wrong_index_is_refused_and_changes_nothing(index: Any, error: Any, message: str, recorded: bool) -> None:
    x = wf.tensor(VALUES)
    with watched(recorded):
        with pytest.raises(error, match=message):
            x[index]
        with pytest.raises(error, match=message):
            x[index] = 1.0
    np.testing.assert_array_equal(x.numpy(), VALUES)


@pytest.mark.parametrize("error", [IndexError, wf.runtime.errors.WeftError])
def test_an_index_out_of_range_is_an_index_error(error: type[Exception]) -> None:
    with pytest.raises(error):
        wf.zeros(3)[3]
    with pytest.raises(error):
        wf.zeros(3)[0, 0]


VALUE_ERRORS = [
    (0, np.ones(3), ShapeError, r"value f64\[3\] does not broadcast to the places it goes to, which are f64\[3, 4\]"),
    ([0, 1], np.ones((2, 4)), ShapeError, r"which are f64\[2, 3, 4\]"),
    (0, np.ones((2, 3, 4)), ShapeError, r"does not broadcast"),
    (VALUES > 20, [1.0, 2.0], ShapeError, r"which are f64\[3\]"),
    (0, 1j, DTypeError, r"value 1j does not fit into f64\[2, 3, 4\]"),
]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("index", "value", "error", "message"), VALUE_ERRORS)
def test_a_wrong_value_is_refused(index: Any, value: Any, error: Any, message: str, recorded: bool) -> None:
    x = wf.tensor(VALUES)
    with watched(recorded), pytest.raises(error, match=message):
        x[index] = value
    np.testing.assert_array_equal(x.numpy(), VALUES)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("dtype", "value", "stays"),
    [
        ("int32", 1.5, False),
        ("int32", np.float32(1), False),
        ("bool", 1, False),
        ("float32", 1j, False),
        ("uint8", 300, False),
        ("uint8", -1, False),
        ("int32", wf.tensor(3, dtype="int64"), True),
        ("float32", np.float64(3), True),
        ("bfloat16", 3.0, True),
        ("float32", 1e300, True),
        ("float16", np.float64(1e300), True),
        ("complex64", 3, True),
        ("float16", True, True),
    ],
)
def test_a_value_may_lose_precision_but_not_its_kind(dtype: str, value: Any, stays: bool, recorded: bool) -> None:
    for index in (0, [0]):
        x = wf.zeros(2, dtype=dtype)
        with watched(recorded):
            if stays:
                x[index] = value
                with np.errstate(over="ignore"):
                    assert x[0].item() == np.asarray(value).astype(x.dtype).item()
            else:
                with pytest.raises(DTypeError):
                    x[index] = value
                assert x[0].item() == 0


@pytest.mark.parametrize("dtype", ["bfloat16", "complex64", "bool", "uint64"])
def test_every_dtype_keeps_its_own(dtype: str) -> None:
    x = wf.ones((2, 3), dtype=dtype)
    for index in (0, (0, 0), [1, 1], (slice(None), [0]), x.astype("bool"), None):
        assert x[index].dtype is x.dtype


def test_indices_of_empty_and_0d_tensors() -> None:
    empty, single = wf.zeros((0, 3)), wf.tensor(5.0)
    assert empty[:, 1].shape == (0,)
    assert empty[[]].shape == (0, 3)
    assert empty[empty > 0].shape == (0,)
    assert [single[...].item(), single[()].item(), single[None].shape, single[True].shape] == [5.0, 5.0, (1,), (1,)]
    with pytest.raises(OutOfRangeError, match="The axis is empty"):
        empty[0]
    with pytest.raises(AxisError, match="f32\\[\\] has 0 axes"):
        single[0]
    single[...] = 6.0
    assert single.item() == 6.0
    single[True] = 7.0
    assert single.item() == 7.0


def test_a_0d_integer_tensor_is_an_index() -> None:
    x = wf.tensor(VALUES)
    i = wf.tensor(1)
    np.testing.assert_array_equal(x[i].numpy(), VALUES[1])
    np.testing.assert_array_equal(x[:i, wf.tensor([1])].numpy(), VALUES[:1, [1]])
    assert list(range(3))[i] == 1


def test_a_variable_is_indexed_and_is_an_index() -> None:
    v, i = wf.Variable(VALUES), wf.Variable([1, 0])
    np.testing.assert_array_equal(v[1, [0]].numpy(), VALUES[1, [0]])
    np.testing.assert_array_equal(wf.tensor(VALUES)[i].numpy(), VALUES[[1, 0]])
    v[0, 1] = 9.0
    assert v.numpy()[0, 1, 0] == 9.0


def test_the_static_part_is_one_for_indices_that_mean_the_same() -> None:
    x = wf.zeros((4, 5))
    assert parse(x, (slice(None),)).static == parse(x, ...).static == (Range(0, 4, 1), Range(0, 5, 1))
    assert parse(x, slice(-4, 99)).whole
    assert parse(x, slice(3, 3, -7)).static == parse(x, slice(0, 0)).static
    assert parse(x, (-1, slice(None, None, -1))).static == (3, Range(4, 5, -1))
    assert parse(x, slice(2, 3, 5)).static[0] == Range(2, 1, 1)
    for key in [(1,), (-1, slice(1, None, 3)), (slice(9, 2), -5), ()]:
        assert plain(x.shape, key) == parse(x, key).static
    assert Range(4, 5, -1).slice() == slice(4, None, -1)


def test_iteration_length_and_membership() -> None:
    x = wf.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    assert len(x) == 2
    assert 4.0 in x
    assert 5.0 not in x
    a, _ = x
    assert a.tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match="0-d tensor"):
        len(wf.tensor(1.0))
    with pytest.raises(TypeError, match="cannot be iterated"):
        iter(wf.tensor(1.0))


def test_an_index_that_holds_the_tensor_itself() -> None:
    x = wf.tensor([2, 0, 1])
    assert x[x].tolist() == [1, 2, 0]
    x[x] = x
    assert x.tolist() == [0, 1, 2]
    x[x > 0] = 0
    assert x.tolist() == [0, 0, 0]
