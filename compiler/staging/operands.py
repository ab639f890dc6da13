"""Operands of ops that a program calls by name: what a Python number is there.

`x + y` of Python numbers is a Python number, but `wf.add(x, y)` is a tensor: alone, numbers are tensors of their
default dtypes, and beside a tensor an elementwise op takes them as the tensor's dtype.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ...runtime.dtypes import PYTHON
from ...runtime.eager import is_weak
from ...runtime.op import Op
from ...runtime.tensor import OPS
from ..graph.symbolic import SymbolicTensor

LIBRARY = f"{Op.__module__.rpartition('.')[0]}.ops."


def as_operands(f: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call, with symbolic Python numbers made tensors where eager ops make them such."""
    if not isinstance(f, Op):  # made of ops: what it does with several numbers is its own affair
        alone = len(args) == 1 and isinstance(f, FunctionType) and (f.__module__ or "").startswith(LIBRARY)
        return (strong(args[0]),) if alone and _stands_for_number(args[0]) else args
    count = len(args) if f.variadic else f.arity
    if f.elementwise and not all(is_weak(x) or x is None or _stands_for_number(x) for x in args[:count]):
        return args
    return (*(strong(x) if _stands_for_number(x) else x for x in args[:count]), *args[count:])


def _stands_for_number(x: Any) -> bool:
    return isinstance(x, SymbolicTensor) and x.weak is not None


def strong(x: SymbolicTensor) -> Any:
    """A symbolic Python number as the tensor that `wf.tensor` makes of one."""
    kind = x.weak
    y = OPS["astype"](x, dtype=PYTHON[kind])  # pyright: ignore[reportArgumentType]
    if y is x or y.weak:
        y = OPS["identity"](y)
        y.weak = None
    return y
