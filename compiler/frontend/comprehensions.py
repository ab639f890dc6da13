"""Comprehensions: afterwards each is a function with a loop that appends, called where the comprehension stood.

The function is Python's own scope of a comprehension, made visible: targets are private to it, walruses bind around
it. A generator expression stays lazy: a generator for plain values stands beside the list for staged ones, and an
operator chooses. A lambda that holds a comprehension or a walrus becomes a function, so that there is a place for
statements; one call of its maker is one evaluation of the lambda.
"""

from __future__ import annotations

import copy

from .quote import call, constant, define, load, operator, place, rebinding, returning, statements, when
from .rewriter import Rewriter
from .scope import COMPREHENSIONS, assigned_inside, is_generator
from .tree import Node, gast, walk


class Comprehensions(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Comprehensions, '''
        ... def f(xs):
        ...     return [x * x for x in xs if x]
        ... '''))
        def f(xs):
            def list_1(items_1):
                made_1 = []
                for x in items_1:
                    if x:
                        made_1.append(x * x)
                return made_1
            return list_1(xs)
    """

    in_generators = True

    def visit_ListComp(self, node: Node) -> Node:
        return self.made("list", "made = []", "made.append(element)", node, element=node.elt)

    def visit_SetComp(self, node: Node) -> Node:
        return self.made("set", "made = wf_.set()", "made.add(element)", node, element=node.elt)

    def visit_DictComp(self, node: Node) -> Node:
        key, value = self.names.new("key"), self.names.new("value")
        step = "k = key\nv = value\nmade[k] = v"  # Python finds the key before the value here
        return self.made("dict", "made = {}", step, node, k=key, v=value, key=node.key, value=node.value)

    def made(self, idea: str, start: str, step: str, node: Node, **parts: Node | str) -> Node:
        """Call a function that fills a container."""
        first = self.visit(node.generators[0].iter)
        name = self.collector(idea, start, step, node, parts)
        return place(call(load(name), first), node)

    def visit_GeneratorExp(self, node: Node) -> Node:
        first = self.visit(node.generators[0].iter)
        lazy = self.generator(copy.deepcopy(node))
        listed = self.collector("list", "made = []", "made.append(element)", node, {"element": node.elt})
        return place(operator("generator", first, load(lazy), load(listed)), node)

    def collector(self, idea: str, start: str, step: str, node: Node, parts: dict[str, Node | str]) -> str:
        """Put a function before this statement that makes a container out of the items it is given."""
        name, items, made = self.names.new(idea), self.names.new("items"), self.names.new("made")
        outer = _declarations(node, self.around)
        innermost = statements(step, node, made=made, **parts)
        body = [*statements(start, node, made=made), *_loops(node, items, innermost), returning(load(made))]
        function = place(define(name, outer + body, [items]), node)
        self.function(function)
        self.before.append(function)
        return name

    def generator(self, node: Node) -> str:
        """Put a generator function before this statement, which stays plain Python."""
        name, items = self.names.new("generate"), self.names.new("items")
        yielded = place(gast.Expr(value=gast.Yield(value=node.elt)), node.elt)
        body = [*_declarations(node, self.around), *_loops(node, items, [yielded])]
        self.before.append(place(define(name, body, [items]), node))
        return name

    def visit_Lambda(self, node: Node) -> Node:
        if is_generator(node) or not any(
            isinstance(part, (*COMPREHENSIONS, gast.NamedExpr)) for part in walk(node.body)
        ):
            return super().visit_Lambda(node)
        self.defaults(node.args)
        values = [*node.args.defaults, *(value for value in node.args.kw_defaults if value is not None)]
        parameters = [self.names.new("default") for _ in values]
        function = self.as_function(node, list(parameters))
        self.function(function)
        maker = self.names.new("make")
        self.before.append(place(define(maker, [function, returning(load(function.name))], parameters), node))
        return place(call(load(maker), *values), node)

    def as_function(self, node: Node, defaults: list[str]) -> Node:
        """A lambda as a definition whose defaults are variables."""
        given = node.args
        given.defaults = [load(defaults.pop(0)) for _ in given.defaults]
        given.kw_defaults = [None if value is None else load(defaults.pop(0)) for value in given.kw_defaults]
        function = place(define(self.names.new("lambda"), [returning(node.body)]), node)
        function.args = given
        return function


def _declarations(node: Node, around: list[Node]) -> list[Node]:
    """What makes the walruses of a comprehension bind around it, but for those in its first iterable."""
    inner = copy.copy(node)
    inner.generators = [copy.copy(node.generators[0]), *node.generators[1:]]
    inner.generators[0].iter = constant(())
    return rebinding(assigned_inside(inner), around)


def _loops(node: Node, items: str, innermost: list[Node]) -> list[Node]:
    """The loops and conditions of a comprehension around its innermost statements."""
    body = innermost
    for i, part in reversed(list(enumerate(node.generators))):
        for test in reversed(part.ifs):
            body = [place(when(test, body), test)]
        source = load(items) if i == 0 else part.iter
        loop = gast.For(target=part.target, iter=source, body=body, orelse=[], type_comment=None)
        body = [place(loop, part.target)]
    return body
