"""Dim: the size of an axis that is not known while a function is traced.

It stands where Python has an int: sums and products are sizes again, comparisons are answered by what is known
(`sizes.py`), with tensors it is a number like any other. What needs the number itself, an index, a range or NumPy, gets
the one of the call being traced, which becomes a condition of the trace. So shape rules are written for ints and serve
both, and nothing is taken for granted in silence. This file knows no graphs.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import polynomial
from .errors import ROOT
from .polynomial import Polynomial
from .sizes import Sizes


class Dim:
    """A size that is a polynomial of named ones, at least one of them."""

    __slots__ = ("sizes", "terms")

    def __init__(self, terms: Polynomial, sizes: Sizes) -> None:
        self.terms, self.sizes = terms, sizes

    @property
    def name(self) -> str | None:
        """Its name, if it is just a named size."""
        ((monomial, n), *rest) = self.terms
        return monomial[0] if n == 1 and len(monomial) == 1 and not rest and isinstance(monomial[0], str) else None

    @property
    def text(self) -> str:
        """As graphs show it: `2 * n + 1`."""
        return polynomial.shown(self.terms)

    @property
    def is_hinted(self) -> bool:
        """Whether it is known in the call being traced."""
        return self.sizes.open and polynomial.names(self.terms) <= self.sizes.hints.keys()

    def at(self, values: Mapping[str, int]) -> int:
        """The number that it is for these sizes."""
        return polynomial.evaluate(self.terms, values)

    def tensor(self) -> Any:
        """Itself as a tensor of a graph, or the number where no graph is written."""
        return self.sizes.write(self) if self.sizes.open and self.sizes.write is not None else int(self)

    def __hash__(self) -> int:
        return hash(int(self)) if self.sizes.open and self.sizes.spell is None else hash(self.terms)

    def __index__(self) -> int:
        return self.sizes.fixed(self.terms)

    __int__ = __trunc__ = __index__

    def __float__(self) -> float:
        return float(int(self))

    def __complex__(self) -> complex:
        return complex(int(self))

    def __bool__(self) -> bool:
        return not self.sizes.ask(self.terms, "==", f"whether {self.text} is 0")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(int(self), dtype)

    def __repr__(self) -> str:
        return str(int(self)) if self.is_hinted and self.sizes.spell is None else self.text

    def __str__(self) -> str:
        if self.sizes.spell is not None:
            return self.sizes.spell(self.terms)
        return str(int(self)) if self.sizes.open else self.text

    def __format__(self, form: str) -> str:
        if self.sizes.spell is not None:
            return format(str(self), form)
        return format(int(self), form) if self.sizes.open else format(self.text, form)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(int, name):
            raise AttributeError(f"'int' object has no attribute {name!r}")
        return getattr(int(self), name)

    # fmt: off
    def __add__(self, other: Any) -> Any: return _sum(self, other, 1, operator.add)
    def __radd__(self, other: Any) -> Any: return _sum(self, other, 1, lambda x, y: y + x)
    def __sub__(self, other: Any) -> Any: return _sum(self, other, -1, operator.sub)
    def __rsub__(self, other: Any) -> Any: return _sum(-self, other, 1, lambda x, y: y + x)
    def __mul__(self, other: Any) -> Any: return _product(self, other, operator.mul)
    def __rmul__(self, other: Any) -> Any: return _product(self, other, lambda x, y: y * x)
    def __floordiv__(self, other: Any) -> Any: return _divided(self, other, 0, operator.floordiv, False)
    def __rfloordiv__(self, other: Any) -> Any: return _divided(self, other, 0, operator.floordiv, True)
    def __mod__(self, other: Any) -> Any: return _divided(self, other, 1, operator.mod, False)
    def __rmod__(self, other: Any) -> Any: return _divided(self, other, 1, operator.mod, True)
    def __divmod__(self, other: Any) -> Any: return self // other, self % other
    def __rdivmod__(self, other: Any) -> Any: return other // self, other % self
    def __truediv__(self, other: Any) -> Any: return _as_number(self, other, operator.truediv, False)
    def __rtruediv__(self, other: Any) -> Any: return _as_number(self, other, operator.truediv, True)
    def __rpow__(self, other: Any) -> Any: return _as_number(self, other, operator.pow, True)
    def __and__(self, other: Any) -> Any: return int(self) & other
    def __rand__(self, other: Any) -> Any: return other & int(self)
    def __or__(self, other: Any) -> Any: return int(self) | other
    def __ror__(self, other: Any) -> Any: return other | int(self)
    def __xor__(self, other: Any) -> Any: return int(self) ^ other
    def __rxor__(self, other: Any) -> Any: return other ^ int(self)
    def __lshift__(self, other: Any) -> Any: return int(self) << other
    def __rlshift__(self, other: Any) -> Any: return other << int(self)
    def __rshift__(self, other: Any) -> Any: return int(self) >> other
    def __rrshift__(self, other: Any) -> Any: return other >> int(self)
    def __invert__(self) -> Any: return -self - 1
    def __neg__(self) -> Any: return of(polynomial.multiply(self.terms, polynomial.of_int(-1)), self.sizes)
    def __pos__(self) -> Any: return self
    def __abs__(self) -> Any: return self if self >= 0 else -self
    def __round__(self, digits: int = 0) -> Any: return self if digits >= 0 else round(int(self), digits)
    def __floor__(self) -> Any: return self
    def __ceil__(self) -> Any: return self
    def __eq__(self, other: Any) -> Any: return _equal(self, other)
    def __ne__(self, other: Any) -> Any: return _different(self, other)
    def __ge__(self, other: Any) -> Any: return _ordered(self, other, 1, 0, ">=", operator.ge)
    def __gt__(self, other: Any) -> Any: return _ordered(self, other, 1, -1, ">", operator.gt)
    def __le__(self, other: Any) -> Any: return _ordered(self, other, -1, 0, "<=", operator.le)
    def __lt__(self, other: Any) -> Any: return _ordered(self, other, -1, -1, "<", operator.lt)
    # fmt: on

    def __pow__(self, other: Any) -> Any:
        if type(other) is not int or not 0 <= other <= 8:
            return _as_number(self, other, operator.pow, False)
        result: Any = 1
        for _ in range(other):
            result = result * self
        return result


OPERATORS = (f"{ROOT}.compiler.staging.operators", f"{ROOT}.compiler.frontend.")  # of compiled programs


def of(terms: Polynomial, sizes: Sizes) -> Any:
    """A size; an int if it is one."""
    n = polynomial.constant(terms)
    return Dim(terms, sizes) if n is None else n


def named(name: str, sizes: Sizes) -> Any:
    """A named size."""
    return Dim(polynomial.of_atom(name), sizes)


def terms_of(x: Any) -> Polynomial | None:
    """An int or a size as a polynomial; None for anything else."""
    if type(x) is Dim:
        return x.terms
    return polynomial.of_int(int(x)) if isinstance(x, int) else None


def sized(value: Any) -> bool:
    """Whether a size is in a value, looking into tuples, lists, dicts and slices."""
    if type(value) is Dim:
        return True
    if isinstance(value, tuple | list):
        return any(map(sized, value))
    if isinstance(value, dict):
        return any(map(sized, value.values()))
    return isinstance(value, slice) and sized((value.start, value.stop, value.step))


def likely(n: Any) -> int:
    """The number that a size is in the call at hand, for estimates: nothing may depend on it but speed."""
    return n.at(n.sizes.hints) if type(n) is Dim else n


def mapped(value: Any, change: Callable[[Dim], Any]) -> Any:
    """A value with its sizes changed, in tuples, lists, dicts and slices too."""
    if type(value) is Dim:
        return change(value)
    if isinstance(value, tuple | list) and sized(value):
        items = [mapped(x, change) for x in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict) and sized(value):
        return {key: mapped(x, change) for key, x in value.items()}
    if isinstance(value, slice) and sized(value):
        return slice(*[mapped(x, change) for x in (value.start, value.stop, value.step)])
    return value


def evaluated(value: Any, values: Mapping[str, int]) -> Any:
    """A value with the numbers that sizes are in their places; sizes that are not there stay."""
    return mapped(value, lambda n: n.at(values) if polynomial.names(n.terms) <= values.keys() else n)


def is_same(x: Any, y: Any) -> bool:
    """Whether two sizes are known to be equal; asks nothing that would become a condition."""
    if type(x) is not Dim and type(y) is not Dim:
        return x == y
    p, q = terms_of(x), terms_of(y)
    sizes = x.sizes if type(x) is Dim else y.sizes
    return p == q or (p is not None and q is not None and sizes.known(polynomial.add(p, q, -1), "==") is True)


def same_shape(x: tuple[Any, ...], y: tuple[Any, ...]) -> bool:
    """Whether two shapes are known to be equal; asks nothing, as == does, even of shapes of other lengths."""
    if Dim in map(type, x) or Dim in map(type, y):
        return len(x) == len(y) and all(map(is_same, x, y))
    return x == y


def broadcast(m: Any, n: Any) -> Any:
    """The length that two lengths, one of them a size, broadcast to; None if they do not.

    Where one is not known before the graph runs, and the other known not to be 1, that is it: the run sees to it.

    Errors: SizeError where neither is known.
    """
    if is_same(m, n):
        return m
    for x, y in ((m, n), (n, m)):
        if is_same(x, 1):
            return y
    unclear = [x for x in (m, n) if type(x) is Dim and not x.is_hinted]
    clear = [x for x in (m, n) if is_different(x, 1)]
    if unclear and clear:
        return clear[0]
    return m if m == n else None


def is_different(x: Any, y: Any) -> bool:
    """Whether two sizes are known to differ; asks nothing."""
    if type(x) is not Dim and type(y) is not Dim:
        return x != y
    p, q = terms_of(x), terms_of(y)
    sizes = x.sizes if type(x) is Dim else y.sizes
    return p is None or q is None or sizes.known(polynomial.add(p, q, -1), "==") is False


def _sum(x: Dim, y: Any, times: int, compute: Callable[[Any, Any], Any]) -> Any:
    q = terms_of(y)
    return _as_number(x, y, compute, False) if q is None else of(polynomial.add(x.terms, q, times), x.sizes)


def _product(x: Dim, y: Any, compute: Callable[[Any, Any], Any]) -> Any:
    q = terms_of(y)
    if q is not None:
        return of(polynomial.multiply(x.terms, q), x.sizes)
    return compute(int(x), y) if isinstance(y, (list, tuple, str, bytes)) else _as_number(x, y, compute, False)


def _divided(x: Dim, y: Any, which: int, compute: Callable[[Any, Any], Any], reflected: bool) -> Any:
    p, q = x.terms, terms_of(y)
    if q is None:
        return _as_number(x, y, compute, reflected)
    p, q = (q, p) if reflected else (p, q)
    if not q or (polynomial.constant(q) is None and not of(q, x.sizes)):
        raise ZeroDivisionError("integer division or modulo by zero")
    small = _small(p, q, x.sizes)
    return of(small[which] if small else polynomial.divide(p, q)[which], x.sizes)


def _small(p: Polynomial, q: Polynomial, sizes: Sizes) -> tuple[Polynomial, Polynomial] | None:
    """p // q and p % q where p is known to be nearer to 0 than q."""
    rest = polynomial.add(polynomial.add(q, p, -1), polynomial.of_int(-1))
    if sizes.known(rest, ">=") and sizes.known(p, ">="):
        return (), p
    negative = polynomial.add(polynomial.of_int(-1), p, -1)
    if sizes.known(negative, ">=") and sizes.known(polynomial.add(p, q), ">="):
        return polynomial.of_int(-1), polynomial.add(p, q)
    return None


def _as_number(x: Dim, y: Any, compute: Callable[[Any, Any], Any], reflected: bool) -> Any:
    """With a float, or where the result is one: a number of the graph. With a tensor, that computes."""
    if isinstance(y, np.ndarray | np.generic):
        return compute(y, int(x)) if reflected else compute(int(x), y)
    if not isinstance(y, int | float | complex | Dim):
        return NotImplemented
    if x.sizes.spell is not None:
        raise x.sizes.unknown(set(), f"{x.text} as a number")
    other = y.tensor() if type(y) is Dim else y
    return compute(other, x.tensor()) if reflected else compute(x.tensor(), other)


def _equal(x: Dim, y: Any) -> Any:
    q = terms_of(y)
    if q is None:
        return int(x) == y if isinstance(y, float | complex | np.generic | np.ndarray) else NotImplemented
    difference = polynomial.add(x.terms, q, -1)
    if _is_the_programs(x, y) and x.sizes.known(difference, "==") is None:
        return x.tensor() == y
    return x.sizes.ask(difference, "==", f"whether {x.text} equals {polynomial.shown(q)}")


def _is_the_programs(x: Dim, y: Any) -> bool:
    """Whether a user's program compares sizes that are not known in the call: there the answer may be a tensor."""
    if not x.sizes.open or (x.is_hinted and (type(y) is not Dim or y.is_hinted)):
        return False
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    name = "" if frame is None else frame.f_globals.get("__name__", "")
    return name.partition(".")[0] not in (ROOT, "numpy") or name.startswith(OPERATORS)


def _different(x: Dim, y: Any) -> Any:
    answer = _equal(x, y)
    if answer is NotImplemented:
        return answer
    return not answer if isinstance(answer, bool) else answer != True  # noqa: E712  (a tensor)


def _ordered(x: Dim, y: Any, times: int, more: int, sign: str, compute: Callable[[Any, Any], Any]) -> Any:
    q = terms_of(y)
    if q is None:
        return compute(int(x), y) if isinstance(y, float | np.generic | np.ndarray) else NotImplemented
    difference = polynomial.multiply(polynomial.add(x.terms, q, -1), polynomial.of_int(times))
    difference = polynomial.add(difference, polynomial.of_int(more))
    if _is_the_programs(x, y) and x.sizes.known(difference, ">=") is None:
        return compute(x.tensor(), y)
    question = f"whether {x.text} {sign} {polynomial.shown(q)}"
    return x.sizes.ask(difference, ">=", question)
