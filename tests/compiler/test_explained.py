"""What compiled functions show of their native programs: the C, and a table of what its steps cost."""

from __future__ import annotations

import re
from typing import Any

import pytest

import weft as wf


def layer(x: Any, w: Any) -> Any:
    h = wf.tanh(x @ w)
    while wf.sum(h) > 1.0:
        h = h * 0.5 - 0.01
    return wf.softmax(h, axis=-1)


def operands() -> tuple[Any, Any]:
    return wf.ones((64, 48)), wf.full((48, 32), 0.1)


def test_the_c_has_the_users_lines_as_comments_in_their_order() -> None:
    text = wf.compile(layer).kernels(*operands())
    comments = re.findall(r"^ *// (test_explained.*)$", text, re.MULTILINE)
    lines = [line.split("   ")[1] for line in comments]
    assert lines[0] == "h = wf.tanh(x @ w)"
    assert lines[-1] == "return wf.softmax(h, axis=-1)"
    assert "h = h * 0.5 - 0.01" in lines
    assert "int run(" in text


def test_two_functions_that_differ_in_nothing_but_their_lines_share_a_build() -> None:
    first = wf.compile(lambda x: wf.exp(x) + 1.0)
    second = wf.compile(lambda x: wf.exp(x) + 1.0)
    x = wf.ones((1000,))
    one, two = first.kernels(x), second.kernels(x)
    assert one != two
    without = [re.sub(r"(?m)^ *//.*\n", "", text) for text in (one, two)]
    assert without[0] == without[1]


def test_an_explanation_counts_runs_bytes_and_operations() -> None:
    x, w = operands()
    found = wf.compile(layer).explain(x, w, repeats=2)
    rows = {row.ops: row for row in found.rows}
    product = rows["matmul"]
    assert product.runs == 1
    assert product.bytes == 4 * (64 * 48 + 48 * 32 + 64 * 32)
    assert product.operations == 2 * 64 * 48 * 32
    assert product.line.endswith("h = wf.tanh(x @ w)")
    assert product.arithmetic == product.operations / product.seconds
    halved = next(row for row in found.rows if "subtract" in row.ops)
    assert halved.runs > 1
    assert halved.runs * 2 * 4 * 64 * 32 <= halved.bytes <= halved.runs * (2 * 4 * 64 * 32 + 16)
    assert rows["while"].is_loop
    assert found.limits is not None
    shown = str(found).splitlines()
    assert shown[0].split() == ["us", "runs", "MB", "GB/s", "GFLOP/s", "step", "line"]
    assert "this machine" in shown[-1]


def test_explaining_a_training_step_leaves_its_variables_alone() -> None:
    v = wf.Variable(wf.ones((300,)))

    @wf.compile
    def step(x: Any) -> Any:
        v.assign_add(x)
        return wf.sum(v.read_value())

    x = wf.ones((300,))
    step.explain(x)
    step.kernels(x)
    wf.testing.assert_close(v.read_value(), wf.ones((300,)))
    step(x)
    wf.testing.assert_close(v.read_value(), wf.full((300,), 2.0))


def test_a_graph_without_a_native_program_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from weft.compiler import explained
    from weft.compiler.backend.places import Unsupported

    monkeypatch.setattr(explained, "program_of", lambda *_: Unsupported("sums of stacks of halves"))
    f = wf.compile(lambda x: x + 1.0)
    assert str(f.explain(wf.ones(3))) == "The graph is interpreted: the graph is interpreted: sums of stacks of halves"
    with pytest.raises(wf.errors.BuildError, match="the graph is interpreted: sums of stacks of halves"):
        f.kernels(wf.ones(3))
