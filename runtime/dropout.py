"""Dropout: random zeros while training.

Its draws come from a generator, as those of `random` do, so it stands above the ops.
"""

from __future__ import annotations

from typing import Any

from . import random
from .errors import ArgumentError, speaking_as
from .ops.elementwise import where
from .spec import Operand
from .tensor import OPS, Tensor, as_tensor


def dropout(
    x: Operand, rate: float = 0.5, *, training: bool = True, generator: Any = None, noise_shape: Any = None
) -> Tensor:
    """Each element zeroed with probability `rate`, and the rest divided by 1 - rate; x itself unless training.

    `noise_shape` draws once for what it broadcasts to: (n, 1, 1, c) drops whole channels.

    Errors: ArgumentError for a rate outside [0, 1].
    Source: Srivastava et al., "Dropout", JMLR 15 (2014).
    """
    if not 0 <= rate <= 1:
        raise ArgumentError(f"dropout: the rate is {rate!r}", "It is a probability, from 0 to 1.")
    x = as_tensor(x)
    if not training or rate == 0:
        return OPS["identity"](x)
    shape = tuple(x.shape) if noise_shape is None else tuple(noise_shape)
    with speaking_as("dropout", "bernoulli"):
        keep = random.bernoulli(shape, 1 - rate, generator=generator, device=getattr(x, "device", None))
    return where(keep, x / (1 - rate) if rate < 1 else x, 0)
