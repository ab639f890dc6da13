"""Parameters of distributions: what shape and dtype they ask for, and whether their values are allowed.

Values are checked where they are at hand: numbers, and tensors on the CPU. This file knows no generators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .dtypes import DType
from .eager import EagerTensor
from .errors import ArgumentError, DTypeError, ShapeError
from .spec import SCALARS, Shape, Spec, as_shape, broadcast_shapes, describe
from .tensor import OPS, Tensor, as_tensor
from .variable import Variable


def operand(x: Any) -> Any:
    """A parameter as ops take it: a tensor, or a weak Python scalar."""
    return x if type(x) in SCALARS else as_tensor(x)


def plan(name: str, shape: Any, dtype: Any, parameters: tuple[Any, ...]) -> tuple[Shape, DType]:
    """The shape and the floating dtype of a draw; both follow from the parameters unless they are given.

    Errors: ShapeError when the parameters do not broadcast to the shape; DTypeError for dtypes that are not floating.
    """
    target = broadcast_shapes(name, 0.0, *parameters) if shape is None else as_shape(name, shape)
    fits(name, target, parameters)
    given = [x.dtype for x in parameters if isinstance(x, Tensor) and x.dtype in dtypes.FLOATS]
    found = dtypes.as_dtype(dtype) if dtype is not None else dtypes.promote(*given) if given else dtypes.default_float
    if found not in dtypes.FLOATS:
        names = ", ".join(d.name for d in dtypes.ALL if d in dtypes.FLOATS)
        raise DTypeError(f"{name}: the numbers are floats, not {found}", f"Take one of {names}.")
    return target, found


def fits(name: str, shape: Shape, parameters: tuple[Any, ...]) -> None:
    """Refuse parameters that do not broadcast to the shape."""
    if broadcast_shapes(name, Spec(shape, dtypes.float32), *parameters) != shape:
        shown = " and ".join(describe(x) for x in parameters)
        hint = "Leave the shape out, or give the parameters' axes room in it."
        raise ShapeError(f"{name}: {shown} do not broadcast to shape {shape}", hint)


def cast(x: Any, dtype: DType) -> Any:
    """A tensor in this dtype; a Python scalar itself."""
    return OPS["astype"](x, dtype=dtype) if isinstance(x, Tensor) and x.dtype is not dtype else x


def scaled(z: Any, scale: Any) -> Any:
    """z * scale in the dtype of z."""
    return z if type(scale) in SCALARS and scale == 1 else z * cast(scale, z.dtype)


def shifted(z: Any, location: Any) -> Any:
    """z + location in the dtype of z."""
    return z if type(location) in SCALARS and location == 0 else z + cast(location, z.dtype)


def values(x: Any) -> np.ndarray | None:
    """The values of a parameter, if they are at hand."""
    if type(x) in SCALARS:
        return np.asarray(x)
    if isinstance(x, EagerTensor | Variable) and x.device.kind == "cpu":
        return np.asarray(x.device.to_numpy(x.buffer if isinstance(x, EagerTensor) else x.value.buffer))
    return None


def require(name: str, what: str, x: Any, holds: Callable[[Any], Any], needed: str) -> None:
    """Check the values of a parameter.

    Errors: ArgumentError that shows the first value that is not allowed.
    """
    found = values(x)
    if found is None:
        return
    with np.errstate(invalid="ignore"):
        wrong = ~np.asarray(holds(found), bool)
    if wrong.any():
        raise ArgumentError(f"{name}: {what} is {found[wrong].flat[0]}", f"Every {what} must be {needed}.")


def require_scale(name: str, what: str, x: Any) -> None:
    """Refuse negative values and NaN."""
    require(name, what, x, lambda v: v >= 0, "0 or more")


def require_positive(name: str, what: str, x: Any) -> None:
    """Refuse zero, negative values and NaN."""
    require(name, what, x, lambda v: v > 0, "above 0")


def require_probability(name: str, what: str, x: Any) -> None:
    """Refuse values outside [0, 1]."""
    require(name, what, x, lambda v: (v >= 0) & (v <= 1), "between 0 and 1")


def require_order(name: str, low: Any, high: Any) -> None:
    """Refuse bounds unless low < high."""
    broadcast_shapes(name, low, high)
    lows, highs = values(low), values(high)
    if lows is None or highs is None:
        return
    below, above = np.broadcast_arrays(lows, highs)
    wrong = ~(below < above)
    if wrong.any():
        shown = f"low is {below[wrong].flat[0]}, high is {above[wrong].flat[0]}"
        raise ArgumentError(f"{name}: {shown}", "Every low must be below its high.")
