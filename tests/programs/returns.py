"""Programs: return statements."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "return_fall_through_nested",
        """
@compile
def f(a, b):
    if a > 0:
        if b > 0:
            return 1
    return 2

def main(p, n):
    return [f(p, p), f(p, n), f(n, p), f(n, n)]
""",
        [I(1), I(-1)],
        [1, 2, 2, 2],
        about='TF: "the else branch must also have a return statement"',
    ),
    Program(
        "return_bare",
        """
@compile
def f(x):
    if x > 0:
        return
    return
""",
        [I(3)],
        None,
    ),
    Program(
        "return_structure_mismatch",
        """
@compile
def f(x):
    if x > 0:
        return x
    return x, x
""",
        [I(3)],
        3,
        may_raise="Structure",
        mention=("return",),
        level="extended",
    ),
    Program(
        "return_in_with",
        """
@contextlib.contextmanager
def scope():
    yield 5

@compile
def f(x):
    with scope() as k:
        if x > 0:
            return x * k
        return x

def main(a, b):
    return f(a), f(b)
""",
        [I(2), I(-2)],
        (10, -2),
    ),
    Program(
        "return_lambda",
        """
@compile
def f(x):
    k = x * 2
    return lambda v: v + k

def main(x):
    return f(x)(x)
""",
        [I(5)],
        15,
        may_raise="Structure",
        level="stretch",
        about="a closure over a staged value escapes",
    ),
    Program(
        "return_many",
        """
@compile
def f(x):
    return x, x + 1, (x + 2, [x + 3, {'k': x + 4}]), None, 'text', 1.5
""",
        [I(0)],
        (0, 1, (2, [3, {"k": 4}]), None, "text", 1.5),
        staged=False,
    ),
]
