"""The compiled benchmarks: loops whose trips data decide, and recurrent models, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from compare import Row, leaf
from sizes import sized
from workloads import RNG, contestants, jax, normal, numba, reference, row, tf, torch

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

    theirs: dict[str, Any] = {"jax": in_jax}
    if numba:

        @numba.njit
        def in_numba(n: Any) -> Any:
            best = 0
            for i in range(1, n):
                k, steps = i, 0
                while k != 1:
                    k = k // 2 if k % 2 == 0 else 3 * k + 1
                    steps += 1
                best = max(best, steps)
            return best

        theirs["numba"] = lambda n: in_numba(int(n))
    runs = contestants([np.asarray(3000, np.int32)], longest, theirs)
    return Row("f1", "Collatz, longest chain below 3000", runs, np.asarray(216), "ms")


def _mandelbrot_in_numba() -> Any:
    @numba.njit(parallel=True)
    def each(re: Any, im: Any) -> Any:
        count, two, four = np.zeros(re.shape, np.int32), np.float32(2), np.float32(4)
        for i in numba.prange(re.shape[0]):
            for j in range(re.shape[1]):
                x, y, n = np.float32(0), np.float32(0), 0
                while n < 200 and x * x + y * y <= four:
                    x, y = x * x - y * y + re[i, j], two * x * y + im[i, j]
                    n += 1
                count[i, j] = n
        return count

    return each


def _mandelbrot_in_torch(re: Any, im: Any) -> Any:
    x, y, count = torch.zeros_like(re), torch.zeros_like(re), torch.zeros(re.shape, dtype=torch.int32)
    active = torch.ones(re.shape, dtype=torch.bool)
    for _ in range(200):
        if not active.any():
            break
        x, y = torch.where(active, x * x - y * y + re, x), torch.where(active, 2 * x * y + im, y)
        count += active
        active = x * x + y * y <= 4.0
    return count


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

    theirs = {"jax": in_jax, "numpy": in_numpy, "torch": _mandelbrot_in_torch}
    if numba:
        theirs["numba"] = _mandelbrot_in_numba()
    runs = contestants([re, im], escape, theirs)
    expected = leaf(runs["weft"]())
    assert (expected != in_numpy(re, im)).mean() < 0.01  # rounding decides on the border
    return Row("f2", "Mandelbrot 512x512, 200 iterations", runs, expected, "ms", rtol=1, atol=200)


# -- recurrent


def _rnn(name: str, with_gradient: bool, batch: int, length: int, hidden: int) -> Row:
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
        h = torch.zeros(batch, hidden, device=x.device)
        for t in range(int(n.max())):
            h = torch.where((t < n)[:, None], torch.tanh(x[t] @ wx + h @ wh + b), h)
        return h

    def in_jax(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        def step(h: Any, xt: Any) -> Any:
            new = jax.numpy.tanh(xt[0] @ wx + h @ wh + b)
            return jax.numpy.where((xt[1] < n)[:, None], new, h), None

        return jax.lax.scan(step, jax.numpy.zeros((batch, hidden)), (x, jax.numpy.arange(length)))[0]

    def in_tensorflow(x: Any, n: Any, wx: Any, wh: Any, b: Any) -> Any:
        h = tf.zeros((batch, hidden))
        for t in tf.range(length):
            h = tf.where((t < n)[:, None], tf.tanh(x[t] @ wx + h @ wh + b), h)
        return h

    arrays = [x, lengths.astype(np.int32), wx, wh, b]
    if not with_gradient:
        theirs = {"numpy": in_numpy, "torch": in_torch, "jax": in_jax, "tensorflow": in_tensorflow}
        runs = contestants(arrays, ours, theirs)
        return Row(
            name, f"RNN {batch}x{length}, hidden {hidden}, forward", runs, in_numpy(*arrays), "ms", rtol=1e-3, atol=1e-4
        )

    def torch_gradient(x: Any, n: Any, *weights: Any) -> Any:
        leaves = [w.detach().requires_grad_() for w in weights]
        (in_torch(x, n, *leaves) ** 2).sum().backward()
        return [w.grad for w in leaves]

    def tensorflow_gradient(x: Any, n: Any, *weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            h = tf.zeros((batch, hidden))
            for t in tf.range(length):
                h = tf.where((t < n)[:, None], tf.tanh(x[t] @ weights[0] + h @ weights[1] + weights[2]), h)
            loss = tf.reduce_sum(h**2)
        return tape.gradient(loss, weights)

    gradient = lambda x, n, *w: wf.grad(lambda *w: wf.sum(ours(x, n, *w) ** 2), argnums=(0, 1, 2))(*w)
    runs = contestants(
        arrays,
        gradient,
        {
            "torch": torch_gradient,
            "jax": lambda x, n, *w: jax.grad(lambda *w: (in_jax(x, n, *w) ** 2).sum(), argnums=(0, 1, 2))(*w),
            "tensorflow": tensorflow_gradient,
        },
    )
    expected = leaf(runs["torch eager"]()) if "torch eager" in runs else reference(gradient, *arrays)
    return Row(
        name, f"RNN {batch}x{length}, hidden {hidden}, with gradient", runs, expected, "ms", rtol=1e-2, atol=1e-1
    )


@row
def g1() -> Row:
    return _rnn("g1", False, *sized((32, 64, 256), (32, 64, 256), (4, 6, 16)))


@row
def g2() -> Row:
    return _rnn("g2", False, *sized((128, 128, 256), (128, 128, 256), (4, 6, 16)))


@row
def g3() -> Row:
    return _rnn("g3", True, *sized((32, 64, 256), (32, 64, 256), (4, 6, 16)))


@row
def g4() -> Row:
    return _rnn("g4", True, *sized((128, 128, 256), (128, 128, 256), (4, 6, 16)))
