"""What cannot be compiled is refused at its line, with what to write instead."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from weft.compiler.frontend.source import Definition, definition
from weft.compiler.frontend.subset import REFUSED, check, refused
from weft.runtime.errors import SourceError


def found(text: str, **names: object) -> Definition:
    """The definition of the function `f` in a text."""
    linecache.cache["<subset>"] = (len(text), None, text.splitlines(True), "<subset>")
    space: dict[str, Any] = dict(names)
    exec(compile(text, "<subset>", "exec", dont_inherit=True), space)
    return definition(space["f"])


@pytest.mark.parametrize(("text", "construct", "line"), [
    ("async def f():\n  pass", "async def", 1),
    ("def f():\n  async def g():\n    pass", "async def", 2),
    ("def f():\n  x = locals()\n", "locals()", 2),
    ("def f(y):\n  x = 1\n  return vars()", "vars() without an object", 3),
    ("def f():\n  return dir()", "dir() without an object", 2),
    ("def f():\n  return eval('1')", "eval without a dict of names", 2),
    ("def f():\n  exec('1')", "exec without a dict of names", 2),
    ("f = lambda: locals()", "locals()", 1),
])  # fmt: skip
def test_constructs_are_refused_at_their_line(text: str, construct: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        check(found(text))
    assert caught.value.message == f"compile: {construct} cannot be compiled"
    assert caught.value.where == f"<subset>:{line}   {text.splitlines()[line - 1].strip()}"
    assert caught.value.hint


@pytest.mark.parametrize("text", [
    "def f(locals):\n  return locals()", "def f():\n  def dir(): return 1\n  return dir()", "def f(x):\n  return vars(x)",
    "def f():\n  return eval('1', {})", "def f():\n  exec('1', globals={})" , "def f(x):\n  return dir(x)",
    "vars = list\ndef f():\n  return vars()", "def f(x):\n  global y\n  y = [i for i in x]\n  yield from (i for i in y)",
    "def f(x):\n  with x: return x.locals()",
])  # fmt: skip
def test_what_only_looks_alike_is_compiled(text: str) -> None:
    check(found(text))


def test_everything_async_is_found() -> None:
    text = (
        "async def f(x):\n  async with x: await x\n  async for y in x: pass\n  return [z async for z in x if await z]\n"
    )
    constructs = [refusal.construct for _, refusal in refused(found(text))]
    assert set(constructs) == {refusal.construct for refusal in REFUSED.values()}
    assert constructs[:3] == ["async def", "async with", "await"]
