"""The compiled benchmarks: solvers whose steps data decide, and a gradient through one."""

from __future__ import annotations

from typing import Any

import numpy as np
from compare import Row
from workloads import contestants, jax, row, torch

import weft as wf

# -- L-BFGS

HISTORY, ENOUGH = 5, 1e-3


def _rosenbrock(x: Any) -> Any:
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def _slope(x: np.ndarray) -> np.ndarray:
    """The gradient of Rosenbrock's function, by hand."""
    gap = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400.0 * x[:-1] * gap - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * gap
    return g


def _direction(where: Any, g: Any, pairs: list[Any]) -> Any:
    """Where to go from what the last steps did to the gradient; an empty pair holds zeros."""
    q, factors = g, []
    for s, y, inverse in reversed(pairs):
        factors.append(inverse * (s * q).sum())
        q = q - factors[-1] * y
    s, y, inverse = pairs[-1]
    q = q * where(inverse > 0.0, (s * y).sum() / ((y * y).sum() + 1e-30), 1.0 / ((g * g).sum() ** 0.5 + 1e-30))
    for (s, y, inverse), factor in zip(pairs, reversed(factors), strict=True):
        q = q + (factor - inverse * (y * q).sum()) * s
    return -q


def _updated(where: Any, pairs: list[Any], s: Any, y: Any) -> list[Any]:
    curved = (s * y).sum()
    return [*pairs[1:], (s, y, where(curved > 1e-10, 1.0 / (curved + 1e-30), 0.0 * curved))]


def _short_enough(f: Any, x: Any, value: Any, d: Any, slope: Any, t: Any) -> Any:
    return f(x + t * d) <= value + 1e-4 * t * slope


def _minimum_in_weft(x: Any) -> Any:
    f = _rosenbrock
    pairs = [(wf.zeros_like(x), wf.zeros_like(x), wf.asarray(0.0)) for _ in range(HISTORY)]
    value, g = wf.value_and_grad(f)(x)
    while wf.sum(g * g) > ENOUGH**2:
        d, t = _direction(wf.where, g, pairs), wf.asarray(1.0)
        slope = wf.sum(g * d)
        while not _short_enough(f, x, value, d, slope, t) and t > 1e-8:
            t = t * 0.5
        value, new = wf.value_and_grad(f)(x + t * d)
        pairs = _updated(wf.where, pairs, t * d, new - g)
        x, g = x + t * d, new
    return x


def _minimum_in_jax(x: Any) -> Any:
    f, jnp = _rosenbrock, jax.numpy
    value_and_grad = jax.value_and_grad(f)

    def step(state: Any) -> Any:
        x, value, g, pairs = state
        d = _direction(jnp.where, g, pairs)
        slope = (g * d).sum()
        long = lambda t: ~_short_enough(f, x, value, d, slope, t) & (t > 1e-8)
        t = jax.lax.while_loop(long, lambda t: t * 0.5, jnp.ones((), x.dtype))
        value, new = value_and_grad(x + t * d)
        return x + t * d, value, new, _updated(jnp.where, pairs, t * d, new - g)

    empty = [(jnp.zeros_like(x), jnp.zeros_like(x), jnp.zeros((), x.dtype)) for _ in range(HISTORY)]
    found = jax.lax.while_loop(lambda s: (s[2] ** 2).sum() > ENOUGH**2, step, (x, *value_and_grad(x), empty))
    return found[0]


def _minimum(zeros: Any, where: Any, value_and_grad: Any, x: Any) -> Any:
    """The same for libraries that run eagerly."""
    f = _rosenbrock
    pairs = [(0 * x, 0 * x, zeros) for _ in range(HISTORY)]
    value, g = value_and_grad(x)
    while (g * g).sum() > ENOUGH**2:
        d, t = _direction(where, g, pairs), 1.0
        slope = (g * d).sum()
        while not _short_enough(f, x, value, d, slope, t) and t > 1e-8:
            t = t * 0.5
        value, new = value_and_grad(x + t * d)
        pairs = _updated(where, pairs, t * d, new - g)
        x, g = x + t * d, new
    return x


def _minimum_in_torch(x: Any) -> Any:
    def value_and_grad(x: Any) -> Any:
        x = x.detach().requires_grad_()
        value = _rosenbrock(x)
        return value.detach(), torch.autograd.grad(value, x)[0]

    return _minimum(torch.zeros(()), torch.where, value_and_grad, x)


@row
def f3() -> Row:
    start = np.array([-1.2, 1.0] * 5, np.float32)
    numpy = lambda x: _minimum(np.float32(0), np.where, lambda x: (_rosenbrock(x), _slope(x)), x)
    theirs = {"numpy": numpy, "torch": _minimum_in_torch, "jax": _minimum_in_jax}
    runs = contestants([start], _minimum_in_weft, theirs)
    return Row("f3", "L-BFGS, 10-d Rosenbrock", runs, np.ones(10), "us", rtol=1e-2, atol=1e-2)


# -- Runge-Kutta


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
    in_numpy = lambda y, p: _rk45(np, _python_loop, y, p)
    runs = contestants(LOTKA, lambda y, p: _rk45(wf, _weft_loop, y, p),
                       {"numpy": in_numpy, "jax": lambda y, p: _rk45(jax.numpy, _jax_loop, y, p)})  # fmt: skip
    return Row("f4", "adaptive RK45, Lotka-Volterra", runs, in_numpy(*LOTKA), "us", rtol=1e-5)


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
