"""Convolutions and pooling run natively, and give what the interpreter gives."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf
from weft.runtime.tensor import OPS

# input, weights, attributes of conv
CONVS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 9, 11, 3), (3, 3, 3, 8), {}),
    ((2, 9, 11, 3), (3, 3, 3, 8), {"padding": "same"}),
    ((1, 30, 30, 1), (5, 5, 1, 6), {"padding": "same"}),
    ((3, 14, 15, 16), (3, 3, 16, 40), {"padding": 1, "stride": 2}),
    ((1, 12, 40, 5), (3, 3, 5, 70), {"padding": "same", "dilation": 2}),
    ((2, 13, 17, 4), (4, 2, 4, 9), {"padding": ((1, 0), (2, 1)), "stride": (3, 2), "dilation": (1, 3)}),
    ((2, 10, 10, 3), (7, 7, 3, 33), {"padding": 3, "stride": 2}),
    ((2, 6, 7, 5), (1, 1, 5, 12), {}),
    ((2, 6, 7, 5), (1, 1, 5, 12), {"stride": 2}),
    ((2, 6, 7, 5), (1, 1, 5, 12), {"padding": 1}),
    ((2, 8, 9, 6), (3, 3, 2, 9), {"groups": 3, "padding": 1}),
    ((2, 8, 9, 36), (3, 3, 12, 60), {"groups": 3, "stride": 2}),
    ((2, 8, 9, 7), (3, 3, 1, 7), {"groups": 7, "padding": 1}),
    ((2, 8, 19, 32), (3, 5, 1, 32), {"groups": 32, "stride": (2, 1), "padding": "same"}),
    ((2, 8, 9, 5), (3, 2, 1, 15), {"groups": 5, "stride": 2, "padding": 1}),
    ((2, 8, 9, 5), (1, 1, 1, 10), {"groups": 5}),
    ((2, 20, 4), (5, 4, 6), {"padding": "same"}),
    ((2, 50, 1), (3, 1, 1), {"dilation": 5, "stride": 4}),
    ((2, 4, 5, 6, 3), (2, 3, 2, 3, 5), {"padding": "same", "stride": (1, 2, 1)}),
    ((1, 4, 5, 6, 4), (2, 2, 2, 2, 6), {"groups": 2, "dilation": (1, 2, 1), "padding": 1}),
    ((2, 9, 1, 3), (3, 1, 3, 4), {"padding": ((1, 1), (0, 0))}),
    ((1, 1, 1, 1), (1, 1, 1, 1), {}),
    ((1, 1, 1, 20), (3, 3, 20, 17), {"padding": "same"}),
    ((1, 100, 64, 8), (3, 3, 8, 8), {"padding": "same"}),
    ((2, 12, 40, 24), (3, 3, 24, 3), {"padding": "same"}),
    ((2, 12, 21, 12), (3, 4, 3, 8), {"groups": 4, "stride": (2, 1), "dilation": (1, 2), "padding": 2}),
    ((0, 5, 5, 3), (3, 3, 3, 4), {}),
    ((2, 0, 5, 3), (2, 2, 3, 4), {"padding": 1}),
    ((2, 5, 5, 0), (3, 3, 0, 4), {}),
    ((2, 5, 5, 3), (3, 3, 3, 0), {}),
]
DTYPES = ("float32", "float64")


def _draw(*shapes: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def _agree(f: Any, arrays: list[np.ndarray], hosts: int = 0) -> None:
    """The native program of a function calls nothing of Python, and gives what the interpreter gives."""
    graph = wf.compile(f).graph(*arrays)
    program = build(graph)
    assert len(program.source.hosts) == hosts, [call.node.op.name for call in program.source.hosts]
    for found, expected in zip(program(arrays), interpreted(graph, arrays), strict=True):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        tolerance = 1e-5 if found.dtype == np.float32 else 1e-13
        scale = 1 + np.nanmax(np.abs(expected), initial=0, where=np.isfinite(expected))
        np.testing.assert_allclose(found / scale, expected / scale, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("x", "w", "attrs"), CONVS)
def test_a_convolution_and_its_gradients_are_native(x: Any, w: Any, attrs: Any, dtype: str) -> None:
    conv: Any = OPS["conv"]
    lengths, kernel = x[1:-1], w[:-2]
    y = tuple(conv(*_draw(x, w, dtype=dtype), **attrs).shape)

    def all_three(x: Any, w: Any, dy: Any) -> Any:
        dx = OPS["conv_dx"](dy, w, lengths=lengths, **attrs)
        return conv(x, w, **attrs), dx, OPS["conv_dw"](x, dy, kernel=kernel, **attrs)

    _agree(all_three, _draw(x, w, y, dtype=dtype))


# input, window, stride, padding, further attributes
POOLS: list[tuple[tuple[int, ...], Any, Any, Any, dict[str, Any]]] = [
    ((2, 8, 8, 16), (2, 2), (2, 2), ((0, 0), (0, 0)), {}),
    ((2, 9, 7, 21), (3, 3), (2, 2), ((1, 1), (1, 1)), {}),
    ((2, 9, 8, 6), (3, 2), (1, 3), ((1, 0), (0, 1)), {"ceil_mode": True}),
    ((1, 5, 6, 33), (2, 3), (3, 4), ((0, 0), (2, 1)), {"ceil_mode": True}),
    ((2, 11, 3), (4,), (2,), ((1, 2),), {}),
    ((2, 3, 4, 5, 2), (2, 2, 3), (1, 2, 2), ((1, 1), (0, 0), (1, 1)), {}),
    ((1, 1, 1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), {}),
    ((0, 4, 4, 3), (2, 2), (2, 2), ((0, 0), (0, 0)), {}),
    ((2, 4, 4, 0), (2, 2), (2, 2), ((0, 0), (0, 0)), {}),
]


def _pool_of(kind: str, lengths: Any, attrs: dict[str, Any]) -> Any:
    if kind == "max":

        def largest(x: Any, dy: Any) -> Any:
            y = OPS["max_pool"](x, **attrs)
            winners = OPS["max_pool_winners"](x, y, **attrs)
            dx = OPS["unpool"](dy, winners, lengths=lengths, **attrs)
            return y, winners, dx, OPS["pick"](x, winners, **attrs)

        return largest
    return lambda x, dy: (OPS["avg_pool"](x, **attrs), OPS["avg_pool_dx"](dy, lengths=lengths, **attrs))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["max", "mean", "mean with padding"])
@pytest.mark.parametrize(("x", "window", "stride", "padding", "more"), POOLS)
def test_pooling_and_its_gradients_are_native(
    x: Any, window: Any, stride: Any, padding: Any, more: Any, kind: str, dtype: str
) -> None:
    attrs = {"window": window, "stride": stride, "padding": padding, **more}
    if kind == "mean with padding":
        attrs["count_include_pad"] = True
    op: Any = OPS["max_pool" if kind == "max" else "avg_pool"]
    (given,) = _draw(x, dtype=dtype)
    (dy,) = _draw(tuple(op(given, **attrs).shape), dtype=dtype)
    _agree(_pool_of(kind, x[1:-1], attrs), [given, dy])


def test_ties_nans_and_infinities_pool_as_they_do_eagerly() -> None:
    attrs = {"window": (3, 2), "stride": (2, 1), "padding": ((1, 1), (1, 0))}
    rng = np.random.default_rng(3)
    x = rng.choice(np.array([0.0, 1.0, 1.0, np.nan, np.inf, -np.inf, -np.inf], "float32"), size=(4, 7, 6, 19))
    x[0] = -np.inf
    (dy,) = _draw(tuple(OPS["max_pool"](x, **attrs).shape), dtype="float32")
    _agree(_pool_of("max", (7, 6), attrs), [x, dy])


def test_gradients_of_gradients_are_native() -> None:
    x, w = _draw((2, 8, 8, 2), (3, 3, 2, 4), dtype="float64")

    def loss(x: Any, w: Any) -> Any:
        y = wf.max_pool2d(wf.tanh(wf.conv2d(x, w, stride=2, padding="same")), 2)
        return wf.sum(wf.avg_pool2d(y, 2, 1) ** 2)

    def steep(x: Any, w: Any) -> Any:
        return wf.sum(wf.grad(loss, argnums=1)(x, w) ** 2)

    _agree(lambda x, w: wf.grad(steep, argnums=(0, 1))(x, w), [x, w])


def test_channels_first_and_transposed_convolutions_are_native() -> None:
    def three(x: Any, w: Any) -> Any:
        y = wf.conv2d(x, w, padding="same", layout="channels_first")
        z = wf.conv_transpose2d(y, w, stride=2, padding=1, output_padding=1, layout="channels_first")
        return y, z, wf.max_pool2d(z, 3, 2, layout="channels_first")

    _agree(three, _draw((2, 5, 9, 8), (6, 5, 3, 3), dtype="float32"))


def test_half_precision_is_computed_in_float32() -> None:
    x, w = (a.astype("float16") for a in _draw((2, 8, 8, 3), (3, 3, 3, 5), dtype="float32"))
    graph = wf.compile(lambda x, w: wf.max_pool2d(wf.conv2d(x, w, padding="same"), 2)).graph(x, w)
    program = build(graph)
    assert not program.source.hosts
    (found,), (expected,) = program([x, w]), interpreted(graph, [x, w])
    assert found.dtype == np.float16
    np.testing.assert_allclose(found.astype("float32"), expected.astype("float32"), rtol=2e-3, atol=2e-3)


def test_winners_of_another_dtype_go_through_python() -> None:
    attrs = {"window": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0))}
    winners = np.array([0, 3, 1, 2]).reshape(1, 2, 2, 1)
    (x,) = _draw((1, 4, 4, 1), dtype="float32")
    _agree(lambda x, winners: OPS["pick"](x, winners, **attrs), [x, winners], hosts=1)


def test_integer_images_go_through_python() -> None:
    x = np.arange(2 * 4 * 4 * 3, dtype="int32").reshape(2, 4, 4, 3)
    _agree(lambda x: wf.max_pool2d(x, 2), [x], hosts=1)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    script = (
        "import numpy as np, weft as wf; r = np.random.default_rng(0)\n"
        "x, w = (r.normal(size=s).astype('float32') for s in ((8, 30, 30, 32), (3, 3, 32, 48)))\n"
        "f = wf.compile(lambda x, w: wf.grad(lambda x, w: wf.sum(wf.conv2d(x, w, padding=1) ** 2), argnums=(0, 1))(x, w))\n"
        "print([hash(np.asarray(d).tobytes()) for d in f(x, w)])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                       env={**os.environ, "WEFT_THREADS": str(n), "PYTHONHASHSEED": "0"}).stdout
        for n in (1, 2, 5)
    ]  # fmt: skip
    assert runs[0] == runs[1] == runs[2]
