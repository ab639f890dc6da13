"""Dense layers: every output depends on every input; and tables of vectors."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..ops.embedding import embedding
from ..ops.linear import matmul
from ..spec import describe
from ..tensor import Tensor
from ..variable import Variable
from .initializers import Initializer, Normal, glorot_uniform, new_variable, zeros
from .layer import Activation, Layer, as_activation, as_count, length_along


class Dense(Layer):
    """activation(x @ weight + bias).

    Shapes: (..., n) -> (..., units); weight (n, units), bias (units,).

    Example:
        >>> import weft as wf
        >>> layer = wf.nn.Dense(10, activation="relu")
        >>> layer(wf.ones((32, 784))).shape
        (32, 10)
        >>> layer.weight.shape
        (784, 10)
    """

    weight: Variable
    bias: Variable | None = None

    def __init__(
        self, units: int, activation: Activation = None, *, use_bias: bool = True, weight_init: Initializer = glorot_uniform,
        bias_init: Initializer = zeros, dtype: Any = None,
    ) -> None:  # fmt: skip
        self.units, self.activation = as_count("Dense", "units", units), as_activation(activation)
        self.use_bias, self.weight_init, self.bias_init, self.dtype = use_bias, weight_init, bias_init, dtype

    def build(self, x: Tensor) -> None:
        n = length_along("Dense", x, -1)
        self.weight = new_variable("weight", self.weight_init, (n, self.units), self.dtype)
        if self.use_bias:
            self.bias = new_variable("bias", self.bias_init, (self.units,), self.dtype)

    def call(self, x: Tensor) -> Tensor:
        if x.shape[-1:] != self.weight.shape[:1]:
            raise self._misfit(x)
        y = matmul(x, self.weight)
        if self.bias is not None:
            y = y + self.bias
        return y if self.activation is None else self.activation(y)

    def _misfit(self, x: Tensor) -> ShapeError:
        n = self.weight.shape[0]
        return ShapeError(
            f"Dense: the input is {describe(x)}, but the layer (units={self.units}) takes {n} features",
            f"It was built by its first input; give it inputs of shape (..., {n}), or make another layer.",
        )


class Embedding(Layer):
    """A table of `count` vectors, looked up by integers.

    Shapes: (...) integers -> (..., features); weight (count, features).
    Errors: OutOfRangeError for an integer outside the table.
    """

    def __init__(
        self, count: int, features: int, *, weight_init: Initializer = Normal(0.05), dtype: Any = None
    ) -> None:
        self.count, self.features = as_count("Embedding", "count", count), as_count("Embedding", "features", features)
        self.weight = new_variable("weight", weight_init, (self.count, self.features), dtype)

    def call(self, ids: Tensor) -> Tensor:
        return embedding(self.weight, ids)
