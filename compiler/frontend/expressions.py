"""Expressions: afterwards what evaluates only some of its operands is a call of an operator, and so are arithmetic,
comparisons, f-strings, `assert` and `raise`.

An operand that may not be evaluated is a lambda. One that holds a walrus becomes a function before the statement,
for a lambda could not bind the name where it lives.
"""

from __future__ import annotations

from .quote import assign, condition, constant, deferred, evaluating, load, operator, place
from .rewriter import Rewriter
from .scope import assigned_inside, yields
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
SIGNS = {
    gast.Add: "+",
    gast.Sub: "-",
    gast.Mult: "*",
    gast.Div: "/",
    gast.FloorDiv: "//",
    gast.Mod: "%",
    gast.Pow: "**",
    gast.MatMult: "@",
    gast.BitAnd: "&",
    gast.BitOr: "|",
    gast.BitXor: "^",
    gast.LShift: "<<",
    gast.RShift: ">>",
    gast.USub: "-",
    gast.UAdd: "+",
    gast.Invert: "~",
}


class Expressions(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Expressions, '''
        ... def f(a, b):
        ...     assert a != b, 'the same'
        ...     return not a if a and b else 0 < a + 1 < -b
        ... '''))
        def f(a, b):
            wf_.assert_(wf_.ne(a, b), lambda: 'the same')
            return wf_.if_exp(wf_.both(lambda: a, lambda: b), lambda: wf_.not_(a), lambda: wf_.chain(0, '<', wf_.binary(a, '+', 1), '<', lambda: wf_.unary('-', b)))
    """

    in_generators = True

    def visit_BoolOp(self, node: Node) -> Node:
        if yields(node):
            return self.generic_visit(node)
        names = ("both", "either") if hasattr(node, "is_condition") else ("and_", "or_")
        name = names[isinstance(node.op, gast.Or)]
        return place(operator(name, *map(self.thunk, node.values)), node)

    def visit_UnaryOp(self, node: Node) -> Node:
        if isinstance(node.op, gast.Not):
            condition(node.operand)
        self.generic_visit(node)
        if isinstance(node.op, gast.Not):
            return place(operator("not_", node.operand), node)
        return node if _is_number(node.operand) else place(operator("unary", _sign(node), node.operand), node)

    def visit_BinOp(self, node: Node) -> Node:
        self.generic_visit(node)
        if _is_number(node.left) and _is_number(node.right):
            return node
        return place(operator("binary", node.left, _sign(node), node.right), node)

    def visit_AugAssign(self, node: Node) -> Node:
        self.generic_visit(node)
        name = node.target.id
        value = place(operator("augmented", place(load(name), node.target), _sign(node), node.value), node)
        return place(assign(name, value), node)

    def visit_IfExp(self, node: Node) -> Node:
        if yields(node):
            return self.generic_visit(node)
        test = self.visit(condition(node.test))
        return place(operator("if_exp", test, self.thunk(node.body), self.thunk(node.orelse)), node)

    def visit_Compare(self, node: Node) -> Node:
        if len(node.comparators) > 1 and yields(node):
            return self.generic_visit(node)
        left, right = self.visit(node.left), node.comparators
        if len(right) > 1:
            return self.chain(node, left)
        node.left, node.comparators = left, [self.visit(right[0])]
        name, right = COMPARISONS.get(type(node.ops[0])), node.comparators[0]
        parts = (left, right) if name else (left, constant(SYMBOLS[type(node.ops[0])]), right)
        return place(operator(name or "compare", *parts), node)

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
        if yields(node):
            return self.generic_visit(node)
        parts = [self.visit(condition(node.test))]
        if node.msg is not None:
            parts.append(self.thunk(node.msg))
        return place(gast.Expr(value=place(operator("assert_", *parts), node)), node)

    def visit_Raise(self, node: Node) -> Node:
        if node.exc is None:
            return node
        parts = [self.visit(part) for part in (node.exc, node.cause) if part is not None]
        return place(gast.Expr(value=place(operator("raise_", *parts), node)), node)


def _sign(node: Node) -> Node:
    return constant(SIGNS[type(node.op)])


def _is_number(node: Node) -> bool:
    """Whether an operand is a number, or an operation on numbers, that Python computes when it compiles."""
    if isinstance(node, (gast.UnaryOp, gast.BinOp)):
        return True
    return isinstance(node, gast.Constant)
