"""What code changes, prints and raises in staged blocks: as in Python, or refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import compare

CALLS = [(np.float32(x),) for x in (1, -1, 3, -1, 1)]

AGREEING = {
    "append after": """
def f(x):
    s = []
    if x > 0:
        s.append(x)
    return len(s)
""",
    "list pop1": """
def f(x):
    s = [x, x + 1.0]
    if x > 0:
        s.pop()
    return s[-1]
""",
    "list +=": """
def f(x):
    s = [x]
    t = s
    if x > 0:
        s += [x]
    return len(s), len(t)
""",
    "const print": """
def f(x):
    print("hi")
    if x > 0:
        print("pos")
    return x
""",
    "alias list": """
def f(x):
    s = [x, x]
    t = s
    if x > 0:
        t[0] = x * 2.0
    return s[0] + t[0]
""",
    "alias list in loop": """
def f(x):
    s = [x, x]
    t = s
    while x < 5.0:
        t[0] = t[0] + 1.0
        x = x + 1.0
    return s[0] + t[0], s is t
""",
    "nested list": """
def f(x):
    s = [[x], [x]]
    t = s[0]
    if x > 0:
        t[0] = x + 7.0
    return s[0][0] + s[1][0]
""",
    "nested list loop": """
def f(x):
    s = [[x], [x]]
    t = s[0]
    while x < 3.0:
        s[0][0] = s[0][0] + 1.0
        x = x + 1.0
    return s[0][0], t[0], s[1][0]
""",
    "lambda list": """
def f(x):
    fs = []
    for i in range(3):
        fs.append(lambda: i)
    while x < 3.0:
        x = x + 1.0
    return [g() for g in fs], x
""",
    "lambda staged cell": """
def f(x):
    g = lambda: x
    while x < 3.0:
        x = x + 1.0
    return g()
""",
    "default mutable dict": """
def h(x, acc={"n": 0}):
    acc["n"] = acc["n"] + 1
    return x * acc["n"]


def f(x):
    return h(x)
""",
    "global list": """
L = [0]


def f(x):
    L[0] = L[0] + 1
    return x * L[0]
""",
    "global int": """
G = 0


def f(x):
    global G
    G = G + 1
    return x * G
""",
    "global int branch": """
G = 0


def f(x):
    global G
    if x > 0:
        G = G + 1
    return x * G
""",
    "global tensor": """
G = wf.tensor(1.0)


def f(x):
    global G
    G = G + x
    return G
""",
    "global in callee": """
G = 0


def h(x):
    global G
    G += 1
    return x


def f(x):
    if x > 0:
        h(x)
    return x * G
""",
    "global dict": """
D = {"a": 1}


def f(x):
    D["a"] = D["a"] + 1
    return x * D["a"]
""",
    "global obj": """
class B:
    pass


b = B()
b.n = 0


def f(x):
    b.n = b.n + 1
    return x * b.n
""",
    "global obj tensor": """
class B:
    pass


b = B()
b.n = wf.tensor(0.0)


def f(x):
    b.n = b.n + x
    return x * b.n
""",
    "global obj branch": """
class B:
    pass


b = B()
b.n = 0


def f(x):
    if x > 0:
        b.n = b.n + 1
    return x * b.n
""",
    "class attr": """
class B:
    n = 0


b = B()


def f(x):
    if x > 0:
        B.n = B.n + 1
    return x * b.n
""",
    "class attr read": """
class B:
    n = 1


def f(x):
    return x * B.n


def g():
    pass
""",
    "closure counter": """
def make():
    n = 0

    def f(x):
        nonlocal n
        n = n + 1
        return x * n

    return f


f = make()
""",
    "closure counter branch": """
def make():
    n = 0

    def f(x):
        nonlocal n
        if x > 0:
            n = n + 1
        return x * n

    return f


f = make()
""",
    "cond effects": """
def f(x):
    k = 0

    def t():
        nonlocal k
        k = k + 1
        return x > 0

    if t() and t():
        x = x + 1.0
    return k
""",
    "cond effects loop": """
def f(x):
    k = 0

    def t():
        nonlocal k
        k = k + 1
        return x < 5.0

    while t():
        x = x + 1.0
    return k, x
""",
    "cond effects or": """
def f(x):
    k = 0

    def t(z):
        nonlocal k
        k = k + 1
        return z

    y = t(x > 0) or t(x > -5.0) or t(True)
    return k, y
""",
    "chain effects": """
def f(x):
    k = 0

    def t(z):
        nonlocal k
        k = k + 1
        return z

    y = t(0.0) < t(x) < t(2.0)
    return k, y
""",
    "gen inside": """
def f(x):
    def g():
        for i in range(3):
            yield x * i

    return sum(g())
""",
    "with": """
import contextlib

log = []


class C:
    def __enter__(self):
        print("in")
        return self

    def __exit__(self, *a):
        print("out")


def f(x):
    with C():
        if x > 0:
            x = x + 1.0
    return x
""",
    "with in branch": """
class C:
    def __enter__(self):
        print("in")
        return self

    def __exit__(self, *a):
        print("out")


def f(x):
    if x > 0:
        with C():
            x = x + 1.0
    return x
""",
    "with return": """
class C:
    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


def f(x):
    with C():
        if x > 0:
            return x + 1.0
        x = x * 5.0
    return x
""",
    "exc half": """
class B:
    pass


b = B()
b.n = 0.0


def f(x):
    b.n = x
    if x > 0:
        raise ValueError("a")
    b.n = x * 2.0
    return b.n
""",
    "exc half list": """
b = [0.0]


def f(x):
    r = b[0]
    b[0] = x
    if x > 0:
        raise ValueError("a")
    return r
""",
    "recursion": """
def h(x, d):
    if d == 0:
        return x
    return h(x * 2.0, d - 1)


def f(x):
    return h(x, 3)
""",
    "is same": """
def f(x):
    y = x
    if x > 0:
        y = x
    return y is x
""",
    "try finally": """
def f(x):
    y = 0.0
    try:
        if x > 0:
            return x
        y = 1.0
    finally:
        print("fin")
    return y
""",
    "del var": """
def f(x):
    y = 1.0
    if x > 0:
        del y
    return y
""",
    "unbound in branch": """
def f(x):
    if x > 0:
        z = x
    if x < 0:
        return z
    return x
""",
    "def unbound branch": """
def f(x):
    if x > 5.0:
        return q
    if x > 100.0:
        q = 1
    return x
""",
    "str unused": """
def f(x):
    s = "a"
    if x > 0:
        s = "b"
    return x
""",
    "dict new key both": """
def f(x):
    d = {}
    if x > 0:
        d["a"] = x
    else:
        d["a"] = -x
    return d["a"]
""",
    "set state global": """
S = set()


def f(x):
    S.add(1)
    return x * len(S)
""",
    "list pop": """
def f(x):
    s = [x, x + 1.0]
    if x > 0:
        y = s.pop()
    else:
        y = s.pop()
    return y, len(s)
""",
    "list sort reverse": """
def f(x):
    s = [1, 2, 3]
    if x > 0:
        s.reverse()
    return s
""",
    "list slice set": """
def f(x):
    s = [1, 2, 3]
    t = s
    if x > 0:
        s[0:2] = [7, 8]
    return t
""",
    "list aug": """
def f(x):
    s = [1, 2, 3]
    t = s
    if x > 0:
        s[0] += 1
    return t
""",
    "setattr builtin": """
class B:
    pass


def f(x):
    b = B()
    b.n = 0
    if x > 0:
        setattr(b, "n", 1)
    return b.n
""",
    "__dict__": """
class B:
    pass


def f(x):
    b = B()
    b.n = 0
    if x > 0:
        b.__dict__["n"] = 1
    return b.n
""",
    "list iter mutate": """
def f(x):
    s = [1, 2, 3]
    for a in s:
        if a == 1:
            s.append(4)
    return s, x
""",
    "method on obj": """
class B:
    def __init__(self):
        self.n = 0

    def inc(self):
        self.n = self.n + 1


def f(x):
    b = B()
    if x > 0:
        b.inc()
    return b.n
""",
    "slots": """
class B:
    __slots__ = ("n",)


def f(x):
    b = B()
    b.n = 0
    if x > 0:
        b.n = 1
    return b.n
""",
    "property setter": """
class B:
    def __init__(self):
        self._n = 0

    @property
    def n(self):
        return self._n

    @n.setter
    def n(self, v):
        self._n = v * 2


def f(x):
    b = B()
    if x > 0:
        b.n = 3
    return b.n, b._n
""",
    "__setattr__": """
class B:
    def __setattr__(self, k, v):
        object.__setattr__(self, k, v * 2)


def f(x):
    b = B()
    b.n = 1
    if x > 0:
        b.n = 3
    return b.n
""",
    "__setitem__ user": """
class B:
    def __init__(self):
        self.d = {"a": 1}

    def __setitem__(self, k, v):
        self.d[k] = v

    def __getitem__(self, k):
        return self.d[k]


def f(x):
    b = B()
    if x > 0:
        b["a"] = 3
    return b["a"]
""",
    "__len__ eq": """
class B:
    def __init__(self, x):
        self.x = x

    def __eq__(self, o):
        return self.x == o.x


def f(x):
    if B(x) == B(wf.tensor(1.0)):
        return 1
    return 2
""",
    "weak int": """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return k / 2, k * x, k // 2, k % 2, -k, k**2
""",
    "weak bool": """
def f(x):
    k = True
    if x > 0:
        k = False
    return k + 1, not k, k and 5
""",
    "weak overflow": """
def f(x):
    k = 1
    while x < 40.0:
        k = k * 2
        x = x + 1.0
    return k
""",
    "int and float": """
def f(x):
    k = 2
    if x > 0:
        k = 2.5
    return k, k // 1
""",
    "shift": """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return 1 << k, k ^ 1, ~k, k & 1
""",
    "isinstance": """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return isinstance(k, int), type(k) is int, isinstance(x, wf.Tensor)
""",
    "round abs": """
def f(x):
    return abs(x), round(x), divmod(7, 2), pow(x, 2)
""",
    "max weak": """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return max(k, 2.5), min(k, 1), max([k, 5])
""",
    "kwargs mut": """
def h(**kw):
    kw["a"] = kw["a"] + 1.0
    return kw["a"]


def f(x):
    d = {"a": x}
    y = h(**d)
    return d["a"], y
""",
    "arg list mutated": """
S = [1.0, 2.0]


def h(s, x):
    if x > 0:
        s[0] = 9.0


def f(x):
    h(S, x)
    return S[0] + S[1]
""",
    "raise else": """
def f(x):
    if x < 0:
        raise ValueError("a")
    else:
        y = x * 2.0
    return y
""",
    "raise else list": """
def f(x):
    s = [x]
    if x < 0:
        raise ValueError("a")
    else:
        y = [x * 2.0]
        s[0] = y[0]
    y[0] = y[0] + 1.0
    return y, s
""",
    "join mutated": """
def f(x):
    s = [x, x]
    if x < 0:
        s[0] = x * 5.0
    else:
        s = [x * 2.0, x]
    return s
""",
    "tuple of mutated": """
def f(x):
    s = [x, x]
    if x < 0:
        s[0] = x * 5.0
        r = (s, 1)
    else:
        r = (s, 2)
    return r, s
""",
    "ret half": """
B = [0.0]


def f(x):
    r = B[0]
    B[0] = x
    print("a")
    if x > 0:
        raise ValueError("a")
    return r
""",
    "raise top": """
B = [0.0]


def f(x):
    print("a", x)
    B[0] = B[0] + 1.0
    raise ValueError(B[0])
""",
    "return early": """
def f(x):
    s = [x, x]
    if x > 0:
        return s
    s[1] = x * 3.0
    if x < -2:
        return s
    s[0] = x + 1.0
    return s
""",
    "return maybe": """
def f(x):
    m = None
    if x < 0:
        m = x
    if x > 0:
        if x > 2:
            return x, m
    elif x < -5.0:
        m = x + 1.0
    return x, m
""",
    "Python error in a branch": """
def f(x):
    if x > 2:
        return None + 1
    return x
""",
    "isinstance of maybe": """
def f(x):
    m = None
    if x > 0:
        m = x
    if isinstance(m, wf.Tensor):
        return 1
    return 2
""",
    "logging": """
import sys


def f(x):
    sys.stdout.write("a")
    if x > 0:
        sys.stdout.write("b")
    return x
""",
    "div weak": """
def f(x):
    k = 0
    for i in range(3):
        if x > i:
            k = k + 1
    return k / 2, 7 / (k + 1)
""",
    "ret tensor arg list": """
def f(x):
    s = [x]

    def g(l):
        l[0] = l[0] + 1.0

    if x > 0:
        g(s)
    g(s)
    return s
""",
    "attr of born": """
class B:
    pass


def f(x):
    b = B()
    b.v = x
    while b.v < 5.0:
        b.v = b.v + 2.0
    c = b
    if x > 0:
        c.v = 0.0
    return b.v
""",
    "method closure": """
class B:
    def __init__(self):
        self.l = []

    def add(self, x):
        self.l.append(x)


def f(x):
    b = B()
    for i in range(3):
        b.add(x * i)
    return b.l
""",
    "lambda default": """
def f(x):
    fs = [(lambda i=i: x * i) for i in range(3)]
    if x > 0:
        x = x + 1.0
    return [g() for g in fs]
""",
    "nested nonlocal 2": """
def f(x):
    n = 0

    def a():
        def b():
            nonlocal n
            n = n + 1

        b()

    if x > 0:
        a()
    while x < 3.0:
        a()
        x = x + 1.0
    return n
""",
    "map with effect": """
def f(x):
    n = 0

    def inc(z):
        nonlocal n
        n = n + 1
        return z

    if x > 0:
        list(map(inc, [1, 2]))
    return n
""",
    "sorted key effect": """
def f(x):
    n = 0

    def inc(z):
        nonlocal n
        n = n + 1
        return z

    if x > 0:
        sorted([1, 2], key=inc)
    return n
""",
    "lru": """
import functools


@functools.lru_cache
def h(k):
    return k * 2


def f(x):
    if x > 0:
        return x * h(2)
    return x
""",
    "namedtuple": """
import collections

P = collections.namedtuple("P", "a b")


def f(x):
    p = P(x, 1)
    while p.a < 4.0:
        p = p._replace(a=p.a + 1.0, b=p.b + 1)
    return p
""",
    "enum": """
import enum


class E(enum.Enum):
    A = 1
    B = 2


def f(x):
    e = E.A
    if e is E.A:
        x = x + 1.0
    return x, e.value
""",
    "assert msg effect": """
def f(x):
    n = [0]

    def m():
        n[0] = n[0] + 1
        return "x"

    assert x > -10, m()
    return n[0]
""",
    "dict iteration": """
def f(x):
    d = {"a": x, "b": x * 2.0}
    for k in d:
        if d[k] > 1.5:
            d[k] = d[k] * 10.0
    return d
""",
    "while else cond call": """
def f(x):
    k = 0
    while (k := k + 1) < x:
        pass
    else:
        k = -k
    return k
""",
    "del attr": """
class B:
    pass


def f(x):
    b = B()
    b.v = 1.0
    if x > 0:
        del b.v
    return hasattr(b, "v")
""",
    "hasattr maybe": """
class B:
    pass


def f(x):
    b = B()
    if x > 0:
        b.v = x
    return getattr(b, "v", 0.0)
""",
    "attr maybe read": """
class B:
    pass


def f(x):
    b = B()
    if x > 0:
        b.v = x
    return b.v
""",
    "dict get maybe": """
def f(x):
    d = {"a": None}
    if x > 0:
        d["a"] = x
    return d.get("a") is None, d["a"] is None
""",
    "pow weak": """
def f(x):
    k = 1
    if x > 0:
        k = 3
    return 2**k, k**2, k % 2, -7 // k, -7 % k, divmod(7, k)
""",
    "complexw": """
def f(x):
    k = 1
    if x > 0:
        k = 2.5
    return k, int(k), round(k), k == 1, k is None
""",
    "zip short": """
def f(x):
    v = wf.stack([x, x + 1.0, x + 2.0])
    return [a * b for a, b in zip(v, [1.0, 2.0])], [i for i, _ in enumerate(v, 2)]
""",
    "float arg": """
def f(x):
    k = float(x)
    return k * k, int(x), bool(x)
""",
    "np fn": """
import numpy as np


def f(x):
    return np.sin(x)
""",
    "__iadd__ user": """
class B:
    def __init__(self):
        self.n = 1

    def __iadd__(self, o):
        self.n = self.n + o
        return self


def f(x):
    b = B()
    if x > 0:
        b += 3
    return b.n
""",
    "__iadd__ tensor cf": """
class B:
    def __init__(self):
        self.n = 1.0

    def __add__(self, o):
        if o > 0:
            return self.n + o
        return 0.0


def f(x):
    b = B()
    return b + x
""",
    "__bool__ user": """
class B:
    def __init__(self, x):
        self.x = x

    def __bool__(self):
        return bool(self.x > 0)


def f(x):
    if B(x):
        return 1
    return 2
""",
    "obj choice": """
class B:
    pass


def f(x):
    a = B()
    a.v = 1.0
    b = B()
    b.v = 2.0
    c = a if x > 0 else b
    return c.v
""",
    "cached_property": """
import functools


class B:
    @functools.cached_property
    def p(self):
        return 3.0


def f(x):
    b = B()
    if x > 0:
        return b.p
    return x
""",
    "list eq": """
def f(x):
    s = [1, 2]
    if x > 0:
        s[0] = 5
    return s == [5, 2]
""",
    "any gen": """
def f(x):
    return any(x > i for i in range(3)), all(x > i for i in range(3)), max(x * i for i in range(3))
""",
    "return finally": """
def f(x):
    s = [x, x]
    try:
        if x > 0:
            return s
        s[1] = x * 3.0
    finally:
        s[0] = 5.0
    return s
""",
}

REFUSED = {
    "rebind alias": (
        "of one, depending on a tensor",
        """
def f(x):
    s = [x]
    t = s
    if x > 0:
        s = [x + 1.0]
    s[0] = s[0] * 2.0
    return s[0], t[0]
""",
    ),
    "rebind alias loop": (
        "of one, depending on a tensor",
        """
def f(x):
    s = [x]
    t = s
    while x < 3.0:
        s = [x + 1.0]
        x = x + 1.0
    s[0] = s[0] * 2.0
    return s[0], t[0]
""",
    ),
    "swap lists": (
        "of one, depending on a tensor",
        """
def f(x):
    s = [x]
    t = [x + 1.0]
    if x > 0:
        s, t = t, s
    s[0] = s[0] * 10.0
    return s[0], t[0]
""",
    ),
    "same list branches": (
        "of one, depending on a tensor",
        """
def f(x):
    a = [x]
    b = [x * 2.0]
    c = a if x > 0 else b
    c[0] = c[0] + 100.0
    return a[0], b[0], c[0]
""",
    ),
    "lambda made in loop": (
        "which one, is decided",
        """
def f(x):
    g = lambda: 0.0
    while x < 3.0:
        x = x + 1.0
        g = lambda: x * 2.0
    return g()
""",
    ),
    "lambda in branch": (
        "which one, is decided",
        """
def f(x):
    if x > 0:
        g = lambda: x * 2.0
    else:
        g = lambda: x * 3.0
    return g()
""",
    ),
    "default mutable": (
        "changes the length",
        """
def f(x, acc=[]):
    acc.append(1)
    return x * len(acc)
""",
    ),
    "gen tensor cf": (
        "needs its values",
        """
def f(x):
    def g():
        for i in range(3):
            if x > 0:
                yield x * i

    return sum(g())
""",
    ),
    "genexp": (
        "needs its values",
        """
def f(x):
    return sum(x * i for i in range(3) if i < x)
""",
    ),
    "with suppress": (
        "stands in a `try`",
        """
import contextlib


def f(x):
    y = 0.0
    with contextlib.suppress(ValueError):
        if x > 0:
            raise ValueError("a")
        y = 1.0
    return y
""",
    ),
    "recursion tensor": (
        "calls itself",
        """
def f(x):
    if x > 5.0:
        return x
    return f(x + 1.0)
""",
    ),
    "finally raise": (
        "stands in a `try`",
        """
class B:
    n = 0


b = B()


def f(x):
    try:
        if x > 0:
            raise ValueError("q")
    finally:
        b.n = b.n + 1
    return x * b.n
""",
    ),
    "str state": (
        "which one, is decided",
        """
def f(x):
    s = "a"
    if x > 0:
        s = "b"
    return s
""",
    ),
    "dict new key": (
        "which one, is decided",
        """
def f(x):
    d = {}
    if x > 0:
        d["a"] = x
    return len(d)
""",
    ),
    "set state": (
        "by code that is not compiled",
        """
def f(x):
    s = set()
    if x > 0:
        s.add(1)
    return len(s)
""",
    ),
    "deque": (
        "by code that is not compiled",
        """
import collections


def f(x):
    d = collections.deque([1, 2])
    if x > 0:
        d.append(3)
    return len(d)
""",
    ),
    "counter": (
        "which one, is decided",
        """
import collections


def f(x):
    d = collections.Counter()
    if x > 0:
        d["a"] += 1
    return d["a"]
""",
    ),
    "defaultdict": (
        "is a defaultdict",
        """
import collections


def f(x):
    d = collections.defaultdict(int)
    if x > 0:
        d["a"] += 1
    return d["a"]
""",
    ),
    "bytearray": (
        "by code that is not compiled",
        """
def f(x):
    d = bytearray(b"ab")
    if x > 0:
        d[0] = 99
    return bytes(d)
""",
    ),
    "ndarray": (
        "by code that is not compiled",
        """
import numpy as np


def f(x):
    d = np.zeros(2)
    if x > 0:
        d[0] = 99
    return d[0]
""",
    ),
    "dict.update obj": (
        "changes the length",
        """
class B:
    pass


def f(x):
    b = B()
    b.n = 0
    if x > 0:
        vars(b).update(n=1)
    return b.n
""",
    ),
    "operator.setitem": (
        "by code that is not compiled",
        """
import operator


def f(x):
    b = [0]
    if x > 0:
        operator.setitem(b, 0, 1)
    return b[0]
""",
    ),
    "iterator state": (
        "that did not make it",
        """
def f(x):
    it = iter([1, 2, 3])
    if x > 0:
        next(it)
    return next(it)
""",
    ),
    "gen state": (
        "that did not make it",
        """
def g():
    yield 1
    yield 2


def f(x):
    it = g()
    if x > 0:
        next(it)
    return next(it)
""",
    ),
    "random": (
        "draws a number once",
        """
import random


def f(x):
    r = random.Random(0)
    if x > 0:
        r.random()
    return r.random()
""",
    ),
    "str of": (
        "text of values",
        """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return str(k)
""",
    ),
    "fstr ret": (
        "text of values",
        """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return f"{k}"
""",
    ),
    "dict key sym": (
        "key that is not known",
        """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return {2: "a", 3: "b"}[k]
""",
    ),
    "range weak": (
        "iterated outside of a compiled loop",
        """
def f(x):
    k = 2
    if x > 0:
        k = 3
    return [i for i in range(3) if i < k], sum(range(k))
""",
    ),
    "alias branch": (
        "cannot be changed or told apart",
        """
def f(x):
    s = [x, x]
    w = [x]
    if x > 0:
        w = s
    s[0] = x * 9.0
    return w[0]
""",
    ),
    "alias unbound": (
        "on one path and",
        """
def f(x):
    s = [x, x]
    if x > 0:
        w = s
    else:
        w = None
    s[0] = x * 9.0
    if x > 0:
        return w[0]
    return s
""",
    ),
    "try around a Python error": (
        "raised in a `try`",
        """
def f(x):
    y = None
    try:
        if x > 0:
            y = None + 1
    except TypeError:
        y = 5.0
    return y
""",
    ),
    "list in": (
        "needs its values",
        """
def f(x):
    s = [1, 2]
    if x > 0:
        s[0] = 5
    return 5 in s, s.index(2), s.count(5)
""",
    ),
    "tuple eq": (
        "needs its values",
        """
def f(x):
    s = (1, 2)
    if x > 0:
        s = (5, 2)
    return s == (5, 2), s < (3, 3)
""",
    ),
    "str mult": (
        "needs its values",
        """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return "a" * k
""",
    ),
    "list mult": (
        "needs its values",
        """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return [0] * k
""",
    ),
    "slice list": (
        "needs its values",
        """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return [1, 2, 3][:k]
""",
    ),
    "set of": (
        "needs its values",
        """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return len({k, 2})
""",
    ),
    "dict key made": (
        "needs its values",
        """
def f(x):
    k = 1
    if x > 0:
        k = 2
    return {k: "a"}.get(2)
""",
    ),
    "math": (
        "needs its values",
        """
import math


def f(x):
    return math.sqrt(abs(x))
""",
    ),
    "time": (
        "reads the clock",
        """
import time


def f(x):
    return x * 0.0 * time.time()
""",
    ),
}


@pytest.mark.parametrize("name", AGREEING)
def test_it_does_what_python_does(name: str) -> None:
    assert compare(AGREEING[name], CALLS) is None


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_rather_than_wrong(name: str) -> None:
    reason, text = REFUSED[name]
    assert reason in (compare(text, CALLS) or "")
