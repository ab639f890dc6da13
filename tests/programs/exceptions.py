"""Programs: exceptions, with and assert."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "assert_in_loop",
        """
@compile
def f(v):
    s = 0
    for x in v:
        assert x < 10, 'element too large'
        s = s + x
    return s

def main(a, b):
    r = f(a)
    try:
        f(b)
    except Exception as e:
        return r, 'element too large' in str(e)
    return r, False
""",
        [I([1, 2]), I([1, 20])],
        (3, True),
    ),
    Program(
        "assert_static_shape",
        """
@compile
def f(v):
    assert v.shape[0] == 3, 'need three'
    assert len(v) == 3
    return xp.sum(v)
""",
        [I([1, 2, 3])],
        6,
        staged=False,
    ),
    Program(
        "try_except_static",
        """
@compile
def f(x):
    try:
        raise ValueError('a')
    except ValueError:
        y = x * 2
    if y > 5:
        y = y + 100
    return y
""",
        [I(5)],
        110,
    ),
    Program(
        "try_except_in_loop_continue",
        """
@compile
def f(keys, d):
    s = 0
    for k in keys:
        try:
            v = d[k]
        except KeyError:
            continue
        if v > 1:
            s = s + v
    return s
""",
        [["a", "zz", "b"], {"a": I(1), "b": I(5)}],
        5,
    ),
    Program(
        "with_loop_inside",
        """
@compile
def f(x):
    with contextlib.nullcontext(3) as k:
        while x > k:
            x = x - k
    return x
""",
        [I(10)],
        1,
    ),
    Program(
        "index_error_static",
        """
@compile
def f(x):
    l = [x, x]
    return l[5]
""",
        [I(5)],
        raises="Index",
        staged=False,
    ),
]
