"""The compiled benchmarks: training steps, and gradients of gradients."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from compare import Row, leaf
from sizes import sized
from workloads import RNG, asked, contestants, delivered, jax, normal, reference, row, settled, softmax, tf, torch

import weft as wf

# -- training


SIZES, BATCH = sized(((784, 256, 128, 10), 128), ((784, 256, 128, 10), 128), ((24, 16, 12, 10), 8))


def mlp_arrays() -> tuple[list[np.ndarray], list[np.ndarray]]:
    weights = [normal(n, m) * np.float32(np.sqrt(2 / n)) for n, m in itertools.pairwise(SIZES)]
    params = [p for w in weights for p in (w, np.zeros(w.shape[1], np.float32))]
    return params, [normal(BATCH, SIZES[0]), RNG.integers(0, 10, BATCH)]


def _forward(xp: Any, x: Any, params: Any) -> Any:
    for i in range(0, len(params), 2):
        x = x @ params[i] + params[i + 1]
        if i + 2 < len(params):
            x = xp.maximum(x, 0 * x) if xp is torch else xp.maximum(x, 0.0)
    return x


def weft_step(params: list[np.ndarray], optimizer: Any) -> Any:
    variables = [wf.Variable(p) for p in params]

    @wf.compile
    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.softmax_cross_entropy(_forward(wf, x, variables), y))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def torch_step(params: list[np.ndarray], make: Any) -> Any:
    weights = [torch.tensor(p, requires_grad=True) for p in params]
    optimizer = make(weights)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(_forward(torch, x, weights), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def jax_step(params: list[np.ndarray], update: Any, state: Any) -> Any:
    held = [list(map(jax.numpy.asarray, params)), state([jax.numpy.asarray(p) for p in params])]

    def loss_of(params: Any, x: Any, y: Any) -> Any:
        logs = jax.nn.log_softmax(_forward(jax.numpy, x, params))
        return -jax.numpy.take_along_axis(logs, y[:, None], 1).mean()

    @jax.jit
    def step(params: Any, state: Any, x: Any, y: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        return loss, *update(params, grads, state)

    def run(x: Any, y: Any) -> Any:
        loss, *held[:] = step(*held, x, y)
        return settled(loss)

    return run


def _training(name: str, what: str, optimizer: Any, torch_optimizer: Any, update: Any, state: Any) -> Row:
    """Each contestant's loss after its first step is checked, then steps are timed."""
    params, (x, y) = mlp_arrays()
    logits = _forward(np, x.astype(np.float64), [p.astype(np.float64) for p in params])
    logits = logits - logits.max(-1, keepdims=True)
    loss = -(logits[np.arange(BATCH), y] - np.log(np.exp(logits).sum(-1))).mean()
    runs: dict[str, Any] = {}
    ours, given = weft_step(params, optimizer), (wf.tensor(x), wf.tensor(y))
    runs["weft"] = lambda: delivered(ours(*given))
    if torch:
        theirs, placed = torch_step(params, torch_optimizer), (torch.tensor(x), torch.tensor(y))
        if asked("torch"):
            runs["torch eager"] = lambda: delivered(theirs(*placed))
        if asked("torch.compile"):
            whole = torch.compile(torch_step(params, torch_optimizer))
            runs["torch.compile"] = lambda: delivered(whole(*placed))
    if jax:
        jitted, there = jax_step(params, update, state), (jax.numpy.asarray(x), jax.numpy.asarray(y))
        runs["jax.jit"] = lambda: delivered(jitted(*there))
    return Row(name, what, runs, np.asarray(loss), "us", rtol=1e-3)


def momentum(params: Any, grads: Any, state: Any) -> Any:
    state = [0.9 * v + g for v, g in zip(state, grads, strict=True)]
    return [p - 0.01 * v for p, v in zip(params, state, strict=True)], state


@row
def e1() -> Row:
    zeros = lambda params: [0 * p for p in params]
    return _training("e1", "MLP step, SGD + momentum", wf.optim.SGD(0.01, momentum=0.9),
                     lambda w: torch.optim.SGD(w, 0.01, momentum=0.9), momentum, zeros)  # fmt: skip


def _adam(params: Any, grads: Any, state: Any) -> Any:
    t, ms, vs = state
    t = t + 1
    ms = [0.9 * m + 0.1 * g for m, g in zip(ms, grads, strict=True)]
    vs = [0.999 * v + 0.001 * g * g for v, g in zip(vs, grads, strict=True)]
    scale = 1e-3 * jax.numpy.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    new = [p - scale * m / (jax.numpy.sqrt(v) + 1e-8) for p, m, v in zip(params, ms, vs, strict=True)]
    return new, (t, ms, vs)


@row
def e2() -> Row:
    start = lambda params: (jax.numpy.float32(0), [0 * p for p in params], [0 * p for p in params])
    return _training("e2", "MLP step, Adam", wf.optim.Adam(1e-3), lambda w: torch.optim.Adam(w, 1e-3), _adam, start)


@row
def h() -> Row:
    images, labels, w0 = normal(2000, 784), RNG.integers(0, 10, 2000), normal(784, 10) * np.float32(0.01)

    def loss_of(xp: Any, w: Any, x: Any, y: Any) -> Any:
        if xp is wf:
            return wf.mean(wf.softmax_cross_entropy(x @ w, y))
        return -jax.numpy.take_along_axis(jax.nn.log_softmax(x @ w), y[:, None], 1).mean()

    def ours(x: Any, y: Any, w: Any) -> Any:
        k = wf.asarray(0)
        while k < 1000:
            i = (k % 10) * 200
            batch = wf.arange(200) + i
            w = w - 0.1 * wf.grad(lambda w: loss_of(wf, w, x[batch], y[batch]))(w)  # noqa: B023
            k = k + 1
        return w

    def in_jax(x: Any, y: Any, w: Any) -> Any:
        def step(k: Any, w: Any) -> Any:
            i = (k % 10) * 200
            xb, yb = (jax.lax.dynamic_slice_in_dim(a, i, 200) for a in (x, y))
            return w - 0.1 * jax.grad(lambda w: loss_of(jax.numpy, w, xb, yb))(w)

        return jax.lax.fori_loop(0, 1000, step, w)

    def in_torch(x: Any, y: Any, w: Any) -> Any:
        w = w.detach().clone().requires_grad_()
        for k in range(1000):
            i = k % 10 * 200
            loss = torch.nn.functional.cross_entropy(x[i : i + 200] @ w, y[i : i + 200])
            (g,) = torch.autograd.grad(loss, w)
            with torch.no_grad():
                w -= 0.1 * g
        return w.detach()

    def in_torch_compiled() -> Any:
        loss = lambda w, x, y: torch.nn.functional.cross_entropy(x @ w, y)
        step = torch.compile(lambda w, x, y: w - 0.1 * torch.func.grad(loss)(w, x, y))

        def run(x: Any, y: Any, w: Any) -> Any:
            for k in range(1000):
                i = k % 10 * 200
                w = step(w, x[i : i + 200], y[i : i + 200])
            return w

        return run

    def in_tensorflow(x: Any, y: Any, w: Any) -> Any:
        for k in tf.range(1000):
            i = k % 10 * 200
            with tf.GradientTape() as tape:
                tape.watch(w)
                logits = tf.slice(x, [i, 0], [200, 784]) @ w
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.slice(y, [i], [200]), logits))
            w = w - 0.1 * tape.gradient(loss, w)
        return w

    def in_numpy(x: Any, y: Any, w: Any) -> Any:
        for k in range(1000):
            i = k % 10 * 200
            xb, yb = x[i : i + 200], y[i : i + 200]
            g = softmax(xb @ w)
            g[np.arange(200), yb] -= 1
            w = w - np.float32(0.1 / 200) * (xb.T @ g)
        return w

    arrays = [images, labels, w0]
    theirs = {"numpy": in_numpy, "torch": in_torch, "jax": in_jax, "tensorflow": in_tensorflow}
    if asked("torch.compile") and torch:
        theirs["torch, compiled"] = in_torch_compiled()
    runs = contestants(arrays, ours, theirs)
    return Row("h", "1000 SGD steps in the graph", runs, in_numpy(*arrays), "ms", rtol=1e-2, atol=1e-3)


@row
def k() -> Row:
    shapes = [(1, 40), (40,), (40, 40), (40,), (40, 1), (1,)]
    params = [normal(*s) * np.float32(0.3) for s in shapes]
    count = sized(25, 25, 2)
    tasks = [normal(count, 10, 1) for _ in range(2)]
    ys = [np.sin(t) for t in tasks]

    def meta(xp: Any, grad: Any, params: Any, x1: Any, y1: Any, x2: Any, y2: Any) -> Any:
        def predict(p: Any, x: Any) -> Any:
            h = xp.tanh(x @ p[0] + p[1])
            return xp.tanh(h @ p[2] + p[3]) @ p[4] + p[5]

        def adapted(i: int) -> Any:
            gs = grad(lambda p: ((predict(p, x1[i]) - y1[i]) ** 2).mean())(params)
            fast = [p - 0.1 * g for p, g in zip(params, gs, strict=True)]
            return ((predict(fast, x2[i]) - y2[i]) ** 2).mean()

        return sum(adapted(i) for i in range(count)) / count

    def ours(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        return wf.grad(lambda p: meta(wf, wf.grad, p, x1, y1, x2, y2))(list(params))

    def in_jax(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        return jax.grad(lambda p: meta(jax.numpy, jax.grad, p, x1, y1, x2, y2))(list(params))

    def in_torch(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        ps = [p.detach().requires_grad_() for p in params]

        def grad(f: Any) -> Any:
            return lambda p: torch.autograd.grad(f(p), p, create_graph=True)

        return torch.autograd.grad(meta(torch, grad, ps, x1, y1, x2, y2), ps)

    def in_torch_functions(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        grad = torch.func.grad
        return grad(lambda p: meta(torch, grad, p, x1, y1, x2, y2))(list(params))

    arrays = [tasks[0], ys[0], tasks[1], ys[1], *params]
    runs = contestants(arrays, ours, {"torch": in_torch, "torch.compile": in_torch_functions, "jax": in_jax})
    expected = leaf(runs["torch eager"]()) if "torch eager" in runs else reference(ours, *arrays)
    return Row("k", f"MAML sinusoid, {count} tasks, gradient of gradient", runs, expected, "ms", rtol=1e-2, atol=1e-4)
