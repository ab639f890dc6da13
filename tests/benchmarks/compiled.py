"""The compiled benchmarks: calls, fused maps, rows, training steps, loops and their gradients, recurrent models.

    python tests/benchmarks/compiled.py [--rows c1,d1] [--write docs/benchmarks/compiled.md]

Each row is one workload for every library that is installed: weft compiled, NumPy, PyTorch eagerly, JAX jitted. Results
are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import itertools
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from compare import HEADER, Row, measure, table

import weft as wf

RNG = np.random.default_rng(0)
Make = Callable[[], Row]
ROWS: dict[str, Make] = {}


def find(name: str) -> Any:
    """A peer's module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax = find("torch"), find("jax")


def row(make: Make) -> Make:
    """Register a workload under its name."""
    ROWS[make.__name__] = make
    return make


def normal(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def leaf(x: Any) -> np.ndarray:
    """The first array of a result."""
    while isinstance(x, (tuple, list)):
        x = x[0]
    return np.asarray(x)


def contestants(arrays: list[np.ndarray], ours: Any, theirs: dict[str, Any]) -> dict[str, Any]:
    """A function compiled by each library, bound to its own copies of the arguments; results are waited for."""
    given = [wf.tensor(a) for a in arrays]
    compiled = wf.compile(ours)
    found: dict[str, Any] = {"weft": lambda: leaf(compiled(*given))}
    if "numpy" in theirs:
        found["numpy"] = lambda: leaf(theirs["numpy"](*arrays))
    if torch and "torch" in theirs:
        tensors = [torch.from_numpy(a) for a in arrays]

        def run_torch() -> np.ndarray:
            return leaf(theirs["torch"](*tensors))

        found["torch eager"] = run_torch
    if jax and "jax" in theirs:
        jitted, placed = jax.jit(theirs["jax"]), [jax.numpy.asarray(a) for a in arrays]
        found["jax.jit"] = lambda: leaf(jax.block_until_ready(jitted(*placed)))
    return found


def simple(name: str, what: str, arrays: list[np.ndarray], write: Any, *, unit: str = "ms", names: str = "numpy torch jax",
           expected: Any = None, rtol: float = 2e-4, atol: float = 2e-5) -> Row:  # fmt: skip
    """A workload that reads the same in every library: `write(xp, *arrays)`."""
    modules = {"numpy": np, "torch": torch, "jax": jax and jax.numpy}
    theirs = {n: (lambda m: lambda *a: write(m, *a))(modules[n]) for n in names.split() if modules[n]}
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in arrays]
    exact = leaf(write(np, *wide) if expected is None else expected(*wide))
    runs = contestants(arrays, lambda *a: write(wf, *a), theirs)
    return Row(name, what, runs, exact, unit, rtol=rtol, atol=atol)


# -- calls


@row
def b1() -> Row:
    return simple("b1", "call of a trivial function", [normal(10)], lambda xp, x: x + 1.0, unit="us")


@row
def b2() -> Row:
    def write(_: Any, *xs: Any) -> Any:
        return [x + 1.0 for x in xs]

    return simple("b2", "20 arrays in and out", [normal(10) for _ in range(20)], write, unit="us")


# -- maps


@row
def c1() -> Row:
    def gelu(xp: Any, x: Any) -> Any:
        return 0.5 * x * (1 + xp.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))

    return simple("c1", "tanh-GELU, 16M", [normal(1 << 24)], gelu)


def _erf(xp: Any) -> Any:
    if xp is np:
        from math import erf

        return np.vectorize(erf)
    return wf.erf if xp is wf else xp.erf if xp is torch else jax.scipy.special.erf


@row
def c2() -> Row:
    n = 1 << 22
    s, k, t = (RNG.uniform(a, b, n).astype(np.float32) for a, b in ((10, 50), (10, 50), (0.2, 2)))

    def price(xp: Any, s: Any, k: Any, t: Any) -> Any:
        erf, root = _erf(xp), 0.3 * xp.sqrt(t)
        d1 = (xp.log(s / k) + (0.02 + 0.045) * t) / root
        d2 = d1 - root
        cdf = lambda x: 0.5 + 0.5 * erf(x * 0.7071067811865476)
        return s * cdf(d1) - k * xp.exp(-0.02 * t) * cdf(d2)

    return simple("c2", "Black-Scholes, 4M", [s, k, t], price, names="torch jax", atol=2e-4)


@row
def c3() -> Row:
    arrays = [normal(1 << 24) for _ in range(3)]
    return simple("c3", "a * b + c, 16M", arrays, lambda _, a, b, c: a * b + c)


# -- rows


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@row
def d1() -> Row:
    def write(xp: Any, x: Any) -> Any:
        if xp is np:
            return _softmax(x)
        return xp.softmax(x, -1) if xp is not (jax and jax.numpy) else jax.nn.softmax(x)

    return simple("d1", "softmax 4096x1024", [normal(4096, 1024)], write)


@row
def d2() -> Row:
    def write(xp: Any, x: Any, g: Any, b: Any) -> Any:
        if xp is torch:
            return torch.nn.functional.layer_norm(x, (1024,), g, b)
        if xp is wf:
            return wf.layer_norm(x, g, b)
        m = x.mean(-1, keepdims=True)
        return (x - m) / xp.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + 1e-5) * g + b

    return simple("d2", "layernorm 4096x1024", [normal(4096, 1024), normal(1024), normal(1024)], write)


@row
def d3() -> Row:
    def write(xp: Any, x: Any) -> Any:
        if xp is np:
            m = x.max(-1)
            return m + np.log(np.exp(x - m[:, None]).sum(-1))
        return wf.logsumexp(x, -1) if xp is wf else torch.logsumexp(x, -1) if xp is torch else jax.nn.logsumexp(x, -1)

    return simple("d3", "logsumexp 4096x1024", [normal(4096, 1024)], write)


@row
def d4() -> Row:
    x, y = normal(4096, 1000), RNG.integers(0, 1000, 4096)

    def write(xp: Any, x: Any, y: Any) -> Any:
        if xp is np:
            g = _softmax(x)
            g[np.arange(len(y)), y] -= 1
            return g / len(y)
        if xp is wf:
            return wf.grad(lambda x: wf.mean(wf.softmax_cross_entropy(x, y)))(x)
        if xp is torch:
            x = x.detach().requires_grad_()
            torch.nn.functional.cross_entropy(x, y).backward()
            return x.grad
        return jax.grad(lambda x: -jax.numpy.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean())(x)

    return simple("d4", "cross entropy + gradient 4096x1000", [x, y], write)


# -- training


SIZES = (784, 256, 128, 10)


def _mlp_arrays() -> tuple[list[np.ndarray], list[np.ndarray]]:
    weights = [normal(n, m) * np.float32(np.sqrt(2 / n)) for n, m in itertools.pairwise(SIZES)]
    params = [p for w in weights for p in (w, np.zeros(w.shape[1], np.float32))]
    return params, [normal(128, 784), RNG.integers(0, 10, 128)]


def _forward(xp: Any, x: Any, params: Any) -> Any:
    for i in range(0, len(params), 2):
        x = x @ params[i] + params[i + 1]
        if i + 2 < len(params):
            x = xp.maximum(x, 0 * x) if xp is torch else xp.maximum(x, 0.0)
    return x


def _weft_step(params: list[np.ndarray], optimizer: Any) -> Any:
    variables = [wf.Variable(p) for p in params]

    @wf.compile
    def step(x: Any, y: Any) -> Any:
        with wf.GradientTape() as tape:
            loss = wf.mean(wf.softmax_cross_entropy(_forward(wf, x, variables), y))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def _torch_step(params: list[np.ndarray], make: Any) -> Any:
    weights = [torch.tensor(p, requires_grad=True) for p in params]
    optimizer = make(weights)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(_forward(torch, x, weights), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _jax_step(params: list[np.ndarray], update: Any, state: Any) -> Any:
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
        return jax.block_until_ready(loss)

    return run


def _training(name: str, what: str, optimizer: Any, torch_optimizer: Any, update: Any, state: Any) -> Row:
    """Each contestant's loss after its first step is checked, then steps are timed."""
    params, (x, y) = _mlp_arrays()
    logits = _forward(np, x.astype(np.float64), [p.astype(np.float64) for p in params])
    logits = logits - logits.max(-1, keepdims=True)
    loss = -(logits[np.arange(128), y] - np.log(np.exp(logits).sum(-1))).mean()
    runs: dict[str, Any] = {}
    ours, given = _weft_step(params, optimizer), (wf.tensor(x), wf.tensor(y))
    runs["weft"] = lambda: np.asarray(ours(*given))
    if torch:
        theirs, placed = _torch_step(params, torch_optimizer), (torch.tensor(x), torch.tensor(y))
        runs["torch eager"] = lambda: theirs(*placed).numpy()
    if jax:
        jitted, there = _jax_step(params, update, state), (jax.numpy.asarray(x), jax.numpy.asarray(y))
        runs["jax.jit"] = lambda: np.asarray(jitted(*there))
    return Row(name, what, runs, np.asarray(loss), "us", rtol=1e-3)


def _momentum(params: Any, grads: Any, state: Any) -> Any:
    state = [0.9 * v + g for v, g in zip(state, grads, strict=True)]
    return [p - 0.01 * v for p, v in zip(params, state, strict=True)], state


@row
def e1() -> Row:
    zeros = lambda params: [0 * p for p in params]
    return _training("e1", "MLP step, SGD + momentum", wf.optim.SGD(0.01, momentum=0.9),
                     lambda w: torch.optim.SGD(w, 0.01, momentum=0.9), _momentum, zeros)  # fmt: skip


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

    def in_numpy(x: Any, y: Any, w: Any) -> Any:
        for k in range(1000):
            i = k % 10 * 200
            xb, yb = x[i : i + 200], y[i : i + 200]
            g = _softmax(xb @ w)
            g[np.arange(200), yb] -= 1
            w = w - np.float32(0.1 / 200) * (xb.T @ g)
        return w

    arrays = [images, labels, w0]
    runs = contestants(arrays, ours, {"numpy": in_numpy, "torch": in_torch, "jax": in_jax})
    return Row("h", "1000 SGD steps in the graph", runs, in_numpy(*arrays), "ms", rtol=1e-2, atol=1e-3)


@row
def k() -> Row:
    shapes = [(1, 40), (40,), (40, 40), (40,), (40, 1), (1,)]
    params = [normal(*s) * np.float32(0.3) for s in shapes]
    tasks = [normal(25, 10, 1) for _ in range(2)]
    ys = [np.sin(t) for t in tasks]

    def meta(xp: Any, grad: Any, params: Any, x1: Any, y1: Any, x2: Any, y2: Any) -> Any:
        def predict(p: Any, x: Any) -> Any:
            h = xp.tanh(x @ p[0] + p[1])
            return xp.tanh(h @ p[2] + p[3]) @ p[4] + p[5]

        def adapted(i: int) -> Any:
            gs = grad(lambda p: ((predict(p, x1[i]) - y1[i]) ** 2).mean())(params)
            fast = [p - 0.1 * g for p, g in zip(params, gs, strict=True)]
            return ((predict(fast, x2[i]) - y2[i]) ** 2).mean()

        return sum(adapted(i) for i in range(25)) / 25

    def ours(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        return wf.grad(lambda p: meta(wf, wf.grad, p, x1, y1, x2, y2))(list(params))

    def in_jax(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        return jax.grad(lambda p: meta(jax.numpy, jax.grad, p, x1, y1, x2, y2))(list(params))

    def in_torch(x1: Any, y1: Any, x2: Any, y2: Any, *params: Any) -> Any:
        ps = [p.detach().requires_grad_() for p in params]

        def grad(f: Any) -> Any:
            return lambda p: torch.autograd.grad(f(p), p, create_graph=True)

        return torch.autograd.grad(meta(torch, grad, ps, x1, y1, x2, y2), ps)

    arrays = [tasks[0], ys[0], tasks[1], ys[1], *params]
    runs = contestants(arrays, ours, {"torch": in_torch, "jax": in_jax})
    expected = runs["torch eager"]() if torch else runs["weft"]()
    return Row("k", "MAML sinusoid, 25 tasks, gradient of gradient", runs, expected, "ms", rtol=1e-2, atol=1e-4)


# -- loops


@row
def f1() -> Row:
    def longest(n: Any) -> Any:
        best, i = wf.asarray(0), wf.asarray(1)
        while i < n:
            k, steps = i, wf.asarray(0)
            while k != 1:
                k = k // 2 if k % 2 == 0 else 3 * k + 1
                steps = steps + 1
            best = wf.maximum(best, steps)
            i = i + 1
        return best

    def in_jax(n: Any) -> Any:
        lax, jnp = jax.lax, jax.numpy

        def chain(i: Any) -> Any:
            step = lambda c: (jnp.where(c[0] % 2 == 0, c[0] // 2, 3 * c[0] + 1), c[1] + 1)
            return lax.while_loop(lambda c: c[0] != 1, step, (i, jnp.zeros_like(i)))[1]

        body = lambda c: (c[0] + 1, jnp.maximum(c[1], chain(c[0])))
        return lax.while_loop(lambda c: c[0] < n, body, (jnp.ones_like(n), jnp.zeros_like(n)))[1]

    runs = contestants([np.asarray(3000, np.int32)], longest, {"jax": in_jax})
    return Row("f1", "Collatz, longest chain below 3000", runs, np.asarray(216), "ms")


@row
def f2() -> Row:
    side = np.linspace(-1.5, 1.5, 512, dtype=np.float32)
    re, im = (np.ascontiguousarray(a) for a in np.meshgrid(side - 0.5, side))

    def escape(re: Any, im: Any) -> Any:
        x, y = wf.zeros_like(re), wf.zeros_like(re)
        count, active, trip = wf.zeros(re.shape, dtype=wf.int32), wf.ones(re.shape, dtype=wf.bool), wf.asarray(0)
        while trip < 200 and wf.any(active):
            new_x, new_y = x * x - y * y + re, 2 * x * y + im
            x, y = wf.where(active, new_x, x), wf.where(active, new_y, y)
            count = count + wf.astype(active, wf.int32)
            active = x * x + y * y <= 4.0
            trip = trip + 1
        return count

    def in_numpy(re: np.ndarray, im: np.ndarray) -> np.ndarray:
        z, c = np.zeros(re.shape, np.complex64), (re + 1j * im).astype(np.complex64)
        count, active = np.zeros(re.shape, np.int32), np.ones(re.shape, bool)
        for _ in range(200):
            z[active] = z[active] ** 2 + c[active]
            count += active
            active &= z.real**2 + z.imag**2 <= 4.0
        return count

    def in_jax(re: Any, im: Any) -> Any:
        lax, jnp = jax.lax, jax.numpy

        def step(s: Any) -> Any:
            x, y, count, active, trip = s
            x, y = jnp.where(active, x * x - y * y + re, x), jnp.where(active, 2 * x * y + im, y)
            return x, y, count + active, x * x + y * y <= 4.0, trip + 1

        start = (jnp.zeros_like(re), jnp.zeros_like(re), jnp.zeros(re.shape, jnp.int32), jnp.ones(re.shape, bool), 0)
        return lax.while_loop(lambda s: (s[4] < 200) & s[3].any(), step, start)[2]

    runs = contestants([re, im], escape, {"jax": in_jax})
    expected = runs["weft"]()
    assert (expected != in_numpy(re, im)).mean() < 0.01  # rounding decides on the border
    return Row("f2", "Mandelbrot 512x512, 200 iterations", runs, expected, "ms", rtol=1, atol=200)


def _tableau() -> tuple[list[list[float]], list[float], list[float]]:
    a = [[], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9],
         [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
         [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
         [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]]  # fmt: skip
    e = [71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]
    return a, a[6], e


def _rk45(xp: Any, loop: Any, y: Any, p: Any) -> Any:
    """Dormand and Prince's method on Lotka-Volterra to t = 10, steps chosen for a tolerance of 1e-6."""
    a, b, e = _tableau()

    def slope(y: Any) -> Any:
        return xp.stack([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])

    def step(t: Any, y: Any, h: Any) -> Any:
        h = xp.minimum(h, 10.0 - t)
        k: list[Any] = []
        for i in range(7):
            z = y
            for c, ki in zip(a[i], k, strict=False):
                if c:
                    z = z + h * c * ki
            k.append(slope(z))
        new, wrong = y, 0.0
        for c, d, ki in zip([*b, 0.0], e, k, strict=True):
            new = new + h * c * ki if c else new
            wrong = wrong + h * d * ki if d else wrong
        size = 1e-6 + 1e-6 * xp.maximum(abs(y), abs(new))
        error = xp.sqrt(xp.mean((wrong / size) ** 2))
        accept = error <= 1.0
        factor = xp.minimum(xp.maximum(0.9 * xp.maximum(error, 1e-10) ** -0.2, 0.2), 5.0)
        return xp.where(accept, t + h, t), xp.where(accept, new, y), h * factor

    return loop(step, y)


def _weft_loop(step: Any, y: Any) -> Any:
    t, h = wf.asarray(0.0, dtype=wf.float64), wf.asarray(0.1, dtype=wf.float64)
    while t < 10.0:
        t, y, h = step(t, y, h)
    return y


def _jax_loop(step: Any, y: Any) -> Any:
    one = jax.numpy.asarray(1.0, y.dtype)
    return jax.lax.while_loop(lambda s: s[0] < 10.0, lambda s: step(*s), (0 * one, y, 0.1 * one))[1]


def _python_loop(step: Any, y: Any) -> Any:
    t, h = np.float64(0.0), np.float64(0.1)
    while t < 10.0:
        t, y, h = step(t, y, h)
    return y


LOTKA = [np.array([1.0, 1.0]), np.array([1.5, 1.0, 1.0, 3.0])]


@row
def f4() -> Row:
    runs = contestants(LOTKA, lambda y, p: _rk45(wf, _weft_loop, y, p),
                       {"numpy": lambda y, p: _rk45(np, _python_loop, y, p),
                        "jax": lambda y, p: _rk45(jax.numpy, _jax_loop, y, p)})  # fmt: skip
    return Row("f4", "adaptive RK45, Lotka-Volterra", runs, runs["numpy"](), "us", rtol=1e-5)


@row
def f5() -> Row:
    def ours(y: Any, p: Any) -> Any:
        return wf.grad(lambda p: wf.sum(_rk45(wf, _weft_loop, y, p)))(p)

    def forward(y: Any, p: Any) -> Any:
        return jax.jacfwd(lambda p: _rk45(jax.numpy, _jax_loop, y, p).sum())(p)

    def difference(y: np.ndarray, p: np.ndarray) -> np.ndarray:
        f = lambda p: _rk45(np, _python_loop, y, p).sum()
        eye = np.eye(4) * 1e-5
        return np.array([(f(p + d) - f(p - d)) / 2e-5 for d in eye])

    runs = contestants(LOTKA, ours, {"jax": forward})
    return Row("f5", "gradient of f4 (jax: forward mode)", runs, difference(*LOTKA), "us", rtol=2e-2, atol=2e-2)


# -- recurrent


def _rnn(batch: int, length: int, hidden: int, with_gradient: bool, name: str) -> Row:
    x, lengths = normal(length, batch, 50), RNG.integers(length // 2, length + 1, batch)
    wx, wh, b = normal(50, hidden) * 0.1, normal(hidden, hidden) * 0.05, normal(hidden) * 0.1

    def ours(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        h, t = wf.zeros((batch, hidden)), wf.asarray(0)
        while t < wf.max(n):
            new = wf.tanh(x[t] @ wx + h @ wh + b)
            h = wf.where((t < n)[:, None], new, h)
            t = t + 1
        return h

    def in_numpy(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        h = np.zeros((batch, hidden), np.float32)
        for t in range(int(n.max())):
            h = np.where((t < n)[:, None], np.tanh(x[t] @ wx + h @ wh + b), h)
        return h

    def in_torch(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        h = torch.zeros(batch, hidden)
        for t in range(int(n.max())):
            h = torch.where((t < n)[:, None], torch.tanh(x[t] @ wx + h @ wh + b), h)
        return h

    def in_jax(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        def step(h: Any, xt: Any) -> Any:
            new = jax.numpy.tanh(xt[0] @ wx + h @ wh + b)
            return jax.numpy.where((xt[1] < n)[:, None], new, h), None

        return jax.lax.scan(step, jax.numpy.zeros((batch, hidden)), (x, jax.numpy.arange(length)))[0]

    arrays = [x, lengths, wx, wh, b]
    if not with_gradient:
        runs = contestants(arrays, ours, {"numpy": in_numpy, "torch": in_torch, "jax": in_jax})
        return Row(
            name, f"RNN {batch}x{length}, hidden {hidden}, forward", runs, in_numpy(*arrays), "ms", rtol=1e-3, atol=1e-4
        )

    def torch_gradient(x: Any, n: Any, *weights: Any) -> Any:
        leaves = [w.detach().requires_grad_() for w in weights]
        (in_torch(x, n, *leaves) ** 2).sum().backward()
        return [w.grad for w in leaves]

    runs = contestants(
        arrays,
        lambda x, n, *w: wf.grad(lambda *w: wf.sum(ours(x, n, *w) ** 2), argnums=(0, 1, 2))(*w),
        {
            "torch": torch_gradient,
            "jax": lambda x, n, *w: jax.grad(lambda *w: (in_jax(x, n, *w) ** 2).sum(), argnums=(0, 1, 2))(*w),
        },
    )
    expected = runs["torch eager"]() if torch else runs["weft"]()
    return Row(
        name, f"RNN {batch}x{length}, hidden {hidden}, with gradient", runs, expected, "ms", rtol=1e-2, atol=1e-1
    )


@row
def g1() -> Row:
    return _rnn(32, 64, 256, False, "g1")


@row
def g2() -> Row:
    return _rnn(128, 128, 256, False, "g2")


@row
def g3() -> Row:
    return _rnn(32, 64, 256, True, "g3")


@row
def g4() -> Row:
    return _rnn(128, 128, 256, True, "g4")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    lines = [*HEADER]
    print("\n".join(lines))
    for name in options.rows.split(","):
        made = ROWS[name]()
        found = table(made, measure(made, options.rounds, 0.05))
        lines += found
        print("\n".join(found), flush=True)
    if options.write:
        peers = ", ".join(f"{m.__name__} {m.__version__}" for m in (np, torch, jax) if m)
        head = (
            f"Measured on {datetime.date.today()} by `python tests/benchmarks/compiled.py`, {platform.machine()}, "
            f"{os.cpu_count()} cores, all in one process, in turn; {peers}. Results are compared before they are timed."
        )
        options.write.write_text("\n".join(["# Compiled benchmarks", "", head, "", *lines, ""]))


if __name__ == "__main__":
    if jax:
        jax.config.update("jax_enable_x64", True)
    main()
