"""Every snippet in the README and the docs runs and prints what the page says; the generated pages are current."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snippets import output, same, snippets

import weft.compiler.compile  # noqa: F401  (the ops that it defines are there before a page defines others)
from weft.runtime.tensor import OPS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {"gpu.md"}  # tests/gpu runs it


@pytest.fixture
def op_table() -> Iterator[None]:
    """Lets a page define ops that leave again with it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


@pytest.mark.usefixtures("op_table")
@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda page: page.name)
def test_every_snippet_prints_what_the_page_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    for snippet in snippets(page):
        found = output(snippet, names)
        assert same(snippet.expected or "", found), (
            f"{page.name}:{snippet.line}\n{snippet.code}\nthe page shows:\n{snippet.expected or 'nothing'}\nit prints:\n{found}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_files_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("name", ["ops", "errors", "python_subset"])
def test_generated_pages_are_current(name: str, update_golden: bool) -> None:
    command = [sys.executable, str(ROOT / "docs" / f"write_{name}.py")]
    done = subprocess.run(command, cwd=ROOT, env=None, capture_output=True, text=True, check=True)
    page = ROOT / "docs" / f"{name}.md"
    if update_golden:
        page.write_text(done.stdout)
    assert done.stdout == page.read_text(), f"docs/{name}.md is old: run pytest tests/docs --update-golden"


def test_readme_has_two_commands_of_one_line_each() -> None:
    commands = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert "weft demo" in commands[0]
    assert "pytest" in commands[1]


def test_readme_fits_a_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60
