"""Normalizations against their formulas; statistics; gradients; halves; refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, ShapeError
from weft.runtime.ops.normalization import standardize, unit_rms

X = np.random.default_rng(0).normal(3.0, 2.0, (4, 5, 6))
SCALE, BIAS = np.linspace(0.5, 1.5, 6), np.linspace(-1, 1, 6)


def standardized(x: np.ndarray, axis: Any, epsilon: float = 1e-5) -> np.ndarray:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + epsilon)


@pytest.mark.parametrize("axis", [-1, 0, (1, 2), (0, 1), (0, 2), [0, 1, 2], None])
def test_standardize_gives_values_mean_and_variance(axis: Any) -> None:
    over = tuple(axis) if isinstance(axis, list) else axis
    y, mean, variance = standardize(X, axis=axis)
    wf.testing.assert_close(y, standardized(X, over))
    wf.testing.assert_close((mean, variance), (X.mean(over, keepdims=True), X.var(over, keepdims=True)))


def test_layer_norm_normalizes_each_example() -> None:
    wf.testing.assert_close(wf.layer_norm(X), standardized(X, -1))
    wf.testing.assert_close(wf.layer_norm(X, SCALE, BIAS, epsilon=0.1), standardized(X, -1, 0.1) * SCALE + BIAS)
    scale = np.random.default_rng(1).normal(size=(5, 6))
    wf.testing.assert_close(wf.layer_norm(X, scale, axis=(-2, -1)), standardized(X, (1, 2)) * scale)
    wf.testing.assert_close(wf.layer_norm(X, SCALE[:5], axis=1), standardized(X, 1) * SCALE[:5, None])


def test_rms_norm_divides_by_the_root_of_the_mean_square() -> None:
    expected = X / np.sqrt((X**2).mean(-1, keepdims=True) + 1e-6)
    wf.testing.assert_close(wf.rms_norm(X, SCALE), expected * SCALE)
    wf.testing.assert_close(unit_rms(X)[1], (X**2).mean(-1, keepdims=True))


def test_batch_norm_in_training_uses_and_gives_the_statistics_of_the_batch() -> None:
    y, mean, variance = wf.batch_norm(X, SCALE, BIAS)
    wf.testing.assert_close(y, standardized(X, (0, 1)) * SCALE + BIAS)
    wf.testing.assert_close((mean, variance), (X.mean((0, 1)), X.var((0, 1))))


def test_batch_norm_with_given_statistics_uses_those() -> None:
    mean, variance = np.arange(6.0), np.arange(1.0, 7.0)
    y, *same = wf.batch_norm(X, None, BIAS, mean, variance, epsilon=0.1)
    wf.testing.assert_close(y, (X - mean) / np.sqrt(variance + 0.1) + BIAS)
    wf.testing.assert_close(same, [mean, variance])


def test_channels_may_lie_on_another_axis() -> None:
    moved = np.moveaxis(X, -1, 1)
    wf.testing.assert_close(
        wf.batch_norm(moved, SCALE, BIAS, axis=1)[0], np.moveaxis(wf.batch_norm(X, SCALE, BIAS)[0].numpy(), -1, 1)
    )
    wf.testing.assert_close(
        wf.group_norm(moved, 3, SCALE, axis=1), np.moveaxis(wf.group_norm(X, 3, SCALE).numpy(), -1, 1)
    )


def test_group_norm_normalizes_groups_of_channels_of_each_example() -> None:
    split = X.reshape(4, 5, 3, 2)
    wf.testing.assert_close(
        wf.group_norm(X, 3, SCALE, BIAS), standardized(split, (1, 3)).reshape(X.shape) * SCALE + BIAS
    )
    wf.testing.assert_close(wf.group_norm(X, 1), standardized(X, (1, 2)))


def test_instance_norm_normalizes_each_channel_of_each_example() -> None:
    wf.testing.assert_close(wf.instance_norm(X, SCALE, BIAS), standardized(X, 1) * SCALE + BIAS)


def test_l2_normalize_gives_length_1_and_leaves_zeros() -> None:
    wf.testing.assert_close(wf.l2_normalize(X), X / np.linalg.norm(X, axis=-1, keepdims=True))
    assert wf.l2_normalize(wf.zeros((3,))).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, s, b: wf.layer_norm(x, s, b),
        lambda x, s, b: wf.rms_norm(x, s) + b,
        lambda x, s, b: wf.batch_norm(x, s, b)[0],
        lambda x, s, b: wf.batch_norm(x, s, b, wf.sum(b) * wf.ones((6,)), wf.square(s))[0],
        lambda x, s, b: wf.group_norm(x, 2, s, b),
        lambda x, s, b: wf.instance_norm(x, s, b),
        lambda x, s, b: wf.l2_normalize(x) * s + b,
    ],
)
def test_gradients_agree_with_differences(f: Any) -> None:
    wf.testing.check_grads(lambda x, s, b: wf.square(f(x, s, b)), [X[:2, :3], SCALE, BIAS], rtol=1e-4)


def test_statistics_have_gradients_too() -> None:
    wf.testing.check_grads(lambda x: [wf.square(y) for y in standardize(x, axis=0)], [X[:3, :2]], rtol=1e-4)
    wf.testing.check_grads(lambda x: [wf.square(y) for y in unit_rms(x, axis=(0, 1))], [X[:3, :2]], rtol=1e-4)
    wf.testing.check_grads(lambda x: wf.batch_norm(x)[2], [X[:3, :2]])


def test_a_constant_row_becomes_zeros() -> None:
    x = wf.full((2, 3), 7.0)
    assert wf.layer_norm(x).tolist() == [[0, 0, 0]] * 2
    grad = wf.grad(lambda x: wf.sum(wf.square(wf.layer_norm(x))))(x)
    assert np.isfinite(grad.numpy()).all()


def test_a_large_mean_does_not_spoil_the_variance() -> None:
    x = (X + 1e4).astype(np.float32)
    wf.testing.assert_close(
        wf.layer_norm(x), standardized(x.astype(np.float64), -1).astype(np.float32), rtol=1e-3, atol=1e-3
    )


def test_halves_are_normalized_in_float32() -> None:
    x = (X * 100 + 3000).astype(np.float16)
    y, mean, variance = standardize(x, axis=(0, 1))
    assert (y.dtype, mean.dtype, variance.dtype) == (np.float16, np.float32, np.float32)
    wf.testing.assert_close(variance, x.astype(np.float64).var((0, 1), keepdims=True), rtol=1e-4)
    scale = wf.ones((6,), dtype="float16")
    assert wf.grad(lambda x: wf.sum(wf.square(wf.layer_norm(x, scale))))(wf.asarray(x)).dtype == np.float16
    assert wf.layer_norm(x, SCALE).dtype == np.float16


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_no_elements_stay_none(shape: tuple[int, ...]) -> None:
    assert wf.layer_norm(wf.zeros(shape)).shape == shape
    assert wf.batch_norm(wf.zeros(shape))[0].shape == shape
    assert wf.grad(lambda x: wf.sum(wf.layer_norm(x)))(wf.zeros(shape)).shape == shape


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.layer_norm(wf.tensor([1, 2])), DTypeError, "standardize: i64"),
        (lambda: wf.layer_norm(X, axis=3), AxisError, "layer_norm: axis 3 is out of range"),
        (lambda: wf.layer_norm(X, SCALE[:5]), ShapeError, r"layer_norm: scale is f64\[5\], the input f64\[4, 5, 6\]"),
        (lambda: wf.rms_norm(X, SCALE[:5]), ShapeError, "rms_norm: scale"),
        (lambda: wf.batch_norm(X, None, BIAS[:1]), ShapeError, "batch_norm: bias"),
        (lambda: wf.batch_norm(X, None, None, BIAS), ArgumentError, "only one of mean and variance"),
        (lambda: wf.batch_norm(X, None, None, BIAS[:2], BIAS), ShapeError, "batch_norm: mean"),
        (lambda: wf.group_norm(X, 4), ShapeError, "group_norm: axis -1 .* cannot be split into 4 groups"),
        (lambda: wf.group_norm(X, 2, axis=0), ShapeError, "group_norm: axis 0"),
        (lambda: wf.instance_norm(X, axis=5), AxisError, "instance_norm: axis 5"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
