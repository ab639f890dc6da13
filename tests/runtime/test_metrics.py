"""Metrics against NumPy, over many batches as over one."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import ArgumentError, CheckpointError, ShapeError

m = wf.metrics
RNG = np.random.default_rng(9)
SCORES, LABELS = RNG.random((40, 5)), RNG.integers(0, 5, 40)
P, Y = RNG.random(60), RNG.integers(0, 2, 60)
P_SHIFTED = np.clip(P * 0.7 + Y * 0.3, 0, 1)
W = RNG.random(60)


def auc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Over all pairs of a positive and a negative example."""
    weights = np.ones(len(scores)) if weights is None else weights
    a, b = scores[labels == 1][:, None], scores[labels == 0]
    w = weights[labels == 1][:, None] * weights[labels == 0]
    return float((w * ((a > b) + 0.5 * (a == b))).sum() / w.sum())


ONE_HOT = np.eye(5)[LABELS]
TOP2 = np.mean([y in np.argsort(-s)[:2] for s, y in zip(SCORES, LABELS, strict=True)])
CALLED = P_SHIFTED > 0.5
CASES: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "mean": (m.Mean, (P,), P.mean()),
    "weighted mean": (m.Mean, (P, W), np.average(P, weights=W)),
    "mse": (m.MeanSquaredError, (P, P_SHIFTED), ((P - P_SHIFTED) ** 2).mean()),
    "sparse": (m.Accuracy, (SCORES, LABELS), (SCORES.argmax(-1) == LABELS).mean()),
    "weighted accuracy": (m.Accuracy, (SCORES, LABELS, W[:40]), np.average(SCORES.argmax(-1) == LABELS, weights=W[:40])),
    "dense": (m.Accuracy, (SCORES, ONE_HOT), (SCORES.argmax(-1) == LABELS).mean()),
    "exact": (m.Accuracy, (SCORES.argmax(-1), LABELS), (SCORES.argmax(-1) == LABELS).mean()),
    "binary": (m.Accuracy, (P_SHIFTED[:, None], Y[:, None]), (CALLED == Y).mean()),
    "binary by kind": (lambda: m.Accuracy("binary", 0.3), (P_SHIFTED, Y), ((P_SHIFTED > 0.3) == Y).mean()),
    "top 2": (lambda: m.TopKAccuracy(2), (SCORES, LABELS), TOP2),
    "top of few": (lambda: m.TopKAccuracy(9), (SCORES, LABELS), 1.0),
    "precision": (m.Precision, (P_SHIFTED, Y), (CALLED & (Y == 1)).sum() / CALLED.sum()),
    "recall": (m.Recall, (P_SHIFTED, Y), (CALLED & (Y == 1)).sum() / Y.sum()),
    "recall of weights": (m.Recall, (P_SHIFTED, Y, W), W[CALLED & (Y == 1)].sum() / W[Y == 1].sum()),
    "f1": (m.F1, (P_SHIFTED, Y), 2 * (CALLED & (Y == 1)).sum() / (CALLED.sum() + Y.sum())),
    "auc": (lambda: m.AUC(100_000), (P_SHIFTED, Y), auc(P_SHIFTED, Y)),
    "auc of weights": (lambda: m.AUC(100_000), (P_SHIFTED, Y, W), auc(P_SHIFTED, Y, W)),
    "auc in bins": (lambda: m.AUC(8), (P_SHIFTED, Y), auc(np.minimum(np.floor(P_SHIFTED * 8), 7), Y)),
    "confusion": (lambda: m.ConfusionMatrix(5), (SCORES, LABELS), ONE_HOT.T @ np.eye(5)[SCORES.argmax(-1)]),
    "weighted confusion": (
        lambda: m.ConfusionMatrix(5), (SCORES.argmax(-1), LABELS, W[:40]), (ONE_HOT * W[:40, None]).T @ np.eye(5)[SCORES.argmax(-1)]),
}  # fmt: skip


@pytest.mark.parametrize(("make", "data", "expected"), CASES.values(), ids=CASES)
def test_a_metric_meets_its_formula(make: Any, data: Any, expected: Any) -> None:
    np.testing.assert_allclose(make()(*data).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(("make", "data", "expected"), CASES.values(), ids=CASES)
def test_batches_add_up_and_reset_forgets(make: Any, data: Any, expected: Any) -> None:
    metric = make()
    metric.update(*[x[::-1] for x in data])
    metric.reset()
    for part in (slice(0, 1), slice(1, 17), slice(17, 17), slice(17, None)):
        metric.update(*[wf.asarray(x[part]) for x in data])
    np.testing.assert_allclose(metric.result().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(("make", "data"), [(make, data) for make, data, _ in CASES.values()], ids=CASES)
def test_the_state_of_a_metric_saves(make: Any, data: Any) -> None:
    metric, other = make(), make()
    metric.update(*data)
    other.load_state_dict(metric.state_dict())
    assert other.result().tolist() == metric.result().tolist()
    assert copy.deepcopy(metric).result().tolist() == metric.result().tolist()


@pytest.mark.parametrize("make", [m.Mean, m.Accuracy, m.MeanSquaredError, m.TopKAccuracy, m.AUC])
def test_nothing_has_no_mean(make: Any) -> None:
    assert math.isnan(make().result().item())


@pytest.mark.parametrize("make", [m.Precision, m.Recall, m.F1])
def test_rates_of_nothing_are_zero(make: Any) -> None:
    assert make().result().item() == 0.0


def test_sums_keep_their_precision() -> None:
    mean = m.Mean()
    for _ in range(3):
        mean.update(wf.full(1000, 16777217.0, dtype="float64"))
    assert mean.result().item() == 16777217.0


def test_what_weighs_nothing_does_not_spoil_the_mean() -> None:
    mean = m.Mean()
    mean.update([1.0, float("nan")], [1.0, 0.0])
    assert mean.result().item() == 1.0


def test_weights_for_examples_spread_over_their_elements() -> None:
    mean = m.Mean()
    mean.update([[1.0, 3.0], [10.0, 10.0]], [1.0, 0.0])
    assert mean.result().item() == 2.0


def test_a_metric_records_nothing_on_tapes() -> None:
    x, mean = wf.Variable(2.0), m.Mean()
    with wf.GradientTape() as tape:
        y = x * x
        mean.update(y)
    assert tape.gradient(y, x).item() == 4.0
    assert mean.trainable_variables == []


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "shapes": (lambda: m.MeanSquaredError()([1.0], [1.0, 2.0]), ShapeError, r"predictions are f64\[1\], labels f64\[2\]"),
    "scores": (lambda: m.Accuracy()(np.ones((3, 2)), [1, 0]), ShapeError, r"scores are f64\[3, 2\], labels i64\[2\]"),
    "labels": (lambda: m.TopKAccuracy()(np.ones((2, 2)), [1.0, 0.0]), ShapeError, "labels integers"),
    "kind": (lambda: m.Accuracy("both"), ArgumentError, "Accuracy: kind is 'both'"),  # pyright: ignore
    "weights": (lambda: m.Mean()([1.0, 2.0], [1.0, 2.0, 3.0]), ShapeError, r"weights are f64\[3\], examples f64\[2\]"),
    "negative weights": (lambda: m.Mean()([1.0], [-1.0]), ArgumentError, "a weight is negative"),
    "class": (lambda: m.ConfusionMatrix(2)([0, 2], [0, 1]), ArgumentError, "a prediction is not one of the 2 classes"),
    "negative class": (lambda: m.ConfusionMatrix(2)([0, 1], [0, -1]), ArgumentError, "a label is not one of the 2 classes"),
    "float classes": (lambda: m.ConfusionMatrix(2)([0.0], [0]), ArgumentError, r"predictions f32\[1\] are no classes"),
    "no classes": (lambda: m.ConfusionMatrix(0), ArgumentError, "0 classes"),
    "bins": (lambda: m.AUC(1), ArgumentError, "1 bins"),
    "logits": (lambda: m.AUC()([2.0], [1]), ArgumentError, "a score is not between 0 and 1"),
    "NaN": (lambda: m.AUC()([float("nan")], [1]), ArgumentError, "a score is not between 0 and 1"),
    "state": (lambda: m.AUC(5).load_state_dict(m.AUC(6).state_dict()), CheckpointError, r"f64\[6\] in the state, f64\[5\] here"),
    "base": (lambda: m.Metric().update(1), NotImplementedError, "Metric has no `_update` method"),
}  # fmt: skip


@pytest.mark.parametrize(("action", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused(action: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        action()
