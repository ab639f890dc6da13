"""Attention: queries look up values by how well their keys match.

Made of ops, so its gradient comes with them. A query that may look at nothing gets zeros.
"""

from __future__ import annotations

import math
from typing import Any

from . import dtypes
from .dropout import dropout
from .eager import home_of
from .errors import ShapeError
from .ops.activation import softmax
from .ops.elementwise import where
from .ops.linear import matmul, matrix_transpose
from .spec import Operand, as_shape, describe
from .tensor import OPS, Tensor, as_tensor


def _checked(q: Any, k: Any, v: Any) -> None:
    """Queries and keys agree in width, keys and values in number."""
    shown = f"q is {describe(q)}, k is {describe(k)}, v is {describe(v)}"
    if min(map(len, (q.shape, k.shape, v.shape))) < 2:
        raise ShapeError(f"scaled_dot_product_attention: {shown}", "Each is (..., length, width).")
    if q.shape[-1] != k.shape[-1]:
        raise ShapeError(
            f"scaled_dot_product_attention: widths of queries and keys differ: {shown}", "Project them to one width."
        )
    if k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: numbers of keys and values differ: {shown}", "Give a value for each key."
        )


def causal_mask(queries: int, keys: int, *, device: Any = None) -> Tensor:
    """True where a query may look: at keys that are not after it.   Shapes: (queries, keys).

    With fewer queries than keys, the queries are the last ones.
    """
    queries, keys = as_shape("causal_mask", (queries, keys))
    rows, columns = OPS["arange"](queries, device=device), OPS["arange"](keys, device=device)
    return OPS["reshape"](rows + (keys - queries), shape=(queries, 1)) >= columns


def scaled_dot_product_attention(q: Operand, k: Operand, v: Operand, mask: Operand = None, *, causal: bool = False,
                                 scale: float | None = None, dropout_rate: float = 0.0, training: bool = True,
                                 generator: Any = None) -> Tensor:  # fmt: skip
    """softmax(q k^T * scale) v: for each query, the mean of the values weighted by how its key matches.

    `mask` broadcasts to (..., queries, keys): bools say where a query may look, numbers are added to the logits.
    `causal` forbids looking ahead. The scale is 1 / sqrt(width) unless given. Leading axes (batch, heads) broadcast.

    Shapes: (..., queries, width) (..., keys, width) (..., keys, n) -> (..., queries, n).
    Errors: ShapeError when widths or lengths differ.
    Source: Vaswani et al., "Attention is all you need" (2017), section 3.2.1.
    """
    q = as_tensor(q, k)
    k, v = as_tensor(k, q), as_tensor(v, q)
    _checked(q, k, v)
    logits = matmul(q * (1 / math.sqrt(q.shape[-1]) if scale is None else scale), matrix_transpose(k))
    if causal:
        logits = where(causal_mask(q.shape[-2], k.shape[-2], device=home_of(q)), logits, -math.inf)
    if mask is not None:
        mask = as_tensor(mask, q)
        logits = where(mask, logits, -math.inf) if mask.dtype is dtypes.bool_ else logits + mask
    weights = softmax(logits, axis=-1)
    if dropout_rate:
        weights = dropout(weights, dropout_rate, training=training, generator=generator)
    return matmul(weights, v)
