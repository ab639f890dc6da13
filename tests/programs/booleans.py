"""Programs: and, or, not, comparisons."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "bool_chained_mixed",
        """
@compile
def f(a, b, c, d):
    return a < b == c > d

def main(one, two):
    return f(one, two, two, one), f(one, two, two, two), f(two, two, two, one)
""",
        [I(1), I(2)],
        (True, False, False),
    ),
    Program(
        "bool_or_skips_right",
        """
def must_be_zero(x):
    assert x == 0, 'right operand evaluated'
    return True

@compile
def f(x):
    return x > 0 or must_be_zero(x)

def main(a, b):
    return f(a), f(b)
""",
        [I(3), I(0)],
        (True, True),
    ),
    Program(
        "bool_and_returns_operand",
        """
@compile
def f(n, d):
    return n and d // n

def main(z, x, d):
    return f(z, d), f(x, d)
""",
        [I(0), I(5), I(35)],
        (0, 7),
    ),
    Program(
        "bool_static_and_tensor",
        """
@compile
def f(x, use):
    if use and x > 3:
        return x * 10
    return x

def main(x):
    return f(x, True), f(x, False), f(x, None)
""",
        [I(5)],
        (50, 5, 5),
    ),
    Program(
        "bool_none_or_default",
        """
@compile
def f(x, scale=None):
    scale = scale or 3
    return x * scale

def main(x):
    return f(x), f(x, 5)
""",
        [I(2)],
        (6, 10),
        staged=False,
    ),
    Program(
        "bool_equality_operators",
        """
@compile
def f(a, b):
    return a == b, a != b, a == 3, 3 != b
""",
        [I(3), I(4)],
        (False, True, True, True),
    ),
    Program(
        "bool_builtin",
        """
@compile
def f(x):
    if bool(x > 3):
        return 1
    return 0
""",
        [I(4)],
        1,
        level="extended",
    ),
    Program(
        "bool_any_all_on_list",
        """
@compile
def f(a, b, c):
    return any([a > 0, b > 0, c > 0]), all([a > 0, b > 0, c > 0])
""",
        [I(-1), I(2), I(3)],
        (True, False),
        level="extended",
    ),
]
