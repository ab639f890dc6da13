"""Quantiles, counts and histograms against NumPy, and tolerances and bounds."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

import weft as wf

X = np.random.default_rng(10).normal(size=(4, 5))


@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 1.0, [0.1, 0.9], [[0.2, 0.3, 0.4], [1, 0, 0.5]]])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_quantile_agrees_with_numpy(q: Any, axis: Any, keepdims: bool) -> None:
    found, wanted = wf.quantile(X, q, axis, keepdims=keepdims), np.quantile(X, q, axis=axis, keepdims=keepdims)
    assert found.shape == np.shape(wanted)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)


def test_quantile_with_nan_and_infinities() -> None:
    assert np.isnan(wf.median([1.0, nan, 2.0]).item())
    assert wf.median([1.0, inf, 2.0]).item() == 2
    assert wf.quantile([1.0, inf], 1.0).item() == inf
    assert wf.median([1, 2]).dtype == wf.float32
    assert wf.median([[1, 2], [3, 4]], axis=0).tolist() == [2, 3]


def test_quantiles_are_differentiable() -> None:
    wf.testing.check_grads(lambda x: wf.quantile(x, [0.2, 0.55], axis=1) ** 2, (X,))
    assert wf.grad(wf.median)(wf.asarray([5.0, 1.0, 2.0, 9.0])).tolist() == [0.5, 0, 0.5, 0]


def test_bincount_agrees_with_numpy() -> None:
    x = np.array([0, 2, 2, 5])
    np.testing.assert_array_equal(wf.bincount(x).numpy(), np.bincount(x))
    np.testing.assert_array_equal(wf.bincount(x, minlength=8).numpy(), np.bincount(x, minlength=8))
    np.testing.assert_allclose(wf.bincount(x, [0.5, 1.0, 2.0, 4.0]).numpy(), [0.5, 0, 3, 0, 0, 4])
    for dtype in ("uint64", "int8", "bool"):
        assert wf.bincount(wf.asarray([1, 1], dtype=dtype)).tolist() == [0, 2]
    assert wf.bincount(wf.asarray([], dtype=wf.int64)).shape == (0,)
    assert wf.grad(lambda w: wf.bincount(x, w)[2])(wf.ones(4)).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("options", [{}, {"bins": 4}, {"bins": [0.0, 0.1, 1.0]}, {"range": (-1.0, 1.0)}, {"density": True},
                                     {"weights": np.abs(X)}])  # fmt: skip
def test_histogram_agrees_with_numpy(options: dict[str, Any]) -> None:
    counts, edges = wf.histogram(X, **options)
    wanted, wanted_edges = np.histogram(X, **options)
    np.testing.assert_allclose(counts.numpy(), wanted)
    np.testing.assert_allclose(edges.numpy(), wanted_edges)
    assert (counts.dtype == wf.int64) == (wanted.dtype == np.int64)


@pytest.mark.parametrize(
    ("low", "high"), [(None, None), (-0.5, None), (None, 0.5), (-0.5, 0.5), (0.5, -0.5), (X[0] + 0.1, X[1] + 0.2)]
)
def test_clip_agrees_with_numpy(low: Any, high: Any) -> None:
    np.testing.assert_allclose(wf.clip(X, low, high).numpy(), np.clip(X, low, high))
    wf.testing.check_grads(lambda x: wf.clip(x, low, high) ** 2, (X,))


def test_clip_keeps_dtype_and_nan() -> None:
    assert wf.clip(wf.asarray([1, 9], dtype=wf.int8), 2, 5).dtype == wf.int8
    assert np.isnan(wf.clip([nan], 0, 1).item())
    assert np.isnan(wf.clip([0.5], nan, 1).item())


def test_gradient_of_clip_flows_to_x_within_the_bounds_and_to_the_bounds_elsewhere() -> None:
    x, low, high = wf.asarray([-1.0, 0.0, 0.5, 1.0, 2.0]), wf.asarray(0.0), wf.asarray(1.0)
    dx, dlow, dhigh = wf.grad(lambda x, low, high: wf.sum(wf.clip(x, low, high)), argnums=(0, 1, 2))(x, low, high)
    assert dx.tolist() == [0, 1, 1, 1, 0]
    assert (dlow.item(), dhigh.item()) == (1, 1)


def test_nan_to_num() -> None:
    x = wf.asarray([nan, inf, -inf, 1.5])
    largest = wf.finfo(wf.float32).max
    assert wf.nan_to_num(x).tolist() == [0, largest, -largest, 1.5]
    assert wf.nan_to_num(x, 7.0, 8.0, 9.0).tolist() == [7, 8, 9, 1.5]
    assert wf.nan_to_num(wf.asarray([1, 2])).tolist() == [1, 2]
    assert wf.nan_to_num(wf.asarray(complex(nan, 1.0))).item() == 1j
    assert wf.grad(lambda x: wf.sum(wf.nan_to_num(x)))(x).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("x", "y", "close"), [
    (1.0, 1.0 + 1e-9, True), (1.0, 1.1, False), (inf, inf, True), (inf, -inf, False), (inf, 1.0, False), (nan, nan, False),
    (10**15, 10**15 + 1, True), (1, 2, False), (1 + 1j, 1 + 1j, True), (True, True, True)])  # fmt: skip
def test_isclose_agrees_with_numpy(x: Any, y: Any, close: bool) -> None:
    assert np.isclose(x, y) == close
    assert wf.isclose(x, y).item() is close
    assert wf.allclose([x, x], [x, y]).item() is (np.allclose([x, x], [x, y]))
    assert wf.isclose(nan, nan, equal_nan=True).item() is True
