"""Plans of contractions: a sum of products over labelled axes, as a program of other ops.

Two terms are contracted at a time, the pair of smallest growth first, each time as one (batched) matrix product;
transposes stay views where matmul takes them. Plans know labels and shapes, never values or the notation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..spec import Shape, size

Label = str | int  # a letter; or, for an axis under an ellipsis, its place from the right: -1, -2, ...
Labels = tuple[Label, ...]


class Step(NamedTuple):
    """One op of a plan; its operands are numbers of earlier values, the first ones being those it was given."""

    op: str
    operands: tuple[int, ...]
    attrs: dict[str, Any]


class Term(NamedTuple):
    """A value while planning: its number, and a label for each axis."""

    value: int
    labels: Labels


class Planner:
    """Writes the steps of a plan, and keeps the terms that are still to be contracted."""

    def __init__(self, lengths: dict[Label, int]) -> None:
        self.lengths = lengths
        self.steps: list[Step] = []
        self.terms: list[Term] = []
        self.shapes: list[Shape] = []  # of every value so far
        self.output: Labels = ()

    def plan(self, terms: Sequence[Labels], shapes: Sequence[Shape], output: Labels) -> tuple[Step, ...]:
        """The steps for operands with these labels; each value is used once, and the last one is the result."""
        self.output, self.shapes = output, list(shapes)
        self.terms = list(itertools.starmap(Term, enumerate(terms)))
        for term in list(self.terms):
            self.terms.remove(term)
            self.terms.append(self.without(self.diagonals(self.squeezed(term)), self.needed()))
        while len(self.terms) > 1:
            self.contract(*self.cheapest())
        value, labels = self.terms[0]
        self.permuted(value, tuple(labels.index(label) for label in output))
        return tuple(self.steps)

    def needed(self) -> set[Label]:
        """The labels of the result and of the terms at hand."""
        return set(self.output).union(*(term.labels for term in self.terms))

    def shape(self, labels: Iterable[Label]) -> Shape:
        """The lengths of labels."""
        return tuple(self.lengths[label] for label in labels)

    def emit(self, op: str, operands: tuple[int, ...], result: Shape, **attrs: Any) -> int:
        """Write a step down; the number of its result, whose shape is `result`."""
        self.steps.append(Step(op, operands, attrs))
        self.shapes.append(result)
        return len(self.shapes) - 1

    def permuted(self, value: int, axes: Shape) -> int:
        """The value with its axes in another order."""
        if axes == tuple(range(len(axes))):
            return value
        shape = self.shapes[value]
        return self.emit("permute_dims", (value,), tuple(shape[i] for i in axes), axes=axes)

    def reshaped(self, value: int, shape: Shape) -> int:
        """The value in another shape."""
        return value if shape == self.shapes[value] else self.emit("reshape", (value,), shape, shape=shape)

    def arranged(self, term: Term, labels: Labels, shape: Shape) -> int:
        """The term with its axes in the order of `labels`, then in another shape."""
        order = tuple(term.labels.index(label) for label in labels)
        return self.reshaped(self.permuted(term.value, order), shape)

    def squeezed(self, term: Term) -> Term:
        """The term without the axes of length 1 along which it is broadcast."""
        shape = self.shapes[term.value]
        kept = [i for i, label in enumerate(term.labels) if shape[i] == self.lengths[label]]
        return Term(self.reshaped(term.value, tuple(shape[i] for i in kept)), tuple(term.labels[i] for i in kept))

    def diagonals(self, term: Term) -> Term:
        """The term with each label once."""
        value, labels = term
        for label in dict.fromkeys(labels):
            while labels.count(label) > 1:
                first = labels.index(label)
                second = labels.index(label, first + 1)
                rest = tuple(i for i in range(len(labels)) if i not in (first, second))
                value = self.permuted(value, (*rest, first, second))
                value = self.emit("diagonal", (value,), self.shapes[value][:-1], offset=0)
                labels = (*(labels[i] for i in rest), label)
        return Term(value, labels)

    def without(self, term: Term, kept: set[Label]) -> Term:
        """The term summed over all labels but those kept."""
        axes = tuple(i for i, label in enumerate(term.labels) if label not in kept)
        if not axes:
            return term
        labels = tuple(label for label in term.labels if label in kept)
        return Term(self.emit("sum", (term.value,), self.shape(labels), axis=axes), labels)

    def cheapest(self) -> tuple[Term, Term]:
        """The pair of terms whose product grows the least over what it replaces."""

        def growth(pair: tuple[Term, Term]) -> tuple[int, int]:
            left, right = pair
            others = set(self.output).union(*(term.labels for term in self.terms if term not in pair))
            both = tuple(dict.fromkeys(left.labels + right.labels))
            result = size(self.shape(label for label in both if label in others))
            return result - size(self.shape(left.labels)) - size(self.shape(right.labels)), size(self.shape(both))

        return min(itertools.combinations(self.terms, 2), key=growth)

    def contract(self, left: Term, right: Term) -> None:
        """Replace two terms by their product, summed over what nothing else needs."""
        self.terms.remove(left)
        self.terms.remove(right)
        kept = self.needed()
        left, right = self.without(left, kept.union(right.labels)), self.without(right, kept.union(left.labels))
        inner = tuple(label for label in left.labels if label in right.labels and label not in kept)
        self.terms.append(self.matrix_product(left, right, inner) if inner else self.product(left, right))

    def product(self, left: Term, right: Term) -> Term:
        """The elementwise product, broadcast over the labels of either."""
        both = dict.fromkeys(left.labels + right.labels)
        labels = (
            *(label for label in self.output if label in both),
            *(label for label in both if label not in self.output),
        )
        values = []
        for term in (left, right):
            own = tuple(label for label in labels if label in term.labels)
            shape = tuple(self.lengths[label] if label in own else 1 for label in labels)
            first = next((i for i, label in enumerate(labels) if label in own), len(labels))
            values.append(self.arranged(term, own, shape[first:]))
        return Term(self.emit("multiply", tuple(values), self.shape(labels)), labels)

    def matrix_product(self, left: Term, right: Term, inner: Labels) -> Term:
        """The product summed over `inner`, as a matrix product for each value of the labels they share besides."""
        batch = tuple(label for label in left.labels if label in right.labels and label not in inner)
        rows = tuple(label for label in left.labels if label not in right.labels)
        columns = tuple(label for label in right.labels if label not in left.labels)
        k, stack = (size(self.shape(inner)),), self.shape(batch)
        m = (size(self.shape(rows)),) if rows or batch else ()  # a vector without a stack stays one
        n = (size(self.shape(columns)),) if columns or batch else ()
        x = self.arranged(left, batch + rows + inner, stack + m + k)
        y = self.arranged(right, batch + inner + columns, stack + k + n)
        labels = batch + rows + columns
        z = self.emit("matmul", (x, y), stack + m + n)
        return Term(self.reshaped(z, self.shape(labels)), labels)
