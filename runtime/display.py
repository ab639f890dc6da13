"""How a tensor is shown: on one line or several in a terminal, as a small table in a notebook.

Both show the values (long ones summarised) and the spec in its short form. NumPy's print options apply.
This file is given arrays and knows nothing of tensors.
"""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from . import dtypes
from .spec import Spec


def values(array: np.ndarray, prefix: str = "", suffix: str = "") -> str:
    """The values, with commas; long ones summarised, rows aligned behind `prefix`."""
    if array.dtype is dtypes.bfloat16:  # NumPy would show its values as integers; 3 digits tell two of them apart
        return np.array2string(array.astype(np.float32), separator=", ", prefix=prefix, suffix=suffix, precision=3)
    return np.array2string(array, separator=", ", prefix=prefix, suffix=suffix)


def summarised(array: np.ndarray) -> bool:
    """Whether `values` leaves some out."""
    return array.size > np.get_printoptions()["threshold"]


def label(array: np.ndarray, device: str) -> str:
    """What stands behind the values: f32; with the shape where the values do not show it, and the device if not cpu."""
    hidden = summarised(array) or not array.size
    spec = str(Spec(array.shape, array.dtype)) if hidden else dtypes.short(array.dtype)
    return spec if device == "cpu" else f"{spec}, {device}"


def text(array: np.ndarray, device: str, name: str = "Tensor") -> str:
    """A tensor as `repr` shows it: Tensor([1., 2.], f32)."""
    end = f", {label(array, device)})"
    if not array.size:
        return f"{name}([]{end}"
    return f"{name}({values(array, f'{name}(', end)}{end}"


def formatted(array: np.ndarray, pattern: str) -> str:
    """A tensor in an f-string: a single element as Python formats it, several only without a pattern."""
    if array.ndim == 0:
        return format(array.item(), pattern)
    if not pattern:
        return values(array)
    if array.size == 1:
        return format(array.item(), pattern)
    raise TypeError(f"format {pattern!r} is for a single element, not for {Spec(array.shape, array.dtype)}")


def notebook(array: np.ndarray, device: str) -> str:
    """A tensor as HTML: a heading with spec and device, and the values, as a table if they form a vector or matrix."""
    heading = html.escape(f"{Spec(array.shape, array.dtype)}  {device}")
    table = _table(array) if array.ndim in (1, 2) and array.size else f"<pre>{html.escape(values(array))}</pre>"
    return f'<div class="weft-tensor"><div><code>{heading}</code></div>{table}</div>'


_EDGE = 4  # rows and columns shown at each end of a long axis


def _table(array: np.ndarray) -> str:
    matrix = array if array.ndim == 2 else array[None]
    columns = _shown(matrix.shape[1])
    rows = [
        "".join(f"<td>{_cell(matrix, i, j)}</td>" for j in columns)
        if i is not None
        else f'<td colspan="{len(columns)}">⋮</td>'
        for i in _shown(matrix.shape[0])
    ]
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _shown(length: int) -> list[int | None]:
    """The positions shown on an axis; None stands for those left out."""
    if length <= 2 * _EDGE + 1:
        return list(range(length))
    return [*range(_EDGE), None, *range(length - _EDGE, length)]


def _cell(matrix: np.ndarray, i: int, j: int | None) -> str:
    if j is None:
        return "…"
    value: Any = matrix[i, j].item()
    return html.escape(f"{value:.5g}" if isinstance(value, (float, complex)) else str(value))
