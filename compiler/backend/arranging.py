"""Ops that put elements in other places, written out in slices, joins, pads and maps of positions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.index import Range
from ...runtime.ops.image import METHODS, Taps, transposed
from ...runtime.spec import normalize_axes, normalize_axis, size
from .composer import Composer, Rule


def _piece(w: Composer, x: Any, axis: int, start: int, length: int) -> Any:
    """A slice along an axis."""
    index = tuple(Range(start, length, 1) if i == axis else Range(0, n, 1) for i, n in enumerate(x.shape))
    return w("strided_slice", x, index=index)


def _roll(w: Composer, x: Any) -> Any:
    shift, axis = w.attrs["shift"], w.attrs["axis"]
    if axis is None:
        flat = _rolled(w, w("reshape", x, shape=(size(x.shape),)), int(shift), 0)
        return w("reshape", flat, shape=x.shape)
    axes = normalize_axes("roll", axis, len(x.shape))
    shifts = tuple(map(int, shift)) if isinstance(shift, Iterable) else (int(shift),)
    for each, by in zip(axes, shifts * (len(axes) if len(shifts) == 1 else 1), strict=True):
        x = _rolled(w, x, by, each)
    return x


def _rolled(w: Composer, x: Any, shift: int, axis: int) -> Any:
    """An axis turned on: its end comes to the front."""
    n = x.shape[axis]
    k = shift % n
    return w("concat", _piece(w, x, axis, n - k, k), _piece(w, x, axis, 0, n - k), axis=axis) if k else x


def _on_diagonal(w: Composer, x: Any) -> Any:
    """A map: where the column less the row is the offset, the element of that row."""
    (m, n), offset, k = w.attrs["shape"], w.attrs["offset"], x.shape[-1]
    before = max(0, -offset)
    if k != m:
        x = w("pad", x, widths=(*((0, 0),) * (len(x.shape) - 1), (before, m - k - before)))
    rows, columns = (np.arange(length, dtype=dtypes.int32) for length in (m, n))
    on = w("equal", w.graph.constant(rows[:, None] + np.int32(offset)), w.graph.constant(columns))
    return w("where", on, w("expand_dims", x, axis=-1), w.number(0, x))


def _set_length(w: Composer, x: Any) -> Any:
    axis, n = normalize_axis("set_length", w.attrs["axis"], len(x.shape)), w.attrs["n"]
    more = n - x.shape[axis]
    if more <= 0:
        return _piece(w, x, axis, 0, n)
    return w("pad", x, widths=tuple((0, more if i == axis else 0) for i in range(len(x.shape))))


def _double_inside(w: Composer, x: Any) -> Any:
    if x.dtype not in dtypes.FLOATS:
        return None
    axis, n = normalize_axis("double_inside", w.attrs["axis"], len(x.shape)), w.attrs["n"]
    factors = np.full(x.shape[axis], 2, x.dtype)
    factors[[0, -1] if n % 2 == 0 else [0]] = 1
    shape = tuple(m if i == axis else 1 for i, m in enumerate(x.shape))
    return w("multiply", x, w.graph.constant(factors.reshape(shape)))


def _cross(w: Composer, x: Any, y: Any) -> Any:
    rank = max(len(x.shape), len(y.shape))
    axis = normalize_axis("cross", w.attrs["axis"], rank) - rank
    parts = [[_part(w, z, axis, i) for i in range(3)] for z in (x, y)]
    (a, b, c), (d, e, f) = parts
    found = [w("subtract", w("multiply", p, q), w("multiply", r, s))
             for p, q, r, s in ((b, f, c, e), (c, d, a, f), (a, e, b, d))]  # fmt: skip
    return w("stack", *found, axis=rank + axis)


def _part(w: Composer, x: Any, axis: int, i: int) -> Any:
    """What stands at one place of an axis that is counted from the end."""
    return w("squeeze", _piece(w, x, len(x.shape) + axis, i, 1), axis=axis)


def _resample(w: Composer, x: Any) -> Any:
    axis = normalize_axis("resample", w.attrs["axis"], len(x.shape))
    method = w.attrs["method"]
    taps = METHODS[method](x.shape[axis], w.attrs["size"], w.attrs["align_corners"])
    return _taken(w, x, axis, taps[0][:, 0]) if method == "nearest" else _combined(w, w.floats(x), axis, taps)


def _resample_dx(w: Composer, dy: Any) -> Any:
    axis, length = normalize_axis("resample_dx", w.attrs["axis"], len(dy.shape)), w.attrs["length"]
    taps = METHODS[w.attrs["method"]](length, dy.shape[axis], w.attrs["align_corners"])
    return _combined(w, dy, axis, transposed(taps, length))


def _combined(w: Composer, x: Any, axis: int, taps: Taps) -> Any:
    """The weighted sum of elements along an axis."""
    total, shape = None, (-1, *(1,) * (len(x.shape) - axis - 1))
    for indices, weights in zip(taps[0].T, taps[1].T, strict=True):
        shares = w.graph.constant(weights.astype(x.dtype).reshape(shape))
        part = w("multiply", _taken(w, x, axis, indices), shares)
        total = part if total is None else w("add", total, part)
    return total


def _taken(w: Composer, x: Any, axis: int, indices: np.ndarray) -> Any:
    return w("index_get", x, w.graph.constant(indices.astype(dtypes.int64)[None]), axes=(axis,))


RULES: dict[str, Rule] = {
    "roll": _roll,
    "on_diagonal": _on_diagonal,
    "set_length": _set_length,
    "double_inside": _double_inside,
    "cross": _cross,
    "resample": _resample,
    "resample_dx": _resample_dx,
}
MOVES = frozenset({"roll", "set_length"})  # of elements of any dtype
