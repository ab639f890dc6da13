"""Metrics: numbers that are gathered over many batches.

`update` takes in a batch, `result` gives the number so far, `reset` starts again; calling a metric updates it and gives its
result for all so far. What is gathered stands in float64 variables on the CPU, to which values are brought, so a metric is
a module whose state saves. Predictions come before labels; `weights` say how much each example counts (1 by default).
"""

from __future__ import annotations

from typing import Any, Literal

from . import device as devices, dtypes, observers
from .creation import asarray, zeros
from .eager import home_of
from .errors import ArgumentError, ShapeError
from .nn.module import Module
from .ops.elementwise import (
    divide,
    equal,
    floor,
    greater,
    logical_and,
    logical_not,
    minimum,
    multiply,
    square,
    where,
)
from .ops.joining import concat
from .ops.linear import matmul, matrix_transpose
from .ops.reduction import all as all_, argmax, sum as sum_
from .ops.scans import cumulative_sum
from .ops.shaping import astype, broadcast_to, flip, reshape
from .ops.sorting import top_k
from .ops.statistics import bincount
from .ranges import arange
from .spec import describe
from .tensor import Tensor
from .variable import Variable

__all__ = [
    "AUC",
    "F1",
    "Accuracy",
    "ConfusionMatrix",
    "Mean",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "TopKAccuracy",
]  # fmt: skip


class Metric(Module):
    """The base of metrics: subclasses make their variables with `_gather` and write `_update` and `result`."""

    training = False

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch."""
        with observers.hidden(), devices.device("cpu"):
            self._update(*args, **kwargs)

    def _update(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no `_update` method")

    def result(self) -> Tensor:
        """The number for everything taken in so far; NaN when nothing was."""
        raise NotImplementedError(f"{type(self).__name__} has no `result` method")

    def reset(self) -> None:
        """Forget everything taken in."""
        for variable in self.variables:
            variable.assign(zeros(variable.shape, dtype=variable.dtype, device=variable.device))

    def call(self, *args: Any, **kwargs: Any) -> Tensor:
        self.update(*args, **kwargs)
        return self.result()

    def _gather(self, name: str, shape: tuple[int, ...] = ()) -> Variable:
        return Variable(zeros(shape, dtype=dtypes.float64), name=name, trainable=False, device="cpu")


class Mean(Metric):
    """The weighted mean of all values.

    Example:
        >>> import weft as wf
        >>> mean = wf.metrics.Mean()
        >>> mean.update([1.0, 2.0])
        >>> mean.update(6.0)
        >>> mean.result()
        Tensor(3., f64)
    """

    def __init__(self) -> None:
        self.total, self.count = self._gather("total"), self._gather("count")

    def _update(self, values: Any, weights: Any = None) -> None:
        values = _float64(values)
        weights = _weights("Mean", weights, values)
        self.total.assign_add(sum_(where(equal(weights, 0), 0.0, values * weights)))
        self.count.assign_add(sum_(weights))

    def result(self) -> Tensor:
        return divide(self.total, self.count)


class MeanSquaredError(Mean):
    """The mean of (prediction - label) squared."""

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:  # pyright: ignore
        x, y = _same_shape("MeanSquaredError", _float64(predictions), _float64(labels))
        super()._update(square(x - y), weights)


Kind = Literal["auto", "sparse", "dense", "binary", "exact"]


class Accuracy(Mean):
    """The part of predictions that agree with the labels.

    `kind` says what they are. "sparse": scores (..., classes) and integer labels (...). "dense": scores and one-hot labels,
    both (..., classes). "binary": scores against 0 and 1, at `threshold`. "exact": values that are equal or not. "auto" decides:
    sparse if the labels lack the last axis; exact for integers and bools; dense if there is a last axis longer than
    1; binary otherwise.

    Example:
        >>> import weft as wf
        >>> accuracy = wf.metrics.Accuracy()
        >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
        Tensor(0.5, f64)
    """

    def __init__(self, kind: Kind = "auto", threshold: float = 0.5) -> None:
        if kind not in ("auto", "sparse", "dense", "binary", "exact"):
            raise ArgumentError(f"Accuracy: kind is {kind!r}", 'Use "auto", "sparse", "dense", "binary" or "exact".')
        super().__init__()
        self.kind, self.threshold = kind, threshold

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:  # pyright: ignore
        x, y = _tensor(predictions), _tensor(labels)
        super()._update(self._agree(_kind(x, y) if self.kind == "auto" else self.kind, x, y), weights)

    def _agree(self, kind: str, x: Tensor, y: Tensor) -> Tensor:
        if kind == "sparse":
            return _same(argmax(_classes("Accuracy", x, y), axis=-1), y)
        x, y = _same_shape("Accuracy", x, y)
        if kind == "dense":
            return _same(argmax(x, axis=-1), argmax(y, axis=-1))
        return _same(greater(x, self.threshold), greater(y, 0.5)) if kind == "binary" else equal(x, y)


def _kind(x: Tensor, y: Tensor) -> str:
    if len(y.shape) == len(x.shape) - 1:
        return "sparse"
    if x.dtype in dtypes.INTEGRAL:
        return "exact"
    return "dense" if x.shape and x.shape[-1] > 1 else "binary"


class TopKAccuracy(Mean):
    """The part of examples whose label is among the k classes of the highest scores.

    Shapes: scores (..., classes), integer labels (...).
    """

    def __init__(self, k: int = 5) -> None:
        super().__init__()
        self.k = k

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:  # pyright: ignore
        y = _tensor(labels)
        x = _classes("TopKAccuracy", _tensor(predictions), y)
        best = top_k(x, min(self.k, x.shape[-1]))[1]
        hits = equal(best, reshape(astype(y, dtypes.int64), (*y.shape, 1)))
        super()._update(sum_(astype(hits, dtypes.float64), axis=-1), weights)


class Counts(Metric):
    """What precision, recall and F1 share: how many were right and wrong, of those called positive and negative."""

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self.true_positives = self._gather("true_positives")
        self.false_positives = self._gather("false_positives")
        self.false_negatives = self._gather("false_negatives")

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:
        x, y = _same_shape(type(self).__name__, _tensor(predictions), _tensor(labels))
        weights = _weights(type(self).__name__, weights, x)
        called, positive = greater(_float64(x), self.threshold), greater(_float64(y), 0.5)
        for variable, chosen in (
            (self.true_positives, logical_and(called, positive)),
            (self.false_positives, logical_and(called, logical_not(positive))),
            (self.false_negatives, logical_and(logical_not(called), positive)),
        ):
            variable.assign_add(sum_(where(chosen, weights, 0.0)))


class Precision(Counts):
    """Of what was called positive (a score above `threshold`), the part that is; 0 when nothing was.

    Example:
        >>> import weft as wf
        >>> wf.metrics.Precision()([0.9, 0.8, 0.1], [1, 0, 1])
        Tensor(0.5, f64)
    """

    def result(self) -> Tensor:
        return _part(self.true_positives.read_value(), self.true_positives + self.false_positives)


class Recall(Counts):
    """Of what is positive, the part that was called so (a score above `threshold`); 0 when nothing is."""

    def result(self) -> Tensor:
        return _part(self.true_positives.read_value(), self.true_positives + self.false_negatives)


class F1(Counts):
    """The harmonic mean of precision and recall; 0 when nothing is positive, nor called so."""

    def result(self) -> Tensor:
        twice = 2.0 * self.true_positives
        return _part(twice, twice + self.false_positives + self.false_negatives)


class ConfusionMatrix(Metric):
    """How often each class (row) was taken for each class (column).

    Predictions are classes, or scores (..., classes) of which the highest counts.

    Example:
        >>> import weft as wf
        >>> wf.metrics.ConfusionMatrix(2)([0, 1, 1], [0, 0, 1])
        Tensor([[1., 1.],
                [0., 1.]], f64)
    """

    def __init__(self, classes: int) -> None:
        if classes < 1:
            raise ArgumentError(f"ConfusionMatrix: {classes!r} classes", "Give 1 or more.")
        self.classes = classes
        self.counts = self._gather("counts", (classes, classes))

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:
        x, y = _tensor(predictions), _tensor(labels)
        if len(x.shape) == len(y.shape) + 1:
            x = argmax(_classes("ConfusionMatrix", x, y), axis=-1)
        x, y = _same_shape("ConfusionMatrix", x, y)
        rows, columns = self._one_hot("label", y), self._one_hot("prediction", x)
        weights = reshape(_weights("ConfusionMatrix", weights, x), (-1, 1))
        self.counts.assign_add(matmul(matrix_transpose(rows * weights), columns))

    def _one_hot(self, what: str, x: Tensor) -> Tensor:
        if x.dtype not in dtypes.INTEGRAL:
            raise ArgumentError(f"ConfusionMatrix: {what}s {describe(x)} are no classes", "Give integers.")
        found = equal(reshape(astype(x, dtypes.int64), (-1, 1)), arange(self.classes, device=home_of(x)))
        if not bool(all_(found.any(axis=1))):
            raise ArgumentError(
                f"ConfusionMatrix: a {what} is not one of the {self.classes} classes", f"Give 0 to {self.classes - 1}."
            )
        return astype(found, dtypes.float64)

    def result(self) -> Tensor:
        return self.counts.read_value()


class AUC(Metric):
    """The area under the ROC curve: how likely a positive example has a higher score than a negative one.

    Scores lie between 0 and 1 and are counted in `bins`; two in one bin count as equal.

    Source: Fawcett 2006, "An introduction to ROC analysis".

    Example:
        >>> import weft as wf
        >>> wf.metrics.AUC()([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
        Tensor(0.75, f64)
    """

    def __init__(self, bins: int = 1000) -> None:
        if bins < 2:
            raise ArgumentError(f"AUC: {bins!r} bins", "Give 2 or more.")
        self.bins = bins
        self.positives, self.negatives = self._gather("positives", (bins,)), self._gather("negatives", (bins,))

    def _update(self, predictions: Any, labels: Any, weights: Any = None) -> None:
        x, y = _same_shape("AUC", _float64(predictions), _float64(labels))
        if not bool(all_(logical_and(x >= 0, x <= 1))):
            raise ArgumentError("AUC: a score is not between 0 and 1", "Apply wf.sigmoid or wf.softmax first.")
        weights = reshape(_weights("AUC", weights, x), (-1,))
        places = astype(minimum(floor(reshape(x, (-1,)) * self.bins), self.bins - 1), dtypes.int64)
        positive = greater(reshape(y, (-1,)), 0.5)
        for variable, chosen in ((self.positives, positive), (self.negatives, logical_not(positive))):
            variable.assign_add(bincount(places, where(chosen, weights, 0.0), minlength=self.bins))

    def result(self) -> Tensor:
        """The area by the trapezoid rule, from the highest bin down; NaN without examples of both kinds."""
        first = zeros((1,), dtype=dtypes.float64, device="cpu")
        rates = []
        for counts in (self.positives.read_value(), self.negatives.read_value()):
            reached = cumulative_sum(flip(counts))
            rates.append(divide(concat([first, reached]), sum_(counts)))
        hits, alarms = rates
        return sum_(multiply(alarms[1:] - alarms[:-1], (hits[1:] + hits[:-1]) * 0.5))


# What the metrics share


def _tensor(x: Any) -> Tensor:
    return asarray(x, device="cpu")


def _float64(x: Any) -> Tensor:
    return astype(_tensor(x), dtypes.float64)


def _same(x: Tensor, y: Tensor) -> Tensor:
    return equal(astype(x, dtypes.int64), astype(y, dtypes.int64))


def _same_shape(owner: str, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if tuple(x.shape) != tuple(y.shape):
        raise ShapeError(f"{owner}: predictions are {describe(x)}, labels {describe(y)}", "Give them one shape.")
    return x, y


def _classes(owner: str, x: Tensor, y: Tensor) -> Tensor:
    if tuple(x.shape[:-1]) != tuple(y.shape) or not x.shape or y.dtype not in dtypes.INTEGRAL:
        raise ShapeError(
            f"{owner}: scores are {describe(x)}, labels {describe(y)}",
            "Scores are (..., classes), labels integers (...).",
        )
    return x


def _weights(owner: str, weights: Any, x: Tensor) -> Tensor:
    """A weight for each element of `x`; given weights may lack its last axes."""
    if weights is None:
        return broadcast_to(asarray(1.0, dtypes.float64), x.shape)
    weights = _float64(weights)
    given, shape = tuple(weights.shape), tuple(x.shape)
    if given != shape[: len(given)]:
        raise ShapeError(
            f"{owner}: weights are {describe(weights)}, examples {describe(x)}", "Give one for each example."
        )
    if not bool(all_(weights >= 0)):
        raise ArgumentError(f"{owner}: a weight is negative or NaN", "Weights are 0 or more.")
    return broadcast_to(reshape(weights, (*given, *(1,) * (len(shape) - len(given)))), shape)


def _part(x: Tensor, whole: Tensor) -> Tensor:
    """x / whole, and 0 of nothing."""
    return divide(x, where(equal(whole, 0), 1.0, whole))
