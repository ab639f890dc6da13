"""Resizing against interpolation written out; gradients; refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError, ShapeError


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def bilinear(x: np.ndarray, size: int, align: bool) -> np.ndarray:
    """A signal at `size` points, each between its two neighbours; the ends go on as they are."""
    n = len(x)
    at = [i * (n - 1) / max(size - 1, 1) if align else (i + 0.5) * n / size - 0.5 for i in range(size)]
    return np.interp(at, np.arange(n), x)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11])
def test_bilinear_lies_between_neighbours(size: int, align: bool) -> None:
    x = drawn(5)
    y = wf.resize(x.reshape(1, 5, 1), size, align_corners=align)
    wf.testing.assert_close(y, bilinear(x, size, align).reshape(1, -1, 1))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11])
def test_nearest_takes_the_pixel_at_its_centre(size: int) -> None:
    x = np.arange(5)
    expected = [min(math.floor((i + 0.5) * 5 / size), 4) for i in range(size)]
    y = wf.resize(x.reshape(1, 5, 1), size, "nearest")
    assert y.numpy()[0, :, 0].tolist() == expected
    assert y.dtype == np.int64


def test_bicubic_goes_through_a_parabola() -> None:
    """Keys' kernel reproduces polynomials of degree 2 away from the ends."""
    at = (np.arange(30) + 0.5) / 3 - 0.5
    y = wf.resize((np.arange(10.0) ** 2).reshape(1, 10, 1), 30, "bicubic").numpy()[0, :, 0]
    wf.testing.assert_close(y[6:-6], at[6:-6] ** 2)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "area"])
def test_a_constant_image_stays_constant(method: str) -> None:
    wf.testing.assert_close(wf.resize(np.full((2, 4, 5, 3), 2.5), (7, 3), method), np.full((2, 7, 3, 3), 2.5))


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "area"])
@pytest.mark.parametrize("size", [(7, 3), (2, 9), (4, 5)])
def test_gradients_agree_with_differences(method: str, size: tuple[int, int]) -> None:
    wf.testing.check_grads(lambda x: wf.square(wf.resize(x, size, method)), [drawn(2, 4, 5, 2)])


def test_corners_stay_when_aligned() -> None:
    x = drawn(1, 4, 4, 1)
    y = wf.resize(x, 9, align_corners=True).numpy()
    wf.testing.assert_close(y[:, ::8, ::8], x[:, ::3, ::3])
    wf.testing.check_grads(lambda x: wf.square(wf.resize(x, 9, "bicubic", align_corners=True)), [x])


def test_upsampling_repeats_or_interpolates() -> None:
    x = drawn(1, 2, 3, 2)
    wf.testing.assert_close(wf.upsample(x), x.repeat(2, 1).repeat(2, 2))
    wf.testing.assert_close(wf.upsample(x, (1, 3), "bilinear"), wf.resize(x, (2, 9)))
    first = wf.upsample(np.moveaxis(x, -1, 1), 2, layout="channels_first")
    wf.testing.assert_close(first, np.moveaxis(wf.upsample(x).numpy(), -1, 1))


def test_signals_and_volumes_are_resized_too() -> None:
    assert wf.resize(drawn(2, 6, 3), 4).shape == (2, 4, 3)
    assert wf.resize(drawn(2, 2, 3, 4, 1), (4, 5, 6), "trilinear").shape == (2, 4, 5, 6, 1)


def test_integers_are_interpolated_as_float32() -> None:
    y = wf.resize(np.array([0, 2], np.uint8).reshape(1, 2, 1), 4)
    assert y.dtype == np.float32
    assert y.numpy().ravel().tolist() == [0, 0.5, 1.5, 2]


IMAGE = wf.ones((1, 4, 4, 2))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.resize(IMAGE, (8, 8), "lanczos"), ArgumentError, "method is 'lanczos'"),
        (lambda: wf.resize(IMAGE, (8, 0)), ArgumentError, r"size is \(8, 0\)"),
        (lambda: wf.resize(IMAGE, (8, 8, 8)), ArgumentError, "each of the 2 spatial axes"),
        (lambda: wf.resize(wf.ones((4, 4)), 8), ShapeError, r"resize: the input is f32\[4, 4\]"),
        (lambda: wf.resize(wf.ones((1, 0, 4, 2)), 8), ShapeError, "has no elements"),
        (lambda: wf.resize(IMAGE > 0, 8), DTypeError, "resample: bool"),
        (lambda: wf.upsample(IMAGE, 0), ArgumentError, "scale is 0"),
        (lambda: wf.upsample(IMAGE, layout="nhwc"), ArgumentError, "layout"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
