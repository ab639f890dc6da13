"""Programs: names without values, and errors."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "undef_only_read_where_defined",
        """
@compile
def f(x):
    if x > 0:
        y = x * 2
    z = x + 1
    if x > 0:
        z = z + y
    return z

def main(a, b):
    return f(a), f(b)
""",
        [I(3), I(-3)],
        (10, -2),
        may_raise="Undefined",
        mention=("y",),
        level="extended",
        about="y has a value exactly where it is read; TF refuses",
    ),
    Program(
        "undef_flag_guarded_read",
        """
@compile
def f(v):
    found = False
    for x in v:
        if x > 3:
            hit = x
            found = True
    if found:
        return hit * 10
    return xp.asarray(-1)

def main(a, b):
    return f(a), f(b)
""",
        [I([1, 5, 4]), I([1, 2])],
        (40, -1),
        may_raise="Undefined",
        mention=("hit",),
        level="extended",
        about="the usual search idiom: hit is only read when it was set",
    ),
    Program(
        "undef_deleted_in_loop",
        """
@compile
def f(n):
    t = n
    i = 0
    while i < n:
        i = i + 1
    del t
    return t + i
""",
        [I(3)],
        raises="Undefined",
        mention=("t",),
    ),
    Program(
        "raise_at_iteration",
        """
@compile
def f(v):
    s = 0
    for x in v:
        if x == 0:
            raise ZeroDivisionError('zero element')
        s = s + 12 // x
    return s

def main(a, b):
    good = f(a)
    try:
        bad = f(b)
    except ZeroDivisionError as e:
        bad = str(e)
    return good, bad
""",
        [I([1, 2, 3]), I([1, 0, 3])],
        (22, "zero element"),
        may_raise="Unsupported",
        level="extended",
        about="TF raises while tracing, whatever the data",
    ),
    Program(
        "raise_custom_type_from_tensor_branch",
        """
class Overflow(ValueError):
    pass

@compile
def f(x):
    if x > 100:
        raise Overflow('too big')
    return x + 1

def main(a, b):
    r = f(a)
    try:
        f(b)
    except Overflow as e:
        return r, type(e).__name__, 'too big' in str(e)
    return r, None, False
""",
        [I(5), I(500)],
        (6, "Overflow", True),
        may_raise="Unsupported",
        level="extended",
    ),
    Program(
        "raise_not_implemented_default_method",
        """
class Base:
    def step(self, x):
        raise NotImplementedError('step')

class Impl(Base):
    def step(self, x):
        return x * 2

@compile
def f(x, o):
    if x > 0:
        x = o.step(x)
    return x

def main(x):
    return f(x, Impl())
""",
        [I(3)],
        6,
    ),
    Program(
        "assert_fails_at_iteration",
        """
@compile
def f(v):
    s = 0
    for x in v:
        s = s + x
        assert s < 10, 'sum too large'
    return s
""",
        [I([3, 4, 5])],
        raises="Assertion",
        mention=("sum too large",),
    ),
    Program(
        "error_shape_mismatch",
        """
@compile
def f(a, b):
    return a + b
""",
        [F([1.0, 2.0, 3.0]), F([1.0, 2.0])],
        raises="Shape",
        staged=False,
    ),
    Program(
        "error_unpack_count",
        """
@compile
def f(v):
    a, b = v[0], v[1]
    c, d = (a, b, a)
    return c + d
""",
        [F([1.0, 2.0, 3.0])],
        raises="Structure",
        staged=False,
    ),
    Program(
        "error_inner_call_missing_argument",
        """
def g(a, b):
    return a + b

@compile
def f(x):
    if x > 0:
        x = g(x)
    return x
""",
        [I(3)],
        raises="Call",
        mention=("b",),
    ),
    Program(
        "error_vector_condition_in_loop",
        """
@compile
def f(v):
    while v > 0:
        v = v - 1
    return v
""",
        [I([1, 2])],
        raises="Condition",
    ),
    Program(
        "error_vector_in_and",
        """
@compile
def f(v, x):
    if v > 0 and x > 0:
        return x
    return -x
""",
        [I([1, 2]), I(3)],
        raises="Condition",
    ),
    Program(
        "error_range_of_float",
        """
@compile
def f(x):
    s = 0
    for i in range(x):
        s = s + i
    return s
""",
        [F(3.0)],
        raises="Dtype",
    ),
    Program(
        "error_iterate_scalar",
        """
@compile
def f(x):
    s = 0
    for e in x:
        s = s + e
    return s
""",
        [I(3)],
        raises="Shape",
    ),
    Program(
        "error_then_good_call",
        """
@compile
def f(a, b):
    return xp.sum(a + b)

def main(a, b):
    try:
        f(a, b)
        bad = 'no error'
    except Exception:
        bad = 'error'
    return bad, f(a, a), f(b, b)
""",
        [F([1.0, 2.0, 3.0]), F([1.0, 2.0])],
        ("error", 12.0, 6.0),
        staged=False,
    ),
    Program(
        "error_does_not_leave_half_state",
        """
class Acc:
    def __init__(self):
        self.n = 0
        self.total = 0

@compile
def f(x, acc, bad):
    acc.n = acc.n + 1
    if bad:
        raise ValueError('bad input')
    acc.total = acc.total + x
    return acc.total

def main(x):
    acc = Acc()
    f(x, acc, False)
    try:
        f(x, acc, True)
    except ValueError:
        pass
    return f(x, acc, False), acc.n
""",
        [I(5)],
        (10, 3),
        may_raise="SideEffect",
        staged=False,
        level="extended",
    ),
]
