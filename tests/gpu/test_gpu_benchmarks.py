"""The GPU benchmarks run whole, at tiny sizes: what they measure means nothing here, but that they will run on a GPU does."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "tests" / "benchmarks"


@pytest.fixture
def gpu_page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("gpu_page")


def test_the_gpu_benchmarks_run_at_tiny_sizes(gpu_page: Any, tmp_path: Path) -> None:
    page = tmp_path / "gpu.md"
    command = [sys.executable, BENCHMARKS / "gpu.py", "--small", "--rounds", "2", "--peers", "", "--write", page]
    command += ["--tests", "tests/gpu/test_graphs.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    text = page.read_text()
    assert all(f"\n| {name} | " in text for name in gpu_page.GOALS)
    assert gpu_page.NOT_YET not in text


def test_the_page_says_not_yet_measured_until_it_was(gpu_page: Any) -> None:
    page = (ROOT / "docs" / "benchmarks" / "gpu.md").read_text()
    assert page == gpu_page.page({}) or "\nMeasured on 20" in page


def found(**others: Any) -> dict[str, Any]:
    seconds = {"weft": [1e-4, 1.1e-4, 1.2e-4], "torch eager": [2e-4], "torch.compile": [1e-4], "jax.jit": [3e-4]}
    return {"row": "c1", "what": "a map", "moved": 110_000_000, "failed": {}, "seconds": seconds, "host": 1e-5,
            "launches": 1, "bytes": 1, "operations": 10**9, "busy": 1e-4, "peak": {"weft": 10**6}, **others}  # fmt: skip


def test_rows_are_judged_by_the_copy_by_microseconds_and_by_what_torch_compile_takes(gpu_page: Any) -> None:
    assert gpu_page.reached("c1", found(), 1.1e12) == {"copy": True, "torch": False}
    assert gpu_page.reached("c1", found(), 2e12) == {"copy": False, "torch": False}
    assert gpu_page.reached("e1", found(), 1e12) == {"us": False, "torch": False}
    assert gpu_page.reached("j", found(), 1e12) == {"torch": True}
    assert gpu_page.reached("e2", found(seconds={"weft": [1e-4], "torch eager": [2e-4]}), 1e12) == {"torch": True}


def test_a_line_shows_rates_beside_what_the_gpu_does(gpu_page: Any) -> None:
    machine = {"copy": 1.25e12, "rates": {"f32": 1e14}}
    line = gpu_page.line("c1", found(), machine)
    assert "| 110.0 (100.0 - 120.0) | 200.0 | 100.0 | 300.0 | 1000 (80%) |  | 1 | 10.0 | 1, -, - |" in line
    assert line.endswith("**not copy**, **not torch** |")
    assert "| 9.09 (9%) |" in gpu_page.line("e2", found(moved=0), machine)
    assert gpu_page.line("c1", {"wrong": "a | b"}, machine).startswith("| c1 | a / b |")


def test_tests_that_are_not_done_in_time_say_how_far_they_came(monkeypatch: pytest.MonkeyPatch, gpu_page: Any) -> None:
    gpu = import_module("gpu")

    def late(command: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(command, 5, output=b"..s.. [ 50%]\n...")

    monkeypatch.setattr(subprocess, "run", late)
    assert gpu.tests(["tests/gpu"], 5) == "tests of tests/gpu: not done after 5 s; 7 passed, none failed"
    (found,) = gpu.results(["c1"], argparse.Namespace(small=False, peers="torch", rounds=3), 5)
    assert found == {"row": "c1", "wrong": "not done after 5 s"}
