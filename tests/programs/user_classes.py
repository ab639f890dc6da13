"""Programs: operators, protocols, attributes and construction of the user's own classes, with control flow inside."""

from __future__ import annotations

from against_python import programs

PROGRAMS = programs("""
=== add_with_a_branch: F(1) | F(-2)
class Money:
    def __init__(self, n):
        self.n = n
    def __add__(self, other):
        if other.n > 0:
            return Money(self.n + other.n)
        return Money(self.n - other.n)

def f(x):
    return (Money(x) + Money(x * 2.0) + Money(1.0)).n

=== reflected_when_left_does_not_know: F(1) | F(-2)
class Money:
    def __init__(self, n):
        self.n = n
    def __add__(self, other):
        return NotImplemented
    def __radd__(self, other):
        if self.n > 0:
            return Money(other + self.n)
        return Money(other)
    def __rsub__(self, other):
        return Money(other - self.n if self.n > other else self.n)

def f(x):
    return (2.0 + Money(x)).n, (3.0 - Money(x)).n

=== reflected_of_a_subclass_comes_first: F(1) | F(-2)
class Base:
    def __init__(self, n):
        self.n = n
    def __sub__(self, other):
        return "base", self.n - other.n
class Derived(Base):
    def __rsub__(self, other):
        if self.n > 0:
            return "derived", other.n - self.n
        return "derived", self.n

def f(x):
    return Base(x) - Derived(x * 3.0), Derived(x) - Base(x), Derived(x) - Derived(2.0)

=== nobody_answers: F(1)
class A:
    def __add__(self, other):
        return NotImplemented
    def __lt__(self, other):
        return NotImplemented

def f(x):
    try:
        A() + A()
    except TypeError as error:
        print(error)
    try:
        A() < A()
    except TypeError as error:
        print(error)
    return A() + 1

=== in_place_and_its_fallback: F(1) | F(-3)
class Total:
    def __init__(self, n):
        self.n = n
    def __iadd__(self, k):
        if k > 0:
            self.n = self.n + k
        else:
            self.n = self.n * 2.0
        return self
    def __mul__(self, k):
        if k > 0:
            return Total(self.n * k)
        return Total(k)

def f(x):
    t = Total(x)
    u = t
    t += x
    u *= x
    return t.n, u.n, t is u

=== in_place_in_a_staged_loop: I(3) | I(0)
class Total:
    def __init__(self, n):
        self.n = n
    def __iadd__(self, k):
        if k % 2 == 0:
            self.n = self.n + k
        return self

def f(n):
    t = Total(0)
    for i in range(n):
        t += i + 1
    return t.n

=== comparisons_with_branches: F(1) | F(-2) | F(3)
class Card:
    def __init__(self, n):
        self.n = n
    def __lt__(self, other):
        return self.n < other.n if self.n > 0 else other.n > 1
    def __eq__(self, other):
        if self.n > 2:
            return False
        return self.n == other.n
    __hash__ = None

def f(x):
    a, b = Card(x), Card(1.0)
    first = 0
    if a < b:
        first = 1
    if a == b:
        first += 10
    if a != b:
        first += 100
    if a > b:
        first += 1000
    return first

=== not_equal_is_derived_from_equal: F(1) | F(2)
class P:
    def __init__(self, n):
        self.n = n
    def __eq__(self, other):
        if not isinstance(other, P):
            return NotImplemented
        return bool(self.n == other.n)

def f(x):
    return P(x) != P(1.0), P(x) == P(1.0), P(x) == 3, P(x) != "a", P(x) == P(x)

=== truth_by_bool: F(1) | F(-1)
class Flag:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        if self.n > 0:
            return True
        return False

def f(x):
    flag = Flag(x)
    out = 1 if flag else 2
    if not flag:
        out = out + 10
    k = 0
    while flag and k < 3:
        k += 1
    return out, k, bool(flag)

=== truth_by_len: I(2) | I(0)
class Bag:
    def __init__(self, n):
        self.n = n
    def __len__(self):
        if self.n > 1:
            return int(self.n)
        return 0

def f(n):
    bag = Bag(n)
    return ("full" if len(bag) == 2 else "empty") if False else len(bag), 1 if bag else 2, not bag

=== or_and_of_objects: F(1) | F(-1)
class Flag:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        return bool(self.n > 0)

def f(x):
    y = 0.0
    if Flag(x) or Flag(-x - 0.5):
        y = 1.0
    if Flag(x) and Flag(x - 2.0):
        y = y + 10.0
    return y

=== get_item_with_branches: I(0) | I(1) | I(-1)
class Table:
    def __init__(self, v):
        self.v = v
    def __getitem__(self, i):
        if i < 0:
            return self.v[0] * 100.0
        return self.v[i]

def f(n):
    t = Table(wf.tensor([1.0, 2.0, 3.0]))
    return t[n], t[2], t[n - 5]

=== set_item_and_del_item: F(1) | F(-1)
class Store:
    def __init__(self):
        self.a = 0.0
        self.log = 0
    def __setitem__(self, key, value):
        if value > 0:
            self.a = value
        else:
            self.log = self.log + 1
    def __getitem__(self, key):
        return self.a if self.a > 0 else -1.0
    def __delitem__(self, key):
        if self.a > 0:
            self.a = 0.0

def f(x):
    s = Store()
    s["k"] = x
    s["k"] += 1.0
    before = s.a
    del s["k"]
    return before, s.a, s.log

=== call_of_an_object: F(1) | F(-1)
class Layer:
    def __init__(self, w):
        self.w = w
    def __call__(self, x, *, twice=False):
        if x > 0:
            x = x * self.w
        if twice:
            return self(x)
        return x

def f(x):
    return Layer(2.0)(x), Layer(3.0)(x, twice=False)

=== contains: F(1) | F(5)
class Interval:
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __contains__(self, x):
        if x < self.a:
            return False
        return x <= self.b

def f(x):
    i = Interval(0.0, 2.0)
    return (1 if x in i else 2), (3 if x not in i else 4)

=== contains_by_iteration: F(1) | F(5)
class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __iter__(self):
        if self.a.ndim == 0:
            return iter([self.a, self.b])
        return iter([])

def f(x):
    p = Pair(x, x * 2.0)
    y = 0.0
    for part in p:
        if part > 1:
            y += part
    a, b = p
    return y, a - b, (1 if 10.0 in p else 0), [*p], list(p), sum(p)

=== iterator_protocol: I(3)
class Countdown:
    def __init__(self, n, x):
        self.n, self.x = n, x
    def __iter__(self):
        return self
    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        if self.x > self.n:
            return self.x * self.n
        return self.x

def f(x):
    total = 0
    for y in Countdown(4, x):
        total = total + y
    second = Countdown(2, x)
    return total, next(second), next(second), next(second, None), list(Countdown(3, x))

=== iteration_by_get_item: I(3) | I(0)
class Squares:
    def __init__(self, x):
        self.x = x
    def __getitem__(self, i):
        if i > 3:
            raise IndexError(i)
        if self.x > i:
            return self.x * i
        return self.x

def f(x):
    total = 0
    for y in Squares(x):
        total += y
    return total, list(Squares(x)), max(Squares(x))

=== generator_method_without_staged_flow: I(3) | I(0)
class Tree:
    def __init__(self, *leaves):
        self.leaves = leaves
    def __iter__(self):
        for leaf in self.leaves:
            yield leaf * 2

def f(x):
    total = 0
    for leaf in Tree(x, x + 1, x - 1):
        if leaf > 2:
            total = total + leaf
    return total, [leaf for leaf in Tree(x, 1)], sum(Tree(x, 2))

=== generator_method_with_staged_flow: I(3) refused: needs its values
class Tree:
    def __init__(self, x):
        self.x = x
    def __iter__(self):
        if self.x > 0:
            yield self.x

def f(x):
    total = 0
    for leaf in Tree(x):
        total = total + leaf
    return total

=== enter_and_exit: F(1) | F(-1)
class Scope:
    def __init__(self, x):
        self.x = x
        self.depth = 0
    def __enter__(self):
        if self.x > 0:
            self.depth = self.depth + 1
        return self
    def __exit__(self, kind, error, trace):
        if self.x > 0:
            self.depth = self.depth * 10
        return False

def f(x):
    s = Scope(x)
    with s as inner:
        y = inner.depth + x
        while y < 3:
            y = y + 1.0
    return y, s.depth

=== context_manager_around_staged_code: F(1) | F(-1)
@contextlib.contextmanager
def noted(log, name):
    print("enter", name)
    log.append(name)
    yield len(log)
    print("leave", name)

def f(x):
    log = []
    with noted(log, "a") as n:
        if x > 0:
            x = x + n
            print("positive", x)
        with noted(log, "b"):
            while x < 5:
                x = x + 2.0
    print("end")
    return x, log

=== context_manager_that_changes_state: F(1) | F(-1)
class Box:
    pass

@contextlib.contextmanager
def set_to(box, value):
    before, box.value = box.value, value
    try:
        yield box
    finally:
        box.value = before

def f(x):
    box = Box()
    box.value = 1.0
    with set_to(box, x):
        y = box.value * 2.0
        if y > 0:
            y = y + box.value
    return y, box.value

=== attribute_fallback: F(1) | F(-1)
class Proxy:
    def __init__(self, x):
        self.x = x
    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        if self.x > 0:
            return self.x * len(name)
        return self.x

def f(x):
    p = Proxy(x)
    return p.x, p.abc, p.de, getattr(p, "none", 7.0), hasattr(p, "nothing"), hasattr(p, "thing")

=== attribute_fallback_raises: F(1)
class Proxy:
    def __getattr__(self, name):
        raise AttributeError(f"no {name} here")

def f(x):
    return Proxy().size * x

=== setattr_method: F(1) | F(-1)
class Clipped:
    def __setattr__(self, name, value):
        if value > 0:
            object.__setattr__(self, name, value)
        else:
            object.__setattr__(self, name, value * 0.0)

def f(x):
    c = Clipped()
    c.a = x
    c.b = x + 1.5
    return c.a, c.b

=== property_with_setter_and_deleter: F(1) | F(-1)
class Temperature:
    def __init__(self, c):
        self._c = c
    @property
    def f(self):
        if self._c > 0:
            return self._c * 1.8 + 32.0
        return 32.0
    @f.setter
    def f(self, value):
        if value > 40:
            self._c = (value - 32.0) / 1.8
        else:
            self._c = 0.0 * value
    @f.deleter
    def f(self):
        if self._c > 0:
            self._c = -self._c

def f(x):
    t = Temperature(x)
    a = t.f
    t.f = a + 5.0
    b = t._c
    t.f += 30.0
    c = t._c
    del t.f
    return a, b, c, t._c

=== descriptor: F(1) | F(-1)
class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name
    def __get__(self, owner, kind=None):
        if owner is None:
            return self
        value = getattr(owner, self.name)
        return value if value > 0 else 0.5
    def __set__(self, owner, value):
        if value < -5:
            raise ValueError(value)
        setattr(owner, self.name, value + 1.0)
class Item:
    weight = Positive()

def f(x):
    item = Item()
    item.weight = x
    a = item.weight
    item.weight += x
    return a, item.weight, item._weight

=== non_data_descriptor_is_hidden_by_the_object: F(1) | F(-1)
class Lazy:
    def __get__(self, owner, kind):
        return 2.0 if owner.x > 0 else 3.0
class Item:
    lazy = Lazy()
    def __init__(self, x):
        self.x = x

def f(x):
    item = Item(x)
    a = item.lazy
    item.lazy = 7.0
    return a, item.lazy

=== cached_property: F(1) | F(-1)
class Data:
    def __init__(self, x):
        self.x = x
    @functools.cached_property
    def double(self):
        print("computed")
        if self.x > 0:
            return self.x * 2.0
        return self.x

def f(x):
    d = Data(x)
    a = d.double
    d.x = x + 10.0
    return a, d.double

=== class_and_static_methods: F(1) | F(-1)
class Shape:
    count = 0
    def __init__(self, side):
        self.side = side
    @classmethod
    def unit(cls, x):
        if x > 0:
            side = x
        else:
            side = x * 0.0 + 1.0
        return cls(side)
    @staticmethod
    def area(side):
        return side * side if side > 0.5 else side
    def size(self):
        return self.area(self.side)
class Square(Shape):
    @classmethod
    def unit(cls, x):
        made = super().unit(x)
        made.side = made.side + 1.0
        return made

def f(x):
    return Shape.unit(x).size(), Square.unit(x).size(), type(Square.unit(x)).__name__, Shape.area(x)

=== inheritance_and_super: F(1) | F(-1)
class Base:
    scale = 2.0
    def __init__(self, x):
        self.x = x if x > 0 else -x
    def __add__(self, y):
        if y > 0:
            return self.x + y
        return self.x
    def run(self, y):
        return self.x * y * self.scale
class Left(Base):
    def run(self, y):
        if y > 1:
            return super().run(y) + 1.0
        return super().run(-y)
class Right(Base):
    scale = 3.0
    def __init__(self, x, k):
        super().__init__(x)
        self.k = k
    def run(self, y):
        return super().run(y) * self.k
class Both(Left, Right):
    def __add__(self, y):
        return super().__add__(y) * 10.0

def f(x):
    b = Both(x, 2.0)
    return b.run(x), b + x, b.run(2.0), [c.__name__ for c in Both.__mro__]

=== slots: F(1) | F(-1)
class Point:
    __slots__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __neg__(self):
        if self.x > 0:
            return Point(-self.x, self.y)
        return Point(self.x, -self.y)
    def __abs__(self):
        return self.x if self.x > 0 else -self.x

def f(x):
    p = -Point(x, 2.0)
    while p.y > 0.5:
        p.y = p.y * 0.5
    try:
        p.z = 1
    except AttributeError:
        pass
    return p.x, p.y, abs(p)

=== partialmethod: F(1) | F(-1)
class Scaler:
    def scale(self, x, by, plus=0.0):
        if x > 0:
            return x * by + plus
        return x - by
    double = functools.partialmethod(scale, by=2.0)
    shift = functools.partialmethod(scale, plus=5.0)

def f(x):
    s = Scaler()
    return s.double(x), s.shift(x, 3.0)

=== lru_cached_helper: F(1) | F(-1)
@functools.lru_cache(maxsize=None)
def power(n):
    return 1 if n == 0 else 2 * power(n - 1)

@functools.lru_cache
def clip(x):
    if x > 0:
        return x
    return x * 0.0

def f(x):
    return clip(x) + power(5), clip(x + 1.0)

=== singledispatch: F(1) | F(-1)
@functools.singledispatch
def show(value, x):
    return x
@show.register
def _(value: int, x):
    if x > 0:
        return x * value
    return x - value
@show.register(str)
def _(value, x):
    return x * len(value) if x > 0 else -x
@show.register(list)
def _(value, x):
    return [show(part, x) for part in value]

def f(x):
    return show(3, x), show("abc", x), show(None, x), show([2, "ab", 1.5], x)

=== singledispatch_on_an_index: I(3)
@functools.singledispatch
def kind(value):
    return 0
@kind.register
def _(value: int):
    return value + 1
@kind.register
def _(value: float):
    return -1

def f(n):
    total = 0
    for i in range(n):
        total += kind(i)
    return total, kind(2.0), kind("a")

=== dataclass_post_init: F(1) | F(-1)
@dataclasses.dataclass
class Particle:
    x: object
    v: object = 2.0
    trace: list = dataclasses.field(default_factory=list)
    start: dataclasses.InitVar[float] = 1.0
    size: object = dataclasses.field(init=False, default=4.0)
    def __post_init__(self, start):
        if self.x > 0:
            self.v = self.v + start
        else:
            self.v = -self.v
        self.trace.append(start)

def f(x):
    p, q = Particle(x), Particle(x, v=1.0, start=3.0)
    return p.v, q.v, p.trace, q.trace, p.size

=== frozen_dataclass_with_operators: F(1) | F(-1)
@dataclasses.dataclass(frozen=True)
class Vec:
    x: object
    y: object
    def __post_init__(self):
        if self.x > 100:
            raise ValueError("large")
    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)
    def __mul__(self, k):
        if k > 0:
            return dataclasses.replace(self, x=self.x * k)
        return Vec(self.x, self.y * k)
    __rmul__ = __mul__

def f(x):
    v = Vec(x, 1.0)
    for _ in range(3):
        v = v + 2.0 * v * x
    return v.x, v.y

=== dataclass_equality: F(1) | F(2)
@dataclasses.dataclass
class P:
    x: object
    y: int = 0

def f(x):
    r = 0
    if P(x) == P(1.0):
        r = 1
    return r, P(1, 2) == P(1, 2), P(1) != P(2)

=== dict_of_static_keys_by_hash: F(1) | F(-1)
class Key:
    def __init__(self, name):
        self.name = name
    def __hash__(self):
        return hash(self.name)
    def __eq__(self, other):
        return isinstance(other, Key) and self.name == other.name

def f(x):
    d = {Key("a"): x, Key("b"): 2.0}
    if x > 0:
        d[Key("a")] = d[Key("a")] + d[Key("b")]
    return d[Key("a")], Key("c") in d, len(d)

=== matrix_product_and_shifts: F(1) | F(-1)
class Op:
    def __init__(self, x):
        self.x = x
    def __matmul__(self, o):
        return self.x * o.x if self.x > 0 else o.x
    def __rshift__(self, k):
        return self.x / k if self.x > 0 else self.x
    def __invert__(self):
        return Op(-self.x) if self.x > 0 else self
    def __pow__(self, k):
        return self.x ** k if self.x > 0 else 1.0
    def __floordiv__(self, k):
        return 1 if self.x > 0 else 2
    def __mod__(self, k):
        return k if self.x > 0 else "no"
    def __pos__(self):
        return 3.0 if self.x > 0 else 4.0
    def __or__(self, o):
        return self.x if self.x > 0 else o

def f(x):
    a = Op(x)
    return a @ Op(3.0), a >> 2.0, (~a).x, a ** 2, a // 1, +a, a | 5.0

=== conversions: F(1.5) | F(-1.5)
class Number:
    def __init__(self, x):
        self.x = x
    def __int__(self):
        return int(self.x) if self.x > 0 else 7
    def __float__(self):
        return float(self.x) if self.x > 0 else 0.25
    def __round__(self, n=0):
        return self.x + n if self.x > 0 else self.x
    def __len__(self):
        return 3 if self.x > 0 else 4
    def __divmod__(self, k):
        return (self.x, k)

def f(x):
    n = Number(x)
    return int(n), float(n), round(n), round(n, 2), len(n)

=== texts_of_objects: F(1.5) | F(-1.5)
class P:
    def __init__(self, x):
        self.x = x
    def __repr__(self):
        return f"P({self.x})"
class Q(P):
    def __str__(self):
        if self.x > 0:
            return f"plus {self.x:.2f}"
        return f"minus {self.x:.2f}"
    def __format__(self, form):
        return f"<{form}|{float(self.x):{form}}>" if form else str(self)

def f(x):
    print(f"{P(x)} {P(x)!r} {P(x)!s}")
    print(P(x), repr(P(x)), str(P(x)))
    return x

=== texts_of_objects_with_a_branch: F(1.5) | F(-1.5)
class Q:
    def __init__(self, x):
        self.x = x
    def say(self):
        if self.x > 0:
            print(f"plus {self.x:.2f}")
        else:
            print(f"minus {self.x:.2f}")

def f(x):
    Q(x).say()
    Q(-x).say()
    return x

=== print_of_a_dataclass: F(1.5) | F(-1.5)
@dataclasses.dataclass
class P:
    x: object
    k: int = 2

def f(x):
    p = P(x)
    print(p)
    print(f"{p}", [x, 1], (x,), {"k": x})
    return f"{p.k}"

=== sum_of_objects: F(1.5) | F(-1.5)
class P:
    def __init__(self, x):
        self.x = x
    def __add__(self, o):
        return P(self.x + o.x if o.x > 0 else self.x)
    def __radd__(self, o):
        return self if self.x.ndim == 0 and o == 0 else NotImplemented

def f(x):
    return sum([P(x), P(x * 2.0), P(-x)]).x, functools.reduce(operator.add, [P(x), P(1.0)]).x

=== list_with_objects: F(1.5) | F(-1.5) refused: is a list of
class P:
    def __init__(self, x):
        self.x = x
    def __radd__(self, o):
        if self.x > 0:
            return o + [self.x]
        return o

def f(x):
    return [1.0] + P(x + 10.0)

=== metaclass_and_registry: F(1.5) | F(-1.5)
class Registry(type):
    kinds = {}
    def __new__(meta, name, bases, space):
        made = super().__new__(meta, name, bases, space)
        meta.kinds[name] = made
        return made
class Base(metaclass=Registry):
    def run(self, x):
        return x
class Twice(Base):
    def run(self, x):
        if x > 0:
            return x * 2.0
        return x

def f(x):
    return Registry.kinds["Twice"]().run(x), sorted(Registry.kinds)

=== new_and_init: F(1.5) | F(-1.5)
class Sized:
    made = 0
    def __new__(cls, x):
        self = super().__new__(cls)
        self.big = 1 if x > 1 else 0
        return self
    def __init__(self, x):
        self.x = x * 2.0 if x > 0 else x
class OnlyNew:
    def __new__(cls, x):
        self = object.__new__(cls)
        if x > 0:
            self.x = x
        else:
            self.x = -x
        return self

def f(x):
    s = Sized(x)
    return s.big, s.x, OnlyNew(x).x

=== enum_members_steer: F(1.5) | F(-1.5)
class Mode(enum.Enum):
    UP = 1
    DOWN = 2
    def apply(self, x):
        if self is Mode.UP:
            return x + 1.0 if x > 0 else x
        return x - 1.0

def f(x):
    return Mode.UP.apply(x), Mode["DOWN"].apply(x), Mode(1) == Mode.UP, len(Mode), [m.name for m in Mode]

=== named_tuple_methods: F(1.5) | F(-1.5)
class P(typing.NamedTuple):
    x: object
    y: object = 1.0
    @property
    def norm(self):
        return self.x if self.x > 0 else self.y
    def moved(self, k):
        if k > 0:
            return self._replace(x=self.x + k)
        return self

def f(x):
    p = P(x)
    q = p.moved(x)
    a, b = q
    return p.norm, q, a + b, q.x, p == P(x)

=== operators_of_operator_module: F(1.5) | F(-1.5)
class P:
    def __init__(self, x):
        self.x = x
    def __add__(self, o):
        return self.x if self.x > 0 else o
    def __lt__(self, o):
        return True if self.x > 0 else False

def f(x):
    return operator.add(P(x), 2.0), operator.lt(P(x), 1), (lambda a, b: a + b)(P(x), 3.0)

=== iterating_keys_items_of_a_mapping_class: F(1.5) | F(-1.5)
class Config(dict):
    def __getitem__(self, key):
        value = super().__getitem__(key)
        if value > 0:
            return value
        return value * 2.0
    def __missing__(self, key):
        return 1.0

def f(x):
    c = Config(a=x, b=2.0)
    return c["a"], c["b"], sorted(c), [k for k in c], len(c)

=== callable_class_with_state_in_loop: I(4) | I(0)
class Counter:
    def __init__(self):
        self.n = 0
    def __call__(self, k):
        if k % 2 == 0:
            self.n += k
        return self.n

def f(n):
    c = Counter()
    last = -1
    for i in range(n):
        last = c(i)
    return c.n, last

=== abstract_base_and_protocol: F(1.5) | F(-1.5)
import abc
class Layer(abc.ABC):
    @abc.abstractmethod
    def run(self, x): ...
    def __call__(self, x):
        return self.run(x) if x > 0 else x
class Twice(Layer):
    def run(self, x):
        return x * 2.0

def f(x):
    try:
        Layer()
    except TypeError as error:
        print(type(error).__name__)
    return Twice()(x), isinstance(Twice(), Layer)

=== class_made_inside: F(1.5) | F(-1.5)
def f(x):
    class P:
        scale = 2.0
        def __init__(self, v):
            self.v = v
        def __add__(self, o):
            if self.v > 0:
                return self.v + o * self.scale
            return o
        def __bool__(self):
            return bool(self.v > 1)
    return P(x) + 1.0, 5 if P(x) else 6

=== methods_chained_and_stored: F(1.5) | F(-1.5)
class Chain:
    def __init__(self, x):
        self.x = x
    def add(self, k):
        if self.x > 0:
            self.x = self.x + k
        return self
    def mul(self, k):
        self.x = self.x * k
        return self

def f(x):
    c = Chain(x)
    step = c.add
    step(1.0)
    return c.add(2.0).mul(3.0).add(-1.0).x, Chain.add(Chain(x), 4.0).x

=== getattribute_method: F(1.5) | F(-1.5)
class Loud:
    def __init__(self, x):
        self.x = x
    def __getattribute__(self, name):
        value = object.__getattribute__(self, name)
        if name == "x" and value > 0:
            return value * 2.0
        return value

def f(x):
    return Loud(x).x

=== weak_numbers_meet_objects: I(3)
class P:
    def __radd__(self, o):
        return o * 10
    def __rmul__(self, o):
        return o + 1
    def __gt__(self, o):
        return o

def f(n):
    total = 0
    for i in range(n):
        total += i + P()
        total += i * P()
        if i < P():
            total += 100
    return total
""")
