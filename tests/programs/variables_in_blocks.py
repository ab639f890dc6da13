"""Programs: closures, cells, globals, unbound names, deletion, walruses, defaults and scopes in staged blocks."""

from __future__ import annotations

from against_python import programs

PROGRAMS = programs('''
=== nonlocal_in_a_staged_while: F(1) | F(7)
def f(x):
    total, calls = 0.0, 0
    def add(k):
        nonlocal total, calls
        if k > 2:
            total = total + k
        calls += 1
    while x < 6:
        add(x)
        x = x + 1.5
    return total, calls, x

=== nonlocal_two_levels_down: I(3) | I(0)
def f(n):
    a = 1
    def outer():
        b = 10
        def inner(k):
            nonlocal a, b
            a += k
            b += a
        for i in range(n):
            inner(i)
        return b
    return outer(), a

=== closures_made_in_a_loop_share_the_variable: I(3)
def f(n):
    fs = []
    for k in [1, 2, 3]:
        fs.append(lambda y: y * k + n)
    return [g(10) for g in fs]

=== closures_made_in_a_loop_with_defaults: I(3) | I(-3)
def f(n):
    fs = []
    for k in [1, 2, 3]:
        fs.append(lambda y, k=k: y * k if n > 0 else y - k)
    return [g(10) for g in fs]

=== closure_made_before_a_loop_sees_its_end: F(1) | F(9)
def f(x):
    y = x
    g = lambda: y * 10.0
    while y < 5:
        y = y + 1.0
    return g(), y

=== closure_made_in_a_branch: F(1) | F(-1) refused: which one, is decided while the graph runs
def f(x):
    if x > 0:
        def g(y):
            return y + x
    else:
        def g(y):
            return y - x
    return g(10.0)

=== lambda_in_a_branch_called_after: F(1) | F(-1)
def f(x):
    scale = 2.0
    if x > 0:
        scale = 3.0
    g = lambda y: y * scale
    scale = scale + 1.0
    return g(x)

=== counter_closure: I(3) | I(0)
def make():
    count = 0
    def step(by=1):
        nonlocal count
        count += by
        return count
    return step

def f(n):
    a, b = make(), make()
    for i in range(n):
        a()
        if i % 2 == 1:
            b(10)
    return a(0), b(0)

=== global_counter: I(3) | I(0)
COUNT = 5
def bump(k):
    global COUNT
    COUNT = COUNT + k
    return COUNT

def f(n):
    before = COUNT
    for i in range(n):
        if i != 1:
            bump(i)
    return before, COUNT, bump(0)

=== global_list_items: I(3) | I(0) refused: an index that is not known yet
STATE = [0, 0]
def f(n):
    for i in range(n):
        STATE[i % 2] = STATE[i % 2] + i
    return STATE[0], STATE[1]

=== global_dict_of_numbers: F(1) | F(-1)
TABLE = {"up": 1.0, "down": 2.0}
def f(x):
    key = "up"
    y = TABLE[key] * x
    if x < 0:
        TABLE["down"] = TABLE["down"] + 1.0
    return y, TABLE["down"]

=== unbound_after_a_branch: F(1) | F(-1)
def f(x):
    if x > 0:
        y = x * 2.0
    return y

=== unbound_only_read_where_bound: F(1) | F(-1)
def f(x):
    if x > 0:
        y = x * 2.0
    z = 5.0
    if x > 0:
        z = y
    return z

=== unbound_in_a_loop: I(3) | I(0)
def f(n):
    for i in range(n):
        last = i * 2
    return last + 1

=== unbound_first_trip: I(3) | I(1)
def f(n):
    total = 0
    for i in range(n):
        if i > 0:
            total += previous
        previous = i * 10
    return total

=== unbound_caught_by_nobody: I(1) | I(0)
def f(n):
    total = 0
    for i in range(n):
        total += missing
        missing = i
    return total

=== deleted_in_a_branch: F(1) | F(-1)
def f(x):
    y = x
    if x > 0:
        del y
    return y

=== deleted_and_bound_again: F(1) | F(-1)
def f(x):
    y = x
    if x > 0:
        del y
        y = 2.0
    return y

=== deletion_of_the_loop_variable: I(3) | I(0)
def f(n):
    total = 0
    for i in range(n):
        total += i
        del i
    return total

=== deleted_loop_variable_is_gone: I(3)
def f(n):
    for i in range(n):
        pass
    del i
    return i

=== deletion_of_items: F(1) | F(-1)
def f(x):
    d = {"a": x, "b": 2.0, "c": 3.0}
    del d["b"]
    xs = [x, 1.0, 2.0, 3.0]
    del xs[1], xs[-1]
    return d, xs, len(d)

=== loop_variable_after_the_loop: I(3) | I(1)
def f(n):
    i = -1
    for i in range(n):
        j = i * i
    return i, j

=== loop_variable_reassigned_inside: I(4) | I(0)
def f(n):
    seen = 0
    for i in range(n):
        i = i * 10
        seen += i
    return seen

=== targets_of_for_are_tuples: V(1, 2, 3)
def f(v):
    total = 0.0
    for i, (a, *rest) in enumerate(zip(v, v * 2.0, v * 3.0)):
        total = total + a * i + rest[0] - rest[1]
    return total, i

=== targets_of_for_are_places: I(3) | I(0)
class Box:
    pass

def f(n):
    box, xs, d = Box(), [0, 0], {}
    box.i = -1
    for box.i in range(n):
        pass
    for xs[1] in range(n):
        xs[0] = xs[0] + xs[1]
    return box.i, xs

=== walrus_in_while: F(1) | F(9)
def f(x):
    trips = 0
    while (y := x * 2.0) < 10:
        x = x + 1.0
        trips += 1
    return x, y, trips

=== walrus_in_a_chain_and_a_test: F(1) | F(-1) | F(5)
def f(x):
    if 0 < (y := x + 1.0) < (z := 4.0):
        return y, z
    return y, -1.0

=== walrus_in_comprehension_conditions: V(1, -2, 3)
def f(v):
    kept = [y for x in [1.0, 2.0, -3.0] if (y := x * 2.0) > 0]
    doubled = [(last := x * 2.0) for x in v]
    return kept, y, doubled, last

=== walrus_in_both_branches: F(1) | F(-1)
def f(x):
    r = (a := x) if x > 0 else (a := -x) + 1.0
    return r, a

=== walrus_in_and: F(1) | F(-1)
def f(x):
    y = 0.0
    if x > 0 and (y := x * 3.0) > 2:
        return y + 1.0
    return y

=== walrus_in_arguments_and_subscripts: V(1, 2, 3)
def f(v):
    k = max((a := 1), 0)
    w = v[(i := 2)] + v[i - 1]
    return w, a, k, i, (lambda: (b := 5) + i)()

=== defaults_are_evaluated_once: F(1) | F(2)
def f(x):
    base = x
    def g(y, k=base * 2.0, *, m=[0]):
        m[0] = m[0] + 1
        return y * k, m[0]
    base = 100.0
    return g(1.0), g(2.0), g(3.0, k=1.0)

=== keyword_only_and_positional_only: F(1) | F(-1)
def g(a, /, b, *rest, c, d=4.0, **more):
    if a > 0:
        return a + b + c + d + sum(rest) + sum(more.values())
    return a - b - c - d

def f(x):
    return g(x, 1.0, c=x), g(x, 2.0, 3.0, 4.0, c=1.0, e=x, d=x), g(x, b=1.0, c=2.0)

=== star_arguments_with_tensors: V(1, 2, 3) | V(-1, 2, 0)
def g(*xs, **named):
    best = xs[0]
    for y in xs[1:]:
        if y > best:
            best = y
    for name in sorted(named):
        best = best + named[name]
    return best, len(xs)

def f(v):
    return g(*v), g(*[v[0], v[1]], *(v[2],), **{"b": 1.0, "a": v[0]})

=== missing_and_unexpected_arguments: F(1)
def g(a, b=1):
    return a + b

def f(x):
    for call in (lambda: g(), lambda: g(x, c=1), lambda: g(x, 1, 2), lambda: g(x, a=1)):
        try:
            call()
        except TypeError as error:
            print(error)
    return g(x)

=== unpacking: V(1, 2, 3, 4)
def f(v):
    a, *b, c = v
    (d, e), [g, *h] = (v[0], v[1]), v[2:]
    x, y = y, x = a, c
    first, = v[:1]
    return a, b, c, d, e, g, h, x, y, first

=== unpacking_of_the_wrong_length: V(1, 2, 3)
def f(v):
    try:
        a, b = v
    except ValueError as error:
        print(type(error).__name__)
    try:
        a, b, c, d, *e = v
    except ValueError as error:
        print(type(error).__name__)
    return v

=== multiple_targets: F(1) | F(-1)
def f(x):
    a = b = c = [x]
    b[0] = b[0] + 1.0
    d = (e := x) + 1.0
    p = q = x
    if x > 0:
        p = q = q * 2.0
    return a, c, d, e, p, q

=== swapping_in_loops: I(6) | I(0)
def f(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b

=== three_way_rotation_in_a_branch: F(1) | F(-1)
def f(x):
    a, b, c = x, x * 2.0, x * 3.0
    if x > 0:
        a, b, c = c, a, b
    return a, b, c

=== names_shadow_builtins: F(1) | F(-1)
def f(x):
    max = x
    sum = 0.0
    for len in range(3):
        if max > 0:
            sum = sum + len
    list = [max, sum]
    return list, len

=== shadowed_in_an_inner_function: F(1) | F(-1)
y = 100.0
def f(x):
    def g():
        y = x
        if y > 0:
            y = y + 1.0
        return y
    return g(), y

=== class_attributes_as_constants: F(1) | F(-1)
class Config:
    rate = 0.5
    names = ("a", "b")
    class Inner:
        depth = 3

def f(x):
    while x < Config.Inner.depth:
        x = x + Config.rate
    return x, Config.names, len(Config.names)

=== class_attribute_counter: I(3) | I(0)
class Counter:
    total = 0
    def hit(self, k):
        Counter.total = Counter.total + k

def f(n):
    c = Counter()
    for i in range(n):
        c.hit(i)
    return Counter.total, c.total

=== instance_attribute_hides_the_class: F(1) | F(-1)
class Box:
    value = 1.0

def f(x):
    box = Box()
    if x > 0:
        box.value = x * 5.0
    return box.value, Box.value, hasattr(box, "value"), hasattr(box, "other")

=== attribute_made_in_one_branch: F(1) | F(-1)
class Box:
    pass

def f(x):
    box = Box()
    if x > 0:
        box.value = x
    return box.value

=== attribute_made_in_one_branch_asked: F(1) | F(-1)
class Box:
    pass

def f(x):
    box = Box()
    if x > 0:
        box.value = x
    return getattr(box, "value", -5.0), hasattr(box, "value")

=== alias_of_an_object_in_a_branch: F(1) | F(-1)
class Box:
    def __init__(self, v):
        self.v = v

def f(x):
    a = Box(x)
    b = a
    if x > 0:
        b.v = b.v + 10.0
    return a.v, a is b

=== objects_exchanged_in_a_loop: I(3) | I(2)
class Node:
    def __init__(self, value, after):
        self.value, self.after = value, after

def f(n):
    chain = Node(n, Node(n + 1, Node(n + 2, None)))
    total, node = 0, chain
    while node is not None:
        if node.value > 3:
            total += node.value
        node = node.after
    return total

=== new_objects_in_a_staged_loop: I(4) | I(0)
class Vec:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def moved(self, k):
        return Vec(self.x + k, self.y * 2)

def f(n):
    v = Vec(0, 1)
    for i in range(n):
        v = v.moved(i)
    return v.x, v.y

=== linked_state_of_two_objects: I(4) | I(0)
class Cell:
    def __init__(self):
        self.a = 0
        self.other = None

def f(n):
    p, q = Cell(), Cell()
    p.other, q.other = q, p
    for i in range(n):
        if i % 2 == 0:
            p.other.a = p.other.a + i
        else:
            q.other.a = q.other.a - i
    return p.a, q.a

=== type_annotations_and_docstrings: F(1) | F(-1)
def f(x: "tensor", *, k: int = 2) -> float:
    """Nothing."""
    y: float = x * k
    z: int
    if y > 0:
        z = 1
        w: list[int] = [z]
        return y + w[0]
    return y

=== recursion_of_static_depth: F(1) | F(-1)
def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    if n % 2:
        return half * half * x if x > 0 else half * half
    return half * half

def f(x):
    return power(x + 1.0, 5), power(x, 3)

=== mutual_recursion: F(1) | F(-1)
def even(x, n):
    return x if n == 0 else odd(x + 1.0 if x > 0 else x, n - 1)
def odd(x, n):
    return -x if n == 0 else even(x * 2.0, n - 1)

def f(x):
    return even(x, 4), odd(x, 3)

=== recursion_over_a_tree: V(1, -2, 3)
def total(tree):
    if isinstance(tree, (list, tuple)):
        return sum([total(part) for part in tree])
    if isinstance(tree, dict):
        return sum(total(part) for part in tree.values())
    return tree if tree > 0 else -tree

def f(v):
    a, b, c = v
    return total([a, (b, {"k": c, "l": [a, b]}), 2.0])

=== inner_recursion: F(1) | F(-1)
def f(x):
    def go(y, depth):
        if depth == 0:
            return y
        if y > 0:
            return go(y + x, depth - 1)
        return go(y - 1.0, depth - 1)
    return go(x, 3)

=== function_attributes: F(1) | F(-1)
def g(x):
    return x * g.scale
g.scale = 3.0

def f(x):
    return g(x) if x > 0 else g(x) - g.scale

=== functions_in_data: F(1) | F(-1)
def f(x):
    table = {"double": lambda y: y * 2.0, "clip": lambda y: y if y > 0 else 0.0 * y}
    order = ["clip", "double", "clip"]
    for name in order:
        x = table[name](x)
    first, *others = [table[name] for name in order]
    return x, first(x + 1.0), len(others)

=== decorators: F(1) | F(-1)
def traced(name):
    def wrap(g):
        @functools.wraps(g)
        def inner(*args, **kwargs):
            print(name, "in")
            result = g(*args, **kwargs)
            print(name, "out", result)
            return result
        return inner
    return wrap

@traced("a")
@traced("b")
def g(x, k=1.0):
    if x > 0:
        return x + k
    return x - k

def f(x):
    return g(x), g(x, k=5.0), g.__name__

=== decorator_that_is_a_class: F(1) | F(-1)
class Counted:
    def __init__(self, g):
        functools.update_wrapper(self, g)
        self.g, self.calls = g, 0
    def __call__(self, *args):
        self.calls = self.calls + 1
        return self.g(*args)

def f(x):
    @Counted
    def g(y):
        return y if y > 0 else -y
    return g(x), g(x - 1.0), g.calls

=== partials: F(1) | F(-1)
def g(a, b, *, c=1.0):
    if a > b:
        return a * c
    return b * c

def f(x):
    h = functools.partial(g, x)
    k = functools.partial(h, c=3.0)
    return h(0.5), k(0.25), functools.partial(max, x)(0.0), k.keywords

=== bound_and_unbound_methods: F(1) | F(-1)
class A:
    def __init__(self, w):
        self.w = w
    def m(self, x):
        return x * self.w if x > 0 else x

def f(x):
    a = A(3.0)
    ms = [a.m, A(4.0).m, functools.partial(A.m, a)]
    return [m(x) for m in ms], a.m.__self__ is a

=== higher_order: F(1) | F(-1)
def compose(*fs):
    def run(x):
        for g in fs:
            x = g(x)
        return x
    return run

def f(x):
    h = compose(lambda y: y + 1.0, lambda y: y * 2.0 if y > 1 else y, abs)
    return h(x), list(map(h, [x, x * 2.0])), [y for y in filter(lambda y: y > 0.0, [1.0, -1.0])]

=== currying: F(1) | F(-1)
def f(x):
    add = lambda a: lambda b: lambda c: a + b if c > 0 else a - b
    return add(x)(2.0)(x), add(1.0)(x)(-x)
''')
