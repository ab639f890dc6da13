"""Which names belong to what: the names that statements bind, the names of a function, names that are still free.

Python decides where a name lives by looking at the text of a function, never at its run; this file looks the same
way. Everything here answers questions and changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .tree import Node, gast, walk

SCOPES = (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef, gast.Lambda)
INNER = ("cases", "finalbody", "orelse", "handlers", "body")  # what a statement holds of statements, the last first
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)


class Names:
    """Makes names that a tree does not use yet, and knows which ones it made."""

    def __init__(self, tree: Node, free: Iterable[str] = ()) -> None:
        self.free = frozenset(free)  # the names that come from around the tree
        self._taken = set(identifiers(tree))
        self._last: dict[str, int] = {}
        self.made: set[str] = set()

    def new(self, idea: str) -> str:
        """A free name: `then_1`, then `then_2`."""
        while True:
            self._last[idea] = self._last.get(idea, 0) + 1
            name = f"{idea}_{self._last[idea]}"
            if name not in self._taken:
                self._taken.add(name)
                self.made.add(name)
                return name


def identifiers(tree: Node) -> Iterator[str]:
    """Every name that a tree mentions in whatever role."""
    for node in walk(tree):
        for field in node._fields:
            held = getattr(node, field, None)
            if isinstance(held, str):
                yield held
            elif isinstance(held, list):
                yield from (name for name in held if isinstance(name, str))


def own(statements: Iterable[Node]) -> Iterator[Node]:
    """The nodes of these statements, without the insides of inner functions and classes."""
    waiting = list(statements)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def own_statements(statements: Iterable[Node]) -> Iterator[Node]:
    """These statements and those in them, without the insides of inner functions and classes, and no expressions."""
    waiting = list(statements)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            for part in INNER:
                waiting += getattr(node, part, ())[::-1]


def is_generator(function: Node) -> bool:
    """Whether a function, or a lambda, yields."""
    body = function.body if isinstance(function.body, list) else [function.body]
    return any(isinstance(node, (gast.Yield, gast.YieldFrom)) for node in own(body))


def yields(node: Node) -> bool:
    """Whether a piece of a generator yields."""
    return any(isinstance(part, (gast.Yield, gast.YieldFrom)) for part in own([node]))


def declared(statements: Iterable[Node], kind: Node) -> list[str]:
    """The names that a function declares to be global (`gast.Global`) or nonlocal (`gast.Nonlocal`), or either."""
    return [name for node in own_statements(statements) if isinstance(node, kind) for name in node.names]


def parameters(function: Node) -> list[str]:
    """The names of a function's parameters."""
    given = function.args
    rest = [given.vararg, given.kwarg]
    return [name.id for name in [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest] if name is not None]


def bound(statements: Iterable[Node], through_cells: bool = False) -> list[str]:
    """The names that statements bind in their own function, in order; with those that inner functions rebind if asked."""
    binder = _Binder(through_cells)
    for statement in statements:
        binder.visit(statement)
    return list(binder.names)


def local_names(function: Node) -> list[str]:
    """The names that live in a function: its parameters and what it binds, but for what it declares otherwise."""
    elsewhere = set(declared(function.body, (gast.Global, gast.Nonlocal)))
    return [name for name in dict.fromkeys([*parameters(function), *bound(function.body)]) if name not in elsewhere]


def assigned_inside(expression: Node) -> list[str]:
    """The names that the walruses of an expression bind in the function around it."""
    return bound([expression])


class _Binder(gast.NodeVisitor):
    """Collects, in order, the names that are bound where it walks."""

    def __init__(self, through_cells: bool) -> None:
        self.names: dict[str, None] = {}
        self.through_cells = through_cells

    def visit_Name(self, node: Node) -> None:
        if isinstance(node.ctx, (gast.Store, gast.Del)):
            self.names[node.id] = None

    def visit_FunctionDef(self, node: Node) -> None:
        self._all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        self.names[node.name] = None
        if self.through_cells:
            self.names |= dict.fromkeys(rebound(node))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: Node) -> None:
        self._all([*node.args.defaults, *node.args.kw_defaults])

    def visit_ClassDef(self, node: Node) -> None:
        self._all([*node.decorator_list, *node.bases, *node.keywords])
        self.names[node.name] = None
        if self.through_cells:
            self.names |= dict.fromkeys(rebound(node))

    def visit_comprehension_node(self, node: Node) -> None:
        self.visit(node.generators[0].iter)
        walruses = (part for part in own([node]) if isinstance(part, gast.NamedExpr))
        self.names |= dict.fromkeys(walrus.target.id for walrus in walruses)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_node

    def visit_alias(self, node: Node) -> None:
        self.names[node.asname or node.name.partition(".")[0]] = None

    def visit_MatchAs(self, node: Node) -> None:
        self.generic_visit(node)
        if node.name is not None:
            self.names[node.name] = None

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: Node) -> None:
        self.generic_visit(node)
        if node.rest is not None:
            self.names[node.rest] = None

    def _all(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)


def rebound(scope: Node) -> list[str]:
    """The names outside a function or class that it, or a function in it, rebinds by `nonlocal`."""
    names = dict.fromkeys(declared(scope.body, gast.Nonlocal))
    here = () if isinstance(scope, gast.ClassDef) else local_names(scope)
    for node in own(scope.body):
        if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef)):
            names |= dict.fromkeys(name for name in rebound(node) if name not in here)
    return list(names)
