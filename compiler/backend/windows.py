"""Convolutions and pooling as C: requests to the runtime library.

The library knows windows over three axes, channels last. An image of fewer axes has others of length 1 in front. The
cotangent of a convolution's input is convolutions itself: elements whose places leave the same remainder, divided by
the stride, see the same positions of the window, and what these read lies evenly in the output's cotangent.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Any

from ...kernels.spelling import index_text
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.ops.windows import geometry
from ...runtime.spec import size
from ..graph.symbolic import SymbolicTensor
from .places import Memory

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]
KINDS = {dtypes.float32: "f32", dtypes.float64: "f64"}


@dataclass(frozen=True)
class Axis:
    """Windows along one axis: as many as `count`, and where the strides of operands lead."""

    length: int
    window: int
    count: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    weights: int = 0  # elements from one position of the window to the next, in the weights
    first: int = 0  # and that of the first position
    result: int = 0  # elements from one window to the next, in the result
    start: int = 0  # and that of the first window
    end: int = 1  # where what a mean counts ends

    @property
    def is_trivial(self) -> bool:
        return self.length == self.window == self.count == self.stride == 1 and not self.before


NONE = Axis(1, 1, 1)


def three_axes(axes: Sequence[Axis]) -> list[Axis]:
    """Three axes, those that mean nothing in front: work is done along the last one."""
    trivial = [axis for axis in axes if axis.is_trivial]
    return [*[NONE] * (3 - len(axes)), *trivial, *(axis for axis in axes if not axis.is_trivial)]


def _each(axes: Sequence[Axis], name: str) -> str:
    return f"{{{', '.join(str(getattr(axis, name)) for axis in axes)}}}"


def _windows(batch: int, axes: Sequence[Axis]) -> str:
    """The C text of `struct wf_windows`."""
    fields = ("length", "window", "count", "stride", "dilation", "before")
    return f"{{{batch}, {', '.join(_each(axes, name) for name in fields)}}}"


def _at(place: Memory, further: int = 0) -> str:
    return f"{place.pointer} + {index_text(place.start + further)}"


def strides_of(shape: Sequence[int], last: int) -> list[int]:
    """The strides of axes in order, of which the last has its own."""
    return [size(tuple(shape[i + 1 :])) * last for i in range(len(shape))]


def axes_along(lengths: Any, kernel: Any, out: Any, attrs: Any, weights: Sequence[int]) -> list[Axis]:
    """The windows of a convolution, with the strides of weights."""
    stride, pads, dilation = geometry("conv", lengths, kernel, attrs["stride"], attrs["padding"], attrs["dilation"])
    before = [pair[0] for pair in pads]
    return [Axis(*each) for each in zip(lengths, kernel, out, stride, dilation, before, weights, strict=True)]


def is_native(node: Node) -> bool:
    """Whether a convolution is of numbers that the library computes with."""
    y = node.outputs[0]
    return y.dtype in KINDS and all(isinstance(x, SymbolicTensor) and x.dtype is y.dtype for x in node.inputs)


def _operands(region: Region, node: Node) -> list[Memory]:
    return [region.as_memory(x, dense_for=node.outputs[0]) for x in node.inputs]


# -- convolutions


@dataclass(frozen=True)
class Channels:
    """Groups of channels: how many, how many go into each, and come out of it."""

    groups: int
    into: int
    out: int


def _ask(region: Region, node: Node, axes: Sequence[Axis], channels: Channels, x: str, w: str, y: Memory,
         more: bool = False) -> None:  # fmt: skip
    """One request: `x` and `w` are the C text of its operands with their strides."""
    three, batch = three_axes(axes), node.inputs[0].shape[0]
    breadth = node.outputs[0].shape[-1]
    whole = size(node.outputs[0].shape[1:])
    start = sum(axis.start for axis in axes) * breadth
    steps = f"{{{', '.join(str(axis.result * breadth) for axis in three)}}}"
    kind = KINDS[node.outputs[0].dtype]
    region.lines.append(
        f"{{ struct wf_conv g = {{{_windows(batch, three)}, {channels.groups}, {channels.into}, {channels.out}, {x}, {w}, "
        f"{_at(y, start)}, {whole}, {steps}, {int(more)}}}; rt->conv_{kind}(&g); }}"
    )


def write_conv(region: Region, node: Node) -> bool:
    """A convolution; one with a window of one element is a product of matrices."""
    x, w = node.inputs
    y, groups = node.outputs[0], node.attrs["groups"]
    if not is_native(node):
        return False
    target = region.target(y)
    if all(y.shape):
        given, weights = _operands(region, node)
        channels = Channels(groups, w.shape[-2], w.shape[-1] // groups)
        columns = y.shape[-1]
        steps = strides_of(w.shape[:-2], w.shape[-2] * columns)
        axes = axes_along(x.shape[1:-1], w.shape[:-2], y.shape[1:-1], node.attrs, steps)
        if _is_product(axes, x, w, groups):
            _product(region, node, (x.shape[-1], columns), _at(given), f"{_at(weights)}, 0, {columns}, 1", target)
        else:
            axes = [with_result(a, s) for a, s in zip(axes, strides_of(y.shape[1:-1], 1), strict=True)]
            text = f"{_at(weights)}, {channels.out}, {_each(three_axes(axes), 'weights')}, {columns}, 1"
            _ask(region, node, axes, channels, f"{_at(given)}, {x.shape[-1]}, 1", text, target)
    region.settle_one(y, target)
    return True


def with_result(axis: Axis, step: int) -> Axis:
    """Windows that lie so far apart in the result."""
    return Axis(axis.length, axis.window, axis.count, axis.stride, axis.dilation, axis.before, axis.weights, 0, step)


def _is_product(axes: Sequence[Axis], x: Any, w: Any, groups: int) -> bool:
    alone = all(a.window == a.stride == 1 and not a.before and a.count == a.length for a in axes)
    return alone and groups == 1 and bool(size(x.shape)) and bool(size(w.shape))


def _product(region: Region, node: Node, sizes: tuple[int, int], a: str, b: str, target: Memory) -> None:
    """Every pixel's channels times a matrix."""
    (k, n), m = sizes, size(node.outputs[0].shape[:-1])
    kind = KINDS[node.outputs[0].dtype]
    region.lines.append(
        f"{{ struct wf_gemm g = {{1, {m}, {n}, {k}, {a}, 0, {k}, 1, {b}, {_at(target)}, 0, {n}}}; rt->gemm_{kind}(&g); }}"
    )


def phases(axis: Axis, step: int) -> list[Axis]:
    """The convolutions along an axis that carry a cotangent back: one for each remainder by the stride.

    The axis is that of the convolution; `step` is the stride of its axis in the result.
    """
    found, common = [], gcd(axis.stride, axis.dilation)
    for remainder in range(axis.stride):
        start = (remainder - axis.before) % axis.stride
        count = len(range(start, axis.length, axis.stride))
        taps = [k for k in range(axis.window) if k * axis.dilation % axis.stride == remainder]
        if not count:
            continue
        dilation, last = axis.dilation // common, taps[-1] if taps else 0
        before = -((start + axis.before - last * axis.dilation) // axis.stride)
        found.append(
            Axis(axis.count, len(taps), count, 1, dilation, before, -axis.stride // common * axis.weights,
                 last * axis.weights, axis.stride * step, start * step)
        )  # fmt: skip
    return found


def write_conv_dx(region: Region, node: Node) -> bool:
    """The cotangent of a convolution's input."""
    dy, w = node.inputs
    dx, groups = node.outputs[0], node.attrs["groups"]
    if not is_native(node):
        return False
    target = region.target(dx)
    if all(dx.shape):
        given, weights = _operands(region, node)
        columns, lengths = dy.shape[-1], dx.shape[1:-1]
        axes = axes_along(
            lengths, w.shape[:-2], dy.shape[1:-1], node.attrs, strides_of(w.shape[:-2], w.shape[-2] * columns)
        )
        if _is_product(axes, dy, w, groups):
            _product(region, node, (columns, dx.shape[-1]), _at(given), f"{_at(weights)}, 0, 1, {columns}", target)
        else:
            for phase in itertools.product(*map(phases, axes, strides_of(lengths, 1))):
                _carry_back(region, node, phase, given, weights, target)
    region.settle_one(dx, target)
    return True


def _carry_back(region: Region, node: Node, axes: Sequence[Axis], given: Memory, weights: Memory,
                target: Memory) -> None:  # fmt: skip
    """One of the convolutions that carry a cotangent back; where a group is one channel, one for each that it made."""
    w, groups = node.inputs[1], node.attrs["groups"]
    columns = w.shape[-1]
    out, first = columns // groups, sum(axis.first for axis in axes)
    steps = _each(three_axes(axes), "weights")
    if w.shape[-2] == 1 and groups > 1:
        for i in range(out):
            x, text = f"{_at(given, i)}, {columns}, {out}", f"{_at(weights, first + i)}, {out}, {steps}, 1, {columns}"
            _ask(region, node, axes, Channels(groups, 1, 1), x, text, target, more=i > 0)
    else:
        text = f"{_at(weights, first)}, {out}, {steps}, 1, {columns}"
        _ask(region, node, axes, Channels(groups, out, w.shape[-2]), f"{_at(given)}, {columns}, 1", text, target)


def write_conv_dw(region: Region, node: Node) -> bool:
    """The cotangent of a convolution's weights."""
    x, dy = node.inputs
    dw, groups = node.outputs[0], node.attrs["groups"]
    if not is_native(node):
        return False
    target = region.target(dw)
    if all(dw.shape):
        places = _operands(region, node)
        kernel = dw.shape[:-2]
        axes = three_axes(axes_along(x.shape[1:-1], kernel, dy.shape[1:-1], node.attrs, (0,) * len(kernel)))
        operands = ", ".join(map(_at, [*places, target]))
        counts = f"{groups}, {dw.shape[-2]}, {dw.shape[-1] // groups}"
        region.lines.append(
            f"{{ struct wf_conv_dw g = {{{_windows(x.shape[0], axes)}, {counts}, {operands}}}; "
            f"rt->conv_dw_{KINDS[dw.dtype]}(&g); }}"
        )
    region.settle_one(dw, target)
    return True


# -- pooling


def _pool(kind: str, fields: Sequence[str], back: bool = False) -> Write:
    """What writes an op of pooling: its operands' fields of `struct wf_pool`; `back`: to the input of pooling."""

    def write(region: Region, node: Node) -> bool:
        x, y = node.inputs[0], node.outputs[0]
        wanted = [dtypes.int32 if name == "winners" else x.dtype for name in fields]
        if x.dtype not in KINDS or [getattr(v, "dtype", None) for v in node.inputs] != wanted:
            return False
        target = region.target(y)
        if all(y.shape):
            places = zip((*fields, "result"), (*_operands(region, node), target), strict=True)
            given = ", ".join(f".{name} = {_at(place)}" for name, place in places)
            image, out = (y, x) if back else (x, y)
            request = f"{_pooled(node, image.shape[1:-1], out.shape[1:-1])}, {given}"
            region.lines.append(f"{{ struct wf_pool p = {{{request}}}; rt->pool_{KINDS[x.dtype]}(&p, {kind}); }}")
        region.settle_one(y, target)
        return True

    return write


def _pooled(node: Node, lengths: Sequence[int], counts: Sequence[int]) -> str:
    """The C text of what `struct wf_pool` says of windows."""
    batch, channels = node.inputs[0].shape[0], node.inputs[0].shape[-1]
    padded = bool(node.attrs.get("count_include_pad"))
    axes = three_axes(pooled_axes(node, lengths, counts))
    at = _windows(batch, axes)
    return f".at = {at}, .channels = {channels}, .padding_counts = {int(padded)}, .end = {_each(axes, 'end')}"


def pooled_axes(node: Node, lengths: Sequence[int], counts: Sequence[int]) -> list[Axis]:
    """The windows of pooling; a mean counts padding up to `end`, or elements alone."""
    window, stride, pads = (node.attrs[name] for name in ("window", "stride", "padding"))
    padded = bool(node.attrs.get("count_include_pad"))
    return [
        Axis(n, k, count, s, 1, before, end=n + after * padded)
        for n, k, count, s, (before, after) in zip(lengths, window, counts, stride, pads, strict=True)
    ]


WRITES: dict[str, Write] = {
    "conv": write_conv,
    "conv_dx": write_conv_dx,
    "conv_dw": write_conv_dw,
    "max_pool": _pool("WF_MAX", ("x",)),
    "max_pool_winners": _pool("WF_WINNERS", ("x", "y")),
    "unpool": _pool("WF_UNPOOL", ("x", "winners"), back=True),
    "pick": _pool("WF_PICK", ("x", "winners")),
    "avg_pool": _pool("WF_MEAN", ("x",)),
    "avg_pool_dx": _pool("WF_MEAN_DX", ("x",), back=True),
}
