"""Python's built-in functions on symbolic values."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...runtime.creation import asarray, tensor
from ...runtime.dim import sized
from ...runtime.dtypes import FLOATS, float64, int64, uint64
from ...runtime.eager import EagerTensor
from ...runtime.tensor import OPS, Tensor
from ..graph.integers import integer_of
from ..graph.symbolic import SymbolicTensor
from .branches import as_number, is_none, staged_value, truth
from .effects import emit, frozen, host, symbols, with_values
from .growing import first_total, is_filled
from .grown import holds_grown
from .lengths import of_sizes
from .loops import staged_for
from .maybe import Maybe
from .operands import strong
from .sequences import (
    Staged,
    any_staged,
    is_staged,
    sequence,
    staged_enumerate,
    staged_map,
    staged_range,
    staged_reversed,
    staged_zip,
)
from .state import Result
from .text import late_field
from .tracer import active


def _single(x: Any, what: str) -> Any:
    if x.size != 1:
        raise TypeError(f"only tensors of a single element can be made a Python {what}; this one is {x.spec}")
    return OPS["reshape"](x, shape=())


def _cast(x: Any, kind: type, dtype: Any) -> Any:
    x = _single(x, kind.__name__)
    wide = x.dtype in FLOATS or x.dtype is uint64
    y: Any = integer_of(x) if kind is int and wide else OPS["astype"](x, dtype=dtype)
    y.weak = kind
    return y


def staged_len(x: Any) -> Any:
    """The length of a staged sequence or tensor."""
    if isinstance(x, SymbolicTensor) and x.shape:
        return x.shape[0]
    return sequence(x).length if isinstance(x, Staged) or holds_grown(x) else len(x)


def staged_print(*values: Any, **options: Any) -> None:
    """Print when the graph runs, in order."""

    def act(known: list[Any]) -> None:
        print(*known, **options)

    operands, action = with_values([frozen(x) for x in values], act)
    emit(host, operands, action)


def _present(x: Any) -> Any:
    return x.demand() if isinstance(x, Maybe) else x


def _isinstance(x: Any, kinds: Any) -> Any:
    if isinstance(x, Maybe):
        none, value = is_none(x), _isinstance(x.value, kinds) if x.value is not None else False
        there = OPS["logical_and"](OPS["logical_not"](none), value) if value else False
        return OPS["logical_or"](there, none) if isinstance(None, kinds) else there
    return issubclass(x.weak, kinds) if getattr(x, "weak", None) else isinstance(x, kinds)


def staged_type(x: Any) -> type:
    """The class that a symbolic value has for the program."""
    return _present(x).weak or EagerTensor


def _rows(values: Any) -> list[Any]:
    """The items of a tensor or of anything that Python iterates."""
    return list(values)


def _best_by(key: Any, items: list[Any], larger: bool) -> Any:
    """The item with the least or the largest key, the first of several."""
    best = (items[0], key(items[0]))
    for x in items[1:]:
        other = (x, key(x))
        better = other[1] > best[1] if larger else other[1] < best[1]
        if isinstance(better, SymbolicTensor):
            best = staged_value(better, lambda other=other: other, lambda best=best: best, "the best so far")
        else:
            best = other if better else best
    return best[0]


def _round(x: Any, digits: Any = None) -> Any:
    if getattr(x, "weak", None) is None or x.weak is int:
        return x.__round__() if digits is None else x.__round__(digits)
    if digits is None:
        return _cast(OPS["round"](x), int, int64)
    scale = 10.0**digits
    return OPS["round"](x * scale) / scale


def _chosen(x: Any, best: Any, larger: bool) -> Any:
    """What Python keeps of two: the first of equal ones, and of those of which one is no number."""
    better = x > best if larger else x < best
    if not isinstance(better, SymbolicTensor):
        return x if better else best
    better = truth(better)
    if isinstance(x, Tensor) and isinstance(best, Tensor) and x.spec == best.spec:
        return OPS["where"](better, x, best)
    return staged_value(better, lambda: x, lambda: best, "the best so far")


def _extreme_element(x: Any, larger: bool) -> Any:
    """The element that Python keeps of a vector: what is no number stays if it comes first, else it is passed by."""
    known = OPS["where"](OPS["isnan"](x), -math.inf if larger else math.inf, x) if x.dtype in FLOATS else x
    place = OPS["argmax" if larger else "argmin"](known, axis=0)
    if x.dtype in FLOATS:
        place = OPS["where"](OPS["isnan"](x[0]), 0, place)
    return OPS["take"](x, place, axis=0)


def _extreme(larger: bool) -> Callable[..., Any]:
    def extreme(*values: Any, **options: Any) -> Any:
        key = options.get("key")
        if len(values) == 1:
            if isinstance(values[0], SymbolicTensor) and len(values[0].shape) == 1 and key is None:
                return _extreme_element(values[0], larger)
            values = tuple(_rows(values[0]))
        if not values and "default" in options:
            return options["default"]
        if key is not None:
            return _best_by(key, list(values), larger)
        best = functools.reduce(lambda best, x: _chosen(x, best, larger), values)
        active().blur(best)  # one of them, in Python
        active().share_all(list(values))
        return best

    return extreme


def _sum(values: Any, start: Any = 0) -> Any:
    if isinstance(values, SymbolicTensor):
        return OPS["sum"](values, axis=0, dtype=values.dtype) + start
    if holds_grown(values):
        return _sum_of_grown(sequence(values), first_total(values, start))
    total = start
    for x in values:
        total = total + x
    return total


def _sum_of_grown(items: Staged, start: Any) -> Any:
    """The sum of the items of a list that grew, one after the other."""
    total = Result("the sum")
    total.set(start)
    staged_for(items.length, items.item, lambda x: total.set(total.value + x), None, [total])
    return total.value


def _sorted(values: Any, *, key: Any = None, reverse: bool = False) -> Any:
    items = _rows(values)
    if len(items) < 2:
        return items
    keys = items if key is None else [key(x) for x in items]
    order = OPS["argsort"](OPS["stack"](*keys, axis=0), descending=reverse)
    found = sequence(items)
    return [found.item(order[k]) for k in range(len(items))]


def _quantified(name: str) -> Callable[..., Any]:
    def quantified(values: Any) -> Any:
        if isinstance(values, Iterator):
            return _quantified_lazily(values, name == "all")
        if isinstance(values, SymbolicTensor):
            return as_number(OPS[name](values), bool)
        result: Any = name == "all"
        for x in values:
            result = OPS[f"logical_{'and' if name == 'all' else 'or'}"](
                result, truth(x) if isinstance(x, SymbolicTensor) else bool(x)
            )
        return as_number(result, bool)

    return quantified


def _quantified_lazily(values: Iterator[Any], every: bool) -> Any:
    """`all` or `any` of what comes, where nothing comes any more once it is decided."""
    for x in values:
        x = is_filled(x) if holds_grown(x) else x
        test = truth(x) if isinstance(x, SymbolicTensor) else x
        if isinstance(test, SymbolicTensor):
            rest, end = (lambda: _quantified_lazily(values, every)), (lambda: not every)
            return staged_value(test, *((rest, end) if every else (end, rest)), "all()" if every else "any()")
        if bool(test) is not every:
            return not every
    return every


def _listed(function: Any) -> Callable[..., Any]:
    def folded(values: Any, *rest: Any, **options: Any) -> Any:
        items = list(values)
        return (staged_builtin(function, (items, *rest), options) or function)(items, *rest, **options)

    return folded


def _asarray(x: Any, /, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> Any:
    """`wf.asarray`: another tensor of the same value."""
    x = x.demand() if isinstance(x, Maybe) else x
    x = OPS["identity"](strong(x) if x.weak else x)
    x = x if device is None else OPS["to_device"](x, device)
    return x if dtype is None else OPS["astype"](x, dtype=dtype)


def _tensor(value: Any, dtype: Any = None, *, device: Any = None) -> Any:
    """`wf.tensor`: another tensor of the same value, as a constant."""
    return OPS["stop_gradient"](_asarray(value, dtype, device=device))


STAGED: dict[Any, Callable[..., Any]] = {
    builtins.range: staged_range,
    builtins.enumerate: staged_enumerate,
    builtins.zip: staged_zip,
    builtins.reversed: staged_reversed,
    builtins.map: staged_map,
    builtins.len: staged_len,
    builtins.print: staged_print,
    builtins.str: lambda x: late_field(frozen(_present(x)), "s", ""),
    builtins.repr: lambda x: late_field(frozen(_present(x)), "r", ""),
    builtins.format: lambda x, form="": late_field(frozen(_present(x)), "", form),
    builtins.isinstance: _isinstance,
    builtins.type: lambda x: staged_type(x),
    builtins.int: lambda x: _cast(x, int, int64),
    builtins.float: lambda x: _cast(x, float, float64),
    builtins.round: _round,
    math.floor: lambda x: _cast(OPS["floor"](_single(x, "int")), int, int64),
    math.ceil: lambda x: _cast(OPS["ceil"](_single(x, "int")), int, int64),
    math.trunc: lambda x: _cast(x, int, int64),
    builtins.bool: lambda x: as_number(truth(x), bool),
    builtins.min: _extreme(larger=False),
    builtins.max: _extreme(larger=True),
    builtins.sum: _sum,
    builtins.sorted: _sorted,
    builtins.any: _quantified("any"),
    builtins.all: _quantified("all"),
}


ITERATED = (Iterator, type({}.values()), type({}.keys()), type({}.items()), set, frozenset)
TEXTS = (builtins.str, builtins.repr, builtins.format)
FOLDS = (builtins.min, builtins.max, builtins.sum, builtins.sorted, builtins.any, builtins.all)


COPIES: dict[Any, Callable[..., Any]] = {asarray: _asarray, tensor: _tensor}


def staged_copy(function: Any, args: Sequence[Any]) -> Any:
    """The version of `wf.asarray` and `wf.tensor` for a symbolic tensor; the function itself for all else."""
    return COPIES.get(function, function) if args and isinstance(args[0], (SymbolicTensor, Maybe)) else function


def staged_builtin(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """The version of a built-in function for these arguments; None where the plain one serves."""
    try:
        version = STAGED.get(function)
    except TypeError:
        return None
    if version is None:
        return None
    if sized(args) and (found := of_sizes(function, args)) is not None:
        return found
    if function in (builtins.type, builtins.isinstance) and args and holds_grown(args[0]):
        return None
    if any_staged(args) or any(isinstance(x, (SymbolicTensor, Maybe)) for x in args):
        return version
    if function is builtins.print or (function in TEXTS and args and symbols([args[0]])):
        return version
    if function in FOLDS and len(args) == 1 and isinstance(args[0], ITERATED):
        return version if function in (builtins.any, builtins.all) else _listed(function)
    if function in FOLDS and kwargs.get("key") is not None and args and isinstance(args[0], (list, tuple)):
        return version if symbols(args) else None
    if function in FOLDS and args and isinstance(args[0], (list, tuple)):
        return version if any(isinstance(x, SymbolicTensor) for x in args[0]) else None
    return None


__all__ = ["STAGED", "is_none", "is_staged", "staged_builtin"]
