"""Programs: Python's numbers and built-in functions over tensors and over numbers that tensors decide."""

from __future__ import annotations

from against_python import programs

PROGRAMS = programs("""
=== range_with_tensor_bounds: I(2), I(9), I(3) | I(9), I(2), I(-2) | I(3), I(3), I(1)
def f(a, b, c):
    total, last = 0, None
    for i in range(a, b, c):
        total = total * 10 + i
        last = i
    return total, last

=== range_of_zero_step: I(1), I(0)
def f(a, s):
    total = 0
    for i in range(0, a, s):
        total += i
    return total

=== reversed_enumerate_zip: V(1, -2, 3)
def f(v):
    a = b = c = 0.0
    for x in reversed(v):
        a = a * 2.0 + x
    for i, x in enumerate(v, start=5):
        b = b + i * x
    for x, y, k in zip(v, reversed(v), [1, 2, 3]):
        if x > 0:
            c += x * y * k
    return a, b, c

=== enumerate_of_a_staged_range: I(4) | I(0)
def f(n):
    total = 0
    for i, k in enumerate(range(n, 0, -1)):
        total += i * k
    for a, b in zip(range(n), range(n, n + 10)):
        total += a * b
    for k in reversed(range(n)):
        total = total * 2 + k
    return total

=== sorted_min_max_with_key: V(3, -5, 1)
def f(v):
    s = sorted(v)
    r = sorted(v, reverse=True)
    k = sorted(v, key=lambda x: -abs(x))
    return s, r, k, min(v, key=abs), max(v, key=lambda x: x * x if x < 0 else x), s[0] + r[0]

=== min_max_of_several: F(1) | F(-1)
def f(x):
    return min(x, 0.0), max(x, 0.5, -x), min([x, 2.0]), max((x, -x)), min(3, 1), max([x], default=9.0), max([], default=7)

=== min_max_keep_the_first: F(1) | F(-1)
def f(x):
    pairs = [(x, 1), (x * 1.0, 2), (-x, 3)]
    best = max(pairs, key=lambda p: p[0])
    least = min(pairs, key=lambda p: p[0])
    return best[1], least[1]

=== any_all_sum: V(1, -2, 3) | V(1, 2, 3)
def f(v):
    return any(x < 0 for x in v), all(x > 0 for x in v), sum(x for x in v if x > 0) if False else sum(v), any([]), all([])

=== sum_with_start_and_generators: V(1, -2, 3)
def f(v):
    return sum(v, 10.0), sum([x * 2.0 for x in v]), sum(abs(x) for x in v), sum([[1], [2]], []), sum((x > 0) for x in v)

=== len_of_things: V(1, -2, 3)
def f(v):
    return len(v), len([v, v]), len({"a": v}), len("abc"), len((v,)), len(range(5)), len(v[1:])

=== conversions_of_tensors: F(2.7) | F(-2.7) | F(0)
def f(x):
    return int(x), float(x), bool(x), int(float(x) * 2), float(int(x)), bool(int(x)), not x, int(x > 0), float(x < 0)

=== types_of_numbers: F(2.7) | F(-2.7)
def f(x):
    k, y = int(x), float(x)
    return type(k).__name__, type(y).__name__, isinstance(k, int), isinstance(y, (int, float)), isinstance(k, bool), isinstance(k > 0, bool)

=== integer_division_of_negatives: I(7) | I(-7) | I(0)
def f(n):
    k = int(n)
    return k // 2, k % 2, k // -2, k % -3, -k // 3, divmod(k, 4), n // 2, n % -3, k // 2.0, k % 2.5

=== power_and_bits: I(3) | I(5) | I(0)
def f(n):
    k = int(n)
    return k ** 2, 2 ** k, k << 2, k >> 1, k & 6, k | 8, k ^ 5, ~k, -k, +k, abs(-k), k ** 0.5

=== mixed_arithmetic: I(3) | I(-4)
def f(n):
    k = int(n)
    return k + 1.5, k / 2, 2 / 4, k * True, True + True, k - 0.5 * k, 1 - k, 3 // 2 * k, n + k, n * 2.0

=== rounding: F(2.5) | F(-1.25)
def f(x):
    y = float(x)
    return round(y), round(y, 1), math.floor(y), math.ceil(y), math.trunc(y), abs(y), y.is_integer() if False else 0

=== weak_joins: F(1) | F(-1)
def f(x):
    a = 0
    if x > 0:
        a = 1.5
    b = 1
    if x > 0:
        b = x
    c = True
    if x > 0:
        c = 3
    return a * 2, b * 2, c + 1

=== weak_literals_in_loops: F(1) | F(-1)
def f(x):
    s, p, k, flag = 0, 1, 0, False
    while k < 4:
        s = s + x * k
        p = p * 1.5
        flag = not flag
        k += 1
    return s, p, k, flag

=== integer_average: V(1, 2, 4)
def f(v):
    count, total = 0, 0
    for x in v:
        if x > 1.5:
            count += 1
            total += x
    return total / count, count / 2, count // 2, (count + 1) % 2

=== bool_arithmetic: F(1) | F(-1)
def f(x):
    positive = x > 0
    count = 0
    for flag in [positive, x < 5, True]:
        count += 1 if flag else 0
        if flag == True:
            count += 10
    return count, positive == (x > -5), positive != False, bool(positive) + 1

=== comparisons_with_none_and_strings: F(1)
def f(x):
    return x is None, x is not None, None == None, "a" == "a", "a" in "abc", 1 in [1, 2], None in [None, 1], "a" < "b"

=== sequence_multiplication: F(1) | F(-1)
def f(x):
    return [x] * 3, 2 * [1, x], (x, 1) * 2, "ab" * 3, [x] + [1.0], (x,) + (2,), [0] * 0, "-" * 3 + ">"

=== list_methods: F(1) | F(-1)
def f(x):
    xs = [x, 2.0]
    xs.append(3.0)
    xs.insert(0, 4.0)
    xs.extend([5.0, x * 2.0])
    last = xs.pop()
    first = xs.pop(0)
    xs.reverse()
    ys = xs.copy()
    ys[0] = 100.0
    xs += [7.0]
    return xs, ys, last, first, [1.0, 7.0].index(7.0), [1, 2, 1].count(1)

=== list_slices: F(1) | F(-1)
def f(x):
    xs = [x, 1.0, 2.0, 3.0, 4.0]
    xs[1:3] = [10.0]
    xs[-1] += 1.0
    a, b = xs[::2], xs[::-1]
    del xs[0:2]
    return xs, a, b, xs[-2:]

=== dict_methods: F(1) | F(-1)
def f(x):
    d = {"a": x, "b": 2.0}
    d.update(c=3.0, a=x * 2.0)
    e = {**d, "b": 5.0}
    got = d.get("z", 9.0)
    d.setdefault("e", x)
    popped = d.pop("b")
    merged = d | {"f": 1.0}
    return d, e, got, popped, list(merged), sorted(d.keys()), [v for v in d.values()], "a" in d, {k: v for k, v in d.items() if k != "a"}

=== dict_loops: F(1) | F(-1)
def f(x):
    d, total = {"p": x, "q": 2.0}, 0.0
    for key in d:
        total += d[key]
    for i, (key, value) in enumerate(d.items()):
        if value > 1:
            d[key] = value * (i + 1)
        total += len(key)
    return total, d

=== sets_and_frozensets: F(1) | F(-1)
def f(x):
    names = {"a", "b"}
    names.add("c")
    y = x
    for name in sorted(names):
        if name in {"a", "c"}:
            y = y * 2.0 if y > 0 else y + 1.0
    return y, len(names), names == {"a", "b", "c"}, sorted(names - {"a"})

=== string_methods: F(1) | F(-1)
def f(x):
    word = "-".join(["a", "b", "c"]).upper()
    parts = word.split("-")
    y = x
    for part in parts:
        if part.startswith("B"):
            y = y + len(word)
    return y, word, parts, word[::-1], word.replace("A", "Z"), "%s!" % word, "b" in word.lower()

=== comprehensions_of_all_kinds: V(1, -2, 3)
def f(v):
    a = [x * y for x in v for y in (1.0, 2.0)]
    b = {k: x for k, x in zip("abc", v)}
    c = [[x + y for y in v] for x in [1.0, 2.0]]
    d = [x if x > 0 else 0.0 for x in v]
    e = [(i, x) for i, x in enumerate(v) if i != 1]
    g = sorted({i % 2 for i in range(5)})
    h = tuple(x * 2.0 for x in v)
    return a, b, c, d, e, g, h

=== comprehension_scopes: F(1) | F(-1)
def f(x):
    i = 100
    fs = [lambda: i * x for i in range(3)]
    values = [g() for g in fs]
    nested = [[j for j in range(i2)] for i2 in range(3)]
    return i, values, nested, [i for i in range(2)] + [i]

=== map_filter_reduce: V(1, -2, 3)
def f(v):
    a = list(map(lambda x: x * 2.0 if x > 0 else x, v))
    b = functools.reduce(lambda p, q: p + q if q > 0 else p, [x for x in v], 10.0)
    c = list(map(lambda p, q: p * q, [1.0, 2.0], [3.0, 4.0]))
    d = [x for x in filter(None, [0, 1, 2])]
    return a, b, c, d

=== itertools_pieces: F(1) | F(-1)
def f(x):
    total = x
    for a, b in itertools.product([1.0, 2.0], [3.0]):
        if total > 0:
            total = total + a * b
    for k, y in zip(itertools.count(1), [x, x * 2.0]):
        total = total + k * y
    chained = list(itertools.chain([x], [2.0]))
    summed = list(itertools.accumulate([x, x, x], lambda p, q: p + q if q > 0 else p))
    return total, chained, summed, list(itertools.islice(range(10), 2, 5))

=== math_functions: F(0.5) | F(2)
def f(x):
    y = float(x)
    return math.sqrt(4.0), math.pi, y * math.e, math.floor(2.5), math.inf > y

=== counter_and_defaultdict: F(1) | F(-1)
def f(x):
    d = collections.defaultdict(list)
    d["a"].append(x)
    d["a"].append(x * 2.0)
    c = collections.Counter("abca")
    o = collections.OrderedDict(a=x, b=1.0)
    q = collections.deque([x, 1.0])
    q.appendleft(2.0)
    return sum(d["a"]), c["a"], o["a"] if x > 0 else o["b"], q.pop(), len(q)

=== named_tuples: F(1) | F(-1)
P = collections.namedtuple("P", "x y")
def f(x):
    p = P(x, 2.0)
    for _ in range(3):
        if p.x > 0:
            p = p._replace(x=p.x + 1.0)
        else:
            p = P(p.x, y=p.y * 2.0)
    a, b = p
    return p, a + b, p[0], p._fields, p == P(1, 2) if False else 0

=== named_tuple_in_a_staged_loop: I(4) | I(0)
class S(typing.NamedTuple):
    count: object
    total: object

def f(n):
    s = S(0, 0)
    while s.count < n:
        s = S(s.count + 1, s.total + s.count if s.count % 2 else s.total)
    return s

=== dataclass_in_a_staged_loop: I(4) | I(0)
@dataclasses.dataclass
class S:
    count: object = 0
    total: object = 0
    tags: dict = dataclasses.field(default_factory=lambda: {"a": 0})

def f(n):
    s = S()
    while s.count < n:
        s.count += 1
        if s.count % 2 == 0:
            s.total += s.count
            s.tags["a"] = s.tags["a"] + 10
    return s.count, s.total, s.tags

=== nested_state: I(4) | I(0)
def f(n):
    state = {"pos": [0, 0], "meta": {"hits": 0, "pair": (1, 2)}}
    for i in range(n):
        state["pos"][0] += i
        if i % 2:
            state["meta"]["hits"] += 1
            a, b = state["meta"]["pair"]
            state["meta"]["pair"] = (b, a + b)
        else:
            state["pos"][1] -= 1
    return state

=== lists_of_tensors_indexed: V(1, 2, 3), I(1) | V(1, 2, 3), I(-1)
def f(v, n):
    xs = [v[0], v[1] * 2.0, v[2] * 3.0]
    ks = [10, 20, 30]
    return xs[n], ks[n], (1.5, 2.5, 3.5)[n], v[n]

=== lists_of_numbers_indexed: F(1.25), I(1) | F(-1.25), I(0)
def f(x, n):
    a, b = [0.1, 0.3][n], [True, False][n]
    c, d = [1, 2.5][n], [float(x), 7.0][n]
    e = [float(x), x][n]
    return a * 3, b, type(a).__name__, c * 2.0, d / 3, e + 0.1, isinstance(b, bool)

=== matrix_rows: M((1, 2), (3, 4), (-5, 6))
def f(m):
    best, where = -1.0, -1
    for i, row in enumerate(m):
        for j, x in enumerate(row):
            if x > best:
                best, where = x, i * 10 + j
        if sum(row) < 0:
            break
    return best, where, [r[0] for r in m]

=== item_assignment_in_loops: V(1, 2, 3)
def f(v):
    w = wf.zeros((3,))
    m = wf.zeros((2, 3))
    for i in range(len(v)):
        w[i] = v[i] * 2.0 if v[i] > 1 else -1.0
        m[i % 2, i] += v[i]
    w[1:] *= 2.0
    m[0] = w
    return w, m

=== item_assignment_does_not_touch_others: V(1, 2, 3)
def f(v):
    a = v * 1.0
    b = a + 0.0
    a[0] = 100.0
    c = a + 0.0
    c[1] = 50.0
    return a, b, c

=== augmented_assignments: F(2) | F(-2)
def f(x):
    a = b = c = d = e = x
    a += 1.0
    b -= 1.0
    c *= 2.0
    d /= 2.0
    e **= 2
    k = 7
    k //= 2
    k %= 2
    k <<= 3
    k |= 1
    if x > 0:
        a *= b
        c += d
    return a, b, c, d, e, k

=== numbers_as_array_shapes: I(3)
def f(n):
    total = wf.zeros((2, 2))
    for i in range(n):
        total = total + wf.ones((2, 2)) * i
    return total, total.shape, total.ndim, total.dtype == wf.float32

=== complex_literals_and_constants: F(2)
def f(x):
    return 1j * 2, 0x10, 1_000, 1e3 * x, b"ab", ..., True & False, None

=== identity_and_equality_of_containers: F(1) | F(-1)
def f(x):
    a = [x, 1.0]
    b = a
    c = [x, 1.0]
    return a is b, a is c, a == b, a == c, (1, 2) == (1, 2), {"a": 1} == {"a": 1}, [1] != [2], (x, 1) == (x, 2), [x] == [x, x]

=== membership_of_tensors: F(1) | F(3)
def f(x):
    return x in [1.0, 2.0], x not in (1.0, 5.0), 2 in (1, 2), float(x) in {1.0: 2}.values() if False else 0, 1.0 in wf.tensor([1.0, 2.0])

=== iter_and_next: F(1) | F(-1)
def f(x):
    it = iter([x, x * 2.0, 3.0])
    a = next(it)
    total = a
    for y in it:
        total = total + y
    return a, total, next(it, "done"), list(zip(*[iter([1, 2, 3, 4])] * 2))

=== isinstance_and_callable: F(1)
def f(x):
    return isinstance(x, wf.Tensor), isinstance([x], list), callable(f), callable(3), isinstance(1.0, (int, str)), issubclass(bool, int)

=== getattr_setattr: F(1) | F(-1)
class Box:
    pass

def f(x):
    box = Box()
    for name, value in (("a", x), ("b", 2.0)):
        setattr(box, name, value)
    if x > 0:
        setattr(box, "a", getattr(box, "a") * 10.0)
    delattr(box, "b")
    return box.a, getattr(box, "b", -1.0), vars(box).keys() == {"a"}

=== abs_pow_divmod: F(3) | F(-3)
def f(x):
    return abs(x), pow(x, 2), abs(-5), pow(2, 3), pow(2, 3, 5), divmod(7, 2), divmod(-7, 2)

=== string_of_numbers_decided_late: I(3)
def f(n):
    k = int(n)
    print(str(k), repr(k), f"{k}", "%d" % k, "{}".format(k))
    print(k, float(k), k > 2, [k], (k, 1.5), {"k": k}, not k)
    return k

=== print_tensors: V(1, 2), F(1.5), I(3)
def f(v, x, n):
    print(v, x, n)
    print([v], x + 1.0, n * 2, v > 1, x > 0)
    print(f"{v} {x} {n} {x + n}", v[0], sep="|")
    return x
""")
