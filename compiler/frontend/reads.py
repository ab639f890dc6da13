"""Reads: afterwards a name that may have no value where it is read is read by an operator, and only such a name.

The analysis follows the text forward with the set of names that certainly have a value. It errs on the careful
side: a `with` may swallow an exception anywhere inside it, a `try` may be left anywhere. An inner function may
trust what is assigned where it is defined and deleted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from .quote import assign, constant, deferred, operator, place, returning
from .rewriter import Rewriter
from .scope import Names, declared, local_names, own, parameters
from .tree import Node, gast


class Reads(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Reads, '''
        ... def f(x):
        ...     for i in x:
        ...         y = i
        ...     return y
        ... '''))
        def f(x):
            for i in x:
                y = i
            return wf_.read(lambda: y, 'y')
    """

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.tracked: set[str] = set()  # names of this function, and those around it that may have no value
        self.free: set[str] = set()  # those of them that belong to a function around
        self.deleted: set[str] = set()
        self.assigned: set[str] = set()

    def inside(self, node: Node) -> None:
        saved = self.tracked, self.free, self.deleted, self.assigned
        mine = set(local_names(node))
        loose = (self.tracked - self.assigned) | (self.tracked & self.deleted)
        self.free = loose - mine
        self.tracked = (mine | self.free) - self.names.made - set(declared(node.body, gast.Global))
        self.deleted = set(_deletions(node.body))
        self.assigned = set(parameters(node))
        node.body = self.statements(node.body)
        self.tracked, self.free, self.deleted, self.assigned = saved

    def visit_FunctionDef(self, node: Node) -> Node:
        before = set(self.assigned)
        if not node.decorator_list:
            self.assigned.add(node.name)  # it can only run when it has its name
        made = super().visit_FunctionDef(node)
        self.assigned = before | {node.name}
        return made

    def visit_AsyncFunctionDef(self, node: Node) -> Node:
        self.assigned.add(node.name)
        return node

    def visit_ClassDef(self, node: Node) -> Node:
        super().visit_ClassDef(node)
        self.assigned.add(node.name)
        return node

    def visit_Lambda(self, node: Node) -> Node:
        self.defaults(node.args)
        function = gast.FunctionDef("", node.args, [returning(node.body)], [], None, None, [])
        self.functions.append(function)
        self.inside(function)
        self.functions.pop()
        node.body = function.body[0].value
        return node

    # --- expressions ----------------------------------------------------------------------------------------------

    def visit_Name(self, node: Node) -> Node:
        if not isinstance(node.ctx, gast.Load):
            if isinstance(node.ctx, gast.Store):
                self.assigned.add(node.id)
            return node
        return node if self.has_value(node.id) else self.read(node)

    def has_value(self, name: str) -> bool:
        return name not in self.tracked or name in self.assigned

    def read(self, node: Node) -> Node:
        name = place(gast.Name(node.id, gast.Load(), None, None), node)
        kind = "read_free" if node.id in self.free else "read"
        return place(operator(kind, deferred(name), constant(node.id)), node)

    def visit_NamedExpr(self, node: Node) -> Node:
        node.value = self.visit(node.value)
        node.target = self.visit(node.target)
        return node

    def visit_BoolOp(self, node: Node) -> Node:
        node.values = self.maybe_later(node.values)
        return node

    def visit_Compare(self, node: Node) -> Node:
        node.left = self.visit(node.left)
        node.comparators = self.maybe_later(node.comparators)
        return node

    def maybe_later(self, values: list[Node]) -> list[Node]:
        """The first value is evaluated; the others may be."""
        first = self.visit(values[0])
        certain = set(self.assigned)
        rest = [self.visit(value) for value in values[1:]]
        self.assigned = certain
        return [first, *rest]

    def visit_IfExp(self, node: Node) -> Node:
        node.test = self.visit(node.test)
        start = set(self.assigned)
        node.body = self.visit(node.body)
        after, self.assigned = self.assigned, start
        node.orelse = self.visit(node.orelse)
        self.assigned &= after
        return node

    def visit_Dict(self, node: Node) -> Node:
        for i, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            node.keys[i] = None if key is None else self.visit(key)
            node.values[i] = self.visit(value)
        return node

    # --- statements -----------------------------------------------------------------------------------------------

    def visit_Assign(self, node: Node) -> Node:
        node.value = self.visit(node.value)
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def visit_AugAssign(self, node: Node) -> list[Node]:
        made = []
        if isinstance(node.target, gast.Name) and not self.has_value(node.target.id):
            made = [place(assign(node.target.id, self.read(node.target)), node)]
        node.value = self.visit(node.value)
        node.target = self.visit(node.target)
        return [*made, node]

    def visit_Delete(self, node: Node) -> list[Node]:
        made = []
        for target in node.targets:
            if isinstance(target, gast.Name):
                if not self.has_value(target.id):
                    made.append(place(gast.Expr(value=self.read(target)), node))
                self.assigned.discard(target.id)
            made.append(place(gast.Delete(targets=[self.visit(target)]), node))
        return made

    def visit_Return(self, node: Node) -> Node:
        self.generic_visit(node)
        self.assigned |= self.tracked  # nothing that follows runs
        return node

    def visit_AnnAssign(self, node: Node) -> Node:
        return node  # a bare declaration

    def visit_alias(self, node: Node) -> Node:
        self.assigned.add(node.asname or node.name.partition(".")[0])
        return node

    def visit_If(self, node: Node) -> Node:
        node.test = self.visit(node.test)
        start = set(self.assigned)
        node.body = self.statements(node.body)
        after, self.assigned = self.assigned, start
        node.orelse = self.statements(node.orelse)
        self.assigned &= after
        return node

    def visit_While(self, node: Node) -> Node:
        self.assigned -= set(_deletions(node.body))
        node.test = self.visit(node.test)
        after = set(self.assigned)
        node.body = self.statements(node.body)
        self.assigned = after
        node.orelse = self.statements(node.orelse)
        self.assigned &= after
        return node

    def visit_For(self, node: Node) -> Node:
        node.iter = self.visit(node.iter)
        self.assigned -= set(_deletions(node.body))
        start = set(self.assigned)
        node.target = self.visit(node.target)
        node.body = self.statements(node.body)
        self.assigned = start
        node.orelse = self.statements(node.orelse)
        self.assigned &= start
        return node

    def visit_With(self, node: Node) -> Node:
        for item in node.items:
            self.visit(item)
        start = set(self.assigned)
        node.body = self.statements(node.body)
        self.assigned &= start
        return node

    def visit_withitem(self, node: Node) -> Node:
        node.context_expr = self.visit(node.context_expr)
        if node.optional_vars is not None:
            node.optional_vars = self.visit(node.optional_vars)
        return node

    def visit_Try(self, node: Node) -> Node:
        lost = set(_deletions([node]))
        start = self.assigned - lost
        node.body = self.statements(node.body)
        whole = set(self.assigned)
        ends = []
        for handler in node.handlers:
            self.assigned = set(start)
            ends.append(self.handler(handler))
        self.assigned = whole
        node.orelse = self.statements(node.orelse)
        for end in ends:
            self.assigned &= end
        after, self.assigned = self.assigned, set(start)
        node.finalbody = self.statements(node.finalbody)
        self.assigned = (after | (self.assigned - start)) - set(_deletions(node.finalbody))
        return node

    visit_TryStar = visit_Try

    def handler(self, node: Node) -> set[str]:
        """Visit a handler; its name has no value any more when it ends."""
        if node.type is not None:
            node.type = self.visit(node.type)
        if node.name is not None:
            node.name = self.visit(node.name)
        node.body = self.statements(node.body)
        return self.assigned - ({node.name.id} if node.name is not None else set())


def assigns(statements: Iterable[Node], name: str) -> bool:
    """Whether statements without jumps certainly give a name its value, as far as branches alone can tell."""
    for node in statements:
        if isinstance(node, gast.If) and assigns(node.body, name) and assigns(node.orelse, name):
            return True
        if isinstance(node, gast.Assign) and any(isinstance(t, gast.Name) and t.id == name for t in node.targets):
            return True
    return False


def _deletions(statements: list[Node]) -> list[str]:
    """The names that statements, or functions inside them, may leave without a value."""
    names: list[str] = []
    for node in own(statements):
        if isinstance(node, gast.Name) and isinstance(node.ctx, gast.Del):
            names.append(node.id)
        elif isinstance(node, gast.ExceptHandler) and node.name is not None:
            names.append(node.name.id)
        elif isinstance(node, (gast.FunctionDef, gast.ClassDef)):
            names += _deletions(node.body)
    return names
