"""Products of vectors and matrices, against NumPy."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import AxisError, DTypeError, ShapeError

untyped: Any = wf  # called with what a type checker would refuse
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


MATMUL_SHAPES = [
    ((3, 4), (4, 2)),
    ((4,), (4,)),
    ((4,), (4, 2)),
    ((3, 4), (4,)),
    ((4,), (5, 4, 2)),
    ((5, 3, 4), (4,)),
    ((5, 3, 4), (4, 2)),
    ((3, 4), (5, 4, 2)),
    ((5, 1, 3, 4), (6, 4, 2)),
    ((0, 4), (4, 2)),
    ((3, 0), (0, 2)),
    ((0, 3, 4), (4, 2)),
    ((5, 3, 0), (0, 2)),
]


@pytest.mark.parametrize(("left", "right"), MATMUL_SHAPES)
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_matmul_agrees_with_numpy(left: Any, right: Any, make: Any) -> None:
    x, y = make(*left), make(*right)
    wf.testing.assert_close(wf.matmul(x, y), np.matmul(x, y))


@pytest.mark.parametrize(("left", "right"), MATMUL_SHAPES[:9])
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_gradients_of_matmul(left: Any, right: Any, make: Any) -> None:
    wf.testing.check_grads(wf.matmul, (make(*left), make(*right)))


@pytest.mark.parametrize("view", [lambda x: x.T, lambda x: x[::-1, ::2], lambda x: np.asfortranarray(x)[::2, :]])
def test_matmul_takes_views(view: Any) -> None:
    x, y = view(normal(6, 6)), view(normal(6, 6))
    wf.testing.assert_close(wf.matmul(x, wf.matrix_transpose(y)), x @ y.T)
    stacked = np.broadcast_to(x, (3, *x.shape))
    wf.testing.assert_close(wf.matmul(stacked, wf.matrix_transpose(y)), stacked @ y.T)


def test_integers_are_multiplied_as_integers() -> None:
    x = wf.asarray([[1, 2], [3, 4]], dtype=wf.int8)
    assert wf.matmul(x, x).spec == wf.Spec((2, 2), wf.int8)
    wf.testing.assert_close(wf.matmul(x, x), [[7, 10], [15, 22]])


def test_integers_and_floats_are_multiplied_as_those_floats() -> None:
    assert untyped.matmul([[1, 2]], np.ones((2, 2), "f4")).dtype is wf.float32


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_halves_are_added_up_in_float32(dtype: Any) -> None:
    x = np.full((1, 4096), 1.0, dtype)
    y = wf.matmul(x, x.T)
    assert y.dtype == dtype
    assert y.item() == 4096  # in halves the sum would stop growing at 2048 or 256


def test_large_products_agree_with_numpy_and_leave_their_operands_alone() -> None:
    x, y = normal(600, 500).astype("f4"), normal(500, 700).astype("f4")
    first = wf.matmul(x, y)
    second = wf.matmul(x, -y)
    wf.testing.assert_close(first, x @ y, rtol=1e-3, atol=1e-3)
    wf.testing.assert_close(second, -(x @ y), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (np.ones((32, 10)), np.ones((12, 5)), ShapeError, "inner lengths differ: x is f64[32, 10], y is f64[12, 5]"),
        (np.ones((2, 3, 4)), np.ones((3, 4, 5)), ShapeError, "do not broadcast"),
        (np.ones(()), np.ones((2, 2)), ShapeError, "0-d"),
        (np.ones((2, 2)), 3.0, ShapeError, "0-d"),
        (np.ones((2, 2), bool), np.ones((2, 2), bool), DTypeError, "bool"),
        (np.ones((2, 2), "u8"), np.ones((2, 2), "i8"), DTypeError, "no common dtype"),
    ],
)
def test_matmul_refuses(x: Any, y: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        wf.matmul(x, y)
    assert str(caught.value).startswith("matmul: ")
    assert message in str(caught.value)


def test_matrix_transpose_needs_a_matrix() -> None:
    with pytest.raises(ShapeError, match=r"matrix_transpose: f64\[3\] is no matrix"):
        wf.matrix_transpose(np.ones(3))
    with pytest.raises(ShapeError, match=r"matrix_transpose: 2.0 is no matrix"):
        untyped.matrix_transpose(2.0)


@pytest.mark.parametrize(
    ("left", "right", "axis"),
    [((3,), (3,), -1), ((2, 3), (3,), -1), ((3, 2), (3, 2), 0), ((4, 1, 3), (5, 3), -1), ((2, 0), (2, 0), -1)],
)
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_vecdot_agrees_with_numpy(left: Any, right: Any, axis: int, make: Any) -> None:
    x, y = make(*left), make(*right)
    wf.testing.assert_close(wf.vecdot(x, y, axis=axis), np.vecdot(x, y, axis=axis))  # pyright: ignore
    if x.size:
        wf.testing.check_grads(lambda x, y: wf.vecdot(x, y, axis=axis), (x, y))


def test_vecdot_refuses_vectors_that_differ_in_length() -> None:
    with pytest.raises(ShapeError, match=r"vecdot: the vectors differ in length: x is f64\[2, 3\], y is f64\[1\]"):
        wf.vecdot(np.ones((2, 3)), np.ones(1))
    with pytest.raises(ShapeError, match="0-d"):
        untyped.vecdot(1.0, np.ones(1))
    with pytest.raises(AxisError, match="out of range"):
        wf.vecdot(np.ones((2, 3)), np.ones(3), axis=-2)


@pytest.mark.parametrize(
    ("left", "right", "axis"),
    [((3,), (3,), -1), ((2, 3), (3,), -1), ((3, 2), (3, 2), 0), ((4, 1, 3), (5, 3), -1), ((2, 3, 4), (2, 3, 4), 1)],
)
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_cross_agrees_with_numpy(left: Any, right: Any, axis: int, make: Any) -> None:
    x, y = make(*left), make(*right)
    wf.testing.assert_close(wf.linalg.cross(x, y, axis=axis), np.cross(x, y, axis=axis))
    wf.testing.check_grads(lambda x, y: wf.linalg.cross(x, y, axis=axis), (x, y))


def test_cross_refuses_vectors_of_two_elements() -> None:
    with pytest.raises(ShapeError, match=r"cross: axis -1 of f64\[2\] has length 2, not 3"):
        wf.linalg.cross(np.ones(2), np.ones(2))


@pytest.mark.parametrize(
    ("left", "right", "axes"),
    [
        ((2, 3, 4), (3, 4, 5), 2),
        ((2, 3), (4, 5), 0),
        ((2, 3), (3, 4), 1),
        ((3, 4, 5), (4, 3, 2), ((1, 0), (0, 1))),
        ((3, 4, 5), (4, 3, 2), ((-2,), (-3,))),
        ((2, 0), (0, 3), 1),
        ((), (2,), 0),
        ((2, 3), (2, 3), 2),
    ],
)
@pytest.mark.parametrize("make", [normal, complex_normal])
def test_tensordot_agrees_with_numpy(left: Any, right: Any, axes: Any, make: Any) -> None:
    x, y = make(*left), make(*right)
    wf.testing.assert_close(wf.tensordot(x, y, axes=axes), np.tensordot(x, y, axes))
    if x.size:
        wf.testing.check_grads(lambda x, y: wf.tensordot(x, y, axes=axes), (x, y))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (3, r"3 axes asked of f64\[2, 3\] and f64\[3, 2\]"),
        (-1, "-1 axes asked"),
        (((0,), (0,)), "differ in length"),
        (((0,), (1,), (2,)), "no pair"),
        (((0, 0), (1, 1)), "twice"),
        (((0,), (1, 0)), "differ in length"),
    ],
)
def test_tensordot_refuses(axes: Any, message: str) -> None:
    with pytest.raises(ShapeError, match="tensordot.*" + message):
        wf.tensordot(np.ones((2, 3)), np.ones((3, 2)), axes=axes)


def test_outer_and_kron_agree_with_numpy() -> None:
    x, y = complex_normal(3), normal(4)
    wf.testing.assert_close(wf.linalg.outer(x, y), np.outer(x, y))
    wf.testing.check_grads(wf.linalg.outer, (x, y))
    for left, right in [((2, 3), (4, 5)), ((3,), (2, 2)), ((2, 1, 3), (2, 2)), ((), (2,))]:
        x, y = normal(*left), normal(*right)
        wf.testing.assert_close(wf.kron(x, y), np.kron(x, y))
    wf.testing.check_grads(wf.kron, (normal(2, 3), normal(2, 2)))


def test_outer_needs_vectors() -> None:
    with pytest.raises(ShapeError, match=r"outer: f64\[2, 2\] is no vector"):
        wf.linalg.outer(np.ones((2, 2)), np.ones(2))


def test_one_matrix_for_a_stack_is_one_product_also_in_the_gradient() -> None:
    x, y = wf.asarray(normal(50, 20, 30)), wf.asarray(normal(30, 10))
    with wf.GradientTape() as tape:
        tape.watch(y)
        z = wf.matmul(x, y)
    wf.testing.assert_close(tape.gradient(z, y), np.repeat(x.numpy().sum((0, 1))[:, None], 10, 1))
