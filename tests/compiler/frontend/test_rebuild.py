"""A function made of its tree again is the same function: cells, defaults, names, positions."""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

import weft.compiler.frontend.tree as trees
from weft.compiler.frontend.rebuild import rebuild
from weft.compiler.frontend.source import definition
from weft.compiler.frontend.tree import gast


def again(f: Any, **names: object) -> FunctionType:
    return rebuild(f, definition(f).tree, names)


COUNTER = 0


def counted() -> int:
    global COUNTER
    COUNTER += 1
    return COUNTER


def test_globals_are_the_very_same() -> None:
    before = COUNTER
    assert again(counted)() == before + 1 == COUNTER


def test_cells_are_shared_both_ways() -> None:
    def outer() -> tuple[Callable[[], int], Callable[[], int]]:
        n = 0

        def step() -> int:
            nonlocal n
            n += 1
            return n

        return step, again(step)

    first, second = outer()
    assert [first(), second(), first(), second()] == [1, 2, 3, 4]
    assert first.__closure__ == second.__closure__


def test_an_empty_cell_stays_empty_until_it_is_filled() -> None:
    def read() -> int:
        return late

    made = again(read)
    with pytest.raises(NameError, match="late"):
        made()
    late = 3
    assert made() == 3


def test_a_recursive_function_calls_what_its_name_holds() -> None:
    def factorial(n: int) -> int:
        return n * factorial(n - 1) if n else 1

    assert again(factorial)(5) == 120


def side_effect(log: list[int] = []) -> list[int]:  # noqa: B006
    log.append(1)
    return log


def test_defaults_are_taken_over_not_evaluated_again() -> None:
    def f(a: int, b: list[int] = side_effect(), *, k: int = len(side_effect())) -> "no name":  # noqa: F722  # pyright: ignore
        """What it is for."""
        return a

    before = len(side_effect())
    made: Any = again(f)
    assert len(side_effect()) == before + 1
    assert made.__defaults__[0] is f.__defaults__[0]  # pyright: ignore[reportOptionalSubscript]
    assert made.__kwdefaults__ == f.__kwdefaults__
    assert made.__kwdefaults__ is not f.__kwdefaults__
    assert inspect.signature(made) == inspect.signature(f)
    assert (made.__name__, made.__qualname__, made.__module__) == (f.__name__, f.__qualname__, f.__module__)
    assert made.__doc__ == "What it is for."
    assert made.__annotations__ == f.__annotations__


def test_attributes_of_the_function_are_taken_over() -> None:
    def f() -> None: ...

    f.mark = 1  # pyright: ignore[reportFunctionMemberAccess]
    assert again(f).__dict__ == {"mark": 1}


def test_names_of_inner_functions_and_classes_stay() -> None:
    def f() -> tuple[Any, Any, Any]:
        class Inner:
            def method(self) -> None: ...

        return Inner, Inner.method, lambda: 1

    for one, other in zip(f(), again(f)(), strict=True):
        assert one.__qualname__ == other.__qualname__
        assert one.__module__ == other.__module__


class Base:
    def name(self) -> str:
        return "base"


class Child(Base):
    def name(self) -> str:
        return "child of " + super().name() + __class__.__name__


def test_super_and_class_are_known() -> None:
    assert again(Child.name)(Child()) == "child of baseChild"


def test_generators_stay_generators() -> None:
    def f(n: int) -> Any:
        got = yield n
        yield from range(got)

    made = again(f)(1)
    assert [next(made), made.send(2), *made] == [1, 0, 1]


def test_errors_show_the_users_line_and_columns() -> None:
    def f(x: list[int]) -> int:
        return x[0] + x[1 + 4]

    with pytest.raises(IndexError) as caught:
        again(f)([1])
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.name, frame.line) == (__file__, "f", "return x[0] + x[1 + 4]")
    line = linecache.getline(__file__, frame.lineno or 0)
    assert line[frame.colno : frame.end_colno] == "x[1 + 4]"  # pyright: ignore[reportAttributeAccessIssue]


def test_more_names_can_be_given() -> None:
    def f(x: int) -> int:
        return x

    tree = definition(f).tree
    tree.body = gast.parse("return extra + x").body
    for node in tree.body:
        trees.at(tree, node)
    made = rebuild(f, tree, {"extra": 10})
    assert made(1) == 11
    assert "extra" not in f.__globals__
    assert f(1) == 1


def test_the_tree_is_left_as_it_was() -> None:
    found = definition(Child.name)
    before = gast.dump(found.tree)
    rebuild(Child.name, found.tree)
    assert gast.dump(found.tree) == before


def test_nodes_without_a_place_take_that_around_them() -> None:
    def f(x: int) -> int:
        return x

    tree = definition(f).tree
    tree.body[0].value = gast.Name("missing", gast.Load(), None, None)
    with pytest.raises(NameError) as caught:
        rebuild(f, tree)(1)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return x"


def test_a_deep_tree_is_made_again_at_an_ordinary_recursion_limit() -> None:
    text = "def f(a): return " + " + ".join(["a"] * 900)
    linecache.cache["<deep>"] = (len(text), None, [text], "<deep>")
    space: dict[str, Any] = {}
    exec(compile(text, "<deep>", "exec"), space)
    limit = sys.getrecursionlimit()
    assert again(space["f"])(2) == 1800
    assert sys.getrecursionlimit() == limit


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are syntax since Python 3.12")
def test_type_parameters_stay() -> None:
    text: str = "def f[T: int](x: T) -> list[T]:\n    return T, x\n"
    linecache.cache["<generic>"] = (len(text), None, [*text.splitlines(True)], "<generic>")
    space: dict[str, Any] = {}
    exec(compile(text, "<generic>", "exec", dont_inherit=True), space)
    made: Any = again(space["f"])
    assert made(1) == space["f"](1)
    assert made.__type_params__ == space["f"].__type_params__
    assert made.__annotations__ == space["f"].__annotations__
