"""The text of trees: the same tree when it is read again, the same value where no source can hold the tree."""

from __future__ import annotations

import ast
import cmath
import math
import sys
from typing import Any

import pytest

import weft.compiler.frontend.tree as trees
from weft.compiler.frontend.tree import gast
from weft.compiler.frontend.unparse import unparse

PROGRAMS = [
    "x[:, 0]", "x[1:2, ::3]", "x[...]", "x[()]", "x[a,]", "x[*a]", "x[*a, 1:]", "x[lambda: 1]", "x[(a := 1)]",
    "x[a if b else c:d]", "x[1:2][::-1].y", "a + b - c", "a + (b - c)", "a - (b - c) * d ** e", "(a ** b) ** c",
    "a ** b ** c", "(-a) ** b", "-a ** -b", "not (a and b)", "not a == b", "(not a) == b", "a < b < c", "(a < b) < c",
    "a and (b and c)", "(a or b) and c", "a or b and c", "a | b & c ^ d << e", "a @ b @ c", "~-+a",
    "(a if b else c) if d else e", "a if b else c if d else e", "(lambda: a) if b else c", "lambda *a, k=1, **b: a",
    "lambda: (yield)", "lambda a, /, b=(1, 2): a or b", "f(*a or b, **c)", "f(x for x in y)", "f(a, (x for x in y))",
    "f((yield))", "f(a := 1)", "(1).real", "1.5.real", "1j.imag", "1e400", "'a'.join(b)", "(a, b)[0]", "{**a, 'b': 1}",
    "{**(a or b)}", "{a, *b}", "{a: b for a, b in c if a if b or c}", "[a for b in (c if d else e) if (yield)]",
    "[x async for x in y]", "(a for a in (lambda: 1, 2))", "a = b = c, d", "a, *b = c", "(a): int = 1", "a: int",
    "a.b: c = (yield)", "for a, b in c: pass", "for x in *a, b: pass\nelse: c", "while (a := b): break\nelse: c",
    "with (a, b): pass", "with a as b, c: pass", "with (a, b) as (c, d): pass", "with ((a, b)): pass",
    "with (yield) as a: pass", "with (a := b): pass", "async def f():\n async with a as b: await c\n return await d",
    "async def f():\n async for x in y: yield x\n else: pass", "del (a, b)", "del a, b[0]", "assert (a, b), c",
    "raise a from b", "raise", "try: a\nexcept (b, c) as d: e\nelse: f\nfinally: g", "try: a\nexcept: b",
    "try: a\nexcept* b as c:\n try: d\n except e: f", "try:\n try: a\n except* b: c\nexcept d: e", "import a.b as c, d",
    "from . import a", "from ..a import b as c", "global a, b", "@a.b(c)\n@(d or e)\ndef f(): pass",
    "@a\nclass C(b, *c, metaclass=d, **e):\n 'text'\n x: int = 1", "class C: pass",
    "def f(a, b: int = 1, /, c=2, *d: e, f, g=h, **i: j) -> (yield): pass", "def f(*, a): pass", "def f(*a: *b): pass",
    'def f():\n """One.\n\n   Two.\n"""\n return', "def f():\n 'ends with \"'", "def f():\n '\\\\ and \\t'", "def f():\n u'a'",
    "if a: b\nelif c: d\nelse:\n if e: f\n g", "if a: b\nelse:\n if c: d", "print(u'a', b'\\xff', '\\ud800', 'ä\\n\"')",
    "match a:\n case 0 | -1.5 | 1+2j | 'b' | None: pass\n case [a, *_, b] if a: pass\n case {'k': v, **rest}: pass\n"
    " case C(1, x=[2] as y): pass\n case a.b: pass\n case (): pass\n case [x]: pass\n case _: pass",
    "f'a{b}c'", "f'\\\\n{x}'", "f'{x!r:>{width}}'", "f'{ {1: 2}[1] }'", "f'{x:{y}.{z}}'", "f'{{}}{x}'", "f'{x=}'",
    "f'{a[\"b\"]}'", "f'{(lambda: 1)()}'", "f'{(a := 1)}'", "f'{x:%H:%M}'", "f'''{a}\\n\"'{b}'''", "f'{(yield)}'",
    "f'{a if b else c}{a!s}'", "f''", "f'{f\"{a}\"}'", "f'{x:a{y!r}b}'", "'a' f'{b}' 'c{}'", "-1 ** 2", "(-1) ** 2",
    "0x" + "f" * 4000, "a[b](c).d[e:f]", "await_ = 1", "(a for a in b).send(1)", "x = yield a, b", "x = yield from (a or b)",
    "return_ = not (yield)", "a in (b, c) not in d is not e",
]  # fmt: skip

if sys.version_info >= (3, 12):
    PROGRAMS += [
        "def f[T: int, *Ts, **P](a: T) -> T: pass", "class C[T](B): pass", "type A[T] = list[T]", "type B = int",
        "f'{'a'}{\"b\"}{f'{'c'}'}'", "f'{a\n+ b}'", "f'{'\\n'.join(a)}'", "f'{x:\\x7b}'", "f'{x!r:\\'}'",
    ]  # fmt: skip
if sys.version_info >= (3, 13):
    PROGRAMS += ["def f[T = int, *Ts = *tuple[int], **P = [int]](): pass", "type A[T: int = bool] = T"]
if sys.version_info >= (3, 14):
    PROGRAMS += ["t'a{b!r:>{c}}d'", "t'{ a + b }'", "t'{a}' t'{b=}'", "try: a\nexcept b, c: d"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[:30])
def test_text_of_a_tree_reads_as_the_tree(program: str) -> None:
    tree = ast.parse(program)
    text = unparse(trees.from_python(tree))
    assert trees.same(ast.parse(text), tree), text
    assert unparse(tree) == text


@pytest.mark.parametrize("program", [
    "y = a + b * -c ** d", "x[:, 0] = f(a or b, *c, k=1)", "return_ = [i for i in x if i]", "a = (b, c)", "x.y += not z",
])  # fmt: skip
def test_plain_programs_are_printed_as_people_write_them(program: str) -> None:
    assert unparse(gast.parse(program)) == program


@pytest.mark.parametrize("value", [
    -2, -2.5, -0.0, math.inf, -math.inf, math.nan, 1 + 2j, complex(-0.0, 2), complex(0, -2), complex(math.nan, math.inf),
    10**5000, -(10**5000), (1, -2.0), (), (None,), frozenset({1, 2}), frozenset(), True, None, ..., b"a", "a",
], ids=lambda value: str(type(value)))  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "-{}", "f({})", "x[{}]"])
def test_constants_that_no_source_holds_keep_their_value(value: Any, around: str) -> None:
    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(value) if node.id == "HERE" else node

    text = unparse(Fill().visit(ast.parse(around.format("HERE"))))
    if around.startswith("-") and not isinstance(value, (int, float, complex)):
        return
    names = {"f": lambda x: x, "x": Same()}
    expected = eval(around.format("HERE"), {**names, "HERE": value})
    assert identical(eval(text, names), expected), text


class Same:
    def __getitem__(self, index: object) -> object:
        return index


def identical(a: object, b: object) -> bool:
    if isinstance(a, complex) and isinstance(b, complex) and not isinstance(a, float):
        return cmath.isnan(a) == cmath.isnan(b) and repr(a) == repr(b)
    if isinstance(a, int):
        return a == b and type(a) is type(b)
    return type(a) is type(b) and repr(a) == repr(b)


@pytest.mark.parametrize(("text", "value"), [("{} ** 2", 4), ("2 ** {}", 0.25), ("{}.real", -2), ("-{}", 2)])
def test_negative_constants_bind_as_one_number(text: str, value: float) -> None:
    tree = gast.parse(text.format("HERE"))
    for node in trees.walk(tree):
        for name in node._fields:
            if isinstance(getattr(node, name), gast.Name):
                setattr(node, name, gast.Constant(-2, None))
    assert eval(unparse(tree)) == value


def test_an_empty_set_is_printed() -> None:
    assert eval(unparse(gast.Expression(gast.Set([])))) == set()
