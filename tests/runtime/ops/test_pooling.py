"""Pooling against windows written out; which element wins; gradients; refusals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError

MAX = {1: wf.max_pool1d, 2: wf.max_pool2d, 3: wf.max_pool3d}
AVG = {1: wf.avg_pool1d, 2: wf.avg_pool2d, 3: wf.avg_pool3d}


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def written_out(
    x: np.ndarray, fold: Callable[..., Any], window: int, stride: int, pad: int, out: tuple[int, ...]
) -> np.ndarray:
    """Each window cut to what lies in the image, and folded."""
    y = np.zeros((x.shape[0], *out, x.shape[-1]))
    for at in itertools.product(*map(range, out)):
        cut = tuple(slice(max(i * stride - pad, 0), max(i * stride - pad + window, 0)) for i in at)
        y[(slice(None), *at)] = fold(x[(slice(None), *cut)], axis=tuple(range(1, x.ndim - 1)))
    return y


SETTINGS = [(2, 2, 0, False), (3, 2, 1, False), (3, 1, 1, False), (2, 3, 0, False), (3, 2, 0, True), (2, 2, 1, True)]


def count(n: int, window: int, stride: int, pad: int, ceil: bool) -> int:
    room = n + 2 * pad - window
    found = (-(-room // stride) if ceil else room // stride) + 1
    return found - 1 if ceil and (found - 1) * stride >= n + pad else found


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_pooling_folds_each_window(n: int, setting: tuple[int, int, int, bool]) -> None:
    window, stride, pad, ceil = setting
    x = drawn(2, *(7, 6, 5)[:n], 3)
    out = tuple(count(m, window, stride, pad, ceil) for m in x.shape[1:-1])
    settings: dict[str, Any] = {"stride": stride, "padding": pad, "ceil_mode": ceil}
    wf.testing.assert_close(MAX[n](x, window, **settings), written_out(x, np.max, window, stride, pad, out))
    wf.testing.assert_close(AVG[n](x, window, **settings), written_out(x, np.mean, window, stride, pad, out))


def test_the_stride_is_the_window_unless_given() -> None:
    assert wf.max_pool2d(wf.ones((1, 6, 6, 1)), (3, 2)).shape == (1, 2, 3, 1)
    assert wf.max_pool2d(wf.ones((1, 6, 6, 1)), (3, 2), 1).shape == (1, 4, 5, 1)


def test_same_padding_gives_a_window_for_each_stride() -> None:
    x = drawn(1, 5, 7, 2)
    assert wf.max_pool2d(x, 3, 2, "same").shape == (1, 3, 4, 2)
    wf.testing.assert_close(wf.avg_pool2d(np.ones((1, 5, 7, 2)), 3, 2, "same"), np.ones((1, 3, 4, 2)))


def test_padding_counts_in_a_mean_only_when_asked() -> None:
    x = np.ones((1, 3, 1))
    assert wf.avg_pool1d(x, 2, padding=1).tolist() == [[[1.0], [1.0]]]
    assert wf.avg_pool1d(x, 2, padding=1, count_include_pad=True).tolist() == [[[0.5], [1.0]]]
    ceil = wf.avg_pool1d(x, 2, padding=0, count_include_pad=True, ceil_mode=True)  # what lies past the end never counts
    assert ceil.tolist() == [[[1.0], [1.0]]]


def test_padding_never_wins() -> None:
    x = np.array([[[-5], [-3], [-4]]])
    for dtype in (np.int8, np.int64, np.float32):
        assert wf.max_pool1d(x.astype(dtype), 3, 1, 1).tolist() == [[[-3], [-3], [-3]]]


def test_nan_wins_every_window_that_it_is_in() -> None:
    x = np.array([[[1.0], [np.nan], [2.0], [3.0]]])
    assert np.isnan(wf.max_pool1d(x, 2).numpy()[0, :, 0]).tolist() == [True, False]


def gradient(f: Callable[..., Any], x: Any, dy: Any = None) -> Any:
    x = wf.asarray(x)
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x, dy).numpy()


def test_the_first_of_equals_gets_the_cotangent() -> None:
    x = np.zeros((1, 4, 1))
    assert gradient(lambda x: wf.max_pool1d(x, 2), x)[0, :, 0].tolist() == [1, 0, 1, 0]


def test_nan_gets_the_cotangent_of_its_window() -> None:
    x = np.array([[[1.0], [np.nan], [2.0], [3.0]]])
    assert gradient(lambda x: wf.max_pool1d(x, 2), x)[0, :, 0].tolist() == [0, 1, 0, 1]


def test_an_infinite_cotangent_reaches_the_winner_alone() -> None:
    dy = np.array([[[np.inf], [1.0]]])
    assert gradient(lambda x: wf.max_pool1d(x, 2), np.arange(4.0)[None, :, None], dy)[0, :, 0].tolist() == [
        0,
        np.inf,
        0,
        1,
    ]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_gradients_agree_with_differences(setting: tuple[int, int, int, bool]) -> None:
    window, stride, pad, ceil = setting
    x = np.random.default_rng(0).permutation(2 * 7 * 6 * 2).reshape(2, 7, 6, 2) * 0.1
    for pool in (wf.max_pool2d, wf.avg_pool2d):
        wf.testing.check_grads(lambda x, pool=pool: wf.square(pool(x, window, stride, pad, ceil_mode=ceil)), [x])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_channels_first_pools_the_same(n: int) -> None:
    x = drawn(2, *(6, 5, 4)[:n], 3)
    for pools in (MAX, AVG):
        first = pools[n](np.moveaxis(x, -1, 1), 2, layout="channels_first")
        wf.testing.assert_close(first, np.moveaxis(pools[n](x, 2).numpy(), -1, 1))


def test_global_pooling_folds_every_spatial_axis() -> None:
    x = drawn(2, 3, 4, 5)
    wf.testing.assert_close(wf.global_avg_pool(x), x.mean((1, 2)))
    wf.testing.assert_close(wf.global_max_pool(x, keepdims=True), x.max((1, 2), keepdims=True))
    wf.testing.assert_close(wf.global_max_pool(x, layout="channels_first"), x.max((2, 3)))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_adaptive_pooling_averages_what_each_output_touches(size: int) -> None:
    x = drawn(2, 5, 3)
    expected = np.stack([x[:, i * 5 // size : -(-(i + 1) * 5 // size)].mean(1) for i in range(size)], axis=1)
    wf.testing.assert_close(wf.adaptive_avg_pool1d(x, size), expected)
    wf.testing.check_grads(lambda x: wf.adaptive_avg_pool1d(x, size), [x])


def test_adaptive_pooling_of_more_axes_is_pooling_of_each() -> None:
    x = drawn(1, 6, 4, 2)
    wf.testing.assert_close(wf.adaptive_avg_pool2d(x, (3, 2)), wf.avg_pool2d(x, 2))
    assert wf.adaptive_avg_pool3d(drawn(1, 3, 4, 5, 2), 2).shape == (1, 2, 2, 2, 2)
    assert wf.adaptive_avg_pool2d(drawn(1, 2, 4, 5), 2, layout="channels_first").shape == (1, 2, 2, 2)


IMAGE = wf.ones((1, 4, 4, 2))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.max_pool2d(wf.ones((4, 4, 2)), 2), ShapeError, r"max_pool2d: the input is f32\[4, 4, 2\]"),
        (lambda: wf.max_pool2d(IMAGE, 5), ShapeError, "window of length 5 is larger than the input"),
        (lambda: wf.avg_pool2d(IMAGE, 0), ArgumentError, "window is 0"),
        (lambda: wf.avg_pool2d(IMAGE, (2, 2, 2)), ArgumentError, r"window is \(2, 2, 2\)"),
        (lambda: wf.avg_pool2d(IMAGE, 2, -1), ArgumentError, "stride is -1"),
        (lambda: wf.max_pool2d(IMAGE, 2, padding=2), ArgumentError, "padding .* for a window"),
        (lambda: wf.max_pool2d(IMAGE, 2, padding="none"), ArgumentError, "padding is 'none'"),
        (lambda: wf.max_pool2d(IMAGE, 2, layout="first"), ArgumentError, "layout is 'first'"),
        (lambda: wf.max_pool2d(IMAGE > 0, 2), DTypeError, "max_pool"),
        (lambda: wf.avg_pool2d(wf.ones((1, 4, 4, 2), dtype=wf.int32), 2), DTypeError, "avg_pool"),
        (lambda: wf.global_avg_pool(wf.ones((3, 4))), ShapeError, r"global_avg_pool: f32\[3, 4\] has no spatial axes"),
        (lambda: wf.adaptive_avg_pool2d(IMAGE, 0), ArgumentError, "size is 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
