// Measuring functions of the prelude: the largest error over many arguments, and the time per element.
//
// All float32 numbers are a long way: a block of them is compared with the C library's vector functions first, and only
// where one of it would be worse than what was seen, or is special, one by one with the functions that they stand for.
#include <math.h>

#define SIDE_BY_SIDE(f) __attribute__((simd("notinbranch"))) double f(double)
SIDE_BY_SIDE(exp); SIDE_BY_SIDE(exp2); SIDE_BY_SIDE(expm1); SIDE_BY_SIDE(log); SIDE_BY_SIDE(log2); SIDE_BY_SIDE(log10);
SIDE_BY_SIDE(log1p); SIDE_BY_SIDE(sin); SIDE_BY_SIDE(cos); SIDE_BY_SIDE(tan); SIDE_BY_SIDE(asin); SIDE_BY_SIDE(acos);
SIDE_BY_SIDE(atan); SIDE_BY_SIDE(sinh); SIDE_BY_SIDE(cosh); SIDE_BY_SIDE(tanh); SIDE_BY_SIDE(asinh);
SIDE_BY_SIDE(acosh); SIDE_BY_SIDE(atanh); SIDE_BY_SIDE(erf); SIDE_BY_SIDE(erfc);

struct worst { double ulp, x, y; i64 wrong; };

// The distance of a result from the true value in units of the last place; special values must be met exactly.
static double ulp_of(double got, long double want, int digits, int least) {
    int e;
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    double nearest = digits == 24 ? (double)(float)want : (double)want;
    if (isinf(nearest) || isnan(got) || isinf(got)) return got == nearest ? 0 : INFINITY;
    if (want == 0) return got == 0 ? 0 : INFINITY;
    frexpl(want, &e);
    return fabsl(got - want) / ldexpl(1, (e < least ? least : e) - digits);
}

static void note(struct worst *w, double ulp, double x, double y) {
    if (isinf(ulp)) { if (!w->wrong++) { w->x = x; w->y = y; } return; }
    if (ulp > w->ulp && !w->wrong) { w->ulp = ulp; w->x = x; w->y = y; }
}

static u64 drawn(u64 *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

// A double: any bit pattern, or one of ordinary size.
static double double_of(u64 bits, int ordinary) {
    double x;
    if (ordinary) bits = (bits & 0x800fffffffffffff) | (1008 + (bits >> 52) % 24) << 52;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

enum { BLOCK = 1024 };

// The numbers of a block: neighbours, or one drawn of every `step`.
static void take(float *x, u64 at, u64 step, u64 *seed) {
    u32 bits[BLOCK];
    for (int i = 0; i < BLOCK; i++) bits[i] = (u32)(at + i * step);
    if (step > 1) for (int i = 0; i < BLOCK; i++) bits[i] += (u32)(drawn(seed) % step);
    __builtin_memcpy(x, bits, sizeof bits);
}

// Whether a result of a block is farther from the true one than `most`, or is not the special value that it should be:
// ulp_of for many at once.
static int is_worse(const float *got, const double *want, double most) {
    i64 found = 0;
    for (int i = 0; i < BLOCK; i++) {
        double y = got[i], z = want[i], nearest = (float)z, unit;
        i64 bits, e;
        __builtin_memcpy(&bits, &z, 8);
        e = (bits >> 52 & 0x7ff) - 1022;
        bits = (1023 + 24 - (e < -125 ? -125 : e)) << 52;
        __builtin_memcpy(&unit, &bits, 8);
        i64 special = (fabs(nearest) <= 3.5e38) & (fabs(y) <= 3.5e38) & (z != 0) ? 0 : -1;
        i64 same = (y == nearest) | ((y != y) & (z != z)) ? -1 : 0, far = fabs(y - z) * unit > most ? -1 : 0;
        found |= (special & ~same) | (~special & far);
    }
    return found != 0;
}

#define SWEEP_f32(name, f, many, want)                                                                       \
    static __attribute__((noinline)) double true_##name(double v) { return want; }                           \
    void sweep_##name##_f32(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        float x[BLOCK], y[BLOCK];                                                                            \
        double near[BLOCK];                                                                                  \
        for (u64 at = first; at < stop; at += BLOCK * step) {                                                \
            take(x, at, step, &seed);                                                                        \
            for (int i = 0; i < BLOCK; i += LANES_f32) VECTOR(store, f32)(y + i, VECTOR(f, f32)(VECTOR(load, f32)(x + i))); \
            many;                                                                                            \
            if (!is_worse(y, near, w->ulp)) continue;                                                        \
            for (int i = 0; i < BLOCK; i++) note(w, ulp_of(y[i], true_##name(x[i]), 24, -125), x[i], 0);     \
        }                                                                                                    \
    }                                                                                                        \
    TIME(name, f, f32, float)

// The true values of a block, and with them the prelude's own float64 where the C library lacks a function.
#define EACH(want) for (int i = 0; i < BLOCK; i++) { double v = x[i]; near[i] = want; }
#define OWN(f)                                                                                               \
    for (int i = 0; i < BLOCK; i++) near[i] = x[i];                                                          \
    for (int i = 0; i < BLOCK; i += LANES_f64) VECTOR(store, f64)(near + i, VECTOR(f, f64)(VECTOR(load, f64)(near + i)))

#define SWEEP_f64(name, f, want)                                                                             \
    void sweep_##name##_f64(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        double x[BLOCK], y[BLOCK];                                                                           \
        for (u64 at = first; at < stop; at += BLOCK) {                                                       \
            for (int i = 0; i < BLOCK; i++) x[i] = double_of(drawn(&seed), i & 1);                           \
            for (int i = 0; i < BLOCK; i += LANES_f64) VECTOR(store, f64)(y + i, VECTOR(f, f64)(VECTOR(load, f64)(x + i))); \
            for (int i = 0; i < BLOCK; i++) { long double v = x[i]; note(w, ulp_of(y[i], want, 53, -1021), x[i], 0); } \
        }                                                                                                    \
    }                                                                                                        \
    TIME(name, f, f64, double)

#define SWEEP2(name, f, want, T, C, digits, least, R)                                                        \
    void sweep_##name##_##T(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        C x[BLOCK], z[BLOCK], y[BLOCK];                                                                      \
        for (u64 at = first; at < stop; at += BLOCK) {                                                       \
            for (int i = 0; i < BLOCK; i++) {                                                                \
                x[i] = (C)double_of(drawn(&seed), i & 1);                                                    \
                z[i] = (C)double_of(drawn(&seed), i & 3);                                                    \
            }                                                                                                \
            for (int i = 0; i < BLOCK; i += LANES_##T)                                                       \
                VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i), VECTOR(load, T)(z + i)));       \
            for (int i = 0; i < BLOCK; i++) { R v = x[i], u = z[i]; note(w, ulp_of(y[i], want, digits, least), x[i], z[i]); } \
        }                                                                                                    \
    }                                                                                                        \
    void time_##name##_##T(C *y, const C *x, i64 n, i64 rounds) {                                            \
        for (i64 r = 0; r < rounds; r++)                                                                     \
            for (i64 i = 0; i < n; i += LANES_##T)                                                           \
                VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i), VECTOR(load, T)(x + n - LANES_##T - i))); \
    }

#define TIME(name, f, T, C)                                                                                  \
    void time_##name##_##T(C *y, const C *x, i64 n, i64 rounds) {                                            \
        for (i64 r = 0; r < rounds; r++)                                                                     \
            for (i64 i = 0; i < n; i += LANES_##T) VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i))); \
    }
