"""Tensor files: the safetensors format, written atomically and read with suspicion.

A file is eight bytes (the length of the header), a JSON header (name -> dtype, shape, offsets), and the bytes of
the tensors without a gap. The reader believes nothing: every number is checked against the others and against the
file before a byte of data is used. A checksum of each tensor goes into the metadata, which the format itself has not.
This file knows arrays, not what they are for.

Source: safetensors, "Format", https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from . import dtypes
from .errors import CheckpointError
from .spec import Spec, size

CODES = {
    "BOOL": dtypes.bool_, "I8": dtypes.int8, "I16": dtypes.int16, "I32": dtypes.int32, "I64": dtypes.int64,
    "U8": dtypes.uint8, "U16": dtypes.uint16, "U32": dtypes.uint32, "U64": dtypes.uint64,
    "F16": dtypes.float16, "BF16": dtypes.bfloat16, "F32": dtypes.float32, "F64": dtypes.float64, "C64": dtypes.complex64,
}  # fmt: skip
NAMES = {dtype: code for code, dtype in CODES.items()}
LONGEST_HEADER = 100_000_000  # the format's own limit
DEEPEST = 400  # levels of JSON, more than any tree worth saving; what interpreters can recurse differs
MOST_AXES = 64  # NumPy's limit
_CHUNK = 1 << 24


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies in the data part of a file."""

    spec: Spec
    start: int
    stop: int


# Writing


def write(path: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write arrays and metadata to `path`, which holds its old content or all of the new at any moment."""
    with replacing(path) as file:
        for part in parts(arrays, metadata):
            file.write(part)


def parts(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """The bytes of a tensor file, one piece after the other."""
    arrays = {name: _plain(array) for name, array in arrays.items()}
    head = header(arrays, metadata)
    yield len(head).to_bytes(8, "little") + head
    for array in arrays.values():
        yield _bytes_of(array)


def header(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The JSON header, padded so that the data begins at a multiple of eight."""
    entries: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    for name, array in arrays.items():
        entries[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode()
    return text + b" " * (-len(text) % 8)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` in one step, once everything in it is on the disk."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    draft = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.part")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Make the new name of a file last through a power cut, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _plain(array: np.ndarray) -> np.ndarray:
    """The array in row-major order; complex128, which the format has not, as pairs of floats."""
    array = np.asarray(array, order="C")
    return array.view(np.float64).reshape(*array.shape, 2) if array.dtype == dtypes.complex128 else array


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def checksum(name: str, array: np.ndarray) -> str:
    """The checksum of a tensor: of its name, dtype, shape and bytes."""
    array = _plain(array)
    return _checksum(name, NAMES[array.dtype], array)


def _checksum(name: str, code: str, array: np.ndarray) -> str:
    crc = zlib.crc32(f"{name} {code} {list(array.shape)}".encode())
    return f"{zlib.crc32(_bytes_of(array), crc):08x}"


# Reading


def deeper(value: Any, levels: int) -> bool:
    """Whether lists and dicts are nested in more than so many levels."""
    layer = [value]
    for _ in range(levels):
        inner = [x for x in layer if isinstance(x, list | dict)]
        layer = [child for x in inner for child in (x.values() if isinstance(x, dict) else x)]
        if not layer:
            return False
    return True


class Reader:
    """An open tensor file whose header was checked.

    Errors: CheckpointError for a file that is truncated, corrupt or not one at all, saying what is wrong and where.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        self.path, self.file = path, file
        self.metadata: dict[str, str] = {}
        self.entries: dict[str, Entry] = {}
        self._read_header()

    def refuse(
        self, problem: str, hint: str = "The file is damaged, or was not written by wf.save."
    ) -> CheckpointError:
        """The error that says what is wrong with this file."""
        return CheckpointError(f"load: {self.path}: {problem}", hint)

    def _read_header(self) -> None:
        total = self.file.seek(0, os.SEEK_END)
        self.file.seek(0)
        prefix = self.file.read(8)
        if len(prefix) < 8:
            raise self.refuse(f"truncated: {total} bytes, shorter than the 8 that every tensor file begins with")
        if prefix[:4] == b"PK\x03\x04":
            raise self.refuse("a zip archive, no tensor file", "Bundles of wf.export are loaded by wf.load_bundle.")
        length = int.from_bytes(prefix, "little")
        if length > LONGEST_HEADER or length > total - 8:
            raise self.refuse(
                f"truncated or no tensor file: it announces a header of {length} bytes and has {total - 8} more"
            )
        parsed = self._parse(self.file.read(length))
        self.start = 8 + length
        self.metadata = self._checked_metadata(parsed.pop("__metadata__", {}))
        self.entries = {name: self._checked_entry(name, entry) for name, entry in parsed.items()}
        self._check_layout(total - self.start)

    def _parse(self, text: bytes) -> dict[str, Any]:
        parsed = self.json(text, "the header")
        if not isinstance(parsed, dict):
            raise self.refuse(f"the header is a JSON {type(parsed).__name__}, not an object")
        return parsed

    def json(self, text: bytes | str, where: str) -> Any:
        """The value of a JSON text in the file; no name may stand twice in an object."""
        try:
            value = json.loads(text, object_pairs_hook=self._without_twins)
            if deeper(value, DEEPEST):
                raise RecursionError
            return value
        except RecursionError:
            raise self.refuse(f"{where} is nested too deeply") from None
        except CheckpointError:
            raise
        except ValueError as error:
            raise self.refuse(f"{where} is not valid JSON: {str(error)[:200]}") from None

    def _without_twins(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            names = [name for name, _ in pairs]
            twin = next(name for name in names if names.count(name) > 1)
            raise self.refuse(f"the name {twin[:80]!r} stands twice in the header")
        return result

    def _checked_metadata(self, found: Any) -> dict[str, str]:
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise self.refuse("the metadata in the header is not a table of strings")
        return found

    def _checked_entry(self, name: str, entry: Any) -> Entry:
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise self.refuse(f"tensor {name[:80]!r} is not described by dtype, shape and data_offsets")
        code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(code, str) or code not in CODES:
            raise self.refuse(f"tensor {name[:80]!r} has dtype {code!r:.40}", "weft reads " + ", ".join(CODES) + ".")
        if not _naturals(shape) or len(shape) > MOST_AXES:
            raise self.refuse(f"tensor {name[:80]!r} has shape {shape!r:.80}")
        if not _naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
            raise self.refuse(f"tensor {name[:80]!r} has offsets {offsets!r:.80}")
        spec, (start, stop) = Spec(tuple(shape), CODES[code]), offsets
        if size(spec.shape) * spec.dtype.itemsize != stop - start:
            raise self.refuse(f"tensor {name[:80]!r} is {spec!s:.80}, which does not fill its {stop - start} bytes")
        return Entry(spec, start, stop)

    def _check_layout(self, available: int) -> None:
        """The tensors must fill the data part without gap or overlap."""
        offset = 0
        for name, entry in sorted(self.entries.items(), key=lambda item: (item[1].start, item[1].stop)):
            if entry.start != offset:
                kind = "overlaps another" if entry.start < offset else "leaves a gap before it"
                raise self.refuse(f"tensor {name[:80]!r} at offset {entry.start} {kind}; {offset} was expected")
            offset = entry.stop
        if offset != available:
            kind = "truncated" if offset > available else "bytes too many"
            raise self.refuse(f"{kind}: the tensors take {offset} bytes of data, the file has {available}")

    def read(self, name: str, crc: str | None = None) -> np.ndarray:
        """The array of that name; its checksum is compared where one is given."""
        entry = self.entries[name]
        array = self._empty(name, entry.spec)
        view = _bytes_of(array)
        self.file.seek(self.start + entry.start)
        for begin in range(0, len(view), _CHUNK):
            part = view[begin : begin + _CHUNK]
            if self.file.readinto(part) != len(part):  # pyright: ignore[reportAttributeAccessIssue]
                raise self.refuse(f"truncated while tensor {name[:80]!r} was read")
        if crc is not None and crc != _checksum(name, NAMES[array.dtype], array):
            raise self.refuse(f"corrupt: tensor {name[:80]!r} ({entry.spec}) does not match its checksum")
        if array.dtype is dtypes.bool_ and view.nbytes and max(view) > 1:
            raise self.refuse(
                f"corrupt: tensor {name[:80]!r} ({entry.spec}) holds bytes that are neither true nor false"
            )
        return array

    def _empty(self, name: str, spec: Spec) -> np.ndarray:
        try:
            return np.empty(spec.shape, spec.dtype)
        except ValueError:  # no elements, but lengths that NumPy cannot multiply
            raise self.refuse(f"tensor {name[:80]!r} has shape {spec!s:.80}") from None


def _naturals(values: Any) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n < 1 << 63 for n in values)


def as_complex(array: np.ndarray) -> np.ndarray:
    """Pairs of float64 as complex128, undoing what `write` did."""
    return array.view(dtypes.complex128).reshape(array.shape[:-1])
