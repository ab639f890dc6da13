"""The text of a tree, for people, dumps and tests: astunparse, mended.

astunparse brackets every operation, prints slices and f-strings wrongly on today's Pythons, and knows no `match`,
no `except*`, no type parameters. Here brackets stand only where the grammar needs them: `dispatch` prints an
expression where only an atom may stand, `loose` where any expression may. What is printed parses to the same tree.
This is the one file that imports astunparse. Nothing runs what it prints: the tree is compiled itself.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Iterable
from typing import Any

import astunparse

from . import literals
from .tree import Node, room_for, to_python

# How tightly an expression holds together; what is not named here is an atom.
YIELD, TEST, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, TERM, FACTOR, POWER, AWAIT, ATOM = range(16)
BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: BIT_OR, ast.BitXor: BIT_XOR, ast.BitAnd: BIT_AND, ast.LShift: SHIFT, ast.RShift: SHIFT,
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: TERM, ast.Div: TERM, ast.FloorDiv: TERM, ast.Mod: TERM,
    ast.MatMult: TERM, ast.Pow: POWER,
}  # fmt: skip
STRENGTH: dict[type[ast.AST], int] = {
    ast.NamedExpr: YIELD, ast.Yield: YIELD, ast.YieldFrom: YIELD, ast.IfExp: TEST, ast.Lambda: TEST,
    ast.Compare: COMPARE, ast.Await: AWAIT,
}  # fmt: skip


def unparse(tree: Node) -> str:
    """The text of one of gast's trees, or of one of Python's own.

    Example:
        >>> from .tree import gast
        >>> print(unparse(gast.parse("y = (x[:, 0] + 1) * -x ** 2")))
        y = (x[:, 0] + 1) * -x ** 2
    """
    return unparse_python(tree if type(tree).__module__ == "ast" else to_python(tree))


def unparse_python(tree: ast.AST) -> str:
    """The text of one of Python's own trees."""
    out = io.StringIO()
    with room_for(tree):
        Printer(tree, out)
    return out.getvalue().strip("\n")


def strength(node: Any) -> int:
    """How tightly an expression holds together when it is printed without brackets."""
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)]
    if isinstance(node, ast.UnaryOp):
        return NOT if isinstance(node.op, ast.Not) else FACTOR
    if isinstance(node, ast.BoolOp):
        return AND if isinstance(node.op, ast.And) else OR
    if isinstance(node, ast.Constant):
        return FACTOR if literals.is_negative(node.value) else ATOM
    return STRENGTH.get(type(node), ATOM)


class Printer(astunparse.Unparser):
    """Prints one of Python's trees to a file, when it is made."""

    in_star = False  # inside the handlers of `except*`

    def dispatch(self, tree: Any) -> None:
        """Print a list, a statement, or an expression where only an atom may stand."""
        if isinstance(tree, ast.expr):
            self.operand(tree, ATOM)
        else:
            super().dispatch(tree)

    def loose(self, node: Any) -> None:
        """Print an expression where any may stand, but none with `:=` or `yield`."""
        self.operand(node, TEST)

    def operand(self, node: Any, least: int) -> None:
        """Print an expression, in brackets unless it holds together at least so tightly."""
        bare = strength(node) >= least
        self.write("" if bare else "(")
        super().dispatch(node)
        self.write("" if bare else ")")

    def each(self, show: Callable[[Any], object], nodes: Iterable[Any]) -> None:
        """Print nodes with commas between."""
        for i, node in enumerate(nodes):
            self.write(", " if i else "")
            show(node)

    def block(self, body: list[Any]) -> None:
        """Print a colon and indented statements."""
        self.enter()
        self.dispatch(body)
        self.leave()

    def part(self, word: str, body: list[Any]) -> None:
        """Print `else:` or `finally:` with its statements, if there are any."""
        if body:
            self.fill(word)
            self.block(body)

    # --- operations

    def _BinOp(self, t: ast.BinOp) -> None:
        """A chain such as a + b - c without brackets, and without recursion: some are a thousand terms long."""
        level = strength(t)
        if isinstance(t.op, ast.Pow):
            return self._infix(t.left, AWAIT, [t], FACTOR)
        chain: list[ast.BinOp] = [t]
        while isinstance(left := chain[-1].left, ast.BinOp) and strength(left) == level:
            chain.append(left)
        self._infix(chain[-1].left, level, reversed(chain), level + 1)

    def _infix(self, first: ast.expr, before: int, chain: Iterable[ast.BinOp], after: int) -> None:
        self.operand(first, before)
        for node in chain:
            self.write(f" {self.binop[type(node.op).__name__]} ")
            self.operand(node.right, after)

    def _UnaryOp(self, t: ast.UnaryOp) -> None:
        sign = self.unop[type(t.op).__name__]
        self.write(sign + " " if sign == "not" else sign)
        self.operand(t.operand, strength(t))

    def _BoolOp(self, t: ast.BoolOp) -> None:
        for i, value in enumerate(t.values):
            self.write(f" {self.boolops[type(t.op)]} " if i else "")
            self.operand(value, strength(t) + 1)

    def _Compare(self, t: ast.Compare) -> None:
        self.operand(t.left, BIT_OR)
        for op, value in zip(t.ops, t.comparators, strict=True):
            self.write(f" {self.cmpops[type(op).__name__]} ")
            self.operand(value, BIT_OR)

    def _IfExp(self, t: ast.IfExp) -> None:
        self.operand(t.body, OR)
        self.write(" if ")
        self.operand(t.test, OR)
        self.write(" else ")
        self.loose(t.orelse)

    def _Lambda(self, t: ast.Lambda) -> None:
        self.write("lambda ")
        self.dispatch(t.args)
        self.write(": ")
        self.loose(t.body)

    def _Await(self, t: ast.Await) -> None:
        self.write("await ")
        self.dispatch(t.value)

    def _Yield(self, t: ast.Yield) -> None:
        self.write("yield" if t.value is None else "yield ")
        if t.value is not None:
            self.loose(t.value)

    def _YieldFrom(self, t: ast.YieldFrom) -> None:
        self.write("yield from ")
        self.loose(t.value)

    def _NamedExpr(self, t: ast.NamedExpr) -> None:
        self.dispatch(t.target)
        self.write(" := ")
        self.loose(t.value)

    # --- atoms and what follows them

    def _Constant(self, t: ast.Constant) -> None:
        self.write(("u" if t.kind == "u" else "") + literals.text_of(t.value))

    def _JoinedStr(self, t: Any) -> None:
        self.write(literals.format_string(t, self.expression))

    _FormattedValue = _TemplateStr = _Interpolation = _JoinedStr

    @staticmethod
    def expression(node: ast.expr) -> str:
        """The text of an expression that stands between braces."""
        out = io.StringIO()
        Printer(node, out)
        text = out.getvalue().strip("\n")
        return f"({text})" if strength(node) <= TEST else text

    def _Attribute(self, t: ast.Attribute) -> None:
        number = isinstance(t.value, ast.Constant) and isinstance(t.value.value, (int, float, complex))
        self.operand(t.value, ATOM + number)
        self.write(f".{t.attr}")

    def _Call(self, t: ast.Call) -> None:
        self.dispatch(t.func)
        self.write("(")
        self.each(self.loose, [*t.args, *t.keywords])
        self.write(")")

    def _keyword(self, t: ast.keyword) -> None:
        self.write("**" if t.arg is None else f"{t.arg}=")
        self.loose(t.value)

    def _Subscript(self, t: ast.Subscript) -> None:
        self.dispatch(t.value)
        self.write("[")
        if isinstance(t.slice, ast.Tuple) and t.slice.elts:
            self._elements(t.slice.elts)
        else:
            self.loose(t.slice)
        self.write("]")

    def _Slice(self, t: ast.Slice) -> None:
        for i, bound in enumerate((t.lower, t.upper, t.step)):
            self.write(":" if i == 1 or (i and bound) else "")
            if bound is not None:
                self.operand(bound, OR)

    def _Starred(self, t: ast.Starred) -> None:
        self.write("*")
        self.operand(t.value, BIT_OR)

    def _elements(self, elements: list[ast.expr]) -> None:
        """The inside of a tuple, which needs a comma after a single element."""
        self.each(self.loose, elements)
        self.write("," if len(elements) == 1 else "")

    def _Tuple(self, t: ast.Tuple) -> None:
        self.write("(")
        self._elements(t.elts)
        self.write(")")

    def _List(self, t: ast.List) -> None:
        self.write("[")
        self.each(self.loose, t.elts)
        self.write("]")

    def _Set(self, t: ast.Set) -> None:
        self.write("{")
        self.each(self.loose, t.elts)
        self.write("}" if t.elts else "*()}")

    def _Dict(self, t: ast.Dict) -> None:
        self.write("{")
        self.each(self._item, zip(t.keys, t.values, strict=True))
        self.write("}")

    def _item(self, item: tuple[ast.expr | None, ast.expr]) -> None:
        key, value = item
        if key is None:
            self.write("**")
            self.operand(value, BIT_OR)
        else:
            self.loose(key)
            self.write(": ")
            self.loose(value)

    def _comprehension(self, t: ast.comprehension) -> None:
        self.write(" async for " if t.is_async else " for ")
        self.dispatch(t.target)
        self.write(" in ")
        self.operand(t.iter, OR)
        for test in t.ifs:
            self.write(" if ")
            self.operand(test, OR)

    # --- simple statements

    def _Expr(self, t: ast.Expr) -> None:
        self.fill()
        self.loose(t.value)

    def _Assign(self, t: ast.Assign) -> None:
        self.fill()
        for target in t.targets:
            self.loose(target)
            self.write(" = ")
        self.loose(t.value)

    def _AugAssign(self, t: ast.AugAssign) -> None:
        self.fill()
        self.dispatch(t.target)
        self.write(f" {self.binop[type(t.op).__name__]}= ")
        self.loose(t.value)

    def _AnnAssign(self, t: ast.AnnAssign) -> None:
        self.fill()
        self.operand(t.target, ATOM + (isinstance(t.target, ast.Name) and not t.simple))
        self._annotation(t.annotation)
        if t.value is not None:
            self.write(" = ")
            self.loose(t.value)

    def _annotation(self, annotation: ast.expr | None) -> None:
        if annotation is not None:
            self.write(": ")
            self.loose(annotation)

    def _Return(self, t: ast.Return) -> None:
        self._say("return", t.value)

    def _Raise(self, t: ast.Raise) -> None:
        self._say("raise", t.exc)
        if t.cause is not None:
            self.write(" from ")
            self.loose(t.cause)

    def _Assert(self, t: ast.Assert) -> None:
        self._say("assert", t.test)
        if t.msg is not None:
            self.write(", ")
            self.loose(t.msg)

    def _say(self, word: str, value: ast.expr | None) -> None:
        self.fill(word if value is None else word + " ")
        if value is not None:
            self.loose(value)

    def _TypeAlias(self, t: Any) -> None:
        self.fill("type ")
        self.dispatch(t.name)
        self._type_params(t)
        self.write(" = ")
        self.loose(t.value)

    # --- compound statements

    def _While(self, t: ast.While) -> None:
        self._say("while", t.test)
        self.block(t.body)
        self.part("else", t.orelse)

    def _For(self, t: ast.For | ast.AsyncFor) -> None:
        self._say("async for" if isinstance(t, ast.AsyncFor) else "for", t.target)
        self.write(" in ")
        self.loose(t.iter)
        self.block(t.body)
        self.part("else", t.orelse)

    _AsyncFor = _For

    def _If(self, t: ast.If) -> None:
        self._say("if", t.test)
        self.block(t.body)
        while len(t.orelse) == 1 and isinstance(t.orelse[0], ast.If):
            t = t.orelse[0]
            self._say("elif", t.test)
            self.block(t.body)
        self.part("else", t.orelse)

    def _With(self, t: ast.With | ast.AsyncWith) -> None:
        self.fill("async with " if isinstance(t, ast.AsyncWith) else "with ")
        self.each(self.dispatch, t.items)
        self.block(t.body)

    _AsyncWith = _With

    def _withitem(self, t: ast.withitem) -> None:
        self.operand(t.context_expr, TEST if not isinstance(t.context_expr, ast.Tuple) else ATOM + 1)
        if t.optional_vars is not None:
            self.write(" as ")
            self.dispatch(t.optional_vars)

    def _Try(self, t: Any) -> None:
        outside, self.in_star = self.in_star, type(t).__name__ == "TryStar"
        self.fill("try")
        self.block(t.body)
        for handler in t.handlers:
            self._handler(handler, "except*" if type(t).__name__ == "TryStar" else "except")
        self.part("else", t.orelse)
        self.part("finally", t.finalbody)
        self.in_star = outside

    _TryStar = _Try

    def _handler(self, t: ast.ExceptHandler, word: str) -> None:
        self._say(word, t.type)
        self.write(f" as {t.name}" if t.name else "")
        self.block(t.body)

    def _ExceptHandler(self, t: ast.ExceptHandler) -> None:
        self._handler(t, "except")

    def _Match(self, t: ast.Match) -> None:
        self._say("match", t.subject)
        self.enter()
        for case in t.cases:
            self.fill(f"case {ast.unparse(case.pattern)}")
            if case.guard is not None:
                self.write(" if ")
                self.loose(case.guard)
            self.block(case.body)
        self.leave()

    # --- definitions

    def _FunctionDef(self, t: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._head(t, "async def" if isinstance(t, ast.AsyncFunctionDef) else "def")
        self.write("(")
        self.dispatch(t.args)
        self.write(")")
        if t.returns is not None:
            self.write(" -> ")
            self.loose(t.returns)
        self._described(t)

    _AsyncFunctionDef = _FunctionDef

    def _ClassDef(self, t: ast.ClassDef) -> None:
        self._head(t, "class")
        if t.bases or t.keywords:
            self.write("(")
            self.each(self.loose, [*t.bases, *t.keywords])
            self.write(")")
        self._described(t)

    def _head(self, t: Any, word: str) -> None:
        self.write("\n")
        for decorator in t.decorator_list:
            self.fill("@")
            self.loose(decorator)
        self.fill(f"{word} {t.name}")
        self._type_params(t)

    def _described(self, t: Any) -> None:
        """The body of a definition, its description on lines of its own."""
        self.enter()
        first = t.body[0] if t.body else None
        text = literals.docstring(first)
        if text:
            self.fill(text)
        self.dispatch(t.body[1:] if text else t.body)
        self.leave()

    def _type_params(self, t: Any) -> None:
        params = getattr(t, "type_params", None)
        if params:
            self.write("[")
            self.each(self._type_param, params)
            self.write("]")

    def _type_param(self, t: Any) -> None:
        self.write({"TypeVarTuple": "*", "ParamSpec": "**"}.get(type(t).__name__, "") + t.name)
        self._annotation(getattr(t, "bound", None))
        default = getattr(t, "default_value", None)
        if default is not None:
            self.write(" = ")
            self.loose(default)

    def _arguments(self, t: ast.arguments) -> None:
        plain = [*t.posonlyargs, *t.args]
        defaults = [None] * (len(plain) - len(t.defaults)) + t.defaults
        shown: list[tuple[str, ast.arg | None, ast.expr | None]] = [
            ("", a, d) for a, d in zip(plain, defaults, strict=True)
        ]
        if t.posonlyargs:
            shown.insert(len(t.posonlyargs), ("/", None, None))
        if t.vararg or t.kwonlyargs:
            shown.append(("*", t.vararg, None))
        shown += [("", a, d) for a, d in zip(t.kwonlyargs, t.kw_defaults, strict=True)]
        if t.kwarg:
            shown.append(("**", t.kwarg, None))
        self.each(self._parameter, shown)

    def _parameter(self, shown: tuple[str, ast.arg | None, ast.expr | None]) -> None:
        star, argument, default = shown
        self.write(star)
        if argument is not None:
            self._arg(argument)
        if default is not None:
            self.write("=")
            self.loose(default)

    def _arg(self, t: ast.arg) -> None:
        self.write(t.arg)
        self._annotation(t.annotation)


