"""The rules: how SGD, RMSProp, Adagrad, Adam, AdamW and Lion move a variable.

Each class holds its settings, the names of its slots, and `update`, which is the formula and nothing else. The numbers
agree with PyTorch's optimizers of the same names.
"""

from __future__ import annotations

from typing import Any, Unpack

from ..creation import full
from ..dtypes import DType
from ..ops.elementwise import sign, sqrt
from ..tensor import Tensor
from .optimizer import Optimizer, Options, Rate, Slots, abs_square, require_fraction


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Nesterov's too).

    Source: Sutskever, Martens, Dahl, Hinton 2013, "On the importance of initialization and momentum in deep learning".

    Example:
        >>> import weft as wf
        >>> x = wf.Variable(5.0, name="x")
        >>> sgd = wf.optim.SGD(0.1)
        >>> for _ in range(3):
        ...     loss = sgd.minimize(lambda: x * x)
        >>> x
        Variable('x', 2.56, f32)
    """

    def __init__(
        self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Unpack[Options]
    ) -> None:
        super().__init__(learning_rate, **options)
        require_fraction("SGD", momentum=momentum)
        self.momentum, self.nesterov = momentum, nesterov
        self.slot_names = ("velocity",) if momentum else ()

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        (rate,) = factors
        if not self.momentum:
            return x - rate * dx, {}
        velocity = self.momentum * slots["velocity"] + dx
        move = dx + self.momentum * velocity if self.nesterov else velocity
        return x - rate * move, {"velocity": velocity}


class RMSProp(Optimizer):
    """Steps divided by the root of a running mean of squared gradients.

    `centered` subtracts the squared running mean first, which gives the running variance.

    Source: Hinton 2012, "Neural networks for machine learning", lecture 6e; Graves 2013, arXiv:1308.0850, for centered.
    """

    def __init__(
        self, learning_rate: Rate = 0.01, decay: float = 0.99, epsilon: float = 1e-8, momentum: float = 0.0,
        centered: bool = False, **options: Unpack[Options],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **options)
        require_fraction("RMSProp", decay=decay, momentum=momentum)
        self.decay, self.epsilon, self.momentum, self.centered = decay, epsilon, momentum, centered
        self.slot_names = ("square", *("mean",) * centered, *("velocity",) * bool(momentum))

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        (rate,) = factors
        square = _running(slots["square"], abs_square(dx), self.decay)
        after, variance = {"square": square}, square
        if self.centered:
            after["mean"] = _running(slots["mean"], dx, self.decay)
            variance = square - abs_square(after["mean"])
        move = dx / (sqrt(variance) + self.epsilon)
        if self.momentum:
            move = after["velocity"] = self.momentum * slots["velocity"] + move
        return x - rate * move, after


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    Source: Duchi, Hazan, Singer 2011, "Adaptive subgradient methods for online learning and stochastic optimization".
    """

    slot_names = ("square",)

    def __init__(
        self, learning_rate: Rate = 0.01, epsilon: float = 1e-10, initial: float = 0.0, **options: Unpack[Options]
    ) -> None:
        super().__init__(learning_rate, **options)
        self.epsilon, self.initial = epsilon, initial

    def first_slot(self, name: str, x: Tensor, dtype: DType) -> Tensor:
        return full(x.shape, self.initial, dtype=dtype)

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        (rate,) = factors
        square = slots["square"] + abs_square(dx)
        return x - rate * dx / (sqrt(square) + self.epsilon), {"square": square}


class Adam(Optimizer):
    """Running means of gradients and of their squares, both corrected for their start at zero.

    Source: Kingma, Ba 2015, "Adam: a method for stochastic optimization", algorithm 1.
    """

    slot_names = ("mean", "square")

    def __init__(
        self, learning_rate: Rate = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **options)
        require_fraction(type(self).__name__, beta1=beta1, beta2=beta2)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def factors(self, rate: Tensor, step: Tensor) -> tuple[Tensor, ...]:
        """The corrected rate, and the factor that corrects the root of the mean square."""
        return rate / (1.0 - self.beta1**step), 1.0 / sqrt(1.0 - self.beta2**step)

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        rate, correction = factors
        mean = _running(slots["mean"], dx, self.beta1)
        square = _running(slots["square"], abs_square(dx), self.beta2)
        move = mean / (sqrt(square) * correction + self.epsilon)
        return x - rate * move, {"mean": mean, "square": square}


class AdamW(Adam):
    """Adam with weight decay that bypasses the running means.

    Source: Loshchilov, Hutter 2019, "Decoupled weight decay regularization", algorithm 2.
    """

    decoupled = True

    def __init__(
        self, learning_rate: Rate = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:  # fmt: skip
        options.setdefault("weight_decay", 0.01)
        super().__init__(learning_rate, beta1, beta2, epsilon, **options)


class Lion(Optimizer):
    """Steps of one size in the direction of the sign of a running mean; weight decay is decoupled.

    Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2.
    """

    decoupled = True
    slot_names = ("mean",)

    def __init__(
        self, learning_rate: Rate = 1e-4, beta1: float = 0.9, beta2: float = 0.99, **options: Unpack[Options]
    ) -> None:
        super().__init__(learning_rate, **options)
        require_fraction("Lion", beta1=beta1, beta2=beta2)
        self.beta1, self.beta2 = beta1, beta2

    def update(self, x: Any, dx: Any, slots: Slots, *factors: Any) -> tuple[Any, Slots]:
        (rate,) = factors
        move = sign(_running(slots["mean"], dx, self.beta1))
        return x - rate * move, {"mean": _running(slots["mean"], dx, self.beta2)}


def _running(mean: Any, x: Any, decay: float) -> Any:
    """The running mean after one more x."""
    return decay * mean + (1.0 - decay) * x
