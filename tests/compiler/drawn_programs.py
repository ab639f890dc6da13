"""Programs that hypothesis draws: texts that define `f(x, n, v, p, r)`, and arguments to call it with.

The grammar is data. A symbol `<F>` stands for a float expression, `<I>` an integer, `<B>` a condition, `<V>` a vector,
`<R>` what is returned, `<S>` statements and `<L>` statements of a loop; `<D>` is how deep the statement stands, for
names of its own. What stands first in a table is the simplest, which is what examples shrink to. Every program ends:
a `while` counts its trips.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

HEAD = """class Box:
    def __init__(self, size):
        self.size = size

    def grow(self, by):
        self.size = self.size + by
        return self.size

    def __enter__(self):
        self.size = self.size * 0.5
        return self.size

    def __exit__(self, *_):
        self.size = self.size + 1.0


def helper(y, q=0.5):
    if y > q:
        return y - q
    return y + 1.0


def f(x, n, v, p, r):
    a, b, i, j, c, u = x, x * 2.0, 0, n, p, v * 0.5
    m = None
    s = [a, b]
    d = {'k': a, 'm': i}
    t = (b, i)
    o = Box(a)

    def bump(y):
        nonlocal b
        b = b * 0.5 + y
        return b

"""
END = "a, b, i, j, c, u, v, m, s, d, t, o.size, r"

# fmt: off
LEAVES = {
    "F": ("a", "1.0", "x", "b", "0.5", "-2.0", "s[0]", "s[1]", "d['k']", "t[0]", "o.size", "v[0]", "u[-1]", "r[0]", "r[1]"),
    "I": ("i", "1", "n", "j", "2", "0", "3", "d['m']", "t[1]", "len(s)", "len(v)"),
    "B": ("c", "True", "p", "False", "(m is None)", "(x > 0.0)", "(n > 1)", "(a <= b)", "(i == 1)"),
    "V": ("v", "u"),
    "U": ("v", "u", "(v * 0.5)", "u[::-1]"),
    "R": ("a", "None", END),
}
NODES = {
    "F": ("(<F> + <F>)", "(<F> - <F>)", "(<F> * 0.5)", "(<F> if <B> else <F>)", "-<F>", "abs(<F>)", "(<F> + <I>)",
          "(<F> and <F>)", "(<F> or <F>)", "wf.sum(<V>)", "<V>[<I> % 3]", "wf.minimum(<F>, <F>)", "max(<F>, <F>)",
          "min(<F>, <F>)", "(<F> * <F>)", "wf.tanh(<F>)", "helper(<F>)", "helper(q=<F>, y=<F>)", "bump(<F>)",
          "(lambda y: y + a)(<F>)", "sum([y * 0.5 for y in <U>])", "[<F>, <F>][<I> % 2]", "(a := <F>)", "o.grow(<F>)",
          "d.get('k')", "(<F> / 4.0)", "(<F> ** 2)", "(<F> % 1.5)", "(<F> // 0.5)", "wf.where(<F> > <F>, <F>, <F>)",
          "(m if m is not None else <F>)", "wf.max(<V>)", "sum(<V>)", "(<V> @ <V>)", "float(<I>)", "(<F> / <F>)"),
    "I": ("(<I> + <I>)", "(<I> - <I>)", "(<I> * 2)", "<I> % 3", "(<I> // 2)", "-<I>", "(<I> if <B> else <I>)", "max(<I>, <I>)",
          "abs(<I>)", "(<I> & 3)", "(<I> or <I>)", "(i := <I>)", "sum([1 for y in <U> if <B>])", "int(<B>)", "(<I> // <I>)",
          "(<I>, <I>)[<I> % 2]", "len([y for y in (1, 2, 3) if y > <I>])", "(<I> ^ 1)"),
    "B": ("(<F> > <F>)", "(<F> <= <F>)", "(<I> < <I>)", "(<I> == <I>)", "(not <B>)", "(<B> and <B>)", "(<B> or <B>)",
          "(<F> < <F> < <F>)", "(<I> <= <I> != <I>)", "(<I> in (1, 2))", "(<I> not in [0, 3])", "(<B> == <B>)",
          "(m is not None)", "any([y > <F> for y in <U>])", "all(y > <F> for y in <U>)", "bool(<F>)", "(<B> if <B> else <B>)",
          "wf.any(<V> > <F>)", "(c := <B>)", "<I>", "isinstance(m, wf.Tensor)", "(s is not d)", "(<B> != <B>)", "(o is None)"),
    "V": ("(<V> + <F>)", "(<V> * 0.5)", "(<V> - <V>)", "(<V> if <B> else <V>)", "(<V>)[::-1]", "wf.tanh(<V>)",
          "wf.where(<V> > <F>, <V>, <V>)", "wf.concat([<V>[1:], <V>[:1]])", "(u := <V>)", "wf.cumulative_sum(<V>)"),
    "U": ("(u + v)",),
    "R": ("a, <I>", "<F>", "s", "(s, s)", "[<F>, s, r]", "{'s': s, 't': (a, <I>)}", "r"),
}
SIMPLE = (
    "pass", "a = <F>", "b = <F>", "i = <I>", "j = <I>", "c = <B>", "u = <V>", "v = <V>", "m = <F>", "m = None", "a += <F>",
    "b -= <F>", "i += <I>", "a *= 0.5", "a, b = b, <F>", "s[0] = <F>", "s[1] += <F>", "s[<I> % 2] = <F>", "d['k'] = <F>",
    "d['m'] = <I>", "d['k'] -= <F>", "o.size = <F>", "o.size += <F>", "a = o.grow(<F>)", "a = bump(<F>)", "t = (<F>, <I>)",
    "s = [<F>, <F>]", "u[0] = <F>", "u[<I> % 3] = <F>", "u[1:] = <F>", "u[<I> % 3] += <F>", "u = u * 0.5 + <V>",
    "r[0] = <F>", "r[<I> % 2] += <F>", "w = s; w[1] = <F>", "w = r if <B> else s; a = w[0]", "a, *rest = s; b = rest[0]",
    "if m is not None: a = m + <F>", "z = <F>", "a = z", "b = z + 1.0", "del z", "print(<I>, <F>)", "print('a', <B>)",
    "print(f'{i} {a}')", "print(s, d, t)", "assert <B>, 'said'", "assert <B> or n < 3, a", "s.append(<F>); a = s.pop()",
    "q = [y + <F> for y in s]; b = q[<I> % 2]", "d = {**d, 'k': <F>}", "s = s[::-1]", "s = list(s)", "o = Box(<F>)",
    "h = lambda y: y + a; a = <F>; b = h(<F>)", "x = <F>", "s[:] = [<F>, <F>]", "d.update(m=<I>)", "d2 = dict(d); d2['k'] = <F>",
    "e = (s, s); e[0][1] = <F>", "t = t[::-1][::-1]", "assert (k := <I>) < 9; i = k", "d.setdefault('k', <F>)",
    "if <B>: raise ValueError('told')", "if <B>: raise KeyError(<I>)",
)
EXITS = ("if <B>: return " + END, "if <B>: return <R>", "return " + END, "return <R>")
JUMPS = ("if <B>: break", "if <B>: continue", "break", "continue")
COMPOUND = (
    "if <B>:\n    <S>",
    "if <B>:\n    <S>\nelse:\n    <S>",
    "w<D> = 0\nwhile w<D> < 3 and <B>:\n    w<D> += 1\n    <L>",
    "for e<D> in v:\n    a = a * 0.5 + e<D>\n    <L>",
    "for e<D> in range(n):\n    i = i + e<D>\n    <L>",
    "if <B>:\n    <S>\nelif <B>:\n    <S>\nelse:\n    <S>",
    "w<D> = 0\nwhile w<D> < n:\n    w<D> += 1\n    <L>\nelse:\n    <S>",
    "w<D> = 0\nwhile True:\n    w<D> = w<D> + 1\n    if w<D> > n or <B>: break\n    <L>",
    "for e<D> in range(3):\n    <L>\nelse:\n    <S>",
    "for i, e<D> in enumerate(u):\n    b = b + e<D>\n    <L>\nelse:\n    <S>",
    "for e<D>, g<D> in zip(v, (1.0, 2.0, 3.0)):\n    a = e<D> - g<D>\n    <L>",
    "for i in reversed(range(1, n + 1)):\n    <L>",
    "for e<D> in s:\n    a = a + e<D>\n    <L>",
    "for e<D> in (1.0, <F>):\n    b = b * 0.5 + e<D>\n    <L>",
    "def h<D>(y, z=1.0):\n    nonlocal a, s\n    if y > <F>:\n        <S>\n    a = a + z\n    return y * 0.5\nb = h<D>(<F>) + h<D>(b, <F>)",
    "try:\n    <S>\nfinally:\n    <S>",
    "try:\n    <S>\nexcept ZeroDivisionError:\n    <S>",
    "with o:\n    <S>",
    "match <I>:\n    case 0:\n        <S>\n    case 1 | 2:\n        <S>\n    case _:\n        <S>",
    "for k in d:\n    d[k] = d[k] + 1\n    <L>",
    "w<D> = <I>\nwhile 0 < w<D> < 5:\n    w<D> = w<D> - 1\n    <L>",
)
# fmt: on
SYMBOL = re.compile(r"<([A-Z])>")


class Program(NamedTuple):
    """A text that defines `f`, and the arguments of some calls; those that are NumPy's are passed as tensors."""

    text: str
    calls: tuple[tuple[Any, ...], ...]

    def __repr__(self) -> str:
        return f"{self.text}\n# {self.calls}"


@functools.cache
def expressions(kind: str, depth: int) -> st.SearchStrategy[str]:
    """Expressions of a kind."""
    return _filled(LEAVES[kind] + (NODES[kind] if depth else ()), depth)


@st.composite
def _filled(draw: st.DrawFn, templates: tuple[str, ...], depth: int) -> str:
    template = draw(st.sampled_from(templates))
    return SYMBOL.sub(lambda symbol: draw(expressions(symbol[1], depth - 1)), template)


@functools.cache
def blocks(depth: int, loop: bool) -> st.SearchStrategy[list[str]]:
    """The lines of a block; in a `loop` it may break and continue."""
    return st.lists(statements(depth, loop), min_size=1, max_size=3).map(
        lambda found: [line for s in found for line in s]
    )


@functools.cache
def statements(depth: int, loop: bool) -> st.SearchStrategy[list[str]]:
    """The lines of a statement."""
    simple, exits = st.sampled_from(SIMPLE), st.sampled_from(EXITS + (JUMPS * 2 if loop else ()))
    flat = st.one_of(simple, simple, simple, simple, simple, exits)
    templates = st.one_of(flat, st.sampled_from(COMPOUND)) if depth else flat
    return _written(templates, depth, loop)


@st.composite
def _written(draw: st.DrawFn, templates: st.SearchStrategy[str], depth: int, loop: bool) -> list[str]:
    lines = []
    for line in draw(templates).replace("<D>", str(depth)).split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if line.strip() in ("<S>", "<L>"):
            # A function of its own breaks no loop around it, and returns for itself.
            inside = draw(blocks(depth - 1, line.strip() == "<L>" or (loop and not lines[0].startswith("def"))))
            lines += [indent + inner for inner in inside]
        else:
            lines.append(SYMBOL.sub(lambda symbol: draw(expressions(symbol[1], 2)), line))
    return lines


VALUES = (0.7, -1.3, 2.9, 0.2, 1.0, 0.0, -2.0, 0.5)
FLOATS = (np.float32, np.float64, float, np.float16)
INTEGERS = (np.int32, int, np.int64, np.uint8)


@st.composite
def calls(draw: st.DrawFn, floats: tuple[Any, ...] = FLOATS) -> tuple[tuple[Any, ...], ...]:
    """Arguments of one kind for some calls, the first again at the end."""
    real, whole, truth = (
        draw(st.sampled_from(floats)),
        draw(st.sampled_from(INTEGERS)),
        draw(st.sampled_from((np.bool_, bool))),
    )
    array = np.float32 if real is float else real
    numbers, counts = st.sampled_from(VALUES), st.integers(0, 3)
    vectors = st.lists(numbers, min_size=3, max_size=3)
    one = st.tuples(numbers, counts, vectors, st.booleans(), numbers)
    several = draw(st.lists(one, min_size=1, max_size=3))
    return tuple(
        (real(x), whole(n), np.array(v, array), truth(p), [real(y), real(x)])
        for x, n, v, p, y in [*several, several[0]]
    )


@st.composite
def programs(draw: st.DrawFn, floats: tuple[Any, ...] = FLOATS) -> Program:
    """Programs, and calls of them."""
    body = [line for lines in draw(st.lists(statements(3, False), min_size=1, max_size=4)) for line in lines]
    text = HEAD + "".join(f"    {line}\n" for line in body) + f"    return {END}\n"
    return Program(text, draw(calls(floats)))
