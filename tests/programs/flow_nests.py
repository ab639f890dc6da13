"""Programs: loops, jumps, branches, `try`, `with` and `match` inside each other, steered by tensors."""

from __future__ import annotations

from against_python import programs

PROGRAMS = programs("""
=== while_else_with_break_in_nested_loops: I(3) | I(7)
def f(n):
    log = 0
    i = 0
    while i < n:
        j = 0
        while j < i:
            if i * j == 6:
                log += 1000
                break
            j += 1
        else:
            log += 1
            if i == 5:
                break
        i += 1
    else:
        log += 100000
    return log, i

=== for_else_over_a_tensor: V(1, 2, 3) | V(1, -2, 3)
def f(v):
    for k, x in enumerate(v):
        if x < 0:
            found = k
            break
    else:
        found = -1
    return found, k

=== return_from_three_loops: I(2) | I(9)
def f(n):
    steps = 0
    for i in range(n):
        j = 0
        while j < n:
            for k in [1, 2, 3]:
                steps += 1
                if i * j * k == 12:
                    return i, j, k, steps
            j += 1
    return -1, -1, -1, steps

=== return_from_a_with_in_a_loop: I(2) | I(9)
@contextlib.contextmanager
def level(name):
    print("in", name)
    yield
    print("out", name)

def f(n):
    with level("a"):
        for i in range(n):
            if i == 4:
                return i * 10
        return -1

=== break_and_continue_mixed: I(9) | I(0)
def f(n):
    total = 0
    for i in range(n):
        if i % 2:
            continue
        for j in range(i):
            if j > 3:
                break
            if j == 1:
                continue
            total += j
        else:
            total += 100
            continue
        total += 1000
    return total

=== continue_in_while_with_else: I(9) | I(0)
def f(n):
    i = total = 0
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        if i > 7:
            break
        total += i
    else:
        total = -total
    return i, total

=== nested_while_with_shared_state: F(1) | F(30)
def f(x):
    inner = outer = 0
    while x < 40:
        while x % 5.0 > 0.5:
            x = x + 0.75
            inner += 1
            if inner > 20:
                break
        x = x + 4.0
        outer += 1
    return x, inner, outer

=== tensor_break_in_python_loops: F(1) | F(3)
def f(x):
    seen = []
    for name in ["a", "b", "c"]:
        for k in (1.0, 2.0):
            if x * k > 5:
                break
            x = x + k
        else:
            x = x * 1.5
        seen.append(x)
    return x, seen

=== tensor_return_in_a_python_loop: F(1) | F(3) | F(-9)
def f(x):
    for k, limit in {"a": 4.0, "b": 2.0, "c": -5.0}.items():
        if x > limit:
            return x - limit
        x = x + 1.0
    return x * 100.0

=== elif_ladders: F(0) | F(1) | F(2) | F(3) | F(-1)
def f(x):
    if x == 0:
        r = 10
    elif x == 1:
        r = 11
        if x > 0.5:
            r += 100
    elif x == 2:
        return 0
    elif x > 0:
        r = 13
    else:
        r = 14
    return r

=== if_inside_else_inside_loops: I(6) | I(1)
def f(n):
    a = b = c = 0
    for i in range(n):
        if i < 2:
            a += i + 1
        else:
            if i < 4:
                b += a
            else:
                while c < i * 10:
                    c += b + 1
                    if c > 30:
                        break
                else:
                    a -= 1
    return a, b, c

=== ternaries_everywhere: F(1) | F(-1) | F(4)
def f(x):
    y = (x if x > 2 else 2.0) if x > 0 else (-x if x < -0.5 else 7.0)
    z = [1.0 if x > 0 else 2.0, (3.0 if y > 1 else 4.0, {"k": 5.0 if x > y else 6.0})]
    w = (lambda a: a if a > 1 else -a)(x if x > 1 else y)
    return y, z[0] + z[1][0] + z[1][1]["k"], w, max(x if x > 0 else 0.0, 1.0 if y > 0 else 9.0)

=== chained_comparison_as_a_test: F(1) | F(2) | F(5)
def f(x):
    k = 0
    while 0.5 < x < 4.0 <= 4.0:
        x = x + 0.5
        k += 1
        if 2.0 <= x <= 2.5 != x:
            k += 10
    return x, k, 1 < x, 0 < x < 9

=== chain_stops_early: F(1) | F(5)
def f(x):
    def say(y):
        print("asked", y)
        return y
    r = 0
    if say(0.0) < say(x) < say(3.0) < say(4.0):
        r = 1
    return r

=== booleans_of_mixed_kinds: F(1) | F(0) | F(-2)
def f(x):
    a = x and 5.0
    b = x or 7.0
    r = 0
    if x and x > -1 or not x:
        r = 1
    if not (x > 0 and x < 3) and (x or r):
        r += 10
    return a, b, r

=== strings_and_numbers_in_conditions: I(0) | I(2)
def f(n):
    name, k = "abc", 0
    while n and name and k < 3:
        k += n
        n = n - 1
    if name and not n or k:
        k += 100
    return k, n

=== none_or_tensor: F(1) | F(-1)
def f(x):
    best = None
    for k in range(4):
        candidate = x * k
        if best is None or candidate > best:
            best = candidate
    return best

=== none_state_in_a_staged_loop: I(5) | I(1) | I(0)
def f(n):
    last = None
    hits = 0
    for i in range(n):
        if last is not None and last + 1 == i:
            hits += 1
        if i % 2 == 0:
            last = i
        elif i > 2:
            last = None
    return hits, last is None

=== none_in_and: F(1) | F(-1)
def f(x):
    m = x if x > 0 else None
    if m and m > 0.5:
        return 1
    if m is None:
        return 2
    return 3

=== none_returned_on_some_paths: F(1) | F(-1) | F(5)
def g(x):
    if x > 3:
        return None
    if x > 0:
        return x

def f(x):
    y = g(x)
    return 100.0 if y is None else y

=== match_on_values: I(0) | I(1) | I(2) | I(7)
def f(n):
    match n:
        case 0:
            return "zero" if False else 10
        case 1 | 2:
            r = 20
        case k if k > 5:
            r = 30 + k
        case _:
            r = 40
    return r

=== match_on_structure: F(1) | F(-1)
def g(shape):
    match shape:
        case ("circle", r):
            return r * r
        case ("box", w, h) if w > h:
            return w
        case ("box", w, h):
            return w * h
        case {"kind": "line", "length": n, **rest}:
            return n + len(rest)
        case [first, *others]:
            return first + len(others)
        case None:
            return 0.0

def f(x):
    return g(("circle", x)), g(("box", x, 0.5)), g({"kind": "line", "length": x, "a": 1}), g([2, 1, x]), g(None)

=== match_on_classes: F(1) | F(-1)
@dataclasses.dataclass
class Point:
    x: object
    y: object
class Line:
    __match_args__ = ("start", "end")
    def __init__(self, start, end):
        self.start, self.end = start, end

def g(p):
    match p:
        case Point(x=a, y=0):
            return a
        case Point(x=a, y=b) if a > 0:
            return a + b
        case Point() as q:
            return q.y
        case Line(Point(x=a), Point(x=b)):
            return a - b
        case float() | int() as k:
            return k * 2
        case str(text):
            return float(len(text))

def f(x):
    return g(Point(x, 0)), g(Point(x, 2.0)), g(Line(Point(x, 1), Point(2.0, 2))), g(3), g("abcd")

=== match_in_a_loop_with_break: I(6) | I(2)
def f(n):
    total = 0
    for i in range(n):
        match i % 4:
            case 0:
                continue
            case 3 if total > 2:
                break
            case k:
                total += k
    return total, i

=== match_captures_stay: F(1) | F(-1)
def f(x):
    match [x, 2.0]:
        case [a, b] if a > 0:
            r = 1
        case [a, *b]:
            r = 2
    return a, r

=== try_finally_around_a_loop_with_return: I(3) | I(9)
def f(n):
    trips = 0
    try:
        for i in range(n):
            trips += 1
            if i == 5:
                return i * 100
        return -1
    finally:
        print("finally", trips)

=== try_finally_changes_state: F(1) | F(-1)
class Box:
    open = False

def f(x):
    box = Box()
    box.open = True
    try:
        if x > 0:
            x = x + 1.0
        y = x * 2.0
    finally:
        box.open = False
    return y, box.open

=== try_else_finally: F(1) | F(-1)
def f(x):
    steps = []
    try:
        steps.append("try")
        x = x * 2.0
    except ZeroDivisionError:
        steps.append("except")
    else:
        steps.append("else")
        if x > 0:
            x = x + 1.0
    finally:
        steps.append("finally")
    return x, steps

=== exceptions_of_python_inside_try: F(1) | F(-1)
def f(x):
    table = {"a": x}
    try:
        y = table["b"]
    except KeyError as error:
        y = x * len(error.args)
    try:
        [1, 2][5]
    except (IndexError, TypeError) as error:
        print(type(error).__name__, error)
    try:
        int("q")
    except ValueError as error:
        print(error)
    if y > 0:
        y = y + 1.0
    return y

=== own_exceptions_caught: F(1) | F(-1)
class Stop(Exception):
    def __init__(self, value, code=3):
        super().__init__(value)
        self.code = code

def g(x):
    raise Stop(x, code=7)

def f(x):
    try:
        g(x)
    except Stop as stop:
        y = stop.args[0] * stop.code
        print(stop)
    return y if y > 0 else -y

=== exception_raised_from_another: F(1) | F(-1)
def f(x):
    try:
        try:
            raise KeyError("k")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        print(error, type(error.__cause__).__name__)
    return x if x > 0 else x * 2.0

=== raise_in_a_branch_with_values: F(1) | F(-1)
class Bad(ValueError):
    def __init__(self, value, where):
        super().__init__(f"bad {where}", value)
        self.value, self.where = value, where

def f(x):
    print("before")
    if x < 0:
        raise Bad(x * 2.0, "here")
    print("after")
    return x

=== raise_in_a_loop: I(3) | I(9)
def f(n):
    total = 0
    for i in range(n):
        print("trip", i)
        if i == 4:
            raise RuntimeError("too many", i, total)
        total += i
    return total

=== assert_with_values: F(1) | F(-1)
def f(x):
    y = x * 2.0
    assert y > 0, f"y is {y}, x is {float(x):.3f}"
    return y

=== assert_with_tuple_and_none: F(1) | F(-1)
def f(x):
    assert x > -5
    assert x > 0, ("not positive", x)
    return x

=== assert_in_a_loop_after_prints: I(3) | I(9)
def f(n):
    i = 0
    while i < n:
        print("at", i)
        assert i < 5, i
        i += 1
    return i

=== exception_in_a_called_function: F(1) | F(-1)
def check(x, name):
    if x < 0:
        raise ValueError(f"{name} must not be negative: {x}")
    return x

def f(x):
    return check(x + 0.5, "a") + check(x, "b")

=== zero_division_of_numbers: I(0) | I(2)
def f(n):
    k = 0
    for i in range(3):
        k += i
    return k // int(n), k % int(n)

=== index_out_of_range: I(0) | I(5)
def f(n):
    xs = [10, 20, 30]
    return xs[int(n)]

=== key_error_static: F(1)
def f(x):
    return {"a": x}["b"]

=== attribute_error_static: F(1)
class Box:
    pass

def f(x):
    return Box().size + x

=== type_error_of_a_call: F(1)
def f(x):
    three = 3
    return three(x)

=== prints_in_nested_loops: I(3) | I(0)
def f(n):
    print("start", n)
    for i in range(n):
        print("i", i, end=";")
        for name in ("a", "b"):
            if i % 2 == 0:
                print(name, i * 10, sep="=", end=" ")
            else:
                print("odd", end=" ")
        print()
    print("end", [n, (n, 1)], {"n": n})
    return n

=== prints_in_ternaries_and_booleans: F(1) | F(-1)
def say(text, value):
    print(text)
    return value

def f(x):
    a = say("yes", x) if x > 0 else say("no", -x)
    b = say("left", x > 0) and say("right", x > 5)
    c = say("p", x > 0) or say("q", x < -5)
    d = [say(f"item {k}", k) if say("test", x) > k else k for k in range(2)]
    return a, len(d)

=== evaluation_order_of_arguments: F(1) | F(-1)
def say(k):
    print(k, end=" ")
    return k

def g(*args, **kwargs):
    return sum(args) + sum(kwargs.values())

def f(x):
    r = g(say(1), *[say(2), say(3)], k=say(4), **{"m": say(5)}) + say(6) * say(7)
    d = {say("a"): say(8), say("b"): say(9)}
    xs = [0, 0, 0]
    xs[say(1)] = say(10)
    xs[say(0)] += say(11)
    return x * r, xs

=== formats_of_run_time_values: F(1.25) | F(-2.5)
def f(x):
    y, k = float(x), int(x * 4.0)
    print(f"{y:.3f}|{y:8.2f}|{y:+e}|{y:<8}|{k:05d}|{k:x}|{k:>6}|{x}|{y!r}|{k!s:>5}")
    print(f"{k} {k + 1} {k * 2:{5}} {{literal}} {y=}")
    print("%s %d %.2f" % ("text", k, y), "{} {:.1f}".format(k, y), str(k) + "!", repr(y))
    return x

=== formats_in_a_loop: I(3)
def f(n):
    total = 0.0
    for i in range(n):
        total += i / 2
        print(f"trip {i:2d} of {n}: {total:6.2f}")
    return total

=== text_that_differs_between_paths: F(1) | F(-1)
def f(x):
    if x > 0:
        print("plus " + str(1))
    else:
        print("minus " * 2)
    name = "same"
    if x > 0:
        name = "same"
    return name, x

=== while_true_with_break: F(1) | F(100)
def f(x):
    trips = 0
    while True:
        x = x * 2.0
        trips += 1
        if x > 50:
            break
        if trips == 3:
            x = x + 0.5
            continue
    return x, trips

=== while_true_with_return: F(1) | F(100)
def f(x):
    while True:
        x = x + 3.0
        if x > 10:
            return x

=== loop_until_convergence: F(2) | F(10)
def f(x):
    guess, steps = x, 0
    while abs(guess * guess - x) > 1e-3 and steps < 50:
        guess = 0.5 * (guess + x / guess)
        steps += 1
    return guess, steps

=== collatz: I(6) | I(1) | I(27)
def f(n):
    steps, top = 0, n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        top = max(top, n)
        steps += 1
    return steps, top

=== gcd_and_primes: I(12) | I(35)
def gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a

def f(n):
    count = 0
    for k in range(2, n):
        j = 2
        while j * j <= k:
            if k % j == 0:
                break
            j += 1
        else:
            count += 1
    return gcd(n, 18), count

=== bisection: F(2) | F(30)
def f(x):
    low, high = 0.0, 8.0
    for _ in range(20):
        middle = (low + high) / 2
        if middle * middle < x:
            low = middle
        else:
            high = middle
    return low

=== binary_search: I(5) | I(8) | I(100)
def f(n):
    v = wf.tensor([1, 3, 5, 8, 13])
    low, high = 0, 5
    while low < high:
        middle = (low + high) // 2
        if v[middle] < n:
            low = middle + 1
        elif v[middle] == n:
            return middle
        else:
            high = middle
    return -1

=== bubble_sort: V(3, 1, 2, 0)
def f(v):
    v = v + 0.0
    for i in range(4):
        for j in range(3 - i):
            if v[j] > v[j + 1]:
                v[j], v[j + 1] = v[j + 1], v[j]
    return v

=== state_machine: V(1, -1, 2, 5, -3)
def f(v):
    state, count = 0, 0
    for x in v:
        match state:
            case 0:
                state = 1 if x > 0 else 0
            case 1 if x > 1:
                state = 2
            case 2:
                count += 1
                state = 0
            case _:
                pass
    return state, count

=== early_exit_in_a_called_loop: V(1, -1, 2) | V(1, 2, 3)
def first_negative(v):
    for i in range(len(v)):
        if v[i] < 0:
            return i
    return None

def f(v):
    i = first_negative(v)
    if i is None:
        return -1
    return i + 10

=== loops_in_methods_called_in_loops: I(3) | I(0)
class Acc:
    def __init__(self):
        self.total = 0
        self.trips = 0
    def add_up_to(self, k):
        for j in range(k):
            self.total += j
            self.trips += 1
            if self.total > 3:
                return True
        return False

def f(n):
    acc = Acc()
    hits = 0
    for i in range(n):
        if acc.add_up_to(i + 1):
            hits += 1
    return acc.total, acc.trips, hits

=== pass_and_ellipsis: F(1) | F(-1)
def f(x):
    if x > 0:
        pass
    else:
        ...
    for _ in range(2):
        pass
    while x > 5:
        pass
    return x

=== empty_loops: I(0) | I(2)
def f(n):
    total = 7
    for i in range(n, 0):
        total += 1
    for x in []:
        total += 100
    for i in range(3, n):
        total += 10
    return total

=== with_several_managers: F(1) | F(-1)
@contextlib.contextmanager
def m(name, k):
    print("+", name)
    try:
        yield k
    finally:
        print("-", name)

def f(x):
    with m("a", 1.0) as a, m("b", a + 1.0) as b:
        if x > 0:
            x = x + a + b
        print("body", x)
    return x

=== with_suppress_and_nullcontext: F(1) | F(-1)
def f(x):
    with contextlib.suppress(KeyError):
        {}["a"]
        x = x * 100.0
    with contextlib.nullcontext(5.0) as k:
        if x > 0:
            x = x + k
    return x

=== exit_stack: F(1) | F(-1)
@contextlib.contextmanager
def m(log, name):
    log.append("+" + name)
    yield name
    log.append("-" + name)

def f(x):
    log = []
    with contextlib.ExitStack() as stack:
        for name in "ab":
            stack.enter_context(m(log, name))
        if x > 0:
            x = x * 3.0
    return x, log

=== generator_with_state_consumed_in_a_branchy_loop: F(1) | F(-1)
def steps(x, n):
    for k in range(n):
        print("give", k)
        yield x * k
    print("done")

def f(x):
    total = x
    for y in steps(x, 3):
        if y > 0.5:
            total += y
        print("took", total)
    return total, list(steps(x, 2))

=== generator_delegation_and_send: F(1) | F(-1)
def inner(x):
    got = yield x
    yield got + 1.0
    return 5.0

def outer(x):
    result = yield from inner(x)
    yield result * x

def f(x):
    g = outer(x)
    first = next(g)
    second = g.send(first * 2.0)
    return first, second, next(g), next(g, None), [y * 2.0 for y in outer(x) if y is not None] if False else 0

=== generator_expression_laziness: F(1) | F(-1)
def f(x):
    def say(k):
        print("make", k)
        return x * k
    g = (say(k) for k in range(4))
    a = next(g)
    b = next(g)
    print("between")
    return a + b, sum(g)

=== any_stops_early: F(1) | F(5)
def f(x):
    def say(k):
        print("ask", k)
        return x > k
    return any(say(k) for k in [7, 3, 0]), all(say(k) for k in [0, 2, 9])
""")
