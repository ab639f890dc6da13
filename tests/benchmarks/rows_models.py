"""The compiled benchmarks: an LSTM and a transformer block, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import transformer
from compare import Row
from sizes import sized
from workloads import PEER, asked, contestants, jax, normal, reference, row, settled, tensorflow_runs, tf, there, torch

import weft as wf

# -- LSTM

STEPS, BATCH, HIDDEN = sized((64, 64, 256), (64, 64, 256), (4, 4, 8))


def _cell(xp: Any, sigmoid: Any, projected: Any, h: Any, c: Any, wh: Any) -> Any:
    """One step; the gates stand in the order input, forget, candidate, output."""
    z = projected + h @ wh
    i, f, g, o = (z[:, k * HIDDEN : (k + 1) * HIDDEN] for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * xp.tanh(g)
    return sigmoid(o) * xp.tanh(c), c


def _lstm_in_weft(x: Any, wx: Any, wh: Any, b: Any) -> Any:
    projected = x @ wx + b
    h, c, t = wf.zeros((BATCH, HIDDEN)), wf.zeros((BATCH, HIDDEN)), wf.asarray(0)
    while t < STEPS:
        h, c = _cell(wf, wf.sigmoid, projected[t], h, c, wh)
        t = t + 1
    return wf.sum(h**2)


def _lstm_in_jax(x: Any, wx: Any, wh: Any, b: Any) -> Any:
    step = lambda s, p: (_cell(jax.numpy, jax.nn.sigmoid, p, s[0], s[1], wh), None)
    zeros = jax.numpy.zeros((BATCH, HIDDEN), x.dtype)
    return (jax.lax.scan(step, (zeros, zeros), x @ wx + b)[0][0] ** 2).sum()


def _lstm_in_tensorflow(x: Any, wx: Any, wh: Any, b: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch((wx, wh, b))
        projected = tf.reshape(tf.reshape(x, (-1, x.shape[-1])) @ wx + b, (STEPS, BATCH, 4 * HIDDEN))
        h, c = tf.zeros((BATCH, HIDDEN)), tf.zeros((BATCH, HIDDEN))
        for t in tf.range(STEPS):
            h, c = _cell(tf, tf.sigmoid, projected[t], h, c, wh)
        loss = tf.reduce_sum(h**2)
    return tape.gradient(loss, (wx, wh, b))


def _lstm_of_torch(wx: np.ndarray, wh: np.ndarray, b: np.ndarray) -> Any:
    """PyTorch's own layer, which has a second bias and its weights on their sides."""
    layer = torch.nn.LSTM(wx.shape[0], HIDDEN)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(wx.T))
        layer.weight_hh_l0.copy_(torch.from_numpy(wh.T))
        layer.bias_ih_l0.copy_(torch.from_numpy(b))
        layer.bias_hh_l0.zero_()
    layer.bias_hh_l0.requires_grad_(False)

    def gradient(x: Any) -> Any:
        layer.zero_grad(set_to_none=True)
        loss = (layer(x)[1][0] ** 2).sum()
        loss.backward()
        return layer.weight_ih_l0.grad.T

    return gradient


@row
def i() -> Row:
    x, b = normal(STEPS, BATCH, HIDDEN), normal(4 * HIDDEN) * np.float32(0.1)
    wx, wh = (normal(HIDDEN, 4 * HIDDEN) * np.float32(0.05) for _ in range(2))
    ours = lambda x, *w: wf.grad(lambda *w: _lstm_in_weft(x, *w), argnums=(0, 1, 2))(*w)
    in_jax = lambda x, *w: jax.grad(lambda *w: _lstm_in_jax(x, *w), argnums=(0, 1, 2))(*w)
    runs = contestants([x, wx, wh, b], ours, {"jax": in_jax, "tensorflow": _lstm_in_tensorflow})
    if torch:
        gradient, given = _lstm_of_torch(wx, wh, b), there(x)
        if asked("torch"):
            runs["torch eager"] = lambda: gradient(given)
        if asked("torch.compile"):
            compiled = torch.compile(gradient)
            runs["torch.compile"] = lambda: compiled(given)
    what = f"LSTM, {STEPS} steps, batch {BATCH}, hidden {HIDDEN}, with gradient"
    return Row("i", what, runs, reference(ours, x, wx, wh, b), "ms", rtol=1e-2, atol=1e-1)


# -- transformer


def _block_in_tensorflow(weights: list[np.ndarray]) -> Any:
    mask, given = transformer.hidden(), [tf.constant(w) for w in weights]

    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = transformer.forward(tf.experimental.numpy, x, given, mask, tf.math.erf)
        return tape.gradient(loss, given)

    return gradient


@row
def j() -> Row:
    x, weights = transformer.arrays()
    gradient, ours = transformer.in_weft(weights), wf.tensor(x)
    runs: dict[str, Any] = {"weft": lambda: gradient(ours)}
    if torch:
        block, given = transformer.in_torch(torch, weights), there(x)
        if asked("torch"):
            runs["torch eager"] = lambda: block(given)
        if asked("torch.compile"):
            compiled = torch.compile(block)
            runs["torch.compile"] = lambda: compiled(given)
    if jax:
        jitted = jax.jit(transformer.in_jax(jax, [jax.numpy.asarray(w) for w in weights]))
        placed = jax.numpy.asarray(x)
        runs["jax.jit"] = lambda: settled(jitted(placed))
    if tf and PEER == "tensorflow":
        runs |= tensorflow_runs(_block_in_tensorflow(weights), [x])
    with wf.device("cpu"):
        expected = reference(transformer.in_weft(weights), x)
    batch, length, width = transformer.SHAPE
    what = f"transformer block, {batch}x{length}, d {width}, {transformer.HEADS} heads, causal, with gradient"
    return Row("j", what, runs, expected, "ms", rtol=1e-2, atol=1e-5)
