"""Special cases that the Array API standard fixes: infinities, NaN, signed zeros, no elements."""

from __future__ import annotations

from math import inf, isnan, nan, pi
from typing import Any

import numpy as np
import pytest

import weft as wf

# fmt: off
ONE = [
    ("abs", -0.0, 0.0), ("abs", -inf, inf), ("acos", 2.0, nan), ("acos", 1.0, 0.0), ("acosh", 0.5, nan), ("acosh", inf, inf),
    ("asin", -2.0, nan), ("asinh", -inf, -inf), ("atan", inf, pi / 2), ("atanh", 1.0, inf), ("atanh", 2.0, nan),
    ("ceil", -0.5, -0.0), ("cos", inf, nan), ("cosh", -inf, inf), ("exp", -inf, 0.0), ("exp", inf, inf), ("expm1", -inf, -1.0),
    ("floor", -0.0, -0.0), ("log", 0.0, -inf), ("log", -1.0, nan), ("log1p", -1.0, -inf), ("log2", 0.0, -inf), ("log10", inf, inf),
    ("reciprocal", -0.0, -inf), ("reciprocal", inf, 0.0), ("round", 0.5, 0.0), ("round", 1.5, 2.0), ("round", -0.5, -0.0),
    ("sign", -0.0, 0.0), ("sign", nan, nan), ("sin", inf, nan), ("sqrt", -1.0, nan), ("sqrt", -0.0, -0.0), ("tanh", inf, 1.0),
    ("trunc", -0.9, -0.0), ("square", inf, inf), ("isnan", nan, True), ("isinf", -inf, True), ("isfinite", nan, False),
    ("signbit", -0.0, True), ("signbit", 0.0, False), ("logical_not", nan, False),
]
TWO = [
    ("add", inf, -inf, nan), ("atan2", 0.0, -1.0, pi), ("atan2", -0.0, -1.0, -pi), ("atan2", 1.0, inf, 0.0),
    ("copysign", 1.0, -0.0, -1.0), ("divide", 1.0, 0.0, inf), ("divide", 0.0, 0.0, nan), ("divide", 1.0, -inf, -0.0),
    ("floor_divide", -7.0, 2.0, -4.0), ("hypot", inf, nan, inf), ("hypot", 3e200, 4e200, 5e200), ("logaddexp", -inf, -inf, -inf),
    ("logaddexp", 1000.0, 0.0, 1000.0), ("maximum", nan, 1.0, nan), ("minimum", 1.0, nan, nan), ("multiply", inf, 0.0, nan),
    ("nextafter", 0.0, 1.0, 5e-324), ("pow", nan, 0.0, 1.0), ("pow", 1.0, nan, 1.0), ("pow", 0.0, -1.0, inf), ("pow", -8.0, 0.5, nan),
    ("remainder", -7.0, 2.0, 1.0), ("remainder", 7.0, -2.0, -1.0), ("remainder", -0.0, 2.0, 0.0), ("subtract", inf, inf, nan),
    ("equal", nan, nan, False), ("not_equal", nan, nan, True), ("less", nan, 1.0, False), ("logical_and", nan, 1.0, True),
]
# fmt: on


def agrees(found: wf.Tensor, wanted: Any) -> None:
    """The result, its sign of zero included."""
    value: Any = found.item()
    if isinstance(wanted, float) and isnan(wanted):
        assert isnan(value)
    else:
        assert value == pytest.approx(wanted)
        assert np.signbit(value) == np.signbit(wanted) if isinstance(wanted, float) else True


@pytest.mark.parametrize(("name", "x", "y"), ONE)
def test_function_of_one_special_value(name: str, x: float, y: Any) -> None:
    agrees(getattr(wf, name)(wf.asarray(x, dtype=wf.float64)), y)


@pytest.mark.parametrize(("name", "x", "y", "z"), TWO)
def test_function_of_two_special_values(name: str, x: float, y: float, z: Any) -> None:
    agrees(getattr(wf, name)(wf.asarray(x, dtype=wf.float64), wf.asarray(y, dtype=wf.float64)), z)


EMPTY = [
    ("sum", 0.0), ("prod", 1.0), ("mean", nan), ("var", nan), ("std", nan), ("all", True), ("any", False),
    ("count_nonzero", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "result"), EMPTY)
def test_fold_over_no_elements(name: str, result: Any) -> None:
    x = wf.zeros((2, 0, 3))
    fold = getattr(wf, name)
    agrees(fold(x), result)
    assert fold(x, axis=1).shape == (2, 3)
    assert fold(x, axis=1, keepdims=True).shape == (2, 1, 3)
    assert fold(x, axis=0).shape == (0, 3)
    agrees(fold(x, axis=1)[0, 0], result)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_choice_among_no_elements_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: f32\[0, 3\] has no elements to choose from"):
        getattr(wf, name)(wf.zeros((0, 3)))
    with pytest.raises(ValueError, match="no elements to choose from"):
        getattr(wf, name)(wf.zeros((0, 3)), axis=0)
    assert getattr(wf, name)(wf.zeros((0, 3)), axis=1).shape == (0,)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "var", "std"])
def test_nan_goes_through_a_fold(name: str) -> None:
    assert isnan(getattr(wf, name)(wf.asarray([1.0, nan, 2.0])).item())


def test_a_0d_tensor_folds_to_itself() -> None:
    x = wf.asarray(2.5)
    for name in ("sum", "mean", "max", "min", "prod"):
        assert getattr(wf, name)(x).item() == 2.5
        assert getattr(wf, name)(x, keepdims=True).shape == ()


def test_nans_are_all_distinct_in_sets() -> None:
    found = wf.unique_all(wf.asarray([1.0, nan, nan, 1.0]))
    assert found.counts.tolist() == [2, 1, 1]
    assert found.values.shape == (3,)


def test_argmax_takes_the_first_of_equals() -> None:
    assert wf.argmax(wf.asarray([1, 3, 3])).item() == 1
    assert wf.argmin(wf.asarray([[2, 1], [1, 1]])).item() == 1
    assert wf.argmax(wf.asarray([[1, 3], [3, 1]]), axis=0, keepdims=True).tolist() == [[1, 0]]


def test_more_correction_than_elements_gives_nan() -> None:
    assert wf.var(wf.asarray([1.0, 2.0]), correction=2).item() == inf
    agrees(wf.std(wf.asarray([1.0]), correction=1), nan)


def test_zero_to_the_zero_is_one_and_an_integer_takes_no_negative_power() -> None:
    assert wf.pow(wf.asarray([0, 2]), 0).tolist() == [1, 1]
    for power in (-1, wf.asarray([-1, -1])):
        with pytest.raises(ValueError, match="pow: an integer to a negative power is no integer"):
            wf.pow(wf.asarray([1, 2]), power)
    with pytest.raises(ValueError, match="pow: an integer to a negative"):
        wf.pow(2, wf.asarray([-1]))
