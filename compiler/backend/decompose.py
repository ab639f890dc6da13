"""Composite ops written out in what kernels are made of: maps, folds, products and changes of shape.

A softmax becomes a maximum, a difference, an exponential, a sum and a quotient, which fusion then runs row by row in
the cache. Results differ from the composite NumPy kernel's in the last bits only.

    >>> from weft.compiler.graph.parser import parse
    >>> print(decompose(parse('''
    ... graph (x: f32[2, 3]) -> f32[2] {
    ...   y = mean x axis=1
    ...   return y
    ... }''')))
    graph (x: f32[2, 3]) -> f32[2] {
      a = sum x axis=1
      b = constant value=f32[] 3.0
      y = divide a b
      return y
    }
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.op import Node, op
from ...runtime.ops.embedding import check_range
from ...runtime.spec import Spec, normalize_axes, size
from ...runtime.tensor import OPS
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter
from .views import FOLDS


def decompose(graph: Graph) -> Graph:
    """The graph with its composite ops written out."""
    return Rewriter(_visit).graph(graph)


def _check(ok: Any, indices: np.ndarray, name: str, what: str, length: int) -> tuple[()]:
    if not ok:
        check_range(name, what, indices, length)
    return ()


@op(_check)
def check_indices(ok: Any, indices: Any, /, *, name: str, what: str, length: int) -> tuple[Spec, ...]:
    """Raise unless all indices were found to be in range."""
    return ()


check_indices.effect = check_indices.raises = True
check_indices.gradient(None)


def _check_positions(ok: Any, *indices: Any, lengths: Any, axes: Any, label: str) -> tuple[()]:
    if not ok:
        OPS["join_indices"].kernel(*indices, lengths=lengths, axes=axes, label=label)  # pyright: ignore[reportFunctionMemberAccess]
    return ()


@op(_check_positions)
def check_positions(ok: Any, /, *indices: Any, lengths: Any, axes: Any, label: str) -> tuple[Spec, ...]:
    """Raise as indexing does unless all positions were found to be in range."""
    return ()


check_positions.effect = check_positions.raises = True
check_positions.gradient(None)


class _Writer:
    """Writes ops into the new graph."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph, self.node, self.attrs = graph, node, node.attrs

    def __call__(self, name: str, *operands: Any, **attrs: Any) -> Any:
        made: Any = OPS[name]
        return self.graph.run(made, *made.bind(operands, attrs))

    def number(self, value: Any, like: Any) -> Any:
        """A number of the dtype of `like`, which it may not be weak beside."""
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
        """The operand less its largest element along the axes, where that is finite, and that element."""
        axes = self.axes(x)
        top = self("max", x, axis=axes, keepdims=True)
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


def _mean(w: _Writer, x: Any) -> Any:
    x = w.floats(x)
    return w("divide", w("sum", x, axis=w.attrs["axis"], keepdims=w.attrs["keepdims"]), w.number(w.count(x), x))


def _softmax(w: _Writer, x: Any) -> Any:
    y = w("exp", w.shifted(w.floats(x))[0])
    return w("divide", y, w.one(w.total(y)))


def _log_softmax(w: _Writer, x: Any) -> Any:
    y = w.shifted(w.floats(x))[0]
    return w("subtract", y, w("log", w.one(w.total(w("exp", y)))))


def _logsumexp(w: _Writer, x: Any) -> Any:
    x = w.floats(x)
    y, top = w.shifted(x)
    total = w("add", w("log", w.total(w("exp", y))), top)
    return total if w.attrs["keepdims"] else w.dropped(total, w.axes(x))


def _sum_to(w: _Writer, x: Any) -> Any:
    shape = w.attrs["shape"]
    new = len(x.shape) - len(shape)
    x = w("sum", x, axis=tuple(range(new)), dtype=x.dtype) if new else x
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    return w("sum", x, axis=axes, keepdims=True, dtype=x.dtype) if axes else x


def _center(w: _Writer, x: Any) -> Any:
    axes = w.axes(x)
    n = w.number(max(w.count(x), 1), x)
    return w("divide", w("sum", x, axis=axes, keepdims=True), n)


def _standardize(w: _Writer, x: Any) -> Any:
    center = _center(w, x)
    y = w("subtract", x, center)
    variance = _center(w, w("square", y))
    root = w("sqrt", w("add", variance, w.number(w.attrs["epsilon"], x)))
    return w("divide", y, root), center, variance


def _unit_rms(w: _Writer, x: Any) -> Any:
    power = _center(w, w("square", x))
    return w("divide", x, w("sqrt", w("add", power, w.number(w.attrs["epsilon"], x)))), power


def _var(w: _Writer, x: Any) -> Any:
    x = w.floats(x)
    axes, n = w.axes(x), w.count(x)
    y = w("square", w("subtract", x, w("divide", w("sum", x, axis=axes, keepdims=True), w.number(n, x))))
    return w("divide", w("sum", y, axis=axes, keepdims=w.attrs["keepdims"]), w.number(n - w.attrs["correction"], x))


def _std(w: _Writer, x: Any) -> Any:
    return w("sqrt", _var(w, x))


def _counted(w: _Writer, x: Any, axis: int) -> Any:
    """The positions along an axis, in integers that are as wide as a float32, where they fit."""
    shape, n = [1] * len(x.shape), x.shape[axis]
    shape[axis] = n
    return w.graph.constant(np.arange(n, dtype=dtypes.int32 if n < 2**31 else dtypes.int64).reshape(shape))


def _hot(w: _Writer, x: Any, labels: Any, axis: int) -> Any:
    """Where along the class axis the label is; labels are known to be in range."""
    classes = _counted(w, x, axis)
    return w("equal", w("astype", w("expand_dims", labels, axis=axis), dtype=classes.dtype), classes)


def _dense(w: _Writer, logits: Any, labels: Any) -> Any:
    (axis,) = w.axes(logits)
    logs = _log_softmax(w, logits)
    terms = w("where", w("equal", labels, w.number(0, labels)), w.number(0, labels), w("multiply", labels, logs))
    return w("negative", w("sum", terms, axis=axis))


def _sparse(w: _Writer, logits: Any, labels: Any) -> Any:
    (axis,) = w.axes(logits)
    n = logits.shape[axis]
    wide = w("astype", labels, dtype=dtypes.int64)  # n may be more than their dtype holds
    valid = w("logical_and", w("greater_equal", wide, 0), w("less", wide, n))
    w.graph.run(
        check_indices, (w("all", valid), labels), {"name": "softmax_cross_entropy", "what": "label", "length": n}
    )
    logs = _log_softmax(w, logits)
    picked = w("where", _hot(w, logits, labels, axis), logs, w.number(0, logs))
    return w("negative", w("sum", picked, axis=axis))


def _position_of(best: str) -> Callable[..., Any]:
    """The first position of the largest or smallest element: of NaN, where there is one."""

    def rule(w: _Writer, x: Any) -> Any:
        keepdims, rank = w.attrs["keepdims"], len(x.shape)
        if w.attrs["axis"] is None:
            x, axis = w("reshape", x, shape=(size(x.shape),)), 0
        else:
            (axis,) = w.axes(x)
        if not rank:
            return None
        places = _counted(w, x, axis)
        found = w("equal", x, w(best, x, axis=axis, keepdims=True))
        if x.dtype in dtypes.FLOATS:
            found = w("logical_or", found, w("isnan", x))
        first = w("min", w("where", found, places, w.number(x.shape[axis] - 1, places)), axis=axis, keepdims=keepdims)
        first = w("astype", first, dtype=dtypes.int64)
        return first if w.attrs["axis"] is not None or not keepdims else w("reshape", first, shape=(1,) * rank)

    return rule


def _triangle(keep: str) -> Callable[..., Any]:
    """A matrix where the column less the row is at most, or at least, k."""

    def rule(w: _Writer, x: Any) -> Any:
        rows, columns = (_counted(w, x, len(x.shape) - i) for i in (2, 1))
        k = min(max(w.attrs["k"], -x.shape[-2]), x.shape[-1])  # others mean the same, and may not fit
        kept = w(keep, w("subtract", columns, rows), w.number(k, columns))
        return w("where", kept, x, w.number(0, x))

    return rule


def _vecdot(w: _Writer, x: Any, y: Any) -> Any:
    product = w("multiply", x, y)
    return w("sum", product, axis=w.attrs["axis"], dtype=product.dtype)


def _count_nonzero(w: _Writer, x: Any) -> Any:
    return w("sum", w("not_equal", x, False if x.dtype is dtypes.bool_ else 0), **w.attrs)


def _fold(w: _Writer, x: Any) -> Any:
    """A fold of no axes is a cast."""
    return None if w.axes(x) else w("astype", x, dtype=w.node.outputs[0].dtype)


def _join_indices(w: _Writer, *indices: Any) -> Any:
    """Positions counted from the front, in rows; numbers stay for what indexes by numbers."""
    lengths = w.attrs["lengths"]
    if not w.node.outputs[0].shape[1:] or any(isinstance(i, int) for i in indices):
        return None
    inside, found = None, []
    for i, n in zip(indices, lengths, strict=True):
        i = w("astype", i, dtype=dtypes.int64)
        valid = w("all", w("logical_and", w("greater_equal", i, -n), w("less", i, n)))
        inside = valid if inside is None else w("logical_and", inside, valid)
        found.append(w("where", w("less", i, 0), w("add", i, n), i))
    w.graph.run(check_positions, (inside, *indices), dict(w.attrs))
    shape = w.node.outputs[0].shape
    rows = [w("expand_dims", w("broadcast_to", i, shape=shape[1:]), axis=0) for i in found]
    return rows[0] if len(rows) == 1 else w("concat", *rows, axis=0)


def _embedding(w: _Writer, table: Any, indices: Any) -> Any:
    n = table.shape[0]
    i = w("astype", indices, dtype=dtypes.int64)
    valid = w("all", w("logical_and", w("greater_equal", i, 0), w("less", i, n)))
    w.graph.run(check_indices, (valid, indices), {"name": "embedding", "what": "index", "length": n})
    return w("index_get", table, w("expand_dims", i, axis=0), axes=(0,))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(FOLDS, _fold),
    "mean": _mean,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "sum_to": _sum_to,
    "standardize": _standardize,
    "unit_rms": _unit_rms,
    "var": _var,
    "std": _std,
    "cross_entropy_dense": _dense,
    "cross_entropy_sparse": _sparse,
    "argmax": _position_of("max"),
    "argmin": _position_of("min"),
    "tril": _triangle("less_equal"),
    "triu": _triangle("greater_equal"),
    "join_indices": _join_indices,
    "embedding": _embedding,
    "vecdot": _vecdot,
    "count_nonzero": _count_nonzero,
}
PLAIN = frozenset({dtypes.float32, dtypes.float64, *dtypes.INTEGRAL})


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    rule = RULES.get(node.op.name)
    operands = [x for x in node.inputs if hasattr(x, "dtype")]
    if rule is None or any(x.dtype not in PLAIN for x in operands) or not all(size(x.shape) for x in operands):
        return None
    results = rule(_Writer(new, node), *node.inputs)
    if results is None:
        return None
    results = results if isinstance(results, tuple) else (results,)
    return results if all(r.spec == y.spec for r, y in zip(results, node.outputs, strict=True)) else None
