"""Embeddings, one-hot vectors and sequence masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError

embedding: Any = wf.embedding
one_hot: Any = wf.one_hot
TABLE = np.random.default_rng(0).normal(size=(6, 3))


def test_each_index_looks_up_its_row() -> None:
    indices = np.array([[0, 5, 5], [2, 2, 1]])
    wf.testing.assert_close(embedding(TABLE, indices), TABLE[indices])
    wf.testing.assert_close(embedding(TABLE, 4), TABLE[4])
    wf.testing.assert_close(embedding(TABLE[:, 0], indices.astype(np.uint8)), TABLE[:, 0][indices])


def test_cotangents_of_one_row_add_up() -> None:
    grad = wf.grad(lambda t: wf.sum(embedding(t, [5, 0, 5]) * wf.tensor([[1.0], [10.0], [100.0]])))(wf.asarray(TABLE))
    assert grad.numpy()[:, 0].tolist() == [10, 0, 0, 0, 0, 101]


def test_gradients_agree_with_differences_to_order_2() -> None:
    wf.testing.check_grads(lambda t: embedding(t, np.array([[0, 5], [5, 2]])) ** 3, [TABLE])


def test_no_indices_look_up_nothing() -> None:
    none = np.zeros((0, 2), np.int64)
    assert embedding(TABLE, none).shape == (0, 2, 3)
    assert wf.grad(lambda t: wf.sum(embedding(t, none)))(wf.asarray(TABLE)).numpy().sum() == 0


def test_half_cotangents_add_up_in_float32() -> None:
    table = wf.zeros((2, 1), dtype="float16")
    grad = wf.grad(lambda t: wf.sum(embedding(t, np.zeros(3000, np.int64))))(table)
    assert grad.tolist() == [[3000], [0]]


@pytest.mark.parametrize("axis", [-1, 0, 1, 2, -3])
def test_one_hot_is_rows_of_the_identity(axis: int) -> None:
    indices = np.array([[0, 2], [3, 1]])
    wf.testing.assert_close(one_hot(indices, 4, axis=axis), np.moveaxis(np.eye(4, dtype=np.float32)[indices], -1, axis))


def test_an_index_that_is_no_place_gives_zeros() -> None:
    assert one_hot([-1, 1, 7], 2, dtype="bool").tolist() == [[False, False], [False, True], [False, False]]
    assert one_hot(1, 3).tolist() == [0, 1, 0]
    assert one_hot([1], 0).shape == (1, 0)


def test_a_sequence_mask_marks_the_first_places() -> None:
    assert wf.sequence_mask([0, 2]).tolist() == [[False, False], [True, True]]
    assert wf.sequence_mask([[1], [3]], 2, dtype=wf.float32).tolist() == [[[1, 0]], [[1, 1]]]
    assert wf.sequence_mask(wf.zeros((0,), dtype=wf.int64)).shape == (0, 0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: embedding(TABLE, [[0, 6]]), OutOfRangeError, r"embedding: index 6 at \(0, 1\) is out of range for 6"),
        (lambda: embedding(TABLE, -1), OutOfRangeError, "index -1 is out of range for 6"),
        (lambda: embedding(TABLE[:0], [0]), OutOfRangeError, "out of range for 0"),
        (lambda: embedding(TABLE, [0.0]), DTypeError, "Indices are integers"),
        (lambda: embedding(wf.tensor(1.0), [0]), ShapeError, r"the table is f32\[\]"),
        (lambda: one_hot([0.5], 2), DTypeError, "one_hot"),
        (lambda: one_hot([0], -1), ArgumentError, "depth is -1"),
        (lambda: one_hot([0], 2.5), ArgumentError, "depth is 2.5"),
        (lambda: one_hot([0], 2, axis=2), ArgumentError, "axis 2 is out of range"),
        (lambda: wf.sequence_mask([1.5]), DTypeError, "sequence_mask"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
