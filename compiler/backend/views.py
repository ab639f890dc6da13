"""Views: ops whose elements are elements of their operand, at places that are linear in their own.

A view costs nothing in a kernel: the element of the view at an index is the operand's element at another index. A
view of memory is memory too, with other strides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...kernels.kernel import ZERO, Index
from ...runtime import dtypes
from ...runtime.index import Range
from ...runtime.op import Node
from ...runtime.spec import Shape, normalize_axes

Indices = tuple[Index, ...]
FOLDS = {
    "sum": "sum",
    "prod": "prod",
    "max": "max",
    "min": "min",
    "any": "any",
    "all": "all",
    "peak": "peak",
}  # and kinds


def broadcast(shape: Shape, indices: Indices) -> Indices:
    """The index into an operand of a shape, from that into what it is broadcast to."""
    given = indices[len(indices) - len(shape) :]
    return tuple(ZERO if is_one(n) else i for n, i in zip(shape, given, strict=True))


def is_one(n: Any) -> bool:
    """Whether a length is known to be 1."""
    return isinstance(n, int) and n == 1


def _same(_node: Node, _shape: Shape, indices: Indices) -> Indices:
    return indices


def _broadcast_to(_node: Node, shape: Shape, indices: Indices) -> Indices:
    return broadcast(shape, indices)


def _permute_dims(node: Node, shape: Shape, indices: Indices) -> Indices:
    axes = normalize_axes("permute_dims", node.attrs["axes"], len(shape))
    return tuple(indices[axes.index(i)] for i in range(len(shape)))


def _swap_last(_node: Node, _shape: Shape, indices: Indices) -> Indices:
    return (*indices[:-2], indices[-1], indices[-2])


def _reshape(_node: Node, shape: Shape, indices: Indices) -> Indices | None:
    """A reshape that only adds or takes away axes of length 1."""
    target = _node.outputs[0].shape
    if [n for n in shape if not is_one(n)] != [n for n in target if not is_one(n)]:
        return None
    left = iter([i for i, n in zip(indices, target, strict=True) if not is_one(n)])
    return tuple(ZERO if is_one(n) else next(left) for n in shape)


def _flip(node: Node, shape: Shape, indices: Indices) -> Indices:
    axes = normalize_axes("flip", node.attrs["axis"], len(shape))
    return tuple(i * -1 + (n - 1) if k in axes else i for k, (i, n) in enumerate(zip(indices, shape, strict=True)))


def _diagonal(node: Node, _shape: Shape, indices: Indices) -> Indices:
    offset, at = node.attrs["offset"], indices[-1]
    return (*indices[:-1], at + max(0, -offset), at + max(0, offset))


def _strided_slice(node: Node, _shape: Shape, indices: Indices) -> Indices:
    found, at = [], iter(indices)
    for part in node.attrs["index"]:
        if part is None:
            next(at)
        elif isinstance(part, Range):
            found.append(next(at) * part.step + part.start)
        else:
            found.append(Index((), part))
    return tuple(found)


Map = Callable[[Node, Shape, Indices], "Indices | None"]
MAPS: Mapping[str, Map] = {
    "identity": _same,
    "stop_gradient": _same,
    "alias": _same,
    "positive": _same,
    "transfer": _same,
    "broadcast_to": _broadcast_to,
    "permute_dims": _permute_dims,
    "transpose_2d": _swap_last,
    "matrix_transpose": _swap_last,
    "expand_dims": _reshape,
    "squeeze": _reshape,
    "reshape": _reshape,
    "flip": _flip,
    "strided_slice": _strided_slice,
    "diagonal": _diagonal,
}


def is_view(node: Node) -> bool:
    """Whether an op's elements are its operand's, at linear places."""
    if node.op.name in ("conj", "real"):
        return node.inputs[0].dtype not in dtypes.COMPLEX
    x: Any = node.inputs[0] if node.inputs else None
    if node.op.name in FOLDS and not normalize_axes(node.op.name, node.attrs["axis"], len(node.inputs[0].shape)):
        return node.inputs[0].dtype is node.outputs[0].dtype
    if node.op.name not in MAPS or not hasattr(x, "shape"):
        return False
    return MAPS[node.op.name](node, x.shape, (ZERO,) * len(node.outputs[0].shape)) is not None


def operand_index(node: Node, indices: Indices) -> Indices:
    """The index of the operand's element that a view's element is."""
    found = MAPS.get(node.op.name, _same)(node, node.inputs[0].shape, indices)
    assert found is not None, f"{node.op.name} is no view here"
    return found


def row_major(shape: Shape) -> tuple[Any, ...]:
    """The strides of contiguous memory, in elements."""
    strides: list[Any] = []
    step: Any = 1
    for n in reversed(shape):
        strides.insert(0, step)
        step = step * n
    return tuple(strides)


def offset(strides: Sequence[Any], start: Index, indices: Indices) -> Index:
    """The place in memory of an element."""
    for i, stride in zip(indices, strides, strict=True):
        start = start + i * stride
    return start
