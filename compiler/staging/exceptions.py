"""Exceptions taken apart and made anew: what one holds, and another of the same class that holds something else.

A class of the user's is not asked: its `__init__` ran when the program made the exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .objects import WRITTEN_IN_PYTHON

UNFOLLOWED = frozenset({"obj"})  # of an AttributeError or a NameError: what was asked, not what is told


def exception_parts(x: BaseException) -> dict[str, Any]:
    """What an exception holds besides other exceptions and the frames it came from."""
    slots = {name: slot.__get__(x) for name, slot in _slots(x) if name not in UNFOLLOWED and _is_filled(slot, x)}
    return {"args": x.args, **slots, **vars(x)}


def exception_with(x: BaseException, parts: dict[str, Any]) -> BaseException:
    """An exception of the same class that holds these."""
    base: Any = next(kind for kind in type(x).__mro__ if not kind.__flags__ & WRITTEN_IN_PYTHON)
    made = base.__new__(type(x), *parts["args"])
    for name, slot in _slots(x):
        if name in UNFOLLOWED and _is_filled(slot, x):
            slot.__set__(made, slot.__get__(x))
    own = vars(made)
    for name, part in parts.items():
        if name in vars(x):
            own[name] = part
        else:
            with suppress(AttributeError, TypeError):  # what Python's own classes set by themselves
                object.__setattr__(made, name, part)
    return made


def _slots(x: BaseException) -> Iterator[tuple[str, Any]]:
    for kind in type(x).__mro__:
        for name, slot in vars(kind).items():
            if type(slot).__name__ == "member_descriptor" and not name.startswith("__"):
                yield name, slot


def _is_filled(slot: Any, x: BaseException) -> bool:
    try:
        return slot.__get__(x) is not None
    except AttributeError:
        return False
