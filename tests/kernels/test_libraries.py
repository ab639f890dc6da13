"""The runtime libraries: a program brings in those that it asks for, and they are built once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from weft.kernels import libraries

SCALED = "wf.compile(lambda x: x * 2.0)(wf.ones(64))"
PRODUCT = "wf.compile(lambda x: x @ x)(wf.ones((32, 32)))"
WIDE_PRODUCT = "wf.compile(lambda x: x @ x)(wf.ones((32, 32), dtype=wf.float64))"

SORTED = "wf.compile(lambda x: wf.sort(x))(wf.ones(64))"


def built(folder: Path, *lines: str) -> list[str]:
    """The libraries in the cache after a process that ran these lines."""
    environment = {**os.environ, "WEFT_CACHE": str(folder), "WEFT_EXECUTOR": "native"}
    program = "; ".join(["import weft as wf", *lines])
    subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return sorted(path.name.split("-")[0] for path in folder.glob("*.so"))


def test_programs_bring_in_what_they_ask_for_and_no_more(tmp_path: Path) -> None:
    assert built(tmp_path, SCALED) == ["graph", "runtime"]
    assert built(tmp_path, SCALED, PRODUCT) == ["graph", "graph", "products", "runtime"]
    assert built(tmp_path, PRODUCT, PRODUCT) == ["graph", "graph", "products", "runtime"]
    assert built(tmp_path, WIDE_PRODUCT) == ["graph"] * 3 + ["products"] * 2 + ["runtime"]
    assert built(tmp_path, SORTED) == ["graph"] * 4 + ["products"] * 2 + ["runtime", "sorting"]


def test_sorting_is_one_library_for_all_types() -> None:
    assert libraries.asked("rt->sort(&s);", True) == {libraries.Library("sorting", ("-pthread", "-O3")): ("sort",)}


@pytest.mark.parametrize(
    ("text", "reproducible", "expected"),
    [
        ("rt->parallel(kernel1, &k, 5, 2.0);", False, []),
        ("rt->gemm_f32(&g);", False, [("products", "-DREAL=float")]),
        ("rt->matrices_f64(&g);", True, [("matrices", "-DREAL=double")]),
        ("rt->gemm_f32(&g); rt->pool_f32(&p, 1); rt->conv_f64(&c);", False,
         [("products", "-DREAL=float"), ("windows", "-DREAL=float"), ("windows", "-DREAL=double")]),
    ],
)  # fmt: skip
def test_what_a_program_asks_for_is_read_from_its_text(
    text: str, reproducible: bool, expected: list[tuple[str, str]]
) -> None:
    found = libraries.asked(text, reproducible)
    assert [(each.name, next(flag for flag in each.flags if "REAL=" in flag)) for each in found] == expected
    assert all(("-DWF_REPRODUCIBLE" in each.flags) == reproducible for each in found)
