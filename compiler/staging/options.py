"""Options of staged loops, given around the code that has them: what their gradients may keep in memory.

They belong to the text of a program, not to a call: a function that is compiled begins without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ...runtime.errors import ArgumentError

_options: ContextVar[dict[str, int]] = ContextVar("options", default={})  # noqa: B039  (never changed)
present = _options.get  # the attributes of a loop that is written now


@contextmanager
def loop_options(*, max_trips: int | None = None, save_every: int | None = None) -> Iterator[None]:
    """Say of the loops inside the `with` block, in a compiled function, what their gradients keep in memory.

    `max_trips` is the most trips that a loop makes: what its gradient needs is allocated at once, and a loop that
    goes on is an error. `save_every=k` saves every k-th state only; the gradient computes the others again.
    Put it around one loop, or around all of a function. Loops that run as plain Python take no notice.

    Cost: with `save_every=k`, n trips hold n / k + k states in place of n, and the gradient makes each trip once more.
    Errors: ArgumentError for what is no positive integer; at run time, for a loop that goes on after `max_trips`.
    Source: A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed. (2008), chapter 12.

    Example:
        >>> import weft as wf
        >>> @wf.compile
        ... def settle(x):
        ...     with wf.loop_options(save_every=8):
        ...         for _ in range(wf.tensor(3)):
        ...             x = wf.cos(x)
        ...     return x
        >>> wf.grad(settle)(1.0)
        Tensor(-0.3273392, f32)
    """
    given = {"max_trips": max_trips, "save_every": save_every}
    token = _options.set({**present(), **{k: _checked(k, v) for k, v in given.items() if v is not None}})
    try:
        yield
    finally:
        _options.reset(token)


@contextmanager
def no_options() -> Iterator[None]:
    """Leave the options of the code around aside."""
    token = _options.set({})
    try:
        yield
    finally:
        _options.reset(token)


def _checked(name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ArgumentError(f"loop_options: {name}={value!r} is no positive integer", "Give an int of 1 or more.")
    return value
