"""Recurrent layers: a cell says what happens in one step, a layer applies it along time, in a plain Python loop.

A cell is called with (x, state) and gives (output, state); it can be used alone in a loop of one's own. Its part that depends
on the input alone is one product for all steps, `project`; `step` is the rest. Sequences are (batch, time, features).
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from ..creation import full, zeros
from ..eager import home_of
from ..errors import ArgumentError, ShapeError
from ..ops.activation import sigmoid
from ..ops.elementwise import tanh, where
from ..ops.joining import concat, split, stack, unstack
from ..ops.linear import matmul
from ..ops.shaping import astype, reshape
from ..ranges import arange
from ..spec import describe
from ..tensor import Tensor, as_tensor
from ..variable import Variable
from . import initializers
from .initializers import Initializer, Orthogonal, glorot_uniform, new_variable
from .layer import Activation, Layer, as_activation, as_count, length_along

State = Any  # a tensor (batch, units), or a tuple of them


class Cell(Layer):
    """What cells share: weights for the input and for the state before, side by side for each gate.

    weight (features, gates * units), recurrent_weight (units, gates * units), bias (gates * units,).
    """

    gates: ClassVar[int] = 1
    weight: Variable
    recurrent_weight: Variable
    bias: Variable | None = None

    def __init__(
        self, units: int, *, use_bias: bool = True, weight_init: Initializer = glorot_uniform,
        recurrent_init: Initializer = Orthogonal(), bias_init: Initializer = initializers.zeros, dtype: Any = None,
    ) -> None:  # fmt: skip
        self.units, self.use_bias, self.dtype = as_count(type(self).__name__, "units", units), use_bias, dtype
        self.weight_init, self.recurrent_init, self.bias_init = weight_init, recurrent_init, bias_init

    def build(self, x: Tensor, state: State = None) -> None:
        n = length_along(type(self).__name__, x, -1, least=2)
        self.weight = new_variable(
            "weight", self._side_by_side(self.weight_init), (n, self.gates * self.units), self.dtype
        )
        self.recurrent_weight = new_variable(
            "recurrent_weight",
            self._side_by_side(self.recurrent_init),
            (self.units, self.gates * self.units),
            self.dtype,
        )
        if self.use_bias:
            self.bias = new_variable("bias", self.bias_init, (self.gates * self.units,), self.dtype)

    def _side_by_side(self, init: Initializer) -> Initializer:
        """Each gate is initialized as a matrix of its own."""

        def draw(shape: Any, dtype: Any) -> Tensor:
            return concat([init((shape[0], self.units), dtype) for _ in range(self.gates)], axis=1)

        return draw

    def first_state(self, x: Tensor) -> State:
        """The state before the first step: zeros for each example of the batch."""
        return zeros((x.shape[0], self.units), dtype=self.weight.dtype, device=self.weight.device)

    def project(self, x: Tensor) -> Tensor:
        """What a step needs of the input.   Shapes: (..., features) -> (..., gates * units)."""
        y = matmul(x, self.weight)
        return y if self.bias is None else y + self.bias

    def step(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        """One step from what `project` gave."""
        raise NotImplementedError

    def call(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        return self.step(self.project(x), self.first_state(x) if state is None else state)


class SimpleRNNCell(Cell):
    """h' = tanh(x @ weight + h @ recurrent_weight + bias), or with another activation.

    Shapes: x (batch, features), state (batch, units) -> (batch, units), the same as the new state.
    Source: Elman 1990, "Finding structure in time".
    """

    def __init__(self, units: int, *, activation: Activation = tanh, **options: Any) -> None:
        super().__init__(units, **options)
        self.activation = as_activation(activation)

    def step(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        h = projected + matmul(state, self.recurrent_weight)
        h = h if self.activation is None else self.activation(h)
        return h, h


class LSTMCell(Cell):
    """Long short-term memory: a state (h, c), where gates say what c forgets, takes in and shows.

    The gates stand in the weights in the order input, forget, candidate, output. The forget gate's bias begins at
    `forget_bias`.

    Shapes: x (batch, features), state ((batch, units), (batch, units)) -> (batch, units) and the new state.
    Source: Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000 (forget gate); Jozefowicz, Zaremba, Sutskever
    2015 (its bias).
    """

    gates = 4

    def __init__(self, units: int, *, forget_bias: float = 1.0, **options: Any) -> None:
        super().__init__(units, **options)
        self.forget_bias = forget_bias

    def build(self, x: Tensor, state: State = None) -> None:
        super().build(x)
        if self.bias is not None:
            n = self.units
            forget = concat([zeros(n), full(n, self.forget_bias, dtype=self.bias.dtype), zeros(2 * n)])
            self.bias.assign_add(astype(forget, dtype=self.bias.dtype))

    def first_state(self, x: Tensor) -> State:
        return super().first_state(x), super().first_state(x)

    def step(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        h, c = state
        z = projected + matmul(h, self.recurrent_weight)
        i, f, g, o = split(z, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        return h, (h, c)


class GRUCell(Cell):
    """Gated recurrent unit: a gate mixes the state before with a candidate; another says what the candidate sees of it.

    The gates stand in the weights in the order reset, update, candidate. The reset gate acts after the product, as in
    cuDNN and PyTorch, so there is a `recurrent_bias` too.

    Shapes: x (batch, features), state (batch, units) -> (batch, units), the same as the new state.
    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
    """

    gates = 3
    recurrent_bias: Variable | None = None

    def build(self, x: Tensor, state: State = None) -> None:
        super().build(x)
        if self.use_bias:
            self.recurrent_bias = new_variable("recurrent_bias", self.bias_init, (3 * self.units,), self.dtype)

    def step(self, projected: Tensor, state: State) -> tuple[Tensor, State]:
        z = matmul(state, self.recurrent_weight)
        z = z if self.recurrent_bias is None else z + self.recurrent_bias
        (xr, xu, xc), (hr, hu, hc) = split(projected, 3, axis=-1), split(z, 3, axis=-1)
        update = sigmoid(xu + hu)
        candidate = tanh(xc + sigmoid(xr + hr) * hc)
        h = candidate + update * (state - candidate)
        return h, h


class Recurrent(Layer):
    """A cell applied along time.

    `lengths` (batch,) or a bool `mask` (batch, time) say which steps are real: the others leave the state as it is and give
    outputs of zero. With `reverse` time runs backwards, and outputs stand at the steps they belong to.

    Shapes: (batch, time, features) -> (batch, units), the last output; with return_sequences (batch, time, units);
    with return_state a pair of that and the last state.
    """

    def __init__(
        self, cell: Cell, *, return_sequences: bool = False, return_state: bool = False, reverse: bool = False
    ) -> None:
        self.cell = cell
        self.return_sequences, self.return_state, self.reverse = return_sequences, return_state, reverse

    def build(self, x: Tensor, state: State = None, **_: Any) -> None:
        if len(x.shape) != 3:
            raise ShapeError(f"{type(self).__name__}: the input is {describe(x)}", "Give it (batch, time, features).")

    def call(self, x: Tensor, state: State = None, *, lengths: Any = None, mask: Any = None) -> Any:
        Recurrent.build(self, x)
        if not x.shape[1]:
            raise ShapeError(f"{type(self).__name__}: {describe(x)} has no steps", "Give it one step or more.")
        if not self.cell.built:
            self.cell.prepare(x)
        real = _real_steps(type(self).__name__, x, lengths, mask)
        state = self.cell.first_state(x) if state is None else state
        outputs, last, state = self._loop(unstack(self.cell.project(x), axis=1), state, real)
        result = stack(outputs[::-1] if self.reverse else outputs, axis=1) if self.return_sequences else last
        return (result, state) if self.return_state else result

    def _loop(self, steps: Any, state: State, real: Any) -> tuple[list[Any], Any, State]:
        """The outputs in the order of the loop, the last real one, and the last state."""
        outputs: list[Any] = []
        last = None
        order = range(len(steps))
        for t in reversed(order) if self.reverse else order:
            y, after = self.cell.step(steps[t], state)
            if real is None:
                state, last = after, y
            else:
                now = real[t]
                state = _choose(now, after, state)
                last = where(now, y, 0.0 if last is None else last)
                y = where(now, y, 0.0)
            outputs.append(y)
        return outputs, last, state


def _choose(now: Any, after: State, before: State) -> State:
    """The state after a step where the step is real, the one before it elsewhere."""
    if isinstance(after, tuple):
        return tuple(_choose(now, a, b) for a, b in zip(after, before, strict=True))
    return where(now, after, before)


def _real_steps(owner: str, x: Tensor, lengths: Any, mask: Any) -> Any:
    """For each step a bool (batch, 1), or None when all steps are real."""
    if lengths is None and mask is None:
        return None
    if lengths is not None and mask is not None:
        raise ArgumentError(f"{owner}: both lengths and mask are given", "Give one of them.")
    batch, time = x.shape[:2]
    if lengths is not None:
        lengths = as_tensor(lengths, x)
        _require_shape(owner, "lengths", lengths, (batch,))
        mask = arange(time, device=home_of(x)) < reshape(lengths, shape=(batch, 1))
    mask = as_tensor(mask, x)
    _require_shape(owner, "mask", mask, (batch, time))
    return unstack(reshape(astype(mask, dtype="bool"), shape=(batch, time, 1)), axis=1)


def _require_shape(owner: str, what: str, x: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(x.shape) != shape:
        raise ShapeError(f"{owner}: {what} is {describe(x)}", f"Give it the shape {shape}, as the input has it.")


_LAYER = ("return_sequences", "return_state", "reverse")


def _split_options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the cell, and those of the layer."""
    ours = {name: value for name, value in options.items() if name in _LAYER}
    return {name: value for name, value in options.items() if name not in ours}, ours


class SimpleRNN(Recurrent):
    """A `SimpleRNNCell` applied along time; options as there and in `Recurrent`."""

    def __init__(self, units: int, **options: Any) -> None:
        cell, ours = _split_options(options)
        super().__init__(SimpleRNNCell(units, **cell), **ours)


class LSTM(Recurrent):
    """An `LSTMCell` applied along time; options as there and in `Recurrent`.

    Example:
        >>> import weft as wf
        >>> layer = wf.nn.LSTM(8, return_sequences=True, return_state=True)
        >>> y, (h, c) = layer(wf.zeros((2, 5, 3)), lengths=[5, 2])
        >>> y.shape, h.shape
        ((2, 5, 8), (2, 8))
    """

    def __init__(self, units: int, **options: Any) -> None:
        cell, ours = _split_options(options)
        super().__init__(LSTMCell(units, **cell), **ours)


class GRU(Recurrent):
    """A `GRUCell` applied along time; options as there and in `Recurrent`."""

    def __init__(self, units: int, **options: Any) -> None:
        cell, ours = _split_options(options)
        super().__init__(GRUCell(units, **cell), **ours)


class Bidirectional(Layer):
    """A recurrent layer and its like that runs backwards, their outputs side by side; states as a pair.

    Source: Schuster, Paliwal 1997, "Bidirectional recurrent neural networks".
    """

    def __init__(self, layer: Recurrent) -> None:
        if layer.cell.built:
            raise ArgumentError("Bidirectional: the layer was called already", "Give it a fresh one; it is copied.")
        self.forward, self.backward = layer, copy.deepcopy(layer)
        self.backward.reverse = not layer.reverse

    def call(self, x: Tensor, state: State = None, *, lengths: Any = None, mask: Any = None) -> Any:
        first, second = (None, None) if state is None else state
        a = self.forward(x, first, lengths=lengths, mask=mask)
        b = self.backward(x, second, lengths=lengths, mask=mask)
        if not self.forward.return_state:
            return concat([a, b], axis=-1)
        return concat([a[0], b[0]], axis=-1), (a[1], b[1])
