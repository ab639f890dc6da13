"""Pictures of graphs: dot for Graphviz, and SVG, drawn by Graphviz where it is installed.

Where it is not, the nodes stand one below the other in their order, regions as boxes inside boxes, and a curve on the
left leads from each value to where it is used. Notebooks show a graph so. This file only looks at graphs.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from ...runtime.op import Node
from .graph import Graph
from .rewrite import regions
from .symbolic import SymbolicTensor

FILLS = {"input": "#dbeafe", "constant": "#fef3c7", "output": "#dcfce7", "op": "#ffffff"}
ROW, STEP, WIDTH, LEFT = 22, 16, 420, 60  # of the own drawing, in pixels


def _kind(node: Node) -> str:
    return "constant" if node.op.name == "constant" else "op"


def _label(node: Node) -> str:
    """The op, and the specs of its results."""
    return f"{node.op.name}  {', '.join(str(y.spec) for y in node.outputs)}"  # pyright: ignore[reportAttributeAccessIssue]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


# -- dot


def to_dot(graph: Graph) -> str:
    """The graph as Graphviz reads it: regions as clusters, the specs of values on the edges."""
    lines: list[str] = []
    _Dot(lines).region(graph, "")
    return "\n".join(["digraph graph_ {", '  node [shape=box, style=filled, fontname="sans-serif"];', *lines, "}"])


class _Dot:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.count = 0

    def point(self, label: str, kind: str) -> str:
        self.count += 1
        self.lines.append(f"  n{self.count} [label={_quoted(label)}, fillcolor={_quoted(FILLS[kind])}];")
        return f"n{self.count}"

    def region(self, graph: Graph, title: str) -> str:
        """The points of a graph; the one that stands for it."""
        made = {x.key: self.point(f"{x.name or 'input'}: {x.spec}", "input") for x in graph.inputs}
        for node in graph.nodes:
            here = self.point(_label(node), _kind(node))
            for x in node.inputs:
                if isinstance(x, SymbolicTensor):
                    self.lines.append(f"  {made[x.key]} -> {here} [label={_quoted(str(x.spec))}];")
            for name, inner in regions(node.attrs).items():
                self.lines.append(f"  subgraph cluster_{self.count}_{name} {{ label={_quoted(name)};")
                last = self.region(inner, name)
                self.lines.append("  }")
                self.lines.append(f"  {here} -> {last} [style=dashed];")
            made.update({y.key: here for y in node.outputs})  # pyright: ignore[reportAttributeAccessIssue]
        end = self.point("gives" if title else "returns", "output")
        self.lines += [f"  {made[y.key]} -> {end} [label={_quoted(str(y.spec))}];" for y in graph.outputs]
        return end


# -- SVG


@dataclass
class _Row:
    """A line of the own drawing: what it says, how deep it stands, and the rows whose values it uses."""

    text: str
    kind: str
    depth: int
    uses: list[int]


def _rows(graph: Graph, depth: int, rows: list[_Row], end: str) -> Iterator[tuple[int, int, int]]:
    """Add the rows of a graph; gives the boxes of its regions: depth, first and last row."""
    made: dict[int, int] = {}
    for x in graph.inputs:
        made[x.key] = len(rows)
        rows.append(_Row(f"{x.name or 'input'}: {x.spec}", "input", depth, []))
    for node in graph.nodes:
        here = len(rows)
        uses = [made[x.key] for x in node.inputs if isinstance(x, SymbolicTensor)]
        rows.append(_Row(_label(node), _kind(node), depth, uses))
        made.update({y.key: here for y in node.outputs})  # pyright: ignore[reportAttributeAccessIssue]
        for name, inner in regions(node.attrs).items():
            first = len(rows)
            rows.append(_Row(name, "op", depth + 1, []))
            yield from _rows(inner, depth + 1, rows, "gives")
            yield depth + 1, first, len(rows) - 1
    rows.append(_Row(end, "output", depth, [made[y.key] for y in graph.outputs]))


def _drawn(graph: Graph) -> str:
    rows: list[_Row] = []
    boxes = list(_rows(graph, 0, rows, "returns"))
    height = ROW * (len(rows) + 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEFT + 20}" height="{height}" '
             'font-family="sans-serif" font-size="12">']  # fmt: skip
    for depth, first, last in sorted(boxes):
        x, y = LEFT + STEP * depth - 6, ROW * first + 4
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH - STEP * depth + 6}" height="{ROW * (last - first + 1)}" '
                     'fill="none" stroke="#94a3b8" rx="4"/>')  # fmt: skip
    for i, row in enumerate(rows):
        x, y = LEFT + STEP * row.depth, ROW * i + 6
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH - STEP * row.depth - 6}" height="{ROW - 4}" '
                     f'fill="{FILLS[row.kind]}" stroke="#64748b" rx="3"/>')  # fmt: skip
        parts.append(f'<text x="{x + 6}" y="{y + 13}">{escape(row.text)}</text>')
        for j in dict.fromkeys(row.uses):
            bend = x - min(10 + 3 * (i - j), LEFT - 10)
            top, bottom = ROW * j + 15, ROW * i + 15
            parts.append(f'<path d="M {x} {top} C {bend} {top}, {bend} {bottom}, {x} {bottom}" '
                         'fill="none" stroke="#475569" stroke-opacity="0.5"/>')  # fmt: skip
    return "\n".join([*parts, "</svg>"])


def svg(graph: Graph) -> str:
    """The graph as an SVG picture."""
    if shutil.which("dot"):
        try:
            done = subprocess.run(
                ["dot", "-Tsvg"], input=to_dot(graph), capture_output=True, text=True, timeout=20, check=True
            )
            return done.stdout[done.stdout.index("<svg") :]
        except (OSError, ValueError, subprocess.SubprocessError):
            pass
    return _drawn(graph)


methods: dict[str, Any] = {"to_dot": to_dot, "svg": svg, "_repr_svg_": svg}
for each, function in methods.items():
    setattr(Graph, each, function)
