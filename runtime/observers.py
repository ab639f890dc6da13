"""Who watches eager execution: tapes, and callbacks for debugging.

The observers of a thread (or async task) are told of each op after it ran. `watching.count` is the number of
observers anywhere, so that code in a hurry can skip everything while nobody watches.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor


class Observer(Protocol):
    """Is told of each op that ran in its context."""

    def observe(
        self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Tensor, ...]
    ) -> None: ...
    def read(self, variable: Any, value: Any) -> None: ...


class Keeper(Protocol):
    """Remembers tensor objects, which may come to hold another value."""

    def keeps(self, x: Any) -> bool: ...
    def rename(self, x: Any, old: Any) -> None: ...


class Watching:
    """The number of observers in all threads."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


watching = Watching()
_lock = threading.Lock()
_keepers: set[ref[Any]] = set()
_observers: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())

current = _observers.get


def add(observer: Observer) -> None:
    """Let `observer` watch this thread from now on."""
    _observers.set((*_observers.get(), observer))
    with _lock:
        watching.count += 1


def remove(observer: Observer) -> None:
    """Stop `observer` watching."""
    before = _observers.get()
    last = before and before[-1] is observer
    _observers.set(before[:-1] if last else tuple(o for o in before if o is not observer))
    with _lock:
        watching.count -= 1


def tell(op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Tensor, ...]) -> None:
    """Tell every observer that an op ran."""
    for observer in _observers.get():
        observer.observe(op, inputs, attrs, outputs)


def keep(keeper: Keeper) -> None:
    """Ask `keeper`, as long as it lives, before a tensor object changes what it holds."""
    _keepers.add(ref(keeper, _keepers.discard))


def keepers() -> list[Keeper]:
    """Those to ask."""
    return [keeper for kept in list(_keepers) if (keeper := kept()) is not None]


@contextmanager
def hidden(observer: Observer | None = None) -> Iterator[None]:
    """Hide what happens inside from one observer, or from all."""
    kept = tuple(o for o in _observers.get() if observer is not None and o is not observer)
    token = _observers.set(kept)
    try:
        yield
    finally:
        _observers.reset(token)
