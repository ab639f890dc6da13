"""Operators that compare while tracing: `==`, `is`, `in`, the order, chains."""

from __future__ import annotations

from typing import Any

from ...runtime.dim import Dim
from ...runtime.errors import SourceError
from ...runtime.tensor import OPS, Tensor, holds_numbers
from ..frontend.users import users_method
from ..graph.symbolic import SymbolicTensor
from .branches import as_number, is_none, truth
from .caller import call
from .conditions import and_, both, either, if_exp, not_
from .effects import symbols
from .growing import refuse_grown
from .maybe import Maybe, MaybeValue
from .objects import compared_parts
from .statements import is_symbolic
from .template import Unsettled
from .tracer import active


def eq(a: Any, b: Any) -> Any:
    """`a == b`."""
    refuse_grown("==", a, b)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, MaybeValue):
            return if_exp(x.is_none(), lambda x=x, y=y: eq(None, y), lambda x=x, y=y: eq(x.value, y))
        if isinstance(x, SymbolicTensor) and not isinstance(y, Maybe) and not _is_like(x, y):
            return is_none(x) if y is None else call.methods.compare(a, "==", b) if _compares(y) else False
    parts = compared_parts(a, b) if symbols([a, b]) and not (_compares(a) or _compares(b)) else None
    return call.methods.compare(a, "==", b) if parts is None else _all_equal(parts)


def _is_like(x: SymbolicTensor, y: Any) -> bool:
    """Whether a tensor, or what stands for a Python number, is compared with such a thing by its value."""
    if x.weak is None:
        return holds_numbers(y)
    return isinstance(y, Tensor | Dim | bool | int | float | complex) or hasattr(y, "__array__")


def _all_equal(pairs: list[tuple[Any, Any]]) -> Any:
    """Whether all pairs are equal, asked from the first to the last."""
    equal: Any = True
    for x, y in pairs:
        if x is not y:
            equal = both(lambda equal=equal: equal, lambda x=x, y=y: eq(x, y))
    return as_number(truth(equal), bool) if is_symbolic(equal) else bool(equal)


def _compares(y: Any) -> bool:
    return users_method(type(y), "__eq__") is not None


def ne(a: Any, b: Any) -> Any:
    """`a != b`."""
    equal = eq(a, b)
    strong = isinstance(equal, SymbolicTensor) and equal.weak is None
    return OPS["logical_not"](equal) if strong else not_(equal)


def is_(a: Any, b: Any) -> Any:
    """`a is b`."""
    for x in (a, b):
        if isinstance(x, Unsettled):
            bool(x)
    if b is None:
        return is_none(a)
    if a is None:
        return is_none(b)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, SymbolicTensor) and isinstance(y, bool):
            return _is_bool(x, y)
    if a is not b and type(a) is type(b):
        active().settled(a)
        active().settled(b)
    return a is b


def _is_bool(x: SymbolicTensor, y: bool) -> Any:
    if x.weak is None and x.dtype.kind == "b":
        raise SourceError(
            f"a tensor {x.spec} is asked whether it is the object {y}, which depends on where it came from",
            f"Ask for its value: x == {y}, or just x.",
        )
    return eq(x, y) if x.weak is bool else False


def is_not(a: Any, b: Any) -> Any:
    """`a is not b`."""
    return not_(is_(a, b))


def in_(a: Any, b: Any) -> Any:
    """`a in b`."""
    refuse_grown("in", a, b)
    if isinstance(b, SymbolicTensor):
        equal = eq(b, a)
        return as_number(OPS["any"](equal), bool) if isinstance(equal, Tensor) else equal
    answer = call.methods.contains(b, a)
    if answer is not NotImplemented:
        return answer
    iterated = call.methods.iterated(b)
    b = b if iterated is b else list(iterated)
    if (is_symbolic(a) and isinstance(b, (list, tuple, range, dict, frozenset))) or (
        type(b) in (list, tuple) and any(map(is_symbolic, b))
    ):
        found: Any = False
        for x in b:
            found = either(lambda found=found: found, lambda x=x: a is x or eq(a, x))
        return as_number(truth(found), bool) if is_symbolic(found) else bool(found)
    return a in b


def not_in(a: Any, b: Any) -> Any:
    """`a not in b`."""
    return not_(in_(a, b))


def ordered(a: Any, sign: str, b: Any) -> Any:
    """One comparison of a chain."""
    refuse_grown(sign, a, b) if sign not in ("is", "is not") else None
    meant = {"==": eq, "!=": ne, "is": is_, "is not": is_not, "in": in_, "not in": not_in}.get(sign)
    return call.methods.compare(a, sign, b) if meant is None else meant(a, b)


def compare(a: Any, sign: str, b: Any) -> Any:
    """`a < b` and its like."""
    refuse_grown(sign, a, b)
    return active().is_made(call.methods.compare(a, sign, b), a, b)


def chain(left: Any, symbol: str, right: Any, *others: Any) -> Any:
    """`left < right <= ...`: each operand after the second is evaluated if all before it agree."""
    value = ordered(left, symbol, right)
    if not others:
        return value
    return and_(lambda: value, lambda: chain(right, others[0], others[1](), *others[2:]))
