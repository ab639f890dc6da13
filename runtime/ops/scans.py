"""Scans: running sums, products and extrema along an axis, and the linear recurrence behind their gradients.

The gradient of a running product, exact at zeros, and that of a running maximum are linear recurrences that run
backwards; the gradient of a linear recurrence is one too. So one op carries all of them to any order.

Source: Python Array API standard 2024.12, "Statistical functions" (cumulative_sum, cumulative_prod), diff.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from .. import dtypes, memory
from ..eager import home_of
from ..errors import ArgumentError, ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import complexes, distinct, sample
from ..spec import Operand, Shaped, Spec, check_dtype, describe, like, normalize_axis, promoted
from ..tensor import OPS, Tensor, as_tensor
from .joining import concat, join, split_lengths
from .reduction import sum_dtype
from .shaping import broadcast_to, flatten, flip


def _pieces(x: Any, n: int, axis: int) -> tuple[Tensor, ...]:
    """The first n slices along an axis, and the rest."""
    return split_lengths(x, lengths=(n, x.shape[axis] - n), axis=axis)


def _previous(x: Any, axis: int, reverse: bool, first: float = 0) -> Any:
    """Each element's predecessor along an axis; `first` for the first one."""
    n = x.shape[axis]
    if not n:
        return x
    kept, gone = _pieces(x, 1, axis)[::-1] if reverse else _pieces(x, n - 1, axis)
    filler = OPS["full_like"](gone, first)
    return join(kept, filler, axis=axis) if reverse else join(filler, kept, axis=axis)


def _recurrence(a: np.ndarray, b: np.ndarray, axis: int, reverse: bool) -> np.ndarray:
    dtype = np.result_type(a, b)
    a, b = (np.moveaxis(x, axis, 0)[:: -1 if reverse else 1] for x in (a, b))
    y = np.array(b, dtype)
    if y.size == len(y):  # a single line: Python numbers are faster than arrays of one element
        pairs = zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
        y[...] = np.reshape([state for _, state in accumulate(pairs, _advance)], y.shape)
    else:
        for i in range(1, len(y)):
            y[i] += a[i] * y[i - 1]
    return np.moveaxis(y[:: -1 if reverse else 1], 0, axis)


def _advance(before: tuple[Any, Any], pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return pair[0], pair[1] + pair[0] * before[1]


@op(_recurrence, widen=True, samples=[
    sample((4,), (4,)), sample((3, 4), (3, 4), axis=0), sample((2, 3), (2, 3), reverse=True), sample(complexes((3,)), complexes((3,)))])  # fmt: skip
def linear_recurrence(a: Operand, b: Operand, /, *, axis: int = -1, reverse: bool = False) -> Spec:
    """y[i] = b[i] + a[i] * y[i - 1] along an axis, beginning with y[0] = b[0]; from the end with `reverse`.

    Shapes: (..., n, ...) (..., n, ...) -> (..., n, ...).
    Cost: n steps one after the other, each over the other axes at once.
    """
    if tuple(a.shape) != tuple(b.shape):
        raise ShapeError(f"linear_recurrence: a is {describe(a)} and b {describe(b)}", "Their shapes must be equal.")
    normalize_axis("linear_recurrence", axis, len(a.shape))
    return Spec(tuple(a.shape), promoted("linear_recurrence", a, b))


@linear_recurrence.gradient
def _(dy: Any, y: Any, a: Any, _b: Any, *, axis: int, reverse: bool) -> tuple[Any, Any]:
    total = linear_recurrence(conj(_previous(a, axis, not reverse)), dy, axis=axis, reverse=not reverse)
    return fit(total * conj(_previous(y, axis, reverse)), a), fit(total, _b)


def _scan_axis(name: str, x: Shaped, axis: int | None) -> int:
    """The axis of a scan, which a tensor of one axis need not name."""
    if axis is None:
        if len(x.shape) != 1:
            raise ShapeError(f"{name}: {describe(x)} has {len(x.shape)} axes and none was named", "Name one: axis=-1.")
        return 0
    return normalize_axis(name, axis, len(x.shape))


def _scan_spec(name: str, x: Shaped, axis: int | None, dtype: Any, include_initial: bool) -> Spec:
    axis = _scan_axis(name, x, axis)
    length = x.shape[axis] + include_initial
    return Spec((*x.shape[:axis], length, *x.shape[axis + 1 :]), sum_dtype(name, x, dtype))


def _scan(ufunc: np.ufunc, start: int) -> Any:
    """The kernel of a running fold that may put its start value in front."""

    def kernel(x: np.ndarray, axis: int | None, dtype: Any, include_initial: bool) -> np.ndarray:
        axis = _scan_axis(ufunc.__name__, x, axis)
        wide = sum_dtype(ufunc.__name__, x, dtype)
        y = memory.empty((*x.shape[:axis], x.shape[axis] + include_initial, *x.shape[axis + 1 :]), wide)
        lines = np.moveaxis(y, axis, 0)
        if include_initial:
            lines[0] = start
        ufunc.accumulate(np.moveaxis(x, axis, 0), 0, wide, lines[include_initial:])
        return y

    return kernel


_SAMPLES = [sample((4,)), sample((3, 4), axis=0), sample((2, 3), axis=-1, include_initial=True),
            sample(complexes((2, 3)), axis=1)]  # fmt: skip


@op(_scan(np.add, 0), onnx="CumSum", widen=True, samples=_SAMPLES)
def cumulative_sum(x: Operand, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Spec:
    """The running sums along an axis, with a 0 in front if `include_initial`.

    Shapes: (..., n, ...) -> (..., n, ...), or (..., n + 1, ...) with include_initial.
    Errors: ShapeError when no axis is named and x has several.
    """
    return _scan_spec("cumulative_sum", x, axis, dtype, include_initial)


@cumulative_sum.gradient
def _(dy: Any, _y: Any, _x: Any, *, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    axis = _scan_axis("cumulative_sum", _x, axis)
    if include_initial:
        dy = _pieces(dy, 1, axis)[1]
    return fit(flip(cumulative_sum(flip(dy, axis=axis), axis=axis), axis=axis), _x)


@op(_scan(np.multiply, 1), widen=True, samples=[
    *_SAMPLES, sample(lambda _: np.array([2.0, 0.0, 3.0, 0.0, 4.0]))])  # fmt: skip
def cumulative_prod(
    x: Operand, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Spec:
    """The running products along an axis, with a 1 in front if `include_initial`. The gradient is exact at zeros.

    Shapes: (..., n, ...) -> (..., n, ...), or (..., n + 1, ...) with include_initial.
    Errors: ShapeError when no axis is named and x has several.
    """
    return _scan_spec("cumulative_prod", x, axis, dtype, include_initial)


@cumulative_prod.gradient
def _(dy: Any, y: Any, x: Any, *, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    axis = _scan_axis("cumulative_prod", x, axis)
    if include_initial:
        dy, before = _pieces(dy, 1, axis)[1], _pieces(y, x.shape[axis], axis)[0]
    else:
        before = _previous(y, axis, False, 1)
    following = conj(_previous(x, axis, True))
    return fit(conj(before) * linear_recurrence(following, dy, axis=axis, reverse=True), x)


def _extremum_spec(name: str, x: Shaped, axis: int | None) -> Spec:
    check_dtype(name, x, dtypes.ORDERED)
    _scan_axis(name, x, axis)
    return like(x)


def _extremum_gradient(dy: Any, y: Any, _x: Any, *, axis: int | None) -> Any:
    """Each cotangent goes to the element that was the extremum then: the first of the run of equal results."""
    axis = _scan_axis("cumulative_max", _x, axis)
    if not y.shape[axis]:
        return dy
    first, rest = _pieces(y, 1, axis)
    begins = join(OPS["equal"](first, first), rest != _pieces(y, y.shape[axis] - 1, axis)[0], axis=axis)
    goes_on = OPS["astype"](_previous(y, axis, True) == y, dtype=dy.dtype)
    return OPS["where"](begins, linear_recurrence(goes_on, dy, axis=axis, reverse=True), 0)


_RUNS = [sample(distinct((5,))), sample(distinct((3, 4)), axis=0), sample(distinct((3, 4)), axis=-1)]


@op(lambda x, axis: np.maximum.accumulate(x, _scan_axis("cumulative_max", x, axis)), widen=True, samples=_RUNS)
def cumulative_max(x: Operand, /, *, axis: int | None = None) -> Spec:
    """The largest element so far along an axis; NaN from the first NaN on.   Shapes: (..., n, ...) -> (..., n, ...)."""
    return _extremum_spec("cumulative_max", x, axis)


@op(lambda x, axis: np.minimum.accumulate(x, _scan_axis("cumulative_min", x, axis)), widen=True, samples=_RUNS)
def cumulative_min(x: Operand, /, *, axis: int | None = None) -> Spec:
    """The smallest element so far along an axis; NaN from the first NaN on.   Shapes: (..., n, ...) -> (..., n, ...)."""
    return _extremum_spec("cumulative_min", x, axis)


cumulative_max.gradient(_extremum_gradient)
cumulative_min.gradient(_extremum_gradient)


def cumsum(x: Operand, /, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sums along an axis, or of the flattened tensor, as np.cumsum."""
    return cumulative_sum(flatten(x), dtype=dtype) if axis is None else cumulative_sum(x, axis=axis, dtype=dtype)


def cumprod(x: Operand, /, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running products along an axis, or of the flattened tensor, as np.cumprod."""
    return cumulative_prod(flatten(x), dtype=dtype) if axis is None else cumulative_prod(x, axis=axis, dtype=dtype)


def diff(x: Operand, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Tensor:
    """The differences between neighbours along an axis, taken n times; of bools, whether they differ.

    `prepend` and `append` are put before and after x first; a scalar stands for a slice full of it.

    Shapes: (..., m, ...) -> (..., m - n, ...).
    Errors: ShapeError for a 0-d tensor; ArgumentError for a negative n.
    """
    x = as_tensor(x)
    if n < 0:
        raise ArgumentError(f"diff: n is {n}", "Take differences 0 or more times.")
    axis = normalize_axis("diff", axis, len(x.shape))
    parts = [x if part is x else _slice_of(x, part, axis) for part in (prepend, x, append) if part is not None]
    x = concat(parts, axis=axis) if len(parts) > 1 else x
    for _ in range(min(n, x.shape[axis])):
        x = _step(x, axis)
    return x if n else OPS["identity"](x)


def _slice_of(x: Any, end: Any, axis: int) -> Any:
    """What is put beside `x`: a tensor as it is, a scalar as a slice."""
    end = (
        OPS["full"]((), end, dtype=x.dtype, device=home_of(x))
        if isinstance(end, int | float | complex)
        else as_tensor(end, x)
    )
    return end if end.shape else broadcast_to(end, shape=(*x.shape[:axis], 1, *x.shape[axis + 1 :]))


def _step(x: Any, axis: int) -> Any:
    after, before = _pieces(x, 1, axis)[1], _pieces(x, x.shape[axis] - 1, axis)[0]
    return after != before if x.dtype is dtypes.bool_ else after - before
