"""Pictures of graphs: valid, complete, nested, and safe with any name."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import weft as wf
from weft.compiler.graph import picture
from weft.compiler.graph.graph import Graph


def solver(x, limit):
    steps = 0
    while wf.sum(x) > limit:
        x = x * 0.5 if steps < 3 else x * 0.25
        steps = steps + 1
    return x, steps


@pytest.fixture
def graph() -> Graph:
    made = wf.compile(solver).graph(wf.ones((4,)), wf.asarray(1.0))
    made.inputs[0].name = '<x & "y">'
    return made


def count(graph: Graph) -> int:
    """How many nodes, inputs and ends a picture has to show."""
    inner = sum(count(value) for node in graph.nodes for value in node.attrs.values() if isinstance(value, Graph))
    return len(graph.inputs) + len(graph.nodes) + 1 + inner


def test_the_own_drawing_is_valid_and_shows_everything(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture.shutil, "which", lambda _: None)
    root = ET.fromstring(picture.svg(graph))
    texts = [x.text for x in root.iter("{http://www.w3.org/2000/svg}text")]
    assert '<x & "y">: f32[4]' in texts
    named = sum(isinstance(v, Graph) for node in graph.nodes for v in node.attrs.values())
    assert len(texts) >= count(graph) + named
    assert {"test", "step"} <= set(texts)


def test_dot_has_a_cluster_for_each_region_and_quotes_names(graph: Graph) -> None:
    text = picture.to_dot(graph)
    assert text.count("{") == text.count("}")
    assert '<x & \\"y\\">: f32[4]' in text
    assert text.count("subgraph cluster_") >= 2
    assert text.count("[label=") >= count(graph)


def test_notebooks_show_a_graph(graph: Graph) -> None:
    assert graph._repr_svg_().startswith("<svg")  # pyright: ignore[reportAttributeAccessIssue]


def test_a_graphviz_that_fails_is_passed_over(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture.shutil, "which", lambda _: "dot")

    def fail(*_, **__):
        raise OSError("no such program")

    monkeypatch.setattr(picture.subprocess, "run", fail)
    assert picture.svg(graph).startswith("<svg")
