"""Elements of datasets: trees of tensors, stacked into batches and taken apart again.

What is no number (a line of text, None) stays what it is, and is gathered in NumPy arrays of objects. This file knows elements, not the
order in which they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import device as devices, tree
from ..creation import asarray
from ..eager import EagerTensor, wrap
from ..errors import DataError, DTypeError, ShapeError
from ..spec import SCALARS, describe
from ..tensor import OPS, Tensor
from ..variable import Variable


def tensor_of(array: np.ndarray) -> EagerTensor:
    """The tensor of an array of one of weft's dtypes, on the current device, sharing its memory."""
    return wrap(devices.current().from_numpy(array))


def leaf(x: Any) -> Any:
    """A leaf of an element: a tensor if it holds numbers, else the object itself."""
    if isinstance(x, Variable):
        return x.value
    if isinstance(x, Tensor):
        return x
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    numbers = isinstance(x, SCALARS) or (hasattr(x, "__array__") and kind not in "OSU")
    return asarray(x) if numbers else x


def array_of(x: Tensor) -> np.ndarray:
    """The values of a tensor, without a copy where they live on the CPU."""
    found = leaf(x)
    return found.device.to_numpy(found.buffer)


def element(x: Any) -> Any:
    """A tree of tensors from a tree of whatever holds numbers."""
    return tree.map(leaf, x)


def objects(items: Sequence[Any]) -> np.ndarray:
    """A vector of objects that are no numbers; a leaf of trees."""
    result = np.empty(len(items), object)
    result[:] = items
    return result


def call(function: Callable[..., Any], x: Any) -> Any:
    """function(x), or function(*x) where the element is a plain tuple."""
    return function(*x) if type(x) is tuple else function(x)


Combine = Callable[[str, Sequence[Tensor]], Tensor]


def collate(name: str, elements: Sequence[Any], combine: Combine) -> Any:
    """One tree from many of the same structure, each leaf combined from theirs.

    Errors: DataError when the structures differ.
    """
    first, structure = tree.flatten(elements[0])
    rows = [first]
    for x in elements[1:]:
        leaves, other = tree.flatten(x)
        if other != structure:
            raise DataError(f"{name}: elements differ in structure: {structure} and {other}", "Give all the same form.")
        rows.append(leaves)
    return tree.unflatten(structure, [_combined(name, column, combine) for column in zip(*rows, strict=True)])


def _combined(name: str, column: Sequence[Any], combine: Combine) -> Any:
    kinds = {isinstance(x, Tensor) for x in column}
    if kinds == {False}:
        return None if all(x is None for x in column) else objects(column)
    if len(kinds) > 1:
        other = next(x for x in column if not isinstance(x, Tensor))
        raise DataError(
            f"{name}: a leaf is a tensor in some elements and {other!r} in others", "Give all the same kind."
        )
    _check_dtypes(name, column)
    return combine(name, column)


def _check_dtypes(name: str, column: Sequence[Tensor]) -> None:
    for x in column:
        if x.dtype is not column[0].dtype:
            raise DTypeError(
                f"{name}: elements differ in dtype: {describe(column[0])} and {describe(x)}", "Cast them first."
            )


def stack(name: str, column: Sequence[Tensor]) -> Tensor:
    """Tensors of one shape, along a new first axis.

    Errors: ShapeError when shapes differ.
    """
    for x in column:
        if x.shape != column[0].shape:
            hint = "padded_batch pads them to one shape; or make them equal with map."
            raise ShapeError(f"{name}: elements differ in shape: {describe(column[0])} and {describe(x)}", hint)
    buffers = _arrays(column)
    return OPS["stack"](list(column), axis=0) if buffers is None else tensor_of(np.stack(buffers))


def _arrays(column: Sequence[Tensor]) -> list[np.ndarray] | None:
    """The arrays of tensors that live on the CPU; None if one does not."""
    buffers = [x.buffer for x in column if isinstance(x, EagerTensor) and type(x.buffer) is np.ndarray]
    return buffers if len(buffers) == len(column) else None


def padder(value: Any) -> Combine:
    """Stacks tensors of one rank after padding each at its ends to the longest."""

    def pad(name: str, column: Sequence[Tensor]) -> Tensor:
        ranks = {x.ndim for x in column}
        if len(ranks) > 1:
            shown = " and ".join(map(describe, column[:2]))
            raise ShapeError(f"{name}: elements differ in rank, as {shown}", "Padding makes lengths equal, not ranks.")
        longest = tuple(max(lengths) for lengths in zip(*(x.shape for x in column), strict=True))
        result = np.full((len(column), *longest), value, column[0].dtype)
        for i, x in enumerate(column):
            result[(i, *map(slice, x.shape))] = x.numpy()
        return tensor_of(result)

    return pad


def slices(name: str, x: Any) -> Iterator[Any]:
    """The elements that a batch was made of.

    Errors: DataError unless all leaves have a first axis of one length.
    """
    leaves, structure = tree.flatten(x)
    if not all(part is None or getattr(part, "shape", ()) for part in leaves):
        raise DataError(f"{name}: a leaf has no first axis", "Every leaf of an element must be a batch.")
    lengths = sorted({len(part) for part in leaves if part is not None})
    if len(lengths) > 1:
        shown = ", ".join(map(str, lengths))
        raise DataError(f"{name}: the leaves of an element hold batches of {shown}", "Give them one length.")
    for i in range(lengths[0] if lengths else 0):
        yield tree.unflatten(structure, [part if part is None else part[i] for part in leaves])
