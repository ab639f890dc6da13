"""Syntax trees: gast's kinds of nodes, and the two ways between them and Python's own.

gast names the nodes alike on every Python; the rewrites see nothing else, and what runs is Python's own tree made
from theirs. This is the one file that imports gast. It does not know where a tree comes from or what becomes of it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import gast as _gast

gast: Any = _gast  # it makes its classes when it is imported, so no type checker knows them
Node: TypeAlias = Any  # a node of gast's, or of Python's own: the fields depend on the kind

POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")
FRAMES_PER_LEVEL = 8  # that a visitor of ours, of gast's or of astunparse's spends on one level of a tree


def from_python(tree: ast.AST) -> Node:
    """gast's tree of one of Python's."""
    with room_for(tree):
        return gast.ast_to_gast(tree)


def to_python(tree: Node) -> Any:
    """Python's own tree of one of gast's; a node without a position gets that of the node around it."""
    with room_for(tree):
        return ast.fix_missing_locations(gast.gast_to_ast(tree))


def at(old: Node, new: Node) -> Node:
    """`new`, standing where `old` stands in the user's file, with those of its parts that have no place yet."""
    place = {name: getattr(old, name, None) for name in POSITION}
    for node in walk(new):
        if getattr(node, "lineno", None) is None:
            for name in place:
                setattr(node, name, place[name])
    return new


def walk(tree: Node) -> Iterator[Node]:
    """Every node of a tree, a node before its parts."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(ast.iter_child_nodes(node)))


def same(one: object, other: object) -> bool:
    """Whether two trees of the same family say the same, wherever they stand."""
    waiting: list[tuple[Any, Any]] = [(one, other)]
    while waiting:
        a, b = waiting.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.AST):
            waiting += [(getattr(a, name, None), getattr(b, name, None)) for name in a._fields]
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            waiting += zip(a, b, strict=True)
        elif not _same_constant(a, b):
            return False
    return True


def _same_constant(a: object, b: object) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(type(x) is type(y) and _same_constant(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)  # which tells -0.0 from 0.0, and finds NaN equal to itself
    return a == b


@contextmanager
def room_for(tree: Node) -> Iterator[None]:
    """A block in which recursion may go as deep as a tree does: a sum of a thousand terms is a thousand deep."""
    limit = sys.getrecursionlimit()
    needed = depth(tree) * FRAMES_PER_LEVEL
    if needed < limit // 2:
        yield
        return
    sys.setrecursionlimit(limit + needed)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def depth(tree: Node) -> int:
    """How many nodes stand inside each other at most."""
    level, deep = [tree], 0
    while level:
        level = [part for node in level for part in ast.iter_child_nodes(node)]
        deep += 1
    return deep
