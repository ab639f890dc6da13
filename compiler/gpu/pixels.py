"""Convolutions whose window is one pixel: products of matrices, a row for each pixel, by the vendor's library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...runtime.op import Node
from ...runtime.ops.windows import geometry
from ...runtime.spec import size
from ..backend.windows import is_native
from . import products, windows
from .nodes import Write
from .products import Matrix, Product

if TYPE_CHECKING:
    from ..backend.places import Memory
    from .region import GpuRegion


def is_of_pixels(node: Node) -> bool:
    """Whether each pixel is multiplied by itself, with all of its channels."""
    lengths, kernel = _image(node).shape[1:-1], _weights(node).shape[:-2]
    attrs = node.attrs
    if any(n != 1 for n in kernel) or attrs["groups"] != 1 or not is_native(node):
        return False
    stride, pads, _ = geometry("conv", lengths, kernel, attrs["stride"], attrs["padding"], attrs["dilation"])
    return all(n == 1 for n in stride) and not any(before or after for before, after in pads)


def _image(node: Node) -> Any:
    return node.outputs[0] if node.op.name == "conv_dx" else node.inputs[0]


def _weights(node: Node) -> Any:
    return node.outputs[0] if node.op.name == "conv_dw" else node.inputs[1]


def _matrix(place: Memory, columns: int, is_transposed: bool) -> Matrix:
    return Matrix(place, 1, columns, ()) if is_transposed else Matrix(place, columns, 1, ())


def _product(node: Node, x: Memory, y: Memory, z: Memory) -> Product:
    """What a convolution multiplies; of a cotangent one operand is transposed."""
    name, (into, out) = node.op.name, _weights(node).shape[-2:]
    pixels = size(_image(node).shape[:-1])
    m, n, k = {"conv": (pixels, out, into), "conv_dx": (pixels, into, out), "conv_dw": (into, out, pixels)}[name]
    left = _matrix(x, k if name != "conv_dw" else m, name == "conv_dw")
    right = _matrix(y, n if name != "conv_dx" else k, name == "conv_dx")
    return Product(m, n, k, (), left, right, _matrix(z, n, False))


def _write(write: Write) -> Write:
    """What writes a convolution, or asks the library where it can."""

    def written(region: GpuRegion, node: Node) -> bool:
        y = node.outputs[0]
        if not (products.has_library() and is_of_pixels(node)):
            return write(region, node)
        left, right = (region.dense(x, y) for x in node.inputs)
        target = region.target(y)
        product = _product(node, left, right, target)
        if not products.is_for_library(product):
            return write(region, node)
        products.by_library(region, node, product, [])
        region.settle_one(y, target)
        return True

    return written


WRITES: dict[str, Write] = {name: _write(windows.WRITES[name]) for name in ("conv", "conv_dx", "conv_dw")}
