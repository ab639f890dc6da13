"""GradientTape: records the ops that ran, and plays them backwards.

A tape is a flat list of nodes; values are known on it by integer keys, so there are no reference cycles and a
dropped tape frees everything at once. What no gradient rule will read is kept as a `Ghost`: shape and dtype
without the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal

import numpy as np

from . import explain, jacobians, observers, tree, unwatched
from .assignment import alias
from .backprop import Cotangents, accumulate, backpropagate, reachable
from .dtypes import INEXACT, DType
from .eager import EagerTensor, home_of, lift, new_key, watch, wrap
from .errors import GradientError, user_location
from .op import Op
from .spec import SCALARS, Shape, describe, size
from .tensor import OPS, Tensor
from .variable import Variable

GHOST_BYTES = 1 << 12  # smaller values are kept whole: a ghost would cost more than it frees


class Ghost:
    """A value that the reverse pass asks only for its shape and dtype."""

    __slots__ = ("dtype", "key", "shape")

    def __init__(self, shape: Shape, dtype: DType, key: int) -> None:
        self.shape, self.dtype, self.key = shape, dtype, key

    @property
    def buffer(self) -> Ghost:
        """What is there in the place of an array that no rule reads."""
        return self

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return size(self.shape)


class Tape:
    """The recording itself: what an open tape keeps of each op."""

    def __init__(self, automatic: bool = True) -> None:
        self.automatic = automatic  # whether trainable variables are watched when read
        self.nodes: list[tuple[Op[...], tuple[Any, ...], Mapping[str, Any], tuple[Any, ...]]] = []  # plain, for speed
        self.known: set[int] = set()  # keys of values that depend on what is watched
        self.watched: list[Tensor] = []  # keeps the leaves, so that their keys stay theirs
        self.reads: dict[Variable, list[EagerTensor]] = {}
        self.faint: dict[int, tuple[str, str, tuple[int, ...]]] = {}  # past a cut: op, line, operands
        self.leaves: dict[Tensor, Tensor] = {}  # watched, then assigned to: what was watched
        observers.keep(self)

    def watch(self, x: Tensor) -> None:
        """Record what is done with `x`."""
        if self.leaves:
            self.leaves.pop(x, None)
        if watch(x) not in self.known:
            self.known.add(x.key)
            self.watched.append(x)

    def read(self, variable: Variable, value: EagerTensor) -> None:
        """Called by a variable that is read."""
        if self.automatic and variable.trainable:
            self.watch_variable(variable, value)

    def watch_variable(self, variable: Variable, value: EagerTensor) -> None:
        """Watch a variable's present value, as the variable's."""
        values = self.reads.setdefault(variable, [])
        if not values or values[-1] is not value:
            self.watch(value)
            values.append(value)

    def observe(self, op: Op[...], inputs: tuple[Any, ...], attrs: Mapping[str, Any], outputs: tuple[Any, ...]) -> None:
        """Record an op if it touches anything known."""
        known = self.known
        for x in inputs:
            if type(x) is EagerTensor:  # what is most likely is asked first
                if x.key in known:
                    break
            elif getattr(x, "key", 0) in known:
                break
        else:
            if self.faint:
                self.pass_on(op, inputs, outputs)
            return
        if op.rules is None:
            return self.cut(op, inputs, outputs)
        if op.keeps_kind:  # an elementwise op: its operands are no larger than its result
            y = outputs[0]
            key = y.key
            if not key:
                y.key = key = new_key()
            known.add(key)
            if type(y) is not EagerTensor or y.buffer.nbytes < GHOST_BYTES:
                self.nodes.append((op, inputs, attrs, outputs))
                return
        elif not self.learn(outputs):
            return self.cut(op, inputs, outputs)
        if op.saved is not None and type(outputs[0]) is EagerTensor:
            inputs, outputs = _without_values(op.saved, inputs, outputs)
        self.nodes.append((op, inputs, attrs, outputs))

    def learn(self, outputs: tuple[Any, ...]) -> bool:
        """Know the outputs that can carry a cotangent; whether there are any."""
        keys = [watch(y) for y in outputs if y.dtype in INEXACT]
        self.known.update(keys)
        return bool(keys)

    def cut(self, op: Op[...], inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Remember where a path ended, for `explain`."""
        keys = tuple(x.key for x in inputs if getattr(x, "key", 0))
        where = user_location()
        for y in outputs:
            self.faint[watch(y)] = (op.name, where, keys)

    def pass_on(self, op: Op[...], inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Follow a path past its cut."""
        keys = tuple(x.key for x in inputs if getattr(x, "key", 0) in self.faint)
        if keys:
            for y in outputs:
                self.faint[watch(y)] = ("", "", keys)

    def keeps(self, x: EagerTensor) -> bool:
        """Whether `x` is remembered as an operand, a result, or a leaf."""
        held = (v for _, inputs, _, outputs in self.nodes for v in (*inputs, *outputs))
        return x.key in self.known or any(v is x for v in self.watched) or any(v is x for v in held)

    def rename(self, x: EagerTensor, old: EagerTensor) -> None:
        """Remember `old` in place of `x`, which is about to hold another value.

        Nodes that use a value come after the one that made it, so a loop of assignments stays linear.
        """
        for i in range(len(self.nodes) - 1, -1, -1):
            op, inputs, attrs, outputs = self.nodes[i]
            if any(v is x for v in inputs) or any(y is x for y in outputs):
                swap = [tuple([old if v is x else v for v in values]) for values in (inputs, outputs)]
                self.nodes[i] = (op, swap[0], attrs, swap[1])
            if x.key and any(y.key == x.key for y in outputs):
                return
        if any(v is x for v in self.watched):
            self.watched = [old if v is x else v for v in self.watched]
            self.leaves.setdefault(x, old)
        for values in self.reads.values():
            values[:] = [old if v is x else v for v in values]


def _without_values(
    saved: frozenset[int], inputs: tuple[Any, ...], outputs: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Inputs and outputs with ghosts for the large ones that no rule reads."""
    if 0 not in saved and outputs[0].buffer.nbytes >= GHOST_BYTES:
        outputs = tuple([_ghost(y) for y in outputs])
    for i, x in enumerate(inputs, 1):
        if type(x) is EagerTensor and i not in saved and x.buffer.nbytes >= GHOST_BYTES:
            inputs = (*inputs[: i - 1], _ghost(x), *inputs[i:])
    return inputs, outputs


def _ghost(x: EagerTensor) -> Ghost:
    return Ghost(x.shape, x.dtype, x.key)


class GradientTape:
    """Records operations for automatic differentiation.

    Ops on watched tensors, and on trainable variables (unless `watch_accessed_variables=False`), are recorded
    inside the `with` block. A persistent tape may be asked for several gradients.

    Example:
        >>> import weft as wf
        >>> x = wf.tensor(3.0)
        >>> with wf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.gradient(y, x)
        Tensor(6., f32)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent, self._automatic = persistent, watch_accessed_variables
        self._tape: Tape | None = None
        self._open = False

    def __enter__(self) -> GradientTape:
        if self._open:
            raise GradientError("this tape is already recording", "Open another tape.")
        self._tape = self._tape or Tape(self._automatic)
        self._open = True
        observers.add(self._tape)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._open:
            self._close()

    def _close(self) -> None:
        self._open = False
        observers.remove(self._recording())

    def watch(self, *values: Any) -> None:
        """Watch tensors or variables, or trees of them.

        Errors: GradientError for what is no floating or complex tensor.
        """
        for x in tree.leaves(values[0] if len(values) == 1 else values):
            if isinstance(x, Variable):
                self._recording().watch_variable(x, x.held)
            elif isinstance(x, Tensor) and x.dtype in INEXACT:
                self._recording().watch(x)
            else:
                shown = describe(x) if isinstance(x, Tensor) else f"a {type(x).__name__}"
                raise GradientError(f"watch: {shown} cannot be differentiated", "Watch floating or complex tensors.")

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Record nothing inside the `with` block."""
        with observers.hidden(self._recording()):
            yield

    def reset(self) -> None:
        """Forget everything recorded so far."""
        if self._open:
            observers.remove(self._recording())
        self._tape = Tape(self._automatic)
        if self._open:
            observers.add(self._tape)

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were read or watched, in that order."""
        return tuple(self._recording().reads)

    def _recording(self) -> Tape:
        if self._tape is None:
            raise GradientError(
                "this tape has nothing recorded, or was already played back",
                "Record inside `with wf.GradientTape() as tape:`; persistent=True allows several gradients.",
            )
        return self._tape

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected: Literal["none", "zero"] = "none",
    ) -> Any:
        """The gradient of `target` with respect to `sources`, as a tree like `sources`.

        A target that is no scalar is summed, weighted by `output_gradients` where given. A source that the target
        does not depend on gets None, or zeros with `unconnected="zero"`.

        Errors: GradientError for targets that are no floating or complex tensors, and when the tape was used up.
        """
        tape = self._recording()
        leaves, structure = tree.flatten(sources)
        keys = [self._keys(tape, x) for x in leaves]
        cotangents = _seed(target, output_gradients)
        if not self.persistent:
            if self._open:
                self._close()
            self._tape = None
        _play(tape, cotangents, {key for group in keys for key in group})
        grads = [_own(_sum(cotangents, group)) for group in keys]
        if unconnected == "zero":
            grads = _connected(grads, [x.shape for x in leaves], leaves, unconnected)
        return tree.unflatten(structure, grads)

    def jacobian(self, target: Any, sources: Any, unconnected: Literal["none", "zero"] = "none") -> Any:
        """The derivative of every element of `target` by every element of `sources`.

        A tree like `target`, of trees like `sources`; None, or zeros, where the target does not depend on a source.

        Shapes: y.shape + x.shape.
        Cost: one backward pass for each element of the target.
        Errors: as `gradient`.
        """
        leaves, structure = tree.flatten(sources)
        leaves = [_as_source(x) for x in leaves]

        def by_sources(y: Any) -> Any:
            y = _as_target(y)
            found = jacobians.jacobians(lambda dy: self.gradient(y, leaves, dy), y, leaves)
            return tree.unflatten(
                structure, _connected(found, [(*y.shape, *x.shape) for x in leaves], leaves, unconnected)
            )

        with self._kept():
            return tree.map(by_sources, target)

    def batch_jacobian(self, target: Any, source: Any, unconnected: Literal["none", "zero"] = "none") -> Any:
        """The Jacobian of each item of a batch: of `target[i]` by `source[i]`, where items do not mix.

        Shapes: (b, ...), (b, ...) -> target.shape + source.shape[1:].
        Cost: one backward pass for each element of an item of the target.
        Errors: ShapeError unless both are batches of one length.
        """
        target, source = _as_target(target), _as_source(source)
        with self._kept():
            found = jacobians.batch_jacobian(lambda dy: self.gradient(target, [source], dy), target, source)
        return _connected([found], [(*target.shape, *source.shape[1:])], [source], unconnected)[0]

    def explain(self, target: Any, source: Any) -> str:
        """Say why the gradient of `target` by `source` is None: what cut the path, and where.

        Errors: GradientError when the tape was used up; a persistent one can be asked after its gradient.

        Example:
            >>> import weft as wf
            >>> x = wf.tensor(2.5)
            >>> with wf.GradientTape(persistent=True) as tape:
            ...     tape.watch(x)
            ...     y = wf.stop_gradient(x) * 3.0
            >>> print(tape.explain(y, x))  # doctest: +ELLIPSIS
            The path is cut by stop_gradient (...).
        """
        return explain.explain(self._recording(), target, source)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Play several times inside the `with` block, then use the tape up unless it is persistent."""
        persistent, self.persistent = self.persistent, True
        try:
            if self._open and not persistent:
                self._close()
            yield
        finally:
            self.persistent = persistent
            if not persistent:
                self._tape = None

    def _keys(self, tape: Tape, x: Any) -> list[int]:
        """The keys under which a source is known on the tape."""
        if type(x) is not EagerTensor:
            if isinstance(x, Variable):
                return list({value.key: None for value in tape.reads.get(x, ())})
            _as_source(x)
        if tape.leaves:
            x = tape.leaves.get(x, x)
        return [x.key] if x.key in tape.known else []


def _connected(grads: list[Any], shapes: list[Shape], sources: list[Any], unconnected: str) -> list[Any]:
    """Zeros in the place of None, where they are wanted."""
    if unconnected != "zero":
        return grads
    columns = zip(grads, shapes, sources, strict=True)
    return [OPS["zeros"](shape, dtype=x.dtype, device=home_of(x)) if dx is None else dx for dx, shape, x in columns]


def _seed(target: Any, output_gradients: Any) -> Cotangents:
    """The cotangents that the reverse pass starts from."""
    targets = [_as_target(y) for y in tree.leaves(target)]
    weights = [None] * len(targets) if output_gradients is None else tree.leaves(output_gradients)
    cotangents: Cotangents = {}
    for y, dy in zip(targets, weights, strict=True):
        dy = _ones(y) if dy is None else _weight(y, dy)
        if y.key:
            accumulate(cotangents, y.key, dy)
    return cotangents


def _as_target(y: Any) -> Tensor:
    """A leaf of the target as a tensor that has a gradient."""
    y = y.read_value() if isinstance(y, Variable) else y
    if not isinstance(y, Tensor) or y.dtype not in INEXACT:
        shown = describe(y) if isinstance(y, Tensor) else f"a {type(y).__name__}"
        raise GradientError(
            f"gradient: the target {shown} cannot be differentiated", "Targets are floating or complex tensors."
        )
    return y


def _as_source(x: Any) -> Any:
    if not isinstance(x, Tensor):
        raise GradientError(f"gradient: a source is a {type(x).__name__}", "Sources are tensors or variables.")
    return x


def _weight(y: Tensor, dy: Any) -> Tensor:
    """An output gradient as a cotangent of `y`."""
    if not isinstance(dy, Tensor) or isinstance(dy, Variable):
        dy = OPS["asarray"](dy, y.dtype, device=home_of(y)) if type(dy) in SCALARS else lift(dy, home_of(y))
    if dy.shape != y.shape:
        raise GradientError(
            f"gradient: output gradient {describe(dy)} for a target {describe(y)}", "Shapes must be equal."
        )
    return dy if dy.dtype is y.dtype else OPS["astype"](dy, dtype=y.dtype)


def _ones(y: Any) -> Any:
    if type(y) is not EagerTensor:
        return OPS["broadcast_to"](OPS["ones"]((), dtype=y.dtype), shape=y.shape)
    buffer = y.buffer
    if type(buffer) is not np.ndarray:
        return wrap(buffer.device.full(y.shape, np.ones((), y.dtype)))
    array = np.empty(buffer.shape, buffer.dtype)
    array.fill(1)
    return wrap(array)


def _play(tape: Tape, cotangents: Cotangents, sources: set[int]) -> None:
    nodes = list(tape.nodes)
    known = tape.known
    if len(tape.watched) > len(sources):
        known = reachable(nodes, sources)
    if observers.watching.count or any([type(dy) is not EagerTensor for dy in cotangents.values()]):
        backpropagate(nodes, cotangents, known, sources)
    else:
        unwatched.backpropagate(nodes, cotangents, known, sources)


def _own(dx: Any) -> Any:
    """A gradient as a tensor of its own: sources may share one, or have the output gradient itself."""
    return alias(dx) if type(dx) is EagerTensor else dx


def _sum(cotangents: Cotangents, keys: list[int]) -> Any:
    if len(keys) == 1:
        return cotangents.get(keys[0])
    found = [cotangents[key] for key in dict.fromkeys(keys) if key in cotangents]
    total = found[0] if found else None
    for dx in found[1:]:
        total = total + dx
    return total
