"""Objects of the user's classes as containers of their attributes, where tensors decide which object it is.

Two objects of one class join to a new one whose attributes are joined, as the items of lists are. Only plain objects
are taken apart: those of classes written in Python on top of `object`, neither of weft nor models nor exceptions.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

from ...runtime import tree
from ...runtime.errors import ROOT
from ...runtime.nn.module import Module
from ...runtime.tree import Structure

WRITTEN_IN_PYTHON = 1 << 9  # of the flags of a type
DEPTH = 8  # of objects inside objects
LEAF = Structure(None)


def is_plain_object(x: Any) -> bool:
    """Whether an object is nothing but its attributes."""
    kind = type(x)
    if kind.__module__.partition(".")[0] in (ROOT, "builtins", "numpy") or isinstance(x, (type, enum.Enum, Module)):
        return False
    return all(parent is object or parent.__flags__ & WRITTEN_IN_PYTHON for parent in kind.__mro__) and not hasattr(
        kind, "__next__"
    )


def has_identity(x: Any) -> bool:
    """Whether a program can tell an object from another one that holds the same."""
    return type(x) in (list, dict) or is_plain_object(x)


def attributes(x: Any) -> dict[str, Any]:
    """What an object holds, its slots included."""
    held = dict(getattr(x, "__dict__", {}))
    for parent in type(x).__mro__:
        for name, slot in vars(parent).items():
            if type(slot).__name__ == "member_descriptor" and hasattr(x, name):
                held[name] = slot.__get__(x)
    return held


def rebuilt(x: Any, held: dict[str, Any]) -> Any:
    """An object of the same class with other attributes."""
    made = object.__new__(type(x))
    for name, value in held.items():
        object.__setattr__(made, name, value)
    return made


def flatten(value: Any, depth: int = DEPTH) -> tuple[list[Any], Structure]:
    """As `tree.flatten`, plain objects being containers too; `tree.unflatten` undoes it."""
    leaves, structure = tree.flatten(value)
    if not depth or not any(map(is_plain_object, leaves)):
        return leaves, structure
    parts = [_taken_apart(leaf, depth) if is_plain_object(leaf) else ([leaf], LEAF) for leaf in leaves]
    found = iter([part for _, part in parts])
    return [leaf for part, _ in parts for leaf in part], _grafted(structure, found)


def _taken_apart(x: Any, depth: int) -> tuple[list[Any], Structure]:
    held = attributes(x)
    parts = [flatten(part, depth - 1) for part in held.values()]
    leaves = [leaf for part, _ in parts for leaf in part]
    return leaves, Structure(type(x), (type(x), tuple(held)), tuple(structure for _, structure in parts))


def _grafted(structure: Structure, found: Iterator[Structure]) -> Structure:
    if structure.kind is None:
        return next(found)
    return Structure(structure.kind, structure.rest, tuple(_grafted(child, found) for child in structure.children))


def compared_parts(a: Any, b: Any) -> list[tuple[Any, Any]] | None:
    """The pairs that `a == b` compares, for containers and data classes that compare what they hold; None for others."""
    for kind in (list, tuple):
        if isinstance(a, kind) and isinstance(b, kind):
            return list(zip(a, b, strict=True)) if len(a) == len(b) else [(0, 1)]
    if isinstance(a, dict) and isinstance(b, dict):
        return [(a[key], b[key]) for key in a] if a.keys() == b.keys() else [(0, 1)]
    if type(a) is type(b) and dataclasses.is_dataclass(a) and _written(type(a).__eq__):
        return [(getattr(a, each.name), getattr(b, each.name)) for each in dataclasses.fields(a) if each.compare]
    return None


def _written(method: Any) -> bool:
    """Whether a dataclass wrote a method for itself."""
    return getattr(getattr(method, "__code__", None), "co_filename", "") == "<string>"
