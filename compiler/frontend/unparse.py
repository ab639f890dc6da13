"""The text of a tree, for people, dumps and tests: astunparse, mended.

astunparse brackets every operation, prints slices and f-strings wrongly on today's Pythons, and knows no `match`,
no `except*`, no type parameters. What is printed here parses to the same tree. Nothing runs it: the tree is compiled
itself.
"""

from __future__ import annotations

import ast
import io
from typing import Any

from . import literals
from .printing import ATOM, TEST, ExpressionPrinter
from .tree import Node, room_for, to_python


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


class Printer(ExpressionPrinter):
    """Prints one of Python's trees to a file, when it is made."""

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

    # --- simple statements

    def _Expr(self, tree: ast.Expr) -> None:
        self.fill()
        self.loose(tree.value)

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
        self.annotated(t.annotation)
        if t.value is not None:
            self.write(" = ")
            self.loose(t.value)

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
        self.fill("try")
        self.block(t.body)
        for handler in t.handlers:
            self._handler(handler, "except*" if type(t).__name__ == "TryStar" else "except")
        self.part("else", t.orelse)
        self.part("finally", t.finalbody)

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
        self.annotated(getattr(t, "bound", None))
        default = getattr(t, "default_value", None)
        if default is not None:
            self.write(" = ")
            self.loose(default)
