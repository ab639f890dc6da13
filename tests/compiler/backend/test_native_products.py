"""Products of matrices natively: with few columns or many, whatever their strides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import weft as wf

SIZES = [(3, 96, 2), (5, 97, 12), (4, 100, 1), (33, 111, 10), (70, 528, 7), (200, 784, 10), (35, 1040, 11), (64, 20, 3)]
SIZES += [(32, 16, 4), (40, 300, 13), (7, 530, 16), (13, 9, 30), (150, 260, 40)]
LAYOUTS: dict[str, Callable[[Any, Any], Any]] = {
    "in order": lambda x, y: x @ y,
    "the left turned": lambda x, y: wf.matrix_transpose(x) @ y,
    "the right turned": lambda x, y: x @ wf.matrix_transpose(y),
    "every second row": lambda x, y: x[::2] @ y[:, ::2],
    "backwards": lambda x, y: x[:, ::-1] @ y[::-1],
}


def drawn(*shape: int, dtype: str) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def operands(layout: str, m: int, k: int, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = drawn(m, k, dtype=dtype), drawn(k, n, dtype=dtype)
    if layout == "the left turned":
        return x.T.copy(), y
    return (x, y.T.copy()) if layout == "the right turned" else (x, y)


def turned(layout: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The product in NumPy, in float64."""
    x, y = x.astype("float64"), y.astype("float64")
    if layout == "the left turned":
        return x.T @ y
    return x @ y.T if layout == "the right turned" else x[::2] @ y[:, ::2] if layout == "every second row" else x @ y


@pytest.fixture(autouse=True)
def natively() -> Iterator[None]:
    with wf.options(executor="native"):
        yield


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_products_are_those_of_numpy_whatever_lies_where(layout: str, dtype: str) -> None:
    compiled = wf.compile(LAYOUTS[layout])
    for m, k, n in SIZES:
        x, y = operands(layout, m, k, n, dtype)
        expected = turned(layout, x, y)
        tolerance = 1e-5 if dtype == "float32" else 1e-13
        assert np.abs(np.asarray(compiled(x, y)) - expected).max() < tolerance * k**0.5 * 3, (m, k, n)


def test_stacks_of_products_with_few_columns() -> None:
    x, y = drawn(3, 21, 130, dtype="float32"), drawn(3, 130, 10, dtype="float32")
    assert np.allclose(wf.compile(wf.matmul)(x, y), x @ y, rtol=1e-4, atol=1e-4)


def test_what_lies_beside_an_operand_of_a_product_is_not_read_into_it() -> None:
    x, y = np.full((40, 140), np.nan, "float32"), np.full((140, 20), np.nan, "float32")
    x[:, :107], y[:107, :10] = 1.0, 2.0
    product = wf.compile(lambda x, y: x[:, :107] @ y[:107, :10])(x, y)
    assert np.array_equal(product, np.full((40, 10), 214.0))
    across = wf.compile(lambda x, y: wf.matrix_transpose(x[:, :107]) @ y[:40, :10])(x, y)
    assert np.array_equal(across, np.full((107, 10), 80.0))
