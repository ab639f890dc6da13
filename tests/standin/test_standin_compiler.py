"""The stand-in's NVRTC: what it translates, what it refuses, and what it keeps."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import building
import loading
import numpy as np
import pytest
from card import Array, kernel, module


def nvrtc() -> Any:
    return ctypes.CDLL(str(loading.start() / building.COMPILER))


def version() -> tuple[int, int]:
    major, minor = ctypes.c_int(), ctypes.c_int()
    assert not nvrtc().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return major.value, minor.value


def test_mistakes_are_told_with_the_line_as_nvrtc_tells_them(card: Any) -> None:
    source = 'extern "C" __global__ void k(float *x) {\n    x[0] = 1;\n    x[1] = undefined;\n}\n'
    with pytest.raises(loading.CompileError) as caught:
        loading.compile_kernels(source)
    assert re.search(r"kernels\.cu\(3\): error: .undefined. was not declared in this scope", str(caught.value))


def test_an_option_that_nvrtc_has_not_is_refused(card: Any) -> None:
    with pytest.raises(loading.CompileError, match="unrecognized option --fast-as-you-can found"):
        loading.compile_kernels("", "--fast-as-you-can")


def test_macros_may_be_given_as_options(card: Any) -> None:
    source = 'extern "C" __global__ void k(float *x) { x[0] = VALUE; }'
    x = Array(np.zeros(1, np.float32))
    held = module(source, "-arch=sm_90", "--std=c++17", "-DVALUE=7")
    held.get_function("k")._launch_kernel((1, 1, 1), (1, 1, 1), int(x).to_bytes(8, "little"), 0, None)
    assert x.get()[0] == 7


@pytest.mark.parametrize("name", ["INFINITY", "NAN", "(uint32_t)1", "(int64_t)1", "M_PI", "FLT_MAX"])
def test_names_that_nvrtc_has_not_are_unknown(card: Any, name: str) -> None:
    with pytest.raises(loading.CompileError, match="was not declared"):
        loading.compile_kernels(f'extern "C" __global__ void k(float *x) {{ x[0] = {name}; }}')


CONTRACTS = 'extern "C" __global__ void k(float *x) { x[3] = x[0] * x[1] + x[2]; }'


@pytest.mark.parametrize(("flag", "exact"), [("--fmad=true", True), ("--fmad=false", False)])
def test_a_product_and_a_sum_are_drawn_together_unless_it_is_forbidden(card: Any, flag: str, exact: bool) -> None:
    if building.machine() == "x86-64":
        pytest.skip("this machine has no fused products and sums")
    values = np.array([1 + 2**-12, 1 + 2**-12, -1 - 2**-11, 0], np.float32)
    x = Array(values)
    module(CONTRACTS, flag).get_function("k")._launch_kernel(
        (1, 1, 1), (1, 1, 1), int(x).to_bytes(8, "little"), 0, None
    )
    assert (x.get()[3] == 2**-24) == exact


def test_the_version_tells_checked_modules_from_others(card: Any) -> None:
    plain = version()
    with loading.options("check"):
        assert version() == (plain[0], plain[1] + 1)
    assert plain[0] == 13


def test_a_module_without_checks_is_refused_where_they_are_asked_for(card: Any) -> None:
    image = loading.compile_kernels(CONTRACTS)
    with loading.options("check"), pytest.raises(card.Error, match="compiled without checks"):
        card.module_from_buffer(image)


def test_a_file_that_is_no_module_is_refused(card: Any) -> None:
    with pytest.raises(card.Error, match=r"no ELF file \(PTX does not run here\)"):
        card.module_from_buffer(b".version 8.0\n" + bytes(100))
    image = bytearray(loading.compile_kernels(CONTRACTS))
    image[18:20] = (190).to_bytes(2, "little")  # EM_CUDA
    with pytest.raises(card.Error, match="for machine 190"):
        card.module_from_buffer(bytes(image))


def test_a_kernel_that_is_not_there_is_an_error(card: Any) -> None:
    with pytest.raises(card.Error, match="named symbol not found"):
        module(CONTRACTS).get_function("other")


MARKED = """
#define KERNEL extern "C" __global__ void
#define SYNC() \\
    __syncthreads()
/* extern "C" __global__ void not_this_one(int *x) {} */
namespace inner {
struct Tile {
    __device__ int turned(int i) { __shared__ int s[8]; s[i] = i; SYNC(); return s[7 - i]; }
};
}
extern "C" {
KERNEL k(int *x) { inner::Tile tile; x[threadIdx.x] = tile.turned(threadIdx.x) + sizeof("{ // no comment"); }
}
KERNEL alone(int *x) { x[threadIdx.x] = 1; }
"""


def test_kernels_are_found_behind_macros_and_in_namespaces(card: Any) -> None:
    x = Array(np.zeros(8, np.int32))
    kernel(MARKED)(1, 8, x)
    assert x.get().tolist() == [23 - i for i in range(8)]
    kernel(MARKED, "alone")(1, 8, x)
    assert (x.get() == 1).all()


def test_variables_of_a_module_are_memory_of_the_card(card: Any) -> None:
    source = """
__constant__ float scale[2] = {2, 3};
__device__ int count;
extern "C" __global__ void k(float *x) { x[threadIdx.x] = scale[threadIdx.x]; atomicAdd(&count, 1); }
"""
    with loading.options("check"):
        held, x = module(source), Array(np.zeros(2, np.float32))
        place, size = held.get_global("scale")
        assert size == 8
        card.memcpy_htod(int(place) + 4, np.array([5], np.float32))
        held.get_function("k")._launch_kernel((1, 1, 1), (2, 1, 1), int(x).to_bytes(8, "little"), 0, None)
        count = np.empty(1, np.int32)
        card.memcpy_dtoh(count, held.get_global("count")[0])
    assert (x.get().tolist(), count[0]) == ([2, 5], 2)
