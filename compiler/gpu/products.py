"""Products of matrices on a GPU: by the vendor's library, or by tiles of our own.

The library takes matrices whose rows or columns lie side by side, and batches with one step. Anything else, and products
that are too small for it, is a kernel of tiles. Halves are the library's alone: it multiplies them as they are and adds
up in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ...kernels import cublaslt
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.options import options
from ...runtime.spec import Spec, size
from ..backend.places import Block, Memory
from ..backend.products import batch_strides, batches_of
from ..backend.views import row_major
from ..graph.symbolic import SymbolicTensor
from . import library, windows
from .nodes import Write
from .steps import Frame, Spot, spot_of

if TYPE_CHECKING:
    from .region import GpuRegion

PAGES = ("cuda_conv.h", "cuda_product.h")
SMALL = 32  # rows, columns and depth of a product that is quicker by tiles of our own
DTYPES = frozenset({dtypes.float32, dtypes.float64, *dtypes.HALVES})


def has_library() -> bool:
    """Whether the vendor's library of products is there."""
    return cublaslt.library() is not None


@dataclass(frozen=True)
class Multiply:
    """A product by the library."""

    plan: cublaslt.Plan
    x: Spot
    y: Spot
    out: Spot
    is_recordable: bool = True

    def run(self, frame: Frame) -> None:
        product = cublaslt.product(frame.card, self.plan)
        product.run(frame.at(self.x), frame.at(self.y), frame.at(self.out), stream=frame.stream.handle)


@dataclass(frozen=True)
class Matrix:
    """A matrix in memory, once for each of a batch: strides of rows, columns and batches."""

    place: Memory
    row: int
    column: int
    batch: tuple[int, ...]

    @property
    def is_transposed(self) -> bool:
        """Whether its columns lie side by side, and not its rows."""
        return self.column != 1


@dataclass(frozen=True)
class Product:
    """z = x @ y, for each of a batch."""

    m: int
    n: int
    k: int
    batch: tuple[int, ...]
    x: Matrix
    y: Matrix
    z: Matrix


def write_matmul(region: GpuRegion, node: Node) -> bool:
    """A product of matrices or vectors, or of batches of them."""
    z = node.outputs[0]
    if not all(isinstance(v, SymbolicTensor) and v.dtype is z.dtype and size(v.shape) for v in (*node.inputs, z)):
        return False
    if z.dtype not in DTYPES:
        return False
    target = region.target(z)
    owner: list[Block] = []
    found = collapsed(product_of(region, node, target))
    if len(found.batch) > 1:
        found = collapsed(product_of(region, node, target, owner))
    if z.dtype in dtypes.HALVES or (has_library() and is_for_library(found)):
        by_library(region, node, found, owner)
    else:
        by_tiles(region, node, found)
    for block in owner:
        region.program.arena.give(block)
    region.settle_one(z, target)
    return True


def product_of(region: GpuRegion, node: Node, target: Memory, dense: list[Block] | None = None) -> Product:
    """What a node multiplies; with `dense`, copies of the operands that lie there one after the other."""
    operands: tuple[Any, Any] = node.inputs  # pyright: ignore[reportAssignmentType]
    x, y = operands
    vectors = len(x.shape) == 1, len(y.shape) == 1
    batch = batches_of(node)
    m, n = (1 if vectors[0] else x.shape[-2]), (1 if vectors[1] else y.shape[-1])
    a, b = (_place(region, v, batch, dense) for v in (x, y))
    rows, columns = (0, a.strides[-1]) if vectors[0] else a.strides[-2:]
    deep, along = (b.strides[-1], 1) if vectors[1] else b.strides[-2:]
    left = Matrix(a, rows, columns, batch_strides(a, a.shape, batch))
    right = Matrix(b, deep, along, batch_strides(b, b.shape, batch))
    step = target.strides[-2] if not any(vectors) else target.strides[-1] if not vectors[0] else n
    return Product(m, n, x.shape[-1], batch, left, right, Matrix(target, step, 1, target.strides[: len(batch)]))


def _place(region: GpuRegion, x: Any, batch: Sequence[int], dense: list[Block] | None) -> Memory:
    place = region.as_memory(x)
    if dense is None:
        return place
    matrix = x.shape[-2:]
    made = region.fresh(Spec((*batch, *matrix) if len(matrix) > 1 else matrix, x.dtype), dense)
    region.write(made, x)
    return made


def collapsed(p: Product) -> Product:
    """The same product with neighbouring axes of its batch as one, where all operands walk through them as one."""
    batch, steps = list(p.batch), [list(each.batch) for each in (p.x, p.y, p.z)]
    for i in range(len(batch) - 2, -1, -1):
        if batch[i] == 1 or batch[i + 1] == 1 or all(s[i] == s[i + 1] * batch[i + 1] for s in steps):
            keep = i if batch[i + 1] == 1 else i + 1
            batch[i : i + 2] = [batch[i] * batch[i + 1]]
            for s in steps:
                s[i : i + 2] = [s[keep]]
    x, y, z = (
        Matrix(each.place, each.row, each.column, tuple(s)) for each, s in zip((p.x, p.y, p.z), steps, strict=True)
    )
    return Product(p.m, p.n, p.k, tuple(batch), x, y, z)


# -- by the library


def is_for_library(p: Product) -> bool:
    """Whether the library takes a product, and is worth asking."""
    if max(p.m, p.n, p.k) <= SMALL or len(p.batch) > 1:
        return False
    return _lies(p.x, p.m, p.k) and _lies(p.y, p.k, p.n) and _lies(p.z, p.m, p.n)


def _lies(matrix: Matrix, rows: int, columns: int) -> bool:
    """Whether rows or columns lie side by side, apart from each other, and begin where the library may read."""
    start = matrix.place.start.start * matrix.place.dtype.itemsize
    by_rows = matrix.column == 1 and matrix.row >= columns
    by_columns = matrix.row == 1 and matrix.column >= rows
    return (by_rows or by_columns) and start % 16 == 0


def by_library(region: GpuRegion, node: Node, p: Product, owner: list[Block]) -> None:
    """A step that asks the library, for copies of the operands where they do not lie as it wants."""
    if len(p.batch) > 1 or not (_lies(p.x, p.m, p.k) and _lies(p.y, p.k, p.n)):
        p = collapsed(product_of(region, node, p.z.place, owner))
    x, y, z = _line(p.x, p.k), _line(p.y, p.n), p.z
    plan = cublaslt.Plan(
        p.m, p.n, p.k, z.place.dtype, batch=prod(p.batch),
        transpose_x=x.is_transposed, transpose_y=y.is_transposed,
        steps=tuple(each.batch[0] if p.batch else 0 for each in (x, y, z)),  # pyright: ignore[reportArgumentType]
        rows=(x.column if x.is_transposed else x.row, y.column if y.is_transposed else y.row, z.row),
        tf32=options.tf32,
    )  # fmt: skip
    region.lines.append(Multiply(plan, spot_of(x.place), spot_of(y.place), spot_of(z.place)))


def _line(matrix: Matrix, columns: int) -> Matrix:
    """A matrix of one row or column as one whose rows lie side by side, if they do."""
    if matrix.column == 1 and matrix.row < columns:
        return Matrix(matrix.place, columns, 1, matrix.batch)
    return matrix


# -- by tiles


def by_tiles(region: GpuRegion, node: Node, p: Product) -> None:
    """A kernel of tiles; batches are the grid's y."""
    dtype = p.z.place.dtype
    kind = windows.KINDS[dtype]
    tile = windows.tile_of(p.m, p.n, prod(p.batch), dtype)
    across = -(-p.n // (windows.SIDE * tile.columns))
    numbers = row_major(p.batch)
    place = {
        each: " + ".join([library.at(each.place), *(f"(i64)(blockIdx.y / {s} % {n}) * {t}" for s, n, t in zip(numbers, p.batch, each.batch, strict=True))])
        for each in (p.x, p.y, p.z)
    }  # fmt: skip
    wide = [_wide(p.x, p.x.row, p.x.column, p.m, p.k), _wide(p.y, p.y.column, p.y.row, p.n, p.k)]
    kinds = [f"wf_matrix<{kind}, {v}, {str(d).lower()}>" for v, d in wide]
    lines = [
        f"const {kinds[0]} x = {{{place[p.x]}, {p.x.row}, {p.x.column}, {p.m}, {p.k}}};",
        f"const {kinds[1]} y = {{{place[p.y]}, {p.y.column}, {p.y.row}, {p.n}, {p.k}}};",
        f"const wf_multiplied<{kind}> z = {{{place[p.z]}, {p.z.row}, {p.m}, {p.n}}};",
        f"wf_multiply<{kind}, {tile.rows}, {tile.columns}>(x, y, z, (int)(blockIdx.x / {across}) * {windows.SIDE * tile.rows}, "
        f"(int)(blockIdx.x % {across}) * {windows.SIDE * tile.columns}, 0, {p.k}, room);",
    ]
    blocks = (tile.blocks, prod(p.batch))
    library.call(region, PAGES, node, lines, [p.x.place, p.y.place], [p.z.place], blocks, windows.THREADS, tile.shared)


def _wide(matrix: Matrix, along: int, deep: int, count: int, depth: int) -> tuple[int, bool]:
    """How many neighbours are read at once, and whether they lie along the sum."""
    start = matrix.place.start.start
    for v in (16 // matrix.place.dtype.itemsize, 1):
        others = (start, *matrix.batch)
        if deep == 1 and all(s % v == 0 for s in (*others, along, depth)):
            return v, True
        if along == 1 and all(s % v == 0 for s in (*others, deep, count)):
            return v, False
    return 1, deep == 1


WRITES: dict[str, Write] = {"matmul": write_matmul}
