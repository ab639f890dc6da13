"""`compile`: a function that becomes a graph when it is called.

The first call with arguments of a kind traces the function: it is rewritten, run on symbolic tensors, and leaves a
graph, which serves all later calls with arguments of that kind. Variables that it reads are inputs of the graph,
variables that it assigns are results. Under a tape a call is one node, whose gradient is the graph's.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from ..runtime import observers
from ..runtime.errors import SourceError
from ..runtime.nn.module import Module
from ..runtime.scopes import scopes
from ..runtime.tensor import as_tensor
from .cache import LIMIT, Cache, Opening, opened
from .declared import open_places, specs_in
from .explained import Explanation, explained, written
from .frontend.convert import rewritten_tree
from .frontend.unparse import unparse
from .graph import picture as _picture, text as _text  # noqa: F401  (graphs show themselves)
from .graph.graph import Graph, writing
from .guards import Guard, show
from .quick import MISSED, Quick, missed, quick_call
from .resting import collector_resting
from .signature import Signature, data_of, is_array, leaf_names, parameters, signature, watch_life
from .staging import operators
from .staging.caller import Unbuilt
from .staging.paths import called_with
from .tracing import Program, trace

_eagerly: ContextVar[bool | None] = ContextVar("eagerly", default=None)  # None: as everywhere
_everywhere = [False]


@contextmanager
def eagerly(on: bool = True) -> Iterator[None]:
    """Run compiled functions as plain Python inside the `with` block, for debugging."""
    token = _eagerly.set(on)
    try:
        with scopes:  # so that quick calls ask
            yield
    finally:
        _eagerly.reset(token)


def run_eagerly(on: bool) -> None:
    """Run compiled functions as plain Python from now on, in every thread, or compile them again."""
    if on and not _everywhere[0]:
        scopes.__enter__()
    elif _everywhere[0] and not on:
        scopes.__exit__()
    _everywhere[:] = [on]


def _is_eager() -> bool:
    here = _eagerly.get()
    return _everywhere[0] if here is None else here


@dataclass
class CacheInfo:
    """How often a compiled function found a trace, and how many it holds."""

    hits: int = 0
    misses: int = 0
    size: int = 0
    limit: int = LIMIT


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that can be compiled.

    Errors: SourceError for generators and async functions, TypeError for what cannot be called.
    """
    if not callable(function):
        raise TypeError(f"compile takes a function, not a {type(function).__name__}")
    for is_kind, kind in ((inspect.isasyncgenfunction, "an async generator"), (inspect.iscoroutinefunction, "an async function"),
                          (inspect.isgeneratorfunction, "a generator")):  # fmt: skip
        if is_kind(function):
            name = getattr(function, "__name__", "the function")
            raise SourceError(f"{name} is {kind}, which cannot be compiled", "Return a list or a tensor instead.")
    return function


class Compiled:
    """A function that is compiled when it is called; use it like the function."""

    def __init__(self, function: Callable[..., Any], signature: Sequence[Any] | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function = _checked(function)
        self.signature = tuple(signature or ())
        specs_in(self.signature)
        self._cache = Cache()
        self._reasons: list[str] = []
        self._info = CacheInfo()
        self._lock = threading.RLock()
        self._unbuilt = WeakValueDictionary[Signature, Module]()  # why calls run as plain Python
        self._quick: Quick = missed  # the way of the last call, where that was quick

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and not (scopes.count and _is_eager()):
            result = self._quick(args)
            if result is not MISSED:
                self._info.hits += 1
                return result
        if writing() is not None:  # inside another compiled function: part of its graph
            return operators.call(self.function, *args, **kwargs)
        if _is_eager():
            return self.function(*args, **kwargs)
        key, leaves = signature(args, kwargs)
        with called_with((args, kwargs)):
            found = self._program(key, leaves)
            if found is None:
                return self.function(*map(_as_data, args), **kwargs)
            data = data_of(leaves)
            result = found(data, (args, kwargs))
        if not kwargs and not observers.watching.count:
            self._quick = quick_call(found, data, args) or missed
        return result

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        return self if owner is None else functools.partial(self, owner)

    def __repr__(self) -> str:
        return f"<compiled {self.function!r}>"

    def _program(self, key: Signature, leaves: list[Any]) -> Program | None:
        """The program that serves a call; None while there are modules that plain Python has to build first."""
        module = self._unbuilt.get(key)
        if module is not None and not module.built:
            return None
        try:
            return self._find(key, leaves)
        except Unbuilt as unbuilt:
            self._unbuilt[key] = unbuilt.module
            return None

    def _shown(self, key: Signature, leaves: list[Any]) -> Program:
        """The program to look at, without a call.

        Errors: SourceError while there are modules that a call has to build first.
        """
        found = self._program(key, leaves)
        if found is None:
            kind = type(self._unbuilt[key]).__name__
            raise SourceError(
                f"the function's {kind} makes its variables at its first call, in a branch or after other changes of state, so there is no graph yet",
                "Call the function once, or build the model first: model(x).",
            )
        return found

    def _find(self, key: Signature, leaves: list[Any]) -> Program:
        with self._lock:
            traced = self._cache.find(key)
            broken = traced.broken() if traced is not None else None
            if traced is not None and broken is None:
                self._info.hits += 1
                return traced
            names = leaf_names(self.function, key)
            declared = open_places(self.signature, key, names, parameters(self.function)) if self.signature else {}
            self._info.misses += 1
            opening = self._cache.opening(key, names, declared)
            self._reasons.append(_reason(key, list(self._cache.traces), broken, opening))
            del self._reasons[:-LIMIT]
            with collector_resting():
                traced = self._traced(key, leaves, opening)
            _check_declared(set(declared.values()), opening)
            self._cache.keep(key, traced)
            watch_life(leaves, functools.partial(self._cache.forget, key))
            return traced

    def _traced(self, key: Signature, leaves: list[Any], opening: Opening) -> Program:
        """A trace with these sizes open; with the sizes of the call where that cannot be."""
        if self.signature:
            return trace(self.function, key, leaves, opening)
        if opening.places:
            try:
                return trace(self.function, key, leaves, opening)
            except Exception:  # with plain numbers it may work, or says what is wrong
                self._cache.kind(key).fixed.update(opening.places)
        return trace(self.function, key, leaves, opened(key, {}, ()))

    def explain_retrace(self) -> str:
        """Why the function was traced the last time: which argument, or what around it, was different."""
        return self._reasons[-1] if self._reasons else "it was not traced yet"

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph that serves these arguments."""
        key, leaves = signature(args, kwargs)
        return self._shown(key, leaves).graph

    def kernels(self, *args: Any, **kwargs: Any) -> str:
        """The C of the native program that serves these arguments, your lines in it as comments.

        Errors: BuildError if there is none, with the reason.
        """
        return written(*self._operands(args, kwargs))

    def explain(self, *args: Any, repeats: int = 5, **kwargs: Any) -> Explanation:
        """What the steps of the native program cost for these arguments: a table of time, bytes, and rates.

        The program runs `repeats` times; what it gives is thrown away, and variables stay as they are.
        """
        return explained(*self._operands(args, kwargs), repeats)

    def _operands(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Graph, list[Any]]:
        """The graph that serves these arguments, and the buffers that a call would give it."""
        key, leaves = signature(args, kwargs)
        program = self._shown(key, leaves)
        values = (*data_of(leaves), *(v.read_value() for v in program.variables))
        return program.graph, [x.buffer for x in values]

    def source(self) -> str:
        """The rewritten Python that is traced, as text."""
        return unparse(rewritten_tree(inspect.unwrap(self.function)))

    def cache_info(self) -> CacheInfo:
        """Hits, misses, and the number of traces held."""
        return CacheInfo(self._info.hits, self._info.misses, len(self._cache.traces), LIMIT)

    def cache_clear(self) -> None:
        """Forget every trace."""
        with self._lock:
            self._quick = missed
            self._cache.clear()


def _as_data(x: Any) -> Any:
    """An argument as the graph would take it."""
    return as_tensor(x) if is_array(x) else x


def _reason(key: Signature, before: list[Signature], broken: Guard | None, opening: Opening) -> str:
    if broken is not None:
        return f"{broken.what} changed: it was {broken.shown}, it is {show(broken.read())}"
    if not before:
        return "the first call"
    last = before[-1]
    if last.structure != key.structure:
        return f"the arguments are nested differently: {last.structure}, then {key.structure}"
    pairs = zip(last.leaves, key.leaves, strict=True)
    changed = [f"argument {i}: it was {a}, it is {b}" for i, (a, b) in enumerate(pairs) if a != b]
    free = f" (any size from now on: {', '.join(dict.fromkeys(opening.places.values()))})" if opening.places else ""
    return "; ".join(changed) + free


def _check_declared(names: set[str], opening: Opening) -> None:
    """Refuse a trace that holds for one value of a size that a signature leaves open."""
    for condition in opening.sizes.conditions:
        if condition.fixes in names:
            raise SourceError(
                f"the signature leaves {condition.fixes} open, and the function needs {condition}",
                "Keep it out of what needs the number itself, or write the number into the signature.",
                condition.where,
            )


def compile(function: Callable[..., Any] | None = None, *, signature: Sequence[Any] | None = None) -> Any:
    """Compile a function: control flow on tensors becomes part of a static graph.

    Use as `@wf.compile` or `wf.compile(f)`. Each kind of arguments is traced once; sizes that differ between calls are
    left open, and those that a `signature` names are so from the first call: a list with a `wf.spec` for each
    positional argument, nested as the argument is, or None.

    Errors: ShapeError or DTypeError for a call that does not fit the signature; SourceError, with the line and what to write instead, for what cannot be compiled.

    Example:
        >>> import weft as wf
        >>> @wf.compile
        ... def halve(x):
        ...     n = 0
        ...     while wf.sum(x) > 1.0:
        ...         x, n = x / 2.0, n + 1
        ...     return x, n
        >>> halve(wf.tensor([3.0, 5.0]))
        (Tensor([0.375, 0.625], f32), 3)
    """
    return functools.partial(compile, signature=signature) if function is None else Compiled(function, signature)
