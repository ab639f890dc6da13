"""Attention: every position looks at all others; and the transformer block built from it.

Sequences are (batch, time, features). Masks are bools, True where a position may be looked at.

Source: Vaswani et al. 2017, "Attention is all you need".
"""

from __future__ import annotations

import functools
from typing import Any

from .. import dtypes
from ..attention import scaled_dot_product_attention
from ..errors import DTypeError, ShapeError
from ..ops.activation import gelu
from ..ops.elementwise import logical_and
from ..ops.shaping import permute_dims, reshape
from ..spec import describe
from ..tensor import Tensor, as_tensor
from .dense import Dense
from .dropout import Dropout, as_rate
from .layer import Activation, Layer, as_count, length_along
from .module import Module
from .normalization import LayerNorm


class MultiHeadAttention(Layer):
    """Attention in several heads, each on its own projection of the features.

    Called with a query alone it is self-attention; `key` and `value` (by default the key) come from elsewhere otherwise.
    `causal` hides what comes later in time.

    Shapes: query (batch, t, n), key and value (batch, s, m) -> (batch, t, n); mask (t, s), (batch, t, s) or
    (batch, heads, t, s); key_mask (batch, s), False for padding.

    Example:
        >>> import weft as wf
        >>> layer = wf.nn.MultiHeadAttention(heads=4)
        >>> layer(wf.ones((2, 7, 32)), causal=True).shape
        (2, 7, 32)
    """

    def __init__(
        self,
        heads: int,
        *,
        head_features: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        dtype: Any = None,
    ) -> None:
        self.heads = as_count("MultiHeadAttention", "heads", heads)
        self.head_features, self.use_bias, self.dtype = head_features, use_bias, dtype
        self.dropout = as_rate("MultiHeadAttention", dropout)

    def build(self, query: Tensor, *_: Any, **__: Any) -> None:
        n = length_along("MultiHeadAttention", query, -1, least=3)
        if self.head_features is None and n % self.heads:
            raise ShapeError(
                f"MultiHeadAttention: {self.heads} heads do not divide the {n} features of {describe(query)}",
                "Choose a divisor, or give head_features.",
            )
        width = self.heads * (self.head_features or n // self.heads)
        self.query, self.key, self.value = (Dense(width, use_bias=self.use_bias, dtype=self.dtype) for _ in range(3))
        self.output = Dense(n, use_bias=self.use_bias, dtype=self.dtype)

    def call(
        self, query: Tensor, key: Any = None, value: Any = None, *, mask: Any = None, key_mask: Any = None,
        causal: bool = False,
    ) -> Tensor:  # fmt: skip
        key = query if key is None else as_tensor(key)
        value = key if value is None else as_tensor(value)
        q, k, v = self._split(self.query(query)), self._split(self.key(key)), self._split(self.value(value))
        y = scaled_dot_product_attention(
            q,
            k,
            v,
            self._allowed(mask, key_mask, q, k),
            causal=causal,
            dropout_rate=self.dropout,
            training=self.training,
        )
        y = permute_dims(y, axes=(0, 2, 1, 3))
        return self.output(reshape(y, shape=(y.shape[0], y.shape[1], y.shape[2] * y.shape[3])))

    def _split(self, x: Tensor) -> Tensor:
        """Shapes: (batch, t, heads * n) -> (batch, heads, t, n)."""
        x = reshape(x, shape=(x.shape[0], x.shape[1], self.heads, x.shape[2] // self.heads))
        return permute_dims(x, axes=(0, 2, 1, 3))

    def _allowed(self, mask: Any, key_mask: Any, q: Tensor, k: Tensor) -> Any:
        """Where a query may look, broadcasting to (batch, heads, t, s); None for everywhere."""
        batch, t, s = q.shape[0], q.shape[2], k.shape[2]
        masks = []
        if key_mask is not None:
            masks.append(_as_scores("key_mask", key_mask, {(batch, s): (batch, 1, 1, s)}))
        if mask is not None:
            wide = {(t, s): (1, 1, t, s), (batch, t, s): (batch, 1, t, s)}
            wide |= {shape: shape for b in (1, batch) for h in (1, self.heads) if (shape := (b, h, t, s))}
            masks.append(_as_scores("mask", mask, wide))
        return functools.reduce(logical_and, masks) if masks else None


def _as_scores(what: str, mask: Any, wide: dict[tuple[int, ...], tuple[int, ...]]) -> Tensor:
    """A mask in the shape that `wide` gives for its own."""
    mask = as_tensor(mask)
    if mask.dtype is not dtypes.bool_:
        raise DTypeError(
            f"MultiHeadAttention: {what} is {describe(mask)}", "Give bools, True where a position may be looked at."
        )
    shape = wide.get(tuple(mask.shape))
    if shape is None:
        raise ShapeError(
            f"MultiHeadAttention: {what} is {describe(mask)}", f"Give it the shape {' or '.join(map(str, wide))}."
        )
    return reshape(mask, shape=shape)


class TransformerBlock(Layer):
    """Attention, then a network for each position, each around a shortcut and behind a normalization (pre-norm).

    Shapes: (batch, t, n) -> the same; the network has `width` units (4 n by default).
    Source: Xiong et al. 2020, "On layer normalization in the transformer architecture".
    """

    def __init__(
        self, heads: int, width: int | None = None, *, dropout: float = 0.0, causal: bool = False, activation: Activation = gelu,
        norm: Any = LayerNorm, dtype: Any = None,
    ) -> None:  # fmt: skip
        self.width, self.causal, self.activation, self.dtype = width, causal, activation, dtype
        self.attention_norm: Module = norm(dtype=dtype)
        self.attention = MultiHeadAttention(heads, dropout=dropout, dtype=dtype)
        self.norm: Module = norm(dtype=dtype)
        self.dropout = Dropout(dropout)

    def build(self, x: Tensor, **_: Any) -> None:
        n = length_along("TransformerBlock", x, -1, least=3)
        self.expand = Dense(self.width or 4 * n, self.activation, dtype=self.dtype)
        self.contract = Dense(n, dtype=self.dtype)

    def call(self, x: Tensor, *, mask: Any = None, key_mask: Any = None) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.dropout(self.attention(normed, mask=mask, key_mask=key_mask, causal=self.causal))
        return x + self.dropout(self.contract(self.expand(self.norm(x))))
