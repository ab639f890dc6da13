"""Programs: classes and objects."""

from __future__ import annotations

from program import I, Program

PROGRAMS = [
    Program(
        "obj_attribute_added_in_loop",
        """
class Box:
    pass

@compile
def f(n):
    b = Box()
    for i in range(n):
        b.last = i * 2
    return b.last
""",
        [I(4)],
        6,
    ),
    Program(
        "obj_method_mutates_in_loop",
        """
class Counter:
    def __init__(self):
        self.n = 0
    def bump(self, k):
        self.n = self.n + k

@compile
def f(n):
    c = Counter()
    for i in range(n):
        c.bump(i)
    return c.n
""",
        [I(5)],
        10,
        about="mutation inside a method called from a tensor loop (TF: undetected)",
    ),
    Program(
        "obj_function_mutates_argument_in_loop",
        """
def add_to(d, k):
    d['sum'] = d['sum'] + k

@compile
def f(n):
    d = {'sum': 0}
    i = 0
    while i < n:
        add_to(d, i)
        i = i + 1
    return d['sum']
""",
        [I(5)],
        10,
        about="mutation inside a called function (TF: undetected)",
    ),
    Program(
        "obj_self_mutation_persists",
        """
class Model:
    def __init__(self):
        self.calls = 0
    @compile
    def step(self, x):
        self.calls += 1
        return x + 1

def main(x):
    m = Model()
    m.step(x); m.step(x); m.step(x)
    return m.calls
""",
        [I(1)],
        3,
        may_raise="SideEffect",
        mention=("calls",),
        staged=False,
        level="stretch",
        about="Python attribute changed by every call (TF: changed once per trace)",
    ),
    Program(
        "obj_super_in_compiled_method",
        """
class Base:
    def act(self, x):
        while x > 5:
            x = x - 5
        return x

class Derived(Base):
    @compile
    def act(self, x):
        return super().act(x) + super(Derived, self).act(x + 1) * 10

def main(x):
    return Derived().act(x)
""",
        [I(13)],
        43,
    ),
    Program(
        "obj_classmethod_staticmethod",
        """
class M:
    k = 3
    @classmethod
    def scale(cls, x):
        return x * cls.k if x > 0 else x
    @staticmethod
    def shift(x):
        return x + 1 if x > 0 else x

@compile
def f(x):
    return M.scale(x), M.shift(x), M().scale(-x)
""",
        [I(4)],
        (12, 5, -4),
    ),
    Program(
        "obj_operator_overloading",
        """
class Vec:
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __add__(self, o):
        return Vec(self.a + o.a, self.b + o.b)
    def __mul__(self, k):
        return Vec(self.a * k, self.b * k)
    def __lt__(self, o):
        return self.a < o.a

@compile
def f(x):
    u = Vec(x, 1) + Vec(2, x) * 3
    if u < Vec(100, 0):
        r = u.a
    else:
        r = u.b
    return r, u.b
""",
        [I(5)],
        (11, 16),
    ),
    Program(
        "obj_mangled_attribute",
        """
class Secret:
    def __init__(self, v):
        self.__v = v
    @compile
    def get(self, x):
        if x > self.__v:
            return x
        return self.__v + 0 * x

def main(x):
    return Secret(3).get(x), Secret(30).get(x)
""",
        [I(5)],
        (5, 30),
        about="name mangling (TF: refused)",
    ),
    Program(
        "obj_dataclass_mutated",
        """
@dataclasses.dataclass
class State:
    x: object
    n: int = 0

@compile
def f(x, k):
    s = State(x)
    for i in range(k):
        s.x = s.x + i
        s.n += 1
    return s.x, s.n
""",
        [I(3), I(4)],
        (9, 4),
    ),
    Program(
        "obj_namedtuple_state",
        """
Pair = collections.namedtuple('Pair', 'a b')

@compile
def f(n):
    p = Pair(0, 1)
    for _ in range(n):
        p = Pair(p.b, p.a + p.b)
    return p
""",
        [I(7)],
        (13, 21),
    ),
    Program(
        "obj_enum_dispatch",
        """
class Mode(enum.Enum):
    ADD = 1
    MUL = 2

@compile
def f(x, mode):
    if mode is Mode.ADD:
        return x + 10
    if mode == Mode.MUL:
        return x * 10
    return x

def main(x):
    return f(x, Mode.ADD), f(x, Mode.MUL)
""",
        [I(2)],
        (12, 20),
        staged=False,
    ),
    Program(
        "obj_created_in_loop",
        """
class Cell:
    def __init__(self, v):
        self.v = v

@compile
def f(n):
    s = 0
    for i in range(n):
        c = Cell(i)
        c.v = c.v + 1
        s = s + c.v
    return s
""",
        [I(4)],
        10,
    ),
    Program(
        "obj_linked_list",
        """
class Node:
    def __init__(self, v, nxt=None):
        self.v, self.nxt = v, nxt

@compile
def f(x):
    head = Node(x, Node(x + 1, Node(x + 2)))
    s = 0
    node = head
    while node is not None:
        if node.v > 1:
            s = s + node.v
        node = node.nxt
    return s
""",
        [I(1)],
        5,
        about="static walk over a Python structure, tensor condition inside",
    ),
    Program(
        "obj_context_manager_class",
        """
class Scale:
    def __init__(self, log):
        self.log = log
    def __enter__(self):
        self.log.append('enter')
        return 10
    def __exit__(self, *e):
        self.log.append('exit')

@compile
def f(x):
    log = []
    with Scale(log) as k, Scale(log) as m:
        y = x * k + m
    return y, log
""",
        [I(2)],
        (30, ["enter", "enter", "exit", "exit"]),
        staged=False,
    ),
    Program(
        "obj_conditional_rebinding_static",
        """
class A:
    def go(self, x): return x + 1
class B:
    def go(self, x): return x * 2

@compile
def f(x, which):
    o = A()
    if which:
        o = B()
    return o.go(x)
""",
        [I(5), True],
        10,
        staged=False,
    ),
    Program(
        "obj_conditional_rebinding_tensor",
        """
class A:
    def go(self, x): return x + 1
class B:
    def go(self, x): return x * 2

@compile
def f(x):
    if x > 3:
        o = B()
    else:
        o = A()
    return o.go(x)
""",
        [I(5)],
        10,
        may_raise="Structure",
        mention=("o",),
        level="stretch",
    ),
]
