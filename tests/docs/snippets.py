"""Markdown files as programs: the Python blocks of a page in order, each with the output that the page shows.

A ```python block may be followed by a ```text block: that is what it prints, `...` standing for anything. A block
that ends in an error shows it there as `ShapeError: message`. The blocks of a page share their names.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import linecache
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Snippet:
    """A Python block of a page."""

    page: Path
    line: int
    code: str
    expected: str | None  # None: the page shows no output

    @property
    def filename(self) -> str:
        return f"{self.page.stem}_{self.line}.py"


def snippets(page: Path) -> list[Snippet]:
    """The Python blocks of a page, each with the text block after it."""
    text = page.read_text(encoding="utf-8")
    blocks = list(FENCE.finditer(text))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None][: len(blocks)], strict=True):
        if block[1] == "python":
            expected = following[2] if following is not None and following[1] == "text" else None
            line = text.count("\n", 0, block.start()) + 2
            found.append(Snippet(page, line, block[2], expected))
    return found


def output(snippet: Snippet, names: dict[str, Any]) -> str:
    """What a block prints, its error last."""
    lines = snippet.code.splitlines(keepends=True)
    linecache.cache[snippet.filename] = (len(snippet.code), None, lines, snippet.filename)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(snippet.code, snippet.filename, "exec"), names)
        except Exception as error:
            if f"{type(error).__name__}:" not in (snippet.expected or ""):
                raise
            print(f"{type(error).__name__}: {error}")
    return printed.getvalue()


def same(expected: str, found: str) -> bool:
    """Whether the output is what the page shows."""
    return doctest.OutputChecker().check_output(expected, found, FLAGS)
