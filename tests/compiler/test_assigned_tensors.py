"""Assigning to items of tensors: all names of a tensor see it, compiled as in Python, the caller's included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import compare, defined

import weft as wf
from weft.runtime.errors import SourceError

VECTORS = tuple((np.array(v, np.float32),) for v in ([1.0, -2.0, 3.0], [-5.0, 2.0, 0.5], [4.0, 4.0, -1.0]))

# What each program does after `def f(x):`, x being a tensor of three elements
AGREE = {
    "straight": "x[0] = 9.0; return wf.sum(x)",
    "returned": "x[0] = 9.0; return x",
    "nothing returned": "x[1:] = 0.0",
    "name of an argument": "y = x; x[0] = 9.0; return y * 1.0",
    "argument by another name": "y = x; y[0] = 9.0; return x * 1.0",
    "local alias": "a = x * 2.0; b = a; a[0] = 9.0; return b",
    "values from before": "a = x * 2.0; b = a + 1.0; a[0] = 9.0; return b, a",
    "rows": "r = x[0:2]; x[0] = 9.0; r[1] = 7.0; return r, x * 1.0",
    "augmented item": "y = x; x[0] += 2.0; x[1] *= 3.0; return y * 1.0",
    "augmented name": "y = x; x += 2.0; x[0] = 5.0; return y * 1.0, x",
    "itself": "x[0:2] = x[1:3]; x[2] = x[0]; return x * 1.0",
    "item of a list": "a = x * 1.0; l = [a, a]; l[0][0] = 7.0; return l[1]",
    "argument in a list": "l = [x, 1.0]; l[0][0] = 7.0; return x * 1.0",
    "item of a dict": "d = {'k': x}; d['k'][1] = 7.0; return x * 1.0",
    "item of a tuple": "t = (x, (x,)); t[1][0][2] = 7.0; return t[0] * 1.0",
    "unpacked": "a, b = x, x; a[0] = 7.0; return b * 1.0",
    "walrus": "(y := x)[0] = 7.0; return x * 1.0",
    "in a branch": "if wf.sum(x) > 0.0: x[0] = 9.0\n    return x * 1.0",
    "alias in a branch": "y = x * 2.0; z = y\n    if wf.sum(x) > 0.0: y[0] = 9.0\n    else: z[1] = 8.0\n    return y, z",
    "made in branches": "if wf.sum(x) > 0.0: y = x * 2.0\n    else: y = x * 3.0\n    y[0] = 9.0\n    return y",
    "alias made in a branch": "y = x * 2.0; z = y * 3.0\n    if wf.sum(x) > 0.0:\n        w = y; w[0] = 9.0; z = w * 1.0\n    return y, z",
    "nested branches": "if wf.sum(x) > 0.0:\n        if x[0] > 2.0: x[1] = 7.0\n        x[2] = 8.0\n    return x * 1.0",
    "conditional value": "y = x * 1.0; v = 3.0 if wf.sum(x) > 0.0 else 4.0; y[0] = v; return y",
    "early return": "if wf.sum(x) > 0.0:\n        x[0] = 9.0\n        return x * 2.0\n    x[1] = 9.0\n    return x * 3.0",
    "while": "i = 0\n    while wf.sum(x) > -5.0:\n        x[0] = x[0] - 2.0; i += 1\n    return i",
    "for over rows": "y = x; s = 0.0\n    for e in x * 1.0:\n        y[0] = e; s = s + x[0]\n    return s",
    "filling": "o = wf.zeros(3); p = o\n    for i in range(3): o[i] = x[i] * 2.0\n    return p",
    "filling while it lasts": "o = wf.zeros(3); p = o; i = 0\n    while i < 3 and wf.sum(o) < 4.0:\n        o[i] = x[i] * 2.0; i += 1\n    return p",
    "known numbers": "o = wf.zeros(3); p = o; o[1] = 2.0; q = o + 1.0; o[2] = 3.0; return p, q, float(o[1])",
    "known numbers in a branch": "o = wf.zeros(3); p = o\n    if wf.sum(x) > 0.0: o[1] = 2.0\n    return p, o",
    "made in each trip": "s = 0.0\n    for e in x:\n        y = x * e; y[0] = 1.0; s = s + wf.sum(y)\n    return s",
    "inner function": "def g(): x[0] = 9.0\n    g(); return x * 1.0",
    "inner function of a branch": "def g(p): p[0] = 9.0\n    if wf.sum(x) > 0.0: g(x)\n    return x * 1.0",
    "parameter": "def g(p, v=1.0): p[1] = v\n    y = x * 2.0; g(y); g(x, 5.0); return y",
    "parameter of known numbers": "def g(p): p[1] = 5.0\n    y = wf.zeros(3); g(y); y[0] = x[0]; return y",
    "returned parameter": "def g(p):\n        p[1] = 5.0\n        return p\n    y = g(x); y[0] = 6.0; return x * 1.0",
    "lambda": "g = lambda: x * 1.0; x[0] = 9.0; return g()",
    "attribute": "class O: pass\n    o = O(); o.a = x; o.a[0] = 9.0; return x * 1.0",
    "comprehension": "y = [x for _ in range(2)]; y[0][0] = 9.0; return y[1] * 1.0",
    "identity": "y = x; x[0] = 9.0; return y is x, x * 1.0",
    "copies": "y = wf.asarray(x, copy=True); z = wf.tensor(x); x[0] = 9.0; y[1] = 8.0; z[2] = 7.0; return y, z",
    "asarray": "y = wf.asarray(x); y[1] = 8.0; return y",
    "printed": "print(x); x[0] = 9.0; print(x); s = f'{x}'; x[1] = 8.0; print(s); return x",
    "printed while it is filled": "o = wf.zeros(3); o[0] = x[0]; print(o); s = f'{o}'; o[1] = x[1]; print(o, s); return o",
    "setitem by name": "x.__setitem__(0, 9.0); import operator; operator.setitem(x, 1, 8.0); return x * 1.0",
    "before an exception": "x[0] = 9.0\n    if wf.sum(x) > 10.0: raise ValueError('told')\n    x[1] = 8.0\n    return x * 1.0",
    "returned or None": "if wf.sum(x) > 0.0:\n        x[0] = 9.0\n        return x",
    "copied first, joined": "y = x\n    if wf.sum(x) > 0.0: y = x * 2.0\n    y = wf.asarray(y, copy=True); y[0] = 8.0\n    return y",
    "swapped": "a, b = x * 1.0, x * 2.0; a, b = b, a; a[0] = 9.0; return a, b",
    "deleted": "y = x; del x; y[0] = 3.0; return y",
    "with finally": "try:\n        x[0] = 9.0\n    finally:\n        x[1] = 8.0\n    return x * 1.0",
    "loop with break": "for i in range(3):\n        x[i] = 1.0\n        if wf.sum(x) > 4.0: break\n    return x * 1.0",
    "nested loops": "for i in range(2):\n        for j in range(2):\n            x[j] = x[j] + x[i + 1]\n    return x * 1.0",
    "tensor as index": "k = wf.astype(wf.argmax(x), wf.int64); y = x; x[k] = 0.0; return y * 1.0",
}

ONE_OF_SEVERAL = "this tensor is one of several"
REFUSED = {
    "one of two": (ONE_OF_SEVERAL, "y = x * 2.0; z = x if wf.sum(x) > 0.0 else y; z[0] = 8.0; return y"),
    "another name, written": (ONE_OF_SEVERAL, "y = x * 2.0; z = x if wf.sum(x) > 0.0 else y; x[0] = 8.0; return z"),
    "bound in a branch": (ONE_OF_SEVERAL, "z = x * 2.0\n    if wf.sum(x) > 0.0: z = x\n    x[0] = 8.0\n    return z"),
    "state of a loop": (ONE_OF_SEVERAL, "y = x\n    for e in x:\n        y[0] = 1.0; y = y * 2.0\n    return y"),
    "entry of a loop": (ONE_OF_SEVERAL, "y = x\n    for e in x * 1.0:\n        x[0] = e; y = y * 2.0\n    return y"),
    "after a loop": (ONE_OF_SEVERAL, "y = x; n = wf.sum(x)\n    while n > 0.0: y = y * 2.0; n = n - 1.0\n    x[0] = 1.0\n    return y"),
    "two names from a branch": (ONE_OF_SEVERAL, "a = b = x * 1.0\n    if wf.sum(x) > 0.0: a = b = x * 2.0\n    a[0] = 1.0\n    return b"),
    "the larger": (ONE_OF_SEVERAL, "a, b = x[0], x[1]; z = max(a, b); z[...] = 5.0; return a, b"),
    "items beside a tensor": (ONE_OF_SEVERAL, "l = [x * 1.0, x * 2.0, x]\n    for e, k in zip(l, x * 1.0): e[0] = k\n    return l"),
    "chosen from a list": (ONE_OF_SEVERAL, "l = [x, x * 2.0]; k = wf.astype(x[0] > 2.0, wf.int64); y = l[k]; y[0] = 9.0; return l[0] * 1.0"),
}  # fmt: skip


def program(body: str) -> str:
    return f"def f(x):\n    {body}\n"


@pytest.mark.parametrize("name", AGREE)
def test_all_names_see_what_is_assigned_as_in_python(name: str) -> None:
    assert compare(program(AGREE[name]), VECTORS) is None


@pytest.mark.parametrize("name", REFUSED)
def test_what_depends_on_a_tensor_is_refused(name: str) -> None:
    reason, body = REFUSED[name]
    assert reason in (compare(program(body), VECTORS) or "")


@wf.compile
def first_is_nine(x: Any, y: Any = None) -> Any:
    x[0] = 9.0
    return x if y is None else x + y


def test_every_call_changes_the_tensor_that_it_is_given() -> None:
    for start in (1.0, 2.0, 3.0):
        x = wf.tensor([start, start])
        other, row, array = x, x[0], x.numpy()
        assert first_is_nine(x) is x
        assert other.tolist() == [9.0, start]
        assert float(row) == start
        assert array.tolist() == [start, start]


def test_one_tensor_given_twice_is_refused() -> None:
    x = wf.tensor([1.0, 2.0])
    first_is_nine(x, wf.tensor([1.0, 2.0]))
    with pytest.raises(SourceError, match="argument x are assigned, and it stands more than once"):
        first_is_nine(x, x)


def test_an_array_is_refused() -> None:
    array = np.array([1.0, 2.0], np.float32)
    with pytest.raises(SourceError, match="argument x are assigned, and it is a ndarray"):
        first_is_nine(array)
    assert array.tolist() == [1.0, 2.0]


def test_a_tensor_from_around_is_refused_and_seen_when_it_was_changed_outside() -> None:
    names = defined(
        "G = wf.tensor([1.0, 2.0])\ndef put(x): G[0] = x\ndef get(x): return G * x\ndef both(y):\n    y[0] = 5.0\n    return G * 1.0\n"
    )
    put, get, both = (wf.compile(names[name]) for name in ("put", "get", "both"))
    with pytest.raises(SourceError, match="made outside of the compiled function"):
        put(wf.tensor(3.0))
    for value in (4.0, 5.0, 6.0):
        names["G"][0] = value
        assert get(wf.tensor(1.0)).tolist() == [value, 2.0]
    both(wf.tensor([1.0, 2.0]))
    with pytest.raises(SourceError, match="reads it elsewhere"):
        both(names["G"])


@pytest.mark.parametrize(
    "text",
    [
        "t = wf.tensor([1.0, 2.0])\ndef f(x, t=t):\n    t[0] = x\n    return t",
        "class O: pass\no = O(); o.t = wf.tensor([1.0, 2.0])\ndef f(x):\n    o.t[0] = x\n    return o.t",
        "l = [wf.tensor([1.0, 2.0])]\ndef f(x):\n    l[0][0] = x\n    return l[0]",
        "def make():\n    t = wf.tensor([1.0, 2.0])\n    def f(x):\n        t[0] = x\n        return t\n    return f\nf = make()",
        "t = wf.tensor([1.0, 2.0])\ndef f(x):\n    y = {'t': t}.get('t')\n    y[0] = x\n    return t * 1.0",
    ],
)
def test_a_tensor_that_is_reached_from_around_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="made outside of the compiled function"):
        wf.compile(defined(text)["f"])(wf.tensor(3.0))


def test_a_value_read_from_a_variable_is_a_tensor_of_its_own() -> None:
    v = wf.Variable([1.0, 2.0])

    @wf.compile
    def f(x: Any) -> Any:
        a, b = v.read_value(), v.read_value()
        a[0] = x
        return a, b, v * 1.0, a is b

    for x in (3.0, 4.0):
        a, b, held, same = f(wf.tensor(x))
        assert (a.tolist(), b.tolist(), held.tolist(), same) == ([x, 2.0], [1.0, 2.0], [1.0, 2.0], False)


GRADIENTS = {
    "local": "y = x * x; z = y; y[0] = x[1] * 3.0; return wf.sum(z * x * x)",
    "in a branch": "y = x * x; z = y\n    if x[1] > 0.0: y[0] = x[1] * x[2]\n    return wf.sum(z * x * z)",
    "in a loop": "y = wf.zeros(3); z = y\n    for i in range(3): y[i] = x[i] * x[0] * x[i]\n    return wf.sum(z * z)",
    "in a callee": "def g(p): p[1] = p[0] * p[2]\n    y = x * x; g(y); return wf.sum(y * y)",
    "overwritten": "y = x * x * x; y[0] = 1.0; y[0] = x[2] * x[2]; return wf.sum(y)",
    "copied": "y = wf.asarray(x, copy=True); y[0] = x[1] * x[1]; return wf.sum(y * x)",
    "a tape inside": "y = x * x; z = y\n    with wf.GradientTape() as tape:\n        tape.watch(y); w = y * x * x; y[0] = w[1] * w[2]; s = wf.sum(z * w)\n    return s + wf.sum(tape.gradient(s, y) * x)",
    "a target assigned to": "with wf.GradientTape() as tape:\n        tape.watch(x); w = x * x * x; w[0] = x[1] * x[1]\n    return wf.sum(tape.gradient(w, x) * x)",
    "a source made inside": "with wf.GradientTape() as tape:\n        tape.watch(x); w = x * x; w[0] = x[1]; s = wf.sum(w * w)\n    return wf.sum(tape.gradient(s, w) * x)",
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("values", [[0.5, 0.75, -1.5], [0.5, -0.75, 2.0]])
def test_gradients_of_first_and_second_order_are_those_of_eager_code(name: str, values: list[float]) -> None:
    plain = defined(program(GRADIENTS[name]))["f"]
    compiled = wf.compile(defined(program(GRADIENTS[name]))["f"])
    x = wf.tensor(values)
    for f, g in ((plain, compiled), (wf.grad(plain), wf.grad(compiled))):
        wf.testing.assert_close(g(x), f(x), rtol=1e-5, atol=1e-5)
    for order in (wf.grad(plain), wf.grad(compiled)):
        assert order(x).shape == x.shape
    twice = [wf.grad(lambda y, f=f: wf.sum(wf.grad(f)(y) * y))(x) for f in (plain, compiled)]
    wf.testing.assert_close(twice[1], twice[0], rtol=1e-5, atol=1e-5)


def test_a_gradient_of_an_argument_that_is_assigned_to_is_that_of_the_value_before() -> None:
    for f in (first_is_nine.function, first_is_nine):
        x = wf.tensor([1.0, 2.0])
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = f(x) * x
        assert x.tolist() == [9.0, 2.0]
        assert tape.gradient(y, x).tolist() == [0.0, 4.0]


def test_code_that_is_not_compiled_cannot_assign_items() -> None:
    names: dict[str, Any] = {}
    exec("def put(x): x[0] = 9.0", names)
    with pytest.raises(SourceError, match="is assigned by code that is not compiled"):
        wf.compile(lambda x: names["put"](x))(wf.tensor([1.0]))
