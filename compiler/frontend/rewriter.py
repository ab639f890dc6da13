"""What the rewriting passes share: how to walk a function, statement by statement, and what to leave alone.

A pass sees functions, inner ones too. It leaves alone: annotations, coroutines, and what Python runs in the scope of
a class, where blocks could not reach the names; the methods of inner classes are functions again. Generators are for
the passes that leave statements where they are: a `yield` cannot move into another function.
A pass may ask for statements to stand before the one that it is in (`self.before`); they must be free of effects.
A name whose every binding went into an inner function is declared (`x: object`), so that it still lives where it did.
"""

from __future__ import annotations

from collections.abc import Iterable

from .quote import load, place, store
from .scope import Names, is_generator, local_names, own
from .tree import Node, gast

BLOCKS = ("body", "orelse", "finalbody")


class Rewriter(gast.NodeTransformer):
    """A walk over a function's tree that replaces nodes."""

    in_generators = False

    def __init__(self, names: Names) -> None:
        self.names = names
        self.functions: list[Node] = []  # those around this place, from the outermost
        self.before: list[Node] = []  # what shall stand before the present statement

    @property
    def around(self) -> list[Node]:
        """The statements of the innermost function."""
        return self.functions[-1].body

    def entry(self, function: Node) -> Node:
        """Rewrite a whole function; its decorators and defaults belong to others."""
        self.function(function)
        return function

    def function(self, node: Node) -> None:
        """Rewrite the inside of a function."""
        homes = local_names(node)
        self.functions.append(node)
        self.inside(node)
        self.functions.pop()
        kept = set(local_names(node))
        declare(node, [name for name in homes if name not in kept])

    def inside(self, node: Node) -> None:
        """Rewrite the statements of a function that has just been entered."""
        node.body = self.statements(node.body)

    def statements(self, body: Iterable[Node]) -> list[Node]:
        """Rewrite statements in order."""
        made: list[Node] = []
        outer = self.before
        for statement in body:
            self.before = []
            new = self.visit(statement)
            made += self.before
            made += new if isinstance(new, list) else [] if new is None else [new]
        self.before = outer
        return made

    def generic_visit(self, node: Node) -> Node:
        for field in node._fields:
            held = getattr(node, field, None)
            if isinstance(held, list) and field in BLOCKS:
                setattr(node, field, self.statements(held))
            elif isinstance(held, list):
                setattr(node, field, [self.visit(part) if isinstance(part, gast.AST) else part for part in held])
            elif isinstance(held, gast.AST):
                setattr(node, field, self.visit(held))
        return node

    def visit_FunctionDef(self, node: Node) -> Node:
        node.decorator_list = [self.visit(part) for part in node.decorator_list]
        self.defaults(node.args)
        if self.in_generators or not is_generator(node):
            self.function(node)
        return node

    def visit_AsyncFunctionDef(self, node: Node) -> Node:
        return node

    def visit_ClassDef(self, node: Node) -> Node:
        for field in ("decorator_list", "bases", "keywords"):
            setattr(node, field, [self.visit(part) for part in getattr(node, field)])
        self.methods(node)
        return node

    def methods(self, node: Node) -> None:
        """Rewrite the insides of a class's functions."""
        for part in own(node.body):
            if isinstance(part, gast.ClassDef):
                self.methods(part)
            elif isinstance(part, gast.FunctionDef) and (self.in_generators or not is_generator(part)):
                self.function(part)

    def visit_Lambda(self, node: Node) -> Node:
        self.defaults(node.args)
        if not is_generator(node):
            node.body = self.visit(node.body)
        return node

    def defaults(self, given: Node) -> None:
        """Rewrite the default values of parameters, which belong to the function around."""
        given.defaults = [self.visit(part) for part in given.defaults]
        given.kw_defaults = [None if part is None else self.visit(part) for part in given.kw_defaults]


def declare(function: Node, names: list[str]) -> None:
    """Let names live in a function that binds them nowhere itself: `x: object` declares, and runs nothing."""
    made = [
        place(gast.AnnAssign(target=store(name), annotation=load("object"), value=None, simple=1), function)
        for name in names
    ]
    at = after_docstring(function.body)
    function.body[at:at] = made


def after_docstring(body: list[Node]) -> int:
    """Where the statements of a function begin: after its docstring and its declarations."""
    at = 0
    for at, statement in enumerate(body):
        text = isinstance(statement, gast.Expr) and isinstance(statement.value, gast.Constant)
        if not isinstance(statement, (gast.Global, gast.Nonlocal)) and not (text and not at):
            return at
    return at + 1
