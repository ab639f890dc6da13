"""Bundles from anyone: damaged, hostile and newer files are refused with a clear error, and nothing else."""

from __future__ import annotations

import contextlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exported import CASES, classifier, rows

import weft as wf
from weft.compiler.export import archive
from weft.runtime.errors import CheckpointError

MUTATIONS = 100  # of a kind; many more were tried


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle."""
    path = tmp_path_factory.mktemp("bundles") / "whole.weft"
    settle, specs, _ = CASES["a loop and a number"]
    signatures = {"rows": (rows, wf.spec(["k"], wf.int64)), "settle": (settle, *specs)}
    wf.export(classifier(), wf.spec(["n", 4]), path=path, signatures=signatures)
    return path


def pieces(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def written(path: Path, members: dict[str, bytes], **options: Any) -> Path:
    """An archive of these members."""
    with zipfile.ZipFile(path, "w", **options) as made:
        for name, piece in members.items():
            made.writestr(name, piece)
    return path


def with_checksums(members: dict[str, bytes]) -> dict[str, bytes]:
    """The members with a manifest that lists them as they are."""
    manifest = json.loads(members[archive.MANIFEST])
    rest = {name: piece for name, piece in members.items() if name != archive.MANIFEST}
    manifest["files"] = {n: {"sha256": archive.digest(p), "bytes": len(p)} for n, p in rest.items()}
    return {archive.MANIFEST: json.dumps(manifest).encode(), **rest}


def edited(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of a member that is JSON, its checksum made right."""

    def edit(members: dict[str, bytes]) -> dict[str, bytes]:
        value = json.loads(members[name])
        change(value)
        new = {**members, name: json.dumps(value).encode()}
        return new if name == archive.MANIFEST else with_checksums(new)

    return edit


def replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of a member that is text, its checksum made right."""

    def replace(members: dict[str, bytes]) -> dict[str, bytes]:
        assert old in members[name]
        return with_checksums({**members, name: members[name].replace(old, new)})

    return replace


SIGNATURES, CALL, WEIGHTS = "signatures.json", "graphs/call.txt", "weights.safetensors"
M = archive.MANIFEST
HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "a newer major version": (edited(M, lambda m: m["format"].update(major=2)), r"written in version 2\.0 of the format; this weft reads 1"),
    "an unknown feature": (edited(M, lambda m: m.update(features=["sparse"])), r"written in version 1\.0 of the format, with sparse"),
    "no version": (edited(M, lambda m: m.pop("format")), "the manifest names no version"),
    "a wrong checksum": (lambda m: {**m, CALL: m[CALL].replace(b"tanh", b"sinh")}, "corrupt: member 'graphs/call.txt' does not match its checksum"),
    "a member too many": (lambda m: {**m, "evil.pkl": b"x"}, "the manifest does not list the members"),
    "a member too few": (lambda m: {k: v for k, v in m.items() if k != CALL}, "the manifest does not list the members"),
    "no manifest": (lambda m: {k: v for k, v in m.items() if k != M}, "it has no manifest.json"),
    "a manifest that is no JSON": (lambda m: {**m, M: b"{"}, "manifest.json is not valid JSON"),
    "a manifest too deep": (lambda m: {**m, M: b"[" * 900 + b"]" * 900}, "manifest.json is nested too deeply"),
    "an unknown op": (replaced(CALL, b"tanh", b"system"), "graphs/call.txt: .*there is no op system"),
    "other shapes": (replaced(CALL, b"n, 4]", b"n, 5]"), "graphs/call.txt: "),
    "a graph that is no text": (lambda m: with_checksums({**m, CALL: b"\xff\xfe"}), "graphs/call.txt: it is no graph"),
    "no such variable": (edited(SIGNATURES, lambda s: s["entries"]["call"]["variables"].__setitem__(0, "x")), "there is no variable 'x'"),
    "variables in another order": (edited(SIGNATURES, lambda s: s["entries"]["call"]["variables"].reverse()), "takes other values than the entry"),
    "no arguments": (edited(SIGNATURES, lambda s: s["entries"]["call"].pop("arguments")), "descriptions lack something"),
    "a class as a container": (edited(SIGNATURES, lambda s: s["entries"]["call"].update(result={"os.system": []})), "stands where a container should be"),
    "code as a value": (edited(SIGNATURES, lambda s: s["entries"]["call"].update(parts=[{"value": "__import__('os')"}])), "stands where a value should be"),
    "too many results": (edited(SIGNATURES, lambda s: s["entries"]["call"]["parts"].append({"tensor": None})), "the graph gives fewer values"),
    "an object that is not there": (edited(SIGNATURES, lambda s: s["entries"]["call"].update(parts=[{"same": 99, "inner": {"tensor": None}}])), "an object that does not come out"),
    "another graph": (edited(SIGNATURES, lambda s: s["entries"]["call"].update(graph="../../etc/passwd")), "it has no member"),
    "weights that are none": (lambda m: with_checksums({**m, WEIGHTS: b"x" * 64}), "truncated or no tensor file"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused(name: str, whole: Path, tmp_path: Path) -> None:
    change, message = HOSTILE[name]
    path = written(tmp_path / "hostile.weft", change(pieces(whole)))
    with pytest.raises(CheckpointError, match=message):
        wf.load_bundle(path)


def test_packed_and_doubled_members_are_refused(whole: Path, tmp_path: Path) -> None:
    packed = written(tmp_path / "packed.weft", pieces(whole), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(CheckpointError, match="is compressed or encrypted"):
        wf.load_bundle(packed)
    doubled = written(tmp_path / "doubled.weft", pieces(whole))
    with zipfile.ZipFile(doubled, "a") as found, pytest.warns(UserWarning, match="Duplicate name"):
        found.writestr(CALL, b"graph () -> () {\n  return\n}\n")
    with pytest.raises(CheckpointError, match="two members have one name"):
        wf.load_bundle(doubled)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04K\x01.", b"\0" * 1000], ids=["empty", "a beginning", "a pickle", "zeros"])  # fmt: skip
def test_what_is_no_bundle_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.weft"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="no bundle, or a damaged one"):
        wf.load_bundle(path)


def test_a_truncated_bundle_is_refused(whole: Path, tmp_path: Path) -> None:
    content, path = whole.read_bytes(), tmp_path / "cut.weft"
    for length in range(0, len(content), len(content) // 50):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            wf.load_bundle(path)


def test_damaged_bytes_are_refused_or_change_nothing(whole: Path, tmp_path: Path) -> None:
    content, path, draw = whole.read_bytes(), tmp_path / "damaged.weft", random.Random(0)
    wanted = wf.load_bundle(whole).state_dict()
    for _ in range(MUTATIONS):
        damaged = bytearray(content)
        for _ in range(draw.choice([1, 1, 4])):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            found = wf.load_bundle(path)
        except CheckpointError:
            continue
        assert found.entries.keys() == {"call", "rows", "settle"}
        assert all((found.state_dict()[name].numpy() == x.numpy()).all() for name, x in wanted.items())


def test_damaged_graphs_and_descriptions_with_right_checksums_are_refused_or_sound(whole: Path, tmp_path: Path) -> None:
    members, path, draw = pieces(whole), tmp_path / "mutated.weft", random.Random(1)
    for _ in range(MUTATIONS):
        name = draw.choice([SIGNATURES, CALL, "graphs/settle.txt", WEIGHTS])
        piece = bytearray(members[name])
        at = draw.randrange(len(piece))
        piece[at : at + draw.choice([0, 1, 1, 6])] = draw.choice([b"", b"9", b"x", b"[", b'"', b"n", b"-1", b"\xff"])
        with contextlib.suppress(CheckpointError):
            wf.load_bundle(written(path, with_checksums({**members, name: bytes(piece)})))
