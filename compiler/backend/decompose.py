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

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...runtime import dtypes
from ...runtime.dim import Dim
from ...runtime.op import Node
from ...runtime.spec import size
from ..graph.graph import Graph
from ..graph.rewrite import Rewriter
from ..passes.checks import check_numbers
from . import arranging, indexing, sampling, searching
from .composer import Composer, Rule
from .views import FOLDS
from .widen import widen


def decompose(graph: Graph, of_halves: frozenset[str] = frozenset()) -> Graph:
    """The graph with its composite ops written out; `of_halves` names ops that take halves as they are."""
    return Rewriter(_visit).graph(widen(graph, of_halves))


def _mean(w: Composer, x: Any) -> Any:
    x = w.floats(x)
    return w("divide", w("sum", x, axis=w.attrs["axis"], keepdims=w.attrs["keepdims"]), w.number(w.count(x), x))


def _softmax(w: Composer, x: Any) -> Any:
    y = w("exp", w.shifted(w.floats(x))[0])
    return w("divide", y, w.one(w.total(y)))


def _log_softmax(w: Composer, x: Any) -> Any:
    y = w.shifted(w.floats(x))[0]
    return w("subtract", y, w("log", w.one(w.total(w("exp", y)))))


def _logsumexp(w: Composer, x: Any) -> Any:
    x = w.floats(x)
    y, top = w.shifted(x)
    total = w("add", w("log", w.total(w("exp", y))), top)
    return total if w.attrs["keepdims"] else w.dropped(total, w.axes(x))


def _sum_to(w: Composer, x: Any) -> Any:
    shape = w.attrs["shape"]
    new = len(x.shape) - len(shape)
    x = w("sum", x, axis=tuple(range(new)), dtype=x.dtype) if new else x
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    return w("sum", x, axis=axes, keepdims=True, dtype=x.dtype) if axes else x


def _center(w: Composer, x: Any) -> Any:
    axes = w.axes(x)
    n = w.number(max(w.count(x), 1), x)
    return w("divide", w("sum", x, axis=axes, keepdims=True), n)


def _standardize(w: Composer, x: Any) -> Any:
    center = _center(w, x)
    y = w("subtract", x, center)
    variance = _center(w, w("square", y))
    root = w("sqrt", w("add", variance, w.number(w.attrs["epsilon"], x)))
    return w("divide", y, root), center, variance


def _unit_rms(w: Composer, x: Any) -> Any:
    power = _center(w, w("square", x))
    return w("divide", x, w("sqrt", w("add", power, w.number(w.attrs["epsilon"], x)))), power


def _var(w: Composer, x: Any) -> Any:
    x = w.floats(x)
    axes, n = w.axes(x), w.count(x)
    y = w("square", w("subtract", x, w("divide", w("sum", x, axis=axes, keepdims=True), w.number(n, x))))
    return w("divide", w("sum", y, axis=axes, keepdims=w.attrs["keepdims"]), w.number(n - w.attrs["correction"], x))


def _std(w: Composer, x: Any) -> Any:
    return w("sqrt", _var(w, x))


def _counted(w: Composer, x: Any, axis: int) -> Any:
    """The positions along an axis, in integers that are as wide as a float32, where they fit."""
    shape, n = [1] * len(x.shape), x.shape[axis]
    shape[axis] = n
    dtype = dtypes.int32 if n < 2**31 else dtypes.int64
    if type(n) is Dim:
        return w("reshape", w("astype", w("count_to", length=n), dtype=dtype), shape=tuple(shape))
    return w.graph.constant(np.arange(n, dtype=dtype).reshape(shape))


def _hot(w: Composer, x: Any, labels: Any, axis: int) -> Any:
    """Where along the class axis the label is; labels are known to be in range."""
    classes = _counted(w, x, axis)
    return w("equal", w("astype", w("expand_dims", labels, axis=axis), dtype=classes.dtype), classes)


def _dense(w: Composer, logits: Any, labels: Any) -> Any:
    (axis,) = w.axes(logits)
    logs = _log_softmax(w, logits)
    terms = w("where", w("equal", labels, w.number(0, labels)), w.number(0, labels), w("multiply", labels, logs))
    return w("negative", w("sum", terms, axis=axis))


def _sparse(w: Composer, logits: Any, labels: Any) -> Any:
    (axis,) = w.axes(logits)
    n = logits.shape[axis]
    w.graph.run(check_numbers, (labels,), {"label": "softmax_cross_entropy", "what": "label", "length": n})
    logs = _log_softmax(w, logits)
    picked = w("where", _hot(w, logits, labels, axis), logs, w.number(0, logs))
    return w("negative", w("sum", picked, axis=axis))


def _position_of(best: str) -> Rule:
    """The first position of the largest or smallest element: of NaN, where there is one."""

    def rule(w: Composer, x: Any) -> Any:
        keepdims, rank = w.attrs["keepdims"], len(x.shape)
        x = w("astype", x, dtype=dtypes.uint8) if x.dtype is dtypes.bool_ else x
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


def _triangle(keep: str) -> Rule:
    """A matrix where the column less the row is at most, or at least, k."""

    def rule(w: Composer, x: Any) -> Any:
        rows, columns = (_counted(w, x, len(x.shape) - i) for i in (2, 1))
        k = min(max(w.attrs["k"], -x.shape[-2]), x.shape[-1])  # others mean the same, and may not fit
        kept = w(keep, w("subtract", columns, rows), w.number(k, columns))
        return w("where", kept, x, w.number(0, x))

    return rule


def _of_bools(w: Composer, x: Any) -> Any:
    """A running extremum of bools: of ones and zeros."""
    if x.dtype is not dtypes.bool_:
        return None
    return w("astype", w(w.node.op.name, w("astype", x, dtype=dtypes.uint8), **w.attrs), dtype=dtypes.bool_)


def _vector_norm(w: Composer, x: Any) -> Any:
    order, along = w.attrs["ord"], {"axis": w.attrs["axis"], "keepdims": w.attrs["keepdims"]}
    x = w.floats(x)
    if order in (math.inf, -math.inf):
        return w("max" if order > 0 else "min", w("abs", x), **along)
    if order == 0:
        return w("astype", w("sum", w("not_equal", x, 0), **along), dtype=x.dtype)
    if order == 2:
        return w("sqrt", w("sum", w("square", x), **along))
    if order == 1:
        return w("sum", w("abs", x), **along)
    powers = w("sum", w("pow", w("abs", x), w.number(order, x)), **along)
    return w("pow", powers, w.number(1.0 / order, x))


def _vecdot(w: Composer, x: Any, y: Any) -> Any:
    product = w("multiply", x, y)
    return w("sum", product, axis=w.attrs["axis"], dtype=product.dtype)


def _count_nonzero(w: Composer, x: Any) -> Any:
    return w("sum", w("not_equal", x, False if x.dtype is dtypes.bool_ else 0), **w.attrs)


def _fold(w: Composer, x: Any) -> Any:
    """A fold of no axes is a cast; the largest of bools says whether any holds."""
    if not w.axes(x):
        return w("astype", x, dtype=w.node.outputs[0].dtype)
    truth = {"max": "any", "min": "all"}.get(w.node.op.name)
    return w(truth, x, **w.attrs) if truth and x.dtype is dtypes.bool_ else None


def _matmul(w: Composer, x: Any, y: Any) -> Any:
    """Products of whole numbers are sums over the axis between; others have one dtype."""
    z = w.node.outputs[0]
    if z.dtype in dtypes.INTEGERS:
        vectors = len(x.shape) == 1, len(y.shape) == 1
        rows = x if vectors[1] else w("expand_dims", x, axis=-1)
        columns = y if any(vectors) else w("expand_dims", y, axis=-3)
        return w("sum", w("multiply", rows, columns), axis=-1 if vectors[1] else -2, dtype=z.dtype)
    if x.dtype is z.dtype and y.dtype is z.dtype:
        return None
    return w("matmul", *(v if v.dtype is z.dtype else w("astype", v, dtype=z.dtype) for v in (x, y)))


def _size_of(w: Composer) -> Any:
    length = w.attrs["length"]
    return w.graph.constant(np.int64(length)) if isinstance(length, int) else None


RULES: dict[str, Rule] = {
    "size_of": _size_of,
    **arranging.RULES,
    **indexing.RULES,
    **sampling.RULES,
    **searching.RULES,
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
    "cumulative_max": _of_bools,
    "cumulative_min": _of_bools,
    "vector_norm": _vector_norm,
    "matmul": _matmul,
    "vecdot": _vecdot,
    "count_nonzero": _count_nonzero,
}
NOTHING = {"sum": 0, "prod": 1, "any": False, "all": True}  # of no elements
PLAIN = dtypes.FLOATS | dtypes.INTEGRAL


def _visit(rewriter: Rewriter, new: Graph, node: Node) -> Sequence[Any] | None:
    if node.op.name in NOTHING and any(not size(x.shape) for x in node.inputs):
        y: Any = node.outputs[0]
        return (new.constant(np.full(y.shape, NOTHING[node.op.name], y.dtype)),)
    rule = RULES.get(node.op.name)
    operands = [x for x in node.inputs if hasattr(x, "dtype")]
    if rule is None or not all(size(x.shape) for x in operands):
        return None
    if node.op.name not in arranging.MOVES and any(x.dtype not in PLAIN for x in operands):
        return None
    results = rule(Composer(new, node), *node.inputs)
    if results is None:
        return None
    results = results if isinstance(results, tuple) else (results,)
    return results if all(r.spec == y.spec for r, y in zip(results, node.outputs, strict=True)) else None
