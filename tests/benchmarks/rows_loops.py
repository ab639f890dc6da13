"""The compiled benchmarks: loops whose trips data decide, and recurrent models, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from compare import Row
from workloads import RNG, contestants, jax, normal, row, torch

import weft as wf

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
