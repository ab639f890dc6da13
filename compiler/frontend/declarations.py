"""Declarations: afterwards `global` and `nonlocal` stand first in their function, and no assignment has an annotation.

Blocks become functions of their own, where a declaration would say something else, and where a name that is
annotated cannot be rebound. Python evaluates no annotation inside a function, so none is missed.
"""

from __future__ import annotations

from .quote import place
from .rewriter import Rewriter, after_docstring
from .scope import declared
from .tree import Node, gast


class Declarations(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Declarations, '''
        ... def f(x):
        ...     y: int = x
        ...     if y:
        ...         global z
        ...         z = y
        ... '''))
        def f(x):
            global z
            y = x
            if y:
                z = y
    """

    in_generators = True

    def inside(self, node: Node) -> None:
        kinds = (gast.Global, gast.Nonlocal)
        found = [(kind, list(dict.fromkeys(declared(node.body, kind)))) for kind in kinds]
        node.body = self.statements(node.body)
        at = after_docstring(node.body)
        node.body[at:at] = [place(kind(names=names), node) for kind, names in found if names]
        if not node.body:
            node.body = [gast.Pass()]

    def visit_Global(self, node: Node) -> Node | None:
        return None if len(self.functions) else node

    visit_Nonlocal = visit_Global

    def visit_AnnAssign(self, node: Node) -> Node | None:
        if node.value is not None:
            return self.visit(place(gast.Assign(targets=[node.target], value=node.value, type_comment=None), node))
        if isinstance(node.target, gast.Name):
            return None  # a name that lives here by this alone is declared again at the end
        return self.visit(place(gast.Expr(value=node.target.value), node))

    def generic_visit(self, node: Node) -> Node:
        super().generic_visit(node)
        if isinstance(getattr(node, "body", None), list) and not node.body:
            node.body = [gast.Pass()]
        return node
