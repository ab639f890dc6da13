"""Trees of values: nested tuples, lists, dicts, named tuples and dataclasses, taken apart and put together.

Everything else is a leaf, None included where the caller says so. Other containers join with `register`.
This file knows nothing of tensors.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .errors import ArgumentError

Flatten = Callable[[Any], tuple[list[Any], Any]]  # a container into children and what else rebuilds it
Rebuild = Callable[[Any, list[Any]], Any]

_kinds: dict[type, tuple[Flatten, Rebuild]] = {}
_leaves: set[type] = set()


def register_leaf(kind: type) -> None:
    """Say that `kind` is a leaf, which saves looking."""
    _leaves.add(kind)


def register(kind: type, flatten: Flatten, rebuild: Rebuild) -> None:
    """Let trees contain `kind`: `flatten(x)` gives (children, rest), `rebuild(rest, children)` undoes it."""
    _kinds[kind] = (flatten, rebuild)


register(tuple, lambda x: (list(x), None), lambda _, children: tuple(children))
register(list, lambda x: (list(x), None), lambda _, children: children)
for _kind in (dict, OrderedDict):
    register(
        _kind, lambda x: (list(x.values()), (type(x), tuple(x))), lambda rest, c: rest[0](zip(rest[1], c, strict=True))
    )
_named: tuple[Flatten, Rebuild] = (lambda x: (list(x), type(x)), lambda kind, children: kind(*children))


def _flatten_dataclass(x: Any) -> tuple[list[Any], Any]:
    names = tuple([f.name for f in dataclasses.fields(x)])
    return [getattr(x, name) for name in names], (type(x), names)


def _rebuild_dataclass(rest: tuple[type, tuple[str, ...]], children: list[Any]) -> Any:
    kind, names = rest
    x = object.__new__(kind)
    for name, child in zip(names, children, strict=True):
        object.__setattr__(x, name, child)
    return x


def _kind_of(x: Any) -> tuple[Flatten, Rebuild] | None:
    found = _kinds.get(type(x))
    if found is not None:
        return found
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return _named
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return _flatten_dataclass, _rebuild_dataclass
    return None


@dataclasses.dataclass(frozen=True)
class Structure:
    """How a tree was nested: enough to build it again from its leaves."""

    kind: type | None  # None: a leaf
    rest: Any = None
    children: tuple[Structure, ...] = ()

    @property
    def leaves(self) -> int:
        """The number of leaves."""
        return 1 if self.kind is None else sum(child.leaves for child in self.children)

    def __str__(self) -> str:
        if self.kind is None:
            return "*"
        return f"{self.kind.__name__}({', '.join(str(child) for child in self.children)})"


_LEAF = Structure(None)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree in order, and its structure."""
    if type(tree) in _leaves:
        return [tree], _LEAF
    kind = _kind_of(tree)
    if kind is None:
        return [tree], _LEAF
    children, rest = kind[0](tree)
    parts = [flatten(child) for child in children]
    leaves = [leaf for part, _ in parts for leaf in part]
    return leaves, Structure(type(tree), rest, tuple(structure for _, structure in parts))


def opened(tree: Any) -> tuple[list[Any], Any] | None:
    """The children of one container, and what else rebuilds it; None for a leaf."""
    kind = _kind_of(tree)
    return None if kind is None else kind[0](tree)


def closed(structure: Structure, children: list[Any]) -> Any:
    """The one container of that structure with these children."""
    assert structure.kind is not None
    if structure.kind in _kinds:
        rebuild = _kinds[structure.kind][1]
    elif issubclass(structure.kind, tuple):
        rebuild = _named[1]
    else:
        rebuild = _rebuild_dataclass
    return rebuild(structure.rest, children)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of that structure with these leaves."""
    return _build(structure, iter(leaves))


def _build(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure.kind is None:
        return next(leaves)
    return closed(structure, [_build(child, leaves) for child in structure.children])


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree in order."""
    return flatten(tree)[0]


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree of function(leaf, ...) over trees of one structure.

    Errors: ArgumentError when the structures differ.
    """
    parts, structure = flatten(tree)
    columns = [parts]
    for other in others:
        more, same = flatten(other)
        if same != structure:
            raise ArgumentError(f"trees differ: {structure} and {same}", "Give trees of one structure.")
        columns.append(more)
    return unflatten(structure, [function(*row) for row in zip(*columns, strict=True)])


def paths(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf with its path, as `layers.0.weight`."""
    kind = _kind_of(tree)
    if kind is None:
        yield prefix, tree
        return
    children, rest = kind[0](tree)
    if isinstance(tree, dict):
        names = [str(name) for name in tree]
    elif hasattr(tree, "_fields"):
        names = list(tree._fields)
    elif dataclasses.is_dataclass(tree):
        names = rest[1]
    else:
        names = [str(i) for i in range(len(children))]
    for name, child in zip(names, children, strict=True):
        yield from paths(child, f"{prefix}.{name}" if prefix else name)
