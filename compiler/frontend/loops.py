"""Loops: afterwards there is no `while` and no `for`; test and body are functions, and an operator repeats them."""

from __future__ import annotations

from .quote import block, condition, evaluating, load, names_literal, operator, place
from .rewriter import Rewriter
from .scope import bound
from .tree import Node, gast


class Loops(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Loops, '''
        ... def f(n):
        ...     while n > 0:
        ...         n = n - 1
        ...     for i in range(3):
        ...         n += i
        ...     return n
        ... '''))
        def f(n):
            i: object
            def test_1():
                return n > 0
            def body_1():
                nonlocal n
                n = n - 1
            wf_.while_(test_1, body_1, ('n',))
            def body_2(item_1):
                nonlocal i, n
                i = item_1
                n += i
            wf_.for_(range(3), body_2, ('i', 'n'))
            return n
    """

    def visit_While(self, node: Node) -> list[Node]:
        names = bound([node.test, *node.body], through_cells=True)
        test = self.question("test", condition(self.visit(node.test)))
        body = self.body(node.body, node)
        step = operator("while_", load(test.name), load(body.name), names_literal(names))
        return [test, body, _statement(step, node)]

    def visit_For(self, node: Node) -> list[Node]:
        item = self.names.new("item")
        first = place(gast.Assign(targets=[node.target], value=place(load(item), node.target), type_comment=None), node)
        names = bound([first, *node.body], through_cells=True)
        node.iter = self.visit(node.iter)
        body = self.body([first, *node.body], node, (item,))
        go_on = getattr(node, "go_on", None)
        step = operator("for_", node.iter, load(body.name), names_literal(names))
        if go_on is None:
            return [body, _statement(step, node)]
        test = self.question("test", condition(go_on))
        step.args.append(load(test.name))
        return [body, test, _statement(step, node)]

    def question(self, idea: str, test: Node) -> Node:
        """A condition as a function."""
        return evaluating(self.names.new(idea), test, self.around)

    def body(self, body: list[Node], old: Node, parameters: tuple[str, ...] = ()) -> Node:
        """The body of a loop as a function."""
        binds = bound(body, through_cells=True)
        name = self.names.new("body")
        return place(block(name, self.statements(body), self.around, binds, parameters), old)


def _statement(step: Node, old: Node) -> Node:
    source = old.iter if isinstance(old, gast.For) else old.test
    return place(gast.Expr(value=place(step, source)), old)
