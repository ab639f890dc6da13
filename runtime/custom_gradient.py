"""custom_gradient: a function that brings its own gradient.

The function runs in view of the tapes, so that its gradient function may use what it computed and be
differentiated itself; `with_gradient` then gives the result a second name that leads to the gradient function
instead. One node on each tape stands for the whole.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from . import observers, tree
from .assignment import alias
from .dtypes import INEXACT
from .eager import EagerTensor
from .errors import GradientError
from .families import fit
from .op import Op
from .ops.identity import with_gradient
from .spec import SCALARS, Shaped, Spec, describe, plural
from .tensor import OPS, Tensor
from .variable import Variable, current_tracer


class Reads:
    """An observer that notes which variables are read, and what they held at first."""

    def __init__(self) -> None:
        self.variables: dict[Variable, EagerTensor] = {}

    def observe(
        self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]
    ) -> None: ...

    def read(self, variable: Variable, value: EagerTensor) -> None:
        """Called by a variable that is read."""
        self.variables.setdefault(variable, value)

    @property
    def trainable(self) -> dict[Variable, EagerTensor]:
        """The trainable ones among them."""
        return {v: value for v, value in self.variables.items() if v.trainable}


@contextmanager
def reading() -> Iterator[Reads]:
    """Note the variables read inside the `with` block, while somebody watches at all or a graph is written."""
    reads = Reads()
    if not observers.watching.count and current_tracer() is None:
        yield reads
        return
    observers.add(reads)
    try:
        yield reads
    finally:
        observers.remove(reads)


def value_of(x: Any) -> Any:
    """A variable's present value, in view of the tapes; anything else itself."""
    return x.read_value() if isinstance(x, Variable) else x


def twin(x: Any) -> Any:
    """Another tensor object of the same value, so that `x[i] = v` on one leaves the other what it was.

    An array, which a gradient function may remember, is copied while somebody watches.
    """
    if isinstance(x, np.ndarray) and observers.watching.count:
        return x.copy()
    return alias(x) if isinstance(x, EagerTensor) else x


def split_results(value: Any) -> tuple[list[int], list[Any], tree.Structure]:
    """A function's result as leaves and structure, and the positions of the leaves that carry a gradient."""
    leaves, structure = tree.flatten(tree.map(_lifted, value))
    return [i for i, y in enumerate(leaves) if isinstance(y, Tensor) and y.dtype in INEXACT], leaves, structure


def _lifted(y: Any) -> Any:
    y = value_of(y)
    return OPS["tensor"](y) if type(y) in SCALARS or (hasattr(y, "__array__") and not isinstance(y, Tensor)) else y


def attach(label: str, value: Any, inputs: list[Any], pullback: Callable[[Any], list[Any]]) -> Any:
    """`value` with `pullback` as its gradient, which goes to `inputs`.

    The pullback takes the cotangents as a tree like `value`, None where a leaf has none.
    """
    numbers, leaves, structure = split_results(value)
    if not numbers:
        return value

    def pull(*dys: Any) -> list[Any]:
        cotangents: list[Any] = [None] * structure.leaves
        for i, dy in zip(numbers, dys, strict=True):
            cotangents[i] = dy
        return pullback(tree.unflatten(structure, cotangents))

    operands = [leaves[i] for i in numbers]
    named = with_gradient(*operands, *inputs, count=len(numbers), pullback=pull, label=label)
    for i, y in zip(numbers, named, strict=True):
        leaves[i] = y
    return tree.unflatten(structure, leaves)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function bring its own gradient: `f` returns (value, gradient function).

    The gradient function takes the cotangents of the value, in its structure; those of a tuple also as several
    arguments, if it takes as many. It returns the cotangent of each positional argument, None for one without a
    gradient; arguments that hold no tensor may be left out. Keyword-only arguments are settings without a gradient.
    If `f` reads trainable variables, the gradient function must take `variables=`, a list of them, and return
    (cotangents of the arguments, list of the variables' cotangents).
    Written in ops, it can itself be differentiated.

    Errors: GradientError when what `f` or the gradient function returns does not fit.

    Example:
        >>> import weft as wf
        >>> @wf.custom_gradient
        ... def log1pexp(x):
        ...     e = wf.exp(x)
        ...     return wf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))
        >>> wf.grad(log1pexp)(100.0)
        Tensor(1., f32)
    """
    label = getattr(f, "__qualname__", type(f).__name__)

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = _by_position(f, args, kwargs)
        args = tree.map(value_of, args)
        with reading() as reads:
            value, gradient = _checked(label, f(*tree.map(twin, args), **kwargs))
        variables = reads.trainable
        pullback = _Pullback.of(label, gradient, args, variables)
        inputs = [x for x in tree.leaves(args) if _takes_gradient(x)]
        return attach(label, value, [*inputs, *variables.values()], pullback)

    return call


def _by_position(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, those given by name in their positions where they have one."""
    if not kwargs:
        return args, kwargs
    bound = inspect.signature(f).bind(*args, **kwargs)
    return bound.args, bound.kwargs


def _checked(label: str, result: Any) -> tuple[Any, Callable[..., Any]]:
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise GradientError(
            f"custom_gradient: {label} returned a {type(result).__name__}, not (value, gradient function)",
            "Return the value and a function from its cotangent to those of the arguments.",
        )
    return result


def _takes_gradient(x: Any) -> bool:
    return isinstance(x, Tensor) and x.dtype in INEXACT


class _Argument(NamedTuple):
    """What is kept of an argument for the backward pass: nothing of its memory."""

    structure: tree.Structure
    specs: list[Spec | None]  # of each leaf; None for one that takes no gradient

    @classmethod
    def of(cls, x: Any) -> _Argument:
        leaves, structure = tree.flatten(x)
        return cls(structure, [Spec(v.shape, v.dtype) if _takes_gradient(v) else None for v in leaves])

    @property
    def differentiable(self) -> bool:
        """Whether a leaf takes a gradient."""
        return any(spec is not None for spec in self.specs)

    @property
    def several(self) -> bool:
        """Whether its gradient is a sequence itself."""
        return self.structure.kind is not None and issubclass(self.structure.kind, tuple | list)


class _Pullback(NamedTuple):
    """Calls a user's gradient function and fits what it returns to the arguments."""

    label: str
    gradient: Callable[..., Any]
    arguments: list[_Argument]
    variables: list[Variable]

    @classmethod
    def of(cls, label: str, gradient: Callable[..., Any], args: tuple[Any, ...], variables: Any) -> _Pullback:
        if variables and not _accepts(gradient, "variables"):
            names = ", ".join(repr(v.name) for v in variables)
            raise GradientError(
                f"custom_gradient: {label} reads the variables {names}, but its gradient function has no place for them",
                "Let it take `variables=` and return (cotangents of arguments, list of theirs); v.value is a constant.",
            )
        return cls(label, gradient, [_Argument.of(x) for x in args], list(variables))

    def __call__(self, cotangents: Any) -> list[Any]:
        keywords = {"variables": self.variables} if self.variables else {}
        spread = type(cotangents) in (tuple, list) and _positions(self.gradient) >= len(cotangents) != 1
        returned = self.gradient(*(cotangents if spread else (cotangents,)), **keywords)
        extra: list[Any] = []
        if self.variables:
            returned, extra = self._without_variables(returned)
        return [dx for x, value in self._one_each(returned) for dx in self._of_argument(x, value)] + extra

    def _without_variables(self, returned: Any) -> tuple[Any, list[Any]]:
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise self._misfit("no pair (cotangents of the arguments, list of the variables')")
        grads = list(returned[1])
        if len(grads) != len(self.variables):
            raise self._misfit(f"{len(grads)} cotangents for {plural(len(self.variables), 'variable')}")
        return returned[0], [self._fitted(dv, v) for dv, v in zip(grads, self.variables, strict=True)]

    def _one_each(self, returned: Any) -> list[tuple[_Argument, Any]]:
        """The arguments paired with what was returned for each: for all of them, or for those with tensors."""
        differentiable = [x for x in self.arguments if x.differentiable]
        several = isinstance(returned, tuple | list)
        for expected in (differentiable, self.arguments):
            if several and len(returned) == len(expected) and not (len(expected) == 1 and expected[0].several):
                return list(zip(expected, returned, strict=True))
        if len(differentiable) == 1:
            return [(differentiable[0], returned)]
        if returned is None:
            return [(x, None) for x in differentiable]
        given = plural(len(returned), "cotangent") if several else "1 cotangent"
        raise self._misfit(f"{given} for {plural(len(self.arguments), 'argument')}")

    def _of_argument(self, x: _Argument, dx: Any) -> list[Any]:
        """The cotangents of an argument's leaves that take one."""
        if dx is None:
            return [None for spec in x.specs if spec is not None]
        leaves, given = tree.flatten(dx)
        if given != x.structure:
            raise self._misfit(f"a cotangent of structure {given} for an argument of {x.structure}")
        return [self._fitted(d, spec) for d, spec in zip(leaves, x.specs, strict=True) if spec is not None]

    def _fitted(self, dx: Any, x: Shaped) -> Any:
        if dx is None:
            return None
        dx = value_of(dx)
        dx = dx if isinstance(dx, Tensor) else OPS["tensor"](dx, dtype=x.dtype)
        if dx.shape != x.shape:
            raise self._misfit(f"{describe(dx)} for {describe(x)}")
        return fit(dx, x)

    def _misfit(self, what: str) -> GradientError:
        return GradientError(
            f"custom_gradient: the gradient function of {self.label} returned {what}",
            "Return one cotangent, of the same structure and shape, for each argument; None where there is none.",
        )


def _positions(f: Callable[..., Any]) -> int:
    """How many arguments a gradient function takes by position."""
    parameters = inspect.signature(f).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 1 << 30
    named = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name != "variables"]
    return len([p for p in named if p.default is p.empty])


def _accepts(f: Callable[..., Any], name: str) -> bool:
    parameters = inspect.signature(f).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
