"""Products of matrices by the stand-in's cuBLASLt: layouts, formats, batches and epilogues, against NumPy."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import building
import loading
import ml_dtypes
import numpy as np
import pytest
from card import Array

P, B = ctypes.c_void_p, ctypes.byref
FORMATS = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 14}
COMPUTE_32F, COMPUTE_64F = 68, 70
RNG = np.random.default_rng(0)
M, K, N = 12, 20, 16


def dtype(name: str) -> Any:
    return ml_dtypes.bfloat16 if name == "bfloat16" else np.dtype(name)


def normal(name: str, *shape: int) -> Any:
    return RNG.normal(size=shape).astype(dtype(name))


@dataclass
class Product:
    """out = epilogue(x @ y) of arrays in row order: to cuBLASLt, which has column order, out' = y' x'."""

    x: Any
    y: Any
    transposed: tuple[bool, bool] = (False, False)
    epilogue: int = 1
    bias: Array | None = None
    aux: Array | None = None
    status: int = 0
    held: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.library: Any = ctypes.CDLL(str(loading.start() / building.PRODUCTS))
        self.library.cublasLtMatrixLayoutCreate.argtypes = [
            P,
            ctypes.c_int,
            ctypes.c_uint64,
            ctypes.c_uint64,
            ctypes.c_int64,
        ]
        self.format = FORMATS[str(self.x.dtype)]

    def made(self, function: str, *arguments: Any) -> Any:
        thing = P()
        assert not getattr(self.library, function)(B(thing), *arguments)
        return thing

    def layout(self, array: Any) -> Any:
        *batch, rows, columns = array.shape
        made = self.made("cublasLtMatrixLayoutCreate", self.format, columns, rows, columns)
        if batch:
            for which, value in ((5, ctypes.c_int32(batch[0])), (6, ctypes.c_int64(rows * columns))):
                assert not self.library.cublasLtMatrixLayoutSetAttribute(made, which, B(value), ctypes.sizeof(value))
        return made

    def description(self) -> Any:
        wide = self.format == 1
        made = self.made("cublasLtMatmulDescCreate", COMPUTE_64F if wide else COMPUTE_32F, int(wide))
        values: dict[int, Any] = {3: ctypes.c_int32(self.transposed[1]), 4: ctypes.c_int32(self.transposed[0])}
        values[7] = ctypes.c_int32(self.epilogue)
        if self.bias:
            values[8] = P(int(self.bias))
        if self.aux:
            values |= {11: P(int(self.aux)), 12: ctypes.c_int64(self.aux.host.shape[-1])}
        for which, value in values.items():
            assert not self.library.cublasLtMatmulDescSetAttribute(made, which, B(value), ctypes.sizeof(value))
        return made

    def run(self) -> Any:
        x, y = (np.swapaxes(a, -1, -2) if t else a for a, t in zip((self.x, self.y), self.transposed, strict=True))
        out = Array(np.zeros((*x.shape[:-1], y.shape[-1]), self.x.dtype), empty=True)
        handle, preference = self.made("cublasLtCreate"), self.made("cublasLtMatmulPreferenceCreate")
        description, scalar = self.description(), ctypes.c_double if self.format == 1 else ctypes.c_float
        a, b, d = (self.layout(v) for v in (self.y, self.x, out.host))
        algorithm, count = (ctypes.c_uint64 * 12)(), ctypes.c_int()
        heuristic = self.library.cublasLtMatmulAlgoGetHeuristic
        self.status = heuristic(handle, description, a, b, d, d, preference, 1, algorithm, B(count))
        if self.status:
            return None
        one, zero, x, y = scalar(1), scalar(0), Array(self.x), Array(self.y)
        operands = (P(int(y)), a, P(int(x)), b, B(zero), P(int(out)), d, P(int(out)), d)
        rest = (algorithm, None, ctypes.c_size_t(0), None)
        assert not self.library.cublasLtMatmul(handle, description, B(one), *operands, *rest)
        return out.get()


def close(got: Any, expected: Any) -> None:
    tolerance = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1e-2}[str(got.dtype)]
    np.testing.assert_allclose(got.astype(np.float64), expected, rtol=tolerance, atol=tolerance * 4)


def wide(x: Any) -> Any:
    return x.astype(np.float64)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)])
def test_products_are_those_of_numpy(
    card: Any, name: str, batch: tuple[int, ...], transposed: tuple[bool, bool]
) -> None:
    x = normal(name, *batch, *((K, M) if transposed[0] else (M, K)))
    y = normal(name, *batch, *((N, K) if transposed[1] else (K, N)))
    expected = np.matmul(
        *(np.swapaxes(wide(a), -1, -2) if t else wide(a) for a, t in zip((x, y), transposed, strict=True))
    )
    close(Product(x, y, transposed).run(), expected)


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def gelu_gradient(x: Any) -> Any:
    return (gelu(x + 1e-6) - gelu(x - 1e-6)) / 2e-6


EPILOGUES = {
    2: lambda p, b: np.maximum(p, 0),
    4: lambda p, b: p + b,
    6: lambda p, b: np.maximum(p + b, 0),
    32: lambda p, b: gelu(p),
    36: lambda p, b: gelu(p + b),
}


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("name", ["float32", "float16"])
def test_a_bias_and_an_activation_come_with_the_product(card: Any, epilogue: int, name: str) -> None:
    x, y, bias = normal(name, M, K), normal(name, K, N), normal(name, N)
    expected = EPILOGUES[epilogue](wide(x) @ wide(y), wide(bias))
    close(Product(x, y, epilogue=epilogue, bias=Array(bias)).run(), expected)


def test_gelu_keeps_what_its_gradient_needs(card: Any) -> None:
    x, y, bias = normal("float32", M, K), normal("float32", K, N), normal("float32", N)
    aux = Array(np.zeros((M, N), np.float32))
    before = x @ y + bias
    close(Product(x, y, epilogue=36 + 128, bias=Array(bias), aux=aux).run(), gelu(before))
    np.testing.assert_allclose(aux.get(), before, rtol=1e-4, atol=1e-5)
    gradient = Array(np.zeros(N, np.float32))
    got = Product(x, y, epilogue=64 + 128 + 16, bias=gradient, aux=aux).run()
    np.testing.assert_allclose(got, (x @ y) * gelu_gradient(wide(before)), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(gradient.get(), got.sum(0), rtol=1e-4, atol=1e-5)


def test_relu_keeps_a_bit_for_each_element(card: Any) -> None:
    x, y = normal("float32", M, K), normal("float32", K, 128)
    aux = Array(np.zeros((M, 128), np.uint8))
    close(Product(x, y, epilogue=2 + 128, aux=aux).run(), np.maximum(x @ y, 0))
    got = Product(x, y, epilogue=8 + 128, aux=aux).run()
    close(got, np.where(x @ y > 0, x @ y, 0))


@pytest.mark.parametrize(("epilogue", "axis"), [(256, "y"), (512, "x")])
def test_the_gradient_of_a_bias_is_a_sum_of_an_operand(card: Any, epilogue: int, axis: str) -> None:
    x, y = normal("float32", M, K), normal("float32", K, N)
    total = Array(np.zeros(N if axis == "y" else M, np.float32))
    close(Product(x, y, epilogue=epilogue, bias=total).run(), x @ y)
    np.testing.assert_allclose(total.get(), y.sum(0) if axis == "y" else x.sum(1), rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_refused(card: Any) -> None:
    product = Product(normal("float32", M, K), normal("float32", K + 1, N))
    assert product.run() is None
    assert product.status == 7


def test_an_epilogue_without_what_it_needs_is_refused(card: Any) -> None:
    product = Product(normal("float32", M, K), normal("float32", K, N), epilogue=2 + 128)
    assert product.run() is None
    assert product.status == 7


def test_a_bias_that_is_too_short_is_found(card: Any) -> None:
    x, y, bias = normal("float32", M, K), normal("float32", K, N), normal("float32", N - 1)
    with pytest.raises(card.Error, match="operand of a library: 64 bytes at offset 0 of an allocation of 60"):
        Product(x, y, epilogue=4, bias=Array(bias)).run()
