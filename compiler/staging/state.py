"""State: the places that a traced block may change, how they were before, and how to put them back.

A place is a cell of a rewritten function (a user's variable), an attribute of an object, an item of a container,
or a variable of the model. While a block is traced, changes of all but cells are noted in a journal, so that they
can be undone and become results of the block instead.
"""

from __future__ import annotations

import copy
import dataclasses
import dis
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from inspect import getattr_static
from types import CellType, CodeType, FunctionType
from typing import Any

from ...runtime.variable import Variable
from ..frontend.users import is_users
from .maybe import Maybe, unbound
from .objects import attributes, is_plain_object

BLOCK = re.compile(r"(then|else|body|test|item)_\d+")


class Place:
    """Somewhere a value is kept."""

    name: str
    owner: Any = None  # the object that is changed
    rebinds = True  # whether setting it puts another object there, rather than changing one
    shared = True  # whether others see it: its changes are noted; not so for what belongs to a running function

    def get(self) -> Any:
        """The value, or `unbound`."""
        raise NotImplementedError

    def set(self, value: Any) -> None:
        """Keep `value`; nothing if it is `unbound`."""
        raise NotImplementedError

    def restore(self, value: Any) -> None:
        """Put back what was there when this place was made."""
        self.set(value)

    def keep(self, value: Any) -> None:
        """Keep a value that is known, when the graph runs."""
        self.set(value)

    def identity(self) -> tuple[Any, ...]:
        """Equal for two objects that mean one place."""
        raise NotImplementedError

    def of(self, owner: Any) -> Place:
        """The same place of another owner."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash(self.identity())


class Cell(Place):
    """A local variable of a rewritten function."""

    shared = False

    def __init__(self, cell: CellType, name: str) -> None:
        self.cell, self.name = cell, name

    def identity(self) -> tuple[Any, ...]:
        return ("cell", id(self.cell))

    def get(self) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:
            return unbound

    def set(self, value: Any) -> None:
        if value is not unbound:
            self.cell.cell_contents = value
        elif self.get() is not unbound:
            del self.cell.cell_contents


class Free(Cell):
    """A variable of a function around the one that rebinds it."""

    shared = True


class Global(Place):
    """A global variable."""

    def __init__(self, values: dict[str, Any], name: str) -> None:
        self.values, self.name = values, name

    def identity(self) -> tuple[Any, ...]:
        return ("global", id(self.values), self.name)

    def get(self) -> Any:
        return self.values.get(self.name, unbound)

    def set(self, value: Any) -> None:
        if value is not unbound:
            self.values[self.name] = value
        else:
            self.values.pop(self.name, None)


class Attribute(Place):
    """An attribute of an object."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.attribute = owner, name
        self.name = f"{type(owner).__name__}.{name}"
        above = getattr_static(type(owner), name, self)  # its class's, unless that is what the attribute goes through
        within = name in getattr(owner, "__dict__", (name,))
        self.inherited = not within and above is not self and not hasattr(type(above), "__set__")

    def identity(self) -> tuple[Any, ...]:
        return ("attribute", id(self.owner), self.attribute)

    def restore(self, value: Any) -> None:
        if self.inherited and self.attribute in vars(self.owner):
            object.__delattr__(self.owner, self.attribute)
        elif not self.inherited:
            self.set(value)

    def of(self, owner: Any) -> Place:
        return Attribute(owner, self.attribute)

    def get(self) -> Any:
        return getattr(self.owner, self.attribute, unbound)

    def set(self, value: Any) -> None:
        if value is not unbound and setter(type(self.owner)) is not None:
            object.__setattr__(self.owner, self.attribute, value)  # what the user's own method asked for
        elif value is not unbound:
            setattr(self.owner, self.attribute, value)
        elif self.get() is not unbound:
            delattr(self.owner, self.attribute)


class Item(Place):
    """An item of a list or dict."""

    def __init__(self, container: Any, key: Any) -> None:
        self.container, self.owner, self.key = container, container, key
        self.name = f"[{key!r}]"

    def identity(self) -> tuple[Any, ...]:
        return ("item", id(self.container), self.key)

    def of(self, owner: Any) -> Place:
        return Item(owner, self.key)

    def get(self) -> Any:
        try:
            return self.container[self.key]
        except (KeyError, IndexError):
            return unbound

    def set(self, value: Any) -> None:
        if value is not unbound:
            self.container[self.key] = value
        elif self.get() is not unbound:
            del self.container[self.key]


class Contents(Place):
    """All that a list or dict contains, for changes of its length."""

    rebinds = False

    def __init__(self, container: Any, name: str = "") -> None:
        self.container, self.owner, self.name = container, container, name or f"a {type(container).__name__}"

    def identity(self) -> tuple[Any, ...]:
        return ("contents", id(self.container))

    def get(self) -> Any:
        return copy.copy(self.container)

    def set(self, value: Any) -> None:
        self.container.clear()
        (self.container.update if isinstance(self.container, dict) else self.container.extend)(value)

    def of(self, owner: Any) -> Place:
        return Contents(owner, self.name)


class Held(Place):
    """What a variable holds, as far as the trace knows."""

    def __init__(self, variable: Variable, values: dict[Variable, Any]) -> None:
        self.variable, self.values, self.name = variable, values, variable.name or "a variable"

    def identity(self) -> tuple[Any, ...]:
        return ("variable", id(self.variable))

    def get(self) -> Any:
        return self.values[self.variable]

    def keep(self, value: Any) -> None:
        self.variable.assign(value if value.device is self.variable.device else value.to(self.variable.device))

    def set(self, value: Any) -> None:
        self.values[self.variable] = value


class Result(Place):
    """Where an expression's value is put by the block that computes it."""

    shared = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = unbound

    def identity(self) -> tuple[Any, ...]:
        return ("result", id(self))

    def get(self) -> Any:
        return self.value

    def set(self, value: Any) -> None:
        self.value = value


def cells_of(names: Sequence[str], *blocks: Callable[..., Any] | None) -> list[Place]:
    """The cells that blocks may change: those of the named variables, and those of functions they can call."""
    found: dict[str, Place] = {}
    inner: dict[Place, None] = {}
    for block in blocks:
        for name, cell in closure(block):
            if _holds_block(name, cell):
                continue
            if name in names:
                found.setdefault(name, Cell(cell, name))
            else:
                _reach(Cell(cell, name).get(), inner)
    globally = [place for block in blocks if isinstance(block, FunctionType) for place in globals_of(block)]
    local = [*(found[name] for name in names if name in found), *(p for p in inner if p not in found.values())]
    return [*local, *dict.fromkeys(globally)]


def assigned_by(*blocks: Callable[..., Any]) -> list[str]:
    """The names around them that blocks assign: what walruses in expressions do."""
    return [name for block in blocks if isinstance(block, FunctionType) for name in _rebound(block.__code__)[0]]


def globals_of(function: FunctionType) -> list[Place]:
    """The global variables that a function, or one written in it, assigns."""
    return [Global(function.__globals__, name) for name in _rebound(function.__code__)[1]]


def free_of(function: FunctionType) -> list[Place]:
    """The variables of functions around it that a function, or one written in it, assigns."""
    names = _rebound(function.__code__)[0]
    return [Free(cell, name) for name, cell in closure(function) if name in names and not _holds_block(name, cell)]


@functools.lru_cache(maxsize=4096)
def _rebound(code: CodeType) -> tuple[frozenset[str], tuple[str, ...]]:
    """The free names and the global names that code assigns or deletes."""
    free: set[str] = set()
    globally: dict[str, None] = {}
    for step in dis.get_instructions(code):
        if step.opname in ("STORE_DEREF", "DELETE_DEREF"):
            free.add(step.argval)
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            globally[step.argval] = None
    for part in code.co_consts:
        if isinstance(part, CodeType):
            inner = _rebound(part)
            free |= inner[0]
            globally |= dict.fromkeys(inner[1])
    return frozenset(free & {*code.co_freevars}), tuple(globally)


def containers(value: Any, depth: int = 24) -> Iterator[Any]:
    """The containers in a tree that can be changed."""
    parts: Any = ()
    if not depth:
        return
    if isinstance(value, Maybe):
        yield from containers(value.value, depth)
        return
    if isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    elif is_plain_object(value):
        parts = attributes(value).values()
    else:
        return
    if not isinstance(value, tuple):
        yield value
    for part in parts:
        yield from containers(part, depth - 1)


def setter(kind: type) -> FunctionType | None:
    """The `__setattr__` that a class of the user's defines."""
    found = kind.__setattr__
    return found if isinstance(found, FunctionType) and is_users(found) else None


def _holds_block(name: str, cell: CellType) -> bool:
    """Whether a cell holds a block that the rewrites made; a variable of the user's may have such a name."""
    if not BLOCK.fullmatch(name):
        return False
    value = Cell(cell, name).get()
    return value is unbound or isinstance(value, FunctionType)


def closure(function: Any) -> list[tuple[str, CellType]]:
    """The names and cells that a function closes over."""
    if not isinstance(function, FunctionType) or function.__closure__ is None:
        return []
    return list(zip(function.__code__.co_freevars, function.__closure__, strict=True))


def _reach(value: Any, found: dict[Place, None]) -> None:
    """Add the cells of a function that is a variable's value, and of the functions in those.

    What the rewrites call their blocks is no state: it is bound anew before each use.
    """
    for part in value if type(value) is tuple else ():
        if isinstance(part, FunctionType):
            _reach(part, found)
    for name, cell in closure(value):
        place = Cell(cell, name)
        if place not in found and not _holds_block(name, cell):
            found[place] = None
            _reach(place.get(), found)


class Journal:
    """The changes of a block to places other than cells: each place once, with its value before."""

    def __init__(self) -> None:
        self.before: dict[Place, Any] = {}

    def note(self, place: Place) -> None:
        """Say that `place` is about to change."""
        if place not in self.before:
            self.before[place] = place.get()

    def undo(self) -> None:
        """Put everything back, latest first."""
        for place, value in reversed(self.before.items()):
            place.restore(value)
