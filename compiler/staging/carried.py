"""What carries a value through a graph: tensors, as its template says.

A value is written into a region's outputs (`encode`) and read back from what comes out (`decode`). A list that grows
is carried by the number of its items and the stack on which they lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...runtime import tree
from ...runtime.dim import Dim, named
from ...runtime.dtypes import int64, uint8
from ...runtime.spec import Spec, StackSpec, stack_of
from ...runtime.tensor import OPS, Tensor
from ...runtime.variable import Variable
from ..graph.graph import Graph
from ..graph.sizes import is_open, takes
from ..graph.stack import empty_stack, piled, push, stacked
from .grown import Grown, holds_grown
from .maybe import NONE, PRESENT, UNBOUND, Maybe, maybe, unbound
from .objects import flatten
from .origins import ONLY_NEW, Numbers, holders, present
from .template import Growing, Known, Mixed, Optional, Template, Traced, Tree, Unsettled

ROOM = 16  # items for which a list that grows has memory at first


def specs(template: Template) -> list[Spec]:
    """The specs of the tensors that carry a value."""
    if isinstance(template, Traced):
        return [template.spec]
    if isinstance(template, Growing):
        return [*_numbered([template.origin]), Spec((), int64), stack_of(template.item.spec)]
    if isinstance(template, Tree):
        return [*_numbered(template.origins), *(spec for leaf in template.leaves for spec in specs(leaf))]
    if isinstance(template, Optional):
        return [Spec((), uint8), *(specs(template.inner) if template.inner is not None else [])]
    return []


def _numbered(origins: Sequence[Numbers]) -> list[Spec]:
    """What carries the numbers of objects; those of new ones are known."""
    return [Spec((), int64) for numbers in origins if numbers != ONLY_NEW]


def encode(value: Any, template: Template, graph: Graph) -> list[Any]:
    """The tensors that carry `value`, in `graph`."""
    if isinstance(template, Traced):
        return [_tensor(value, template.spec, graph)]
    if isinstance(template, Tree):
        leaves, which = flatten(value)[0], _encode_origins(list(holders(value)), template.origins, graph)
        return which + [
            t for leaf, part in zip(leaves, template.leaves, strict=True) for t in encode(leaf, part, graph)
        ]
    if isinstance(template, Optional):
        return _encode_optional(value, template, graph)
    if isinstance(template, Growing):
        which = _encode_origins([value], [template.origin], graph)
        return which + _encode_growing(value, template.item, graph)
    return []


def _encode_origins(objects: list[Any], origins: Sequence[Numbers], graph: Graph) -> list[Any]:
    """The numbers of objects, where they may be others than new ones."""
    pairs = zip(objects, origins, strict=True)
    return [
        _tensor(present.get().which(x, numbers), Spec((), int64), graph) for x, numbers in pairs if numbers != ONLY_NEW
    ]


def _encode_growing(items: list[Any], item: Traced, graph: Graph) -> list[Any]:
    """How many items there are, and the stack of them."""
    count, stack, rest = 0, None, items
    if holds_grown(items):
        count, rest = graph.lift(items[0].count), items[1:]
        stack = _as(graph.lift(items[0].stack), items[0].spec, item.spec, graph)
    if stack is None:
        stack = graph.run(empty_stack, (), {"element": item.spec, "capacity": ROOM})
    for x in rest:
        stack = graph.run(push, (stack, _tensor(x, item.spec, graph)), {})
    return [graph.lift(OPS["asarray"](len(rest))) if type(count) is int else graph.lift(count + len(rest)), stack]


def _as(stack: Any, old: Spec, new: Spec, graph: Graph) -> Any:
    """A stack with its elements cast."""
    if old.dtype is new.dtype:
        return stack
    length = named(graph.sizes.add("length", least=0), graph.sizes)
    array: Any = graph.run(stacked, (stack,), {"length": length})
    cast: Any = OPS["astype"]
    return graph.run(piled, (graph.run(cast, (array,), {"dtype": new.dtype}),), {})


def _encode_optional(value: Any, template: Optional, graph: Graph) -> list[Any]:
    code: Any = {None: NONE, unbound: UNBOUND}.get(value, PRESENT) if value is None or value is unbound else PRESENT
    inside = value
    if isinstance(value, Maybe):
        code, inside = value.code, value.value
    tensors = [_tensor(code, Spec((), uint8), graph)]
    if template.inner is None:
        return tensors
    if inside is None or inside is unbound:
        return tensors + placeholders(template.inner, graph)
    return tensors + encode(inside, template.inner, graph)


def placeholders(template: Template, graph: Graph) -> list[Any]:
    """Tensors that stand where a value is absent; nobody looks at them."""
    return [_placeholder(spec, graph) for spec in specs(template)]


def _placeholder(spec: Spec, graph: Graph) -> Any:
    if isinstance(spec, StackSpec):
        return graph.run(empty_stack, (), {"element": spec.element, "capacity": None})
    return _tensor(OPS["zeros"]((), dtype=spec.dtype), spec, graph)


def _tensor(value: Any, spec: Spec, graph: Graph) -> Any:
    if type(value) is Dim:
        value = graph.size(value)
    if not isinstance(value, Tensor) or isinstance(value, Variable):
        value = OPS["asarray"](value, dtype=spec.dtype) if not isinstance(value, Variable) else value.read_value()
    x = graph.lift(value)
    if x.dtype is not spec.dtype:
        x = graph.run(OPS["astype"], (x,), {"dtype": spec.dtype})  # pyright: ignore[reportArgumentType]
    if takes(spec, x.spec):
        return x
    shape = tuple([0 if is_open(n, graph) else n for n in spec.shape])  # where a value is absent
    return graph.run(OPS["broadcast_to"], (x,), {"shape": shape})  # pyright: ignore[reportArgumentType]


def decode(template: Template, tensors: Iterator[Any], name: str) -> Any:
    """The value that tensors carry."""
    if isinstance(template, Known):
        return template.value
    if isinstance(template, Traced):
        x = next(tensors)
        x.weak = template.weak
        x.name = x.name or name
        return x
    if isinstance(template, Tree):
        which = [next(tensors) for _ in _numbered(template.origins)]
        value = tree.unflatten(template.structure, [decode(leaf, tensors, name) for leaf in template.leaves])
        return _choosing(value, list(holders(value)), template.origins, which)
    if isinstance(template, Growing):
        which = [next(tensors) for _ in _numbered([template.origin])]
        count, stack = next(tensors), next(tensors)
        value = [Grown(stack, count, template.item.spec, template.item.weak)]
        return _choosing(value, [value], [template.origin], which)
    if isinstance(template, Mixed):
        return Unsettled(template.error)
    code = next(tensors)
    if template.inner is None:
        only = next(iter(template.absent))
        return (
            (None if only == NONE else unbound)
            if len(template.absent) == 1
            else maybe(code, template.absent, None, name)
        )
    return maybe(code, template.absent, decode(template.inner, tensors, name), name)


def _choosing(value: Any, objects: list[Any], origins: Sequence[Numbers], which: list[Any]) -> Any:
    """A value, after what is known of the objects in it was noted."""
    carried = iter(which)
    for x, numbers in zip(objects, origins, strict=True):
        if numbers != ONLY_NEW:
            present.get().choose(x, next(carried), numbers)
    return value
