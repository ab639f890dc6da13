"""Calls from rewritten code: the user's own functions are rewritten as they are called, everything else is left alone.

The user's own is what comes neither from weft, nor from Python, nor from an installed package, and has a source.
Methods, classes, callable objects and partial functions are taken apart until a plain function is found. What must
not be rewritten carries the mark that `opaque` leaves on it.
"""

from __future__ import annotations

import builtins
import functools
import linecache
import os
import sys
import sysconfig
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, TypeVar

from ...runtime.errors import ROOT, SourceError
from .convert import convert, is_convertible

F = TypeVar("F")
OPAQUE = "__weft_opaque__"
INSTALLED = tuple(
    os.path.realpath(path) + os.sep
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_path(name))
)
HIGHER_ORDER: tuple[object, ...] = (map, filter, sorted, min, max, functools.reduce)
BLIND = {  # what looks into the frame that calls it, and what to do without it
    builtins.locals: "name the variables",
    builtins.vars: "give the object",
    builtins.dir: "give the object",
    builtins.eval: "give the names that the text may see",
    builtins.exec: "give the names that the text may see",
}


def opaque(function: F) -> F:
    """Mark a function, a method or a class as one that compilation leaves alone.

    Example:
        >>> @opaque
        ... def log(x):
        ...     return x
        >>> is_users(log)
        False
    """
    setattr(function, OPAQUE, True)
    return function


class Caller:
    """Calls things on behalf of rewritten code that knows the given operators."""

    def __init__(self, operators: object) -> None:
        self.operators = operators

    def __call__(self, f: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call `f` as Python would, its own code rewritten."""
        kind = type(f)
        if kind is FunctionType:
            return self.converted(f, args)(*args, **kwargs)
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
            return f
        g = self.enclosing(f)
        return lambda *args, **kwargs: g(*map(self.lent, args), **{k: self.lent(v) for k, v in kwargs.items()})

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
        if f in BUILTINS:
            return BUILTINS[f](*args, **kwargs)
        return f(*args, **kwargs)

    def construct(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make an object: what Python does for a class, with `__new__` and `__init__` rewritten."""
        if f in HIGHER_ORDER:
            return f(*map(self.lent, args), **kwargs)
        init = python_method(f, "__init__")
        if type(f).__call__ is not type.__call__ or init is None or not is_users(init) or f in BUILTINS:
            return f(*args, **kwargs)
        made = self(f.__new__, f, *args, **kwargs)
        if isinstance(made, f):
            init = python_method(type(made), "__init__")
            given = made.__init__(*args, **kwargs) if init is None else self(init, made, *args, **kwargs)
            if given is not None:
                raise TypeError(f"__init__() should return None, not '{type(given).__name__}'")
        return made


def _is_ours(f: FunctionType) -> bool:
    """Whether a function is weft's."""
    return f.__globals__.get("__name__", "").partition(".")[0] == ROOT


def is_users(f: FunctionType) -> bool:
    """Whether a function is the user's own, to be rewritten when it is called."""
    code = f.__code__
    return is_convertible(code) and not hasattr(f, OPAQUE) and _is_users_file(f, code)


def _is_users_file(f: FunctionType, code: CodeType) -> bool:
    module = f.__globals__.get("__name__") or ""
    top = module.partition(".")[0]
    path = code.co_filename
    typed_in = path.startswith("<")  # at a prompt, in a doctest: nobody's file
    if path == "<string>":  # made by a program: what a dataclass writes for itself, say
        return False
    if (top == ROOT and not typed_in) or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    return not _is_installed(path) and bool(linecache.getlines(path, f.__globals__))


@functools.lru_cache(maxsize=4096)
def _is_installed(path: str) -> bool:
    return path.startswith("<frozen") or os.path.realpath(path).startswith(INSTALLED)


def python_method(kind: type, name: str) -> FunctionType | None:
    """A method that a class defines in Python, as a plain function."""
    for parent in kind.__mro__:
        if name in parent.__dict__:
            found = parent.__dict__[name]
            return found if isinstance(found, FunctionType) else None
    return None


def python_property(owner: object, name: str) -> FunctionType | None:
    """The user's own getter of a property, where reading an attribute comes down to calling it."""
    kind = type(owner)
    if kind.__getattribute__ is not object.__getattribute__ or hasattr(kind, "__getattr__"):
        return None
    for parent in kind.__mro__:
        if name in parent.__dict__:
            found = parent.__dict__[name]
            getter = found.fget if type(found) is property else None
            return getter if isinstance(getter, FunctionType) and is_users(getter) else None
    return None


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
