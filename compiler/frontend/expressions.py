"""Expressions: afterwards what evaluates only some of its operands is a call of an operator, and so are equality,
identity and membership, f-strings, `assert` and `raise`.

An operand that may not be evaluated is a lambda. One that holds a walrus becomes a function before the statement,
for a lambda could not bind the name where it lives.
"""

from __future__ import annotations

from .quote import constant, deferred, evaluating, load, operator, place
from .rewriter import Rewriter
from .scope import assigned_inside
from .tree import Node, gast

COMPARISONS = {
    gast.Eq: "eq",
    gast.NotEq: "ne",
    gast.Is: "is_",
    gast.IsNot: "is_not",
    gast.In: "in_",
    gast.NotIn: "not_in",
}
SYMBOLS = {
    gast.Eq: "==",
    gast.NotEq: "!=",
    gast.Is: "is",
    gast.IsNot: "is not",
    gast.In: "in",
    gast.NotIn: "not in",
    gast.Lt: "<",
    gast.LtE: "<=",
    gast.Gt: ">",
    gast.GtE: ">=",
}


class Expressions(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Expressions, '''
        ... def f(a, b):
        ...     assert a != b, 'the same'
        ...     return not a if a and b else 0 < a < b
        ... '''))
        def f(a, b):
            wf_.assert_(wf_.ne(a, b), lambda: 'the same')
            return wf_.if_exp(wf_.and_(lambda: a, lambda: b), lambda: wf_.not_(a), lambda: wf_.chain(0, '<', a, '<', lambda: b))
    """

    def visit_BoolOp(self, node: Node) -> Node:
        name = "and_" if isinstance(node.op, gast.And) else "or_"
        return place(operator(name, *map(self.thunk, node.values)), node)

    def visit_UnaryOp(self, node: Node) -> Node:
        self.generic_visit(node)
        return place(operator("not_", node.operand), node) if isinstance(node.op, gast.Not) else node

    def visit_IfExp(self, node: Node) -> Node:
        test = self.visit(node.test)
        return place(operator("if_exp", test, self.thunk(node.body), self.thunk(node.orelse)), node)

    def visit_Compare(self, node: Node) -> Node:
        left, right = self.visit(node.left), node.comparators
        if len(right) > 1:
            return self.chain(node, left)
        node.left, node.comparators = left, [self.visit(right[0])]
        name = COMPARISONS.get(type(node.ops[0]))
        return place(operator(name, left, node.comparators[0]), node) if name else node

    def chain(self, node: Node, left: Node) -> Node:
        """A chain of comparisons; the first is always made."""
        parts = [left]
        for i, (kind, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            parts += [constant(SYMBOLS[type(kind)]), self.thunk(right) if i else self.visit(right)]
        return place(operator("chain", *parts), node)

    def thunk(self, value: Node) -> Node:
        """A function that evaluates an operand when it is asked to."""
        walrus = bool(assigned_inside(value))
        value = self.visit(value)
        if not walrus:
            return deferred(value)
        function = evaluating(self.names.new("operand"), value, self.around)
        self.before.append(function)
        return place(load(function.name), value)

    def visit_JoinedStr(self, node: Node) -> Node:
        parts = [self.visit(part) for part in node.values]
        return place(operator("format", *parts), node)

    def visit_FormattedValue(self, node: Node) -> Node:
        conversion = constant("" if node.conversion == -1 else chr(node.conversion))
        value = self.visit(node.value)
        form = place(constant(""), node) if node.format_spec is None else self.visit(node.format_spec)
        return place(operator("field", value, conversion, form), node)

    def visit_Assert(self, node: Node) -> Node | None:
        if not __debug__:
            return None
        parts = [self.visit(node.test)]
        if node.msg is not None:
            parts.append(self.thunk(node.msg))
        return place(gast.Expr(value=place(operator("assert_", *parts), node)), node)

    def visit_Raise(self, node: Node) -> Node:
        if node.exc is None:
            return node
        parts = [self.visit(part) for part in (node.exc, node.cause) if part is not None]
        return place(gast.Expr(value=place(operator("raise_", *parts), node)), node)
