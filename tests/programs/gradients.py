"""Programs: gradients."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "grad_abs_branch",
        """
@compile
def f(x):
    return x if x > 0. else -x

def main(a, b):
    return xp.grad(f)(a), xp.grad(f)(b)
""",
        [F(2.0), F(-2.0)],
        (1.0, -1.0),
        about="seed document",
    ),
    Program(
        "grad_while_zero_iterations",
        """
@compile
def f(x, n):
    y = x * 3.0
    while n > 0:
        y = y * x
        n = n - 1
    return y

def main(x, n):
    return xp.grad(f)(x, n)
""",
        [F(2.0), I(0)],
        3.0,
    ),
    Program(
        "grad_while_data_dependent_trip_count",
        """
@compile
def f(x):
    y = x
    while y < 100.0:
        y = y * x
    return y

def main(x):
    return f(x), xp.grad(f)(x)
""",
        [F(3.0)],
        (243.0, 405.0),
    ),
    Program(
        "grad_loop_with_break",
        """
@compile
def f(v, limit):
    s = 0.0
    for x in v:
        if s > limit:
            break
        s = s + x * x
    return s

def main(v, limit):
    return xp.grad(f)(v, limit)
""",
        [F([1.0, 3.0, 5.0, 7.0]), F(5.0)],
        F([2.0, 6.0, 0.0, 0.0]),
    ),
    Program(
        "grad_early_return",
        """
@compile
def f(x):
    if x < 1.0:
        return x * 5.0
    y = x * x
    while y < 50.0:
        y = y * 2.0
        if y > 30.0:
            return y
    return y + x

def main(xs):
    return [xp.grad(f)(x) for x in xs]
""",
        [[F(0.5), F(2.0), F(10.0)]],
        [5.0, 32.0, 21.0],
    ),
    Program(
        "grad_nested_loops",
        """
@compile
def f(x, n):
    s = x
    i = 0
    while i < n:
        j = 0
        while j < i:
            s = s * x
            j = j + 1
        i = i + 1
    return s

def main(x, n):
    return f(x, n), xp.grad(f)(x, n)
""",
        [F(1.5), I(4)],
        (17.0859375, 79.734375),
    ),
    Program(
        "grad_inside_compiled_function",
        """
def loss(w, x):
    p = w * x
    if p > 4.0:
        return (p - 4.0) * (p - 4.0)
    return p * 0.0

@compile
def f(w, x):
    g = xp.grad(loss)(w, x)
    return w - 0.1 * g

def main(w, x):
    return f(w, x)
""",
        [F(3.0), F(2.0)],
        2.2,
        about="the gradient is taken inside the compiled function",
    ),
    Program(
        "grad_of_structure",
        """
@compile
def f(p, x):
    if x > 0.0:
        return p['w'] * x + p['b'][0]
    return p['b'][1] * p['w']

def main(p, x):
    return xp.grad(f)(p, x)
""",
        [{"w": F(2.0), "b": [F(1.0), F(5.0)]}, F(3.0)],
        {"w": 3.0, "b": [1.0, 0.0]},
    ),
    Program(
        "grad_untaken_branch_has_no_nan",
        """
@compile
def f(x):
    if x > 0.0:
        return x * xp.log(x)
    return x * 0.0

def main(x):
    return f(x), xp.grad(f)(x)
""",
        [F(0.0)],
        (0.0, 0.0),
        about="a select would give nan here",
    ),
    Program(
        "grad_through_item_assignment",
        """
@compile
def f(v):
    y = v * 2.0
    y[1] = v[0] * v[2]
    return xp.sum(y * y)

def main(v):
    return xp.grad(f)(v)
""",
        [F([1.0, 2.0, 3.0])],
        F([26.0, 0.0, 30.0]),
        staged=False,
        level="extended",
    ),
    Program(
        "grad_through_indexing_in_loop",
        """
@compile
def f(v, n):
    s = 1.0
    for i in range(n):
        s = s * v[i] + v[0]
    return s

def main(v, n):
    return f(v, n), xp.grad(f)(v, n)
""",
        [F([2.0, 3.0, 5.0]), I(3)],
        (72.0, F([36.0, 20.0, 14.0])),
    ),
    Program(
        "grad_stop_gradient",
        """
@compile
def f(x):
    y = xp.stop_gradient(x * x)
    if y > 1.0:
        return x * y
    return x

def main(x):
    return f(x), xp.grad(f)(x)
""",
        [F(3.0)],
        (27.0, 9.0),
    ),
    Program(
        "grad_persistent_tape",
        """
def main(x):
    with xp.tape(persistent=True) as t:
        x = t.watch(x)
        y = g(x)
        z = y * y
    return t.gradient(y, x), t.gradient(z, x), t.gradient(z, y)

@compile
def g(x):
    if x > 0.0:
        return x * 3.0
    return x
""",
        [F(2.0)],
        (3.0, 36.0, 12.0),
    ),
    Program(
        "grad_wrt_variable",
        """
w = xp.variable(3.0)

@compile
def loss(x):
    p = w.read_value() * x
    if p > 1.0:
        return p * p
    return p

def main(x):
    with xp.tape() as t:
        y = loss(x)
    return y, t.gradient(y, w)
""",
        [F(2.0)],
        (36.0, 24.0),
    ),
]
