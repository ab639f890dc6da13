"""Nesting as JSON: how the arguments and results of an entry are nested, and what carries each leaf of a result.

A leaf is null; a container is an object with one tag: tuple, list, dict, or choice, for what is one of several. Named
tuples and data classes become dicts, for a file names no classes. Plain values stand as graph text writes them, so
what is read back is a number, a string or the like, and nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from ...runtime.errors import ExportError, SourceError
from ...runtime.spec import Spec
from ...runtime.tree import Structure
from ..graph.literal import written
from ..graph.literal_reader import LiteralReader
from ..results import LEAF, Before, Choice, OneOf, Part, Shared
from ..staging.paths import Path, Step
from ..staging.template import Growing, Known, Traced

CONTAINERS: dict[str, type] = {"tuple": tuple, "list": list, "dict": dict, "choice": Choice}
NUMBERS: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float, complex)}


class UnreadableError(ValueError):
    """A description in a file means nothing."""


# Plain values


def plain(value: Any, what: str) -> str:
    """A plain value as text.

    Errors: ExportError for what has no text that could be read back.
    """
    text = written(value)
    try:
        if type(read_plain(text)) is type(value) and written(read_plain(text)) == text:
            return text
    except UnreadableError:
        pass
    raise ExportError(
        f"export: {what} is a {type(value).__name__}, which a bundle cannot hold",
        "Give tensors, numbers, strings, None, and tuples, lists and dicts of them.",
    )


def read_plain(text: Any) -> Any:
    """The value of a text from `plain`."""
    return _read(text, LiteralReader.literal)


def read_spec(text: Any) -> Spec:
    """The spec that a text names; its open lengths are sizes."""
    return _read(text, LiteralReader.spec)


def _read(text: Any, rule: Any) -> Any:
    try:
        reader = LiteralReader(text)
        value = rule(reader)
        if reader.next.kind == "end":
            return value
    except (SourceError, TypeError, ValueError, RecursionError):
        pass
    raise UnreadableError(f"{text!r:.60} stands where a value should be")


# Structures


def structure(x: Structure, what: str) -> Any:
    """A structure as JSON."""
    if x.kind is None:
        return None
    children = [structure(child, what) for child in x.children]
    names = _names(x)
    if names is not None:
        return {"dict": [[plain(name, f"a key of {what}"), child] for name, child in zip(names, children, strict=True)]}
    tags = {kind: tag for tag, kind in CONTAINERS.items()}
    if x.kind not in tags:
        raise ExportError(
            f"export: {what} holds a {x.kind.__name__}, which a bundle cannot hold", "Give tuples, lists and dicts."
        )
    return {tags[x.kind]: children}


def _names(x: Structure) -> Sequence[Any] | None:
    """The keys of a dict, or the names of the fields that become some."""
    assert x.kind is not None
    if issubclass(x.kind, dict):
        return x.rest[1]
    if issubclass(x.kind, tuple) and x.kind is not tuple:
        return x.kind._fields  # pyright: ignore[reportAttributeAccessIssue]
    return x.rest[1] if dataclasses.is_dataclass(x.kind) else None


def read_structure(x: Any) -> Structure:
    """The structure that JSON describes."""
    if x is None:
        return LEAF
    tag = next(iter(x), "") if isinstance(x, dict) and len(x) == 1 else ""
    if tag not in CONTAINERS or not isinstance(x[tag], list):
        raise UnreadableError(f"{str(x)[:60]!r} stands where a container should be")
    if tag != "dict":
        return Structure(CONTAINERS[tag], None, tuple(map(read_structure, x[tag])))
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in x[tag]):
        raise UnreadableError("a dict is no list of pairs")
    keys = tuple(_hashable(read_plain(key)) for key, _ in x[tag])
    if len(set(keys)) != len(keys):
        raise UnreadableError("a dict has a key twice")
    return Structure(dict, (dict, keys), tuple(read_structure(child) for _, child in x[tag]))


def _hashable(key: Any) -> Any:
    if isinstance(key, str | int | float | complex | None):
        return key
    raise UnreadableError(f"{key!r:.60} is no key")


# Parts of results


def part(x: Part) -> Any:
    """How a leaf of a result comes out, as JSON."""
    if isinstance(x, Shared) and x.inner is not None and isinstance(x.object, Before) and x.object.source:
        return part(x.inner)  # a tensor from outside is one of the bundle's own
    if isinstance(x, Shared):
        inner = None if x.inner is None else part(x.inner)
        return {"same": _object(x.object), "inner": inner}
    if isinstance(x, OneOf):
        return {"one_of": [[n, None if found is None else _object(found)] for n, found in x.objects.items()]}
    if isinstance(x, Known):
        return {"value": plain(x.value, "a part of the result")}
    if isinstance(x, Growing):
        return {"list": _number(x.item)}
    if isinstance(x, Traced):
        return {"tensor": _number(x)}
    raise ExportError("export: a part of the result has a value on some paths only", "Give it one on every path.")


def _number(x: Traced) -> str | None:
    return x.weak.__name__ if x.weak else None


def _object(found: Before | int) -> Any:
    if isinstance(found, int):
        return found
    if found.source or any(step.attribute for step in found.path):
        raise ExportError(
            "export: the function gives back an object that was made outside of it", "Give back a copy of it."
        )
    return [plain(step.key, "a key of an argument") for step in found.path]


def read_parts(found: Any, outputs: Sequence[Any], leaves: int) -> list[Part]:
    """The parts of a result that JSON describes, carried by these results of a graph."""
    if not isinstance(found, list):
        raise UnreadableError("the result is not described")
    carried = iter(outputs)
    try:
        parts = [_read_part(one, carried) for one in found]
    except StopIteration:
        raise UnreadableError("the graph gives fewer values than the result has") from None
    if next(carried, None) is not None or len(parts) != leaves:
        raise UnreadableError("the graph gives other values than the result has")
    return parts


def _read_part(x: Any, carried: Iterator[Any]) -> Part:
    tag = next(iter(x), "") if isinstance(x, dict) else ""
    if tag == "same":
        inner = None if x.get("inner") is None else _read_part(x["inner"], carried)
        if isinstance(inner, Shared | OneOf):
            raise UnreadableError("a part of a result stands in another")
        return Shared(_read_object(x["same"]), inner)
    if tag == "one_of" and isinstance(x[tag], list):
        next(carried)
        pairs = [pair for pair in x[tag] if isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int]
        return OneOf({n: None if found is None else _read_object(found) for n, found in pairs})
    if tag == "value":
        return Known(read_plain(x[tag]))
    if tag in ("list", "tensor") and (x[tag] is None or x[tag] in NUMBERS):
        item = Traced(next(carried).spec, NUMBERS.get(x[tag]))
        return Growing(item) if tag == "list" else item
    raise UnreadableError(f"{str(x)[:60]!r} stands where a part of a result should be")


def _read_object(x: Any) -> Before | int:
    if type(x) is int:
        return x
    if not isinstance(x, list):
        raise UnreadableError(f"{str(x)[:60]!r} stands where an object should be")
    path: Path = tuple(Step(False, read_plain(key)) for key in x)
    return Before(0, path)
