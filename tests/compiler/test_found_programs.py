"""Programs that random ones led to: each did something else compiled once, and agrees with Python now."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import compare

import weft as wf

FOUND = {
    "one dict is returned early, and changed before it is returned": """
def f(x):
    d = {"k": x, "m": 0}
    if x > 0.0:
        return d
    d["k"] = d["k"] + 1
    d["m"] = d["m"] + 1
    return d
""",
    "an object is bound to another name in both branches, and changed": """
class Box:
    def __init__(self, held):
        self.held = held


def f(x):
    box = Box([x, 1])
    if x > 0.0:
        other = box
    else:
        box.held[1] = 2
        other = box
    other.held[0] = x * 3.0
    return box.held, other.held
""",
    "a name is bound in a branch, and again after the last return": """
def f(x):
    b = x
    if x > 0.0:
        return b
    return x
    b = b * 2.0
""",
    "what no path reaches binds a name of the function around it": """
def f(x):
    b = x

    def g():
        nonlocal b
        if x > 0.0:
            return b
        return x
        b = 1.0

    return g() + b
""",
    "a branch raises, and what follows raises whatever comes": """
def f(x):
    if x > 0.0:
        raise KeyError(0)
    a = z
    return a
""",
    "a name without a value is read after a break": """
def f(x):
    for _ in (1.0, 2.0):
        if x > 1.0:
            raise KeyError(0)
        if x > 0.0:
            break
        a = z
    return a
""",
    "a branch prints before an error that comes for sure": """
def f(x):
    if x > 0.0:
        print("positive")
    return [][0]
""",
    "lists that may be None are added": """
def f(x):
    def g(y):
        for _ in range(2):
            if y > 0.0:
                return [y, y]
        return None

    return g(x) + g(x), g(x) * 2, [0.0] + g(x)
""",
    "an exception that is raised whatever comes holds a tensor": """
def f(x):
    y = x * 2.0
    if x is None:
        return y
    raise KeyError(y, "of", [y])
""",
    "the least and the largest of what is no number": """
def f(x):
    n = x * 0.0 / (x - x)
    v, w = wf.stack([x, n, x * 2.0]), wf.stack([n, x, x])
    return min(x, n), min(n, x), max(n, 1.0), max(1.0, n), min(v), max(v), min(w), max(w), min([x, n, -x])
""",
}


@pytest.mark.parametrize("name", FOUND)
def test_a_program_found_by_chance_does_what_python_does(name: str) -> None:
    assert compare(FOUND[name], [(np.float32(x),) for x in (0.5, -2.0, 3.0, -2.0)]) is None


def test_the_gradient_of_an_extreme_goes_to_the_first_of_equal_ones() -> None:
    def f(x: Any) -> Any:
        return min(x[0], x[1]) + 10.0 * max(x[0], x[1]) + 100.0 * min(x) + 1000.0 * max(x)

    x = wf.tensor([2.0, 2.0, 2.0])
    wf.testing.assert_close(wf.grad(wf.compile(f))(x), [1111.0, 0.0, 0.0])
    wf.testing.assert_close(wf.grad(f)(x), [1111.0, 0.0, 0.0])


def test_ops_called_by_name_make_tensors_of_python_numbers() -> None:
    text = """
def f(x, k):
    i = 1
    if k > 0:
        i = 2
    floats = wf.tanh(x), wf.minimum(x, 2.0), wf.where(x > 0.0, x, 1.0), wf.sum(x), wf.exp(x) * x, wf.gelu(x), x + 1.0
    return floats, wf.add(i, 1), wf.maximum(i, 0.5), wf.sum(i), wf.add(i, k), wf.sqrt(i), wf.logical_not(i > 1), i + 1
"""
    assert compare(text, [(0.7, np.int32(1)), (-0.3, np.int32(0))]) is None
