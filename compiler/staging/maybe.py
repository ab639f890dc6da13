"""Values that may be absent: a variable without a value on some path, or None in place of a tensor.

A `Maybe` is a code beside a value. It is made where paths join, and asked where the value is used: using it
writes a check into the graph that fails, at run time and as Python would, where there is no value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..graph.symbolic import SymbolicTensor
from .effects import check

PRESENT, NONE, UNBOUND = 0, 1, 2


class Absence:
    """Stands for the value of a variable that has none."""

    def __repr__(self) -> str:
        return "<unbound>"


unbound = Absence()


class Maybe:
    """A value that is there if `code` is PRESENT; `absent` holds the codes it may have otherwise."""

    __slots__ = ()
    absent: frozenset[int]
    code: Any
    value: Any
    name: str

    def bound(self) -> Any:
        """The value, or None, after a check that the variable has one."""
        if UNBOUND not in self.absent:
            return self
        text = f"cannot access local variable {self.name!r} where it is not associated with a value"
        return self.found(UnboundLocalError, text)

    def found(self, kind: type[Exception], text: str) -> Any:
        """The value, or None, after a check that there is one."""
        check(self.code != UNBOUND, kind, text)
        rest = self.absent - {UNBOUND}
        return maybe(self.code, rest, self.value, self.name) if rest else self.value

    def demand(self) -> Any:
        """The value, after checks that it is there."""
        value = self.bound()
        if isinstance(value, Maybe):
            text = f"{self.name or 'a value'} is None here, where a value is needed"
            check(value.code != NONE, TypeError, text)
            return value.value
        return value

    def is_none(self) -> Any:
        """Whether it is None: a symbolic bool, or False."""
        value = self.bound()
        return value.code == NONE if isinstance(value, Maybe) else False


class MaybeValue(Maybe):
    """Something other than a tensor that may be absent."""

    __slots__ = ("absent", "code", "name", "value")

    def __init__(self, code: Any, absent: frozenset[int], value: Any, name: str) -> None:
        self.code, self.absent, self.value, self.name = code, absent, value, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.demand(), attribute)

    def __getitem__(self, index: Any) -> Any:
        return self.demand()[index]

    def __iter__(self) -> Any:
        return iter(self.demand())

    def __len__(self) -> int:
        return len(self.demand())


BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift", "and", "or", "xor")
ORDERED = ("lt", "le", "gt", "ge", "contains")


def _demanding(operate: Callable[..., Any], swapped: bool = False) -> Callable[..., Any]:
    """A method that applies an operator of Python to the value."""
    if swapped:
        return lambda self, other: operate(other, self.demand())
    return lambda self, *others: operate(self.demand(), *[x.demand() if isinstance(x, Maybe) else x for x in others])


for _name in (*BINARY, *ORDERED, "neg", "pos", "invert", "abs"):
    setattr(MaybeValue, f"__{_name}__", _demanding(getattr(operator, f"__{_name}__")))
for _name in BINARY:
    setattr(MaybeValue, f"__r{_name}__", _demanding(getattr(operator, f"__{_name}__"), swapped=True))


class MaybeTensor(Maybe, SymbolicTensor):
    """A tensor that may be absent; an op that takes it demands it."""

    __slots__ = ("absent", "code", "value")

    def __init__(self, code: Any, absent: frozenset[int], value: SymbolicTensor, name: str) -> None:
        self.context, self.spec, self.key, self.weak = value.context, value.spec, value.key, value.weak
        self.code, self.absent, self.value, self.name = code, absent, value, name
        self.held = None

    def alias(self) -> SymbolicTensor:
        return self  # items of it are assigned through what it holds

    def resolve(self) -> SymbolicTensor:
        return self.demand().resolve()


def maybe(code: Any, absent: frozenset[int], value: Any, name: str) -> Maybe:
    """A value that may be absent."""
    kind = MaybeTensor if isinstance(value, SymbolicTensor) else MaybeValue
    return kind(code, absent, value, name)
