"""New pieces of tree, written briefly: names, calls of operators, block functions, and statements quoted as text.

A piece takes the place of the node that it stands for; what is inside and has no place of its own inherits it when
the tree becomes Python's again. Rewritten code knows the operators under the one name `wf_`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from functools import cache

from .scope import assigned_inside, declared
from .tree import POSITION, Node, gast, walk

OPERATORS = "wf_"


def place(new: Node, old: Node) -> Node:
    """`new`, standing where `old` stands."""
    if getattr(old, "lineno", None) is not None:
        for name in POSITION:
            setattr(new, name, getattr(old, name, None))
    return new


def load(name: str) -> Node:
    """The value of a name."""
    return gast.Name(id=name, ctx=gast.Load(), annotation=None, type_comment=None)


def store(name: str) -> Node:
    """A name as a target."""
    return gast.Name(id=name, ctx=gast.Store(), annotation=None, type_comment=None)


def constant(value: object) -> Node:
    """A literal."""
    return gast.Constant(value=value, kind=None)


def condition(node: Node) -> Node:
    """An expression of which only the truth is asked: its `and` and `or` need not give one of their operands."""
    if isinstance(node, gast.BoolOp):
        node.is_condition = True
        for value in node.values:
            condition(value)
    return node


def names_literal(names: Iterable[str]) -> Node:
    """A tuple of strings."""
    return gast.Tuple(elts=[constant(name) for name in names], ctx=gast.Load())


def call(function: Node, *arguments: Node) -> Node:
    """A plain call."""
    return gast.Call(func=function, args=list(arguments), keywords=[])


def operator(name: str, *arguments: Node) -> Node:
    """`wf_.name(arguments)`."""
    return call(gast.Attribute(value=load(OPERATORS), attr=name, ctx=gast.Load()), *arguments)


def is_operator(node: Node, name: str | None = None) -> bool:
    """Whether a node is `wf_.something`, or `wf_.name`."""
    if not isinstance(node, gast.Attribute) or not isinstance(node.value, gast.Name):
        return False
    return node.value.id == OPERATORS and name in (None, node.attr)


def deferred(value: Node) -> Node:
    """`lambda: value`."""
    return place(gast.Lambda(args=arguments(), body=value), value)


def arguments(names: Sequence[str] = ()) -> Node:
    """Plain parameters."""
    given = [gast.Name(id=name, ctx=gast.Param(), annotation=None, type_comment=None) for name in names]
    return gast.arguments(
        args=given, posonlyargs=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )


def define(name: str, body: list[Node], names: Sequence[str] = ()) -> Node:
    """`def name(names): body`."""
    return gast.FunctionDef(
        name=name,
        args=arguments(names),
        body=body or [gast.Pass()],
        decorator_list=[],
        returns=None,
        type_comment=None,
        type_params=[],
    )


def returning(value: Node) -> Node:
    """`return value`."""
    return place(gast.Return(value=value), value)


def assign(name: str, value: Node) -> Node:
    """`name = value`."""
    return gast.Assign(targets=[store(name)], value=value, type_comment=None)


def negation(flags: Sequence[str]) -> Node:
    """`not flag`, or `not (flag or other)`."""
    values = [load(flag) for flag in flags]
    operand = values[0] if len(values) == 1 else gast.BoolOp(op=gast.Or(), values=values)
    return gast.UnaryOp(op=gast.Not(), operand=operand)


def when(test: Node, body: list[Node], orelse: Sequence[Node] = ()) -> Node:
    """`if test: body`, `else: orelse`."""
    return gast.If(test=test, body=body or [gast.Pass()], orelse=list(orelse))


def rebinding(names: Sequence[str], around: Iterable[Node]) -> list[Node]:
    """The declarations by which an inner function rebinds names of the function whose statements stand `around` it."""
    everywhere = set(declared(around, gast.Global))
    outer = [name for name in names if name not in everywhere]
    world = [name for name in names if name in everywhere]
    found = [gast.Nonlocal(names=outer)] if outer else []
    return found + ([gast.Global(names=world)] if world else [])


def block(
    name: str, body: list[Node], around: Iterable[Node], binds: Sequence[str], parameters: Sequence[str] = ()
) -> Node:
    """A function without results that runs `body` in place: what it binds, it binds around it."""
    return define(name, rebinding([n for n in binds if n not in parameters], around) + body, parameters)


def evaluating(name: str, value: Node, around: Iterable[Node]) -> Node:
    """A function that gives the value of an expression, walruses included."""
    return place(define(name, [*rebinding(assigned_inside(value), around), returning(value)]), value)


def statements(text: str, old: Node, **parts: Node | str) -> list[Node]:
    """Statements quoted as text, at the place of `old`; names that are keys of `parts` stand for these.

    Example:
        >>> from .tree import gast
        >>> (found,) = statements("total = f(x)", gast.parse("g()").body[0], total="sum_1", x=load("y"))
        >>> gast.dump(found.targets[0]), found.lineno, found.value.args[0].id
        ("Name(id='sum_1', ctx=Store(), annotation=None, type_comment=None)", 1, 'y')
    """
    filled = [_Filler(parts).visit(statement) for statement in copy.deepcopy(_parsed(text))]
    return [place(statement, old) for statement in filled]


def expression(text: str, old: Node, **parts: Node | str) -> Node:
    """An expression quoted as text, at the place of `old`."""
    (found,) = statements(text, old, **parts)
    return place(found.value, old)


@cache
def _parsed(text: str) -> list[Node]:
    body = gast.parse(text).body
    for statement in body:
        for node in walk(statement):
            for name in POSITION:
                if hasattr(node, name):
                    delattr(node, name)
    return body


class _Filler(gast.NodeTransformer):
    def __init__(self, parts: dict[str, Node | str]) -> None:
        self.parts = parts

    def visit_Name(self, node: Node) -> Node:
        part = self.parts.get(node.id)
        if isinstance(part, str):
            node.id = part
            return node
        return node if part is None else part
