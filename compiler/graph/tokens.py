"""The pieces of graph text, and a cursor over them that says where something is wrong.

This file knows nothing of graphs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ...runtime.errors import SourceError

_TOKEN = re.compile(
    r"""(?P<space>[^\S\n]+|\#[^\n]*)
      | (?P<newline>\n|;)
      | (?P<number>-?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|inf\b|nan\b))
      | (?P<name>[^\W\d][\w.]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<refused><[^>\n]*>)
      | (?P<mark>->|\.\.\.|//|[=!>]=|[()\[\]{},:=+*%-])""",
    re.VERBOSE,
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """A piece of text, its kind, and where it begins."""

    kind: str
    text: str
    at: int


def tokens(source: str) -> list[Token]:
    """The pieces of a text; ends of lines only where they mean something, which is not inside brackets."""
    found, at, open_ = [], 0, []
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise _error(source, at, f"{source[at]!r} has no meaning here")
        kind, piece = str(match.lastgroup), match.group()
        if piece in _PAIRS:
            open_.append(piece)
        elif piece in _PAIRS.values() and open_:
            open_.pop()
        in_brackets = bool(open_) and open_[-1] != "{"
        if kind != "space" and not (kind == "newline" and in_brackets and piece == "\n"):
            found.append(Token(kind, piece, at))
        at = match.end()
    return [*found, Token("end", "", at)]


def _error(source: str, at: int, what: str, hint: str = "") -> SourceError:
    line, column = source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
    return SourceError(f"graph text, line {line}, column {column}: {what}", hint)


class Cursor:
    """Goes through the tokens of a text from left to right."""

    def __init__(self, source: str) -> None:
        self.source, self.tokens, self.i = source, tokens(source), 0

    @property
    def next(self) -> Token:
        return self.tokens[self.i]

    def take(self) -> Token:
        token = self.tokens[self.i]
        self.i += token.kind != "end"
        return token

    def error(self, what: str, token: Token | None = None, hint: str = "") -> SourceError:
        return _error(self.source, (token or self.next).at, what, hint)

    def accept(self, text: str) -> bool:
        """Take this token if it comes next."""
        found = self.next.text == text and self.next.kind in ("mark", "name", "newline")
        self.i += found
        return found

    def expect(self, text: str) -> Token:
        if self.next.text != text or self.next.kind == "string":
            raise self.error(f"{text!r} is missing before {self.next.text.strip() or 'the end'!r}")
        return self.take()

    def name(self) -> Token:
        if self.next.kind != "name":
            raise self.error(f"a name is missing before {self.next.text.strip() or 'the end'!r}")
        return self.take()

    def lines(self) -> None:
        """Skip the ends of lines."""
        while self.next.kind == "newline":
            self.take()

    def listed(self, one: Callable[[], Any], end: str) -> list[Any]:
        """Items between commas, up to `end`, which is taken."""
        found = []
        while not self.accept(end):
            found.append(one())
            if not self.accept(","):
                self.expect(end)
                break
        return found


def close_to(name: str, names: Iterable[str]) -> str:
    """A hint for a name that may be misspelled."""
    close = difflib.get_close_matches(name, list(names), 1)
    return f"Did you mean {close[0]}?" if close else ""
