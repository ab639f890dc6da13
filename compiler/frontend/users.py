"""What is the user's own: what comes neither from weft, nor from Python, nor from an installed package, and has a source.

Such functions, and such methods of classes, are rewritten when compiled code calls them. What must not be rewritten
carries the mark that `opaque` leaves on it.
"""

from __future__ import annotations

import functools
import linecache
import os
import sys
import sysconfig
from types import CodeType, FunctionType
from typing import Any, TypeVar

from ...runtime.errors import ROOT
from .convert import is_convertible, is_rewritten

F = TypeVar("F")
OPAQUE = "__weft_opaque__"
MISSING = object()
INSTALLED = tuple(
    os.path.realpath(path) + os.sep
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_path(name))
)


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
    return path.startswith("<frozen ") or os.path.realpath(path).startswith(INSTALLED)


def python_method(kind: type, name: str) -> FunctionType | None:
    """A method that a class defines in Python, as a plain function."""
    for parent in kind.__mro__:
        if name in parent.__dict__:
            found = parent.__dict__[name]
            return found if isinstance(found, FunctionType) else None
    return None


def static_attribute(kind: type, name: str) -> Any:
    """What a class, or one that it inherits from, holds under a name; MISSING if none does."""
    return next((vars(parent)[name] for parent in kind.__mro__ if name in vars(parent)), MISSING)


def is_called(f: object) -> bool:
    """Whether something is a function that rewritten code calls through the conversion."""
    return isinstance(f, FunctionType) and (is_rewritten(f.__code__) or is_users(f))


def users_method(kind: type, name: str) -> FunctionType | None:
    """The user's own method that Python would call for an operator."""
    if type(getattr(kind, name, None)) is not FunctionType or hasattr(kind, OPAQUE):
        return None
    found = static_attribute(kind, name)
    return found if is_called(found) else None
