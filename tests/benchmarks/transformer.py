"""A transformer block, forward and gradient, for every library; on the CPU 4 sequences of 128 places, 256 features, 8 heads, causal.

The weights are drawn once; each library gets the same. The loss is the mean square of what the block gives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sizes import sized

import weft as wf

SHAPE, HEADS = sized(((4, 128, 256), 8), ((8, 512, 1024), 16), ((2, 8, 16), 2))
NAMES = ("scale1", "shift1", "wq", "bq", "wk", "bk", "wv", "bv", "wo", "bo",
         "scale2", "shift2", "w1", "b1", "w2", "b2")  # fmt: skip


def arrays() -> tuple[np.ndarray, list[np.ndarray]]:
    """The input, and the weights in the order of their names."""
    rng = np.random.default_rng(0)
    n = SHAPE[-1]
    shapes = {
        "w1": (n, 4 * n),
        "b1": (4 * n,),
        "w2": (4 * n, n),
        "wq": (n, n),
        "wk": (n, n),
        "wv": (n, n),
        "wo": (n, n),
    }
    drawn = [rng.normal(size=shapes.get(name, (n,))) * (n**-0.5 if name[0] == "w" else 0.1) for name in NAMES]
    weights = [w + 1 if name.startswith("scale") else w for name, w in zip(NAMES, drawn, strict=True)]
    return rng.normal(size=SHAPE).astype("f"), [w.astype("f") for w in weights]


def in_weft(weights: list[np.ndarray]) -> Any:
    """The gradient of the loss by the weights: a compiled function of the input, made of wf.nn's own block."""
    block = wf.nn.TransformerBlock(HEADS, causal=True)
    block(wf.zeros(SHAPE))
    parts = block.attention
    layers = [
        block.attention_norm,
        parts.query,
        parts.key,
        parts.value,
        parts.output,
        block.norm,
        block.expand,
        block.contract,
    ]
    variables = [v for layer in layers for v in layer.trainable_variables]
    ordered = sorted_like(variables, weights)
    for variable, w in zip(ordered, weights, strict=True):
        variable.assign(w)

    @wf.compile
    def gradient(x: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(block(x) ** 2)
        return tape.gradient(loss, ordered)

    return gradient


def sorted_like(variables: list[Any], weights: list[np.ndarray]) -> list[Any]:
    """The two variables of each layer in the order of two weights: a matrix before its bias, a scale before its shift."""
    found = []
    for i in range(0, len(weights), 2):
        pair = variables[i : i + 2]
        first = next(
            v for v in pair if v.shape == weights[i].shape and (v.ndim == 2 or float(np.asarray(v).mean()) == 1)
        )
        found += [first, next(v for v in pair if v is not first)]
    return found


def forward(xp: Any, x: Any, weights: Any, mask: Any, erf: Any) -> Any:
    """The loss, for libraries that look like NumPy."""
    scale1, shift1, wq, bq, wk, bk, wv, bv, wo, bo, scale2, shift2, w1, b1, w2, b2 = weights
    batch, t, n = SHAPE

    def normed(x: Any, scale: Any, shift: Any) -> Any:
        centred = x - xp.mean(x, -1)[..., None]
        return centred / xp.sqrt(xp.mean(centred**2, -1)[..., None] + 1e-5) * scale + shift

    def split(x: Any) -> Any:
        return xp.moveaxis(x.reshape(batch, t, HEADS, n // HEADS), 2, 1)

    h = normed(x, scale1, shift1)
    q, k, v = (split(h @ w + b) for w, b in ((wq, bq), (wk, bk), (wv, bv)))
    scores = q @ xp.moveaxis(k, -1, -2) / math.sqrt(n // HEADS) + mask
    e = xp.exp(scores - xp.amax(scores, -1)[..., None])
    y = xp.moveaxis((e / xp.sum(e, -1)[..., None]) @ v, 1, 2).reshape(batch, t, n)
    x = x + y @ wo + bo
    h = normed(x, scale2, shift2) @ w1 + b1
    h = 0.5 * h * (1 + erf(h / math.sqrt(2)))
    return xp.mean((x + h @ w2 + b2) ** 2)


def hidden() -> np.ndarray:
    """What is added to scores: nothing, and a lot less where a place comes later."""
    return np.triu(np.full((SHAPE[1], SHAPE[1]), -1e9, "f"), 1)


def in_torch(torch: Any, weights: list[np.ndarray]) -> Any:
    """The gradient, by torch's own parts."""
    functional, given = torch.nn.functional, [torch.tensor(w, requires_grad=True) for w in weights]
    scale1, shift1, wq, bq, wk, bk, wv, bv, wo, bo, scale2, shift2, w1, b1, w2, b2 = given
    batch, t, n = SHAPE

    def loss(x: Any) -> Any:
        split = lambda x: x.view(batch, t, HEADS, n // HEADS).transpose(1, 2)
        h = functional.layer_norm(x, (n,), scale1, shift1)
        q, k, v = (split(h @ w + b) for w, b in ((wq, bq), (wk, bk), (wv, bv)))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, t, n)
        x = x + y @ wo + bo
        h = functional.gelu(functional.layer_norm(x, (n,), scale2, shift2) @ w1 + b1)
        return ((x + h @ w2 + b2) ** 2).mean()

    return lambda x: torch.autograd.grad(loss(x), given)


def in_jax(jax: Any, weights: list[np.ndarray]) -> Any:
    """The gradient as a function of weights and input, not jitted."""
    mask = hidden()
    loss = lambda weights, x: forward(jax.numpy, x, weights, mask, jax.scipy.special.erf)
    return lambda x: jax.grad(loss)(weights, x)
