"""Loops that are written out trip by trip, because the program says so.

A loop over a tensor or a range of tensors is one loop of the graph, however many trips it makes. Written out, its
trips may differ: a layer of its own for each, a list that grows. Their number must be known while tracing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...runtime.dim import Dim
from ...runtime.errors import SourceError
from .maybe import Maybe
from .repeat import check_repeatable
from .sequences import is_staged, sequence
from .tracer import current

MOST_TRIPS = 10_000
PYTHONS = ("builtins", "itertools")


def unroll(iterable: Iterable[Any]) -> Iterable[Any]:
    """Say of a loop, in a compiled function, that it is written out trip by trip: `for x in wf.unroll(xs)`.

    Elsewhere it gives what it is given.

    Cost: each trip is traced and optimised on its own, so compiling takes time in proportion to their number.
    Errors: SourceError where the number of trips depends on a tensor, or is above 10,000.

    Example:
        >>> import weft as wf
        >>> @wf.compile
        ... def apply(layers, x):
        ...     for i in wf.unroll(range(x.shape[0])):
        ...         x = layers[i](x)
        ...     return x
        >>> apply([wf.sin, wf.exp], wf.zeros(2))
        Tensor([1., 1.], f32)
    """
    if current() is None:
        return iterable
    if isinstance(iterable, Maybe):
        iterable = iterable.demand()
    if is_staged(iterable):
        found = sequence(iterable)
        return map(found.item, range(_checked(_trips(found.length))))
    if hasattr(type(iterable), "__next__"):
        check_repeatable(next, (iterable,))
        return _counted(iter(iterable)) if type(iterable).__module__ in PYTHONS else iterable
    if hasattr(type(iterable), "__len__"):
        _checked(len(iterable))  # pyright: ignore[reportArgumentType]
    return iterable


def _trips(length: Any) -> int:
    if type(length) is int or (type(length) is Dim and length.is_hinted):
        return int(length)
    raise SourceError(
        "unroll: how many trips the loop makes depends on a tensor, so they cannot be written out",
        "Leave wf.unroll out: the loop becomes one of the graph. Or give the number as a Python int.",
    )


def _checked(trips: int) -> int:
    if trips > MOST_TRIPS:
        raise SourceError(
            f"unroll: the loop makes {trips} trips, and at most {MOST_TRIPS} are written out",
            "Make it one loop of the graph: `for i in range(wf.tensor(n))`, or `for x in xs` of a tensor.",
        )
    return trips


def _counted(items: Iterator[Any]) -> Iterator[Any]:
    for trips, item in enumerate(items, 1):
        _checked(trips)
        yield item
