"""The compiled benchmarks: convolutions, and the training step of a small convolutional network."""

from __future__ import annotations

from typing import Any

import numpy as np
from compare import Row, leaf
from sizes import sized
from workloads import (
    RNG,
    asked,
    contestants,
    delivered,
    jax,
    normal,
    reference,
    row,
    settled,
    tensorflow_runs,
    tf,
    there,
    torch,
)

import weft as wf


def _jax_conv(x: Any, w: Any, padding: str) -> Any:
    return jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _torch_layouts(runs: dict[str, Any], images: np.ndarray, weights: np.ndarray, write: Any) -> None:
    """PyTorch takes images with channels first, in the order of either layout."""
    w = there(np.ascontiguousarray(weights.transpose(3, 2, 0, 1)))
    first = there(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    last, w_last = (t.to(memory_format=torch.channels_last) for t in (first, w))
    for name, x, weights_ in (("torch channels_last", last, w_last), ("torch NCHW", first, w)):
        runs[name] = lambda x=x, w=weights_: write(x, w)


IMAGES, WEIGHTS = sized(
    ((32, 56, 56, 64), (3, 3, 64, 64)), ((128, 56, 56, 64), (3, 3, 64, 64)), ((2, 8, 8, 4), (3, 3, 4, 4))
)
SHOWN = f"conv2d 3x3, {'x'.join(map(str, IMAGES))} -> {WEIGHTS[-1]}"


@row
def l1() -> Row:
    x, w = normal(*IMAGES), normal(*WEIGHTS) * np.float32(0.05)
    runs = contestants([x, w], lambda x, w: wf.conv2d(x, w, padding="same"),
                       {"jax": lambda x, w: _jax_conv(x, w, "SAME"),
                        "tensorflow": lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")})  # fmt: skip
    if torch and asked("torch"):
        conv = lambda x, w: torch.nn.functional.conv2d(x, w, padding=1).permute(0, 2, 3, 1)
        _torch_layouts(runs, x, w, conv)
    expected = np.einsum("nhwcij,ijco->nhwo", _windows(x[:2]), w.astype(np.float64))
    ours = leaf(runs["weft"]())
    np.testing.assert_allclose(ours[:2], expected, rtol=1e-3, atol=1e-4)
    return Row("l1", f"{SHOWN}, forward", runs, ours, "ms", rtol=1e-3, atol=1e-4)


def _windows(x: np.ndarray) -> np.ndarray:
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))


@row
def l1g() -> Row:
    x, w, dy = normal(*IMAGES), normal(*WEIGHTS) * np.float32(0.05), normal(*IMAGES)

    def ours(x: Any, w: Any, dy: Any) -> Any:
        y, back = wf.vjp(lambda x, w: wf.conv2d(x, w, padding="same"), x, w)
        dx, dw = back(dy)
        return dw, dx, y

    def in_jax(x: Any, w: Any, dy: Any) -> Any:
        y, back = jax.vjp(lambda x, w: _jax_conv(x, w, "SAME"), x, w)
        dx, dw = back(dy)
        return dw, dx, y

    def in_tensorflow(x: Any, w: Any, dy: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch((x, w))
            y = tf.nn.conv2d(x, w, 1, "SAME")
        dx, dw = tape.gradient(y, (x, w), dy)
        return dw, dx, y

    runs = contestants([x, w, dy], ours, {"jax": in_jax, "tensorflow": in_tensorflow})
    if torch and asked("torch"):
        first = there(dy).permute(0, 3, 1, 2)  # in the order of channels_last
        cotangent = {True: first, False: first.contiguous()}

        def both(x: Any, w: Any) -> Any:
            x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
            y = torch.nn.functional.conv2d(x, w, padding=1)
            y.backward(cotangent[x.is_contiguous(memory_format=torch.channels_last)])
            return delivered(w.grad.permute(2, 3, 1, 0))

        _torch_layouts(runs, x, w, both)
    expected = np.einsum("nhwcij,nhwo->ijco", _windows(x), dy.astype(np.float64), optimize=True)
    return Row("l1g", f"{SHOWN}, with gradients", runs, expected, "ms", rtol=1e-3, atol=1e-1)


# -- a training step

BATCH = sized(64, 512, 4)
LENET = [(5, 5, 1, 6), (6,), (5, 5, 6, 16), (16,), (400, 120), (120,), (120, 84), (84,), (84, 10), (10,)]


def _lenet(xp: Any, conv: Any, pool: Any, x: Any, p: Any) -> Any:
    """The logits of LeNet-5 with rectifiers: two convolutions, each pooled, and three dense layers."""
    x = pool(xp.maximum(conv(x, p[0], "SAME") + p[1], 0.0))
    x = pool(xp.maximum(conv(x, p[2], "VALID") + p[3], 0.0)).reshape(BATCH, 400)
    x = xp.maximum(x @ p[4] + p[5], 0.0)
    return xp.maximum(x @ p[6] + p[7], 0.0) @ p[8] + p[9]


def _weft_step(params: list[np.ndarray]) -> Any:
    variables, optimizer = [wf.Variable(p) for p in params], wf.optim.SGD(0.01)
    conv = lambda x, w, padding: wf.conv2d(x, w, padding=padding.lower())

    @wf.compile
    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            logits = _lenet(wf, conv, lambda x: wf.max_pool2d(x, 2), x, variables)
            loss = wf.mean(wf.softmax_cross_entropy(logits, y))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def _jax_step(params: list[np.ndarray]) -> Any:
    held = [jax.numpy.asarray(p) for p in params]
    pool = lambda x: jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss_of(params: Any, x: Any, y: Any) -> Any:
        logs = jax.nn.log_softmax(_lenet(jax.numpy, _jax_conv, pool, x, params))
        return -jax.numpy.take_along_axis(logs, y[:, None], 1).mean()

    @jax.jit
    def step(params: Any, x: Any, y: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        return loss, [p - 0.01 * g for p, g in zip(params, grads, strict=True)]

    def run(x: Any, y: Any) -> Any:
        loss, held[:] = step(held, x, y)
        return settled(loss)

    return run


def _torch_step(params: list[np.ndarray], layout: Any) -> Any:
    order = lambda p: p.transpose(3, 2, 0, 1) if p.ndim == 4 else p
    weights = [torch.tensor(np.ascontiguousarray(order(p))) for p in params]
    weights = [w.to(memory_format=layout) if w.ndim == 4 else w for w in weights]
    weights = [w.requires_grad_() for w in weights]
    optimizer, f = torch.optim.SGD(weights, 0.01), torch.nn.functional

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad(set_to_none=True)
        z = f.max_pool2d(f.relu(f.conv2d(x, weights[0], weights[1], padding=2)), 2)
        z = f.max_pool2d(f.relu(f.conv2d(z, weights[2], weights[3])), 2).permute(0, 2, 3, 1).reshape(BATCH, 400)
        z = f.relu(f.relu(z @ weights[4] + weights[5]) @ weights[6] + weights[7]) @ weights[8] + weights[9]
        loss = f.cross_entropy(z, y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _tensorflow_step(params: list[np.ndarray]) -> Any:
    weights = [tf.Variable(p) for p in params]
    conv = lambda x, w, padding: tf.nn.conv2d(x, w, 1, padding)
    pool = lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = _lenet(tf, conv, pool, x, weights)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        for w, g in zip(weights, tape.gradient(loss, weights), strict=True):
            w.assign_sub(0.01 * g)
        return loss

    return step


@row
def l2() -> Row:
    params = [
        normal(*s) * np.float32(np.sqrt(2 / np.prod(s[:-1]))) if s[1:] else np.zeros(s, np.float32) for s in LENET
    ]
    x, y = normal(BATCH, 28, 28, 1), RNG.integers(0, 10, BATCH)
    ours, given = _weft_step(params), (wf.tensor(x), wf.tensor(y))
    runs: dict[str, Any] = {"weft": lambda: delivered(ours(*given))}
    if torch:
        images, labels = torch.tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2))), torch.tensor(y)
        for name, layout in (("NCHW", torch.contiguous_format), ("channels_last", torch.channels_last)):
            for peer, made in (("torch", lambda step: step), ("torch.compile", torch.compile)):
                if asked(peer):  # each with weights of its own
                    step = made(_torch_step(params, layout))
                    runs[f"{peer} {name}"] = lambda step=step: delivered(step(images, labels))
    if jax:
        jitted, placed = _jax_step(params), (jax.numpy.asarray(x), jax.numpy.asarray(y))
        runs["jax.jit"] = lambda: delivered(jitted(*placed))
    if tf:
        for name in ("tf.function", "TF XLA"):  # each with weights of its own
            runs[name] = tensorflow_runs(_tensorflow_step(params), [x, y])[name]
    with wf.device("cpu"):
        expected = reference(_weft_step(params), x, y)  # each contestant's first loss is that before any step
    return Row("l2", f"LeNet step, batch {BATCH}", runs, expected, "ms", rtol=1e-3)
