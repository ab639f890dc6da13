"""Sets: which values a tensor holds. The number of results depends on the values, so they are computed at once.

The values of `unique_*` are gathered from the tensor, so gradients flow to the first occurrence of each. NaNs
are all distinct.

Source: Python Array API standard 2024.12, "Set functions" and nonzero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import dtypes
from ..creation import asarray
from ..eager import EagerTensor, wrap
from ..errors import ShapeError, SourceError
from ..op import op
from ..samples import integers, sample
from ..spec import Operand, Spec, describe, promoted, shape_of
from ..tensor import OPS, Tensor
from .shaping import flatten


class UniqueAll(NamedTuple):
    """Distinct values, where each occurs first, which one each element is, and how often each occurs."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """Distinct values, and how often each occurs."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """Distinct values, and which one each element is."""

    values: Tensor
    inverse_indices: Tensor


def _with_values(name: str, x: Operand) -> Tensor:
    """An operand whose values are known now.

    Errors: SourceError while a function is compiled.
    """
    read = getattr(x, "read_value", None)
    x = read() if read is not None else x
    if isinstance(x, Tensor) and type(x) is not EagerTensor:
        raise SourceError(
            f"{name}: how many results there are depends on the values of {describe(x)}, which are not known while the function is compiled",
            "Keep all elements, with wf.where or a mask; or compute it outside of the compiled function.",
        )
    return asarray(x)


def unique_all(x: Operand, /) -> UniqueAll:
    """The distinct values in ascending order, where each occurs first, which one each element is, and how often.

    Shapes: (...) -> values (n,), indices (n,), inverse_indices (...), counts (n,).
    """
    x = _with_values("unique", x)
    array = x.numpy()
    found = np.unique(
        array if array.dtype not in dtypes.HALVES else array.astype(np.float32),
        return_index=True, return_inverse=True, return_counts=True, equal_nan=False,
    )  # fmt: skip
    indices, inverse, counts = (wrap(x.device.from_numpy(np.asarray(i, np.int64))) for i in found[1:])
    values = OPS["take"](flatten(x), indices, axis=0)
    return UniqueAll(values, indices, OPS["reshape"](inverse, shape=x.shape), counts)


def unique_counts(x: Operand, /) -> UniqueCounts:
    """The distinct values in ascending order, and how often each occurs.   Shapes: (...) -> (n,) (n,)."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Operand, /) -> UniqueInverse:
    """The distinct values in ascending order, and which one each element is.   Shapes: (...) -> (n,) (...)."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Operand, /) -> Tensor:
    """The distinct values in ascending order.   Shapes: (...) -> (n,)."""
    return unique_all(x).values


def _isin(x: np.ndarray, y: np.ndarray, invert: bool) -> np.ndarray:
    return np.isin(x, y, invert=invert)


@op(_isin, widen=True, samples=[
    sample(integers((3, 4), 0, 5), integers((3,), 0, 5)), sample(integers((4,), 0, 5), integers((2, 2), 0, 5), invert=True)])  # fmt: skip
def isin(x1: Operand, x2: Operand, /, *, invert: bool = False) -> Spec:
    """Whether each element of x1 is among those of x2 (is not, with `invert`).   Shapes: (...) any -> (...)."""
    promoted("isin", x1, x2)
    return Spec(tuple(shape_of(x1)), dtypes.bool_)


isin.gradient(None)


def nonzero(x: Operand, /) -> tuple[Tensor, ...]:
    """The indices of the nonzero (true) elements, a tensor for each axis, in row-major order.

    Shapes: (m, n) -> (k,) (k,).
    Errors: ShapeError for a 0-d tensor.
    """
    x = _with_values("nonzero", x)
    if not x.shape:
        raise ShapeError(f"nonzero: {describe(x)} has no axes", "Reshape it to (1,) first.")
    return tuple(wrap(np.asarray(i, np.int64)) for i in np.nonzero(x.numpy()))


def argwhere(x: Operand, /) -> Tensor:
    """The indices of the nonzero (true) elements, one row for each.   Shapes: (m, n) -> (k, 2)."""
    return OPS["stack"](*nonzero(x), axis=1)
