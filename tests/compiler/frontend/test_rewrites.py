"""Rewritten code does what the code does that it came from: values, exceptions, order of evaluation, cells, lines."""

from __future__ import annotations

import contextlib
import itertools
import linecache
import sys
import traceback
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from weft.compiler.frontend import operators
from weft.compiler.frontend.convert import convert

COUNT = itertools.count()


def loaded(text: str) -> FunctionType:
    """The function `f` of a text, which linecache knows."""
    path = f"<sample {next(COUNT)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    space: dict[str, Any] = {"__name__": "sample", "contextlib": contextlib}
    exec(compile(text, path, "exec", dont_inherit=True), space)
    return space["f"]


def outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, list[Any]]:
    """What a function returns or raises, and the marks it made on the way."""
    marks: list[Any] = []

    def mark(value: Any) -> Any:
        marks.append(value)
        if isinstance(value, str) and value.startswith("raise"):
            raise KeyError(value)
        return value

    try:
        return function(mark, *args), marks
    except Exception as error:
        return (type(error), str(error)), marks


ATOMS = ("mark(0)", "mark(2)", "mark('raise')", "x")
SHAPES = (
    "({0} and {1})",
    "({0} or {1})",
    "(not {0})",
    "({0} if {1} else {2})",
    "({0} == {1} != {2})",
    "({0} < {1} <= {2})",
    "({0} is {1})",
    "[{0} for i in range(2) if {1}]",
    "sum(i for i in [{0}, {1}])",
    "{{{0}: {1} for i in (1,)}}",
    "f'{{{0}!r}}{{{1}}}'",
    "(lambda v, w={0}: [v, w, {1}])({2})",
    "(y := {0})",
    "[{0}, {1}][{2} and 0]",
    "dict(a={0}, b={1})['a']",
    "({0} in [{1}, {2}])",
)


@pytest.mark.parametrize("outer", SHAPES)
@pytest.mark.parametrize("inner", SHAPES)
def test_each_expression_inside_each_other_is_evaluated_in_pythons_order(outer: str, inner: str) -> None:
    for atoms in list(itertools.permutations(ATOMS, 3))[::4]:
        source = (
            f"def f(mark, x):\n    y = 7\n    r = {outer.format(inner.format(*atoms), *atoms[1:])}\n    return r, y\n"
        )
        try:
            function = loaded(source)
        except SyntaxError:  # Python allows a walrus in few places of a comprehension
            continue
        assert outcome(convert(function, operators), 1) == outcome(function, 1), source


STATEMENTS = {
    "finally runs once": "try:\n        return mark(x)\n    finally:\n        mark('end')",
    "return in a loop in try": "for i in range(3):\n        try:\n            if i == x:\n                return i\n"
    "        finally:\n            mark(i)\n    else:\n        return 'else'",
    "an exception overtakes a jump": "for i in range(3):\n        try:\n            with contextlib.closing(C(mark)):\n"
    "                if i == x:\n                    break\n        except KeyError:\n            mark('caught')\n    return i",
    "suppressed": "with contextlib.suppress(KeyError):\n        if x:\n            return mark('raise')\n    return 5",
    "unbound": "if x:\n        y = 1\n    return y",
    "deleted": "y = 1\n    if x:\n        del y\n    return y",
    "one cell for lambdas": "made = []\n    for i in range(3):\n        made.append(lambda: i)\n    return [g() for g in made]",
    "comprehension cells": "return [g() for g in [lambda: i for i in range(3)]]",
    "walrus": "if x and (y := mark(3)):\n        pass\n    return y",
    "places": "a = {'k': [1, 2]}\n    a[mark('k')][mark(0)] += mark(5)\n    a['k'][1], a['n'] = mark(8), mark(9)\n    return a",
    "starred": "a = [0, 0]\n    a[0], *a[1:], z = mark([1, 2, 3, 4])\n    return a, z",
    "match": "match [x, {'a': 2, 'b': 3}]:\n        case [0 | 7 as k, {'a': 2, **rest}] if mark(k + 1):\n"
    "            return k, rest\n        case [int(n), _]:\n            return n\n        case _:\n            return None",
    "nonlocal": "n = 0\n    def add():\n        nonlocal n\n        n += 1\n        return n\n"
    "    while add() < 4:\n        mark(n)\n    return n",
    "while else": "n = 0\n    while n < 5:\n        n += 1\n        if n == x:\n            break\n        if n % 2:\n"
    "            continue\n        mark(n)\n    else:\n        return 'else'\n    return n",
    "bare raise": "try:\n        mark('raise')\n    except KeyError as e:\n        if x:\n            raise\n        return str(e)",
    "raise from": "try:\n        mark('raise')\n    except KeyError as e:\n        raise ValueError('other') from e",
    "assert": "assert x == mark(1), mark('message')\n    return x",
    "a class": "class A:\n        k = 2 if x else 3\n        def go(self):\n            return self.k if x else -self.k\n    return A().go()",
    "super": "class A:\n        def go(self): return 1\n    class B(A):\n        def go(self):\n            if x:\n"
    "                return super().go() + 1\n            return super().go()\n    return B().go()",
    "generator": "def g():\n        for i in range(3):\n            if i == x:\n                continue\n            yield i\n    return list(g())",
    "lambda with walrus": "return (lambda v: [w := v + 1, w])(x)",
    "global": "global G\n    if x:\n        G = 1\n    else:\n        G = 2\n    return G",
}
CLASS = "class C:\n    def __init__(self, mark): self.mark = mark\n    def close(self): self.mark('raise on exit')\n"


@pytest.mark.parametrize("body", STATEMENTS.values(), ids=list(STATEMENTS))
def test_statement_does_what_python_does(body: str) -> None:
    function = loaded(f"{CLASS}\ndef f(mark, x):\n    {body}\n")
    for x in (0, 1, 2, 7):
        assert outcome(convert(function, operators), x) == outcome(function, x)


def test_traceback_shows_the_users_lines() -> None:
    function = loaded("def f(x):\n    while x:\n        if x > 1:\n            x = x / 0\n        x -= 1\n")
    with pytest.raises(ZeroDivisionError) as caught:
        convert(function, operators)(3)
    path = function.__code__.co_filename
    lines = [frame.lineno for frame in traceback.extract_tb(caught.tb) if frame.filename == path]
    assert lines == [2, 3, 4]


def test_debuggers_see_the_users_lines() -> None:
    function = loaded("def f(n):\n    s = 0\n    for i in range(n):\n        if i:\n            s += i\n    return s\n")
    path, seen = function.__code__.co_filename, set()

    def trace(frame: Any, event: str, argument: object) -> Any:
        if frame.f_code.co_filename == path and event == "line":
            seen.add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        convert(function, operators)(2)
    finally:
        sys.settrace(None)
    assert seen == {2, 3, 4, 5, 6}
