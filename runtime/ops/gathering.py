"""Gather and scatter: elements at places that integer tensors name, out of a tensor and into it.

Places come as one int64 tensor of k rows, one for each of the `axes` they index; `join_indices` makes it, checked
and counted from the front, so that nothing behind it looks at ranges again. Index arrays beside each other keep
their place among the axes; apart, they go to the front, as in NumPy. `index_sum` is the transpose of `index_get`:
it adds up what meets at a place, in order, so results are the same every time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from .. import dtypes
from ..eager import EagerTensor, wrap
from ..errors import ArgumentError, DTypeError, ShapeError
from ..families import conj, fit
from ..index import out_of_range
from ..op import op
from ..samples import Sample, integers, sample
from ..spec import Operand, Shape, Shaped, Spec, broadcast_shapes, check_dtype, describe, like, size
from ..tensor import OPS, Tensor
from .slicing import check_value

Mode = Literal["set", "add", "multiply", "max", "min"]
UFUNCS = {"add": np.add, "multiply": np.multiply, "max": np.maximum, "min": np.minimum}
MODES = ("set", *UFUNCS)


def in_range(name: str, indices: Any, length: int, axis: int) -> np.ndarray:
    """Positions as int64, counted from the front.

    Errors: OutOfRangeError for one outside its axis.
    """
    found = np.asarray(indices)
    if found.dtype is dtypes.uint64 and found.size and int(found.max()) >= length:
        raise out_of_range(name, int(found.max()), axis, length)
    found = found.astype(np.int64, copy=False)
    if found.size:
        low, high = int(found.min()), int(found.max())
        if low < -length or high >= length:
            raise out_of_range(name, high if high >= length else low, axis, length)
        if low < 0:
            found = np.where(found < 0, found + length, found)
    return found


def _join(*indices: Any, lengths: Shape, axes: Shape, label: str) -> np.ndarray:
    found = [in_range(label, i, n, axis) for i, n, axis in zip(indices, lengths, axes, strict=True)]
    return np.stack(np.broadcast_arrays(*found)) if len(found) > 1 else found[0][None]


@op(_join, samples=[sample(integers((2, 1), -3, 3), integers((4,), 0, 5), lengths=(3, 5), axes=(0, 2), label="index")])
def join_indices(*indices: Operand, lengths: Shape, axes: Shape, label: str = "index") -> Spec:
    """The rows of places in axes of those lengths, from an index array for each.

    Shapes: (...), ... -> (k, ...).
    Errors: OutOfRangeError for a position outside its axis.
    """
    for i in indices:
        if not isinstance(i, int):
            check_dtype(label, i, dtypes.INTEGERS, "An index array holds integers, or bools for a mask.")
    return Spec((len(indices), *broadcast_shapes(label, *indices)), dtypes.int64)


join_indices.gradient(None)


def place(axes: Shape) -> int:
    """Where among the axes of the result those of the places stand."""
    beside = all(b == a + 1 for a, b in pairwise(axes))
    return axes[0] if beside else 0


def places_shape(x: Shape, indices: Shaped, axes: Shape) -> Shape:
    """The shape of what stands at the places in a tensor of shape `x`."""
    rest = [n for i, n in enumerate(x) if i not in axes]
    at = place(axes)
    return (*rest[:at], *indices.shape[1:], *rest[at:])


def places_key(ndim: int, indices: np.ndarray, axes: Shape) -> tuple[Any, ...]:
    """The places as NumPy takes them."""
    key: list[Any] = [slice(None)] * ndim
    for axis, row in zip(axes, indices, strict=True):
        key[axis] = row
    return tuple(key)


def _get(x: np.ndarray, indices: np.ndarray, axes: Shape) -> np.ndarray:
    if len(axes) == 1 and x.shape[axes[0]]:
        return np.take(x, indices[0], axes[0], mode="clip")  # in range already: clip spares a second look
    return x[places_key(x.ndim, indices, axes)]


def _rows(high: int) -> Any:
    return lambda rng: rng.integers(0, high, (1, 4))


_PAIRS = lambda rng: rng.integers(0, 2, (2, 3))
_PICK: list[Sample] = [sample((3, 4), _rows(3), axes=(0,)), sample((2, 3, 2), _PAIRS, axes=(0, 2))]


@op(_get, onnx="Gather", samples=_PICK)
def index_get(x: Operand, indices: Operand, /, *, axes: Shape) -> Spec:
    """The elements at places, which are rows as `join_indices` gives them.

    Shapes: x, (k, ...) -> the other axes of x, with (...) among them.
    """
    return like(x, places_shape(x.shape, indices, axes))


index_get.gradient(lambda dy, _y, _x, indices, *, axes: index_sum(dy, indices, shape=_x.shape, axes=axes), None)


def combine(y: np.ndarray, key: tuple[Any, ...], value: Any, mode: Mode) -> np.ndarray:
    """`y`, with `value` put in place to what stands at `key`; later values meet the result of earlier ones."""
    if mode == "set":
        y[key] = value
        return y
    flat = _flat_key(y.shape, key)  # ufunc.at is quick only with one index into one axis
    UFUNCS[mode].at(y.reshape(-1), flat.reshape(-1), np.broadcast_to(value, flat.shape).astype(y.dtype).reshape(-1))
    return y


def _flat_key(shape: Shape, key: tuple[Any, ...]) -> Any:
    """The places of `key` as positions in row-major order."""
    steps = [size(shape[i + 1 :]) for i in range(len(shape))]
    columns = [np.arange(n).reshape(-1, *(1,) * (len(shape) - i - 1)) * step
               for i, (n, step) in enumerate(zip(shape, steps, strict=True))]  # fmt: skip
    return sum((np.broadcast_to(column, shape)[key] for column in columns), np.int64(0))


def _rows_of(indices: np.ndarray, shape: Shape, axes: Shape) -> np.ndarray:
    return np.ravel_multi_index(tuple(indices), tuple(shape[a] for a in axes)).reshape(-1)


def _sum(x: np.ndarray, indices: np.ndarray, shape: Shape, axes: Shape) -> np.ndarray:
    """Into a table whose rows are places, so that its flat index is small arithmetic."""
    rest = [i for i in range(len(shape)) if i not in axes]
    width = size(tuple(shape[i] for i in rest))
    table = np.zeros((*(shape[a] for a in axes), *(shape[i] for i in rest)), x.dtype)
    if x.size:
        places = tuple(range(place(axes), place(axes) + indices.ndim - 1))
        rows = np.moveaxis(x, places, range(len(places))).reshape(-1)
        flat = _rows_of(indices, shape, axes)
        if width != 1:
            flat = (flat[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(table.reshape(-1), flat, rows)
    return np.moveaxis(table, range(len(axes)), axes)


@op(_sum, widen=True, samples=[sample((4, 4), _rows(3), shape=(3, 4), axes=(0,)),
                               sample((3, 3), _PAIRS, shape=(2, 3, 2), axes=(0, 2))])  # fmt: skip
def index_sum(x: Operand, indices: Operand, /, *, shape: Shape, axes: Shape) -> Spec:
    """Zeros of `shape`, to which `x` is added at places: the transpose of `index_get`."""
    there = places_shape(shape, indices, axes)
    if tuple(x.shape) != there:
        raise ShapeError(f"index_sum: {describe(x)} for places of shape {there}", "Shapes must be equal.")
    return like(x, tuple(shape))


index_sum.gradient(lambda dy, _y, _x, indices, *, shape, axes: index_get(dy, indices, axes=axes), None)


def _put(x: np.ndarray, indices: np.ndarray, value: Any, axes: Shape, mode: Mode, unique: bool) -> np.ndarray:
    return combine(np.array(x, order="C"), places_key(x.ndim, indices, axes), value, mode)


@op(_put, onnx="ScatterND", widen=True, samples=[
    *(sample((3, 4), _rows(3), (4, 4), axes=(0,), mode=mode) for mode in MODES),
    *(sample((2, 3, 2), _PAIRS, (3, 1), axes=(0, 2), mode=mode) for mode in MODES)])  # fmt: skip
def index_put(
    x: Operand, indices: Operand, value: Operand, /, *, axes: Shape, mode: Mode = "set", unique: bool = False
) -> Spec:
    """`x` with `value` put at places; where several meet, the last is set, or all are combined.

    `unique` promises that no two places are the same.

    Errors: ShapeError or DTypeError for a value that does not fit there; ArgumentError for an unknown mode.
    """
    check_mode("index_put", x, mode)
    check_value("index_put", x, value, places_shape(x.shape, indices, axes))
    return like(x)


def check_mode(name: str, x: Shaped, mode: str) -> None:
    """Refuse an unknown mode, and one that the dtype has not.

    Errors: ArgumentError, DTypeError.
    """
    if mode not in MODES:
        raise ArgumentError(f"{name}: there is no mode {mode!r}", "Modes: " + ", ".join(MODES) + ".")
    if mode != "set":
        check_dtype(name, x, dtypes.REAL if mode in ("max", "min") else dtypes.NUMERIC)


@index_put.gradient
def _(dy: Any, y: Any, x: Any, indices: Any, value: Any, *, axes: Shape, mode: Mode, unique: bool) -> Any:
    def get(z: Any) -> Any:
        return index_get(z, indices, axes=axes)

    def put(z: Any, v: Any, how: Mode) -> Any:
        return index_put(z, indices, v, axes=axes, mode=how, unique=unique)

    dx, dvalue = put_gradients(dy, y, x, value, mode, get, put, unique)
    return dx, None, dvalue


Get = Callable[[Any], Any]
Put = Callable[[Any, Any, Mode], Any]


def put_gradients(dy: Any, y: Any, x: Any, value: Any, mode: Mode, get: Get, put: Put, unique: bool) -> tuple[Any, Any]:
    """The cotangents of what was put into, and of the value put there."""
    where = OPS["where"]
    if mode == "set":
        dvalue = get(dy)
        dvalue = dvalue if unique else where(_winners(dvalue, x, get, put), dvalue, 0)
        return put(dy, 0, "set"), _fitted(dvalue, value)
    if mode == "add":
        return dy, _fitted(get(dy), value)
    if mode == "multiply":
        return put(dy, conj(_tensor_like(value, x)), "multiply"), _fitted(
            get(dy) * conj(_others(x, value, get, put)), value
        )
    kept, chosen = x == y, get(y) == value
    zeros, one = OPS["zeros"](x.shape, dtype=x.dtype), OPS["ones"]((), dtype=x.dtype)
    share = dy / (put(zeros, where(chosen, one, 0), "add") + where(kept, one, 0))
    return where(kept, share, 0), _fitted(where(chosen, get(share), 0), value)


def _tensor_like(value: Any, x: Any) -> Any:
    """A weak number as a tensor like `x`."""
    return value if isinstance(value, Tensor) or hasattr(value, "shape") else OPS["asarray"](value, dtype=x.dtype)


def _fitted(dx: Any, value: Any) -> Any:
    return fit(dx, value) if hasattr(value, "shape") else None


def _winners(like: Any, x: Any, get: Get, put: Put) -> Any:
    """Where, among values of the shape of `like`, one was set and stayed: a later one did not take its place."""
    numbers = OPS["reshape"](OPS["arange"](like.size), shape=like.shape)
    return get(put(OPS["zeros"](x.shape, dtype=dtypes.int64), numbers, "set")) == numbers


def _others(x: Any, value: Any, get: Get, put: Put) -> Any:
    """For each value, the product of x and all other values at its place, also where some are 0."""
    v, where = _tensor_like(value, x), OPS["where"]
    zero = v == 0
    product = get(put(x, where(zero, 1, v), "multiply"))
    zeros = get(put(OPS["zeros"](x.shape, dtype=x.dtype), OPS["astype"](zero, dtype=x.dtype), "add"))
    return where(zero, where(zeros == 1, product, 0), where(zeros == 0, product / where(zero, 1, v), 0))


def positions(mask: Any, /) -> EagerTensor:
    """The places where a mask holds, in row-major order, as rows of indices: one for each axis.

    Their number depends on the values, so they are found at once.

    Shapes: mask of k axes -> (k, n), where n is the number of elements that hold.
    Errors: ShapeError for a mask without values.
    """
    if not isinstance(mask, EagerTensor):
        raise ShapeError(
            f"mask {describe(mask)}: how many elements hold is not known here", "Use wf.where(mask, x, y) instead."
        )
    return wrap(mask.device.from_numpy(np.array(np.nonzero(mask.numpy()), np.int64)))


def check_indices(name: str, indices: Shaped) -> None:
    """Refuse index arrays that hold no integers.

    Errors: DTypeError.
    """
    if indices.dtype not in dtypes.INTEGERS:
        raise DTypeError(f"{name}: indices {describe(indices)} are no integers", "Cast them: wf.astype(x, wf.int64).")
