"""einsum: sums of products, written with index labels.

A call is planned once for its subscripts and shapes, as a program of other ops, and the program is applied: so
gradients of every order come from those ops. This file reads the notation; contraction.py writes the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..dim import sized
from ..errors import ArgumentError, ShapeError
from ..spec import Operand, Shape, describe, plural, promoted
from ..tensor import OPS, Tensor, as_tensor
from .contraction import Label, Labels, Planner, Step

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def einsum(*operands: Operand) -> Tensor:
    """Sums of products of tensors by the Einstein convention: `einsum("ij,jk->ik", x, y)`.

    Each operand has a letter for each axis; letters missing after `->` are summed over. Without `->` the result
    has the letters that occur once, in alphabetical order. `...` stands for axes that are broadcast. Also takes
    lists of integers as labels: `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    Errors: ArgumentError for subscripts that make no sense, ShapeError when they do not fit the operands.
    Cost: more than two operands are contracted in pairs, the cheapest next.

    Example:
        >>> import weft as wf
        >>> wf.einsum("ij->j", [[1.0, 2.0], [3.0, 4.0]])
        Tensor([4., 6.], f32)
    """
    if not operands:
        raise ArgumentError("einsum: given no subscripts", 'Write them first: wf.einsum("ij,jk->ik", x, y).')
    subscripts, *given = operands if isinstance(operands[0], str) else _from_lists(operands)
    tensors = [as_tensor(x) for x in given]
    if not tensors:
        raise ArgumentError(f"einsum: {subscripts!r} was given no operands", "Give a tensor for each term.")
    dtype = promoted("einsum", *tensors)
    shapes = tuple(tuple(x.shape) for x in tensors)
    known: Any = plan.__wrapped__ if sized(shapes) else plan  # sizes that are not known yet are no keys
    y = _applied(known(subscripts, shapes), tensors)
    return y if y.dtype is dtype else OPS["astype"](y, dtype=dtype)  # sums of small integers come out wider


def multi_dot(arrays: Sequence[Any], /) -> Tensor:
    """The matrix product of a chain, in the cheapest order of pairs next; its ends may be vectors.

    Errors: ArgumentError for fewer than two operands; ShapeError for what is no chain of matrices.
    """
    chain = [as_tensor(x) for x in arrays]
    if len(chain) < 2:
        raise ArgumentError(f"multi_dot: given {plural(len(chain), 'operand')}", "A product has two or more.")
    for i, x in enumerate(chain):
        if len(x.shape) != 2 and not (len(x.shape) == 1 and i in (0, len(chain) - 1)):
            raise ShapeError(f"multi_dot: operand {i} is {describe(x)}", "Give matrices; the ends may be vectors.")
    labels = [[i, i + 1] for i in range(len(chain))]
    labels[0] = labels[0][-len(chain[0].shape) :]
    labels[-1] = labels[-1][: len(chain[-1].shape)]
    ends = labels[0][:-1] + labels[-1][1:]
    return einsum(*(part for pair in zip(chain, labels, strict=True) for part in pair), ends)


def _from_lists(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Subscripts in letters, then the operands, from labels given as lists of integers."""
    pairs = len(operands) // 2
    terms = [_letters(operands[2 * i + 1]) for i in range(pairs)]
    output = f"->{_letters(operands[-1])}" if len(operands) % 2 else ""
    return ",".join(terms) + output, *operands[: 2 * pairs : 2]


def _letters(labels: Sequence[Any]) -> str:
    wrong = [label for label in labels if label is not Ellipsis and not 0 <= label < len(LETTERS)]
    if wrong:
        raise ArgumentError(
            f"einsum: label {wrong[0]} of {list(labels)}",
            f"Labels are integers from 0 to {len(LETTERS) - 1}, or `...`.",
        )
    return "".join("..." if label is Ellipsis else LETTERS[label] for label in labels)


def _applied(steps: tuple[Step, ...], operands: Sequence[Any]) -> Any:
    values = dict(enumerate(operands))
    for number, step in enumerate(steps, len(operands)):
        values[number] = OPS[step.op](*[values.pop(i) for i in step.operands], **step.attrs)
    return values.popitem()[1]


@lru_cache(maxsize=1024)
def plan(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[Step, ...]:
    """The ops that compute an einsum of operands of these shapes; each value is used once, the last is the result."""
    terms, output = parse(subscripts, shapes)
    return Planner(_lengths(subscripts, terms, shapes)).plan(terms, shapes, output)


def parse(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[list[Labels], Labels]:
    """The labels of each operand, and those of the result."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    names = left.split(",")
    if len(names) != len(shapes):
        raise ArgumentError(
            f"einsum: {subscripts!r} has {plural(len(names), 'term')} for {plural(len(shapes), 'operand')}",
            "Separate the terms of the operands by commas.",
        )
    terms = [_labels(subscripts, name, len(shape)) for name, shape in zip(names, shapes, strict=True)]
    under = sorted({label for term in terms for label in term if isinstance(label, int)})
    if not arrow:
        counts = left.replace(".", "")
        return terms, (*under, *sorted(c for c in set(counts) if c != "," and counts.count(c) == 1))
    letters = right.replace("...", "")
    output = _labels(subscripts, right, len(letters) + (len(under) if letters != right else 0))
    _check_output(subscripts, output, terms, under)
    return terms, output


def _labels(subscripts: str, name: str, ndim: int) -> Labels:
    """The labels of one term, an ellipsis written out for `ndim` axes."""
    before, dots, after = name.partition("...")
    wrong = sorted(set(before + after) - set(LETTERS))
    if wrong:
        raise ArgumentError(
            f"einsum: {subscripts!r} has {wrong[0]!r} among its labels", "Labels are letters; `...` may stand once."
        )
    named = len(before) + len(after)
    if named > ndim or (not dots and named < ndim):
        raise ShapeError(
            f"einsum: term {name!r} of {subscripts!r} names {plural(named, 'axis')}, its operand has {ndim}",
            "Name every axis, or let `...` stand for the rest.",
        )
    return (*before, *range(named - ndim, 0), *after)


def _check_output(subscripts: str, output: Labels, terms: list[Labels], under: list[int]) -> None:
    known = {label for term in terms for label in term}
    for label in output:
        if label not in known or output.count(label) > 1:
            what = "is in no operand" if label not in known else "stands twice in the result"
            raise ArgumentError(
                f"einsum: label {label!r} of {subscripts!r} {what}", "Each label of the result is in an operand, once."
            )
    if under and not all(label in output for label in under):
        raise ArgumentError(
            f"einsum: {subscripts!r} has `...` in an operand but not in the result",
            "Write `...` into the result, or name the axes to sum over.",
        )


def _lengths(subscripts: str, terms: list[Labels], shapes: tuple[Shape, ...]) -> dict[Label, int]:
    """The length of each label; an axis of length 1 is broadcast."""
    lengths: dict[Label, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for label, n in zip(term, shape, strict=True):
            if lengths.setdefault(label, n) == 1:
                lengths[label] = n
            elif n not in (1, lengths[label]):
                shown = label if isinstance(label, str) else "..."
                raise ShapeError(
                    f"einsum: label {shown!r} of {subscripts!r} is {lengths[label]} in one place and {n} in another;"
                    f" the operands have shapes {', '.join(map(str, shapes))}",
                    "A label has one length everywhere.",
                )
    return lengths
