"""Embedding: rows of a table looked up by number, one-hot vectors, masks of sequences.

The gradient of a lookup adds each cotangent to the row it came from; that in turn has the lookup as its gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import EVERY, INEXACT, INTEGERS
from ..eager import home_of
from ..errors import ArgumentError, OutOfRangeError, ShapeError
from ..op import op
from ..samples import integers, sample
from ..spec import Operand, Shaped, Spec, check_dtype, describe, like, size
from ..tensor import OPS, Tensor, as_tensor


def check_range(name: str, what: str, indices: np.ndarray, n: int) -> None:
    """Refuse indices outside 0 <= i < n, naming the first.

    Errors: OutOfRangeError.
    """
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        wrong = np.argwhere((indices < 0) | (indices >= n))[0]
        at = f" at {tuple(map(int, wrong))}" if wrong.size else ""
        raise OutOfRangeError(
            f"{name}: {what} {indices[tuple(wrong)]}{at} is out of range for {n}", f"Valid are 0 to {n - 1}."
        )


def _lookup(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    check_range("embedding", "index", indices, table.shape[0])
    return np.take(table, indices, axis=0)


def _add_rows(dy: np.ndarray, indices: np.ndarray, rows: int) -> np.ndarray:
    """Rows sorted by where they go, then each run of one destination summed."""
    check_range("embedding_dx", "index", indices, rows)
    width = dy.shape[indices.ndim :]
    flat, dy = indices.reshape(-1), dy.reshape(indices.size, size(width))
    dx = np.zeros((rows, dy.shape[-1]), dy.dtype)
    if flat.size:
        order = np.argsort(flat, kind="stable")
        flat = flat[order]
        starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
        dx[flat[starts]] = np.add.reduceat(dy[order], starts, axis=0)
    return dx.reshape(rows, *width)


def _check_indices(name: str, indices: Shaped) -> None:
    check_dtype(name, indices, INTEGERS, "Indices are integers: cast them with wf.astype(indices, wf.int64).")


@op(_lookup, onnx="Gather", samples=[sample((5, 3), integers((2, 4), 0, 5)), sample((4, 2, 3), integers((3,), 0, 4))])
def embedding(table: Operand, indices: Operand, /) -> Spec:
    """The row of the table for each index.

    Shapes: (rows, ...) indices -> (*indices, ...).
    Errors: ShapeError for a table without axes; OutOfRangeError for an index that names no row.

    Example:
        >>> import weft as wf
        >>> wf.embedding(wf.tensor([[0.0, 1.0], [2.0, 3.0]]), [1, 0])
        Tensor([[2., 3.],
                [0., 1.]], f32)
    """
    check_dtype("embedding", table, EVERY)
    _check_indices("embedding", indices)
    if not table.shape:
        raise ShapeError(f"embedding: the table is {describe(table)}", "A table has rows on its first axis.")
    return like(table, (*indices.shape, *table.shape[1:]))


@op(
    _add_rows,
    widen=True,
    samples=[sample((2, 4, 3), integers((2, 4), 0, 5), rows=5), sample((3,), integers((3,), 0, 2), rows=2)],
)
def embedding_dx(dy: Operand, indices: Operand, /, *, rows: int) -> Spec:
    """The cotangent of the table of `embedding`: each row the sum of the cotangents that were looked up from it.

    Shapes: (*indices, ...) indices -> (rows, ...).
    """
    check_dtype("embedding_dx", dy, INEXACT)
    return like(dy, (rows, *dy.shape[len(indices.shape) :]))


embedding.gradient(lambda dy, _y, _table, indices: embedding_dx(dy, indices, rows=_table.shape[0]), None)
embedding_dx.gradient(lambda dx, _z, _dy, indices, *, rows: embedding(dx, indices), None)


def _one_hot(indices: np.ndarray, depth: int, dtype: Any, axis: int) -> np.ndarray:
    place = axis % (indices.ndim + 1)
    classes = np.arange(depth).reshape(depth, *(1,) * (indices.ndim - place))
    return (np.expand_dims(indices, place) == classes).astype(dtype)


@op(
    _one_hot,
    onnx="OneHot",
    samples=[sample(integers((2, 3), 0, 4), depth=4), sample(integers((3,), -1, 4), depth=3, axis=0)],
)
def one_hot(indices: Operand, /, depth: int, *, dtype: Any = dtypes.float32, axis: int = -1) -> Spec:
    """1 at the place that each index names along a new axis of length `depth`, 0 elsewhere.

    An index that is no place (-1, say) gives zeros.

    Shapes: indices -> indices with `depth` at `axis`.

    Example:
        >>> import weft as wf
        >>> wf.one_hot([0, 2], 3)
        Tensor([[1., 0., 0.],
                [0., 0., 1.]], f32)
    """
    _check_indices("one_hot", indices)
    if not hasattr(depth, "__index__") or depth < 0:
        raise ArgumentError(f"one_hot: depth is {depth!r}", "It is the number of classes, an int of 0 or more.")
    n = len(indices.shape)
    if not -n - 1 <= axis <= n:
        raise ArgumentError(f"one_hot: axis {axis} is out of range", f"The new axis goes to {-n - 1} to {n}.")
    place = axis % (n + 1)
    shape = (*indices.shape[:place], int(depth), *indices.shape[place:])
    return Spec(shape, dtypes.as_dtype(dtype))


one_hot.gradient(None)


def sequence_mask(lengths: Operand, longest: int | None = None, *, dtype: Any = dtypes.bool_) -> Tensor:
    """True in the first `lengths` places of each row.

    `longest` is the number of places; without it, the largest of the lengths.

    Shapes: lengths -> (*lengths, longest).

    Example:
        >>> import weft as wf
        >>> wf.sequence_mask([1, 3], dtype=wf.int32)
        Tensor([[1, 0, 0],
                [1, 1, 1]], i32)
    """
    lengths = as_tensor(lengths)
    _check_indices("sequence_mask", lengths)
    if longest is None:
        longest = int(OPS["max"](lengths)) if lengths.size else 0
    mask = OPS["arange"](longest, device=home_of(lengths)) < OPS["reshape"](lengths, shape=(*lengths.shape, 1))
    return mask if dtypes.as_dtype(dtype) is dtypes.bool_ else OPS["astype"](mask, dtype=dtype)
