"""Making tensors whose values follow a rule: ranges, grids of points, identity matrices.

The values are computed by NumPy, in float64 where the result is floating, and brought to the dtype at the end.

Source: Python Array API standard 2024.12, "Creation functions".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .allocation import allocate
from .creation import asarray
from .dim import Dim, sized
from .eager import EagerTensor
from .errors import ArgumentError
from .op import op
from .samples import sample
from .spec import Spec, as_shape, integers
from .tensor import OPS


def _number(name: str, value: Any) -> Any:
    """A Python number, also out of a tensor or an array that holds one."""
    if isinstance(value, bool | int | float | complex):
        return value
    if hasattr(value, "item"):
        return value.item()
    raise ArgumentError(f"{name}: {value!r} is no number", "Give it numbers.")


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> EagerTensor:
    """The numbers from start (0 if only a stop is given) up to but not including stop, `step` apart.

    int64 if all three are integers, else float32.

    Errors: ArgumentError for a step of 0.

    Example:
        >>> import weft as wf
        >>> wf.arange(2, 8, 2)
        Tensor([2, 4, 6], i64)
    """
    start, stop = (0, start) if stop is None else (start, stop)
    if sized((start, stop, step)) and all(isinstance(x, int | Dim) for x in (start, stop, step)):
        return _arange_of_sizes(start, stop, step, dtypes.default_int if dtype is None else dtypes.as_dtype(dtype))
    start, stop, step = (_number("arange", x) for x in (start, stop, step))
    if step == 0:
        raise ArgumentError(f"arange: the step from {start} to {stop} is 0", "Give a step that gets there.")
    wanted = dtypes.as_dtype(dtype) if dtype is not None else _default(start, stop, step)
    count = _count(start, stop, step)
    found = allocate("arange", (count,), wanted, lambda *_: np.arange(start, stop, step))
    return asarray(found, wanted, device=device)


@op(lambda length: np.arange(length), samples=[sample(length=4), sample(length=0)])
def count_to(*, length: Any) -> Spec:
    """0, 1, ... up to but not including a size.   Shapes: (length,)."""
    return Spec((length,), dtypes.int64)


count_to.gradient(None)


def _arange_of_sizes(start: Any, stop: Any, step: Any, dtype: dtypes.DType) -> Any:
    """As `arange`, between sizes that are not known yet: a value of the graph being written."""
    length = -((start - stop) // step)
    length = length if length >= 0 else 0
    if type(length) is not Dim:
        return arange(0, length, dtype=dtype) * step + start
    context: Any = length.tensor().context
    return OPS["astype"](context.run(count_to, (), {"length": length}) * step + start, dtype=dtype)


def _count(start: Any, stop: Any, step: Any) -> int:
    """About how many numbers there are.

    Errors: ArgumentError for bounds that are not finite.
    """
    if isinstance(start, complex) or isinstance(stop, complex) or isinstance(step, complex):
        return 0
    if not all(map(math.isfinite, (start, stop, step))):
        raise ArgumentError(f"arange: from {start} to {stop} by {step}", "Give finite numbers.")
    return max(0, int((stop - start) // step))


def _default(*numbers: Any) -> dtypes.DType:
    """The default dtype of the highest kind among Python numbers."""
    kinds = (int, float, complex)
    return dtypes.PYTHON[kinds[max(i for x in numbers for i in range(3) if isinstance(x, kinds[i]))]]


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> EagerTensor:
    """`num` numbers at equal distances from start to stop, which is included if `endpoint`.

    float32, or complex64 for complex ends.

    Shapes: () () -> (num,).
    Errors: ArgumentError for a negative number of points.
    """
    start, stop = (_number("linspace", x) for x in (start, stop))
    (num,) = integers("linspace", num if hasattr(num, "__index__") else [num])
    if num < 0:
        raise ArgumentError(f"linspace: num is {num}", "Ask for 0 points or more.")
    wanted = dtypes.as_dtype(dtype) if dtype is not None else _default(start, stop, 0.0)
    points = allocate("linspace", (num,), wanted, lambda *_: np.linspace(start, stop, num, endpoint=endpoint))
    return asarray(np.floor(points) if wanted in dtypes.INTEGERS else points, wanted, device=device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> EagerTensor:
    """A matrix with ones on the k-th diagonal and zeros elsewhere (float32 by default).   Shapes: (n_rows, n_cols)."""
    rows, columns = as_shape("eye", (n_rows, n_rows if n_cols is None else n_cols))
    wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    found = allocate("eye", (rows, columns), wanted, lambda *_: np.eye(rows, columns, k, dtype=wanted))
    return asarray(found, device=device)


OPS.update(arange=arange, linspace=linspace, eye=eye)
