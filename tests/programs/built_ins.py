"""Programs: built-in functions."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "builtin_abs_min_max",
        """
@compile
def f(a, b, c):
    return abs(a), min(a, b), max(a, b, c), min(b, 3), max([a, c])
""",
        [I(-4), I(7), I(5)],
        (4, -4, 7, 3, 5),
        level="extended",
    ),
    Program(
        "builtin_len",
        """
@compile
def f(v, m):
    return len(v) + len(m) * 10 + len([v, m]) * 100
""",
        [I([1, 2, 3]), I([[1], [2]])],
        223,
        staged=False,
    ),
    Program(
        "builtin_sorted_static_key",
        """
@compile
def f(d):
    s = 0
    for k in sorted(d, key=lambda name: -len(name)):
        s = s * 10 + d[k]
    return s
""",
        [{"a": I(1), "ccc": I(3), "bb": I(2)}],
        321,
        staged=False,
    ),
    Program(
        "builtin_divmod_pow_round",
        """
@compile
def f(x, y):
    q, r = divmod(x, y)
    return q, r, pow(x, 2)
""",
        [I(17), I(5)],
        (3, 2, 289),
        staged=False,
        level="extended",
    ),
    Program(
        "builtin_next_iter",
        """
@compile
def f(a, b):
    it = iter([a, b])
    x = next(it)
    y = next(it)
    z = next(it, 7)
    return x * 100 + y * 10 + z
""",
        [I(1), I(2)],
        127,
        staged=False,
    ),
    Program(
        "builtin_itertools_static",
        """
@compile
def f(a, b):
    s = 0
    for x, k in itertools.product([a, b], (1, 10)):
        s = s + x * k
    return s, functools.reduce(lambda p, q: p * q, [a, b, 2])
""",
        [I(3), I(4)],
        (77, 24),
        staged=False,
    ),
    Program(
        "builtin_operator_module",
        """
@compile
def f(a, b):
    return operator.add(a, b), operator.mul(a, b), operator.getitem([a, b], 1)
""",
        [I(3), I(4)],
        (7, 12, 4),
        staged=False,
    ),
    Program(
        "builtin_math_on_static",
        """
@compile
def f(x):
    for k in range(math.floor(2.9)):
        x = x * math.gcd(12, 18)
    return x
""",
        [I(1)],
        36,
        staged=False,
    ),
]
