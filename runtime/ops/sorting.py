"""Sorting and searching: orders of elements along an axis.

NaN counts as larger than every number: last in ascending order, first in descending. A gradient of sorted values
goes back by the inverse of the order.

Source: Python Array API standard 2024.12, "Sorting functions" and "Searching functions".
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from ..op import op
from ..samples import distinct, sample
from ..spec import Operand, Shaped, Spec, check_dtype, describe, like, normalize_axis, promoted, shape_of
from ..tensor import OPS, Tensor, as_tensor


def _ordered(name: str, x: Shaped, axis: int) -> None:
    check_dtype(name, x, dtypes.ORDERED)
    normalize_axis(name, axis, len(x.shape))


def _argsort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    kind = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis, kind=kind)
    backwards = np.argsort(np.flip(x, axis), axis, kind=kind)  # twice reversed, equal elements keep their order
    return x.shape[axis] - 1 - np.flip(backwards, axis)


@op(_argsort, widen=True, samples=[sample((5,)), sample((3, 4), axis=0), sample((2, 3), descending=True)])
def argsort(x: Operand, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Spec:
    """The indices that sort along an axis, as int64; with `stable` equal elements keep their order.

    Shapes: (..., n, ...) -> (..., n, ...).
    """
    _ordered("argsort", x, axis)
    return like(x, dtype=dtypes.int64)


argsort.gradient(None)


def _sort(x: np.ndarray, axis: int, descending: bool, stable: bool) -> np.ndarray:
    y = np.sort(x, axis)  # quicker than stable by far, and equal numbers look alike, but for the signs of zeros
    if stable and x.dtype in dtypes.FLOATS and _has_both_zeros(x):  # which of them y has depends on the processor
        return np.take_along_axis(x, _argsort(x, axis, descending, True), axis)
    return np.flip(y, axis) if descending else y


def _has_both_zeros(x: np.ndarray) -> bool:
    zeros = x == 0
    return bool(zeros.any()) and bool(np.signbit(x[zeros]).any())


@op(_sort, widen=True, samples=[
    sample(distinct((5,))), sample(distinct((3, 4)), axis=0), sample(distinct((2, 3)), descending=True)])  # fmt: skip
def sort(x: Operand, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Spec:
    """The elements in ascending (or descending) order along an axis.   Shapes: (..., n, ...) -> (..., n, ...)."""
    _ordered("sort", x, axis)
    return like(x)


@sort.gradient
def _(dy: Any, _y: Any, x: Any, *, axis: int, descending: bool, stable: bool) -> Any:
    order = argsort(x, axis=axis, descending=descending, stable=stable)
    return OPS["put_along_axis"](OPS["zeros_like"](dy), order, dy, axis=axis)


class TopK(NamedTuple):
    """The k largest elements, and where they are."""

    values: Tensor
    indices: Tensor


def _top_indices(x: np.ndarray, k: int, axis: int, largest: bool) -> np.ndarray:
    """Where the k extreme elements are, in order; equal ones by their place.

    Selecting is linear; but with ties (or NaN) at the boundary only a stable sort says who comes first.
    """
    if x.shape[axis] > 8 * max(k, 1):
        chosen = _selected(x, k, axis, largest)
        if chosen is not None:
            return chosen
    return np.take(_argsort(x, axis, largest, True), np.arange(k), axis)


def _selected(x: np.ndarray, k: int, axis: int, largest: bool) -> np.ndarray | None:
    n = x.shape[axis]
    split = n - k - 1 if largest else k
    order = np.argpartition(x, split, axis)
    inside = np.take(order, np.arange(split + 1, n) if largest else np.arange(k), axis)
    values = np.take_along_axis(x, inside, axis)
    border = np.take_along_axis(x, np.take(order, [split], axis), axis)
    if not np.all(values > border if largest else values < border):
        return None
    by_place = np.sort(inside, axis)
    values = np.take_along_axis(x, by_place, axis)
    return np.take_along_axis(by_place, _argsort(values, axis, largest, True), axis)


def _top_k(x: np.ndarray, k: int, axis: int, largest: bool) -> tuple[np.ndarray, np.ndarray]:
    indices = _top_indices(x, k, axis, largest)
    return np.take_along_axis(x, indices, axis), indices


@op(_top_k, onnx="TopK", widen=True, samples=[
    sample(distinct((5,)), k=2), sample(distinct((4, 3)), k=3, axis=0), sample(distinct((2, 5)), k=2, largest=False)])  # fmt: skip
def top_k(x: Operand, /, k: int, *, axis: int = -1, largest: bool = True) -> TopK:
    """The k largest (or smallest) elements along an axis, the most extreme first, and their indices.

    Equal elements come in the order of their indices.

    Shapes: (..., n, ...) -> values (..., k, ...) and indices (..., k, ...).
    Errors: ShapeError when k is larger than the length of the axis.
    """
    _ordered("top_k", x, axis)
    axis = normalize_axis("top_k", axis, len(x.shape))
    if not 0 <= k <= x.shape[axis]:
        raise ShapeError(f"top_k: k is {k} for axis {axis} of {describe(x)}", f"Ask for 0 to {x.shape[axis]} elements.")
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return TopK._make((like(x, shape), Spec(shape, dtypes.int64)))


@top_k.gradient
def _(dys: Any, ys: Any, _x: Any, *, k: int, axis: int, largest: bool) -> Any:
    return OPS["put_along_axis"](OPS["zeros_like"](_x, dtype=dys[0].dtype), ys[1], dys[0], axis=axis)


def _search(x: np.ndarray, v: Any, side: Literal["left", "right"]) -> np.ndarray:
    v = np.asarray(v)
    dtype = dtypes.promote(x.dtype, v.dtype)
    return np.searchsorted(x.astype(dtype, copy=False), v.astype(dtype, copy=False), side)


@op(_search, name="searchsorted", widen=True, samples=[
    sample(lambda _: np.array([0.0, 1.0, 2.0]), (2, 3)), sample(lambda _: np.array([0.0, 0.0, 2.0]), (4,), side="right")])  # fmt: skip
def search_sorted(x1: Operand, x2: Operand, /, *, side: Literal["left", "right"] = "left") -> Spec:
    """Where to put elements of x2 into the ascending x1 so that it stays ascending."""
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side is {side!r}", 'Use "left" or "right".')
    if len(x1.shape) != 1:
        raise ShapeError(f"searchsorted: x1 is {describe(x1)}", "It has one axis.")
    check_dtype("searchsorted", x1, dtypes.ORDERED)
    check_dtype("searchsorted", x2, dtypes.ORDERED)
    promoted("searchsorted", x1, x2)
    return Spec(tuple(shape_of(x2)), dtypes.int64)


search_sorted.gradient(None)


def searchsorted(x1: Operand, x2: Operand, /, *, side: Literal["left", "right"] = "left", sorter: Any = None) -> Tensor:
    """Where to put elements of x2 into the ascending x1 so that it stays ascending: before equals, or after.

    `sorter` holds the indices that sort x1, if it is not sorted itself.

    Shapes: (n,) (...) -> (...).
    """
    x1 = as_tensor(x1) if sorter is None else OPS["take"](as_tensor(x1), as_tensor(sorter), axis=0)
    return search_sorted(x1, x2, side=side)
