"""Losses against their formulas; labels dense and integer; weights and reductions; gradients; refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, AxisError, DTypeError, OutOfRangeError, ShapeError

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 4)) * 3
LABELS = np.array([0, 3, 1, 1, 2])
DENSE = np.eye(4)[LABELS]
SOFT = RNG.dirichlet(np.ones(4), 5)
LOGS = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))


def test_integer_labels_pick_the_logarithm_of_their_probability() -> None:
    expected = -LOGS[np.arange(5), LABELS]
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, LABELS, reduction="none"), expected)
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, LABELS), expected.mean())
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, LABELS.astype(np.uint8), reduction="sum"), expected.sum())
    wf.testing.assert_close(wf.negative_log_likelihood(LOGS, LABELS, reduction="none"), expected)


def test_dense_labels_weigh_the_logarithms() -> None:
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, SOFT, reduction="none"), -(SOFT * LOGS).sum(1))
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, DENSE), wf.softmax_cross_entropy(LOGITS, LABELS))


def test_the_class_axis_may_be_any() -> None:
    moved = LOGITS.T.reshape(1, 4, 5)
    expected = wf.softmax_cross_entropy(LOGITS, LABELS, reduction="none").numpy()[None]
    wf.testing.assert_close(wf.softmax_cross_entropy(moved, LABELS[None], axis=1, reduction="none"), expected)
    wf.testing.assert_close(wf.softmax_cross_entropy(moved, DENSE.T[None], axis=1, reduction="none"), expected)
    wf.testing.assert_close(wf.negative_log_likelihood(LOGS.T[None], LABELS[None], axis=1), expected.mean())


def test_smoothing_mixes_the_labels_with_the_uniform_distribution() -> None:
    mixed = DENSE * 0.9 + 0.1 / 4
    for labels in (LABELS, DENSE):
        wf.testing.assert_close(
            wf.softmax_cross_entropy(LOGITS, labels, label_smoothing=0.1), -(mixed * LOGS).sum(1).mean()
        )


def test_a_weighted_mean_divides_by_the_weights() -> None:
    weights, each = np.array([1.0, 0, 2, 0.5, 1]), -LOGS[np.arange(5), LABELS]
    wf.testing.assert_close(
        wf.softmax_cross_entropy(LOGITS, LABELS, weights=weights), (each * weights).sum() / weights.sum()
    )
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, LABELS, weights=[2.0]), each.mean(), rtol=1e-6)
    wf.testing.assert_close(wf.softmax_cross_entropy(LOGITS, LABELS, weights=weights > 0), each[weights > 0].mean())


def test_ignored_labels_weigh_nothing() -> None:
    labels = np.array([0, -100, 1, -100, 2])
    kept = labels >= 0
    wf.testing.assert_close(
        wf.softmax_cross_entropy(LOGITS, labels, ignore_index=-100),
        wf.softmax_cross_entropy(LOGITS[kept], labels[kept]),
    )
    each = wf.softmax_cross_entropy(LOGITS, labels, ignore_index=-100, weights=np.full(5, 2.0), reduction="none")
    assert each.numpy()[~kept].tolist() == [0, 0]


def test_the_gradient_is_softmax_less_labels() -> None:
    softmax = np.exp(LOGS)
    for labels in (LABELS, DENSE):
        grad = wf.grad(lambda x, labels=labels: wf.softmax_cross_entropy(x, labels, reduction="sum"))(LOGITS)
        wf.testing.assert_close(grad, softmax - DENSE)


def test_extreme_logits_give_exact_losses() -> None:
    x = np.array([[1000.0, 0.0], [0.0, 1000.0]])
    assert wf.softmax_cross_entropy(x, [0, 0], reduction="none").tolist() == [0, 1000]
    assert wf.softmax_cross_entropy(x, np.array([[1.0, 0], [1, 0]]), reduction="none").tolist() == [0, 1000]
    assert wf.softmax_cross_entropy(np.array([[0.0, -np.inf]]), np.array([[1.0, 0]])).item() == 0
    y = wf.sigmoid_cross_entropy(np.array([1000.0, -1000.0]), np.array([0.0, 0.0]), reduction="none")
    assert y.tolist() == [1000, 0]


def test_sigmoid_cross_entropy_is_its_formula() -> None:
    p = 1 / (1 + np.exp(-LOGITS))
    each = -(SOFT * np.log(p) + (1 - SOFT) * np.log(1 - p))
    wf.testing.assert_close(wf.sigmoid_cross_entropy(LOGITS, SOFT, reduction="none"), each)
    wf.testing.assert_close(
        wf.sigmoid_cross_entropy(LOGITS, DENSE.astype(np.int32)), wf.sigmoid_cross_entropy(LOGITS, DENSE)
    )
    wf.testing.assert_close(
        wf.sigmoid_cross_entropy(LOGITS, DENSE, label_smoothing=0.2),
        wf.sigmoid_cross_entropy(LOGITS, DENSE * 0.8 + 0.1),
    )
    weighted = -(3 * SOFT * np.log(p) + (1 - SOFT) * np.log(1 - p))
    wf.testing.assert_close(wf.sigmoid_cross_entropy(LOGITS, SOFT, positive_weight=3.0, reduction="none"), weighted)


X, Y = LOGITS, RNG.normal(size=(5, 4))
ERROR = np.abs(X - Y)
FORMULAS = [
    (wf.mean_squared_error, X, Y, ERROR**2),
    (wf.mean_absolute_error, X, Y, ERROR),
    (wf.huber, X, Y, np.where(ERROR <= 1, ERROR**2 / 2, ERROR - 0.5)),
    (lambda x, y, **k: wf.huber(x, y, delta=2.0, **k), X, Y, np.where(ERROR <= 2, ERROR**2 / 2, 2 * ERROR - 2)),
    (lambda x, y, **k: wf.smooth_l1(x, y, beta=2.0, **k), X, Y, np.where(ERROR <= 2, ERROR**2 / 4, ERROR - 1)),
    (wf.hinge, X, np.sign(Y), np.maximum(0, 1 - X * np.sign(Y))),
    (wf.poisson_nll, X, Y**2, np.exp(X) - Y**2 * X),
    (lambda x, y, **k: wf.poisson_nll(x, y, log_input=False, epsilon=0.0, **k), X**2, Y**2, X**2 - Y**2 * np.log(X**2)),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "x", "y", "each"), FORMULAS)
def test_loss_is_its_formula_and_reduces(loss: Any, x: np.ndarray, y: np.ndarray, each: np.ndarray) -> None:
    weights = np.array([[1.0], [2], [0], [0.5], [1]])
    wf.testing.assert_close(loss(x, y, reduction="none"), each)
    wf.testing.assert_close(loss(x, y), each.mean())
    wf.testing.assert_close(loss(x, y, reduction="sum", weights=weights), (each * weights).sum())
    wf.testing.assert_close(loss(x, y, weights=weights), (each * weights).sum() / (weights.sum() * 4))


@pytest.mark.parametrize(("loss", "x", "y", "each"), FORMULAS)
def test_gradients_agree_with_differences(loss: Any, x: np.ndarray, y: np.ndarray, each: np.ndarray) -> None:
    wf.testing.check_grads(lambda x: loss(x, y), [x], rtol=1e-4)


def test_cross_entropies_are_differentiable_to_order_2() -> None:
    wf.testing.check_grads(lambda x: wf.softmax_cross_entropy(x, LABELS, label_smoothing=0.1), [LOGITS])
    wf.testing.check_grads(lambda x, z: wf.softmax_cross_entropy(x, z), [LOGITS, SOFT])
    wf.testing.check_grads(lambda x, z: wf.sigmoid_cross_entropy(x, z, positive_weight=2.0), [LOGITS, SOFT])
    wf.testing.check_grads(lambda x: wf.square(wf.negative_log_likelihood(x, LABELS, reduction="none")), [LOGS])


def test_kl_divergence_of_a_distribution_from_itself_is_0() -> None:
    other = RNG.dirichlet(np.ones(4), 5)
    wf.testing.assert_close(wf.kl_divergence(SOFT, other, reduction="none"), (SOFT * np.log(SOFT / other)).sum(1))
    wf.testing.assert_close(wf.kl_divergence(SOFT, SOFT), 0.0, atol=1e-15)
    assert wf.kl_divergence(np.array([0.0, 1.0]), np.array([0.5, 0.5])).item() == pytest.approx(math.log(2))


def test_cosine_similarity_is_the_cosine() -> None:
    wf.testing.assert_close(
        wf.cosine_similarity(np.array([1.0, 0]), np.array([[2.0, 0], [0, 3], [-1, 0]])), [1.0, 0, -1]
    )
    assert wf.cosine_similarity(wf.zeros((3,)), wf.ones((3,))).item() == 0


def test_the_full_poisson_loss_is_the_likelihood() -> None:
    y = wf.poisson_nll(np.log([2.0, 3.0]), np.array([4.0, 0.0]), full=True, reduction="none")
    expected = [-math.log(2**4 * math.exp(-2) / math.factorial(4)), 3.0]
    wf.testing.assert_close(y, expected, rtol=1e-6)
    assert wf.poisson_nll(np.log([2.0]), np.array([4]), full=True).item() == pytest.approx(expected[0])


def test_halves_give_halves_computed_in_float32() -> None:
    x = wf.zeros((2, 5000), dtype="float16")
    loss = wf.softmax_cross_entropy(x, [1, 2])
    assert loss.dtype == np.float16
    assert loss.item() == pytest.approx(math.log(5000), rel=1e-3)
    assert wf.grad(lambda x: wf.softmax_cross_entropy(x, [1, 2]))(x).dtype == np.float16


def test_labels_of_another_precision_are_fine() -> None:
    grad = wf.grad(lambda x, z: wf.softmax_cross_entropy(x, z), argnums=(0, 1))(LOGITS.astype(np.float32), SOFT)
    assert [g.dtype for g in grad] == [np.float32, np.float64]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: wf.softmax_cross_entropy(LOGITS, np.array([0, 1, 2, 3, 4])), OutOfRangeError, r"label 4 at \(4,\) is out of range for 4"),
        (lambda: wf.softmax_cross_entropy(LOGITS, np.array([0, -1, 2, 3, 3])), OutOfRangeError, r"label -1 at \(1,\)"),
        (lambda: wf.negative_log_likelihood(LOGS, np.array([0, 1, 2, 3, 4])), OutOfRangeError, "negative_log_likelihood: label 4"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS[:4]), ShapeError, r"logits f64\[5, 4\] and labels i64\[4\] do not match"),
        (lambda: wf.softmax_cross_entropy(LOGITS, SOFT[:, :3]), ShapeError, "differ in shape"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS, axis=2), AxisError, "softmax_cross_entropy: axis 2"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS > 0), DTypeError, "Labels are integers, or a probability"),
        (lambda: wf.softmax_cross_entropy(LOGITS * 1j, LABELS), DTypeError, "softmax_cross_entropy: c128"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS, label_smoothing=2), ArgumentError, "label_smoothing is 2"),
        (lambda: wf.softmax_cross_entropy(LOGITS, SOFT, ignore_index=0), ArgumentError, "ignore_index with labels"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS, reduction="avg"), ArgumentError, "reduction is 'avg'"),
        (lambda: wf.softmax_cross_entropy(LOGITS, LABELS, weights=np.ones((5, 1))), ShapeError, "do not broadcast to losses"),
        (lambda: wf.mean_squared_error(X, Y[:, :1]), ShapeError, r"prediction f64\[5, 4\] and target f64\[5, 1\] differ"),
        (lambda: wf.sigmoid_cross_entropy(X, Y[0]), ShapeError, "sigmoid_cross_entropy"),
        (lambda: wf.huber(X, Y, delta=0), ArgumentError, "huber: delta is 0"),
        (lambda: wf.negative_log_likelihood(LOGS, SOFT), DTypeError, "Labels are integers"),
        (lambda: wf.negative_log_likelihood(LOGS, LABELS[:2]), ShapeError, "do not match"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
