"""Guards: what a trace took for granted of the world around the function.

Python values read from globals, from closures and from attributes are part of the traced program. Each is noted
as it was when the trace began; a trace serves a call only while all of them are still so, and otherwise the
function is traced again. Nothing here keeps an object alive that is not one of those values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import CellType, FunctionType, ModuleType
from typing import Any

from ..runtime.eager import EagerTensor

PLAIN = (bool, int, float, complex, str, bytes, type(None))
MISSING = object()
SMALL = 256  # containers up to this length are compared by what they hold


@dataclass(frozen=True)
class Guard:
    """A place that was read, and what was there."""

    what: str
    read: Callable[[], Any]
    print: Any
    shown: str

    def holds(self) -> bool:
        """Whether the place still holds what it did."""
        try:
            return fingerprint(self.read()) == self.print
        except Exception:
            return False


def fingerprint(value: Any) -> Any:
    """Equal for values that mean the same program: by value if plain, small containers of such too, else by identity."""
    kind = type(value)
    if kind in PLAIN:
        return kind, repr(value) if kind in (float, complex) else value
    if kind in (list, tuple, set, frozenset) and len(value) <= SMALL:
        return kind, tuple(map(fingerprint, value))
    if kind is dict and len(value) <= SMALL:
        return kind, tuple((fingerprint(k), fingerprint(v)) for k, v in value.items())
    if kind is EagerTensor:  # assigning to its items lets it hold another buffer
        return kind, Same(value), Same(value.buffer)
    return kind, Same(value)


def mentions(print: Any, x: Any) -> bool:
    """Whether an object is among those in a fingerprint."""
    return print.value is x if isinstance(print, Same) else type(print) is tuple and any(mentions(p, x) for p in print)


class Same:
    """An object, equal to itself only; kept, so that its identity is not given to another."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def guard(what: str, read: Callable[[], Any]) -> Guard:
    """A guard on what is there now."""
    value = read()
    return Guard(what, read, fingerprint(value), show(value))


def show(value: Any) -> str:
    """A value as messages name it; asking an object for its text might need values that are not known yet."""
    return f"{value!r:.60}" if type(value) in PLAIN else f"a {type(value).__name__}"


def kept(guard: Guard) -> Any:
    """The object that a guard compares by identity; None for what it compares by value."""
    same = guard.print[1]
    return same.value if isinstance(same, Same) else None


def of_function(function: FunctionType) -> list[Guard]:
    """Guards on the globals and the closure that a function reads."""
    found = []
    values = function.__globals__
    for name in function.__code__.co_names:
        if name in values and not isinstance(values[name], ModuleType):
            found.append(guard(f"global {name!r}", lambda values=values, name=name: values.get(name, MISSING)))
    if function.__defaults__ or function.__kwdefaults__:
        defaults = f"a default of {function.__name__}"
        found.append(guard(defaults, lambda: [function.__defaults__, function.__kwdefaults__]))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        found.append(guard(f"{name!r} of the closure", lambda cell=cell: _contents(cell)))
    return found


def of_attribute(owner: Any, name: str) -> Guard:
    """A guard on an attribute of an object."""
    return guard(f"{type(owner).__name__}.{name}", lambda: getattr(owner, name, MISSING))


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
