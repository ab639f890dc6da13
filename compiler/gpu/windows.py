"""Convolutions and pooling on a GPU: which kernels of the library a node asks for, and how the work is cut.

As on the CPU there are three axes, channels last, and the cotangent of a convolution's input is convolutions itself. A
convolution is a product of tiles; where groups are single channels, each element of the result has a thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.kernel import Index
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import size
from ..backend.places import Block, Memory
from ..backend.windows import (
    Axis,
    Channels,
    axes_along,
    is_native,
    phases,
    pooled_axes,
    strides_of,
    three_axes,
    with_result,
)
from . import library
from .nodes import Write

if TYPE_CHECKING:
    from .region import GpuRegion

PAGES = ("cuda_conv.h", "cuda_pool.h")
KINDS = {dtypes.float32: "f32", dtypes.float64: "f64"}
THREADS, SIDE, DEEP = 256, 16, 16  # of a block, along either side of it, and products that a tile adds up
ENOUGH = 512  # blocks that keep a device busy
ROOM = 1 << 26  # bytes that parts of sums take at most
MOST = 2**31 - 2**20  # elements that numbers of windows and their positions reach


def _each(axes: Sequence[Axis], name: str) -> str:
    return f"{{{', '.join(str(getattr(axis, name)) for axis in axes)}}}"


def _windows(batch: int, axes: Sequence[Axis]) -> str:
    """The C text of `wf_windows`."""
    fields = ("length", "window", "count", "stride", "dilation", "before")
    return f"{{{batch}, {', '.join(_each(axes, name) for name in fields)}}}"


def _further(place: Memory, by: int) -> Memory:
    """Memory that begins later."""
    return Memory(place.pointer, place.spec, place.strides, place.start + by, place.root)


def _fits(place: Memory, v: int, *steps: int) -> bool:
    """Whether `v` neighbours can be read at once, wherever these steps lead."""
    start = place.start.start if isinstance(place.start, Index) else place.start
    return all(isinstance(n, int) and n % v == 0 for n in (start, *steps))


# -- convolutions


@dataclass(frozen=True)
class _Weights:
    """Where weights lie: the strides of groups, of channels that go in, and of those that come out."""

    place: Memory
    group: int
    into: int
    out: int


@dataclass(frozen=True)
class _Image:
    """Where an image lies, with the strides of pixels and of channels."""

    place: Memory
    pixel: int
    channel: int


def _request(node: Node, axes: Sequence[Axis], c: Channels, x: _Image, w: _Weights, more: bool = False) -> str:
    """A line with a convolution as C."""
    three, breadth = three_axes(axes), node.outputs[0].shape[-1]
    whole = size(node.outputs[0].shape[1:])
    steps = f"{{{', '.join(str(axis.result * breadth) for axis in three)}}}"
    return (
        f"const wf_conv g = {{{_windows(node.inputs[0].shape[0], three)}, {c.groups}, {c.into}, {c.out}, {x.pixel}, "
        f"{x.channel}, {w.group}, {_each(three, 'weights')}, {w.into}, {w.out}, {whole}, {steps}, {str(more).lower()}}};"
    )


def _convolve(region: GpuRegion, node: Node, axes: Sequence[Axis], c: Channels, x: _Image, w: _Weights, y: Memory,
              more: bool = False) -> None:  # fmt: skip
    """One convolution."""
    y = _further(y, sum(axis.start for axis in axes) * node.outputs[0].shape[-1])
    kind, lines = KINDS[y.dtype], [_request(node, axes, c, x, w, more)]
    given = f"{library.at(x.place)}, {library.at(w.place)}, {library.at(y)}"
    pixels = node.inputs[0].shape[0] * prod(axis.count for axis in axes)
    reads = [x.place, w.place]
    if c.into == 1 and c.groups > 1:
        lines.append(f"wf_convolve_each<{kind}>(g, {given});")
        blocks = -(-pixels * c.groups * c.out // THREADS)
        library.call(region, PAGES[:1], node, lines, reads, [y], blocks, THREADS)
        return
    v, weights = 16 // y.dtype.itemsize, [axis.weights for axis in axes]
    deep = w.into == 1 and w.out != 1
    wide_x = v if x.channel == 1 and _fits(x.place, v, c.into, x.pixel) else 1
    if deep:
        wide_w = v if _fits(w.place, v, c.into, w.group, w.out, *weights) else 1
    else:
        wide_w = v if w.out == 1 and _fits(w.place, v, c.out, w.group, w.into, *weights) else 1
    tile = tile_of(pixels, c.out, c.groups, y.dtype)
    lines.append(
        f"wf_convolve<{kind}, {tile.rows}, {tile.columns}, {wide_x}, {wide_w}, {str(deep).lower()}>(g, {given}, room);"
    )
    library.call(region, PAGES[:1], node, lines, reads, [y], (tile.blocks, c.groups), THREADS, tile.shared)


@dataclass(frozen=True)
class _Tile:
    """What each thread of a block has of a product: rows and columns; blocks, and bytes of shared memory of each."""

    rows: int
    columns: int
    blocks: int
    shared: int


def tile_of(m: int, n: int, groups: int, dtype: np.dtype, *, is_split: bool = False) -> _Tile:
    """As much as keeps the arithmetic busy, unless too few blocks are left; where sums are split, these make more."""
    most = 8 if dtype is dtypes.float32 else 4
    columns = next(c for c in (2, 4, most) if c == most or n <= SIDE * c)
    rows = most
    while rows > 2 and (2 * m <= SIDE * rows if is_split else _blocks(m, n, rows, columns) * groups < ENOUGH // 2):
        rows //= 2
    blocks = _blocks(m, n, rows, columns)
    shared = 2 * DEEP * (SIDE * (rows + columns) + 8) * dtype.itemsize
    return _Tile(rows, columns, blocks, shared)


def _blocks(m: int, n: int, rows: int, columns: int) -> int:
    return -(-m // (SIDE * rows)) * -(-n // (SIDE * columns))


def _is_native(node: Node) -> bool:
    return is_native(node) and all(size(z.shape) < MOST for z in (*node.inputs, *node.outputs))


def _operands(region: GpuRegion, node: Node) -> list[Memory]:
    return [region.dense(x, node.outputs[0]) for x in node.inputs]


def write_conv(region: GpuRegion, node: Node) -> bool:
    """A convolution."""
    x, w = node.inputs
    y, groups = node.outputs[0], node.attrs["groups"]
    if not _is_native(node):
        return False
    target = region.target(y)
    given, weights = _operands(region, node)
    columns, steps = y.shape[-1], strides_of(w.shape[:-2], w.shape[-2] * y.shape[-1])
    axes = axes_along(x.shape[1:-1], w.shape[:-2], y.shape[1:-1], node.attrs, steps)
    axes = [with_result(a, s) for a, s in zip(axes, strides_of(y.shape[1:-1], 1), strict=True)]
    channels = Channels(groups, w.shape[-2], columns // groups)
    image = _Image(given, x.shape[-1], 1)
    _convolve(region, node, axes, channels, image, _Weights(weights, channels.out, columns, 1), target)
    region.settle_one(y, target)
    return True


def write_conv_dx(region: GpuRegion, node: Node) -> bool:
    """The cotangent of a convolution's input."""
    dy, w = node.inputs
    dx = node.outputs[0]
    if not _is_native(node):
        return False
    target = region.target(dx)
    given, weights = _operands(region, node)
    lengths, steps = dx.shape[1:-1], strides_of(w.shape[:-2], w.shape[-2] * dy.shape[-1])
    axes = axes_along(lengths, w.shape[:-2], dy.shape[1:-1], node.attrs, steps)
    for phase in itertools.product(*map(phases, axes, strides_of(lengths, 1))):
        _carry_back(region, node, phase, given, weights, target)
    region.settle_one(dx, target)
    return True


def _carry_back(region: GpuRegion, node: Node, axes: Sequence[Axis], given: Memory, weights: Memory,
                target: Memory) -> None:  # fmt: skip
    """One of the convolutions that carry a cotangent back; where a group is one channel, one for each that it made."""
    w, groups = node.inputs[1], node.attrs["groups"]
    columns = w.shape[-1]
    out, weights = columns // groups, _further(weights, sum(axis.first for axis in axes))
    if w.shape[-2] == 1 and groups > 1:
        for i in range(out):
            x, part = _Image(_further(given, i), columns, out), _Weights(_further(weights, i), out, 1, columns)
            _convolve(region, node, axes, Channels(groups, 1, 1), x, part, target, more=i > 0)
    else:
        x, channels = _Image(given, columns, 1), Channels(groups, out, w.shape[-2])
        _convolve(region, node, axes, channels, x, _Weights(weights, out, 1, columns), target)


def write_conv_dw(region: GpuRegion, node: Node) -> bool:
    """The cotangent of a convolution's weights."""
    x, dy = node.inputs
    dw, groups = node.outputs[0], node.attrs["groups"]
    if not _is_native(node):
        return False
    target, places, kernel = region.target(dw), _operands(region, node), dw.shape[:-2]
    axes = axes_along(x.shape[1:-1], kernel, dy.shape[1:-1], node.attrs, (0,) * len(kernel))
    c = Channels(groups, dw.shape[-2], dw.shape[-1] // groups)
    image, unused = _Image(places[0], x.shape[-1], 1), _Weights(places[1], 0, 0, 0)
    _correlate(region, node, _request(node, axes, c, image, unused), c, places, target, size(dy.shape[:-1]))
    region.settle_one(dw, target)
    return True


def _correlate(region: GpuRegion, node: Node, request: str, c: Channels, places: Sequence[Memory], target: Memory,
               depth: int) -> None:  # fmt: skip
    """Sums over windows, in parts where one block for each tile would leave the device idle."""
    dtype, taps, breadth = target.dtype, size(target.shape[:-2]), c.groups * c.out
    kind, v, total = KINDS[dtype], 16 // dtype.itemsize, size(target.shape)
    is_each, tile = c.into == 1 and c.groups > 1, tile_of(taps * c.into, c.out, c.groups, dtype, is_split=True)
    busy = -(-breadth // 32) * taps if is_each else tile.blocks * c.groups
    parts = max(1, min(-(-ENOUGH // busy), -(-depth // 256), ROOM // (total * dtype.itemsize)))
    owner: list[Block] = []
    to = library.room(region, dtype, parts * total, owner) if parts > 1 else target
    given = ", ".join([*map(library.at, places), to if isinstance(to, str) else library.at(to)])
    if is_each:
        lines = [request, f"wf_correlate_each<{kind}>(g, {given}, {parts}, room);"]
        grid, shared = (-(-breadth // 32), taps * parts), THREADS * dtype.itemsize
    else:
        wide = [v if _fits(p, v, n, c.groups * n) else 1 for p, n in zip(places, (c.into, c.out), strict=True)]
        lines = [
            request,
            f"wf_correlate<{kind}, {tile.rows}, {tile.columns}, {wide[0]}, {wide[1]}>(g, {given}, {parts}, room);",
        ]
        grid, shared = (tile.blocks, c.groups * parts), tile.shared
    library.call(region, PAGES[:1], node, lines, places, [to], grid, THREADS, shared)
    if isinstance(to, str):
        add = [f"wf_add_parts({to}, {library.at(target)}, {parts}, {total});"]
        library.call(region, PAGES[:1], node, add, [to], [target], -(-total // THREADS), THREADS)
    library.give_back(region, owner)


# -- pooling


def _pool(kind: str, fields: Sequence[str], back: bool = False) -> Any:
    """What writes an op of pooling: its operands; `back`: to the input of pooling."""

    def write(region: GpuRegion, node: Node) -> bool:
        x, y = node.inputs[0], node.outputs[0]
        wanted = [dtypes.int32 if name == "winners" else x.dtype for name in fields]
        big = max(size(x.shape), size(y.shape)) >= MOST
        if big or x.dtype not in KINDS or [getattr(z, "dtype", None) for z in node.inputs] != wanted:
            return False
        target, places = region.target(y), _operands(region, node)
        image, out = (y, x) if back else (x, y)
        axes = three_axes(pooled_axes(node, image.shape[1:-1], out.shape[1:-1]))
        padded = str(bool(node.attrs.get("count_include_pad"))).lower()
        request = f"{{{_windows(x.shape[0], axes)}, {x.shape[-1]}, {padded}, {_each(axes, 'end')}}}"
        given = ", ".join(map(library.at, [*places, target]))
        lines = [f"const wf_pool p = {request};", f"wf_pool_{kind}<{KINDS[x.dtype]}>(p, {given});"]
        library.call(region, PAGES, node, lines, places, [target], -(-size(y.shape) // THREADS), THREADS)
        region.settle_one(y, target)
        return True

    return write


WRITES: dict[str, Write] = {
    "conv": write_conv,
    "conv_dx": write_conv_dx,
    "conv_dw": write_conv_dw,
    "max_pool": _pool("max", ("x",)),
    "max_pool_winners": _pool("winners", ("x", "y")),
    "unpool": _pool("unpool", ("x", "winners"), back=True),
    "pick": _pool("pick", ("x", "winners")),
    "avg_pool": _pool("mean", ("x",)),
    "avg_pool_dx": _pool("mean_dx", ("x",), back=True),
}  # pyright: ignore[reportAssignmentType]
