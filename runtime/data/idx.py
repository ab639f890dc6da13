"""IDX files, the format of MNIST: a magic number, the lengths of the axes, and the numbers, all big-endian.

A file is believed only as far as its size allows, so a damaged or hostile one costs an error, not the memory.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from typing import BinaryIO

import numpy as np

from ..creation import asarray
from ..errors import DataError
from ..spec import describe
from ..tensor import Tensor
from .sources import GZIP, Path

KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
INFLATION = 1100  # deflate makes nothing smaller than 1/1032


def read_idx(path: Path) -> Tensor:
    """The tensor in an IDX file, compressed by gzip or not.

    Errors: FileNotFoundError; DataError for what is no IDX file, corrupt, cut off, or longer than it says.
    """
    import gzip  # here: it takes a while

    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        try:
            if compressed:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return _read(path, unpacked, size * INFLATION)  # pyright: ignore[reportArgumentType]
            return _read(path, file, size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"read_idx: {path} is corrupt: {error}", "Get the file again.") from error


def _read(path: object, file: BinaryIO, limit: int) -> Tensor:
    """The tensor in an open file that can hold at most `limit` bytes."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in KINDS:
        raise DataError(
            f"read_idx: {path} is no IDX file: it begins with {magic.hex(' ') or 'nothing'}",
            "IDX files begin with 00 00, then a code of the type (08, 09, 0b, 0c, 0d, 0e) and the number of axes.",
        )
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise DataError(f"read_idx: {path} is cut off in its header", "Get the file again.")
    shape = struct.unpack(f">{magic[3]}I", lengths)
    dtype = np.dtype(KINDS[magic[2]])
    return _numbers(path, file, shape, dtype, limit)


def _numbers(path: object, file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype, limit: int) -> Tensor:
    wanted = math.prod(shape) * dtype.itemsize
    shown = f"{path} says it holds {' x '.join(map(str, shape)) or 'one'} {dtype.name}, {wanted} bytes"
    if len(shape) > 64 or wanted > limit:
        raise DataError(f"read_idx: {shown}, but is too small for that", "It is cut off, or its header is wrong.")
    data = file.read(wanted + 1)
    if len(data) != wanted:
        found = f"{len(data)} follow" if len(data) < wanted else "more follow"
        raise DataError(f"read_idx: {shown}, but {found}", "It is cut off, or its header is wrong.")
    return asarray(np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("=")))


def read_labelled(images: Path, labels: Path) -> tuple[Tensor, Tensor]:
    """Images and their labels from two IDX files: uint8 (n, height, width) and int64 (n,).

    Errors: DataError when they do not belong together.
    """
    x, y = read_idx(images), read_idx(labels)
    if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
        raise DataError(
            f"{images} holds {describe(x)} and {labels} {describe(y)}: these are no images with labels",
            "Expected (n, height, width) and (n,).",
        )
    return x, y.astype("int64")


def mnist(folder: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """MNIST, or what comes in the same four files: ((images, labels) to train on, (images, labels) to test).

    Images are uint8 (n, 28, 28), labels int64 (n,). File names may have a dot before `idx`, and end in `.gz`.

    Errors: DataError for files that are missing, damaged or do not belong together.
    """
    train, test = (
        [_find(folder, f"{part}-images", 3), _find(folder, f"{part}-labels", 1)] for part in ("train", "t10k")
    )
    return read_labelled(*train), read_labelled(*test)


def _find(folder: Path, name: str, ndim: int) -> str:
    names = [f"{name}{dot}idx{ndim}-ubyte{end}" for dot in "-." for end in ("", ".gz")]
    for candidate in names:
        path = os.path.join(folder, candidate)
        if os.path.isfile(path):
            return path
    raise DataError(f"mnist: {folder} has no file {names[0]}", f"It may also be called {', '.join(names[1:])}.")
