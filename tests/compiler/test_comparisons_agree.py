"""Operators of tensors with what is no tensor: Python answers, or the other class, eagerly and compiled alike."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from agreement import compare

import weft as wf

CALLS = [(np.float32(1.0),), (np.float32(-1.0),)]

SETUP = """
class P:
    def __init__(self, n):
        self.n = n

    def __add__(self, x):
        return ("add", x)

    def __radd__(self, x):
        return ("radd", x)

    def __rsub__(self, x):
        return x * self.n

    def __rmatmul__(self, x):
        return "rmatmul"

    def __rdivmod__(self, x):
        return "rdivmod"

    def __gt__(self, x):
        return x < self.n

    def __le__(self, x):
        return "le"


class Equal:
    def __eq__(self, x):
        return x == 1.0


class Plain:
    pass


p, e, o = P(2.0), Equal(), Plain()


"""

PROGRAMS = {
    "None": "return x == None, x != None, None == x, (x > 0.0) != None, x * 2.0 == None",
    "a text": 'return x == "a", x != "a", "a" == x, x == b"a"',
    "containers that hold no numbers in order": "return x == {}, x == {1.0}, x != {'a': x}, {1.0} == x",
    "classes and functions": "return x == P, x == float, x != len, x == print",
    "objects": "return x == o, o == x, x != o, x == p",
    "a class that compares": "return x == e, e == x, x != e",
    "lists and ranges": "return x == [1.0], x != [1.0, -1.0], x == range(2), (x, 2) == [x, 2]",
    "numbers": "return x == 1, x == True, x != 1.0, x == 1.0",
    "in lists": 'return x in ["a", None], None in [x], "a" not in [x, None], x in [None, x], o in [x]',
    "in a tensor": 'return None in wf.stack([x]), "a" in wf.stack([x]), 1.0 in wf.stack([x]), 7.0 in wf.stack([x, x])',
    "in tuples and dicts": 'return (x,) == ("a",), (x, None) == (x, None), {"a": x} == {"a": None}',
    "reflected arithmetic": "return x + p, p + x, x - p, x @ p, divmod(x, p)",
    "reflected comparison": "return x < p, p <= x, x >= p",
    "a method asked by its name": "return x.__add__(p) is NotImplemented, x.__eq__(None) is NotImplemented",
    "augmented": """y = x
    y += p
    return y""",
    "no number": "return x + None",
    "no number before it": "return None - x",
    "text in arithmetic": 'return x * "a"',
    "text in an order": 'return x < "a"',
    "an object in arithmetic": "return x + o",
    "an object that may be missing": """r = [x, None] if x > 0.0 else None
    return r == [x, None], r == None, r != "a", None == r""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_operators_with_what_is_no_tensor_agree(name: str) -> None:
    assert compare(f"{SETUP}def f(x):\n    {PROGRAMS[name]}\n", CALLS) is None


@pytest.mark.parametrize("other", [None, "a", b"a", {}, {1.0}, object(), int, len, Ellipsis])
def test_a_tensor_equals_nothing_that_holds_no_numbers(other: Any) -> None:
    for x in (wf.tensor(1.0), wf.tensor([1.0, 2.0]), wf.Variable(1.0)):
        assert (x == other) is False
        assert (x != other) is True
        assert (other == x) is False


@pytest.mark.parametrize(
    ("operate", "said"),
    [
        (lambda x: x == ["a"], "is not a dtype of weft"),
        (lambda x: x == Fraction(1, 2), "a tensor holds numbers, not Fraction"),
        (lambda x: x + object(), "a tensor holds numbers, not object"),
        (lambda x: wf.equal(x, None), "equal: operand 1 is None"),
    ],
)
def test_what_could_be_meant_as_numbers_is_refused(operate: Callable[[Any], Any], said: str) -> None:
    for call in (operate, wf.compile(operate)):
        with pytest.raises(wf.errors.DTypeError, match=said):
            call(wf.tensor(1.0))
