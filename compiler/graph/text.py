"""Graphs as text: what golden files hold, and what `str(graph)` shows. `parser.py` reads it back.

    graph settle(x: f32[3], a: f32[]) -> f32[3] {
      y = while (y: f32[3] = x; a) {
        test {
          b = max y
          c = greater b 0.3
          yield c
        }
        step {
          d = tanh y
          e = multiply d a
          yield e
        }
      }
      return y
    }

A value keeps the name that it was given; the others get short ones, which no value of the whole text shares. An
attribute at its default is left out. A region names its inputs by what is passed for them. A length may be a size
with a name, `f32[batch, 784]`, or a sum of such; what is taken for granted of them stands behind `where`.
"""

from __future__ import annotations

import itertools
import keyword
import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...runtime import polynomial
from ...runtime.op import Node
from .constants import Constant
from .graph import Graph
from .literal import SMALL, WORDS, stored, written
from .rewrite import regions
from .sizes import bound_by, of_inputs
from .symbolic import SymbolicTensor

RESERVED = {
    *keyword.kwlist,
    *WORDS,
    "graph",
    "test",
    "step",
    "then",
    "other",
    "body",
    "yield",
    "return",
    "call",
    "where",
}
CONTROL = {"while": ("test", "step"), "if": ("then", "other"), "call": ("body",)}


Store = Callable[[Constant], str]  # keeps a constant elsewhere, under the name that it gives


def text(graph: Graph, name: str = "", *, types: bool = False, store: Store | None = None) -> str:
    """A graph as text; `types` writes the spec of each value beside its name, `store` takes the larger constants."""
    printer = _Printer(graph, types, store)
    names = printer.inputs(graph.inputs)
    given = ", ".join(f"{names[x.key]}: {x.spec}" for x in graph.inputs)
    lines = printer.block(graph, names, "return")
    title = f"graph {_safe(name)}" if name else "graph "
    return "\n".join([f"{title}({given}) -> {_specs(graph.outputs)}{_conditions(graph)} {{", *lines, "}"]) + "\n"


def line(graph: Graph, node: Node) -> str:
    """One node as text, for messages; what it holds in regions is left out."""
    names: dict[int, str] = {x.key: x.name or f"input {i}" for i, x in enumerate(graph.inputs)}
    for i, other in enumerate(graph.nodes):
        names.update({y.key: getattr(y, "name", "") or f"value {i}" for y in other.outputs})
    given = [names.get(x.key, "?") if isinstance(x, SymbolicTensor) else written(x) for x in node.inputs]
    results = ", ".join(names.get(y.key, "?") for y in node.outputs)
    attrs = [f"{k}={written(v)}" for k, v in node.attrs.items()]
    return " ".join([f"{results} =" if results else "", node.op.name, *given, *attrs]).strip()


def _conditions(graph: Graph) -> str:
    """What a graph takes for granted of its sizes."""
    sizes = of_inputs(graph)
    if sizes is None:
        return ""
    named = {name for _, name in bound_by(graph.inputs)}
    found = [str(one) for one in sizes.conditions if polynomial.names(one.left) <= named]
    return f" where {', '.join(found)}" if found else ""


def _specs(values: Sequence[Any]) -> str:
    return ", ".join(str(y.spec) for y in values) or "()"


def _safe(name: str) -> str:
    """A name as it may stand in text."""
    name = re.sub(r"[^\w.]", "_", name)
    return f"_{name}" if name[0].isdigit() or name[0] == "." or name in RESERVED else name


def _short_names() -> Iterator[str]:
    """a, b, ..., z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield "".join(letters)


def _given_names(graph: Graph, seen: set[int]) -> Iterator[str]:
    """The names that values were given, in the graph and its regions."""
    if id(graph) in seen:
        return
    seen.add(id(graph))
    for x in graph.inputs:
        yield x.name
    for node in graph.nodes:
        yield from (getattr(y, "name", "") for y in node.outputs)
        for region in regions(node.attrs).values():
            yield from _given_names(region, seen)


class _Printer:
    """Names values and writes lines."""

    def __init__(self, graph: Graph, types: bool, store: Store | None) -> None:
        self.types, self.store = types, store
        self.given = {_safe(name) for name in _given_names(graph, set()) if name}
        self.short = (name for name in _short_names() if name not in self.given and name not in RESERVED)

    def name(self, wanted: str, used: set[str]) -> str:
        """A name that is not in `used`, into which it goes: the one wanted, if it can be."""
        name = _safe(wanted) if wanted else next(self.short)
        if name in used:
            numbered = (f"{name}_{i}" for i in itertools.count(1))
            name = next(new for new in numbered if new not in used and new not in self.given)
        used.add(name)
        return name

    def inputs(self, values: Sequence[SymbolicTensor]) -> dict[int, str]:
        used: set[str] = set()
        return {x.key: self.name(x.name, used) for x in values}

    def block(self, graph: Graph, names: dict[int, str], last: str) -> list[str]:
        """The lines of a graph, a step to the right; `names` has those of its inputs."""
        used, lines = set(names.values()), []
        for node in graph.nodes:
            body = self.node(node, names)
            results = [self.name(y.name, used) for y in node.outputs]  # pyright: ignore[reportAttributeAccessIssue]
            names.update(zip([y.key for y in node.outputs], results, strict=True))
            if self.types:
                results = [f"{name}: {y.spec}" for name, y in zip(results, node.outputs, strict=True)]
            body[0] = f"{', '.join(results)} = {body[0]}" if results else body[0]
            lines += body
        lines.append(f"{last} {', '.join(names.get(y.key, '?') for y in graph.outputs)}".rstrip())
        return ["  " + one for one in lines]

    def node(self, node: Node, names: dict[int, str]) -> list[str]:
        """The lines of a node, without its results."""
        inputs = [names.get(x.key, "?") if isinstance(x, SymbolicTensor) else written(x) for x in node.inputs]
        attrs = {k: v for k, v in node.attrs.items() if not _is_default(node, k, v)}
        if node.op.name in CONTROL:
            return self.control(node, inputs, attrs)
        head = [node.op.name, *inputs, *[f"{k}={self.attribute(v)}" for k, v in attrs.items()]]
        return " ".join(head).split("\n")

    def attribute(self, value: Any) -> str:
        if isinstance(value, Constant) and self.store is not None and value.array.size > SMALL:
            return stored(value, self.store(value))
        if not isinstance(value, Graph):
            return written(value)
        names = self.inputs(value.inputs)
        given = ", ".join(f"{names[x.key]}: {x.spec}" for x in value.inputs)
        lines = self.block(value, names, "return")
        return "\n".join([f"graph ({given}) -> {_specs(value.outputs)} {{", *lines, "}"])

    def control(self, node: Node, inputs: list[str], attrs: dict[str, Any]) -> list[str]:
        """`while (state; captures)`, `if p (captures)` and `call (arguments)`, and their regions in braces."""
        parts = CONTROL[node.op.name]
        held = [node.attrs[part] for part in parts]
        n = len(held[-1].outputs) if node.op.name == "while" else 0
        predicate = f" {inputs.pop(0)}" if node.op.name == "if" else ""
        names, used = [], set[str]()
        for i, operand in enumerate(inputs):
            wanted = next((r.inputs[i].name for r in reversed(held) if r.inputs[i].name), "") if i < n else operand
            names.append(self.name(wanted, used))
        shown = [f"{a}: {x.spec} = {b}" for a, b, x in zip(names, inputs, held[0].inputs[:n], strict=False)]
        captures = [a if a == b else f"{a} = {b}" for a, b in zip(names[n:], inputs[n:], strict=True)]
        state = f"{', '.join(shown)}{'; ' if captures else ''}"
        extra = "".join(f" {k}={written(v)}" for k, v in attrs.items() if k not in parts)
        lines = [f"{node.op.name}{predicate} ({state}{', '.join(captures)}){extra} {{"]
        for part, region in zip(parts, held, strict=True):
            inner = dict(zip([x.key for x in region.inputs], names, strict=True))
            title = "else" if part == "other" else part
            lines += [f"  {title} {{", *["  " + one for one in self.block(region, inner, "yield")], "  }"]
        return [*lines, "}"]


def _is_default(node: Node, name: str, value: Any) -> bool:
    defaults = node.op.defaults
    return name in defaults and (value is defaults[name] or written(value) == written(defaults[name]))


Graph.__str__ = text  # pyright: ignore[reportAttributeAccessIssue]
