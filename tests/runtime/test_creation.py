"""Making tensors, and asking about dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.runtime.tensor import OPS


@pytest.mark.parametrize("arguments", [(5,), (1, 7), (1, 7, 2), (7, 1, -2), (0, 5, -1), (0.5, 3), (0, 1, 0.1), (-3,)])
def test_arange_agrees_with_numpy(arguments: tuple[Any, ...]) -> None:
    wanted = np.arange(*arguments)
    found = wf.arange(*arguments)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6)
    assert found.dtype == (wf.int64 if wanted.dtype == np.int64 else wf.float32)


def test_arange_takes_tensors_and_dtypes() -> None:
    assert wf.arange(wf.asarray(3)).tolist() == [0, 1, 2]
    assert wf.arange(3, dtype=wf.bfloat16).dtype == wf.bfloat16
    assert wf.arange(np.int32(2), stop=4).dtype == wf.int64


def test_linspace_ends_where_it_says() -> None:
    assert wf.linspace(0, 1, 3).tolist() == [0, 0.5, 1]
    assert wf.linspace(0, 1, 2, endpoint=False).tolist() == [0, 0.5]
    assert wf.linspace(0, 1j, 2).tolist() == [0, 1j]
    assert wf.linspace(0, 5, 3, dtype=wf.int32).tolist() == [0, 2, 5]
    assert wf.linspace(1, 2, 0).shape == (0,)


def test_filled_tensors() -> None:
    assert wf.zeros(2).tolist() == [0, 0]
    assert wf.ones((1, 2), wf.int8).tolist() == [[1, 1]]
    assert wf.full((), 2.5).item() == 2.5
    assert wf.full(2, wf.asarray(3)).tolist() == [3, 3]
    assert wf.empty((2, 3), dtype=wf.bool).shape == (2, 3)
    assert wf.zeros(np.array([2, 1])).shape == (2, 1)
    assert wf.eye(2, 3, k=1).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_a_fill_value_that_is_a_tensor_has_a_gradient() -> None:
    assert wf.grad(lambda x: wf.sum(wf.full((2, 3), x)))(wf.asarray(1.0)).item() == 6


@pytest.mark.parametrize(
    "like",
    [wf.Spec((2, 3), wf.int8), wf.ones((2, 3), wf.int8), np.ones((2, 3), np.int8)],
    ids=["spec", "tensor", "array"],
)
def test_like_takes_whatever_has_a_shape_and_a_dtype(like: Any) -> None:
    made = [wf.zeros_like(like), wf.ones_like(like), wf.full_like(like, 7), wf.empty_like(like)]
    assert all((x.shape, x.dtype) == ((2, 3), wf.int8) for x in made)
    assert wf.zeros_like(like, dtype=wf.float32).dtype == wf.float32
    assert wf.ones_like([1.5, 2.5]).tolist() == [1, 1]


def test_asarray_shares_and_tensor_copies() -> None:
    array = np.zeros(2)
    shared, copied, own = wf.asarray(array), wf.tensor(array), wf.asarray(array, copy=True)
    array[0] = 1
    assert shared.tolist() == [1, 0]
    assert copied.tolist() == own.tolist() == [0, 0]
    assert wf.asarray(array, copy=False).tolist() == [1, 0]


@pytest.mark.parametrize(
    "array", [np.arange(3, dtype=">i4"), np.arange(6)[::2], np.array(5), np.ones((0, 3), np.float16), np.float32(2)]
)
def test_asarray_of_any_array(array: Any) -> None:
    x = wf.asarray(array)
    np.testing.assert_array_equal(x.numpy(), array)
    assert x.dtype.isnative


def test_copies_pass_gradients_and_new_tensors_do_not() -> None:
    x = wf.asarray([1.0, 2.0])
    with wf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        copied, constant = wf.sum(wf.asarray(x, copy=True) * 2), wf.sum(wf.tensor(x) * 2)
        cast = wf.sum(wf.asarray(x, dtype=wf.float64))
    assert tape.gradient(copied, x).tolist() == [2, 2]
    assert tape.gradient(cast, x).dtype == wf.float32
    assert tape.gradient(constant, x) is None


def test_a_copy_is_not_changed_with_its_original() -> None:
    x = wf.asarray([1, 2])
    y = wf.asarray(x)
    x[0] = 9
    assert y.tolist() == [1, 2]


def test_limits_of_dtypes() -> None:
    assert (wf.iinfo(wf.uint8).min, wf.iinfo("int8").max, wf.iinfo(wf.ones(1, wf.int64)).bits) == (0, 127, 64)
    assert wf.finfo(wf.float32).eps == np.finfo(np.float32).eps
    assert wf.finfo(wf.complex128) == wf.finfo(wf.float64)
    assert wf.finfo(wf.bfloat16).bits == 16
    assert wf.finfo(wf.ones(1)).dtype == wf.float32
    assert type(wf.finfo(wf.float16).max) is float


@pytest.mark.parametrize(("dtype", "kinds"), [
    (wf.bool, {"bool"}), (wf.int8, {"signed integer", "integral", "numeric"}), (wf.uint64, {"unsigned integer", "integral", "numeric"}),
    (wf.bfloat16, {"real floating", "numeric"}), (wf.complex64, {"complex floating", "numeric"})])  # fmt: skip
def test_isdtype_knows_the_kinds(dtype: Any, kinds: set[str]) -> None:
    every = ["bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]
    assert {kind for kind in every if wf.isdtype(dtype, kind)} == kinds
    assert wf.isdtype(dtype, dtype)
    assert wf.isdtype(dtype, (wf.float64, *kinds))
    assert not wf.isdtype(dtype, wf.float64)


def test_gradient_rules_find_the_creation_functions() -> None:
    for name in ("zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "arange", "eye", "asarray", "tensor"):
        assert callable(OPS[name])


def test_numbers_at_the_bounds_of_an_integer_dtype_fit() -> None:
    assert wf.tensor([-128, 127], wf.int8).tolist() == [-128, 127]
    assert wf.tensor([127.9, -128.9], wf.int8).tolist() == [127, -128]
    assert wf.tensor(2**64 - 1).dtype == wf.tensor([2**63]).dtype == wf.uint64
    assert wf.tensor([1, 2**63], wf.float64).tolist() == [1.0, 2.0**63]
    assert wf.tensor([-1.0, 2**63]).dtype == wf.float32
    assert wf.tensor(np.asarray([300]), wf.int8).tolist() == [44]  # an array is cast as NumPy casts it
