"""Sequences whose items are made from a symbolic position: what staged loops run over.

A tensor is a sequence of its rows; `range`, `enumerate`, `zip`, `reversed`, `map` and `filter` of such are sequences
too. An ordinary list joins a `zip` if its items are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...runtime.dim import Dim
from ...runtime.dtypes import int64, promote
from ...runtime.errors import SourceError
from ...runtime.tensor import OPS, Tensor
from ..graph.graph import PYTHON_NUMBERS, RANK
from ..graph.symbolic import SymbolicTensor
from .effects import check
from .growing import positions
from .grown import holds_grown
from .tracer import active


class Staged:
    """A sequence of `length` items, each made from its position."""

    def __init__(self, length: Any, item: Callable[[Any], Any]) -> None:
        self.length, self.item = length, item

    def __iter__(self) -> Any:
        if type(self.length) is int or (type(self.length) is Dim and self.length.is_hinted):
            return map(self.item, range(int(self.length)))
        raise SourceError(
            "a sequence whose length or items are not known yet is iterated outside of a compiled loop",
            "Iterate it with a `for` statement or a comprehension in the compiled function.",
        )


def is_staged(x: Any) -> bool:
    """Whether iterating `x` makes a staged loop."""
    return isinstance(x, Staged) or (isinstance(x, SymbolicTensor) and x.ndim > 0) or holds_grown(x)


def _row(x: Any, k: Any) -> Any:
    return OPS["reshape"](OPS["take"](x, OPS["reshape"](k, shape=(1,)), axis=0), shape=x.shape[1:])


def sequence(x: Any) -> Staged:
    """Anything that can be iterated by position, as a staged sequence.

    Errors: SourceError for a list of unlike items; TypeError for a 0-d tensor.
    """
    if isinstance(x, Staged):
        return x
    if isinstance(x, Tensor):
        if not x.shape:
            raise TypeError("a 0-d tensor cannot be iterated: it holds a single element")
        return Staged(x.shape[0], lambda k: _row(x, k))
    if isinstance(x, range):
        return staged_range(x.start, x.stop, x.step)
    if holds_grown(x):
        return Staged(*positions(x))
    items = list(x)
    try:
        stacked, weak = _stacked(items)
    except Exception as error:
        raise SourceError(
            f"a list of {len(items)} items meets a tensor in a compiled loop, and the items are not alike: {error}",
            "Make it a tensor, or loop over the list alone.",
        ) from error

    def item(k: Any) -> Any:
        value = _row(stacked, k)
        if weak and not isinstance(value, SymbolicTensor):
            return value.item()
        if weak:
            value.weak = weak
        active().blur(value)
        active().share_all(items)
        return value

    return Staged(len(items), item)


def _stacked(items: list[Any]) -> tuple[Any, type | None]:
    """Items in one tensor, and the type of Python number that each of them is, if any."""
    kinds = [getattr(x, "weak", None) or (type(x) if type(x) in PYTHON_NUMBERS else None) for x in items]
    strong = [x.dtype for x, kind in zip(items, kinds, strict=True) if kind is None and isinstance(x, Tensor)]
    numbers = [kind for kind in kinds if kind is not None]
    if not numbers or len(set(strong)) > 1 or len(numbers) + len(strong) < len(items):
        return (OPS["stack"](*items, axis=0) if strong else OPS["asarray"](items)), None
    weak = None if strong else max(numbers, key=RANK.index)
    dtype = PYTHON_NUMBERS[weak] if weak else promote(*strong, *numbers)
    if not any(isinstance(x, SymbolicTensor) for x in items) and weak:
        return OPS["asarray"](items, dtype=dtype), weak
    cast = [OPS["asarray" if type(x) in PYTHON_NUMBERS else "astype"](x, dtype=dtype) for x in items]
    return OPS["stack"](*cast, axis=0), weak


def number(x: Any) -> Any:
    """A symbolic integer as a Python int would be: weak."""
    if isinstance(x, SymbolicTensor):
        if x.size != 1 or x.dtype.kind not in "iub":
            raise TypeError(f"only integers can be used here, not {x.spec}")
        x = OPS["astype"](OPS["reshape"](x, shape=()), dtype=int64)
        x.weak = int
    return x


def _wrapping(x: Any) -> Any:
    """The same number as a tensor, whose arithmetic is not checked: there are fewer trips than 64 bits can count."""
    if not isinstance(x, SymbolicTensor):
        return x
    y = SymbolicTensor(x.context, x.spec, x.name)
    y.key = x.key
    return y


def staged_range(*bounds: Any) -> Staged:
    """`range` with symbolic bounds."""
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    start, stop, step = number(start), number(stop), number(step)
    if isinstance(step, SymbolicTensor):
        check(step != 0, ValueError, "range() arg 3 must not be zero")
    elif step == 0:
        raise ValueError("range() arg 3 must not be zero")
    span = _wrapping(stop if type(start) is int and start == 0 else stop - start)
    length = -((-span) // step) if not isinstance(step, SymbolicTensor) else (span + step - OPS["sign"](step)) // step
    length = OPS["maximum"](length, 0) if isinstance(length, SymbolicTensor) else max(length, 0)

    def item(k: Any) -> Any:
        value = start + k * step
        if isinstance(value, SymbolicTensor):
            value.weak = int
        return value

    return Staged(length, item)


def staged_enumerate(x: Any, start: Any = 0) -> Staged:
    """`enumerate` of a staged sequence."""
    inner = sequence(x)
    index = staged_range(start, start + inner.length).item
    return Staged(inner.length, lambda k: (index(k), inner.item(k)))


def staged_zip(*xs: Any, strict: bool = False) -> Any:
    """`zip` of sequences of which one is staged: as long as the shortest.

    What Python alone can go through, an endless iterator or a list of unlike items, is gone through item by item.

    Errors: SourceError for `strict` where lengths are not known to be equal.
    """
    if any(_is_pythons(x) for x in xs) and all(_has_known_length(x) for x in xs if is_staged(x)):
        return zip(*map(_items, xs), strict=strict)
    inner = [sequence(x) for x in xs]
    if strict and not all(_is_equal(x.length, inner[0].length) for x in inner):
        raise SourceError(
            "zip(strict=True) of sequences whose lengths are not known to be equal", "Compare the lengths, and zip."
        )
    length = inner[0].length
    for other in inner[1:]:
        symbolic = isinstance(length, SymbolicTensor) or isinstance(other.length, SymbolicTensor)
        length = OPS["minimum"](length, other.length) if symbolic else min(length, other.length)
    return Staged(length, lambda k: tuple(x.item(k) for x in inner))


def _is_pythons(x: Any) -> bool:
    if is_staged(x) or isinstance(x, (Tensor, range)):
        return False
    return not isinstance(x, (list, tuple)) or len({type(item) for item in x} | {float}) > 2 or not _is_numbers(x)


def _is_numbers(x: Any) -> bool:
    return all(isinstance(item, (bool, int, float, Tensor)) for item in x)


def _has_known_length(x: Any) -> bool:
    return type(sequence(x).length) is int


def _items(x: Any) -> Any:
    if not is_staged(x):
        return x
    found = sequence(x)
    return (found.item(k) for k in range(found.length))


def _is_equal(m: Any, n: Any) -> bool:
    """Whether two lengths are equal, as far as that is known before the graph runs."""
    return m is n or (not isinstance(m, SymbolicTensor) and not isinstance(n, SymbolicTensor) and bool(m == n))


def staged_reversed(x: Any) -> Staged:
    """`reversed` of a staged sequence."""
    inner = sequence(x)
    return Staged(inner.length, lambda k: inner.item(inner.length - 1 - k))


def staged_map(function: Callable[..., Any], *xs: Any) -> Any:
    """`map` over staged sequences."""
    inner = staged_zip(*xs)
    if not isinstance(inner, Staged):
        return map(lambda items: function(*items), inner)
    return Staged(inner.length, lambda k: function(*inner.item(k)))


def any_staged(values: Sequence[Any]) -> bool:
    """Whether some of the values make a staged sequence."""
    return any(map(is_staged, values))
