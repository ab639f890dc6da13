"""Each kind of expression inside each other kind, compiled: the value, the prints and the order are Python's."""

from __future__ import annotations

import numpy as np
import pytest
from against_python import Case, outcomes, same

import weft as wf

HEAD = """
class Box:
    def __init__(self, v):
        self.v = v
    def __add__(self, other):
        return Box(self.v + other.v if self.v > 0 else self.v)
    @property
    def p(self):
        return self.v if self.v > 0 else -self.v
    def m(self, k=1.0):
        return self.v * k

def say(value):
    print("said", value)
    return value

def g(a, b=2.0, *rest, k=0.5):
    return a + k if a > b else b - k + sum(rest)

def f(x, y):
    d, xs, w = {"a": x, "b": y}, [x, y, 1.5], y
"""
KINDS = {
    "number": "({0} + {1} * 0.5)",
    "ternary": "({0} if {1} > 0.5 else {2})",
    "and": "(({0} > 0 and {1} > 0) + {2})",
    "or": "(({0} or {1}) - {2})",
    "not": "((not {0} > 1) + {1})",
    "chain": "((0 < {0} < {1} <= 9) + {2})",
    "call": "g({0}, {1}, k={2})",
    "star": "g(*[{0}, {1}], **{{'k': {2}}})",
    "lambda": "(lambda a, b={0}: a if a > b else b)({1})",
    "list": "[{0}, {1}][1 if {2} > 0 else 0]",
    "tuple": "({0}, {1})[-1]",
    "dict": "{{'p': {0}, 'q': {1}}}['p']",
    "comprehension": "sum([u * {0} for u in (1.0, {1}) if u is not None])",
    "generator": "max(u + {0} for u in ({1}, 2.0))",
    "walrus": "(w := {0}) + w * {1}",
    "attribute": "Box({0}).p",
    "method": "Box({0}).m(k={1})",
    "operator": "(Box({0}) + Box({1})).v",
    "builtin": "max({0}, {1}, abs({2}))",
    "text": "len(f'{{1}}ab') * {0}",
    "said": "say({0})",
    "conversion": "float({0})",
}
ARGUMENTS = [(np.float32(1.25), np.float32(-0.5)), (np.float32(-2.0), np.float32(0.75))]


def program(outer: str, inner: str) -> Case:
    """A program that gives one kind of expression with another in each of its places."""
    held = [
        KINDS[inner].format(*atoms) for atoms in (("x", "y", "xs[2]"), ("d['b']", "x", "1.0"), ("y", "2.0", "xs[0]"))
    ]
    lines = [
        f"    r{i} = " + KINDS[outer].format(*["x", "y", "d['a']"][:i], part, *["y", "x", "xs[1]"][i + 1 :])
        for i, part in enumerate(held)
    ]
    return Case(f"nest_{outer}_{inner}", HEAD + "\n".join(lines) + "\n    return r0, r1, r2, w\n", list(ARGUMENTS))


NESTS = [(o, i) for o in KINDS for i in KINDS if not (o in ("comprehension", "generator") and i == "walrus")]


@pytest.mark.parametrize(("outer", "inner"), NESTS)
def test_an_expression_inside_another_is_compiled(outer: str, inner: str) -> None:
    case = program(outer, inner)
    for wanted, actual in zip(outcomes(case, lambda f: f), outcomes(case, wf.compile), strict=True):
        assert wanted[0] == "gives"
        assert same(wanted, actual), f"{case.source}\nPython {wanted}, compiled {actual}"
