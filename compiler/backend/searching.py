"""Searching in sorted numbers, written out: a binary search of as many steps as the length needs, for all at once.

A step asks the element in the middle of what is left, and goes on in one half; as the length is known, so are the
halves, and no step branches. A NaN is larger than every number, as sorting has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.spec import size
from .composer import Composer, Rule

FEW = 32  # elements that are compared with each


def _below(w: Composer, x: Any, y: Any) -> Any:
    """Whether x comes before y in sorted order."""
    less = w("less", x, y)
    if x.dtype not in dtypes.FLOATS:
        return less
    return w("logical_or", less, w("logical_and", w("isnan", y), w("logical_not", w("isnan", x))))


def _at(w: Composer, x: Any, places: Any) -> Any:
    """The elements at places, or at those in each row."""
    if len(x.shape) == 1:
        return w("index_get", x, w("expand_dims", places, axis=0), axes=(0,))
    return w("gather_along", x, places, axis=1)


def search(w: Composer, x: Any, v: Any, side: str) -> Any:
    """How many elements of the sorted x come before each of v; with side "right", or are equal to it.

    Shapes: (n,) (...) -> (...); (rows, n) (rows, m) -> (rows, m).
    """
    found, left = w.graph.constant(np.zeros(v.shape, dtypes.int64)), x.shape[-1]
    while left:
        half = (left + 1) // 2
        last = w("add", found, half - 1) if half > 1 else found
        y = _at(w, x, last)
        passed = _below(w, y, v) if side == "left" else w("logical_not", _below(w, v, y))
        found = w("where", passed, w("add", found, half), found)
        left -= half
    return found


def _alike(w: Composer, x: Any, v: Any) -> tuple[Any, Any]:
    """Both as tensors of the dtype in which they are compared."""
    v = v if hasattr(v, "dtype") else w.graph.constant(np.asarray(v))
    dtype = dtypes.promote(x.dtype, v.dtype)
    return tuple(z if z.dtype is dtype else w("astype", z, dtype=dtype) for z in (x, v))  # pyright: ignore[reportReturnType]


def _searchsorted(w: Composer, x: Any, v: Any) -> Any:
    return search(w, *_alike(w, x, v), w.attrs["side"])


def _isin(w: Composer, x: Any, y: Any) -> Any:
    """Compared with each of a few; looked for among many, sorted."""
    v, y = _alike(w, x, y)
    y = w("reshape", y, shape=(size(y.shape),))
    if y.shape[0] <= FEW:
        found = w("any", w("equal", w("expand_dims", v, axis=-1), y), axis=-1)
    else:
        y = w("sort", y)
        place = w("minimum", search(w, y, v, "left"), y.shape[0] - 1)
        found = w("equal", _at(w, y, place), v)
    return w("logical_not", found) if w.attrs["invert"] else found


RULES: dict[str, Rule] = {"searchsorted": _searchsorted, "isin": _isin}
