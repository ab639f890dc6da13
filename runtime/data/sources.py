"""Datasets that are read as they are used: from generators, and from text files.

This file knows how elements come in, not what is done with them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from ..creation import asarray
from ..errors import ArgumentError, DataError
from ..tensor import Tensor
from .dataset import Dataset
from .elements import element

Path = str | os.PathLike[str]
GZIP = b"\x1f\x8b"  # how every gzip file begins


def from_generator(source: Callable[[], Iterable[Any]] | Iterable[Any], *, length: int | None = None) -> Dataset:
    """A dataset of what a generator function yields, or of anything else that can be iterated again and again.

    The function is called anew for every iteration. Numbers and arrays in the elements become tensors.

    Errors: ArgumentError for a generator that was started already, which can be read only once.

    Example:
        >>> import weft as wf
        >>> def squares():
        ...     for i in range(3):
        ...         yield i * i
        >>> [x.item() for x in wf.data.from_generator(squares)]
        [0, 1, 4]
    """
    if isinstance(source, Iterator):
        raise ArgumentError(
            f"from_generator: a {type(source).__name__} can be read only once",
            "Give the function that makes it, without calling it.",
        )
    return Dataset(lambda: map(element, source() if callable(source) else source), length)


def _open_text(path: Path, encoding: str) -> IO[str]:
    """A text file, decompressed if it is gzip's."""
    import gzip

    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP
    return gzip.open(path, "rt", encoding=encoding) if compressed else open(path, encoding=encoding)


@contextmanager
def reading(name: str, path: Path, encoding: str) -> Iterator[IO[str]]:
    """A text file, open; what goes wrong in reading it becomes a DataError that names it."""
    import gzip  # here: it takes a while

    try:
        with _open_text(path, encoding) as file:
            yield file
    except UnicodeError as error:
        raise DataError(f"{name}: {path} is no text: {error}", "Name another encoding.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: {path} is corrupt: {error}", "Get the file again.") from error


def from_lines(paths: Path | Sequence[Path], *, encoding: str = "utf-8") -> Dataset:
    """The lines of text files (gzip's too), one file after the other, without their line ends.

    Errors, on iteration: FileNotFoundError; DataError for what is no text or corrupt.
    """
    files = [paths] if isinstance(paths, str | os.PathLike) else list(paths)

    def begin() -> Iterator[str]:
        for path in files:
            with reading("from_lines", path, encoding) as file:
                for line in file:
                    yield line.rstrip("\r\n")

    return Dataset(begin)


def read_csv(path: Path, *, header: bool = True, delimiter: str = ",", encoding: str = "utf-8") -> dict[str, Any]:
    """The columns of a CSV file by name: tensors where all entries are numbers, else lists of strings.

    Whole numbers become int64, others float32 (an empty entry among them NaN). Without a header, columns are named
    "0", "1", ...

    Errors: DataError for rows of different lengths, names given twice, and what is no text.

    Source: RFC 4180.
    """
    import csv

    with reading("read_csv", path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if row]
    if not rows:
        raise DataError(f"read_csv: {path} is empty", "Check how it was written.")
    names = rows.pop(0)[1] if header else [str(i) for i in range(len(rows[0][1]))]
    if len(set(names)) < len(names):
        raise DataError(
            f"read_csv: {path} names a column twice: {', '.join(names)}", "Rename one, or pass header=False."
        )
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(f"read_csv: {path}, line {line}: {len(row)} entries, not {len(names)}", "Mend that line.")
    return {name: _numbers([row[i] for _, row in rows]) for i, name in enumerate(names)}


def _numbers(entries: list[str]) -> Tensor | list[str]:
    """Entries as a tensor of ints or floats, if they are numbers."""
    for kind, blank in ((np.int64, None), (np.float32, "nan")):
        try:
            return asarray(np.array([entry.strip() or blank for entry in entries], dtype=object).astype(kind))
        except (ValueError, TypeError, OverflowError):
            continue
    return entries
