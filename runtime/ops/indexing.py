"""x[index] and x[index] = value: which ops an index is made of.

First the slice of the static part, then what index arrays pick from that; assignment goes the same way back.
Eager tensors have a shortcut for the common indices, of ints and slices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import observers
from ..assignment import as_value
from ..dtypes import JOINS
from ..eager import EagerTensor, wrap
from ..errors import DTypeError, speaking_as
from ..index import Array, Index, parse, plain, static_key, static_shape
from ..op import apply
from ..spec import SCALARS, Shaped, Spec, describe
from ..tensor import OPS, Tensor
from .gathering import index_get, index_put, join_indices, place, places_key, places_shape, positions
from .slicing import check_value, set_slice, strided_slice

_PLAIN = (int, slice)


def getitem(x: Any, index: Any) -> Any:
    """The elements at an index, as NumPy picks them; a new tensor, which shares memory where it can.

    Errors: OutOfRangeError, AxisError, ShapeError, DTypeError, as the index is at fault.
    """
    if type(x) is EagerTensor and type(x.buffer) is np.ndarray:
        key = index if type(index) is tuple else (index,)
        static = all(type(part) in _PLAIN for part in key)
        if static or not observers.watching.count:
            try:
                y = wrap(x.buffer[(*(key if static else map(_native, key)), ...)])
            except (IndexError, TypeError, ValueError):
                pass  # the long way tells what is wrong
            else:
                if observers.watching.count:
                    observers.tell(strided_slice, (x,), {"index": plain(x.shape, key)}, (y,))
                return y
    with speaking_as("index", "strided_slice", "index_get"):
        return _get(x, parse(x, index))


def _native(part: Any) -> Any:
    """A part of an index as NumPy takes it.

    Errors: TypeError for what NumPy might take otherwise.
    """
    if type(part) in _PLAIN or part is None:
        return part
    if type(part) is EagerTensor and part.shape and type(part.buffer) is np.ndarray:
        return part.buffer
    raise TypeError


def _get(x: Any, index: Index) -> Any:
    y = x
    if not index.whole or not index.arrays:
        y = apply(strided_slice, (x,), {"index": index.static})
    if not index.arrays:
        return y
    axes, indices, _ = _places(y, index)
    picked = apply(index_get, (y, indices), {"axes": axes})
    return OPS["permute_dims"](picked, axes=_to_front(picked, indices, axes)) if index.parted else picked


def _to_front(picked: Shaped, indices: Shaped, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that brings those of the places to the front."""
    at, count = place(axes), len(indices.shape) - 1
    return (*range(at, at + count), *range(at), *range(at + count, len(picked.shape)))


def _places(y: Any, index: Index) -> tuple[tuple[int, ...], Any, bool]:
    """The axes that the arrays index, their rows of places, and whether no place can come twice."""
    if len(index.arrays) == 1 and _is_mask(index.arrays[0].values):
        axis, mask, _ = index.arrays[0]
        return tuple(range(axis, axis + len(mask.shape))), positions(mask), True
    columns = [column for array in index.arrays for column in _columns(array)]
    axes, arrays, origins = zip(*columns, strict=True)
    lengths = tuple(y.shape[axis] for axis in axes)
    return axes, join_indices(*arrays, lengths=lengths, axes=origins, label="index"), False


def _is_mask(values: Any) -> bool:
    return isinstance(values, Tensor) and values.dtype == np.bool_


def _columns(array: Array) -> list[Array]:
    """An index array for each axis; a mask gives one for each of its own."""
    axis, values, origin = array
    if not _is_mask(values):
        return [array]
    rows = positions(values)
    return [Array(axis + i, rows[i], origin + i) for i in range(len(values.shape))]


def setitem(x: Any, value: Any, index: Any) -> Any:
    """`x` with `value` at an index, as a new tensor; gradients flow to both.

    Where an index array names a place twice, the last value stays there, and has the gradient.

    Errors: as `getitem`; ShapeError or DTypeError for a value that does not fit there.
    """
    found = parse(x, index)
    value = as_value("x[index] = value", value, x)
    with speaking_as("x[index] = value", "set_slice", "index_put"):
        return _set(x, value, found)


def _set(x: Any, value: Any, found: Index) -> Any:
    if not found.arrays:
        return set_slice(x, _trimmed(value, static_shape(found.static)), index=found.static)
    inner = x if found.whole else strided_slice(x, index=found.static)
    axes, indices, unique = _places(inner, found)
    places = Spec(places_shape(inner.shape, indices, axes), x.dtype)
    value = _from_front(value, places, indices, axes) if found.parted else _trimmed(value, places.shape)
    changed = index_put(inner, indices, value, axes=axes, unique=unique)
    return changed if found.whole else set_slice(x, changed, index=found.static)


def _from_front(value: Any, places: Spec, indices: Shaped, axes: tuple[int, ...]) -> Any:
    """A value for places whose axes are at the front, with those axes where `index_put` has them."""
    order = _to_front(places, indices, axes)
    shape = tuple(places.shape[i] for i in order)
    value = _trimmed(value, shape)
    if type(value) in SCALARS:
        return value
    check_value("x[index] = value", places, value, shape)
    whole = OPS["broadcast_to"](value, shape=shape)
    return OPS["permute_dims"](whole, axes=tuple(order.index(i) for i in range(len(order))))


def _trimmed(value: Any, places: tuple[int, ...]) -> Any:
    """The value without leading axes of length 1 that the places have not, as NumPy forgives them."""
    if type(value) in SCALARS:
        return value
    shape = tuple(value.shape)
    extra = len(shape) - len(places)
    return OPS["reshape"](value, shape=shape[extra:]) if extra > 0 and set(shape[:extra]) == {1} else value


def write_item(x: EagerTensor, index: Any, value: Any) -> bool:
    """Write to the buffer of `x`, which nobody else may look at; False, and nothing done, where that cannot be."""
    if _write_plain(x, index, value):
        return True
    found = parse(x, index)
    if found.parted:
        return False
    places = Spec(static_shape(found.static), x.dtype)
    key: Any = ...
    if found.arrays:
        axes, indices, _ = _places(places, found)
        key = places_key(places.ndim, indices.buffer, axes)
        places = Spec(places_shape(places.shape, indices, axes), x.dtype)
    value = _trimmed(as_value("x[index] = value", value, x), places.shape)
    check_value("x[index] = value", x, value, places.shape)
    source = value.buffer if isinstance(value, EagerTensor) else value
    if type(source) is not np.ndarray and type(source) not in SCALARS:
        return False
    target = x.buffer[static_key(found.static)]
    try:
        with np.errstate(all="ignore"):
            target[key] = source
    except OverflowError as error:
        raise DTypeError(f"x[index] = value: {error}", f"{describe(x)} cannot hold it.") from error
    return True


def _write_plain(x: EagerTensor, index: Any, value: Any) -> bool:
    """Write at ints and slices what needs no cast; False, and nothing done, for all else and for what is wrong."""
    key = index if type(index) is tuple else (index,)
    fits = value.dtype is x.dtype if type(value) is EagerTensor else x.dtype in JOINS.get(type(value), ())
    if not fits or not all(type(part) in _PLAIN for part in key):
        return False
    try:
        with np.errstate(all="ignore"):
            x.buffer[key] = value.buffer if type(value) is EagerTensor else value
    except (IndexError, TypeError, ValueError, OverflowError):
        return False
    return True


OPS.update(getitem=getitem, setitem=setitem, write_item=write_item)
