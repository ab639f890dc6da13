// What CUDA C means when a kernel is compiled for the CPU: included in front of every source.
//
// Threads of a kernel run one after another on one thread of the CPU, so atomics are plain code and every run is the
// same. Kernels find out where they are by WEFT_STANDIN.
#pragma once
#define WEFT_STANDIN 1

#define _GLIBCXX_INCLUDE_NEXT_C_HEADERS 1 // C's own headers: those of C++ take most of the time of a small kernel
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <vector_types.h>

#include <vector_functions.h>

#include "abi.h"

#undef __global__
#undef __device__
#undef __host__
#undef __constant__
#undef __shared__
#undef __managed__
#undef __restrict__
#undef __forceinline__
#undef __noinline__
#undef __launch_bounds__
#undef __grid_constant__
#undef __cudart_builtin__
#undef assert
#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __restrict__ __restrict
#define __grid_constant__
#define __cudart_builtin__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))

// NVRTC has no headers of C: what it does not know is unknown here too.
#undef HUGE_VAL
#undef HUGE_VALF
#undef INFINITY
#undef NAN
#undef M_E
#undef M_LOG2E
#undef M_LOG10E
#undef M_LN2
#undef M_LN10
#undef M_PI
#undef M_PI_2
#undef M_PI_4
#undef M_1_PI
#undef M_2_PI
#undef M_2_SQRTPI
#undef M_SQRT2
#undef M_SQRT1_2

// Shared memory of a function is a section of its own, which the driver poisons before each block. The translation puts
// the function's name here; what stands in a macro has none, and belongs to every kernel of the module.
#define STANDIN_SHARED(function) static __attribute__((section("standin_shared_" #function)))
#define __shared__ STANDIN_SHARED(common)

// Code of the stand-in itself, whose accesses to memory are not checked.
#define STANDIN_OWN __attribute__((no_sanitize("thread", "alignment"))) static inline

static standin_place standin_here;
#define threadIdx (standin_here.thread)
#define blockIdx (standin_here.block)
#define blockDim (standin_here.threads)
#define gridDim (standin_here.blocks)
#define warpSize 32

// `extern __shared__ T x[];` outside of a function. Inside, the translation writes a pointer.
#define STANDIN_DYNAMIC(T) ((T *)standin_here.dynamic)
template <class T> struct standin_dynamic {
    operator T *() const { return STANDIN_DYNAMIC(T); }
    template <class U> explicit operator U *() const { return STANDIN_DYNAMIC(U); }
};

template <class T> struct standin_same {
    typedef T type;
};

STANDIN_OWN void standin_fault(const char *what, int line) { standin_here.services->fault(what, line); }
#define assert(condition) ((condition) ? (void)0 : standin_fault("assertion failed: " #condition ",", __LINE__))
#define __trap() standin_fault("__trap()", __LINE__)

typedef unsigned long long cudaGraphConditionalHandle;
STANDIN_OWN void cudaGraphSetConditional(cudaGraphConditionalHandle handle, unsigned value) {
    standin_here.services->condition(handle, value);
}

#include "access.h"
#include "arithmetic.h"
#include "atomics.h"
#include "module.h"
#include "threads.h"
