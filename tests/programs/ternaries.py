"""Programs: conditional expressions."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "ternary_simple",
        """
@compile
def f(x):
    return x if x > 0 else -x

def main(a, b):
    return f(a), f(b)
""",
        [F(2.0), F(-2.0)],
        (2.0, 2.0),
        about="abs() of the seed document",
    ),
    Program(
        "ternary_nested_else",
        """
@compile
def f(x):
    return 1 if x > 0 else (-1 if x < 0 else 0)

def main(xs):
    return [f(x) for x in xs]
""",
        [[I(5), I(-5), I(0)]],
        [1, -1, 0],
    ),
    Program(
        "ternary_as_argument",
        """
def scale(v, k):
    return v * k

@compile
def f(x, n):
    return scale(x, 10 if n > 0 else 100)
""",
        [I(3), I(-1)],
        300,
    ),
    Program(
        "ternary_as_index",
        """
@compile
def f(v, n):
    return v[0 if n > 0 else 2]
""",
        [I([5, 6, 7]), I(-1)],
        7,
    ),
    Program(
        "ternary_chooses_function",
        """
@compile
def f(x, up):
    g = (lambda v: v + 1) if up else (lambda v: v - 1)
    return g(x)
""",
        [I(4), False],
        3,
        staged=False,
    ),
    Program(
        "ternary_in_loop_and_comprehension",
        """
@compile
def f(v):
    return xp.stack([x if x > 0 else 0 * x for x in v])
""",
        [I([1, -2, 3])],
        [1, 0, 3],
    ),
    Program(
        "ternary_tuple_result",
        """
@compile
def f(a, b):
    lo, hi = (a, b) if a < b else (b, a)
    return lo, hi
""",
        [I(5), I(2)],
        (2, 5),
    ),
]
