"""Inputs: what an entry takes, and a call held against it.

Each leaf of the arguments is a tensor of a spec, whose open lengths have names, a Python float, or a plain value that
the graph was written for. A call that does not fit is refused before anything runs, by the name of the argument.
This file knows no graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...runtime.creation import asarray
from ...runtime.dim import Dim
from ...runtime.dtypes import float64
from ...runtime.errors import ArgumentError, DTypeError, ShapeError
from ...runtime.spec import Spec, describe
from ...runtime.tensor import Tensor, as_tensor
from ...runtime.tree import Structure
from ...runtime.variable import Variable
from ..signature import Float, Plain
from .nesting import UnreadableError, plain, read_plain, read_spec

Kind = Spec | Float | Plain


@dataclass(frozen=True)
class Input:
    """A leaf of the arguments: its name, and what it may be."""

    name: str
    kind: Kind

    def __str__(self) -> str:
        if isinstance(self.kind, Plain):
            return f"{self.name} = {self.kind}"
        return f"{self.name}: {self.kind if isinstance(self.kind, Spec) else 'float'}"

    def as_json(self) -> dict[str, str]:
        """The input as JSON."""
        if isinstance(self.kind, Spec):
            return {"name": self.name, "spec": str(self.kind)}
        if isinstance(self.kind, Float):
            return {"name": self.name, "number": "float"}
        return {"name": self.name, "value": plain(self.kind.value, f"argument {self.name}")}


def read_input(found: Any) -> Input:
    """The input that JSON describes."""
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(name, str) or len(found) != 2:
        raise UnreadableError(f"{str(found)[:60]!r} stands where an input should be")
    if "spec" in found:
        return Input(name, named_lengths(read_spec(found["spec"])))
    if found.get("number") == "float":
        return Input(name, Float())
    value = read_plain(found.get("value"))
    return Input(name, Plain(type(value), value))


def named_lengths(spec: Spec) -> Spec:
    """A spec as `wf.spec` gives it: open lengths are names."""
    lengths: list[Any] = [n.name if type(n) is Dim else n for n in spec.shape]
    if None in lengths:
        raise UnreadableError(f"{spec} has a length that is no name")
    return Spec(tuple(lengths), spec.dtype)


def bound(entry: str, names: Sequence[str], args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a call in the order of the parameters.

    Errors: ArgumentError for too many, too few, or unknown ones.
    """
    given = dict(zip(names, args, strict=False))
    problem = f"{len(args)} arguments are given" if len(args) > len(names) else ""
    for name, value in kwargs.items():
        if name not in names or name in given:
            problem = problem or f"{name} is {'given twice' if name in given else 'no argument'}"
        given[name] = value
    missing = [name for name in names if name not in given]
    if missing and not problem:
        problem = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    if problem:
        raise ArgumentError(f"{entry}: {problem}", f"It takes {', '.join(names) or 'none'}.")
    return tuple(given[name] for name in names)


def leaves_of(entry: str, wanted: Structure, given: Any, path: str) -> Iterator[Any]:
    """The leaves of an argument that is nested as it must be.

    Errors: ArgumentError where it is not, with the path.
    """
    if wanted.kind is None:
        yield given
        return
    keys = wanted.rest[1] if wanted.kind is dict else range(len(wanted.children))
    fits = isinstance(given, wanted.kind) and (
        given.keys() == set(keys) if wanted.kind is dict else len(given) == len(keys)
    )
    if not fits:
        shown = f"{wanted.kind.__name__} of {', '.join(map(repr, keys)) if wanted.kind is dict else len(keys)}"
        raise ArgumentError(
            f"{entry}: argument {path}: a {shown} is expected, {_shown(given)} is given", "Nest it as it was exported."
        )
    for key, child in zip(keys, wanted.children, strict=True):
        yield from leaves_of(entry, child, given[key], f"{path}.{key}")


def _shown(x: Any) -> str:
    if isinstance(x, dict | list | tuple):
        return f"a {type(x).__name__} of {', '.join(map(repr, x)) if isinstance(x, dict) else len(x)}"
    if isinstance(x, Tensor | Variable | np.ndarray | np.generic):
        return describe(as_tensor(x))
    return f"a {type(x).__name__}" if isinstance(x, float) else f"{x!r:.60}"


Sizes = dict[str, tuple[int, str]]  # by name: what it is, and in which argument


def fitting(entry: str, wanted: Input, given: Any, sizes: Sizes) -> Any:
    """A leaf as the graph takes it, None for a plain value; sizes that it names are noted.

    Errors: ShapeError, DTypeError or ArgumentError for one that does not fit.
    """
    kind, where = wanted.kind, f"{entry}: argument {wanted.name}"
    problem = f"{where}: {kind} is expected, {_shown(given)} is given"
    if isinstance(kind, Plain):
        if type(given) is kind.kind and repr(given) == repr(kind.value):
            return None
        raise ArgumentError(problem, "The graph was written for this value: export another entry for others.")
    if isinstance(kind, Float):
        if isinstance(given, float | int) and not isinstance(given, bool):
            return asarray(float(given), float64)
        raise ArgumentError(problem, "Give a Python number.")
    if isinstance(given, Variable):
        given = given.read_value()
    if not isinstance(given, Tensor | np.ndarray | np.generic):
        raise ArgumentError(problem, "Give a tensor or an array: wf.asarray(x).")
    tensor = as_tensor(given)
    if tensor.dtype is not kind.dtype:
        raise DTypeError(problem, f"Cast it with wf.astype(x, wf.{kind.dtype}).")
    _fit(wanted, tensor, problem, sizes)
    return tensor


def _fit(wanted: Input, tensor: Any, problem: str, sizes: Sizes) -> None:
    """Hold the lengths of a tensor against those of a spec."""
    lengths: tuple[Any, ...] = wanted.kind.shape  # pyright: ignore[reportAttributeAccessIssue]
    hint = "Give it a tensor of the shape in the signature."
    if len(lengths) != len(tensor.shape):
        raise ShapeError(problem, hint)
    for axis, (n, length) in enumerate(zip(lengths, tensor.shape, strict=True)):
        if isinstance(n, str):
            before, where = sizes.setdefault(n, (length, wanted.name))
            if before != length:
                raise ShapeError(f"{problem}; {n} is {before} in {where}, {length} here", hint)
        elif n != length:
            raise ShapeError(f"{problem}; axis {axis} is {length}, not {n}", hint)
