"""Gradients on a GPU through what has kernels of its own: the same as on the CPU, eager and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf

rng = np.random.default_rng(11)
PLACES = rng.integers(0, 12, (40,))


def _chosen(x: Any, w: Any) -> Any:
    return wf.sum(wf.tanh(wf.take(x, PLACES, axis=0) * w[0]))


def _scanned(x: Any, w: Any) -> Any:
    return wf.sum(wf.cumulative_sum(x * w, axis=0) ** 2) + wf.sum(wf.cumulative_prod(1 + 0.1 * x, axis=1))


def _ordered(x: Any, w: Any) -> Any:
    return wf.sum(wf.sort(x * w, axis=1) * wf.top_k(x, 12, axis=0).values)


def _windowed(x: Any, w: Any) -> Any:
    image = wf.reshape(x, (1, 12, 12, 1)) * wf.ones((4,), device=x.device)
    y = wf.conv2d(image, wf.reshape(w[:6], (3, 3, 4, 2)), padding="same", stride=2)
    return wf.sum(wf.max_pool2d(y, 2) ** 2) + wf.sum(wf.avg_pool2d(y, 3, 1) ** 2)


LOSSES: list[Callable[[Any, Any], Any]] = [_chosen, _scanned, _ordered, _windowed]


@pytest.mark.parametrize("is_compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("loss", LOSSES, ids=lambda f: f.__name__.strip("_"))
def test_gradients_are_those_of_the_cpu(on_gpu: Any, loss: Callable[[Any, Any], Any], is_compiled: bool) -> None:
    x, w = rng.standard_normal((12, 12)).astype("f"), rng.standard_normal((12, 12)).astype("f")
    step = wf.value_and_grad(wf.compile(loss) if is_compiled else loss, argnums=(0, 1))
    found = []
    for device in ("cpu", on_gpu):
        with wf.device(device):
            value, gradients = step(wf.tensor(x), wf.tensor(w))
        found.append([value.numpy(), *(g.numpy() for g in gradients)])
    for wanted, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)
