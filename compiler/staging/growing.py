"""Reading lists that grow while the graph runs: length, items, all of them in one tensor.

The items lie on a stack of the graph, whose length the run finds. This file does not know how loops carry them.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from ...runtime.dim import named
from ...runtime.dtypes import PYTHON
from ...runtime.errors import ArgumentError, SourceError
from ...runtime.op import Op
from ...runtime.ops.joining import concat, stack
from ...runtime.ops.shaping import moveaxis
from ...runtime.spec import describe, normalize_axis
from ...runtime.tensor import OPS
from ..frontend.users import is_called, python_method
from ..graph.graph import writing
from ..graph.stack import stacked
from ..graph.symbolic import SymbolicTensor
from .carried import encode
from .effects import check
from .grown import holds_grown, refusal
from .template import check_items
from .tracer import active


def length_of(items: list[Any]) -> Any:
    """How many items there are: a symbolic Python integer."""
    count, more = items[0].count, len(items) - 1
    length = count + more if more else OPS["identity"](count)  # as a tensor: 64 bits count all items that there can be
    length.weak = int
    return length


def positions(items: list[Any]) -> tuple[Any, Callable[[Any], Any]]:
    """How many items there are, and what gives the one at a position, for a loop that goes through them."""
    before = items[:]
    array_of(items)  # once, ahead of the loop

    def item(k: Any) -> Any:
        if items[0] is not before[0] or len(items) != len(before):
            raise refusal("a change of it while it is iterated")
        return item_at(items, k)

    return length_of(items), item


def is_filled(items: list[Any]) -> Any:
    """Whether there are any."""
    return True if len(items) > 1 else items[0].count > 0


def item_of(items: list[Any], k: Any) -> Any:
    """`items[k]`, which raises at run time, as in Python, where there is no such item."""
    if type(k) is int and -len(items) < k < 0:
        return items[k]
    length = length_of(items)
    k = OPS["astype"](OPS["reshape"](k, shape=()), dtype=int) if isinstance(k, SymbolicTensor) else k
    place = OPS["where"](k < 0, k + length, k) if isinstance(k, SymbolicTensor) else length + k if k < 0 else k
    check(OPS["logical_and"](place >= 0, place < length), IndexError, "list index out of range")
    return item_at(items, place)


def item_at(items: list[Any], k: Any) -> Any:
    """The item at a position that there is."""
    array = array_of(items)
    k = array.context.lift(OPS["asarray"](k)) if type(k) is int else k
    value = OPS["reshape"](OPS["take"](array, OPS["reshape"](k, shape=(1,)), axis=0), shape=array.shape[1:])
    value.weak = array.weak
    active().blur([value])  # others may have the item under names of their own
    return value


def array_of(items: list[Any]) -> Any:
    """All items in one tensor, along a new first axis; computed once for all that follows it."""
    here, rest = writing(), tuple(items[1:])
    assert here is not None
    if items[0].array is not None:
        known, array = items[0].array
        there = len(known) == len(rest) and all(x is y for x, y in zip(known, rest, strict=True))
        if there and (here is array.context or here.within(array.context)):
            return array
    template = check_items(items)
    *_, whole = encode(items, template, here)
    array: Any = stacked(whole, length=named(here.sizes.add("length", least=0), here.sizes))
    array.weak = template.item.weak
    items[0].array = (rest, array)
    return array


def staged_stack(items: list[Any], axis: int = 0) -> Any:
    """`wf.stack` of such a list."""
    array = _operand(items, "stack")
    axis = normalize_axis("stack", axis, len(array.shape))
    return moveaxis(array, 0, axis) if axis else array


def staged_concat(items: list[Any], axis: int | None = 0) -> Any:
    """`wf.concat` of such a list."""
    array = _operand(items, "concat")
    if axis is None:
        return OPS["reshape"](array, shape=(_product(array.shape),))
    axis = normalize_axis("concat", axis, len(array.shape) - 1)
    shape = list(array.shape[1:])
    shape[axis] = shape[axis] * array.shape[0]
    if axis:
        array = moveaxis(array, 0, axis)
    return OPS["reshape"](array, shape=tuple(shape))


def _product(lengths: Any) -> Any:
    found: Any = 1
    for n in lengths:
        found = found * n
    return found


def _operand(items: list[Any], name: str) -> Any:
    """The items as an op on tensors takes them, numbers as tensors; the op refuses none at all."""
    array = array_of(items)
    if len(items) == 1:
        check(
            items[0].count > 0, lambda text: ArgumentError(text, "Give it at least one."), f"{name}: given no tensors"
        )
    weak = array.weak
    if weak is None:
        return array
    array = OPS["astype"](OPS["identity"](array), dtype=PYTHON[weak])
    array.weak = None
    return array


JOINED: dict[Any, Callable[..., Any]] = {stack: staged_stack, concat: staged_concat}


def first_total(items: list[Any], start: Any) -> Any:
    """What a sum of the items starts from, in their shape; without items it would be another, which is refused."""
    shape = items[0].spec.shape
    if len(getattr(start, "shape", ())) >= len(shape):
        return start
    if len(items) == 1:
        text = f"sum() of an empty list, which is {describe(start)}, and {items[0].spec} for another"
        check(is_filled(items), lambda text: SourceError(text, "Give sum() tensors to start from."), text)
    return start + OPS["zeros"](shape, dtype=items[0].spec.dtype)


KNOWN = frozenset({len, sum, enumerate, zip, reversed, map, isinstance, type, id, callable})
ADDING = frozenset({"append", "extend"})
KEEPING = frozenset({"get", "setdefault", "pop", "update"})
VIEWS = (dict, type({}.values()), set, frozenset)
PYTHONS = frozenset({list, tuple, set, frozenset, dict, str, deque})


def of_grown(f: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """The version of a function for lists that grow among its arguments; None where the function itself serves.

    Errors: SourceError for a function that would look at such a list, and is not the user's own.
    """
    given = [*args, *kwargs.values()]
    owner, name = getattr(f, "__self__", None), getattr(f, "__name__", None) or getattr(f, "name", type(f).__name__)
    if holds_grown(owner) and name not in ADDING:
        raise refusal(f"list.{name}()")
    if not any(map(_is_grown, given)) or _goes_through(f):
        return None
    if holds_grown(args[0]) and isinstance(f, FunctionType) and f in JOINED:
        return JOINED[f]
    if type(owner) is list and name == "append":
        return None
    raise refusal(f"{name}()")


def _is_grown(x: Any) -> bool:
    """Whether a value is such a list, or holds such."""
    if type(x) in VIEWS:
        x = list(x.values() if type(x) is dict else x)
    return holds_grown(x) or (type(x) in (list, tuple) and any(map(holds_grown, x)))


def _goes_through(f: Any) -> bool:
    """Whether a function is compiled itself, or takes such lists."""
    if isinstance(f, type):
        pythons = f.__module__ == "builtins" or issubclass(f, (*PYTHONS, np.ndarray))
        return f in KNOWN or not pythons or hasattr(f, "_fields")
    if isinstance(f, FunctionType):
        return is_called(f)
    if isinstance(f, MethodType):
        return _goes_through(f.__func__)
    if isinstance(f, functools.partial):
        return _goes_through(f.func)
    if isinstance(f, BuiltinFunctionType):
        return f in KNOWN or (isinstance(f.__self__, dict) and f.__name__ in KEEPING)
    return not isinstance(f, Op) and python_method(type(f), "__call__") is not None


def refuse_grown(what: str, *values: Any) -> None:
    """Refuse lists that grow among operands.

    Errors: SourceError.
    """
    if any(map(_is_grown, values)):
        raise refusal(what)
