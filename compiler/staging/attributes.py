"""Operators of attributes while tracing; changes are noted, so that blocks can be undone."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import FunctionType, MappingProxyType
from typing import Any

from ...runtime.nn.module import Module
from ..frontend.users import users_method
from ..graph.symbolic import SymbolicTensor
from .caller import call
from .conditions import if_exp, known
from .maybe import UNBOUND, Maybe, unbound
from .state import Attribute, setter
from .tracer import active, put


def get_attr(owner: Any, name: str) -> Any:
    """`owner.name`; the user's own properties are called like functions."""
    if isinstance(owner, Maybe) and not isinstance(owner, SymbolicTensor):
        owner = owner.demand()
    read = call.methods.getter(owner, name, set_plain_attr)
    if read is not None:
        return read()
    if isinstance(held := getattr(owner, "__dict__", None), (dict, MappingProxyType)) and name in held:
        active().reads(owner, name)
    value = getattr(owner, name)
    if isinstance(value, Maybe) and UNBOUND in value.absent:
        return value.found(AttributeError, f"{type(owner).__name__!r} object has no attribute {name!r}")
    return value


def has_attr(owner: Any, name: str) -> Any:
    """`hasattr(owner, name)`; symbolic where a branch sets or deletes it."""
    owner = known(owner)
    if call.methods.getter(owner, name, set_plain_attr) is not None:
        return _read_or(owner, name, unbound) is not unbound
    value = getattr(owner, name, unbound)
    return value.code != UNBOUND if isinstance(value, Maybe) and UNBOUND in value.absent else value is not unbound


def _read_or(owner: Any, name: str, default: Any) -> Any:
    try:
        return get_attr(owner, name)
    except AttributeError:
        return default


def get_attr_or(owner: Any, name: str, *default: Any) -> Any:
    """`getattr(owner, name, default)`."""
    if not default:
        return get_attr(owner, name)
    if call.methods.getter(known(owner), name, set_plain_attr) is not None:
        return _read_or(known(owner), name, default[0])
    return if_exp(has_attr(owner, name), lambda: get_attr(owner, name), lambda: default[0])


def set_attr(owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    kind = type(owner)
    method = setter(kind)
    if method is not None:
        return call(method, owner, name, value)
    found = next((vars(parent)[name] for parent in kind.__mro__ if name in vars(parent)), None)
    if type(found) is property and isinstance(found.fset, FunctionType) and not isinstance(owner, Module):
        return call(found.fset, owner, value)
    method = users_method(type(found), "__set__")
    if method is not None:
        return call(method, found, owner, value)
    return set_plain_attr(owner, name, value)


def set_plain_attr(owner: Any, name: str, value: Any) -> None:
    """`object.__setattr__(owner, name, value)`."""
    active().settled(owner)
    active().reads(owner, name)
    put(Attribute(owner, name), value)


def del_attr(owner: Any, name: str) -> None:
    """`del owner.name`."""
    delete = call.methods.deleter(owner, name)
    if delete is not None:
        return delete()
    active().settled(owner)
    put(Attribute(owner, name), unbound)


def put_attr(owner: Any, name: str, old: Any, new: Any) -> None:
    """Put back an attribute that was changed: if it is another object now, its owner is told."""
    if new is not old:
        set_attr(owner, name, new)


REBINDING: dict[Any, Callable[..., Any]] = {
    builtins.getattr: get_attr_or,
    builtins.hasattr: has_attr,
    builtins.setattr: set_attr,
    builtins.delattr: del_attr,
    object.__setattr__: set_plain_attr,
    object.__delattr__: del_attr,
}
