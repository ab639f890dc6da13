"""Composers: what the rules of a decomposition write ops with.

A rule is given a composer and the operands of its node; it calls the composer with the names of ops, which go into the
new graph, and gives back what stands for the results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.dim import Dim
from ...runtime.op import Node, op
from ...runtime.spec import Spec, normalize_axes, size
from ...runtime.tensor import OPS
from ..graph.graph import Graph

Rule = Callable[..., Any]

_max: Any = OPS["max"]


@op(_max.kernel)
def peak(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Spec:
    """The largest element along axes, NaNs left out or not."""
    return _max.spec(x, axis=axis, keepdims=keepdims)


peak.gradient(None)


class Composer:
    """Writes ops into the new graph."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph, self.node, self.attrs = graph, node, node.attrs

    def __call__(self, name: str, *operands: Any, **attrs: Any) -> Any:
        made: Any = OPS[name]
        return self.graph.run(made, *made.bind(operands, attrs))

    def number(self, value: Any, like: Any) -> Any:
        """A number of the dtype of `like`, which it may not be weak beside."""
        if type(value) is Dim:
            return self("astype", self("size_of", length=value), dtype=like.dtype)
        return self.graph.constant(np.asarray(value, like.dtype))

    def axes(self, x: Any) -> tuple[int, ...]:
        """The axes that the node names, from the front."""
        return normalize_axes(self.node.op.name, self.attrs["axis"], len(x.shape))

    def count(self, x: Any) -> int:
        """How many elements are reduced to one."""
        return size(tuple(x.shape[i] for i in self.axes(x)))

    def floats(self, x: Any) -> Any:
        """The operand as floats."""
        dtype = dtypes.inexact_dtype(x.dtype)
        return x if x.dtype is dtype else self("astype", x, dtype=dtype)

    def shifted(self, x: Any) -> tuple[Any, Any]:
        """The operand less its largest element along the axes, where that is finite, and that element.

        Where there are NaNs it may be any: what is made of the differences will be NaN.
        """
        axes = self.axes(x)
        top = self("peak", x, axis=axes, keepdims=True)
        infinite = self("isinf", top)
        top = self("where", infinite, self.number(0, x), top)
        return self("subtract", x, top), top

    def total(self, y: Any) -> Any:
        """The sum of exponentials along the axes."""
        return self("sum", y, axis=self.axes(y), keepdims=True)

    def dropped(self, y: Any, axes: Sequence[int]) -> Any:
        """The value without axes that have length 1."""
        return self("squeeze", y, axis=tuple(axes)) if axes else y

    def one(self, total: Any) -> Any:
        return self("where", self("equal", total, self.number(0, total)), self.number(1, total), total)
