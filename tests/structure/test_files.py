"""Every file says what it is for, and is named for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from house import FACE, ROOMS, ROOT, parse, sources

FILES = [path for folder in (FACE, *ROOMS, "tests", "examples", "docs") for path in sources(folder)]
FORBIDDEN = ("utils", "util", "helpers", "helper", "misc", "manager", "common")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_every_file_begins_with_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(parse(path)), f"{shown(path)} has no module docstring"


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_no_file_is_named_for_nothing(path: Path) -> None:
    assert not {path.stem, path.parent.name} & set(FORBIDDEN), shown(path)


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in sources("tests") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parts[-2] != "tests" and ROOT / "tests" not in p.parents], ids=shown
)
def test_public_functions_and_classes_have_docstrings(path: Path) -> None:
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if isinstance(node, ast.FunctionDef) and node.name == "main":
                continue
            assert ast.get_docstring(node), f"{shown(path)}:{node.lineno} {node.name} has no docstring"
