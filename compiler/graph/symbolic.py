"""Symbolic tensors: what stands for the values of a graph while it is written.

Applying an op to one writes a node down. Its spec is known, its elements are not, and what needs them is refused. Where
an item of one is assigned, the tensor comes to hold another value, under all the names that the program has for it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from ...runtime.device import Device
from ...runtime.errors import SourceError, user_position
from ...runtime.spec import Shape, Spec, StackSpec
from ...runtime.tensor import OPS, Tensor

if TYPE_CHECKING:
    from .graph import Graph

_new_key = itertools.count(-1, -1).__next__  # negative: eager keys count upwards from 1


class SymbolicTensor(Tensor):
    """A value that a graph will compute: its spec is known, its elements are not."""

    __slots__ = ("__weakref__", "context", "held", "home", "key", "name", "place", "spec", "weak")

    def __init__(self, context: Graph, spec: Spec, name: str = "", weak: type | None = None) -> None:
        self.home = context  # where it was made; `context` is where its value was
        self.context: Graph = context  # pyright: ignore[reportIncompatibleVariableOverride]
        self.spec: Spec = spec  # pyright: ignore[reportIncompatibleMethodOverride]
        self.key, self.name = _new_key(), name
        self.place: Device | None = None  # where it will live, if not where the graph's values do
        self.held: SymbolicTensor | None = None  # the value, where that is another since an item was assigned
        self.weak = weak  # int, float...: a Python number that changes from trip to trip, or path to path

    def resolve(self) -> SymbolicTensor:
        """The tensor to compute with; a value that may be absent is checked here."""
        return self if self.held is None else self.held

    def alias(self) -> SymbolicTensor:
        """Another tensor of the same value."""
        y = SymbolicTensor(self.context, self.spec, self.name, self.weak)
        y.key, y.place = self.key, self.place
        return y

    def detach(self) -> None:
        """Leave the value to the graph, so that this tensor may come to hold another."""
        if self.held is None:
            self.held = self.alias()
            self.context.rename(self, self.held)

    def rebind(self, value: SymbolicTensor) -> None:
        """Hold `value` from now on; what was written down of the old one stays."""
        self.detach()
        self.held, self.key = value, value.key
        self.context = value.context  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def shape(self) -> Shape:
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype:
        return self.spec.dtype

    @property
    def device(self) -> Device:
        """Where it will live."""
        return self.place or self.context.device

    def to(self, device: Any) -> Tensor:
        """The same values on another device."""
        return OPS["to_device"](self, device)

    def __add__(self, other: Any) -> Tensor:
        return OPS["add_stacks"](self, other) if type(self.spec) is StackSpec else super().__add__(other)

    def __mul__(self, other: Any) -> Tensor:
        return self.refuse("how often to repeat") if self.repeats(other) else super().__mul__(other)

    def __rmul__(self, other: Any) -> Tensor:
        return self.refuse("how often to repeat") if self.repeats(other) else super().__rmul__(other)

    def repeats(self, other: Any) -> bool:
        """Whether this stands for a Python number, and a product with it for a longer list or text."""
        return self.weak is not None and isinstance(other, (list, tuple, str, bytes))

    def __hash__(self) -> int:
        return self.refuse("the hash") if self.weak else id(self)

    def __repr__(self) -> str:
        return f"SymbolicTensor({self.name or self.key}: {self.spec})"

    def refuse(self, what: str) -> Any:
        """There are no values while a graph is written: say so, and what to do."""
        where, hint = user_position(), "Keep it a tensor inside the compiled function, or compute it outside."
        if where is not None and not where.code:
            hint = (
                "The source of this code is not to be found, so it runs as it is: put it in a file or a notebook cell."
            )
        raise SourceError(
            f"{what} of {self.spec} needs its values, which are not known while the function is compiled", hint
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise SourceError(
            f"an item of {self.spec} is assigned by code that is not compiled",
            "Assign items in the compiled function, or in functions of yours that it calls.",
        )

    # fmt: off
    def numpy(self) -> np.ndarray: return self.refuse("numpy()")
    def item(self) -> Any: return self.refuse("item()")
    def tolist(self) -> Any: return self.refuse("tolist()")
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray: return self.refuse("the array")
    def __bool__(self) -> bool: return self.refuse("the truth")
    def __int__(self) -> int: return self.refuse("int()")
    def __float__(self) -> float: return self.refuse("float()")
    def __complex__(self) -> complex: return self.refuse("complex()")
    def __index__(self) -> int: return self.refuse("the index")
    # fmt: on
