"""Sorting as C: requests to the runtime library, which sorts every dtype by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Sorting:
    """What a node sorts: for each of the axes before and after, a row of n elements, the first k of which are asked for."""

    x: Any
    values: Any  # the results: elements in order, and their places; None where they are not asked for
    places: Any
    outer: int
    n: int
    inner: int
    k: int
    descending: bool

    @property
    def results(self) -> list[Any]:
        """Those that are asked for."""
        return [y for y in (self.values, self.places) if y is not None]


def sorting_of(node: Node) -> Sorting | None:
    """What a node sorts; None if that is nothing, or too much."""
    x: Any = node.inputs[0]
    first: Any = node.outputs[0]
    values, places = {"sort": (first, None), "argsort": (None, first)}.get(node.op.name) or node.outputs
    if x.dtype not in dtypes.ORDERED or not x.shape or not all(map(size, (x.shape, *(y.shape for y in node.outputs)))):
        return None
    axis = normalize_axis(node.op.name, node.attrs["axis"], len(x.shape))
    n, k = x.shape[axis], first.shape[axis]
    descending = bool(node.attrs.get("descending", node.attrs.get("largest", False)))
    outer, inner = size(x.shape[:axis]), size(x.shape[axis + 1 :])
    return Sorting(x, values, places, outer, n, inner, k, descending) if n < MOST else None


def write_sorting(region: Region, node: Node) -> bool:
    """The elements of rows in order, their places, or both."""
    found = sorting_of(node)
    if found is None:
        return False
    place = region.as_memory(found.x, dense_for=found.results[0])
    targets = {y.key: region.target(y) for y in found.results}
    into = [_start(targets[y.key]) if y is not None else "0" for y in (found.values, found.places)]
    dtype = found.x.dtype
    region.lines.append(
        f"rt->sort(&(struct wf_sort){{{found.outer}, {found.n}, {found.inner}, {found.k}, {dtype.itemsize}, "
        f"{_kind(dtype)}, {int(found.descending)}, {infinity(dtype)}, {_start(place)}, {', '.join(into)}}});"
    )
    for y in found.results:
        region.settle_one(y, targets[y.key])
    return True


def _start(place: Memory) -> str:
    return f"{place.pointer} + {index_text(place.start)}"


def _kind(dtype: np.dtype) -> str:
    if dtype in dtypes.FLOATS:
        return "WF_FLOAT"
    return "WF_UNSIGNED" if dtype in dtypes.UNSIGNED or dtype is dtypes.bool_ else "WF_SIGNED"


def infinity(dtype: np.dtype) -> str:
    """The bits of infinity as C; 0 for what has none."""
    if dtype not in dtypes.FLOATS:
        return "0"
    return f"{int(np.array(np.inf).astype(dtype)[None].view(f'u{dtype.itemsize}')[0]):#x}ull"


WRITES: dict[str, Write] = dict.fromkeys(("sort", "argsort", "top_k"), write_sorting)
