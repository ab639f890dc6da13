"""Paths: where an object lies in what was there before a call, so that the call finds its own one there.

A trace works on copies of the lists, dicts and data classes among the arguments; what it changes or gives back of
them is looked up, by its path, in the arguments of each call. This file does not know what is done with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from ...runtime.tensor import Tensor
from .objects import attributes, is_plain_object


class Step(NamedTuple):
    """From an object to one that it holds."""

    attribute: bool  # or else an item
    key: Any


Path = tuple[Step, ...]
arguments: ContextVar[Any] = ContextVar("arguments")  # of the compiled function that is being called


@contextmanager
def called_with(given: Any) -> Iterator[None]:
    """Say which arguments a compiled function is called with."""
    token = arguments.set(given)
    try:
        yield
    finally:
        arguments.reset(token)


def paths(value: Any, longest: int | None = None) -> dict[int, Path]:
    """The path to each tensor and each object with parts in a value, by its identity; the first one found.

    Containers with more parts than `longest` are not looked into.
    """
    found: dict[int, Path] = {}
    waiting: list[tuple[Any, Path]] = [(value, ())]
    for x, path in waiting:
        held = parts(x)
        if id(x) not in found and (held is not None or isinstance(x, Tensor)):
            found[id(x)] = path
            if held and (longest is None or len(held) <= longest):
                waiting += [(part, (*path, step)) for step, part in held]
    return found


def parts(x: Any) -> list[tuple[Step, Any]] | None:
    """What an object holds, and the steps to it; None for one without parts."""
    if isinstance(x, (list, tuple)):
        return [(Step(False, i), part) for i, part in enumerate(x)]
    if isinstance(x, dict):
        return [(Step(False, key), part) for key, part in x.items()]
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = [each.name for each in dataclasses.fields(x)]
        return [(Step(True, name), getattr(x, name, None)) for name in names]
    if is_plain_object(x):
        return [(Step(True, name), part) for name, part in attributes(x).items()]
    return None


def holds(value: Any, x: Any) -> bool:
    """Whether an object lies in a value."""
    return value is x or any(holds(part, x) for _, part in parts(value) or ())


def follow(path: Path, x: Any) -> Any:
    """The object at the end of a path."""
    for step in path:
        x = getattr(x, step.key) if step.attribute else x[step.key]
    return x


def doubled(value: Any) -> Any:
    """A list, dict or data class that stands more than once in a value; None if there is none."""
    seen: set[int] = set()
    waiting = [value]
    for x in waiting:
        if is_plain_object(x) and not dataclasses.is_dataclass(x):
            continue
        held = parts(x)
        if held is not None and not isinstance(x, tuple):
            if id(x) in seen:
                return x
            seen.add(id(x))
        waiting += [part for _, part in held or ()]
    return None
