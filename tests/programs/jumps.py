"""Programs: loop else, break, continue and return."""

from __future__ import annotations

from itertools import product
from typing import Any

from program import I, Program

PROGRAMS = [
    Program(
        "while_else_runs",
        """
@compile
def f(n):
    r = 0
    while n > 0:
        n = n - 3
    else:
        r = n * 10
    return r
""",
        [I(7)],
        -20,
        about="TF refuses while/else",
    ),
    Program(
        "while_else_smallest_factor_15",
        """
@compile
def f(n):
    k = 2
    while k * k <= n:
        if n % k == 0:
            r = k
            break
        k = k + 1
    else:
        r = n
    return r
""",
        [I(15)],
        3,
    ),
    Program(
        "while_else_smallest_factor_13",
        """
@compile
def f(n):
    k = 2
    while k * k <= n:
        if n % k == 0:
            r = k
            break
        k = k + 1
    else:
        r = n
    return r
""",
        [I(13)],
        13,
    ),
    Program(
        "for_else_search_4",
        """
@compile
def f(v, target):
    for i, x in enumerate(v):
        if x == target:
            where = 100 + x
            break
    else:
        where = -1
    return where
""",
        [I([2, 4, 6]), I(4)],
        104,
    ),
    Program(
        "for_else_search_9",
        """
@compile
def f(v, target):
    for i, x in enumerate(v):
        if x == target:
            where = 100 + x
            break
    else:
        where = -1
    return where
""",
        [I([2, 4, 6]), I(9)],
        -1,
    ),
    Program(
        "for_else_empty_iterable",
        """
@compile
def f(n):
    r = 1
    for i in range(n):
        r = 2
    else:
        r = r + 40
    return r
""",
        [I(0)],
        41,
    ),
    Program(
        "inner_else_breaks_outer",
        """
@compile
def f(n):
    found = -1
    i = 0
    while i < n:
        j = 0
        while j < 3:
            if (i + j) % 4 == 1:
                break
            j = j + 1
        else:
            found = i
            break
        i = i + 1
    return found
""",
        [I(9)],
        2,
        about="break in the else clause belongs to the outer loop",
    ),
    Program(
        "break_in_else_branch",
        """
@compile
def f(v):
    s = 0
    for x in v:
        if x > 0:
            s = s + x
        else:
            break
        s = s * 2
    return s
""",
        [I([1, 2, -1, 9])],
        8,
    ),
    Program(
        "two_correlated_breaks",
        """
@compile
def f(x):
    n = 0
    while True:
        if x > 10:
            x = x - 4
        else:
            break
        n = n + 1
        if x % 3 == 0:
            break
    return x, n
""",
        [I(20)],
        (12, 2),
    ),
    Program(
        "continue_single",
        """
@compile
def f(n):
    s = 0
    for i in range(n):
        if i % 2 == 0:
            continue
        s = s + i
    return s
""",
        [I(7)],
        9,
    ),
    Program(
        "continue_and_break",
        """
@compile
def f(n):
    s = 0
    i = 0
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        if i > 7:
            break
        s += i
    return s, i
""",
        [I(20)],
        (19, 8),
    ),
    Program(
        "continue_in_elif",
        """
@compile
def f(v):
    s = 0
    for x in v:
        if x == 1:
            s = s + 10
        elif x == 2:
            continue
        else:
            s = s - 1
        s = s * 2
    return s
""",
        [I([1, 2, 3])],
        38,
    ),
    Program(
        "unconditional_return_in_loop",
        """
@compile
def f(v):
    for x in v:
        return x + 1
    return 0
""",
        [I([5, 6])],
        6,
    ),
]

HEADS = {  # how a loop starts, its head, and how its body starts
    "while": (["{v} = -1"], "while {v} < {n} - 1:", ["{v} = {v} + 1"]),
    "range": ([], "for {v} in range({n}):", []),
    "vector": ([], "for {v} in {vector}:", []),
    "pyrange": ([], "for {v} in range({k}):", []),
}
PAIRS = [("while", "while"), ("range", "range"), ("vector", "vector"), ("pyrange", "pyrange")]
PAIRS += [("while", "vector"), ("pyrange", "while"), ("range", "pyrange")]


def nested(outer: str, inner: str, outer_jump: str, inner_jump: str) -> str:
    """Two loops, one in the other, with a jump in each."""
    around, within = dict(v="i", n="n", vector="a", k=4), dict(v="j", n="m", vector="b", k=5)
    before, head, first = HEADS[outer]
    lines = ["@compile", "def f(n, m, a, b):", "    total = 0"]
    lines += ["    " + line.format(**around) for line in [*before, head]]
    lines += ["        " + line.format(**around) for line in [*first, "total = total + 1"]]
    before, head, first = HEADS[inner]
    lines += ["        " + line.format(**within) for line in [*before, head]]
    lines += ["            " + line.format(**within) for line in first]
    result = " total * 100 + i * 10 + j" if inner_jump == "return" else ""
    lines += ["            if (i + 2 * j) % 5 == 3:", f"                {inner_jump}{result}"]
    lines += ["            total = total + i * j + 1"]
    if outer_jump != "none":
        result = " -total" if outer_jump == "return" else ""
        lines += ["        if (i * 7 + total) % 4 == 1:", f"            {outer_jump}{result}"]
    return "\n".join([*lines, "        total = total + 10", "    return total", ""])


def family() -> list[Program]:
    """Every pair of loops with every pair of jumps; what Python makes of it on numbers and lists is expected."""
    made = []
    jumps = product(PAIRS, ("none", "break", "continue", "return"), ("break", "continue", "return"))
    for (outer, inner), outer_jump, inner_jump in jumps:
        if outer == inner and outer in ("range", "vector") and outer_jump == "none":
            continue  # enough of them
        source = nested(outer, inner, outer_jump, inner_jump)
        space: dict[str, Any] = {"compile": lambda function: function}
        exec(source, space)
        expected = space["f"](4, 5, list(range(4)), list(range(5)))
        name = f"jumps_{outer}_{inner}_outer_{outer_jump}_inner_{inner_jump}"
        inputs = [I(4), I(5), I(range(4)), I(range(5))]
        made.append(Program(name, source, inputs, expected, staged=(outer, inner) != ("pyrange", "pyrange")))
    return made


PROGRAMS += family()
