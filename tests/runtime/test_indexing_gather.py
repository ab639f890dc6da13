"""take, gather, scatter and the segment functions agree with NumPy, differentiate twice, and refuse what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, OutOfRangeError, ShapeError
from weft.runtime.ops.gathering import MODES, UFUNCS
from weft.runtime.testing import check_grads

RNG = np.random.default_rng(7)
X = RNG.normal(size=(3, 4, 5))


def same(y: Any, expected: Any) -> None:
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, strict=True)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, None])
@pytest.mark.parametrize("indices", [[0, -1, 0], [[2, 1]], 1, [], np.zeros((0, 2), np.int8)], ids=repr)
def test_take(axis: int | None, indices: Any) -> None:
    expected = np.take(X, np.asarray(indices, np.int64), axis)
    same(wf.take(X, indices, axis=axis), expected)
    same(wf.take(wf.tensor(X), indices, axis), expected)


def test_take_of_lists_and_variables() -> None:
    assert wf.take([3.0, 4.0], [1]).tolist() == [4.0]
    assert wf.take(wf.Variable([3.0, 4.0]), wf.tensor(0)).item() == 3.0


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_along_axis(axis: int) -> None:
    order = np.argsort(X, axis)
    same(wf.take_along_axis(X, order, axis=axis), np.sort(X, axis))
    same(wf.take_along_axis(X, order - X.shape[axis], axis=axis), np.sort(X, axis))
    shape = [1, 1, 1]
    shape[axis] = 2
    few = np.zeros(shape, np.int64)
    same(wf.take_along_axis(X, few, axis=axis), np.take_along_axis(X, few, axis))


def test_gather_with_batches() -> None:
    i = RNG.integers(0, 5, (3, 2))
    same(wf.gather(X, [2, 0]), X[[2, 0]])
    same(wf.gather(X, i, axis=2), X[:, :, i])
    same(wf.gather(X, i, axis=2, batch_dims=1), np.stack([X[b][:, i[b]] for b in range(3)]))
    same(wf.gather(X, i % 4, axis=1, batch_dims=1), np.stack([X[b][i[b] % 4] for b in range(3)]))
    j = RNG.integers(0, 5, (3, 4, 2))
    same(wf.gather(X, j, axis=2, batch_dims=2), np.take_along_axis(X, j, 2))
    k = RNG.integers(0, 5, (3, 2, 2))
    same(wf.gather(X, k, axis=2, batch_dims=1), np.stack([X[b][:, k[b]] for b in range(3)]))


def test_gather_nd_and_its_inverse() -> None:
    places = np.array([[[0, 1], [2, 3]], [[1, -1], [0, 0]]])
    same(wf.gather_nd(X, places), X[places[..., 0], places[..., 1]])
    same(wf.gather_nd(X, [[1], [2]]), X[[1, 2]])
    same(wf.gather_nd(X, [[1, 2, 3]]), X[[1], [2], [3]])
    same(wf.gather_nd(X, np.zeros((2, 0), np.int64)), np.stack([X, X]))
    batch = RNG.integers(0, 4, (3, 2, 1))
    same(wf.gather_nd(X, batch, batch_dims=1), np.stack([X[b][batch[b, :, 0]] for b in range(3)]))
    expected = np.zeros((3, 4))
    np.add.at(expected, ([0, 2, 0], [1, 3, 1]), [1.0, 2.0, 4.0])
    same(wf.scatter_nd([[0, 1], [2, 3], [0, 1]], np.array([1.0, 2.0, 4.0]), (3, 4)), expected)


def reference(x: np.ndarray, key: Any, value: Any, mode: str) -> np.ndarray:
    y = x.copy()
    if mode == "set":
        y[key] = value
    else:
        UFUNCS[mode].at(y, key, value)
    return y


@pytest.mark.parametrize("mode", MODES)
def test_scatter_and_its_modes(mode: Any) -> None:
    i, updates = np.array([2, 0, 2]), RNG.normal(size=(3, 4, 5))
    same(wf.scatter(X, i, updates, mode=mode), reference(X, i, updates, mode))
    same(wf.scatter(X, i, 0.5, axis=-1, mode=mode), reference(X, (..., i), 0.5, mode))
    j = RNG.integers(0, 3, (2, 2))
    same(
        wf.scatter(X, j, updates[:1, :1, :1], axis=1, mode=mode),
        reference(X, (slice(None), j), updates[:1, :1, :1], mode),
    )
    places = np.array([[0, 1], [2, 3], [0, 1]])
    same(
        wf.scatter_nd_update(X, places, updates[:, 0], mode=mode),
        reference(X, (places[:, 0], places[:, 1]), updates[:, 0], mode),
    )
    along = RNG.integers(0, 4, (3, 2, 5))
    grid = np.ix_(range(3), range(2), range(5))
    same(
        wf.put_along_axis(X, along, updates[:, :2], axis=1, mode=mode),
        reference(X, (grid[0], along, grid[2]), updates[:, :2], mode),
    )


def test_index_add_of_small_dtypes() -> None:
    for dtype in ("int8", "uint16", "float16", "bfloat16", "complex64"):
        y = wf.index_add(wf.zeros(2, dtype=dtype), [1, 1, 0], wf.tensor([1, 2, 3], dtype=dtype))
        assert (y.dtype.name, y.astype("float32").tolist()) == (dtype, [3.0, 3.0])
    many = wf.segment_sum(wf.ones(4096, dtype="float16"), wf.zeros(4096, dtype="int64"))
    assert many.item() == 4096.0  # added up in float32: float16 would stop at 2048


SEGMENTS = {
    "sum": (wf.segment_sum, np.add, 0),
    "prod": (wf.segment_prod, np.multiply, 1),
    "max": (wf.segment_max, np.maximum, -np.inf),
    "min": (wf.segment_min, np.minimum, np.inf),
}


@pytest.mark.parametrize("name", SEGMENTS)
def test_segments(name: str) -> None:
    f, ufunc, start = SEGMENTS[name]
    ids = [3, 0, 3]
    expected = np.full((5, 4, 5), start, np.float64)
    ufunc.at(expected, ids, X)
    same(f(X, ids, num_segments=5), expected)
    same(f(X, ids), expected[:4])
    assert f(wf.zeros((0, 2)), []).shape == (0, 2)


def test_segment_mean_and_integers() -> None:
    same(wf.segment_mean(X, [2, 0, 2]), np.stack([X[1], np.zeros((4, 5)), (X[0] + X[2]) / 2]))
    assert wf.segment_mean(wf.tensor([1, 2, 5]), [0, 0, 1]).tolist() == [1.5, 5.0]
    assert wf.segment_max(wf.tensor([1, 2], dtype="int8"), [0, 2]).tolist() == [1, -128, 2]
    assert wf.segment_min(wf.tensor([1, 2], dtype="uint8"), [0, 2]).tolist() == [1, 255, 2]


@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_scatter(mode: Any) -> None:
    x, updates = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)) * 2
    check_grads(lambda x, v: wf.scatter(x, [1, 2, 1, 1], v, mode=mode), (x, updates))
    check_grads(lambda x, v: wf.put_along_axis(x, [[0, 0], [1, 0]], v, axis=0, mode=mode), (x, updates[:2]))
    check_grads(lambda x, v: wf.scatter(x, [[0, 0, 1]], v, axis=1, mode=mode), (x, updates[0, 0]))


@pytest.mark.parametrize("name", [*SEGMENTS, "mean"])
def test_gradients_of_segments(name: str) -> None:
    f = getattr(wf, f"segment_{name}")
    check_grads(lambda x: f(x, [2, 0, 2, 2])[wf.tensor([0, 2])] ** 2, (RNG.normal(size=(4, 2)),))


def test_gradients_of_gathers() -> None:
    x = RNG.normal(size=(3, 4))
    check_grads(lambda x: wf.take(x, [[1, 1], [0, -1]], axis=1) ** 2, (x,))
    check_grads(lambda x: wf.gather(x, [[1, 1], [0, 2], [3, 0]], axis=1, batch_dims=1) ** 2, (x,))
    check_grads(lambda x: wf.gather_nd(x, [[1, 1], [0, -1], [1, 1]]) ** 2, (x,))
    check_grads(lambda x: wf.take_along_axis(x, wf.argsort(x), axis=-1) ** 2, (x,))
    check_grads(lambda x: wf.scatter_nd([[1, 1], [0, 2]], x[0, :2], (2, 3)) ** 2, (x,))
    check_grads(lambda x: x[x > 0] ** 2, (x,))


def test_gradients_of_complex_products() -> None:
    x, v = RNG.normal(size=(2, 3)) @ [1, 1j, 0.5], RNG.normal(size=(3, 2)) @ [1, 1j]
    modes: tuple[Any, ...] = ("set", "add", "multiply")
    for mode in modes:
        check_grads(lambda x, v, mode=mode: wf.scatter(x, [1, 0, 1], v, mode=mode), (x, v))


def test_the_gradient_of_a_product_with_zeros() -> None:
    grad = wf.grad(lambda x: wf.segment_prod(x, [0, 0, 0, 1, 1]).sum())
    assert grad(wf.tensor([0.0, 2.0, 3.0, 0.0, 0.0])).tolist() == [6.0, 0.0, 0.0, 0.0, 0.0]


def test_a_tie_shares_its_gradient() -> None:
    grad = wf.grad(lambda x: wf.segment_max(x, [0, 0, 0]).sum())
    assert grad(wf.tensor([2.0, 2.0, 1.0])).tolist() == [0.5, 0.5, 0.0]


UNKNOWN: Any = "mean"
ERRORS = [
    (lambda: wf.take(X, [3], axis=0), OutOfRangeError, r"take: 3 is out of range for axis 0 of length 3"),
    (lambda: wf.take(X, [0], axis=3), AxisError, r"take: axis 3 is out of range for 3 axes"),
    (lambda: wf.take(X, [0.5], axis=0), DTypeError, r"take: indices f32\[1\] are no integers"),
    (lambda: wf.take(X, [True], axis=0), DTypeError, r"take: indices bool\[1\]"),
    (lambda: wf.take_along_axis(X, [0]), ShapeError, r"take_along_axis: x is f64\[3, 4, 5\], indices i64\[1\]"),
    (lambda: wf.take_along_axis(X, np.zeros((2, 4, 5), int)), ShapeError, r"do not broadcast"),
    (lambda: wf.take_along_axis(X, np.full((3, 4, 1), 5)), OutOfRangeError, r"5 is out of range for axis 2"),
    (lambda: wf.take_along_axis(X, X), DTypeError, r"are no integers"),
    (lambda: wf.put_along_axis(X, np.zeros((3, 4, 1), int), np.ones(2)), ShapeError, r"does not broadcast"),
    (lambda: wf.put_along_axis(X, np.zeros((3, 4, 1), int), 1.0, mode=UNKNOWN), ArgumentError, r"no mode 'mean'"),
    (lambda: wf.gather(X, [[0]], axis=0, batch_dims=1), ArgumentError, r"axis 0 lies in the batch"),
    (lambda: wf.gather(X, [[0]], axis=1, batch_dims=1), ShapeError, r"batch axes .* differ"),
    (lambda: wf.gather_nd(X, [[0, 0, 0, 0]]), ShapeError, r"gather_nd: indices i64\[1, 4\] name more axes"),
    (lambda: wf.gather_nd(X, [[0, 4]]), OutOfRangeError, r"gather_nd: 4 is out of range for axis 1 of length 4"),
    (lambda: wf.gather_nd(X, 1), ShapeError, r"gather_nd: indices i64\[\]"),
    (lambda: wf.scatter(X, [0], np.ones((2, 4, 5))), ShapeError, r"does not broadcast"),
    (lambda: wf.scatter(X, [9], 1.0), OutOfRangeError, r"scatter: 9 is out of range"),
    (lambda: wf.scatter(wf.zeros(2, dtype="int32"), [0], 1.5, mode="add"), DTypeError, r"does not fit"),
    (lambda: wf.scatter(wf.zeros(2, dtype="complex64"), [0], 1, mode="max"), DTypeError, r"index_put"),
    (lambda: wf.scatter_nd_update(X, np.zeros((2, 0), int), 1.0), ShapeError, r"name no axis"),
    (lambda: wf.segment_sum(X, [0, 1]), ShapeError, r"segment_sum: segment ids i64\[2\] for f64\[3, 4, 5\]"),
    (lambda: wf.segment_sum(X, [0, -1, 0]), OutOfRangeError, r"segment id -1 is out of range for 1 segments"),
    (lambda: wf.segment_max(X, [0, 4, 0], 3), OutOfRangeError, r"segment id 4 is out of range for 3 segments"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_what_is_wrong_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
