"""Programs: while loops."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "while_count_down",
        """
@compile
def f(n):
    steps = 0
    while n > 0:
        n = n - 2
        steps = steps + 1
    return n, steps
""",
        [I(7)],
        (-1, 4),
        about="basic tensor while; a Python int is carried",
    ),
    Program(
        "while_newton_sqrt",
        """
@compile
def f(a):
    x = a
    err = xp.abs(x * x - a)
    while err > 1e-4:
        x = 0.5 * (x + a / x)
        err = xp.abs(x * x - a)
    return x
""",
        [F(2.0)],
        1.4142135,
        rtol=0.0001,
    ),
    Program(
        "while_true_tensor_return",
        """
@compile
def f(x):
    while True:
        x = x + 7
        if x % 5 == 0:
            return x
""",
        [I(1)],
        15,
    ),
    Program(
        "while_integer_truthiness",
        """
@compile
def f(n):
    total = 0
    while n:
        total += n
        n -= 1
    return total
""",
        [I(4)],
        10,
        about="Python truth value of an integer tensor",
    ),
    Program(
        "while_dtype_change",
        """
@compile
def f(x, k):
    while k > 0:
        x = xp.cast(x, xp.float32) * 0.5
        k = k - 1
    return x
""",
        [I(9), I(2)],
        2.25,
        may_raise="Dtype",
        mention=("x",),
        level="extended",
        about="a loop variable goes from int32 to float32: right value or an error naming x",
    ),
    Program(
        "while_rank_changes",
        """
@compile
def f(x, k):
    while k > 0:
        x = x + xp.ones((3,))
        k = k - 1
    return x
""",
        [F(1.0), I(2)],
        F([3.0, 3.0, 3.0]),
        may_raise="Shape",
        mention=("x",),
        level="extended",
    ),
    Program(
        "while_structure_changes",
        """
@compile
def f(x, k):
    state = (x,)
    while k > 0:
        state = state + (x,)
        k = k - 1
    return state
""",
        [I(5), I(2)],
        (5, 5, 5),
        may_raise="Structure",
        mention=("state",),
        level="extended",
    ),
    Program(
        "while_temp_used_after",
        """
@compile
def f(n):
    while n > 0:
        last = n * 10
        n = n - 1
    return last
""",
        [I(3)],
        10,
        about="defined only inside the loop, loop runs",
    ),
    Program(
        "while_three_levels",
        """
@compile
def f(n):
    c = 0
    i = 0
    while i < n:
        j = 0
        while j < n:
            k = 0
            while k < j:
                c = c + 1
                k = k + 1
            j = j + 1
        i = i + 1
    return c
""",
        [I(4)],
        24,
    ),
    Program(
        "while_condition_calls_function",
        """
def below(x, limit):
    if limit is None:
        return False
    return x < limit

@compile
def f(x):
    n = 0
    while below(x, 40):
        x = x * 2
        n += 1
    return x, n
""",
        [I(3)],
        (48, 4),
    ),
    Program(
        "while_reads_enclosing_variable",
        """
@compile
def f(x, n):
    step = x + 1
    i = 0
    while i < n:
        x = x + step
        i = i + 1
    return x, step
""",
        [I(1), I(3)],
        (7, 2),
        about="step is invariant",
    ),
    Program(
        "while_two_loops_share_names",
        """
@compile
def f(n, m):
    s = 0
    i = 0
    while i < n:
        s = s * 10 + i
        i += 1
    i = 0
    while i < m:
        s = s * 10 + i
        i += 1
    return s
""",
        [I(3), I(2)],
        1201,
    ),
    Program(
        "while_in_if_branch",
        """
@compile
def f(x):
    if x > 5:
        while x > 5:
            x = x - 4
    else:
        x = -x
    return x
""",
        [I(14)],
        2,
    ),
    Program(
        "while_loop_counter_python_float",
        """
@compile
def f(x):
    t = 0.0
    while t < x:
        t = t + 0.25
    return t
""",
        [F(1.100000023841858)],
        1.25,
    ),
    Program(
        "while_condition_on_vector_reduction",
        """
@compile
def f(v):
    n = 0
    while xp.any(v > 0):
        v = v - 1
        n = n + 1
    return n, v
""",
        [I([3, 1, 5])],
        (5, [-2, -4, 0]),
    ),
    Program(
        "while_condition_not_scalar",
        """
@compile
def f(v):
    while v > 0:
        v = v - 1
    return v
""",
        [I([3, 1])],
        raises="Condition",
        about="a two element condition is ambiguous",
    ),
]
