"""What a callable comes down to: a plain Python function, and the arguments that are bound to it already.

Methods, partial functions, properties, callable objects and the wrappers of the table below are taken apart. A
wrapper written in Python is a function like any other: it is compiled itself, and what it calls is met there. A
wrapper that is neither is refused, for skipping it would skip what it does. This file reads no source.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from ...runtime.errors import SourceError


@dataclass(frozen=True)
class Callee:
    """A plain function and what its next call is given before the caller's own arguments."""

    function: FunctionType
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = field(default_factory=dict)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the function as the callable would have called it."""
        return self.function(*self.args, *args, **{**self.kwargs, **kwargs})


# Wrappers that add nothing to what a call gives, and the attribute that holds the function inside.
WRAPPERS: dict[type, str] = {
    staticmethod: "__func__",
    classmethod: "__func__",
    property: "fget",
    functools.cached_property: "func",
    type(functools.lru_cache(len)): "__wrapped__",
}


def callee(f: object) -> Callee:
    """The plain function at the heart of a callable, with the arguments bound around it.

    Errors: SourceError for a class, for what is written in C, and for a wrapper that is not known.
    """
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = {}
    while not isinstance(f, FunctionType):
        if isinstance(f, MethodType):
            f, args = f.__func__, (f.__self__, *args)
        elif isinstance(f, functools.partial):
            _check_partial(f)
            f, args, kwargs = f.func, (*f.args, *args), {**f.keywords, **kwargs}
        elif attribute := _known_wrapper(f):
            f = getattr(f, attribute)
        else:
            f = _call_method(f)
    return Callee(f, args, kwargs)


def name_of(f: object) -> str:
    """What a message calls a callable."""
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None)
    return name if isinstance(name, str) else f"the {type(f).__qualname__}"


def _known_wrapper(f: object) -> str:
    return next((attribute for kind, attribute in WRAPPERS.items() if isinstance(f, kind)), "")


def _call_method(f: object) -> Callable[..., object]:
    """The bound `__call__` of an object whose class defines one in Python."""
    if isinstance(f, type):
        raise SourceError(
            f"compile: {name_of(f)} is a class, not a function", "Compile a function that makes it, or its methods."
        )
    call = next((vars(kind)["__call__"] for kind in type(f).__mro__ if "__call__" in vars(kind)), None)
    if call is None:
        raise SourceError(f"compile: {name_of(f)} cannot be called", "Give a function, a method or a callable object.")
    if isinstance(call, (FunctionType, staticmethod, classmethod, functools.partialmethod)):
        return call.__get__(f, type(f))
    raise _written_in_c(f)


def _written_in_c(f: object) -> SourceError:
    inner = getattr(f, "__wrapped__", None)
    if inner is None:
        return SourceError(
            f"compile: {name_of(f)} is not written in Python, so there is no source to compile",
            "Call it from a function that is; what must stay as it is can be marked with wf.opaque.",
        )
    return SourceError(
        f"compile: {name_of(f)} wraps {name_of(inner)} in {_indefinite(type(f))}, which weft does not know",
        "Compile the function inside, f.__wrapped__, if the wrapper may be left out; else mark it with wf.opaque.",
    )


def _indefinite(kind: type) -> str:
    return f"{'an' if kind.__name__[0].lower() in 'aeiou' else 'a'} {kind.__module__}.{kind.__qualname__}"


def _check_partial(f: functools.partial[object]) -> None:
    placeholder = getattr(functools, "Placeholder", None)  # since Python 3.14
    if placeholder is not None and any(value is placeholder for value in f.args):
        raise SourceError(
            f"compile: a partial of {name_of(f.func)} leaves out arguments in the middle",
            "Write a lambda that takes them instead of functools.Placeholder.",
        )
