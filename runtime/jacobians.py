"""Jacobians from pullbacks: one backward pass for each element of a result.

A pullback carries a cotangent of the result to cotangents of the sources; fed with the rows of an identity
matrix it gives the rows of the Jacobian. This file knows pullbacks, not the tapes they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .eager import home_of
from .errors import ShapeError
from .spec import Shape, Shaped, describe, size
from .tensor import OPS

Pullback = Callable[[Any], Sequence[Any]]  # a cotangent of the result -> one (or None) for each source


def jacobians(pull: Pullback, y: Any, xs: Sequence[Shaped]) -> list[Any]:
    """The derivative of every element of `y` by every element of each source; None where it depends on none.

    Shapes: y.shape + x.shape for each x.
    """
    rows = [pull(_unit(y, y.shape, i)) for i in range(y.size)]
    return [_stacked([row[i] for row in rows], x, (*y.shape, *x.shape)) for i, x in enumerate(xs)]


def batch_jacobian(pull: Pullback, y: Any, x: Shaped) -> Any:
    """The Jacobian of each item of a batch: item i of `y` by item i of `x`; None where it depends on none.

    Shapes: (b, ...), (b, ...) -> y.shape + x.shape[1:].
    Errors: ShapeError unless both are batches of one length.
    """
    if not y.shape or not x.shape or y.shape[0] != x.shape[0]:
        raise ShapeError(
            f"batch_jacobian: the target {describe(y)} and the source {describe(x)} are no batches of one length",
            "Both need the same first axis; use jacobian for anything else.",
        )
    inner = y.shape[1:]
    rows = [pull(OPS["broadcast_to"](_unit(y, inner, i), shape=y.shape))[0] for i in range(size(inner))]
    return _stacked(rows, x, (*y.shape, *x.shape[1:]), axis=1)


def _unit(y: Any, shape: Shape, i: int) -> Any:
    """A cotangent for `y` that is 1 at element i and 0 elsewhere."""
    dy = np.zeros(size(shape), y.dtype)
    dy[i] = 1
    return OPS["asarray"](dy.reshape(shape), device=y.device)


def _stacked(rows: list[Any], x: Shaped, shape: Shape, axis: int = 0) -> Any:
    """The rows of one source as its Jacobian of that shape."""
    if rows and all(row is None for row in rows):
        return None
    rows = [OPS["zeros"](x.shape, dtype=x.dtype, device=home_of(x)) if row is None else row for row in rows]
    if not rows:
        return OPS["zeros"](shape, dtype=x.dtype, device=home_of(x))
    return OPS["reshape"](OPS["stack"](*rows, axis=axis), shape=shape)
