"""Short functions for the examples of the passes: a text goes in, one pass runs, and the text comes out."""

from __future__ import annotations

import ast

from .rewriter import Rewriter
from .scope import Names
from .tree import from_python, to_python


def rewritten(rewrite: type[Rewriter], text: str) -> str:
    """The text of a function after one pass."""
    tree = from_python(ast.parse(text.strip("\n")).body[0])
    made = rewrite(Names(tree)).entry(tree)
    return "\n".join(line for line in ast.unparse(to_python(made)).splitlines() if line)
