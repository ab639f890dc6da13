"""Building C at run time: the cache, and compilers that are missing, fail or hang."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

import weft as wf
from weft.compiler.backend import execute
from weft.kernels import build, compilers
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


def test_where_nothing_can_be_written_the_build_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    build.compiler()
    with (
        pytest.warns(RuntimeWarning, match="cannot be kept in .*No space left"),
        pytest.raises(BuildError, match=r"No space left(.|\n)*WEFT_CACHE"),
    ):
        build.library(ANSWER % 5)


def test_a_full_disk_is_left_for_a_temporary_folder_with_one_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(path: Path, text: str) -> int:
        if folder in path.parents:
            raise OSError(28, "No space left on device")
        return write(path, text)

    build.compiler()
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.warns(RuntimeWarning, match=r"cannot be kept in .*No space left on device; set WEFT_CACHE"):
        assert build.library(ANSWER % 6).answer() == 6
    assert build.library(ANSWER % 7).answer() == 7  # without another warning, which would be an error


def test_a_cache_that_cannot_be_made_is_left_for_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match="cannot be kept in"):
        assert build.library(ANSWER % 8).answer() == 8
    assert build.cache_folder() == build.cache_folder()


def test_units_are_linked_into_one_library_and_asked_for_once(folder: Path) -> None:
    asked = []

    def units() -> list[build.Unit]:
        asked.append(1)
        return [build.Unit("int part(void) { return 20; }"),
                build.Unit("int part(void); int answer(void) { return part() + PLUS; }", ("-DPLUS=3", "-O0"))]  # fmt: skip

    assert build.library("two units", units=units).answer() == 23
    assert build.library("two units", units=units).answer() == 23
    assert asked == [1]
    assert not list(folder.glob("building-*"))


def test_a_unit_that_does_not_compile_fails_the_build(folder: Path) -> None:
    with pytest.raises(BuildError, match="nonsense"):
        build.library("bad units", units=lambda: [build.Unit(ANSWER % 1), build.Unit("nonsense")])


def test_a_library_that_lost_bytes_is_built_again(folder: Path) -> None:
    build.library(ANSWER % 9)
    (built,) = folder.glob("*.so")
    whole = built.read_bytes()
    built.unlink()  # it is loaded: another file takes its place
    built.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    code = f"from weft.kernels import build; print(build.library({ANSWER % 9!r}).answer())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "9"


def counting(tmp_path: Path) -> tuple[Path, Path]:
    """A compiler that notes when it is asked, and its notes."""
    script, notes = tmp_path / "counting-cc", tmp_path / "notes"
    script.write_text(f'#!/bin/sh\necho asked >> {notes}\nexec cc "$@"\n')
    script.chmod(0o755)
    return script, notes


def test_what_a_compiler_says_of_itself_is_kept_until_it_changes(
    folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, notes = counting(tmp_path)
    fresh_compiler.setenv("WEFT_CC", str(script))
    first = build.compiler()
    asked = notes.read_text()
    build.compiler.cache_clear()
    assert build.compiler() == first
    assert notes.read_text() == asked
    script.write_text(script.read_text() + "\n# another version\n")
    build.compiler.cache_clear()
    build.compiler()
    assert notes.read_text() != asked


def test_damaged_words_of_a_compiler_are_asked_for_again(
    folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = build.compiler()
    (page,) = folder.glob("compiler-*.json")
    for damaged in ("", "{", "[1, 2]", '[["cc"], 5, "a", []]'):
        page.write_text(damaged)
        build.compiler.cache_clear()
        assert build.compiler() == first


def test_a_library_of_the_cache_needs_no_compiler(
    folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, notes = counting(tmp_path)
    fresh_compiler.setenv("WEFT_CC", str(script))
    build.library(ANSWER % 10)
    asked = notes.read_text()
    code = f"from weft.kernels import build; print(build.library({ANSWER % 10!r}).answer())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "10"
    assert notes.read_text() == asked


def test_a_compiler_that_is_killed_is_reported(
    folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "killed-cc"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o755)
    fresh_compiler.setenv("WEFT_CC", str(script))
    with pytest.raises(BuildError, match="ended by signal 9"):
        build.compiler()


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
    script.write_text("#!/bin/sh\nsleep 60\n")  # which outlives its parent, if that alone is ended
    script.chmod(0o755)
    fresh_compiler.setenv("WEFT_CC", str(script))
    fresh_compiler.setattr(compilers, "TIMEOUT", 0.2)
    with pytest.raises(BuildError, match="longer than"):
        build.compiler()


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("sleep 60", "took longer than 0.4 s"),
        ("kill -9 $$", "ended by signal 9"),
        ("echo no room >&2; exit 4", "no room"),
    ],
    ids=["hangs", "is killed", "fails"],
)
def test_graphs_are_interpreted_with_one_warning_where_the_compiler_fails(
    folder: Path, fresh_compiler: pytest.MonkeyPatch, tmp_path: Path, does: str, said: str
) -> None:
    script = tmp_path / "cc-that-fails"
    script.write_text(f'#!/bin/sh\ncase "$*" in *building-*) {does};; esac\nexec cc "$@"\n')
    script.chmod(0o755)
    fresh_compiler.setenv("WEFT_CC", str(script))
    fresh_compiler.setattr(execute, "_warned", set())
    build.compiler()
    fresh_compiler.setattr(compilers, "TIMEOUT", 0.4)
    f, g = wf.compile(lambda x: x * 2.0 + 11.0), wf.compile(lambda x: x * 2.0 + 12.0)
    with wf.options(executor="native"):
        with pytest.warns(RuntimeWarning, match=rf"graphs are interpreted: .*(\n|.)*{said}"):
            y = f(wf.ones(3))
        z = g(wf.ones(3))  # without another warning, which would be an error
    assert y.numpy().tolist() == [13.0] * 3
    assert z.numpy().tolist() == [14.0] * 3
