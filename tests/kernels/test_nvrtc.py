"""Compiling CUDA C at run time: what decides a cubin, the cache, mistakes, and where compilers are found."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from weft.kernels import nvrtc
from weft.kernels.nvrtc import Maker, RefusedError
from weft.runtime.errors import BuildError

TEXT = "\n".join(f'extern "C" __global__ void k{i}() {{}}' for i in range(20))


class Compiler:
    """A compiler that writes down what it was asked for."""

    def __init__(self, version: str = "13.0", refuses: str = "") -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.refuses = refuses
        self.maker = Maker("NVRTC", version, "libnvrtc.so", self.make)

    def make(self, text: str, options: Sequence[str]) -> tuple[bytes, str]:
        self.asked.append((text, tuple(options)))
        if self.refuses:
            raise RefusedError(self.refuses)
        return f"{len(self.asked)}: {text}".encode(), "Used 8 registers"


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Compiler:
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path))
    found = Compiler()
    monkeypatch.setattr(nvrtc, "maker", lambda: found.maker)
    return found


@pytest.fixture
def fresh() -> Iterator[None]:
    """Compilers are looked for anew."""
    nvrtc.maker.cache_clear()
    yield
    nvrtc.maker.cache_clear()


def test_a_cubin_is_made_once_for_text_architecture_and_options(compiler: Compiler) -> None:
    first = nvrtc.cubin(TEXT, "sm_90")
    assert nvrtc.cubin(TEXT, "sm_90") == first
    assert compiler.asked == [(TEXT, (*nvrtc.FLAGS, "-arch=sm_90"))]
    others = [nvrtc.cubin(TEXT, "sm_80"), nvrtc.cubin(TEXT, "sm_90", ["-lineinfo"]), nvrtc.cubin(TEXT + " ", "sm_90")]
    assert len({first, *others}) == 4


def test_another_version_of_the_compiler_makes_it_again(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    nvrtc.cubin(TEXT, "sm_90")
    newer = Compiler("13.1")
    monkeypatch.setattr(nvrtc, "maker", lambda: newer.maker)
    nvrtc.cubin(TEXT, "sm_90")
    assert len(newer.asked) == 1


@pytest.mark.parametrize(
    "harm", [lambda content: content[:-1], lambda content: b"", lambda content: b"x" + content[1:]]
)
def test_a_damaged_cubin_is_made_again(compiler: Compiler, tmp_path: Path, harm: object) -> None:
    nvrtc.cubin(TEXT, "sm_90")
    (kept,) = tmp_path.glob("*.cubin")
    kept.write_bytes(harm(kept.read_bytes()))  # pyright: ignore[reportCallIssue]
    assert nvrtc.cubin(TEXT, "sm_90").startswith(b"2: ")
    assert nvrtc.cubin(TEXT, "sm_90").startswith(b"2: ")
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


def test_the_cache_may_be_off(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE", "0")
    assert nvrtc.cubin(TEXT, "sm_90") != nvrtc.cubin(TEXT, "sm_90")


def test_a_full_cache_loses_what_was_not_used_for_longest(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WEFT_CACHE_LIMIT", str(3 * len(TEXT)))
    for i in range(6):
        nvrtc.cubin(f"{TEXT}{i}", "sm_90")
    assert 1 <= len(list(tmp_path.glob("*.cubin"))) <= 3


@pytest.mark.parametrize("said", ['kernels.cu(7): error: identifier "y" is undefined', "kernels.cu:7:3: error: no y"])
def test_a_mistake_is_shown_with_the_lines_around_it(compiler: Compiler, said: str) -> None:
    compiler.refuses = said
    with pytest.raises(BuildError, match=r"NVRTC 13\.0 refuses a kernel") as caught:
        nvrtc.cubin(TEXT, "sm_90")
    lines = str(caught.value).splitlines()
    assert said in lines
    assert '>    7 extern "C" __global__ void k6() {}' in lines
    assert [line[:6] for line in lines if "__global__" in line] == [
        f"{'>' if i == 7 else ' '}{i:5}" for i in range(4, 11)
    ]


def test_a_compiler_tells_the_version_of_cuda_that_it_belongs_to() -> None:
    assert Compiler("13.5").maker.number == (13, 5)
    assert Maker("nvcc", "of somebody", "", Compiler().make).number == (0, 0)


def test_a_variable_names_the_library_and_nothing_else_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_NVRTC", "/somewhere/libnvrtc.so")
    assert list(nvrtc.places("nvrtc", "WEFT_NVRTC")) == ["/somewhere/libnvrtc.so"]
    assert nvrtc.opened("nvrtc", "WEFT_NVRTC") is None


def test_libraries_are_looked_for_in_wheels_toolkits_and_where_the_system_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WEFT_NVRTC", raising=False)
    wheel, toolkit = tmp_path / "site/nvidia/cu13/lib", tmp_path / "toolkit/lib64"
    for folder, name in ((wheel, "libnvrtc.so.13"), (toolkit, "libnvrtc.so.12")):
        folder.mkdir(parents=True)
        (folder / name).touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "toolkit"))
    found = list(nvrtc.places("nvrtc", "WEFT_NVRTC"))
    assert found.index(str(wheel / "libnvrtc.so.13")) < found.index(str(toolkit / "libnvrtc.so.12"))
    assert found[-2:] == ["libnvrtc.so.13", "libnvrtc.so.12"]


def test_nvcc_serves_where_nvrtc_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: None) -> None:
    script = tmp_path / "nvcc"
    script.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --version ]; then echo "Cuda compilation tools, release 13.2, V13.2.1"; exit; fi\n'
        'for word; do last="$word"; done\n'
        'echo "$@" > "$last"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("WEFT_NVRTC", str(tmp_path / "none"))
    monkeypatch.setenv("WEFT_NVCC", str(script))
    made_by = nvrtc.maker()
    assert str(made_by) == "nvcc 13.2"
    words = nvrtc.compiled(TEXT, ("-default-device", "--device-int128", "-arch=sm_80"), made_by)[0].decode().split()
    assert words[:2] == ["-arch=sm_80", "--cubin"]
    script.write_text('#!/bin/sh\necho "$4: kernels.cu(2): error: no" >&2\nexit 1\n')
    with pytest.raises(BuildError, match=r"nvcc 13.2 refuses a kernel:\n.*kernels.cu\(2\): error: no"):
        nvrtc.compiled(TEXT, ("-arch=sm_80",), made_by)


def test_no_compiler_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: None) -> None:
    monkeypatch.setenv("WEFT_NVRTC", str(tmp_path / "none"))
    monkeypatch.delenv("WEFT_NVCC", raising=False)
    monkeypatch.setattr(nvrtc, "_nvcc", lambda: None)
    with pytest.raises(BuildError, match=r"neither NVRTC nor nvcc\n(.*\n)*Install it: pip install"):
        nvrtc.maker()
