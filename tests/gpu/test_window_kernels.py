"""Convolutions and pooling on a GPU, with their cotangents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_runs import Case, agree, agree_all, graph_of, op

from weft.compiler.gpu.program import GpuProgram
from weft.runtime.spec import Spec
from weft.runtime.tensor import OPS

CONVOLUTIONS = [
    ((2, 9, 3), (3, 3, 5), {}),
    ((2, 9, 3), (3, 3, 5), {"stride": 2, "padding": "same"}),
    ((2, 12, 3), (3, 3, 5), {"padding": ((2, 1),), "dilation": 2}),
    ((2, 17, 15, 4), (3, 3, 4, 8), {"padding": "same"}),
    ((2, 17, 15, 4), (3, 3, 4, 8), {"padding": "same", "stride": 2}),
    ((2, 17, 15, 8), (3, 2, 2, 12), {"groups": 4}),
    ((2, 17, 15, 8), (3, 3, 1, 8), {"groups": 8, "padding": "same"}),
    ((2, 17, 15, 8), (3, 3, 1, 16), {"groups": 8, "padding": "same", "stride": 2}),
    ((1, 6, 7, 5, 2), (2, 3, 2, 2, 3), {"stride": (1, 2, 1)}),
    ((4, 16, 16, 64), (3, 3, 64, 128), {"padding": "same"}),
    ((8, 32, 32, 16), (1, 1, 16, 100), {}),
]
WINDOWS = [
    ((2, 9, 8, 5), {"window": (3, 2), "stride": (2, 1), "padding": ((1, 1), (0, 1))}),
    ((2, 33, 7), {"window": (2,), "stride": (2,), "padding": ((0, 0),), "ceil_mode": True}),
    ((2, 6, 5, 4, 3), {"window": (2, 2, 2), "stride": (1, 2, 1), "padding": ((1, 0), (0, 1), (1, 1))}),
]


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("x", "w", "attrs"), CONVOLUTIONS, ids=lambda v: str(v))
def test_convolutions_and_their_cotangents_agree(
    device: Any, x: Any, w: Any, attrs: dict[str, Any], dtype: str
) -> None:
    near = {"float32": 1e-3, "float64": 1e-11}[dtype]
    convolution: Any = OPS["conv"]
    made = convolution.spec(Spec(x, np.dtype(dtype)), Spec(w, np.dtype(dtype)), **attrs)
    image, weights, dy = (floats(*shape, dtype=dtype) for shape in (x, w, made.shape))
    dx, dw = op("conv_dx", lengths=x[1:-1], **attrs), op("conv_dw", kernel=w[:-2], **attrs)
    agree_all(device, [(op("conv", **attrs), image, weights), (dx, dy, weights), (dw, image, dy)], near=near)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "attrs"), WINDOWS, ids=lambda v: str(v))
def test_pooling_and_its_cotangents_agree(device: Any, shape: Any, attrs: dict[str, Any], dtype: str) -> None:
    x = floats(*shape, dtype=dtype)
    x.reshape(-1)[::17] = np.nan
    (y,) = agree(device, op("max_pool", **attrs), x, near=0)
    (winners,) = agree(device, op("max_pool_winners", **attrs), x, y)
    dy, lengths = floats(*y.shape, dtype=dtype), shape[1:-1]
    cases: list[Case] = [(op("pick", **attrs), x, winners), (op("unpool", lengths=lengths, **attrs), dy, winners)]
    for counts in (False, True):
        cases.append((op("avg_pool", count_include_pad=counts, **attrs), floats(*shape, dtype=dtype)))
        cases.append((op("avg_pool_dx", lengths=lengths, count_include_pad=counts, **attrs), dy))
    agree_all(device, cases)


def test_windows_of_one_pixel_are_products_of_the_library(device: Any) -> None:
    x, w, dy = floats(4, 16, 16, 64), floats(1, 1, 64, 100), floats(4, 16, 16, 100)
    cases: list[Case] = [
        (op("conv"), x, w),
        (op("conv_dx", lengths=(16, 16)), dy, w),
        (op("conv_dw", kernel=(1, 1)), x, dy),
    ]
    agree_all(device, cases, near=1e-3)
    assert not GpuProgram(graph_of(*cases), device).plan.kernels
