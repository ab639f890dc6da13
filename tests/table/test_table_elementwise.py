"""Every elementwise op agrees with its NumPy kernel in every dtype that it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_cases import ELEMENTWISE, SHAPES, elementwise_operands, generator

import weft as wf
from weft.runtime import dtypes, memory
from weft.runtime.families import Elementwise
from weft.runtime.spec import Spec

TOLERANCE = {dtypes.float16: 2e-3, dtypes.bfloat16: 1.6e-2, dtypes.float32: 2e-5, dtypes.complex64: 2e-5}


def taken(op: Any) -> list[Any]:
    """The dtypes of operands: those that the op takes, and those that become floats for it."""
    found = [d for d in dtypes.ALL if d in op.takes]
    if not op.takes & dtypes.INTEGERS and dtypes.float32 in op.takes:
        found += [dtypes.int32, dtypes.uint8]
    return found


def shown(value: Any) -> str:
    return value.name if isinstance(value, Elementwise) else dtypes.short(value)


PAIRS = [(op, dtype) for op in ELEMENTWISE for dtype in taken(op)]


def kernel_in(op: Any, compute: Any, arrays: list[np.ndarray]) -> np.ndarray:
    """What the NumPy kernel says when it computes in a dtype."""
    with np.errstate(all="ignore"):
        return np.asarray(op.kernel(*(a.astype(d) for a, d in zip(arrays, op.operand_dtypes(compute), strict=True))))


@pytest.mark.parametrize(("op", "dtype"), PAIRS, ids=shown)
@pytest.mark.parametrize("number", range(6))
def test_result_is_the_kernels(op: Any, dtype: Any, number: int) -> None:
    shapes = SHAPES[op.arity][number % len(SHAPES[op.arity])]
    arrays = elementwise_operands(op, dtype, shapes)
    y = op(*map(wf.tensor, arrays))
    compute = op.compute_dtype(*(Spec(a.shape, dtypes.as_dtype(a.dtype)) for a in arrays))
    wide = dtypes.float32 if compute in dtypes.HALVES else compute
    assert y.shape == np.broadcast_shapes(*shapes)
    assert y.dtype is (op.gives(compute) if op.gives else compute)
    np.testing.assert_array_equal(y.numpy(), kernel_in(op, wide, arrays).astype(y.dtype))


@pytest.mark.parametrize(("op", "dtype"), [(op, dtype) for op, dtype in PAIRS if dtype in TOLERANCE], ids=shown)
def test_result_is_near_the_one_in_double_precision(op: Any, dtype: Any) -> None:
    arrays = elementwise_operands(op, dtype, ((40,),) * op.arity)
    exact = kernel_in(op, dtypes.complex128 if dtype in dtypes.COMPLEX else dtypes.float64, arrays)
    y = op(*map(wf.tensor, arrays)).numpy()
    np.testing.assert_allclose(y.astype(exact.dtype), exact, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_large_arrays_give_what_small_ones_do(op: Any) -> None:
    dtype = dtypes.float32 if dtypes.float32 in op.takes else next(d for d in dtypes.ALL if d in op.takes)
    n = memory.SMALLEST // dtype.itemsize + 3
    arrays = [np.resize(a, n) for a in elementwise_operands(op, dtype, ((97,),) * op.arity)]
    whole = op(*map(wf.tensor, arrays)).numpy()
    parts = [op(*(wf.tensor(a[i : i + 5000]) for a in arrays)).numpy() for i in (0, n - 5000)]
    np.testing.assert_allclose(whole[:5000], parts[0], rtol=1e-6)
    np.testing.assert_allclose(whole[-5000:], parts[1], rtol=1e-6)


def weak_scalars(op: Any, dtype: Any) -> list[Any]:
    """Python scalars that join the dtype and lie in the op's domain."""
    low, high = op.domain
    found: list[Any] = [int(high)] if dtype in dtypes.JOINS[int] else []
    found += [0.5 * (max(low, 0.0) + high)] if dtype in dtypes.JOINS[float] else []
    return found + ([complex(high, 0.25)] if dtype in dtypes.JOINS[complex] else [])


BINARY = [(op, dtype) for op, dtype in PAIRS if op.arity == 2 and dtype in op.takes]


@pytest.mark.parametrize(("op", "dtype"), BINARY, ids=shown)
def test_python_scalars_take_the_dtype_of_the_tensor(op: Any, dtype: Any) -> None:
    x = wf.tensor(elementwise_operands(op, dtype, ((3,), ()))[0])
    for scalar in weak_scalars(op, dtype):
        whole = wf.tensor(np.full((3,), scalar).astype(dtype))
        for got, expected in ((op(x, scalar), op(x, whole)), (op(scalar, x), op(whole, x))):
            assert got.spec == expected.spec
            np.testing.assert_array_equal(got.numpy(), expected.numpy())


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_operands_may_be_arrays_and_lists(op: Any) -> None:
    dtype = next(d for d in (dtypes.int64, dtypes.bool_, dtypes.float64, dtypes.complex128) if d in op.takes)
    arrays = elementwise_operands(op, dtype, ((3,),) * op.arity)
    expected = op(*map(wf.tensor, arrays))
    assert op(*arrays).spec == expected.spec
    np.testing.assert_array_equal(op(*arrays).numpy(), expected.numpy())
    if dtype not in dtypes.INEXACT:
        np.testing.assert_array_equal(op(*(a.tolist() for a in arrays)).numpy(), expected.numpy())


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_special_values_pass_through_as_in_numpy(op: Any) -> None:
    if dtypes.float64 not in op.takes:
        return
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e-300, 1.0])
    rng = generator(op.name)
    arrays = [np.asarray(rng.permutation(special)) for _ in range(op.arity)]
    got = op(*map(wf.tensor, arrays)).numpy()
    np.testing.assert_array_equal(got, kernel_in(op, dtypes.float64, arrays).astype(got.dtype))
