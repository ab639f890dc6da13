"""Files of data: IDX and its damages, MNIST's four files, lines, CSV, and the digits that ship with weft."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import DataError

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def packed(data: bytes, level: int = 6) -> bytes:
    return gzip.compress(data, level, mtime=0)


GOOD = idx(np.arange(6, dtype="int16").reshape(2, 3) - 3)


def written(folder: Path, data: bytes, name: str = "x.idx") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (2, 0, 4), (2, 3, 2, 1)])
@pytest.mark.parametrize("pack", [lambda data: data, packed], ids=["plain", "gzip"])
def test_an_idx_file_is_read(tmp_path: Path, dtype: str, shape: tuple[int, ...], pack: Any) -> None:
    array = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    found = wf.data.read_idx(written(tmp_path, pack(idx(array))))
    assert found.dtype.name == dtype
    assert np.array_equal(found.numpy(), array)


def test_an_empty_megabyte_of_zeros_is_not_too_well_compressed(tmp_path: Path) -> None:
    array = np.zeros(5_000_000, "uint8")
    assert wf.data.read_idx(str(written(tmp_path, packed(idx(array), 9)))).shape == (5_000_000,)


# fmt: off
DAMAGED = [
    (b"",                                                  "is no IDX file: it begins with nothing"),
    (b"\0\0",                                              "is no IDX file: it begins with 00 00"),
    (b"\x89PNG....",                                       "is no IDX file: it begins with 89 50 4e 47"),
    (b"\0\0\x07\x01\0\0\0\1x",                             "is no IDX file: it begins with 00 00 07 01"),
    (GOOD[:10],                                            "is cut off in its header"),
    (GOOD[:-1],                                            "says it holds 2 x 3 int16, 12 bytes, but 11 follow"),
    (GOOD[:12],                                            "says it holds 2 x 3 int16, 12 bytes, but 0 follow"),
    (GOOD + b"!",                                          "says it holds 2 x 3 int16, 12 bytes, but more follow"),
    (b"\0\0\x08\x03" + b"\xff" * 12,                       "bytes, but is too small for that"),
    (b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"x",           "bytes, but is too small for that"),
    (packed(b"\0\0\x0e\x02" + b"\x7f" * 8 + b"x"),  "bytes, but is too small for that"),
    (packed(GOOD)[:-9],                             "is corrupt"),
    (packed(GOOD)[:12] + b"\xff\xff\xff\xff" + packed(GOOD)[16:], "read_idx: .* is (corrupt|no IDX file)"),
    (packed(GOOD)[:-5] + b"abcde",                  "is corrupt"),
    (b"\x1f\x8b",                                          "is corrupt"),
    (packed(GOOD[:-1]),                             "but 11 follow"),
]
# fmt: on


@pytest.mark.parametrize(("data", "message"), DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_idx_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        wf.data.read_idx(written(tmp_path, data))


def test_every_truncation_of_an_idx_file_is_refused(tmp_path: Path) -> None:
    for data in (GOOD, packed(GOOD)):
        for n in range(len(data)):
            with pytest.raises(DataError, match="read_idx"):
                wf.data.read_idx(written(tmp_path, data[:n]))


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        wf.data.read_idx(tmp_path / "nothing")


# --- MNIST -------------------------------------------------------------------------------------------------------

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype("uint8")
LABELS = np.array([3, 1, 4, 1, 5], "uint8")


def mnist_folder(folder: Path, dot: str = "-", compress: bool = False, test_labels: np.ndarray = LABELS[:2]) -> Path:
    parts = [
        ("train-images", 3, IMAGES),
        ("train-labels", 1, LABELS),
        ("t10k-images", 3, IMAGES[:2]),
        ("t10k-labels", 1, test_labels),
    ]
    for name, ndim, array in parts:
        data = idx(array)
        end = ".gz" if compress else ""
        written(folder, packed(data) if compress else data, f"{name}{dot}idx{ndim}-ubyte{end}")
    return folder


@pytest.mark.parametrize("dot", "-.")
@pytest.mark.parametrize("compress", [False, True])
def test_mnist_finds_its_four_files(tmp_path: Path, dot: str, compress: bool) -> None:
    (images, labels), (test_images, test_labels) = wf.data.mnist(mnist_folder(tmp_path, dot, compress))
    assert images.dtype.name == "uint8"
    assert np.array_equal(images.numpy(), IMAGES)
    assert labels.dtype.name == "int64"
    assert labels.tolist() == LABELS.tolist()
    assert (test_images.shape, test_labels.tolist()) == ((2, 28, 28), [3, 1])


def test_mnist_says_which_file_is_missing(tmp_path: Path) -> None:
    (mnist_folder(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no file t10k-labels-idx1-ubyte") as caught:
        wf.data.mnist(tmp_path)
    assert "t10k-labels.idx1-ubyte.gz" in str(caught.value)


def test_images_and_labels_must_belong_together(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"u8\[2, 28, 28\] and .* u8\[5\]: these are no images with labels"):
        wf.data.mnist(mnist_folder(tmp_path, test_labels=LABELS))


def test_the_digits_ship_with_weft() -> None:
    images, labels = wf.data.digits()
    assert (str(images.spec), str(labels.spec)) == ("u8[1797, 8, 8]", "i64[1797]")
    assert images.numpy().max() == 16
    assert np.bincount(labels.numpy()).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


# --- text --------------------------------------------------------------------------------------------------------


def test_lines_of_files_follow_one_another(tmp_path: Path) -> None:
    first = written(tmp_path, b"one\r\ntwo\n\nlast", "a.txt")
    second = written(tmp_path, packed("zwölf\n".encode()), "b.txt.gz")
    lines = wf.data.from_lines([first, str(second)])
    assert list(lines) == list(lines) == ["one", "two", "", "last", "zwölf"]
    assert list(wf.data.from_lines(first).take(1)) == ["one"]
    assert next(iter(lines.batch(2))).tolist() == ["one", "two"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ok\n\xff\xfe", "is no text"),
        (packed(b"line\n" * 100)[:-8], "is corrupt"),
        (b"\x1f\x8b\xff\xff", "is corrupt"),
    ],
)
def test_lines_of_what_is_no_text_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"from_lines: .*{message}"):
        list(wf.data.from_lines(written(tmp_path, data)))


def test_a_missing_text_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(wf.data.from_lines(tmp_path / "nothing"))


def test_a_csv_file_gives_columns(tmp_path: Path) -> None:
    text = 'n,x,name,empty\n1, 2.5,"a, b",\n\n-2,1e3,"say ""hi""",7\n'
    columns = wf.data.read_csv(written(tmp_path, text.encode()))
    assert columns["n"].tolist() == [1, -2]
    assert columns["x"].dtype.name == "float32"
    assert columns["x"].tolist() == [2.5, 1000.0]
    assert columns["name"] == ["a, b", 'say "hi"']
    assert np.isnan(columns["empty"].numpy()[0])
    elements = list(wf.data.from_arrays(columns))
    assert (elements[1]["n"].item(), elements[1]["name"]) == (-2, 'say "hi"')


def test_a_csv_file_without_header_numbers_its_columns(tmp_path: Path) -> None:
    columns = wf.data.read_csv(written(tmp_path, b"1;2\n3;4\n"), header=False, delimiter=";")
    assert {name: x.tolist() for name, x in columns.items()} == {"0": [1, 3], "1": [2, 4]}


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "is empty"), (b"a,b\n1,2\n3\n", "line 3: 1 entries, not 2"), (b"a,a\n1,2\n", "names a column twice: a, a"),
     (b"a\n\xff\n", "is no text")],
)  # fmt: skip
def test_a_csv_file_that_is_wrong_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"read_csv: .*{message}"):
        wf.data.read_csv(written(tmp_path, data))
