"""Every snippet of the page about GPUs prints what the page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_snippet_about_gpus_prints_what_the_page_shows(quiet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tests" / "docs")
    from snippets import output, same, snippets

    names: dict[str, Any] = {"__name__": "page"}
    for snippet in snippets(ROOT / "docs" / "gpu.md"):
        found = output(snippet, names)
        assert same(snippet.expected or "", found), f"gpu.md:{snippet.line}\n{snippet.code}\nprints:\n{found}"
