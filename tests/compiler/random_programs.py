"""Random programs of control flow that end: texts that define `f(x, n, v)`, for a float, an integer and a vector.

Every number is a small multiple of a power of two, so that single and double precision agree to the last bit.
"""

from __future__ import annotations

import random

FLOATS, INTEGERS = ("a", "b", "c"), ("i", "j")
HEAD = """class Box:
    def __init__(self, size):
        self.size = size

    def grow(self, by):
        self.size = self.size + by
        return self.size


def helper(p, q=0.5):
    if p > q:
        return p - q
    return p + 1.0


G = 1.0


def f(x, n, v):
"""
START = """    a = {a}
    b = {b}
    i = {i}
    s = [a, b]
    d = {{'k': a, 'm': i}}
    o = Box({a})
    m = None
    t = ({b}, {i})
    g = lambda: a + b
    def bump(z):
        nonlocal b
        b = b * 0.5 + z
        return b
"""


class Writer:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.loops = 0
        self.tags = 0
        self.end = "return a, b, i, s, d, o.size, t, g(), v" + self.pick("", "", ", m", ", c")

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    # --- expressions ----------------------------------------------------------------------------------------------

    def number(self, depth: int = 2) -> str:
        """A float expression."""
        if depth == 0 or self.random.random() < 0.3:
            return self.pick(
                "x", "a", "b", "s[0]", "s[1]", "d['k']", "o.size", "t[0]", "1.0", "0.5", "-2.0", "v[0]", "2"
            )
        one, two = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            f"({one} + {two})", f"({one} - {two})", f"{one} * 0.5", f"({one} + {self.integer(1)})", f"-{one}",
            f"({one} if {self.test(depth - 1)} else {two})", f"wf.minimum({one}, {two})", f"abs({one})", f"helper({one})",
            f"helper({one}, {two})", f"max({one}, {two})", "g()", f"v[{self.pick('0', '1', '-1', 'i % 3', 'n % 3')}]",
            "wf.sum(v)", f"({one} or {two})", f"({one} and {two})", f"min({one}, 8.0)", f"float({one})",
            "sum([z * 0.5 for z in v])", f"(lambda z: z + a)({one})", "G",
        )  # fmt: skip

    def integer(self, depth: int = 1) -> str:
        if depth == 0 or self.random.random() < 0.5:
            return self.pick("n", "i", "1", "2", "d['m']", "t[1]", "3", "0")
        one, two = self.integer(depth - 1), self.integer(depth - 1)
        return self.pick(f"({one} + {two}) % 5", f"({one} - {two})", f"{one} % 3", f"len(s) + {one}", f"{one} // 2")

    def test(self, depth: int = 2) -> str:
        """A condition."""
        if depth == 0 or self.random.random() < 0.4:
            one, two = self.number(min(depth, 1)), self.number(0)
            return self.pick(
                f"{one} > {two}", f"{one} <= {two}", f"{self.integer()} < {self.integer(0)}", f"{self.integer(0)} == n",
                f"{two} < {one} < 4.0", "m is None", "m is not None", f"{self.integer(0)} in (1, 2)", "True", "n",
                f"{self.integer(0)} != 2", "0 <= n < 3 <= i", "isinstance(m, float)" if False else "i == 1",
            )  # fmt: skip
        one, two = self.test(depth - 1), self.test(depth - 1)
        return self.pick(f"({one} and {two})", f"({one} or {two})", f"not {one}", f"({one}) == ({two})")

    # --- statements -----------------------------------------------------------------------------------------------

    def say(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def block(self, depth: int, left: int, loop: bool, size: int = 3) -> None:
        for _ in range(self.random.randint(1, size)):
            self.statement(depth, left, loop)

    def statement(self, depth: int, left: int, loop: bool) -> None:
        compound = left > 0 and self.random.random() < 0.5
        if compound:
            self.random.choice([self.branch, self.branch, self.while_, self.for_, self.guarded, self.inner])(
                depth, left, loop
            )
        elif loop and self.random.random() < 0.12:
            self.say(depth, f"if {self.test(1)}:")
            self.say(depth + 1, self.pick("break", "continue"))
        elif self.random.random() < 0.06:
            self.say(depth, f"if {self.test(1)}:")
            self.say(depth + 1, self.pick(f"return {self.number(1)}", "return a, i", "return", *[self.end] * 5))
        else:
            self.simple(depth)

    def simple(self, depth: int) -> None:
        self.tags += 1
        self.say(
            depth,
            self.pick(
                f"a = {self.number()}", f"b = {self.number()}", f"i = {self.integer(2)}", f"a += {self.number(1)}",
                "i += 1", f"c = {self.number(1)}", "a, b = b, a", f"s[0] = {self.number(1)}", f"s[1] += {self.number(1)}",
                f"d['k'] = {self.number(1)}", f"d['m'] = {self.integer()}", f"o.size = {self.number(1)}",
                f"o.size -= {self.number(0)}", f"a = o.grow({self.number(0)})", f"a = bump({self.number(0)})",
                f"t = ({self.number(1)}, {self.integer()})", f"m = {self.number(1)}", "m = None",
                f"if m is not None: a = m + {self.number(0)}", f"s = [{self.number(1)}, {self.number(1)}]",
                f"a = (b := {self.number(1)}) + 1.0", f"print('tag {self.tags}')", f"v[{self.pick('0', 'n % 3')}] = {self.number(1)}",
                f"v = v * 0.5 + {self.number(0)}", "a, *rest = s", "b = d.get('k') + t[0]", f"w = s; w[1] = {self.number(1)}",
                "u = c", "a = c + 1.0", f"assert {self.test(1)} or n < 3", f"k = {self.integer()}; i = k + 1",
                f"g = g if {self.pick('True', 'len(s) == 2')} else None", "del c" if self.random.random() < 0.1 else "c = a",
                f"q = [z for z in (a, b, {self.number(0)})]; b = q[{self.pick('0', '1', '-1')}]",
            ),
        )  # fmt: skip

    def branch(self, depth: int, left: int, loop: bool) -> None:
        test = self.test() if self.random.random() < 0.9 else f"(c := {self.number(1)}) > 0.5"
        self.say(depth, f"if {test}:")
        self.block(depth + 1, left - 1, loop)
        if self.random.random() < 0.2:
            self.say(depth, f"elif {self.test(1)}:")
            self.block(depth + 1, left - 1, loop)
        if self.random.random() < 0.5:
            self.say(depth, "else:")
            self.block(depth + 1, left - 1, loop)

    def while_(self, depth: int, left: int, loop: bool) -> None:
        self.loops += 1
        count = f"w{self.loops}"
        self.say(depth, f"{count} = {self.pick('0', 'n * 0', '1')}")
        self.say(depth, f"while {count} < {self.pick('3', 'n', '4')} and {self.test(1)}:")
        self.say(depth + 1, f"{count} += 1")
        self.block(depth + 1, left - 1, True)
        self.otherwise(depth, left, loop)

    def for_(self, depth: int, left: int, loop: bool) -> None:
        self.loops += 1
        item = f"e{self.loops}"
        target, items = self.random.choice(
            [(item, "range(n)"), (item, "range(3)"), (item, "v"), (f"i, {item}", "enumerate(v)"), (item, "s"),
             (f"{item}, c", "zip(v, [1.0, 2.0, 3.0])"), (item, "reversed(range(n))"), (item, "(1.0, 2.0)"), ("j", "range(1, n + 1)")]
        )  # fmt: skip
        self.say(depth, f"for {target} in {items}:")
        self.say(depth + 1, f"a = a * 0.5 + {item}" if item in target else "i = j")
        self.block(depth + 1, left - 1, True)
        self.otherwise(depth, left, loop)

    def otherwise(self, depth: int, left: int, loop: bool) -> None:
        if self.random.random() < 0.25:
            self.say(depth, "else:")
            self.block(depth + 1, left - 1, loop, 2)

    def guarded(self, depth: int, left: int, loop: bool) -> None:
        self.say(depth, "try:")
        self.block(depth + 1, left - 1, loop, 2)
        self.say(depth, self.pick("finally:", "finally:", "except ZeroDivisionError:"))
        self.simple(depth + 1)

    def inner(self, depth: int, left: int, loop: bool) -> None:
        self.loops += 1
        name = f"h{self.loops}"
        self.say(depth, f"def {name}(z, y=1.0):")
        self.say(depth + 1, "nonlocal a")
        self.say(depth + 1, f"if z > {self.number(0)}:")
        self.say(depth + 2, self.pick("a = a + y", "return a", "a = z"))
        self.say(depth + 1, "return z * 0.5")
        self.say(depth, self.pick(f"b = {name}({self.number(1)})", f"b = {name}(a, {self.number(0)}) + {name}(b)"))


def program(seed: int) -> str:
    """The text of a program."""
    writer = Writer(seed)
    r = writer.random
    start = START.format(
        a=r.choice(["x", "1.0", "0", "x * 2.0"]), b=r.choice(["x", "0.5", "2"]), i=r.choice(["0", "n", "1"])
    )
    if r.random() < 0.5:
        start += f"    c = {writer.number(1)}\n"
    else:
        start += "    if n > 90:\n        c = 1.0\n"
    for _ in range(4):
        writer.statement(1, 3, False)
    end = f"    {writer.end}\n"
    return HEAD + start + "\n".join(writer.lines) + "\n" + end
