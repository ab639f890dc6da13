"""Programs: functions, arguments and closures."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "fn_positional_only",
        """
@compile
def f(x, /, y, *, z):
    return x * 100 + y * 10 + z

def main(a, b, c):
    return f(a, b, z=c), f(a, y=b, z=c)
""",
        [I(1), I(2), I(3)],
        (123, 123),
        staged=False,
    ),
    Program(
        "fn_star_args",
        """
def total(*xs):
    s = 0
    for x in xs:
        if x > 0:
            s = s + x
    return s

@compile
def f(a, b, c):
    rest = [b, c]
    return total(a, *rest, 5)
""",
        [I(1), I(-2), I(3)],
        9,
    ),
    Program(
        "fn_star_kwargs",
        """
def combine(a, b=1, **kw):
    r = a * b
    for k in sorted(kw):
        r = r * 10 + kw[k]
    return r

@compile
def f(x):
    opts = {'p': x, 'q': 2}
    return combine(x, b=3, **opts), combine(*(x,), **{'b': 2})
""",
        [I(4)],
        (1242, 8),
        staged=False,
    ),
    Program(
        "fn_closure_called_after_loop",
        """
@compile
def f(n):
    a = 0
    def g():
        return a
    for i in range(n):
        a = i * 10
    return g()
""",
        [I(4)],
        30,
    ),
    Program(
        "fn_passed_as_argument",
        """
def inc(v):
    return v + 1

@compile
def f(fn, x, n):
    for _ in range(n):
        x = fn(x)
    return x

def main(x, n):
    return f(inc, x, n), f(lambda v: v * 2, x, n)
""",
        [I(1), I(4)],
        (5, 16),
    ),
    Program(
        "fn_compiled_lambda",
        """
f = compile(lambda x: x * 3 if x > 0 else x - 1)

def main(a, b):
    return f(a), f(b)
""",
        [I(2), I(-2)],
        (6, -3),
    ),
    Program(
        "fn_compile_partial",
        """
def affine(a, x):
    if x > 0:
        return a * x
    return a

f = compile(functools.partial(affine, 5))

def main(p, n):
    return f(p), f(n)
""",
        [I(4), I(-4)],
        (20, 5),
        level="extended",
    ),
    Program(
        "fn_decorator_inside",
        """
def twice(fn):
    def wrapper(x):
        return fn(fn(x))
    return wrapper

@compile
def f(x):
    @twice
    def g(v):
        if v > 5:
            return v - 1
        return v + 3
    return g(x)
""",
        [I(4)],
        6,
    ),
    Program(
        "fn_decorators_stacked_on_entry",
        """
def plus(k):
    def deco(fn):
        @functools.wraps(fn)
        def wrapper(x):
            return fn(x) + k
        return wrapper
    return deco

@compile
@plus(100)
@plus(1000)
def f(x):
    if x > 0:
        return x
    return -x
""",
        [I(-4)],
        1104,
    ),
    Program(
        "fn_compile_callable_object",
        """
class Gate:
    def __init__(self, t):
        self.t = t
    def __call__(self, x):
        if x > self.t:
            return x
        return 0 * x

def main(x):
    return compile(Gate(3))(x), compile(Gate(10))(x)
""",
        [I(5)],
        (5, 0),
        level="extended",
    ),
    Program(
        "fn_redefined",
        """
@compile
def f(x):
    def g(v):
        return v + 1
    a = g(x)
    def g(v):
        return v * 100
    return a, g(x)
""",
        [I(2)],
        (3, 200),
        staged=False,
    ),
    Program(
        "fn_mutable_default",
        """
def collect(x, acc=None):
    acc = [] if acc is None else acc
    acc.append(x)
    return acc

@compile
def f(x):
    a = collect(x)
    b = collect(x + 1)
    return a, collect(x + 2, b)
""",
        [I(1)],
        ([1], [2, 3]),
        staged=False,
    ),
    Program(
        "fn_import_inside",
        """
@compile
def f(x):
    import math as m
    from operator import add
    if x > 0:
        x = add(x, int(m.sqrt(16)))
    return x
""",
        [I(3)],
        7,
    ),
]
