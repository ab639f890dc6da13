"""Signatures by hand: which sizes of the arguments are open, by name, from the first call on.

    @wf.compile(signature=[wf.spec(["batch", 784], wf.float32), wf.spec(["batch"], wf.int64)])

A call is held against it: shapes, dtypes, and that sizes under one name are equal. This file knows no traces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..runtime.dtypes import as_dtype
from ..runtime.errors import ArgumentError, DTypeError, ShapeError
from ..runtime.spec import Spec
from .signature import Signature

Place = tuple[int, int]  # a leaf of the arguments, and an axis of it


def spec(shape: Sequence[int | str], dtype: Any = "float32") -> Spec:
    """The spec of an argument of a compiled function; a length that is a name is open.

    Errors: ArgumentError for what is neither a length nor a name.

    Example:
        >>> import weft as wf
        >>> print(wf.spec(["batch", 784], wf.float32))
        f32[batch, 784]
    """
    lengths: list[Any] = [shape] if isinstance(shape, str) else list(shape)
    for n in lengths:
        is_length = isinstance(n, int) and not isinstance(n, bool) and n >= 0
        if not is_length and not (isinstance(n, str) and n.isidentifier()):
            raise ArgumentError(f"spec: {n!r} is no length", "Give numbers of 0 or more, and names for open sizes.")
    return Spec(tuple(lengths), as_dtype(dtype))


def specs_in(declared: Any) -> list[Spec | None]:
    """The specs in an entry of a signature, which is nested as the argument is; None: as it comes.

    Errors: ArgumentError for anything else.
    """
    if declared is None or isinstance(declared, Spec):
        return [declared]
    if not isinstance(declared, list | tuple | dict):
        raise ArgumentError(f"signature: {declared!r} is no spec", "Give wf.spec(shape, dtype), None, or these nested.")
    parts = declared.values() if isinstance(declared, dict) else declared
    return [one for part in parts for one in specs_in(part)]


def open_places(
    signature: Sequence[Any], key: Signature, names: Sequence[str], parameters: Sequence[str]
) -> dict[Place, str]:
    """The open sizes of a call, and their names.

    Errors: ShapeError, DTypeError or ArgumentError for a call that does not fit, naming the argument.
    """
    found: dict[Place, str] = {}
    sizes: dict[str, tuple[int, str]] = {}  # by name: what it is, and in which argument
    for declared, parameter in zip(signature, parameters, strict=False):
        wanted = specs_in(declared)
        places = [i for i, name in enumerate(names) if name == parameter or name.startswith(f"{parameter}_")]
        if declared is None:
            continue
        if len(places) != len(wanted):
            raise ArgumentError(
                f"argument {parameter} holds {len(places)} values, the signature {len(wanted)} specs for it",
                "Nest the specs as the argument is nested.",
            )
        for i, one in zip(places, wanted, strict=True):
            if one is not None:
                found |= _checked(i, names[i], one, key.leaves[i], sizes)
    return found


def _checked(i: int, name: str, wanted: Spec, given: Any, sizes: dict[str, tuple[int, str]]) -> dict[Place, str]:
    """The open sizes of one argument."""
    if not isinstance(given, Spec) or len(given.shape) != len(wanted.shape):
        raise ShapeError(
            f"argument {name}: {wanted} is expected, {given} is given",
            "Give it a tensor of the shape in the signature.",
        )
    if given.dtype is not wanted.dtype:
        raise DTypeError(
            f"argument {name}: {wanted} is expected, {given} is given", f"Cast it with wf.astype(x, wf.{wanted.dtype})."
        )
    found: dict[Place, str] = {}
    lengths: Any = wanted.shape
    for axis, (n, length) in enumerate(zip(lengths, given.shape, strict=True)):
        if isinstance(n, str):
            before, where = sizes.setdefault(n, (length, name))
            if before != length:
                raise ShapeError(
                    f"argument {name}: {n} is expected to be {before}, as in {where}; {length} is given, in {given}",
                    "Sizes under one name of a signature are equal.",
                )
            found[i, axis] = n
        elif n != length:
            raise ShapeError(
                f"argument {name}: {wanted} is expected, {given} is given; axis {axis} is {length}, not {n}",
                "Give it a tensor of the shape in the signature.",
            )
    return found
