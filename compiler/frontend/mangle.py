"""Private names: inside `class A`, Python reads `__x` as `_A__x`.

A function that is compiled again stands outside its class, where Python would leave the names alone, and the
rewrites turn attributes into strings. So the names are spelled out in the tree before anything else happens.
"""

from __future__ import annotations

import ast

from .tree import Node

NAMED = {  # the fields that hold names which Python mangles; those of keywords it leaves alone
    "Name": ("id",),
    "Attribute": ("attr",),
    "FunctionDef": ("name",),
    "AsyncFunctionDef": ("name",),
    "ClassDef": ("name",),
    "alias": ("name", "asname"),
    "Global": ("names",),
    "Nonlocal": ("names",),
    "MatchAs": ("name",),
    "MatchStar": ("name",),
    "MatchMapping": ("rest",),
    "TypeVar": ("name",),
    "TypeVarTuple": ("name",),
    "ParamSpec": ("name",),
}


def mangled(name: str, owner: str) -> str:
    """A name as Python reads it inside the class `owner`; "" is outside of all classes.

    Example:
        >>> mangled("__state", "_Cell"), mangled("__init__", "Cell"), mangled("state", "Cell")
        ('_Cell__state', '__init__', 'state')
    """
    owner = owner.lstrip("_")
    if not owner or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    return f"_{owner}{name}"


def spell_out(tree: Node, owner: str) -> None:
    """Replace the private names in a tree by what they stand for inside the class `owner`."""
    waiting: list[tuple[Node, str]] = [(tree, owner)]
    while waiting:
        node, owner = waiting.pop()
        kind = type(node).__name__
        inner = [] if kind != "ClassDef" else node.body + (node.type_params and node.bases + node.keywords)
        waiting += [(part, node.name if part in inner else owner) for part in ast.iter_child_nodes(node)]
        for field in NAMED.get(kind, ()):
            _spell(node, field, owner)


def _spell(node: Node, field: str, owner: str) -> None:
    held = getattr(node, field, None)
    if isinstance(held, str):
        setattr(node, field, mangled(held, owner))
    elif isinstance(held, list):
        setattr(node, field, [mangled(name, owner) for name in held])
