"""Checkpoints under attack: killed writers, damaged bytes, hostile headers."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import CheckpointError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.safetensors")


# Killed while writing: every system call of a save is a place to die

DYING_WRITER = """
import builtins, os, sys
import weft as wf
from weft.runtime import tensorfile

path, moment = sys.argv[1], int(sys.argv[2])
calls = 0

def step(function):
    def wrapped(*args, **kwargs):
        global calls
        calls += 1
        if calls == moment:
            os._exit(9)
        return function(*args, **kwargs)
    return wrapped

class File:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self.file.close()
    def __getattr__(self, name):
        return getattr(self.file, name)
    def write(self, data):
        half = len(data) // 2
        step(self.file.write)(data[:half])
        self.file.flush()
        step(self.file.write)(data[half:])

real_open = open
tensorfile.open = step(lambda *args: File(real_open(*args)))
for name in ("fsync", "replace"):
    setattr(os, name, step(getattr(os, name)))
wf.save(path, {"generation": 2, "x": wf.full((50, 50), 2.0)})
print("saved", calls)
"""


def run_writer(path: str, moment: int) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", DYING_WRITER, path, str(moment)]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def generation(path: str) -> int:
    """Which of the two saves a file holds; it must be one of them, whole."""
    found = wf.load(path)
    assert (found["x"].numpy() == found["generation"]).all()
    return found["generation"]


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new(path: str) -> None:
    seen = []
    for moment in range(1, 30):
        wf.save(path, {"generation": 1, "x": wf.full((50, 50), 1.0)})
        done = run_writer(path, moment)
        seen.append(generation(path))
        if done.returncode == 0:
            break
        assert done.returncode == 9, done.stderr
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}
    assert len(seen) > 5


LOOPING_WRITER = """
import sys
import weft as wf
for i in range(1, 1_000_000):
    wf.save(sys.argv[1], {"generation": i, "x": wf.full((200, 200), float(i))})
    if i == 1:
        print("ready", flush=True)
"""


def test_a_writer_killed_in_full_flight_leaves_a_whole_file(path: str) -> None:
    for _ in range(4):
        arguments = [sys.executable, "-c", LOOPING_WRITER, path]
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            for _ in range(5):
                assert generation(path) > 0
            writer.kill()
        assert generation(path) > 0


def test_a_failed_write_keeps_the_old_file_and_leaves_no_draft(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wf.save(path, 1)

    def full_disk(_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        wf.save(path, 2)
    monkeypatch.undo()
    assert wf.load(path) == 1
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_saving_through_a_link_keeps_the_link(path: str, tmp_path: Path) -> None:
    wf.save(path, 1)
    link = tmp_path / "link"
    link.symlink_to(path)
    wf.save(link, 2)
    assert link.is_symlink()
    assert wf.load(path) == 2


# Damaged

TREE = {"weight": wf.asarray(np.arange(12, dtype=np.float32).reshape(3, 4)), "step": 7, "ok": wf.tensor([True, False])}


def test_a_file_cut_anywhere_is_refused(path: str) -> None:
    wf.save(path, TREE)
    whole = Path(path).read_bytes()
    for length in range(len(whole)):
        Path(path).write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            wf.load(path)


def test_a_flipped_bit_anywhere_is_noticed(path: str) -> None:
    wf.save(path, TREE)
    whole = bytearray(Path(path).read_bytes())
    for i in range(len(whole)):
        damaged = bytearray(whole)
        damaged[i] ^= 1 << (i % 8)
        Path(path).write_bytes(damaged)
        try:
            found = wf.load(path)
        except CheckpointError:
            continue
        # what remains are names and spaces of the header that carry no value
        assert found.keys() == TREE.keys(), f"byte {i}"
        assert found["step"] == 7
        assert found["weight"].tolist() == TREE["weight"].tolist(), f"byte {i}"


def test_corrupt_data_is_named(path: str) -> None:
    wf.save(path, TREE)
    whole = bytearray(Path(path).read_bytes())
    whole[-1] ^= 1
    Path(path).write_bytes(whole)
    with pytest.raises(CheckpointError, match=r"corrupt: tensor 'ok' \(bool\[2\]\) does not match its checksum"):
        wf.load(path)


# Hostile


def raw(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape) if isinstance(shape, tuple) else shape, "data_offsets": list(offsets)}


def described(
    tree: Any, checksums: Any = None, version: Any = 1, crc: str | None = None, **entries: Any
) -> dict[str, Any]:
    text = json.dumps({"version": version, "tree": tree, "checksums": checksums or {}})
    return {"__metadata__": {"weft": text, "weft_crc32": crc or f"{zlib.crc32(text.encode()):08x}"}, **entries}


HOSTILE = {
    "empty": (b"", "truncated: 0 bytes"),
    "short": (b"\x01\x00", "truncated: 2 bytes"),
    "huge header": (raw({}, length=2**63), "announces a header of 9223372036854775808 bytes"),
    "long header": (raw({}, length=1000), "announces a header of 1000 bytes and has 2 more"),
    "bad JSON": (raw(b"{"), "the header is not valid JSON"),
    "no UTF-8": (raw(b'{"\xff": 1}'), "the header is not valid JSON"),
    "deep JSON": (raw(b"[" * 200_000), "nested too deeply"),
    "long integer": (raw(b'{"a": ' + b"9" * 5000 + b"}"), "not valid JSON"),
    "no object": (raw([1]), "a JSON list, not an object"),
    "twins": (raw(b'{"a": 1, "a": 2}'), "the name 'a' stands twice"),
    "metadata": (raw({"__metadata__": {"a": 1}}), "not a table of strings"),
    "no entry": (raw({"a": 1}), "tensor 'a' is not described by"),
    "more keys": (raw({"a": {**entry(), "code": "x"}}), "is not described by"),
    "dtype": (raw({"a": entry("F8_E4M3", (4,))}, b"1234"), "tensor 'a' has dtype 'F8_E4M3'"),
    "dtype list": (raw({"a": entry(["F32"])}, b"1234"), "has dtype"),
    "negative length": (raw({"a": entry(shape=(-1,))}, b"1234"), r"tensor 'a' has shape \[-1\]"),
    "float length": (raw({"a": entry(shape=(1.0,))}, b"1234"), "has shape"),
    "bool length": (raw({"a": entry(shape=(True,))}, b"1234"), "has shape"),
    "no shape": (raw({"a": entry(shape="4")}, b"1234"), "has shape"),
    "many axes": (raw({"a": entry(shape=(1,) * 65)}, b"1234"), "has shape"),
    "huge shape": (raw({"a": entry(shape=(2**40, 2**40))}, b"1234"), "does not fill its 4 bytes"),
    "huge empty shape": (raw({"a": entry(shape=(0, 2**62, 2**62), offsets=(0, 0))}), "tensor 'a' has shape"),
    "backwards": (raw({"a": entry(offsets=(4, 0))}, b"1234"), r"has offsets \[4, 0\]"),
    "three offsets": (raw({"a": entry(offsets=(0, 4, 4))}, b"1234"), "has offsets"),
    "beyond": (raw({"a": entry()}, b"12"), "truncated: the tensors take 4 bytes of data, the file has 2"),
    "far beyond": (raw({"a": entry(shape=(2**40,), offsets=(0, 2**42))}, b"12"), "truncated: the tensors take"),
    "left over": (raw({"a": entry()}, b"12345678"), "bytes too many"),
    "gap": (raw({"a": entry(offsets=(4, 8))}, b"12345678"), "leaves a gap before it"),
    "overlap": (raw({"a": entry(), "b": entry()}, b"1234"), "tensor 'b' at offset 0 overlaps another"),
    "bad bool": (raw({"a": entry("BOOL", (4,))}, b"\x00\x01\x02\x00"), "neither true nor false"),
    "description": (raw(described({"dict": []}, crc="00000000")), "does not match its checksum"),
    "version": (raw(described(1, version=2)), "written in version 2"),
    "checksums": (raw(described(1, a=entry()), b"1234"), "checksums do not name the tensors"),
    "no tag": (raw(described({})), "means nothing"),
    "two tags": (raw(described({"list": [], "tuple": []})), "means nothing"),
    "unknown tag": (raw(described({"pickle": "x"})), "means nothing"),
    "no list": (raw(described({"list": 3})), "means nothing"),
    "bare list": (raw(described([1])), "where a value should be"),
    "absent tensor": (raw(described({"tensor": "b"})), "names a tensor 'b' that the file has not"),
    "keys": (raw(described({"dict": [["a", 1], ["a", 2]]})), "each once"),
    "key kinds": (raw(described({"dict": [[[], 1]]})), "not strings or integers"),
    "complex": (raw(described({"complex": ["1"] * 3})), "no complex number"),
    "float": (raw(described({"float": "x"})), "no float number"),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_words(path: str, content: bytes, message: str) -> None:
    Path(path).write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        wf.load(path)


@pytest.mark.parametrize("content", [content for content, _ in HOSTILE.values()], ids=HOSTILE)
def test_a_hostile_file_changes_no_model(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    variable = wf.Variable([0.0])
    with pytest.raises(CheckpointError):
        wf.load(path, into={"a": variable})
    assert variable.tolist() == [0.0]


def test_a_deep_tree_in_a_file_is_refused(path: str) -> None:
    text = '{"list":[' * 900 + '{"list":[]}' + "]}" * 900
    text = '{"version":1,"checksums":{},"tree":' + text + "}"
    header = {"__metadata__": {"weft": text, "weft_crc32": f"{zlib.crc32(text.encode()):08x}"}}
    Path(path).write_bytes(raw(header))
    with pytest.raises(CheckpointError, match="nested too deeply"):
        wf.load(path)


def test_errors_fit_on_the_screen_even_for_hostile_names(path: str) -> None:
    Path(path).write_bytes(raw({"x" * 100_000: 1}))
    with pytest.raises(CheckpointError) as caught:
        wf.load(path)
    assert len(str(caught.value)) < 1000


# Any change to a whole file: loaded or refused, never another error

JUNK = [
    None, True, -1, 0, 1, 2**70, 1.5, float("inf"), "", "a", [], {}, [1], {"tensor": "a"}, {"dict": []}, {"list": [[]]}, ["a", 1],
    {"state": {"dict": [["a", 1]]}}, {"state": {"list": []}}, {"complex": ["1", "x"]}, {"float": 5}, {"tensor": ["a"]},
    {"tensor": "a", "dtype": "complex128"}, {"tensor": "c", "dtype": 3}, {"dict": [[None, 1]]}, {"dict": [[True, {"tensor": "a"}]]},
]  # fmt: skip


def changed(x: Any, rng: random.Random) -> Any:
    """A JSON value with junk in some places."""
    if rng.random() < 0.15:
        return rng.choice(JUNK)
    if isinstance(x, dict):
        return {k: changed(v, rng) if rng.random() < 0.5 else v for k, v in x.items() if rng.random() < 0.98}
    return [changed(v, rng) if rng.random() < 0.5 else v for v in x] if isinstance(x, list) else x


def everything() -> dict[str, Any]:
    """Every kind of thing that a file is loaded into."""
    optimizer = wf.optim.Adam(0.1)
    optimizer.minimize(lambda x=wf.Variable([1.0], name="x"): (x * x).sum())
    return {"a": wf.Variable(np.ones((2, 3))), "b": [1, 2.5, None, (True, "x")], "c": wf.asarray(np.ones(2, np.complex128)),
            "m": wf.nn.Embedding(2, 2), "o": optimizer}  # fmt: skip


def test_changed_files_are_loaded_or_refused(path: str) -> None:
    wf.save(path, everything())
    whole = Path(path).read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    header, rng, target = json.loads(whole[8:start]), random.Random(1), everything()
    content = json.loads(header["__metadata__"]["weft"])
    refused = 0
    for i in range(600):
        if i % 2:
            text = json.dumps(changed(content, rng))
            new = {**header, "__metadata__": {"weft": text, "weft_crc32": f"{zlib.crc32(text.encode()):08x}"}}
        else:
            new = changed(header, rng)
        Path(path).write_bytes(raw(new, whole[start:]))
        for into in (None, target):
            try:
                wf.load(path, into)
            except CheckpointError:
                refused += 1
    assert 300 < refused < 1200
