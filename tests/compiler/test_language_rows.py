"""Every documented limitation of the usual compilers of Python, and what weft does there, row by row of its list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import compare, defined

import weft as wf
from weft.runtime.errors import SourceError

F, I, V = np.float32, np.int32, np.array([1.0, -2.0, 0.5], np.float32)
FLOATS = [(F(x),) for x in (1, -1, 3, -1, 6)]
INTEGERS = [(I(n),) for n in (2, 0, 3, 0)]
VECTORS = [(V,), (-V,), (V * 4,)]

# The row, its subject, a program, and arguments: weft does what Python does.
AGREEING = [
    (1, "numbers_are_conditions", "def f(x):\n    return 1.0 if x else 2.0\n", [*INTEGERS, *FLOATS]),
    (2, "bound_in_one_branch", "def f(x):\n    if x > 0:\n        y = x\n    return y\n", FLOATS),
    (2, "dead_reads_are_free", "def f(x):\n    if x > 0:\n        y = x\n    if x > 0:\n        return y\n    return x\n", FLOATS),
    (3, "none_and_tensor", "def f(x):\n    m = None\n    if x > 0:\n        m = x\n    return 0.0 if m is None else m\n", FLOATS),
    (4, "bound_in_a_loop", "def f(n):\n    for i in range(n):\n        y = i * 2\n    return y\n", INTEGERS),
    (5, "mutation_in_called_functions", """
class Box:
    n = 0


def f(x):
    box, items, count = Box(), [0], 0

    def change():
        nonlocal count
        box.n, items[0], count = box.n + 1, items[0] + 2, count + 3

    if x > 0:
        change()
    while x < 5:
        change()
        x = x + 1
    return box.n, items, count
""", FLOATS),
    (5, "globals_of_called_functions", """
TOTAL = 0


def add():
    global TOTAL
    TOTAL = TOTAL + 1


def f(x):
    if x > 0:
        add()
    return TOTAL
""", FLOATS),
    (6, "lambdas_after_loops", "def f(x):\n    g = lambda: x\n    while x < 4:\n        x = x + 1\n    return g()\n", FLOATS),
    (9, "objects_as_state", """
import dataclasses


@dataclasses.dataclass
class State:
    p: object
    v: object


class Ball:
    pass


def f(x):
    s, ball = State(x, 1.0), Ball()
    ball.h = x
    while s.p < 4:
        s = State(s.p + s.v, s.v)
        ball.h = ball.h * 0.5
    return s.p, s.v, ball.h
""", FLOATS),
    (10, "weak_literals", "def f(x):\n    s = 0\n    while x < 4:\n        s, x = s + x, x + 1\n    return s\n", FLOATS),
    (12, "static_predicates_are_folded", "def f(v):\n    if v.ndim == 2:\n        return v @ v\n    return v * 2.0\n", VECTORS),
    (13, "effects_are_staged_in_order", "def f(x):\n    print('a')\n    if x > 0:\n        print('b', f'{float(x)}')\n    assert x < 5, 'large'\n    print('c')\n    return x\n", FLOATS),
    (14, "equal_values_stay_static", "def f(x):\n    s = 'a'\n    if x > 0:\n        s = 'a'\n        x = -x\n    return s, x\n", FLOATS),
    (15, "python_loops_are_unrolled", "def f(x):\n    for k in [1.0, 2.0]:\n        x = x * k\n    for k in {'a': 1}:\n        x = x + len(k)\n    return x\n", FLOATS),
    (16, "break_and_return_in_a_python_loop", "def f(x):\n    for k in range(5):\n        if x > 3:\n            break\n        if x < -2:\n            return -x, k\n        x = x + x\n    return x, k\n", [(F(1),), (F(2),), (F(5),)]),
    (17, "a_condition_becomes_a_tensor", "def f(x):\n    go, k = True, 0\n    while go:\n        go = x > k\n        k = k + 1\n    return k\n", FLOATS),
    (18, "return_on_some_paths", "def f(x):\n    while x < 4:\n        if x < 0:\n            return\n        x = x + 1\n        if x > 3:\n            return x\n    return None\n", FLOATS),
    (19, "nested_returns", "def f(x):\n    if x > 0:\n        if x > 2:\n            return x * 2\n    elif x < -5:\n        return x\n    return -x\n", FLOATS),
    (20, "return_in_a_loop_over_data", "def f(x):\n    for batch in [wf.tensor([1.0, 2.0]), wf.tensor([3.0, 4.0])]:\n        if wf.sum(batch) > x:\n            return batch\n    return batch * 0.0\n", [*FLOATS, (F(9),)]),
    (21, "raise_in_a_branch", "def f(x):\n    if x > 0:\n        raise KeyError(x)\n    return x\n", FLOATS),
    (21, "stop_iteration_is_caught", "def f(x):\n    it = iter([x])\n    next(it)\n    try:\n        next(it)\n    except StopIteration:\n        return x\n", FLOATS),
    (26, "comprehensions_over_tensors", "def f(v):\n    return sum([z if z > 0 else -z for z in v])\n", VECTORS),
    (27, "else_of_loops", "def f(n):\n    for i in range(n):\n        if i == 2:\n            break\n    else:\n        return -1\n    while i < n:\n        i = i + 5\n    else:\n        i = i + 100\n    return i\n", INTEGERS),
    (28, "mangled_names", "class A:\n    def __init__(self, x):\n        self.__x = x\n\n    def get(self):\n        if self.__x > 0:\n            return self.__x\n        return 0.0\n\n\ndef f(x):\n    return A(x).get()\n", FLOATS),
    (29, "properties_constructors_context_managers", """
class Scale:
    def __init__(self, x):
        if x > 0:
            self.x = x
        else:
            self.x = -x

    @property
    def double(self):
        if self.x > 2:
            return self.x
        return self.x * 2

    def __call__(self, y):
        if y > self.x:
            return y
        return self.double

    def __enter__(self):
        if self.x > 2:
            self.x = self.x + 1
        return self

    def __exit__(self, *error):
        self.x = self.x * 2


def f(x):
    with Scale(x) as scale:
        y = scale(x + 1.0)
    return y, scale.x, scale.double
""", FLOATS),
    (7, "appending_in_a_loop_of_unknown_length", "def f(n):\n    out = []\n    for i in range(n):\n        out.append(i * 2)\n    return out, len(out)\n", INTEGERS),
    (8, "an_index_of_a_list_that_grew_may_be_a_tensor", "def f(n):\n    out = [1.0]\n    for i in range(n):\n        out.append(out[i] + out[-1])\n    return out[n], out[n // 2]\n", INTEGERS),
    (31, "item_assignment", "def f(v):\n    v = v + 0.0\n    v[0] = 5.0\n    v[1:] += 1.0\n    for i in range(3):\n        if v[i] > 1:\n            v[i] *= 2\n    v[0], v[2] = v[2], v[0]\n    return v\n", VECTORS),
    (32, "builtins_over_tensors", "def f(v):\n    t = 0.0\n    for i, (a, b) in enumerate(zip(v, reversed(v))):\n        t = t + i * a * b\n    p, q, r = v\n    return t, p + q * r, sum(v), min(v), max(v), list(sorted(v)), any(v > 0), all(v > 0), len(v)\n", VECTORS),
    (36, "equal_arguments_of_other_types", "def f(k):\n    return isinstance(k, bool), isinstance(k, int), isinstance(k, float)\n", [(True,), (1,), (1.0,), (True,), (1,)]),
    (37, "texts_are_returned_as_they_are", "def f(x):\n    return 'text', b'bytes', x\n", FLOATS),
    (38, "chains_evaluate_the_middle_once", "def f(x):\n    calls = [0]\n\n    def middle():\n        calls[0] = calls[0] + 1\n        return x\n\n    return 0 < middle() < 2, calls\n", FLOATS),
    (39, "nested_ternaries", "def f(x):\n    return (1.0 if x > 4 else 2.0) if x > 2 else (3.0 if x > 0 else 4.0)\n", FLOATS),
    (40, "the_index_after_no_trips", "def f(n):\n    for i in range(n):\n        pass\n    return i\n", INTEGERS),
    (44, "lists_only", "def f(n):\n    out = [0.0, 0.0, 0.0]\n    for i in range(3):\n        out[i] = n * i\n    return wf.stack(out)\n", INTEGERS),
    (49, "match", "def f(x):\n    match (1, x):\n        case (1, y) if y > 0:\n            return y\n        case (1, y):\n            return y * 2\n    return 0.0\n", FLOATS),
    (50, "walrus", "def f(x):\n    a = (y := x + 1) if x > 0 else (y := x - 1)\n    b = [z := k * 2 for k in range(3)]\n    return a, y, b, z, max((w := x), 0.5), w\n", FLOATS),
]  # fmt: skip

# What weft refuses, with a piece of the reason that it gives.
REFUSED = [
    (21, "handlers_that_would_be_staged", "def f(x):\n    try:\n        if x > 0:\n            raise ValueError\n    except ValueError:\n        x = -x\n    return x\n", "stands in a `try`"),
    (25, "generators_with_staged_control_flow", "def f(x):\n    def g():\n        if x > 0:\n            yield x\n    return list(g())\n", "needs its values"),
    (7, "appending_unlike_items_in_a_loop_of_unknown_length", "def f(n):\n    out = ['a']\n    for i in range(n):\n        out.append(i)\n    return out\n", "its items are"),
    (8, "an_index_into_unlike_items", "def f(n):\n    return [1.0, 'a', None][n]\n", "are not alike"),
]  # fmt: skip


def named(rows: list[tuple]) -> list:
    return [pytest.param(*row[2:], id=f"row_{row[0]:02}_{row[1]}") for row in rows]


@pytest.mark.parametrize(("text", "calls"), named(AGREEING))
def test_weft_does_what_python_does(text: str, calls: list) -> None:
    assert compare(text, calls) is None


@pytest.mark.parametrize(("text", "reason"), named(REFUSED))
def test_weft_refuses_with_a_reason(text: str, reason: str) -> None:
    assert reason in (compare(text, INTEGERS if "f(n)" in text else FLOATS) or "")


def compiled(text: str) -> Any:
    return wf.compile(defined(text)["f"])


def test_row_07_appending_over_a_tensor_makes_a_list() -> None:
    assert (
        compare("def f(v):\n    out = []\n    for z in v:\n        out.append(z * 2)\n    return out\n", VECTORS)
        is None
    )


def test_row_08_an_index_of_a_list_may_be_a_tensor() -> None:
    assert compare("def f(n):\n    return [1.0, 2.0, 3.0, 4.0][n]\n", INTEGERS) is None


def test_row_10_strong_dtypes_that_differ_are_an_error_with_advice() -> None:
    f = compiled("def f(x):\n    y = x\n    if x > 0:\n        y = wf.astype(x, wf.float64)\n    return y\n")
    with pytest.raises(wf.errors.DTypeError, match=r"f64.* on one path and f32.* on another"):
        f(wf.tensor(1.0))


def test_row_11_a_size_that_changes_in_a_loop_is_open_and_the_number_of_axes_stays() -> None:
    f = compiled("def f(v):\n    while wf.sum(v) < 9.0:\n        v = wf.concat([v, v])\n    return v\n")
    assert f(wf.tensor([1.0, 2.0])).tolist() == [1.0, 2.0] * 4
    g = compiled("def f(v):\n    while wf.sum(v) < 9.0:\n        v = wf.stack([v, v])\n    return v\n")
    with pytest.raises(wf.errors.ShapeError, match=r"on one path and .* on another"):
        g(wf.tensor([1.0, 2.0]))


def test_row_12_a_shape_error_in_a_branch_is_told_though_it_may_not_run() -> None:
    f = compiled("def f(v):\n    if wf.sum(v) > 0:\n        return v + wf.ones((2,))\n    return wf.ones((2,))\n")
    with pytest.raises(wf.errors.ShapeError):
        f(wf.tensor([1.0, 2.0, 3.0]))


def test_row_13_what_a_graph_cannot_repeat_is_refused() -> None:
    f = compiled("import random\n\n\ndef f(x):\n    return x * random.random()\n")
    with pytest.raises(SourceError, match="draws a number once"):
        f(wf.tensor(1.0))


def test_row_22_assertions_are_on_and_say_the_values() -> None:
    f = compiled("def f(x):\n    assert x > 0, f'not positive: {x}'\n    return x\n")
    with pytest.raises(AssertionError, match="not positive: -2"):
        f(wf.tensor(-2.0))


def test_rows_23_and_47_what_has_no_source_is_refused_and_never_run_as_it_is() -> None:
    names: dict = {}
    exec("def f(x):\n    if x > 0:\n        return x\n    return -x\n", names)
    with pytest.raises(SourceError):
        wf.compile(names["f"])(wf.tensor(1.0))


def test_row_24_lambdas_on_one_line_are_told_apart() -> None:
    # fmt: off
    f, g = wf.compile(lambda x: x + 1.0 if x > 0 else x), wf.compile(lambda x: x - 1.0 if x > 0 else x)
    # fmt: on
    assert (float(f(wf.tensor(1.0))), float(g(wf.tensor(1.0)))) == (2.0, 0.0)


def test_row_30_a_wrapper_of_functools_is_taken_apart() -> None:
    text = """
import functools


def twice(g):
    @functools.wraps(g)
    def wrapper(x):
        return g(g(x))

    return wrapper


@twice
def h(x, k=1.0):
    if x > 2:
        return x + k
    return x * 2


def f(x):
    return h(x), functools.partial(h.__wrapped__, k=3.0)(x)
"""
    assert compare(text, FLOATS) is None


def test_row_33_variables_may_be_made_by_the_first_call_of_a_module() -> None:
    model = wf.nn.Sequential([wf.nn.Dense(2)])
    f = wf.compile(lambda x: model(x))
    assert f(wf.ones((1, 3))).shape == f(wf.ones((2, 3)))[:1].shape == (1, 2)


def test_row_34_what_is_read_around_a_function_is_guarded() -> None:
    names = defined("""
G = 1.0


class Box:
    k = 2.0


box = Box()


def helper(x, by=[1.0]):
    return x * G + by[0]


def f(x):
    return helper(x) + box.k
""")
    f = wf.compile(names["f"])
    assert float(f(wf.tensor(1.0))) == 4.0
    names["G"], names["box"].k, names["helper"].__defaults__[0][0] = 2.0, 3.0, 4.0
    assert float(f(wf.tensor(1.0))) == 9.0


def test_rows_35_and_36_floats_share_a_trace_and_the_cache_is_bounded() -> None:
    f = compiled("def f(x, k):\n    return x * k\n")
    for k in range(100):
        f(wf.tensor(1.0), float(k))
    assert f.cache_info().misses == 1
    for k in range(100):
        f(wf.tensor(1.0), k)
    assert f.cache_info().size <= f.cache_info().limit


def test_row_41_compiled_functions_run_eagerly_for_debugging() -> None:
    f = compiled("def f(x):\n    return float(x.numpy())\n")
    with wf.eagerly():
        assert f(wf.tensor(2.0)) == 2.0


def test_row_42_exceptions_of_the_user_are_raised_as_they_are() -> None:
    names = defined(
        "class Odd(Exception):\n    pass\n\n\ndef f(x):\n    if x > 0:\n        raise Odd(x)\n    return x\n"
    )
    with pytest.raises(names["Odd"], match="1"):
        wf.compile(names["f"])(wf.tensor(1.0))


def test_row_43_errors_name_the_line_of_the_user() -> None:
    f = compiled("def f(x):\n    y = x + 1.0\n    return float(y.numpy())\n")
    with pytest.raises(SourceError, match=r":3   return float\(y.numpy\(\)\)"):
        f(wf.tensor(1.0))


def test_row_45_python_that_needs_the_values_is_refused() -> None:
    f = compiled("@wf.opaque\ndef host(x):\n    return x.numpy() + 1\n\n\ndef f(x):\n    return host(x)\n")
    with pytest.raises(SourceError, match="needs its values"):
        f(wf.tensor(1.0))


def test_row_46_the_gradient_of_a_loop_needs_no_bound() -> None:
    f = compiled("def f(x):\n    while x < 100.0:\n        x = x * x\n    return x\n")
    assert float(wf.grad(f)(wf.tensor(2.0))) == 8 * 2.0**7


def test_row_48_python_numbers_keep_their_width() -> None:
    f = compiled("def f(x):\n    k = int(x) + 2**40\n    return k, float(x) / 3\n")
    assert f(wf.tensor(1.0)) == (2**40 + 1, 1.0 / 3)


@pytest.mark.parametrize("text", ["async def f(x):\n    return x\n"])
def test_row_49_async_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="async"):
        compiled(text)
