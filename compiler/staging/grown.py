"""Lists that grow while the graph runs: what stands in them for the items that the graph puts there.

While it is traced, such a list holds a `Grown` in the place of the items whose number is not known, and after it the
items that were appended since. It is always the first item, so what is appended is appended as ever.
"""

from __future__ import annotations

from typing import Any

from ...runtime.errors import SourceError
from ...runtime.spec import Spec


class Grown:
    """The first `count` items of a list, on a stack: tensors of one spec, or the Python numbers they stand for."""

    __slots__ = ("array", "count", "spec", "stack", "weak")

    def __init__(self, stack: Any, count: Any, spec: Spec, weak: type | None) -> None:
        self.stack, self.count, self.spec, self.weak = stack, count, spec, weak
        self.array: Any = None  # the items in one tensor, once they were asked for

    def _refuse(self, *_: Any) -> Any:
        raise refusal("this use of it")

    __bool__ = __eq__ = __repr__ = __str__ = __format__ = __iter__ = __len__ = __array__ = _refuse
    __hash__ = object.__hash__


def holds_grown(x: Any) -> bool:
    """Whether a value is a list of which it is not known how many items it has."""
    return type(x) is list and bool(x) and type(x[0]) is Grown


def refusal(what: str) -> SourceError:
    """What is said of something that is not compiled for such lists."""
    return SourceError(
        f"{what} is not compiled for a list that grows in a loop or a branch: its length is known only when the graph runs",
        "Append to it; read it by an index, len(), a loop, sum(), wf.stack or wf.concat; or return it.",
    )
