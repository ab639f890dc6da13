"""Programs: match, walrus, del and the rest of the syntax."""

# ruff: noqa: RUF001

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "match_static_value",
        """
@compile
def f(x, op):
    match op:
        case 'inc':
            r = x + 1
        case 'neg' | 'minus':
            r = -x
        case _:
            r = x
    return r

def main(x):
    return f(x, 'inc'), f(x, 'minus'), f(x, '?')
""",
        [I(5)],
        (6, -5, 5),
        staged=False,
    ),
    Program(
        "match_tensor_literals",
        """
@compile
def f(n):
    match n:
        case 0:
            return 100
        case 1 | 2:
            return n * 10
        case _:
            return -1

def main(xs):
    return [f(x) for x in xs]
""",
        [[I(0), I(2), I(7)]],
        [100, 20, -1],
        level="extended",
    ),
    Program(
        "match_class_pattern",
        """
@dataclasses.dataclass
class Pt:
    x: object
    y: object = 0

@compile
def f(p):
    match p:
        case Pt(y=0, x=v):
            return v
        case Pt(x=v, y=w):
            return v * w

def main(a):
    return f(Pt(a)), f(Pt(a, 4))
""",
        [I(3)],
        (3, 12),
        staged=False,
        level="extended",
    ),
    Program(
        "match_in_loop",
        """
@compile
def f(n):
    s = 0
    for i in range(n):
        match i % 3:
            case 0:
                s = s + 1
            case 1:
                continue
            case _:
                s = s + 100
    return s
""",
        [I(6)],
        202,
        level="extended",
    ),
    Program(
        "walrus_in_if",
        """
@compile
def f(x):
    if (y := x * 2) > 10:
        r = y
    else:
        r = -y
    return r, y
""",
        [I(4)],
        (-8, 8),
    ),
    Program(
        "walrus_in_ternary_and_call",
        """
def add(a, b):
    return a + b

@compile
def f(x):
    r = add(z := x + 1, z * 10)
    return (w if (w := r - 5) > 0 else 0), z
""",
        [I(2)],
        (28, 3),
        level="extended",
    ),
    Program(
        "del_local_and_item",
        """
@compile
def f(x):
    y = x
    d = {'a': x, 'b': x + 1}
    l = [x, x, x]
    del y, d['a'], l[0:2]
    y = x * 5
    return y, d, l
""",
        [I(2)],
        (10, {"b": 3}, [2]),
        staged=False,
    ),
    Program(
        "augmented_in_branches",
        """
@compile
def f(x, y):
    if x > y:
        x -= y
        y += x
    else:
        y //= x
        x *= y
    return x, y
""",
        [I(3), I(10)],
        (9, 3),
    ),
    Program(
        "operators_all",
        """
@compile
def f(x, y):
    return x + y, x - y, x * y, x // y, x % y, x ** 2, -x, +x, abs(-x)
""",
        [I(17), I(5)],
        (22, 12, 85, 3, 2, 289, -17, 17, 17),
        staged=False,
    ),
    Program(
        "operator_matmul",
        """
@compile
def f(a, b):
    return a @ b + (b @ a)
""",
        [F([[1.0, 2.0], [3.0, 4.0]]), F([[0.0, 1.0], [1.0, 0.0]])],
        F([[5.0, 5.0], [5.0, 5.0]]),
        staged=False,
    ),
    Program(
        "operator_precedence",
        """
@compile
def f(x):
    return -x ** 2 + 3 * (x - 1) // 2 % 5, not x > 3 or x == 5, x - (-x)
""",
        [I(5)],
        (-24, True, 10),
    ),
    Program(
        "unicode_names_and_strings",
        """
@compile
def f(α, n):
    größe = α * 2
    while größe < n:
        größe = größe + α
    return größe, 'naïve → “q”', "it's"
""",
        [I(3), I(20)],
        (21, "naïve → “q”", "it's"),
    ),
    Program(
        "fstring_dictionary_key",
        """
@compile
def f(x):
    d = {f'k{i}': x * i for i in range(3)}
    return d[f"k{1 + 1}"]
""",
        [I(5)],
        10,
        staged=False,
    ),
    Program(
        "ellipsis_pass_and_docstring_only",
        '''
@compile
def f(x):
    """only a docstring first"""
    ...
    if x > 0:
        ...
    return x
''',
        [I(5)],
        5,
    ),
    Program(
        "future_annotations_and_typing",
        """
@compile
def f(x: 'T', y: typing.Union[int, "U"] = 3, *args: typing.Any, k: dict[str, int] | None = None) -> list[int]:
    z: Undefined_At_Runtime = y  # noqa
    return x + z
""",
        [I(4)],
        7,
        staged=False,
    ),
    Program(
        "nested_functions_three_deep",
        """
@compile
def f(x):
    def a(u):
        def b(v):
            def c(w):
                if w > x:
                    return w - x
                return x
            return c(v) + v
        return b(u) * 2
    return a(x + 4)
""",
        [I(3)],
        22,
    ),
    Program(
        "generator_entry",
        """
@compile
def f(x):
    yield x
    yield x + 1
""",
        [I(3)],
        [3, 4],
        may_raise="Unsupported",
        mention=("generator",),
        staged=False,
        level="extended",
    ),
    Program(
        "generator_with_loop",
        """
@compile
def f(n):
    for i in range(n):
        yield i * i
""",
        [3],
        [0, 1, 4],
        may_raise="Unsupported",
        mention=("generator",),
        staged=False,
        level="extended",
    ),
    Program(
        "async_entry",
        """
@compile
async def f(x):
    return x + 1
""",
        [I(3)],
        4,
        may_raise="Unsupported",
        mention=("async",),
        staged=False,
        level="extended",
    ),
]
