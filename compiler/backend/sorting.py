"""Sorting as C: requests to the runtime library, which sorts every dtype by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.spelling import index_text
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import normalize_axis, size
from .places import Memory

if TYPE_CHECKING:
    from .region import Region

Write = Callable[["Region", Node], bool]
MOST = 2**31  # elements of a row whose positions fit a word


def write_sort(region: Region, node: Node) -> bool:
    """The elements in order."""
    return _write(region, node, values=node.outputs[0])


def write_argsort(region: Region, node: Node) -> bool:
    """The places of the elements in order."""
    return _write(region, node, places=node.outputs[0])


def write_top_k(region: Region, node: Node) -> bool:
    """The first elements in order, and their places."""
    return _write(region, node, *node.outputs)


def _write(region: Region, node: Node, values: Any = None, places: Any = None) -> bool:
    x: Any = node.inputs[0]
    results = [y for y in (values, places) if y is not None]
    if x.dtype not in dtypes.ORDERED or not x.shape or not all(map(size, (x.shape, *(y.shape for y in results)))):
        return False
    axis = normalize_axis(node.op.name, node.attrs["axis"], len(x.shape))
    n, k = x.shape[axis], results[0].shape[axis]
    if n >= MOST:
        return False
    place = region.as_memory(x, dense_for=results[0])
    targets = [region.target(y) for y in results]
    into = {y.key: _start(target) for y, target in zip(results, targets, strict=True)}
    descending = node.attrs.get("descending", node.attrs.get("largest", False))
    region.lines.append(
        f"rt->sort(&(struct wf_sort){{{size(x.shape[:axis])}, {n}, {size(x.shape[axis + 1 :])}, {k}, "
        f"{x.dtype.itemsize}, {_kind(x.dtype)}, {int(descending)}, {_infinity(x.dtype)}, "
        f"{_start(place)}, {into[values.key] if values is not None else 0}, "
        f"{into[places.key] if places is not None else 0}}});"
    )
    for y, target in zip(results, targets, strict=True):
        region.settle_one(y, target)
    return True


def _start(place: Memory) -> str:
    return f"{place.pointer} + {index_text(place.start)}"


def _kind(dtype: np.dtype) -> str:
    if dtype in dtypes.FLOATS:
        return "WF_FLOAT"
    return "WF_UNSIGNED" if dtype in dtypes.UNSIGNED or dtype is dtypes.bool_ else "WF_SIGNED"


def _infinity(dtype: np.dtype) -> str:
    if dtype not in dtypes.FLOATS:
        return "0"
    return f"{int(np.array(np.inf).astype(dtype)[None].view(f'u{dtype.itemsize}')[0]):#x}ull"


WRITES: dict[str, Write] = {"sort": write_sort, "argsort": write_argsort, "top_k": write_top_k}
