"""What an index means: x[1, ..., ::2, None, mask, [0, 3]] taken apart, and checked, before anything runs.

An index splits into a static part, whole numbers known now (a `Range` or a position for each axis, None for a new
one), and arrays, tensors of integers or bools that index axes of what the static part leaves. As in NumPy, a
position beside arrays counts as an array. The static part is hashable in a form of its own, so a compiler may
key on it. This file knows no ops.

Source: NumPy's user guide, "Indexing on ndarrays"; Python Array API standard 2024.12, "Indexing".
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import dtypes
from .device import Device
from .dim import Dim, is_same
from .eager import EagerTensor, lift
from .errors import ArgumentError, AxisError, DTypeError, OutOfRangeError, ShapeError
from .interop import HostValues
from .spec import Shape, Shaped, describe, plural
from .tensor import Tensor

POSITIONS = (int, Dim)
ADVICE = "An index is made of integers, slices, ..., None, and arrays of integers or bools."


class Range(NamedTuple):
    """The positions start, start + step, ...: `length` of them."""

    start: int
    length: int
    step: int

    def slice(self) -> slice:
        """The same as Python's slice."""
        stop = self.start + self.length * self.step
        return slice(self.start, stop if stop >= 0 else None, self.step)


Part = Range | int | None
Static = tuple[Part, ...]


class Array(NamedTuple):
    """Positions in an axis of what the static part leaves, or a mask over axes from there."""

    axis: int
    values: Any  # an integer tensor, an int, or a bool tensor
    origin: int  # the axis of the operand


@dataclass(frozen=True)
class Index:
    """An index that fits an operand."""

    static: Static
    arrays: tuple[Array, ...]
    whole: bool  # whether the static part leaves everything as it is
    parted: bool  # whether dots stand between the arrays, so that they go to the front even if these are empty


def static_shape(static: Static) -> Shape:
    """The shape that the static part leaves."""
    return tuple(1 if part is None else part.length for part in static if not isinstance(part, POSITIONS))


def static_key(static: Static) -> tuple[Any, ...]:
    """The static part as NumPy takes it; the dots make sure of an array, never a scalar."""
    return (*(part.slice() if isinstance(part, Range) else part for part in static), ...)


def everything(length: int) -> Range:
    """The whole of an axis."""
    return Range(0, length, 1)


def _is_everything(part: Part, length: int) -> bool:
    """Whether a part is known to leave an axis as it is."""
    return isinstance(part, Range) and is_same(part.length, length) and part.step == 1 and is_same(part.start, 0)


def parse(x: Shaped, index: Any) -> Index:
    """The parts of `x[index]`.

    Errors: OutOfRangeError for a position outside its axis, AxisError for too many of them, ShapeError for a mask
    of the wrong shape, DTypeError for what is no index.
    """
    home = x.device if isinstance(x, HostValues) else None
    parts = [_part(part, home) for part in (index if type(index) is tuple else (index,))]
    beside_arrays = any(isinstance(part, Tensor) for part in parts)
    parted = beside_arrays and _parted(parts)
    parts = _filled(x, parts)
    static: list[Part] = []
    arrays: list[Array] = []
    axis = 0
    for part in parts:
        here = sum(not isinstance(p, POSITIONS) for p in static)
        if isinstance(part, Tensor):
            arrays.append(Array(here, part if part.shape or part.dtype is not dtypes.bool_ else _one(part), axis))
        elif isinstance(part, POSITIONS) and beside_arrays:
            arrays.append(Array(here, _position(x, part, axis), axis))
        used = _axes_of(part)
        static += _static(x, part, axis, used, beside_arrays)
        axis += used
    whole = len(static) == len(x.shape) and all(map(_is_everything, static, x.shape))
    return Index(tuple(static), tuple(arrays), whole, parted)


def plain(shape: Shape, key: tuple[int | slice, ...]) -> Static:
    """The static part of ints and slices, which are known to fit the shape."""
    named = [part % n if type(part) is int else _range(part, n) for n, part in zip(shape, key, strict=False)]  # pyright: ignore
    return (*named, *[Range(0, n, 1) for n in shape[len(key) :]])


def _static(x: Shaped, part: Any, axis: int, used: int, beside_arrays: bool) -> Sequence[Part]:
    """What one part of an index leaves of the `used` axes from `axis` on."""
    if isinstance(part, slice):
        return [_range(part, x.shape[axis])]
    if isinstance(part, Tensor):
        if part.dtype is dtypes.bool_:
            _check_mask(x, part, axis)
        return [everything(n) for n in x.shape[axis : axis + used]] if used else [None]
    if part is None:
        return [None]
    return [everything(x.shape[axis])] if beside_arrays else [_position(x, part, axis)]


def _axes_of(part: Any) -> int:
    """How many axes a part of an index stands for."""
    if part is None:
        return 0
    return len(part.shape) if isinstance(part, Tensor) and part.dtype is dtypes.bool_ else 1


def _part(part: Any, home: Device | None) -> Any:
    """An element of an index as an int, a slice, None, the dots, or a tensor of integers or bools, made at `home`."""
    if type(part) in POSITIONS or part is None or part is ... or type(part) is slice:
        return part
    if isinstance(part, bool | np.bool_):
        return lift(np.asarray(part), home)
    if isinstance(part, np.integer):
        return int(part)
    array = _array(part, home)
    if array.dtype not in dtypes.INTEGRAL:
        raise DTypeError(f"index: {describe(array)} is no index", ADVICE)
    if isinstance(array, EagerTensor) and not array.shape and array.dtype is not dtypes.bool_:
        return int(array)
    return array


def _array(part: Any, home: Device | None) -> Any:
    """What may be an array, as a tensor."""
    if isinstance(part, Tensor):
        return part if part.context.depth else lift(part)
    if isinstance(part, list | tuple) and not _flat(part):
        return lift(np.zeros(np.shape(part), np.int64), home)
    if isinstance(part, list | tuple | np.ndarray) or hasattr(part, "__array__"):
        return lift(part, home)
    if hasattr(part, "__index__"):
        return lift(np.asarray(operator.index(part)), home)
    raise DTypeError(f"index: {part!r} is no index", ADVICE)


def _flat(part: Any) -> bool:
    """Whether there is anything in a nested list."""
    return any(map(_flat, part)) if isinstance(part, list | tuple) else True


def _filled(x: Shaped, parts: list[Any]) -> list[Any]:
    """The parts with the dots, or the missing end, written as slices."""
    used, ndim = sum(0 if part is ... else _axes_of(part) for part in parts), len(x.shape)
    dots = [i for i, part in enumerate(parts) if part is ...]
    if len(dots) > 1:
        raise ArgumentError("index: ... stands twice in the index", "Write it once; the rest with colons.")
    if used > ndim:
        raise AxisError(
            f"index: too many indices: {describe(x)} has {plural(ndim, 'axis')}, the index names {used}",
            "Leave some out, or put new axes in with None.",
        )
    rest = [slice(None)] * (ndim - used)
    at = dots[0] if dots else len(parts)
    return [*parts[:at], *rest, *parts[at + 1 :]]


def _parted(parts: list[Any]) -> bool:
    """Whether dots stand between arrays, or what counts as arrays."""
    sides: list[list[Any]] = [[]]
    for part in parts:
        if part is ...:
            sides.append([])
        elif isinstance(part, (Tensor, *POSITIONS)):
            sides[-1].append(part)
    return len(sides) == 2 and bool(sides[0]) and bool(sides[1])


def out_of_range(name: str, position: Any, axis: int, length: int) -> OutOfRangeError:
    """The error for a position outside its axis."""
    return OutOfRangeError(
        f"{name}: {position} is out of range for axis {axis} of length {length}",
        f"Positions run from {-length} to {length - 1}." if length else "The axis is empty.",
    )


def _position(x: Shaped, position: Any, axis: int) -> int:
    length = x.shape[axis]
    if not -length <= position < length:
        raise out_of_range("index", position, axis, length)
    return position % length


def _range(part: slice, length: int) -> Range:
    if type(length) is Dim or type(part.start) is Dim or type(part.stop) is Dim:
        return _size_range(part, length)
    try:
        found = range(*part.indices(length))
    except ValueError:
        raise ArgumentError("index: a slice with step 0", "A step is 1, 2, ..., or negative to go backwards.") from None
    except TypeError:
        shown = ":".join("" if v is None else str(v) for v in (part.start, part.stop, part.step))
        raise DTypeError(f"index: the slice {shown} is not made of integers", "Round with int(...).") from None
    n = len(found)
    return Range(found.start if n else 0, n, found.step if n > 1 else 1)


def _size_range(part: slice, length: Any) -> Range:
    """As `_range`, of an axis whose length is a size; or up to one."""
    step = 1 if part.step is None else operator.index(part.step)
    if step == 0:
        return _range(slice(None, None, 0), 1)
    lowest, highest = (0, length) if step > 0 else (-1, length - 1)
    start = _bound(part.start, lowest if step > 0 else highest, lowest, highest, length)
    stop = _bound(part.stop, highest if step > 0 else lowest, lowest, highest, length)
    span = stop - start if step > 0 else start - stop
    return Range(start, (span + abs(step) - 1) // abs(step), step) if span >= 0 else Range(0, 0, 1)


def _bound(bound: Any, default: Any, lowest: int, highest: Any, length: Any) -> Any:
    """A bound of a slice counted from the front, and not beyond the axis."""
    if bound is None:
        return default
    bound = bound if type(bound) is Dim else operator.index(bound)
    if bound < 0:
        bound = bound + length
        return bound if bound >= lowest else lowest
    return bound if bound <= highest else highest


def _check_mask(x: Shaped, mask: Any, axis: int) -> None:
    covered = tuple(x.shape[axis : axis + len(mask.shape)])
    if covered != tuple(mask.shape):
        raise ShapeError(
            f"index: mask {describe(mask)} does not fit {describe(x)}, whose axes from {axis} on are {covered}",
            "A mask has the lengths of the axes that it covers.",
        )


def _one(mask: Any) -> Any:
    """A single bool as a mask over a new axis of length 1."""
    return lift(mask.numpy().reshape(1), mask.device) if isinstance(mask, EagerTensor) else mask.reshape(1)
