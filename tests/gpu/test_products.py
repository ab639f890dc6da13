"""Matrix products by cuBLASLt: layouts, batches, dtypes, and what follows a product."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import weft as wf
from weft.kernels import cublaslt
from weft.kernels.cublaslt import Plan
from weft.kernels.cuda import Card
from weft.kernels.cuda_device import CudaDevice
from weft.runtime import dtypes
from weft.runtime.errors import DeviceError

M, N, K = 24, 40, 56
TOLERANCE = {dtypes.float32: 1e-4, dtypes.float64: 1e-12, dtypes.float16: 2e-2, dtypes.bfloat16: 2e-1}


@pytest.fixture(autouse=True)
def _library(reason: str) -> None:
    if cublaslt.library() is None:
        pytest.skip("cuBLASLt is not installed")


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def drawn(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(dtype)


def wide(x: np.ndarray, transposed: bool = False) -> np.ndarray:
    return (np.swapaxes(x, -1, -2) if transposed else x).astype(np.float64)


FORMS = [(False, False, 1, ""), (True, False, 1, "bias"), (False, True, 3, ""), (True, True, 2, "relu"),
         (False, False, 1, "gelu_bias"), (False, True, 1, "gelu_aux_bias"), (False, False, 1, "relu_bias")]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
def test_a_product_is_that_of_numpy(device: CudaDevice, dtype: Any, form: tuple[bool, bool, int, str]) -> None:
    transpose_x, transpose_y, batch, epilogue = form
    x = drawn((batch, K, M) if transpose_x else (batch, M, K), dtype)
    y = drawn((batch, N, K) if transpose_y else (batch, K, N), dtype)
    bias = drawn((N,), dtype)
    wanted = wide(x, transpose_x) @ wide(y, transpose_y) + ("bias" in epilogue) * wide(bias)
    plan = Plan(M, N, K, dtype, batch=batch, transpose_x=transpose_x, transpose_y=transpose_y, epilogue=epilogue)
    if not cublaslt.takes(plan):
        with pytest.raises(DeviceError, match=f"cuBLASLt: .* in float64 with {epilogue}: status 15"):
            cublaslt.product(device.card, plan)
        return
    operands = [device.from_numpy(each) for each in (x, y, bias)]
    out, before = device.empty((batch, M, N), dtype), device.empty((batch, M, N), dtype)
    cublaslt.product(device.card, plan).run(
        operands[0].address, operands[1].address, out.address,
        bias=operands[2].address if "bias" in epilogue else 0, auxiliary=before.address if "aux" in epilogue else 0,
    )  # fmt: skip
    if "aux" in epilogue:
        np.testing.assert_allclose(wide(device.to_numpy(before)), wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    wanted = gelu(wanted) if "gelu" in epilogue else np.maximum(wanted, 0) if "relu" in epilogue else wanted
    np.testing.assert_allclose(wide(device.to_numpy(out)), wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_a_matrix_of_the_batch_may_be_repeated_and_rows_may_lie_apart(device: CudaDevice) -> None:
    x, y = drawn((3, M, K), np.float32), drawn((K, N + 8), np.float32)
    a, b, out = device.from_numpy(x), device.from_numpy(y), device.empty((3, M, N), dtypes.float32)
    plan = Plan(M, N, K, dtypes.float32, batch=3, steps=(M * K, 0, M * N), rows=(K, N + 8, N))
    cublaslt.product(device.card, plan).run(a.address, b.address, out.address)
    np.testing.assert_allclose(device.to_numpy(out), x @ y[:, :N], rtol=1e-4, atol=1e-4)


def test_a_product_is_added_to_what_is_there(device: CudaDevice) -> None:
    x, y = drawn((M, K), np.float32), drawn((K, N), np.float32)
    a, b, out = device.from_numpy(x), device.from_numpy(y), device.from_numpy(np.ones((M, N), np.float32))
    cublaslt.product(device.card, Plan(M, N, K, dtypes.float32, adds=True)).run(a.address, b.address, out.address)
    np.testing.assert_allclose(device.to_numpy(out), x @ y + 1, rtol=1e-4, atol=1e-4)


def test_matrices_may_begin_anywhere(device: CudaDevice) -> None:
    x, y = drawn((M * K + 1,), np.float32), drawn((K * N + 1,), np.float32)
    a, b, out = device.from_numpy(x), device.from_numpy(y), device.empty((M, N), dtypes.float32)
    found = cublaslt.product(device.card, Plan(M, N, K, dtypes.float32))
    found.run(a.address + 4, b.address + 4, out.address)
    wanted = x[1:].reshape(M, K) @ y[1:].reshape(K, N)
    np.testing.assert_allclose(device.to_numpy(out), wanted, rtol=1e-4, atol=1e-4)


def test_what_the_library_does_not_make_is_known_before() -> None:
    assert not cublaslt.takes(Plan(M, N, K, dtypes.int32))
    assert not cublaslt.takes(Plan(M, 41, K, dtypes.float32, epilogue="gelu_aux"))
    assert cublaslt.takes(Plan(M, 40, K, dtypes.bfloat16, epilogue="gelu_aux_bias"))


def test_a_product_is_prepared_once(card: Card) -> None:
    plan = Plan(M, N, K, dtypes.float32)
    assert cublaslt.product(card, plan) is cublaslt.product(card, Plan(M, N, K, dtypes.float32))
    assert str(cublaslt.product(card, plan)) == "24 x 56 by 56 x 40 in float32"


def test_a_library_that_is_not_there_is_named(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cublaslt, "library", lambda: None)
    monkeypatch.setattr(cublaslt, "_handles", {})
    with pytest.raises(DeviceError, match=r"cuBLASLt is not installed(.*\n)*.*pip install"):
        cublaslt.product(card, Plan(M, N, K, dtypes.float32))


def test_a_product_without_an_algorithm_is_refused(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    found = cublaslt.product(card, Plan(M, N, K, dtypes.float32))
    nothing = SimpleNamespace(
        cublasLtMatmulPreferenceCreate=lambda *_: 0, cublasLtMatmulPreferenceSetAttribute=lambda *_: 0,
        cublasLtMatmulAlgoGetHeuristic=lambda *_: 0, cublasLtMatmulPreferenceDestroy=lambda *_: 0,
    )  # fmt: skip
    monkeypatch.setattr(found, "_library", nothing)
    with pytest.raises(DeviceError, match="cuBLASLt has no algorithm for 24 x 56 by 56 x 40 in float32"):
        found._algorithm()


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_tf32_holds_inside_the_block_and_not_after_it(
    on_gpu: Any, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, asked = cublaslt.product, list[bool]()
    monkeypatch.setattr(cublaslt, "product", lambda card, plan: (asked.append(plan.tf32), plain(card, plan))[1])
    product = wf.compile(lambda x, y: x @ y) if compiled else lambda x, y: x @ y
    x = wf.ones((64, 64))
    product(x, x)
    with wf.options(tf32=True):
        product(x, x)
    product(x, x)
    assert asked == [False, True, False]
