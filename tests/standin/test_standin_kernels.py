"""Kernels that are right run to the right results, in every mode and every order, and what they move is counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import loading
import numpy as np
import pytest
from card import Array, kernel, module

RNG = np.random.default_rng(0)
MODES = ["check=0", "order=reverse", "order=1", "order=12345", "lazy", "guard", "check", "check,order=3"]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, card: Any) -> Iterator[str]:
    with loading.options(*request.param.split(",")):
        yield request.param


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


ADD = """
extern "C" __global__ void k(const float4 *x, const float4 *y, float4 *z, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float4 a = __ldcs(x + i), b = __ldcs(y + i);
    a.x += b.x, a.y += b.y, a.z += b.z, a.w += b.w;
    __stcs(z + i, a);
}
"""


def test_vectors_are_added(mode: str) -> None:
    x, y = normal(1000), normal(1000)
    z = Array(x, empty=True)
    kernel(ADD)(2, 128, Array(x), Array(y), z, 250)
    assert np.array_equal(z.get(), x + y)


SUM = """
__device__ float of_warp(float v) {
    for (int k = 16; k; k >>= 1) v += __shfl_xor_sync(0xffffffffu, v, k);
    return v;
}
template <int warps> __device__ float of_block(float v) {
    __shared__ float parts[warps];
    v = of_warp(v);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
    __syncthreads();
    float sum = 0;
    for (int w = 0; w < warps; w++) sum += parts[w];
    __syncthreads();
    return sum;
}
extern "C" __global__ void __launch_bounds__(128) k(const float *x, float *parts, unsigned *ticket, float *out, int n) {
    __shared__ bool last;
    float v = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += x[i];
    v = of_block<4>(v);
    if (!threadIdx.x) {
        parts[blockIdx.x] = v;
        __threadfence();
        last = atomicAdd(ticket, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (!last) return;
    v = threadIdx.x < gridDim.x ? __ldcg(parts + threadIdx.x) : 0.0f;
    v = of_block<4>(v);
    if (!threadIdx.x) *out = v;
}
"""


def test_the_last_block_adds_up(mode: str) -> None:
    x = normal(5000)
    out = Array(np.zeros(1, np.float32))
    kernel(SUM)(7, 128, Array(x), Array(np.zeros(7, np.float32)), Array(np.zeros(1, np.uint32)), out, 5000)
    np.testing.assert_allclose(out.get()[0], x.sum(dtype=np.float64), rtol=1e-4)


TRANSPOSE = """
extern "C" __global__ void k(const float *x, float *y, int width, int height) {
    __shared__ float tile[32][33];
    int column = blockIdx.x * 32 + threadIdx.x, row = blockIdx.y * 32;
    for (int j = threadIdx.y; j < 32; j += 8)
        if (column < width && row + j < height) tile[j][threadIdx.x] = x[(row + j) * width + column];
    __syncthreads();
    int to = row + threadIdx.x, first = blockIdx.x * 32;
    for (int j = threadIdx.y; j < 32; j += 8)
        if (to < height && first + j < width) y[(first + j) * height + to] = tile[threadIdx.x][j];
}
"""


def test_a_matrix_is_transposed_through_shared_memory(mode: str) -> None:
    x = normal(100, 70)
    y = Array(x.T.copy(), empty=True)
    kernel(TRANSPOSE)((3, 4), (32, 8), Array(x), y, 70, 100)
    assert np.array_equal(y.get(), x.T)


DYNAMIC = """
extern __shared__ double outside[];
extern "C" __global__ void k(const double *x, double *y) {
    outside[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = outside[blockDim.x - 1 - threadIdx.x];
}
extern "C" __global__ void inside(const double *x, double *y) {
    extern __shared__ __align__(16) double s[];
    s[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = s[(threadIdx.x + 1) % blockDim.x];
}
"""


def test_shared_memory_may_have_the_size_of_the_launch(mode: str) -> None:
    x = RNG.normal(size=48)
    for name, expected in (("k", x[::-1]), ("inside", np.roll(x, -1))):
        y = Array(x, empty=True)
        kernel(DYNAMIC, name)(1, 48, Array(x), y, shared=48 * 8)
        assert np.array_equal(y.get(), expected)


ATOMICS = """
extern "C" __global__ void k(int *i, unsigned *u, unsigned long long *q, float *f, double *d) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(i, t);
    atomicMax(i + 1, t);
    atomicMin(i + 2, -t);
    atomicOr(u, 1u << (t & 31));
    atomicAnd(u + 1, ~(1u << (t & 31)));
    atomicXor(u + 2, t);
    atomicInc(u + 3, 9);
    atomicAdd(q, 1ull << 33);
    atomicAdd(f, 0.5f);
    atomicAdd(d, 0.25);
    unsigned long long *bits = (unsigned long long *)(d + 1), seen = *(volatile unsigned long long *)bits, old;
    do {
        old = seen;
        seen = atomicCAS(bits, old, __double_as_longlong(__longlong_as_double(old) + 1.0));
    } while (seen != old);
}
"""


def test_atomic_functions_lose_nothing(card: Any) -> None:
    i, u = Array(np.zeros(3, np.int32)), Array(np.array([0, ~np.uint32(0), 0, 0], np.uint32))
    q, f, d = Array(np.zeros(1, np.uint64)), Array(np.zeros(1, np.float32)), Array(np.zeros(2))
    kernel(ATOMICS)(2, 64, i, u, q, f, d)
    assert i.get().tolist() == [sum(range(128)), 127, -127]
    assert u.get().tolist() == [2**32 - 1, 0, 0, 128 % 10]
    assert q.get()[0] == 128 << 33
    assert (f.get()[0], *d.get()) == (64, 32, 128)


WARP = """
extern "C" __global__ void k(int *y) {
    int i = threadIdx.x, *to = y + i * 12;
    unsigned all = 0xffffffffu;
    to[0] = __shfl_sync(all, i, 5);
    to[1] = __shfl_up_sync(all, i, 3);
    to[2] = __shfl_down_sync(all, i, 3);
    to[3] = __shfl_xor_sync(all, i, 6, 8);
    to[4] = __ballot_sync(all, i % 3 == 0);
    to[5] = __any_sync(all, i == 7) + 2 * __all_sync(all, i < 31);
    to[6] = __reduce_add_sync(all, i);
    to[7] = __match_any_sync(all, i / 8);
    unsigned half = i < 16 ? 0xffffu : 0xffff0000u;
    to[8] = __shfl_xor_sync(half, i, 1);
    to[9] = __popc(__activemask());
    to[10] = __syncthreads_count(i < 5);
    to[11] = (int)__shfl_sync(all, (double)i, 9) + (int)__shfl_sync(all, 1ll << i, 3, 16);
}
"""


def test_functions_of_a_warp_give_what_the_lanes_gave(mode: str) -> None:
    y = Array(np.zeros((32, 12), np.int32))
    kernel(WARP)(1, 32, y)
    i = np.arange(32)
    expected = [i * 0 + 5, np.where(i < 3, i, i - 3), np.where(i > 28, i, i + 3), i ^ 6]
    expected += [i * 0 + sum(1 << k for k in range(0, 32, 3)), i * 0 + 1, i * 0 + 496, 0xFF << (i // 8 * 8)]
    expected += [i ^ 1, i * 0 + 32, i * 0 + 5, 9 + (1 << np.where(i < 16, 3, 19))]
    assert np.array_equal(y.get(), np.stack(expected, 1).astype(np.uint32).view(np.int32))


MATHS = """
#define ONE(k, expression) y[k] = expression;
extern "C" __global__ void k(float *y, float x) {
    ONE(0, __expf(x)) ONE(1, rsqrtf(x)) ONE(2, __fdividef(1.0f, x)) ONE(3, max(x, 2.0f)) ONE(4, min(7, 3))
    ONE(5, __int_as_float(0x3f800000)) ONE(6, (float)__float_as_uint(x)) ONE(7, (float)__umulhi(1u << 31, 6u))
    ONE(8, (float)__clz(1)) ONE(9, (float)__double2loint(3.0)) ONE(10, fmaf(x, x, 1.0f)) ONE(11, __fsqrt_rn(x))
    ONE(12, (float)__float2int_rn(2.5f)) ONE(13, erff(x)) ONE(14, (float)__funnelshift_l(1u << 31, 1u, 1))
    ONE(15, sqrt(x)) ONE(16, abs(-x)) ONE(17, (float)abs(-3)) ONE(18, pow(x, 2.0f)) ONE(19, isnan(x) + 2 * isfinite(x))
    ONE(20, (float)sizeof(exp(x))) ONE(21, (float)fma(2.0, 3.0, 1.0))
}
"""


def test_functions_of_numbers_are_those_of_cuda(card: Any) -> None:
    y = Array(np.zeros(22, np.float32))
    kernel(MATHS)(1, 1, y, 0.25)
    expected = [
        np.exp(0.25),
        2,
        4,
        2,
        3,
        1,
        0x3E800000,
        3,
        31,
        0,
        1.0625,
        0.5,
        2,
        0.2763264,
        3,
        0.5,
        0.25,
        3,
        0.0625,
        2,
        4,
        7,
    ]
    np.testing.assert_allclose(y.get(), expected, rtol=1e-6)


def test_half_types_of_the_toolkit_compile(card: Any) -> None:
    source = """
#include <cuda_fp16.h>
#include <cuda_bf16.h>
extern "C" __global__ void k(__half *h, __nv_bfloat16 *b) {
    h[0] = __float2half(__half2float(h[0]) + 1.0f);
    b[0] = __float2bfloat16(__bfloat162float(b[0]) * 2.0f);
}
"""
    h, b = Array(np.array([0.5], np.float16)), Array(np.array([0x3FC0], np.uint16))
    try:
        run = kernel(source)
    except loading.CompileError as error:
        pytest.skip(f"the toolkit's headers of half types are not here: {str(error)[:80]}")
    run(1, 1, h, b)
    assert h.get()[0] == 1.5
    assert b.get()[0] == 0x4040


def test_each_kernel_of_a_module_has_its_own_shared_memory(card: Any) -> None:
    source = """
__device__ void fill(float *to) { __shared__ float big[1000]; big[threadIdx.x] = 1; __syncthreads(); *to = big[0]; }
extern "C" __global__ void none(float *x) { x[0] = 1; }
extern "C" __global__ void small(float *x) { __shared__ float s[8]; s[threadIdx.x] = 2; __syncthreads(); x[0] = s[0]; }
extern "C" __global__ void large(float *x) { fill(x); }
"""
    held = module(source)
    assert [held.get_function(name).shared_size_bytes for name in ("none", "small", "large")] == [0, 32, 4000]


@pytest.mark.parametrize(
    ("access", "requests", "sectors"),
    [
        ("y[i] = x[i];", 4, 16),
        ("((float4 *)y)[i] = ((const float4 *)x)[i];", 4, 64),
        ("__stcs((float4 *)y + i, __ldcs((const float4 *)x + i));", 4, 64),
        ("y[i] = x[i * 2 % 256];", 4, 32),
        ("y[i] = x[i * 8 % 256];", 4, 128),
        ("y[i] = x[0];", 4, 4),
        ("y[i] = x[i] + x[i + 1];", 8, 36),
    ],
)
def test_what_a_kernel_reads_is_counted(card: Any, access: str, requests: int, sectors: int) -> None:
    source = f'extern "C" __global__ void k(const float *x, float *y) {{ int i = threadIdx.x; {access} }}'
    with loading.options("check"):
        x, y = Array(normal(512)), Array(normal(512))
        kernel(source)(1, 128, x, y)
        read = loading.report().kernels["k"].read
    assert (read.requests, read.sectors) == (requests, sectors)


def test_leaks_are_counted(card: Any) -> None:
    before = loading.report()
    held = [card.mem_alloc(1000) for _ in range(3)]
    during = loading.report()
    assert during.live_allocations - before.live_allocations == 3
    assert during.live_bytes - before.live_bytes == 3000
    assert during.allocations == 3
    del held
    after = loading.report()
    assert (after.live_allocations, after.live_bytes) == (before.live_allocations, before.live_bytes)
    assert after.peak_bytes >= before.live_bytes + 3000
