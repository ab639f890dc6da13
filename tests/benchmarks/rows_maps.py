"""The compiled benchmarks: calls, fused maps, and rows."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from compare import Row
from sizes import sized
from workloads import PEER, RNG, jax, normal, numba, row, simple, softmax, tf, torch

import weft as wf

# -- calls


@row
def b1() -> Row:
    others = {"numba": numba.njit(lambda x: x + np.float32(1))} if numba else {}
    return simple("b1", "call of a trivial function", [normal(10)], lambda xp, x: x + 1.0, unit="us", others=others)


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

    others = {}
    if numba:

        @numba.njit(parallel=True, error_model="numpy")
        def in_numba(x: Any) -> Any:
            y, half, c = np.empty_like(x), np.float32(0.5), np.float32(0.7978845608)
            k, one = np.float32(0.044715), np.float32(1)
            for i in numba.prange(x.size):
                v = x[i]
                y[i] = half * v * (one + np.tanh(c * (v + k * v * v * v)))
            return y

        others["numba"] = in_numba
    n = sized(1 << 24, 1 << 26, 1 << 10)
    return simple("c1", f"tanh-GELU, {counted(n)}", [normal(n)], gelu, others=others)


def _erf(xp: Any) -> Any:
    if xp is np:
        from math import erf

        return np.vectorize(erf)
    if xp is wf or xp is torch:
        return xp.erf
    return jax.scipy.special.erf if jax else tf.math.erf


@row
def c2() -> Row:
    n, times = sized((1 << 22, 1), (1 << 20, 16), (1 << 10, 1))
    drawn = [RNG.uniform(a, b, n).astype(np.float32) for a, b in ((10, 50), (10, 50), (0.2, 2))]
    s, k, t = (np.tile(x, times) for x in drawn)

    def price(xp: Any, s: Any, k: Any, t: Any) -> Any:
        erf, root = _erf(xp), 0.3 * xp.sqrt(t)
        d1 = (xp.log(s / k) + (0.02 + 0.045) * t) / root
        d2 = d1 - root
        cdf = lambda x: 0.5 + 0.5 * erf(x * 0.7071067811865476)
        return s * cdf(d1) - k * xp.exp(-0.02 * t) * cdf(d2)

    others = {}
    if numba:
        from math import erf, exp, log, sqrt

        @numba.njit(parallel=True, error_model="numpy")
        def in_numba(s: Any, k: Any, t: Any) -> Any:
            y, a, b, c = np.empty_like(s), np.float32(0.3), np.float32(0.065), np.float32(0.5)
            h, r = np.float32(0.7071067811865476), np.float32(-0.02)
            for i in numba.prange(s.size):
                root = a * sqrt(t[i])
                d1 = (log(s[i] / k[i]) + b * t[i]) / root
                first, second = c + c * erf(d1 * h), c + c * erf((d1 - root) * h)
                y[i] = s[i] * first - k[i] * exp(r * t[i]) * second
            return y

        others["numba"] = in_numba
    expected = lambda s, k, t: np.tile(price(np, s[:n], k[:n], t[:n]), times)
    return simple("c2", f"Black-Scholes, {counted(n * times)}", [s, k, t], price, names="torch jax tensorflow",
                  expected=expected, atol=2e-4, others=others)  # fmt: skip


@row
def c3() -> Row:
    n = sized(1 << 24, 1 << 26, 1 << 10)
    arrays = [normal(n) for _ in range(3)]
    others = {"numba": numba.njit(lambda a, b, c: a * b + c, parallel=True)} if numba else {}
    return simple("c3", f"a * b + c, {counted(n)}", arrays, lambda _, a, b, c: a * b + c, others=others)


# -- rows

ROWS, COLUMNS = sized((4096, 1024), (32768, 1024), (16, 64))


def counted(n: int) -> str:
    """A number of elements: `16M`."""
    return f"{n >> 20}M" if n >> 20 else str(n)


def _exported(ops: list[tuple[str, list[str], dict[str, Any]]], arrays: list[np.ndarray]) -> dict[str, Any]:
    """A contestant for ONNX Runtime: ops on inputs called x, g and b, one after the other; the last gives y."""
    if PEER != "onnxruntime":
        return {}
    onnx, onnxruntime = map(import_module, ("onnx", "onnxruntime"))
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [make.make_tensor_value_info(n, kind, a.shape) for n, a in zip("xgb", arrays, strict=False)]
    nodes = [make.make_node(op, given, ["y"], **attributes) for op, given, attributes in ops]
    graph = make.make_graph(nodes, "row", inputs, [make.make_tensor_value_info("y", kind, None)])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return {"onnxruntime": lambda *a: session.run(None, dict(zip("xgb", a, strict=False)))}


@row
def d1() -> Row:
    def write(xp: Any, x: Any) -> Any:
        if xp is np:
            return softmax(x)
        if xp is wf or xp is torch:
            return xp.softmax(x, -1)
        return jax.nn.softmax(x) if jax else tf.nn.softmax(x)

    arrays = [normal(ROWS, COLUMNS)]
    others = _exported([("Softmax", ["x"], {"axis": -1})], arrays)
    return simple("d1", f"softmax {ROWS}x{COLUMNS}", arrays, write, others=others)


@row
def d2() -> Row:
    def write(xp: Any, x: Any, g: Any, b: Any) -> Any:
        if xp is torch:
            return torch.nn.functional.layer_norm(x, (COLUMNS,), g, b)
        if xp is wf:
            return wf.layer_norm(x, g, b)
        m = x.mean(-1, keepdims=True)
        return (x - m) / xp.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + 1e-5) * g + b

    arrays = [normal(ROWS, COLUMNS), normal(COLUMNS), normal(COLUMNS)]
    others = _exported([("LayerNormalization", ["x", "g", "b"], {"axis": -1})], arrays)
    return simple("d2", f"layernorm {ROWS}x{COLUMNS}", arrays, write, others=others)


@row
def d3() -> Row:
    def write(xp: Any, x: Any) -> Any:
        if xp is np:
            m = x.max(-1)
            return m + np.log(np.exp(x - m[:, None]).sum(-1))
        if xp is wf or xp is torch:
            return xp.logsumexp(x, -1)
        return jax.nn.logsumexp(x, -1) if jax else tf.reduce_logsumexp(x, -1)

    return simple("d3", f"logsumexp {ROWS}x{COLUMNS}", [normal(ROWS, COLUMNS)], write)


@row
def d4() -> Row:
    classes = sized(1000, 1000, 60)
    x, y = normal(ROWS, classes), RNG.integers(0, classes, ROWS)

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

    return simple("d4", f"cross entropy + gradient {ROWS}x{classes}", [x, y], write, names="numpy torch jax")
