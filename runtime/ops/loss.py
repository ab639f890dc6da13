"""Losses: how far predictions are from the truth.

Each gives a loss for each example or element, weighted where asked, then reduced: "mean" (divided by the sum of the
weights), "sum", or "none". Cross entropies take logits, which keeps them exact where probabilities would round.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import FLOATS, INEXACT, INTEGERS
from ..errors import ArgumentError, ShapeError
from ..families import binary
from ..op import op
from ..samples import integers, sample, uniform
from ..spec import Operand, Shaped, Spec, check_dtype, describe, normalize_axis, promoted
from ..tensor import OPS, Tensor, as_tensor
from .activation import log_softmax, sigmoid, softmax, softplus
from .elementwise import exp, log, maximum, square, where
from .embedding import check_range, one_hot
from .normalization import l2_normalize
from .reduction import mean, sum
from .special import lgamma, xlogy

REDUCTIONS = ("mean", "sum", "none")


def _pair(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Prediction and target, which have one shape.

    Errors: ShapeError when they do not: broadcasting two batches against each other is never meant.
    """
    x, y = as_tensor(x, y), as_tensor(y, x)
    if tuple(x.shape) != tuple(y.shape):
        raise ShapeError(
            f"{name}: prediction {describe(x)} and target {describe(y)} differ in shape",
            "Give both one shape: reshape one, or look for an axis of length 1 too many.",
        )
    return x, y


def reduced(name: str, loss: Any, weights: Any, reduction: str) -> Any:
    """Losses weighted and reduced.

    Errors: ArgumentError for an unknown reduction; ShapeError when weights do not broadcast to the losses.
    """
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{name}: reduction is {reduction!r}", f"Give one of {', '.join(map(repr, REDUCTIONS))}.")
    if weights is not None:
        weights = as_tensor(weights, loss)
        if weights.dtype not in FLOATS:
            weights = OPS["astype"](weights, dtype=loss.dtype)
        weighted = loss * weights
        if weighted.shape != loss.shape:
            raise ShapeError(
                f"{name}: weights {describe(weights)} do not broadcast to losses {describe(loss)}",
                "Give a weight for each loss, or axes of length 1.",
            )
        loss = weighted
    if reduction == "none":
        return loss
    if reduction == "sum":
        return sum(loss)
    if weights is None:
        return mean(loss)
    return sum(loss) / sum(OPS["broadcast_to"](weights, shape=tuple(loss.shape)))


# Cross entropies, each a single op


def _dense_cross_entropy(logits: np.ndarray, labels: np.ndarray, axis: int) -> np.ndarray:
    logs = log_softmax.kernel(logits, axis=axis)
    return -np.where(labels == 0, 0, labels * logs).sum(axis=axis)


@op(_dense_cross_entropy, widen=True, samples=[
    sample((3, 4), uniform((3, 4), 0.1, 1.0)), sample((2, 3, 4), uniform((2, 3, 4), 0.1, 1.0), axis=1),
])  # fmt: skip
def cross_entropy_dense(logits: Operand, labels: Operand, /, *, axis: int = -1) -> Spec:
    """-sum(labels * log_softmax(logits)) over an axis.   Shapes: (..., n, ...) (..., n, ...) -> (..., ...)."""
    axis = normalize_axis("softmax_cross_entropy", axis, len(logits.shape))
    check_dtype("softmax_cross_entropy", logits, INTEGERS | FLOATS)
    check_dtype("softmax_cross_entropy", labels, FLOATS)
    if tuple(labels.shape) != tuple(logits.shape):
        raise ShapeError(
            f"softmax_cross_entropy: logits {describe(logits)} and labels {describe(labels)} differ in shape",
            "Labels are a probability for each logit, or integers with the class axis left out.",
        )
    return Spec(
        (*logits.shape[:axis], *logits.shape[axis + 1 :]),
        dtypes.inexact_dtype(promoted("cross_entropy", logits, labels)),
    )


def _put_back(dy: Any, x: Shaped, axis: int) -> Any:
    """A cotangent with the class axis put back, of length 1."""
    place = normalize_axis("cross_entropy", axis, len(x.shape))
    return OPS["reshape"](dy, shape=(*x.shape[:place], 1, *x.shape[place + 1 :]))


def _like(dx: Any, x: Shaped) -> Any:
    return dx if dx.dtype is x.dtype else OPS["astype"](dx, dtype=x.dtype)


cross_entropy_dense.gradient(
    lambda dy, _y, logits, labels, *, axis: _like(
        _put_back(dy, logits, axis) * (softmax(logits, axis=axis) * sum(labels, axis=axis, keepdims=True) - labels),
        logits,
    ),
    lambda dy, _y, logits, _labels, *, axis: _like(
        -_put_back(dy, logits, axis) * log_softmax(logits, axis=axis), _labels
    ),
)


def _sparse_cross_entropy(logits: np.ndarray, labels: np.ndarray, axis: int) -> np.ndarray:
    check_range("softmax_cross_entropy", "label", labels, logits.shape[axis])
    logs = log_softmax.kernel(logits, axis=axis)
    return -np.take_along_axis(logs, np.expand_dims(labels.astype(np.int64), axis), axis).squeeze(axis)


@op(_sparse_cross_entropy, widen=True, samples=[
    sample((3, 4), integers((3,), 0, 4)), sample((2, 3, 4), integers((2, 4), 0, 3), axis=1),
])  # fmt: skip
def cross_entropy_sparse(logits: Operand, labels: Operand, /, *, axis: int = -1) -> Spec:
    """-log_softmax(logits) at the label.   Shapes: (..., n, ...) (..., ...) -> (..., ...)."""
    axis = normalize_axis("softmax_cross_entropy", axis, len(logits.shape))
    check_dtype("softmax_cross_entropy", logits, INTEGERS | FLOATS)
    expected = (*logits.shape[:axis], *logits.shape[axis + 1 :])
    if tuple(labels.shape) != expected:
        raise ShapeError(
            f"softmax_cross_entropy: logits {describe(logits)} and labels {describe(labels)} do not match",
            f"Integer labels have the shape {expected}, that of the logits without the class axis.",
        )
    return Spec(expected, dtypes.inexact_dtype(logits.dtype))


def _sparse_gradient(dy: Any, _y: Any, logits: Any, labels: Any, *, axis: int) -> Any:
    chosen = one_hot(
        labels, logits.shape[axis], dtype=logits.dtype, axis=normalize_axis("loss", axis, len(logits.shape))
    )
    return _put_back(dy, logits, axis) * (softmax(logits, axis=axis) - chosen)


cross_entropy_sparse.gradient(_sparse_gradient, None)


def _sigmoid_cross_entropy(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x)))


# fmt: off
#                               name                     numpy                   C and CUDA                        ONNX   domain      derivative
sigmoid_cross_entropy_each = binary("sigmoid_cross_entropy", _sigmoid_cross_entropy, "wf_softplus({0}) - {0} * {1}", None, (-2.0, 2.0),
    (lambda dy, _y, x, z: dy * (sigmoid(x) - z), lambda dy, _y, x, _z: -dy * x), "-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)).", takes=FLOATS)
# fmt: on


def softmax_cross_entropy(logits: Operand, labels: Operand, *, axis: int = -1, label_smoothing: float = 0.0, weights: Any = None,
                          ignore_index: int | None = None, reduction: str = "mean") -> Tensor:  # fmt: skip
    """The cross entropy of labels and softmax(logits), along the class axis.

    Labels are integers (the class), or a probability for each class. `label_smoothing` mixes them with the uniform
    distribution. `weights` broadcast to the losses; examples whose label is `ignore_index` weigh nothing.

    Shapes: (..., n) (...) or (..., n) (..., n) -> (), or (...) with reduction="none".
    Units: nats.
    Errors: ShapeError when shapes do not match; OutOfRangeError for a label that is no class.

    Example:
        >>> import weft as wf
        >>> wf.softmax_cross_entropy(wf.zeros((1, 2)), [0], reduction="none")
        Tensor([0.6931472], f32)
    """
    logits, labels = as_tensor(logits, labels), as_tensor(labels, logits)
    name, place = "softmax_cross_entropy", normalize_axis("softmax_cross_entropy", axis, len(logits.shape))
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"{name}: label_smoothing is {label_smoothing!r}", "It is a share, from 0 to 1.")
    if labels.dtype not in INTEGERS:
        check_dtype(name, labels, FLOATS, "Labels are integers, or a probability for each class.")
        if ignore_index is not None:
            raise ArgumentError(f"{name}: ignore_index with labels {describe(labels)}", "It needs integer labels.")
        if label_smoothing:
            labels = labels * (1 - label_smoothing) + label_smoothing / logits.shape[place]
        return reduced(name, cross_entropy_dense(logits, labels, axis=place), weights, reduction)
    if ignore_index is not None:
        counted = OPS["not_equal"](labels, ignore_index)
        labels = where(counted, labels, 0)
        weights = OPS["astype"](counted, dtype=dtypes.inexact_dtype(logits.dtype)) * (
            1 if weights is None else as_tensor(weights, logits)
        )
    loss = cross_entropy_sparse(logits, labels, axis=place)
    if label_smoothing:
        loss = loss * (1 - label_smoothing) - mean(log_softmax(logits, axis=place), axis=place) * label_smoothing
    return reduced(name, loss, weights, reduction)


def sigmoid_cross_entropy(logits: Operand, labels: Operand, *, label_smoothing: float = 0.0, weights: Any = None,
                          positive_weight: Any = None, reduction: str = "mean") -> Tensor:  # fmt: skip
    """The cross entropy of labels in [0, 1] and sigmoid(logits), element by element.

    `positive_weight` multiplies the part of the positive labels, against an imbalance of classes.

    Units: nats.
    Errors: ShapeError when shapes differ.
    """
    name = "sigmoid_cross_entropy"
    logits, labels = _pair(name, logits, labels)
    if labels.dtype not in FLOATS:
        labels = OPS["astype"](labels, dtype=dtypes.inexact_dtype(logits.dtype))
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
    loss = sigmoid_cross_entropy_each(logits, labels)
    if positive_weight is not None:
        loss = loss + (as_tensor(positive_weight, logits) - 1) * labels * softplus(-logits)
    return reduced(name, loss, weights, reduction)


def mean_squared_error(prediction: Any, target: Operand, *, weights: Any = None, reduction: str = "mean") -> Tensor:
    """(prediction - target)**2.

    Errors: ShapeError when shapes differ.
    """
    prediction, target = _pair("mean_squared_error", prediction, target)
    return reduced("mean_squared_error", square(prediction - target), weights, reduction)


def mean_absolute_error(prediction: Any, target: Operand, *, weights: Any = None, reduction: str = "mean") -> Tensor:
    """|prediction - target|.

    Errors: ShapeError when shapes differ.
    """
    prediction, target = _pair("mean_absolute_error", prediction, target)
    return reduced("mean_absolute_error", abs(prediction - target), weights, reduction)


def _huber(name: str, prediction: Any, target: Any, delta: float) -> Any:
    if not delta > 0:
        raise ArgumentError(f"{name}: delta is {delta!r}", "It is where the square ends and the line begins: above 0.")
    prediction, target = _pair(name, prediction, target)
    error = prediction - target
    size = abs(error)
    return where(size <= delta, square(error) * 0.5, size * delta - 0.5 * delta * delta)


def huber(
    prediction: Any, target: Operand, *, delta: float = 1.0, weights: Any = None, reduction: str = "mean"
) -> Tensor:
    """Half the squared error up to `delta`, and beyond it the line that continues it.

    Errors: ShapeError when shapes differ; ArgumentError unless delta is above 0.
    Source: Huber, "Robust estimation of a location parameter" (1964).
    """
    return reduced("huber", _huber("huber", prediction, target, delta), weights, reduction)


def smooth_l1(
    prediction: Any, target: Operand, *, beta: float = 1.0, weights: Any = None, reduction: str = "mean"
) -> Tensor:
    """The Huber loss divided by its `beta`, so that its slope beyond is 1.

    Errors: ShapeError when shapes differ; ArgumentError unless beta is above 0.
    """
    return reduced("smooth_l1", _huber("smooth_l1", prediction, target, beta) / beta, weights, reduction)


def kl_divergence(
    target: Operand, prediction: Any, *, axis: int = -1, weights: Any = None, reduction: str = "mean"
) -> Tensor:
    """sum(target * log(target / prediction)) along an axis of probabilities: how far the prediction is from the target.

    Units: nats.
    Errors: ShapeError when shapes differ.
    """
    target, prediction = _pair("kl_divergence", target, prediction)
    loss = sum(xlogy(target, target) - xlogy(target, prediction), axis=axis)
    return reduced("kl_divergence", loss, weights, reduction)


def negative_log_likelihood(log_probabilities: Operand, labels: Operand, *, axis: int = -1, weights: Any = None,
                            reduction: str = "mean") -> Tensor:  # fmt: skip
    """-log_probabilities at the integer label: what log_softmax makes a cross entropy of.

    Shapes: (..., n) (...) -> (), or (...) with reduction="none".
    Errors: ShapeError when shapes do not match; OutOfRangeError for a label that is no class.
    """
    logs, labels = as_tensor(log_probabilities, labels), as_tensor(labels, log_probabilities)
    return reduced("negative_log_likelihood", -pick_class(logs, labels, axis=axis), weights, reduction)


def _pick_class(x: np.ndarray, labels: np.ndarray, axis: int) -> np.ndarray:
    check_range("negative_log_likelihood", "label", labels, x.shape[axis])
    return np.take_along_axis(x, np.expand_dims(labels.astype(np.int64), axis), axis).squeeze(axis)


@op(_pick_class, samples=[sample((3, 4), integers((3,), 0, 4)), sample((2, 3, 4), integers((2, 4), 0, 3), axis=1)])
def pick_class(x: Operand, labels: Operand, /, *, axis: int = -1) -> Spec:
    """The element at the label along the class axis.   Shapes: (..., n, ...) (..., ...) -> (..., ...)."""
    place = normalize_axis("negative_log_likelihood", axis, len(x.shape))
    check_dtype("negative_log_likelihood", x, INEXACT)
    check_dtype("negative_log_likelihood", labels, INTEGERS, "Labels are integers: the number of the class.")
    expected = (*x.shape[:place], *x.shape[place + 1 :])
    if tuple(labels.shape) != expected:
        raise ShapeError(
            f"negative_log_likelihood: {describe(x)} and labels {describe(labels)} do not match",
            f"Labels have the shape {expected}.",
        )
    return Spec(expected, x.dtype)


def _spread_to_class(dy: Any, _y: Any, _x: Any, labels: Any, *, axis: int) -> Any:
    place = normalize_axis("loss", axis, len(_x.shape))
    return _put_back(dy, _x, axis) * one_hot(labels, _x.shape[place], dtype=_x.dtype, axis=place)


pick_class.gradient(_spread_to_class, None)


def hinge(prediction: Any, target: Operand, *, weights: Any = None, reduction: str = "mean") -> Tensor:
    """max(0, 1 - target * prediction), with targets of -1 and 1.

    Errors: ShapeError when shapes differ.
    """
    prediction, target = _pair("hinge", prediction, target)
    return reduced("hinge", maximum(1 - target * prediction, 0), weights, reduction)


def cosine_similarity(x: Operand, y: Operand, *, axis: int = -1, epsilon: float = 1e-12) -> Tensor:
    """The cosine of the angle between vectors along an axis, from -1 to 1; they broadcast."""
    return sum(l2_normalize(x, axis, epsilon=epsilon) * l2_normalize(y, axis, epsilon=epsilon), axis=axis)


def poisson_nll(prediction: Any, target: Operand, *, log_input: bool = True, full: bool = False, epsilon: float = 1e-8,
                weights: Any = None, reduction: str = "mean") -> Tensor:  # fmt: skip
    """The negative log-likelihood of counts under Poisson rates: exp(prediction) - target * prediction.

    With log_input=False predictions are the rates themselves. `full` adds log(target!), which does not depend on them.

    Errors: ShapeError when shapes differ.
    """
    prediction, target = _pair("poisson_nll", prediction, target)
    logs = prediction if log_input else log(prediction + epsilon)
    loss = (exp(prediction) if log_input else prediction) - target * logs
    if full:
        loss = loss + lgamma(OPS["astype"](target, dtype=loss.dtype) + 1)
    return reduced("poisson_nll", loss, weights, reduction)
