"""The compiled benchmarks: calls, fused maps, and rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from compare import Row
from workloads import RNG, jax, normal, row, simple, softmax, torch

import weft as wf

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


@row
def d1() -> Row:
    def write(xp: Any, x: Any) -> Any:
        if xp is np:
            return softmax(x)
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
            g = softmax(x)
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
