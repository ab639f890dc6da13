"""What cannot be compiled: one table from the kind of a construct to what to write instead.

The check is lexical and comes before every rewrite. What depends on values (a tensor that would have to steer a
`yield`, say) is refused by the operators when it happens.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...runtime.errors import SourceError
from .source import Definition
from .tree import Node, gast, walk

AWAIT_OUTSIDE = "Await outside and give the compiled function what comes of it; or mark the function with wf.opaque."
COLLECT = "Collect the items outside (items = [x async for x in source]) and give the compiled function a list."


@dataclass(frozen=True)
class Refusal:
    """A construct as a message names it, and the way out."""

    construct: str
    instead: str


# By kind of node; `docs/python_subset.md` shows the table as it stands.
REFUSED: dict[str, Refusal] = {
    "AsyncFunctionDef": Refusal("async def", "Make it a plain def. " + AWAIT_OUTSIDE),
    "Await": Refusal("await", AWAIT_OUTSIDE),
    "AsyncFor": Refusal("async for", COLLECT),
    "AsyncWith": Refusal("async with", "Enter the context outside, around the call of the compiled function."),
    "comprehension": Refusal("an async comprehension", COLLECT),
}

# Built-in functions that look at the names of the function that calls them; the rewrites give it others.
LOOKING: dict[str, Refusal] = {
    "locals": Refusal("locals()", "Make a dict of the names that are meant: dict(x=x, y=y)."),
    "vars": Refusal("vars() without an object", "Make a dict of the names that are meant: dict(x=x, y=y)."),
    "dir": Refusal("dir() without an object", "Make a list of the names that are meant."),
    "eval": Refusal("eval without a dict of names", "Give the names: eval(text, {'x': x})."),
    "exec": Refusal("exec without a dict of names", "Give the names: exec(text, names), with a dict of them."),
}
ENOUGH = {"vars": 1, "dir": 1, "eval": 2, "exec": 2}  # so many arguments, and a built-in looks at no caller
NAMES_GIVEN = ("globals", "locals")


def check(found: Definition) -> None:
    """Refuse what cannot be compiled, the first construct in the order of the source.

    Errors: SourceError at the construct's line, with what to write instead.
    """
    for node, refusal in refused(found):
        raise SourceError(f"compile: {refusal.construct} cannot be compiled", refusal.instead, found.where(node))


def refused(found: Definition) -> Iterator[tuple[Node, Refusal]]:
    """Every construct of a definition that cannot be compiled, with where it stands."""
    hidden = _hidden(found)
    for node in walk(found.tree):
        kind = type(node).__name__
        if kind in REFUSED and getattr(node, "is_async", True):
            yield (node.target if kind == "comprehension" else node), REFUSED[kind]
        elif kind == "Call" and isinstance(node.func, gast.Name) and _looks_around(node, hidden):
            yield node, LOOKING[node.func.id]


def _looks_around(node: Node, is_hidden: Callable[[str], bool]) -> bool:
    name = node.func.id
    if name not in LOOKING or is_hidden(name):
        return False
    given = len(node.args) + sum(keyword.arg in NAMES_GIVEN for keyword in node.keywords)
    return name not in ENOUGH or given < ENOUGH[name]


def _hidden(found: Definition) -> Callable[[str], bool]:
    """Tells whether a name is the user's own where a built-in function has the same."""
    own = {node.id for node in walk(found.tree) if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Load)}
    own |= {node.name for node in walk(found.tree) if isinstance(node, (gast.FunctionDef, gast.ClassDef))}
    function: Any = found.function
    own.update(function.__code__.co_freevars)
    world = function.__globals__

    def is_hidden(name: str) -> bool:
        return name in own or world.get(name, getattr(builtins, name)) is not getattr(builtins, name)

    return is_hidden
