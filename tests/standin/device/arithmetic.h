// Arithmetic of CUDA that C has not, or has by another name. Fast approximations of the GPU are exact here.
#pragma once

// The C library declares functions by some of these names.
#define __expf(...) expf(__VA_ARGS__)
#define __exp10f(...) exp10f(__VA_ARGS__)
#define __logf(...) logf(__VA_ARGS__)
#define __log2f(...) log2f(__VA_ARGS__)
#define __log10f(...) log10f(__VA_ARGS__)
#define __sinf(...) sinf(__VA_ARGS__)
#define __cosf(...) cosf(__VA_ARGS__)
#define __tanf(...) tanf(__VA_ARGS__)
#define __powf(...) powf(__VA_ARGS__)

#define STANDIN_UNARY(T, name, expression)                                                                             \
    STANDIN_OWN T name(T x) { return expression; }
#define STANDIN_BINARY(T, name, expression)                                                                            \
    STANDIN_OWN T name(T x, T y) { return expression; }

STANDIN_UNARY(float, __frcp_rn, 1 / x)
STANDIN_UNARY(float, __fsqrt_rn, sqrtf(x))
STANDIN_UNARY(float, __frsqrt_rn, 1 / sqrtf(x))
STANDIN_UNARY(float, __saturatef, x > 0 ? (x < 1 ? x : 1.0f) : 0.0f)
STANDIN_UNARY(double, __drcp_rn, 1 / x)
STANDIN_UNARY(double, __dsqrt_rn, sqrt(x))
STANDIN_UNARY(float, rsqrtf, 1 / sqrtf(x))
STANDIN_UNARY(float, rsqrt, 1 / sqrtf(x))
STANDIN_UNARY(double, rsqrt, 1 / sqrt(x))
STANDIN_UNARY(float, rcbrtf, 1 / cbrtf(x))
STANDIN_UNARY(float, normcdff, 0.5f * erfcf(-x * 0.70710678118654752f))
STANDIN_UNARY(double, normcdf, 0.5 * erfc(-x * 0.70710678118654752440))
STANDIN_UNARY(float, sinpif, sinf(x * 3.14159265358979324f))
STANDIN_UNARY(float, cospif, cosf(x * 3.14159265358979324f))
STANDIN_BINARY(float, __fdividef, x / y)
STANDIN_BINARY(float, __fdiv_rn, x / y)
STANDIN_BINARY(double, __ddiv_rn, x / y)

// Never drawn together to one rounding: that is what they are for.
#define STANDIN_ROUNDED(T, name, operation)                                                                            \
    STANDIN_OWN __attribute__((optimize("fp-contract=off"), noinline)) T name(T x, T y) { return x operation y; }
STANDIN_ROUNDED(float, __fadd_rn, +)
STANDIN_ROUNDED(float, __fsub_rn, -)
STANDIN_ROUNDED(float, __fmul_rn, *)
STANDIN_ROUNDED(double, __dadd_rn, +)
STANDIN_ROUNDED(double, __dsub_rn, -)
STANDIN_ROUNDED(double, __dmul_rn, *)
STANDIN_OWN float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
STANDIN_OWN double __fma_rn(double x, double y, double z) { return fma(x, y, z); }

// Functions of C by the same name for both kinds of floats.
#define STANDIN_BOTH(name)                                                                                             \
    STANDIN_OWN float name(float x) { return name##f(x); }
#define STANDIN_BOTH_OF_TWO(name)                                                                                      \
    STANDIN_OWN float name(float x, float y) { return name##f(x, y); }
STANDIN_BOTH(acos) STANDIN_BOTH(acosh) STANDIN_BOTH(asin) STANDIN_BOTH(asinh) STANDIN_BOTH(atan) STANDIN_BOTH(atanh)
STANDIN_BOTH(cbrt) STANDIN_BOTH(ceil) STANDIN_BOTH(cos) STANDIN_BOTH(cosh) STANDIN_BOTH(erf) STANDIN_BOTH(erfc)
STANDIN_BOTH(exp) STANDIN_BOTH(exp2) STANDIN_BOTH(expm1) STANDIN_BOTH(fabs) STANDIN_BOTH(floor) STANDIN_BOTH(lgamma)
STANDIN_BOTH(log) STANDIN_BOTH(log10) STANDIN_BOTH(log1p) STANDIN_BOTH(log2) STANDIN_BOTH(nearbyint) STANDIN_BOTH(rint)
STANDIN_BOTH(round) STANDIN_BOTH(sin) STANDIN_BOTH(sinh) STANDIN_BOTH(sqrt) STANDIN_BOTH(tan) STANDIN_BOTH(tanh)
STANDIN_BOTH(tgamma) STANDIN_BOTH(trunc)
STANDIN_BOTH_OF_TWO(atan2) STANDIN_BOTH_OF_TWO(copysign) STANDIN_BOTH_OF_TWO(fdim) STANDIN_BOTH_OF_TWO(fmax)
STANDIN_BOTH_OF_TWO(fmin) STANDIN_BOTH_OF_TWO(fmod) STANDIN_BOTH_OF_TWO(hypot) STANDIN_BOTH_OF_TWO(nextafter)
STANDIN_BOTH_OF_TWO(pow) STANDIN_BOTH_OF_TWO(remainder)
STANDIN_OWN float fma(float x, float y, float z) { return fmaf(x, y, z); }
STANDIN_OWN void sincos(float x, float *s, float *c) { sincosf(x, s, c); }
STANDIN_UNARY(float, abs, fabsf(x))
STANDIN_UNARY(double, abs, fabs(x))
STANDIN_UNARY(int, abs, x < 0 ? -x : x)
STANDIN_UNARY(long, abs, x < 0 ? -x : x)
STANDIN_UNARY(long long, abs, x < 0 ? -x : x)
STANDIN_UNARY(long long, llabs, x < 0 ? -x : x)

template <class To, class From> STANDIN_OWN To standin_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "of one size");
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}
#define STANDIN_BITS(name, To, From)                                                                                   \
    STANDIN_OWN To name(From x) { return standin_bits<To>(x); }
STANDIN_BITS(__float_as_int, int, float)
STANDIN_BITS(__float_as_uint, unsigned, float)
STANDIN_BITS(__int_as_float, float, int)
STANDIN_BITS(__uint_as_float, float, unsigned)
STANDIN_BITS(__double_as_longlong, long long, double)
STANDIN_BITS(__longlong_as_double, double, long long)
STANDIN_OWN int __double2hiint(double x) { return int(standin_bits<long long>(x) >> 32); }
STANDIN_OWN int __double2loint(double x) { return int(standin_bits<long long>(x)); }
STANDIN_OWN double __hiloint2double(int high, int low) {
    return standin_bits<double>((long long)high << 32 | (unsigned)low);
}

STANDIN_OWN int __popc(unsigned x) { return __builtin_popcount(x); }
STANDIN_OWN int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
STANDIN_OWN int __clz(int x) { return x ? __builtin_clz(x) : 32; }
STANDIN_OWN int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
STANDIN_OWN int __ffs(int x) { return __builtin_ffs(x); }
STANDIN_OWN int __ffsll(long long x) { return __builtin_ffsll(x); }
STANDIN_OWN unsigned __brev(unsigned x) {
    unsigned y = 0;
    for (int i = 0; i < 32; i++) y |= (x >> i & 1) << (31 - i);
    return y;
}
STANDIN_OWN int __mulhi(int x, int y) { return int((long)x * y >> 32); }
STANDIN_OWN unsigned __umulhi(unsigned x, unsigned y) { return unsigned((unsigned long)x * y >> 32); }
STANDIN_OWN long long __mul64hi(long long x, long long y) { return (long long)((__int128)x * y >> 64); }
STANDIN_OWN unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return (unsigned long long)((unsigned __int128)x * y >> 64);
}
STANDIN_OWN unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
    return unsigned(((unsigned long)high << 32 | low) << (by & 31) >> 32);
}
STANDIN_OWN unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
    return unsigned(((unsigned long)high << 32 | low) >> (by & 31));
}

STANDIN_OWN int __float2int_rn(float x) { return (int)rintf(x); }
STANDIN_OWN int __float2int_rz(float x) { return (int)x; }
STANDIN_OWN int __float2int_rd(float x) { return (int)floorf(x); }
STANDIN_OWN unsigned __float2uint_rn(float x) { return (unsigned)rintf(x); }
STANDIN_OWN int __double2int_rn(double x) { return (int)rint(x); }
STANDIN_OWN long long __float2ll_rn(float x) { return (long long)rintf(x); }
STANDIN_OWN long long __double2ll_rn(double x) { return (long long)rint(x); }
STANDIN_OWN float __int2float_rn(int x) { return (float)x; }
STANDIN_OWN float __uint2float_rn(unsigned x) { return (float)x; }
STANDIN_OWN float __double2float_rn(double x) { return (float)x; }
STANDIN_OWN double __int2double_rn(int x) { return (double)x; }

#define STANDIN_EXTREMES(T)                                                                                            \
    STANDIN_BINARY(T, min, y < x ? y : x)                                                                              \
    STANDIN_BINARY(T, max, x < y ? y : x)
STANDIN_EXTREMES(int)
STANDIN_EXTREMES(unsigned)
STANDIN_EXTREMES(long)
STANDIN_EXTREMES(unsigned long)
STANDIN_EXTREMES(long long)
STANDIN_EXTREMES(unsigned long long)
STANDIN_BINARY(float, min, fminf(x, y))
STANDIN_BINARY(float, max, fmaxf(x, y))
STANDIN_BINARY(double, min, fmin(x, y))
STANDIN_BINARY(double, max, fmax(x, y))

STANDIN_OWN long long clock64() { return (long long)__builtin_ia32_rdtsc(); }
STANDIN_OWN int clock() { return (int)__builtin_ia32_rdtsc(); }
