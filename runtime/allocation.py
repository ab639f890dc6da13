"""Room for results: what is said when there is none.

A shape may be legal and yet ask for more than any memory holds. Whoever allocates by a shape does it here, or turns
NumPy's refusal into `no_room`; `require_room` asks beforehand, where much work would come first. This file knows
specs, not ops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import memory
from .dtypes import DType
from .errors import OutOfMemoryError, ShapeError, WeftError
from .spec import Shape, Spec, size

MOST_AXES = 64  # of an ndarray
MOST_BYTES = 2**63 - 1
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def nbytes(spec: Spec) -> int:
    """The memory that a tensor takes."""
    return size(spec.shape) * spec.dtype.itemsize


def readable(number: int) -> str:
    """A number of bytes as `1.5 GiB`."""
    power = min(max(number.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    return f"{number / 1024**power:.3g} {UNITS[power]}"


def is_impossible(spec: Spec) -> bool:
    """Whether no memory of any size could hold the tensor, as NumPy addresses it."""
    lengths = [n for n in spec.shape if n]
    return len(spec.shape) > MOST_AXES or size(tuple(lengths)) * spec.dtype.itemsize > MOST_BYTES


def no_room(name: str, spec: Spec) -> WeftError:
    """The error for a result that there is no room for."""
    if len(spec.shape) > MOST_AXES:
        return ShapeError(f"{name}: the result has {len(spec.shape)} axes", f"A tensor has at most {MOST_AXES}.")
    if not size(spec.shape):
        return ShapeError(f"{name}: an axis of {spec} is too long", f"No axis is longer than {MOST_BYTES}.")
    return OutOfMemoryError(
        f"{name}: there is not enough memory: the result {spec} takes {readable(nbytes(spec))}",
        "Check the shapes; work in parts, or in a smaller dtype.",
    )


def allocate(name: str, shape: Shape, dtype: DType, make: Callable[..., np.ndarray] = memory.empty) -> Any:
    """What `make(shape, dtype)` gives.

    Errors: OutOfMemoryError where there is no room for it, ShapeError for too many axes.
    """
    try:
        return make(shape, dtype)
    except WeftError:
        raise  # a device has said it
    except (MemoryError, ValueError, OverflowError) as error:
        raise no_room(name, Spec(shape, dtype)) from error


def require_room(name: str, shape: Shape, dtype: DType) -> None:
    """Refuse what there is no room for before work is put into it.

    Errors: as `allocate`.
    """
    allocate(name, shape, dtype, np.empty)
