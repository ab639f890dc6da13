"""Operators of items while tracing: reading, assigning and deleting them, of tensors and containers."""

from __future__ import annotations

import builtins
import collections
from typing import Any

from ...runtime.eager import EagerTensor
from ...runtime.errors import SourceError
from ...runtime.tensor import OPS, Tensor
from ..frontend import operators as plain
from ..frontend.users import users_method
from ..graph.symbolic import SymbolicTensor
from .assigned import Assigned, is_assignable
from .caller import call
from .growing import item_of, refuse_grown
from .grown import holds_grown, refusal
from .maybe import Maybe
from .sequences import sequence as staged_sequence
from .state import Contents, Item
from .statements import is_symbolic
from .template import SideEffectError
from .tracer import active, put


def get_item(container: Any, index: Any) -> Any:
    """`container[index]`."""
    if isinstance(container, Maybe):
        container = container.demand()
    if holds_grown(container):
        if isinstance(index, builtins.slice):
            raise refusal("a slice")
        return item_of(container, index)
    if is_symbolic(index) and isinstance(container, dict):
        raise SourceError(
            "an item of a dict is read by a key that is not known yet", "Make it a list, and the key an index."
        )
    if is_symbolic(index) and isinstance(container, (list, tuple)):
        return _chosen(container, index)
    if isinstance(container, Tensor):
        _check_index(index)
        return active().is_made(container[index], container)
    method = users_method(type(container), "__getitem__")
    if method is not None:
        return call(method, container, index)
    if isinstance(container, collections.defaultdict) and index not in container:
        active().note(Contents(container))
        return active().makes(container[index])
    return container[index]


def _check_index(index: Any) -> None:
    """Refuse indices that make a shape depend on values."""
    for part in index if isinstance(index, tuple) else (index,):
        bounds = (part.start, part.stop, part.step) if isinstance(part, builtins.slice) else ()
        if any(map(is_symbolic, bounds)):
            raise SourceError(
                "the bounds of a slice are tensors, so the shape of the result would depend on their values",
                "Slice by numbers, or keep the whole and use wf.where with a mask.",
            )
        if isinstance(part, SymbolicTensor) and part.ndim and part.dtype.kind == "b":
            raise SourceError(
                f"a mask {part.spec} chooses elements, so the shape of the result would depend on its values",
                "Use wf.where(mask, x, y), or multiply by the mask.",
            )


def _chosen(container: Any, index: Any) -> Any:
    """An item of a list by a symbolic index, its items being alike."""
    found = staged_sequence(container)
    k = OPS["astype"](OPS["reshape"](index, shape=()), dtype=int)
    chosen = found.item(OPS["where"](k < 0, k + len(container), k))
    active().blur(chosen)
    active().share_all(container)
    return chosen


def set_item(container: Any, index: Any, value: Any) -> Any:
    """`container[index] = value`; gives what the name of the container is bound to from now on."""
    if isinstance(container, Maybe):
        container = container.demand()
    refuse_grown("assigning an item", container)
    if is_assignable(container):
        return assign_item(container, index, value)
    if isinstance(container, (list, dict)):
        if is_symbolic(index):
            raise SourceError(
                "an item of a list is assigned by an index that is not known yet", "Make the list a tensor."
            )
        active().settled(container)
        known = not isinstance(index, builtins.slice) and (isinstance(container, list) or index in container)
        active().note(Item(container, index) if known else Contents(container))
    method = users_method(type(container), "__setitem__")
    if method is not None:
        call(method, container, index, value)
        return container
    return plain.set_item(container, index, value)


def assign_item(x: Any, index: Any, value: Any) -> Any:
    """`x[index] = value` of a tensor: all its names see it."""
    if getattr(x, "weak", None):
        raise TypeError(f"{x.weak.__name__!r} object does not support item assignment")
    active().settled(x)
    if type(x) is EagerTensor and not active().is_new(x):
        raise SideEffectError(
            f"items of a tensor {x.spec} that was made outside of the compiled function are assigned",
            "Give it as an argument, or assign to a copy: wf.asarray(x, copy=True).",
        )
    put(Assigned(x), OPS["setitem"](x, value, index))
    return x


def del_item(container: Any, index: Any) -> Any:
    """`del container[index]`; gives what the name of the container is bound to from now on."""
    refuse_grown("deleting an item", container)
    if isinstance(container, (list, dict)):
        active().settled(container)
        active().note(Contents(container))
    method = users_method(type(container), "__delitem__")
    if method is not None:
        call(method, container, index)
        return container
    return plain.del_item(container, index)


def put_item(container: Any, index: Any, old: Any, new: Any) -> Any:
    """Put back an item that was changed: if it is another object now, the container is told."""
    return container if new is old else set_item(container, index, new)
