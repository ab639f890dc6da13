"""Python's built-in functions on objects of the user's classes, whose methods they call: `len`, `bool`, `next`, `sum`...

Each asks the class's method through the conversion and checks the answer as Python does. What iterates is given an
iterator that takes its steps so. Nothing here is needed for objects of other classes, and nothing happens to them.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .methods import ARITHMETIC, COMPARISONS, UNARY, Methods
from .users import static_attribute, users_method

ITERATING: tuple[Any, ...] = (
    list, tuple, set, frozenset, enumerate, zip, map, filter, sum, min, max, sorted, any, all,
)  # fmt: skip
ANSWERED: dict[Any, tuple[str, type]] = {  # the method that a function asks, and what it must give
    abs: ("__abs__", object),
    round: ("__round__", object),
    math.floor: ("__floor__", object),
    math.ceil: ("__ceil__", object),
    math.trunc: ("__trunc__", object),
    reversed: ("__reversed__", object),
    len: ("__len__", int),
    int: ("__int__", int),
    float: ("__float__", float),
    complex: ("__complex__", complex),
    operator.index: ("__index__", int),
}
BINARY = {plain: sign for sign, (plain, _, _) in ARITHMETIC.items()} | {pow: "**"}
COMPARED = {plain: sign for sign, (plain, _, _) in COMPARISONS.items()}
SIGNED = {plain: sign for sign, (plain, _) in UNARY.items()}
MISSING = object()


class Protocols:
    """Finds what a built-in function comes down to for its arguments."""

    def __init__(self, methods: Methods) -> None:
        self.methods = methods

    def version(self, f: Any, args: Sequence[Any]) -> Callable[..., Any] | None:
        """What is called in place of `f`; None where the plain function serves."""
        if not args:
            return None
        try:
            return self._on_iterables(f, args) or self._on_object(f, args[0]) or self._as_operator(f, args)
        except TypeError:  # functions that have no hash
            return None

    def _on_object(self, f: Any, x: Any) -> Callable[..., Any] | None:
        kind = type(x)
        if f in ANSWERED:
            method, wanted = ANSWERED[f]
            return self._answering(method, wanted) if users_method(kind, method) is not None else None
        if f is bool:
            asked = self.methods.truth(x) if _has_truth(kind) else x
            return (lambda _: asked) if asked is not x else None
        if f is builtins.iter or f is builtins.next:
            return self._iterator(f, x)
        return None

    def _answering(self, method: str, wanted: type) -> Callable[..., Any]:
        def ask(x: Any, *rest: Any) -> Any:
            answer = self.methods.call(static_attribute(type(x), method), x, *rest)
            if isinstance(answer, wanted) or getattr(answer, "weak", None) is wanted:
                return _not_negative(answer) if method == "__len__" else answer
            return _as_index(answer, method, wanted)

        return ask

    def _iterator(self, f: Any, x: Any) -> Callable[..., Any] | None:
        if f is builtins.iter:
            found = self.methods.iterated(x)
            return (lambda _: iter(found)) if found is not x else None
        method = users_method(type(x), "__next__")
        return None if method is None else self._next

    def _next(self, x: Any, default: Any = MISSING) -> Any:
        try:
            return self.methods.call(static_attribute(type(x), "__next__"), x)
        except StopIteration:
            if default is MISSING:
                raise
            return default

    # --- several objects ------------------------------------------------------------------------------------------

    def _on_iterables(self, f: Any, args: Sequence[Any]) -> Callable[..., Any] | None:
        if f is sum and isinstance(args[0], (list, tuple)) and any(_adds(type(x)) for x in args[0]):
            return self._sum
        if f not in ITERATING:
            return None
        found = [self.methods.iterated(x) for x in args]
        if all(x is y for x, y in zip(found, args, strict=True)):
            return None
        return lambda *_, **options: self.methods.call(f, *found, **options)

    def _sum(self, items: Any, /, start: Any = 0) -> Any:
        total = start
        for x in items:
            total = self.methods.binary(total, "+", x)
        return total

    def _as_operator(self, f: Any, args: Sequence[Any]) -> Callable[..., Any] | None:
        if len(args) == 1:
            return (lambda x: self.methods.unary(SIGNED[f], x)) if f in SIGNED else None
        if len(args) != 2:
            return None
        if f in BINARY:
            return lambda x, y: self.methods.binary(x, BINARY[f], y)
        return (lambda x, y: self.methods.compare(x, COMPARED[f], y)) if f in COMPARED else None


def _has_truth(kind: type) -> bool:
    return users_method(kind, "__bool__") is not None or users_method(kind, "__len__") is not None


def _adds(kind: type) -> bool:
    return users_method(kind, "__add__") is not None or users_method(kind, "__radd__") is not None


def _not_negative(length: Any) -> Any:
    if isinstance(length, int) and length < 0:
        raise ValueError("__len__() should return >= 0")
    return length


def _as_index(answer: Any, method: str, wanted: type) -> Any:
    if method == "__len__":
        return operator.index(answer)
    raise TypeError(f"{method} returned non-{wanted.__name__} (type {type(answer).__name__})")
