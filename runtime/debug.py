"""wf.debug: look over the shoulder of eager execution.

Everything here is an observer: it is told of each op after it ran, in the thread that installed it; the ops of
gradients are ops like others. This file knows what observers are told, not how ops run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from . import observers
from .backprop import backpropagate
from .dtypes import INEXACT
from .eager import EagerTensor
from .errors import ArgumentError, NumericsError, user_location
from .op import Op
from .spec import describe, plural
from .tensor import Tensor

__all__ = [
    "add_callback", "callback", "check_numerics", "disable_check_numerics", "enable_check_numerics",
    "remove_callback", "trace",
]  # fmt: skip

Callback = Callable[[str, tuple[Any, ...], Mapping[str, Any], tuple[Tensor, ...]], object]


class Watcher:
    """What the observers of this file share: they ignore reads of variables."""

    def read(self, variable: Any, value: Any) -> None:
        """Variables are read, not computed."""


@contextmanager
def _watching(watcher: Any) -> Iterator[Any]:
    observers.add(watcher)
    try:
        yield watcher
    finally:
        observers.remove(watcher)


# --- numerics -----------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class NumericsCheck(Watcher):
    """Raises where an op gives a NaN or an infinity."""

    infinities: bool

    def observe(self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]) -> None:
        """Look at the results of an op."""
        for y in outputs:
            wrong = self.wrong(y)
            if wrong is not None:
                raise NumericsError(_made(op, y, wrong), _circumstances(inputs, wrong))

    def wrong(self, y: Any) -> np.ndarray | None:
        """Where a result is wrong; None if it is nowhere."""
        values = _values(y)
        if values is None:
            return None
        fine = np.isfinite(values) if self.infinities else ~np.isnan(values)
        return None if fine.all() else ~fine


def _values(x: Any) -> np.ndarray | None:
    """The values of a floating or complex tensor."""
    if not isinstance(x, EagerTensor) or x.dtype not in INEXACT:
        return None
    return np.asarray(x.device.to_numpy(x.buffer))


def _made(op: Op[...], y: Any, wrong: np.ndarray) -> str:
    """What an op made, and for whom."""
    nans = int(np.isnan(_values(y)).sum())  # pyright: ignore[reportCallIssue, reportArgumentType]
    found = [f"{n} {word}" for n, word in ((nans, "NaN"), (int(wrong.sum()) - nans, "inf")) if n > 0]
    of = f" of {plural(y.size, 'element')}" if y.size > 1 else ""
    rule = _rule_of()
    where = f", in the gradient of {rule}, while a tape was played back" if rule else ""
    return f"{op.name}: the result {describe(y)} holds {' and '.join(found)}{of}{where}"


def _rule_of() -> str:
    """The op whose gradient rule is running; empty outside a reverse pass."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is backpropagate.__code__:
            node = frame.f_locals.get("node")
            return node[0].name if node is not None else "a sum of cotangents"
        frame = frame.f_back
    return ""


def _circumstances(inputs: tuple[Any, ...], wrong: np.ndarray) -> str:
    """The operands, and whether they were to blame."""
    parts, blamed = [], False
    for x in inputs:
        values = _values(x)
        if values is None:
            parts += [describe(x)] if x is not None else []
            continue
        bad = int((~np.isfinite(values)).sum())
        blamed = blamed or bad > 0
        parts.append(f"{describe(x)} {_state(values, bad)}")
    first = ", ".join(map(str, np.argwhere(wrong)[0]))
    place = f"First at index [{first}]. " if first else ""
    verdict = "It came in with the operands" if blamed else "It was made here, from"
    return f"{place}{verdict} {'; '.join(parts) or 'no operands'}."


def _state(values: np.ndarray, bad: int) -> str:
    if bad:
        return f"with {bad} not finite"
    if not values.size or values.dtype.kind == "c":
        return "all finite"
    low, high = float(values.min()), float(values.max())
    return f"all finite, {low:.4g}" + (f" to {high:.4g}" if high != low else "")


@contextmanager
def check_numerics(*, infinities: bool = True) -> Iterator[None]:
    """Raise at the first op that gives a NaN or an infinity inside the `with` block; ops of gradients count too.

    The error names the op, your line, and the operands, and whether these were finite. With `infinities=False`, only a
    NaN is an error: for code that masks with infinities.

    Errors: NumericsError.
    Cost: one pass over the result of every op.

    Example:
        >>> import weft as wf
        >>> with wf.debug.check_numerics():
        ...     wf.log(wf.tensor([1.0, 0.0]))
        Traceback (most recent call last):
        ...
        weft.runtime.errors.NumericsError: log: the result f32[2] holds 1 inf of 2 elements
        ...
    """
    with _watching(NumericsCheck(infinities)):
        yield


_check: ContextVar[NumericsCheck | None] = ContextVar("check_numerics", default=None)


def enable_check_numerics(*, infinities: bool = True) -> None:
    """Check numerics in this thread from now on, as inside `check_numerics`."""
    disable_check_numerics()
    check = NumericsCheck(infinities)
    observers.add(check)
    _check.set(check)


def disable_check_numerics() -> None:
    """Stop what `enable_check_numerics` started; nothing happens if it is not on."""
    check = _check.get()
    if check is not None:
        observers.remove(check)
        _check.set(None)


# --- callbacks ----------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Caller(Watcher):
    """Tells a function of each op; what the function computes is hidden from all observers."""

    function: Callback

    def observe(self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]) -> None:
        """Pass it on."""
        with observers.hidden():
            self.function(op.name, inputs, attrs, outputs)


def add_callback(function: Callback) -> None:
    """Call function(name, inputs, attrs, outputs) after each op in this thread, until it is removed.

    Inputs are tensors, Python scalars, or None. What the function computes is neither recorded nor told.
    """
    observers.add(Caller(function))


def remove_callback(function: Callback) -> None:
    """Stop calling a function.

    Errors: ArgumentError if this thread does not call it.
    """
    for watcher in observers.current():
        if isinstance(watcher, Caller) and watcher.function == function:
            return observers.remove(watcher)
    raise ArgumentError(f"remove_callback: {function!r} is not called in this thread", "Add it with add_callback.")


@contextmanager
def callback(function: Callback) -> Iterator[None]:
    """Call function(name, inputs, attrs, outputs) after each op inside the `with` block, as `add_callback` does.

    Example:
        >>> import weft as wf
        >>> names = []
        >>> with wf.debug.callback(lambda name, inputs, attrs, outputs: names.append(name)):
        ...     y = wf.exp(wf.tensor(1.0)) + 1.0
        >>> names
        ['exp', 'add']
    """
    with _watching(Caller(function)):
        yield


@contextmanager
def trace(file: TextIO | None = None) -> Iterator[None]:
    """Print each op as it runs, with the specs of operands and results and your line.

    Example:
        >>> import weft as wf
        >>> with wf.debug.trace():
        ...     y = wf.exp(wf.ones((2,))) * 2.0  # doctest: +ELLIPSIS
        exp(f32[2]) -> f32[2]   ...
        multiply(f32[2], 2.0) -> f32[2]   ...
    """

    def show(name: str, inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]) -> None:
        given = [describe(x) for x in inputs] + [f"{key}={value!r}" for key, value in attrs.items()]
        results = ", ".join(describe(y) for y in outputs)
        print(f"{name}({', '.join(given)}) -> {results}   {user_location()}".rstrip(), file=file)

    with callback(show):
        yield
