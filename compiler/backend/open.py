"""Open sizes: programs that serve every call whose sizes meet some conditions.

A graph whose sizes the trace left open is lowered with the sizes of one call as hints. They stay names, which C reads
from an array; what the lowering asks of them, whether a row is long, say, is answered from the hints and becomes a
condition of the program. A call whose sizes meet all conditions is served, another one has a program written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...runtime import polynomial
from ...runtime.dim import Dim, mapped
from ...runtime.dtypes import int64
from ...runtime.polynomial import Division, Polynomial
from ...runtime.sizes import Sizes
from ...runtime.spec import Shape, Spec
from ..graph.graph import Graph
from .fixed import leaf, resized


def opened(graph: Graph, hints: Mapping[str, int]) -> tuple[Graph, Sizes] | None:
    """The graph with sizes of its own, known to be these in one call; None if it has others too."""
    dims = list(_dims(graph))
    owners = {id(n.sizes): n.sizes for n in dims}
    if len(owners) != 1 or not set().union(*(polynomial.names(n.terms) for n in dims)) <= hints.keys():
        return None
    (before,) = owners.values()
    sizes = Sizes()
    sizes.hints = dict(hints)
    sizes.least = {name: min(before.least.get(name, 0), n) for name, n in hints.items()}
    sizes.replaced, sizes.conditions = dict(before.replaced), dict(before.conditions)
    moved = resized(graph, lambda _, __: lambda value: mapped(value, lambda n: Dim(n.terms, sizes)))
    moved.sizes = sizes
    return moved, sizes


def _dims(graph: Graph) -> Iterator[Dim]:
    """The sizes in a graph and its regions."""
    found: list[Dim] = []

    def note(n: Dim) -> Dim:
        found.append(n)
        return n

    def look(value: Any) -> None:
        if isinstance(value, Graph):
            found.extend(_dims(value))
        elif isinstance(value, Spec):
            mapped(leaf(value).shape, note)
        else:
            mapped(value, note)

    for x in graph.inputs:
        look(x.spec)
    for node in graph.nodes:
        for value in (*node.attrs.values(), *(y.spec for y in node.outputs)):  # pyright: ignore[reportAttributeAccessIssue]
            look(value)
    return iter(found)


class Speller:
    """How C names sizes: `size0`, `size1`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = {name: f"size{i}" for i, name in enumerate(names)}

    def __call__(self, p: Polynomial) -> str:
        """A polynomial as C, in parentheses if it is more than a name."""
        text = " + ".join(" * ".join([str(n)] * (n != 1 or not atoms) + [*map(self.atom, atoms)]) for atoms, n in p)
        return (
            text
            if len(p) == 1 and (p[0][1] == 1 or not p[0][0]) and len(p[0][0]) <= 1 and p[0][1] >= 0
            else f"({text})"
        )

    def atom(self, atom: str | Division) -> str:
        if isinstance(atom, str):
            return self.names[atom]
        name = "wf_quotient" if atom.sign == "//" else "wf_rest"
        return f"{name}({self(atom.left)}, {self(atom.right)})"


class Reading:
    """How a program's sizes are read from the operands of a call, and what they have to meet."""

    def __init__(self, graph: Graph, sizes: Sizes) -> None:
        self.names = tuple(sizes.hints)
        self.shapes: list[Shape] = [leaf(x.spec).shape for x in graph.inputs]
        self.conditions, self.least = tuple(sizes.conditions), dict(sizes.least)  # those of the trace among them
        self.met: dict[tuple[int, ...], bool] = {}  # by sizes

    def sizes(self, buffers: Sequence[Any]) -> dict[str, int] | None:
        """The sizes of a call; None if its operands are others."""
        found: dict[str, int] = {}
        given = [leaf(getattr(b, "element", b)).shape for b in buffers]
        for shape, lengths in zip(self.shapes, given, strict=True):
            if len(shape) != len(lengths):
                return None
            for n, length in zip(shape, lengths, strict=True):
                if type(n) is Dim and n.name is not None and found.setdefault(n.name, length) != length:
                    return None
        if len(found) != len(self.names):
            return None
        for shape, lengths in zip(self.shapes, given, strict=True):
            for n, length in zip(shape, lengths, strict=True):
                if (n.at(found) if type(n) is Dim else n) != length:
                    return None
        return found

    def meets(self, sizes: Mapping[str, int]) -> bool:
        """Whether sizes meet the conditions."""
        key = tuple(sizes[name] for name in self.names)
        if key not in self.met:
            if len(self.met) > 1000:
                self.met.clear()
            enough = all(sizes[name] >= least for name, least in self.least.items())
            self.met[key] = enough and all(c.holds(sizes) for c in self.conditions)
        return self.met[key]

    def array(self, sizes: Mapping[str, int]) -> np.ndarray:
        """The sizes as the program reads them."""
        return np.array([sizes[name] for name in self.names], int64)
