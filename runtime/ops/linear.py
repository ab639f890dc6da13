"""Products of vectors and matrices.

`matmul` is the primitive that everything contracts through: it keeps transposes as views, and multiplies a stack
by one matrix as one product. Complex gradients are conjugated by hand here, for products are holomorphic.

Source: Python Array API standard 2024.12, "Linear algebra functions" and "Linear algebra extension".
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from .. import dtypes, memory
from ..dim import same_shape
from ..errors import ShapeError
from ..families import conj, fit
from ..op import op
from ..samples import complexes, sample
from ..spec import (
    Operand,
    Shape,
    Shaped,
    Spec,
    broadcast_shapes,
    check_dtype,
    describe,
    like,
    normalize_axes,
    normalize_axis,
    promoted,
    shape_of,
    size,
)
from ..tensor import OPS, Tensor, as_tensor


@op(lambda x: np.matrix_transpose(x), onnx="Transpose", samples=[sample((2, 3)), sample((2, 3, 4))])
def matrix_transpose(x: Operand, /) -> Spec:
    """Each matrix transposed.   Shapes: (..., m, n) -> (..., n, m)."""
    if len(shape_of(x)) < 2:
        raise ShapeError(f"matrix_transpose: {describe(x)} is no matrix", "Give it at least two axes.")
    return like(x, (*x.shape[:-2], x.shape[-1], x.shape[-2]))


@matrix_transpose.gradient
def _(dy: Any, _y: Any, _x: Any) -> Any:
    return matrix_transpose(dy)


SMALL = 1 << 14  # bytes; operands below that are multiplied without preparation


def _matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype is not y.dtype:
        dtype = dtypes.promote(x.dtype, y.dtype)
        x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    if x.ndim < 2 or y.ndim < 2 or (x.ndim == y.ndim == 2 and x.nbytes + y.nbytes < SMALL):
        return np.matmul(x, y)
    if x.ndim > 2 and y.ndim == 2 and x.flags.c_contiguous and x.size:
        rows = _matmul(x.reshape(-1, x.shape[-1]), y)  # one large product instead of many small ones
        return rows.reshape(*x.shape[:-1], y.shape[-1])
    batch = () if x.ndim == y.ndim == 2 else np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = memory.empty((*batch, x.shape[-2], y.shape[-1]), x.dtype)
    return np.matmul(_for_blas(x), _for_blas(y), out=out)


def _for_blas(x: np.ndarray) -> np.ndarray:
    """The matrices themselves, or a copy of those that BLAS cannot step through: older NumPy multiplies these slowly."""
    steps = x.strides[-2:]
    return x if x.itemsize in steps and min(steps) > 0 else np.ascontiguousarray(x)


@op(_matmul, onnx="MatMul", widen=True,
    samples=[sample((3, 4), (4, 2)), sample((4,), (4,)), sample((4,), (4, 2)), sample((2, 3, 4), (4,)),
             sample((2, 3, 4), (4, 2)), sample((3, 4), (2, 4, 2)), sample((2, 1, 3, 4), (5, 4, 2)),
             sample(complexes((2, 3)), complexes((3, 2)))])  # fmt: skip
def matmul(x: Operand, y: Operand, /) -> Spec:
    """The matrix product; leading axes are broadcast, and a vector stands for a row on the left, a column on the right.

    Shapes: (..., m, k) (..., k, n) -> (..., m, n); (k,) (..., k, n) -> (..., n); (..., m, k) (k,) -> (..., m).
    Errors: ShapeError for a 0-d operand, or when the inner lengths differ.

    Example:
        >>> import weft as wf
        >>> wf.matmul([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0])
        Tensor([12., 34.], f32)
    """
    a, b = shape_of(x), shape_of(y)
    if len(a) == len(b) == 2 and a[1] == b[0] and x.dtype is y.dtype and x.dtype in dtypes.NUMERIC:
        return Spec((a[0], b[1]), x.dtype)  # the common case, without detours
    for operand in (x, y):
        check_dtype("matmul", operand, dtypes.NUMERIC)
        if not shape_of(operand):
            raise ShapeError(f"matmul: {describe(operand)} is 0-d", "Multiply by a scalar with *.")
    inner = y.shape[-2:][0]
    if x.shape[-1] != inner:
        raise ShapeError(
            f"matmul: inner lengths differ: x is {describe(x)}, y is {describe(y)}; {x.shape[-1]} is not {inner}.",
            "Transpose one operand (wf.matrix_transpose(y)) or check how y was made.",
        )
    batch = broadcast_shapes("matmul", Spec(x.shape[:-2], x.dtype), Spec(y.shape[:-2], y.dtype))
    rows = x.shape[-2:-1]
    columns = y.shape[-1:] if len(y.shape) > 1 else ()
    return Spec((*batch, *rows, *columns), promoted("matmul", x, y))


def _reshaped(x: Any, shape: Shape) -> Any:
    return x if same_shape(x.shape, shape) else OPS["reshape"](x, shape=shape)


def _as_matrices(dz: Any, x: Any, y: Any) -> tuple[Any, Shape, Shape]:
    """The cotangent of a product, and the shapes of its operands, with vectors made matrices of one row or column."""
    shape = dz.shape
    if len(x.shape) == 1:
        shape = (*shape[:-1], 1, *shape[-1:]) if len(y.shape) > 1 else (1,)
    if len(y.shape) == 1:
        shape = (*shape, 1)
    return _reshaped(dz, shape), (1, *x.shape) if len(x.shape) == 1 else x.shape, _columns(y)


def _columns(y: Any) -> Shape:
    return (*y.shape, 1) if len(y.shape) == 1 else y.shape


def _matmul_dx(dz: Any, _z: Any, _x: Any, y: Any) -> Any:
    dz, rows, columns = _as_matrices(dz, _x, y)
    dx = matmul(dz, matrix_transpose(conj(_reshaped(y, columns))))
    return _reshaped(fit(dx, like(_x, rows)), _x.shape)


def _matmul_dy(dz: Any, _z: Any, x: Any, _y: Any) -> Any:
    dz, rows, columns = _as_matrices(dz, x, _y)
    x = _reshaped(x, rows)
    if len(columns) == 2 and len(rows) > 2:  # one matrix met a stack: one product sums over the stack
        n = size(rows[:-1])
        x, dz = OPS["reshape"](x, shape=(n, rows[-1])), OPS["reshape"](dz, shape=(n, columns[-1]))
    dy = matmul(matrix_transpose(conj(x)), dz)
    return _reshaped(fit(dy, like(_y, columns)), _y.shape)


matmul.gradient(_matmul_dx, _matmul_dy)


def _to_last(x: Any, axis: int) -> Any:
    """`x` with `axis` moved to the end."""
    ndim = len(x.shape)
    axis %= ndim
    order = (*(i for i in range(ndim) if i != axis), axis)
    return x if axis == ndim - 1 else OPS["permute_dims"](x, axes=order)


def _from_last(x: Any, axis: int) -> Any:
    """`x` with its last axis moved to `axis`."""
    ndim = len(x.shape)
    axis %= ndim
    order = (*range(axis), ndim - 1, *range(axis, ndim - 1))
    return x if axis == ndim - 1 else OPS["permute_dims"](x, axes=order)


def _vectors(name: str, x: Shaped, y: Shaped, axis: int) -> tuple[Shape, int]:
    """The common shape around the axis on which two stacks of vectors lie, and the length of that axis."""
    around = []
    for operand in (x, y):
        check_dtype(name, operand, dtypes.NUMERIC)
        if not shape_of(operand):
            raise ShapeError(f"{name}: {describe(operand)} is 0-d, no vector", "Give it at least one axis.")
        i = normalize_axis(name, axis, len(operand.shape))
        around.append(like(operand, (*operand.shape[:i], *operand.shape[i + 1 :])))
    n, m = x.shape[axis], y.shape[axis]
    if n != m:
        raise ShapeError(
            f"{name}: the vectors differ in length: x is {describe(x)}, y is {describe(y)}; axis {axis} is {n} and {m}",
            "Name the axis on which the vectors lie, or check how they were made.",
        )
    return broadcast_shapes(name, *around), n


def _vecdot(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    return np.vecdot(*(np.moveaxis(v, axis, -1) for v in (x, y)))


@op(_vecdot, widen=True,
    samples=[sample((3,), (3,)), sample((2, 3), (3,)), sample((3, 2), (3, 1), axis=0), sample((4, 2, 3), (2, 3), axis=-2),
             sample(complexes((2, 3)), complexes((2, 3)))])  # fmt: skip
def vecdot(x: Operand, y: Operand, /, *, axis: int = -1) -> Spec:
    """The dot product of vectors along an axis, conjugating `x`; the other axes are broadcast.

    Shapes: (..., n) (..., n) -> (...).
    Errors: ShapeError when the vectors differ in length.
    """
    around, _ = _vectors("vecdot", x, y, axis)
    return Spec(around, promoted("vecdot", x, y))


def _vecdot_dx(dz: Any, _z: Any, _x: Any, y: Any, *, axis: int) -> Any:
    dx = conj(_reshaped(dz, (*dz.shape, 1))) * _to_last(y, axis)
    return _from_last(_fit_last(dx, _x, axis), axis)


def _vecdot_dy(dz: Any, _z: Any, x: Any, _y: Any, *, axis: int) -> Any:
    dy = _reshaped(dz, (*dz.shape, 1)) * _to_last(x, axis)
    return _from_last(_fit_last(dy, _y, axis), axis)


def _fit_last(dx: Any, x: Any, axis: int) -> Any:
    """A cotangent whose vectors lie on the last axis, brought to the shape of `x` with its axis moved there."""
    i = axis % len(x.shape)
    return fit(dx, like(x, (*x.shape[:i], *x.shape[i + 1 :], x.shape[i])))


vecdot.gradient(_vecdot_dx, _vecdot_dy)


def _cross(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    return np.cross(x, y, axis=axis)


@op(_cross, widen=True,
    samples=[sample((3,), (3,)), sample((2, 3), (3,)), sample((3, 2), (3, 2), axis=0),
             sample(complexes((2, 3)), complexes((2, 3)))])  # fmt: skip
def cross(x: Operand, y: Operand, /, *, axis: int = -1) -> Spec:
    """The cross product of vectors of three elements along an axis; the other axes are broadcast.

    Shapes: (..., 3) (..., 3) -> (..., 3).
    Errors: ShapeError unless the axis has length 3 in both.
    """
    around, n = _vectors("cross", x, y, axis)
    if n != 3:
        raise ShapeError(f"cross: axis {axis} of {describe(x)} has length {n}, not 3", "Vectors in space have 3 parts.")
    i = normalize_axis("cross", axis, len(around) + 1)
    return Spec((*around[:i], 3, *around[i:]), promoted("cross", x, y))


def _cross_dx(dz: Any, _z: Any, _x: Any, y: Any, *, axis: int) -> Any:
    dx = cross(conj(_to_last(y, axis)), _to_last(dz, axis))
    return _from_last(_fit_last(dx, _x, axis), axis)


def _cross_dy(dz: Any, _z: Any, x: Any, _y: Any, *, axis: int) -> Any:
    dy = cross(_to_last(dz, axis), conj(_to_last(x, axis)))
    return _from_last(_fit_last(dy, _y, axis), axis)


cross.gradient(_cross_dx, _cross_dy)


def outer(x: Operand, y: Operand, /) -> Tensor:
    """The products of each element of one vector with each of another.   Shapes: (m,) (n,) -> (m, n).

    Errors: ShapeError unless both have one axis.
    """
    x, y = as_tensor(x, y), as_tensor(y, x)
    for operand in (x, y):
        if len(operand.shape) != 1:
            raise ShapeError(f"outer: {describe(operand)} is no vector", "Flatten it: wf.reshape(x, -1).")
    return OPS["reshape"](x, shape=(*x.shape, 1)) * y


def kron(x: Operand, y: Operand, /) -> Tensor:
    """The Kronecker product: blocks of `y`, each scaled by an element of `x`.   Shapes: (a, b) (c, d) -> (ac, bd)."""
    x, y = as_tensor(x, y), as_tensor(y, x)
    ndim = max(len(x.shape), len(y.shape))
    a, b = ((1,) * (ndim - len(v.shape)) + v.shape for v in (x, y))
    left = OPS["reshape"](x, shape=tuple(n for m in a for n in (m, 1)))
    right = OPS["reshape"](y, shape=tuple(n for m in b for n in (1, m)))
    return OPS["reshape"](left * right, shape=tuple(n * m for n, m in zip(a, b, strict=True)))


def _contracted(x: Any, y: Any, axes: Any) -> tuple[Shape, Shape]:
    """The axes of both operands that `tensordot` sums over, pair by pair."""
    if isinstance(axes, Sequence):
        if len(axes) != 2:
            raise ShapeError(f"tensordot: axes={axes!r} is no pair", "Give the axes of x and those of y.")
        left = normalize_axes("tensordot", axes[0], len(x.shape))
        right = normalize_axes("tensordot", axes[1], len(y.shape))
    else:
        n = index(axes)
        if not 0 <= n <= min(len(x.shape), len(y.shape)):
            raise ShapeError(f"tensordot: {n} axes asked of {describe(x)} and {describe(y)}", "Both must have as many.")
        left, right = tuple(range(len(x.shape) - n, len(x.shape))), tuple(range(n))
    if [x.shape[i] for i in left] != [y.shape[j] for j in right]:
        raise ShapeError(
            f"tensordot: axes {left} of {describe(x)} and {right} of {describe(y)} differ in length",
            "Axes are summed in pairs: the first of x with the first of y, and so on.",
        )
    return left, right


def tensordot(x: Operand, y: Operand, /, *, axes: int | Sequence[Any] = 2) -> Tensor:
    """The sum of products over pairs of axes.

    `axes` is a number (the last axes of `x` with the first of `y`) or a pair: the axes of `x`, the axes of `y`.

    Shapes: (..., k...) (k..., ...) -> (..., ...).
    Errors: ShapeError when paired axes differ in length.
    """
    x, y = as_tensor(x, y), as_tensor(y, x)
    left, right = _contracted(x, y, axes)
    rows = tuple(i for i in range(len(x.shape)) if i not in left)
    columns = tuple(j for j in range(len(y.shape)) if j not in right)
    inner = size(tuple(x.shape[i] for i in left))
    free = tuple(x.shape[i] for i in rows), tuple(y.shape[j] for j in columns)
    x = _reshaped(_permuted(x, rows + left), (size(free[0]), inner))
    y = _reshaped(_permuted(y, right + columns), (inner, size(free[1])))
    return _reshaped(matmul(x, y), free[0] + free[1])


def _permuted(x: Any, axes: Shape) -> Any:
    return x if axes == tuple(range(len(axes))) else OPS["permute_dims"](x, axes=axes)
