"""The command line does what it says, and says what went wrong by its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import weft as wf
from weft import demo
from weft.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def test_demo_learns_saves_restores_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = time.perf_counter()
    assert main(["demo", "--out", str(tmp_path), "--quiet"]) == 0
    assert time.perf_counter() - start < 60  # half of it is allowed; the machine may be shared
    said = capsys.readouterr().out
    assert "restored" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "digits.png",
        "digits.safetensors",
        "step.svg",
        "step.txt",
    ]
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_demo_without_matplotlib_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    assert main(["demo", "--out", str(tmp_path), "--epochs", "1", "--quiet"]) == 0
    assert "matplotlib" in capsys.readouterr().out
    assert not (tmp_path / "digits.png").exists()


def test_demo_is_repeatable(tmp_path: Path) -> None:
    first, second = (demo.run(tmp_path / name, epochs=1, seed=3, quiet=True) for name in "ab")
    assert first == second


def test_saved_demo_restores_into_a_new_model(tmp_path: Path) -> None:
    accuracy = demo.run(tmp_path, epochs=1, seed=0, quiet=True)
    train, held_out = demo.load(seed=0)
    assert demo.accuracy_of(demo.restore(tmp_path / "digits.safetensors", train), held_out) == accuracy


def test_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.startswith("cpu\n")


@pytest.mark.parametrize("arguments", [[], ["dance"], ["demo", "--epochs", "0"], ["demo", "--epochs", "many"]], ids=str)
def test_a_command_that_is_not_understood_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2
    assert "usage: weft" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main(["demo", "--out", str(tmp_path / "file"), "--epochs", "1", "--quiet"]) == 1
    assert "weft demo:" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_the_module_runs_as_the_command(flag: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "weft", flag], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: weft" if flag == "--help" else f"weft {wf.__version__}")
    if flag == "--help":
        assert "weft demo" in done.stdout


def test_the_demo_as_a_process_starts_again_with_one_thread(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-m", "weft", "demo", "--epochs", "1", "--quiet", "--out", str(tmp_path)]
    done = subprocess.run(
        command, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("handwritten digits") == 1
