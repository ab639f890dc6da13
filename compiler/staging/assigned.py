"""Assigned tensors: what a tensor holds since `x[i] = v`, as a place that blocks change.

All names of a tensor see what is assigned to its items, so the tensor object itself comes to hold another value of
the graph. One that was made from known numbers while tracing becomes symbolic then, and stays the object that it is.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from ...runtime import observers
from ...runtime.assignment import alias, rebind
from ...runtime.device import Device
from ...runtime.dtypes import DType
from ...runtime.eager import EagerTensor
from ...runtime.op import Op
from ...runtime.spec import Shape, Spec
from ...runtime.tensor import Tensor
from ...runtime.variable import Variable
from ..graph.graph import Graph, writing
from ..graph.symbolic import SymbolicTensor
from .maybe import Maybe, maybe
from .objects import flatten
from .state import Place

MAKERS = tuple(f"{Op.__module__.rpartition('.')[0]}.{name}" for name in ("ops.", "creation", "tensor", "eager"))
_kind = vars(object)["__class__"]  # what sets the class of an object
_slot = vars(EagerTensor)["buffer"]


class Written(EagerTensor):
    """A tensor of known numbers, items of which were assigned that are known only when the graph runs."""

    __slots__ = ()
    name = ""
    weak = None

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # to `isinstance` it is what it now acts as
        return SymbolicTensor

    @property
    def held(self) -> SymbolicTensor:
        """The value."""
        return _slot.__get__(self)

    # fmt: off
    def resolve(self) -> SymbolicTensor: return self.held
    def alias(self) -> SymbolicTensor: return self.held.alias()
    def __repr__(self) -> str: return repr(self.held)
    def refuse(self, what: str) -> Any: return self.held.refuse(what)
    def repeats(self, other: Any) -> bool: return False
    def numpy(self) -> Any: return self.refuse("numpy()")
    def item(self) -> Any: return self.refuse("item()")
    def tolist(self) -> Any: return self.refuse("tolist()")
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any: return self.refuse("the array")
    def __bool__(self) -> bool: return self.refuse("the truth")
    def __int__(self) -> int: return self.refuse("int()")
    def __float__(self) -> float: return self.refuse("float()")
    def __complex__(self) -> complex: return self.refuse("complex()")
    def __index__(self) -> int: return self.refuse("the index")
    __hash__ = object.__hash__
    # fmt: on

    @property
    def context(self) -> Graph:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.held.context

    @property
    def key(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.held.key

    @property
    def spec(self) -> Spec:
        return self.held.spec

    @property
    def shape(self) -> Shape:
        return self.held.spec.shape

    @property
    def dtype(self) -> DType:
        return self.held.spec.dtype

    @property
    def device(self) -> Device:
        return self.held.device

    @property
    def buffer(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.refuse("the buffer")


class Assigned(Place):
    """What a tensor holds."""

    rebinds = True

    def __init__(self, owner: Any, name: str = "") -> None:
        self.owner, self.name = owner, name or getattr(owner, "name", "") or "a tensor"
        if type(owner) is SymbolicTensor:
            owner.detach()

    def identity(self) -> tuple[Any, ...]:
        return ("assigned", id(self.owner))

    def of(self, owner: Any) -> Place:
        return Assigned(owner, self.name)

    def get(self) -> Any:
        x: Any = self.owner
        return alias(x) if type(x) is EagerTensor else x.resolve()

    def set(self, value: Any) -> None:
        x = self.owner
        if type(x) is SymbolicTensor:
            _tell(x, x.alias())
            x.rebind(value)
        elif type(value) is EagerTensor and type(x) is EagerTensor:
            rebind(x, value)
        elif type(value) is EagerTensor:
            self.restore(value)
        else:
            if type(x) is EagerTensor:
                _tell(x, alias(x))
                _kind.__set__(x, Written)
            _slot.__set__(x, value.resolve())  # pyright: ignore[reportAttributeAccessIssue]

    def restore(self, value: Any) -> None:
        if type(self.owner) is SymbolicTensor:
            self.owner.rebind(value)
        elif type(value) is EagerTensor:
            _kind.__set__(self.owner, EagerTensor)
            self.owner.buffer, self.owner.key = value.buffer, value.key
        else:
            self.set(value)

    def is_made_in(self, region: Graph | None) -> bool:
        """Whether the tensor is symbolic and was made by the region itself."""
        return type(self.owner) is SymbolicTensor and self.owner.home is region


def _tell(x: Any, old: Any) -> None:
    """Let tapes keep what they recorded of `x`, which is about to hold another value."""
    for keeper in observers.keepers():
        keeper.rename(x, old)


def is_assignable(x: Any) -> bool:
    """Whether items of a value are assigned in the graph."""
    return isinstance(x, Tensor) and not isinstance(x, Variable) and writing() is not None


def tensors(value: Any) -> Iterator[Any]:
    """The tensors in a value, items of which may be assigned."""
    for x in flatten(value)[0]:
        if isinstance(x, Maybe):
            yield from tensors(x.value)
        elif isinstance(x, Tensor) and not isinstance(x, Variable) and not getattr(x, "weak", None):
            yield x


def now(value: Any) -> Any:
    """A leaf as it is now, whatever is assigned to its items later."""
    if isinstance(value, Maybe):
        return maybe(value.code, value.absent, now(value.value), value.name)
    if isinstance(value, SymbolicTensor):
        return value.alias()
    return alias(value) if type(value) is EagerTensor else value


def is_assignment(f: Any, args: tuple[Any, ...]) -> bool:
    """Whether calling `f` assigns to an item of a tensor."""
    if f is operator.setitem:
        return is_assignable(args[0])
    return f.__name__ == "__setitem__" and is_assignable(getattr(f, "__self__", None)) and len(args) == 2


def makes_tensors(f: Any) -> bool:
    """Whether a function of the library makes its results anew."""
    module = getattr(f, "__module__", None) or ""
    return isinstance(f, Op) or module.startswith(MAKERS)
