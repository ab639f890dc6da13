"""Exits: afterwards no `break`, no `continue` and no loop `else` is left, and `return` leaves no block.

A jump becomes a flag, and what it jumps over stands under `not flag`; where one branch of an `if` always jumps,
the rest simply moves into the other one. The flags that nobody asks are taken out again. A function whose returns
are in no branch and no loop keeps them. `with`, `except` and `finally` see what they see in Python: a block that
jumps is left in the ordinary way, and an exception that overtakes a jump takes its flag back.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from ...runtime.errors import SourceError
from .flow import has_jump, leaves, loop_jumps, repeats_forever
from .quote import assign, constant, deferred, load, negation, operator, place, store, when
from .reads import assigns
from .rewriter import Rewriter, after_docstring
from .scope import Names, bound, declared, own
from .tree import Node, gast

BLOCKS = (gast.If, gast.While, gast.For)


@dataclass
class Flow:
    """Statements without jumps, the flags that they may have set when they end, and whether they always set one."""

    statements: list[Node]
    flags: dict[str, None]
    leaves: bool = False


@dataclass(frozen=True)
class Loop:
    """The flags of a loop."""

    broke: str
    continued: str


class For(gast.For):
    """A `for` that asks `go_on`, if there is one, whether to take a further item."""

    _fields = (*gast.For._fields, "go_on")


class Exits(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Exits, '''
        ... def f(x):
        ...     if x > 0:
        ...         return x
        ...     return -x
        ... '''))
        def f(x):
            if x > 0:
                result_1 = x
            else:
                result_1 = -x
            return result_1
        >>> print(rewritten(Exits, '''
        ... def f(n):
        ...     while n:
        ...         n -= 1
        ...         if n == 3:
        ...             break
        ...         n -= 2
        ...     return n
        ... '''))
        def f(n):
            broke_1 = False
            while not broke_1 and n:
                n -= 1
                if n == 3:
                    broke_1 = True
                else:
                    n -= 2
            return n
    """

    def inside(self, node: Node) -> None:
        node.body = self.statements(node.body)  # inner functions
        node.body = _Function(self.names, node.body).lowered()


class _Function:
    """The lowering of one function."""

    def __init__(self, names: Names, body: list[Node]) -> None:
        self.names, self.body = names, body
        inner = (part for block in own(body) if isinstance(block, BLOCKS) for part in own(_inside(block)))
        self.flagged = any(isinstance(part, gast.Return) for part in inner)
        self.returned, self.result = (names.new("returned"), names.new("result")) if self.flagged else ("", "")
        self.asked: set[str] = set()
        self.flags: set[str] = {self.returned}
        self.unreachable: list[Node] = []

    def lowered(self) -> list[Node]:
        flow = self.block(self.body, None)
        before = self.declarations(flow.statements)
        if self.flagged:
            flow.statements += [self.end(flow)]
            before += [place(assign(self.returned, constant(False)), self.body[0])]
        at = after_docstring(flow.statements)
        flow.statements[at:at] = before
        return _without_flags(flow.statements, self.flags - self.asked)

    def declarations(self, kept: list[Node]) -> list[Node]:
        """Names that only unreachable statements bind still belong to the function."""
        elsewhere = {*bound(kept), *declared(self.body, gast.Global), *declared(self.body, gast.Nonlocal)}
        return [
            place(gast.AnnAssign(target=store(name), annotation=load("object"), value=None, simple=1), self.body[0])
            for name in sorted(set(bound(self.unreachable)) - elsewhere)
        ]

    def end(self, flow: Flow) -> Node:
        """The one return of a function whose returns became flags."""
        value = load(self.result)
        if not assigns(flow.statements, self.result):
            self.asked.add(self.returned)
            value = operator("returned", load(self.returned), deferred(value))
        return place(gast.Return(value=value), self.body[-1])

    def block(self, statements: Sequence[Node], loop: Loop | None) -> Flow:
        made = Flow([], {})
        for i, statement in enumerate(statements):
            rest = list(statements[i + 1 :])
            if isinstance(statement, gast.If) and rest:
                statement, rest = _absorb(statement, rest)
            flow = self.statement(statement, loop)
            made.statements += flow.statements
            made.flags |= flow.flags
            made.leaves = flow.leaves
            if flow.leaves:
                self.unreachable += statements[i + 1 :]
            elif flow.flags and rest:
                inner = self.block(rest, loop)
                made.statements.append(place(when(self.none_of(flow.flags), inner.statements), rest[0]))
                made.flags |= inner.flags
                made.leaves = inner.leaves
            elif rest:
                continue
            break
        return made

    def none_of(self, flags: dict[str, None]) -> Node:
        self.asked.update(flags)
        return negation(list(flags))

    def statement(self, node: Node, loop: Loop | None) -> Flow:
        if isinstance(node, gast.Return):
            return self.returns(node)
        if isinstance(node, (gast.Break, gast.Continue)):
            assert loop is not None
            flag = loop.broke if isinstance(node, gast.Break) else loop.continued
            return Flow([place(assign(flag, constant(True)), node)], {flag: None}, True)
        method = getattr(self, f"lower_{type(node).__name__}", None)
        return method(node, loop) if method else Flow([node], {})

    def returns(self, node: Node) -> Flow:
        if not self.flagged:
            return Flow([node], {}, True)
        value = place(constant(None), node) if node.value is None else node.value
        made = [place(assign(self.result, value), node), place(assign(self.returned, constant(True)), node)]
        return Flow(made, {self.returned: None}, True)

    def lower_If(self, node: Node, loop: Loop | None) -> Flow:
        yes, no = self.block(node.body, loop), self.block(node.orelse, loop)
        made = _with(node, body=yes.statements or [place(gast.Pass(), node)], orelse=no.statements)
        return Flow([made], yes.flags | no.flags, yes.leaves and no.leaves)

    def lower_While(self, node: Node, loop: Loop | None) -> Flow:
        made, flags, flow = self.loop(node)
        if flags:
            stop = place(self.none_of(flags), node.test)
            forever = repeats_forever(node)
            made.test = stop if forever else place(gast.BoolOp(op=gast.And(), values=[stop, node.test]), node.test)
        return self.after_loop(node, made, flags, flow, loop)

    def lower_For(self, node: Node, loop: Loop | None) -> Flow:
        made, flags, flow = self.loop(node)
        go_on = place(self.none_of(flags), node.target) if flags else None
        fields = {name: getattr(made, name) for name in gast.For._fields}
        return self.after_loop(node, place(For(**fields, go_on=go_on), node), flags, flow, loop)

    def loop(self, node: Node) -> tuple[Node, dict[str, None], Flow]:
        """A loop without its `else`, the flags that end it, and what comes before it."""
        breaks, continues = loop_jumps(node)
        own_flags = Loop(self.names.new("broke") if breaks else "", self.names.new("continued") if continues else "")
        self.flags |= {own_flags.broke, own_flags.continued}
        body = self.block(node.body, own_flags)
        if continues:
            body.statements.insert(0, place(assign(own_flags.continued, constant(False)), node.body[0]))
        before = [place(assign(own_flags.broke, constant(False)), node)] if breaks else []
        flags = {flag: None for flag in body.flags if flag != own_flags.continued}
        outside = {flag: None for flag in flags if flag != own_flags.broke}
        never_ends = repeats_forever(node) and not breaks
        return _with(node, body=body.statements, orelse=[]), flags, Flow(before, outside, never_ends)

    def after_loop(self, node: Node, made: Node, flags: dict[str, None], flow: Flow, loop: Loop | None) -> Flow:
        """A loop and its `else`, which runs if nothing ended the loop."""
        flow.statements.append(made)
        if node.orelse and not flow.leaves:
            orelse = self.block(node.orelse, loop)
            if flags:
                orelse.statements = [place(when(self.none_of(flags), orelse.statements), node.orelse[0])]
            flow.statements += orelse.statements
            flow.leaves = orelse.leaves and flow.flags.keys() == flags.keys()
            flow.flags |= orelse.flags
        return flow

    def lower_With(self, node: Node, loop: Loop | None) -> Flow:
        body = self.block(node.body, loop)
        made = _with(node, body=body.statements)
        if not any(has_jump([part]) for part in own(node.body) if isinstance(part, (gast.With, gast.Try))):
            return Flow([made], body.flags)  # it may swallow an exception, and go on
        return self.kept_if_done(node, made, body)

    def kept_if_done(self, node: Node, made: Node, body: Flow) -> Flow:
        """A `with` whose flags are taken back where it swallows an exception that overtook a jump."""
        done = self.names.new("done")
        made.body = [*made.body, place(assign(done, constant(True)), node)]
        back = [place(assign(flag, constant(False)), node) for flag in body.flags]
        if not back:
            return Flow([_with(node, body=body.statements)], {})
        check = place(when(negation([done]), back), node)
        return Flow([place(assign(done, constant(False)), node), made, check], body.flags)

    def lower_Try(self, node: Node, loop: Loop | None) -> Flow:
        self.refuse_jump_out_of_finally(node, loop)
        body = self.block(node.body, loop)
        flags, handlers = dict(body.flags), []
        all_leave = True
        for handler in node.handlers:
            flow = self.block(handler.body, loop)
            back = [place(assign(flag, constant(False)), handler) for flag in body.flags]
            handlers.append(_with(handler, body=back + flow.statements))
            flags |= flow.flags
            all_leave = all_leave and flow.leaves
        orelse = self.block(node.orelse, loop)
        if body.flags and orelse.statements:
            orelse.statements = [place(when(self.none_of(body.flags), orelse.statements), node.orelse[0])]
        final = self.block(node.finalbody, loop)
        parts = {"body": body.statements, "orelse": orelse.statements, "finalbody": final.statements}
        left = (all_leave and (body.leaves or orelse.leaves)) or final.leaves
        return Flow([_with(node, handlers=handlers, **parts)], flags | orelse.flags, left)

    lower_TryStar = lower_Try

    def refuse_jump_out_of_finally(self, node: Node, loop: Loop | None) -> None:
        if has_jump(node.finalbody, returns=self.flagged):
            raise SourceError(
                f"compile: a jump out of `finally` (line {node.finalbody[0].lineno}) would swallow exceptions",
                "Let `finally` only clean up, and jump after the `try` statement.",
            )


def _inside(block: Node) -> list[Node]:
    return [*block.body, *block.orelse]


def _with(node: Node, **fields: object) -> Node:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _absorb(node: Node, rest: list[Node]) -> tuple[Node, list[Node]]:
    """What follows an `if` with one branch that always jumps belongs to the other branch."""
    yes, no = leaves(node.body), leaves(node.orelse)
    if yes and not no:
        return _with(node, orelse=node.orelse + rest), []
    if no and not yes:
        return _with(node, body=node.body + rest), []
    return node, rest


class _Remover(gast.NodeTransformer):
    def __init__(self, flags: set[str]) -> None:
        self.flags = flags

    def visit_FunctionDef(self, node: Node) -> Node:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_Assign(self, node: Node) -> Node | None:
        target = node.targets[0]
        return None if isinstance(target, gast.Name) and target.id in self.flags else node

    def generic_visit(self, node: Node) -> Node:
        super().generic_visit(node)
        if isinstance(getattr(node, "body", None), list) and not node.body:
            node.body = [place(gast.Pass(), node)]
        return node


def _without_flags(statements: list[Node], flags: set[str]) -> list[Node]:
    """Statements without the assignments to flags that nobody asks."""
    body = gast.Module(body=statements, type_ignores=[])
    return _Remover(flags).visit(body).body
