"""Dtypes of results, as the Array API standard's tables have them.

Source: Python Array API standard 2024.12, "Type promotion rules".
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import weft as wf

SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
REAL = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
NUMBERS = SIGNED + UNSIGNED + REAL + COMPLEX


def table() -> list[tuple[str, str, str]]:
    """The promotions that the standard fixes: (x, y, result)."""
    rows = [(x, y, max(x, y, key=group.index)) for group in (SIGNED, UNSIGNED) for x, y in product(group, group)]
    for i, x in enumerate(SIGNED):
        rows += [(x, y, SIGNED[max(i, j + 1)]) for j, y in enumerate(UNSIGNED[:3])]
    rows += [(x, y, "float64" if "float64" in (x, y) else "float32") for x, y in product(REAL, REAL)]
    for x, y in product(REAL + COMPLEX, COMPLEX):
        rows.append((x, y, "complex128" if {"float64", "complex128"} & {x, y} else "complex64"))
    return rows


@pytest.mark.parametrize(("x", "y", "result"), table())
def test_two_tensors_promote_as_the_table_says(x: str, y: str, result: str) -> None:
    a, b = wf.ones(2, dtype=x), wf.ones(2, dtype=y)
    assert (a + b).dtype.name == (b + a).dtype.name == result
    assert wf.result_type(getattr(wf, x), getattr(wf, y)).name == wf.result_type(a, b).name == result
    assert wf.concat([a, b]).dtype.name == wf.where(wf.zeros(2, dtype="bool"), a, b).dtype.name == result
    assert (a == b).dtype.name == "bool"
    assert wf.can_cast(x, result)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_python_numbers_are_weak(dtype: str) -> None:
    x = wf.ones(2, dtype=dtype)
    assert (x + 1).dtype == (1 - x).dtype == wf.result_type(x, 1) == x.dtype
    if dtype not in SIGNED + UNSIGNED:
        assert (x * 2.5).dtype == (2.5 * x).dtype == wf.result_type(x, 2.5) == x.dtype
    if dtype in COMPLEX:
        assert (x * 1j).dtype == x.dtype
    if dtype in REAL:
        assert (x * 1j).dtype.name == {"float32": "complex64", "float64": "complex128"}[dtype]


def test_an_integer_with_a_float_takes_the_float_dtype() -> None:
    assert (wf.ones(2, dtype="int64") + wf.ones(2, dtype="float32")).dtype == wf.float32
    assert (wf.ones(2, dtype="int8") + 0.5).dtype == wf.float32


def test_uint64_and_a_signed_integer_have_no_common_dtype() -> None:
    with pytest.raises(TypeError, match=r"add: uint64 and int64 have no common dtype"):
        wf.add(wf.ones(2, dtype="uint64"), wf.ones(2, dtype="int64"))
    assert not wf.can_cast("uint64", "int64")
    assert not wf.can_cast(wf.float64, wf.float32)


SUMS = {
    "bool": "int64", **dict.fromkeys(SIGNED, "int64"), **dict.fromkeys(UNSIGNED, "uint64"),
    **{name: name for name in ("float16", "bfloat16", *REAL, *COMPLEX)},
}  # fmt: skip


@pytest.mark.parametrize(("dtype", "result"), SUMS.items())
@pytest.mark.parametrize("fold", [wf.sum, wf.prod, wf.cumulative_sum, wf.cumulative_prod], ids=lambda f: f.name)
def test_sums_and_products_of_small_integers_have_64_bits(fold: Any, dtype: str, result: str) -> None:
    x = wf.ones(3, dtype=dtype)
    assert fold(x).dtype.name == result
    assert fold(x, dtype=wf.complex128).dtype == wf.complex128
    assert fold(wf.zeros(0, dtype=dtype)).dtype.name == result


def test_a_complex_tensor_does_not_sum_to_a_real_dtype() -> None:
    with pytest.raises(TypeError, match=r"sum: c64\[2\] does not fit dtype float64"):
        wf.sum(wf.ones(2, dtype="complex64"), dtype=wf.float64)


INDEX_RESULTS = {
    "argmax": wf.argmax, "argmin": wf.argmin, "argsort": wf.argsort, "count_nonzero": wf.count_nonzero,
    "nonzero": lambda x: wf.nonzero(x)[0], "searchsorted": lambda x: wf.searchsorted(x, x),
    "indices": lambda x: wf.unique_all(x).indices, "inverse": lambda x: wf.unique_all(x).inverse_indices,
    "counts": lambda x: wf.unique_all(x).counts, "top_k": lambda x: wf.top_k(x, 1).indices,
}  # fmt: skip


@pytest.mark.parametrize("name", INDEX_RESULTS)
@pytest.mark.parametrize("dtype", ["int8", "float32", "bfloat16"])
def test_indices_and_counts_are_int64(name: str, dtype: str) -> None:
    assert INDEX_RESULTS[name](wf.ones(3, dtype=dtype)).dtype == wf.int64


SAME = {
    "round": wf.round, "floor": wf.floor, "ceil": wf.ceil, "trunc": wf.trunc, "abs": wf.abs, "sign": wf.sign,
    "square": wf.square, "max": wf.max, "min": wf.min, "sort": wf.sort, "flip": wf.flip, "clip": lambda x: wf.clip(x, 0, 1),
    "negative": wf.negative, "positive": wf.positive, "diff": wf.diff, "tile": lambda x: wf.tile(x, (2,)),
    "ones_like": wf.ones_like, "unique": wf.unique_values, "cumulative_max": wf.cumulative_max,
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), list(product(SAME, SIGNED + UNSIGNED + REAL + ["float16", "bfloat16"])))
def test_dtype_is_kept(name: str, dtype: str) -> None:
    assert SAME[name](wf.ones(3, dtype=dtype)).dtype.name == dtype


def test_defaults_are_float32_int64_and_complex64() -> None:
    made = [wf.asarray(1.5), wf.asarray([1, 2]), wf.asarray(1j), wf.asarray([True]), wf.zeros(1), wf.ones(1), wf.empty(1),
            wf.eye(1), wf.full(1, 2), wf.full(1, 2.0), wf.full(1, 1j), wf.full(1, True), wf.arange(2), wf.arange(2.0), wf.arange(0, 1, 0.5),
            wf.linspace(0, 1, 2), wf.linspace(0, 1j, 2)]  # fmt: skip
    expected = ["float32", "int64", "complex64", "bool", "float32", "float32", "float32",
                "float32", "int64", "float32", "complex64", "bool", "int64", "float32", "float32",
                "float32", "complex64"]  # fmt: skip
    assert [x.dtype.name for x in made] == expected


def test_can_cast_and_result_type_take_tensors_dtypes_and_numbers() -> None:
    assert wf.result_type(np.float32(1), 2.5, wf.int8) == wf.float32
    assert wf.result_type(wf.ones(2, dtype="int8"), 2.5) == wf.float32
    assert wf.can_cast(wf.ones(2, dtype="int8"), wf.int16)
    with pytest.raises(ValueError, match="result_type: given nothing"):
        wf.result_type()
