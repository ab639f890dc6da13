"""Templates: what is known of a variable's value where paths join.

    Known     the same Python object on every path: it stays what it is
    Traced    a tensor of one spec, or a Python number that differs between paths (weak)
    Optional  absent on some paths (unbound, or None), else as `inner`
    Tree      a container of one structure, its leaves templates
    Growing   a list of any length whose items are tensors of one spec, or Python numbers of one type
    Mixed     of kinds that do not join: an error for whoever reads it

Joining moves up this order until nothing changes. `carried.py` says which tensors carry a value, as its template says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...runtime import tree
from ...runtime.dim import Dim, is_same, same_shape
from ...runtime.dtypes import BOOLS, INTEGERS, PROMOTION, int64, promote
from ...runtime.eager import EagerTensor
from ...runtime.errors import DTypeError, ShapeError, SourceError
from ...runtime.spec import Spec
from ...runtime.tensor import OPS
from ..graph.graph import PYTHON_NUMBERS, RANK, writing
from ..graph.sizes import joined_shape, same_spec
from ..graph.symbolic import SymbolicTensor
from .grown import Grown, holds_grown
from .maybe import NONE, UNBOUND, Maybe, unbound
from .objects import flatten, has_identity
from .origins import ONLY_NEW, Numbers, origins_of

GROWING = "A list that grows in a loop or a branch takes tensors of one shape and dtype, or numbers of one type; keep others in lists of their own."


@dataclass(frozen=True, eq=False)
class Known:
    """One Python object on every path."""

    value: Any


@dataclass(frozen=True)
class Traced:
    """A tensor; `weak` is the type of Python number it stands for, if any."""

    spec: Spec
    weak: type | None = None


@dataclass(frozen=True)
class Optional:
    """Absent with one of the codes, else like `inner` (None while no path has a value)."""

    absent: frozenset[int]
    inner: Template | None


@dataclass(frozen=True)
class Tree:
    """A container; `origins` says of it, and of those in it, which objects they may be."""

    structure: tree.Structure
    leaves: tuple[Template, ...]
    origins: tuple[Numbers, ...]


@dataclass(frozen=True)
class Growing:
    """A list of any length, its items all alike."""

    item: Traced
    origin: Numbers = ONLY_NEW


@dataclass(frozen=True)
class Mixed:
    """Of kinds that do not join; it must not be used any more, and the error says why."""

    error: Exception


Template = Known | Traced | Optional | Tree | Growing | Mixed


class StructureError(SourceError, TypeError):
    """A variable has values of different kinds on paths that join."""


class SideEffectError(StructureError):
    """A compiled function changes something around it in a way that a graph cannot repeat."""


class Unsettled:
    """The value of a variable whose values do not join: any use of it raises."""

    def __init__(self, error: Exception) -> None:
        object.__setattr__(self, "error", error)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise object.__getattribute__(self, "error")

    __getattr__ = __setattr__ = __getitem__ = __setitem__ = __iter__ = __len__ = __bool__ = __call__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __matmul__ = _refuse
    __rmatmul__ = __pow__ = __rpow__ = __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __neg__ = __abs__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __contains__ = __index__ = __int__ = __float__ = _refuse
    __array__ = __str__ = __repr__ = __format__ = __enter__ = __next__ = __and__ = __or__ = __xor__ = __invert__ = (
        _refuse
    )
    __hash__ = object.__hash__


def same(x: Any, y: Any) -> bool:
    """Whether two values are one for the program: the same object, or equal plain numbers and strings."""
    if x is y:
        return True
    if type(x) is Dim and type(y) is Dim:
        return is_same(x, y)
    plain = (bool, int, float, complex, str, bytes)
    if type(x) is type(y) and type(x) in plain:
        return x == y and (type(x) not in (float, complex) or repr(x) == repr(y))
    if type(x) is tuple and type(y) is tuple:
        return len(x) == len(y) and all(map(same, x, y))
    return False


def equal(x: Template, y: Template) -> bool:
    """Whether two templates say the same."""
    if isinstance(x, Known) and isinstance(y, Known):
        return same(x.value, y.value)
    if isinstance(x, Tree) and isinstance(y, Tree):
        alike = x.structure == y.structure and x.origins == y.origins
        return alike and all(map(equal, x.leaves, y.leaves))
    if isinstance(x, Optional) and isinstance(y, Optional):
        both = x.inner is not None and y.inner is not None
        return x.absent == y.absent and (equal(x.inner, y.inner) if both else x.inner is y.inner)  # pyright: ignore
    if isinstance(x, Growing) and isinstance(y, Growing):
        return equal(x.item, y.item) and x.origin == y.origin
    if isinstance(x, Traced) and isinstance(y, Traced):
        return x.weak is y.weak and same_spec(x.spec, y.spec)
    return isinstance(x, Mixed) and isinstance(y, Mixed)


def general(value: Any, name: str) -> Template:
    """The template of one value that will meet different ones."""
    if isinstance(value, Maybe):
        return Optional(value.absent, general(value.value, name))
    if isinstance(value, Unsettled):
        return Mixed(value.error)
    if isinstance(value, SymbolicTensor):
        return Traced(value.spec, value.weak)
    if type(value) is Dim:
        return Traced(Spec((), int64), int)
    if isinstance(value, EagerTensor):
        return Traced(value.spec)
    if isinstance(value, np.generic | np.ndarray):
        return Traced(OPS["asarray"](value).spec)
    if type(value) in PYTHON_NUMBERS:
        return Traced(Spec((), PYTHON_NUMBERS[type(value)]), type(value))
    if value is None:
        return Optional(frozenset((NONE,)), None)
    if value is unbound:
        return Optional(frozenset((UNBOUND,)), None)
    if holds_grown(value):
        return check_items(value)
    leaves, structure = flatten(value)
    if structure.kind is None:
        return Known(value)
    if any(type(leaf) is Grown for leaf in leaves):
        raise StructureError(f"{name!r} holds a list that grows, in a container that differs between paths", GROWING)
    return Tree(structure, tuple(_leaf(leaf) for leaf in leaves), origins_of(value))


def _leaf(value: Any) -> Template:
    """The template of an item of a container; a symbol may belong to the block that ends here, so it is carried out."""
    return general(value, "an item") if isinstance(value, SymbolicTensor | Maybe) else Known(value)


def merge(template: Template, value: Any, name: str) -> Template:
    """The template that also holds `value`.

    Errors: DTypeError, ShapeError, StructureError, naming the variable and what it would be.
    """
    if isinstance(template, Mixed) or isinstance(value, Unsettled):
        return template if isinstance(template, Mixed) else Mixed(value.error)
    if isinstance(template, Known):
        if same(template.value, value):
            return template
        return join(_beside(template.value, value, name), _beside(value, template.value, name), name)
    if isinstance(template, Optional) and has_identity(value) and is_from_around(value):
        inner = Known(value) if template.inner is None else merge(template.inner, value, name)
        return Optional(template.absent, inner)
    return join(template, _beside(value, template, name), name)


def _beside(value: Any, other: Any, name: str) -> Template:
    """The template of a value that meets another; an object that may only be absent stays the object that it is."""
    if isinstance(value, Maybe):
        return Optional(value.absent, _beside(value.value, unbound, name))
    absent = other is None or other is unbound or (isinstance(other, Maybe) and other.value is value)
    return Known(value) if absent and has_identity(value) and is_from_around(value) else general(value, name)


def is_from_around(value: Any) -> bool:
    """Whether what an object holds is known where its variable's paths join."""
    here = writing()
    leaves = [leaf.stack if type(leaf) is Grown else leaf for leaf in flatten(value)[0]]
    held = [leaf for leaf in leaves if isinstance(leaf, SymbolicTensor)]
    return here is not None and all(x.context is here or here.within(x.context) for x in held)


def settle(template: Template, value: Any, name: str) -> Template:
    """As `merge`, but what does not join is an error for whoever reads it, not for who never does."""
    try:
        return merge(template, value, name)
    except (DTypeError, ShapeError, StructureError) as error:
        return Mixed(error)


def join(x: Template, y: Template, name: str) -> Template:
    """The template of values that are like one of two.

    Errors: DTypeError, ShapeError, StructureError, naming the variable and what it would be.
    """
    if isinstance(x, Optional) or isinstance(y, Optional):
        return _join_optional(x, y, name)
    if isinstance(x, Traced) and isinstance(y, Traced):
        return _join_traced(x, y, name)
    if isinstance(x, Tree) and isinstance(y, Tree) and x.structure == y.structure:
        leaves = tuple(_join_leaf(a, b, name) for a, b in zip(x.leaves, y.leaves, strict=True))
        return Tree(x.structure, leaves, tuple(a | b for a, b in zip(x.origins, y.origins, strict=True)))
    if isinstance(x, Known) and isinstance(y, Known) and same(x.value, y.value):
        return x
    if _is_list(x) and _is_list(y):
        return Growing(_one_kind([*_items(x), *_items(y)], name), _origin(x) | _origin(y))
    if _holds_containers(x) and _holds_containers(y):
        raise StructureError(
            f"{name!r} is a list whose length is known only when the graph runs, and its items are containers", GROWING
        )
    raise StructureError(
        f"{name!r} is {_show(x)} on one path and {_show(y)} on another; which one, is decided while the graph runs",
        f"Give {name!r} the same kind of value on both paths.",
    )


def _is_list(template: Template) -> bool:
    """Whether it is of a list without containers in it."""
    if isinstance(template, Growing):
        return True
    return (
        isinstance(template, Tree)
        and template.structure.kind is list
        and all(child.kind is None for child in template.structure.children)
        and len(template.leaves) == len(template.structure.children)
    )


def _holds_containers(template: Template) -> bool:
    """Whether it is of a list, of containers if there is something in it."""
    return (
        isinstance(template, Tree) and template.structure.kind is list and not (_is_list(template) and template.leaves)
    )


def _items(template: Any) -> list[Template]:
    return [template.item] if isinstance(template, Growing) else list(template.leaves)


def _origin(template: Any) -> Numbers:
    return template.origin if isinstance(template, Growing) else template.origins[0]


def _one_kind(items: list[Template], name: str) -> Traced:
    """What the items of a list are like that grows while the graph runs.

    Errors: StructureError for items of different kinds.
    """
    found = general(items[0].value, name) if isinstance(items[0], Known) else items[0]
    for item in items:
        item = general(item.value, name) if isinstance(item, Known) else item
        if (
            not isinstance(item, Traced)
            or not isinstance(found, Traced)
            or not same_shape(item.spec.shape, found.spec.shape)
        ):
            raise _unlike(name, found, item)
        weak, dtypes = item.weak or found.weak, (item.spec.dtype, found.spec.dtype)
        if not weak and dtypes[0] is not dtypes[1]:
            raise _unlike(name, found, item)
        found = _join_traced(found, item, name)
    return found  # pyright: ignore[reportReturnType]


def _unlike(name: str, x: Template, y: Template) -> StructureError:
    return StructureError(
        f"{name!r} is a list whose length is known only when the graph runs, and its items are {_show(x)} and {_show(y)}",
        GROWING,
    )


def check_items(items: list[Any]) -> Growing:
    """What a list that grows is like.

    Errors: StructureError for items of different kinds.
    """
    grown = items[0]
    kinds = [Traced(grown.spec, grown.weak), *(general(x, "a list") for x in items[1:])]
    return Growing(_one_kind(kinds, "a list"), *origins_of(items))


def _join_leaf(x: Template, y: Template, name: str) -> Template:
    if isinstance(y, Known):
        return merge(x, y.value, name)
    return merge(y, x.value, name) if isinstance(x, Known) else join(x, y, name)


def _join_optional(x: Template, y: Template, name: str) -> Template:
    parts = [t if isinstance(t, Optional) else Optional(frozenset(), t) for t in (x, y)]
    inner = [t.inner for t in parts if t.inner is not None]
    joined = _join_leaf(inner[0], inner[1], name) if len(inner) == 2 else inner[0] if inner else None
    return Optional(parts[0].absent | parts[1].absent, joined)


def _join_traced(x: Traced, y: Traced, name: str) -> Traced:
    graph = writing()
    shape = x.spec.shape if graph is None else joined_shape(x.spec.shape, y.spec.shape, graph)
    if shape is None:
        raise _ranks_differ(name, x, y)
    x, y = (Traced(Spec(shape, t.spec.dtype), t.weak) for t in (x, y))
    if x.weak and y.weak:
        weak = max(x.weak, y.weak, key=RANK.index)
        return Traced(Spec(x.spec.shape, PYTHON_NUMBERS[weak]), weak)
    if x.weak or y.weak:
        weak, strong = (x, y) if x.weak else (y, x)
        if promote(strong.spec.dtype, weak.weak) is strong.spec.dtype:  # pyright: ignore[reportArgumentType]
            return strong
    elif x.spec.dtype is y.spec.dtype:
        return x
    elif {x.spec.dtype, y.spec.dtype} <= INTEGERS | BOOLS and (
        wider := PROMOTION[x.spec.dtype, y.spec.dtype]
    ) is not None:
        return Traced(Spec(x.spec.shape, wider))  # exact, whichever path is taken
    raise DTypeError(
        f"{name!r} is {_show(x)} on one path and {_show(y)} on another; which one, is decided while the graph runs",
        f"Cast {name!r} to one dtype on both paths: wf.astype({name}, dtype).",
    )


def _ranks_differ(name: str, x: Traced, y: Traced) -> ShapeError:
    """What to say of numbers of axes that differ; lengths may."""
    return ShapeError(
        f"{name!r} is {_show(x)} on one path and {_show(y)} on another; which one, is decided while the graph runs",
        f"Give {name!r} the same number of axes on both paths.",
    )


def _show(template: Template) -> str:
    if isinstance(template, Growing):
        return f"a list of {_show(template.item)}"
    if isinstance(template, Traced):
        return f"a Python {template.weak.__name__}" if template.weak else str(template.spec)
    if isinstance(template, Known):
        return f"a {type(template.value).__name__} ({template.value!r:.60})"
    if isinstance(template, Tree):
        return f"a {template.structure.kind.__name__} of {len(template.leaves)}"  # pyright: ignore
    if isinstance(template, Mixed):
        return "of different kinds"
    return "absent" if template.inner is None else f"absent or {_show(template.inner)}"


def keeps(template: Template) -> bool:
    """Whether a value is the very object that it was, if it is there at all."""
    return isinstance(template, Known) or (
        isinstance(template, Optional) and (template.inner is None or keeps(template.inner))
    )
