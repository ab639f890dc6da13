"""What a compiled function was specialised for: the kinds of its arguments.

Arguments are trees; each leaf is a tensor (its shape and dtype count, its values do not), a Python float (only
that it is one), or anything else, which is part of the program: its value, and its type, for plain values, itself
for objects.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import device as devices, tree
from ..runtime.device import Device
from ..runtime.dtypes import DType, float64
from ..runtime.eager import EagerTensor
from ..runtime.spec import Spec
from ..runtime.tensor import OPS, as_tensor
from ..runtime.variable import Variable

PLAIN = (bool, int, complex, str, bytes, type(None), type(Ellipsis))


@dataclass(frozen=True)
class Signature:
    """The structure of the arguments, for each leaf a spec, or what it is, and where they live."""

    structure: tree.Structure
    leaves: tuple[Any, ...]
    places: tuple[Device | None, ...] | None = None  # of the leaves, where there is more than the CPU

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.leaves))})"

    def ranks(self) -> Signature:
        """The signature without the sizes: equal for calls that differ in nothing else."""
        leaves = [Rank(len(x.shape), x.dtype) if isinstance(x, Spec) else x for x in self.leaves]
        return Signature(self.structure, tuple(leaves), self.places)


@dataclass(frozen=True)
class Rank:
    """A tensor of any shape with so many axes."""

    ndim: int
    dtype: DType


@dataclass(frozen=True)
class Float:
    """A Python float: any."""

    def __str__(self) -> str:
        return "a float"


@dataclass(frozen=True)
class Plain:
    """A plain value, told apart by type too: True, 1 and 1.0 are different programs."""

    kind: type
    value: Any

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Itself:
    """An object, the same one; `number` is its identity while it lives."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"a {self.kind}"


def is_array(x: Any) -> bool:
    """Whether an argument's values are data."""
    return isinstance(x, EagerTensor | np.ndarray | np.generic)


def describe_leaf(x: Any) -> Any:
    """What a leaf counts as."""
    if type(x) is EagerTensor:
        return x.spec
    if isinstance(x, EagerTensor | np.ndarray | np.generic):
        return OPS["asarray"](x).spec
    if type(x) is float:
        return Float()
    if isinstance(x, PLAIN):
        return Plain(type(x), x)
    return Itself(type(x).__name__, id(x))


def signature(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Signature, list[Any]]:
    """The signature of a call, and its leaves."""
    leaves, structure = tree.flatten((tuple(args), kwargs))
    return Signature(structure, tuple(map(describe_leaf, leaves)), _places(leaves)), leaves


def _places(leaves: Sequence[Any]) -> tuple[Device | None, ...] | None:
    """Where leaves live, and new tensors at the end, unless that is the CPU for all of them."""
    here = devices.current()
    if here is devices.cpu and not any([type(x) is EagerTensor and type(x.buffer) is not np.ndarray for x in leaves]):
        return None
    return (*[x.device if isinstance(x, EagerTensor) else None for x in leaves], here)


def data_of(leaves: Sequence[Any]) -> list[Any]:
    """The leaves whose values are data, as tensors, in order; an array is copied while a tape watches."""
    return [OPS["asarray"](x, dtype=float64) if type(x) is float else as_tensor(x) for x in leaves if is_data(x)]


def is_data(x: Any) -> bool:
    """Whether a leaf's value is data rather than part of the program."""
    return is_array(x) or type(x) is float


def symbol_spec(leaf: Any) -> tuple[Spec, type | None] | None:
    """The spec and weakness of the input that stands for a leaf; None for what is part of the program."""
    if isinstance(leaf, Spec):
        return leaf, None
    return (Spec((), float64), float) if isinstance(leaf, Float) else None


def watch_life(leaves: Sequence[Any], forget: Any) -> None:
    """Call `forget` when an object that a signature knows by identity dies, for its number may be given again."""
    for x in leaves:
        if not is_data(x) and not isinstance(x, PLAIN) and not isinstance(x, Variable):
            try:
                weakref.finalize(x, forget).atexit = False
            except TypeError:
                continue


def leaf_names(function: Callable[..., Any], key: Signature) -> list[str]:
    """The names of the leaves of the arguments, as the function's parameters call them."""
    positional = parameters(function)
    names = []
    for path, _ in tree.paths(tree.unflatten(key.structure, range(len(key.leaves)))):
        where, first, *rest = path.split(".")
        named = where == "0" and int(first) < len(positional)
        names.append("_".join([positional[int(first)] if named else first, *rest]))
    return names


def parameters(function: Callable[..., Any]) -> Sequence[str]:
    """The names of the positional parameters of a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_varnames[: code.co_argcount] if code is not None else ()
