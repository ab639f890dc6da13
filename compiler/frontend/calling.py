"""Calls from rewritten code: the user's own functions are rewritten as they are called, everything else is left alone.

Methods, classes, callable objects and partial functions are taken apart until a plain function is found. Built-in
functions that call methods of the user's classes call them through the conversion.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

from ...runtime.errors import ROOT, SourceError
from .convert import convert
from .methods import Methods
from .protocols import Protocols
from .users import OPAQUE, is_called, is_users, python_method, users_method

HIGHER_ORDER: tuple[object, ...] = (map, filter, sorted, min, max, functools.reduce)
BLIND = {  # what looks into the frame that calls it, and what to do without it
    builtins.locals: "name the variables",
    builtins.vars: "give the object",
    builtins.dir: "give the object",
    builtins.eval: "give the names that the text may see",
    builtins.exec: "give the names that the text may see",
}


class Caller:
    """Calls things on behalf of rewritten code that knows the given operators."""

    def __init__(self, operators: Any) -> None:
        self.operators = operators
        self.methods = Methods(self, lambda value: self.operators.not_(value))
        self.protocols = Protocols(self.methods)

    def __call__(self, f: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call `f` as Python would, its own code rewritten."""
        kind = type(f)
        if kind is FunctionType:
            version = self.library(f, args)
            return (version or self.converted(f, args))(*args, **kwargs)
        if kind is MethodType:
            return self(f.__func__, f.__self__, *args, **kwargs)
        if isinstance(f, type):
            return self.construct(f, args, kwargs)
        if kind is functools.partial and not _has_placeholder(f):
            return self(f.func, *f.args, *args, **{**f.keywords, **kwargs})
        if kind.__module__ == "builtins":
            return self.builtin(f, args, kwargs)
        method = python_method(kind, "__call__")
        if method is not None and not hasattr(f, OPAQUE):
            return self(method, f, *args, **kwargs)
        return f(*self.arguments(f, args), **kwargs)

    def converted(self, f: FunctionType, args: tuple[Any, ...] = ()) -> Callable[..., Any]:
        """A function's rewritten twin if it is the user's own, else the function."""
        return convert(f, self.operators) if is_users(f) else self.lending(f)

    def lending(self, f: FunctionType) -> Callable[..., Any]:
        """A function of a library; those of weft call the functions they are given, so these are rewritten."""
        if not _is_ours(f):
            return self.enclosing(f) if hasattr(f, "__wrapped__") else f
        g = self.enclosing(f)
        return lambda *args, **kwargs: g(*map(self.lent, args), **{k: self.lent(v) for k, v in kwargs.items()})

    def library(self, f: FunctionType, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """What is called in place of a function of the library that calls functions of the user's; None for others."""
        if f is dataclasses.replace:
            return self.replaced
        dispatch = getattr(f, "dispatch", None)
        if f.__globals__.get("__name__") == "functools" and dispatch is not None and args:
            return functools.partial(self, dispatch(self.class_of(args[0])))
        return None

    def class_of(self, x: Any) -> type:
        """The class that a value has for the program."""
        return x.__class__

    def replaced(self, made: Any, /, **changes: Any) -> Any:
        """`dataclasses.replace`, with `__post_init__` rewritten."""
        if users_method(type(made), "__post_init__") is None:
            return dataclasses.replace(made, **changes)
        fields = dataclasses.fields(made)
        if any(not each.init and each.name in changes for each in fields):
            return dataclasses.replace(made, **changes)  # says what is wrong
        kept = {each.name: getattr(made, each.name) for each in fields if each.init and each.name not in changes}
        return self(type(made), **{**kept, **changes})

    def enclosing(self, f: FunctionType, depth: int = 8) -> FunctionType:
        """A function of weft's with the functions in its closure rewritten: the gradient of a user's function, say."""
        if f.__closure__ is None or not depth:
            return f
        cells = tuple(self.enclosed(cell, depth - 1) for cell in f.__closure__)
        if all(new is cell for new, cell in zip(cells, f.__closure__, strict=True)):
            return f
        made = FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, cells)
        made.__kwdefaults__ = f.__kwdefaults__
        return made

    def enclosed(self, cell: CellType, depth: int) -> CellType:
        """A cell of a closure, or one that holds the rewritten function."""
        try:
            value = cell.cell_contents
        except ValueError:
            return cell
        if type(value) is not FunctionType:
            return cell
        new = self.enclosing(value, depth) if _is_ours(value) else self.lent(value)
        return cell if new is value else CellType(new)

    def lent(self, value: Any) -> Any:
        """A value as it is given to a function that may call it."""
        return convert(value, self.operators) if type(value) is FunctionType and is_users(value) else value

    def arguments(self, f: object, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments for something that is not Python code."""
        return tuple(map(self.lent, args)) if type(f).__module__.partition(".")[0] == ROOT else args

    def builtin(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call something written in C. Those that have a staged meaning are entered here."""
        version = BUILTINS.get(f) or self.protocols.version(f, args)
        return (version or f)(*args, **kwargs)

    def construct(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make an object: what Python does for a class, with `__new__` and `__init__` rewritten."""
        if f in BUILTINS:
            return BUILTINS[f](*args, **kwargs)
        version = self.protocols.version(f, args)
        if version is not None:
            return version(*args, **kwargs)
        if f in HIGHER_ORDER:
            return f(*map(self.lent, args), **kwargs)
        making = users_method(type(f), "__call__")
        if making is not None:
            return self(making, f, *args, **kwargs)
        return self.make(f, args, kwargs)

    def make(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What `type.__call__` does."""
        if _has_written_init(f) and users_method(f, "__post_init__") is not None:
            return self.make_dataclass(f, args, kwargs)
        init = python_method(f, "__init__")
        ours = (init is not None and is_called(init)) or is_called(f.__new__)
        if (type(f).__call__ is not type.__call__ and users_method(type(f), "__call__") is None) or not ours:
            return f(*args, **kwargs)
        made = self(f.__new__, f, *args, **kwargs)
        if isinstance(made, f):
            init = python_method(type(made), "__init__")
            given = made.__init__(*args, **kwargs) if init is None else self(init, made, *args, **kwargs)
            if given is not None:
                raise TypeError(f"__init__() should return None, not '{type(given).__name__}'")
        return made

    def make_dataclass(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the `__init__` does that a dataclass writes for itself, with `__post_init__` rewritten."""
        made = self(f.__new__, f)
        bound = inspect.signature(f.__init__).bind(made, *args, **kwargs)
        bound.apply_defaults()
        given, kept = bound.arguments, dataclasses.fields(f)
        for each in kept:
            self.set_field(made, each, given)
        others = [name for name, each in f.__dataclass_fields__.items() if each not in kept and name in given]
        self(made.__post_init__, *(given[name] for name in others))  # fields that are only for it
        return made

    def set_field(self, made: Any, each: dataclasses.Field[Any], given: dict[str, Any]) -> None:
        """Give a field of a new dataclass its value."""
        value = given[each.name] if each.init else each.default
        fresh = each.default_factory is not dataclasses.MISSING
        if fresh and (not each.init or type(value).__name__ == "_HAS_DEFAULT_FACTORY_CLASS"):
            value = self(each.default_factory)
        if value is not dataclasses.MISSING:
            frozen = type(made).__dataclass_params__.frozen
            (object.__setattr__ if frozen else self.operators.set_attr)(made, each.name, value)


def _is_ours(f: FunctionType) -> bool:
    """Whether a function is weft's."""
    return f.__globals__.get("__name__", "").partition(".")[0] == ROOT


def _has_written_init(f: Any) -> bool:
    """Whether a class is a dataclass, and makes its objects as dataclasses do."""
    init = python_method(f, "__init__")
    return dataclasses.is_dataclass(f) and init is not None and init.__code__.co_filename == "<string>"


def _has_placeholder(f: functools.partial[Any]) -> bool:
    placeholder = getattr(functools, "Placeholder", None)  # since Python 3.14
    return placeholder is not None and any(value is placeholder for value in f.args)


# --- builtins ------------------------------------------------------------------------------------------------------


def _callers_globals() -> dict[str, Any]:
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").partition(".")[0] == ROOT and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_globals


def _seeing(f: Any) -> Callable[..., Any]:
    """A builtin that reads the frame that calls it, unless it is given what to look at."""

    def checked(*args: Any, **kwargs: Any) -> Any:
        least = 2 if f in (eval, exec) else 1
        if len(args) + len(kwargs) < least:
            raise SourceError(
                f"{f.__name__}: compiled code has other variables than its source, so it cannot look at them",
                f"Tell {f.__name__} what to look at: {BLIND[f]}; or mark the function with wf.opaque.",
            )
        return f(*args, **kwargs)

    return checked


# What compiled code calls in place of a builtin. Staged meanings of builtins (len, range, sum, ...) stand here too.
BUILTINS: dict[Any, Callable[..., Any]] = {builtins.globals: _callers_globals}
BUILTINS |= {f: _seeing(f) for f in BLIND}
