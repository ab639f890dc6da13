"""Activations against their formulas, far out, at kinks; softmax and its kin; refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, ShapeError

X = np.linspace(-6, 6, 49)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def normal_cdf(x: np.ndarray) -> np.ndarray:
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])


FORMULAS = [
    (wf.relu, lambda x: np.maximum(x, 0)),
    (wf.relu6, lambda x: np.clip(x, 0, 6)),
    (wf.hard_tanh, lambda x: np.clip(x, -1, 1)),
    (wf.hard_sigmoid, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    (wf.hard_swish, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    (wf.sigmoid, sigmoid),
    (wf.log_sigmoid, lambda x: np.log(sigmoid(x))),
    (wf.softplus, lambda x: np.log1p(np.exp(x))),
    (wf.softsign, lambda x: x / (1 + np.abs(x))),
    (wf.silu, lambda x: x * sigmoid(x)),
    (wf.mish, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    (wf.gelu, lambda x: x * normal_cdf(x)),
    (lambda x: wf.gelu(x, "tanh"), lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    (wf.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    (lambda x: wf.leaky_relu(x, 0.3), lambda x: np.where(x > 0, x, 0.3 * x)),
    (wf.elu, lambda x: np.where(x > 0, x, np.expm1(x))),
    (lambda x: wf.elu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
    (lambda x: wf.celu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2))),
    (wf.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
]


@pytest.mark.parametrize(("activation", "formula"), FORMULAS)
def test_activation_is_its_formula(activation: Any, formula: Any) -> None:
    wf.testing.assert_close(activation(X), formula(X), rtol=1e-12, atol=1e-14)
    single = X.astype(np.float32)
    wf.testing.assert_close(activation(single), formula(X).astype(np.float32), rtol=1e-5, atol=1e-6)
    assert activation(single).dtype == np.float32
    assert activation(single.astype(np.float16)).dtype == np.float16


@pytest.mark.parametrize(("activation", "formula"), FORMULAS)
def test_large_arrays_are_computed_alike(activation: Any, formula: Any) -> None:
    x = np.linspace(-6, 6, 50_001)
    wf.testing.assert_close(activation(x), formula(x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("activation", "formula"), FORMULAS)
def test_gradients_agree_with_differences_away_from_kinks(activation: Any, formula: Any) -> None:
    x = np.array([-7.1, -3.4, -2.3, -0.7, -0.2, 0.3, 0.8, 2.6, 3.3, 7.2])
    wf.testing.check_grads(activation, [x])


FAR = np.array([-1e30, -1000.0, -100.0, 100.0, 1000.0, 1e30])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "activation",
    [wf.sigmoid, wf.log_sigmoid, wf.softplus, wf.silu, wf.mish, wf.gelu, wf.elu, wf.celu, wf.selu, wf.hard_swish],
)
def test_values_and_gradients_are_finite_far_out(activation: Any, dtype: Any) -> None:
    x = wf.asarray(FAR.astype(dtype))
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = activation(x)
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


def test_small_probabilities_keep_their_digits() -> None:
    wf.testing.assert_close(wf.sigmoid(np.array([-700.0, -40.0])), np.exp([-700.0, -40.0]), rtol=1e-14)
    wf.testing.assert_close(wf.log_sigmoid(np.array([40.0, -900.0])), [-np.exp(-40.0), -900.0], rtol=1e-14)
    wf.testing.assert_close(wf.softplus(np.array([-40.0, 900.0])), [np.exp(-40.0), 900.0], rtol=1e-14)
    wf.testing.assert_close(wf.gelu(np.array([-9.0])), [-9 * 0.5 * math.erfc(9 / math.sqrt(2))], rtol=1e-13)


@pytest.mark.parametrize("activation", [pair[0] for pair in FORMULAS])
def test_nan_stays_nan(activation: Any) -> None:
    assert np.isnan(activation(np.array([np.nan])).numpy()).all()


def test_the_gradient_at_the_kink_of_relu_is_0() -> None:
    assert wf.grad(lambda x: wf.sum(wf.relu(x)))(wf.tensor([-1.0, 0.0, 2.0])).tolist() == [0, 0, 1]


def test_relu_of_integers_stays_an_integer() -> None:
    assert wf.relu(wf.tensor([-1, 2])).tolist() == [0, 2]
    assert wf.relu(wf.tensor([-1, 2])).dtype == np.int64


def test_a_slope_may_be_trained() -> None:
    x, a = np.array([[-1.0, 2.0], [3.0, -4.0]]), np.array([0.1, 0.2])
    wf.testing.assert_close(wf.prelu(x, a), [[-0.1, 2.0], [3.0, -0.8]])
    for parametric in (wf.prelu, wf.elu, wf.celu):
        wf.testing.check_grads(parametric, [x, a])


def test_glu_gates_the_first_half_with_the_second() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    wf.testing.assert_close(wf.glu(x), x[..., :1] * sigmoid(x[..., 1:]))
    wf.testing.assert_close(wf.glu(x, axis=1), x[:, :2] * sigmoid(x[:, 2:]))


def softmax(x: np.ndarray, axis: Any = -1) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), [1, 2], None])
def test_softmax_and_its_kin_are_their_formulas(axis: Any) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    over = tuple(axis) if isinstance(axis, list) else axis
    wf.testing.assert_close(wf.softmax(x, axis), softmax(x, over))
    wf.testing.assert_close(wf.log_softmax(x, axis=axis), np.log(softmax(x, over)))
    wf.testing.assert_close(wf.logsumexp(x, axis), np.log(np.exp(x).sum(over)))
    wf.testing.assert_close(wf.logsumexp(x, axis, keepdims=True), np.log(np.exp(x).sum(over, keepdims=True)))


def test_large_logits_do_not_overflow() -> None:
    x = wf.tensor([1000.0, 1001.0, -1000.0])
    wf.testing.assert_close(wf.softmax(x), softmax(np.array([0.0, 1.0, -2000.0])).astype(np.float32))
    assert wf.logsumexp(x).item() == pytest.approx(1001.3133)
    assert wf.log_softmax(x).numpy()[2] == pytest.approx(-2001.3133)


def test_elements_of_minus_infinity_have_no_share() -> None:
    x = np.array([[0.0, -np.inf], [-np.inf, -np.inf]])
    assert wf.softmax(x).tolist() == [[1, 0], [0, 0]]
    assert wf.log_softmax(x).tolist() == [[0, -np.inf], [-np.inf, -np.inf]]
    assert wf.logsumexp(x, axis=1).tolist() == [0, -np.inf]
    for f in (wf.softmax, lambda x: wf.logsumexp(x, axis=1)):
        assert np.isfinite(wf.grad(lambda x, f=f: wf.sum(f(x)))(wf.asarray(x)).numpy()).all()


def test_infinity_and_nan_show() -> None:
    assert wf.logsumexp(np.array([0.0, np.inf])).item() == np.inf
    assert np.isnan(wf.softmax(np.array([0.0, np.nan])).numpy()).all()
    assert np.isnan(wf.logsumexp(np.array([0.0, np.nan])).item())


def test_no_elements_sum_to_nothing() -> None:
    assert wf.softmax(wf.zeros((2, 0))).shape == (2, 0)
    assert wf.log_softmax(wf.zeros((0, 3))).shape == (0, 3)
    assert wf.logsumexp(wf.zeros((2, 0)), axis=1).tolist() == [-np.inf, -np.inf]


def test_integers_are_logits_in_float32_and_halves_are_summed_in_float32() -> None:
    assert wf.softmax(wf.tensor([0, 0])).dtype == np.float32
    many = wf.zeros((1, 5000), dtype="float16")
    assert wf.logsumexp(many).item() == pytest.approx(math.log(5000), rel=1e-3)
    assert wf.softmax(many).dtype == np.float16


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.softmax(wf.ones((2, 3)), axis=2), AxisError, "softmax: axis 2 is out of range"),
        (lambda: wf.softmax(wf.tensor(1.0)), AxisError, "softmax: axis -1 is out of range"),
        (lambda: wf.logsumexp(wf.ones((2, 3)), axis=(0, 0)), AxisError, "name an axis twice"),
        (lambda: wf.log_softmax(wf.tensor([True])), DTypeError, "log_softmax: bool"),
        (lambda: wf.softmax(wf.tensor([1j])), DTypeError, "softmax: c64"),
        (lambda: wf.gelu(1.0, "erf"), ArgumentError, "approximate is 'erf'"),
        (lambda: wf.glu(wf.ones((2, 3))), ShapeError, "odd length 3 along axis 1"),
        (lambda: wf.sigmoid(wf.tensor([1j])), DTypeError, "sigmoid"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_glu_takes_lists() -> None:
    np.testing.assert_allclose(wf.glu([1.0, 2.0]).numpy(), [1 / (1 + np.exp(-2.0))], rtol=1e-6)
