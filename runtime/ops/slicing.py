"""Slices: parts of a tensor at places known beforehand, out of it and into it.

The static attribute `index` has, for each axis, a `Range` or a position, and None for a new axis (see index.py).
`unslice` puts a slice into zeros, and so is the gradient of `strided_slice`, as that is of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..families import fit
from ..index import Range, Static, static_key, static_shape
from ..op import op
from ..samples import sample
from ..spec import Operand, Shape, Shaped, Spec, describe, kind_of, like, shape_of

_SOME: Static = (Range(2, 2, -2), 1, None, Range(0, 3, 1))  # of a (3, 2, 3)
_ZERO: Any = 0


def kind_rank(kind: Any) -> int:
    """Bools, integers, floats, complex numbers, in this order."""
    return {"b": 0, "i": 1, "u": 1, "f": 2, "V": 2, "c": 3}[np.dtype(kind).kind]


def check_value(name: str, x: Shaped, value: Any, shape: Shape) -> None:
    """Refuse a value that does not broadcast to the places it goes to, or that its dtype cannot hold.

    Errors: ShapeError; DTypeError for floats into integers and the like. Precision may be lost, a kind never.
    """
    given = shape_of(value)
    places = Spec(shape, x.dtype)
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(given[::-1], shape[::-1], strict=False)):
        raise ShapeError(
            f"{name}: value {describe(value)} does not broadcast to the places it goes to, which are {places}",
            "Axes are matched from the right; each length must be equal, or 1 in the value.",
        )
    if kind_rank(kind_of(value)) > kind_rank(x.dtype):
        raise DTypeError(
            f"{name}: value {describe(value)} does not fit into {describe(x)}",
            f"Cast it with wf.astype(value, wf.{x.dtype}), or make x of a higher dtype.",
        )


@op(lambda x, index: x[static_key(index)], onnx="Slice", samples=[sample((3, 2, 3), index=_SOME)])
def strided_slice(x: Operand, /, *, index: Static) -> Spec:
    """The elements at the places of a static index."""
    return like(x, static_shape(index))


@strided_slice.gradient
def _(dy: Any, _y: Any, _x: Any, *, index: Static) -> Any:
    return unslice(dy, shape=_x.shape, index=index)


def _unslice(x: np.ndarray, shape: Shape, index: Static) -> np.ndarray:
    y = np.zeros(shape, x.dtype)
    y[static_key(index)] = x
    return y


@op(_unslice, samples=[sample((2, 1, 3), shape=(3, 2, 3), index=_SOME)])
def unslice(x: Operand, /, *, shape: Shape, index: Static) -> Spec:
    """Zeros of `shape`, with `x` at the places of a static index."""
    return like(x, tuple(shape))


@unslice.gradient
def _(dy: Any, _y: Any, _x: Any, *, shape: Shape, index: Static) -> Any:
    return strided_slice(dy, index=index)


def write_slice(y: np.ndarray, value: Any, index: Static) -> np.ndarray:
    """`y`, written to in place."""
    y[static_key(index)] = value
    return y


@op(lambda x, value, index: write_slice(np.array(x, order="C"), value, index),
    samples=[sample((3, 2, 3), (3,), index=_SOME)])  # fmt: skip
def set_slice(x: Operand, value: Operand, /, *, index: Static) -> Spec:
    """`x` with `value` at the places of a static index.

    Errors: ShapeError or DTypeError for a value that does not fit there.
    """
    check_value("x[index] = value", x, value, static_shape(index))
    return like(x)


set_slice.gradient(
    lambda dy, _y, _x, _value, *, index: set_slice(dy, _ZERO, index=index),
    lambda dy, _y, _x, _value, *, index: fit(strided_slice(dy, index=index), _value),
)
