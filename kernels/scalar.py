"""Scalar expressions of the op table, `{0} > 0 ? {0} : {1} * expm1({0})` say, read and applied to elements.

The text is C's: operators, calls, `?:`, numbers, and operands in braces. It is read once into a tree; applying the
tree to typed elements gives an expression of the kernel IR, in which comparisons are bool and every number has the
dtype that the op computes in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..runtime import dtypes
from .kernel import Apply, Cast, Expr, Number

Tree = tuple[Any, ...]  # ("operand", i), ("number", v), or (symbol, *trees)

TOKEN = re.compile(r"\s*(\{\d\}|\d+\.?\d*(?:e[-+]?\d+)?|\w+|&&|\|\||[<>=!]=|.)")
LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
LOGICAL = frozenset({"&&", "||", "!"})
PREDICATES = frozenset({"wf_isnan", "wf_isinf", "wf_isfinite", "wf_signbit"})


class _Reader:
    """A recursive descent through the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = [*TOKEN.findall(text), "end"]
        self.at = 0

    def take(self, *wanted: str) -> str:
        """The next token if it is one of these, else nothing."""
        token = self.tokens[self.at]
        if token not in wanted:
            return ""
        self.at += 1
        return token

    def choice(self) -> Tree:
        test = self.level(0)
        if not self.take("?"):
            return test
        chosen = self.choice()
        self.expect(":")
        return ("?:", test, chosen, self.choice())

    def level(self, i: int) -> Tree:
        if i == len(LEVELS):
            return self.unary()
        left = self.level(i + 1)
        while symbol := self.take(*LEVELS[i]):
            left = (symbol, left, self.level(i + 1))
        return left

    def unary(self) -> Tree:
        symbol = self.take("-", "!")
        if not symbol:
            return self.atom()
        x = self.unary()
        return ("number", -x[1]) if symbol == "-" and x[0] == "number" else (symbol, x)

    def atom(self) -> Tree:
        token = self.tokens[self.at]
        self.at += 1
        if token == "(":
            inner = self.choice()
            self.expect(")")
            return inner
        if token.startswith("{"):
            return ("operand", int(token[1]))
        if token[0].isdigit():
            return ("number", float(token) if re.search(r"[.e]", token) else int(token))
        return self.call(token)

    def call(self, name: str) -> Tree:
        self.expect("(")
        args = [self.choice()]
        while self.take(","):
            args.append(self.choice())
        self.expect(")")
        return (name, *args)

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise SyntaxError(f"{token!r} expected in {''.join(self.tokens)}")


@cache
def read(text: str) -> Tree:
    """The tree of an expression.

    Errors: SyntaxError.
    """
    reader = _Reader(text)
    tree = reader.choice()
    reader.expect("end")
    return tree


def number(value: Any, dtype: np.dtype) -> Number:
    """A literal of a dtype."""
    return Number(dtype, value)


def cast(x: Expr, dtype: np.dtype) -> Expr:
    """An element as another dtype; a literal is cast at once."""
    if x.dtype is dtype:
        return x
    return Number(dtype, x.value) if isinstance(x, Number) and dtype is not dtypes.bool_ else Cast(dtype, x)


def truth(x: Expr) -> Expr:
    """Whether an element is not zero."""
    return x if x.dtype is dtypes.bool_ else Apply(dtypes.bool_, "!=", (x, Number(x.dtype, 0)))


def build(tree: Tree, args: Sequence[Expr], dtype: np.dtype) -> Expr:
    """The expression that a tree gives for these elements, numbers being of `dtype`."""
    symbol, *rest = tree
    if symbol == "operand":
        return args[rest[0]]
    if symbol == "number":
        return Number(dtype, rest[0])
    parts = [build(part, args, dtype) for part in rest]
    if symbol in LOGICAL:
        return Apply(dtypes.bool_, symbol, tuple(map(truth, parts)))
    if symbol in COMPARISONS or symbol in PREDICATES:
        if parts[0].dtype is dtypes.bool_ and symbol in ("==", "!="):
            return Apply(dtypes.bool_, symbol, tuple(parts))
        return Apply(dtypes.bool_, symbol, tuple(parts))
    if symbol == "?:":
        return Apply(parts[-1].dtype, symbol, (truth(parts[0]), *parts[1:]))
    return Apply(parts[-1].dtype, symbol, tuple(parts))
