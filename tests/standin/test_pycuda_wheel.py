"""The command that gathers PyCUDA's wheels for a machine without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import building
import pycuda_wheel
import pytest
from headers import MissingError


def test_wheels_of_pycuda_and_of_what_it_needs_are_left_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(_: Path, wheels: Path) -> Path:
        wheels.mkdir(parents=True, exist_ok=True)
        (wheels / "pycuda-1-py3-none-any.whl").write_bytes(b"wheel")
        return wheels / "pycuda-1-py3-none-any.whl"

    asked: list[Any] = []
    monkeypatch.setenv("WEFT_STANDIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(building, "built", lambda: tmp_path)
    monkeypatch.setattr(pycuda_wheel, "built", made)
    monkeypatch.setattr(pycuda_wheel, "pip", lambda *arguments, **_: asked.append(arguments))
    for _ in range(2):  # the second time it is there
        assert pycuda_wheel.main([str(tmp_path / "wheels")]) == 0
    assert "pycuda-1-py3-none-any.whl" in capsys.readouterr().out
    assert (tmp_path / "wheels" / "pycuda-1-py3-none-any.whl").read_bytes() == b"wheel"
    assert set(pycuda_wheel.NEEDS) <= set(asked[0])


def test_the_command_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert pycuda_wheel.main([]) == 2
    assert "usage:" in capsys.readouterr().err


def test_the_command_says_why_there_is_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Path:
        raise MissingError("the stand-in for a GPU is compiled by g++, which is not here")

    monkeypatch.setattr(building, "built", fails)
    assert pycuda_wheel.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == "pycuda_wheel: the stand-in for a GPU is compiled by g++, which is not here\n"
