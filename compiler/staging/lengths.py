"""Python's built-in functions on sizes that are not known yet: each gives what it gives for an int."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from ...runtime.dim import Dim, sized
from ...runtime.dtypes import float64
from ...runtime.tensor import OPS
from .effects import frozen
from .sequences import staged_range
from .text import late_field


def _int(x: Any, *base: Any) -> Any:
    return int(x, *base) if base else x


def _float(x: Any) -> Any:
    y = OPS["astype"](x.tensor(), dtype=float64)
    y.weak = float
    return y


def _isinstance(x: Any, kinds: Any) -> bool:
    return isinstance(0, kinds)


def _type(x: Any) -> type:
    return int


OF_SIZES: dict[Any, Callable[..., Any]] = {
    builtins.int: _int,
    builtins.float: _float,
    builtins.isinstance: _isinstance,
    builtins.type: _type,
    builtins.range: staged_range,
}
TEXTS: dict[Any, Callable[..., Any]] = {
    builtins.str: lambda x: late_field(frozen(x), "s", ""),
    builtins.repr: lambda x: late_field(frozen(x), "r", ""),
    builtins.format: lambda x, form="": late_field(frozen(x), "", form),
}


def of_sizes(function: Any, args: Any) -> Callable[..., Any] | None:
    """The version of a built-in function for sizes among the arguments; None where the plain one serves."""
    if function in TEXTS and args and sized(args[0]):
        return TEXTS[function]
    return OF_SIZES.get(function) if any(type(x) is Dim for x in args) else None
