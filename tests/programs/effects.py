"""Programs: printing, random numbers and variables."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "print_in_tensor_loop",
        """
@compile
def f(n):
    for i in range(n):
        print('step', int(i))
    return n
""",
        [I(3)],
        3,
        stdout="step 0\nstep 1\nstep 2\n",
        level="extended",
        about="TF prints once, while tracing, and shows a symbolic tensor",
    ),
    Program(
        "side_list_append_in_tensor_loop",
        """
@compile
def f(n, log):
    s = 0
    for i in range(n):
        log.append(1)
        s = s + i
    return s

def main(n):
    log = []
    s = f(n, log)
    return s, len(log)
""",
        [I(4)],
        (6, 4),
        may_raise="SideEffect",
        mention=("log",),
        level="stretch",
        about="TF: the list silently gets one element",
    ),
    Program(
        "random_reproducible_with_seed",
        """
@compile
def f():
    return xp.rand((3,)), xp.rand((3,))

def main():
    xp.seed(7)
    a = f()
    xp.seed(7)
    b = f()
    return bool(xp.all(a[0] == b[0])), bool(xp.all(a[1] == b[1])), bool(xp.all(a[0] == a[1]))
""",
        [],
        (True, True, False),
        staged=False,
    ),
    Program(
        "variable_assign_in_loop",
        """
v = xp.variable(0.0)

@compile
def f(n):
    v.assign(1.0)
    for i in range(n):
        v.assign_add(2.0)
    return v.read_value()

def main(n):
    return f(n), v.read_value()
""",
        [I(4)],
        (9.0, 9.0),
    ),
    Program(
        "variable_read_write_order",
        """
v = xp.variable(1.0)

@compile
def f(x):
    a = v.read_value()
    v.assign(a * 10.0)
    b = v.read_value()
    v.assign_add(x)
    c = v.read_value()
    return a, b, c

def main(x):
    return f(x), f(x)
""",
        [F(3.0)],
        ((1.0, 10.0, 13.0), (13.0, 130.0, 133.0)),
        staged=False,
    ),
    Program(
        "variable_changed_in_called_function",
        """
class Model:
    def __init__(self):
        self.total = xp.variable(0.0)
    def add(self, x):
        self.total.assign_add(x)

@compile
def f(m, v):
    for x in v:
        m.add(x)
    return m.total.read_value()

def main(v):
    m = Model()
    return f(m, v), f(m, v)
""",
        [F([1.0, 2.0, 3.0])],
        (6.0, 12.0),
    ),
    Program(
        "variable_created_on_first_call",
        """
class Layer:
    w = None
    @compile
    def __call__(self, x):
        if self.w is None:
            self.w = xp.variable(2.0)
        return self.w.read_value() * x

def main(x):
    layer = Layer()
    a = layer(x)
    layer.w.assign(5.0)
    return a, layer(x)
""",
        [F(3.0)],
        (6.0, 15.0),
        staged=False,
        level="extended",
        about='lazy creation idiom (TF: "tried to create variables on non-first call" when misused)',
    ),
]
