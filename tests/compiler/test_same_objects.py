"""Objects that were there before a call come out of it as the very objects, and keep what an exception interrupts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf


@dataclasses.dataclass
class Pair:
    one: Any
    two: Any


AROUND = [wf.tensor(3.0), [wf.tensor(4.0)]]
VARIABLE = wf.Variable(0.0)


def given_back(r):
    return r


def given_back_changed(r):
    r[0] = r[0] * 2.0
    return r


def given_back_in_parts(r):
    return [r[2], r[0], r[0]]


def made_once_given_twice(r):
    s = [r[0] * 2.0]
    return s, s, s[0]


def a_tensor_given_twice(r):
    y = r[0] * 2.0
    return y, y * 1.0, y


def items_exchanged(r):
    r[0], r[1] = r[1], r[0]
    return r, r[0]


def kept_in_an_argument(r):
    s = {"a": r[0] + 1.0}
    r[0] = s
    return s, r


def from_around(r):
    return AROUND, AROUND[1], AROUND[0], r[0] + AROUND[0]


def a_data_class(r):
    r[3].one = r[3].one + 1.0
    return r[3], r[3].two


def tuples_too(r):
    t = (r[0], r[1])
    return t, t, r[4]


SHARING = (
    given_back,
    given_back_changed,
    given_back_in_parts,
    made_once_given_twice,
    a_tensor_given_twice,
    items_exchanged,
    kept_in_an_argument,
    from_around,
    a_data_class,
    tuples_too,
)


def argument() -> list[Any]:
    x = wf.tensor(1.0)
    return [x, wf.tensor(2.0), [x * 3.0], Pair(x, [x]), (x * 5.0, 1)]


def objects(x: Any) -> list[Any]:
    """All tensors and containers in a value, in order."""
    held = vars(x).values() if isinstance(x, Pair) else x.values() if isinstance(x, dict) else x
    parts = held if isinstance(x, list | tuple | dict | Pair) else ()
    kept = [x] if isinstance(x, list | tuple | dict | Pair | wf.Tensor) else []
    return kept + [each for part in parts for each in objects(part)]


def sharing(f: Callable[..., Any]) -> list[int]:
    """For each object in the arguments, around, and in the result: the first one that it is."""
    r = argument()
    before = [*objects(r), *objects(AROUND)]
    found = [*before, *objects(f(r)), *objects(r)]
    numbers = {id(x): i for i, x in reversed(list(enumerate(found)))}
    return [numbers[id(x)] for x in found]


@pytest.mark.parametrize("f", SHARING, ids=lambda f: f.__name__)
def test_what_is_one_object_in_python_is_one_object_compiled(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    expected = sharing(f)
    assert sharing(compiled) == expected
    assert sharing(compiled) == expected  # without tracing


def test_a_list_around_that_is_another_one_now_comes_out_as_that() -> None:
    held = [wf.tensor(1.0)]

    def f(x):
        return held, x * 2.0

    compiled = wf.compile(f)
    first = held
    assert compiled(wf.tensor(1.0))[0] is first
    held = list(first)
    assert compiled(wf.tensor(1.0))[0] is held is not first


def test_gradients_go_through_tensors_that_come_out_as_they_went_in() -> None:
    x = wf.tensor(2.0)
    with wf.GradientTape() as tape:
        tape.watch(x)
        same, square = wf.compile(lambda x: (x, x * x))(x)
        y = same * square
    assert same is x
    assert float(tape.gradient(y, x)) == 12.0


def test_arrays_come_out_as_tensors() -> None:
    x = np.ones(2, np.float32)
    y = wf.compile(lambda x: x)(x)
    x[0] = 5.0
    assert isinstance(y, wf.Tensor)


def test_a_list_that_contains_itself_is_refused() -> None:
    def f(x):
        s = [x]
        s.append(s)
        return s

    with pytest.raises(wf.errors.SourceError, match="a list that contains itself"):
        wf.compile(f)(wf.tensor(1.0))


def test_one_list_in_two_arguments_is_not_changed() -> None:
    def f(r, s, x):
        r[0] = x
        return s[0]

    compiled, r = wf.compile(f), [wf.tensor(1.0)]
    with pytest.raises(wf.errors.SourceError, match="one list stands more than once"):
        compiled(r, r, wf.tensor(2.0))
    assert float(r[0]) == 1.0
    assert float(compiled(r, [wf.tensor(5.0)], wf.tensor(2.0))) == 5.0


def raises_whatever_comes(r, x):
    r[0] = x + 1.0
    raise KeyError("a")


def raises_if_positive(r, x):
    r[0] = x + 1.0
    if x > 0.0:
        r[1] = x * 3.0
        raise KeyError("a", x)
    r[0] = x
    return r


def raises_what_an_op_does(r, x):
    r[0] = x + 1.0
    return wf.reshape(x, (7,))


def raises_after_a_branch(r, x):
    if x > 0.0:
        r[0] = x * 2.0
    else:
        r[0] = None
    raise ValueError


def raises_after_appending(r, x):
    r.append(x)
    raise ValueError(x)


def raises_after_changing_a_data_class(r, x):
    r[3].one = x * 2.0
    if x < 0.0:
        raise IndexError


def raises_after_assigning(r, x):
    VARIABLE.assign(x)
    raise ValueError


RAISING = (
    raises_whatever_comes,
    raises_if_positive,
    raises_what_an_op_does,
    raises_after_a_branch,
    raises_after_appending,
    raises_after_changing_a_data_class,
    raises_after_assigning,
)


def left(f: Callable[..., Any], x: float) -> str:
    """What a call raises, and what it leaves."""
    VARIABLE.assign(0.0)
    r = argument()
    try:
        f(r, wf.tensor(x))
    except Exception as error:
        return f"{type(error).__name__} {error}: {r} {VARIABLE.numpy()}"
    return f"{r} {VARIABLE.numpy()}"


@pytest.mark.parametrize("f", RAISING, ids=lambda f: f.__name__)
def test_an_exception_leaves_what_was_changed_before_it(f: Callable[..., Any]) -> None:
    compiled = wf.compile(f)
    for x in (1.0, -1.0, 2.0):
        assert left(compiled, x) == left(f, x)


def test_an_exception_leaves_no_value_of_two_kinds() -> None:
    def f(r, x):
        if x > 0.0:
            r[0] = [x, None]
        else:
            r[0] = [x, x]
        raise ValueError

    with pytest.raises(wf.errors.SourceError, match="an exception leaves r with a value that may be missing"):
        wf.compile(f)(argument(), wf.tensor(1.0))
