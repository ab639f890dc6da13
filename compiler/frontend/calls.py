"""Calls: afterwards every call, attribute and item that the user's text reads, every new list, and what is unpacked,
goes through an operator; the bodies of `try` with handlers say so.

What the rewrites call themselves stays a plain call, and `breakpoint()`, which is to stop where it stands.
"""

from __future__ import annotations

from .items import index_value
from .quote import constant, is_operator, operator, place
from .rewriter import BLOCKS, Rewriter
from .scope import yields
from .tree import Node, gast

IN_PLACE = ("breakpoint",)


class Calls(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Calls, '''
        ... def f(x):
        ...     return g(x[1:], *x.parts, key=1)
        ... '''))
        def f(x):
            return wf_.call(g, wf_.get_item(x, wf_.slice(1, None)), *wf_.unpacked(wf_.get_attr(x, 'parts')), key=1)
    """

    in_generators = True

    def visit_Call(self, node: Node) -> Node:
        if is_operator(node.func) or self.stays(node.func):
            node.args = [self.visit(part) for part in node.args]
            node.keywords = [self.visit(part) for part in node.keywords]
            return node
        self.generic_visit(node)
        made = operator("call", node.func, *node.args)
        made.keywords = node.keywords
        return place(made, node)

    def stays(self, function: Node) -> bool:
        """Whether a called name is one that the rewrites made, or one that must see its own frame."""
        return isinstance(function, gast.Name) and (function.id in self.names.made or function.id in IN_PLACE)

    def visit_Starred(self, node: Node) -> Node:
        self.generic_visit(node)
        if isinstance(node.ctx, gast.Load):
            node.value = place(operator("unpacked", node.value), node.value)
        return node

    def visit_Assign(self, node: Node) -> Node:
        self.generic_visit(node)
        sequences = [target for target in node.targets if isinstance(target, gast.Tuple | gast.List)]
        nested = any(isinstance(part, gast.Tuple | gast.List) for target in sequences for part in target.elts)
        if nested or (sequences and not isinstance(node.value, gast.Tuple)):
            node.value = place(operator("unpacked", node.value, *[constant(True)] * nested), node.value)
        return node

    def visit_Attribute(self, node: Node) -> Node:
        self.generic_visit(node)
        if not isinstance(node.ctx, gast.Load) or is_operator(node):
            return node
        return place(operator("get_attr", node.value, constant(node.attr)), node)

    def visit_Try(self, node: Node) -> Node:
        self.generic_visit(node)
        if node.handlers or node.finalbody:
            node.body = guarded(node.body, node)
        return node

    visit_TryStar = visit_Try

    def visit_With(self, node: Node) -> Node:
        self.generic_visit(node)
        for item in node.items:
            if not is_operator(getattr(item.context_expr, "func", None) or item.context_expr, "trying"):
                item.context_expr = place(operator("entered", item.context_expr), item.context_expr)
        return node

    def visit_display(self, node: Node) -> Node:
        self.generic_visit(node)
        if not isinstance(getattr(node, "ctx", gast.Load()), gast.Load):
            return node
        return place(operator("made", node), node)

    visit_List = visit_Dict = visit_Set = visit_display

    def visit_Subscript(self, node: Node) -> Node:
        self.generic_visit(node)
        if not isinstance(node.ctx, gast.Load):
            return node
        return place(operator("get_item", node.value, index_value(node.slice)), node)


def guarded(body: list[Node], old: Node) -> list[Node]:
    """Statements that say that they stand in a `try`; what a generator yields to does not."""
    if not any(map(yields, body)):
        item = gast.withitem(context_expr=operator("trying"), optional_vars=None)
        return [place(gast.With(items=[item], body=body, type_comment=None), old)]
    made: list[Node] = []
    for statement in body:
        made += _guarded_parts(statement) if yields(statement) else guarded([statement], statement)
    return made


def _guarded_parts(statement: Node) -> list[Node]:
    for field in BLOCKS:
        if getattr(statement, field, None):
            setattr(statement, field, guarded(getattr(statement, field), statement))
    return [statement]
