"""checkpoint: keep a function's arguments instead of everything it computes, and compute it again backwards.

The function runs hidden from the tapes, while a `Witness` notes what it depends on besides its arguments: the
variables it reads, generators of random numbers among them, and tensors of an outer scope that a tape knows. The
second run sees the variables as they were in the first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from . import observers, tree
from .assignment import alias, rebind
from .custom_gradient import Reads, attach, split_results, twin, value_of
from .dtypes import INEXACT
from .eager import EagerTensor, wrap
from .op import Op
from .ops.identity import identity
from .tape import GradientTape, Tape
from .tensor import Tensor
from .variable import Variable


class Witness(Reads):
    """Notes the variables that are read, and the tensors used that the tapes know."""

    def __init__(self, tapes: list[Tape]) -> None:
        super().__init__()
        self.tapes = tapes
        self.captured: dict[int, tuple[EagerTensor, EagerTensor]] = {}  # each with the value it had

    def observe(self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]) -> None:
        """Called after each op."""
        for x in inputs:
            if isinstance(x, EagerTensor) and x.key and any(x.key in tape.known for tape in self.tapes):
                self.captured.setdefault(x.key, (x, alias(x)))

    def read(self, variable: Variable, value: EagerTensor) -> None:
        """Called by a variable that is read."""
        super().read(variable, value)
        for tape in self.tapes:
            tape.read(variable, value)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes what `f` does and keeps only its arguments for the gradient, not what lies between.

    The backward pass runs `f` again, with the variables and random numbers of the first run. Whatever else `f`
    does besides computing its result, it does twice.

    Cost: one more forward pass; memory for the arguments instead of every value in `f`.
    Source: T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost" (2016).

    Example:
        >>> import weft as wf
        >>> wf.grad(wf.checkpoint(lambda x: wf.sin(wf.exp(x))))(0.0)
        Tensor(0.5403023, f32)
    """
    label = f"checkpoint of {getattr(f, '__qualname__', type(f).__name__)}"

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        tapes = [observer for observer in observers.current() if isinstance(observer, Tape)]
        if not tapes:
            return f(*args, **kwargs)
        leaves, structure = tree.flatten((args, kwargs))
        leaves = [twin(value_of(x)) for x in leaves]
        witness = Witness(tapes)
        with _instead(tapes, witness):
            value = _applied(f, structure, [wrap(x.buffer) if isinstance(x, EagerTensor) else x for x in leaves])
        again = _Again(f, structure, leaves, witness)
        return attach(label, value, again.inputs, again)

    return call


@contextmanager
def _instead(tapes: list[Tape], witness: Witness) -> Iterator[None]:
    """Hide what happens inside from the tapes; let the witness see it."""
    with ExitStack() as stack:
        for tape in tapes:
            stack.enter_context(observers.hidden(tape))
        observers.add(witness)
        stack.callback(observers.remove, witness)
        yield


def _applied(f: Callable[..., Any], structure: tree.Structure, leaves: list[Any]) -> Any:
    args, kwargs = tree.unflatten(structure, leaves)
    return f(*args, **kwargs)


class _Again:
    """The gradient of a function by running it again under a tape."""

    def __init__(self, f: Callable[..., Any], structure: tree.Structure, leaves: list[Any], witness: Witness) -> None:
        self.f, self.structure, self.leaves = f, structure, leaves
        self.places = [i for i, x in enumerate(leaves) if isinstance(x, Tensor) and x.dtype in INEXACT]
        self.variables, self.captured = witness.variables, list(witness.captured.values())  # and not the tapes: a cycle
        self.outside = {key: value for key, (_, value) in witness.captured.items()}
        self.outside |= {x.key: x for x in witness.trainable.values() if x.key}

    @property
    def inputs(self) -> list[Any]:
        """What the gradient goes to: arguments, then what the function took from outside."""
        return [*(self.leaves[i] for i in self.places), *self.outside.values()]

    def __call__(self, cotangents: Any) -> list[Any]:
        leaves, named = list(self.leaves), [identity(self.leaves[i]) for i in self.places]
        sources = [*named, *self.outside.values()]
        with _as_they_were(self.variables, self.captured), GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            for i, x in zip(self.places, named, strict=True):
                leaves[i] = twin(x)
            numbers, results, _ = split_results(_applied(self.f, self.structure, leaves))
        dys = [dy for dy in tree.leaves(cotangents) if dy is not None]
        return tape.gradient([results[i] for i in numbers], sources, dys)


@contextmanager
def _as_they_were(
    variables: dict[Variable, EagerTensor], captured: list[tuple[EagerTensor, EagerTensor]]
) -> Iterator[None]:
    """Let variables, and tensors that were assigned to since, hold their former values inside the `with` block."""
    present = {variable: variable.held for variable in variables}
    changed = [(x, alias(x), value) for x, value in captured if x.key != value.key]
    try:
        for variable, value in variables.items():
            variable.held = value
        for x, _, value in changed:
            rebind(x, value)
        yield
    finally:
        for variable, value in present.items():
            variable.held = value
        for x, value, _ in changed:
            rebind(x, value)
