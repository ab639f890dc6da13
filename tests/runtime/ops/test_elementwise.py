"""Elementwise ops where a table cannot say it all: gradients at the edges of domains, and of complex numbers."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

import weft as wf


def slopes(f: Any, *x: float) -> list[float]:
    grads = wf.grad(f, argnums=tuple(range(len(x))))(*(wf.asarray(v, dtype=wf.float64) for v in x))
    return [dx.item() for dx in grads]


def test_power_has_finite_slopes_at_zero() -> None:
    assert slopes(lambda x: x**0, 0.0) == [0]
    assert slopes(lambda x: x**1, 0.0) == [1]
    assert slopes(lambda x: x**2, 0.0) == [0]
    assert slopes(wf.pow, 0.0, 0.0) == [0, 0]
    assert slopes(wf.pow, 0.0, 2.0) == [0, 0]
    assert wf.hessian(lambda x: x**2)(wf.asarray(0.0)).item() == 2


def test_length_has_no_slope_at_the_origin() -> None:
    assert slopes(wf.hypot, 0.0, 0.0) == [0, 0]
    assert slopes(wf.abs, 0.0) == [0]


def test_logaddexp_of_two_minus_infinities_has_no_slope() -> None:
    assert slopes(wf.logaddexp, -inf, -inf) == [0, 0]
    assert slopes(wf.logaddexp, -inf, 1.0) == [0, 1]


def test_maximum_shares_its_gradient_at_a_tie() -> None:
    assert slopes(wf.maximum, 1.0, 1.0) == [0.5, 0.5]
    assert slopes(wf.minimum, 1.0, 2.0) == [1, 0]


Z = np.array([1.0 + 2.0j, -0.5 + 0.3j, 2.0 - 1.0j])
COMPLEX = ["abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "conj", "cos", "cosh", "exp", "expm1", "imag", "log", "log1p",
           "log2", "log10", "negative", "real", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh"]  # fmt: skip


@pytest.mark.parametrize("name", COMPLEX)
def test_function_of_complex_numbers(name: str) -> None:
    f = getattr(wf, name)
    np.testing.assert_allclose(f(Z).numpy(), getattr(np, name)(Z), rtol=1e-12)
    wf.testing.check_grads(f, (Z,))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "pow"])
def test_function_of_two_complex_numbers(name: str) -> None:
    f = getattr(wf, name)
    np.testing.assert_allclose(f(Z, Z[::-1]).numpy(), getattr(np, name)(Z, Z[::-1]), rtol=1e-12)
    wf.testing.check_grads(f, (Z, Z[::-1] + 0.5))
    wf.testing.check_grads(lambda x, z: f(x, z), (np.array([1.0, 2.0, 3.0]), Z))


def test_rounding_keeps_integers() -> None:
    x = wf.asarray([1, 2], dtype=wf.int8)
    for f in (wf.round, wf.floor, wf.ceil, wf.trunc):
        assert f(x).dtype == wf.int8
    assert wf.round(wf.asarray(0.5 + 1.5j)).item() == 2j


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32", "complex64"])
def test_dtypes_that_an_op_does_not_take_are_named(dtype: str) -> None:
    x = wf.ones(2, dtype=dtype)
    with pytest.raises(TypeError, match=f"no {dtype} version"):
        {"bool": wf.add, "int8": wf.imag, "float32": wf.bitwise_and, "complex64": wf.less}[dtype](
            *[x, x][: 1 if dtype == "int8" else 2]
        )


def test_where_takes_numbers_and_masks_gradients() -> None:
    assert wf.where([True, False], 1, 2).tolist() == [1, 2]
    assert wf.where([True, False], 1, 2.5).dtype == wf.float32
    assert slopes(lambda x: wf.where(x > 0, wf.sqrt(x), 0.0), 4.0) == [0.25]
