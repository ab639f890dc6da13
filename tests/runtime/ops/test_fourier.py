"""Fourier transforms, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, ShapeError

fft: Any = wf.fft  # also called with what a type checker would refuse
rng = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def complex_normal(*shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


NORMS = pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
ALONG = [
    ((4,), None, -1),
    ((5,), 3, -1),
    ((5,), 8, 0),
    ((3, 4), None, 0),
    ((2, 4, 3), 5, 1),
    ((2, 1), 1, -1),
    ((0, 4), None, 1),
]


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("make", [normal, complex_normal])
@pytest.mark.parametrize(("shape", "n", "axis"), ALONG)
@NORMS
def test_transforms_along_an_axis(name: str, make: Any, shape: Any, n: Any, axis: int, norm: Any) -> None:
    if name in ("rfft", "ihfft") and make is complex_normal:
        make = normal
    if name in ("irfft", "hfft") and n is None and shape[axis] == 1:
        n = 1
    x = make(*shape)
    transform = getattr(fft, name)
    wf.testing.assert_close(
        transform(x, n=n, axis=axis, norm=norm), getattr(np.fft, name)(x, n=n, axis=axis, norm=norm)
    )
    if x.size:
        wf.testing.check_grads(lambda x: transform(x, n=n, axis=axis, norm=norm), (x,))


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
@pytest.mark.parametrize(
    ("shape", "s", "axes"),
    [
        ((4, 5), None, None),
        ((3, 4, 5), None, (0, 2)),
        ((3, 4, 5), (4, 3), (2, 0)),
        ((3, 4), (5, 2), (0, 1)),
        ((6,), None, -1),
    ],
)
@NORMS
def test_transforms_along_several_axes(name: str, shape: Any, s: Any, axes: Any, norm: Any) -> None:
    x = normal(*shape) if name == "rfftn" else complex_normal(*shape)
    transform = getattr(fft, name)
    expected = getattr(np.fft, name)(x, s=s, axes=(axes,) if isinstance(axes, int) else axes, norm=norm)
    wf.testing.assert_close(transform(x, s=s, axes=axes, norm=norm), expected)
    wf.testing.check_grads(lambda x: transform(x, s=s, axes=axes, norm=norm), (x,))


def test_points_without_axes_are_those_of_the_last_axes() -> None:
    x = normal(2, 3, 4)
    wf.testing.assert_close(fft.fftn(x, s=(5, 6)), np.fft.fftn(x, s=(5, 6), axes=(1, 2)))


@pytest.mark.parametrize("n", [1, 2, 7, 8])
@pytest.mark.parametrize("d", [1.0, 0.25])
def test_frequencies(n: int, d: float) -> None:
    wf.testing.assert_close(fft.fftfreq(n, d=d), np.fft.fftfreq(n, d))
    wf.testing.assert_close(fft.rfftfreq(n, d=d, dtype=wf.float64), np.fft.rfftfreq(n, d))
    assert fft.fftfreq(n).dtype is wf.float32
    assert fft.rfftfreq(n, dtype=wf.float64).dtype is wf.float64


@pytest.mark.parametrize(("shape", "axes"), [((5,), None), ((4, 5), None), ((4, 5), 1), ((2, 3, 4), (0, -1))])
def test_shifts_undo_each_other(shape: Any, axes: Any) -> None:
    x = complex_normal(*shape)
    wf.testing.assert_close(fft.fftshift(x, axes=axes), np.fft.fftshift(x, axes))
    wf.testing.assert_close(fft.ifftshift(x, axes=axes), np.fft.ifftshift(x, axes))
    wf.testing.assert_close(fft.ifftshift(fft.fftshift(x, axes=axes), axes=axes), x)
    wf.testing.check_grads(lambda x: fft.fftshift(x, axes=axes), (x,))


@pytest.mark.parametrize(
    ("dtype", "result"),
    [
        ("float16", "complex64"),
        ("bfloat16", "complex64"),
        ("float32", "complex64"),
        ("float64", "complex128"),
        ("int32", "complex64"),
        ("complex64", "complex64"),
        ("complex128", "complex128"),
    ],
)
def test_dtypes_of_spectra(dtype: str, result: str) -> None:
    x = wf.asarray(np.ones(4), dtype=dtype)
    assert fft.fft(x).dtype.name == result
    assert fft.irfft(x).dtype.name == result.replace("complex64", "float32").replace("complex128", "float64")
    wf.testing.assert_close(fft.fft(x), [4, 0, 0, 0])
    if "complex" not in dtype:
        assert fft.rfft(x).dtype.name == result


def test_a_transform_and_its_inverse_give_the_operand_back() -> None:
    x = normal(3, 8, 5)
    wf.testing.assert_close(fft.ifftn(fft.fftn(x)), x)
    wf.testing.assert_close(fft.irfftn(fft.rfftn(x), s=x.shape), x)
    wf.testing.assert_close(fft.hfft(fft.ihfft(x), n=5), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fft.fft(np.ones(3), n=2.5), TypeError, "integer"),
        (lambda: fft.fft(np.ones(3), n=0), ShapeError, "fft: 0 points along axis -1 of f64[3]"),
        (lambda: fft.fft(np.ones(0)), ShapeError, "fft: 0 points along axis -1 of f64[0]"),
        (lambda: fft.irfft(np.ones(1)), ShapeError, "irfft: 0 points along axis -1 of f64[1]"),
        (lambda: fft.hfft(np.ones(1)), ShapeError, "hfft: 0 points along axis -1 of f64[1]"),
        (lambda: fft.fft(np.ones(3), norm="both"), ArgumentError, "fft: norm='both' is unknown"),
        (lambda: fft.ihfft(np.ones(3), norm="both"), ArgumentError, "ihfft: norm='both' is unknown"),
        (lambda: fft.fft(np.ones(3), axis=1), AxisError, "fft: axis 1 is out of range"),
        (lambda: fft.fft(1.0), AxisError, "fft: axis -1 is out of range"),
        (lambda: fft.rfft(np.ones(3, "c8")), DTypeError, "rfft: c64[3] has dtype complex64"),
        (lambda: fft.fft(np.ones(3, bool)), DTypeError, "fft: bool[3] has dtype bool"),
        (lambda: fft.fftn(np.ones((2, 2)), s=(2,), axes=(0, 1)), ShapeError, "fftn: s=(2,) for axes (0, 1)"),
        (lambda: fft.fftn(np.ones((2, 2)), axes=(0, 0)), AxisError, "fftn: axes (0, 0) name an axis twice"),
        (lambda: fft.rfftn(np.ones((2, 2)), axes=()), ShapeError, "rfftn: f64[2, 2] has no axis to transform along"),
        (lambda: fft.fftfreq(0), ArgumentError, "fftfreq: n is 0"),
        (lambda: fft.rfftfreq(-1), ArgumentError, "rfftfreq: n is -1"),
        (lambda: fft.fftshift(np.ones(3), axes=1), AxisError, "fftshift: axis 1 is out of range"),
    ],
)
def test_transforms_refuse(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
