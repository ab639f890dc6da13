"""The text of expressions: astunparse's printer, mended, with brackets only where the grammar needs them.

`dispatch` prints an expression where only an atom may stand, `loose` where any expression may; each method says how
tightly its operands must hold together. This is the one file that imports astunparse.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Iterable
from typing import Any

import astunparse

from . import literals

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


class ExpressionPrinter(astunparse.Unparser):
    """Prints one of Python's expressions to a file, when it is made."""

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

    def _NamedExpr(self, tree: ast.NamedExpr) -> None:
        self.dispatch(tree.target)
        self.write(" := ")
        self.loose(tree.value)

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
        ExpressionPrinter(node, out)
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

    # --- parameters

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
        self.annotated(t.annotation)

    def annotated(self, annotation: ast.expr | None) -> None:
        if annotation is not None:
            self.write(": ")
            self.loose(annotation)
