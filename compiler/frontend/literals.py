"""The text of literals: numbers that have none of their own, strings with braces, descriptions on lines of their own.

A rewrite may put constants into a tree that no source can hold, such as -2, NaN or a huge number. Their text is an
expression of the same value.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable
from typing import Any

NESTING_STRINGS = sys.version_info >= (3, 12)  # any text may stand between the braces of an f-string since then
INFINITY = "1e309"


def is_negative(value: object) -> bool:
    """Whether the text of a number begins with a minus."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.copysign(1, _sign(value)) < 0


def _sign(value: float) -> float:
    if isinstance(value, int):  # which may be too large for a float
        return -1.0 if value < 0 else 1.0
    return 1.0 if math.isnan(value) else value


def text_of(value: Any) -> str:
    """An expression for a constant.

    Example:
        >>> text_of(float("inf")), text_of((1, None)), text_of(complex(1, -2))
        ('1e309', '(1, None)', 'complex(1.0, -2.0)')
    """
    if value is Ellipsis:
        return "..."
    if isinstance(value, (float, complex)):
        return _inexact(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(text_of, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, frozenset):
        return f"frozenset({text_of(tuple(value))})"
    try:
        return repr(value)
    except ValueError:  # Python refuses to write a number of more than 4,300 digits as a decimal
        return hex(value)


def _inexact(value: complex) -> str:
    if isinstance(value, float):
        return f"({INFINITY} - {INFINITY})" if math.isnan(value) else repr(value).replace("inf", INFINITY)
    if value.real == 0 and math.copysign(1, value.real) > 0 and math.copysign(1, value.imag) > 0 and value == value:
        return repr(value).replace("inf", INFINITY)
    return f"complex({_inexact(value.real)}, {_inexact(value.imag)})"


def docstring(statement: Any) -> str:
    """A description as a long string, its lines as they are; "" where a statement is none, or needs escapes."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return ""
    text, kind = statement.value.value, statement.value.kind
    if not isinstance(text, str) or kind or text.endswith('"') or '"""' in text or "\\" in text:
        return ""
    return f'"""{text}"""' if text.replace("\n", "").isprintable() else ""


# --- f-strings and t-strings ----------------------------------------------------------------------------------------


def format_string(node: Any, show: Callable[[ast.expr], str]) -> str:
    """An f-string or t-string, whose expressions `show` prints."""
    if not NESTING_STRINGS:  # quotes and backslashes are scarce then, and Python's own printer knows how to save them
        return ast.unparse(node)
    kind = "t" if type(node).__name__ in ("TemplateStr", "Interpolation") else "f"
    parts = node.values if hasattr(node, "values") else [node]
    return f"{kind}'{''.join(_part(part, show) for part in parts)}'"


def _part(part: Any, show: Callable[[ast.expr], str]) -> str:
    if isinstance(part, ast.Constant):
        return _escaped(part.value).replace("{", "{{").replace("}", "}}")
    text = _expression(part, show)
    conversion = "" if part.conversion == -1 else f"!{chr(part.conversion)}"
    form = "" if part.format_spec is None else ":" + "".join(_form(p, show) for p in part.format_spec.values)
    return f"{{{' ' if text.startswith('{') else ''}{text}{conversion}{form}}}"


def _form(part: Any, show: Callable[[ast.expr], str]) -> str:
    """A piece of a format; braces in it are escaped by number, for Pythons differ in what doubled ones mean there."""
    if isinstance(part, ast.Constant):
        return _escaped(part.value).replace("{", r"\x7b").replace("}", r"\x7d")
    return _part(part, show)


def _expression(part: Any, show: Callable[[ast.expr], str]) -> str:
    """The text between the braces; a t-string keeps that of the user, which is a part of its value."""
    text = show(part.value)
    users = getattr(part, "str", None)
    return users if isinstance(users, str) and _says(users, text) else text


def _says(users: str, text: str) -> bool:
    try:
        return ast.dump(ast.parse(f"({users}\n)", mode="eval")) == ast.dump(ast.parse(f"({text})", mode="eval"))
    except SyntaxError:
        return False


def _escaped(text: object) -> str:
    """A string as it stands between single quotes."""
    return repr(f'"{text}')[2:-1]  # a double quote in it makes repr choose single ones
