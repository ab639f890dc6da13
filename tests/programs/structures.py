"""Programs: lists, dicts, tuples and comprehensions."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "list_append_tensor_range_stack",
        """
@compile
def f(n):
    out = []
    for i in range(n):
        out.append(i * i)
    return xp.stack(out)
""",
        [I(5)],
        [0, 1, 4, 9, 16],
        about="list append in a tensor loop (TF: illegal capture)",
    ),
    Program(
        "list_append_over_tensor",
        """
@compile
def f(v):
    out = []
    for x in v:
        if x > 1:
            y = x * 10
        else:
            y = -x
        out.append(y)
    return xp.stack(out)
""",
        [I([1, 2, 3])],
        [-1, 20, 30],
    ),
    Program(
        "list_element_update_in_loop",
        """
@compile
def f(n):
    l = [0, 1]
    while n > 0:
        l[0] += n
        l[1] = l[1] * 2
        n = n - 1
    return l
""",
        [I(3)],
        [6, 8],
    ),
    Program(
        "dict_get_and_update",
        """
@compile
def f(x):
    d = dict(a=x)
    d.update(b=x + 1)
    d.setdefault('c', 5)
    return d.get('a'), d.get('zz', 7), d, sorted(d)
""",
        [I(1)],
        (1, 7, {"a": 1, "b": 2, "c": 5}, ["a", "b", "c"]),
        staged=False,
    ),
    Program(
        "comp_over_static_range",
        """
@compile
def f(x):
    return [x * k for k in range(3)], [x for _ in (1, 2)]
""",
        [I(5)],
        ([0, 5, 10], [5, 5]),
        staged=False,
    ),
    Program(
        "comp_over_tensor",
        """
@compile
def f(v):
    return xp.stack([x * x + 1 for x in v])
""",
        [I([1, 2, 3])],
        [2, 5, 10],
        level="extended",
    ),
    Program(
        "comp_filter_on_tensor",
        """
@compile
def f(v):
    return xp.stack([x for x in v if x > 2])
""",
        [I([1, 3, 2, 5])],
        [3, 5],
        may_raise="Dynamic",
        level="stretch",
    ),
    Program(
        "comp_does_not_leak",
        """
@compile
def f(x):
    i = 77
    ys = [x + i for i in range(2)]
    return ys, i
""",
        [I(1)],
        ([1, 2], 77),
        staged=False,
    ),
    Program(
        "comp_generator_sum",
        """
@compile
def f(v):
    return sum(x * x for x in v)
""",
        [I([1, 2, 3])],
        14,
        level="extended",
    ),
    Program(
        "comp_dict_and_set",
        """
@compile
def f(x):
    d = {name: x * k for k, name in enumerate(['a', 'b'])}
    s = {k % 2 for k in range(5)}
    return d, len(s)
""",
        [I(4)],
        ({"a": 0, "b": 4}, 2),
        staged=False,
    ),
    Program(
        "unpack_starred",
        """
@compile
def f(x):
    a, *mid, z = [x, x + 1, x + 2, x + 3]
    (p, q), r = (x, x * 2), x * 3
    return a, mid, z, p + q + r
""",
        [I(1)],
        (1, [2, 3], 4, 6),
        staged=False,
    ),
    Program(
        "unpack_starred_tensor",
        """
@compile
def f(v):
    first, *rest = v
    s = first
    for x in rest:
        s = s * 10 + x
    return s, len(rest)
""",
        [I([1, 2, 3])],
        (123, 2),
        level="extended",
    ),
    Program(
        "unpack_swap_in_branch",
        """
@compile
def f(a, b):
    if a > b:
        a, b = b, a
    return a, b
""",
        [I(5), I(2)],
        (2, 5),
    ),
    Program(
        "unpack_function_result_in_loop",
        """
def step(a, b):
    return b, a + b

@compile
def f(n):
    a, b = 0, 1
    while n > 0:
        a, b = step(a, b)
        n -= 1
    return a, b
""",
        [I(6)],
        (8, 13),
    ),
    Program(
        "struct_loop_changes_length_error",
        """
@compile
def f(n):
    l = [0]
    while n > 0:
        l = l + [n]
        n = n - 1
    return l
""",
        [I(3)],
        [0, 3, 2, 1],
        may_raise="Structure",
        mention=("l",),
        level="extended",
    ),
]
