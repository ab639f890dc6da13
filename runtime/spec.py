"""Spec: the shape and dtype of a tensor, and the rules by which shapes combine.

Shape rules of ops are written with these functions; they take anything `Shaped` (a tensor, a spec, an array)
and say what the result will be, or raise the error that the user sees. No kernel has run by then.
This file knows shapes and dtypes, never values.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from . import dtypes
from .dim import Dim, broadcast
from .dtypes import DType
from .errors import AxisError, DTypeError, ShapeError

Shape = tuple[int, ...]
Axes = int | Sequence[int] | None
SCALARS = (bool, int, float, complex)
Scalar = bool | int | float | complex


# What a caller may pass as an operand: a tensor, a variable, an array, a number, a nested list of them. The shape
# rule, which declares it, sees something `Shaped` or a Python scalar instead; only Any lets both be checked.
Operand: TypeAlias = Any


class Shaped(Protocol):
    """What a shape rule may ask of an operand."""

    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> DType: ...


@dataclass(slots=True, unsafe_hash=True)  # never changed; frozen would treble the cost of making one
class Spec:
    """The shape and dtype of a tensor: all that is known of it before it has values."""

    shape: Shape
    dtype: DType

    def __str__(self) -> str:
        return f"{dtypes.short(self.dtype)}[{', '.join([n.text if type(n) is Dim else str(n) for n in self.shape])}]"

    @property
    def ndim(self) -> int:
        return len(self.shape)


@dataclass(slots=True, unsafe_hash=True)
class StackSpec(Spec):
    """A stack of values of one spec, tensors or stacks: what a loop saves for its way back.

    Its own shape and dtype are those of the elements.
    """

    element: Spec

    def __str__(self) -> str:
        return f"stack {self.element}"


def stack_of(element: Spec) -> StackSpec:
    """The spec of a stack of such values."""
    return StackSpec(element.shape, element.dtype, element)


def shape_of(x: Shaped | Scalar) -> Shape:
    """The shape of an operand; a Python scalar has ()."""
    return () if type(x) in SCALARS else x.shape  # pyright: ignore[reportAttributeAccessIssue]


def kind_of(x: Shaped | Scalar) -> DType | type:
    """What an operand brings to promotion: its dtype, or the type of a (weak) Python scalar."""
    return type(x) if type(x) in SCALARS else x.dtype  # pyright: ignore[reportAttributeAccessIssue]


def describe(x: Shaped | Scalar) -> str:
    """An operand as error messages show it: f32[3, 4], or the Python scalar itself."""
    return str(Spec(tuple(x.shape), x.dtype)) if hasattr(x, "dtype") else repr(x)  # pyright: ignore


def plural(n: int, noun: str) -> str:
    """`1 axis`, `2 axes`, `3 operands`."""
    if n == 1:
        return f"1 {noun}"
    return f"{n} {noun[:-2] + 'es' if noun.endswith('is') else noun + 's'}"


def broadcast_shapes(name: str, *operands: Shaped | Scalar) -> Shape:
    """The shape that the operands broadcast to.

    Errors: ShapeError, naming the op, the shapes, and the two lengths that differ.
    """
    shapes = [shape_of(x) for x in operands]
    is_open = any([Dim in map(type, shape) for shape in shapes])  # then == would ask what broadcasting need not know
    if not is_open and shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    ndim = max(map(len, shapes))
    result = [1] * ndim
    for shape in shapes:
        for i, n in enumerate(shape, ndim - len(shape)):
            if type(n) is Dim or type(result[i]) is Dim:
                found = broadcast(result[i], n)
            else:
                found = n if result[i] == 1 else result[i] if n in (1, result[i]) else None
            if found is None:
                shown = " and ".join(describe(x) for x in operands)
                raise ShapeError(
                    f"{name}: shapes do not broadcast: {shown}; axis {i - ndim} is {result[i]} in one and {n} in the other",
                    "Axes are matched from the right; each pair must be equal, or one of them 1.",
                )
            result[i] = found
    return tuple(result)


def promoted(name: str, *operands: Shaped | Scalar) -> DType:
    """The dtype that the operands promote to, with the op named in the error."""
    kinds = [kind_of(x) for x in operands]
    if kinds[0] is kinds[-1] and len(kinds) < 3 and type(kinds[0]) is not type:
        return kinds[0]  # pyright: ignore[reportReturnType]
    try:
        return dtypes.promote(*kinds)
    except DTypeError as error:
        raise DTypeError(f"{name}: {error.message}", error.hint) from None


def check_dtype(name: str, x: Shaped | Scalar, allowed: Container[DType], hint: str = "") -> None:
    """Refuse an operand whose dtype is not among `allowed`."""
    dtype = dtypes.promote(kind_of(x))
    if dtype not in allowed:
        names = ", ".join(d.name for d in dtypes.ALL if d in allowed)
        raise DTypeError(
            f"{name}: {describe(x)} has dtype {dtype}, which {name} does not take",
            hint or f"It takes {names}.",
        )


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """`axis` counted from the front.

    Errors: AxisError when it is out of range.
    """
    try:
        index = axis.__index__()
    except AttributeError:
        raise DTypeError(f"{name}: axis {axis!r} is no integer", "Name axes by integers.") from None
    if not -ndim <= index < ndim:
        valid = f"Valid axes are {-ndim} to {ndim - 1}." if ndim else "The operand is 0-d: it has no axes."
        raise AxisError(f"{name}: axis {axis} is out of range for {plural(ndim, 'axis')}", valid)
    return index % ndim


def normalize_axes(name: str, axes: Axes, ndim: int) -> Shape:
    """`axes` counted from the front and sorted as given; None means all.

    Errors: AxisError when one is out of range or named twice.
    """
    if axes is None:
        return tuple(range(ndim))
    given = (axes,) if not isinstance(axes, Sequence) else axes
    result = tuple(normalize_axis(name, axis, ndim) for axis in given)
    if len(set(result)) != len(result):
        raise AxisError(f"{name}: axes {tuple(given)} name an axis twice", "Name each axis once.")
    return result


def reduced_shape(name: str, x: Shaped, axis: Axes, keepdims: bool) -> Shape:
    """The shape of `x` after the axes were reduced away."""
    if axis is None:
        return (1,) * len(x.shape) if keepdims else ()
    gone = normalize_axes(name, axis, len(x.shape))
    if keepdims:
        return tuple(1 if i in gone else n for i, n in enumerate(x.shape))
    return tuple(n for i, n in enumerate(x.shape) if i not in gone)


def integers(name: str, shape: int | Iterable[int]) -> Shape:
    """One integer, or several, as a tuple.

    Errors: DTypeError for what is no integer.
    """
    lengths = (shape,) if hasattr(shape, "__index__") and not getattr(shape, "shape", ()) else shape
    try:
        return tuple([n if type(n) is Dim else n.__index__() for n in lengths])  # pyright: ignore
    except (AttributeError, TypeError):
        raise DTypeError(f"{name}: {shape!r} is not made of integers", "Give integers.") from None


def as_shape(name: str, shape: int | Iterable[int]) -> Shape:
    """`shape` as a tuple of non-negative ints.

    Errors: ShapeError for a negative length; DTypeError for what is no integer.
    """
    result = integers(name, shape)
    if any([n < 0 for n in result]):
        raise ShapeError(f"{name}: shape {result} has a negative length", "Lengths are 0 or more.")
    return result


def size(shape: Shape) -> int:
    """The number of elements of a shape."""
    result = 1
    for n in shape:
        result *= n
    return result


def like(x: Any, shape: Shape | None = None, dtype: DType | None = None) -> Spec:
    """The spec of `x`, with another shape or dtype where given."""
    return Spec(tuple(x.shape) if shape is None else shape, x.dtype if dtype is None else dtype)
