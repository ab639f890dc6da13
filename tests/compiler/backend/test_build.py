"""Building C at run time: the cache, and compilers that are missing, fail or hang."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from weft.kernels import build
from weft.runtime.errors import BuildError

ANSWER = "int answer(void) { return %d; }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fresh_compiler(monkeypatch: pytest.MonkeyPatch):
    """The compiler is looked for again, before the test and after it."""
    build.compiler.cache_clear()
    yield monkeypatch
    build.compiler.cache_clear()


def test_a_library_is_built_once_and_found_again(folder: Path) -> None:
    assert build.library(ANSWER % 42).answer() == 42
    (built,) = folder.glob("*.so")
    before = built.stat().st_ino
    assert build.library(ANSWER % 42).answer() == 42
    assert built.stat().st_ino == before
    assert build.library(ANSWER % 43).answer() == 43
    assert len(list(folder.glob("*.so"))) == 2
    assert not list(folder.glob("building-*"))


def test_the_cache_is_for_its_user_alone(folder: Path) -> None:
    build.library(ANSWER % 1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_damaged_library_is_built_again(folder: Path) -> None:
    build.library(ANSWER % 2)
    (built,) = folder.glob("*.so")
    built.write_bytes(b"not a library")
    code = f"from weft.kernels import build; print(build.library({ANSWER % 2!r}).answer())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"


def test_the_cache_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE_LIMIT", "40000")
    for i in range(6):
        build.library(ANSWER % (100 + i))
    assert sum(path.stat().st_size for path in folder.glob("*.so")) <= 40000


def test_the_cache_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE", "0")
    assert build.library(ANSWER % 3).answer() == 3
    assert build.cache_folder() is None


def test_processes_may_build_at_the_same_time(folder: Path) -> None:
    code = f"from weft.kernels import build; assert build.library({ANSWER % 4!r}).answer() == 4"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert len(list(folder.glob("*.so"))) == 1


def test_c_that_does_not_compile_shows_the_compilers_words(folder: Path) -> None:
    with pytest.raises(BuildError, match="nonsense"):
        build.library("int nonsense(void) { return missing_name; }")
    assert not list(folder.glob("building-*"))


def test_a_file_that_cannot_be_written_is_a_failed_build(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BuildError, match=r"No space left(.|\n)*WEFT_CACHE"):
        build.library(ANSWER % 5)


def test_a_compiler_that_is_missing_is_named(folder: Path, fresh_compiler: pytest.MonkeyPatch) -> None:
    fresh_compiler.setenv("WEFT_CC", "no-such-compiler-here")
    with pytest.raises(BuildError, match=r"no-such-compiler-here(.|\n)*pip install ziglang"):
        build.compiler()


def test_a_compiler_that_fails_is_reported(folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "broken-cc"
    script.write_text("#!/bin/sh\necho it is broken >&2\nexit 3\n")
    script.chmod(0o755)
    fresh_compiler.setenv("WEFT_CC", str(script))
    with pytest.raises(BuildError, match="status 3"):
        build.compiler()


def test_a_compiler_that_hangs_is_given_up(folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "slow-cc"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    fresh_compiler.setenv("WEFT_CC", str(script))
    fresh_compiler.setattr(build, "TIMEOUT", 0.2)
    with pytest.raises(BuildError, match="longer than"):
        build.compiler()
