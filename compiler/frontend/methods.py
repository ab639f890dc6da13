"""What Python's operators come down to for objects of the user's classes: a method of one operand, or of the other.

Where a class defines such a method in Python, and it is the user's own, it is called like any function of the user's:
through the conversion. Everything else is left to Python. The order is Python's: the reflected method of a
subclass comes first, NotImplemented passes on to the other operand, and what nobody answers is the same TypeError.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType, WrapperDescriptorType
from typing import Any

from .users import MISSING, is_called, static_attribute, users_method

ARITHMETIC: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, operator.iadd, "add"),
    "-": (operator.sub, operator.isub, "sub"),
    "*": (operator.mul, operator.imul, "mul"),
    "/": (operator.truediv, operator.itruediv, "truediv"),
    "//": (operator.floordiv, operator.ifloordiv, "floordiv"),
    "%": (operator.mod, operator.imod, "mod"),
    "**": (operator.pow, operator.ipow, "pow"),
    "@": (operator.matmul, operator.imatmul, "matmul"),
    "&": (operator.and_, operator.iand, "and"),
    "|": (operator.or_, operator.ior, "or"),
    "^": (operator.xor, operator.ixor, "xor"),
    "<<": (operator.lshift, operator.ilshift, "lshift"),
    ">>": (operator.rshift, operator.irshift, "rshift"),
}
SHOWN = {"**": "** or pow()"}
COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], str, str]] = {
    "<": (operator.lt, "__lt__", "__gt__"),
    "<=": (operator.le, "__le__", "__ge__"),
    ">": (operator.gt, "__gt__", "__lt__"),
    ">=": (operator.ge, "__ge__", "__le__"),
    "==": (operator.eq, "__eq__", "__eq__"),
    "!=": (operator.ne, "__ne__", "__ne__"),
}
UNARY: dict[str, tuple[Callable[[Any], Any], str]] = {
    "-": (operator.neg, "__neg__"),
    "+": (operator.pos, "__pos__"),
    "~": (operator.invert, "__invert__"),
}
SEQUENCES = (list, tuple, str, bytes, bytearray)  # their + and * come after the methods of the other operand


class Methods:
    """Operators that reach the methods of the user's classes through `call`; `negate` is `not`."""

    def __init__(self, call: Callable[..., Any], negate: Callable[[Any], Any]) -> None:
        self.call = call
        self.negate = negate

    # --- arithmetic and comparison --------------------------------------------------------------------------------

    def binary(self, a: Any, sign: str, b: Any) -> Any:
        """`a + b` and its like."""
        plain, _, name = ARITHMETIC[sign]
        method, mirrored = f"__{name}__", f"__r{name}__"
        if users_method(type(a), method) is None and users_method(type(b), mirrored) is None:
            return plain(a, b)
        answer = self._first_answer(list(_attempts(a, method, b, mirrored)))
        return self._unsupported(SHOWN.get(sign, sign), a, b) if answer is NotImplemented else answer

    def augmented(self, a: Any, sign: str, b: Any) -> Any:
        """What `a += b` binds to the name of a."""
        _, plain, name = ARITHMETIC[sign]
        method = f"__i{name}__"
        if users_method(type(a), method) is not None:
            answer = self.call(static_attribute(type(a), method), a, b)
            if answer is not NotImplemented:
                return answer
        elif (users_method(type(a), f"__{name}__") is None and users_method(type(b), f"__r{name}__") is None) or (
            hasattr(type(a), method) and not isinstance(a, SEQUENCES)
        ):
            return plain(a, b)
        answer = self._first_answer(list(_attempts(a, f"__{name}__", b, f"__r{name}__")))
        return self._unsupported(f"{sign}=", a, b) if answer is NotImplemented else answer

    def unary(self, sign: str, a: Any) -> Any:
        """`-a` and its like."""
        plain, name = UNARY[sign]
        method = users_method(type(a), name)
        return plain(a) if method is None else self.call(method, a)

    def compare(self, a: Any, sign: str, b: Any) -> Any:
        """`a < b` and its like."""
        plain, name, mirrored = COMPARISONS[sign]
        if not _compares(type(a), name) and not _compares(type(b), mirrored):
            return plain(a, b)
        attempts = [(a, name, b), (b, mirrored, a)]
        if type(a) is not type(b) and issubclass(type(b), type(a)):
            attempts.reverse()
        answer = self._first_answer(attempts)
        if answer is not NotImplemented:
            return answer
        if sign in ("==", "!="):
            return (a is b) == (sign == "==")
        kinds = " and ".join(repr(type(x).__name__) for x in (a, b))
        raise TypeError(f"{sign!r} not supported between instances of {kinds}")

    def _first_answer(self, attempts: list[tuple[Any, str, Any]]) -> Any:
        for owner, name, other in attempts:
            answer = self._asked(owner, name, other)
            if answer is not NotImplemented:
                return answer
        return NotImplemented

    def _asked(self, owner: Any, name: str, other: Any) -> Any:
        method = static_attribute(type(owner), name)
        if method is MISSING or getattr(owner, "weak", None) is not None:  # a number knows no objects
            return NotImplemented
        if method is object.__ne__ and users_method(type(owner), "__eq__") is not None:
            answer = self._asked(owner, "__eq__", other)
            return answer if answer is NotImplemented else self.negate(answer)
        return self.call(method.__get__(owner, type(owner)), other)

    def _unsupported(self, sign: str, a: Any, b: Any) -> Any:
        kinds = " and ".join(repr(type(x).__name__) for x in (a, b))
        raise TypeError(f"unsupported operand type(s) for {sign}: {kinds}")

    # --- truth, length, membership --------------------------------------------------------------------------------

    def truth(self, value: Any) -> Any:
        """What a condition asks: the answer of the user's `__bool__` or `__len__`, else the value itself."""
        kind = type(value)
        method = users_method(kind, "__bool__")
        if method is not None:
            answer = self.call(method, value)
            if type(answer) is bool or getattr(answer, "weak", None) is bool:
                return answer
            raise TypeError(f"__bool__ should return bool, returned {type(answer).__name__}")
        if users_method(kind, "__len__") is not None and not hasattr(kind, "__bool__"):
            return self.call(len, value) != 0
        return value

    def contains(self, container: Any, value: Any) -> Any:
        """`value in container` by the user's `__contains__`; NotImplemented where the class has none."""
        method = users_method(type(container), "__contains__")
        return NotImplemented if method is None else self.call(bool, self.call(method, container, value))

    # --- iteration ------------------------------------------------------------------------------------------------

    def iterated(self, items: Any) -> Any:
        """`items`, or an iterator that calls the methods by which the user's class is iterated."""
        method = users_method(type(items), "__iter__")
        if method is None and not hasattr(type(items), "__iter__"):
            indexed = users_method(type(items), "__getitem__")
            return items if indexed is None else self._by_position(items, indexed)
        iterator = items if method is None else self.call(method, items)
        following = users_method(type(iterator), "__next__")
        if following is not None:
            return Steps(functools.partial(self.call, following, iterator))
        if method is not None and not hasattr(type(iterator), "__next__"):
            raise TypeError(f"iter() returned non-iterator of type {type(iterator).__name__!r}")
        return iterator

    def _by_position(self, items: Any, method: FunctionType) -> Iterator[Any]:
        position = 0
        while True:
            try:
                item = self.call(method, items, position)
            except (IndexError, StopIteration):
                return
            yield item
            position += 1

    # --- attributes -----------------------------------------------------------------------------------------------

    def getter(self, owner: Any, name: str, keep: Callable[[Any, str, Any], None]) -> Callable[[], Any] | None:
        """How an attribute is read, if that runs the user's own Python; `keep` sets what a cached property computes."""
        kind = type(owner)
        own = users_method(kind, "__getattribute__")
        if own is not None:
            read = functools.partial(self.call, own, owner, name)
        elif not _looks_up_plainly(kind):
            return None
        else:
            read = self._reading(static_attribute(kind, name), owner, name, keep)
        fallback = users_method(kind, "__getattr__")
        if fallback is None:
            return read
        return lambda: self._or_else(
            read or functools.partial(object.__getattribute__, owner, name), fallback, owner, name
        )

    def _or_else(self, read: Callable[[], Any], fallback: FunctionType, owner: Any, name: str) -> Any:
        try:
            return read()
        except AttributeError:
            return self.call(fallback, owner, name)

    def _reading(
        self, found: Any, owner: Any, name: str, keep: Callable[[Any, str, Any], None]
    ) -> Callable[[], Any] | None:
        if type(found) is property:
            return functools.partial(self.call, found.fget, owner) if is_called(found.fget) else None
        kind = type(found)
        read = users_method(kind, "__get__")
        cached = kind is functools.cached_property and is_called(found.func)
        if read is None and not cached:
            return None
        overrides = hasattr(kind, "__set__") or hasattr(kind, "__delete__")
        if not overrides and name in getattr(owner, "__dict__", ()):
            return None
        if read is not None:
            return functools.partial(self.call, read, found, owner, type(owner))
        return functools.partial(self._computed_once, found.func, owner, name, keep)

    def _computed_once(self, compute: Any, owner: Any, name: str, keep: Callable[[Any, str, Any], None]) -> Any:
        value = self.call(compute, owner)
        keep(owner, name, value)
        return value

    def setter(self, owner: Any, name: str) -> Callable[[Any], Any] | None:
        """How an attribute is set, if that runs the user's own Python."""
        kind = type(owner)
        own = users_method(kind, "__setattr__")
        if own is not None:
            return functools.partial(self.call, own, owner, name)
        found = static_attribute(kind, name)
        if type(found) is property:
            return functools.partial(self.call, found.fset, owner) if is_called(found.fset) else None
        method = users_method(type(found), "__set__")
        return None if method is None else functools.partial(self.call, method, found, owner)

    def deleter(self, owner: Any, name: str) -> Callable[[], Any] | None:
        """How an attribute is deleted, if that runs the user's own Python."""
        kind = type(owner)
        own = users_method(kind, "__delattr__")
        if own is not None:
            return functools.partial(self.call, own, owner, name)
        found = static_attribute(kind, name)
        if type(found) is property:
            return functools.partial(self.call, found.fdel, owner) if is_called(found.fdel) else None
        method = users_method(type(found), "__delete__")
        return None if method is None else functools.partial(self.call, method, found, owner)


class Steps:
    """An iterator of the user's, each step of which is called through the conversion."""

    def __init__(self, step: Callable[[], Any]) -> None:
        self.step = step

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> Any:
        return self.step()


def _attempts(a: Any, method: str, b: Any, mirrored: str) -> Iterator[tuple[Any, str, Any]]:
    """Whom to ask, in which order."""
    one, other = type(a), type(b)
    reflected = one is not other and static_attribute(other, mirrored) is not MISSING
    first = reflected and (
        (issubclass(other, one) and static_attribute(one, mirrored) is not static_attribute(other, mirrored))
        or (issubclass(one, SEQUENCES) and method in ("__add__", "__mul__"))
    )
    if first:
        yield b, mirrored, a
    yield a, method, b
    if reflected and not first:
        yield b, mirrored, a


def _looks_up_plainly(kind: type) -> bool:
    """Whether the attributes of a class's objects are found as those of `object` are."""
    method: Any = kind.__getattribute__
    return type(method) is WrapperDescriptorType and method.__objclass__ not in (type, super, ModuleType)


def _compares(kind: type, name: str) -> bool:
    if users_method(kind, name) is not None:
        return True
    return name == "__ne__" and kind.__ne__ is object.__ne__ and users_method(kind, "__eq__") is not None
