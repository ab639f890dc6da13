"""Bundles as text: what `weft inspect` prints. It looks at a bundle that was loaded, and runs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...runtime.spec import Spec, plural, size
from ..graph.graph import Graph
from ..graph.rewrite import regions
from .bundle import Bundle
from .entry import Entry


def described(bundle: Bundle) -> str:
    """The entries of a bundle with their ops, and its variables with their sizes."""
    variables = [(name, v.held.spec, v.trainable) for name, v in bundle.named_variables()]
    lines = [line for entry in bundle.entries.values() for line in _entry(entry)]
    total = sum(_bytes(spec) for _, spec, _ in variables)
    lines.append(f"{plural(len(variables), 'variable')}, {plural(total, 'byte')}")
    width = max([len(name) for name, _, _ in variables], default=0)
    lines += [f"  {name:{width}}  {spec}{'' if trained else '  not trained'}" for name, spec, trained in variables]
    return "\n".join(lines)


def _bytes(spec: Spec) -> int:
    return size(spec.shape) * spec.dtype.itemsize


def _entry(entry: Entry) -> Iterator[str]:
    """The lines of an entry."""
    yield str(entry)
    counts = Counter(_ops(entry.program.graph))
    shown = ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    yield f"  {plural(counts.total(), 'op')}{': ' if shown else ''}{shown}"
    if entry.program.assigned:
        yield f"  assigns {', '.join(v.name for v in entry.program.assigned)}"


def _ops(graph: Graph) -> Iterator[str]:
    """The names of the ops in a graph and its regions."""
    for node in graph.nodes:
        yield node.op.name
        for region in regions(node.attrs).values():
            yield from _ops(region)
