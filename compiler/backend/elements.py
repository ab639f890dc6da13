"""Elements: the expression of one element of a value, at an index.

A value that has a place is loaded from there. One that is computed in the kernel being written is the expression of
its op over its operands' elements, so a chain of maps and views becomes one expression. The same value at the same
index is the same expression object, and so is computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from ...kernels.kernel import ZERO, Expr, Gather, Index, Load, Local, Position
from ...kernels.scalar import build, cast, number, read, truth
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.ops.gathering import place as places_at
from ...runtime.spec import normalize_axes, normalize_axis
from ..graph.symbolic import SymbolicTensor
from . import draws, views
from .places import Memory, Place, Register, Spread
from .views import Indices

TIMES, PLUS, EQUAL = (read(f"{{0}} {symbol} {{1}}") for symbol in ("*", "+", "=="))
IN_RANGE = read("{0} >= 0 && {0} < {1} ? {0} : -1")  # what is out of range is nowhere
NARROW = frozenset({dtypes.int8, dtypes.int16, dtypes.int32, dtypes.uint8, dtypes.uint16})  # an int32 holds them
COMBINED = {kind: read(text) for kind, text in (("sum", "{0} + {1}"), ("prod", "{0} * {1}"), ("max", "wf_max({0}, {1})"), ("peak", "wf_max({0}, {1})"),
            ("min", "wf_min({0}, {1})"), ("any", "{0} || {1}"), ("all", "{0} && {1}"))}  # fmt: skip
ROUNDINGS = frozenset({"floor", "ceil", "trunc", "round", "conj", "real"})  # of integers: the integers themselves


class Elements:
    """Builds the expressions of one kernel."""

    def __init__(
        self, makers: Mapping[int, Node], places: Mapping[int, Place], memory: Callable[[SymbolicTensor], Memory]
    ) -> None:
        self.makers, self.places, self.memory = makers, places, memory
        self.folds: dict[int, Local] = {}  # results of folds of this kernel, by key
        self.known: dict[tuple[int, Indices], Expr] = {}  # what was computed in this kernel already

    def __call__(self, x: Any, indices: Indices) -> Expr:
        """The element of a value at an index."""
        key = (x.key, indices)
        if key not in self.known:
            self.known[key] = self.made(x, indices)
        return self.known[key]

    def made(self, x: SymbolicTensor, indices: Indices) -> Expr:
        if x.key in self.folds:
            return self.folds[x.key]
        place = self.places.get(x.key)
        if isinstance(place, Register):
            return Local(x.dtype, place.name)
        if isinstance(place, Spread):
            at = views.offset(views.row_major(x.shape), ZERO, indices)
            if not at.terms:
                return Local(x.dtype, place.names[at.start])
            place = self.memory(x)
        if isinstance(place, Memory):
            return Load(x.dtype, place.pointer, views.offset(place.strides, place.start, indices))
        node = self.makers[x.key]
        if node.op.name in views.FOLDS and not views.is_view(node):
            return self.folded(node, indices)
        if views.is_view(node):
            return self(node.inputs[0], views.operand_index(node, indices))
        return self.mapped(node, indices)

    def folded(self, node: Node, indices: Indices) -> Expr:
        """The result of a small fold: its elements, one after the other."""
        x, y, kind = node.inputs[0], node.outputs[0], views.FOLDS[node.op.name]
        axes = normalize_axes(node.op.name, node.attrs["axis"], len(x.shape))
        kept = iter(indices if len(indices) < len(x.shape) else [i for k, i in enumerate(indices) if k not in axes])
        outer = [None if k in axes else next(kept) for k in range(len(x.shape))]
        spans = [range(n) if k in axes else (None,) for k, n in enumerate(x.shape)]
        total: Expr | None = None
        for place in itertools.product(*spans):
            at = tuple(Index((), p) if o is None else o for o, p in zip(outer, place, strict=True))
            value = self.cast_to(self(x, at), y.dtype)
            total = value if total is None else build(COMBINED[kind], [total, value], y.dtype)
        assert total is not None
        return total

    def mapped(self, node: Node, indices: Indices) -> Expr:
        """The element of a map."""
        if node.op.name in draws.DRAWS:
            return draws.drawn(node, indices, self)
        if node.op.name == "astype":
            return self.cast_to(self.operand(node.inputs[0], indices, None), node.outputs[0].dtype)
        if node.op.name == "count_to":
            return Position(dtypes.int64, indices[0])
        if node.op.name == "one_hot":
            return self.one_hot(node, indices)
        if node.op.name == "index_get":
            return self.gathered(node, indices)
        if node.op.name == "gather_along":
            return self.gathered_along(node, indices)
        op: Any = node.op
        dtype = op.compute_dtype(*node.inputs)
        dtype = dtypes.float32 if dtype in dtypes.HALVES else dtype
        wanted = op.operand_dtypes(dtype)
        args = [self.operand(x, indices, d) for x, d in zip(node.inputs, wanted, strict=True)]
        if dtype in dtypes.INTEGRAL and op.name in ROUNDINGS:
            return args[0]
        return self.cast_to(build(special(op, node) or read(op.c), args, dtype), node.outputs[0].dtype)

    def operand(self, x: Any, indices: Indices, dtype: Any) -> Expr:
        """An operand's element, cast to what the op computes in."""
        if not isinstance(x, SymbolicTensor):
            return number(x, dtype)
        element = self(x, views.broadcast(x.shape, indices))
        return element if dtype is None else self.cast_to(element, dtype)

    def cast_to(self, x: Expr, dtype: Any) -> Expr:
        return truth(x) if dtype is dtypes.bool_ else cast(x, dtype)

    def one_hot(self, node: Node, indices: Indices) -> Expr:
        """Whether the label is the position along the new axis, compared in integers as wide as a float32."""
        axis = normalize_axes("one_hot", node.attrs["axis"], len(indices))[0]
        label = self(node.inputs[0], indices[:axis] + indices[axis + 1 :])
        depth = node.outputs[0].shape[axis]
        dtype = dtypes.int32 if depth < 2**31 else dtypes.int64
        if dtype is dtypes.int32 and label.dtype not in NARROW:
            inside = [cast(label, dtypes.int64), number(depth, dtypes.int64)]
            label = build(IN_RANGE, inside, dtypes.int64)
        hot = build(EQUAL, [cast(label, dtype), Position(dtype, indices[axis])], dtype)
        return self.cast_to(hot, node.outputs[0].dtype)

    def gathered(self, node: Node, indices: Indices) -> Expr:
        """An element at positions that are elements of another array."""
        x, rows = node.inputs
        axes = tuple(normalize_axis("index_get", a, len(x.shape)) for a in node.attrs["axes"])
        first, count = places_at(axes), len(rows.shape) - 1
        here, rest = indices[first : first + count], list(indices[:first] + indices[first + count :])
        full = tuple(ZERO if i in axes else rest.pop(0) for i in range(len(x.shape)))
        place = self.memory(x)
        at: Expr | None = None
        for row, axis in enumerate(axes):
            step = build(
                TIMES,
                [cast(self(rows, (Index((), row), *here)), dtypes.int64), number(place.strides[axis], dtypes.int64)],
                dtypes.int64,
            )
            at = step if at is None else build(PLUS, [at, step], dtypes.int64)
        assert at is not None
        return Gather(x.dtype, place.pointer, views.offset(place.strides, place.start, full), at)

    def gathered_along(self, node: Node, indices: Indices) -> Expr:
        """An element at a position on one axis, which is an element of another array."""
        x, positions = node.inputs
        axis = normalize_axis("gather_along", node.attrs["axis"], len(x.shape))
        full = tuple(ZERO if i == axis else k for i, k in enumerate(views.broadcast(x.shape, indices)))
        place = self.memory(x)
        position = cast(self(positions, views.broadcast(positions.shape, indices)), dtypes.int64)
        at = build(TIMES, [position, number(place.strides[axis], dtypes.int64)], dtypes.int64)
        return Gather(x.dtype, place.pointer, views.offset(place.strides, place.start, full), at)


def special(op: Any, node: Node) -> Any:
    """A shorter expression for powers that need no power function."""
    if op.name != "pow" or isinstance(node.inputs[1], SymbolicTensor):
        return None
    x = ("operand", 0)
    return {1: x, 2: ("*", x, x)}.get(node.inputs[1])
