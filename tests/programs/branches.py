"""Programs: if statements."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "if_else_pos",
        """
@compile
def f(x):
    if x > 0:
        y = -x
    else:
        y = 2 * x
    return y
""",
        [I(3)],
        -3,
    ),
    Program(
        "if_else_neg",
        """
@compile
def f(x):
    if x > 0:
        y = -x
    else:
        y = 2 * x
    return y
""",
        [I(-3)],
        -6,
    ),
    Program(
        "if_local_temporary",
        """
@compile
def f(x):
    if x > 0:
        t = x * x
        x = t + 1
    return x
""",
        [I(-2)],
        -2,
        about="t exists in one branch only and is not used afterwards",
    ),
    Program(
        "if_delete_in_branch",
        """
@compile
def f(x):
    y = x
    if x > 0:
        z = y
        del y
    else:
        z = -y
    return z
""",
        [I(-7)],
        7,
    ),
    Program(
        "if_static_function_definition",
        """
@compile
def f(x, big):
    if big:
        def g(v):
            return v * 10
    else:
        def g(v):
            return v - 1
    return g(x)
""",
        [I(4), True],
        40,
        staged=False,
    ),
    Program(
        "if_branch_shapes",
        """
@compile
def f(v):
    if v[0] > 0:
        y = v
    else:
        y = v[0]
    return y
""",
        [I([1, 2])],
        [1, 2],
        may_raise="Shape",
        mention=("y",),
        level="extended",
    ),
    Program(
        "if_branch_structures",
        """
@compile
def f(x):
    if x > 0:
        y = (x, x)
    else:
        y = [x]
    return y
""",
        [I(3)],
        (3, 3),
        may_raise="Structure",
        mention=("y",),
        level="extended",
    ),
    Program(
        "if_static_shape_test",
        """
@compile
def f(v):
    if v.shape[0] > 3:
        return v[3]
    return v[0] * 100
""",
        [I([7, 8])],
        700,
        staged=False,
    ),
    Program(
        "if_none_default",
        """
@compile
def f(x, y=None):
    if y is None:
        y = x + 1
    return x * y

def main(x):
    return f(x), f(x, x)
""",
        [I(5)],
        (30, 25),
        staged=False,
    ),
    Program(
        "if_size_one_condition",
        """
@compile
def f(v):
    if v > 0:
        return 1
    return 2
""",
        [I([4])],
        1,
        about="a one element condition is a truth value",
    ),
    Program(
        "if_vector_condition",
        """
@compile
def f(v):
    if v > 0:
        return 1
    return 2
""",
        [I([4, 5])],
        raises="Condition",
    ),
    Program(
        "if_not_integer",
        """
@compile
def f(n):
    if not n:
        return 7
    return n
""",
        [I(0)],
        7,
    ),
    Program(
        "if_pass_branch",
        """
@compile
def f(x):
    if x > 0:
        pass
    else:
        x = -x
    return x
""",
        [I(-3)],
        3,
    ),
    Program(
        "if_raise_taken",
        """
@compile
def f(x):
    if x < 0:
        raise ValueError('negative input')
    return xp.sqrt(x)
""",
        [F(-9.0)],
        raises="User",
        mention=("negative input",),
    ),
]
