"""Scatters on a GPU: which way elements find their places, so that the result is that of the CPU every time.

Few elements that may meet are walked through by one thread. To set elements takes claims, one for each place, of which
the last element's wins. Sums and the like are combined in the order of sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels import print_scatter
from ...kernels.kernel import ZERO, Parameter, Position, Store, Update, variable
from ...kernels.print_cuda import Axis, Launch
from ...kernels.print_scatter import Runs, Scattering
from ...kernels.scalar import build, cast, read
from ...kernels.spelling import supported
from ...runtime import dtypes
from ...runtime.op import Node
from ...runtime.spec import Spec, size
from ..backend import views
from ..backend.changes import changed
from ..backend.groups import Group
from ..backend.nests import gone, merged, names_of, own_indices
from ..backend.places import Block, Memory
from ..backend.scatter import update_of
from ..backend.walks import PUTS, SCATTERS, axes_of
from . import library, sorting

if TYPE_CHECKING:
    from .region import GpuRegion

FEW = 32  # elements that one thread walks through whatever else there is
BUSY = 1 << 17  # threads that keep a device busy
PLUS = read("{0} + {1}")


def is_walk(node: Node) -> bool:
    """Whether a node whose positions are numbers is a walk as well: on a GPU they are in memory like others."""
    if node.op.name not in ("index_sum", "index_put") or len(node.inputs[1].shape) != 1:
        return False
    y = node.outputs[0]
    tensors = [y, *(x for x in node.inputs if hasattr(x, "shape"))]
    return all(supported(x.dtype) and size(x.shape) for x in tensors)


def write_scatter(region: GpuRegion, node: Node, group: Group) -> None:
    """Zeros, or a copy, and what is put there."""
    target = _begun(region, node, group.inlined)
    _Scatter(region, node, group, target).run()
    region.settle_one(node.outputs[0], target)


def write_nothing(region: GpuRegion, node: Node) -> bool:
    """A scatter of no elements."""
    value: Any = node.inputs[2] if node.op.name in PUTS else node.inputs[0]
    if size(node.inputs[1].shape) and size(getattr(value, "shape", ())):
        return False
    region.settle_one(node.outputs[0], _begun(region, node, ()))
    return True


def _begun(region: GpuRegion, node: Node, inlined: Sequence[Node]) -> Memory:
    """What elements are put into."""
    if node.op.name in PUTS:
        return changed(region, node, inlined)
    target = region.target(node.outputs[0])
    region.clear(target)
    return target


class _Scatter:
    """One scatter, as kernels."""

    def __init__(self, region: GpuRegion, node: Node, group: Group, target: Memory) -> None:
        self.region, self.node, self.group, self.target = region, node, group, target
        self.printer = region.program.printer
        axes = names_of(group.space)
        elements, indices = region.elements(), own_indices(axes, group.space)
        self.update = update_of(node, elements, target, indices)
        numbered = range(len(target.shape)) if node.op.name == "scatter_along" else axes_of(node)
        self.lengths = tuple(target.shape[i] for i in numbered)
        self.strides = tuple(target.strides[i] for i in numbered)
        self.key = self.keyed(elements, indices, numbered)
        walk = [axis for axis in axes if axis[1] != 1 and not self.update.index.count(axis[0])]
        if node.op.name == "scatter_along":
            self.together, self.apart = merged(axes, [self.update, self.store("")]), []
            self.walked = merged(walk, [self.update]), merged([a for a in axes if a not in walk], [self.update])
        else:
            self.together = merged(walk, [self.update, self.store("")])
            self.apart = merged([a for a in axes if a not in walk], [self.update])
            self.walked = self.together, self.apart
        if node.attrs.get("unique"):
            self.walked = [], merged(axes, [self.update])
        self.axes = axes

    def keyed(self, elements: Any, indices: views.Indices, numbered: Sequence[int]) -> Any:
        """The place of an element as one number."""
        steps = dict(zip(numbered, views.row_major(self.lengths), strict=True))
        numbers = tuple(steps.get(i, 0) if n != 1 else 0 for i, n in enumerate(self.target.shape))
        found = update_of(self.node, elements, Memory("", self.target.spec, numbers), indices)
        if not found.index.terms and not found.index.start:
            return cast(found.at, self.key_dtype)
        return cast(build(PLUS, [found.at, Position(dtypes.int64, found.index)], dtypes.int64), self.key_dtype)

    @property
    def key_dtype(self) -> np.dtype:
        return dtypes.uint32 if prod(self.lengths) < 2**32 - 1 else dtypes.uint64

    @property
    def n(self) -> int:
        return prod(n for _, n in self.together)

    def store(self, name: str) -> Store:
        """What writes the key of an element."""
        walk = self.key_walk()
        place = views.offset(
            views.row_major(tuple(n for _, n in walk)), ZERO, tuple(variable(name) for name, _ in walk)
        )
        return Store(name, place, self.key)

    def key_walk(self) -> list[Axis]:
        """The axes along which positions differ."""
        is_along = self.node.op.name == "scatter_along"
        return [
            axis
            for axis in names_of(self.group.space)
            if axis[1] != 1 and (is_along or not self.update.index.count(axis[0]))
        ]

    def run(self) -> None:
        """Choose a way."""
        together, apart = (prod(n for _, n in axes) for axes in self.walked)
        if together <= FEW or together**2 <= apart or self.n >= sorting.MOST:
            scattering = self.scattering(*self.walked)
            self.printer.dropped = gone(self.axes, [*self.walked[0], *self.walked[1]])
            self.put(lambda parameters: print_scatter.walked(self.printer, scattering, parameters))
            return
        owner: list[Block] = []
        scattering = self.scattering(self.together, self.apart)
        keys = self.keys(owner)
        self.printer.dropped = gone(self.axes, [*self.together, *self.apart])
        if self.update.kind == "set":
            self.set(scattering, keys, owner)
        else:
            self.combine(scattering, keys, owner)
        library.give_back(self.region, owner)

    def scattering(self, together: Sequence[Axis], apart: Sequence[Axis]) -> Scattering:
        keyed = tuple((f"p{i}", n, s) for i, (n, s) in enumerate(zip(self.lengths, self.strides, strict=True)))
        update = self.update
        if self.node.op.name == "scatter_along" and together is self.together:
            update = Update(update.pointer, self.target.start, update.value, update.at, update.kind)
        parameters = self.region.parameters([update])
        whole = self.region.reach(parameters, [*together, *apart], [("", prod(self.lengths))])
        return Scattering(update, tuple(together), tuple(apart), keyed, whole)

    def keys(self, owner: list[Block]) -> Memory:
        """The keys of all elements, in memory."""
        keys = self.region.fresh(Spec((self.n,), self.key_dtype), owner)
        self.region.each_element([self.store(keys.pointer)], self.key_walk() or [("s0", 1)], self.group)
        return keys

    def set(self, scattering: Scattering, keys: Memory, owner: list[Block]) -> None:
        """Elements that claim their places, and those that got theirs."""
        claims = self.region.fresh(Spec((prod(self.lengths),), dtypes.uint32), owner)
        self.region.clear(claims)
        given = [Parameter(keys.pointer, keys.dtype), Parameter(claims.pointer, claims.dtype, True, True)]
        self.launch(print_scatter.claim(self.printer, scattering, given, keys.pointer, claims.pointer), given)
        self.put(lambda parameters: print_scatter.set_claimed(
            self.printer, scattering, parameters, keys.pointer, claims.pointer), given)  # fmt: skip

    def combine(self, scattering: Scattering, keys: Memory, owner: list[Block]) -> None:
        """Elements in the order of their keys, and runs of them."""
        words = sorting.sorted_words(self.region, self.node, keys, owner)
        chunk = 16
        while chunk < 4096 and self.n * scattering.columns > chunk * BUSY:
            chunk *= 2
        count = -(-self.n // chunk) * scattering.columns
        heads, tails = (self.region.fresh(Spec((count,), self.target.dtype), owner).pointer for _ in range(2))
        word = "u64" if self.key_dtype is dtypes.uint32 else "u128"
        r = Runs(words, word, self.n, chunk, heads, tails)
        pointers = self.region.program.pointers
        given = [Parameter(name, pointers[name], True, name != words) for name in (words, heads, tails)]
        self.put(lambda parameters: print_scatter.runs(self.printer, scattering, parameters, r), given)
        own = [Parameter(self.target.pointer, pointers[self.target.pointer], True, True), *given]
        self.launch(print_scatter.spanning(self.printer, scattering, own, r), own)

    def put(self, build: Callable[[Sequence[Parameter]], Launch], more: Sequence[Parameter] = ()) -> None:
        """Run a kernel that computes elements and writes to the target."""
        parameters = [*self.region.parameters([self.update]), *more]
        self.launch(build(parameters), parameters)

    def launch(self, launch: Launch, parameters: Sequence[Parameter]) -> None:
        self.region.put(launch, parameters, self.group)


WALKS: dict[str, Callable[[Any, Node, Group], None]] = dict.fromkeys(SCATTERS, write_scatter)
WRITES: dict[str, Callable[[Any, Node], bool]] = dict.fromkeys(SCATTERS, write_nothing)
