"""Every op of the table on a GPU gives what it gives on the CPU, values and gradients, and its results stay there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_cases import CASES, UP_TO_PHASES, Case, in_dtype, is_floating, results

import weft as wf
from weft.kernels import cuda_device
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes

TOLERANCE = {np.dtype("f4"): 2e-5, np.dtype("f8"): 1e-11, np.dtype("c8"): 2e-5, np.dtype("c16"): 1e-11}
DRAWN = [case for case in CASES if case.op.name != "transfer"]
FIRST = [case for case in DRAWN if not case.number]  # one sample of each op: kernels are compiled for every one


def placed(operands: list[Any], device: Any) -> list[Any]:
    """The arrays as tensors of a device; scalars and None as they are."""
    return [wf.tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in operands]


def agree(case: Case, found: list[Any], wanted: list[Any]) -> None:
    """Values agree, as far as roundings and free choices allow."""
    for y, z in zip(found, wanted, strict=True):
        assert y.dtype is z.dtype
        assert y.shape == z.shape
        a, b = y.numpy(), z.numpy()
        if case.op.name in UP_TO_PHASES:
            a, b = np.abs(a), np.abs(b)
        close = TOLERANCE.get(a.dtype, 0.0)
        np.testing.assert_allclose(a, b, rtol=close, atol=close)


def compared(case: Case, operands: list[Any], device: CudaDevice) -> None:
    found = results(case.call(*placed(operands, device)))
    if any(isinstance(x, np.ndarray) for x in operands):
        assert all(y.device is device for y in found if hasattr(y, "device"))
    agree(case, found, results(case.call(*placed(operands, "cpu"))))


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_an_op_gives_the_same_on_a_gpu(quiet: None, device: CudaDevice, case: Case) -> None:
    compared(case, case.draw(), device)


SINGLE = [case for case in FIRST if any(map(is_floating, case.draw()))]


@pytest.mark.parametrize("case", SINGLE, ids=str)
def test_an_op_gives_the_same_in_single_precision(quiet: None, device: CudaDevice, case: Case) -> None:
    compared(case, in_dtype(case.draw(), dtypes.float32), device)


def gradients(case: Case, device: Any) -> list[Any]:
    """The gradients of the floating results by the floating operands."""
    operands = placed(case.draw(), device)
    sources = [x for x in operands if isinstance(x, wf.Tensor) and x.dtype in dtypes.INEXACT]
    with wf.GradientTape() as tape:
        tape.watch(sources)
        targets = [y * y for y in results(case.call(*operands)) if y.dtype in dtypes.INEXACT]
    return tape.gradient(targets, sources, unconnected="zero")


@pytest.mark.parametrize("case", [case for case in SINGLE if case.op.differentiable], ids=str)
def test_an_op_has_the_same_gradients_on_a_gpu(quiet: None, device: CudaDevice, case: Case) -> None:
    found = gradients(case, device)
    assert all(y.device is device for y in found)
    agree(case, found, gradients(case, "cpu"))


@pytest.mark.parametrize("case", DRAWN, ids=str)
def test_an_op_without_a_kernel_gives_the_same(
    quiet: None, device: CudaDevice, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.setattr(cuda_device, "_kernels", [])
    compared(case, case.draw(), device)
