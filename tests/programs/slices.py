"""Programs: indexing and item assignment."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "slice_outer_difference",
        """
@compile
def f(v):
    return v[:, None] - v[None, :]
""",
        [I([1, 4])],
        [[0, -3], [3, 0]],
        staged=False,
    ),
    Program(
        "slice_tensor_bounds_reduced",
        """
@compile
def f(v, n):
    return xp.sum(v[:n]), xp.sum(v[n:])
""",
        [I([1, 2, 3, 4]), I(3)],
        (6, 4),
        may_raise="Dynamic",
        staged=False,
        level="extended",
    ),
    Program(
        "slice_gather",
        """
@compile
def f(v, idx):
    return v[idx]
""",
        [I([10, 20, 30]), I([2, 0, 2])],
        [30, 10, 30],
        staged=False,
        level="extended",
    ),
    Program(
        "slice_boolean_mask_sum",
        """
@compile
def f(v):
    return xp.sum(v[v > 2])
""",
        [I([1, 3, 5])],
        8,
        may_raise="Dynamic",
        staged=False,
        level="stretch",
    ),
    Program(
        "slice_matrix_diagonal_loop",
        """
@compile
def f(m, n):
    s = 0
    for i in range(n):
        s = s * 10 + m[i, i]
    return s
""",
        [I([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), I(3)],
        159,
    ),
    Program(
        "setitem_in_loop",
        """
@compile
def f(n):
    y = xp.zeros((5,), xp.int32)
    for i in range(n):
        y[i] = i * i
    return y
""",
        [I(4)],
        [0, 1, 4, 9, 0],
        level="extended",
    ),
    Program(
        "setitem_in_branch",
        """
@compile
def f(v):
    y = v * 1
    if y[0] > 0:
        y[0] = -1
    else:
        y[2] = 99
    return y
""",
        [I([-5, 2, 3])],
        [-5, 2, 99],
        level="extended",
    ),
    Program(
        "setitem_inside_function",
        """
def fill(y, k, v):
    y[k] = v
    return y

@compile
def f(n):
    y = xp.zeros((4,), xp.int32)
    for i in range(n):
        y = fill(y, i, i + 1)
    return y
""",
        [I(3)],
        [1, 2, 3, 0],
        level="extended",
    ),
]
