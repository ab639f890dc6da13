"""Sources on disk: what was written before is found by whoever needs the very same, and by nobody else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import build, interpreted

import weft as wf
from weft.compiler.backend import program, sources
from weft.compiler.graph.graph import Graph
from weft.kernels import build as building
from weft.runtime.errors import WeftError

X = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(3, 4)
WEIGHTS = wf.tensor(np.arange(20, dtype=np.float32).reshape(4, 5))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """The graphs that are written, from now on."""
    found: list[Graph] = []
    before = sources.written

    def written(graph: Graph, *args: Any) -> Any:
        found.append(graph)
        return before(graph, *args)

    for module in (sources, program):
        monkeypatch.setattr(module, "written", written)
    return found


def normal(x: Any) -> Any:
    return (x - wf.mean(x, axis=1, keepdims=True)) @ WEIGHTS


def settled(x: Any) -> Any:
    trips = 0
    while wf.max(x) > 0.3:
        x, trips = wf.tanh(x) * 0.9, trips + 1
    return x, trips


def picked(x: Any) -> Any:
    return x[wf.astype(wf.max(x), wf.int64)] * 2.0


def spread(x: Any) -> Any:
    return wf.linalg.svdvals(x), wf.concat([x, x])


def pages(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.program"))


@pytest.mark.parametrize("f", [normal, settled, picked, spread], ids=lambda f: f.__name__)
def test_a_program_is_written_once(f: Callable[[Any], Any], cache: Path, writing: list[Graph]) -> None:
    first = build(wf.compile(f).graph(wf.tensor(X)))
    again = wf.compile(f).graph(wf.tensor(X))
    second = build(again)
    assert len(writing) == len(pages(cache)) == 1
    assert second.source.text == first.source.text
    assert [(c.node.op.name, c.is_rare) for c in second.source.hosts] == [(c.node.op.name, c.is_rare) for c in first.source.hosts]  # fmt: skip
    for got, before, wanted in zip(second([X]), first([X]), interpreted(again, [X]), strict=True):
        np.testing.assert_array_equal(got, before)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_what_is_found_says_the_lines_of_the_program_that_runs(cache: Path, writing: list[Graph]) -> None:
    def first(x: Any) -> Any:
        return x[wf.astype(wf.sum(x), wf.int64)]

    def second(x: Any) -> Any:

        return x[wf.astype(wf.sum(x), wf.int64)]

    said = []
    for f in (first, second):
        built = build(wf.compile(f).graph(wf.tensor(X)))
        with pytest.raises(WeftError) as raised:
            built([X + 1.0])
        said.append((int(raised.value.where.split(":")[1].split()[0]), built))
    assert len(writing) == 1
    (before, _), (after, found) = said
    assert after == before + 4
    assert f":{after} " in found.shown
    assert len(writing) == 2  # to show it


def seal(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def changed(page: bytes, **fields: Any) -> bytes:
    return seal(json.dumps({**json.loads(page[:-32]), **fields}).encode())


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda page: b"",
    "cut": lambda page: page[:-40],
    "a bit": lambda page: page[:50] + bytes([page[50] ^ 1]) + page[51:],
    "no JSON": lambda page: seal(b"\xff\x00"),
    "another JSON": lambda page: seal(b"[1, 2]"),
    "no text": lambda page: changed(page, text=None),
    "no memory": lambda page: changed(page, arena="much"),
    "no such constant": lambda page: changed(page, constants=[7]),
    "a constant of another size": lambda page: changed(page, constants=[["f32", [9], "AAAA"]]),
    "no node": lambda page: changed(page, hosts=[["graph () {", 0, [], False]]),
    "no such line": lambda page: changed(page, hosts=[["graph (x: f32[2]) -> f32[2] { y = exp x; return y }", 99, [[1]], False]]),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_damaged_page_is_written_again(damage: Callable[[bytes], bytes], cache: Path, writing: list[Graph]) -> None:
    graph = wf.compile(normal).graph(wf.tensor(X))
    wanted = build(graph)([X])
    (page,) = pages(cache)
    whole = page.read_bytes()
    page.write_bytes(damage(whole))
    np.testing.assert_array_equal(build(graph)([X]), wanted)
    assert len(writing) == 2
    assert page.read_bytes() == whole


CHANGES = {
    "weft": (sources, "weft_is", lambda: "another"),
    "NumPy": (np, "__version__", "9.9"),
    "Python": (sys, "version", "9.9"),
    "the processor": (sources.compilers, "processor", lambda: "another"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_page_of_another_version_is_not_read(
    change: Any, cache: Path, writing: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = wf.compile(settled).graph(wf.tensor(X))
    sources.source_of(graph, 32, 32)
    monkeypatch.setattr(*change)
    sources.source_of(graph, 32, 32)
    assert len(writing) == len(pages(cache)) == 2


def test_vectors_and_their_order_count(cache: Path, writing: list[Graph]) -> None:
    graph = wf.compile(lambda x: wf.sum(wf.exp(x), axis=1)).graph(wf.ones((8, 640)))
    texts = {sources.source_of(graph, width, order)[1].text for width, order in ((16, 16), (32, 32), (32, 64)) * 2}
    assert len(writing) == len(pages(cache)) == len(texts) == 3


def test_a_changed_constant_is_another_program(cache: Path) -> None:
    for value in (3.0, 4.0):
        weights = np.full((4, 4), value, "f4") + np.eye(4, dtype="f4")
        built = build(wf.compile(lambda x, w=weights: x @ wf.tensor(w)).graph(wf.tensor(X)))
        np.testing.assert_allclose(built([X])[0], X @ weights, rtol=1e-5)
    assert len(pages(cache)) == 2


def test_large_constants_of_the_graph_stay_out_of_the_page(cache: Path, writing: list[Graph]) -> None:
    weights = wf.tensor(np.random.default_rng(0).normal(size=(4, 1 << 17)).astype("f4"))
    for _ in range(2):
        built = build(wf.compile(lambda x: x @ weights).graph(wf.tensor(X)))
        np.testing.assert_allclose(built([X])[0], X @ weights.numpy(), rtol=1e-4, atol=1e-5)
    assert len(writing) == 1
    assert pages(cache)[0].stat().st_size < 1 << 14


def test_open_sizes_are_written_anew(cache: Path) -> None:
    f = wf.compile(lambda x: wf.sin(x) * 2.0, signature=[wf.spec(["n", 4], wf.float32)])
    with wf.options(executor="native"):
        np.testing.assert_allclose(f(wf.tensor(X)).numpy(), np.sin(X) * 2, rtol=1e-6)
    assert not pages(cache)


def test_without_a_cache_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, writing: list[Graph]) -> None:
    monkeypatch.setenv("WEFT_CACHE", "0")
    graph = wf.compile(settled).graph(wf.tensor(X))
    for _ in range(2):
        sources.source_of(graph, 32, 32)
    assert len(writing) == 2


def test_a_full_disk_is_said_once_and_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    graph = wf.compile(settled).graph(wf.tensor(X))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.warns(RuntimeWarning, match="cannot be kept in .*: .*No space left"):
        text = sources.source_of(graph, 32, 32)[1].text
    assert sources.source_of(graph, 32, 32)[1].text == text
    assert list(cache.iterdir()) == []


def test_pages_are_part_of_what_is_bounded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = wf.compile(settled).graph(wf.tensor(X))
    sources.source_of(graph, 32, 32)
    (page,) = pages(cache)
    os.utime(page, (1, 1))
    monkeypatch.setenv("WEFT_CACHE_LIMIT", "100")
    building.keep("graph-new.program", b"x" * 50)
    assert [each.name for each in pages(cache)] == ["graph-new.program"]


PROGRAM = """
import sys, numpy as np, weft as wf
from weft.compiler.backend import sources
if sys.argv[1] == "found":
    sources.Lowering = None
w = wf.tensor(np.arange(12.0).reshape(3, 4).astype("f"))
f = wf.compile(lambda x: wf.softmax(wf.tanh(x @ w) + 1.0, axis=-1)[wf.argmax(x[0])])
print(f(wf.tensor(np.arange(6.0).reshape(2, 3).astype("f") / 9 - 0.5)).numpy().tobytes().hex())
"""


def started(folder: Path, wanted: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "WEFT_CACHE": str(folder), "WEFT_EXECUTOR": "native"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, wanted], env=environment, stdout=pipe, stderr=pipe, text=True
    )


def test_another_process_finds_what_two_wrote_at_the_same_time(cache: Path) -> None:
    both = [started(cache, "written") for _ in range(2)]
    said = {process.communicate() for process in both}
    assert len(said) == 1
    assert len(pages(cache)) == 1
    assert not list(cache.glob("building-*"))
    assert started(cache, "found").communicate() in said
