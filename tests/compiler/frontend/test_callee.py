"""Callables are taken apart down to a plain function, and called as they would have been."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from weft.compiler.frontend.callee import callee
from weft.runtime.errors import SourceError


def plain(*args: object, **kwargs: object) -> tuple[object, ...]:
    return (*args, *kwargs.items())


class Thing:
    def method(self, *args: object) -> tuple[object, ...]:
        return ("method", *args)

    @classmethod
    def of_class(cls, *args: object) -> tuple[object, ...]:
        return (cls.__name__, *args)

    @staticmethod
    def static(*args: object) -> tuple[object, ...]:
        return ("static", *args)

    def __call__(self, *args: object) -> tuple[object, ...]:
        return ("called", *args)

    part = functools.partialmethod(method, 7)


class Outer:
    __call__ = Thing()


def wrapper(f: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(f)
    def inside(*args: object) -> object:
        return ("wrapped", f(*args))

    return inside


CALLABLES = {
    "function": plain,
    "lambda": lambda x: (x, 1),
    "method": Thing().method,
    "class method": Thing.of_class,
    "static method": Thing.static,
    "callable object": Thing(),
    "bound call": Thing().__call__,
    "partial": functools.partial(plain, 1, k=2),
    "partial of a partial": functools.partial(functools.partial(plain, 1, k=2), 3, k=4, m=5),
    "partial of a method": functools.partial(Thing().method, 1),
    "partial method": Thing().part,
    "cached": functools.lru_cache(plain),
    "wrapper in Python": wrapper(plain),
    "partial of an object": functools.partial(Thing(), 2),
}


@pytest.mark.parametrize("f", CALLABLES.values(), ids=CALLABLES.keys())
def test_a_callee_is_called_as_the_callable_is(f: Callable[..., object]) -> None:
    found = callee(f)
    assert found("x") == f("x")
    assert type(found.function) is type(plain)


def test_a_wrapper_in_python_is_not_skipped() -> None:
    f = wrapper(plain)
    assert callee(f).function is f


def test_properties_come_down_to_their_getters() -> None:
    class Ball:
        @property
        def size(self) -> int:
            return 1

        @functools.cached_property
        def weight(self) -> int:
            return 2

    assert callee(Ball.size)(Ball()) == 1  # pyright: ignore[reportArgumentType]
    assert callee(Ball.__dict__["weight"])(Ball()) == 2
    assert callee(Thing.__dict__["of_class"])(Thing) == ("Thing",)


class Opaque(list[int]):
    def __init__(self, f: object) -> None:
        self.__wrapped__ = f


class InC(Opaque):
    __call__ = list.__len__  # pyright: ignore[reportAssignmentType]


@pytest.mark.parametrize(("f", "message", "hint"), [
    (len, "compile: len is not written in Python", "wf.opaque"),
    (Thing, "compile: Thing is a class, not a function", "methods"),
    (3, "compile: the int cannot be called", "Give a function"),
    (property(), "compile: the NoneType cannot be called", "Give a function"),
    ([].append, "compile: list.append is not written in Python", "wf.opaque"),
    (InC(plain), "compile: the InC wraps plain in a", "__wrapped__"),
    (functools.partial(len, ()), "compile: len is not written in Python", "wf.opaque"),
])  # fmt: skip
def test_what_has_no_function_inside_is_refused(f: object, message: str, hint: str) -> None:
    with pytest.raises(SourceError) as caught:
        callee(f)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
