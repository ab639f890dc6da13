"""Programs: for loops."""

from __future__ import annotations

from program import B, F, I, Program

PROGRAMS = [
    Program(
        "for_over_vector",
        """
@compile
def f(v):
    s = 0.0
    p = 1.0
    for x in v:
        s = s + x
        p = p * x
    return s, p
""",
        [F([1.0, 2.0, 4.0])],
        (7.0, 8.0),
    ),
    Program(
        "for_over_empty_vector",
        """
@compile
def f(v):
    s = 7.0
    for x in v:
        s = s + x
    return s
""",
        [F([])],
        7.0,
    ),
    Program(
        "for_range_tensor",
        """
@compile
def f(n):
    s = 0
    for i in range(n):
        s = s * 10 + i
    return s
""",
        [I(4)],
        123,
    ),
    Program(
        "for_range_start_stop_step",
        """
@compile
def f(a, b):
    s = 0
    for i in range(a, b, 3):
        s = s * 100 + i
    return s
""",
        [I(2), I(12)],
        2050811,
    ),
    Program(
        "for_range_empty",
        """
@compile
def f(n):
    s = 3
    for i in range(n):
        s = s + i + 100
    return s
""",
        [I(-2)],
        3,
        about="a negative bound gives no iteration",
    ),
    Program(
        "for_index_kept_when_no_iteration",
        """
@compile
def f(n):
    i = 99
    for i in range(n):
        pass
    return i
""",
        [I(0)],
        99,
    ),
    Program(
        "for_index_undefined_when_no_iteration",
        """
@compile
def f(n):
    for i in range(n):
        pass
    return i
""",
        [I(0)],
        raises="Undefined",
        mention=("i",),
        about="TF returns the start of the range here: a silent wrong value",
    ),
    Program(
        "for_zip_two_tensors",
        """
@compile
def f(a, b):
    s = 0
    for x, y in zip(a, b):
        s = s + x * y
    return s
""",
        [I([1, 2, 3]), I([4, 5, 6])],
        32,
    ),
    Program(
        "for_zip_uneven_lengths",
        """
@compile
def f(a, b):
    s = 0
    for x, y in zip(a, b):
        s = s + x * y
    return s
""",
        [I([1, 2, 3, 4]), I([4, 5])],
        14,
    ),
    Program(
        "for_zip_tensor_and_list",
        """
@compile
def f(a):
    s = 0
    for x, w in zip(a, [1, 10, 100]):
        s = s + x * w
    return s
""",
        [I([7, 8, 9])],
        987,
    ),
    Program(
        "for_enumerate_zip_nested_targets",
        """
@compile
def f(a, b):
    s = 0
    for i, (x, y) in enumerate(zip(a, b)):
        s = s + (i + 1) * (x - y)
    return s
""",
        [I([5, 5, 5]), I([1, 2, 3])],
        16,
    ),
    Program(
        "for_over_list_of_tensors",
        """
@compile
def f(a, b):
    s = 0
    for x in [a, b, a + b]:
        s = s * 10 + x
    return s
""",
        [I(1), I(2)],
        123,
        staged=False,
    ),
    Program(
        "for_over_dict_items",
        """
@compile
def f(d):
    s = 0
    for k, v in d.items():
        if k != 'skip':
            s = s + v
    return s
""",
        [{"a": I(1), "skip": I(50), "b": I(3)}],
        4,
        staged=False,
    ),
    Program(
        "for_list_tensor_continue",
        """
@compile
def f(xs):
    s = 0
    for x in xs:
        if x > 2:
            continue
        s = s + x
    return s
""",
        [[I(1), I(5), I(2)]],
        3,
    ),
    Program(
        "for_static_range_tensor_break",
        """
@compile
def f(x):
    n = 0
    for i in range(20):
        if x > 30:
            break
        x = x * 2
        n = n + 1
    return x, n, i
""",
        [I(3)],
        (48, 4, 4),
    ),
    Program(
        "for_static_range_tensor_return",
        """
@compile
def f(x):
    for i in range(20):
        x = x * 2
        if x > 30:
            return x + i
    return -1
""",
        [I(3)],
        51,
    ),
    Program(
        "for_none_initialised_maximum",
        """
@compile
def f(v):
    best = None
    for x in v:
        if best is None or x > best:
            best = x
    return best
""",
        [I([3, 9, 4])],
        9,
        may_raise="Structure",
        mention=("best",),
        level="stretch",
        about="the usual running-maximum idiom with a None start",
    ),
    Program(
        "for_nested_matrix",
        """
@compile
def f(m):
    s = 0
    for row in m:
        for x in row:
            s = s * 3 + x
    return s
""",
        [I([[1, 2], [0, 1]])],
        46,
    ),
    Program(
        "for_unpack_rows",
        """
@compile
def f(pairs):
    s = 0
    for a, b in pairs:
        s = s + a * b
    return s
""",
        [I([[1, 2], [3, 4]])],
        14,
        level="extended",
    ),
    Program(
        "for_loop_in_both_branches",
        """
@compile
def f(v, c):
    s = 0
    if c:
        for x in v:
            s = s + x
    else:
        for x in v:
            s = s - x
    return s
""",
        [I([1, 2, 3]), B(False)],
        -6,
    ),
    Program(
        "for_float_index_arithmetic",
        """
@compile
def f(n):
    s = 0.0
    for i in range(n):
        s = s + 1.0 / (xp.cast(i, xp.float32) + 1.0)
    return s
""",
        [I(4)],
        2.0833333,
    ),
]
