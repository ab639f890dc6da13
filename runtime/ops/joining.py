"""Joining tensors and taking them apart again.

The ops come in pairs that are each other's gradient: `concat` and `split`, `stack` and `unstack`, `pad` and
slicing. Public functions take a sequence of tensors; the ops take them as operands.

Source: Python Array API standard 2024.12, "Manipulation functions".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Literal

import numpy as np

from ..eager import home_of
from ..errors import ArgumentError, ShapeError
from ..families import fit
from ..op import op
from ..samples import sample
from ..spec import Operand, Shape, Shaped, Spec, broadcast_shapes, describe, like, normalize_axis, plural, promoted
from ..tensor import OPS, Tensor, as_tensor
from .shaping import broadcast_to, expand_dims, flatten

Parts = tuple[Any, ...]


def operands_of(name: str, arrays: Any) -> tuple[Any, ...]:
    """A sequence of operands as a tuple of tensors.

    Errors: ArgumentError for no sequence, or an empty one.
    """
    if not isinstance(arrays, Iterable) or isinstance(arrays, str):
        raise ArgumentError(
            f"{name}: given one {type(arrays).__name__}, not a sequence of tensors", f"Write wf.{name}([x, y])."
        )
    parts = tuple(as_tensor(x) for x in arrays)
    if not parts:
        raise ArgumentError(f"{name}: given no tensors", "Give it at least one.")
    return parts


def _parts(x: Any) -> Parts:
    """What a rule is given for several outputs, also when there is but one."""
    return x if isinstance(x, tuple) else (x,)


@op(lambda *arrays, axis: np.concatenate(arrays, axis), name="concat", onnx="Concat",
    samples=[sample((2, 3), (1, 3), axis=0), sample((2, 1), (2, 2), (2, 3), axis=-1)])  # fmt: skip
def join(*arrays: Operand, axis: int = 0) -> Spec:
    """The tensors one after the other along an axis that they have.   Shapes: (m, k) (n, k) -> (m + n, k)."""
    first = arrays[0]
    axis = normalize_axis("concat", axis, len(first.shape))
    for x in arrays[1:]:
        same = len(x.shape) == len(first.shape) and _without(x.shape, axis) == _without(first.shape, axis)
        if not same:
            raise ShapeError(
                f"concat: {describe(first)} and {describe(x)} cannot be joined along axis {axis}",
                "All lengths but that of the axis must be equal.",
            )
    length = sum(x.shape[axis] for x in arrays)
    return Spec((*first.shape[:axis], length, *first.shape[axis + 1 :]), promoted("concat", *arrays))


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


@join.gradient
def _(dy: Any, _y: Any, *_arrays: Any, axis: int) -> Parts:
    dxs = split_lengths(dy, lengths=tuple(x.shape[axis] for x in _arrays), axis=axis)
    return tuple(fit(dx, x) for dx, x in zip(_parts(dxs), _arrays, strict=True))


def concat(arrays: Sequence[Any], /, axis: int | None = 0) -> Tensor:
    """The tensors one after the other along an axis that they have; flattened first if the axis is None.

    Shapes: (m, k) (n, k) -> (m + n, k).
    Errors: ShapeError when other lengths than that of the axis differ.
    """
    parts = operands_of("concat", arrays)
    if axis is None:
        parts, axis = tuple(flatten(x) for x in parts), 0
    return join(*parts, axis=axis)


def _split(x: np.ndarray, lengths: Shape, axis: int) -> Parts:
    return tuple(np.split(x, list(accumulate(lengths))[:-1], axis))


@op(_split, onnx="Split", samples=[sample((5, 2), lengths=(2, 0, 3)), sample((2, 4), lengths=(1, 3), axis=-1)])
def split_lengths(x: Operand, /, *, lengths: Shape, axis: int = 0) -> tuple[Spec, ...]:
    """Parts of given lengths along an axis.   Shapes: (5, n), lengths=(2, 3) -> (2, n) (3, n)."""
    axis = normalize_axis("split", axis, len(x.shape))
    if sum(lengths) != x.shape[axis] or any([n < 0 for n in lengths]):
        raise ShapeError(
            f"split: lengths {tuple(lengths)} of axis {axis} of {describe(x)}",
            f"The lengths must add up to {x.shape[axis]}.",
        )
    return tuple(like(x, (*x.shape[:axis], n, *x.shape[axis + 1 :])) for n in lengths)


@split_lengths.gradient
def _(dys: Any, _ys: Any, _x: Any, *, lengths: Shape, axis: int) -> Any:
    return join(*_parts(dys), axis=axis)


def split(x: Operand, sections: int | Sequence[int], /, axis: int = 0) -> list[Tensor]:
    """Equal parts of a tensor along an axis, or the parts between given indices, as np.split.

    Shapes: (6, n), 3 -> (2, n) (2, n) (2, n); (6, n), [1, 4] -> (1, n) (3, n) (2, n).
    Errors: ShapeError when the axis does not divide equally (see array_split).
    """
    x = as_tensor(x)
    n = x.shape[normalize_axis("split", axis, len(x.shape))]
    if isinstance(sections, int) and (sections < 1 or n % sections):
        raise ShapeError(
            f"split: axis {axis} of {describe(x)} does not divide into {plural(sections, 'equal part')}",
            "Use wf.array_split, whose parts may differ by one.",
        )
    return array_split(x, sections, axis=axis)


def array_split(x: Operand, sections: int | Sequence[int], /, axis: int = 0) -> list[Tensor]:
    """Parts of a tensor along an axis, the first ones longer by one where it does not divide equally.

    Shapes: (5, n), 2 -> (3, n) (2, n).
    Errors: ArgumentError for less than one part.
    """
    x = as_tensor(x)
    n = x.shape[normalize_axis("array_split", axis, len(x.shape))]
    if isinstance(sections, int):
        if sections < 1:
            raise ArgumentError(f"array_split: {sections} parts", "Ask for at least one.")
        lengths = tuple(n // sections + (i < n % sections) for i in range(sections))
        return list(split_lengths(x, lengths=lengths, axis=axis))
    return [_between(x, i, j, axis) for i, j in zip((0, *sections), (*sections, None), strict=True)]


def _between(x: Any, start: int, stop: int | None, axis: int) -> Any:
    """A slice along one axis, with Python's rules for bounds."""
    axis = normalize_axis("split", axis, len(x.shape))
    begin, end, _ = slice(start, stop).indices(x.shape[axis])
    lengths = (begin, max(end - begin, 0), x.shape[axis] - max(end, begin))
    return split_lengths(x, lengths=lengths, axis=axis)[1]


@op(lambda *arrays, axis: np.stack(arrays, axis), name="stack",
    samples=[sample((2, 3), (2, 3), axis=0), sample((2,), (2,), (2,), axis=-1), sample((), (), axis=0)])  # fmt: skip
def pile(*arrays: Operand, axis: int = 0) -> Spec:
    """The tensors side by side along a new axis.   Shapes: (m, n) (m, n) -> (2, m, n)."""
    first = arrays[0]
    for x in arrays[1:]:
        if tuple(x.shape) != tuple(first.shape):
            raise ShapeError(
                f"stack: {describe(first)} and {describe(x)} differ in shape", "Tensors to stack have one shape."
            )
    axis = normalize_axis("stack", axis, len(first.shape) + 1)
    return Spec((*first.shape[:axis], len(arrays), *first.shape[axis:]), promoted("stack", *arrays))


@pile.gradient
def _(dy: Any, _y: Any, *_arrays: Any, axis: int) -> Parts:
    dxs = _parts(unpile(dy, axis=axis))
    return tuple(fit(dx, x) for dx, x in zip(dxs, _arrays, strict=True))


def stack(arrays: Sequence[Any], /, axis: int = 0) -> Tensor:
    """The tensors side by side along a new axis.

    Shapes: (m, n) (m, n) -> (2, m, n), or (m, n, 2) with axis=-1.
    Errors: ShapeError for tensors of different shapes.
    """
    return pile(*operands_of("stack", arrays), axis=axis)


def _unstack(x: np.ndarray, axis: int) -> Parts:
    return tuple(np.moveaxis(x, axis, 0))


@op(_unstack, name="unstack", samples=[sample((2, 3)), sample((2, 3), axis=-1)])
def unpile(x: Operand, /, *, axis: int = 0) -> tuple[Spec, ...]:
    """The slices along an axis, each without it.   Shapes: (2, n) -> (n,) (n,)."""
    axis = normalize_axis("unstack", axis, len(x.shape))
    return (like(x, _without(tuple(x.shape), axis)),) * x.shape[axis]


@unpile.gradient
def _(dys: Any, _ys: Any, _x: Any, *, axis: int) -> Any:
    return pile(*_parts(dys), axis=axis)


def unstack(x: Operand, /, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, each without it.   Shapes: (2, n) -> (n,) (n,)."""
    return tuple(unpile(x, axis=axis))


def broadcast_arrays(*arrays: Operand) -> list[Tensor]:
    """The tensors repeated along axes of length 1 until they all have the same shape.

    Errors: ShapeError when they do not broadcast.
    """
    parts = operands_of("broadcast_arrays", arrays)
    shape = broadcast_shapes("broadcast_arrays", *parts)
    return [broadcast_to(x, shape=shape) for x in parts]


def meshgrid(*arrays: Operand, indexing: Literal["xy", "ij"] = "xy") -> list[Tensor]:
    """The coordinates of the points of a grid, from the coordinates along each axis.

    Shapes: (m,) (n,) -> (n, m) twice with "xy", where the first coordinate runs along the columns; (m, n) with "ij".
    Errors: ShapeError for a tensor that has more than one axis.
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing is {indexing!r}", 'Use "xy" (Cartesian) or "ij" (matrix).')
    parts = operands_of("meshgrid", arrays) if arrays else ()
    for x in parts:
        if len(x.shape) > 1:
            raise ShapeError(f"meshgrid: {describe(x)} has {len(x.shape)} axes", "Coordinates have one axis.")
    places = list(range(len(parts)))
    if indexing == "xy" and len(parts) > 1:
        places[:2] = 1, 0
    others = [tuple(i for i in range(len(parts)) if i != place) for place in places]
    lines = [expand_dims(x if x.shape else expand_dims(x), axis=axes) for x, axes in zip(parts, others, strict=True)]
    return broadcast_arrays(*lines) if lines else []


Widths = int | Sequence[int] | Sequence[Sequence[int]]


def _widths(name: str, x: Shaped, width: Any) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis, from the forms that np.pad takes."""
    try:
        pairs = np.broadcast_to(np.asarray(width), (len(x.shape), 2)).tolist()
    except ValueError:
        pairs = None
    if pairs is None or not all(isinstance(n, int) and n >= 0 for pair in pairs for n in pair):
        raise ShapeError(
            f"{name}: pad_width {width} for {describe(x)}", "Give n, (before, after), or such a pair for each axis."
        )
    return tuple((before, after) for before, after in pairs)


@op(lambda x, widths, value: np.pad(x, widths, constant_values=value) if widths else x, name="pad", onnx="Pad",
    samples=[sample((2, 3), widths=((1, 0), (0, 2))), sample((3,), widths=((2, 1),), value=1.5)])  # fmt: skip
def pad_constant(x: Operand, /, *, widths: tuple[tuple[int, int], ...], value: Any = 0) -> Spec:
    """`x` with `value` added around it, widths[i] = (before, after) along axis i."""
    return like(x, tuple(n + before + after for n, (before, after) in zip(x.shape, widths, strict=True)))


@pad_constant.gradient
def _(dy: Any, _y: Any, _x: Any, *, widths: tuple[tuple[int, int], ...], value: Any) -> Any:
    for axis, (before, after) in enumerate(widths):
        if before or after:
            dy = split_lengths(dy, lengths=(before, _x.shape[axis], after), axis=axis)[1]
    return dy


# Where the elements of a padded axis of length n come from, for positions i that may lie outside it.
_SOURCES = {
    "edge": lambda i, n: np.clip(i, 0, n - 1),
    "wrap": lambda i, n: i % n,
    "reflect": lambda i, n: n - 1 - np.abs(i % max(2 * n - 2, 1) - (n - 1)),
    "symmetric": lambda i, n: np.minimum(i % (2 * n), 2 * n - 1 - i % (2 * n)),
}


def pad(
    x: Operand,
    pad_width: Widths,
    /,
    mode: Literal["constant", "edge", "reflect", "symmetric", "wrap"] = "constant",
    *,
    constant_values: int | float | complex = 0,
) -> Tensor:
    """`x` with elements added before and after along each axis, as np.pad.

    `pad_width` is a number, a pair (before, after), or a pair for each axis. The mode says what is added: a
    constant, the edge element repeated, the elements mirrored at the edge ("reflect" leaves the edge itself out,
    "symmetric" repeats it), or those of the other end.

    Shapes: (m, n), ((1, 2), (0, 3)) -> (m + 3, n + 3).
    Errors: ShapeError for widths that do not fit; ArgumentError for an unknown mode.
    """
    x = as_tensor(x)
    widths = _widths("pad", x, pad_width)
    if mode == "constant":
        return pad_constant(x, widths=widths, value=constant_values)
    if mode not in _SOURCES:
        raise ArgumentError(f"pad: mode is {mode!r}", "Use constant, " + ", ".join(sorted(_SOURCES)) + ".")
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _pad_axis(x, axis, before, after, mode)
    return x


def _pad_axis(x: Any, axis: int, before: int, after: int, mode: str) -> Any:
    n = x.shape[axis]
    if not n:
        raise ShapeError(f"pad: axis {axis} of {describe(x)} has no elements to repeat", 'Use mode="constant".')
    source = _SOURCES[mode](np.arange(-before, n + after), n)
    return OPS["take"](x, OPS["asarray"](source, device=home_of(x)), axis=axis)
