"""Programs: repeated calls."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "compile_polymorphic_shapes",
        """
@compile
def f(v):
    s = 0.0
    for x in v:
        s = s + x
    return s, v * 2.0

def main(a, b):
    return f(a), f(b), f(a)
""",
        [F([1.0, 2.0]), F([1.0, 2.0, 3.0])],
        ((3.0, F([2.0, 4.0])), (6.0, F([2.0, 4.0, 6.0])), (3.0, F([2.0, 4.0]))),
    ),
    Program(
        "compile_python_scalar_arguments",
        """
@compile
def f(x, k, mode='mul'):
    if mode == 'mul':
        return x * k
    return x + k

def main(x):
    return f(x, 2), f(x, 3), f(x, 2, mode='add'), f(x, k=2)
""",
        [I(5)],
        (10, 15, 7, 10),
        staged=False,
    ),
    Program(
        "compile_python_and_tensor_same_function",
        """
@compile
def f(n):
    s = 0
    while n > 0:
        s = s + n
        n = n - 1
    return s

def main(t):
    return f(t), f(4), f(t)
""",
        [I(3)],
        (6, 10, 6),
    ),
    Program(
        "compile_closure_rebound_between_calls",
        """
def make(x):
    k = 1
    @compile
    def f(v):
        return v + k
    a = f(x)
    k = 100
    return a, f(x)

def main(x):
    return make(x)
""",
        [I(3)],
        (4, 103),
        staged=False,
    ),
    Program(
        "compile_returns_argument_unchanged",
        """
@compile
def f(x, y):
    return x, {'y': y}, x
""",
        [I([1, 2]), I(3)],
        ([1, 2], {"y": 3}, [1, 2]),
        staged=False,
    ),
    Program(
        "compile_as_call",
        """
def f_(x):
    if x > 0:
        return x
    return -x

f = compile(f_)
""",
        [I(-3)],
        3,
    ),
    Program(
        "compile_error_then_success",
        """
@compile
def f(x, ok):
    if not ok:
        raise RuntimeError('first call fails')
    if x > 0:
        return x
    return -x

def main(x):
    try:
        f(x, False)
    except Exception as e:
        failed = 'first call fails' in str(e)
    return failed, f(x, True), f(x, True)
""",
        [I(-5)],
        (True, 5, 5),
    ),
    Program(
        "compile_recursive_python_structure",
        """
def depth_sum(t, d):
    if isinstance(t, (list, tuple)):
        s = 0
        for e in t:
            s = s + depth_sum(e, d + 1)
        return s
    return t * d

@compile
def f(t):
    return depth_sum(t, 0)
""",
        [[I(1), (I(2), [I(3)])]],
        14,
        staged=False,
    ),
    Program(
        "compile_many_calls_same_signature",
        """
@compile
def f(x, i):
    if i % 2 == 0:
        return x + i
    return x - i

def main(x):
    for i in range(50):
        x = f(x, xp.asarray(i))
    return x
""",
        [I(0)],
        -25,
    ),
]
