"""Python's built-in functions on symbolic values."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from ...runtime.dtypes import float64, int64
from ...runtime.errors import SourceError
from ...runtime.tensor import OPS
from ..graph.graph import SymbolicTensor
from .branches import is_none, truth
from .effects import emit, frozen, host, with_values
from .maybe import Maybe
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
from .text import late_field


def _single(x: Any, what: str) -> Any:
    if x.size != 1:
        raise TypeError(f"only tensors of a single element can be made a Python {what}; this one is {x.spec}")
    return OPS["reshape"](x, shape=())


def _cast(x: Any, kind: type, dtype: Any) -> Any:
    x = _single(x, kind.__name__)
    if kind is int and x.dtype.kind == "f":
        x = OPS["trunc"](x)
    y = OPS["astype"](x, dtype=dtype)
    y.weak = kind
    return y


def staged_len(x: Any) -> Any:
    """The length of a staged sequence or tensor."""
    return sequence(x).length if isinstance(x, Staged) else len(x)


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


def _extreme(name: str, reduce: str, pair: str) -> Callable[..., Any]:
    def extreme(*values: Any, **options: Any) -> Any:
        if options:
            raise SourceError(f"{name}() of tensors takes no key or default", f"Use wf.{reduce} and wf.where.")
        if len(values) == 1:
            if isinstance(values[0], SymbolicTensor):
                return OPS[reduce](values[0], axis=0)
            values = tuple(values[0])
        result = values[0]
        for x in values[1:]:
            result = OPS[pair](result, x)
        return result

    return extreme


def _sum(values: Any, start: Any = 0) -> Any:
    if isinstance(values, SymbolicTensor):
        return OPS["sum"](values, axis=0, dtype=values.dtype) + start
    total = start
    for x in values:
        total = total + x
    return total


def _sorted(values: Any, *, key: Any = None, reverse: bool = False) -> Any:
    if key is not None or not isinstance(values, SymbolicTensor):
        raise SourceError("sorted() of tensors takes no key", "Use wf.sort, or wf.argsort and wf.take.")
    return OPS["sort"](values, descending=reverse)


def _quantified(name: str) -> Callable[..., Any]:
    def quantified(values: Any) -> Any:
        if isinstance(values, SymbolicTensor):
            return OPS[name](values)
        result: Any = name == "all"
        for x in values:
            result = OPS[f"logical_{'and' if name == 'all' else 'or'}"](
                result, truth(x) if isinstance(x, SymbolicTensor) else bool(x)
            )
        return result

    return quantified


STAGED: dict[Any, Callable[..., Any]] = {
    builtins.range: staged_range,
    builtins.enumerate: staged_enumerate,
    builtins.zip: staged_zip,
    builtins.reversed: staged_reversed,
    builtins.map: staged_map,
    builtins.len: staged_len,
    builtins.print: staged_print,
    builtins.str: lambda x: late_field(_present(x), "s", ""),
    builtins.repr: lambda x: late_field(_present(x), "r", ""),
    builtins.format: lambda x, form="": late_field(_present(x), "", form),
    builtins.isinstance: _isinstance,
    builtins.type: lambda x: _present(x).weak or type(x),
    builtins.int: lambda x: _cast(x, int, int64),
    builtins.float: lambda x: _cast(x, float, float64),
    builtins.bool: truth,
    builtins.min: _extreme("min", "min", "minimum"),
    builtins.max: _extreme("max", "max", "maximum"),
    builtins.sum: _sum,
    builtins.sorted: _sorted,
    builtins.any: _quantified("any"),
    builtins.all: _quantified("all"),
}


FOLDS = (builtins.min, builtins.max, builtins.sum, builtins.sorted, builtins.any, builtins.all)


def staged_builtin(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """The version of a built-in function for these arguments; None where the plain one serves."""
    try:
        version = STAGED.get(function)
    except TypeError:
        return None
    if version is None:
        return None
    if any_staged(args) or any(isinstance(x, (SymbolicTensor, Maybe)) for x in args):
        return version
    if function is builtins.print:
        return version
    if function in FOLDS and args and isinstance(args[0], (list, tuple)):
        return version if any(isinstance(x, SymbolicTensor) for x in args[0]) else None
    return None


__all__ = ["STAGED", "is_none", "is_staged", "staged_builtin"]
