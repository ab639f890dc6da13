"""Traced for a file: a function run once on symbolic tensors, for arguments of which only the specs are known.

The sizes that specs name are open: the graph serves every size of 1 or more that meets what the function asks of
it. What it asks is answered as for sizes that are large, different from each other, and divisible by small powers of
two, as those of real inputs are; the answer becomes a condition that every call is held against.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...runtime import tree
from ...runtime.dim import named
from ...runtime.eager import wrap
from ...runtime.errors import ExportError
from ...runtime.nn.module import Module
from ...runtime.sizes import Sizes
from ...runtime.spec import Spec
from ...runtime.tensor import Tensor, as_tensor
from ...runtime.variable import Variable
from ..cache import Opening, Place
from ..compile import Compiled
from ..signature import PLAIN, Float, Plain, Signature
from ..staging.caller import Unbuilt
from ..tracing import Program, trace
from .entry import Entry
from .inputs import Input, Kind

SIZE = 64  # what open sizes are multiples of while a function is traced
FACTORS = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)


class _Leaf:
    """A leaf of the arguments, which a spec itself would not be: trees look into it."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind


def traced(name: str, function: Callable[..., Any], specs: Sequence[Any]) -> Entry:
    """An entry for arguments of these specs.

    Errors: ExportError or SourceError, with the line.
    """
    function = (function if isinstance(function, Compiled) else Compiled(function)).function
    parameters = _parameters(name, function, len(specs))
    arguments = tuple(_leaves(x, f"{name}: argument {at}") for at, x in zip(parameters, specs, strict=True))
    leaves, nesting = tree.flatten(arguments)
    paths = [path for path, _ in tree.paths(dict(zip(parameters, arguments, strict=True)))]
    inputs = tuple(Input(path, leaf.kind) for path, leaf in zip(paths, leaves, strict=True))
    opening = _opening([one.kind for one in inputs])
    structure = tree.flatten((arguments, {}))[1]
    program = _program(name, function, Signature(structure, opening.specs), opening)
    _check(name, program)
    return Entry(name, parameters, nesting, inputs, program)


def _parameters(name: str, function: Callable[..., Any], count: int) -> tuple[str, ...]:
    """The names of the arguments that are given specs."""
    asked = function.call if isinstance(function, Module) else function
    found: list[str] = []
    for one in inspect.signature(asked).parameters.values():
        if one.kind is one.VAR_POSITIONAL:
            found += [f"{one.name}_{i}" for i in range(count - len(found))]
        elif one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD):
            found.append(one.name)
            if one.default is one.empty and len(found) > count:
                raise ExportError(f"export: {name}: argument {one.name} has no spec", "Give one for each argument.")
    if len(found) < count:
        raise ExportError(f"export: {name} takes {len(found)} arguments, {count} specs are given", "Give one for each.")
    return tuple(found[:count])


def _leaves(x: Any, what: str) -> Any:
    """An argument's specs, nested as they are, as leaves."""
    if type(x) in (list, tuple):
        return type(x)(_leaves(one, what) for one in x)
    if type(x) is dict:
        return {key: _leaves(one, what) for key, one in x.items()}
    if isinstance(x, Tensor | Variable | np.ndarray | np.generic):
        return _Leaf(as_tensor(x).spec)
    if isinstance(x, Spec):
        return _Leaf(x)
    if type(x) is float:
        return _Leaf(Float())
    if isinstance(x, PLAIN):
        return _Leaf(Plain(type(x), x))
    raise ExportError(
        f"export: {what}: a {type(x).__name__} is no spec",
        "Give wf.spec(shape, dtype), a number or a plain value, and tuples, lists and dicts of them.",
    )


def _opening(kinds: Sequence[Kind]) -> Opening:
    """What the trace starts from: the specs with their sizes open."""
    sizes, places, specs = Sizes(), dict[Place, str](), list[Any]()
    for i, kind in enumerate(kinds):
        lengths: Any = kind.shape if isinstance(kind, Spec) else ()
        for axis, n in enumerate(lengths):
            if isinstance(n, str):
                places[i, axis] = n
                if n not in sizes.least:
                    rank = len(sizes.least)
                    factor = FACTORS[rank] if rank < len(FACTORS) else FACTORS[-1] + 2 * rank
                    sizes.add(n, SIZE * factor, least=1)
        shape = tuple(named(n, sizes) if isinstance(n, str) else n for n in lengths)
        specs.append(Spec(shape, kind.dtype) if isinstance(kind, Spec) else kind)
    return Opening(tuple(specs), sizes, places)


def _program(name: str, function: Callable[..., Any], key: Signature, opening: Opening) -> Program:
    try:
        return trace(function, key, [_example(spec) for spec in opening.specs], opening)
    except Unbuilt as unbuilt:
        kind = type(unbuilt.module).__name__
        raise ExportError(
            f"export: {name}: its {kind} makes its variables at its first call", "Call the model once before."
        ) from None


def _example(spec: Any) -> Any:
    """A leaf as a call would give it; nobody looks at the values of tensors."""
    if isinstance(spec, Spec):
        return wrap(np.zeros([n if isinstance(n, int) else 1 for n in spec.shape], spec.dtype))
    return 0.0 if isinstance(spec, Float) else spec.value


def _check(name: str, program: Program) -> None:
    """Refuse what a call would do to Python objects, and open sizes that are not open.

    Errors: ExportError.
    """
    if program.places:
        raise ExportError(
            f"export: {name} changes {program.places[0].name}, a Python object, which is not in the file",
            "Keep what changes in a wf.Variable, or return it.",
        )
    open_ = set(program.opening.places.values())
    for condition in program.opening.sizes.conditions:
        if condition.fixes in open_:
            raise ExportError(
                f"export: {name}: the signature leaves {condition.fixes} open, and the function needs {condition}",
                "Keep it out of what needs the number itself, or write the number into the signature.",
                condition.where,
            )
