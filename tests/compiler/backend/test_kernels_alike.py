"""Kernels of equal text are printed once, whatever memory they are called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf


def layers(x: Any, w: Any) -> Any:
    for _ in range(6):
        x = wf.tanh(x @ w + 1.0)
    return x


def slices(x: Any, w: Any) -> Any:
    return wf.stack([wf.sum(wf.exp(x[i : i + 4] @ w), axis=1) for i in range(0, 20, 4)])


def neighbours(x: Any, w: Any) -> Any:
    y = x
    for i in range(3):
        y = (x[i : i + 15, 1:] * 2.0 + x[i + 3 : i + 18, :-1]) @ w[1:]
        x = x + wf.sum(y)
    return y


def scaled(x: Any, w: Any) -> Any:
    return wf.stack([wf.sum(x * (w[i, 0] + 1.0) @ w) for i in range(4)])


@pytest.mark.parametrize(
    ("f", "most"), [(layers, 2), (slices, 3), (neighbours, 4), (scaled, 4)], ids=lambda x: getattr(x, "__name__", "")
)
def test_what_repeats_is_printed_once(f: Callable[..., Any], most: int) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(20, 40)).astype("f"), rng.normal(size=(40, 40)).astype("f") / 10]
    graph = wf.compile(f).graph(*map(wf.tensor, arrays))
    program = build(graph)
    assert program.source.text.count("static void kernel") <= most
    for got, expected in zip(program(arrays), interpreted(graph, arrays), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)
