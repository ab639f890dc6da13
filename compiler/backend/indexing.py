"""Indexing by arrays, written out: the check of the positions, the positions themselves, and what is moved.

Positions are checked where they are used, counted from the front, and kept within bounds whatever they are: what is
moved away from its check, out of a loop that makes no trip say, touches no memory of others. What is moved then is a
map that gathers, or a walk that scatters; both read positions as elements, so these may be computed in the kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.op import op
from ...runtime.ops.along import put_along_axis, take_along_axis
from ...runtime.ops.gathering import Mode
from ...runtime.spec import Operand, Spec, normalize_axis
from ..passes.checks import check_numbers, check_places
from .composer import Composer, Rule


@op(lambda x, positions, axis: take_along_axis.kernel(x, positions, axis=axis))
def gather_along(x: Operand, positions: Operand, /, *, axis: int) -> Spec:
    """`take_along_axis` at positions that are known to be in range."""
    return take_along_axis.spec(x, positions, axis=axis)


@op(lambda x, positions, values, axis, mode: put_along_axis.kernel(x, positions, values, axis=axis, mode=mode))
def scatter_along(x: Operand, positions: Operand, values: Operand, /, *, axis: int, mode: Mode) -> Spec:
    """`put_along_axis` at positions that are known to be in range."""
    return put_along_axis.spec(x, positions, values, axis=axis, mode=mode)


gather_along.gradient(None)
scatter_along.gradient(None)


def _within(w: Composer, i: Any, n: int, *, negative: bool) -> Any:
    """Positions on an axis of length n, counted from the front."""
    if isinstance(i, int):
        return w.number(i % n, np.empty((), dtypes.int64))
    i = w("astype", i, dtype=dtypes.int64)
    if negative:
        i = w("where", w("less", i, 0), w("add", i, n), i)
    return w("minimum", w("maximum", i, 0), n - 1)


def _join_indices(w: Composer, *indices: Any) -> Any:
    """Positions counted from the front, in rows; numbers alone stay for what indexes by numbers."""
    lengths, shape = w.attrs["lengths"], w.node.outputs[0].shape
    given = zip(indices, lengths, strict=True)
    if not shape[1:] or any(isinstance(i, int) and not -n <= i < n for i, n in given):
        return None
    w.graph.run(check_places, indices, dict(w.attrs))
    found = [_within(w, i, n, negative=True) for i, n in zip(indices, lengths, strict=True)]
    rows = [w("expand_dims", w("broadcast_to", i, shape=shape[1:]), axis=0) for i in found]
    return rows[0] if len(rows) == 1 else w("concat", *rows, axis=0)


def _numbers(w: Composer, numbers: Any, label: str, what: str, length: int) -> Any:
    """Numbers from 0 to below a length, checked."""
    w.graph.run(check_numbers, (numbers,), {"label": label, "what": what, "length": length})
    return _within(w, numbers, length, negative=False)


def _embedding(w: Composer, table: Any, indices: Any) -> Any:
    rows = _numbers(w, indices, "embedding", "index", table.shape[0])
    return w("index_get", table, w("expand_dims", rows, axis=0), axes=(0,))


def _embedding_dx(w: Composer, dy: Any, indices: Any) -> Any:
    n = w.attrs["rows"]
    rows = _numbers(w, indices, "embedding_dx", "index", n)
    return w("index_sum", dy, w("expand_dims", rows, axis=0), shape=w.node.outputs[0].shape, axes=(0,))


def _places(w: Composer, x: Any, indices: Any) -> tuple[Any, int]:
    """Positions along the axis that the node names, checked, and the axis."""
    name = w.node.op.name
    axis = normalize_axis(name, w.attrs["axis"], len(x.shape))
    n = x.shape[axis]
    w.graph.run(check_places, (indices,), {"lengths": (n,), "axes": (axis,), "label": name})
    return _within(w, indices, n, negative=True), axis


def _take_along_axis(w: Composer, x: Any, indices: Any) -> Any:
    positions, axis = _places(w, x, indices)
    return w("gather_along", x, positions, axis=axis)


def _put_along_axis(w: Composer, x: Any, indices: Any, values: Any) -> Any:
    positions, axis = _places(w, x, indices)
    return w("scatter_along", x, positions, values, axis=axis, mode=w.attrs["mode"])


def _pick_class(w: Composer, x: Any, labels: Any) -> Any:
    (axis,) = w.axes(x)
    positions = _numbers(w, labels, "negative_log_likelihood", "label", x.shape[axis])
    return w("squeeze", w("gather_along", x, w("expand_dims", positions, axis=axis), axis=axis), axis=axis)


def _bincount(w: Composer, x: Any, weights: Any) -> Any:
    n, y = w.attrs["length"], w.node.outputs[0]
    rows = w("expand_dims", _numbers(w, x, "bincount", "element", n), axis=0)
    dtype = dtypes.int64 if weights is None else dtypes.float64
    given = w.graph.constant(np.ones(x.shape, dtype)) if weights is None else w("astype", weights, dtype=dtype)
    return w("astype", w("index_sum", given, rows, shape=(n,), axes=(0,)), dtype=y.dtype)


RULES: dict[str, Rule] = {
    "join_indices": _join_indices,
    "embedding": _embedding,
    "embedding_dx": _embedding_dx,
    "take_along_axis": _take_along_axis,
    "put_along_axis": _put_along_axis,
    "pick_class": _pick_class,
    "bincount": _bincount,
}
