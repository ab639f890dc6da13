"""What a GPU hides, and the stand-in tells: each kernel and each program here is wrong in one way.

A fault in a kernel is told with the kernel, the block and the thread, and with the line of an access to memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import loading
import numpy as np
import pytest
from card import Array, kernel, synchronize

N = 64


@dataclass(frozen=True)
class Fault:
    """A wrong kernel, how it is launched, and what is said of it. `x` is N floats; n is N."""

    what: str
    body: str
    said: str
    blocks: int = 1
    threads: int = N
    shared: int = 0
    line: int | None = None


HEAD = 'extern "C" __global__ void k(float *x, int n) {\n    int i = blockIdx.x * blockDim.x + threadIdx.x;\n'

CHECKED = [
    Fault(
        "a write one element behind the end",
        "    if (i <= n) x[i] = 1;",
        r"block \(1,0,0\), thread \(0,0,0\): write of 4 bytes at #.* \(0 bytes behind an allocation of 256\)",
        blocks=2,
        line=3,
    ),
    Fault("a read before the begin", "    x[i] = x[i - 1];", r"thread \(0,0,0\): read of 4 bytes at #", line=3),
    Fault(
        "an uninitialised read of shared memory",
        "    __shared__ float s[64];\n    if (i < 32) s[i] = 1;\n    __syncthreads();\n    x[i] = s[i];",
        r"thread \(32,0,0\): reads shared memory that was never written \(offset 128\)",
        line=6,
    ),
    Fault(
        "a missing barrier",
        "    __shared__ float s[64];\n    s[i] = x[i];\n    __syncthreads();\n    s[i] = 2;\n    x[i] = s[63 - i];",
        r"thread \(\d+,0,0\): (read-after-write|write-after-read) race in shared memory",
    ),
    Fault(
        "a barrier too few in a loop",
        "    __shared__ float s[64];\n    s[i] = x[i];\n    for (int k = 32; k; k >>= 1) {\n        __syncthreads();\n"
        "        if (i < k) s[i] += s[i + k];\n        if (k == 32) s[i] *= 2;\n    }\n    if (!i) x[0] = s[0];",
        r"race in shared memory",
    ),
    Fault(
        "a warp that counts on lockstep",
        "    volatile __shared__ float s[64];\n    s[i] = 1;\n    __syncthreads();\n"
        "    if (i < 32) { s[i] += s[i + 32]; s[i] += s[i + 16]; }",
        r"race in shared memory",
    ),
    Fault("a race between blocks", "    x[threadIdx.x] += 1;", r"race in global memory", blocks=2, line=3),
    Fault(
        "a misaligned vector",
        "    ((float4 *)(x + 1))[0] = make_float4(1, 2, 3, 4);",
        r"misaligned",
        threads=1,
    ),
    Fault(
        "a misaligned vector, by a store with a hint",
        "    __stcs((float4 *)(x + 1), make_float4(1, 2, 3, 4));",
        r"misaligned write of 16 bytes",
        threads=1,
        line=3,
    ),
    Fault(
        "less dynamic shared memory than is used",
        "    extern __shared__ float s[];\n    s[i] = 1;\n    __syncthreads();\n    x[i] = s[i];",
        r"thread \(32,0,0\): write of 4 bytes at offset 128 of 128 bytes of dynamic shared memory",
        shared=128,
        line=4,
    ),
    Fault(
        "a vector that runs over the end of shared memory",
        "    __shared__ float s[6];\n    ((float4 *)s)[i] = make_float4(1, 2, 3, 4);\n    __syncthreads();\n    x[i] = s[i];",
        r"thread \(1,0,0\): write of 16 bytes at offset 16 of 24 bytes of shared memory",
        threads=2,
        line=4,
    ),
    Fault(
        "a barrier after an early return",
        "    if (i >= 40) return;\n    __syncthreads();\n    x[i] = 1;",
        r"waits at the barrier of line 4, but 24 threads of its block have returned",
    ),
    Fault(
        "an atomic beside a plain write",
        "    if (i < 32) atomicAdd(x, 1.0f);\n    else x[0] = 2;",
        r"race in global memory",
    ),
]

ALWAYS = [
    Fault(
        "a barrier in both branches",
        "    if (i < 32) {\n        __syncthreads();\n    } else {\n        __syncthreads();\n    }\n    x[i] = 1;",
        r"thread \(32,0,0\): waits at the barrier of line 6, and thread 0 of its block at the one of line 4",
    ),
    Fault(
        "a shuffle whose mask names an absent lane",
        "    float v = 1;\n    if (i < 16) v = __shfl_xor_sync(0xffffffffu, v, 1);\n    x[i] = v;",
        r"thread \(0,0,0\): waits for ever at the warp function of line 4: lanes of its mask are elsewhere",
        threads=32,
    ),
    Fault(
        "a shuffle whose mask lacks the caller",
        "    x[i] = __shfl_xor_sync(0xffffu, 1.0f, 1);",
        r"thread \(16,0,0\): a warp function whose mask lacks the calling lane at line 3",
        threads=32,
    ),
    Fault(
        "a shuffle from a lane outside of its mask",
        "    if (i < 16) x[i] = __shfl_xor_sync(0xffffu, 1.0f, 16);",
        r"a shuffle from a lane that its mask lacks, at line 3",
        threads=32,
    ),
    Fault("a division by zero", "    x[i] = i / (n - 64);", r"division of an integer by zero"),
    Fault("an assertion", "    assert(i < 10);", r"thread \(10,0,0\): assertion failed: i < 10, at line 3"),
    Fault("a trap", "    if (i == 3) __trap();", r"thread \(3,0,0\): __trap\(\) at line 3"),
    Fault(
        "too much local memory",
        "    volatile float a[20000];\n    for (int k = 19999; k >= 0; k--) a[k] = k;\n    __syncthreads();\n    x[i] = a[i];",
        r"more than 65536 bytes of local memory|no memory of the device|behind an allocation",
    ),
]


def found(drv: Any, run: Callable[[], None]) -> str:
    """What is said when a program is run, which must fail."""

    def whole() -> None:
        run()
        synchronize()

    with pytest.raises(drv.Error):
        whole()
    return loading.message()


def launch(fault: Fault) -> None:
    x = Array(np.ones(N, np.float32))
    kernel(HEAD + fault.body + "\n}\n")(fault.blocks, fault.threads, x, N, shared=fault.shared)


def check_said(fault: Fault, said: str) -> None:
    pattern = fault.said.replace("#", "0x[0-9a-f]+")
    assert re.search(pattern, said), said
    assert "kernel k, block" in said
    assert fault.line is None or said.endswith(f"kernels.cu:{fault.line}"), said


@pytest.mark.parametrize("fault", CHECKED, ids=lambda f: f.what)
def test_a_fault_of_a_kernel_is_found_with_checks(card: Any, fault: Fault) -> None:
    with loading.options("check"):
        check_said(fault, found(card, lambda: launch(fault)))


@pytest.mark.parametrize("fault", ALWAYS, ids=lambda f: f.what)
def test_a_fault_of_a_kernel_is_found_always(card: Any, fault: Fault) -> None:
    check_said(fault, found(card, lambda: launch(fault)))


WRITES = 'extern "C" __global__ void k(float *x) { x[blockIdx.x * blockDim.x + threadIdx.x] = 1; }'


def test_a_pointer_of_the_host_is_found(card: Any) -> None:
    values = np.zeros(N, np.float32)
    with loading.options("check"):
        said = found(card, lambda: kernel(WRITES)(1, 32, np.uintp(values.ctypes.data)))
    assert "no memory of the device" in said


def test_use_after_free_is_found(card: Any) -> None:
    def run() -> None:
        memory = card.mem_alloc(4096)
        at = int(memory)
        memory.free()
        kernel(WRITES)(1, 32, np.uintp(at))

    with loading.options("check"):
        assert "no memory of the device" in found(card, run)


def test_an_uninitialised_read_of_global_memory_is_found(card: Any) -> None:
    source = 'extern "C" __global__ void k(float *x, float *y) { x[threadIdx.x] = y[threadIdx.x]; }'
    with loading.options("check"):
        x, y = Array(np.ones(N, np.float32)), Array(np.ones(N, np.float32), empty=True)
        assert "reads global memory that was never written" in found(card, lambda: kernel(source)(1, N, x, y))


def test_memory_that_an_arena_took_back_is_uninitialised_again(card: Any) -> None:
    source = 'extern "C" __global__ void k(float *x, float *y) { x[threadIdx.x] = y[threadIdx.x]; }'
    with loading.options("check"):
        x, y = Array(np.ones(N, np.float32)), Array(np.ones(N, np.float32))
        loading.driver().standin_forget(int(y) + 128, 128)
        said = found(card, lambda: kernel(source)(1, N, x, y))
    assert "thread (32,0,0): reads global memory that was never written (offset 128)" in said


def test_memory_behind_an_allocation_is_not_mapped_with_guard(card: Any) -> None:
    with loading.options("guard"):
        x = Array(np.ones(1000, np.float32))
        said = found(card, lambda: kernel(WRITES)(8, 256, x))
    assert "behind an allocation of 4000" in said


@pytest.mark.parametrize(
    ("blocks", "threads", "shared", "said"),
    [
        (1, 2048, 0, "a grid of (1,1,1) blocks of (2048,1,1) threads"),
        (1, (1, 1, 65), 0, "blocks of (1,1,65) threads"),
        ((1, 70000), 1, 0, "a grid of (1,70000,1)"),
        (1, 1, 65536, "65536 bytes of dynamic and 0 of static shared memory; 49152 are allowed"),
    ],
)
def test_a_launch_beyond_the_limits_is_refused(card: Any, blocks: Any, threads: Any, shared: int, said: str) -> None:
    x = Array(np.ones(N, np.float32))
    assert said in found(card, lambda: kernel(WRITES)(blocks, threads, x, shared=shared))


def test_more_threads_than_a_kernel_was_compiled_for_are_refused(card: Any) -> None:
    source = """
#define MOST 64
extern "C" __global__ void __launch_bounds__(MOST * 2, 1) k(float *x) { x[threadIdx.x] = 1; }
"""
    run, x = kernel(source), Array(np.ones(256, np.float32))
    assert run.held.get_function("k").max_threads_per_block == 128
    run(1, 128, x)
    assert found(card, lambda: run(1, 129, x)) == "launch of k: blocks of 129 threads; its __launch_bounds__ allow 128"


def test_arguments_of_the_wrong_size_are_refused(card: Any) -> None:
    assert "its arguments take 8 bytes, 16 were given" in found(card, lambda: kernel(WRITES)(1, 1, np.float64(1), 2, 3))


def test_a_copy_past_the_end_is_refused(card: Any) -> None:
    x = Array(np.ones(N, np.float32))
    said = found(card, lambda: card.memcpy_htod(int(x) + 100, x.host))
    assert said == "copy to the device: 256 bytes at offset 100 of an allocation of 256"


def test_an_error_of_a_kernel_stays(card: Any) -> None:
    found(card, lambda: kernel(HEAD + "    __trap();\n}")(1, 1, Array(np.ones(N, np.float32)), N))
    with pytest.raises(card.Error, match="unspecified launch failure"):
        card.mem_alloc(16)
    with pytest.raises(card.Error, match="unspecified launch failure"):
        synchronize()


def test_fresh_memory_is_not_a_number(card: Any) -> None:
    assert np.isnan(Array(np.zeros(N, np.float32), empty=True).get()).all()


SUMS = """
extern "C" __global__ void k(const float *x, float *y) {
    __shared__ float s[64];
    s[threadIdx.x] = x[threadIdx.x];
    float got = s[(threadIdx.x + 1) % 64];
    __syncthreads();
    y[threadIdx.x] = got;
}
"""


def test_a_race_changes_the_result_in_another_order(card: Any) -> None:
    x = Array(np.arange(64, dtype=np.float32))
    results = []
    for order in ("order=0", "order=reverse", "order=1", "order=2"):
        with loading.options(order):
            y = Array(x.host)
            kernel(SUMS)(1, 64, x, y)
            results.append(y.get().tobytes())
    assert len(set(results)) == 4
