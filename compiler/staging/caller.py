"""Calls from rewritten code while it is traced: built-in functions have a meaning for symbolic values.

`call` is what the operators call with. Which operators those are, their own file says.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import Any

from ...runtime.eager import EagerTensor
from ...runtime.nn.module import Module
from ...runtime.tensor import Tensor
from ..frontend.calling import HIGHER_ORDER, Caller
from ..frontend.convert import is_rewritten
from ..frontend.users import OPAQUE, is_users
from .assigned import is_assignment, makes_tensors
from .builtins import COPIES, STAGED, staged_builtin, staged_copy, staged_type
from .effects import frozen, symbols
from .growing import of_grown
from .operands import as_operands
from .repeat import check_repeatable, is_log, silent, staged_log
from .state import Contents
from .statements import in_region, is_symbolic
from .text import TEXT_METHODS, late_call
from .tracer import active

CACHED = type(functools.lru_cache(len))


CHANGES = {
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse",
    "update", "setdefault", "popitem", "add", "discard", "__setitem__", "__delitem__",
}  # fmt: skip


class Unbuilt(BaseException):
    """A module would make its variables where Python makes them only later, or perhaps never; no handler may take it."""

    def __init__(self, module: Module) -> None:
        super().__init__(f"{type(module).__name__} is not built")
        self.module = module


def build(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Make the variables of a module for its first call: at once, so ahead of what the graph does on the way here.

    Errors: Unbuilt if that would show, in the order of random draws, say.
    """
    if in_region() or active().assigned():
        raise Unbuilt(module)
    module.prepare(*args, **kwargs)


class StagingCaller(Caller):
    """Calls while tracing: built-in functions have a meaning for symbolic values, and changes of lists are noted."""

    def __call__(self, f: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(f, Module) and not hasattr(f, OPAQUE):
            if not f.built:
                build(f, args, kwargs)
            return self(f.call, *args, **kwargs)
        if (version := of_grown(f, args, kwargs)) is not None:
            return version(*args, **kwargs)
        args = as_operands(f, args)
        if type(f) is FunctionType and f in COPIES:
            f = staged_copy(f, args)
        if is_log(f):
            return staged_log(f, args, kwargs)
        if type(f) is CACHED and symbols([*args, *kwargs.values()]):
            return active().remembered(f, args, kwargs, lambda: self(inspect.unwrap(f), *args, **kwargs))
        check_repeatable(f, args)
        if type(f) is CACHED:
            return silent(f, lambda: f(*args, **kwargs))
        if getattr(f, "__name__", "") in ("setitem", "__setitem__") and is_assignment(f, args):
            self.operators.set_item(*(args if f is operator.setitem else (getattr(f, "__self__", None), *args)))
            return None
        found = super().__call__(f, *args, **kwargs)
        if type(found) is EagerTensor and makes_tensors(f):
            return active().makes_tensor(found, (args, kwargs))
        return active().makes(found) if hasattr(type(found), "__next__") else found

    def converted(self, f: Any, args: tuple[Any, ...] = ()) -> Callable[..., Any]:
        made = super().converted(f, args)
        if made is not f and is_users(f):
            active().enters(f)
        if made is not f or is_rewritten(f.__code__):
            active().rebinds(f)
        return made

    def lent(self, value: Any) -> Any:
        if isinstance(value, type | BuiltinFunctionType) and value in STAGED:
            return functools.partial(self, value)  # called by Python, on what may be symbolic
        return super().lent(value)

    def class_of(self, x: Any) -> type:
        return staged_type(x) if is_symbolic(x) else x.__class__

    def builtin(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if f in HIGHER_ORDER:
            args, kwargs = tuple(map(self.lent, args)), {name: self.lent(value) for name, value in kwargs.items()}
        staged = staged_builtin(f, args, kwargs) or self.operators.REBINDING.get(f)
        if staged is not None:
            return staged(*args, **kwargs)
        owner = getattr(f, "__self__", None)
        if isinstance(owner, str) and f.__name__ in TEXT_METHODS and symbols([*args, *kwargs.values()]):
            return late_call(f, *frozen(list(args)), **frozen(kwargs))
        if isinstance(owner, (list, dict)) and getattr(f, "__name__", "") in CHANGES:
            active().settled(owner)
            active().note(Contents(owner))
        if isinstance(owner, BaseException) and getattr(f, "__name__", "") == "add_note" and in_region():
            notes = [*getattr(owner, "__notes__", ()), *args]
            return self.operators.set_plain_attr(owner, "__notes__", notes)
        made = super().builtin(f, args, kwargs)
        return active().makes(made) if getattr(f, "__name__", "") == "__new__" else made

    def construct(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        staged = staged_builtin(f, args, kwargs)
        if staged is not None:
            return staged(*args, **kwargs)
        made = super().construct(f, args, kwargs)
        return made if isinstance(made, Tensor) else active().makes(made)


call = StagingCaller(None)
