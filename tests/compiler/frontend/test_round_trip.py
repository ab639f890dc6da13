"""A sample of the files that round_trip.py takes whole, and programs made at random."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pysource_codegen
import pytest
from round_trip import counted, files

import weft.compiler.frontend.tree as trees
from weft.compiler.frontend.unparse import unparse

EVERY = 60


@pytest.mark.parametrize("kind", ["stdlib", "purelib"])
def test_files_come_back_as_they_were(kind: str) -> None:
    sample = files(kind)[:: EVERY if kind == "stdlib" else 5 * EVERY]
    assert {path: result for path, result in counted(sample) if result not in ("same", "unreadable")} == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(60))
def test_random_programs_come_back_as_they_were(seed: int) -> None:
    tree = ast.parse(pysource_codegen.generate(seed, node_limit=150, depth_limit=6))
    assert trees.same(ast.parse(unparse(trees.from_python(tree))), tree)


def test_a_long_sum_comes_back_as_it_was() -> None:
    tree = ast.parse(" + ".join(f"a{i}" for i in range(900)))
    text = unparse(trees.from_python(tree))
    assert "(" not in text
    assert trees.same(ast.parse(text), tree)


def test_counting_notices_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    import round_trip

    monkeypatch.setattr(round_trip, "unparse", lambda tree: "changed = 1")
    assert round_trip.check(files("stdlib")[0]) == "changed"


def test_files_that_are_no_python_are_counted_apart(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def :")
    with warnings.catch_warnings():
        assert [result for _, result in counted([bad])] == ["unreadable"]
