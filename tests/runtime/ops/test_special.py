"""Special functions against 40 digits of mpmath where it is installed, against math otherwise; poles and edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, DTypeError

polygamma: Any = wf.polygamma
RNG = np.random.default_rng(0)
REAL = np.concatenate([RNG.uniform(-6, 6, 300), RNG.normal(size=100) * 1e-3, [0.5, 1.0, -1.0]])
TAIL = RNG.uniform(3, 26, 100)
INSIDE = np.concatenate([RNG.uniform(-0.999, 0.999, 200), 1 - 2.0 ** -np.arange(1.0, 54.0), RNG.normal(size=50) * 1e-4])
POSITIVE = np.concatenate([RNG.uniform(0, 12, 400), 10 ** RNG.uniform(-30, 30, 100), 1 + RNG.normal(size=50) * 1e-4,
                           2 + RNG.normal(size=50) * 1e-4, [0.5, 1.5, 2.5, 8.0, 10.0]])  # fmt: skip


def worst(f: Callable[..., Any], reference: Callable[[float], float], x: np.ndarray) -> float:
    """The largest relative error."""
    y, expected = f(x).numpy().astype(np.float64), np.array([reference(float(v)) for v in x])
    return float(np.max(np.abs(y - expected) / np.abs(expected), initial=0, where=expected != 0))


@pytest.mark.parametrize(
    ("f", "reference", "x", "bound"),
    [
        (wf.erf, math.erf, REAL, 1e-15),
        (wf.erfc, math.erfc, REAL, 2e-15),
        (wf.erfc, math.erfc, TAIL, 2e-15),
        (wf.lgamma, math.lgamma, POSITIVE[POSITIVE > 2.1], 1e-14),
        (wf.lgamma, math.lgamma, -RNG.uniform(0, 2, 50), 1e-12),
    ],
)
def test_double_agrees_with_math(f: Any, reference: Any, x: np.ndarray, bound: float) -> None:
    assert worst(f, reference, x) < bound


@pytest.mark.parametrize(
    ("f", "reference", "x"),
    [(wf.erf, math.erf, REAL), (wf.erfc, math.erfc, REAL), (wf.lgamma, math.lgamma, POSITIVE[POSITIVE > 2.1])],
)
def test_single_is_within_a_few_units_in_the_last_place(f: Any, reference: Any, x: np.ndarray) -> None:
    assert worst(f, reference, x.astype(np.float32)) < 4e-7


def test_digits_agree_with_mpmath() -> None:
    mp = pytest.importorskip("mpmath")
    with mp.workdps(40):
        exact: list[tuple[Any, Any, np.ndarray, float]] = [
            (wf.lgamma, mp.loggamma, POSITIVE, 2e-15),
            (wf.erfinv, mp.erfinv, INSIDE, 1e-15),
            (wf.digamma, mp.digamma, POSITIVE, 3e-15),
            (wf.digamma, mp.digamma, np.array([1.4616321449683622, 1.46163214, 1.47]), 1e-14),
            (wf.digamma, mp.digamma, -RNG.uniform(0, 10, 100), 1e-13),
            (lambda x: wf.polygamma(1, x), lambda v: mp.polygamma(1, v), RNG.uniform(0.01, 40, 100), 1e-15),
            (lambda x: wf.polygamma(4, x), lambda v: mp.polygamma(4, v), RNG.uniform(0.01, 40, 100), 2e-15),
            (lambda x: wf.polygamma(1, x), lambda v: mp.polygamma(1, v), -RNG.uniform(0, 5, 100), 1e-13),
            (lambda x: wf.polygamma(3, x), lambda v: mp.polygamma(3, v), -RNG.uniform(0, 5, 100), 1e-12),
        ]
        for f, reference, x, bound in exact:
            assert worst(f, lambda v, reference=reference: float(reference(mp.mpf(v))), x) < bound


def test_erfinv_undoes_erf() -> None:
    x = np.linspace(-3, 3, 101)
    wf.testing.assert_close(wf.erfinv(wf.erf(x)), x, rtol=1e-10)
    wf.testing.assert_close(wf.erf(wf.erfinv(INSIDE)), INSIDE, rtol=1e-15)


def test_known_values() -> None:
    gamma = 0.5772156649015329
    wf.testing.assert_close(
        wf.digamma(np.array([1.0, 2.0, 0.5])), [-gamma, 1 - gamma, -gamma - 2 * math.log(2)], rtol=1e-14
    )
    wf.testing.assert_close(wf.polygamma(1, np.array([1.0])), [math.pi**2 / 6], rtol=1e-15)
    assert wf.polygamma(0, np.array([3.3])).item() == wf.digamma(np.array([3.3])).item()
    assert wf.lgamma(np.array([1.0, 2.0])).tolist() == [0, 0]


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("f", "x", "y"),
    [
        (wf.erf, [0.0, -0.0, INF, -INF, NAN, 40.0], [0.0, -0.0, 1, -1, NAN, 1]),
        (wf.erfc, [0.0, INF, -INF, NAN, 40.0, -40.0], [1, 0, 2, NAN, 0, 2]),
        (wf.erfinv, [0.0, 1.0, -1.0, 1.5, NAN], [0, INF, -INF, NAN, NAN]),
        (wf.lgamma, [0.0, -1.0, INF, -INF, NAN, 1e300], [INF, INF, INF, INF, NAN, math.lgamma(1e300)]),
        (wf.digamma, [0.0, -0.0, -1.0, INF, NAN], [-INF, INF, NAN, INF, NAN]),
        (lambda x: wf.polygamma(1, x), [0.0, -2.0, NAN], [INF, INF, NAN]),
        (wf.sinc, [0.0, 1.0, 0.5], [1, 0, 2 / math.pi]),
        (wf.logit, [0.0, 1.0, 0.5, 2.0], [-INF, INF, 0, NAN]),
    ],
)  # fmt: skip
def test_poles_and_edges(f: Any, x: list[float], y: list[float]) -> None:
    wf.testing.assert_close(f(np.array(x)), np.array(y, float), atol=1e-15)


def test_a_product_with_a_logarithm_is_0_where_its_factor_is() -> None:
    assert wf.xlogy(np.array([0.0, 0.0, 2.0]), np.array([0.0, -1.0, 1.0])).tolist() == [0, 0, 0]
    assert np.isnan(wf.xlogy(0.0, np.array([NAN])).item())
    assert wf.xlog1py(np.array([0.0]), np.array([-1.0])).tolist() == [0]
    x, y = wf.asarray(np.array([0.0, 0.0])), wf.asarray(np.array([0.0, 2.0]))
    dx, dy = wf.grad(lambda x, y: wf.sum(wf.xlogy(x, y)), argnums=(0, 1))(x, y)
    wf.testing.assert_close((dx, dy), (np.array([0, math.log(2)]), np.zeros(2)))


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (wf.erf, [-1.5, 0.2, 1.1, 2.5]),
        (wf.erfc, [-1.5, 0.2, 1.1, 2.5]),
        (wf.erfinv, [-0.8, 0.1, 0.6]),
        (wf.lgamma, [-1.5, 0.3, 1.2, 4.5, 12.0]),
        (wf.digamma, [-1.5, 0.3, 1.2, 4.5, 12.0]),
        (lambda x: wf.polygamma(1, x), [0.6, 1.2, 4.5]),
        (wf.sinc, [-1.7, -0.03, 0.0, 0.02, 0.4, 2.2]),
        (wf.logit, [0.2, 0.7]),
    ],
)
def test_gradients_agree_with_differences(f: Any, x: list[float]) -> None:
    wf.testing.check_grads(f, [np.array(x)], rtol=1e-4)


def test_the_second_derivative_of_sinc_at_0_is_known() -> None:
    second = wf.grad(wf.grad(wf.sinc))(wf.asarray(np.float64(0.0)))
    assert second.item() == pytest.approx(-(math.pi**2) / 3)


def test_large_arrays_of_any_memory_order_are_computed_alike() -> None:
    x = RNG.uniform(0.1, 3, (300, 200))
    expected = np.vectorize(math.lgamma)(x[::2].T)
    wf.testing.assert_close(wf.lgamma(x[::2].T), expected, rtol=1e-13, atol=1e-14)


def test_halves_are_computed_in_float32() -> None:
    x = wf.tensor([0.3, 1.7], dtype="bfloat16")
    for f in (wf.erf, wf.erfc, wf.lgamma, wf.digamma, lambda x: wf.polygamma(1, x)):
        assert f(x).dtype is x.dtype


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.polygamma(-1, 1.0), ArgumentError, "polygamma: the order is -1"),
        (lambda: wf.polygamma(151, 1.0), ArgumentError, "the order is 151"),
        (lambda: polygamma(1.5, wf.tensor([1.0])), ArgumentError, "the order is 1.5"),
        (lambda: wf.polygamma(1, wf.tensor([1])), DTypeError, "polygamma"),
        (lambda: wf.erf(wf.tensor([1j])), DTypeError, "erf: no complex64 version"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
