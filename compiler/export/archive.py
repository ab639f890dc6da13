"""Archives: named pieces of bytes in one file, with a manifest that says what wrote them and what they must be.

A zip archive whose members are stored as they are, each at a multiple of 64 bytes, so that other programs list it and
a reader may map it. The same pieces give the same bytes. The reader believes nothing: members are exactly those that
the manifest lists, none is compressed, doubled, or of another size or checksum than it says. Versions: a reader of a
major version reads every minor one that names no feature unknown to it. This file does not know what the pieces hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

from ...runtime import tensorfile
from ...runtime.errors import CheckpointError

MAJOR, MINOR = 1, 0
FEATURES: frozenset[str] = frozenset()  # what files of this major version may use beyond its first minor one
MANIFEST = "manifest.json"
LONGEST_MANIFEST = 16_000_000
MOST_MEMBERS = 10_000
ALIGNED = 64
LOCAL_HEADER = 30  # bytes before the name of a member
PADDING = 0xD935  # the extra field that others use for this, too
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the time of every member: the same pieces give the same file
DAMAGED = "The file is damaged, or was not written by wf.export."

Pieces = Mapping[str, bytes]


def write(path: str, pieces: Pieces, producer: str) -> None:
    """Write pieces to `path`, which holds its old content or all of the new at any moment."""
    files = {name: {"sha256": digest(piece), "bytes": len(piece)} for name, piece in pieces.items()}
    manifest = {
        "format": {"major": MAJOR, "minor": MINOR},
        "producer": {"name": "weft", "version": producer},
        "features": [],
        "files": files,
    }
    with tensorfile.replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, piece in {MANIFEST: as_json(manifest), **pieces}.items():
            archive.writestr(_member(name, file.tell()), piece)


def as_json(value: Any) -> bytes:
    """A value as the text of a member."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def digest(piece: bytes) -> str:
    """The checksum of a piece."""
    return hashlib.sha256(piece).hexdigest()


def _member(name: str, at: int) -> zipfile.ZipInfo:
    """A member that begins at `at`, padded so that its bytes begin at a multiple of 64."""
    info = zipfile.ZipInfo(name, FIRST_DAY)
    info.create_system, info.external_attr = 3, 0o644 << 16
    padding = -(at + LOCAL_HEADER + len(name.encode()) + 4) % ALIGNED
    info.extra = PADDING.to_bytes(2, "little") + padding.to_bytes(2, "little") + bytes(padding)
    return info


def refused(path: str, problem: str, hint: str = DAMAGED) -> CheckpointError:
    """The error that says what is wrong with a file."""
    return CheckpointError(f"load_bundle: {path}: {problem}", hint)


class Archive:
    """An open archive whose manifest was checked.

    Errors: CheckpointError for a file that is truncated, corrupt, too new, or not one at all, saying what is wrong.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        self.path = path
        self._size = file.seek(0, os.SEEK_END)
        try:
            self._zip = zipfile.ZipFile(file)
            self._members = self._listed()
            self.manifest = self._read_manifest()
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise self.refuse(f"no bundle, or a damaged one: {str(error)[:200]}") from None

    def refuse(self, problem: str, hint: str = DAMAGED) -> CheckpointError:
        """The error that says what is wrong with this file."""
        return refused(self.path, problem, hint)

    def _listed(self) -> dict[str, zipfile.ZipInfo]:
        """The members by name, none of which is hidden, packed or doubled."""
        found = self._zip.infolist()
        if len(found) > MOST_MEMBERS:
            raise self.refuse(f"{len(found)} members, more than the {MOST_MEMBERS} that a bundle may have")
        for info in found:
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
                raise self.refuse(f"member {info.filename[:80]!r} is compressed or encrypted")
            if info.file_size > self._size:
                raise self.refuse(f"member {info.filename[:80]!r} says that it is longer than the file")
        members = {info.filename: info for info in found}
        if len(members) != len(found):
            raise self.refuse("two members have one name")
        return members

    def _read_manifest(self) -> dict[str, Any]:
        if MANIFEST not in self._members or self._members[MANIFEST].file_size > LONGEST_MANIFEST:
            raise self.refuse(f"it has no {MANIFEST}, or one too long to be one")
        manifest = self._json(MANIFEST, self._zip.read(MANIFEST))
        self._check_version(manifest)
        files = manifest.get("files")
        if not isinstance(files, dict) or {MANIFEST, *files} != self._members.keys():
            raise self.refuse("the manifest does not list the members of the file")
        return manifest

    def _check_version(self, manifest: Any) -> None:
        version = manifest.get("format") if isinstance(manifest, dict) else None
        if not isinstance(version, dict) or not all(type(version.get(k)) is int for k in ("major", "minor")):
            raise self.refuse("the manifest names no version of the format")
        features = manifest.get("features")
        unknown = set(map(str, features if isinstance(features, list) else ["?"])) - FEATURES
        if version["major"] > MAJOR or unknown:
            what = f", with {', '.join(sorted(unknown))[:80]}" if unknown else ""
            raise self.refuse(
                f"written in version {version['major']}.{version['minor']} of the format{what}; this weft reads {MAJOR}.{MINOR}",
                "Update weft, or export the model again.",
            )

    def names(self) -> list[str]:
        """The names of the pieces."""
        return list(self.manifest["files"])

    def read(self, name: Any) -> bytes:
        """A piece, held against its checksum."""
        said = self.manifest["files"].get(name) if isinstance(name, str) else None
        if not isinstance(said, dict):
            raise self.refuse(f"it has no member {str(name)[:80]!r}")
        try:
            piece = self._zip.read(name)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
            raise self.refuse(f"member {name[:80]!r} is damaged: {str(error)[:200]}") from None
        if said.get("bytes") != len(piece) or said.get("sha256") != digest(piece):
            raise self.refuse(f"corrupt: member {name[:80]!r} does not match its checksum")
        return piece

    def json(self, name: str) -> Any:
        """A piece that is JSON."""
        return self._json(name, self.read(name))

    def _json(self, name: str, piece: bytes) -> Any:
        try:
            value = json.loads(piece)
            if tensorfile.deeper(value, tensorfile.DEEPEST):
                raise RecursionError
            return value
        except RecursionError:
            raise self.refuse(f"{name} is nested too deeply") from None
        except ValueError as error:
            raise self.refuse(f"{name} is not valid JSON: {str(error)[:200]}") from None
