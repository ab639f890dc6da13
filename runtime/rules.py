"""Gradient rules as functions of arrays: what a rule does, written down once.

A rule is run on stand-ins for arrays of one dtype. Their context writes a line of Python for each elementwise op, a
call of its NumPy kernel, and the lines become a function. It gives what the ops give, bit for bit, since the kernels
and their operands are the same. What is no call of a kernel on arrays of the right dtypes (casts, shapes, other ops,
arithmetic of Python numbers alone) is not foreseen: such a rule has no function. When to call it, others decide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import asarray, ndarray

from . import dtypes
from .dtypes import DType
from .families import Elementwise
from .op import Op, Rule
from .spec import SCALARS
from .tensor import Tensor

Function = Callable[..., Any]  # (dy, y, *operands), all arrays, to the cotangent of an operand, or None


class _UnforeseenError(Exception):
    """A function cannot be written."""


class _StandIn(Tensor):
    """An array that is not there: a variable of the function being written."""

    __slots__ = ("context", "key", "kind", "name")

    def __init__(self, context: _Trace, name: str, kind: DType | None) -> None:
        self.context = context  # pyright: ignore[reportAttributeAccessIssue]
        self.name, self.kind, self.key = name, kind, 0  # no kind: a weak scalar

    @property
    def dtype(self) -> DType:
        if self.kind is None:
            raise _UnforeseenError
        return self.kind


class _Trace:
    """The context of stand-ins: to run an op is to write the line that will run it."""

    depth = 1 << 30  # deeper than any other

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype  # that of the operands, in which weak scalars come
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {"__name__": __name__, "asarray": asarray, "ndarray": ndarray}

    def run(self, op: Op[...], args: tuple[Any, ...], attrs: dict[str, Any]) -> _StandIn:
        """The stand-in for the result."""
        if not isinstance(op, Elementwise) or not _keeps_promises(op):
            raise _UnforeseenError
        if all([_kind(x) is None for x in args]):  # Python's arithmetic, in double precision
            raise _UnforeseenError
        dtype = op.compute_dtype(*[1.0 if type(x) is _StandIn and x.kind is None else x for x in args])
        if dtype in dtypes.HALVES:
            raise _UnforeseenError
        names = [self.operand(x, wanted) for x, wanted in zip(args, op.operand_dtypes(dtype), strict=True)]
        if not isinstance(op.kernel, np.ufunc):  # may not take the scalars that ufuncs make of 0-d arrays
            names = [f"asarray({name})" for name in names]
        result = f"v{len(self.lines)}"
        self.lines.append(f"{result} = {self.constant(op.kernel)}({', '.join(names)})")
        return _StandIn(self, result, op.gives(dtype) if op.gives else dtype)

    def operand(self, x: Any, wanted: DType) -> str:
        """The name of an operand, which must have the wanted dtype; a Python scalar becomes a constant of it."""
        if type(x) in SCALARS:
            return self.constant(asarray(x, wanted))
        if type(x) is not _StandIn or (x.kind or self.dtype) is not wanted:
            raise _UnforeseenError
        return x.name

    def constant(self, value: Any) -> str:
        """A name for a value that the function refers to."""
        name = f"c{len(self.scope)}"
        self.scope[name] = value
        return name

    def function(self, parameters: list[_StandIn], result: str) -> Function:
        """The lines as a function; kernels make scalars of 0-d arrays, and its result is an array."""
        lines = [*self.lines, f"return {result} if type({result}) is ndarray else asarray({result})"]
        body = "".join(f"    {line}\n" for line in lines)
        exec(f"def pull({', '.join([x.name for x in parameters])}):\n{body}", self.scope)
        return self.scope["pull"]


def _kind(x: Any) -> DType | None:
    """The dtype of an operand; None for a scalar without one."""
    return x.kind if type(x) is _StandIn else None


def _keeps_promises(op: Elementwise) -> bool:
    """Whether the kernel alone gives the dtype that the op promises."""
    return isinstance(op.kernel, np.ufunc) or op.gives is None


def as_function(rule: Rule | None, dtype: DType, operands: str) -> Function | None:
    """The function of a rule for `operands`, each a tensor of `dtype` ("t") or a weak scalar ("w") as a 0-d array.

    The function gives None where there is no cotangent. None for a rule that has no function.
    """
    trace = _Trace(dtype)
    kinds = [dtype, dtype, *(dtype if kind == "t" else None for kind in operands)]
    parameters = [_StandIn(trace, f"p{i}", kind) for i, kind in enumerate(kinds)]
    try:
        result = None if rule is None else rule(*parameters)
        if result is None:
            return _nothing
        return trace.function(parameters, trace.operand(result, dtype))
    except Exception:  # whatever the rule asks that a stand-in does not know
        return None


def _nothing(*_: Any) -> None:
    return None
