"""Discrete Fourier transforms.

Four transforms along one axis are ops; those over several axes, and of Hermitian signals, are made of them. The
transpose of a transform is the inverse transform with the norm on the other side, and that of fitting a signal to
`n` points is fitting it back, so every gradient is a transform again. float32 gives complex64.

Source: Python Array API standard 2024.12, "Fourier transform extension".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any, Literal

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import complexes, sample
from ..spec import (
    Axes,
    Operand,
    Shape,
    Shaped,
    Spec,
    check_dtype,
    describe,
    like,
    normalize_axes,
    normalize_axis,
    shape_of,
)
from ..tensor import OPS, Tensor, as_tensor
from .matrices import as_inexact

Norm = Literal["backward", "ortho", "forward"]
OTHER_SIDE: dict[str, Norm] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _points(name: str, x: Shaped, n: int | None, axis: int, norm: str, default: Callable[[int], int]) -> int:
    """How many points a transform of `x` has, after all checks of its arguments."""
    if norm not in OTHER_SIDE:
        raise ArgumentError(f"{name}: norm={norm!r} is unknown", 'The norms are "backward", "ortho" and "forward".')
    i = normalize_axis(name, axis, len(shape_of(x)))
    points = default(x.shape[i]) if n is None else index(n)
    if points < 1:
        raise ShapeError(f"{name}: {points} points along axis {axis} of {describe(x)}", "A transform has at least one.")
    return points


def _result(x: Shaped, axis: int, n: int, dtype: dtypes.DType) -> Spec:
    i = axis % len(x.shape)
    return Spec((*x.shape[:i], n, *x.shape[i + 1 :]), dtype)


def _complex(name: str, x: Shaped) -> dtypes.DType:
    check_dtype(name, x, dtypes.NUMERIC)
    return dtypes.complex_dtype(dtypes.inexact_dtype(x.dtype))


def _set_length(x: np.ndarray, n: int, axis: int) -> np.ndarray:
    m = x.shape[axis]
    if n <= m:
        return np.moveaxis(np.moveaxis(x, axis, 0)[:n], 0, axis)
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, n - m)
    return np.pad(x, widths)


@op(_set_length, samples=[sample((3, 4), n=6, axis=1), sample((3, 4), n=2, axis=0)])
def set_length(x: Operand, /, *, n: int, axis: int) -> Spec:
    """`x` with one axis cut to length `n`, or filled up with zeros at its end."""
    normalize_axis("set_length", axis, len(x.shape))
    return _result(x, axis, n, x.dtype)


@set_length.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int, axis: int) -> Any:
    return set_length(dy, n=_x.shape[axis], axis=axis)


def _fit(dx: Any, x: Shaped, axis: int) -> Any:
    """A cotangent of the `n` points brought to the length and dtype of the operand."""
    if dx.shape[axis] != x.shape[axis]:
        dx = set_length(dx, n=x.shape[axis], axis=axis)
    return fit(dx, x)


def _numpy(name: str) -> Callable[..., np.ndarray]:
    """The kernel of a transform; NumPy loads its transforms when the first one runs."""

    def kernel(x: np.ndarray, n: int | None, axis: int, norm: str) -> np.ndarray:
        return getattr(np.fft, name)(*as_inexact(x), n=n, axis=axis, norm=norm)

    return kernel


SAMPLES = [sample((4,)), sample((2, 5), n=3, axis=1), sample((3, 2), n=6, axis=0, norm="ortho"),
           sample(complexes((5,)), norm="forward"), sample(complexes((2, 4)), n=5)]  # fmt: skip
REAL_SAMPLES = [sample((4,)), sample((2, 5), n=3, axis=1), sample((3, 2), n=6, axis=0, norm="ortho"), sample((5,), norm="forward")]  # fmt: skip


def _same(n: int) -> int:
    return n


@op(_numpy("fft"), widen=True, samples=SAMPLES)
def fft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Spec:
    """The discrete Fourier transform along an axis, cut or filled up with zeros to `n` points.

    `norm` says which direction is divided by n: the inverse ("backward"), this one ("forward"), or both by the
    root of n ("ortho").

    Shapes: (..., m) -> (..., n).

    Example:
        >>> import weft as wf
        >>> wf.fft.fft([1.0, 0.0, 0.0])
        Tensor([1.+0.j, 1.+0.j, 1.+0.j], c64)
    """
    points = _points("fft", x, n, axis, norm, _same)
    return _result(x, axis, points, _complex("fft", x))


@fft.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    return _fit(ifft(dy, axis=axis, norm=OTHER_SIDE[norm]), _x, axis)


@op(_numpy("ifft"), widen=True, samples=SAMPLES)
def ifft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Spec:
    """The inverse of `fft`.   Shapes: (..., m) -> (..., n)."""
    points = _points("ifft", x, n, axis, norm, _same)
    return _result(x, axis, points, _complex("ifft", x))


@ifft.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    return _fit(fft(dy, axis=axis, norm=OTHER_SIDE[norm]), _x, axis)


@op(_numpy("rfft"), widen=True, samples=REAL_SAMPLES)
def rfft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Spec:
    """The first half of `fft` of real values; the other half is its mirror image, conjugated.

    Shapes: (..., m) -> (..., n // 2 + 1).
    """
    check_dtype("rfft", x, dtypes.REAL, "Use wf.fft.fft for complex values.")
    points = _points("rfft", x, n, axis, norm, _same)
    return _result(x, axis, points // 2 + 1, _complex("rfft", x))


@rfft.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    n = _x.shape[axis] if n is None else n
    dx = ifft(dy, n=n, axis=axis, norm=OTHER_SIDE[norm])  # filled up with zeros: the half that was not given
    return _fit(OPS["real"](dx), _x, axis)


def _twice(n: int) -> int:
    return 2 * (n - 1)


@op(_numpy("irfft"), widen=True, samples=[*SAMPLES, sample(complexes((4,)), n=7), sample(complexes((4,)), n=4)])
def irfft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Spec:
    """The inverse of `rfft`: `n` real values (2 * (m - 1) by default) from half a spectrum.

    Shapes: (..., m) -> (..., n).
    """
    points = _points("irfft", x, n, axis, norm, _twice)
    return _result(x, axis, points, dtypes.real_dtype(_complex("irfft", x)))


@irfft.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    dx = rfft(dy, axis=axis, norm=OTHER_SIDE[norm])
    return _fit(double_inside(dx, n=_y.shape[axis], axis=axis), _x, axis)


def _double_inside(x: np.ndarray, n: int, axis: int) -> np.ndarray:
    y = 2 * x
    for end in (0, -1) if n % 2 == 0 else (0,):
        np.moveaxis(y, axis, 0)[end] /= 2
    return y


@op(_double_inside, samples=[sample((4,), n=6, axis=0), sample((2, 4), n=7, axis=-1)])
def double_inside(x: Operand, /, *, n: int, axis: int) -> Spec:
    """Half a spectrum of `n` points with the frequencies doubled that the whole one has twice."""
    return like(x)


@double_inside.gradient
def _(dy: Any, _y: Any, _x: Any, *, n: int, axis: int) -> Any:
    return double_inside(dy, n=n, axis=axis)


def hfft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """`fft` of a Hermitian signal, given by its first half: `n` real values.   Shapes: (..., m) -> (..., n)."""
    _points("hfft", x := as_tensor(x), n, axis, norm, _twice)
    return irfft(conj(x), n=n, axis=axis, norm=OTHER_SIDE[norm])


def ihfft(x: Operand, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The inverse of `hfft`: the first half of the signal.   Shapes: (..., m) -> (..., n // 2 + 1)."""
    _points("ihfft", x := as_tensor(x), n, axis, norm, _same)
    return conj(rfft(x, n=n, axis=axis, norm=OTHER_SIDE[norm]))


def _axes(name: str, x: Shaped, s: Sequence[int] | None, axes: Axes) -> list[tuple[int | None, int]]:
    """The number of points and the axis of each transform; without axes the last ones, as many as `s` has."""
    if axes is None and s is not None:
        axes = tuple(range(-len(s), 0))
    chosen = normalize_axes(name, axes, len(x.shape))
    if not chosen:
        raise ShapeError(f"{name}: {describe(x)} has no axis to transform along", "Name at least one axis.")
    if s is not None and len(s) != len(chosen):
        raise ShapeError(f"{name}: s={tuple(s)} for axes {chosen}", "Give a number of points for each axis.")
    points: Sequence[int | None] = [None] * len(chosen) if s is None else list(s)
    return list(zip(points, chosen, strict=True))


def _over(transform: Any, x: Any, axes: list[tuple[int | None, int]], norm: Norm) -> Tensor:
    for n, axis in reversed(axes):
        x = transform(x, n=n, axis=axis, norm=norm)
    return x


def fftn(x: Operand, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """`fft` along several axes (all by default), with `s` points along each."""
    x = as_tensor(x)
    return _over(fft, x, _axes("fftn", x, s, axes), norm)


def ifftn(x: Operand, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The inverse of `fftn`."""
    x = as_tensor(x)
    return _over(ifft, x, _axes("ifftn", x, s, axes), norm)


def rfftn(x: Operand, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """`rfft` along the last of several axes, then `fft` along the others."""
    x = as_tensor(x)
    *others, (n, last) = _axes("rfftn", x, s, axes)
    return _over(fft, rfft(x, n=n, axis=last, norm=norm), others, norm)


def irfftn(x: Operand, /, *, s: Sequence[int] | None = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The inverse of `rfftn`."""
    x = as_tensor(x)
    *others, (n, last) = _axes("irfftn", x, s, axes)
    return irfft(_over(ifft, x, others, norm), n=n, axis=last, norm=norm)


def _check_count(name: str, n: int) -> int:
    n = index(n)
    if n < 1:
        raise ArgumentError(f"{name}: n is {n}", "A transform has at least one point.")
    return n


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """The frequencies of the `n` points of `fft`, for samples `d` apart.   Units: cycles per unit of `d`."""
    values = np.fft.fftfreq(_check_count("fftfreq", n), d)
    return OPS["asarray"](values, dtype=dtype or dtypes.default_float, device=device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Tensor:
    """The frequencies of the n // 2 + 1 points of `rfft`, for samples `d` apart.   Units: cycles per unit of `d`."""
    values = np.fft.rfftfreq(_check_count("rfftfreq", n), d)
    return OPS["asarray"](values, dtype=dtype or dtypes.default_float, device=device)


def _shifted(name: str, x: Any, axes: Axes, shift: Callable[[int], int]) -> Tensor:
    x = as_tensor(x)
    chosen: Shape = normalize_axes(name, axes, len(x.shape))
    return OPS["roll"](x, shift=tuple(shift(x.shape[i]) for i in chosen), axis=chosen)


def fftshift(x: Operand, /, *, axes: Axes = None) -> Tensor:
    """A spectrum with frequency zero moved to the middle."""
    return _shifted("fftshift", x, axes, lambda n: n // 2)


def ifftshift(x: Operand, /, *, axes: Axes = None) -> Tensor:
    """The inverse of `fftshift`: frequency zero comes first."""
    return _shifted("ifftshift", x, axes, lambda n: -(n // 2))
