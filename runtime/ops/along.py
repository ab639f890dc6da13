"""Picking along an axis: for each row of one tensor, the positions that another tensor names.

What argsort gives goes in here. The axes beside the indexed one are matched by broadcasting.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..op import op
from ..samples import integers, sample
from ..spec import Operand, Shape, Shaped, Spec, broadcast_shapes, describe, like, normalize_axis, plural
from ..tensor import OPS
from .gathering import MODES, Mode, check_indices, check_mode, combine, in_range, put_gradients
from .slicing import check_value

_SOME = integers((3, 2), -4, 4)


def _shape(name: str, x: Shaped, indices: Shaped, axis: int) -> Shape:
    """The shape of what is picked."""
    check_indices(name, indices)
    axis = normalize_axis(name, axis, len(x.shape))
    if len(indices.shape) != len(x.shape):
        raise ShapeError(
            f"{name}: x is {describe(x)}, indices {describe(indices)}: {plural(len(indices.shape), 'axis')} "
            f"is not {len(x.shape)}",
            "Give indices as many axes as x; those beside the indexed one are broadcast.",
        )
    beside = [Spec(tuple(1 if i == axis else n for i, n in enumerate(z.shape)), z.dtype) for z in (x, indices)]
    shape = broadcast_shapes(name, *beside)
    return (*shape[:axis], indices.shape[axis], *shape[axis + 1 :])


def _key(name: str, x: np.ndarray, indices: np.ndarray, axis: int) -> tuple[Any, ...]:
    axis %= x.ndim
    key: list[Any] = list(np.ogrid[tuple(slice(n) for n in x.shape)])
    key[axis] = in_range(name, indices, x.shape[axis], axis)
    return tuple(key)


@op(lambda x, indices, axis: x[_key("take_along_axis", x, indices, axis)], onnx="GatherElements",
    samples=[sample((3, 4), _SOME, axis=1), sample((2, 3), integers((4, 3), 0, 2), axis=0), sample((1, 4), _SOME, axis=-1)])  # fmt: skip
def take_along_axis(x: Operand, indices: Operand, /, *, axis: int = -1) -> Spec:
    """For each row along an axis, the elements at the positions that `indices` has for that row.

    Shapes: (..., n, ...), (..., m, ...) -> (..., m, ...).
    Errors: OutOfRangeError for a position outside the axis.

    Example:
        >>> import weft as wf
        >>> x = wf.tensor([[3.0, 1.0, 2.0]])
        >>> wf.take_along_axis(x, wf.argsort(x))
        Tensor([[1., 2., 3.]], f32)
    """
    return like(x, _shape("take_along_axis", x, indices, axis))


take_along_axis.gradient(
    lambda dy, _y, _x, indices, *, axis: put_along_axis(
        OPS["zeros"](_x.shape, dtype=_x.dtype), indices, dy, axis=axis, mode="add"
    ),
    None,
)


def _put(x: np.ndarray, indices: np.ndarray, values: Any, axis: int, mode: Mode) -> np.ndarray:
    return combine(np.array(x, order="C"), _key("put_along_axis", x, indices, axis), values, mode)


@op(_put, onnx="ScatterElements", widen=True, samples=[
    *(sample((3, 4), _SOME, (3, 2), axis=1, mode=mode) for mode in MODES), sample((2, 3), integers((4, 3), 0, 2), 1.5, axis=0)])  # fmt: skip
def put_along_axis(x: Operand, indices: Operand, values: Operand, /, *, axis: int = -1, mode: Mode = "set") -> Spec:
    """`x`, for each row along an axis with `values` put at the positions that `indices` has for that row.

    Modes: "set" (the last stays where several meet), "add", "multiply", "max", "min".

    Shapes: (..., n, ...), (..., m, ...), (..., m, ...) -> (..., n, ...).
    Errors: OutOfRangeError for a position outside the axis.

    Example:
        >>> import weft as wf
        >>> wf.put_along_axis(wf.zeros((2, 3)), wf.tensor([[2], [0]]), 1.0)
        Tensor([[0., 0., 1.],
                [1., 0., 0.]], f32)
    """
    check_mode("put_along_axis", x, mode)
    check_value("put_along_axis", x, values, _shape("put_along_axis", x, indices, axis))
    return like(x)


@put_along_axis.gradient
def _(dy: Any, y: Any, x: Any, indices: Any, values: Any, *, axis: int, mode: Mode) -> Any:
    def get(z: Any) -> Any:
        return take_along_axis(z, indices, axis=axis)

    def put(z: Any, v: Any, how: Mode) -> Any:
        return put_along_axis(z, indices, v, axis=axis, mode=how)

    dx, dvalues = put_gradients(dy, y, x, values, mode, get, put, unique=False)
    return dx, None, dvalues
