"""Every op's shape rule says what its kernel gives, from shapes and dtypes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_cases import CASES, Case, foretold, in_dtype, lifted, results

import weft as wf
from weft.runtime import dtypes
from weft.runtime.errors import DTypeError

TOLERANCE = {dtypes.float32: 2e-4, dtypes.float16: 2e-2, dtypes.bfloat16: 1e-1}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_shape_rule_foretells_the_result(case: Case) -> None:
    operands = case.draw()
    got = results(case.call(*lifted(operands)))
    assert [y.spec for y in got] == foretold(case, operands)


@pytest.mark.parametrize("case", [c for c in CASES if not c.op.elementwise], ids=str)
def test_kernel_gives_the_shape_and_kind_that_the_rule_foretells(case: Case) -> None:
    operands = case.draw()
    with np.errstate(all="ignore"):
        got = case.op.kernel(*operands, **case.attributes())
    got = got if isinstance(got, tuple) else (got,)
    for y, spec in zip(got, foretold(case, operands), strict=True):
        assert np.shape(y) == spec.shape
        assert np.can_cast(np.asarray(y).dtype, spec.dtype, "same_kind")


@pytest.mark.parametrize("case", [c for c in CASES if not c.op.elementwise], ids=str)
def test_kernel_writes_to_no_operand(case: Case) -> None:
    operands = [np.array(x) if isinstance(x, np.ndarray) else x for x in case.draw()]
    for x in operands:
        if isinstance(x, np.ndarray):
            x.flags.writeable = False
    got = results(case.call(*(wf.asarray(x) if isinstance(x, np.ndarray) else x for x in operands)))
    for y, z in zip(got, results(case.call(*lifted(case.draw()))), strict=True):
        np.testing.assert_array_equal(y.numpy(), z.numpy())


def strided(x: Any) -> Any:
    """The same array, laid out backwards and with gaps."""
    if not isinstance(x, np.ndarray) or not x.ndim:
        return x
    room = np.zeros(tuple(2 * n for n in reversed(x.shape)), x.dtype).T
    view = room[tuple(slice(None, None, -2) if n else slice(None) for n in x.shape)]
    view[...] = x
    return view


@pytest.mark.parametrize("case", CASES, ids=str)
def test_memory_layout_makes_no_difference(case: Case) -> None:
    operands = case.draw()
    got = results(case.call(*(wf.asarray(strided(x)) if isinstance(x, np.ndarray) else x for x in operands)))
    for y, z in zip(got, results(case.call(*lifted(operands))), strict=True):
        np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("case", [c for c in CASES if not c.op.elementwise], ids=str)
def test_other_precisions_give_the_same_numbers(case: Case, dtype: Any) -> None:
    operands = in_dtype(case.draw(), dtype)
    try:
        expected = foretold(case, operands)
    except DTypeError:
        return
    got = results(case.call(*lifted(operands)))
    assert [y.spec for y in got] == expected
    exact = results(case.call(*lifted(in_dtype(operands, dtypes.float64))))
    for y, z in zip(got, exact, strict=True):
        if y.dtype in dtypes.INEXACT:
            close(y.numpy(), z.numpy(), TOLERANCE[dtype])
        else:
            np.testing.assert_array_equal(y.numpy(), z.numpy())


def close(y: np.ndarray, z: np.ndarray, tolerance: float) -> None:
    wide = np.complex128 if np.iscomplexobj(z) else np.float64
    scale = float(np.max(np.abs(z), initial=1.0, where=np.isfinite(z)))
    np.testing.assert_allclose(y.astype(wide), z.astype(wide), rtol=tolerance, atol=tolerance * scale)
