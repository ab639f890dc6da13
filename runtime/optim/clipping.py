"""Clipping: gradients kept from growing beyond a bound.

Each function takes a gradient or a tree of them, None where there is none, and gives the like.

Source: Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks", section 3.2.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes, tree
from ..errors import ArgumentError
from ..ops.elementwise import abs, maximum, minimum, sqrt
from ..ops.reduction import sum
from ..ops.shaping import astype


def clip_by_value(grads: Any, low: float, high: float) -> Any:
    """Each element kept between `low` and `high`.

    Errors: ArgumentError unless low <= high.
    """
    if not low <= high:
        raise ArgumentError(f"clip_by_value: low {low} is above high {high}", "Give low <= high.")
    return _map(lambda dx: minimum(maximum(dx, low), high), grads)


def clip_by_norm(grads: Any, limit: float) -> Any:
    """Each gradient scaled down to the Euclidean norm `limit`, if its norm is larger."""
    _require_positive("clip_by_norm", limit)
    return _map(lambda dx: _scaled(dx, _norm([dx]), limit), grads)


def clip_by_global_norm(grads: Any, limit: float) -> Any:
    """All gradients scaled down by one factor, so that together they have at most the norm `limit`."""
    _require_positive("clip_by_global_norm", limit)
    norm = global_norm(grads)
    return _map(lambda dx: _scaled(dx, norm, limit), grads)


def global_norm(grads: Any) -> Any:
    """The Euclidean norm of all gradients together.

    Errors: ArgumentError when there is none.

    Example:
        >>> import weft as wf
        >>> wf.optim.global_norm([wf.tensor([3.0]), None, wf.tensor([[4.0]])])
        Tensor(5., f32)
    """
    found = [dx for dx in tree.leaves(grads) if dx is not None]
    if not found:
        raise ArgumentError("global_norm: there are no gradients", "Give at least one that is not None.")
    return _norm(found)


def _map(function: Any, grads: Any) -> Any:
    return tree.map(lambda dx: None if dx is None else function(dx), grads)


def _norm(grads: list[Any]) -> Any:
    total = _square_sum(grads[0])
    for dx in grads[1:]:
        total = total + _square_sum(dx)
    return sqrt(total)


def _square_sum(dx: Any) -> Any:
    dx = abs(dx) if dx.dtype in dtypes.COMPLEX else dx
    dx = astype(dx, dtype=dtypes.float32) if dx.dtype in dtypes.HALVES else dx  # their squares overflow soon
    return sum(dx * dx)


def _scaled(dx: Any, norm: Any, limit: float) -> Any:
    factor = limit / maximum(norm, limit)
    return dx * astype(factor, dtype=dtypes.real_dtype(dx.dtype))


def _require_positive(name: str, limit: float) -> None:
    if not limit > 0:
        raise ArgumentError(f"{name}: the limit is {limit!r}", "Give a positive norm.")
