"""Branches: afterwards there is no `if` statement; its branches are functions, and an operator chooses.

A branch binds the user's names through `nonlocal`, so a variable stays one cell, whoever sees it.
"""

from __future__ import annotations

from .quote import block, condition, constant, load, names_literal, operator, place
from .rewriter import Rewriter
from .scope import bound
from .tree import Node, gast


class Branches(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Branches, '''
        ... def f(x):
        ...     y = 1
        ...     if x:
        ...         y = x
        ...     return y
        ... '''))
        def f(x):
            y = 1
            def then_1():
                nonlocal y
                y = x
            wf_.if_(x, then_1, None, ('y',))
            return y
    """

    def visit_If(self, node: Node) -> list[Node]:
        names = bound([*node.body, *node.orelse], through_cells=True)
        node.test = condition(self.visit(node.test))
        then = self.names.new("then")
        otherwise = then.replace("then", "else") if node.orelse else ""
        made = [self.branch(then, node.body, node)]
        if otherwise:
            made.append(self.branch(otherwise, node.orelse, node.orelse[0]))
        other = load(otherwise) if otherwise else constant(None)
        choice = place(operator("if_", node.test, load(then), other, names_literal(names)), node.test)
        self.names.made.add(otherwise)
        return [*made, place(gast.Expr(value=choice), node)]

    def branch(self, name: str, body: list[Node], old: Node) -> Node:
        """A branch as a function."""
        binds = bound(body, through_cells=True)
        return place(block(name, self.statements(body), self.around, binds), old)
